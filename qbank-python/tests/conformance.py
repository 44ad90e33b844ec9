"""Plays one scenario of qbank-conformance through this package: ``{target, call}`` on standard
input, what came of it as the last line of standard output.

    conformance.py CLIENT CODE

CLIENT is whose HTTP it is: ``own`` (the package's own, over httpcore), ``httpx`` or ``httpx2``
(a client that the user gives). CODE is ``sync``, ``asyncio`` or ``trio``.

    cargo run -p qbank-conformance --example play -- httpx python tests/conformance.py own sync
"""

from __future__ import annotations

import json
import math
import os
import ssl
import sys
import tempfile
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import anyio
from qbank_connect import AsyncQBankConnectClient, QBankConnectClient
from qbank_connect.errors import QBankError

SCOPES = [
    "accounts.read",
    "balances.read",
    "transactions.read",
    "payments.read",
    "payments.ach.write",
    "payments.wire.write",
    "transfers.write",
    "positivepay.issues.write",
    "positivepay.exceptions.read",
]
# The bank names most members in camel case; these it does not.
SNAKE = {
    "actor",
    "request_id",
    "transaction_date",
    "value_date",
    "posting_date",
    "check_number",
    "presented_amount",
    "presentment_date",
    "reason_code",
    "last_updated_timestamp",
}
PARTIES = ("recipient_details", "beneficiary_details")


class Scenario:
    """One call, and where it goes."""

    def __init__(self, given: dict[str, Any], directory: Path) -> None:
        self.target: dict[str, Any] = given["target"]
        self.call: dict[str, Any] = given["call"]
        self.arguments: dict[str, Any] = self.call["arguments"]
        self.directory = directory

    @property
    def context(self) -> ssl.SSLContext | bool:
        """What a client of the user's own verifies servers with."""
        target = self.target
        if target.get("ca_pem") is None:
            return True
        context = ssl.create_default_context(cadata=target["ca_pem"])
        if target.get("client_certificate_pem") is not None:
            certificate = self.directory / "client.pem"
            certificate.write_text(target["client_certificate_pem"] + target["client_key_pem"])
            context.load_cert_chain(certificate)
        return context

    def trust(self) -> None:
        """Has the package's own client trust the certificate, by the environment."""
        if self.target.get("ca_pem") is not None:
            roots = self.directory / "ca.pem"
            roots.write_text(self.target["ca_pem"])
            os.environ["SSL_CERT_FILE"] = str(roots)

    def http(self, client: str, code: str) -> Any:
        """The client that the user gives; ``None`` for the package's own, which presents no
        certificate: who has one gives a client of httpx.
        """
        if client == "own" and self.target.get("client_certificate_pem") is None:
            self.trust()
            return None
        if client == "httpx2":
            import httpx2 as library
        else:
            import httpx as library
        kind = library.Client if code == "sync" else library.AsyncClient
        return kind(verify=self.context)

    def options(self, http: Any) -> dict[str, Any]:
        """Of the client under test."""
        options = self.call["options"]
        target = self.target
        token = options.get("access_token")
        given: dict[str, Any] = {
            "client_id": target["client_id"],
            "client_secret": target["client_secret"],
            "scopes": SCOPES,
        }
        return {
            **(given if token is None else {"token": token}),
            "base_url": target["base_url"],
            "token_url": target["token_url"],
            "timeout": options["timeout_ms"] / 1000,
            "deadline": options["deadline_ms"] / 1000,
            "backoff": options["backoff_ms"] / 1000,
            "poll_interval": options["poll_ms"] / 1000,
            "max_retries": options.get("max_retries"),
            "max_body_bytes": options.get("max_body_bytes"),
            "on_conflict": options.get("on_conflict"),
            "httpx_client": http,
            "eager": False,
        }

    def invoke(self, client: Any) -> Any:
        """The call: of an async client a coroutine."""
        it = self.arguments
        write = self._write()
        operation = self.call["operation"]
        payments = client.payments.with_raw_response
        calls: dict[str, Callable[[], Any]] = {
            "ach": lambda: payments.create_ach(request=self._ach(), **write),
            "wire": lambda: payments.create_wire(request=it, **write),
            "transfer": lambda: client.transfers.with_raw_response.create(request=it, **write),
            "check_issue": lambda: client.positive_pay.with_raw_response.create_issue(
                request=it, **write
            ),
            "balance": lambda: client.balances.with_raw_response.get(it["account_id"]),
            "accounts": lambda: client.accounts.with_raw_response.list(),
            "transactions": lambda: client.transactions.with_raw_response.list(
                account_id=it.get("account_id"), posted_since=it.get("posted_since")
            ),
            "payment": lambda: payments.get(it["payment_id"]),
            "exceptions": lambda: client.positive_pay.with_raw_response.exceptions(),
            "wait": lambda: payments.wait(it["payment_id"]),
            "authenticate": lambda: client.authenticate(),
        }
        return calls[operation]()

    def _ach(self) -> dict[str, Any]:
        # Never both.
        recipient = self.arguments.get("recipient_details") is not None
        return {
            name: value
            for name, value in self.arguments.items()
            if not (recipient and name == "destination_account_id")
        }

    def _write(self) -> dict[str, Any]:
        options = self.call["options"]
        write: dict[str, Any] = {"idempotency_key": options.get("idempotency_key")}
        if options.get("resume") is not None:
            ago = timedelta(seconds=options["resume"]["first_sent_seconds_ago"])
            write["resume_from"] = datetime.now(timezone.utc) - ago
        if options.get("auth_date") is not None:
            write["request_options"] = {"auth_date": options["auth_date"]}
        return write


