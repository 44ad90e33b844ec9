"""Drives a call of the core to its end. One generator for both clients: it yields what is to be
done (send, authorize, wait), gets what came of it, and returns the reply.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from . import _core
from ._operations import Operation
from ._response import RawResponse
from ._values import by_argument, invalid, wrong_of
from .errors import QBankError, QBankInvalidRequestError, error_of

T = TypeVar("T")
log = logging.getLogger("qbank_connect")


@dataclass(frozen=True)
class Send:
    """Do this exchange once. Gives `Received`."""

    request: dict[str, Any] = field(repr=False)
    body: bytes = field(repr=False)
    streams: Callable[[int], bool] | None
    """Whether the body of a response with this status is left unread."""


@dataclass(frozen=True)
class Authorize:
    """Ask the application's supplier for a token, within so many seconds. Gives `Supplied`."""

    seconds: float


@dataclass(frozen=True)
class Wait:
    """Sleep so many seconds, or until the call is woken."""

    seconds: float


@dataclass
class Received:
    """What came of an exchange: a response, or as much of one as came before a fault."""

    status: int | None = None
    headers: list[str] = field(default_factory=list, repr=False)
    """Names and values in turn."""
    body: bytes = field(default=b"", repr=False)
    fault: str | None = None
    message: str = ""
    never_sent: bool = False
    cause: BaseException | None = None
    stream: Any = None
    """The response whose body was left unread."""


@dataclass(frozen=True)
class Supplied:
    """What a supplier gave: the record of a token, or of why there is none."""

    record: Mapping[str, Any] = field(repr=False)
    cause: BaseException | None = None


Ask = Send | Authorize | Wait
Driving = Generator[Ask, Any, RawResponse[T]]


class Made(Generic[T]):
    """A call of the core, and the operation that it is of."""

    def __init__(self, call: _core.Call, operation: Operation[T]) -> None:
        self.call = call
        self.operation = operation
        self.stream: Any = None
        """Of a list: the response whose body is still to be read."""
        self.cause: BaseException | None = None
        """What went wrong last."""

    def drive(self) -> Driving[T]:
        """The reply of the call, or its error, raised."""
        try:
            while True:
                step = json.loads(self.call.poll(*clocks()))
                if "send" in step:
                    # Not in a variable of a frame: it has a token.
                    send = self._to_send(step.pop("send"))
                    yield from self._send(send)
                elif "authorize" in step:
                    supplied: Supplied = yield Authorize(step["authorize"] / 1000)
                    self.cause = supplied.cause or self.cause
                    self.call.supply(*clocks(), _text(supplied.record))
                elif "wait" in step:
                    yield Wait(step["wait"] / 1000)
                else:
                    return self.outcome(step)
        except QBankError:
            raise
        except BaseException as called_off:
            # Cancelled, interrupted, or left: the exchange in flight counts as maybe sent.
            self._abandon(called_off)
            raise

    def _to_send(self, request: dict[str, Any]) -> Send:
        streams = self._streams if self.operation.name.endswith(".stream") else None
        return Send(request, self.call.body(), streams)

    def _send(self, send: Send) -> Generator[Ask, Any, None]:
        began = time.monotonic()
        try:
            received: Received = yield send
        except QBankInvalidRequestError as error:
            # There is no HTTP client to send it with.
            wrong = wrong_of(error)
            raise invalid(wrong, self.operation.fate) from None
        if log.isEnabledFor(logging.DEBUG):
            what = received.fault or "response"
            ms = round((time.monotonic() - began) * 1000)
            log.debug(
                "%s: %s, status %s, %d ms", self.operation.title, what, received.status, ms
            )
        self.cause = received.cause
        self.stream = received.stream
        record = {
            "status": received.status,
            "headers": received.headers,
            "fault": received.fault,
            "message": received.message,
            "neverSent": received.never_sent,
        }
        self.call.settle(*clocks(), _text(record), received.body)

    def _streams(self, status: int) -> bool:
        return self.call.streams(*clocks(), status)

    def outcome(self, step: Mapping[str, Any]) -> RawResponse[T]:
        """What a last step says: the reply, or the error, raised."""
        failed = step.get("failed")
        if failed is not None:
            self.raise_failed(failed)
        reply = step["done"]
        data = self.operation.read(reply["data"], reply["headers"])
        return RawResponse(reply, data, self.call.body())

    def raise_failed(self, record: dict[str, Any], raw: bytes | None = None) -> None:
        """Raises the error of a record."""
        if raw is None and record.get("headers") is not None:
            raw = self.call.body()
        error = error_of(by_argument(record), raw or b"")
        # Not in a variable of this frame, which may be reported.
        del raw
        # A cycle of references would keep frames, and what they hold, alive.
        cause, self.cause = self.cause, None
        raise error from cause

    def _abandon(self, called_off: BaseException) -> None:
        step = json.loads(self.call.abandon(*clocks()))
        record = step.get("failed") or step["done"]
        if not self.operation.writes:
            log.debug("%s was called off", self.operation.title)
            return
        key, fate = record["idempotencyKey"], record["fate"]
        note = f"{self.operation.title} was called off: fate {fate}, idempotency_key {key}"
        error = error_of(record)
        if error.resume is not None:
            note += f", resume_from {error.resume['resume_from'].isoformat()}"
        if error.transaction_id is not None:
            note += f", transaction_id {error.transaction_id}"
        log.warning(note)
        # Python 3.10 has no notes.
        add_note = getattr(called_off, "add_note", None)
        if add_note is not None:
            add_note(f"qbank_connect: {note}")


def clocks() -> tuple[float, float]:
    """Monotonic and unix time, in seconds."""
    return time.monotonic(), time.time()


_encode = json.JSONEncoder(ensure_ascii=False).encode


def _text(record: Mapping[str, Any]) -> str:
    # A lone surrogate is no JSON: `?` in its place.
    return _encode(record).encode("utf-8", "replace").decode()
