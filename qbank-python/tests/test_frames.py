"""What reports a traceback with the variables of its frames (``capture_locals``) reports no
token, no secret and no account number, whatever ended the call.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import threading
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from _servers import ACH, LIMIT, Bank, given, response
from qbank_connect import AsyncQBankConnectClient, QBankConnectClient
from qbank_connect.errors import QBankConnectionError, QBankError

# Put together when it runs: the lines of source that a traceback shows have none of it.
TOKEN, SECRET, ACCOUNT = "".join(["tok", "zzz"]), "".join(["sec", "yyy"]), "0" + "98765" * 2
SECRETS = {"token": TOKEN, "secret": SECRET, "account": ACCOUNT}
OWN = pytest.mark.parametrize("own", [True, False], ids=["own", "given"])


def payment() -> dict[str, Any]:
    """To an account by its number."""
    recipient = {"name": "Ann", "bank_id": "021000021", "account_number": ACCOUNT}
    made = {**ACH, "recipient_details": recipient}
    del made["destination_account_id"]
    return made


def shows_none(thrown: BaseException) -> None:
    """All that is reported of it, and of its causes and contexts."""
    told = traceback.TracebackException.from_exception(thrown, capture_locals=True)
    seen: list[str] = []

    def walk(one: traceback.TracebackException | None) -> None:
        if one is None:
            return
        seen.extend(line for line in one.format_exception_only())
        for frame in one.stack:
            # Those of this directory are the application's.
            if Path(frame.filename).parent != Path(__file__).parent:
                seen.extend(
                    f"{frame.filename} {frame.name}: {name} = {text}"
                    for name, text in (frame.locals or {}).items()
                )
        walk(one.__cause__)
        walk(one.__context__)

    walk(told)
    for text in seen:
        for name, secret in SECRETS.items():
            assert secret not in text, f"the {name}: {text}"


def credentials(url: str, **more: Any) -> dict[str, Any]:
    """A client's options."""
    return {"client_id": "i", "client_secret": SECRET, "base_url": url, "eager": False, **more}


def granted(*_: Any) -> bytes:
    """The response with the token."""
    return response(200, json.dumps({"access_token": TOKEN, "token_type": "Bearer"}).encode())


class Held(Bank):
    """A bank that never ends its response to a token request, or to a payment."""

    def __init__(self, at: str) -> None:
        self.leave, self.arrived = threading.Event(), threading.Event()
        silent = self.token_part if at == "token" else self.nothing
        answers = {"token": silent} if at == "token" else {"answer": silent, "token": granted}
        super().__init__(**answers)  # type: ignore[arg-type]

    def token_part(self, _: Any, connection: Any) -> None:
        """Most of a token."""
        connection.sendall(granted()[:-1])
        self.nothing()

    def nothing(self, *_: Any) -> None:
        """Waits."""
        self.arrived.set()
        self.leave.wait(LIMIT)

    def __exit__(self, *_: object) -> None:
        self.leave.set()
        super().__exit__()


@OWN
@pytest.mark.parametrize("at", ["token", "payment"])
@pytest.mark.parametrize("code", ["sync", "asyncio", "trio"])
def test_a_time_that_is_up(code: str, at: str, own: bool) -> None:
    def pay(client: Any) -> Any:
        return client.payments.create_ach(request=payment())

    async def main(bank: Bank) -> BaseException:
        async with given("async") as http:
            more = {} if own else {"httpx_client": http}
            client = AsyncQBankConnectClient(**credentials(bank.url, timeout=0.3), **more)
            async with client:
                with pytest.raises(QBankError) as raised:
                    await client.payments.create_ach(
                        request=payment(), request_options={"max_retries": 0}
                    )
            return raised.value

    with Held(at) as bank:
        if code == "sync":
            with httpx.Client() as http:
                more = {} if own else {"httpx_client": http}
                settings = credentials(bank.url, timeout=0.3, max_retries=0)
                with (
                    QBankConnectClient(**settings, **more) as client,
                    pytest.raises(QBankError) as raised,
                ):
                    pay(client)
            error: BaseException = raised.value
        else:
            error = anyio.run(main, bank, backend=code)
        assert isinstance(error, QBankConnectionError)
        shows_none(error)


