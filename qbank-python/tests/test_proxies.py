"""The proxies that the environment names, as every driver of this project decides it; and TLS
to the bank through a tunnel.
"""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from _servers import CODES, LIMIT, Bank, call, given, options, pay
from qbank_connect import QBankConnectClient
from qbank_connect.errors import QBankInvalidRequestError

CODE = pytest.mark.parametrize("code", CODES)
VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bank]:
    """`bank.example` and `token.example`, whose certificate the environment has trusted."""
    ca = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("bank.example", "token.example", "127.0.0.1").configure_cert(context)
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with Bank(tls=context) as it:
        yield it


@pytest.fixture
def names(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a proxy these names lead to the bank as well."""
    resolve = socket.getaddrinfo

    def example(host: Any, *args: Any, **kwargs: Any) -> Any:
        here = b"127.0.0.1" if isinstance(host, bytes) else "127.0.0.1"
        is_example = str(host).rstrip("'").endswith(".example")
        return resolve(here if is_example else host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", example)


class Tunnels:
    """A proxy whose tunnels all lead to one bank."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.heads: list[str] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Tunnels:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def url(self, user: str = "") -> str:
        """Where it is."""
        return f"http://{user}127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def targets(self) -> list[str]:
        """Where its tunnels should lead."""
        return [head.split("\r\n")[0] for head in self.heads]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._tunnel, args=(connection,), daemon=True).start()

    def _tunnel(self, near: socket.socket) -> None:
        near.settimeout(LIMIT)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += near.recv(1)
        self.heads.append(head.decode())
        far = socket.create_connection(("127.0.0.1", self._bank.port), LIMIT)
        near.sendall(b"HTTP/1.1 200 -\r\n\r\n")
        back = threading.Thread(target=_pass_on, args=(far, near), daemon=True)
        back.start()
        _pass_on(near, far)
        back.join(LIMIT)
        near.close()
        far.close()


def _pass_on(source: socket.socket, to: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while part := source.recv(65536):
            to.sendall(part)
    with contextlib.suppress(OSError):
        to.shutdown(socket.SHUT_WR)


def example(bank: Bank, **more: Any) -> dict[str, Any]:
    """What a client needs for that bank by its name."""
    return options(f"https://bank.example:{bank.port}/v1", **more)


@CODE
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_the_bank_is_paid_through_a_tunnel(
    code: str, variable: str, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Tunnels(bank) as proxy:
        monkeypatch.setenv(variable, proxy.url())
        assert call(code, pay, **example(bank)).fate == "accepted"
        # One tunnel for the token and the payment.
        assert proxy.targets == [f"CONNECT bank.example:{bank.port} HTTP/1.1"]
        assert bank.connections == 1
        # What goes through it is the bank's alone.
        assert bank.requests[0].headers["authorization"] == "Bearer t"
        assert "authorization" not in proxy.heads[0].lower()


@CODE
def test_a_proxy_gets_its_user_and_password_and_the_bank_does_not(
    code: str, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Tunnels(bank) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url("user:p%40ss%3Aword@"))
        call(code, pay, **example(bank))
        basic = base64.b64encode(b"user:p@ss:word").decode()
        assert f"Proxy-Authorization: Basic {basic}".lower() in proxy.heads[0].lower()
        assert "proxy-authorization" not in bank.requests[0].headers


@CODE
@pytest.mark.parametrize("exempt", ["bank.example,token.example", ".example", "*", "example"])
def test_hosts_that_are_exempt_are_reached_directly(
    code: str, exempt: str, bank: Bank, names: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Tunnels(bank) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url())
        monkeypatch.setenv("NO_PROXY", exempt)
        assert call(code, pay, **example(bank)).fate == "accepted"
        assert proxy.heads == []


@CODE
def test_each_host_has_its_own_way(
    code: str, bank: Bank, names: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bank through the proxy, the token endpoint directly."""
    with Tunnels(bank) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url())
        monkeypatch.setenv("NO_PROXY", "token.example")
        token_url = f"https://token.example:{bank.port}/v1/token"
        call(code, pay, **example(bank, token_url=token_url))
        assert proxy.targets == [f"CONNECT bank.example:{bank.port} HTTP/1.1"]
        assert bank.tokens[0].connection != bank.requests[0].connection


@CODE
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_loopback_is_never_proxied(
    code: str, scheme: str, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Tunnels(bank) as proxy, Bank() as plain:
        for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url())
        url = bank.url if scheme == "https" else plain.url
        assert call(code, pay, **options(url)).fate == "accepted"
        assert proxy.heads == []


@CODE
def test_a_given_client_has_its_own_proxies(
    code: str, bank: Bank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Tunnels(bank) as proxy:
        # An address where there is no proxy.
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
        context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
        http = given(code, proxy=proxy.url(), verify=context, trust_env=False)
        assert call(code, pay, **example(bank), httpx_client=http).fate == "accepted"
        assert len(proxy.heads) == 1


@CODE
def test_a_certificate_is_the_banks_also_through_a_tunnel(
    code: str, tmp_path: Path, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
    with Tunnels(bank) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url())
        with pytest.raises(Exception, match="certificate") as raised:
            call(code, pay, **example(bank, token="t"))
        assert raised.value.fate == "never_sent"  # type: ignore[attr-defined]
        assert raised.value.attempts == 1  # type: ignore[attr-defined]
        assert not bank.requests


def test_a_proxy_that_cannot_be_used_is_refused_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://user:secret@127.0.0.1:1080")
    with pytest.raises(QBankInvalidRequestError) as raised:
        QBankConnectClient(**options("https://bank.example/v1"))
    assert "proxy" in str(raised.value).lower()
    assert "secret" not in repr(raised.value)
