"""Reads what an application gives. What a value is in Python is checked here, what it means by
the core; a message names the argument and never repeats its value.
"""

from __future__ import annotations

import json
import math
import re
from datetime import date, datetime, timezone
from decimal import Context, Decimal, InvalidOperation, localcontext
from typing import Any
from uuid import UUID

from . import _core
from .errors import Fate, QBankInvalidRequestError


class Wrong(ValueError):
    """A member that is wrong, and the rule that it breaks."""

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field} {rule}" if field else rule)
        self.field = field
        self.rule = rule

    def within(self, field: str) -> Wrong:
        """The same, of a member of that member."""
        return Wrong(".".join(part for part in (field, self.field) if part), self.rule)


def invalid(wrong: Wrong, fate: Fate) -> QBankInvalidRequestError:
    """The error of it. ``fate`` is what is known of the money before anything is sent."""
    # A name may be anything that was given: no lone surrogate, and not without end.
    field = wrong.field.encode("utf-8", "replace").decode()[:200]
    record = json.loads(_core.invalid_input(field, wrong.rule, fate))
    return QBankInvalidRequestError({**record, "rule": wrong.rule})


def wrong_of(error: QBankInvalidRequestError) -> Wrong:
    """What is wrong, by an error of `invalid`."""
    return Wrong(error.field or "", str(error._evidence.get("rule", error)))


# Where an option's name is another one than in the record: of a client, and of a call.
_OF_CLIENT = {
    "accessToken": "token",
    "backoffMs": "backoff",
    "deadlineMs": "deadline",
    "maxKeyAgeMs": "max_key_age",
    "pollIntervalMs": "poll_interval",
    "timeoutMs": "timeout",
}
_OF_CALL = {
    "accessToken": "request_options.token",
    "authDate": "request_options.auth_date",
    "deadlineMs": "request_options.deadline_in_seconds",
    "maxRetries": "request_options.max_retries",
    "onConflict": "request_options.on_conflict",
    "recipientMember": "recipient_details",
    "timeoutMs": "request_options.timeout_in_seconds",
}
_CAMEL = re.compile(r"\b[a-z]+(?:[A-Z][a-z]+)+\b")


def by_argument(record: dict[str, Any], *, of_client: bool = False) -> dict[str, Any]:
    """The record of an error, what is wrong in it named as the argument that it came from."""
    field = record.get("field")
    if not field:
        return record
    names = _OF_CLIENT if of_client else _OF_CALL

    def name(found: re.Match[str]) -> str:
        return names.get(found[0]) or re.sub("[A-Z]", lambda it: "_" + it[0].lower(), found[0])

    message = record["message"]
    return {**record, "field": _CAMEL.sub(name, field), "message": _CAMEL.sub(name, message)}


def text(value: Any) -> str:
    """A string. A lone surrogate is no Unicode: it would become another text."""
    if not isinstance(value, str):
        raise Wrong("", "must be a string")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Wrong("", "must not have a lone surrogate") from None
    return str.__str__(value)


def identifier(value: Any) -> str:
    """An id of the bank's or a key, as a string or a ``UUID``."""
    return str(value) if isinstance(value, UUID) else text(value)


# Subclasses may print themselves, compare and count in their own way (numpy's numbers do): what
# is read here is what the value is by its base class.
def amount(value: Any) -> Decimal:
    """Dollars with at most two decimals, exactly."""
    dollars = _decimal(value)
    if not dollars.is_finite():
        raise Wrong("", "must be a finite number")
    # By the exponent first: to compare or to round 1e400000 would write out its digits.
    if dollars.adjusted() >= 15:
        raise Wrong("", "is too large")
    if dollars <= 0:
        raise Wrong("", "must be more than zero")
    # Not by the context of the application, which may round.
    with localcontext(_EXACTLY):
        cents = dollars.quantize(_CENT)
        if cents != dollars:
            raise Wrong("", "must have at most two decimals")
    return cents


_CENT = Decimal("0.01")
_EXACTLY = Context(prec=60, traps=[InvalidOperation])


