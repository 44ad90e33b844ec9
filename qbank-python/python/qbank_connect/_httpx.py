"""One exchange over httpx, bounded in time and size; sync and async."""

from __future__ import annotations

import ssl
import sys
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import anyio.lowlevel

from ._drive import Received, Send, log
from ._faults import (
    HTTPX,
    UNSENT,
    Closed,
    Late,
    Own,
    TooLarge,
    fault_of,
    is_fault,
    module_of,
    names_of,
    of_transport,
    telling,
)
from ._frames import frameless

# Defaults of a given client that are for other servers, or that would be ours to say.
_NOT_OF_A_CLIENT = ("authorization", "content-type", "cookie", "idempotency-key")


def exchange(client: Any, send: Send) -> Received:
    """Does the exchange over an ``httpx.Client``."""
    doing = _Exchange(send)
    response: Any = None
    try:
        try:
            request = doing.request(client, doing.trace)
            response = client.send(request, stream=True, auth=None, follow_redirects=False)
        except Exception as thrown:
            response = doing.response_in(thrown)
            if response is None:
                raise
        if doing.head(response):
            return doing.received
        for part in _parts(response):
            doing.take(part)
    except StopIteration as thrown:
        # Of a hook: who drives the call would take it for the reply.
        raise RuntimeError("a hook or a transport raised StopIteration") from thrown
    except Exception as thrown:
        if not is_fault(thrown):
            raise
        doing.failed(thrown)
    finally:
        if response is not None and doing.received.stream is None:
            _quietly_close(response)
    return doing.done()


async def async_exchange(client: Any, send: Send) -> Received:
    """Does the exchange over an ``httpx.AsyncClient``."""
    doing = _Exchange(send)
    response: Any = None
    parts: Any = None
    try:
        with anyio.fail_after(doing.left()):
            try:
                request = doing.request(client, doing.async_trace)
                response = await client.send(
                    request, stream=True, auth=None, follow_redirects=False
                )
            except Exception as thrown:
                response = doing.response_in(thrown)
                if response is None:
                    raise
            if doing.head(response):
                return doing.received
            parts = _async_parts(response)
            async for part in parts:
                doing.take(part)
            parts = None
    except Exception as thrown:
        if not is_fault(thrown):
            raise
        doing.failed(thrown)
    finally:
        if response is not None and doing.received.stream is None:
            await _quietly_aclose(response, parts)
    return doing.done()


class Stream:
    """The body of a response that was left unread."""

    def __init__(self, response: Any, deadline: float) -> None:
        self.response = response
        self.deadline = deadline
        self._parts: Any = None

    def chunks(self) -> Iterator[bytes]:
        """Its parts, until its end; raises what breaks it."""
        for chunk in _parts(self.response):
            if time.monotonic() > self.deadline:
                raise Late("the time of the call is up")
            yield chunk

    async def next_chunk(self) -> bytes | None:
        """Its next part, or nothing at its end; raises what breaks it."""
        if self._parts is None:
            self._parts = _async_parts(self.response)
        with anyio.fail_after(max(self.deadline - time.monotonic(), 0)):
            part: bytes | None = await anext(self._parts, None)
            return part

    def close(self) -> None:
        """Gives the connection back, or closes it."""
        _quietly_close(self.response)

    async def aclose(self) -> None:
        """Gives the connection back, or closes it."""
        await _quietly_aclose(self.response, self._parts)


