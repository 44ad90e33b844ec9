"""One exchange over httpx, bounded in time and size; sync and async. Neither httpx nor httpx2 is
imported to recognise what they raise: their classes have the same names.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio

from ._drive import Received, Send, log

# What httpx and httpcore raise, by the name of its class, most telling first.
_FAULTS = {
    "TimeoutException": "timeout",
    "TimeoutError": "timeout",
    "ConnectError": "connect",
    "ProxyError": "connect",
    "LocalProtocolError": "protocol",
    "RemoteProtocolError": "protocol",
    "DecodingError": "protocol",
    "NetworkError": "disconnected",
    "StreamError": "disconnected",
    "StreamClosed": "disconnected",
}
_UNSENT = {"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError"}
# What OpenSSL calls the alerts that only a missing or refused client certificate causes.
_CERTIFICATE_ALERTS = {
    "TLSV13_ALERT_CERTIFICATE_REQUIRED",
    "SSLV3_ALERT_BAD_CERTIFICATE",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
    "SSLV3_ALERT_CERTIFICATE_REVOKED",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
    "TLSV1_ALERT_UNKNOWN_CA",
}


class TooLarge(Exception):
    """The body is larger than the limit."""


class Late(TimeoutError):
    """The time of the exchange is up."""


def exchange(client: Any, send: Send) -> Received:
    """Does the exchange over an ``httpx.Client``."""
    doing = _Exchange(send)
    response: Any = None
    try:
        try:
            request = doing.request(client, doing.trace)
            response = client.send(request, stream=True, auth=None, follow_redirects=False)
        except Exception as thrown:
            response = _response_in(thrown)
            if response is None:
                raise
        if doing.head(response):
            return doing.received
        for chunk in _chunks(response):
            doing.take(chunk)
    except Exception as thrown:
        doing.failed(thrown)
    finally:
        if response is not None and doing.received.stream is None:
            _quietly_close(response)
    return doing.done()


async def async_exchange(client: Any, send: Send) -> Received:
    """Does the exchange over an ``httpx.AsyncClient``."""
    doing = _Exchange(send)
    response: Any = None
    try:
        with anyio.fail_after(doing.left()):
            try:
                request = doing.request(client, doing.async_trace)
                response = await client.send(
                    request, stream=True, auth=None, follow_redirects=False
                )
            except Exception as thrown:
                response = _response_in(thrown)
                if response is None:
                    raise
            if doing.head(response):
                return doing.received
            async for chunk in _async_chunks(response):
                doing.take(chunk)
    except Exception as thrown:
        doing.failed(thrown)
    finally:
        if response is not None and doing.received.stream is None:
            with anyio.CancelScope(shield=True), anyio.move_on_after(1):
                await _quietly_aclose(response)
    return doing.done()


class Stream:
    """The body of a response that was left unread."""

    def __init__(self, response: Any, deadline: float) -> None:
        self.response = response
        self.deadline = deadline

    def chunks(self) -> Iterator[bytes]:
        """Its parts, until its end; raises what breaks it."""
        for chunk in _chunks(self.response):
            if time.monotonic() > self.deadline:
                raise Late("the time of the call is up")
            yield chunk

    async def async_chunks(self) -> AsyncIterator[bytes]:
        """Its parts, until its end; raises what breaks it."""
        parts = _async_chunks(self.response)
        while True:
            with anyio.fail_after(max(self.deadline - time.monotonic(), 0)):
                chunk = await anext(parts, None)
            if chunk is None:
                return
            yield chunk

    def close(self) -> None:
        """Gives the connection back, or closes it."""
        _quietly_close(self.response)

    async def aclose(self) -> None:
        """Gives the connection back, or closes it."""
        with anyio.CancelScope(shield=True), anyio.move_on_after(1):
            await _quietly_aclose(self.response)


class _Exchange:
    """What is known while an exchange is done."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.began = time.monotonic()
        self.limit: float = send.request["timeoutMs"] / 1000
        self.received = Received()
        self.connecting = False
        self.sending = False
        self.parts: list[bytes] = []
        self.size = 0

    def left(self) -> float:
        left = self.began + self.limit - time.monotonic()
        if left <= 0:
            raise Late(f"no response within {self.limit:g} s")
        return left

    def request(self, client: Any, trace: Any) -> Any:
        wanted = self.send.request
        left = self.left()
        connect = min(wanted["connectTimeoutMs"] / 1000, left)
        request = client.build_request(
            wanted["method"],
            wanted["url"],
            headers=wanted["headers"],
            content=self.send.body or None,
            timeout=(connect, left, left, left),
            extensions={
                "trace": trace,
                # For the transport of our own client.
                "qbank_deadline": self.began + self.limit,
                "qbank_fresh": wanted["freshConnection"],
            },
        )
        # Without the parameters of the client.
        request.url = type(request.url)(wanted["url"])
        return request

    def trace(self, name: str, info: dict[str, Any]) -> None:
        """Notes how far httpcore got. A tunnel's CONNECT is no request of ours."""
        self.connecting = True
        if name.endswith(".send_request_headers.started"):
            self.sending = self.sending or info["request"].method != b"CONNECT"

    async def async_trace(self, name: str, info: dict[str, Any]) -> None:
        """Does the same."""
        self.trace(name, info)

    def head(self, response: Any) -> bool:
        """Takes the head; whether the body is left unread."""
        self.received.status = response.status_code
        self.received.headers = [
            part.decode("latin-1") for pair in response.headers.raw for part in pair
        ]
        if self.send.streams is None or not self.send.streams(response.status_code):
            return False
        limit = (self.send.request["streamTimeoutMs"] or 0) / 1000
        self.received.stream = Stream(response, self.began + limit)
        # A chunk of a list may take longer than a whole response.
        response.request.extensions["qbank_deadline"] = self.began + limit
        return True

    def take(self, chunk: bytes) -> None:
        self.left()
        self.size += len(chunk)
        most = self.send.request["maxBody"]
        if self.size > most:
            raise TooLarge(f"the body of the response is larger than {most} bytes")
        self.parts.append(chunk)

    def done(self) -> Received:
        """What came, the body in one piece."""
        self.received.body = b"".join(self.parts)
        return self.received

    def failed(self, thrown: Exception) -> None:
        received = self.received
        received.fault, received.message = fault_of(thrown)
        received.cause = _frameless(thrown)
        names = _names(thrown)
        if received.fault == "client_certificate":
            received.never_sent = received.status is None
        else:
            unsent = self.connecting or bool(names & _UNSENT)
            received.never_sent = unsent and not self.sending


