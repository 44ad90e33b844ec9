"""What hooks and transports of an application raise is believed only where it is known to be of
the request that was sent: else a payment that was made would be called refused, or never sent.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import respx
from _servers import CODES, Bank, call, given, options, pay, reset
from qbank_connect.errors import QBankError
from qbank_connect.testing import SandboxBank

CODE = pytest.mark.parametrize("code", CODES)
ONCE = {"token": "t", "max_retries": 0}
URL = "https://bank.example/v1"


def fails(code: str, http: Any, url: str = URL) -> QBankError:
    """The error of a payment."""
    with pytest.raises(QBankError) as raised:
        call(code, pay, **options(url, **ONCE), httpx_client=http)
    return raised.value


def hook(code: str, does: Callable[[Any], Any], at: str = "response") -> dict[str, Any]:
    """Event hooks that do this."""

    async def not_sync(it: Any) -> None:
        does(it)

    return {at: [does if code == "sync" else not_sync]}


def of_audit(status: int) -> Callable[[Any], None]:
    """Writes to another server, which responds with this, and raises for it."""

    def write(_: Any) -> None:
        transport = httpx.MockTransport(lambda _: httpx.Response(status))
        with httpx.Client(transport=transport) as http:
            http.post("https://audit.example/log").raise_for_status()

    return write


def unreachable(_: Any) -> None:
    """Writes to another server, which is down."""
    with httpx.Client(trust_env=False) as http:
        http.post("http://127.0.0.1:1/log")


@CODE
@pytest.mark.parametrize("status", [400, 401, 404, 409, 503])
def test_the_response_of_another_server_to_a_hook_is_not_the_banks(
    code: str, status: int
) -> None:
    with Bank() as bank:
        http = given(code, event_hooks=hook(code, of_audit(status)))
        error = fails(code, http, bank.url)
        assert len(bank.requests) == 1
    assert (error.fate, error.status_code) == ("unknown", None)
    assert isinstance(error.__cause__, httpx.HTTPStatusError)


@CODE
def test_a_status_error_that_names_no_request_is_not_the_banks(code: str) -> None:
    def raises(_: Any) -> None:
        answer = httpx.Response(422)
        raise httpx.HTTPStatusError("mine", request=None, response=answer)  # type: ignore[arg-type]

    with Bank() as bank:
        error = fails(code, given(code, event_hooks=hook(code, raises)), bank.url)
    assert (error.fate, error.status_code) == ("unknown", None)


@CODE
@pytest.mark.parametrize("transport", ["network", "mock"])
def test_a_hook_that_cannot_connect_elsewhere_after_the_response_decides_nothing(
    code: str, transport: str
) -> None:
    with Bank() as bank:
        more: dict[str, Any] = {}
        if transport == "mock":
            more["transport"] = httpx.MockTransport(lambda _: httpx.Response(202))
        error = fails(code, given(code, event_hooks=hook(code, unreachable), **more), bank.url)
    assert error.fate == "unknown"
    assert isinstance(error.__cause__, httpx.ConnectError)


@CODE
def test_a_hook_that_raises_in_the_name_of_our_request_decides_nothing(code: str) -> None:
    def raises(response: httpx.Response) -> None:
        raise httpx.ConnectError("of something else", request=response.request)

    mock = httpx.MockTransport(lambda _: httpx.Response(202))
    error = fails(code, given(code, transport=mock, event_hooks=hook(code, raises)))
    assert error.fate == "unknown"


def over(code: str, handle: Callable[[httpx.Request], Any]) -> Any:
    """A client over a transport of the application."""

    class Sync(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            it: httpx.Response = handle(request)
            return it

    class Async(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            it = handle(request)
            done: httpx.Response = await it if inspect.isawaitable(it) else it
            return done

    return given(code, transport=Sync() if code == "sync" else Async())


@CODE
@pytest.mark.parametrize(
    "raises", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout]
)
def test_what_a_transport_of_the_application_raises_is_not_taken_by_its_name(
    code: str, raises: type[Exception]
) -> None:
    """Some give a reset this name, and some retry: the first of two may have arrived."""

    def handle(_: httpx.Request) -> httpx.Response:
        raise raises("after it was sent, for all that is known")

    assert fails(code, over(code, handle)).fate == "unknown"


@CODE
def test_a_transport_that_retries_may_have_sent_it_before(code: str) -> None:
    bank = SandboxBank()
    bank.inject("drop_after_commit")
    inner = bank.transport()

    def handle(request: httpx.Request) -> Any:
        try:
            return inner.handle_request(request)
        except httpx.TransportError:
            bank.set_reachable(False)
            return inner.handle_request(request)

    async def async_handle(request: httpx.Request) -> Any:
        try:
            return await inner.handle_async_request(request)
        except httpx.TransportError:
            bank.set_reachable(False)
            return await inner.handle_async_request(request)

    error = fails(code, over(code, handle if code == "sync" else async_handle))
    assert error.fate == "unknown"
    assert isinstance(error.__cause__, httpx.ConnectError)


@CODE
def test_a_transport_that_makes_its_own_request_may_have_sent_it(code: str) -> None:
    """Without our extensions: httpcore tells us nothing of it."""

    class Rebuilding(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            again = httpx.Request(
                request.method, request.url, headers=request.headers, content=request.read()
            )
            try:
                return super().handle_request(again)
            except httpx.TransportError as broken:
                raise httpx.ConnectError("its second server is down") from broken

    class AsyncRebuilding(httpx.AsyncHTTPTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            again = httpx.Request(
                request.method,
                request.url,
                headers=request.headers,
                content=await request.aread(),
            )
            try:
                return await super().handle_async_request(again)
            except httpx.TransportError as broken:
                raise httpx.ConnectError("its second server is down") from broken

    def leave(_: Any, connection: Any) -> None:
        reset(connection)

    with Bank(leave) as bank:
        transport = Rebuilding() if code == "sync" else AsyncRebuilding()
        assert fails(code, given(code, transport=transport), bank.url).fate == "unknown"
        assert len(bank.requests) == 1


@CODE
@pytest.mark.parametrize("using", ["httpcore", "httpx"])
def test_what_respx_is_told_to_raise_says_that_nothing_was_sent(code: str, using: str) -> None:
    with respx.mock(using=using) as mocked:
        mocked.post(URL + "/payments/ach").mock(side_effect=httpx.ConnectError)
        assert fails(code, given(code)).fate == "never_sent"
        mocked.post(URL + "/payments/ach").mock(side_effect=httpx.ReadError)
        assert fails(code, given(code)).fate == "unknown"


@CODE
def test_without_a_network_the_sandbox_bank_was_sent_nothing(code: str) -> None:
    bank = SandboxBank()
    bank.set_reachable(False)
    assert fails(code, given(code, transport=bank.transport())).fate == "never_sent"


@CODE
@pytest.mark.parametrize("error", ["ConnectError", "PoolTimeout"])
def test_a_mock_of_httpx2_says_that_nothing_was_sent(code: str, error: str) -> None:
    httpx2 = pytest.importorskip("httpx2")

    def handle(_: Any) -> Any:
        raise getattr(httpx2, error)("as a test wants it")

    client = httpx2.Client if code == "sync" else httpx2.AsyncClient
    http = client(transport=httpx2.MockTransport(handle))
    assert fails(code, http).fate == "never_sent"
