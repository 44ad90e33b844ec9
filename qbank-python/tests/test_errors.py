"""What an error says, survives and never shows."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import threading
import traceback
from collections.abc import Iterator
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from offline import (
    ACCOUNT_NUMBER,
    ACH,
    KEY,
    PAYMENT,
    RECIPIENT,
    REQUEST_ID,
    SOURCE,
    TOKEN,
    TRANSFER,
    URL,
    WIRE,
    Bank,
    client_of,
)
from qbank_connect import QBankConnectClient, errors
from qbank_connect.core import ApiError
from qbank_connect.core.api_error import ApiError as SameApiError
from qbank_connect.errors import (
    Attempt,
    QBankAuthenticationError,
    QBankConflictError,
    QBankConnectionError,
    QBankError,
    QBankIdempotencyConflict,
    QBankInvalidRequestError,
    QBankNotFoundError,
    QBankPaymentFailedError,
    QBankPermissionDeniedError,
    QBankRateLimitError,
    QBankServiceUnavailableError,
    QBankUnexpectedResponseError,
    QBankWebhookVerificationError,
)
from qbank_connect.models import Payment, WirePaymentRequest

CLASSES = [
    it for it in vars(errors).values() if isinstance(it, type) and issubclass(it, QBankError)
]
ATTRIBUTES = [
    name
    for error in (QBankWebhookVerificationError, QBankError, ApiError)
    for name, it in vars(error).items()
    if isinstance(it, property)
]
SECRET = "client-secret-hunter2"
AT = datetime(2026, 1, 31, 12, 0, 0, 123000, tzinfo=timezone.utc)


def standard(status: int, **headers: str) -> httpx.Response:
    body = {"message": "no", "error_code": "ERR_ACC_001", "request_id": REQUEST_ID}
    return httpx.Response(status, json=body, headers=headers)


def problem() -> httpx.Response:
    body = {
        "type": "https://api.qbankconnect.com/problems/idempotency-conflict",
        "title": "Conflict",
        "status": 409,
        "detail": "is in process",
        "transaction_id": PAYMENT,
    }
    content = json.dumps(body).encode()
    return httpx.Response(
        409, content=content, headers={"content-type": "application/problem+json"}
    )


def failed(*responses: httpx.Response | Exception, **options: Any) -> QBankError:
    """The error of an ACH payment that these responses lead to."""
    bank = Bank(*responses)
    with client_of(bank, **options) as client, pytest.raises(QBankError) as caught:
        client.payments.create_ach(request=ACH, idempotency_key=KEY)
    assert bank.responses == []
    return caught.value


# --- Kinds and classes ------------------------------------------------------------------------

TABLE: list[tuple[httpx.Response | Exception, str, str, type[QBankError]]] = [
    (standard(400), "invalid_request", "refused", QBankInvalidRequestError),
    (standard(422), "invalid_request", "refused", QBankInvalidRequestError),
    (standard(418), "invalid_request", "refused", QBankInvalidRequestError),
    (standard(401), "unauthenticated", "refused", QBankAuthenticationError),
    (standard(403), "permission_denied", "refused", QBankPermissionDeniedError),
    (standard(404), "not_found", "refused", QBankNotFoundError),
    (standard(408), "request_timeout", "unknown", QBankServiceUnavailableError),
    (problem(), "idempotency_conflict", "in_progress", QBankIdempotencyConflict),
    (httpx.Response(409), "idempotency_conflict", "in_progress", QBankIdempotencyConflict),
    (standard(409), "conflict", "refused", QBankConflictError),
    (standard(425), "rate_limited", "refused", QBankRateLimitError),
    (standard(429), "rate_limited", "refused", QBankRateLimitError),
    (standard(500), "server", "unknown", QBankServiceUnavailableError),
    (standard(501), "server", "unknown", QBankServiceUnavailableError),
    (standard(505), "server", "unknown", QBankServiceUnavailableError),
    (standard(502), "unavailable", "unknown", QBankServiceUnavailableError),
    (standard(503), "unavailable", "unknown", QBankServiceUnavailableError),
    (standard(504), "unavailable", "unknown", QBankServiceUnavailableError),
    (
        httpx.Response(302, headers={"location": "https://evil.example/"}),
        "unexpected_response",
        "unknown",
        QBankUnexpectedResponseError,
    ),
    (
        httpx.Response(202, headers={"content-encoding": "br"}, stream=httpx.ByteStream(b"x")),
        "unexpected_response",
        "unknown",
        QBankUnexpectedResponseError,
    ),
    (httpx.ConnectError("refused"), "transport", "never_sent", QBankConnectionError),
    (httpx.ReadError("reset"), "transport", "unknown", QBankConnectionError),
    (httpx.ReadTimeout("slow"), "transport", "unknown", QBankConnectionError),
]


@pytest.mark.parametrize(
    ("response", "kind", "fate", "error"), TABLE, ids=lambda it: str(it)[:40]
)
def test_each_kind_has_its_class_and_its_fate(
    response: Any, kind: str, fate: str, error: type[QBankError]
) -> None:
    found = failed(response)
    assert (found.kind, found.fate, type(found)) == (kind, fate, error)
    assert isinstance(found, QBankError)
    assert isinstance(found, ApiError)
    assert found.idempotency_key == KEY
    assert found.attempts == len(found.attempt_log) == 1
    assert found.first_sent is not None
    assert found.attempt_log[0].at == found.first_sent
    if isinstance(response, httpx.Response):
        assert found.status_code == response.status_code
        assert found.headers is not None
        assert found.attempt_log[0].status == response.status_code
    else:
        assert found.status_code is found.headers is found.body is None
        assert found.__cause__ is response
    assert (found.resume is not None) == (fate == "unknown")


def test_a_payment_that_the_bank_failed_is_an_error_with_the_payment() -> None:
    record = {"paymentId": PAYMENT, "type": "WIRE", "amount": 1000.5, "status": "P_FAILED"}
    bank = Bank(httpx.Response(201, json=record))
    with client_of(bank) as client, pytest.raises(QBankPaymentFailedError) as caught:
        client.payments.create_wire(request=WIRE)
    error = caught.value
    assert (error.kind, error.fate) == ("payment_failed", "refused")
    assert error.payment is not None
    assert error.payment.payment_id == PAYMENT


def test_a_call_whose_time_is_up_says_so() -> None:
    late = failed(standard(503, **{"retry-after": "60"}), max_retries=2, deadline=30)
    # A wait that would cross the deadline is not begun.
    assert (late.kind, late.retry_after) == ("unavailable", 60.0)
    pending = {"paymentId": PAYMENT, "type": "ACH", "amount": 5, "status": "P_PROCESSING"}
    bank = Bank(httpx.Response(200, json=pending))
    with client_of(bank) as client, pytest.raises(QBankError) as caught:
        client.payments.wait(PAYMENT, request_options={"deadline_in_seconds": 0.05})
    assert type(caught.value) is errors.QBankDeadlineExceededError
    assert (caught.value.kind, caught.value.fate) == ("deadline_exceeded", "in_progress")
    assert caught.value.payment is not None
    assert caught.value.payment.status == "P_PROCESSING"


def test_what_the_guide_reads_from_an_error_is_there() -> None:
    conflict = failed(problem())
    assert isinstance(conflict, QBankIdempotencyConflict)
    assert (conflict.detail, conflict.title) == ("is in process", "Conflict")
    assert conflict.transaction_id == PAYMENT
    assert conflict.body["transaction_id"] == PAYMENT
    denied = failed(standard(403))
    assert denied.needed_scope == "payments.ach.write"
    assert (denied.error_code, denied.request_id) == ("ERR_ACC_001", REQUEST_ID)
    assert denied.body == {
        "message": "no",
        "error_code": "ERR_ACC_001",
        "request_id": REQUEST_ID,
    }
    limited = failed(standard(429, **{"retry-after": "1.5"}))
    assert limited.retry_after == 2.0


def test_a_read_has_no_money_to_speak_of() -> None:
    with client_of(Bank(standard(500))) as client, pytest.raises(QBankError) as caught:
        client.accounts.list()
    assert caught.value.fate == "not_applicable"
    assert caught.value.resume is None


def test_the_outcome_is_that_of_all_attempts() -> None:
    error = failed(httpx.ReadError("reset"), standard(400), max_retries=1, backoff=0.001)
    assert (error.kind, error.fate, error.attempts) == ("invalid_request", "unknown", 2)
    assert [it.fate for it in error.attempt_log] == ["unknown", "refused"]
    assert error.resume == {"idempotency_key": KEY, "resume_from": error.first_sent}


def test_an_unknown_outcome_is_resumed_with_the_same_key_and_the_same_bytes() -> None:
    bank = Bank(httpx.ReadError("reset"), httpx.Response(202))
    with client_of(bank) as client:
        with pytest.raises(QBankConnectionError) as caught:
            client.payments.create_ach(request=ACH)
        assert caught.value.resume is not None
        client.payments.create_ach(request=ACH, **caught.value.resume)
    first, second = bank.requests
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.content == second.content


# --- Errors as objects ------------------------------------------------------------------------


def whole(error: type[QBankError]) -> QBankError:
    return error(
        "it failed",
        kind="server",
        fate="unknown",
        status_code=503,
        headers={"Retry-After": "5"},
        raw=b'{"message": "down"}',
        error_code="ERR",
        request_id=REQUEST_ID,
        title="a title",
        detail="a detail",
        transaction_id=PAYMENT,
        idempotency_key=KEY,
        field="amount",
        needed_scope="payments.read",
        first_sent=AT,
        attempt_log=[Attempt(AT, 503, None, "unknown"), Attempt(AT, None, "reset", "unknown")],
        retry_after=5.0,
        offset=17,
        payment=Payment(payment_id=PAYMENT),
        reason="stale",
    )


@pytest.mark.parametrize("error", CLASSES)
def test_a_test_of_an_application_makes_an_error_by_what_it_needs(
    error: type[QBankError],
) -> None:
    made = whole(error)
    assert str(made) == "it failed"
    assert (made.kind, made.fate, made.status_code) == ("server", "unknown", 503)
    assert made.headers == {"retry-after": "5"}
    assert made.body == {"message": "down"}
    assert (made.first_sent, made.attempts, made.retry_after) == (AT, 2, 5.0)
    assert made.attempt_log[1] == Attempt(AT, None, "reset", "unknown")
    assert made.resume == {"idempotency_key": KEY, "resume_from": AT}
    assert made.payment == Payment(payment_id=PAYMENT)
    bare = error()
    assert str(bare) == bare.kind.replace("_", " ")
    assert bare.fate == "not_applicable"
    with pytest.raises(TypeError, match="amuont"):
        error("x", amuont=5)  # type: ignore[call-arg]


def all_of(error: QBankError) -> dict[str, Any]:
    return {name: getattr(error, name, None) for name in ATTRIBUTES}


@pytest.mark.parametrize("error", CLASSES)
def test_an_error_survives_pickle_and_copy(error: type[QBankError]) -> None:
    for made in (whole(error), error("down"), error()):
        made.args = (*made.args,)
        again = [
            *(
                pickle.loads(pickle.dumps(made, it))
                for it in range(pickle.HIGHEST_PROTOCOL + 1)
            ),
            copy.copy(made),
            copy.deepcopy(made),
        ]
        for one in again:
            assert type(one) is error
            assert str(one) == str(made)
            assert repr(one) == repr(made)
            assert one.args == made.args
            assert all_of(one) == all_of(made)


def test_an_error_of_a_call_survives_with_its_notes() -> None:
    error = failed(problem())
    error.__dict__["order"] = 17
    again = pickle.loads(pickle.dumps(error))
    assert all_of(again) == all_of(error)
    assert again.__dict__["order"] == 17


class OfTheApplication(QBankError):
    """An error with a constructor of its own."""

    def __init__(self, order: int) -> None:
        super().__init__("the order failed", fate="refused")
        self.order = order


def test_an_error_of_the_application_survives_as_well() -> None:
    again = pickle.loads(pickle.dumps(OfTheApplication(17)))
    assert (again.order, again.fate, str(again)) == (17, "refused", "the order failed")


def test_evidence_is_not_changed_by_accident() -> None:
    error = whole(QBankError)
    for name in ATTRIBUTES:
        if hasattr(QBankError, name):
            with pytest.raises(AttributeError):
                setattr(error, name, "changed")
    before = all_of(error)
    assert error.headers is not None
    error.headers["retry-after"] = "changed"
    error.body["message"] = "changed"
    error.attempt_log.clear()
    assert error.resume is not None
    error.resume["idempotency_key"] = "changed"
    assert all_of(error) == before
    evidence = {"message": "down", "fate": "unknown"}
    of_record = QBankError(evidence)
    evidence["fate"] = "refused"
    assert of_record.fate == "unknown"


def test_the_api_error_is_the_one_that_other_sdks_have() -> None:
    assert SameApiError is ApiError
    for error in CLASSES:
        assert issubclass(error, ApiError)
        try:
            raise error("down", status_code=503, raw=b"text", headers={"A": "b"})
        except ApiError as caught:
            assert (caught.status_code, caught.body) == (503, "text")
            assert caught.headers == {"a": "b"}


@pytest.mark.parametrize(
    "payment",
    [
        None,
        "text",
        5,
        [],
        {},
        {"paymentId": 5},
        {"paymentId": PAYMENT, "amount": "garbage", "creationDate": "+010000-01-01T00:00:00Z"},
        {"paymentId": PAYMENT, "status": {}, "type": None},
    ],
)
def test_the_payment_of_an_error_never_raises(payment: Any) -> None:
    error = QBankPaymentFailedError({"message": "failed", "payment": payment})
    found = error.payment
    if isinstance(payment, dict) and payment.get("paymentId") == PAYMENT:
        assert found is not None
        assert found.payment_id == PAYMENT
        assert found.amount is None
    else:
        assert found is None


# --- Secrets ---------------------------------------------------------------------------------

SECRETS = (TOKEN, SECRET, ACCOUNT_NUMBER)


def echo(status: int) -> httpx.Response:
    """What says back all that it was told."""
    told = f"account {ACCOUNT_NUMBER}, Bearer {TOKEN}, secret {SECRET}"
    body = {"message": told, "error_code": told, "title": told, "detail": told}
    return httpx.Response(status, json=body, headers={"x-echo": told})


def shown(error: BaseException, *, capture_locals: bool = False) -> str:
    lines = traceback.TracebackException.from_exception(error, capture_locals=capture_locals)
    return "".join(lines.format())


@pytest.mark.parametrize("status", [400, 401, 403, 409, 500, 200])
def test_what_the_bank_echoes_is_in_no_text_of_an_error(status: int) -> None:
    bank = Bank(echo(status))
    request = {**WIRE, "beneficiary_details": RECIPIENT}
    with client_of(bank) as client, pytest.raises(QBankError) as caught:
        client.payments.create_wire(request=WirePaymentRequest(**request))
    error = caught.value
    texts = [str(error), repr(error), str(error.args), str(vars(error)), shown(error)]
    texts += [str(it) for it in (error.title, error.detail, error.error_code, error.request_id)]
    # What came is there for who asks for it, and nowhere else.
    assert ACCOUNT_NUMBER in error.raw.decode()
    for text in texts:
        assert ACCOUNT_NUMBER not in text
        assert TOKEN not in text


def test_the_endpoint_of_tokens_is_never_quoted() -> None:
    bank = Bank(echo(400))
    with pytest.raises(QBankAuthenticationError) as caught:
        client_of(bank, client_id="id", client_secret=SECRET)
    error = caught.value
    assert (error.raw, error.headers) == (b"", None)
    # Of all that is echoed, only the client's secret was sent.
    for text in (str(error), repr(error), str(vars(error)), shown(error)):
        assert SECRET not in text
    hidden((SECRET,), error)


def hidden(secrets: tuple[str, ...], error: QBankError) -> None:
    """Not even the variables of frames, which some error reporters collect, show them. Those
    of the application's own frames are its own.
    """
    one: BaseException | None = error
    while one is not None:
        for frame, _ in traceback.walk_tb(one.__traceback__):
            if Path(frame.f_code.co_filename).parent != Path(__file__).parent:
                for name, value in frame.f_locals.items():
                    for secret in secrets:
                        where = f"{name} of {frame.f_code.co_name}: {value!r}"
                        assert secret not in where
        one = one.__cause__ or one.__context__


def make_ach(client: QBankConnectClient) -> Any:
    from qbank_connect.models import AchPaymentRequest, RecipientDetails

    return AchPaymentRequest(
        source_account_id=SOURCE, amount=5, recipient_details=RecipientDetails(**RECIPIENT)
    )


@pytest.mark.parametrize("response", [echo(400), echo(500), httpx.ConnectError("refused")])
def test_the_variables_of_the_frames_of_a_traceback_show_no_secret(response: Any) -> None:
    bank = Bank(response)
    client = client_of(bank)
    request = make_ach(client)
    for call in (client.payments.create_ach, client.payments.with_raw_response.create_ach):
        bank.responses = [response]
        try:
            call(request=request)
        except QBankError as error:
            caught = error
        hidden((ACCOUNT_NUMBER, TOKEN), caught)
    bank.responses = [response]
    prepared = client.payments.prepare_ach(request=request)
    try:
        prepared.send()
    except QBankError as error:
        hidden((ACCOUNT_NUMBER, TOKEN), error)


def test_the_variables_of_the_frames_show_no_credentials_of_a_client() -> None:
    for options in (
        {"client_id": "id", "client_secret": SECRET, "timeout": -1},
        {"client_id": "id", "client_secret": SECRET, "token": TOKEN},
        {"token": TOKEN, "base_url": "http://bank.example"},
    ):
        with pytest.raises(QBankInvalidRequestError) as caught:
            QBankConnectClient(**options)
        hidden(SECRETS, caught.value)


def test_a_request_that_is_wrong_is_not_in_the_traceback() -> None:
    client = client_of(Bank())
    for make in (
        lambda: client.payments.create_ach(request={"recipient_details": dict(RECIPIENT)}),
        lambda: client.payments.create_wire(request={**WIRE, "amount": -1}),
        lambda: client.payments.create_ach(
            request=ACH, request_options={"token": TOKEN, "x": 1}
        ),
    ):
        with pytest.raises(QBankInvalidRequestError) as caught:
            make()
        hidden(SECRETS, caught.value)


class Handler(BaseHTTPRequestHandler):
    """Grants a token and refuses the rest."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        token = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600}
        granted = self.path.endswith("/token")
        body = json.dumps(token if granted else {"message": "down"}).encode()
        self.send_response(200 if granted else 503)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("given", [False, True], ids=["own client", "given client"])
