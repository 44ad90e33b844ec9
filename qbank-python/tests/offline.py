"""A client whose HTTP is played: by nothing at all, or by responses that a test wrote."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
from qbank_connect import QBankConnectClient

TOKEN = "eyJhbGciOi-a-token-that-is-secret"
SOURCE = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10"
DESTINATION = "7a2d1fab-63b6-4d97-8d20-1b5c8e4f3a21"
KEY = "1f0f9c3e-2a4b-4c5d-8e6f-7a8b9c0d1e2f"
PAYMENT = "9c4f3bcd-85d8-4fb9-af42-3d7e0a615c43"
REQUEST_ID = "0d5a4cde-96e9-40ca-b053-4e8f1b726d54"
ACCOUNT_NUMBER = "000987654321"
# A routing number whose checksum holds.
ROUTING = "021000021"
URL = "https://bank.example/v1"

ACH = {"source_account_id": SOURCE, "destination_account_id": DESTINATION, "amount": "1000.50"}
RECIPIENT = {"name": "Ann", "bank_id": ROUTING, "account_number": ACCOUNT_NUMBER}
WIRE = {
    "source_account_id": SOURCE,
    "beneficiary_details": RECIPIENT,
    "amount": "1000.50",
    "reference_code": "INV-1",
}
TRANSFER = {"from_account_id": SOURCE, "to_account_id": DESTINATION, "amount": "1000.50"}
ISSUE = {
    "account_id": SOURCE,
    "check_number": "1001",
    "amount": "1000.50",
    "issue_date": "2026-01-31",
}


class Bank:
    """Answers each request by the next of some responses, and keeps the requests."""

    def __init__(self, *responses: httpx.Response | Exception) -> None:
        self.responses = list(responses)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        response = self.responses.pop(0)
        if isinstance(response, Exception):
            raise response
        return response


def client_of(
    bank: Callable[[httpx.Request], httpx.Response], **options: Any
) -> QBankConnectClient:
    """A client with a ready-made token, unless it is given something else."""
    if not {"token", "client_id"} & set(options):
        options["token"] = TOKEN
    if "environment" not in options:
        options.setdefault("base_url", URL)
    http = httpx.Client(transport=httpx.MockTransport(bank))
    return QBankConnectClient(httpx_client=http, **{"max_retries": 0, **options})
