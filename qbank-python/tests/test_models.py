"""What the bank says, as Python objects."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

import httpx
import pytest
from offline import ACH, DESTINATION, PAYMENT, REQUEST_ID, SOURCE, Bank, client_of
from pydantic import BaseModel, TypeAdapter, ValidationError
from qbank_connect.models import (
    Account,
    AccountStatus,
    AccountType,
    AchPayment,
    AchPaymentRequest,
    Balance,
    CheckIssue,
    Payment,
    PaymentStatus,
    PaymentType,
    PositivePayException,
    ReasonCode,
    RecipientDetails,
    Token,
    Transaction,
    TransactionStatus,
    Transfer,
    WebhookEvent,
)

AUDIT = {"timestamp": "2026-01-31T12:00:00.123Z", "actor": "id", "request_id": REQUEST_ID}
RESOURCES: list[tuple[type[BaseModel], dict[str, Any]]] = [
    (
        Account,
        {
            **AUDIT,
            "account_id": SOURCE,
            "account_name": "Operating",
            "account_type": "Checking",
            "currency": "USD",
            "status": "Active",
        },
    ),
    (
        Balance,
        {
            "account_id": SOURCE,
            "available_balance": "-10.10",
            "current_balance": "1000.50",
            "currency": "USD",
            "last_updated_timestamp": "2026-01-31T12:00:00Z",
        },
    ),
    (
        Transaction,
        {
            **AUDIT,
            "transaction_id": PAYMENT,
            "amount": "-5.00",
            "description": "Zürich 🧾",
            "transaction_date": "2026-01-30T12:00:00Z",
            "value_date": "2026-01-31",
            "posting_date": "2026-01-31T00:00:00Z",
            "status": "POSTED",
        },
    ),
    (
        Payment,
        {
            **AUDIT,
            "payment_id": PAYMENT,
            "type": "ACH",
            "amount": "1000.50",
            "status": "P_COMPLETED",
            "creation_date": "2026-01-30T12:00:00Z",
            "completion_date": "2026-01-31T12:00:00Z",
        },
    ),
    (AchPayment, {"payment_id": PAYMENT, "status": "P_CREATED", "status_is_implied": True}),
    (Transfer, {"payment_id": PAYMENT}),
    (CheckIssue, {"issue_id": PAYMENT}),
    (
        PositivePayException,
        {
            **AUDIT,
            "exception_id": PAYMENT,
            "account_id": SOURCE,
            "check_number": "0017",
            "presented_amount": "17.00",
            "presentment_date": "2026-01-31",
            "reason_code": "NO_ISSUE",
        },
    ),
    (Token, {"scope": "accounts.read", "expires_in": 3600.0}),
    (WebhookEvent, {"event_id": PAYMENT, "event_type": "x", "data": {"payment_id": PAYMENT}}),
]
named = pytest.mark.parametrize(
    ("model", "members"), RESOURCES, ids=[it.__name__ for it, _ in RESOURCES]
)


def camel(value: Any) -> Any:
    from pydantic.alias_generators import to_camel

    if isinstance(value, dict):
        return {to_camel(name): camel(it) for name, it in value.items()}
    return value


@named
def test_a_resource_is_read_in_both_spellings(model: Any, members: dict[str, Any]) -> None:
    ours, the_banks = model.model_validate(members), model.model_validate(camel(members))
    assert ours == the_banks
    assert ours.model_extra == the_banks.model_extra == {}
    for name, field in members.items():
        if isinstance(field, str) and "amount" not in name and "balance" not in name:
            assert getattr(ours, name) is not None


@named
def test_a_resource_survives_json_pickle_and_copy(model: Any, members: Any) -> None:
    made = model.model_validate({**members, "new_member": {"a": [1, None]}})
    for again in (
        model.model_validate_json(made.model_dump_json()),
        model.model_validate_json(made.model_dump_json(by_alias=True)),
        model.model_validate(made.model_dump()),
        pickle.loads(pickle.dumps(made)),
        copy.deepcopy(made),
        made.model_copy(),
    ):
        assert again == made
        assert again.model_extra == {"new_member": {"a": [1, None]}}
    assert json.loads(made.model_dump_json())["new_member"] == {"a": [1, None]}


@named
def test_a_resource_cannot_be_changed(model: Any, members: Any) -> None:
    made = model.model_validate(members)
    for name in members:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(made, name, None)
    assert hash(made) == hash(model.model_validate(members)) or model is WebhookEvent


def test_amounts_are_exact_and_days_are_days() -> None:
    payment = Payment.model_validate(dict(RESOURCES[3][1]))
    assert (payment.amount, type(payment.amount)) == (Decimal("1000.50"), Decimal)
    assert payment.completion_date == datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
    transaction = Transaction.model_validate(dict(RESOURCES[2][1]))
    assert (transaction.value_date, type(transaction.value_date)) == (date(2026, 1, 31), date)
    assert json.loads(payment.model_dump_json())["amount"] == "1000.50"


WORDS = [
    (PaymentStatus, "P_NEW"),
    (PaymentType, "RTP"),
    (AccountType, "Escrow"),
    (AccountStatus, "Frozen"),
    (TransactionStatus, "HELD"),
    (ReasonCode, "STALE_DATE"),
]


@pytest.mark.parametrize(("word", "new"), WORDS)
def test_a_list_of_words_is_open(word: Any, new: str) -> None:
    for text in (new, *(getattr(word, name) for name in word.__annotations__)):
        one = TypeAdapter(word).validate_python(text)
        assert type(one) is word
        assert one == str(text)
        assert str(one) == f"{one}" == f"{one}" == str(text)
        assert json.dumps({"it": one}) == json.dumps({"it": str(text)})
        assert {one: 1}[str(text)] == 1
        for again in (pickle.loads(pickle.dumps(one)), copy.copy(one), copy.deepcopy(one)):
            assert (again, type(again)) == (one, word)
        assert TypeAdapter(word).dump_python(one) == one
        assert TypeAdapter(word).json_schema() == {"type": "string"}


def test_the_words_are_those_of_the_bank() -> None:
    assert AccountType.CHECKING == "Checking"
    assert AccountStatus.CLOSED == "Closed"
    assert PaymentStatus.P_SUBMITTED_TO_CORE == "P_SUBMITTED_TO_CORE"
    assert PaymentStatus.P_FAILED.is_final
    assert PaymentStatus("P_COMPLETED").is_final
    assert not PaymentStatus("P_NEW").is_final


def test_what_the_bank_sends_arrives_as_models() -> None:
    body = {"paymentId": PAYMENT, "amount": 1e1, "status": "P_NEW", "type": "RTP", "more": 1}
    with client_of(Bank(httpx.Response(200, json=body))) as client:
        payment = client.payments.get(PAYMENT)
    assert (payment.amount, payment.status, payment.type) == (Decimal("10.00"), "P_NEW", "RTP")
    assert payment.completion_date is None


def test_a_year_that_python_has_not_takes_nothing_else_with_it() -> None:
    body = {"payment_id": PAYMENT, "amount": 5, "creation_date": "0000-01-01T00:00:00Z"}
    with client_of(Bank(httpx.Response(200, json=body))) as client:
        payment = client.payments.get(PAYMENT)
    assert (payment.payment_id, payment.amount) == (PAYMENT, Decimal("5.00"))
    assert payment.creation_date is None


def test_an_ach_payment_without_a_state_is_created_and_says_that_it_is_implied() -> None:
    location = f"https://bank.example/v1/payments/{PAYMENT}"
    bank = Bank(
        httpx.Response(202, headers={"location": location}),
        httpx.Response(202, json={"paymentId": PAYMENT, "status": "P_VALIDATED"}),
        httpx.Response(202),
    )
    with client_of(bank) as client:
        first, second, third = (client.payments.create_ach(request=ACH) for _ in range(3))
    assert (first.payment_id, first.status) == (PAYMENT, "P_CREATED")
    assert (first.status_is_implied, first.location) == (True, location)
    assert (second.status, second.status_is_implied) == ("P_VALIDATED", False)
    assert (third.payment_id, third.status_is_implied, third.location) == (None, True, None)


def test_a_request_is_an_ordinary_model() -> None:
    request = AchPaymentRequest(
        source_account_id=SOURCE,
        recipient_details=RecipientDetails(
            name="Ann", bank_id="021000021", account_number="1", account_type="checking"
        ),
        amount=1000.50,
        effective_date="2025-10-31",
    )
    assert (request.amount, request.effective_date) == (Decimal("1000.50"), date(2025, 10, 31))
    for again in (
        AchPaymentRequest(**request.model_dump()),
        AchPaymentRequest.model_validate_json(request.model_dump_json()),
        pickle.loads(pickle.dumps(request)),
        copy.deepcopy(request),
    ):
        assert again == request
    with client_of(Bank()) as client:
        body = json.loads(client.payments.prepare_ach(request=request).body)
    assert body["recipient_details"]["account_type"] == "checking"
    assert body["effective_date"] == "2025-10-31"
    assert DESTINATION not in str(body)
