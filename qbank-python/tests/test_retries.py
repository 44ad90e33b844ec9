"""One key and one body, sent so often and no more; one token for all who need it."""

from __future__ import annotations

import json
import threading
from typing import Any

import anyio
import httpx
import pytest
from _servers import CODES, LIMIT, Bank, call, given, options, pay, reset, response, token
from qbank_connect import AsyncQBankConnectClient, QBankConnectClient
from qbank_connect import client as client_module
from qbank_connect.errors import QBankConnectionError, QBankError, QBankServiceUnavailableError

COUNTS = range(5)
TOKEN = {"access_token": "t", "token_type": "Bearer", "expires_in": 3600}
ACCOUNTS = b"[]"


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("retries", COUNTS)
def test_a_mocked_bank_that_fails_gets_one_more_than_the_retries(
    code: str, retries: int
) -> None:
    sent: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(503)

    http = given(code, transport=httpx.MockTransport(handle))
    with pytest.raises(QBankServiceUnavailableError) as raised:
        call(
            code,
            pay,
            **options("https://bank.example/v1", token="t", max_retries=retries),
            httpx_client=http,
        )
    assert len(sent) == retries + 1 == raised.value.attempts
    assert {it.headers["idempotency-key"] for it in sent} == {raised.value.idempotency_key}
    assert len({it.content for it in sent}) == 1
    assert raised.value.fate == "unknown"


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("retries", COUNTS)
@pytest.mark.parametrize("own", [True, False], ids=["own", "given"])
def test_a_bank_that_resets_gets_one_more_than_the_retries(
    code: str, retries: int, own: bool
) -> None:
    with Bank(lambda _, connection: reset(connection)) as bank:
        http = None if own else given(code)
        with pytest.raises(QBankConnectionError) as raised:
            call(
                code,
                pay,
                **options(bank.url, token="t", max_retries=retries),
                httpx_client=http,
            )
        assert len(bank.requests) == retries + 1 == raised.value.attempts
        assert bank.connections == retries + 1
        assert {it.key for it in bank.requests} == {raised.value.idempotency_key}
        assert len({it.body for it in bank.requests}) == 1
        assert raised.value.fate == "unknown"


class Gate:
    """A token endpoint that lets requests through when it is told to, and counts them."""

    def __init__(self) -> None:
        self.asked = 0
        self.open = threading.Event()

    def __call__(self, request: Any, connection: Any) -> bytes:
        self.asked += 1
        assert self.open.wait(LIMIT)
        return token(request, connection)


def read(_: Any, __: Any) -> bytes:
    """A list of no accounts."""
    return response(200, ACCOUNTS)


def test_forty_threads_ask_for_one_token() -> None:
    gate = Gate()
    barrier = threading.Barrier(41)
    done: list[Any] = []
    with Bank(read, token=gate) as bank, QBankConnectClient(**options(bank.url)) as client:

        def run() -> None:
            barrier.wait(LIMIT)
            done.append(client.accounts.list())

        threads = [threading.Thread(target=run) for _ in range(40)]
        for thread in threads:
            thread.start()
        barrier.wait(LIMIT)
        bank.wait(lambda: len(bank.tokens) == 1)
        gate.open.set()
        for thread in threads:
            thread.join(LIMIT)
        assert len(done) == 40
        assert len(bank.tokens) == 1
        assert len(bank.requests) == 40


