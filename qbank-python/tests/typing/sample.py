"""Uses every method of both clients, with the types that applications have. It is checked, not
run: ``mypy --strict`` and pyright have to find nothing in it, and infer what it asserts.
"""

from __future__ import annotations

import pickle
from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Literal
from uuid import UUID, uuid4

import httpx
from qbank_connect import (
    AsyncQBankConnectClient,
    QBankConnectClient,
    QBankConnectEnvironment,
    QBankError,
    verify_webhook,
)
from qbank_connect.core import ApiError
from qbank_connect.errors import (
    Attempt,
    Fate,
    QBankAuthenticationError,
    QBankConflictError,
    QBankConnectionError,
    QBankDeadlineExceededError,
    QBankIdempotencyConflict,
    QBankInvalidRequestError,
    QBankNotFoundError,
    QBankPaymentFailedError,
    QBankPermissionDeniedError,
    QBankRateLimitError,
    QBankServiceUnavailableError,
    QBankUnexpectedResponseError,
    QBankWebhookVerificationError,
    Resume,
)
from qbank_connect.models import (
    Account,
    AccountStatus,
    AccountType,
    AchPayment,
    AchPaymentRequest,
    Balance,
    BeneficiaryDetails,
    CheckIssue,
    CheckIssueRequest,
    Payment,
    PaymentStatus,
    PaymentType,
    PositivePayException,
    ReasonCode,
    RecipientDetails,
    Token,
    Transaction,
    TransactionStatus,
    Transfer,
    TransferRequest,
    WebhookEvent,
    WirePaymentRequest,
)
from qbank_connect.types import (
    AsyncPrepared,
    AsyncTransactionStream,
    Prepared,
    RawResponse,
    RequestOptions,
    TransactionStream,
    WriteOptions,
)
from typing_extensions import assert_type

ID = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10"


def a_token() -> str:
    return "token"


async def an_async_token() -> str:
    return "token"


def clients() -> None:
    QBankConnectClient(client_id="id", client_secret="secret")
    QBankConnectClient(client_id="id", client_secret="secret", scopes=["accounts.read"])
    QBankConnectClient(client_id="id", client_secret="secret", scopes=("a", "b"), eager=False)
    QBankConnectClient(token="token", environment=QBankConnectEnvironment.PRODUCTION)
    QBankConnectClient(token=a_token, environment=QBankConnectEnvironment.sandbox(4010))
    QBankConnectClient(token=lambda: {"access_token": "token", "expires_in": 3600})
    QBankConnectClient(token="token", base_url="https://bank.example/v1", token_url=None)
    with httpx.Client() as http:
        QBankConnectClient(
            token="token",
            httpx_client=http,
            timeout=60,
            deadline=180.0,
            max_retries=2,
            on_conflict="follow_own",
            backoff=0.5,
            poll_interval=2,
            max_key_age=86400,
            max_body_bytes=1 << 20,
            user_agent="treasury/1",
        )
    AsyncQBankConnectClient(token=an_async_token, httpx_client=httpx.AsyncClient())
    AsyncQBankConnectClient(token=a_token)
    assert_type(QBankConnectEnvironment.default(), QBankConnectEnvironment)
    assert_type(QBankConnectEnvironment.PRODUCTION.token_url, str | None)


def requests() -> None:
    for amount in (1000.50, 5, "1000.50", Decimal("1000.50")):
        AchPaymentRequest(source_account_id=ID, destination_account_id=ID, amount=amount)
    AchPaymentRequest(
        source_account_id=uuid4(),
        recipient_details=RecipientDetails(
            name="Ann", bank_id="021000021", account_number="1", account_type="checking"
        ),
        amount=5,
        effective_date=date(2025, 10, 31),
        reference_id="r",
    )
    ach = AchPaymentRequest(
        source_account_id=ID,
        recipient_details={"name": "Ann", "bank_id": "021000021", "account_number": "1"},
        amount=5,
        effective_date="2025-10-31",
    )
    assert_type(ach.amount, Decimal)
    assert_type(ach.effective_date, date | None)
    assert_type(ach.recipient_details, RecipientDetails | None)
    BeneficiaryDetails(name="Ann", bank_id="021000021", account_number="1")


