"""The HTTP of our own client: httpcore, whose connections bound every read by what is left of
the exchange. httpx itself bounds single reads: a response that comes byte by byte never ends.

A given ``httpx_client`` does without this; its owner's limits, proxies and certificates count.
"""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

import httpcore
import httpx

from . import _core
from ._httpx import Whole

# Connections that are idle are closed before a server does.
_POOL = {"max_connections": 100, "keepalive_expiry": 5.0}
_FRESH = {"max_connections": 100, "max_keepalive_connections": 0}


def client(urls: list[str]) -> httpx.Client:
    """A client for these URLs, through the proxy that the environment names for each."""
    context = _context()
    mounts = {_origin(url): Transport(context, proxy) for url, proxy in _proxies(urls).items()}
    # Each request brings its own timeouts.
    return httpx.Client(
        transport=Transport(context, None),
        mounts=mounts,
        trust_env=False,
        timeout=None,  # noqa: S113
    )


def async_client(urls: list[str]) -> httpx.AsyncClient:
    """The same for async code."""
    context = _context()
    mounts = {
        _origin(url): AsyncTransport(context, proxy) for url, proxy in _proxies(urls).items()
    }
    return httpx.AsyncClient(
        transport=AsyncTransport(context, None),
        mounts=mounts,
        trust_env=False,
        timeout=None,  # noqa: S113
    )


def _context() -> ssl.SSLContext:
    context = httpx.create_ssl_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # httpx 0.27 offers it: an alert about a certificate could come after a request.
    context.post_handshake_auth = False
    return context


def _proxies(urls: list[str]) -> dict[str, str]:
    proxies = {url: _core.proxy(dict(os.environ), url) for url in urls}
    return {url: proxy for url, proxy in proxies.items() if proxy is not None}


def _origin(url: str) -> str:
    return f"all://{urlsplit(url).netloc}"


class Transport(httpx.BaseTransport):
    """Two pools: one keeps connections, the other opens a new one for each request."""

    def __init__(self, context: ssl.SSLContext, proxy: str | None) -> None:
        backend = _Backend()
        self._pools = [
            _pool(httpcore.ConnectionPool, httpcore.HTTPProxy, context, proxy, backend, options)
            for options in (_POOL, _FRESH)
        ]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Sends a request."""
        pool = self._pools[bool(request.extensions.get("qbank_fresh"))]
        with _until(request):
            response = pool.handle_request(_request(request, request.stream))
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_Stream(response.stream, request),
            extensions=response.extensions,
        )

    def close(self) -> None:
        """Closes all connections."""
        for pool in self._pools:
            pool.close()


class AsyncTransport(httpx.AsyncBaseTransport):
    """The same for async code, where the driver itself can bound an exchange."""

    def __init__(self, context: ssl.SSLContext, proxy: str | None) -> None:
        self._pools = [
            _pool(
                httpcore.AsyncConnectionPool,
                httpcore.AsyncHTTPProxy,
                context,
                proxy,
                None,
                options,
            )
            for options in (_POOL, _FRESH)
        ]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sends a request."""
        pool = self._pools[bool(request.extensions.get("qbank_fresh"))]
        response = await pool.handle_async_request(_request(request, Whole(request.content)))
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_AsyncStream(response.stream),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Closes all connections."""
        for pool in self._pools:
            await pool.aclose()


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


def _request(request: httpx.Request, body: Any) -> httpcore.Request:
    url = request.url
    return httpcore.Request(
        method=request.method,
        url=httpcore.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        ),
        headers=request.headers.raw,
        content=body,
        extensions=request.extensions,
    )


class _Stream(httpx.SyncByteStream):
    def __init__(self, stream: Any, request: httpx.Request) -> None:
        self._httpcore_stream = stream
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        chunks = iter(self._httpcore_stream)
        while True:
            with _until(self._request):
                chunk = next(chunks, None)
            if chunk is None:
                return
            yield chunk

    def close(self) -> None:
        self._httpcore_stream.close()


class _AsyncStream(httpx.AsyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._httpcore_stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._httpcore_stream:
            yield chunk

    async def aclose(self) -> None:
        await self._httpcore_stream.aclose()


# Until when what this thread reads and writes has to be done.
_limit = threading.local()


class _until:
    """Bounds what is done on the network meanwhile by the deadline of a request."""

    def __init__(self, request: httpx.Request) -> None:
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
