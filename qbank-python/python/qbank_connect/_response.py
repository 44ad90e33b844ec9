"""A reply with all that is known about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from .core.api_error import headers_of
from .errors import Attempt, Fate, attempts_of, moment

T = TypeVar("T")


@dataclass(frozen=True)
class RawResponse(Generic[T]):
    """A good response, what it means, and how it came about."""

    data: T
    status_code: int
    headers: dict[str, str] = field(repr=False)
    """By name in lower case."""
    raw: bytes = field(repr=False)
    """The body as it came."""
    fate: Fate
    idempotency_key: str | None
    first_sent: datetime | None
    """When the intent was first sent (UTC)."""
    followed_conflict: bool
    """The bank said that a payment with this key was in process, which was this one."""
    attempt_log: list[Attempt] = field(repr=False)

    @property
    def attempts(self) -> int:
        """How often the intent was sent. Token requests and polls do not count."""
        return len(self.attempt_log)


def raw_response(record: dict[str, Any], data: T, raw: bytes) -> RawResponse[T]:
    """The response of a reply's record."""
    return RawResponse(
        data=data,
        status_code=record["status"],
        headers=headers_of(record["headers"]),
        raw=raw,
        fate=record["fate"],
        idempotency_key=record["idempotencyKey"],
        first_sent=moment(record["firstSent"]),
        followed_conflict=record["followedConflict"],
        attempt_log=attempts_of(record["attemptLog"]),
    )
