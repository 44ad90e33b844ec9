"""Each line that is marked has to be an error of the type checkers."""

from datetime import datetime

from qbank_connect import AsyncQBankConnectClient, QBankConnectClient, verify_webhook
from qbank_connect.errors import QBankError
from qbank_connect.models import (
    AchPaymentRequest,
    BeneficiaryDetails,
    Payment,
    PaymentStatus,
    TransferRequest,
    WirePaymentRequest,
)

ID = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10"


def sync(client: QBankConnectClient, wire: WirePaymentRequest, payment: Payment) -> None:
    QBankConnectClient("id", "secret")  # wrong
    QBankConnectClient(client_id=5)  # wrong
    QBankConnectClient(token=b"token")  # wrong
    QBankConnectClient(timeout="60")  # wrong
    QBankConnectClient(retries=5)  # wrong
    QBankConnectClient(on_conflict="follow-own")  # wrong
    client.payments.create_ach(request=wire)  # wrong
    client.payments.create_ach(wire)  # wrong
    client.payments.create_ach()  # wrong
    client.payments.create_ach(request={}, idempotency_key=5)  # wrong
    client.payments.create_ach(request={}, resume_from="2026-01-31")  # wrong
    client.payments.create_ach(request={}, request_options={"timeout": 5})  # wrong
    client.payments.create_ach(request={}, request_options={"max_retries": "5"})  # wrong
    client.payments.create_ach(request={}, request_options={"on_conflict": "no"})  # wrong
    client.accounts.list(request_options={"on_conflict": "report"})  # wrong
    client.accounts.list("x")  # wrong
    client.balances.get(5)  # wrong
    client.balances.get()  # wrong
    client.transactions.list(posted_since=5)  # wrong
    client.transactions.list(since="2026-01-31")  # wrong
    client.payments.wait(ID, accepted="yes")  # wrong
    client.payments.pay_ach(request={})  # wrong
    client.payments.with_raw_response.create_ach(request={}).payment_id  # wrong
    client.payments.prepare_ach(request={}).send(ID)  # wrong
    client.payments.create_wire(request={}).amount + 1  # wrong
    payment.status = PaymentStatus.P_FAILED  # wrong
    payment.amuont  # wrong
    PaymentStatus.P_COMPLETE  # wrong
    for item in client.transactions.stream():
        item.payment_id  # wrong


def requests() -> None:
    AchPaymentRequest(source_account_id=ID, destination_account_id=ID)  # wrong
    AchPaymentRequest(source_account_id=ID, amount=b"5")  # wrong
    AchPaymentRequest(source_account_id=ID, amount=5, amuont=5)  # wrong
    AchPaymentRequest(source_account_id=ID, amount=5, recipient_details={...})  # wrong
    AchPaymentRequest(source_account_id=ID, amount=5, effective_date=5)  # wrong
    TransferRequest(ID, ID, 5)  # wrong
    BeneficiaryDetails(name="Ann", bank_id=21000021, account_number="1")  # wrong


def errors(error: QBankError) -> None:
    error.fate.lost()  # wrong
    error.idempotency_key.lower()  # wrong
    error.status_code + 1  # wrong
    QBankError(message="down")  # wrong
    QBankError("down", fate="lost")  # wrong
    QBankError("down", status=503)  # wrong


def webhooks(body: bytes) -> None:
    verify_webhook(body, {}, "secret").data  # wrong
    verify_webhook(body, {}, "secret", scheme="sha1")  # wrong
    verify_webhook(body, {}, 5)  # wrong
    verify_webhook(5, {}, "secret")  # wrong


async def of_async(client: AsyncQBankConnectClient) -> None:
    client.accounts.list().append  # wrong
    for item in client.transactions.stream():  # wrong
        print(item)
    with client:  # wrong
        pass
    await client.payments.prepare_ach(request={})  # wrong
    await client.payments.create_ach(request={}, resume_from=datetime.now)  # wrong
