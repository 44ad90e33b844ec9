"""What is wrong in what an application gives is refused before anything is sent. The error
names the argument, says what to do, and repeats no value.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid1

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from offline import (
    ACCOUNT_NUMBER,
    ACH,
    DESTINATION,
    ISSUE,
    KEY,
    PAYMENT,
    RECIPIENT,
    SOURCE,
    TOKEN,
    TRANSFER,
    URL,
    WIRE,
    Bank,
    client_of,
)
from qbank_connect import QBankConnectClient, QBankConnectEnvironment
from qbank_connect.errors import QBankInvalidRequestError
from qbank_connect.models import (
    AchPaymentRequest,
    BeneficiaryDetails,
    CheckIssueRequest,
    RecipientDetails,
    TransferRequest,
    WirePaymentRequest,
)


@pytest.fixture
def bank() -> Iterator[Bank]:
    """A bank that nothing may be sent to."""
    bank = Bank()
    yield bank
    assert bank.requests == []


@pytest.fixture
def client(bank: Bank) -> QBankConnectClient:
    return client_of(bank)


def refused(do: Any, field: str, *, fate: str = "never_sent", says: str = "") -> str:
    """Does it, which has to be refused by this field. Gives the message."""
    with pytest.raises(QBankInvalidRequestError) as caught:
        do()
    error = caught.value
    message = str(error)
    assert (error.field, error.kind, error.fate) == (field, "invalid_input", fate), message
    assert says in message, message
    # The field, the rule, and what became of the money.
    assert field in message
    assert len(message.split()) > 4
    assert error.status_code is None
    assert error.attempts == 0
    assert error.__cause__ is None
    return message


class Odd(str):
    """A string that says that it is another one."""

    def __str__(self) -> str:
        return "odd"

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


BINARY = 0.1 + 0.2
AMOUNTS = [
    (BINARY, "at most two decimals"),
    (float("nan"), "finite"),
    (float("inf"), "finite"),
    (float("-inf"), "finite"),
    (1e300, "Decimal or a string"),
    (2.0**46, "Decimal or a string"),
    (1e-300, "at most two decimals"),
    (-0.0, "more than zero"),
    (True, "dollars as"),
    (False, "dollars as"),
    (0, "more than zero"),
    (-1, "more than zero"),
    (10**15, "too large"),
    (10**10_000, "too large"),
    (-(10**10_000), "more than zero"),
    ("0", "more than zero"),
    ("0.00", "more than zero"),
    ("-1", "two decimals"),
    ("+1", "two decimals"),
    ("1.005", "two decimals"),
    ("1.", "two decimals"),
    (".5", "two decimals"),
    ("1e3", "two decimals"),
    ("1_000", "two decimals"),
    ("1,000.50", "two decimals"),
    ("1000,50", "two decimals"),
    ("$5", "two decimals"),
    (" 5", "two decimals"),
    ("5\n", "two decimals"),
    ("", "two decimals"),
    ("NaN", "two decimals"),
    ("Infinity", "two decimals"),
    ("\uff11\uff12", "two decimals"),
    ("\u0661\u0662", "two decimals"),
    ("5\u200b", "two decimals"),
    ("\ud800", "surrogate"),
    ("9" * 31, "two decimals"),
    ("9" * 1_000_000, "two decimals"),
    ("1000000000000000", "too large"),
    (Decimal("NaN"), "finite"),
    (Decimal("sNaN"), "finite"),
    (Decimal("Infinity"), "finite"),
    (Decimal("1e400000"), "too large"),
    (Decimal("-1e400000"), ""),
    (Decimal("1e-400000"), "at most two decimals"),
    (Decimal("1.001"), "at most two decimals"),
    (Decimal("-0.00"), "more than zero"),
    (Decimal(BINARY), "at most two decimals"),
    (b"5", "dollars as"),
    (5 + 0j, "dollars as"),
    ([5], "dollars as"),
    ({}, "dollars as"),
    (object(), "dollars as"),
    (..., "dollars as"),
]


@pytest.mark.parametrize(("amount", "says"), AMOUNTS, ids=lambda it: type(it).__name__)
def test_an_amount_that_is_not_exact_dollars_is_refused(
    client: QBankConnectClient, amount: Any, says: str
) -> None:
    began = time.process_time()
    request = {**ACH, "amount": amount}
    refused(lambda: client.payments.create_ach(request=request), "amount", says=says)
    refused(lambda: AchPaymentRequest(**request), "amount", says=says)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize("given_as", [dict, AchPaymentRequest])
def test_no_amount_is_a_missing_amount(client: QBankConnectClient, given_as: Any) -> None:
    without = {name: it for name, it in ACH.items() if name != "amount"}
    refused(
        lambda: client.payments.create_ach(request=given_as(**without)),
        "amount",
        says="missing",
    )


@pytest.mark.parametrize(
    ("amount", "sent"),
    [
        (1000.50, "1000.50"),
        (5, "5.00"),
        (0.01, "0.01"),
        (1e3, "1000.00"),
        ("1000.5", "1000.50"),
        ("007", "7.00"),
        (Decimal("1000.5"), "1000.50"),
        (Decimal("1E+3"), "1000.00"),
        (Decimal("1.000000"), "1.00"),
        (70368744177663.99, "70368744177663.99"),
        ("999999999999999.99", "999999999999999.99"),
        (Odd("5"), "5.00"),
    ],
)
def test_an_amount_that_is_exact_is_sent_as_it_is(amount: Any, sent: str) -> None:
    with client_of(Bank()) as client:
        prepared = client.payments.prepare_ach(request={**ACH, "amount": amount})
    assert f'"amount":{sent}'.encode() in prepared.body


def test_an_amount_does_not_depend_on_the_decimal_context_of_the_application() -> None:
    from decimal import ROUND_UP, localcontext

    with localcontext() as context, client_of(Bank()) as client:
        context.prec, context.rounding = 3, ROUND_UP
        for amount in ("123456.78", Decimal("123456.78"), 123456.78):
            prepared = client.payments.prepare_ach(request={**ACH, "amount": amount})
            assert b'"amount":123456.78' in prepared.body
        refused(
            lambda: client.payments.prepare_ach(request={**ACH, "amount": "1.001"}), "amount"
        )


@pytest.mark.parametrize(
    "day",
    [
        datetime(2025, 10, 31),
        datetime(2025, 10, 31, tzinfo=timezone.utc),
        "2025-02-30",
        "20251031",
        "2025-10-31T00:00:00Z",
        "2025-W44-5",
        "31.10.2025",
        " 2025-10-31",
        "\uff12025-10-31",
        "",
        "tomorrow",
        20251031,
        True,
        0.5,
        b"2025-10-31",
        ["2025-10-31"],
    ],
)
def test_a_day_that_is_a_moment_or_no_day_is_refused(
    client: QBankConnectClient, day: Any
) -> None:
    says = "must be a date"
    ach, issue = {**ACH, "effective_date": day}, {**ISSUE, "issue_date": day}
    refused(lambda: client.payments.create_ach(request=ach), "effective_date", says=says)
    refused(lambda: client.positive_pay.create_issue(request=issue), "issue_date", says=says)
    refused(
        lambda: client.transactions.list(posted_since=day),
        "posted_since",
        fate="not_applicable",
        says=says,
    )


def test_a_placeholder_of_the_guide_is_named_as_one(client: QBankConnectClient) -> None:
    without = {name: it for name, it in ACH.items() if name != "destination_account_id"}
    for make in (dict, AchPaymentRequest):
        refused(
            lambda make=make: client.payments.create_ach(
                request=make(**without, recipient_details={...})
            ),
            "recipient_details",
            says="placeholder, {...}: give name, bank_id and account_number",
        )
    refused(
        lambda: client.payments.create_wire(request={**WIRE, "beneficiary_details": {...}}),
        "beneficiary_details",
        says="placeholder",
    )


def test_a_request_of_another_operation_is_refused(client: QBankConnectClient) -> None:
    wire = WirePaymentRequest(**WIRE)
    says = "must be an AchPaymentRequest or a dict"
    for request in (wire, None, [], "text", 5, {...}, b"{}", object(), [("amount", 5)]):
        refused(
            lambda request=request: client.payments.create_ach(request=request),
            "request",
            says=says,
        )
    refused(
        lambda: client.payments.create_wire(
            request={**WIRE, "beneficiary_details": RecipientDetails(**RECIPIENT)}
        ),
        "beneficiary_details",
        says="must be a BeneficiaryDetails or a dict",
    )


def test_names_that_are_no_strings_are_refused(client: QBankConnectClient) -> None:
    for odd in (5, None, b"amount", ("amount",), ...):
        says = "must have strings for names"
        refused(
            lambda odd=odd: client.payments.create_ach(request={**ACH, odd: 1}),
            "request",
            says=says,
        )
        refused(
            lambda odd=odd: client.payments.create_wire(
                request={**WIRE, "beneficiary_details": {**RECIPIENT, odd: 1}}
            ),
            "beneficiary_details",
            says=says,
        )


def test_exactly_one_destination_is_needed(client: QBankConnectClient) -> None:
    both = {**ACH, "recipient_details": RECIPIENT}
    neither = {"source_account_id": SOURCE, "amount": "5"}
    for make in (dict, AchPaymentRequest):
        message = refused(
            lambda make=make: client.payments.create_ach(request=make(**both)),
            "destination_account_id",
            says="destination_account_id and recipient_details must not both be given",
        )
        assert "recipientDetails" not in message
        refused(
            lambda make=make: client.payments.create_ach(request=make(**neither)),
            "destination_account_id",
            says="destination_account_id or recipient_details must be given",
        )


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("12\u200b34", "U+200B"),
        ("\ufeff1234", "U+FEFF"),
        ("\u00a01234", "U+00A0"),
        ("1234\u202e", "U+202E"),
        ("\uff11234", "U+FF11"),
        ("1234\n", "U+000A"),
        (" 1234", "blank"),
        ("1234 ", "blank"),
        ("", "empty"),
        ("\ud800", "surrogate"),
        (1234, "must be a string"),
        (b"1234", "must be a string"),
        (None, "must be a string"),
    ],
)
def test_an_account_number_that_was_pasted_is_refused_by_its_character(
    client: QBankConnectClient, number: Any, says: str
) -> None:
    party = {**RECIPIENT, "account_number": number}
    for make in (dict, BeneficiaryDetails):
        message = refused(
            lambda make=make: client.payments.create_wire(
                request={**WIRE, "beneficiary_details": make(**party)}
            ),
            "beneficiary_details.account_number"
            if make is dict or isinstance(number, str) and number != "\ud800"
            else "account_number",
            says=says,
        )
        assert "1234" not in message
    ach = {"source_account_id": SOURCE, "amount": "5", "recipient_details": party}
    refused(
        lambda: client.payments.create_ach(request=ach),
        "recipient_details.account_number",
        says=says,
    )


@pytest.mark.parametrize(
    "number",
    ["021000022", "21000021", "0210000210", "\uff1021000021", "", "02100002x", 21000021],
)
def test_a_routing_number_without_its_checksum_is_refused(
    client: QBankConnectClient, number: Any
) -> None:
    party = {**RECIPIENT, "bank_id": number}
    message = refused(
        lambda: client.payments.create_wire(request={**WIRE, "beneficiary_details": party}),
        "beneficiary_details.bank_id",
    )
    assert not str(number) or str(number) not in message


@pytest.mark.parametrize("odd", ["a\u200bb", "a\x00b", "a\nb", "\u202eb", " ", ""])
def test_names_and_references_have_no_characters_that_do_not_show(
    client: QBankConnectClient, odd: str
) -> None:
    refused(
        lambda: client.payments.create_wire(request={**WIRE, "reference_code": odd}),
        "reference_code",
    )
    party = {**RECIPIENT, "name": odd}
    refused(
        lambda: client.payments.create_wire(request={**WIRE, "beneficiary_details": party}),
        "beneficiary_details.name",
    )
    refused(
        lambda: client.positive_pay.create_issue(request={**ISSUE, "check_number": odd}),
        "check_number",
    )


@pytest.mark.parametrize(
    "identifier", ["", "17", SOURCE[:-1], f" {SOURCE}", 5, b"x", None, "\ud800"]
)
def test_an_id_that_is_no_uuid_is_refused(client: QBankConnectClient, identifier: Any) -> None:
    read = "not_applicable"
    refused(lambda: client.balances.get(identifier), "account_id", fate=read)
    refused(lambda: client.payments.get(identifier), "payment_id", fate=read)
    refused(lambda: client.payments.get_payment_status(identifier), "payment_id", fate=read)
    refused(lambda: client.payments.wait(identifier), "payment_id", fate=read)
    refused(
        lambda: client.transfers.create(request={**TRANSFER, "to_account_id": identifier}),
        "to_account_id",
    )
    if identifier is not None:
        refused(
            lambda: client.transactions.list(account_id=identifier), "account_id", fate=read
        )
        refused(
            lambda: client.transactions.stream(account_id=identifier), "account_id", fate=read
        )


def test_a_transfer_to_the_same_account_is_refused(client: QBankConnectClient) -> None:
    refused(
        lambda: client.transfers.create(request={**TRANSFER, "to_account_id": SOURCE}),
        "to_account_id",
        says="from account",
    )


@pytest.mark.parametrize(
    ("method", "request_", "model"),
    [
        ("create_ach", ACH, AchPaymentRequest),
        ("create_wire", WIRE, WirePaymentRequest),
        ("create", TRANSFER, TransferRequest),
        ("create_issue", ISSUE, CheckIssueRequest),
    ],
)
def test_a_member_that_is_not_known_is_named_as_it_was_written(
    client: QBankConnectClient, method: str, request_: Any, model: Any
) -> None:
    resource = {
        "create": client.transfers,
        "create_issue": client.positive_pay,
    }.get(method, client.payments)
    for typo in (
        "amuont",
        "sourceAccountId",
        "idempotency_key",
        "self",
        "__class__",
        "model_config",
    ):
        for given_as in (dict, model):
            refused(
                lambda typo=typo, given_as=given_as: getattr(resource, method)(
                    request=given_as(**{**request_, typo: 1})
                ),
                typo,
                says="not known here",
            )
    refused(lambda: getattr(resource, method)(request={**request_, "": 1}), "request")
    refused(
        lambda: getattr(resource, method)(request={**request_, "\ud800": 1}),
        "request",
        says="lone surrogate",
    )
    refused(lambda: getattr(resource, method)(request={**request_, "x" * 10_000: 1}), "x" * 200)


def test_a_recipient_may_have_members_but_no_second_name_for_one(
    client: QBankConnectClient,
) -> None:
    def ach(**more: Any) -> dict[str, Any]:
        party = {**RECIPIENT, **more}
        return {"source_account_id": SOURCE, "amount": "5", "recipient_details": party}

    prepared = client.payments.prepare_ach(
        request=ach(account_type="checking", limit=[1, None])
    )
    sent = json.loads(prepared.body)["recipient_details"]
    assert sent["account_type"] == "checking"
    assert sent["limit"] == [1, None]
    for second in ("bankId", "accountNumber"):
        refused(
            lambda second=second: client.payments.create_ach(request=ach(**{second: "1"})),
            f"recipient_details.{second}",
            says="there are name, bank_id, account_number",
        )
    for odd in (
        {1, 2},
        object(),
        float("nan"),
        b"x",
        "\ud800",
        Decimal("NaN"),
        {1: 2},
        date.today(),
    ):
        refused(
            lambda odd=odd: client.payments.create_ach(request=ach(more=odd)),
            "recipient_details.more",
            says="JSON",
        )
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    refused(
        lambda: client.payments.create_ach(request=ach(more=deep)), "recipient_details.more"
    )


def test_a_request_that_was_spoilt_after_it_was_made_is_checked_again(
    client: QBankConnectClient,
) -> None:
    request = AchPaymentRequest(**ACH)
    # It is frozen, but this is Python.
    vars(request)["amount"] = BINARY
    refused(lambda: client.payments.create_ach(request=request), "amount")


@pytest.mark.parametrize(
    ("member", "odd"),
    [
        ("amount", object()),
        ("amount", BINARY),
        ("amount", float("nan")),
        ("amount", True),
        ("amount", Decimal("NaN")),
        ("amount", Decimal("-5")),
        ("amount", "5.00\n"),
        ("reference_id", b"x"),
        ("effective_date", datetime(2030, 1, 1)),
        ("source_account_id", "\ud800"),
        ("recipient_details", RecipientDetails.model_construct(name=5)),
        ("recipient_details", {"name": "Ann"}),
        ("memo", "x"),
    ],
    ids=repr,
)
def test_a_model_that_was_copied_with_something_else_is_checked_again(
    client: QBankConnectClient, member: str, odd: Any
) -> None:
    copied = AchPaymentRequest(**ACH).model_copy(update={member: odd})
    with pytest.raises(QBankInvalidRequestError) as caught:
        client.payments.create_ach(request=copied)
    assert caught.value.fate == "never_sent"
    assert str(caught.value.field).startswith(member)


def test_a_model_that_was_made_unchecked_is_checked(client: QBankConnectClient) -> None:
    missing = AchPaymentRequest.model_construct(amount="5")
    refused(lambda: client.payments.create_ach(request=missing), "source_account_id")
    empty = AchPaymentRequest.__new__(AchPaymentRequest)
    refused(lambda: client.payments.create_ach(request=empty), "source_account_id")
    party = RecipientDetails(**RECIPIENT).model_copy(update={"name": 5})
    refused(
        lambda: AchPaymentRequest(source_account_id=SOURCE, amount=5, recipient_details=party),
        "recipient_details.name",
    )
    good = AchPaymentRequest.model_construct(**ACH)
    assert b'"amount":1000.50' in client.payments.prepare_ach(request=good).body


@pytest.mark.parametrize("hours", [14, -14])
def test_a_moment_that_utc_cannot_hold_is_refused(
    client: QBankConnectClient, hours: int
) -> None:
    edge = datetime.min if hours > 0 else datetime.max
    at = edge.replace(tzinfo=timezone(timedelta(hours=hours)))
    refused(
        lambda: client.payments.create_ach(request=ACH, request_options={"auth_date": at}),
        "request_options.auth_date",
        says="years 1 to 9999",
    )


KEYS = ["", "17", str(uuid1()), uuid1(), UUID(int=0), KEY[:-1], f"{{{KEY}}}", 5, b"x", "\ud800"]


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_a_key_that_is_no_uuid_v4_is_refused(client: QBankConnectClient, key: Any) -> None:
    refused(
        lambda: client.payments.create_ach(request=ACH, idempotency_key=key), "idempotency_key"
    )
    refused(
        lambda: client.payments.prepare_ach(request=ACH, idempotency_key=key), "idempotency_key"
    )
    # An intent that is resumed was perhaps sent before.
    refused(
        lambda: client.payments.create_ach(
            request=ACH, idempotency_key=key, resume_from=datetime.now(timezone.utc)
        ),
        "idempotency_key",
        fate="unknown",
    )


def test_resuming_needs_the_key_and_an_aware_moment(client: QBankConnectClient) -> None:
    now = datetime.now(timezone.utc)
    create = client.payments.create_ach
    refused(
        lambda: create(request=ACH, resume_from=now),
        "idempotency_key",
        fate="unknown",
        says="needed to resume",
    )
    for odd in (datetime.now(), "2026-01-31T00:00:00Z", 5, True, date.today(), object(), b"x"):
        refused(
            lambda odd=odd: create(request=ACH, idempotency_key=KEY, resume_from=odd),
            "resume_from",
            fate="unknown",
            says="must be a datetime with a time zone",
        )
    for wrong in ({**ACH, "amount": 0}, {**ACH, "typo": 1}, None):
        with pytest.raises(QBankInvalidRequestError) as caught:
            create(request=wrong, idempotency_key=KEY, resume_from=now)
        assert caught.value.fate == "unknown"
    old = datetime(2020, 1, 1, tzinfo=timezone.utc)
    with pytest.raises(QBankInvalidRequestError, match="reconcile first") as caught:
        create(request=ACH, idempotency_key=KEY, resume_from=old)
    assert (caught.value.kind, caught.value.fate) == ("invalid_input", "unknown")
    edges = [
        datetime.min.replace(tzinfo=timezone.utc),
        datetime.max.replace(tzinfo=timezone.utc),
    ]
    for edge in edges:
        with pytest.raises(QBankInvalidRequestError) as caught:
            create(request=ACH, idempotency_key=KEY, resume_from=edge)
        assert (caught.value.kind, caught.value.fate) == ("invalid_input", "unknown")


OPTIONS = [
    ("not a dict", "request_options"),
    ([("max_retries", 1)], "request_options"),
    (5, "request_options"),
    ({"timeout": 5}, "request_options.timeout"),
    ({"max_retry": 5}, "request_options.max_retry"),
    ({5: 5}, "request_options"),
    ({"max_retries": True}, "request_options.max_retries"),
    ({"max_retries": -1}, "request_options.max_retries"),
    ({"max_retries": 1.0}, "request_options.max_retries"),
    ({"max_retries": "1"}, "request_options.max_retries"),
    ({"max_retries": 2**40}, "request_options.max_retries"),
    *[
        ({name: value}, f"request_options.{name}")
        for name in ("timeout_in_seconds", "deadline_in_seconds")
        for value in (
            0,
            -1,
            0.0001,
            float("nan"),
            float("inf"),
            1e300,
            10**400,
            True,
            "5",
            Decimal(5),
            b"5",
        )
    ],
    ({"token": 5}, "request_options.token"),
    ({"token": ""}, "request_options.token"),
    ({"token": "a b\n"}, "request_options.token"),
    ({"token": "\ud800"}, "request_options.token"),
]
WRITE_OPTIONS = [
    ({"on_conflict": "follow-own"}, "request_options.on_conflict"),
    ({"on_conflict": 5}, "request_options.on_conflict"),
    ({"on_conflict": ["report"]}, "request_options.on_conflict"),
    ({"auth_date": datetime(2026, 1, 1)}, "request_options.auth_date"),
    ({"auth_date": "yesterday"}, "request_options.auth_date"),
    ({"auth_date": 5}, "request_options.auth_date"),
    ({"auth_date": date(2026, 1, 1)}, "request_options.auth_date"),
    ({"auth_date": "x\r\nEvil: 1"}, "request_options.auth_date"),
]


@pytest.mark.parametrize(("options", "field"), OPTIONS, ids=lambda it: repr(it)[:40])
def test_an_option_of_a_call_that_is_wrong_is_named(
    client: QBankConnectClient, options: Any, field: str
) -> None:
    message = refused(
        lambda: client.payments.create_ach(request=ACH, request_options=options), field
    )
    assert "Ms" not in message
    for read in (
        lambda: client.accounts.list(request_options=options),
        lambda: client.balances.get(SOURCE, request_options=options),
        lambda: client.payments.wait(PAYMENT, request_options=options),
        lambda: client.transactions.stream(request_options=options),
        lambda: client.positive_pay.exceptions(request_options=options),
        lambda: client.authenticate(request_options=options),
    ):
        refused(read, field, fate="not_applicable")


@pytest.mark.parametrize(("options", "field"), WRITE_OPTIONS, ids=lambda it: repr(it)[:40])
def test_an_option_of_a_write_that_is_wrong_is_named(
    client: QBankConnectClient, options: Any, field: str
) -> None:
    refused(lambda: client.payments.create_ach(request=ACH, request_options=options), field)
    # A read has none of them, right or wrong.
    refused(
        lambda: client.accounts.list(request_options=options),
        field,
        fate="not_applicable",
        says="there are max_retries, timeout_in_seconds, deadline_in_seconds, token",
    )


@pytest.mark.parametrize("accepted", [1, None, "yes", []])
def test_a_flag_is_true_or_false(client: QBankConnectClient, accepted: Any) -> None:
    refused(
        lambda: client.payments.wait(PAYMENT, accepted=accepted),
        "accepted",
        fate="not_applicable",
    )


CLIENT_OPTIONS: list[tuple[dict[str, Any], str]] = [
    ({"token": None}, "credentials"),
    ({"token": ""}, "token"),
    ({"token": 5}, "token"),
    ({"token": b"x"}, "token"),
    ({"token": "a b"}, "token"),
    ({"token": "a\r\nb"}, "token"),
    ({"token": "\ud800"}, "token"),
    ({"token": "x", "client_id": "y", "client_secret": "z"}, "token"),
    ({"token": "x", "client_secret": "z"}, "token"),
    ({"token": None, "client_id": "y"}, "client_secret"),
    ({"token": None, "client_secret": "y"}, "client_id"),
    ({"token": None, "client_id": "", "client_secret": "y"}, "client_id"),
    ({"token": None, "client_id": "y", "client_secret": ""}, "client_secret"),
    ({"token": None, "client_id": 5, "client_secret": "y"}, "client_id"),
    ({"token": None, "client_id": "y", "client_secret": b"z"}, "client_secret"),
    ({"scopes": "accounts.read"}, "scopes"),
    ({"scopes": b"accounts.read"}, "scopes"),
    ({"scopes": ["accounts.read payments.read"]}, "scopes"),
    ({"scopes": [""]}, "scopes"),
    ({"scopes": [5]}, "scopes"),
    ({"scopes": 5}, "scopes"),
    ({"scopes": ["\ud800"]}, "scopes"),
    *[
        ({name: value}, name)
        for name in ("timeout", "deadline", "backoff", "poll_interval", "max_key_age")
        for value in (
            0,
            -1,
            float("nan"),
            float("inf"),
            1e300,
            10**400,
            True,
            "5",
            b"5",
            Decimal(5),
        )
    ],
    *[({"max_retries": it}, "max_retries") for it in (True, -1, 1.5, "1", 2**40)],
    *[({"max_body_bytes": it}, "max_body_bytes") for it in (True, -1, 0, 1.5, "1", 2**70)],
    *[({"on_conflict": it}, "on_conflict") for it in ("follow-own", "", 5, ["report"], True)],
    *[({"user_agent": it}, "user_agent") for it in (5, b"x", "a\r\nb", "\x00", "\ud800")],
    ({"environment": "production"}, "environment"),
    ({"environment": URL}, "environment"),
    ({"environment": QBankConnectEnvironment.PRODUCTION, "base_url": URL}, "base_url"),
    ({"environment": QBankConnectEnvironment.PRODUCTION, "token_url": URL}, "token_url"),
    *[
        ({name: it}, name)
        for name in ("base_url", "token_url")
        for it in (
            "",
            "bank",
            "/v1",
            "ftp://bank.example",
            "http://bank.example/v1",
            "http://10.0.0.1/v1",
            "http://127.0.0.1.evil.example/v1",
            "http://localhost.evil.example/v1",
            "https://user:hunter2@bank.example/v1",
            "https://bank.example/v1#x",
            "https://bank.example:99999/v1",
            "https:///v1",
            "https://bank.example/\ud800",
            " https://bank.example/v1",
            "https://bank.example/v1\n",
            5,
            b"https://bank.example/v1",
        )
    ],
    ({"base_url": "https://bank.example/v1?x=1"}, "base_url"),
    ({"eager": "yes"}, "eager"),
    ({"httpx_client": 5}, "httpx_client"),
    ({"httpx_client": "http"}, "httpx_client"),
]


@pytest.mark.parametrize(("options", "field"), CLIENT_OPTIONS, ids=lambda it: repr(it)[:60])
def test_an_option_of_a_client_that_is_wrong_is_named(options: Any, field: str) -> None:
    bank = Bank()
    http = httpx.Client(transport=httpx.MockTransport(bank))
    base: dict[str, Any] = {"token": TOKEN, "httpx_client": http}
    if "environment" not in options:
        base["base_url"] = URL
    message = refused(lambda: QBankConnectClient(**{**base, **options}), field)
    assert "Ms" not in message
    for secret in ("hunter2", TOKEN):
        assert secret not in message
    assert bank.requests == []


def test_an_async_client_as_the_http_of_a_sync_one_is_refused_and_the_other_way_round() -> None:
    from qbank_connect import AsyncQBankConnectClient

    refused(
        lambda: QBankConnectClient(token=TOKEN, httpx_client=httpx.AsyncClient()),
        "httpx_client",
        says="must be an httpx.Client",
    )
    with httpx.Client() as http:
        refused(
            lambda: AsyncQBankConnectClient(token=TOKEN, httpx_client=http),
            "httpx_client",
            says="must be an httpx.AsyncClient",
        )


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1.2.3", "localhost", "[::1]", "127.0.0.1:8080"]
)
def test_plain_http_is_taken_for_loopback(host: str) -> None:
    client = client_of(Bank(), base_url=f"http://{host}/v1")
    assert host in repr(client)


@pytest.mark.parametrize("port", [0, -1, 65536, True, "80", 80.0, None])
def test_a_port_of_a_sandbox_is_a_port(port: Any) -> None:
    refused(lambda: QBankConnectEnvironment.sandbox(port), "port")


@pytest.mark.parametrize(
    "value", ["  http://127.0.0.1:5/v1\r\n", "\ufeffhttp://127.0.0.1:5/v1\n"]
)
def test_a_url_of_the_environment_may_have_what_an_editor_adds(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("QBANK_BASE_URL", value)
    assert QBankConnectEnvironment.default().base_url == "http://127.0.0.1:5/v1"


@pytest.mark.parametrize("value", ["", " ", "\n", "\ufeff", "\ufeff \n"])
def test_an_empty_variable_is_as_if_not_set(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("QBANK_BASE_URL", value)
    monkeypatch.setenv("QBANK_TOKEN_URL", value)
    assert QBankConnectEnvironment.default() is QBankConnectEnvironment.PRODUCTION


@pytest.mark.parametrize("name", ["QBANK_BASE_URL", "QBANK_TOKEN_URL"])
def test_a_wrong_url_of_the_environment_is_named_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for wrong in ("http://bank.example/v1", "https://a b", "https://u:hunter2@bank.example"):
        monkeypatch.setenv(name, wrong)
        message = refused(lambda: QBankConnectClient(token=TOKEN), name)
        assert "hunter2" not in message
        assert "base_url" not in message


def test_a_variable_does_not_count_where_the_bank_was_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QBANK_BASE_URL", "nonsense")
    monkeypatch.setenv("QBANK_TOKEN_URL", "nonsense")
    client_of(Bank(), base_url=URL)
    client_of(Bank(), environment=QBankConnectEnvironment.PRODUCTION)
    refused(lambda: client_of(Bank(), base_url="http://bank.example"), "base_url")


def test_a_prepared_write_is_resumed_by_an_aware_moment_only(
    client: QBankConnectClient,
) -> None:
    prepared = client.payments.prepare_ach(request=ACH)
    for odd in (datetime.now(), "now", 5):
        refused(lambda odd=odd: prepared.send(resume_from=odd), "resume_from", fate="unknown")


def test_no_message_repeats_a_value(client: QBankConnectClient) -> None:
    secret = f"{ACCOUNT_NUMBER}\u200b"
    party = {**RECIPIENT, "account_number": secret, "name": "Zoe\u200b"}
    for make in (dict, BeneficiaryDetails):
        with pytest.raises(QBankInvalidRequestError) as caught:
            client.payments.create_wire(request={**WIRE, "beneficiary_details": make(**party)})
        for shown in (str(caught.value), repr(caught.value), str(caught.value.__dict__)):
            assert ACCOUNT_NUMBER not in shown
            assert "Zoe" not in shown


# --- Anything at all ----------------------------------------------------------------------

leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.text(alphabet=st.characters(categories=["Cs", "Cf", "Cc", "Nd"]))
    | st.binary()
    | st.decimals()
    | st.dates()
    | st.datetimes()
    | st.uuids()
    | st.sampled_from([KEY, SOURCE, DESTINATION, "1000.50", 1000.5, "021000021", "2026-01-31"])
)
names = st.none() | st.booleans() | st.integers() | st.text() | st.binary()
garbage = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=8,
)
members = st.sampled_from(
    [*ACH, *WIRE, *TRANSFER, *ISSUE, *RECIPIENT, "recipient_details", "x"]
)
options_ = st.sampled_from(
    [
        "max_retries",
        "timeout_in_seconds",
        "deadline_in_seconds",
        "token",
        "on_conflict",
        "auth_date",
        "x",
    ]
)
often = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
    database=None,
)
quiet = client_of(Bank())


@often
@given(
    base=st.sampled_from([ACH, WIRE, TRANSFER, ISSUE, {}]),
    changes=st.dictionaries(members, garbage, max_size=3),
    key=st.none() | garbage,
    resume=st.none() | garbage,
    options=st.none() | garbage | st.dictionaries(options_, garbage, max_size=2),
)
def test_whatever_is_given_is_refused_by_name_or_works(
    base: Any, changes: Any, key: Any, resume: Any, options: Any
) -> None:
    request = {**base, **changes}
    for prepare in (
        quiet.payments.prepare_ach,
        quiet.payments.prepare_wire,
        quiet.transfers.prepare,
        quiet.positive_pay.prepare_issue,
    ):
        try:
            prepared = prepare(
                request=request,
                idempotency_key=key,
                resume_from=resume,
                request_options=options,
            )
        except QBankInvalidRequestError as error:
            assert error.kind == "invalid_input"
            assert error.field
            assert error.fate == ("never_sent" if resume is None else "unknown")
        else:
            json.loads(prepared.body)


@often
@given(options=st.dictionaries(options_, garbage, max_size=2) | garbage, anything=garbage)
def test_whatever_a_read_is_given_is_refused_by_name_or_made(
    options: Any, anything: Any
) -> None:
    from qbank_connect import _operations as operations

    for make in (
        lambda: operations.get_balance(anything, request_options=options),
        lambda: operations.wait_for_payment(SOURCE, accepted=anything, request_options=options),
        lambda: operations.list_transactions(account_id=anything, posted_since=options),
    ):
        try:
            quiet._make(make(), lambda: None)
        except QBankInvalidRequestError as error:
            assert error.fate == "not_applicable"
            assert error.field


@often
@given(
    option=st.sampled_from(
        [
            "token",
            "client_id",
            "scopes",
            "environment",
            "base_url",
            "token_url",
            "timeout",
            "deadline",
            "max_retries",
            "on_conflict",
            "httpx_client",
            "eager",
            "backoff",
            "poll_interval",
            "max_key_age",
            "max_body_bytes",
            "user_agent",
        ]
    ),
    value=garbage,
)
def test_whatever_a_client_is_given_is_refused_by_name_or_works(
    option: str, value: Any
) -> None:
    base: dict[str, Any] = {"token": TOKEN, "httpx_client": quiet._http}
    try:
        QBankConnectClient(**{**base, option: value})
    except QBankInvalidRequestError as error:
        assert error.kind == "invalid_input"
        assert error.field


@often
@given(
    amount=st.decimals(min_value=-10, max_value=10**16, places=3)
    | st.decimals()
    | st.floats()
    | st.floats(min_value=0, max_value=10**7).map(lambda it: round(it, 2))
    | st.integers()
    | st.decimals(min_value="0.01", max_value=10**14, places=2).map(str)
)
def test_an_amount_is_exact_to_the_cent_or_refused(amount: Any) -> None:
    try:
        prepared = quiet.transfers.prepare(request={**TRANSFER, "amount": amount})
    except QBankInvalidRequestError as error:
        assert error.field == "amount"
        return
    sent = json.loads(prepared.body, parse_float=Decimal, parse_int=Decimal)["amount"]
    assert sent == Decimal(str(amount))
    assert sent.as_tuple().exponent == -2
