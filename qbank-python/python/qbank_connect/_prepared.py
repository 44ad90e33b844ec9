"""When a prepared write may be sent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Generic, TypeVar

from . import _values as values
from ._operations import Operation
from ._values import Wrong, invalid
from .errors import Fate, QBankError, QBankInvalidRequestError
from .models import Id

T = TypeVar("T")


class Sends(Generic[T]):
    """The sends of a prepared write. Threads may share it: one of them sends first, and only
    what is known to have sent nothing may be sent again without ``resume_from``.
    """

    __slots__ = ("_key", "_lock", "_maybe_sent", "_operation", "_outcome")

    def __init__(self, operation: Operation[T], key: str) -> None:
        self._operation = operation
        self._key = key
        self._lock = threading.Lock()
        self._maybe_sent = 0
        """So many, those under way included."""
        self._outcome: Fate = "never_sent"

    @contextmanager
    def one(self, key: Id | None, resume_from: datetime | None) -> Iterator[Operation[T]]:
        """One send: gives its operation, and notes what the send came to."""
        operation = self._begin(key, resume_from)
        # After an interrupt it stays so.
        fate: Fate = "unknown"
        try:
            yield operation
            fate = "accepted"
        except QBankError as error:
            # A hook of the application's may raise that of another call.
            if error.idempotency_key == self._key:
                fate = error.fate
            raise
        finally:
            self._ended(fate)

    def _begin(self, key: Id | None, resume_from: datetime | None) -> Operation[T]:
        options = {**self._operation.options, "idempotencyKey": self._key}
        fate = self._operation.fate
        with self._lock:
            try:
                self._check(key)
                if resume_from is not None:
                    fate, options["resumeFrom"] = "unknown", _moment(resume_from)
                if self._maybe_sent and "resumeFrom" not in options:
                    raise Wrong("resume_from", f"is needed: this {_SENT[self._outcome]}")
            except Wrong as wrong:
                known = self._outcome if resume_from is None else "unknown"
                raise self._refusal(wrong, known) from None
            self._maybe_sent += 1
            if self._outcome in ("never_sent", "refused"):
                self._outcome = "unknown"
        return replace(self._operation, options=options, fate=fate)

    def _ended(self, fate: Fate) -> None:
        with self._lock:
            only = self._maybe_sent == 1
            if fate == "never_sent":
                self._maybe_sent -= 1
            # That nothing happened, a send knows of itself alone.
            if self._outcome == "unknown" and (only or fate in ("accepted", "in_progress")):
                self._outcome = fate

    def _check(self, key: Id | None) -> None:
        if key is None:
            return
        try:
            own = values.identifier(key).lower() == self._key.lower()
        except Wrong as wrong:
            raise wrong.within("idempotency_key") from None
        if not own:
            raise Wrong("idempotency_key", "must be the one that this was prepared with")

    def _refusal(self, wrong: Wrong, fate: Fate) -> QBankInvalidRequestError:
        error = invalid(wrong, fate)
        record = {**error._evidence, "fate": fate, "idempotencyKey": self._key}
        if fate in _KNOWN:
            # The core's text is of what is not known.
            record["message"] = f"{wrong}; {_KNOWN[fate]}"
        return QBankInvalidRequestError(record)


_SENT: dict[Fate, str] = {
    "unknown": "was sent before, or is being sent",
    "refused": "was sent before, and refused",
    "in_progress": "was sent before, and the bank has it",
    "accepted": "was sent before, and accepted",
}
_KNOWN: dict[Fate, str] = {
    "refused": "no money moved; correct the request, and prepare another",
    "in_progress": "do not pay again: ask for the payment",
    "accepted": "do not pay again",
}


def _moment(at: datetime) -> int:
    try:
        return values.sent_at(at)
    except Wrong as wrong:
        raise wrong.within("resume_from") from None
