"""What broke an exchange over httpx: its kind, and whether it shows that nothing was sent.
Neither httpx nor httpx2 is imported to recognise what they raise: their classes have the same
names.
"""

from __future__ import annotations

import socket
import ssl
import traceback
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any

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
UNSENT = {"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError"}
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
STACK = {
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
HTTPX = {"httpx", "httpx2", "httpcore", "httpcore2"}
# The transports that raise what is named after a connection only before they send. Others
# retry, or give a reset this name (httpx-aiohttp).
_TELLING = {
    ("httpx", "AsyncHTTPTransport"),
    ("httpx", "HTTPTransport"),
    ("httpx", "MockTransport"),
    ("httpx2", "AsyncHTTPTransport"),
    ("httpx2", "HTTPTransport"),
    ("httpx2", "MockTransport"),
    ("qbank_connect", "SandboxTransport"),
    # It asks a MockTransport first, and then the one that the client has.
    ("respx", "TryTransport"),
}

# What was handled below, before something broke.
_NO_CAUSES = (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError, StopIteration)


class Own:
    """Our own HTTP client: without hooks, and what it raises is what httpcore raised."""


class TooLarge(Exception):
    """The body is larger than the limit."""


class Late(TimeoutError):
    """The time of the exchange is up."""


class Closed(Exception):
    """The HTTP client was closed before."""


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
    names = names_of(thrown)
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
    if parts := grouped(thrown):
        return all(is_fault(part) for part in parts)
    classes = type(thrown).__mro__
    if any(module_of(it) in STACK for it in classes):
        return True
    if module_of(classes[0]) != "builtins":
        return False
    # Of the others, those that the libraries below raise themselves.
    return isinstance(thrown, OSError) or innermost(thrown.__traceback__) in STACK


def grouped(thrown: BaseException) -> tuple[BaseException, ...]:
    """The parts of a group."""
    # Python 3.10 has no groups; what anyio and trio take in their place has the same name.
    if "BaseExceptionGroup" not in names_of(thrown):
        return ()
    parts: tuple[BaseException, ...] = getattr(thrown, "exceptions", ())
    return parts


def module_of(of: type) -> str:
    """The package of a class."""
    return str(of.__module__).partition(".")[0]


def root(frame: FrameType) -> str:
    """The package of a frame's code."""
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def innermost(tb: TracebackType | None) -> str:
    """The package of the frame that raised."""
    package = ""
    while tb is not None:
        package, tb = root(tb.tb_frame), tb.tb_next
    return package


def of_transport(thrown: BaseException) -> bool:
    """Whether a transport raised it while it got the request, and not a hook."""
    names = [frame.f_code.co_name for frame, _ in traceback.walk_tb(thrown.__traceback__)]
    # The client's own: hooks run beside it.
    outer = "_send_handling_redirects"
    return outer in names and names[names.index(outer) + 1 :][:1] == ["_send_single_request"]


def telling(client: Any, request: Any) -> bool:
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
            return (module_of(one), one.__name__) in _TELLING
    return False


def names_of(thrown: BaseException) -> set[str]:
    """The names of its classes."""
    return {one.__name__ for one in type(thrown).__mro__}
