"""What JSON Schema alone cannot tell a generator: texts with a meaning, cents, the token."""

import os
from datetime import timezone
from email.utils import format_datetime
from uuid import UUID

import schemathesis
from hypothesis import strategies as st


def routing_number(digits):
    """Eight digits, and the one that completes the 3-7-1 checksum."""
    weights = (3, 7, 1, 3, 7, 1, 3, 7)
    return digits + str(-sum(w * int(d) for w, d in zip(weights, digits)) % 10)


def http_date(moment):
    return format_datetime(moment.replace(microsecond=0), usegmt=True)


# Nine zeros add up, and are nobody's.
DIGITS = st.text("0123456789", min_size=8, max_size=8).filter(lambda it: int(it) > 0)
MOMENTS = st.datetimes(timezones=st.just(timezone.utc))
schemathesis.openapi.format("aba-routing-number", DIGITS.map(routing_number))
# An HTTP-date has no year before 1970 in any parser worth its name.
schemathesis.openapi.format(
    "http-date", MOMENTS.filter(lambda moment: moment.year >= 1970).map(http_date)
)


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """These formats are ours: the description has what every generator knows, a pattern."""
    schemas = raw_schema["components"]["schemas"]
    schemas["RoutingNumber"] = {"type": "string", "format": "aba-routing-number"}
    schemas["HttpDate"] = {"type": "string", "format": "http-date"}


# The accounts of the default sandbox: open ones, a closed one, another client's.
ACCOUNTS = [f"acc00000-0000-4000-8000-{n:012x}" for n in (1, 2, 3, 4, 5, 0x0B01)]


def known(text):
    """Most uuids become an account, so that not everything ends in a 404."""
    try:
        return (ACCOUNTS + [text])[UUID(text).int % 7]
    except (AttributeError, TypeError, ValueError):
        return text


@schemathesis.hook
def map_body(context, body):
    if isinstance(body, dict):
        return {k: known(v) if k.endswith("account_id") else v for k, v in body.items()}
    return body


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    return {k: known(v) for k, v in (path_parameters or {}).items()}


@schemathesis.auth().skip_for(path="/token")
class Token:
    """The token endpoint has credentials of its own."""

    def get(self, case, context):
        return os.environ["QBANK_TOKEN"]

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"
