"""What an application raises in the midst of an exchange comes out of the call as it is, once,
with key and fate in the log and in a note; and what its own client brings along.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import respx
from _servers import ACH, CODES, LIMIT, Bank, call, given, options, pay, response
from qbank_connect import QBankConnectClient
from qbank_connect.errors import QBankError

CODE = pytest.mark.parametrize("code", CODES)
URL = "https://bank.example/v1"


class SoftLimit(Exception):
    """An exception of the application."""


def hook(code: str, does: Callable[[Any], Any], at: str = "response") -> dict[str, Any]:
    """Event hooks that do this."""

    async def not_sync(it: Any) -> None:
        does(it)

    return {at: [does if code == "sync" else not_sync]}


def noted(caplog: pytest.LogCaptureFixture, thrown: BaseException) -> str:
    """The one line that was logged of a call that was called off, and noted."""
    (record,) = [it for it in caplog.records if "called off" in it.message]
    assert record.levelno == logging.WARNING
    if sys.version_info >= (3, 11):
        assert thrown.__notes__ == [f"qbank_connect: {record.message}"]
    return record.message


@CODE
@pytest.mark.parametrize("at", ["request", "response"])
def test_what_a_hook_raises_of_its_own_ends_the_call(
    code: str, at: str, caplog: pytest.LogCaptureFixture
) -> None:
    def raises(_: Any) -> None:
        raise SoftLimit("enough")

    with Bank() as bank:
        http = given(code, event_hooks=hook(code, raises, at))
        with pytest.raises(SoftLimit, match="enough") as raised:
            call(code, pay, **options(bank.url, token="t"), httpx_client=http)
        assert len(bank.requests) == (at == "response"), "it is not tried again"
        message = noted(caplog, raised.value)
        assert "fate unknown, idempotency_key " in message
        if bank.requests:
            assert str(bank.requests[0].key) in message


def test_a_stop_iteration_of_a_hook_is_not_taken_for_the_reply(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def raises(_: Any) -> None:
        next(iter(()))

    with Bank() as bank, httpx.Client(event_hooks={"response": [raises]}) as http:
        client = QBankConnectClient(**options(bank.url, token="t"), httpx_client=http)
        with pytest.raises(RuntimeError, match="StopIteration") as raised:
            client.payments.create_ach(request=ACH)
        assert "fate unknown" in noted(caplog, raised.value)


@contextmanager
def limit() -> Iterator[Callable[[], None]]:
    """Gives what raises in this thread, wherever it is then."""

    def handle(*_: Any) -> None:
        raise SoftLimit("time is up")

    before = signal.signal(signal.SIGUSR1, handle)
    thread = threading.get_ident()
    try:
        yield lambda: signal.pthread_kill(thread, signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="there are no such signals")
@pytest.mark.parametrize("own", [True, False], ids=["own", "given"])
@pytest.mark.parametrize("part", ["head", "body"])
def test_what_the_handler_of_a_signal_raises_ends_the_call(
    own: bool, part: str, caplog: pytest.LogCaptureFixture
) -> None:
    leave = threading.Event()
    with limit() as is_up:

        def slow(_: Any, connection: Any) -> None:
            if part == "body":
                connection.sendall(response(202, b"{}")[:-1])
            is_up()
            leave.wait(LIMIT)

        with Bank(slow) as bank:
            http = None if own else httpx.Client()
            client = QBankConnectClient(**options(bank.url, token="t"), httpx_client=http)
            with pytest.raises(SoftLimit) as raised:
                client.payments.create_ach(request=ACH)
            leave.set()
            client.close()
            if http is not None:
                http.close()
            assert len(bank.requests) == 1
            message = noted(caplog, raised.value)
            assert f"fate unknown, idempotency_key {bank.requests[0].key}" in message


def test_what_respx_asserts_is_shown_to_the_test() -> None:
    with respx.mock, httpx.Client() as http:
        client = QBankConnectClient(**options(URL, token="t"), httpx_client=http)
        with pytest.raises(AssertionError, match="not mocked"):
            client.payments.create_ach(request=ACH)


@CODE
@pytest.mark.parametrize(
    "fault",
    [TimeoutError, ConnectionResetError, OSError, httpx.ReadError, asyncio.TimeoutError],
)
def test_what_breaks_exchanges_is_a_fault_and_is_tried_again(
    code: str, fault: type[Exception]
) -> None:
    asked: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers["idempotency-key"])
        if len(asked) == 1:
            raise fault("as it happens")
        return httpx.Response(202)

    http = given(code, transport=httpx.MockTransport(handle))
    reply = call(code, pay, **options(URL, token="t"), httpx_client=http)
    assert (reply.fate, reply.attempts) == ("accepted", 2)
    assert len(set(asked)) == 1


def test_a_group_is_a_fault_if_all_its_parts_are() -> None:
    groups = pytest.importorskip("exceptiongroup" if sys.version_info < (3, 11) else "builtins")

    def play(*parts: Exception) -> None:
        def handle(_: httpx.Request) -> httpx.Response:
            raise groups.ExceptionGroup("of tasks", list(parts))

        http = httpx.Client(transport=httpx.MockTransport(handle))
        settings = options(URL, token="t", max_retries=0)
        QBankConnectClient(**settings, httpx_client=http).payments.create_ach(request=ACH)

    with pytest.raises(QBankError) as fault:
        play(httpx.ReadError("broken"), TimeoutError())
    assert fault.value.fate == "unknown"
    with pytest.raises(groups.ExceptionGroup):
        play(httpx.ReadError("broken"), SoftLimit())


@CODE
def test_an_exception_that_cannot_say_what_it_is_is_named_by_its_class(code: str) -> None:
    class Speechless(httpx.ReadError):
        def __str__(self) -> str:
            raise SoftLimit("no text")

    def handle(_: httpx.Request) -> httpx.Response:
        raise Speechless("x")

    http = given(code, transport=httpx.MockTransport(handle))
    with pytest.raises(QBankError, match="Speechless") as raised:
        call(code, pay, **options(URL, token="t", max_retries=0), httpx_client=http)
    assert raised.value.fate == "unknown"


@CODE
def test_what_a_given_client_sends_to_others_by_default_does_not_reach_the_bank(
    code: str,
) -> None:
    defaults = {
        "Authorization": "Bearer of-another-server",
        "Idempotency-Key": "11111111-2222-4333-8444-555555555555",
        "Content-Type": "text/plain",
        "X-Trace": "7",
    }

    def read(client: Any) -> Any:
        return client.accounts.list()

    with Bank(lambda *_: response(200, b"[]")) as bank:
        http = given(code, headers=defaults, cookies={"session": "of-another-server"})
        call(code, read, **options(bank.url), httpx_client=http)
        (asked,), (sent,) = bank.tokens, bank.requests
    assert "authorization" not in asked.headers
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert sent.headers["authorization"] == "Bearer t"
    assert "content-type" not in sent.headers
    for it in (asked, sent):
        assert it.key is None
        assert "cookie" not in it.headers
        assert it.headers["x-trace"] == "7"
