"""The bank in the process: what an application can test with it, and that its faults come to
the client as those of a connection do.
"""

from __future__ import annotations

import doctest
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import anyio
import httpx
import pytest
import qbank_connect.testing
from qbank_connect import QBankConnectClient, verify_webhook
from qbank_connect.errors import (
    QBankAuthenticationError,
    QBankConnectionError,
    QBankError,
    QBankIdempotencyConflict,
    QBankInvalidRequestError,
    QBankPaymentFailedError,
    QBankPermissionDeniedError,
    QBankServiceUnavailableError,
    QBankUnexpectedResponseError,
)
from qbank_connect.testing import SandboxBank
from sandbox import Sandbox, running

ACH = "/payments/ach"


@pytest.fixture
def bank() -> SandboxBank:
    return SandboxBank()


def ach(bank: SandboxBank, amount: Any = "12.50", **members: Any) -> dict[str, Any]:
    to = {} if "recipient_details" in members else {"destination_account_id": bank.payroll}
    return {"source_account_id": bank.operating, "amount": amount, **to, **members}


def wire(bank: SandboxBank) -> dict[str, Any]:
    beneficiary = {"name": "Acme", "bank_id": "021000021", "account_number": "12345678"}
    return {
        "source_account_id": bank.operating,
        "beneficiary_details": beneficiary,
        "amount": 25,
        "reference_code": "INV-7",
    }


def failed(call: Callable[[], Any]) -> QBankError:
    with pytest.raises(QBankError) as caught:
        call()
    return caught.value


def test_every_example_of_the_module_runs() -> None:
    result = doctest.testmod(qbank_connect.testing)
    assert result.failed == 0
    assert result.attempted > 10


# --- Payments and time ---------------------------------------------------------------------


def test_a_payment_is_in_the_ledger_at_once_and_settles_a_day_later(bank: SandboxBank) -> None:
    client = bank.client()
    payment = client.payments.create_ach(request=ach(bank))
    assert payment.payment_id is not None

    [entry] = bank.entries()
    assert (entry.amount, entry.kind, entry.payment_id) == (
        Decimal("12.50"),
        "ach",
        payment.payment_id,
    )
    assert (entry.from_account, entry.to_account) == (bank.operating, bank.payroll)
    assert bank.ledger().balance(bank.operating) == Decimal("249987.50")
    assert client.payments.get(payment.payment_id).status == "P_CREATED"

    bank.advance(timedelta(days=1))
    assert client.payments.wait(payment.payment_id).status == "P_COMPLETED"


def test_money_that_the_bank_rejects_later_comes_back(bank: SandboxBank) -> None:
    client = bank.client()
    # A reference that makes the core of the sandbox reject a payment.
    request = ach(bank, reference_id="SBX-CORE-FUNDS")
    payment = client.payments.create_ach(request=request)
    bank.advance(timedelta(days=2))
    error = failed(lambda: client.payments.wait(payment.payment_id or ""))
    assert isinstance(error, QBankPaymentFailedError)
    assert error.fate == "refused"
    assert bank.ledger().balance(bank.operating) == Decimal("250000.00")


def test_the_clock_moves_by_advance_alone_and_the_total_stays(bank: SandboxBank) -> None:
    assert bank.now == datetime(2026, 1, 5, 14, tzinfo=timezone.utc)
    total = bank.ledger().total
    client = bank.client()
    client.payments.create_wire(request=wire(bank))
    assert bank.now == datetime(2026, 1, 5, 14, tzinfo=timezone.utc)
    bank.advance(90)
    assert bank.now == datetime(2026, 1, 5, 14, 1, 30, tzinfo=timezone.utc)
    assert str(bank.today) == "2026-01-05"
    assert bank.ledger().total == total


def test_a_bank_can_start_on_any_day() -> None:
    start = datetime(2027, 7, 2, 14, tzinfo=timezone.utc)
    assert SandboxBank(start=start).now == start
    with pytest.raises(ValueError, match="time zone"):
        SandboxBank(start=datetime(2027, 7, 2))


