"""A prepared write: what is saved is what is sent, and it is sent again only where that cannot
pay twice.
"""

from __future__ import annotations

import json
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import httpx
import pytest
from offline import RECIPIENT
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