def test_no_log_shows_a_secret_not_even_those_of_httpx(
    given: bool, server: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("qbank_connect", "httpx", "httpcore"):
        caplog.set_level(logging.DEBUG, logger=name)
    options: dict[str, Any] = {"base_url": server, "max_retries": 1, "backoff": 0.001}
    with (
        httpx.Client() as http,
        QBankConnectClient(
            client_id="id",
            client_secret=SECRET,
            httpx_client=http if given else None,
            **options,
        ) as client,
    ):
        request = make_ach(client)
        with pytest.raises(QBankServiceUnavailableError) as caught:
            client.payments.create_ach(request=request)
    names = {record.name.split(".")[0] for record in caplog.records}
    # They do log, or there would be nothing to see here.
    libraries = {"httpx", "httpcore"} if given else {"httpcore"}
    assert {"qbank_connect", *libraries} <= names
    for secret in SECRETS:
        assert secret not in caplog.text
    hidden(SECRETS, caught.value)


def test_what_broke_is_the_cause_without_the_frames_of_the_http_client() -> None:
    def server_that_hangs_up() -> str:
        import socket

        listener = socket.create_server(("127.0.0.1", 0))

        def run() -> None:
            with listener:
                accepted, _ = listener.accept()
                accepted.recv(1 << 16)
                accepted.close()

        threading.Thread(target=run, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/v1"

    url = server_that_hangs_up()
    with QBankConnectClient(token=TOKEN, base_url=url, max_retries=0) as client:
        request = make_ach(client)
        with pytest.raises(QBankConnectionError) as caught:
            client.payments.create_ach(request=request)
    assert type(caught.value.__cause__).__name__ == "RemoteProtocolError"
    hidden((ACCOUNT_NUMBER, TOKEN), caught.value)


def test_what_a_client_and_its_parts_show_is_no_secret() -> None:
    client = client_of(Bank(), client_id="id", client_secret=SECRET, eager=False)
    request = make_ach(client)
    prepared = client.payments.prepare_ach(request=request)
    for it in (client, client.payments, request, request.recipient_details, prepared):
        for text in (repr(it), str(it), f"{it}"):
            for secret in SECRETS:
                assert secret not in text
    raw = None
    with client_of(Bank(httpx.Response(202, json={"x": ACCOUNT_NUMBER}))) as other:
        raw = other.payments.with_raw_response.create_ach(request=TRANSFER and ACH)
    assert ACCOUNT_NUMBER not in repr(raw)


def test_the_url_of_the_bank_is_shown() -> None:
    assert repr(client_of(Bank())) == f"QBankConnectClient(base_url={URL!r})"


def test_a_body_that_is_nested_too_deeply_is_text() -> None:
    deep = b"[" * 1_000_000
    client = client_of(Bank(httpx.Response(400, content=deep)))
    with pytest.raises(QBankError) as caught:
        client.payments.create_ach(request=ACH)
    assert caught.value.body == deep.decode()
