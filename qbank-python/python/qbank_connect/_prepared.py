"""When a prepared write may be sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from . import _values as values
from ._operations import Operation
from ._values import Wrong, invalid

T = TypeVar("T")


def resumed(
    operation: Operation[T], key: str, resume_from: datetime | None, sent: bool
) -> Operation[T]:
    """The operation with its key; one that was sent before only as a resumed one."""
    options = {**operation.options, "idempotencyKey": key}
    if resume_from is not None:
        try:
            options["resumeFrom"] = values.sent_at(resume_from)
        except Wrong as wrong:
            raise invalid(wrong.within("resume_from"), "unknown") from None
        return replace(operation, options=options, fate="unknown")
    if sent and "resumeFrom" not in options:
        raise invalid(Wrong("resume_from", "is needed: this was sent before"), "unknown")
    return replace(operation, options=options)