class _Exchange:
    """What is known while an exchange is done."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.began = time.monotonic()
        self.limit: float = send.request["timeoutMs"] / 1000
        self.received = Received()
        # What the application is handling itself while it calls.
        self.outer = sys.exc_info()[1]
        self.client: Any = None
        self.request_sent: Any = None
        self.connecting = False
        self.sending = False
        self.tls: Any = None
        """The connection over TLS 1.3 that this exchange opened."""
        self.answered = False
        """Something came over it."""
        self.response: Any = None
        self.parts: list[bytes] = []
        self.size = 0

    def left(self) -> float:
        left = self.began + self.limit - time.monotonic()
        if left <= 0:
            raise Late(f"no response within {self.limit:g} s")
        return left

    def request(self, client: Any, trace: Any) -> Any:
        if getattr(client, "is_closed", False):
            raise Closed("the HTTP client is closed")
        wanted = self.send.request
        left = self.left()
        connect = min(wanted["connectTimeoutMs"] / 1000, left)
        request = client.build_request(
            wanted["method"],
            wanted["url"],
            headers=wanted["headers"],
            content=self.send.body or None,
            # To wait for a free connection is to connect.
            timeout=(connect, left, left, connect),
            extensions={
                "trace": trace,
                # For our own client.
                "qbank_deadline": self.began + self.limit,
                "qbank_fresh": wanted["freshConnection"],
            },
        )
        if getattr(client, "params", None):
            # Without the parameters of the client.
            request.url = type(request.url)(wanted["url"])
        ours = {name for name, _ in wanted["headers"]}
        for name in _NOT_OF_A_CLIENT:
            if name not in ours and name in request.headers:
                del request.headers[name]
        self.client, self.request_sent = client, request
        return request

    def response_in(self, thrown: Exception) -> Any:
        """The response to our request in what an event hook raised (`raise_for_status`). A
        hook may have raised that of an exchange of its own.
        """
        if "HTTPStatusError" not in names_of(thrown):
            return None
        response = getattr(thrown, "response", None)
        return response if self.is_ours(response) else None

    def is_ours(self, has_request: Any) -> bool:
        """Whether a response, or an exception, is of the request that we sent."""
        try:
            request = has_request.request
        except (AttributeError, RuntimeError):
            return False
        return request is not None and request is self.request_sent

    def named_unsent(self, thrown: Exception) -> bool:
        """Whether the name of what was raised says that nothing was sent, and who raised it
        means that: the transport itself, for our request, and one that is known.
        """
        module = module_of(type(thrown))
        if module not in HTTPX or not names_of(thrown) & UNSENT:
            return False
        return isinstance(self.client, Own) or (
            # Of httpcore, which a mock may raise, it has no request.
            (module.startswith("httpcore") or self.is_ours(thrown))
            and of_transport(thrown)
            and telling(self.client, self.request_sent)
        )

    def trace(self, name: str, info: dict[str, Any]) -> None:
        """Notes how far httpcore got. A tunnel's CONNECT is no request of ours."""
        self.connecting = True
        if name.endswith(".send_request_headers.started"):
            self.sending = self.sending or info["request"].method != b"CONNECT"
        elif name.endswith(".response_closed.started"):
            self.ended()
        elif name.endswith(".start_tls.complete"):
            stream = info["return_value"]
            self.opened(stream, self.noting(stream))

    async def async_trace(self, name: str, info: dict[str, Any]) -> None:
        """Does the same."""
        self.connecting = True
        if name.endswith(".send_request_headers.started"):
            self.sending = self.sending or info["request"].method != b"CONNECT"
        elif name.endswith(".response_closed.started"):
            self.ended()
        elif name.endswith(".start_tls.complete"):
            stream = info["return_value"]
            self.opened(stream, self.async_noting(stream))

    def opened(self, stream: Any, read: Any) -> None:
        """Notes a connection over TLS, and what is to read from it first."""
        self.tls, self.answered = None, False
        tls = stream.get_extra_info("ssl_object")
        # When it is broken it has no version any more. After a handshake with authentication
        # later on, an alert about a certificate may come after a request.
        if (
            tls is not None
            and tls.version() == "TLSv1.3"
            and not tls.context.post_handshake_auth
        ):
            stream.read = read
            self.tls = tls

    def noting(self, stream: Any) -> Any:
        """Reads from a connection, and notes that something came: of what is less than a head,
        httpcore says nothing.
        """
        read = stream.read

        def first(*args: Any, **kwargs: Any) -> Any:
            came = read(*args, **kwargs)
            self.answered = True
            del stream.read
            return came

        return first

    def async_noting(self, stream: Any) -> Any:
        """Does the same."""
        read = stream.read

        async def first(*args: Any, **kwargs: Any) -> Any:
            came = await read(*args, **kwargs)
            self.answered = True
            del stream.read
            return came

        return first

    def ended(self) -> None:
        """Has httpcore close a connection over which more came than the response: it would take
        that for the response to the next request.
        """
        connection = _connection(self.response)
        if connection is None:
            return
        # After a 408 the server may be about to close it.
        timed_out = self.response.status_code == 408
        if timed_out or connection.trailing_data[0] or _more(self.response):
            connection.send_failed()

    def head(self, response: Any) -> bool:
        """Takes the head; whether the body is left unread."""
        self.response = response
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

    def take(self, part: bytes) -> None:
        self.left()
        self.size += len(part)
        most = self.send.request["maxBody"]
        if self.size > most:
            raise TooLarge(f"the body of the response is larger than {most} bytes")
        self.parts.append(part)

    def done(self) -> Received:
        """What came, the body in one piece."""
        self.received.body = b"".join(self.parts)
        return self.received

    def failed(self, thrown: Exception) -> None:
        """Notes what broke the exchange, and whether anything of the request was sent."""
        received = self.received
        named_unsent = not self.connecting and self.named_unsent(thrown)
        received.cause = frameless(thrown, self.outer)
        fault, received.message = fault_of(thrown, self.outer)
        if isinstance(thrown, Closed):
            received.never_sent = True
        elif self.sending:
            received.never_sent = fault == "client_certificate" and self.handshaking()
        else:
            received.never_sent = self.connecting or named_unsent
            if self.connecting and fault in ("disconnected", "protocol", "other"):
                fault = "connect"
        if fault == "client_certificate" and not received.never_sent:
            fault = "tls"
        received.fault = fault

    def handshaking(self) -> bool:
        """Whether nothing shows that the server's handshake had ended when it refused the
        client certificate. Over TLS 1.3 the client's own has ended by then, and the request is
        written; a server reads it, and sends session tickets and responses, only after the
        client's last message (RFC 8446 4.6.1). Over TLS 1.2 the client's handshake ends last.
        """
        if self.tls is None or self.answered or self.received.status is not None:
            return False
        session = self.tls.session
        return session is None or not session.has_ticket