def test_a_token_that_grew_old_is_fetched_anew_without_a_payment_being_lost(
    bank: SandboxBank,
) -> None:
    client = bank.client()
    bank.advance(timedelta(hours=2))
    reply = client.payments.with_raw_response.create_ach(request=ach(bank))
    assert (reply.fate, reply.attempts) == ("accepted", 2)
    assert len(bank.entries()) == 1
    assert [it.path for it in bank.requests()].count("/v1/token") == 2


def test_the_same_seed_gives_the_same_ids() -> None:
    def first(seed: int) -> Any:
        bank = SandboxBank(seed)
        key = "5b0f2f0e-7a1c-4b52-9c53-0d8f6f4b8a11"
        client = bank.client()
        return client.payments.create_ach(request=ach(bank), idempotency_key=key).payment_id

    assert first(7) == first(7)
    assert first(7) != first(8)


# --- Fates ---------------------------------------------------------------------------------


def test_without_a_network_nothing_is_sent(bank: SandboxBank) -> None:
    client = bank.client()
    bank.set_reachable(False)
    error = failed(lambda: client.payments.create_ach(request=ach(bank)))
    assert isinstance(error, QBankConnectionError)
    assert (error.fate, error.attempts, error.resume) == ("never_sent", 3, None)
    assert bank.entries() == []

    bank.set_reachable(True)
    assert client.payments.create_ach(request=ach(bank)).status == "P_CREATED"


def test_what_the_bank_refuses_moved_no_money(bank: SandboxBank) -> None:
    client = bank.client()
    request = ach(bank) | {"destination_account_id": bank.closed}
    error = failed(lambda: client.payments.create_ach(request=request))
    assert isinstance(error, QBankInvalidRequestError)
    assert (error.kind, error.fate, error.attempts) == ("invalid_request", "refused", 1)
    assert bank.entries() == []


def test_a_payment_that_is_in_process_is_a_conflict_with_its_id(bank: SandboxBank) -> None:
    client = bank.client()
    bank.inject("in_flight", path=ACH)
    error = failed(lambda: client.payments.create_ach(request=ach(bank)))
    assert isinstance(error, QBankIdempotencyConflict)
    assert (error.fate, error.attempts) == ("in_progress", 1)
    assert error.detail
    assert error.transaction_id == bank.entries()[0].payment_id


def test_a_response_that_is_lost_for_good_is_unknown_and_resuming_gives_one_entry(
    bank: SandboxBank,
) -> None:
    client = bank.client(max_retries=0)
    bank.inject("drop_after_commit", path=ACH)
    error = failed(lambda: client.payments.create_ach(request=ach(bank)))
    assert isinstance(error, QBankConnectionError)
    assert (error.fate, error.attempts) == ("unknown", 1)
    assert error.resume is not None

    reply = client.payments.with_raw_response.create_ach(request=ach(bank), **error.resume)
    assert (reply.fate, reply.followed_conflict) == ("accepted", True)
    [entry] = bank.entries()
    assert (entry.intent_key, entry.payment_id) == (
        error.idempotency_key,
        reply.data.payment_id,
    )


def test_a_response_that_is_lost_once_is_followed_without_the_application(
    bank: SandboxBank,
) -> None:
    client = bank.client()
    bank.inject("drop_after_commit", path=ACH)
    reply = client.payments.with_raw_response.create_ach(request=ach(bank))
    assert (reply.fate, reply.attempts, reply.followed_conflict) == ("accepted", 2, True)
    assert len(bank.entries()) == 1


# --- Each fault ----------------------------------------------------------------------------


def test_a_connection_that_closes_before_the_request_is_read_may_have_sent_it(
    bank: SandboxBank,
) -> None:
    client = bank.client(max_retries=0)
    bank.inject("refuse", path=ACH)
    error = failed(lambda: client.payments.create_ach(request=ach(bank)))
    # The client cannot know that the bank did not read it.
    assert (error.kind, error.fate) == ("transport", "unknown")
    assert [it.fault for it in error.attempt_log] == [
        "the connection broke before a complete response"
    ]
    assert bank.entries() == []
    assert bank.requests()[-1].status is None


