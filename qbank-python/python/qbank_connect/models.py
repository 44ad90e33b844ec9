"""What is asked for, and what the bank says.

Amounts are ``Decimal`` dollars, days are ``date``, moments are aware ``datetime`` (UTC). What
the bank did not say is ``None``. Members that this version does not know are in ``raw`` of a
response; ``model_extra`` has them only where a model is made from the bank's own JSON.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeAlias, TypeVar
from uuid import UUID

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    ValidationError,
)
from pydantic.alias_generators import to_camel
from pydantic_core import core_schema

from ._values import Wrong, amount, day, identifier, invalid, text, wrong_of
from .errors import QBankInvalidRequestError

__all__ = [
    "Account",
    "AccountStatus",
    "AccountType",
    "AchPayment",
    "AchPaymentRequest",
    "Balance",
    "BeneficiaryDetails",
    "CheckIssue",
    "CheckIssueRequest",
    "Payment",
    "PaymentStatus",
    "PaymentType",
    "PositivePayException",
    "ReasonCode",
    "RecipientDetails",
    "Token",
    "Transaction",
    "TransactionStatus",
    "Transfer",
    "TransferRequest",
    "WebhookEvent",
    "WirePaymentRequest",
]


# --- Words of the bank ---------------------------------------------------------------------


class _Word(str):
    """A word of the bank. The list is open: one that is not known here is kept as it is."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[Any], handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(
            cls, core_schema.str_schema(), serialization=core_schema.to_string_ser_schema()
        )


class PaymentStatus(_Word):
    """The state of a payment. The last two are final."""

    __slots__ = ()
    P_CREATED: ClassVar[PaymentStatus]
    P_VALIDATED: ClassVar[PaymentStatus]
    P_SUBMITTED_TO_CORE: ClassVar[PaymentStatus]
    P_PROCESSING: ClassVar[PaymentStatus]
    P_COMPLETED: ClassVar[PaymentStatus]
    P_FAILED: ClassVar[PaymentStatus]

    @property
    def is_final(self) -> bool:
        """Whether it stays so."""
        return self in ("P_COMPLETED", "P_FAILED")


class PaymentType(_Word):
    """How money is moved."""

    __slots__ = ()
    ACH: ClassVar[PaymentType]
    WIRE: ClassVar[PaymentType]


class AccountType(_Word):
    """What kind of account it is."""

    __slots__ = ()
    CHECKING: ClassVar[AccountType]
    SAVINGS: ClassVar[AccountType]
    TREASURY: ClassVar[AccountType]


class AccountStatus(_Word):
    """Whether an account is in use."""

    __slots__ = ()
    ACTIVE: ClassVar[AccountStatus]
    CLOSED: ClassVar[AccountStatus]


class TransactionStatus(_Word):
    """The state of a transaction."""

    __slots__ = ()
    POSTED: ClassVar[TransactionStatus]
    PENDING: ClassVar[TransactionStatus]
    REVERSED: ClassVar[TransactionStatus]


class ReasonCode(_Word):
    """Why a check is an exception."""

    __slots__ = ()
    AMOUNT_MISMATCH: ClassVar[ReasonCode]
    NO_ISSUE: ClassVar[ReasonCode]


PaymentStatus.P_CREATED = PaymentStatus("P_CREATED")
PaymentStatus.P_VALIDATED = PaymentStatus("P_VALIDATED")
PaymentStatus.P_SUBMITTED_TO_CORE = PaymentStatus("P_SUBMITTED_TO_CORE")
PaymentStatus.P_PROCESSING = PaymentStatus("P_PROCESSING")
PaymentStatus.P_COMPLETED = PaymentStatus("P_COMPLETED")
PaymentStatus.P_FAILED = PaymentStatus("P_FAILED")
PaymentType.ACH = PaymentType("ACH")
PaymentType.WIRE = PaymentType("WIRE")
AccountType.CHECKING = AccountType("Checking")
AccountType.SAVINGS = AccountType("Savings")
AccountType.TREASURY = AccountType("Treasury")
AccountStatus.ACTIVE = AccountStatus("Active")
AccountStatus.CLOSED = AccountStatus("Closed")
TransactionStatus.POSTED = TransactionStatus("POSTED")
TransactionStatus.PENDING = TransactionStatus("PENDING")
TransactionStatus.REVERSED = TransactionStatus("REVERSED")
ReasonCode.AMOUNT_MISMATCH = ReasonCode("AMOUNT_MISMATCH")
ReasonCode.NO_ISSUE = ReasonCode("NO_ISSUE")


# --- What the bank says --------------------------------------------------------------------


