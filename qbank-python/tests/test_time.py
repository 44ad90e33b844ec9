"""What a call may take, in time and size, and what of a user's client is not used."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from _servers import (
    ACH,
    CODES,
    LIMIT,
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
from qbank_connect.errors import (
    QBankConnectionError,
    QBankDeadlineExceededError,
    QBankError,
    QBankIdempotencyConflict,
    QBankInvalidRequestError,
    QBankServiceUnavailableError,
    QBankUnexpectedResponseError,
)

ONCE = {"token": "t", "max_retries": 0}


class Timed:
    """Pays, and notes how long the call alone took, not what making a client takes."""

    def __init__(self) -> None:
        self.took = 0.0

    def __call__(self, client: Any) -> Any:
        began = time.monotonic()
        if isinstance(client, QBankConnectClient):
            try:
                return pay(client)
            finally:
                self.took = time.monotonic() - began

        async def paying() -> Any:
            try:
                return await pay(client)
            finally:
                self.took = time.monotonic() - began

        return paying()


class Drip:
    """Sends a response byte by byte, over four seconds; until the client leaves."""

    def __init__(self, at_once: bytes, drops: bytes) -> None:
        self.at_once, self.drops = at_once, drops
        self.gone = threading.Event()

    def __call__(self, _: Request, connection: socket.socket) -> None:
        pause = 4.0 / len(self.drops)
        try:
            connection.sendall(self.at_once)
            for drop in self.drops:
                connection.sendall(bytes([drop]))
                # The pace of the server.
                time.sleep(pause)
        except OSError:
            self.gone.set()


HEAD, BODY = accepted(None, None), b"x" * 40  # type: ignore[arg-type]
DRIPS = {
    "head": lambda: Drip(b"", HEAD),
    "body": lambda: Drip(response(202, content_length="40"), BODY),
    "chunks": lambda: Drip(
        b"HTTP/1.1 202 -\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 20
    ),
}


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("part", DRIPS)
def test_a_response_that_drips_is_ended_by_the_timeout(code: str, part: str) -> None:
    drip = DRIPS[part]()
    with Bank(drip) as bank:
        timed = Timed()
        with pytest.raises(QBankConnectionError) as raised:
            call(code, timed, **options(bank.url, **ONCE, timeout=1.0))
        assert 0.9 < timed.took < 1.3
        assert raised.value.fate == "unknown"
        assert "in time" in str(raised.value)
        assert drip.gone.wait(LIMIT), "the connection is closed"


def test_all_addresses_of_a_host_together_are_bounded_by_the_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    addresses = [f"127.0.0.{last}" for last in range(1, 5)]
    with ExitStack() as stack:
        port = 0
        for address in addresses:
            listener, first = (stack.enter_context(socket.socket()) for _ in range(2))
            listener.bind((address, port))
            port = listener.getsockname()[1]
            # Nobody accepts: the place in its queue is taken.
            listener.listen(0)
            first.connect((address, port))
        resolve = socket.getaddrinfo

        def several(host: Any, *args: Any, **kwargs: Any) -> Any:
            names = addresses if host == "localhost" else [host]
            return [it for name in names for it in resolve(name, *args, **kwargs)]

        monkeypatch.setattr(socket, "getaddrinfo", several)
        timed = Timed()
        with pytest.raises(QBankConnectionError) as raised:
            call("sync", timed, **options(f"http://localhost:{port}/v1", **ONCE, timeout=1.0))
        assert timed.took < 1.3
        assert raised.value.fate == "never_sent"


@pytest.mark.parametrize("code", CODES[1:])
def test_a_response_that_drips_to_a_given_async_client_is_ended_by_the_timeout(
    code: str,
) -> None:
    with Bank(DRIPS["head"]()) as bank:
        timed = Timed()
        with pytest.raises(QBankConnectionError):
            call(
                code, timed, **options(bank.url, **ONCE, timeout=1.0), httpx_client=given(code)
            )
        assert timed.took < 1.3


def test_a_body_that_drips_to_a_given_client_is_ended_by_the_timeout() -> None:
    with Bank(DRIPS["body"]()) as bank:
        timed = Timed()
        with pytest.raises(QBankConnectionError):
            call(
                "sync",
                timed,
                **options(bank.url, **ONCE, timeout=1.0),
                httpx_client=given("sync"),
            )
        assert timed.took < 1.3


def test_a_head_that_drips_to_a_given_client_is_bounded_by_each_read_alone() -> None:
    """As the documentation of ``httpx_client`` says. What came in the end counts."""
    with Bank(DRIPS["head"]()) as bank:
        timed = Timed()
        http = given("sync")
        reply = call("sync", timed, **options(bank.url, **ONCE, timeout=1.0), httpx_client=http)
        assert timed.took > 3.5
        assert reply.fate == "accepted"


@pytest.mark.parametrize("code", CODES)
def test_the_deadline_bounds_everything(code: str) -> None:
    """Token request, attempts, and the pauses between them."""
    with Bank(DRIPS["head"](), token=lambda *_: response(503)) as bank:
        timed = Timed()
        with pytest.raises(QBankError) as raised:
            call(code, timed, **options(bank.url, deadline=1.0, backoff=0.3, max_retries=1000))
        assert timed.took < 1.3
        assert raised.value.fate == "never_sent"
    with Bank(DRIPS["head"]()) as bank:
        timed = Timed()
        with pytest.raises(QBankDeadlineExceededError) as raised:
            call(code, timed, **options(bank.url, deadline=1.0, max_retries=1000))
        assert 0.9 < timed.took < 1.3
        assert raised.value.fate == "unknown"


@pytest.mark.parametrize("code", CODES)
def test_a_body_over_the_cap_is_named_and_not_read_to_its_end(code: str) -> None:
    left = threading.Event()

    def endless(request: Request, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 -\r\ncontent-type: application/json\r\n\r\n[")
        try:
            while True:
                connection.sendall(b" " * 65536)
        except OSError:
            left.set()

    with Bank(endless) as bank:
        with pytest.raises(QBankError) as raised:
            call(
                code,
                lambda client: client.accounts.list(),
                **options(bank.url, **ONCE, max_body_bytes=100_000),
            )
        assert "100000" in str(raised.value).replace(",", "").replace("_", "")
        assert left.wait(LIMIT), "the connection is closed"


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("own", [True, False], ids=["own", "given"])
def test_a_compressed_response_is_named(code: str, own: bool) -> None:
    body = gzip.compress(b"[]")

    def compressed(request: Request, _: socket.socket) -> bytes:
        assert request.headers["accept-encoding"] == "identity"
        return response(200, body, content_encoding="gzip")

    with Bank(compressed) as bank:
        with pytest.raises(QBankUnexpectedResponseError) as raised:
            call(
                code,
                lambda client: client.accounts.list(),
                **options(bank.url, **ONCE),
                httpx_client=None if own else given(code),
            )
        assert "gzip" in str(raised.value)
        assert not bank.broken


@pytest.mark.parametrize("code", CODES)
def test_a_redirect_is_never_followed(code: str) -> None:
    with Bank() as elsewhere, Bank(lambda *_: response(307, location=elsewhere.url)) as bank:
        http = given(code, follow_redirects=True)
        with pytest.raises(QBankUnexpectedResponseError) as raised:
            call(code, pay, **options(bank.url, **ONCE), httpx_client=http)
        assert raised.value.fate == "unknown"
        assert raised.value.status_code == 307
        assert elsewhere.connections == 0


@pytest.mark.parametrize("code", CODES)
def test_of_a_given_client_neither_its_auth_nor_its_parameters_are_used(code: str) -> None:
    with Bank() as bank:
        http = given(code, auth=("someone", "else"), params={"tracking": "1"})
        call(code, pay, **options(bank.url), httpx_client=http)
        (sent,), (asked,) = bank.requests, bank.tokens
        assert sent.headers["authorization"] == "Bearer t"
        assert "authorization" not in asked.headers
        assert (sent.target, asked.target) == ("/v1/payments/ach", "/v1/token")


@pytest.mark.parametrize("code", CODES)
def test_headers_and_hooks_of_a_given_client_are_used(code: str) -> None:
    seen: list[str] = []

    def note(request: httpx.Request) -> None:
        seen.append(request.url.path)

    async def note_async(request: httpx.Request) -> None:
        note(request)

    hook = note if code == "sync" else note_async
    with Bank() as bank:
        http = given(code, headers={"x-trace": "7"}, event_hooks={"request": [hook]})
        call(code, pay, **options(bank.url), httpx_client=http)
        assert bank.requests[0].headers["x-trace"] == "7"
        assert seen == ["/v1/token", "/v1/payments/ach"]


def raising(code: str, read: bool) -> dict[str, Any]:
    """Hooks that raise for a status, the body read or not."""

    def sync(response: httpx.Response) -> None:
        if read:
            response.read()
        response.raise_for_status()

    async def not_sync(response: httpx.Response) -> None:
        if read:
            await response.aread()
        response.raise_for_status()

    return {"response": [sync if code == "sync" else not_sync]}


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("read", [True, False], ids=["read", "unread"])
def test_a_hook_that_raises_for_a_status_changes_nothing_that_the_status_says(
    code: str, read: bool
) -> None:
    conflict = {
        "type": "https://bank.example/problems/idempotency-conflict",
        "title": "Conflict",
        "status": 409,
        "detail": "in process",
        "transaction_id": PAYMENT_ID,
    }
    refused = {"message": "no", "error_code": "ERR_ACC_001", "request_id": None}

    def play(status: int, body: Any, **more: Any) -> Any:
        text = json.dumps(body).encode()
        with Bank(lambda *_: response(status, text, **more)) as bank:
            http = given(code, event_hooks=raising(code, read))
            return call(code, pay, **options(bank.url, **ONCE), httpx_client=http)

    with pytest.raises(QBankInvalidRequestError) as raised:
        play(400, refused)
    assert raised.value.fate == "refused"
    assert raised.value.error_code == ("ERR_ACC_001" if read else None)

    with pytest.raises(QBankIdempotencyConflict) as conflicted:
        play(409, conflict, content_type="application/problem+json")
    assert conflicted.value.fate == "in_progress"
    assert conflicted.value.transaction_id == (PAYMENT_ID if read else None)

    with pytest.raises(QBankServiceUnavailableError) as unavailable:
        play(503, refused)
    assert unavailable.value.fate == "unknown"
    assert unavailable.value.status_code == 503


@pytest.mark.parametrize("code", CODES)
def test_a_hook_that_has_read_the_body_leaves_it_to_be_read(code: str) -> None:
    account = json.dumps([{"accountId": ACH["source_account_id"]}]).encode()
    with Bank(lambda *_: response(200, account)) as bank:
        http = given(code, event_hooks=raising(code, read=True))
        accounts = call(
            code,
            lambda client: client.accounts.list(),
            **options(bank.url, **ONCE),
            httpx_client=http,
        )
        assert [it.account_id for it in accounts] == [ACH["source_account_id"]]
