"""Our own HTTP client: httpcore, whose connections bound every read by what is left of the
exchange, behind the few members of an ``httpx.Client`` that an exchange uses. httpx itself
bounds single reads: a response that comes byte by byte never ends.

A given ``httpx_client`` does without this; its owner's limits, proxies and certificates count.
"""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import httpcore
import httpx

from . import _core
from ._faults import Own
from ._httpx import Whole

# Connections that are idle are closed before a server does.
_POOL = {"max_connections": 100, "keepalive_expiry": 5.0}
_FRESH = {"max_connections": 100, "max_keepalive_connections": 0}


class _Origin(NamedTuple):
    """Where requests go, and over which connections."""

    scheme: bytes
    host: bytes
    port: int | None
    name: bytes
    """What `Host` says."""
    pools: list[Any]
    """Two: one keeps connections, the other opens a new one for each request."""


class _Client(Own):
    """For the origins of some URLs, through the proxy that the environment names for each."""

    def __init__(self, urls: list[str], direct: Any, tunnel: Any, backend: Any) -> None:
        self.is_closed = False
        self._origins: dict[str, _Origin] = {}
        context = _context()
        for url in urls:
            key, parts = _key(url), urlsplit(url)
            if key in self._origins:
                continue
            proxy = _core.proxy(dict(os.environ), url)
            pools = [
                _pool(direct, tunnel, context, proxy, backend, options)
                for options in (_POOL, _FRESH)
            ]
            host, name = parts.hostname or "", parts.netloc
            self._origins[key] = _Origin(
                parts.scheme.encode(), host.encode(), parts.port, name.encode(), pools
            )

    def build_request(
        self,
        method: str,
        url: str,
        *,
        headers: list[tuple[str, str]],
        content: bytes | None,
        timeout: tuple[float, float, float, float],
        extensions: dict[str, Any],
    ) -> httpcore.Request:
        """A request. Its head is the one that is given, with `Host` and its length."""
        origin = self._origins[_key(url)]
        fields = [(b"Host", origin.name)]
        fields += [(name.encode("ascii"), value.encode("ascii")) for name, value in headers]
        if content is not None or method == "POST":
            fields.append((b"Content-Length", str(len(content or b"")).encode()))
        connect, read, write, pool = timeout
        extensions["timeout"] = {"connect": connect, "read": read, "write": write, "pool": pool}
        extensions["qbank_pool"] = origin.pools[bool(extensions["qbank_fresh"])]
        target = url.split("/", 3)[3:]
        return httpcore.Request(
            method,
            httpcore.URL(
                scheme=origin.scheme,
                host=origin.host,
                port=origin.port,
                target=b"/" + "".join(target).encode("ascii"),
            ),
            headers=fields,
            content=None if content is None else Whole(content),
            extensions=extensions,
        )

    def _all_pools(self) -> Iterator[Any]:
        self.is_closed = True
        for origin in self._origins.values():
            yield from origin.pools


class Client(_Client):
    """For ordinary (blocking) code."""

    def __init__(self, urls: list[str]) -> None:
        super().__init__(urls, httpcore.ConnectionPool, httpcore.HTTPProxy, _Backend())

    def send(self, request: httpcore.Request, **_: object) -> _Response:
        """Sends a request. The body of the response is left unread."""
        with _until(request):
            return _Response(request.extensions["qbank_pool"].handle_request(request), request)

    def close(self) -> None:
        """Closes all connections."""
        for pool in self._all_pools():
            pool.close()


class AsyncClient(_Client):
    """For async code, where the exchange itself can be bounded."""

    def __init__(self, urls: list[str]) -> None:
        super().__init__(urls, httpcore.AsyncConnectionPool, httpcore.AsyncHTTPProxy, None)

    async def send(self, request: httpcore.Request, **_: object) -> _Response:
        """Sends a request. The body of the response is left unread."""
        pool = request.extensions["qbank_pool"]
        return _Response(await pool.handle_async_request(request), request)

    async def aclose(self) -> None:
        """Closes all connections."""
        for pool in self._all_pools():
            await pool.aclose()


def _context() -> ssl.SSLContext:
    context = httpx.create_ssl_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # httpx 0.27 offers it: an alert about a certificate could come after a request.
    context.post_handshake_auth = False
    return context


def _key(url: str) -> str:
    """The scheme, host and port of a URL."""
    return "/".join(url.split("/", 3)[:3]).lower()


def _pool(
    direct: Any,
    tunnel: Any,
    context: ssl.SSLContext,
    proxy: str | None,
    backend: Any,
    options: dict[str, Any],
) -> Any:
    given = {"ssl_context": context, "network_backend": backend, **options}
    if proxy is None:
        return direct(**given)
    parts = urlsplit(proxy)
    auth = None
    if parts.username is not None:
        auth = (unquote(parts.username), unquote(parts.password or ""))
    address = f"http://{parts.hostname}:{parts.port or 80}"
    return tunnel(proxy_url=address, proxy_auth=auth, **given)


class _Headers(NamedTuple):
    raw: list[tuple[bytes, bytes]]


class _Response:
    """The head of a response, and its body while it comes."""

    __slots__ = ("extensions", "headers", "request", "status_code", "stream")
    is_stream_consumed = False

    def __init__(self, response: httpcore.Response, request: httpcore.Request) -> None:
        self.status_code = response.status
        self.headers = _Headers(response.headers)
        self.extensions = response.extensions
        self.stream: Any = response.stream
        self.request = request

    def iter_raw(self) -> Iterator[bytes]:
        """The parts of the body."""
        parts = iter(self.stream)
        while True:
            with _until(self.request):
                part = next(parts, None)
            if part is None:
                return
            yield part

    def aiter_raw(self) -> AsyncIterator[bytes]:
        """The same for async code."""
        parts: AsyncIterator[bytes] = aiter(self.stream)
        return parts

    def close(self) -> None:
        """Gives the connection back, or closes it."""
        self.stream.close()

    async def aclose(self) -> None:
        """The same for async code."""
        await self.stream.aclose()


# Until when what this thread reads and writes has to be done.
_limit = threading.local()


class _until:
    """Bounds what is done on the network meanwhile by the deadline of a request."""

    def __init__(self, request: httpcore.Request) -> None:
        self._deadline = request.extensions.get("qbank_deadline")

    def __enter__(self) -> None:
        self._before = getattr(_limit, "deadline", None)
        _limit.deadline = self._deadline

    def __exit__(self, *_: object) -> None:
        _limit.deadline = self._before


def _bounded(timeout: float | None) -> float | None:
    deadline: float | None = getattr(_limit, "deadline", None)
    if deadline is None:
        return timeout
    # Zero would mean not to block at all.
    left = max(deadline - time.monotonic(), 0.001)
    return left if timeout is None else min(timeout, left)


class _Backend(httpcore.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Tries the addresses of a host within one time limit for all of them."""
        limit = _bounded(timeout)
        until = None if limit is None else time.monotonic() + limit
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        failed: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in dict.fromkeys(str(it[4][0]) for it in found):
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                raise httpcore.ConnectTimeout("timed out")
            try:
                stream = super().connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return _Bounded(stream)
        raise failed


class _Bounded(httpcore.NetworkStream):
    """A connection whose every read and write ends by the deadline."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _bounded(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _bounded(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        return _Bounded(self._stream.start_tls(ssl_context, server_hostname, _bounded(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
