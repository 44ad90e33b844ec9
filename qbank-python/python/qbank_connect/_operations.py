"""The operations: what each takes, and what its response means. Each surface of the clients
(sync, async, raw, prepared) has its methods from here, with these signatures and docstrings.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, Literal, TypeAlias, TypedDict, TypeVar

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from . import _values as values
from ._values import Wrong, invalid, wrong_of
from .errors import Fate, QBankInvalidRequestError
from .models import (
    Account,
    AchPayment,
    AchPaymentRequest,
    Balance,
    CheckIssue,
    CheckIssueRequest,
    Day,
    Id,
    Payment,
    PaymentStatus,
    PositivePayException,
    Token,
    Transaction,
    Transfer,
    TransferRequest,
    WirePaymentRequest,
    members_of,
    resource,
)

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)


OnConflict: TypeAlias = Literal["report", "follow_own", "follow"]
"""What to do where the bank has a payment with this key in process."""


class RequestOptions(TypedDict, total=False):
    """What one call does differently from its client."""

    max_retries: int
    timeout_in_seconds: float
    """Of each attempt."""
    deadline_in_seconds: float
    """Of all attempts together, token requests included."""
    token: str
    """Instead of the client's."""


class WriteOptions(RequestOptions, total=False):
    """What one write does differently from its client."""

    on_conflict: OnConflict
    auth_date: datetime | str
    """When the end user last authenticated (``x-fapi-auth-date``)."""


camel = functools.cache(to_camel)


@dataclass(frozen=True)
class Operation(Generic[T]):
    """One operation with its arguments, ready to be called."""

    name: str
    """In the core."""
    title: str
    """In Python."""
    request: str = field(repr=False)
    """JSON, written once: what is saved is what is sent, whatever becomes of the arguments."""
    options: Mapping[str, Any] = field(repr=False)
    read: Callable[[Any, list[tuple[str, str]]], T] = field(repr=False)
    """Makes the result of the data and the headers of a reply."""
    fate: Fate = "not_applicable"
    """What is known of the money before anything is sent."""

    @property
    def writes(self) -> bool:
        """Whether money is concerned."""
        return self.fate != "not_applicable"


# --- Reads ---------------------------------------------------------------------------------


def list_accounts(*, request_options: RequestOptions | None = None) -> Operation[list[Account]]:
    """All accounts, as of the nightly load. Scope: ``accounts.read``."""
    return _read("accounts.list", "accounts.list", {}, request_options, _list_of(Account))


def get_balance(
    account_id: Id, *, request_options: RequestOptions | None = None
) -> Operation[Balance]:
    """What is on an account now, in dollars. Scope: ``balances.read``."""
    request = _request(account_id=(account_id, values.identifier))
    return _read("balances.get", "balances.get", request, request_options, _one(Balance))


def list_transactions(
    *,
    account_id: Id | None = None,
    posted_since: Day | None = None,
    request_options: RequestOptions | None = None,
) -> Operation[list[Transaction]]:
    """All transactions, as of the nightly load, in memory; ``stream`` gives them one after the
    other. Scope: ``transactions.read``.
    """
    request = _filter(account_id, posted_since)
    return _read(
        "transactions.list",
        "transactions.list",
        request,
        request_options,
        _list_of(Transaction),
    )


def stream_transactions(
    *,
    account_id: Id | None = None,
    posted_since: Day | None = None,
    request_options: RequestOptions | None = None,
) -> Operation[None]:
    """All transactions, one after the other while they arrive."""
    request = _filter(account_id, posted_since)
    return _read(
        "transactions.stream", "transactions.stream", request, request_options, lambda *_: None
    )


def get_payment(
    payment_id: Id, *, request_options: RequestOptions | None = None
) -> Operation[Payment]:
    """A payment as the bank has it now. Scope: ``payments.read``.

    Raises ``QBankNotFoundError`` where the bank does not show it, which soon after a payment
    may be lag.
    """
    request = _request(payment_id=(payment_id, values.identifier))
    return _read("payments.get", "payments.get", request, request_options, _one(Payment))


def wait_for_payment(
    payment_id: Id, *, accepted: bool = False, request_options: RequestOptions | None = None
) -> Operation[Payment]:
    """Polls a payment until its state is final, within the deadline. Scope: ``payments.read``.

    With ``accepted`` the payment is known to be accepted: not seeing it is lag. Raises
    ``QBankPaymentFailedError`` for ``P_FAILED``, and ``QBankDeadlineExceededError`` (fate
    ``in_progress``, with the ``payment`` seen last) when the time is up.
    """
    request = _request(
        payment_id=(payment_id, values.identifier), accepted=(accepted, values.flag)
    )
    return _read("payments.wait", "payments.wait", request, request_options, _one(Payment))


