"""What became of a request that got no response: nothing left this machine, or nobody knows."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import anyio
import httpcore
import httpx
import pytest
import trustme
from _servers import (
    ACH,
    CODES,
    LIMIT,
    Bank,
    Request,
    call,
    given,
    options,
    pay,
    reset,
    response,
    unused_port,
)
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from qbank_connect import AsyncQBankConnectClient, QBankConnectClient
from qbank_connect.errors import QBankConnectionError, QBankError

OWN = pytest.mark.parametrize("own", [True, False], ids=["own", "given"])
CODE = pytest.mark.parametrize("code", CODES)
ONCE = {"token": "t", "max_retries": 0}


def fails(code: str, http: Any = None, **given_options: Any) -> QBankError:
    """The error of a payment."""
    with pytest.raises(QBankConnectionError) as raised:
        call(code, pay, **options(**given_options), httpx_client=http)
    return raised.value


def http(code: str, own: bool, **arguments: Any) -> Any:
    """A client of the user's own, or none."""
    return None if own else given(code, **arguments)


@CODE
@OWN
def test_a_connection_that_is_refused(code: str, own: bool) -> None:
    url = f"http://127.0.0.1:{unused_port()}/v1"
    error = fails(code, http(code, own), url=url, token="t", max_retries=1)
    assert (error.fate, error.attempts) == ("never_sent", 2)
    assert "refused" in str(error).lower() or "connect" in str(error).lower()