def reads(client: QBankConnectClient) -> None:
    assert_type(client.authenticate(), Token)
    assert_type(client.authenticate().expires_in, float | None)
    accounts = client.accounts.list()
    assert_type(accounts, list[Account])
    assert_type(accounts[0].account_type, AccountType | None)
    assert_type(accounts[0].status, AccountStatus | None)
    balance = client.balances.get(accounts[0].account_id)
    assert_type(balance, Balance)
    assert_type(balance.available_balance, Decimal | None)
    assert_type(client.balances.get(account_id=uuid4()), Balance)
    transactions = client.transactions.list(account_id=ID, posted_since=date(2026, 1, 1))
    assert_type(transactions, list[Transaction])
    assert_type(transactions[0].value_date, date | None)
    assert_type(transactions[0].posting_date, datetime | None)
    assert_type(transactions[0].status, TransactionStatus | None)
    assert_type(client.transactions.list(posted_since="2026-01-01"), list[Transaction])
    with client.transactions.stream(on_unreadable=print) as stream:
        assert_type(stream, TransactionStream)
        iterator: Iterator[Transaction] = iter(stream)
        for transaction in stream:
            assert_type(transaction, Transaction)
        assert_type(next(iterator), Transaction)
    client.transactions.stream(account_id=ID, posted_since="2026-01-01").close()
    payment = client.payments.get(ID)
    assert_type(payment, Payment)
    assert_type(payment.type, PaymentType | None)
    assert_type(payment.status, PaymentStatus | None)
    assert_type(payment.amount, Decimal | None)
    assert_type(client.payments.get_payment_status(payment_id=ID), Payment)
    assert_type(client.payments.wait(ID, accepted=True), Payment)
    exceptions = client.positive_pay.exceptions()
    assert_type(exceptions, list[PositivePayException])
    assert_type(exceptions[0].reason_code, ReasonCode | None)
    client.close()
    with client as same:
        assert_type(same, QBankConnectClient)


def writes(client: QBankConnectClient) -> None:
    ach = AchPaymentRequest(source_account_id=ID, destination_account_id=ID, amount=1000.50)
    accepted = client.payments.create_ach(request=ach)
    assert_type(accepted, AchPayment)
    assert_type(accepted.payment_id, str | None)
    assert_type(accepted.status, PaymentStatus)
    assert_type(accepted.status.is_final, bool)
    assert_type(accepted.status == PaymentStatus.P_CREATED, bool)
    as_dict = {"source_account_id": ID, "destination_account_id": ID, "amount": 1000.50}
    client.payments.create_ach(request=as_dict)
    client.payments.create_ach(request={"amount": "5"}, idempotency_key=uuid4())
    options: WriteOptions = {
        "max_retries": 1,
        "timeout_in_seconds": 5,
        "deadline_in_seconds": 30.0,
        "token": "token",
        "on_conflict": "report",
        "auth_date": datetime.now(timezone.utc),
    }
    wire = WirePaymentRequest(
        source_account_id=ID,
        beneficiary_details={"name": "Ann", "bank_id": "021000021", "account_number": "1"},
        amount=Decimal("5"),
        reference_code="r",
    )
    assert_type(client.payments.create_wire(request=wire, request_options=options), Payment)
    transfer = TransferRequest(from_account_id=ID, to_account_id=ID, amount="5")
    made = client.transfers.create(request=transfer, request_options={"max_retries": 0})
    assert_type(made, Transfer)
    assert_type(made.payment_id, str | None)
    issue = CheckIssueRequest(
        account_id=ID, check_number="1", amount=5, issue_date="2026-01-31"
    )
    assert_type(client.positive_pay.create_issue(request=issue), CheckIssue)
    key = UUID("1f0f9c3e-2a4b-4c5d-8e6f-7a8b9c0d1e2f")
    now = datetime.now(timezone.utc)
    client.payments.create_ach(request=ach, idempotency_key=key, resume_from=now)

    prepared = client.payments.prepare_ach(request=ach)
    assert_type(prepared, Prepared[AchPayment])
    assert_type(prepared.idempotency_key, str)
    assert_type(prepared.body, bytes)
    assert_type(prepared.send(), AchPayment)
    assert_type(prepared.send(resume_from=now), AchPayment)
    assert_type(prepared.send_raw(), RawResponse[AchPayment])
    assert_type(client.payments.prepare_wire(request=wire), Prepared[Payment])
    assert_type(client.transfers.prepare(request=transfer), Prepared[Transfer])
    assert_type(client.positive_pay.prepare_issue(request=issue), Prepared[CheckIssue])


