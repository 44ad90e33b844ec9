"""A list while it arrives: in flat memory, torn with all that came before, left early."""

from __future__ import annotations

import gc
import json
import socket
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import httpx
import pytest
from _servers import CODES, LIMIT, Bank, Request, given, options, response
from qbank_connect import AsyncQBankConnectClient, QBankConnectClient
from qbank_connect.errors import (
    QBankError,
    QBankPermissionDeniedError,
    QBankUnexpectedResponseError,
    error_of,
)
from qbank_connect.models import Transaction

CODE = pytest.mark.parametrize("code", CODES)
OWN = pytest.mark.parametrize("own", [True, False], ids=["own", "given"])
HEAD = b"HTTP/1.1 200 -\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
TOKEN = {"token": "t", "max_retries": 0}


def item(number: int, **more: Any) -> bytes:
    """A transaction as the bank writes it."""
    text = {
        "transactionId": f"{number:08d}-0000-4000-8000-000000000000",
        "amount": number,
        "description": f"transaction {number}",
        "posting_date": "2026-11-19T10:00:00.000Z",
        **more,
    }
    return json.dumps(text).encode()


def chunk(data: bytes) -> bytes:
    """A chunk of a body."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


class Sends:
    """Sends a list part by part, and notes when the client leaves."""

    def __init__(self, parts: Callable[[], Iterator[bytes]], ends: bool = True) -> None:
        self._parts, self._ends = parts, ends
        self.left = threading.Event()
        self.sent = 0

    def __call__(self, _: Request, connection: socket.socket) -> bytes | None:
        try:
            connection.sendall(HEAD)
            for part in self._parts():
                connection.sendall(chunk(part))
                self.sent += 1
        except OSError:
            self.left.set()
            return None
        return chunk(b"") if self._ends else None


def numbers(count: int) -> Callable[[], Iterator[bytes]]:
    """A whole list, a thousand items in a part, which is sent again and again."""

    items = b",".join(item(number) for number in range(min(count, 1000)))

    def parts() -> Iterator[bytes]:
        yield b"["
        for first in range(0, count, 1000):
            yield (b"," if first else b"") + items
        yield b"]"

    return parts


def stream(
    code: str,
    url: str,
    each: Callable[[Transaction], Any],
    *,
    http: Any = None,
    leave_after: int | None = None,
    **arguments: Any,
) -> None:
    """Reads a list, each item when it is there."""
    if code == "sync":
        with (
            QBankConnectClient(**options(url, **TOKEN), httpx_client=http) as client,
            client.transactions.stream(**arguments) as items,
        ):
            for number, transaction in enumerate(items, 1):
                each(transaction)
                if number == leave_after:
                    break
        if http is not None:
            http.close()
        return

    async def main() -> None:
        async with (
            AsyncQBankConnectClient(**options(url, **TOKEN), httpx_client=http) as client,
            client.transactions.stream(**arguments) as items,
        ):
            number = 0
            async for transaction in items:
                each(transaction)
                number += 1
                if number == leave_after:
                    break
        if http is not None:
            await http.aclose()

    anyio.run(main, backend=code)


@CODE
def test_a_hundred_thousand_transactions_take_the_memory_of_a_part(code: str) -> None:
    seen = 0

    def count(transaction: Transaction) -> None:
        nonlocal seen
        assert transaction.amount == seen % 1000
        seen += 1

    def peak(items: int) -> int:
        nonlocal seen
        seen = 0
        with Bank(Sends(numbers(items))) as bank:
            gc.collect()
            tracemalloc.start()
            try:
                stream(code, bank.url, count)
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

    few = peak(5_000)
    many = peak(100_000)
    assert seen == 100_000
    # The list itself has 14 MB; this counts the server, which is in the same process, as well.
    assert many < few + 500_000
    assert many < 3_000_000


@CODE
@OWN
@pytest.mark.parametrize("how", ["closed", "reset"])
def test_a_torn_list_raises_after_everything_before_it(code: str, own: bool, how: str) -> None:
    whole = b"[" + item(1) + b"," + item(2) + b","

    def tear(_: Request, connection: socket.socket) -> None:
        connection.sendall(HEAD + chunk(whole + item(3)[:20]))
        if how == "reset":
            arrived.wait(LIMIT)
            linger = (1).to_bytes(4, "little") + bytes(4)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    arrived = threading.Event()
    seen: list[Transaction] = []

    def each(transaction: Transaction) -> None:
        seen.append(transaction)
        # A reset takes with it what was not read yet.
        if len(seen) == 2:
            arrived.set()

    with Bank(tear) as bank:
        with pytest.raises(QBankError) as raised:
            stream(code, bank.url, each, http=None if own else given(code))
        assert [it.amount for it in seen] == [1, 2]
        assert raised.value.offset is not None
        assert len(whole) <= raised.value.offset <= len(whole) + 20
        assert raised.value.fate == "not_applicable"
        assert raised.value.__cause__ is not None
        bank.wait_closed()


UNREADABLE = (
    b"["
    + b",".join(
        [item(1), item(2, amount="ten"), item(3), item(4, posting_date="soon"), item(5)]
    )
    + b"]"
)


@CODE
def test_items_that_cannot_be_read_are_handed_over_and_the_list_goes_on(code: str) -> None:
    seen: list[Any] = []
    errors: list[QBankError] = []
    with Bank(lambda *_: response(200, UNREADABLE)) as bank:
        stream(code, bank.url, lambda it: seen.append(it.amount), on_unreadable=errors.append)
    assert seen == [1, 3, 5]
    assert ["amount" in str(errors[0]), "posting" in str(errors[1])] == [True, True]
    assert all(isinstance(it, QBankUnexpectedResponseError) for it in errors)


@CODE
def test_without_a_function_for_it_the_first_unreadable_item_is_raised_at_the_end(
    code: str,
) -> None:
    seen: list[Any] = []
    with (
        Bank(lambda *_: response(200, UNREADABLE)) as bank,
        pytest.raises(QBankUnexpectedResponseError) as raised,
    ):
        stream(code, bank.url, lambda it: seen.append(it.amount))
    assert seen == [1, 3, 5]
    assert "amount" in str(raised.value)


def test_of_many_unreadable_items_one_error_is_made_where_nobody_takes_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from qbank_connect import _stream

    made: list[QBankError] = []

    def counted(record: Any) -> QBankError:
        made.append(error_of(record))
        return made[-1]

    monkeypatch.setattr(_stream, "error_of", counted)
    many = b"[" + b",".join([b"{}"] * 5_000) + b"]"
    http = httpx.Client(
        transport=httpx.MockTransport(lambda _: httpx.Response(200, content=many))
    )
    with pytest.raises(QBankUnexpectedResponseError) as raised:
        stream("sync", "https://bank.example/v1", lambda _: None, http=http)
    assert made == [raised.value]


@pytest.mark.parametrize("code", CODES[1:])
def test_a_list_that_is_here_already_leaves_other_tasks_their_turn(code: str) -> None:
    whole = b"[" + b",".join(item(number) for number in range(5_000)) + b"]"
    turns = 0
    at_end = 0

    async def main() -> None:
        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await anyio.lowlevel.checkpoint()

        async def each() -> None:
            nonlocal at_end
            transport = httpx.MockTransport(lambda _: httpx.Response(200, content=whole))
            async with (
                httpx.AsyncClient(transport=transport) as http,
                AsyncQBankConnectClient(
                    **options("https://bank.example/v1", **TOKEN), httpx_client=http
                ) as client,
                client.transactions.stream() as items,
            ):
                await anext(items)
                before = turns
                assert len([it async for it in items]) == 4_999
                at_end = turns - before

        async with anyio.create_task_group() as group:
            group.start_soon(others)
            await each()
            group.cancel_scope.cancel()

    anyio.run(main, backend=code)
    # One for each 64 KiB.
    assert at_end >= len(whole) // (1 << 16)


@pytest.mark.parametrize("code", CODES[1:])
def test_what_an_async_function_does_with_an_unreadable_item_is_awaited(code: str) -> None:
    errors: list[QBankError] = []

    async def take(error: QBankError) -> None:
        await anyio.lowlevel.checkpoint()
        errors.append(error)

    with Bank(lambda *_: response(200, UNREADABLE)) as bank:
        stream(code, bank.url, lambda _: None, on_unreadable=take)
    assert len(errors) == 2


@CODE
def test_what_the_function_raises_ends_the_list(code: str) -> None:
    def take(error: QBankError) -> None:
        raise LookupError("enough") from error

    with Bank(lambda *_: response(200, UNREADABLE)) as bank, pytest.raises(LookupError):
        stream(code, bank.url, lambda _: None, on_unreadable=take)


def endless() -> Iterator[bytes]:
    """A list without end."""
    yield b"[" + item(0)
    while True:
        yield b"," + item(1)


@CODE
@OWN
def test_leaving_early_closes_the_connection(code: str, own: bool) -> None:
    sends = Sends(endless)
    seen: list[Transaction] = []
    with Bank(sends) as bank:
        stream(
            code,
            bank.url,
            seen.append,
            http=None if own else given(code),
            leave_after=3,
        )
        assert len(seen) == 3
        assert sends.left.wait(LIMIT)
        bank.wait_closed()


def test_a_stream_that_is_dropped_closes_the_connection() -> None:
    sends = Sends(endless)
    with Bank(sends) as bank, QBankConnectClient(**options(bank.url, **TOKEN)) as client:
        for _ in client.transactions.stream():
            break
        # While the client is still open.
        assert sends.left.wait(LIMIT)
        assert client.transactions is not None


@CODE
def test_an_exception_of_the_callers_closes_the_connection(code: str) -> None:
    sends = Sends(endless)

    def each(_: Transaction) -> None:
        raise LookupError("enough")

    with Bank(sends) as bank:
        with pytest.raises(LookupError):
            stream(code, bank.url, each)
        assert sends.left.wait(LIMIT)


@CODE
def test_a_whole_list_leaves_the_connection_for_the_next(code: str) -> None:
    with Bank(Sends(numbers(10))) as bank:
        if code == "sync":
            with QBankConnectClient(**options(bank.url, **TOKEN)) as client:
                assert len([*client.transactions.stream()]) == 10
                assert len([*client.transactions.stream()]) == 10
        else:

            async def main() -> None:
                async with AsyncQBankConnectClient(**options(bank.url, **TOKEN)) as client:
                    for _ in range(2):
                        assert len([it async for it in client.transactions.stream()]) == 10

            anyio.run(main, backend=code)
        assert [it.connection for it in bank.requests] == [1, 1]


@CODE
def test_an_error_response_is_raised_when_the_first_item_is_asked_for(code: str) -> None:
    refused = {"message": "no", "error_code": "ERR_SCOPE", "request_id": None}
    with Bank(lambda *_: response(403, json.dumps(refused).encode())) as bank:
        with pytest.raises(QBankPermissionDeniedError) as raised:
            stream(code, bank.url, lambda _: None)
        assert raised.value.error_code == "ERR_SCOPE"


@CODE
def test_a_list_that_a_mock_gives_is_streamed_as_well(code: str) -> None:
    seen: list[Any] = []

    def handle(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b"[" + item(1) + b"," + item(2) + b"]")

    http = given(code, transport=httpx.MockTransport(handle))
    stream(code, "https://bank.example/v1", lambda it: seen.append(it.amount), http=http)
    assert seen == [1, 2]


@CODE
def test_a_list_that_stalls_is_ended_by_the_deadline(code: str) -> None:
    stop = threading.Event()

    def stall(_: Request, connection: socket.socket) -> None:
        connection.sendall(HEAD + chunk(b"[" + item(1) + b","))
        stop.wait(LIMIT)

    seen: list[Any] = []
    with Bank(stall) as bank:
        with pytest.raises(QBankError) as raised:
            stream(
                code,
                bank.url,
                lambda it: seen.append(it.amount),
                request_options={"deadline_in_seconds": 0.5},
            )
        stop.set()
    assert seen == [1]
    assert raised.value.offset is not None