@CODE
@OWN
def test_a_name_that_does_not_resolve(
    code: str, own: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = fails(code, http(code, own), url="https://no-such-host.invalid/v1", **ONCE)
    assert error.fate == "never_sent"
    assert "name" in str(error)


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


def context(ca: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    """A server's."""
    it = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(name).configure_cert(it)
    return it


@pytest.fixture
def trusting(ca: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A client's; the environment trusts the same."""
    root = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(root)
    monkeypatch.setenv("SSL_CERT_FILE", str(root))
    it = ssl.create_default_context()
    ca.configure_trust(it)
    return it


@CODE
@OWN
@pytest.mark.parametrize("wrong", ["issuer", "name"])
def test_a_certificate_that_is_not_the_banks(
    code: str, own: bool, wrong: str, ca: trustme.CA, trusting: ssl.SSLContext
) -> None:
    """It is not tried again, and the error names the certificate."""
    servers = context(trustme.CA()) if wrong == "issuer" else context(ca, "bank.example")
    with Bank(tls=servers) as bank:
        error = fails(code, http(code, own, verify=trusting), url=bank.url, token="t")
        assert (error.fate, error.attempts) == ("never_sent", 1)
        assert "certificate" in str(error)
        assert not bank.requests


@CODE
@OWN
def test_a_certificate_error_that_the_caller_handles_meanwhile_is_not_taken_for_ours(
    code: str, own: bool
) -> None:
    """It is the context of what is raised here, and no cause of it."""
    url = f"http://127.0.0.1:{unused_port()}/v1"
    try:
        raise ssl.SSLCertVerificationError("of something else, with a secret")
    except ssl.SSLCertVerificationError:
        error = fails(code, http(code, own), url=url, token="t", max_retries=1)
    assert error.attempts == 2
    assert "something else" not in str(error)


@contextmanager
def full_queue() -> Iterator[str]:
    """The URL of a server that never accepts a connection."""
    with socket.socket() as listener, socket.socket() as first:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        first.connect(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"


@CODE
@OWN
def test_a_connection_that_is_not_made_in_time(code: str, own: bool) -> None:
    with full_queue() as url:
        error = fails(code, http(code, own), url=url, timeout=0.4, **ONCE)
    assert error.fate == "never_sent"
    assert "in time" in str(error)


@CODE
@OWN
def test_a_handshake_that_does_not_end_in_time(code: str, own: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/v1"
        error = fails(code, http(code, own), url=url, timeout=0.4, **ONCE)
    assert error.fate == "never_sent"
    assert "in time" in str(error)


def test_no_connection_of_the_pool_is_free() -> None:
    busy, leave = threading.Event(), threading.Event()

    def hold(*_: Any) -> bytes:
        busy.set()
        assert leave.wait(LIMIT)
        return response(202)

    limits = httpx.Limits(max_connections=1)
    with Bank(hold) as bank, httpx.Client(limits=limits) as shared:
        client = QBankConnectClient(**options(bank.url, **ONCE), httpx_client=shared)
        first = threading.Thread(target=lambda: client.payments.create_ach(request=ACH))
        first.start()
        assert busy.wait(LIMIT)
        with pytest.raises(QBankConnectionError) as raised:
            client.payments.create_ach(request=ACH, request_options={"timeout_in_seconds": 0.2})
        leave.set()
        first.join(LIMIT)
        assert raised.value.fate == "never_sent"
        assert len(bank.requests) == 1


@pytest.mark.parametrize("code", CODES[1:])
def test_no_connection_of_an_async_pool_is_free(code: str) -> None:
    leave = threading.Event()

    def hold(*_: Any) -> bytes:
        assert leave.wait(LIMIT)
        return response(202)

    async def main(bank: Bank) -> str:
        limits = httpx.Limits(max_connections=1)
        async with (
            httpx.AsyncClient(limits=limits) as shared,
            anyio.create_task_group() as group,
        ):
            client = AsyncQBankConnectClient(**options(bank.url, **ONCE), httpx_client=shared)

            async def first() -> None:
                await client.payments.create_ach(request=ACH)

            group.start_soon(first)
            await anyio.to_thread.run_sync(bank.wait, lambda: len(bank.requests) == 1)
            with pytest.raises(QBankConnectionError) as raised:
                await client.payments.create_ach(
                    request=ACH, request_options={"timeout_in_seconds": 0.2}
                )
            leave.set()
            return raised.value.fate

    with Bank(hold) as bank:
        assert anyio.run(main, bank, backend=code) == "never_sent"
        assert len(bank.requests) == 1


class Proxy(Bank):
    """A proxy that refuses to open tunnels."""

    def __init__(self, status: int) -> None:
        super().__init__(lambda *_: response(status))


@CODE
@OWN
@pytest.mark.parametrize("status", [403, 407, 502])
def test_a_proxy_that_opens_no_tunnel(
    code: str, own: bool, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Proxy(status) as proxy:
        address = f"http://127.0.0.1:{proxy.port}"
        monkeypatch.setenv("HTTPS_PROXY", address)
        http = None if own else given(code, proxy=address, trust_env=False)
        error = fails(code, http, url="https://bank.example/v1", **ONCE)
        assert error.fate == "never_sent"
        assert str(status) in str(error)
        assert [it.method for it in proxy.requests] == ["CONNECT"]


@CODE
@OWN
def test_a_proxy_that_breaks_off(code: str, own: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    with Bank(lambda *_: None) as proxy:
        address = f"http://127.0.0.1:{proxy.port}"
        monkeypatch.setenv("HTTPS_PROXY", address)
        http = None if own else given(code, proxy=address, trust_env=False)
        error = fails(code, http, url="https://bank.example/v1", **ONCE)
        assert error.fate == "never_sent"


@CODE
@OWN
@pytest.mark.parametrize("how", ["reset", "closed"])
def test_a_connection_that_breaks_after_the_request(code: str, own: bool, how: str) -> None:
    def leave(request: Request, connection: socket.socket) -> None:
        if how == "reset":
            reset(connection)

    with Bank(leave) as bank:
        error = fails(code, http(code, own), url=bank.url, **ONCE)
        assert error.fate == "unknown"
        assert len(bank.requests) == 1


@CODE
@OWN
def test_a_response_that_does_not_come_in_time(code: str, own: bool) -> None:
    leave = threading.Event()
    with Bank(lambda *_: leave.wait(LIMIT) and None) as bank:
        error = fails(code, http(code, own), url=bank.url, timeout=0.3, **ONCE)
        leave.set()
        assert error.fate == "unknown"


@CODE
@pytest.mark.parametrize(
    ("raises", "fate"),
    [
        (httpx.ConnectError, "never_sent"),
        (httpx.ConnectTimeout, "never_sent"),
        (httpx.PoolTimeout, "never_sent"),
        (httpx.ProxyError, "never_sent"),
        (httpx.ReadTimeout, "unknown"),
        (httpx.WriteTimeout, "unknown"),
        (httpx.ReadError, "unknown"),
        (httpx.WriteError, "unknown"),
        (httpx.CloseError, "unknown"),
        (httpx.RemoteProtocolError, "unknown"),
        (httpx.LocalProtocolError, "unknown"),
        (ssl.SSLError, "unknown"),
    ],
)
def test_what_a_mock_raises(code: str, raises: type[Exception], fate: str) -> None:
    def handle(_: httpx.Request) -> httpx.Response:
        raise raises("as a test wants it")

    mock = given(code, transport=httpx.MockTransport(handle))
    with pytest.raises(QBankError) as raised:
        call(code, pay, **options("https://bank.example/v1", **ONCE), httpx_client=mock)
    assert raised.value.fate == fate
    assert "as a test wants it" in str(raised.value)


# --- Client certificates -------------------------------------------------------------------


def wanting(ca: trustme.CA, version: ssl.TLSVersion, tickets: int = 2) -> ssl.SSLContext:
    """A server's that wants a client certificate of this authority."""
    it = context(ca)
    it.minimum_version = it.maximum_version = version
    it.verify_mode = ssl.CERT_REQUIRED
    it.num_tickets = tickets
    ca.configure_trust(it)
    return it


class Refusing:
    """A bank that wants a client certificate and does not let its alert be lost: it reads what
    the client has sent, and only then closes.
    """

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listener.getsockname()[1]}/v1"
        self.connections = 0
        threading.Thread(target=self._run, daemon=True).start()

    def __enter__(self) -> Refusing:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                connection.settimeout(LIMIT)
                incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
                tls = self._tls.wrap_bio(incoming, outgoing, server_side=True)
                while True:
                    try:
                        tls.do_handshake()
                        raise AssertionError("it has no certificate to present")
                    except ssl.SSLWantReadError:
                        connection.sendall(outgoing.read())
                        incoming.write(connection.recv(65536))
                    except ssl.SSLError:
                        connection.sendall(outgoing.read())
                        break
                # Until the client is gone.
                while connection.recv(65536):
                    pass


@CODE
@OWN
def test_a_client_certificate_that_is_not_there_is_named_over_tls_1_3(
    code: str, own: bool, ca: trustme.CA, trusting: ssl.SSLContext
) -> None:
    """The request is written before the alert comes, and was not read."""
    with Refusing(wanting(ca, ssl.TLSVersion.TLSv1_3)) as bank:
        error = fails(code, http(code, own, verify=trusting), url=bank.url, token="t")
        assert (error.fate, error.attempts) == ("never_sent", 1)
        assert "client certificate" in str(error)
        assert bank.connections == 1


@CODE
@OWN
def test_a_client_certificate_that_is_not_there_over_tls_1_2(
    code: str, own: bool, ca: trustme.CA, trusting: ssl.SSLContext
) -> None:
    """OpenSSL then sends an alert that has other reasons as well."""
    with Refusing(wanting(ca, ssl.TLSVersion.TLSv1_2)) as bank:
        error = fails(code, http(code, own, verify=trusting), url=bank.url, **ONCE)
        assert error.fate == "never_sent"


@CODE
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_certificate_of_another_authority_is_named(
    code: str, version: ssl.TLSVersion, ca: trustme.CA, trusting: ssl.SSLContext
) -> None:
    trustme.CA().issue_cert("client.example").configure_cert(trusting)
    with Refusing(wanting(ca, version)) as bank:
        error = fails(code, given(code, verify=trusting), url=bank.url, token="t")
        assert (error.fate, error.attempts) == ("never_sent", 1)
        assert "client certificate" in str(error)
        assert bank.connections == 1


@CODE
@pytest.mark.parametrize("tickets", [0, 2])
def test_a_certificate_that_is_wanted_after_a_request_decides_nothing(
    code: str, tickets: int, ca: trustme.CA, trusting: ssl.SSLContext
) -> None:
    """The bank has read the payment, and may have made it."""
    servers = context(ca)
    servers.minimum_version = ssl.TLSVersion.TLSv1_3
    servers.num_tickets = tickets
    servers.post_handshake_auth = True
    ca.configure_trust(servers)
    trusting.post_handshake_auth = True

    def ask(request: Request, connection: ssl.SSLSocket) -> None:
        connection.context.verify_mode = ssl.CERT_REQUIRED
        servers.verify_mode = ssl.CERT_REQUIRED
        connection.verify_client_post_handshake()
        # Its question goes out, the answer comes in, and the alert goes out.
        connection.sendall(b"")
        connection.recv(1)

    servers.verify_mode = ssl.CERT_REQUIRED
    with Bank(ask, tls=servers) as bank:
        error = fails(code, given(code, verify=trusting), url=bank.url, **ONCE)
        assert error.fate == "unknown"
        assert len(bank.requests) == 1
        assert any("CERTIFICATE" in str(it) for it in bank.broken)


class Alerting:
    """A bank that reads a payment, and then sends a TLS alert of a test's choice, in a record
    that is made here: OpenSSL sends none that it is asked for.
    """

    def __init__(
        self, ca: trustme.CA, keys: Path, tickets: int, before: bytes, alert: int
    ) -> None:
        self._tls = context(ca)
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_3
        self._tls.num_tickets = tickets
        self._tls.keylog_filename = str(keys)
        self._keys, self._tickets, self._before, self._alert = keys, tickets, before, alert
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listener.getsockname()[1]}/v1"
        self.broken: list[BaseException] = []
        threading.Thread(target=self._run, daemon=True).start()

    def __enter__(self) -> Alerting:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _run(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            try:
                self._serve(connection)
            except BaseException as thrown:
                self.broken.append(thrown)

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(LIMIT)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self._tls.wrap_bio(incoming, outgoing, server_side=True)

        def until(does: Any) -> Any:
            while True:
                try:
                    return does()
                except ssl.SSLWantReadError:
                    connection.sendall(outgoing.read())
                    incoming.write(connection.recv(65536))

        until(tls.do_handshake)
        records, request = self._tickets, b""
        while b'"amount"' not in request:
            request += until(lambda: tls.read(65536))
            if request.startswith(b"GET") and request.endswith(b"\r\n\r\n"):
                tls.write(response(200, b"[]"))
                connection.sendall(outgoing.read())
                records, request = records + 1, b""
        if self._before:
            tls.write(self._before)
            records += 1
        assert tls.cipher()[0] == "TLS_AES_256_GCM_SHA384"
        connection.sendall(outgoing.read() + self._record(records))
        # Until the client is gone: a reset could lose the alert.
        with suppress(ConnectionError):
            while connection.recv(65536):
                pass

    def _record(self, number: int) -> bytes:
        """The alert as a record of TLS 1.3 (RFC 8446 5.2, 7.3)."""
        lines = [line.split() for line in self._keys.read_text().splitlines()]
        secret = next(
            bytes.fromhex(it[2]) for it in lines if it[0] == "SERVER_TRAFFIC_SECRET_0"
        )

        def expand(label: bytes, length: int) -> bytes:
            label = b"tls13 " + label
            info = struct.pack(">HB", length, len(label)) + label + b"\0"
            return HKDFExpand(hashes.SHA384(), length, info).derive(secret)

        nonce = int.from_bytes(expand(b"iv", 12), "big") ^ number
        inner = bytes([2, self._alert, 21])
        head = bytes([23, 3, 3]) + struct.pack(">H", len(inner) + 16)
        sealed = AESGCM(expand(b"key", 32)).encrypt(nonce.to_bytes(12, "big"), inner, head)
        return head + sealed


def pays_after_a_read(client: Any) -> Any:
    """Pays over a connection that gave a response before."""
    if isinstance(client, QBankConnectClient):
        client.accounts.list()
        return pay(client)

    async def both() -> Any:
        await client.accounts.list()
        return await pay(client)

    return both()


@CODE
@OWN
@pytest.mark.parametrize(
    ("tickets", "before", "alert", "fate"),
    [
        # A refused certificate, as far as anyone can know.
        (0, b"", 116, "never_sent"),
        (0, b"", 48, "never_sent"),
        # These have other reasons as well.
        (0, b"", 40, "unknown"),
        (0, b"", 49, "unknown"),
        (0, b"", 51, "unknown"),
        # A ticket comes when the server's handshake has ended.
        (1, b"", 45, "unknown"),
        (2, b"", 116, "unknown"),
        # So does the smallest part of a response.
        (0, b"HTTP/1.1 2", 116, "unknown"),
        (0, b"HTTP/1.1 100 Continue\r\n\r\n", 116, "unknown"),
        (0, response(202, content_length="9"), 45, "unknown"),
    ],
)
def test_an_alert_is_believed_only_where_nothing_came_before_it(
    code: str,
    own: bool,
    tickets: int,
    before: bytes,
    alert: int,
    fate: str,
    ca: trustme.CA,
    trusting: ssl.SSLContext,
    tmp_path: Path,
) -> None:
    with Alerting(ca, tmp_path / "keys", tickets, before, alert) as bank:
        with pytest.raises(QBankError) as raised:
            client = http(code, own, verify=trusting)
            call(code, pay, **options(bank.url, **ONCE), httpx_client=client)
        assert raised.value.fate == fate
        assert not bank.broken


@CODE
@OWN
def test_an_alert_over_a_connection_that_was_used_decides_nothing(
    code: str, own: bool, ca: trustme.CA, trusting: ssl.SSLContext, tmp_path: Path
) -> None:
    with Alerting(ca, tmp_path / "keys", 0, b"", 116) as bank:
        with pytest.raises(QBankError) as raised:
            client = http(code, own, verify=trusting)
            call(code, pays_after_a_read, **options(bank.url, **ONCE), httpx_client=client)
        assert raised.value.fate == "unknown"
        assert not bank.broken


@CODE
@OWN
def test_a_response_that_came_with_an_alert_counts(
    code: str, own: bool, ca: trustme.CA, trusting: ssl.SSLContext, tmp_path: Path
) -> None:
    whole = response(202, location="/v1/payments/5f0c7d52-3e7b-4f0e-9a51-2b8f1c9d0a11")
    with Alerting(ca, tmp_path / "keys", 0, whole, 116) as bank:
        client = http(code, own, verify=trusting)
        reply = call(code, pay, **options(bank.url, **ONCE), httpx_client=client)
        assert reply.fate == "accepted"
        assert not bank.broken


@CODE
def test_our_own_client_offers_no_certificate_after_a_request(
    code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As httpx 0.27 would: an alert about it could not be told from one of the handshake."""

    def offering() -> ssl.SSLContext:
        it = ssl.create_default_context()
        it.post_handshake_auth = True
        return it

    monkeypatch.setattr(httpx, "create_ssl_context", offering)
    seen: list[ssl.SSLContext] = []

    class Pool(httpcore.ConnectionPool):
        def __init__(self, ssl_context: ssl.SSLContext, **more: Any) -> None:
            seen.append(ssl_context)
            super().__init__(ssl_context=ssl_context, **more)

    class AsyncPool(httpcore.AsyncConnectionPool):
        def __init__(self, ssl_context: ssl.SSLContext, **more: Any) -> None:
            seen.append(ssl_context)
            super().__init__(ssl_context=ssl_context, **more)

    monkeypatch.setattr(httpcore, "ConnectionPool", Pool)
    monkeypatch.setattr(httpcore, "AsyncConnectionPool", AsyncPool)
    with Bank() as bank:
        call(code, pay, **options(bank.url, **ONCE))
    assert seen
    assert not any(it.post_handshake_auth for it in seen)