def list_exceptions(
    *, request_options: RequestOptions | None = None
) -> Operation[list[PositivePayException]]:
    """The checks that were presented and not paid. Scope: ``positivepay.exceptions.read``."""
    return _read(
        "positivePay.exceptions",
        "positive_pay.exceptions",
        {},
        request_options,
        _list_of(PositivePayException),
    )


def authenticate(*, request_options: RequestOptions | None = None) -> Operation[Token]:
    """Fetches a token now, if there is none that is fresh. Gives what is known of it."""
    return _read("authenticate", "authenticate", {}, request_options, _token)


# --- Writes --------------------------------------------------------------------------------


def create_ach(
    *,
    request: AchPaymentRequest | dict[str, Any],
    idempotency_key: Id | None = None,
    resume_from: datetime | None = None,
    request_options: WriteOptions | None = None,
) -> Operation[AchPayment]:
    """Pays by ACH, once. Scope: ``payments.ach.write``.

    Without an ``idempotency_key`` (a UUID v4) one is made. After a crash, or an error whose
    fate is ``unknown``, the same request with its key and ``resume_from``, the moment of the
    first send, continues the same payment instead of making another. Raises ``QBankError``: its
    ``fate`` says what became of the money.
    """
    given = _write(request, AchPaymentRequest, idempotency_key, resume_from, request_options)
    return given("payments.createAch", "payments.create_ach", _ach)


def create_wire(
    *,
    request: WirePaymentRequest | dict[str, Any],
    idempotency_key: Id | None = None,
    resume_from: datetime | None = None,
    request_options: WriteOptions | None = None,
) -> Operation[Payment]:
    """Pays by wire, once. Scope: ``payments.wire.write``. Keys and errors as for
    ``create_ach``."""
    given = _write(request, WirePaymentRequest, idempotency_key, resume_from, request_options)
    return given("payments.createWire", "payments.create_wire", _one(Payment))


def create_transfer(
    *,
    request: TransferRequest | dict[str, Any],
    idempotency_key: Id | None = None,
    resume_from: datetime | None = None,
    request_options: WriteOptions | None = None,
) -> Operation[Transfer]:
    """Moves money between accounts of one's own, once. Scope: ``transfers.write``. Keys and
    errors as for ``create_ach``.
    """
    given = _write(request, TransferRequest, idempotency_key, resume_from, request_options)
    return given("transfers.create", "transfers.create", _one(Transfer))


def create_issue(
    *,
    request: CheckIssueRequest | dict[str, Any],
    idempotency_key: Id | None = None,
    resume_from: datetime | None = None,
    request_options: WriteOptions | None = None,
) -> Operation[CheckIssue]:
    """Tells the bank of a check, once. Scope: ``positivepay.issues.write``. Keys and errors as
    for ``create_ach``.
    """
    given = _write(request, CheckIssueRequest, idempotency_key, resume_from, request_options)
    return given("positivePay.createIssue", "positive_pay.create_issue", _one(CheckIssue))


# --- Arguments become records --------------------------------------------------------------

_CALL: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "max_retries": ("maxRetries", values.count),
    "timeout_in_seconds": ("timeoutMs", values.milliseconds),
    "deadline_in_seconds": ("deadlineMs", values.milliseconds),
    "token": ("accessToken", values.text),
}
_WRITE = {
    **_CALL,
    "on_conflict": ("onConflict", values.on_conflict),
    "auth_date": ("authDate", values.http_date),
}


def _read(
    name: str,
    title: str,
    request: Mapping[str, Any],
    options: RequestOptions | None,
    read: Callable[[Any, list[tuple[str, str]]], T],
) -> Operation[T]:
    try:
        return Operation(name, title, json.dumps(request), _options(options, _CALL), read)
    except Wrong as wrong:
        raise invalid(wrong, "not_applicable") from None