def raw(client: QBankConnectClient) -> None:
    options: RequestOptions = {"timeout_in_seconds": 5}
    response = client.payments.with_raw_response.create_ach(request={})
    assert_type(response, RawResponse[AchPayment])
    assert_type(response.data, AchPayment)
    assert_type(response.status_code, int)
    assert_type(response.headers, dict[str, str])
    assert_type(response.raw, bytes)
    assert_type(response.attempts, int)
    assert_type(response.attempt_log, list[Attempt])
    assert_type(response.fate, Fate)
    assert_type(response.idempotency_key, str | None)
    assert_type(response.first_sent, datetime | None)
    assert_type(response.followed_conflict, bool)
    payments = client.payments.with_raw_response
    assert_type(payments.create_wire(request={}), RawResponse[Payment])
    assert_type(payments.get(ID), RawResponse[Payment])
    assert_type(payments.get_payment_status(ID), RawResponse[Payment])
    assert_type(payments.wait(ID), RawResponse[Payment])
    assert_type(client.transfers.with_raw_response.create(request={}), RawResponse[Transfer])
    positive_pay = client.positive_pay.with_raw_response
    assert_type(positive_pay.create_issue(request={}), RawResponse[CheckIssue])
    assert_type(positive_pay.exceptions(), RawResponse[list[PositivePayException]])
    accounts = client.accounts.with_raw_response.list(request_options=options)
    assert_type(accounts, RawResponse[list[Account]])
    assert_type(client.balances.with_raw_response.get(ID), RawResponse[Balance])
    transactions = client.transactions.with_raw_response.list(account_id=ID)
    assert_type(transactions, RawResponse[list[Transaction]])


async def async_reads(client: AsyncQBankConnectClient) -> None:
    assert_type(await client.authenticate(), Token)
    assert_type(await client.accounts.list(), list[Account])
    assert_type(await client.balances.get(ID), Balance)
    assert_type(await client.transactions.list(), list[Transaction])
    async with client.transactions.stream(account_id=uuid4()) as stream:
        assert_type(stream, AsyncTransactionStream)
        iterator: AsyncIterator[Transaction] = stream
        async for transaction in stream:
            assert_type(transaction, Transaction)
        assert_type(await anext(iterator), Transaction)
    await client.transactions.stream().aclose()
    assert_type(await client.payments.get(ID), Payment)
    assert_type(await client.payments.get_payment_status(ID), Payment)
    assert_type(await client.payments.wait(ID, accepted=True), Payment)
    assert_type(await client.positive_pay.exceptions(), list[PositivePayException])
    await client.close()
    async with client as same:
        assert_type(same, AsyncQBankConnectClient)


async def async_writes(client: AsyncQBankConnectClient) -> None:
    ach = AchPaymentRequest(source_account_id=ID, destination_account_id=ID, amount=1000.50)
    wire = {"source_account_id": ID, "amount": Decimal(5)}
    now = datetime.now(timezone.utc)
    assert_type(await client.payments.create_ach(request=ach), AchPayment)
    assert_type(await client.payments.create_wire(request=wire), Payment)
    assert_type(await client.transfers.create(request={}), Transfer)
    assert_type(await client.positive_pay.create_issue(request={}), CheckIssue)
    prepared = client.payments.prepare_ach(request=ach, idempotency_key=uuid4())
    assert_type(prepared, AsyncPrepared[AchPayment])
    assert_type(prepared.idempotency_key, str)
    assert_type(prepared.body, bytes)
    assert_type(await prepared.send(), AchPayment)
    assert_type(await prepared.send_raw(resume_from=now), RawResponse[AchPayment])
    assert_type(client.payments.prepare_wire(request=wire), AsyncPrepared[Payment])
    assert_type(client.transfers.prepare(request={}), AsyncPrepared[Transfer])
    assert_type(client.positive_pay.prepare_issue(request={}), AsyncPrepared[CheckIssue])


