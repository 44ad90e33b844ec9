"""A prepared write: what is saved is what is sent, and it is sent again only where that cannot
pay twice.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import anyio
import httpx
import pytest
from offline import RECIPIENT
from qbank_connect import QBankError
from qbank_connect.errors import QBankConnectionError, QBankInvalidRequestError
from qbank_connect.models import AchPaymentRequest
from qbank_connect.testing import SandboxBank


@pytest.fixture
def bank() -> SandboxBank:
    return SandboxBank()


def ach(bank: SandboxBank, **extras: Any) -> dict[str, Any]:
    party = {**RECIPIENT, **extras}
    return {"source_account_id": bank.operating, "amount": 1000.5, "recipient_details": party}


# --- What is saved is what is sent ---------------------------------------------------------


@pytest.mark.parametrize("make", [dict, AchPaymentRequest])
def test_what_changes_after_it_was_prepared_changes_nothing(
    bank: SandboxBank, make: Any
) -> None:
    sent: list[bytes] = []
    http = httpx.Client(
        transport=bank.transport(),
        event_hooks={"request": [lambda it: sent.append(it.content)]},
    )
    client = bank.client(httpx_client=http)
    address = {"city": "Oslo", "lines": ["1"]}
    request = make(**ach(bank, address=address))
    prepared = client.payments.prepare_ach(request=request)
    address["city"] = "Rome"
    address["lines"] += ["2"]
    prepared.send()
    assert sent[-1] == prepared.body
    assert b"Oslo" in prepared.body


@pytest.mark.parametrize(
    "extra",
    [
        1.5,
        0.1,
        -0.0,
        1e100,
        1e16,
        1e-7,
        0.00001,
        5e-324,
        10**40,
        Decimal("1.50"),
        Decimal("-0"),
        Decimal("1E+5"),
        Decimal("0E-10"),
        Decimal("0.1000000000000000055511151231257827021181583404541015625"),
        Decimal(2) ** 70,
        "é\u2028\U0001f600",
        {"a": {"b": [1, None, True, "x", 2.5, Decimal("2.50")], "c": None}},
        (1, 2.0),
    ],
    ids=str,
)
def test_what_was_saved_is_the_same_bytes_when_it_is_resumed(
    bank: SandboxBank, extra: Any
) -> None:
    client = bank.client()
    first = client.payments.prepare_ach(request=ach(bank, z=1, more=extra, A=2))
    saved = json.loads(first.body, parse_float=Decimal)
    again = client.payments.prepare_ach(
        request=saved,
        idempotency_key=first.idempotency_key,
        resume_from=datetime.now(timezone.utc),
    )
    assert again.body == first.body
    if isinstance(extra, (float, Decimal)):
        assert Decimal(saved["recipient_details"]["more"]) == Decimal(str(extra))


@pytest.mark.parametrize("digits", ["12.340", "1e-30", "123456789012345678901234567890.5"])
def test_a_decimal_is_sent_as_the_number_that_it_is(bank: SandboxBank, digits: str) -> None:
    client = bank.client()
    prepared = client.payments.prepare_ach(request=ach(bank, deep=[{"fee": Decimal(digits)}]))
    assert f'"deep":[{{"fee":{digits}}}]'.encode() in prepared.body


# --- When it is sent again -----------------------------------------------------------------


class Writes:
    """A prepared write at a bank, of the sync client or of the async one."""

    def __init__(self, code: str, bank: SandboxBank, **options: Any) -> None:
        self.code, self.bank = code, bank
        make = bank.client if code == "sync" else bank.async_client
        self.prepared: Any = make(max_retries=0, **options).payments.prepare_ach(
            request={
                "source_account_id": bank.operating,
                "destination_account_id": bank.payroll,
                "amount": "1.50",
            }
        )

    def send(self, **resume: Any) -> Any:
        if self.code == "sync":
            return self.prepared.send(**resume)

        async def main() -> Any:
            return await self.prepared.send(**resume)

        return anyio.run(main, backend=self.code)

    def refused(self, **resume: Any) -> QBankInvalidRequestError:
        return failed(lambda: self.send(**resume), QBankInvalidRequestError)


def failed(do: Callable[[], Any], error: type[Any] = QBankError) -> Any:
    with pytest.raises(error) as caught:
        do()
    return caught.value


@pytest.fixture(params=["sync", "asyncio", "trio"])
def write(request: pytest.FixtureRequest, bank: SandboxBank) -> Writes:
    return Writes(request.param, bank)


def test_what_was_never_sent_is_sent_again_as_it_is(write: Writes) -> None:
    write.bank.set_reachable(False)
    for _ in range(2):
        assert failed(write.send, QBankConnectionError).fate == "never_sent"
    write.bank.set_reachable(True)
    assert write.send().payment_id
    [entry] = write.bank.entries()
    assert entry.intent_key == write.prepared.idempotency_key


def test_an_unknown_outcome_is_sent_again_only_with_what_resumes_it(write: Writes) -> None:
    write.bank.inject("drop_after_commit", path="/payments/ach")
    error = failed(write.send)
    assert error.fate == "unknown"
    refused = write.refused()
    assert (refused.field, refused.fate) == ("resume_from", "unknown")
    assert "UNKNOWN whether money moved" in str(refused)
    assert write.send(**error.resume).payment_id
    assert len(write.bank.entries()) == 1


def test_what_was_accepted_is_not_sent_again(write: Writes) -> None:
    write.send()
    refused = write.refused()
    assert (refused.field, refused.fate) == ("resume_from", "accepted")
    assert "UNKNOWN" not in str(refused)
    assert "do not pay again" in str(refused)
    assert refused.idempotency_key == write.prepared.idempotency_key
    assert len(write.bank.entries()) == 1


def test_what_was_refused_is_said_to_have_moved_no_money(write: Writes) -> None:
    write.bank.inject("status", status=400, path="/payments/ach")
    fate = failed(write.send).fate
    assert fate == "refused"
    refused = write.refused()
    assert (refused.field, refused.fate) == ("resume_from", "refused")
    assert "no money moved" in str(refused)


def test_a_key_that_is_given_must_be_its_own(write: Writes) -> None:
    for odd in ("1f0f9c3e-2a4b-4c5d-8e6f-7a8b9c0d1e2f", "", 5):
        refused = write.refused(idempotency_key=odd)
        assert (refused.field, refused.fate) == ("idempotency_key", "never_sent")
    # Nothing was begun by that.
    assert write.send(idempotency_key=write.prepared.idempotency_key).payment_id


def test_what_was_interrupted_is_sent_again_only_with_what_resumes_it(
    bank: SandboxBank,
) -> None:
    def interrupt(_: httpx.Response) -> None:
        hooks["response"] = []
        raise KeyboardInterrupt

    http = httpx.Client(transport=bank.transport())
    client = bank.client(httpx_client=http)
    prepared = client.payments.prepare_ach(request=ach(bank))
    hooks = {"response": [interrupt]}
    http.event_hooks = hooks
    with pytest.raises(KeyboardInterrupt):
        prepared.send()
    http.event_hooks = {}
    assert failed(prepared.send, QBankInvalidRequestError).fate == "unknown"
    prepared.send(resume_from=datetime.now(timezone.utc))
    assert len(bank.entries()) == 1


def test_of_threads_that_send_it_at_once_one_does(bank: SandboxBank) -> None:
    prepared = bank.client().payments.prepare_ach(request=ach(bank))
    together = threading.Barrier(8)
    outcomes: list[str] = []

    def send() -> None:
        together.wait(10)
        try:
            prepared.send()
            outcomes.append("sent")
        except QBankInvalidRequestError as error:
            outcomes.append(str(error.field))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for it in threads:
        it.start()
    for it in threads:
        it.join(10)
    assert sorted(outcomes) == ["resume_from"] * 7 + ["sent"]
    assert [it.path for it in bank.requests()].count("/v1/payments/ach") == 1


def test_what_another_thread_resumed_meanwhile_is_not_known_to_be_unsent(
    bank: SandboxBank,
) -> None:
    first = [True]

    def meanwhile(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/ach") and first:
            first.clear()
            bank.inject("drop_after_commit", path="/payments/ach")
            failed(lambda: prepared.send(resume_from=datetime.now(timezone.utc)))
            raise httpx.ConnectError("refused", request=request)
        return bank.transport().handle_request(request)

    http = httpx.Client(transport=httpx.MockTransport(meanwhile))
    prepared = bank.client(httpx_client=http, max_retries=0).payments.prepare_ach(
        request=ach(bank)
    )
    assert failed(prepared.send).fate == "never_sent"
    assert failed(prepared.send, QBankInvalidRequestError).fate == "unknown"
    assert len(bank.entries()) == 1
