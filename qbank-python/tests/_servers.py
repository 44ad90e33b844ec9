"""Servers on loopback that do what a test says, and one call over each of the clients. The
sandbox bank is in `sandbox.py`.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx
from qbank_connect import AsyncQBankConnectClient, QBankConnectClient

CODES = ["sync", "asyncio", "trio"]
# In seconds: longer than anything here takes.
LIMIT = 10.0

ACH = {
    "source_account_id": "0b1f6a3e-5a51-4c4f-9d0e-4f3a6c1d2e01",
    "destination_account_id": "1c2e7b4f-6b62-4d50-8e1f-5a4b7d2e3f02",
    "amount": "125.50",
}
PAYMENT_ID = "5f0c7d52-3e7b-4f0e-9a51-2b8f1c9d0a11"


@dataclass
class Request:
    """What arrived."""

    connection: int
    method: str
    target: str
    headers: dict[str, str]
    body: bytes = field(repr=False)

    @property
    def key(self) -> str | None:
        """The key of a write."""
        return self.headers.get("idempotency-key")


# Gives the bytes to write, or nothing to close the connection.
Answer = Callable[[Request, socket.socket], "bytes | None"]


def response(status: int = 202, body: bytes = b"", **headers: str) -> bytes:
    """A response over HTTP/1.1; `_` in a header's name is `-`."""
    fields = {"content-type": "application/json", "content-length": str(len(body))}
    fields.update({name.replace("_", "-"): value for name, value in headers.items()})
    lines = [f"{name}: {value}" for name, value in fields.items()]
    return "\r\n".join([f"HTTP/1.1 {status} -", *lines, "", ""]).encode() + body


def accepted(request: Request, _: socket.socket) -> bytes:
    """Takes every ACH payment."""
    return response(202, location=f"/v1/payments/{PAYMENT_ID}")


def token(request: Request, _: socket.socket) -> bytes:
    """Gives a token."""
    return response(200, json.dumps({"access_token": "t", "token_type": "Bearer"}).encode())


class Bank:
    """A bank that answers as it is told to, a thread for each connection."""

    def __init__(
        self,
        answer: Answer = accepted,
        *,
        token: Answer = token,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._answer, self._token, self._tls = answer, token, tls
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._lock = threading.Condition()
        self._open: set[socket.socket] = set()
        self.requests: list[Request] = []
        self.tokens: list[Request] = []
        self.connections = 0
        """So many were opened."""
        self.broken: list[BaseException] = []
        """What went wrong in handshakes and answers."""
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        """Its base URL."""
        scheme = "http" if self._tls is None else "https"
        return f"{scheme}://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> Bank:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        with self._lock:
            left = list(self._open)
        for connection in left:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def wait(self, condition: Callable[[], bool]) -> None:
        """Until the condition holds, which what arrives can change."""
        with self._lock:
            assert self._lock.wait_for(condition, LIMIT), "it never came"

    def wait_closed(self) -> None:
        """Until no connection is open."""
        self.wait(lambda: not self._open)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.add(connection)
                number = self.connections
                self._lock.notify_all()
            arguments = (connection, number)
            threading.Thread(target=self._serve, args=arguments, daemon=True).start()

    def _serve(self, tcp: socket.socket, number: int) -> None:
        connection = tcp
        try:
            tcp.settimeout(LIMIT)
            if self._tls is not None:
                connection = self._tls.wrap_socket(tcp, server_side=True)
                with self._lock:
                    self._open.discard(tcp)
                    self._open.add(connection)
            while (request := _read(connection, number)) is not None:
                is_token = request.target.endswith("/token")
                with self._lock:
                    (self.tokens if is_token else self.requests).append(request)
                    self._lock.notify_all()
                answer = (self._token if is_token else self._answer)(request, connection)
                if answer is None:
                    break
                connection.sendall(answer)
        except BaseException as thrown:
            self.broken.append(thrown)
        finally:
            with contextlib.suppress(OSError):
                connection.close()
            with self._lock:
                self._open -= {tcp, connection}
                self._lock.notify_all()


def _read(connection: socket.socket, number: int) -> Request | None:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return None
        data += part
    head, body = data.split(b"\r\n\r\n", 1)
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    pairs = (line.split(":", 1) for line in lines)
    headers = {name.lower(): value.strip() for name, value in pairs}
    length = int(headers.get("content-length", 0))
    while len(body) < length:
        part = connection.recv(65536)
        if not part:
            return None
        body += part
    return Request(number, method, target, headers, body)


def reset(connection: socket.socket) -> None:
    """Closes a connection so that its peer gets a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def unused_port() -> int:
    """A port where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def options(url: str, **more: Any) -> dict[str, Any]:
    """What a client needs for a bank at this URL."""
    given = {"base_url": url, "backoff": 0.001, "eager": False, **more}
    return given if "token" in more else {"client_id": "i", "client_secret": "s", **given}


def given(code: str, **arguments: Any) -> Any:
    """A client of httpx of the user's own."""
    return (httpx.Client if code == "sync" else httpx.AsyncClient)(**arguments)


def call(code: str, invoke: Callable[[Any], Any], **options: Any) -> Any:
    """What a call gives, of a new client; raises what it raises."""
    http = options.get("httpx_client")
    if code == "sync":
        with QBankConnectClient(**options) as client, http or contextlib.nullcontext():
            return invoke(client)

    async def main() -> Any:
        async with (
            AsyncQBankConnectClient(**options) as client,
            http or contextlib.nullcontext(),
        ):
            return await invoke(client)

    return anyio.run(main, backend=code)


def pay(client: Any, **more: Any) -> Any:
    """Pays by ACH: all that is known of it; of an async client a coroutine."""
    return client.payments.with_raw_response.create_ach(request=ACH, **more)