# `frozen` in the class statement is what type checkers read.
class _Resource(BaseModel, frozen=True):
    """Both spellings of a member are read: ours and the bank's."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="allow")


class _Audited(_Resource, frozen=True):
    timestamp: datetime | None = None
    """When this was written (UTC)."""
    actor: str | None = None
    """The id of the client that caused it."""
    request_id: str | None = None
    """The bank's id of the request that caused it."""


class Account(_Audited, frozen=True):
    """An account, as of the nightly load."""

    account_id: str
    account_name: str | None = None
    account_type: AccountType | None = None
    currency: str | None = None
    status: AccountStatus | None = None


class Balance(_Resource, frozen=True):
    """What is on an account now."""

    account_id: str
    available_balance: Decimal | None = None
    """In dollars."""
    current_balance: Decimal | None = None
    """In dollars."""
    currency: str | None = None
    last_updated_timestamp: datetime | None = None


class Transaction(_Audited, frozen=True):
    """What was posted to an account."""

    transaction_id: str
    amount: Decimal | None = None
    """In dollars; negative where money left."""
    description: str | None = None
    transaction_date: datetime | None = None
    """When it was initiated."""
    value_date: date | None = None
    """From when it counts for interest."""
    posting_date: datetime | None = None
    """When it became visible through the API."""
    status: TransactionStatus | None = None


class Payment(_Audited, frozen=True):
    """A payment, as the bank has it."""

    payment_id: str
    type: PaymentType | None = None
    amount: Decimal | None = None
    """In dollars."""
    status: PaymentStatus | None = None
    creation_date: datetime | None = None
    completion_date: datetime | None = None
    """Not there until the state is final."""


class AchPayment(_Resource, frozen=True):
    """An ACH payment that the bank has accepted."""

    payment_id: str | None = None
    """For ``payments.get`` and ``payments.wait``, if the bank gave one."""
    status: PaymentStatus
    """The state that the bank told, or ``P_CREATED`` (see ``status_is_implied``)."""
    status_is_implied: bool = False
    """The bank accepted it and told no state."""
    location: str | None = None
    """The ``Location`` header, as it came."""


class Transfer(_Resource, frozen=True):
    """A transfer between own accounts that the bank has made."""

    payment_id: str | None = None


class CheckIssue(_Resource, frozen=True):
    """A check that the bank now knows."""

    issue_id: str


class PositivePayException(_Audited, frozen=True):
    """A check that was presented and not paid."""

    exception_id: str
    account_id: str | None = None
    check_number: str | None = None
    presented_amount: Decimal | None = None
    """In dollars."""
    presentment_date: date | None = None
    reason_code: ReasonCode | None = None


class Token(_Resource, frozen=True):
    """What is known of a token, which itself is not shown."""

    scope: str | None = None
    expires_in: float | None = None
    """Seconds from its request on."""


class WebhookEvent(_Resource, frozen=True):
    """What the bank told by a delivery that is genuine."""

    event_id: str
    """The same in each delivery of this event: drop those that were seen."""
    event_type: str | None = None
    resource_type: str | None = None
    data: Payment


R = TypeVar("R", bound=BaseModel)


def resource(model: type[R], data: Any) -> R:
    """The resource of a record of the core. A value that Python cannot hold, such as the year
    10000, is left out: it must not take what else is known with it.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        for wrong in error.errors():
            data = _without(data, wrong["loc"])
        return model.model_validate(data)


def _without(data: Any, path: tuple[int | str, ...]) -> Any:
    if not path or not isinstance(data, dict):
        return data
    first, *rest = path
    return {
        name: _without(it, tuple(rest)) if to_camel(name) == first else it
        for name, it in data.items()
        if rest or to_camel(name) != first
    }


def readable(model: type[R], data: Any) -> R | None:
    """The same, or nothing where it cannot be read."""
    try:
        return None if data is None else resource(model, data)
    except ValidationError:
        return None


# --- What is asked for ---------------------------------------------------------------------

Amount: TypeAlias = Decimal | int | float | str
"""Dollars with at most two decimals. A ``float`` counts as it is printed: ``1000.50``."""
Id: TypeAlias = str | UUID
Day: TypeAlias = date | str
"""A day, as a string such as ``2026-01-31``."""


class _Request(BaseModel):
    """Raises ``QBankInvalidRequestError``, which names the field; its value is not repeated. It
    cannot be changed: what was checked is what is sent.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    # Positional: a dict may have a member `self`.
    def __init__(self, /, **members: Any) -> None:
        try:
            super().__init__(**members)
        except ValidationError as error:
            # Not as its cause, which has what was given.
            raise invalid(_wrong(error), "never_sent") from None

    def __repr__(self) -> str:
        # An account number is a secret.
        return f"{type(self).__name__}(…)"

    __str__ = __repr__


