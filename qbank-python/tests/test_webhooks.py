"""Which deliveries are genuine, and what they say."""

from __future__ import annotations

import base64
import email.message
import hashlib
import hmac
import json
import pickle
import time
from collections.abc import Mapping
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from offline import KEY, PAYMENT
from qbank_connect import verify_webhook
from qbank_connect.errors import QBankError, QBankWebhookVerificationError

SECRET = "webhook-secret-π"
EVENT = "c3a1f0de-77aa-4d59-9a55-101112131415"
BODY = json.dumps(
    {
        "event_id": EVENT,
        "event_type": "payment.status.update",
        "resource_type": "payment",
        "data": {
            "paymentId": PAYMENT,
            "type": "ACH",
            "amount": 1000.5,
            "status": "P_COMPLETED",
            "note": "Zürich 🧾",
        },
    }
).encode()


def digest(body: bytes = BODY, secret: str = SECRET) -> bytes:
    return hmac.new(secret.encode(), body, hashlib.sha256).digest()


def tag(body: bytes = BODY, secret: str = SECRET) -> str:
    return digest(body, secret).hex()


def signed(signature: Any = None) -> dict[str, Any]:
    value = tag() if signature is None else signature
    return {"Webhook-Signature": value, "Webhook-Event-ID": KEY}


def genuine(*args: Any, **options: Any) -> None:
    event = verify_webhook(*args, **options)
    assert event is not None
    assert event.event_id == EVENT


def refusal(*args: Any, **options: Any) -> str:
    with pytest.raises(QBankWebhookVerificationError) as caught:
        verify_webhook(*args, **options)
    error = caught.value
    assert isinstance(error, QBankError)
    assert (error.kind, error.fate) == ("invalid_signature", "not_applicable")
    assert error.status_code is None
    assert len(str(error)) > 10
    for text in (str(error), repr(error), str(vars(error))):
        assert SECRET not in text
    assert pickle.loads(pickle.dumps(error)).reason == error.reason
    assert error.reason is not None
    return error.reason


def test_a_genuine_delivery_gives_its_event_with_exact_amounts() -> None:
    event = verify_webhook(BODY, signed(), SECRET)
    assert event is not None
    assert (event.event_id, event.event_type) == (EVENT, "payment.status.update")
    assert event.resource_type == "payment"
    assert (event.data.payment_id, event.data.status) == (PAYMENT, "P_COMPLETED")
    assert (event.data.amount, event.data.type) == (Decimal("1000.50"), "ACH")


def test_a_tag_may_be_hex_in_any_case_sha256_or_base64() -> None:
    plain, url = (
        base64.b64encode(digest()).decode(),
        base64.urlsafe_b64encode(digest()).decode(),
    )
    for signature in (
        tag(),
        tag().upper(),
        f"sha256={tag()}",
        plain,
        plain.rstrip("="),
        url,
        url.rstrip("="),
        f"  {tag()} ",
    ):
        genuine(BODY, signed(signature), SECRET)


def test_several_candidates_and_several_secrets_are_tried_against_each_other() -> None:
    other = tag(BODY, "another")
    for signature in (f"{other},{tag()}", f"{tag()} {other}", f"x, y, sha256={tag()}"):
        genuine(BODY, signed(signature), SECRET)
    for secrets in (["new", SECRET], (SECRET, "old"), {SECRET}, iter([SECRET])):
        genuine(BODY, signed(), secrets)
    assert refusal(BODY, signed(), ["new", "old"]) == "mismatch"
    eight = ",".join([other] * 7 + [tag()])
    genuine(BODY, signed(eight), SECRET)
    assert refusal(BODY, signed(f"{other},{eight}"), SECRET) == "too_many"


def test_what_is_not_genuine_says_why() -> None:
    assert refusal(BODY + b" ", signed(), SECRET) == "mismatch"
    assert refusal(BODY, signed(tag(BODY, "wrong")), SECRET) == "mismatch"
    sha512 = hmac.new(SECRET.encode(), BODY, hashlib.sha512).hexdigest()
    assert refusal(BODY, signed(sha512), SECRET) == "malformed"
    for none in ({}, [], signed(""), signed("   "), {"signature": tag()}, {"x": None}):
        assert refusal(BODY, none, SECRET) == "missing"
    for malformed in (
        tag()[1:],
        f"{tag()}0",
        "zz",
        "sha1=abc",
        "é",
        "\ud800",
        f"sha256:{tag()}",
        "x" * 100_000,
    ):
        assert refusal(BODY, signed(malformed), SECRET) == "malformed"
    for stamped in (f"t=1700000000,v1={tag()}", f"v1,{tag()}"):
        assert refusal(BODY, signed(stamped), SECRET) == "timestamped"


def test_without_a_usable_secret_nothing_is_genuine() -> None:
    empty = signed(tag(BODY, ""))
    for secrets in (
        "",
        [],
        [""],
        [SECRET, ""],
        None,
        5,
        {},
        [None, SECRET],
        SECRET.encode(),
        [SECRET.encode()],
        "\ud800",
        object(),
    ):
        assert refusal(BODY, empty, secrets) == "bad_secret"
    question = signed(tag(BODY, "?"))
    assert refusal(BODY, question, "\ud800") == "bad_secret"