def _connection(response: Any) -> Any:
    """What reads HTTP/1.1 from the connection (h11), of which neither httpx nor httpcore has a
    public name.
    """
    inner = getattr(response, "stream", None)
    for name in ("_stream", "_httpcore_stream", "_stream", "_connection"):
        inner = getattr(inner, name, inner)
    return getattr(inner, "_h11_state", None)


def _more(response: Any) -> bool:
    """Whether more has come over TLS than was asked for. A socket that has more to read is not
    used again by httpcore; what is in the buffers of an event loop it does not notice.
    """
    stream = response.extensions.get("network_stream")
    tls = None if stream is None else stream.get_extra_info("ssl_object")
    if not isinstance(tls, ssl.SSLObject):
        return False
    try:
        tls.read(1)
    except ssl.SSLWantReadError:
        return False
    except (ssl.SSLError, ValueError):
        # It is broken, or closed.
        pass
    return True


def _parts(response: Any) -> Iterator[bytes]:
    # A mock, or an event hook, has read it already.
    if response.is_stream_consumed:
        yield response.content
    else:
        yield from response.iter_raw()


def _async_parts(response: Any) -> AsyncIterator[bytes]:
    if response.is_stream_consumed:
        return Whole(response.content)
    parts: AsyncIterator[bytes] = response.aiter_raw()
    return parts


class Whole:
    """A body in one part. No generator: trio warns of one that is left before its end."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body

    def __iter__(self) -> Iterator[bytes]:
        return iter((self._body or b"",))

    def __aiter__(self) -> Whole:
        return self

    async def __anext__(self) -> bytes:
        body, self._body = self._body, None
        if body is None:
            raise StopAsyncIteration
        return body


def _quietly_close(response: Any) -> None:
    """What breaks here changes nothing that is known."""
    try:
        response.close()
    except Exception as thrown:
        if not is_fault(thrown):
            raise
        log.debug("closing a response: %s", type(thrown).__name__)


async def _quietly_aclose(response: Any, parts: Any) -> None:
    """Closes it, and ends the generators that were to give the rest of its parts: on a closed
    connection they fail at once. Left as they are, trio warns of each.
    """
    with anyio.CancelScope(shield=True), anyio.move_on_after(1):
        try:
            await response.aclose()
            while parts is not None and await anext(parts, None) is not None:
                await anyio.lowlevel.checkpoint()
        except Exception as thrown:
            if not is_fault(thrown):
                raise
            log.debug("closing a response: %s", type(thrown).__name__)
