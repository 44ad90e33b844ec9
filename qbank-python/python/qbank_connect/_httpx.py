"""One exchange over httpx, bounded in time and size; sync and async. Neither httpx nor httpx2
is imported to recognise what they raise: their classes have the same names.
"""

from __future__ import annotations

import socket
import ssl
import sys
import time
import traceback
from collections.abc import AsyncIterator, Iterator
from types import FrameType, TracebackType
from typing import Any

import anyio
import anyio.lowlevel

from ._drive import Received, Send, log

# What httpx and httpcore raise, by the name of its class, most telling first.
_FAULTS = {
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
# What OpenSSL calls the alerts that no server has another reason for than our client
# certificate or its absence.
_CERTIFICATE_ALERTS = {
    "TLSV13_ALERT_CERTIFICATE_REQUIRED",
    "SSLV3_ALERT_BAD_CERTIFICATE",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
    "SSLV3_ALERT_CERTIFICATE_REVOKED",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
    "TLSV1_ALERT_UNKNOWN_CA",
}


# What does HTTP: an exception of these is a fault of the exchange.
_STACK = {
    "aiohttp",
    "anyio",
    "asyncio",
    "concurrent",
    "encodings",
    "h11",
    "h2",
    "hpack",
    "httpcore",
    "httpcore2",
    "httpx",
    "httpx2",
    "httpx_aiohttp",
    "hyperframe",
    "idna",
    "qbank_connect",
    "selectors",
    "sniffio",
    "socket",
    "socksio",
    "ssl",
    "trio",
    "uvloop",
}
# Defaults of a given client that are for other servers, or that would be ours to say.
_NOT_OF_A_CLIENT = ("authorization", "content-type", "cookie", "idempotency-key")
_HTTPX = {"httpx", "httpx2", "httpcore", "httpcore2"}
# The transports that raise what is named after a connection only before they send. Others
# retry, or give a reset this name (httpx-aiohttp).
_TELLING = {
    ("httpx", "AsyncHTTPTransport"),
    ("httpx", "HTTPTransport"),
    ("httpx", "MockTransport"),
    ("httpx2", "AsyncHTTPTransport"),
    ("httpx2", "HTTPTransport"),
    ("httpx2", "MockTransport"),
    ("qbank_connect", "AsyncTransport"),
    ("qbank_connect", "SandboxTransport"),
    ("qbank_connect", "Transport"),
    # It asks a MockTransport first, and then the one that the client has.
    ("respx", "TryTransport"),
}

# What was handled below, before something broke.
_NO_CAUSES = (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError, StopIteration)


class TooLarge(Exception):
    """The body is larger than the limit."""


class Late(TimeoutError):
    """The time of the exchange is up."""


class Closed(Exception):
    """The HTTP client was closed before."""


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
                # For the transport of our own client.
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
        if "HTTPStatusError" not in _names(thrown):
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
        module = _module(type(thrown))
        return (
            module in _HTTPX
            and bool(_names(thrown) & _UNSENT)
            # Of httpcore, which our own transport hands through, it has no request.
            and (module.startswith("httpcore") or self.is_ours(thrown))
            and _of_transport(thrown)
            and _telling(self.client, self.request_sent)
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
        received.cause = _frameless(thrown, self.outer)
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


def fault_of(thrown: BaseException, outer: BaseException | None) -> tuple[str, str]:
    """The name of its kind, and what there is to say about it: what broke often stands in the
    cause alone. ``outer`` is what was being handled before, which is no cause.
    """
    chain = list(_causes(thrown, outer))
    texts: list[str] = []
    for one in chain:
        text = text_of(one)
        if not any(text in known for known in texts):
            texts.append(text)
    return _kind(thrown, chain), ": ".join(texts)


def text_of(thrown: BaseException) -> str:
    """What it says, or else its name."""
    try:
        return str(thrown) or type(thrown).__name__
    except Exception:
        return type(thrown).__name__


def _kind(thrown: BaseException, chain: list[BaseException]) -> str:
    names = _names(thrown)
    if isinstance(thrown, TooLarge):
        return "body_too_large"
    if isinstance(thrown, Closed):
        return "aborted"
    if names & {"TimeoutException", "TimeoutError"}:
        return "timeout"
    for one in chain:
        if isinstance(one, ssl.SSLCertVerificationError):
            return "certificate"
        if isinstance(one, ssl.SSLError):
            reason = str(getattr(one, "reason", None))
            if reason in _CERTIFICATE_ALERTS:
                return "client_certificate"
            return "disconnected" if "EOF" in reason else "tls"
        if isinstance(one, socket.gaierror):
            return "resolve"
    if "RemoteProtocolError" in names and (
        "disconnected" in text_of(thrown) or "closed" in text_of(thrown)
    ):
        return "disconnected"
    return next((fault for name, fault in _FAULTS.items() if name in names), "other")


def _causes(thrown: BaseException, outer: BaseException | None) -> Iterator[BaseException]:
    # httpcore raises `from None`: what broke is the context alone.
    one: BaseException | None = thrown
    for _ in range(8):
        if one is None or one is outer or not _is_cause(one):
            return
        yield one
        one = one.__cause__ or one.__context__


def _is_cause(one: BaseException) -> bool:
    # A cancellation inside a timeout is none.
    return isinstance(one, Exception) and not isinstance(one, _NO_CAUSES)


def is_fault(thrown: BaseException) -> bool:
    """Whether it is what breaks exchanges. What else is raised meanwhile is the application's:
    by a hook, by a transport or a mock, or by what handles a signal (a soft time limit).
    """
    if parts := _grouped(thrown):
        return all(is_fault(part) for part in parts)
    classes = type(thrown).__mro__
    if any(_module(it) in _STACK for it in classes):
        return True
    if _module(classes[0]) != "builtins":
        return False
    # Of the others, those that the libraries below raise themselves.
    return isinstance(thrown, OSError) or _innermost(thrown.__traceback__) in _STACK


def _grouped(thrown: BaseException) -> tuple[BaseException, ...]:
    # Python 3.10 has no groups; what anyio and trio take in their place has the same name.
    if "BaseExceptionGroup" not in _names(thrown):
        return ()
    parts: tuple[BaseException, ...] = getattr(thrown, "exceptions", ())
    return parts


def _module(of: type) -> str:
    return str(of.__module__).partition(".")[0]


def _root(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def _innermost(tb: TracebackType | None) -> str:
    root = ""
    while tb is not None:
        root, tb = _root(tb.tb_frame), tb.tb_next
    return root


def _of_transport(thrown: BaseException) -> bool:
    """Whether a transport raised it while it got the request, and not a hook."""
    names = [frame.f_code.co_name for frame, _ in traceback.walk_tb(thrown.__traceback__)]
    # The client's own: hooks run beside it.
    outer = "_send_handling_redirects"
    return outer in names and names[names.index(outer) + 1 :][:1] == ["_send_single_request"]


def _telling(client: Any, request: Any) -> bool:
    """Whether the transport for a request is one that is known."""
    find = getattr(client, "_transport_for_url", None)
    if find is None:
        return False
    try:
        transport = find(request.url)
    except Exception:
        # It is no public name, and may be another thing.
        return False
    methods = {"handle_request", "handle_async_request"}
    if methods & set(getattr(transport, "__dict__", ())):
        return False
    for one in type(transport).__mro__:
        if methods & set(vars(one)):
            return (_module(one), one.__name__) in _TELLING
    return False


def _frameless(thrown: BaseException, outer: BaseException | None) -> BaseException:
    """Without the frames of the HTTP library and ours: their variables are headers and bodies,
    and what reports a traceback may report them. What an event hook raised keeps its own.
    """
    for one in _all_of(thrown, outer):
        raised_below = _innermost(one.__traceback__) in _STACK
        one.__traceback__ = None if raised_below else _pruned(one.__traceback__)
    return thrown


def pruned(thrown: BaseException) -> BaseException:
    """The same of what is no error of ours: an interrupt, a cancellation, or an exception of
    the application that a call let through. A mistake in this package keeps its frames.
    """
    if not isinstance(thrown, Exception) or _innermost(thrown.__traceback__) != "qbank_connect":
        for one in _all_of(thrown, None):
            tb = one.__traceback__
            # What the application handled is its own: it was caught in a frame of it.
            if tb is not None and _root(tb.tb_frame) in _STACK:
                one.__traceback__ = _pruned(tb)
    return thrown


def _all_of(thrown: BaseException, outer: BaseException | None) -> Iterator[BaseException]:
    """It, its causes, its contexts and its parts, but not what was being handled before."""
    seen: list[BaseException | None] = [None, outer]
    todo: list[BaseException | None] = [thrown]
    while todo:
        one = todo.pop()
        if one is None or any(one is it for it in seen):
            continue
        seen.append(one)
        todo += [one.__cause__, one.__context__, *_grouped(one)]
        yield one


def _pruned(tb: TracebackType | None) -> TracebackType | None:
    """A traceback without the frames of the HTTP library and ours."""
    frames = []
    while tb is not None:
        if _root(tb.tb_frame) not in _STACK:
            frames.append(tb)
        tb = tb.tb_next
    left: TracebackType | None = None
    for one in reversed(frames):
        left = TracebackType(left, one.tb_frame, one.tb_lasti, one.tb_lineno)
    return left


def _names(thrown: BaseException) -> set[str]:
    return {one.__name__ for one in type(thrown).__mro__}


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
