"""A reply with all that is known about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar

from .core.api_error import headers_of
from .errors import Attempt, Fate, attempts_of, moment

T = TypeVar("T")


class RawResponse(Generic[T]):
    """A good response, what it means, and how it came about."""

    # Most calls want the data alone: the rest is read from the record where it is asked for.
    __slots__ = ("_record", "data", "raw")

    data: T
    """What it means."""
    raw: bytes
    """The body as it came."""

    def __init__(self, record: Mapping[str, Any], data: T, raw: bytes) -> None:
        self._record = record
        self.data = data
        self.raw = raw

    @property
    def status_code(self) -> int:
        """The status."""
        status: int = self._record["status"]
        return status

    @property
    def headers(self) -> dict[str, str]:
        """By name in lower case."""
        return headers_of(self._record["headers"])

    @property
    def fate(self) -> Fate:
        """``accepted``, or ``not_applicable`` of a read."""
        fate: Fate = self._record["fate"]
        return fate

    @property
    def idempotency_key(self) -> str | None:
        """The key of the intent, if it writes."""
        key: str | None = self._record["idempotencyKey"]
        return key

    @property
    def first_sent(self) -> datetime | None:
        """When the intent was first sent (UTC)."""
        return moment(self._record["firstSent"])

    @property
    def followed_conflict(self) -> bool:
        """The bank said that a payment with this key was in process, which was this one."""
        followed: bool = self._record["followedConflict"]
        return followed

    @property
    def attempt_log(self) -> list[Attempt]:
        """Each send of the intent, in order."""
        return attempts_of(self._record["attemptLog"])

    @property
    def attempts(self) -> int:
        """How often the intent was sent. Token requests and polls do not count."""
        return len(self._record["attemptLog"])

    def __repr__(self) -> str:
        key = f", idempotency_key={self.idempotency_key!r}" if self.idempotency_key else ""
        known = f"status_code={self.status_code}, fate={self.fate!r}{key}"
        return f"RawResponse(data={self.data!r}, {known})"
