"""What a call can raise. The class says what happened, ``fate`` what became of the money, and
the message what to do next.

=================  ==========================================================================
``fate``           meaning
=================  ==========================================================================
``never_sent``     no byte of the request left: nothing happened
``refused``        the bank said no, and nothing is in doubt
``unknown``        it may have happened: resend only with the same key (``resume``)
``in_progress``    the bank has it; ask for the payment, do not pay again
``accepted``       the bank has accepted it
``not_applicable`` it was a read: no money is concerned
=================  ==========================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypedDict

from pydantic.alias_generators import to_camel
from typing_extensions import Unpack

from .core.api_error import ApiError

if TYPE_CHECKING:
    from .models import Payment

Fate = Literal["never_sent", "refused", "unknown", "in_progress", "accepted", "not_applicable"]


class Resume(TypedDict):
    """What continues an intent: ``create_ach(request=the_same, **error.resume)``."""

    idempotency_key: str
    resume_from: datetime


@dataclass(frozen=True)
class Attempt:
    """One send of an intent."""

    at: datetime
    status: int | None
    fault: str | None
    fate: Fate


class Evidence(TypedDict, total=False):
    """What an application's test may say about an error that it makes."""

    kind: str
    fate: Fate
    status_code: int
    headers: Mapping[str, str]
    raw: bytes
    error_code: str
    request_id: str
    title: str
    detail: str
    transaction_id: str
    idempotency_key: str
    field: str
    needed_scope: str
    first_sent: datetime
    attempt_log: Sequence[Attempt]
    retry_after: float
    offset: int
    payment: Payment
    reason: str


