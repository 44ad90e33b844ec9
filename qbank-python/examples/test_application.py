"""Two ways to test an application that pays: against the sandbox bank in the process, and with
respx, for a response that no bank gives.

    pytest test_application.py
"""

from __future__ import annotations

import httpx
import respx
from qbank_connect import QBankConnectClient, QBankError
from qbank_connect.testing import SandboxBank


def pay_rent(client: QBankConnectClient, source: str, destination: str) -> str:
    """The application: pays, and resumes once where the outcome is unknown."""
    request = {
        "source_account_id": source,
        "destination_account_id": destination,
        "amount": "1200.00",
    }
    try:
        client.payments.create_ach(request=request)
    except QBankError as error:
        if error.resume is None:
            return error.fate
        client.payments.create_ach(request=request, **error.resume)
    return "paid"


# ANCHOR: sandbox
def test_rent_is_paid_once_although_the_response_is_lost() -> None:
    bank = SandboxBank()
    client = bank.client(max_retries=0)
    bank.inject("drop_after_commit", path="/payments/ach")

    assert pay_rent(client, bank.operating, bank.payroll) == "paid"
    assert len(bank.entries()) == 1


def test_rent_that_the_bank_refuses_is_not_paid() -> None:
    bank = SandboxBank()
    assert pay_rent(bank.client(), bank.operating, bank.closed) == "refused"
    assert bank.entries() == []


# ANCHOR_END: sandbox


# ANCHOR: respx
@respx.mock
def test_rent_survives_a_gateway_that_redirects() -> None:
    bank = SandboxBank()
    payments = respx.post("https://bank.example/v1/payments/ach")
    payments.side_effect = [
        httpx.Response(302, headers={"location": "https://elsewhere.example/"}),
        httpx.Response(202),
    ]
    with httpx.Client() as http:  # respx mocks the transports of clients like this one
        client = QBankConnectClient(
            token="a-token", base_url="https://bank.example/v1", httpx_client=http
        )
        assert pay_rent(client, bank.operating, bank.payroll) == "paid"

    first, second = (call.request for call in payments.calls)
    assert first.content == second.content
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


# ANCHOR_END: respx