def _write(
    request: BaseModel | dict[str, Any],
    model: type[BaseModel],
    key: Id | None,
    resume_from: datetime | None,
    options: WriteOptions | None,
) -> Callable[[str, str, Callable[[Any, list[tuple[str, str]]], T]], Operation[T]]:
    # An intent that is resumed was perhaps sent before, however wrong its arguments are.
    fate: Fate = "never_sent" if resume_from is None else "unknown"
    try:
        record = dict(_options(options, _WRITE))
        if key is not None:
            record["idempotencyKey"] = _named("idempotency_key", values.identifier, key)
        if resume_from is not None:
            if key is None:
                raise Wrong("idempotency_key", "is needed to resume")
            record["resumeFrom"] = _named("resume_from", values.sent_at, resume_from)
        written = _record(_model(request, model))
    except Wrong as wrong:
        raise invalid(wrong, fate) from None
    except QBankInvalidRequestError as error:
        raise invalid(wrong_of(error), fate) from None

    def given(
        name: str, title: str, read: Callable[[Any, list[tuple[str, str]]], T]
    ) -> Operation[T]:
        return Operation(name, title, written, record, read, fate)

    return given


def _model(request: Any, model: type[M]) -> M:
    # A model as well: `model_copy` and `model_construct` check nothing.
    members = members_of(request) if isinstance(request, model) else request
    if not isinstance(members, dict):
        raise Wrong("request", f"must be {_article(model)} or a dict")
    if not all(isinstance(name, str) for name in members):
        raise Wrong("request", "must have strings for names")
    return model(**members)


def _article(model: type[BaseModel]) -> str:
    return f"{'an' if model.__name__[0] in 'AEIOU' else 'a'} {model.__name__}"


def _record(model: BaseModel) -> str:
    own = type(model).model_fields
    record = {camel(name): _json(getattr(model, name)) for name in own}
    for name, value in (model.model_extra or {}).items():
        if name in record:
            # With two of them, each side may read another one.
            rule = "is not known here; there are name, bank_id, account_number"
            raise Wrong(f"recipient_details.{name}", rule)
        try:
            if value is not None:
                values.json_text(name)
                record[name] = values.json_text(value)
        except (TypeError, ValueError, RecursionError):
            raise Wrong(f"recipient_details.{name}", "cannot be written as JSON") from None
    given = (f"{values.json_text(name)}:{it}" for name, it in record.items() if it is not None)
    return f"{{{','.join(given)}}}"


def _json(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, BaseModel):
        return _record(value)
    if isinstance(value, Decimal):
        return f'"{value:f}"'
    return values.json_text(value.isoformat() if isinstance(value, date) else value)


def _options(
    options: Any, known: Mapping[str, tuple[str, Callable[[Any], Any]]]
) -> Mapping[str, Any]:
    if options is None:
        return {}
    if not isinstance(options, dict):
        raise Wrong("request_options", "must be a dict")
    if not all(isinstance(name, str) for name in options):
        raise Wrong("request_options", "must have strings for names")
    record = {}
    for name, value in options.items():
        if name not in known:
            raise Wrong(
                f"request_options.{name}", f"is not known here; there are {', '.join(known)}"
            )
        if value is not None:
            member, read = known[name]
            record[member] = _named(f"request_options.{name}", read, value)
    return record


def _request(**members: tuple[Any, Callable[[Any], Any]]) -> Mapping[str, Any]:
    try:
        read = {camel(name): _named(name, it[1], it[0]) for name, it in members.items()}
    except Wrong as wrong:
        raise invalid(wrong, "not_applicable") from None
    return {name: value for name, value in read.items() if value is not None}


def _filter(account_id: Id | None, posted_since: Day | None) -> Mapping[str, Any]:
    def day(value: Any) -> str | None:
        return None if value is None else values.day(value).isoformat()

    def account(value: Any) -> str | None:
        return None if value is None else values.identifier(value)

    return _request(account_id=(account_id, account), posted_since=(posted_since, day))


def _named(name: str, read: Callable[[Any], T], value: Any) -> T:
    try:
        return read(value)
    except Wrong as wrong:
        raise wrong.within(name) from None


# --- Records become results ----------------------------------------------------------------


def _one(model: type[M]) -> Callable[[Any, list[tuple[str, str]]], M]:
    return lambda data, _headers: resource(model, data)


def _list_of(model: type[M]) -> Callable[[Any, list[tuple[str, str]]], list[M]]:
    return lambda data, _headers: [resource(model, it) for it in data]


def _ach(data: Any, headers: list[tuple[str, str]]) -> AchPayment:
    status = data.get("status")
    location = next((value for name, value in headers if name.lower() == "location"), None)
    return AchPayment.model_validate(
        {
            "payment_id": data.get("paymentId"),
            "status": status or PaymentStatus.P_CREATED,
            "status_is_implied": status is None,
            "location": location,
        }
    )


def _token(data: Any, _headers: list[tuple[str, str]]) -> Token:
    ms = data.get("expiresInMs")
    return Token(scope=data.get("scope"), expires_in=None if ms is None else ms / 1000)