def fault_of(thrown: BaseException) -> tuple[str, str]:
    """The name of its kind, and what there is to say about it: what broke often stands in the
    cause alone.
    """
    chain = list(_causes(thrown))
    texts: list[str] = []
    for one in chain:
        text = str(one) or type(one).__name__
        if not any(text in known for known in texts):
            texts.append(text)
    return _kind(thrown, chain), ": ".join(texts)


def _kind(thrown: BaseException, chain: list[BaseException]) -> str:
    names = _names(thrown)
    if isinstance(thrown, TooLarge):
        return "body_too_large"
    for one in chain:
        if isinstance(one, ssl.SSLCertVerificationError):
            return "certificate"
        if isinstance(one, ssl.SSLError):
            if one.reason in _CERTIFICATE_ALERTS:
                return "client_certificate"
            return "disconnected" if "EOF" in str(one.reason) else "tls"
        if isinstance(one, socket.gaierror):
            return "resolve"
    if "RemoteProtocolError" in names and ("disconnected" in str(thrown) or "closed" in str(thrown)):
        return "disconnected"
    return next((fault for name, fault in _FAULTS.items() if name in names), "other")


def _causes(thrown: BaseException) -> Iterator[BaseException]:
    one: BaseException | None = thrown
    for _ in range(8):
        if one is None:
            return
        yield one
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)


def _frameless(thrown: BaseException) -> BaseException:
    """Without the frames of the HTTP library: their variables are headers and bodies, and what
    reports a traceback may report them. What an event hook raised keeps its own.
    """
    if type(thrown).__module__.partition(".")[0].rstrip("2") in ("httpx", "httpcore"):
        one: BaseException | None = thrown
        while one is not None and one.__traceback__ is not None:
            one.__traceback__ = None
            one = one.__cause__ or one.__context__
    return thrown


def _names(thrown: BaseException) -> set[str]:
    return {one.__name__ for one in type(thrown).__mro__}


def _response_in(thrown: BaseException) -> Any:
    """The response in what an event hook raised (`raise_for_status`)."""
    return getattr(thrown, "response", None) if "HTTPStatusError" in _names(thrown) else None


def _chunks(response: Any) -> Iterator[bytes]:
    # A mock, or an event hook, has read it already.
    if response.is_stream_consumed:
        yield response.content
    else:
        yield from response.iter_raw()


async def _async_chunks(response: Any) -> AsyncIterator[bytes]:
    if response.is_stream_consumed:
        yield response.content
        return
    async for chunk in response.aiter_raw():
        yield chunk


def _quietly_close(response: Any) -> None:
    """What breaks here changes nothing that is known."""
    try:
        response.close()
    except Exception as thrown:
        log.debug("closing a response: %s", type(thrown).__name__)


async def _quietly_aclose(response: Any) -> None:
    try:
        await response.aclose()
    except Exception as thrown:
        log.debug("closing a response: %s", type(thrown).__name__)