@pytest.mark.parametrize("code", CODES[1:])
def test_forty_tasks_ask_for_one_token(code: str) -> None:
    asked: list[httpx.Request] = []
    done: list[Any] = []

    async def main() -> None:
        gate = anyio.Event()

        async def handle(request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("/token"):
                asked.append(request)
                await gate.wait()
                return httpx.Response(200, json=TOKEN)
            return httpx.Response(200, json=[])

        async with (
            httpx.AsyncClient(transport=httpx.MockTransport(handle)) as http,
            AsyncQBankConnectClient(
                **options("https://bank.example/v1"), httpx_client=http
            ) as it,
            anyio.create_task_group() as group,
        ):

            async def run() -> None:
                done.append(await it.accounts.list())

            for _ in range(40):
                group.start_soon(run)
            await anyio.wait_all_tasks_blocked()
            assert len(asked) == 1
            gate.set()

    anyio.run(main, backend=code)
    assert len(asked) == 1
    assert len(done) == 40


@pytest.mark.parametrize("code", CODES[1:])
def test_a_task_that_is_cancelled_while_it_asks_hands_the_question_on(code: str) -> None:
    asked: list[httpx.Request] = []
    done: list[Any] = []

    async def main() -> None:
        async def handle(request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("/token"):
                asked.append(request)
                if len(asked) == 1:
                    await anyio.sleep_forever()
                return httpx.Response(200, json=TOKEN)
            return httpx.Response(200, json=[])

        async with (
            httpx.AsyncClient(transport=httpx.MockTransport(handle)) as http,
            AsyncQBankConnectClient(
                **options("https://bank.example/v1"), httpx_client=http
            ) as it,
            anyio.create_task_group() as group,
        ):
            leader = anyio.CancelScope()

            async def lead() -> None:
                with leader:
                    await it.accounts.list()
                assert leader.cancelled_caught

            async def follow() -> None:
                done.append(await it.accounts.list())

            group.start_soon(lead)
            await anyio.wait_all_tasks_blocked()
            for _ in range(39):
                group.start_soon(follow)
            await anyio.wait_all_tasks_blocked()
            assert len(asked) == 1
            leader.cancel()

    anyio.run(main, backend=code)
    assert len(asked) == 2
    assert len(done) == 39


def test_a_thread_that_is_interrupted_while_it_asks_hands_the_question_on() -> None:
    asking, interrupt = threading.Event(), threading.Event()
    asked: list[httpx.Request] = []
    done: list[Any] = []

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            asked.append(request)
            if len(asked) == 1:
                asking.set()
                assert interrupt.wait(LIMIT)
                raise KeyboardInterrupt
            return httpx.Response(200, json=TOKEN)
        return httpx.Response(200, json=[])

    with httpx.Client(transport=httpx.MockTransport(handle)) as http:
        client = QBankConnectClient(**options("https://bank.example/v1"), httpx_client=http)

        def lead() -> None:
            with pytest.raises(KeyboardInterrupt):
                client.accounts.list()

        threads = [threading.Thread(target=lead)]
        threads[0].start()
        assert asking.wait(LIMIT)
        for _ in range(39):
            threads.append(threading.Thread(target=lambda: done.append(client.accounts.list())))
            threads[-1].start()
        interrupt.set()
        for thread in threads:
            thread.join(LIMIT)
    assert len(asked) == 2
    assert len(done) == 39


def test_a_thread_that_waits_for_a_token_is_woken_without_polling(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits: list[bool] = []
    waiting = threading.Event()

    class Recorded(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waiting.set()
            woken = super().wait(timeout)
            waits.append(woken)
            return woken

    gate = Gate()
    with Bank(read, token=gate) as bank, QBankConnectClient(**options(bank.url)) as client:
        first = threading.Thread(target=client.accounts.list)
        first.start()
        bank.wait(lambda: len(bank.tokens) == 1)
        # A thread has an event of its own.
        second = threading.Thread(target=client.accounts.list)
        monkeypatch.setattr(client_module.threading, "Event", Recorded)
        second.start()
        assert waiting.wait(LIMIT)
        monkeypatch.undo()
        gate.open.set()
        first.join(LIMIT)
        second.join(LIMIT)
        assert len(bank.requests) == 2
    assert waits == [True]


@pytest.mark.parametrize("code", CODES)
def test_a_token_that_is_refused_is_fetched_once_more_and_the_call_sent_once_more(
    code: str,
) -> None:
    def refuse_once(request: Any, _: Any) -> bytes:
        if len(bank.requests) > 1:
            return response(202)
        error = {"message": "expired", "error_code": "ERR_AUTH", "request_id": None}
        return response(401, json.dumps(error).encode())

    with Bank(refuse_once) as bank:
        reply = call(code, pay, **options(bank.url, max_retries=1))
        assert reply.attempts == 2
        assert len(bank.tokens) == 2
        assert len({it.key for it in bank.requests}) == 1


@pytest.mark.parametrize("code", CODES)
def test_a_closed_client_sends_nothing_and_says_so(code: str) -> None:
    with Bank() as bank:
        with pytest.raises(QBankError) as raised:
            call(code, pay_after_close(code), **options(bank.url, token="t"))
        assert raised.value.fate == "never_sent"
        assert "closed" in str(raised.value)
        assert not bank.requests


def pay_after_close(code: str) -> Any:
    """Closes the client, and pays."""

    def sync(client: Any) -> Any:
        client.close()
        return pay(client)

    async def not_sync(client: Any) -> Any:
        await client.close()
        return await pay(client)

    return sync if code == "sync" else not_sync
