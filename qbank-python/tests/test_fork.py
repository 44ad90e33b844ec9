"""A process that forks with a client in use: parent and child both pay, each over connections
of its own, and the parent's go on working.
"""

from __future__ import annotations

import json
import os
import ssl
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import trustme
from _servers import ACH, Bank, Request, options
from qbank_connect import AsyncQBankConnectClient, QBankConnectClient, QBankError

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


@pytest.fixture
def bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bank]:
    """A bank over TLS, whose certificate the environment has trusted."""
    ca = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    root = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(root)
    monkeypatch.setenv("SSL_CERT_FILE", str(root))
    with Bank(tls=context) as it:
        yield it


def in_child(does: Callable[[], Any]) -> Any:
    """What a fork of this process makes of it."""
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        try:
            done = json.dumps(does())
        except BaseException as thrown:
            done = json.dumps({"thrown": repr(thrown)})
        os.write(write, done.encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return json.loads(text)


def connections(requests: list[Request], key: str) -> list[int]:
    """The connections over which a payment went."""
    return [it.connection for it in requests if it.key == key]


def test_parent_and_child_both_pay_over_connections_of_their_own(bank: Bank) -> None:
    with QBankConnectClient(**options(bank.url)) as client:

        def pay() -> str:
            reply = client.payments.with_raw_response.create_ach(request=ACH)
            assert reply.attempts == 1
            return str(reply.idempotency_key)

        first = pay()
        childs = in_child(lambda: [pay(), pay()])
        second = pay()
        assert len({first, second, *childs}) == 4

        (of_parent,) = connections(bank.requests, first)
        assert connections(bank.requests, second) == [of_parent], "it goes on working"
        over = {it for key in childs for it in connections(bank.requests, key)}
        assert len(over) == 1 and of_parent not in over
        # The parent's token is not the child's: each has a session of its own.
        assert len(bank.tokens) == 2
    assert not [it for it in bank.broken if isinstance(it, ssl.SSLError)]


def test_a_child_that_ends_in_the_ordinary_way_leaves_the_parents_connection_alone(
    bank: Bank,
) -> None:
    client = QBankConnectClient(**options(bank.url))
    client.payments.create_ach(request=ACH)

    def close() -> bool:
        client.payments.create_ach(request=ACH)
        client.close()
        return True

    assert in_child(close) is True
    client.payments.create_ach(request=ACH)
    first, _, last = bank.requests
    assert first.connection == last.connection
    client.close()


def test_children_of_children_pay_as_well(bank: Bank) -> None:
    with QBankConnectClient(**options(bank.url)) as client:

        def pay() -> str:
            return str(
                client.payments.with_raw_response.create_ach(request=ACH).idempotency_key
            )

        mine = pay()
        keys = in_child(lambda: [pay(), in_child(pay)])
        again = pay()
    assert len({mine, again, *keys}) == 4
    over = [it.connection for it in bank.requests]
    assert len(set(over)) == 3
    assert over[0] == over[-1]


def test_a_client_that_was_closed_before_stays_closed(bank: Bank) -> None:
    client = QBankConnectClient(**options(bank.url, token="t"))
    client.close()

    def fate() -> str:
        try:
            client.payments.create_ach(request=ACH)
        except Exception as error:
            return str(getattr(error, "fate", error))
        return "paid"

    assert in_child(fate) == "never_sent"


@pytest.mark.parametrize("code", ["asyncio", "trio"])
def test_an_async_client_that_was_used_pays_in_a_child_as_well(bank: Bank, code: str) -> None:
    client = AsyncQBankConnectClient(**options(bank.url))

    async def pay() -> str:
        reply = await client.payments.with_raw_response.create_ach(request=ACH)
        return str(reply.idempotency_key)

    async def close_after(pays: Callable[[], Any]) -> str:
        key = await pays()
        await client.close()
        return str(key)

    async def main() -> tuple[str, str, str]:
        first = await pay()
        # Without this loop, which the child cannot go on with.
        child = await anyio.to_thread.run_sync(in_child, lambda: anyio.run(close_after, pay))
        return first, child, await close_after(pay)

    first, child, second = anyio.run(main, backend=code)
    (over,) = connections(bank.requests, first)
    assert connections(bank.requests, second) == [over]
    assert connections(bank.requests, child) not in ([], [over])


@pytest.mark.parametrize("use", ["payment", "prepared", "stream"])
def test_a_given_client_that_was_used_before_is_refused_in_a_child(
    bank: Bank, use: str
) -> None:
    """Two processes would write into one connection, and read each other's responses."""
    with httpx.Client() as http:
        client = QBankConnectClient(**options(bank.url, token="t"), httpx_client=http)
        client.payments.create_ach(request=ACH)
        prepared = client.payments.prepare_ach(request=ACH)
        stream = client.transactions.stream()

        def outcome() -> Any:
            try:
                if use == "payment":
                    client.payments.create_ach(request=ACH)
                elif use == "prepared":
                    prepared.send()
                else:
                    next(stream)
            except QBankError as error:
                return type(error).__name__, error.kind, error.field, error.fate, str(error)
            return "sent"

        name, kind, field, fate, text = in_child(lambda: in_child(outcome))
        assert (name, kind, field) == (
            "QBankInvalidRequestError",
            "invalid_input",
            "httpx_client",
        )
        # A read has no money to speak of.
        assert fate == ("not_applicable" if use == "stream" else "never_sent")
        assert "a client of its own" in text
        assert in_child(outcome)[0] == "QBankInvalidRequestError"
        assert len(bank.requests) == 1
        prepared.send()
        assert {it.connection for it in bank.requests} == {1}
        stream.close()


def test_an_intent_that_is_resumed_there_stays_unknown(bank: Bank) -> None:
    with httpx.Client() as http:
        client = QBankConnectClient(**options(bank.url, token="t"), httpx_client=http)
        reply = client.payments.with_raw_response.create_ach(request=ACH)
        sent = datetime.now(timezone.utc)

        def fate() -> str:
            key = reply.idempotency_key
            try:
                client.payments.create_ach(request=ACH, idempotency_key=key, resume_from=sent)
            except QBankError as error:
                return error.fate
            return "sent"

        assert in_child(fate) == "unknown"


def test_a_wrong_proxy_in_the_environment_of_a_child_is_named(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    with QBankConnectClient(**options("https://bank.example/v1", token="t")) as client:
        monkeypatch.setenv("HTTPS_PROXY", "socks9://proxy.example")

        def outcome() -> Any:
            try:
                client.payments.create_ach(request=ACH)
            except QBankError as error:
                return type(error).__name__, error.field, error.fate
            return "sent"

        assert in_child(outcome) == ["QBankInvalidRequestError", "HTTPS_PROXY", "never_sent"]


def test_a_given_client_that_was_not_used_is_named_in_a_warning(
    bank: Bank, caplog: pytest.LogCaptureFixture
) -> None:
    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(202))) as http:
        client = QBankConnectClient(**options(bank.url, token="t"), httpx_client=http)
        messages = in_child(lambda: [it.message for it in caplog.records])
        assert messages
        assert "httpx_client" in messages[0]
        assert client.payments.create_ach(request=ACH).status_is_implied