def met(scenario: Scenario, reply: Any) -> dict[str, Any]:
    """The outcome of a call that gave something."""
    if scenario.call["operation"] == "authenticate":
        return {"ok": True, "fate": "not_applicable", "attempts": 0}
    value = canonical(reply.data, scenario.call["operation"])
    return {
        "ok": True,
        "fate": reply.fate,
        "http_status": reply.status_code,
        "attempts": reply.attempts,
        "followed": reply.followed_conflict,
        "payment_id": value.get("paymentId") if isinstance(value, dict) else None,
        "idempotency_key": reply.idempotency_key,
        "first_sent_unix": unix(reply.first_sent),
        "value": value,
    }


def failed(error: QBankError) -> dict[str, Any]:
    """The outcome of a call that raised."""
    return {
        "ok": False,
        "kind": error.kind,
        "fate": error.fate,
        "http_status": error.status_code,
        "attempts": error.attempts,
        "payment_id": error.payment.payment_id if error.payment is not None else None,
        "transaction_id": error.transaction_id,
        "error_code": error.error_code,
        "request_id": error.request_id,
        "retry_after_s": None if error.retry_after is None else math.ceil(error.retry_after),
        "message": chain(error),
        "idempotency_key": error.idempotency_key,
        "first_sent_unix": unix(error.first_sent),
    }


def chain(error: BaseException | None) -> str:
    """What a traceback prints of an error and its causes, without the lines of code."""
    texts: list[str] = []
    while error is not None:
        texts += traceback.format_exception_only(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "".join(texts)


def unix(moment: datetime | None) -> int | None:
    """In seconds since 1970."""
    return None if moment is None else int(moment.timestamp())


def canonical(data: Any, operation: str) -> Any:
    """As the scenarios name members: as the bank does."""
    if isinstance(data, list):
        return [canonical(it, operation) for it in data]
    names = SNAKE | ({"account_id"} if operation == "exceptions" else set())
    members = {}
    for name, info in type(data).model_fields.items():
        members[name if name in names else info.alias or name] = getattr(data, name)
    if members.pop("statusIsImplied", False):
        members["status"] = None
    # Amounts and dates as strings.
    return json.loads(json.dumps(members, default=str))


def play(scenario: Scenario, client: str, code: str) -> dict[str, Any]:
    """What comes of it."""
    http = scenario.http(client, code)
    try:
        options = scenario.options(http)
        if code != "sync":
            return anyio.run(play_async, scenario, options, http, backend=code)
        with QBankConnectClient(**options) as bank:
            reply = scenario.invoke(bank)
        if http is not None:
            http.close()
        return met(scenario, reply)
    except QBankError as error:
        return failed(error)


async def play_async(scenario: Scenario, options: dict[str, Any], http: Any) -> dict[str, Any]:
    """The same in an event loop."""
    async with AsyncQBankConnectClient(**options) as bank:
        reply = await scenario.invoke(bank)
    if http is not None:
        await http.aclose()
    return met(scenario, reply)


def outcome(document: str, client: str, code: str) -> str:
    """Plays what is in a document, and gives the document of what came of it."""
    with tempfile.TemporaryDirectory() as directory:
        scenario = Scenario(json.loads(document), Path(directory))
        return json.dumps(play(scenario, client, code))


if __name__ == "__main__":
    print(outcome(sys.stdin.read(), *sys.argv[1:]))