def test_a_transfer_whose_response_is_cut_off_is_unknown(bank: SandboxBank) -> None:
    client = bank.client(max_retries=0)
    bank.inject("truncate", path="/transfers")
    request = {
        "from_account_id": bank.operating,
        "to_account_id": bank.savings,
        "amount": 3,
    }
    error = failed(lambda: client.transfers.create(request=request))
    assert (error.status_code, error.fate) == (201, "unknown")
    assert error.resume is not None
    client.transfers.create(request=request, **error.resume)
    assert len(bank.entries()) == 1


def test_a_payment_whose_body_is_cut_off_is_accepted_by_its_location(bank: SandboxBank) -> None:
    bank.inject("truncate", path=ACH)
    reply = bank.client(max_retries=0).payments.with_raw_response.create_ach(request=ach(bank))
    assert reply.fate == "accepted"
    assert reply.data.payment_id == bank.entries()[0].payment_id


def test_a_delay_within_the_timeout_takes_no_real_time(bank: SandboxBank) -> None:
    client = bank.client()
    bank.inject("delay", ms=50_000)
    began, before = time.monotonic(), bank.now
    assert client.balances.get(bank.operating).current_balance == Decimal("250000.00")
    assert time.monotonic() - began < 5
    assert bank.now - before == timedelta(seconds=50)


def test_a_delay_beyond_the_timeout_is_a_timeout_at_once(bank: SandboxBank) -> None:
    client = bank.client(max_retries=0)
    bank.inject("delay", ms=90_000, path=ACH)
    began = time.monotonic()
    error = failed(lambda: client.payments.create_ach(request=ach(bank)))
    assert time.monotonic() - began < 5
    assert (error.kind, error.fate) == ("transport", "unknown")
    assert [it.fault for it in error.attempt_log] == ["no complete response came in time"]
    assert isinstance(error.__cause__, httpx.ReadTimeout)
    assert len(bank.entries()) == 1


def test_a_body_that_drips_ends_with_the_time_of_the_exchange(bank: SandboxBank) -> None:
    client = bank.client(max_retries=0)
    bank.inject("slow", bytes_per_s=1, path="/accounts")
    began = time.monotonic()
    error = failed(client.accounts.list)
    assert time.monotonic() - began < 5
    assert (error.kind, error.status_code) == ("transport", 200)
    assert isinstance(error.__cause__, httpx.ReadTimeout)
    # One that is fast enough arrives.
    bank.inject("slow", bytes_per_s=1000, path="/accounts")
    assert len(client.accounts.list()) == 5


def test_a_streamed_list_that_is_cut_off_gives_what_came_before(bank: SandboxBank) -> None:
    client = bank.client(max_retries=0)
    whole = len(client.transactions.list())
    bank.inject("truncate", path="/transactions")
    got = []
    with pytest.raises(QBankError), client.transactions.stream() as transactions:
        for transaction in transactions:
            got.append(transaction)
    assert 0 < len(got) < whole


@pytest.mark.parametrize("kind", ["html", "garbage"])
def test_a_response_that_is_none_of_the_banks_is_unexpected(
    bank: SandboxBank, kind: Any
) -> None:
    client = bank.client(max_retries=0)
    bank.inject(kind, path="/payments/wire")
    error = failed(lambda: client.payments.create_wire(request=wire(bank)))
    assert isinstance(error, QBankUnexpectedResponseError)
    assert error.fate == "unknown"
    assert len(bank.entries()) == 1


def test_a_status_is_retried_and_is_an_error_when_it_stays(bank: SandboxBank) -> None:
    client = bank.client(max_retries=1)
    bank.inject("status", status=503, retry_after=0, path="/accounts")
    assert len(client.accounts.list()) == 5

    bank.inject("status", status=503, path="/accounts", times=2)
    error = failed(client.accounts.list)
    assert isinstance(error, QBankServiceUnavailableError)
    assert error.status_code == 503

    bank.inject("status", status=503, path="/accounts", times=9)
    bank.clear_faults()
    assert len(client.accounts.list()) == 5


def test_a_token_that_is_revoked_is_replaced_once(bank: SandboxBank) -> None:
    client = bank.client()
    bank.inject("revoke_token", path="/accounts")
    assert len(client.accounts.list()) == 5
    bank.inject("revoke_token", path="/accounts", times=2)
    assert isinstance(failed(client.accounts.list), QBankAuthenticationError)


