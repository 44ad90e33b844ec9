"""Verifies webhook deliveries."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from typing import Any, Literal, Protocol, TypeAlias

from . import _core
from ._method import hides_frames
from .errors import QBankWebhookVerificationError
from .models import WebhookEvent, resource

Scheme: TypeAlias = Literal["hmac", "standard"]


class HasItems(Protocol):
    """Headers of a framework: names and values, some names perhaps twice."""

    def items(self) -> Iterable[tuple[str, Any]]:
        """Names and values."""
        ...


DeliveryHeaders: TypeAlias = (
    HasItems | Iterable[tuple[str, str]] | Iterable[tuple[bytes, bytes]]
)
"""Those of any framework, or pairs (of bytes in an ASGI scope)."""


@hides_frames
def verify_webhook(
    body: bytes | str,
    headers: DeliveryHeaders,
    secrets: str | Iterable[str],
    *,
    scheme: Scheme = "hmac",
    tolerance: float = 300,
    now: float | None = None,
) -> WebhookEvent | None:
    """The event of a delivery, if its signature is genuine; ``None`` if it is, but the body is
    no event of ours.

    ``body`` is what arrived, before any JSON is read. ``headers`` are those of any framework,
    or pairs; ``secrets`` is one, or several while one is replaced by another. Under
    ``standard`` (Standard Webhooks) the timestamp may be ``tolerance`` seconds off ``now``; the
    default scheme signs none, so drop an ``event_id`` that was seen. Answer exactly 200, or 400
    to what raises.

    Raises ``QBankWebhookVerificationError``, whose ``reason`` names why.
    """
    if scheme not in ("hmac", "standard"):
        raise _refused("bad_options", "scheme must be hmac or standard")
    seconds = time.time() if now is None else now
    if not _is_time(tolerance) or not _is_time(seconds):
        raise _refused("bad_options", "tolerance and now must be numbers of seconds from 0")
    found = _Headers(headers)
    signature = found.get("webhook-signature")
    if signature is None:
        raise _refused("missing", "the delivery has no signature")
    delivery = {
        "signature": signature,
        "eventId": found.get("webhook-event-id") or found.get("webhook-id"),
        "timestamp": found.get("webhook-timestamp"),
        "secrets": _secrets(secrets),
        "tolerance": int(tolerance) if scheme == "standard" else None,
        "unix": int(seconds),
    }
    try:
        event = _core.verify_webhook(_octets(body), json.dumps(delivery))
    except _core.Refused as refused:
        record = json.loads(refused.args[0])
        raise _refused(record["reason"], record["message"]) from None
    read = json.loads(event)
    return None if read is None else resource(WebhookEvent, read)


class _Headers:
    """By name, whatever the case of the names."""

    def __init__(self, headers: Any) -> None:
        items = getattr(headers, "multi_items", None) or getattr(headers, "items", None)
        try:
            pairs = [(name, value) for name, value in (items() if items else headers)]
        except (TypeError, ValueError):
            rule = "headers must be those of a framework, a dict, or pairs of name and value"
            raise _refused("bad_options", rule) from None
        self._pairs = [
            (_text(name).lower(), it) for name, value in pairs for it in _each(value)
        ]

    def get(self, wanted: str) -> str | None:
        values = [value for name, value in self._pairs if name == wanted]
        # Two signature headers are one list (RFC 9110 5.3); anything else comes once.
        if len(values) > 1 and wanted != "webhook-signature":
            raise _refused("malformed", f"the header {wanted} comes twice")
        if not all(isinstance(value, (str, bytes)) for value in values):
            raise _refused("malformed", f"the header {wanted} is no text")
        return ", ".join(map(_text, values)) if values else None


def _each(value: Any) -> Iterator[Any]:
    """The values of a header: some frameworks have a list of them."""
    if isinstance(value, (list, tuple)):
        yield from value
    elif value is not None:
        yield value


def _text(value: Any) -> str:
    # Of an ASGI scope, names and values are bytes.
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    return text.encode("utf-8", "replace").decode()


def _secrets(secrets: Any) -> list[str]:
    # What is no text is no secret; neither is a lone surrogate, in whose place another
    # character would stand.
    if isinstance(secrets, str) or not isinstance(secrets, Iterable):
        secrets = [secrets]
    return [it if isinstance(it, str) and _text(it) == it else "" for it in secrets]


def _octets(body: Any) -> bytes:
    if isinstance(body, str):
        return body.encode("utf-8", "surrogatepass")
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body)
    raise _refused(
        "bad_options", "body must be the bytes as they came, before any JSON is read"
    )


def _is_time(value: Any) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and 0 <= value < 2**53


def _refused(reason: str, message: str) -> QBankWebhookVerificationError:
    return QBankWebhookVerificationError({"message": message, "reason": reason})
