"""Which connection a request goes over: one that is known to be at rest, or a new one."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme
from _servers import (
    CODES,
    PAYMENT_ID,
    Bank,
    Request,
    accepted,
    call,
    given,
    options,
    pay,
    response,
)
from qbank_connect import QBankConnectClient

CODE = pytest.mark.parametrize("code", CODES)
OWN = pytest.mark.parametrize("own", [True, False], ids=["own", "given"])
TLS = pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])

NOBODYS = response(202, location="/v1/payments/c3a9e1b4-77d0-4d1c-8f2b-6e5d4c3b2a10")


@pytest.fixture
def certificates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's, and a client's; the environment trusts the same."""
    ca = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(server)
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    client = ssl.create_default_context()
    ca.configure_trust(client)
    return server, client


def reads_and_pays(client: Any) -> Any:
    """Reads the accounts, then pays."""
    if isinstance(client, QBankConnectClient):
        client.accounts.list()
        return pay(client)

    async def both() -> Any:
        await client.accounts.list()
        return await pay(client)

    return both()


@CODE
@OWN
@TLS
@pytest.mark.parametrize(
    "more", [NOBODYS, NOBODYS[:9], b"\r\n"], ids=["whole", "part", "blank"]
)
def test_what_comes_after_a_response_is_no_response_to_the_next_request(
    code: str,
    own: bool,
    tls: bool,
    more: bytes,
    certificates: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    def answer(request: Request, connection: socket.socket) -> bytes | None:
        if request.method == "POST":
            return accepted(request, connection)
        # In one segment, and over TLS in two records.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        connection.sendall(response(200, b"[]"))
        connection.sendall(more)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)
        return b""

    server, trusting = certificates
    with Bank(answer, tls=server if tls else None) as bank:
        http = None if own else given(code, verify=trusting)
        reply = call(code, reads_and_pays, **options(bank.url, token="t"), httpx_client=http)
        assert (reply.fate, reply.data.payment_id) == ("accepted", PAYMENT_ID)
        assert reply.attempts == 1
        assert [it.connection for it in bank.requests] == [1, 2]


@CODE
@OWN
@TLS
def test_a_connection_at_rest_is_used_again(
    code: str, own: bool, tls: bool, certificates: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    def answer(request: Request, connection: socket.socket) -> bytes:
        return (
            accepted(request, connection) if request.method == "POST" else response(200, b"[]")
        )

    server, trusting = certificates
    with Bank(answer, tls=server if tls else None) as bank:
        http = None if own else given(code, verify=trusting)
        call(code, reads_and_pays, **options(bank.url), httpx_client=http)
        assert bank.connections == 1


@CODE
@OWN
def test_after_a_request_timeout_the_next_attempt_goes_over_another_connection(
    code: str, own: bool
) -> None:
    def once(request: Request, connection: socket.socket) -> bytes:
        return response(408) if len(bank.requests) == 1 else accepted(request, connection)

    with Bank(once) as bank:
        http = None if own else given(code)
        assert call(code, pay, **options(bank.url), httpx_client=http).attempts == 2
        first, second = (it.connection for it in bank.requests)
        assert first != second