def test_a_fault_meets_the_requests_it_is_for(bank: SandboxBank) -> None:
    client = bank.client(max_retries=0)
    bank.inject("status", status=500, method="POST", path="/payments/*", times=2)
    assert len(client.accounts.list()) == 5
    assert failed(lambda: client.payments.create_ach(request=ach(bank))).status_code == 500
    assert failed(lambda: client.payments.create_wire(request=wire(bank))).status_code == 500
    client.payments.create_wire(request=wire(bank))
    assert [it.fault for it in bank.requests()] == [None, None, "status", "status", None]


def test_what_is_no_fault_is_refused_by_name(bank: SandboxBank) -> None:
    with pytest.raises(ValueError, match="kind"):
        bank.inject("explode")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="ms"):
        bank.inject("delay")
    with pytest.raises(ValueError, match="seconds"):
        bank.advance(-1)


FAULTS: dict[str, dict[str, Any]] = {
    "refuse": {},
    "drop_after_commit": {},
    "truncate": {},
    "delay": {"ms": 20_000},
    "status": {"status": 503, "retry_after": 0},
    "html": {},
    "garbage": {},
    "slow": {"bytes_per_s": 1},
    "revoke_token": {},
    "in_flight": {},
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running() as sandbox:
        yield sandbox


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("max_retries", [0, 1])
def test_a_fault_comes_to_the_client_as_it_does_over_a_socket(
    bank: SandboxBank, sandbox: Sandbox, kind: Any, max_retries: int
) -> None:
    options: dict[str, Any] = {"max_retries": max_retries, "backoff": 0.001}
    takes_time = kind in ("delay", "slow")
    if takes_time:
        options["timeout"] = 1.0
    sandbox.control("DELETE", "/faults")
    over_a_socket = QBankConnectClient(
        client_id=bank.client_id,
        client_secret=bank.client_secret,
        base_url=sandbox.base_url,
        poll_interval=0.01,
        **options,
    )
    with over_a_socket, bank.client(**options) as in_process:
        for path, call in operations(bank).items():
            if takes_time and path not in ("/accounts", "/payments/wire"):
                continue
            fault = {"kind": kind, "path": path, "times": 1 + max_retries, **FAULTS[kind]}
            sandbox.control("POST", "/faults", fault)
            bank.control("POST", "/faults", fault)
            assert outcome(call, in_process) == outcome(call, over_a_socket), path


def operations(bank: SandboxBank) -> dict[str, Callable[[QBankConnectClient], Any]]:
    transfer = {
        "from_account_id": bank.operating,
        "to_account_id": bank.savings,
        "amount": 3,
    }
    return {
        "/accounts": lambda it: it.accounts.with_raw_response.list(),
        "/payments/ach": lambda it: it.payments.with_raw_response.create_ach(request=ach(bank)),
        "/payments/wire": lambda it: it.payments.with_raw_response.create_wire(
            request=wire(bank)
        ),
        "/transfers": lambda it: it.transfers.with_raw_response.create(request=transfer),
    }


def outcome(call: Callable[[QBankConnectClient], Any], client: QBankConnectClient) -> Any:
    """What an application sees, but for ids and moments."""
    try:
        met = call(client)
    except QBankError as error:
        met = error
    log = [(it.status, it.fault, it.fate) for it in met.attempt_log]
    followed = getattr(met, "followed_conflict", None)
    return type(met), getattr(met, "kind", None), met.fate, met.status_code, log, followed


# --- Clients -------------------------------------------------------------------------------


def test_a_client_without_the_scope_is_told_which(bank: SandboxBank) -> None:
    client = bank.client(scopes=["balances.read"])
    error = failed(lambda: client.payments.create_ach(request=ach(bank)))
    assert isinstance(error, QBankPermissionDeniedError)
    assert error.needed_scope == "payments.ach.write"


def test_an_application_that_names_another_bank_is_served_all_the_same(
    bank: SandboxBank,
) -> None:
    with httpx.Client(transport=bank.transport()) as http:
        client = QBankConnectClient(
            client_id=bank.client_id,
            client_secret=bank.client_secret,
            base_url="https://api.qbankconnect.com/v1",
            httpx_client=http,
        )
        assert len(client.accounts.list()) == 5


def test_a_client_of_httpx2_gets_responses_and_faults_of_httpx2(bank: SandboxBank) -> None:
    httpx2 = pytest.importorskip("httpx2")
    with httpx2.Client(transport=bank.transport(httpx2)) as http:
        client = bank.client(httpx_client=http, max_retries=0)
        assert len(client.accounts.list()) == 5
        bank.inject("drop_after_commit", path=ACH)
        error = failed(lambda: client.payments.create_ach(request=ach(bank)))
        assert error.fate == "unknown"
        assert isinstance(error.__cause__, httpx2.RemoteProtocolError)
        bank.inject("truncate", path="/accounts")
        assert isinstance(failed(client.accounts.list).__cause__, httpx2.RemoteProtocolError)


def test_threads_share_a_bank(bank: SandboxBank) -> None:
    client = bank.client()
    threads = [
        threading.Thread(target=lambda: client.payments.create_ach(request=ach(bank, 1)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({entry.intent_key for entry in bank.entries()}) == 8


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_async_code_pays_once_as_well(bank: SandboxBank, backend: str) -> None:
    async def main() -> None:
        async with bank.async_client(max_retries=0) as client:
            bank.inject("drop_after_commit", path=ACH)
            with pytest.raises(QBankConnectionError) as caught:
                await client.payments.create_ach(request=ach(bank))
            assert caught.value.fate == "unknown"
            assert caught.value.resume is not None
            payment = await client.payments.create_ach(request=ach(bank), **caught.value.resume)
            bank.inject("delay", ms=90_000, path="/accounts")
            with pytest.raises(QBankConnectionError):
                await client.accounts.list()
            bank.inject("truncate", path="/accounts")
            with pytest.raises(QBankUnexpectedResponseError):
                await client.accounts.list()
            bank.advance(timedelta(days=1))
            assert payment.payment_id is not None
            settled = await client.payments.wait(payment.payment_id)
            assert settled.status == "P_COMPLETED"

    anyio.run(main, backend=backend)
    assert len(bank.entries()) == 1


# --- Webhooks ------------------------------------------------------------------------------


def test_a_webhook_is_due_when_a_payment_is_final_and_its_signature_is_genuine(
    bank: SandboxBank,
) -> None:
    payment = bank.client().payments.create_ach(request=ach(bank))
    assert bank.deliveries() == []
    bank.advance(timedelta(days=1))
    [delivery] = bank.deliveries()
    event = verify_webhook(delivery.body, delivery.headers, bank.webhook_secret)
    assert event is not None
    assert (event.event_id, event.data.payment_id) == (delivery.event_id, payment.payment_id)
    assert (event.data.status, event.data.amount) == ("P_COMPLETED", Decimal("12.50"))
    assert bank.deliveries() == []


def test_a_webhook_that_is_not_taken_comes_again(bank: SandboxBank) -> None:
    bank.client().payments.create_wire(request=wire(bank))
    seen: list[tuple[str, int]] = []

    def receive(delivery: Any) -> int:
        seen.append((delivery.event_id, delivery.attempt))
        return 503 if delivery.attempt == 1 else 200

    bank.deliver(receive)
    bank.deliver(receive)
    assert [attempt for _, attempt in seen] == [1]
    bank.advance(1)
    bank.deliver(receive)
    assert [attempt for _, attempt in seen] == [1, 2]
    assert len({event for event, _ in seen}) == 1


def test_what_a_receiver_raises_is_raised_and_it_comes_again(bank: SandboxBank) -> None:
    bank.client().payments.create_wire(request=wire(bank))

    def broken(_: Any) -> int:
        raise RuntimeError("the receiver is broken")

    with pytest.raises(RuntimeError, match="receiver is broken"):
        bank.deliver(broken)
    bank.advance(1)
    assert [it.attempt for it in bank.deliveries()] == [2]


def test_no_repr_shows_a_secret(bank: SandboxBank) -> None:
    shown = repr(bank) + repr(bank.client()) + repr(bank.transport())
    assert "secret" not in shown.replace("sandbox-", "")
