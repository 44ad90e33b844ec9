"""Reads what an application gives. What a value is in Python is checked here, what it means by the
core; a message names the argument and never repeats its value.
"""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timezone
from decimal import Decimal
from email.utils import format_datetime
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
    record = json.loads(_core.invalid_input(wrong.field, wrong.rule, fate))
    return QBankInvalidRequestError({**record, "rule": wrong.rule})


def wrong_of(error: QBankInvalidRequestError) -> Wrong:
    """What is wrong, by an error of `invalid`."""
    return Wrong(error.field or "", str(error._evidence.get("rule", error)))


# Where the argument's name is another one than in the record.
_NAMES = {
    "accessToken": "token",
    "backoffMs": "backoff",
    "deadlineMs": "deadline",
    "maxKeyAgeMs": "max_key_age",
    "pollIntervalMs": "poll_interval",
    "timeoutMs": "timeout",
}


def by_argument(record: dict[str, Any]) -> dict[str, Any]:
    """The record of an error, its field named as the argument that it came from."""
    field = record.get("field")
    if not field:
        return record
    name = _NAMES.get(field) or re.sub(r"(?<=[a-z])([A-Z])", lambda it: "_" + it[0].lower(), field)
    return {**record, "field": name, "message": record["message"].replace(field, name)}


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


def amount(value: Any) -> Decimal:
    """Dollars with at most two decimals, exactly."""
    if isinstance(value, str):
        if not re.fullmatch(r"[0-9]{1,30}(\.[0-9]{1,2})?", value):
            raise Wrong("", 'must be dollars with at most two decimals, such as "1000.50"')
        value = Decimal(value)
    elif isinstance(value, float):
        # As it is printed. From 2**46 on, two amounts a cent apart can be the same number.
        if not abs(value) < 2**46:
            raise Wrong("", "must be a Decimal or a string: as a float it is not exact")
        value = Decimal(repr(value))
    elif isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    elif not isinstance(value, Decimal):
        raise Wrong("", "must be dollars as a Decimal, an int, a string or a float")
    if not value.is_finite():
        raise Wrong("", "must be a number")
    if abs(value) >= 10**15:
        raise Wrong("", "is too large")
    cents = value.quantize(Decimal("0.01"))
    if cents != value:
        raise Wrong("", "must have at most two decimals")
    if cents <= 0:
        raise Wrong("", "must be more than zero")
    return cents


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


def milliseconds(value: Any) -> int:
    """A time in seconds, of at least a millisecond."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Wrong("", "must be a number of seconds")
    if not 0.001 <= value <= 10**9:
        raise Wrong("", "must be seconds from 0.001 on")
    return round(value * 1000)


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
    return format_datetime(value.astimezone(timezone.utc), usegmt=True)


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