async def async_raw(client: AsyncQBankConnectClient) -> None:
    payments = client.payments.with_raw_response
    assert_type(await payments.create_ach(request={}), RawResponse[AchPayment])
    assert_type(await payments.create_wire(request={}), RawResponse[Payment])
    assert_type(await payments.get(ID), RawResponse[Payment])
    assert_type(await payments.get_payment_status(ID), RawResponse[Payment])
    assert_type(await payments.wait(ID), RawResponse[Payment])
    transfers = client.transfers.with_raw_response
    assert_type(await transfers.create(request={}), RawResponse[Transfer])
    positive_pay = client.positive_pay.with_raw_response
    assert_type(await positive_pay.create_issue(request={}), RawResponse[CheckIssue])
    assert_type(await positive_pay.exceptions(), RawResponse[list[PositivePayException]])
    accounts = client.accounts.with_raw_response
    assert_type(await accounts.list(), RawResponse[list[Account]])
    assert_type(await client.balances.with_raw_response.get(ID), RawResponse[Balance])
    transactions = client.transactions.with_raw_response
    assert_type(await transactions.list(), RawResponse[list[Transaction]])


def failures(client: QBankConnectClient, request: AchPaymentRequest) -> AchPayment | None:
    try:
        return client.payments.create_ach(request=request)
    except QBankIdempotencyConflict as conflict:
        assert_type(conflict.transaction_id, str | None)
        assert_type(conflict.detail, str | None)
        assert_type(conflict.title, str | None)
    except QBankPermissionDeniedError as error:
        assert_type(error.needed_scope, str | None)
    except QBankRateLimitError as error:
        assert_type(error.retry_after, float | None)
    except QBankPaymentFailedError as error:
        assert_type(error.payment, Payment | None)
    except (QBankInvalidRequestError, QBankNotFoundError) as error:
        assert_type(error.field, str | None)
    except (QBankServiceUnavailableError, QBankDeadlineExceededError) as error:
        assert_type(error.resume, Resume | None)
        if error.fate == "unknown" and error.resume is not None:
            return client.payments.create_ach(request=request, **error.resume)
    except (QBankAuthenticationError, QBankConflictError, QBankConnectionError):
        pass
    except QBankUnexpectedResponseError as error:
        assert_type(error.raw, bytes)
    except QBankError as error:
        assert_type(error.kind, str)
        assert_type(error.fate, Fate)
        assert_type(error.error_code, str | None)
        assert_type(error.request_id, str | None)
        assert_type(error.idempotency_key, str | None)
        assert_type(error.first_sent, datetime | None)
        assert_type(error.attempts, int)
        assert_type(error.attempt_log[0], Attempt)
        assert_type(error.attempt_log[0].at, datetime)
        assert_type(error.offset, int | None)
        pickle.dumps(error)
    except ApiError as error:
        assert_type(error.status_code, int | None)
        assert_type(error.headers, dict[str, str] | None)
    return None


def an_error_of_a_test() -> QBankError:
    return QBankServiceUnavailableError("down", fate="unknown", status_code=503)


def webhooks(body: bytes, headers: dict[str, str], pairs: list[tuple[bytes, bytes]]) -> None:
    scheme: Literal["standard"] = "standard"
    try:
        event = verify_webhook(body, headers, "secret")
        assert_type(event, WebhookEvent | None)
        if event is not None:
            assert_type(event.data, Payment)
            assert_type(event.event_id, str)
        verify_webhook(body, pairs, ["new", "old"], scheme=scheme, tolerance=60, now=0.5)
        verify_webhook(body.decode(), httpx.Headers(headers), ("new", "old"))
    except QBankWebhookVerificationError as error:
        assert_type(error.reason, str | None)