class OfDjango(Mapping[str, str]):
    """Like ``request.headers``: names in any case, each once."""

    def __init__(self, headers: dict[str, str]) -> None:
        self._store = {name.lower(): (name.title(), it) for name, it in headers.items()}

    def __getitem__(self, name: str) -> str:
        return self._store[name.lower()][1]

    def __iter__(self) -> Any:
        return (name for name, _ in self._store.values())

    def __len__(self) -> int:
        return len(self._store)


class OfFlask:
    """Like werkzeug's: iterates over pairs, some names perhaps twice."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = pairs

    def __iter__(self) -> Any:
        return iter(self._pairs)

    def items(self) -> Any:
        return iter(self._pairs)


def of_message() -> email.message.Message:
    message = email.message.Message()
    message["webhook-signature"] = tag(BODY, "old")
    message["Webhook-Signature"] = tag()
    return message


HEADERS: dict[str, Any] = {
    "a dict": {"webhook-signature": tag()},
    "upper case": {"WEBHOOK-SIGNATURE": tag()},
    "title case": {"Webhook-Signature": tag()},
    "a list of one": {"Webhook-Signature": [tag()]},
    "a list of several": {"Webhook-Signature": [tag(BODY, "old"), tag()]},
    "one that is None": {"webhook-signature": tag(), "Webhook-Signature": None},
    "odd others": {"webhook-signature": tag(), "x-odd": [None, 5], 5: object()},
    "twice in a dict": {"webhook-signature": tag(BODY, "old"), "Webhook-Signature": tag()},
    "django": OfDjango({"webhook-signature": tag()}),
    "flask": OfFlask([("Webhook-Signature", tag())]),
    "flask, twice": OfFlask(
        [("Webhook-Signature", tag(BODY, "a")), ("Webhook-Signature", tag())]
    ),
    "httpx": httpx.Headers({"webhook-signature": tag()}),
    "httpx, twice": httpx.Headers(
        [("webhook-signature", tag(BODY, "old")), ("Webhook-Signature", tag())]
    ),
    "http.server": of_message(),
    "pairs": [("Webhook-Signature", tag())],
    "a generator": (it for it in [("Webhook-Signature", tag())]),
    "asgi": [(b"host", b"\xff"), (b"webhook-signature", tag().encode())],
    "asgi, twice": [
        (b"webhook-signature", tag(BODY, "old").encode()),
        (b"webhook-signature", tag().encode()),
    ],
    "wsgi's values as lists": SimpleNamespace(items=lambda: [["webhook-signature", tag()]]),
}


@pytest.mark.parametrize("kind", HEADERS)
def test_headers_are_those_of_any_framework(kind: str) -> None:
    genuine(BODY, HEADERS[kind], SECRET)


def test_headers_of_starlette_and_of_its_scope_are_taken() -> None:
    starlette = pytest.importorskip("starlette.datastructures")
    raw = [
        (b"webhook-signature", tag(BODY, "old").encode()),
        (b"webhook-signature", tag().encode()),
    ]
    genuine(BODY, starlette.Headers(raw=raw), SECRET)
    genuine(BODY, starlette.Headers({"Webhook-Signature": tag()}), SECRET)


@pytest.mark.parametrize(
    "headers", [None, 5, "text", b"bytes", [1, 2], [("a", "b", "c")], object()]
)
def test_what_are_no_headers_is_refused_and_named(headers: Any) -> None:
    assert refusal(BODY, headers, SECRET) == "bad_options"


def test_a_signature_that_is_no_text_is_refused() -> None:
    for value in (5, {}, True, object(), [5], 5.5):
        assert refusal(BODY, signed(value), SECRET) in ("malformed", "missing")


def test_an_id_or_a_timestamp_that_comes_twice_is_refused() -> None:
    twice = [
        ("webhook-signature", tag()),
        ("webhook-timestamp", "1"),
        ("webhook-timestamp", "2"),
    ]
    assert refusal(BODY, twice, SECRET) == "malformed"


def test_a_body_is_the_bytes_as_they_came() -> None:
    for body in (BODY, BODY.decode(), bytearray(BODY), memoryview(BODY)):
        genuine(body, signed(), SECRET)
    for parsed in (json.loads(BODY), None, 5, [], True, object(), [1, 2]):
        assert refusal(parsed, signed(), SECRET) == "bad_options"
    with pytest.raises(QBankWebhookVerificationError, match="before any JSON is read"):
        verify_webhook(json.loads(BODY), signed(), SECRET)


def test_a_genuine_body_that_is_no_event_gives_none() -> None:
    for body in (
        b"",
        b"{}",
        b"[]",
        b"null",
        b"text",
        b'{"event_id":"17"}',
        f'{{"event_id":"{EVENT}"}}'.encode(),
        BODY[:-1],
        b"\xef\xbb\xbf{}",
        b"\xff\xfe\x00",
        BODY + b"\xc3",
        b"x" * 5_000_000,
    ):
        assert verify_webhook(body, signed(tag(body)), SECRET) is None


def test_an_event_of_a_new_kind_is_given_as_the_bank_left_it() -> None:
    body = json.dumps(
        {
            "event_id": EVENT,
            "event_type": "payment.created",
            "data": {"payment_id": PAYMENT, "status": "P_NEW"},
        }
    ).encode()
    event = verify_webhook(body, signed(tag(body)), SECRET)
    assert event is not None
    assert (event.event_type, event.data.status) == ("payment.created", "P_NEW")


def test_a_value_that_python_cannot_hold_takes_no_genuine_event() -> None:
    data = {"payment_id": PAYMENT, "creation_date": "0000-01-01T00:00:00Z", "amount": 5}
    body = json.dumps({"event_id": EVENT, "data": data}).encode()
    event = verify_webhook(body, signed(tag(body)), SECRET)
    assert event is not None
    assert (event.event_id, event.data.payment_id) == (EVENT, PAYMENT)
    assert (event.data.creation_date, event.data.amount) == (None, Decimal("5.00"))


# --- Standard Webhooks ------------------------------------------------------------------------

KEYED = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
NOW = 1767614400
AS_STANDARD: dict[str, Any] = {"scheme": "standard", "now": NOW}


def standard(at: int = NOW, **more: Any) -> dict[str, Any]:
    key = base64.b64decode(KEYED[6:])
    content = b".".join([b"msg_1", str(at).encode(), BODY])
    value = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{value}",
    }
    return {**headers, **{name.replace("_", "-"): it for name, it in more.items()}}


def test_the_standard_scheme_covers_id_timestamp_and_body() -> None:
    genuine(BODY, standard(), KEYED, **AS_STANDARD)
    genuine(BODY, standard(), ["whsec_AAAA", KEYED], **AS_STANDARD)
    several = f"v1a,xyz v1,{'A' * 43}= {standard()['webhook-signature']}"
    genuine(BODY, standard(webhook_signature=several), KEYED, **AS_STANDARD)
    assert refusal(BODY, standard(webhook_id="msg_2"), KEYED, **AS_STANDARD) == "mismatch"
    assert refusal(BODY + b" ", standard(), KEYED, **AS_STANDARD) == "mismatch"
    for gone in ("webhook_id", "webhook_timestamp"):
        headers = standard(**{gone: None})
        assert refusal(BODY, headers, KEYED, **AS_STANDARD) == "no_id_or_timestamp"
    for secret in (SECRET, "whsec_", "whsec_!!", KEYED[6:]):
        assert refusal(BODY, standard(), secret, **AS_STANDARD) == "bad_secret"
    assert refusal(BODY, standard(), SECRET) == "timestamped"


def test_a_timestamp_too_far_from_now_either_way_is_refused() -> None:
    for at in (NOW - 300, NOW + 300):
        genuine(BODY, standard(at), KEYED, **AS_STANDARD)
    for at in (NOW - 301, NOW + 301):
        assert refusal(BODY, standard(at), KEYED, **AS_STANDARD) == "stale"
    genuine(BODY, standard(NOW - 3000), KEYED, **AS_STANDARD, tolerance=3600)
    genuine(BODY, standard(), KEYED, **AS_STANDARD, tolerance=0)
    assert refusal(BODY, standard(NOW - 1), KEYED, **AS_STANDARD, tolerance=0) == "stale"
    for odd in ("soon", "-5", "1e9", "1767614400.5", ""):
        headers = standard(webhook_timestamp=odd)
        reason = refusal(BODY, headers, KEYED, **AS_STANDARD)
        assert reason in ("malformed", "no_id_or_timestamp")
    genuine(BODY, standard(int(time.time())), KEYED, scheme="standard")
    assert refusal(BODY, standard(), KEYED, scheme="standard") == "stale"


def test_options_that_are_wrong_are_refused_never_guessed_at() -> None:
    for options in (
        {"scheme": "sha256"},
        {"scheme": "Standard"},
        {"scheme": None},
        {"scheme": ["hmac"]},
        {"tolerance": float("inf")},
        {"tolerance": float("nan")},
        {"tolerance": -1},
        {"tolerance": "300"},
        {"tolerance": True},
        {"tolerance": None},
        {"tolerance": 10**400},
        {"now": "2026-01-05"},
        {"now": float("nan")},
        {"now": -1},
        {"now": True},
    ):
        assert refusal(BODY, signed(), SECRET, **options) == "bad_options"


def test_no_frame_of_ours_shows_the_secret() -> None:
    import traceback

    with pytest.raises(QBankWebhookVerificationError) as caught:
        verify_webhook(BODY, signed("zz"), SECRET)
    for frame, _ in traceback.walk_tb(caught.value.__traceback__):
        if frame.f_code.co_filename != __file__:
            assert SECRET not in repr(frame.f_locals)