def _decimal(value: Any) -> Decimal:
    if isinstance(value, str):
        digits = text(value)
        if not re.fullmatch(r"[0-9]{1,30}(\.[0-9]{1,2})?", digits):
            raise Wrong("", 'must be dollars with at most two decimals, such as "1000.50"')
        return Decimal(digits)
    if isinstance(value, float):
        # As it is printed. From 2**46 on, two amounts a cent apart can be the same number.
        if math.isfinite(value) and abs(float(value)) >= 2**46:
            raise Wrong("", "must be a Decimal or a string: as a float it is not exact")
        return Decimal(float.__repr__(value))
    if isinstance(value, int) and not isinstance(value, bool):
        # A larger one takes long to become a Decimal.
        return Decimal(min(max(int(value), -1), 10**15))
    if isinstance(value, Decimal):
        return Decimal(value)
    raise Wrong("", "must be dollars as a Decimal, an int, a string or a float")


def day(value: Any) -> date:
    """A day. A moment is another day in another time zone."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise Wrong("", "must be a date, or a string such as 2026-01-31")


def json_text(value: Any) -> str:
    """JSON of what JSON can hold: read with ``parse_float=Decimal``, it is written as the same
    text again. Raises ``TypeError``, ``ValueError`` or ``RecursionError`` for anything else.
    """
    if isinstance(value, str):
        return _quoted(text(value))
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, (float, Decimal)):
        return _number(value)
    if isinstance(value, (list, tuple)):
        return f"[{','.join(map(json_text, value))}]"
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise TypeError("this is no JSON")
    members = (f"{json_text(name)}:{json_text(it)}" for name, it in value.items())
    return f"{{{','.join(members)}}}"


_quoted = json.JSONEncoder(ensure_ascii=False).encode


def _number(value: float | Decimal) -> str:
    # A float by way of its Decimal, which may print itself in another way.
    exact = Decimal(float.__repr__(value) if isinstance(value, float) else value)
    if not exact.is_finite():
        raise ValueError("this is no number")
    number = str(exact).lower()
    if number.lstrip("-").isdigit():
        # Read again, it is an int, whose digits Python limits.
        return "-0.0" if number == "-0" else int.__repr__(int(number))
    return number


def milliseconds(value: Any) -> int:
    """A time in seconds, of at least a millisecond."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Wrong("", "must be a number of seconds")
    if not 0.001 <= value <= 10**9:
        raise Wrong("", "must be seconds from 0.001 on")
    return round(value * 1000)


def flag(value: Any) -> bool:
    """Whether something is so."""
    if not isinstance(value, bool):
        raise Wrong("", "must be True or False")
    return value


def count(value: Any) -> int:
    """A number of things."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**32:
        raise Wrong("", "must be a whole number from 0")
    return int(value)


def sent_at(value: Any) -> int:
    """The moment of a first send, in milliseconds since 1970."""
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise Wrong("", "must be a datetime with a time zone")
    return int(value.timestamp() * 1000)


def http_date(value: Any) -> str:
    """An HTTP-date, as a string or a ``datetime``."""
    if not isinstance(value, datetime):
        return text(value)
    if value.utcoffset() is None:
        raise Wrong("", "must be a datetime with a time zone")
    # Takes longer to import than all of this module.
    from email.utils import format_datetime

    try:
        return format_datetime(value.astimezone(timezone.utc), usegmt=True)
    except OverflowError:
        raise Wrong("", "must be a moment of the years 1 to 9999 in UTC") from None


def on_conflict(value: Any) -> str:
    """What to do where the key is in use."""
    if value not in ("report", "follow_own", "follow"):
        raise Wrong("", "must be report, follow_own or follow")
    return str(value)


def scopes(value: Any) -> list[str]:
    """Scopes of the bank."""
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        raise Wrong("", "must be a list of strings such as accounts.read")
    given = list(value)
    if not all(isinstance(it, str) and re.fullmatch(r"[!-~]+", it) for it in given):
        raise Wrong("", "must be a list of strings such as accounts.read")
    return given


def port(value: Any) -> int:
    """A TCP port."""
    if not 0 < count(value) < 2**16:
        raise Wrong("", "must be a port from 1 to 65535")
    return int(value)