def members_of(model: BaseModel) -> dict[str, Any]:
    """What a model has, however it was made."""
    return {**vars(model), **(getattr(model, "__pydantic_extra__", None) or {})}


def _wrong(error: ValidationError) -> Wrong:
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"] if isinstance(part, str))
    inner = first.get("ctx", {}).get("error")
    if isinstance(inner, Wrong):
        return inner.within(field)
    rules = {
        "missing": "is missing",
        "extra_forbidden": "is not known here",
        "string_unicode": "must not have a lone surrogate",
    }
    return Wrong(field or "request", rules.get(first["type"], first["msg"]))


_Id = Annotated[str, BeforeValidator(identifier)]
_Text = Annotated[str, BeforeValidator(text)]
_Amount = Annotated[Decimal, BeforeValidator(amount)]
_Day = Annotated[date, BeforeValidator(day)]


class BeneficiaryDetails(_Request):
    """Who gets a wire. ``bank_id`` is the ABA routing number: nine digits."""

    name: _Text
    bank_id: _Text
    account_number: _Text

    if TYPE_CHECKING:

        def __init__(self, *, name: str, bank_id: str, account_number: str) -> None: ...


class RecipientDetails(_Request):
    """Who gets an ACH payment. ``bank_id`` is the ABA routing number: nine digits. Members
    beyond these three go to the bank as they are.
    """

    model_config = ConfigDict(extra="allow")

    name: _Text
    bank_id: _Text
    account_number: _Text

    if TYPE_CHECKING:

        def __init__(
            self, *, name: str, bank_id: str, account_number: str, **members: Any
        ) -> None: ...


def _party(model: type[BeneficiaryDetails | RecipientDetails]) -> BeforeValidator:
    def read(value: Any) -> Any:
        if value is None:
            return value
        if isinstance(value, (set, frozenset)) and Ellipsis in value:
            rule = "is a placeholder, {...}: give name, bank_id and account_number"
            raise Wrong("", rule)
        if isinstance(value, model):
            # Again: `model_copy` and `model_construct` check nothing.
            value = members_of(value)
        if not isinstance(value, dict):
            raise Wrong("", f"must be a {model.__name__} or a dict")
        if not all(isinstance(name, str) for name in value):
            raise Wrong("", "must have strings for names")
        try:
            return model(**value)
        except QBankInvalidRequestError as error:
            raise wrong_of(error) from None

    return BeforeValidator(read)


class AchPaymentRequest(_Request):
    """An ACH payment to an account of one's own or to a recipient at another bank: exactly one
    of ``destination_account_id`` and ``recipient_details``. ``amount`` is in dollars;
    ``effective_date`` is the day on which it shall settle.
    """

    source_account_id: _Id
    destination_account_id: _Id | None = None
    recipient_details: Annotated[RecipientDetails | None, _party(RecipientDetails)] = None
    amount: _Amount
    effective_date: _Day | None = None
    reference_id: _Text | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            source_account_id: Id,
            amount: Amount,
            destination_account_id: Id | None = None,
            recipient_details: RecipientDetails | dict[str, Any] | None = None,
            effective_date: Day | None = None,
            reference_id: str | None = None,
        ) -> None: ...


class WirePaymentRequest(_Request):
    """A wire. ``amount`` is in dollars."""

    source_account_id: _Id
    beneficiary_details: Annotated[BeneficiaryDetails, _party(BeneficiaryDetails)]
    amount: _Amount
    reference_code: _Text

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            source_account_id: Id,
            beneficiary_details: BeneficiaryDetails | dict[str, Any],
            amount: Amount,
            reference_code: str,
        ) -> None: ...


class TransferRequest(_Request):
    """A transfer between accounts of one's own. ``amount`` is in dollars."""

    from_account_id: _Id
    to_account_id: _Id
    amount: _Amount

    if TYPE_CHECKING:

        def __init__(
            self, *, from_account_id: Id, to_account_id: Id, amount: Amount
        ) -> None: ...


class CheckIssueRequest(_Request):
    """A check that was written, for the bank to compare with what is presented. ``amount`` is
    in dollars. Without an ``issue_id`` the issue has the id of its intent.
    """

    issue_id: _Id | None = None
    account_id: _Id
    check_number: _Text
    amount: _Amount
    issue_date: _Day

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            account_id: Id,
            check_number: str,
            amount: Amount,
            issue_date: Day,
            issue_id: Id | None = None,
        ) -> None: ...