class QBankError(ApiError):
    """Why a call failed. An application's test makes one from a message and more::

    QBankServiceUnavailableError("down", fate="unknown", status_code=503)
    """

    __slots__ = ()

    _kind: ClassVar[str] = "unexpected_response"

    def __init__(
        self, message: str | Mapping[str, Any] = "", /, **evidence: Unpack[Evidence]
    ) -> None:
        # A mapping is a record of the core.
        given: dict[str, Any] = _record(evidence)
        given |= {"message": message} if isinstance(message, str) else message
        self._raw = bytes(given.pop("raw", b""))
        self._evidence = given
        # Not the evidence, of which a response may be part.
        super().__init__(str(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return _remade, (type(self), self._evidence, self._raw), self.__dict__ or None

    def __str__(self) -> str:
        message = self._evidence.get("message")
        return str(message) if message else self.kind.replace("_", " ")

    def __repr__(self) -> str:
        key = self.idempotency_key
        known = f", idempotency_key={key!r}" if key else ""
        return f"{type(self).__name__}({str(self)!r}, fate={self.fate!r}{known})"

    @property
    def kind(self) -> str:
        """What happened last, by a name of the canonical list, such as ``rate_limited``."""
        return str(self._evidence.get("kind") or self._kind)

    @property
    def fate(self) -> Fate:
        """What became of the money, over all attempts."""
        fate: Fate = self._evidence.get("fate", "not_applicable")
        return fate

    def _text(self, name: str) -> str | None:
        value = self._evidence.get(name)
        return None if value is None else str(value)

    @property
    def error_code(self) -> str | None:
        """The bank's code, such as ``ERR_ACC_001``."""
        return self._text("errorCode")

    @property
    def request_id(self) -> str | None:
        """The bank's id of the request, for its support."""
        return self._text("requestId")

    @property
    def title(self) -> str | None:
        """The title of a problem document (RFC 9457)."""
        return self._text("title")

    @property
    def detail(self) -> str | None:
        """The detail of a problem document (RFC 9457)."""
        return self._text("detail")

    @property
    def transaction_id(self) -> str | None:
        """The payment that is in process under this key: ask ``payments.get`` for it."""
        return self._text("transactionId")

    @property
    def idempotency_key(self) -> str | None:
        """The key of the intent: the only one to resend it with."""
        return self._text("idempotencyKey")

    @property
    def field(self) -> str | None:
        """The argument, option or member that is wrong."""
        return self._text("field")

    @property
    def needed_scope(self) -> str | None:
        """The scope that a token needs for this."""
        return self._text("neededScope")

    @property
    def first_sent(self) -> datetime | None:
        """When the intent was first sent (UTC)."""
        return moment(self._evidence.get("firstSent"))

    @property
    def attempts(self) -> int:
        """How often the intent was sent. Token requests and polls do not count."""
        return len(self._evidence.get("attemptLog", ()))

    @property
    def attempt_log(self) -> list[Attempt]:
        """Each send of the intent, in order."""
        return attempts_of(self._evidence.get("attemptLog", []))

    @property
    def retry_after(self) -> float | None:
        """The seconds that the bank asked to wait."""
        ms = self._evidence.get("retryAfterMs")
        return None if ms is None else ms / 1000

    @property
    def offset(self) -> int | None:
        """Where in a list the first byte is that could not be read."""
        offset: int | None = self._evidence.get("offset")
        return offset

    @property
    def payment(self) -> Payment | None:
        """The payment that failed, or that was seen last while waiting."""
        from .models import Payment, readable

        payment = self._evidence.get("payment")
        return payment if isinstance(payment, Payment) else readable(Payment, payment)

    @property
    def resume(self) -> Resume | None:
        """What continues the intent after an unknown outcome: the same key, and when it was
        first sent. ``None`` where there is nothing to resume.
        """
        key, first_sent = self.idempotency_key, self.first_sent
        if self.fate != "unknown" or key is None or first_sent is None:
            return None
        return {"idempotency_key": key, "resume_from": first_sent}


class QBankInvalidRequestError(QBankError):
    """The request is wrong: found here (kind ``invalid_input``, nothing was sent, ``field``
    names the argument), or by the bank (kind ``invalid_request``).
    """

    __slots__ = ()
    _kind = "invalid_request"


class QBankAuthenticationError(QBankError):
    """The bank does not take the credentials or the token."""

    __slots__ = ()
    _kind = "unauthenticated"


class QBankPermissionDeniedError(QBankError):
    """The token lacks a scope, which ``needed_scope`` names."""

    __slots__ = ()
    _kind = "permission_denied"


class QBankNotFoundError(QBankError):
    """The bank knows no such id, or does not show it yet."""

    __slots__ = ()
    _kind = "not_found"


class QBankIdempotencyConflict(QBankError):
    """A payment with this key is in process: ask for ``transaction_id``, do not retry."""

    __slots__ = ()
    _kind = "idempotency_conflict"


class QBankConflictError(QBankError):
    """The bank refused the request: it conflicts with something else than its key."""

    __slots__ = ()
    _kind = "conflict"


class QBankRateLimitError(QBankError):
    """Too many requests; ``retry_after`` says how long to wait."""

    __slots__ = ()
    _kind = "rate_limited"


class QBankServiceUnavailableError(QBankError):
    """The bank, or a gateway before it, failed (408 or 5xx)."""

    __slots__ = ()
    _kind = "unavailable"


class QBankUnexpectedResponseError(QBankError):
    """The response is none of the bank's, or cannot be read."""

    __slots__ = ()
    _kind = "unexpected_response"


class QBankConnectionError(QBankError):
    """No response came: ``fate`` says whether the request may have been sent."""

    __slots__ = ()
    _kind = "transport"


class QBankDeadlineExceededError(QBankError):
    """The time of the call was up."""

    __slots__ = ()
    _kind = "deadline_exceeded"


class QBankPaymentFailedError(QBankError):
    """The bank's record says that the payment failed; ``payment`` is that record."""

    __slots__ = ()
    _kind = "payment_failed"

    @property
    def payment(self) -> Payment | None:
        """The payment that failed."""
        from .models import Payment, readable

        # The response to a wire is the record itself.
        return super().payment or readable(Payment, self.body)


class QBankWebhookVerificationError(QBankError):
    """A delivery is not to be trusted; ``reason`` names why."""

    __slots__ = ()
    _kind = "invalid_signature"

    @property
    def reason(self) -> str | None:
        """Why, by a name such as ``mismatch`` or ``stale``."""
        return self._text("reason")


_CLASSES: dict[str, type[QBankError]] = {
    "invalid_request": QBankInvalidRequestError,
    "invalid_input": QBankInvalidRequestError,
    "unauthenticated": QBankAuthenticationError,
    "permission_denied": QBankPermissionDeniedError,
    "not_found": QBankNotFoundError,
    "idempotency_conflict": QBankIdempotencyConflict,
    "conflict": QBankConflictError,
    "rate_limited": QBankRateLimitError,
    "unavailable": QBankServiceUnavailableError,
    "server": QBankServiceUnavailableError,
    "request_timeout": QBankServiceUnavailableError,
    "unexpected_response": QBankUnexpectedResponseError,
    "transport": QBankConnectionError,
    "deadline_exceeded": QBankDeadlineExceededError,
    "payment_failed": QBankPaymentFailedError,
    "invalid_signature": QBankWebhookVerificationError,
}


def error_of(record: Mapping[str, Any], raw: bytes = b"") -> QBankError:
    """The error of a record of the core."""
    return _CLASSES.get(record["kind"], QBankError)({**record, "raw": raw})


def without_frames(error: QBankError) -> QBankError:
    """Without the frames that it came through, nor what it was made of in them."""
    error.__context__ = None
    return error.with_traceback(None)


def _remade(error: type[QBankError], evidence: Mapping[str, Any], raw: bytes) -> QBankError:
    """The error of a pickle, or a copy. Not by its constructor: a subclass may have another."""
    made = error.__new__(error)
    made._evidence, made._raw = dict(evidence), raw
    made.args = (str(made),)
    return made


def _record(evidence: Evidence) -> dict[str, Any]:
    """The record of the core that says the same."""
    record: dict[str, Any] = {}
    for name, value in evidence.items():
        if name not in Evidence.__annotations__:
            raise TypeError(f"an error has no {name}")
        member, write = _WRITTEN.get(name, (to_camel(name), lambda it: it))
        record[member] = write(value)
    return record


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


_WRITTEN: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "status_code": ("status", int),
    "headers": ("headers", lambda it: list(it.items())),
    "first_sent": ("firstSent", _milliseconds),
    "retry_after": ("retryAfterMs", lambda it: it * 1000),
    "attempt_log": (
        "attemptLog",
        lambda log: [{**vars(it), "at": _milliseconds(it.at)} for it in log],
    ),
}


def moment(ms: int | None) -> datetime | None:
    """A moment of our own: milliseconds since 1970."""
    return None if ms is None else _utc(ms)


def _utc(ms: int) -> datetime:
    # Not by a fraction of seconds, which is binary.
    return datetime.fromtimestamp(0, timezone.utc) + timedelta(milliseconds=ms)


def attempts_of(log: list[dict[str, Any]]) -> list[Attempt]:
    """The attempts of a record."""
    return [Attempt(_utc(it["at"]), it["status"], it["fault"], it["fate"]) for it in log]