class Dripping(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A token that never ends."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield json.dumps({"access_token": TOKEN, "more": "x" * self.size}).encode()
            # As long as the timeout is.
            threading.Event().wait(0.05)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self:
            await anyio.sleep(0)
            yield part


@pytest.mark.parametrize(("timeout", "size"), [(0.2, 0), (LIMIT, 1 << 22)])
@pytest.mark.parametrize("code", ["sync", "asyncio", "trio"])
def test_a_token_that_drips_or_is_too_large(code: str, timeout: float, size: int) -> None:
    settings = credentials("https://bank.example/v1", max_retries=0, timeout=timeout)
    settings["httpx_client"] = given(
        code,
        transport=httpx.MockTransport(lambda _: httpx.Response(200, stream=Dripping(size))),
    )

    async def main() -> Any:
        with pytest.raises(QBankError) as raised:
            await AsyncQBankConnectClient(**settings).authenticate()
        return raised.value

    if code == "sync":
        with pytest.raises(QBankError) as raised:
            QBankConnectClient(**settings).authenticate()
        shows_none(raised.value)
    else:
        shows_none(anyio.run(main, backend=code))


@OWN
@pytest.mark.parametrize("at", ["token", "payment"])
@pytest.mark.parametrize("code", ["asyncio", "trio"])
def test_a_cancellation(code: str, at: str, own: bool) -> None:
    thrown: list[BaseException] = []

    async def pay(client: AsyncQBankConnectClient) -> None:
        try:
            await client.payments.create_ach(request=payment())
        except BaseException as cancelled:
            thrown.append(cancelled)
            raise

    async def main(bank: Held) -> None:
        async with given("async") as http:
            more = {} if own else {"httpx_client": http}
            async with (
                AsyncQBankConnectClient(**credentials(bank.url), **more) as client,
                anyio.create_task_group() as group,
            ):
                group.start_soon(pay, client)
                await anyio.to_thread.run_sync(bank.arrived.wait)
                group.cancel_scope.cancel()

    with Held(at) as bank:
        anyio.run(main, bank, backend=code)
    shows_none(thrown[0])


@pytest.mark.parametrize("at", ["token", "payment"])
def test_a_timeout_of_the_application(at: str) -> None:
    async def main(bank: Held) -> BaseException:
        async with AsyncQBankConnectClient(**credentials(bank.url)) as client:
            paying = client.payments.create_ach(request=payment())
            with pytest.raises(asyncio.TimeoutError) as raised:
                await asyncio.wait_for(paying, 0.3)
            return raised.value

    with Held(at) as bank:
        shows_none(asyncio.run(main(bank)))


class SoftLimit(Exception):
    """An exception of the application."""


@OWN
@pytest.mark.parametrize("at", ["token", "payment"])
@pytest.mark.parametrize("raises", [KeyboardInterrupt, SoftLimit])
@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="there are no such signals")
def test_an_interrupt(at: str, own: bool, raises: type[BaseException]) -> None:
    def handle(*_: Any) -> None:
        raise raises

    before = signal.signal(signal.SIGUSR1, handle)
    thread = threading.get_ident()
    try:
        with Held(at) as bank, httpx.Client() as http:

            def interrupt() -> None:
                assert bank.arrived.wait(LIMIT)
                signal.pthread_kill(thread, signal.SIGUSR1)

            more = {} if own else {"httpx_client": http}
            with QBankConnectClient(**credentials(bank.url), **more) as client:
                threading.Thread(target=interrupt).start()
                with pytest.raises(raises) as raised:
                    client.payments.create_ach(request=payment())
            shows_none(raised.value)
    finally:
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize("raises", [KeyboardInterrupt, SoftLimit])
def test_an_interrupt_while_the_request_is_written(raises: type[BaseException]) -> None:
    """The frames of h11 and httpcore have its head and its body then."""

    class Network(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            trace: Callable[..., None] = request.extensions["trace"]

            def stops(name: str, info: dict[str, Any]) -> None:
                trace(name, info)
                if name.endswith("send_request_body.started"):
                    raise raises

            request.extensions["trace"] = stops
            return super().handle_request(request)

    with Bank() as bank, httpx.Client(transport=Network()) as http:
        client = QBankConnectClient(token=TOKEN, base_url=bank.url, httpx_client=http)
        with pytest.raises(raises) as raised:
            client.payments.create_ach(request=payment())
        frames = [it.name for it in traceback.extract_tb(raised.value.__traceback__)]
        # The application's own frames stay.
        assert frames[-1] == "stops"
        shows_none(raised.value)


def test_what_the_application_was_handling_keeps_its_frames() -> None:
    def handle(_: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    with httpx.Client(transport=httpx.MockTransport(handle)) as http:
        client = QBankConnectClient(
            token="t", base_url="https://bank.example/v1", httpx_client=http
        )
        try:
            httpx.Request("GET", "https://bank.example").stream.no_such_thing  # noqa: B018
        except AttributeError as handled:
            before = traceback.extract_tb(handled.__traceback__)
            with pytest.raises(KeyboardInterrupt):
                client.payments.create_ach(request=ACH)
            assert traceback.extract_tb(handled.__traceback__)[-1].name == before[-1].name
        assert sys.exc_info()[1] is None
