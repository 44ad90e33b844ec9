"""Each recipe of `examples`, run as the very file that a reader pastes."""

from __future__ import annotations

import importlib.util
import json
import socket
import sqlite3
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from fastapi.testclient import TestClient
from qbank_connect.errors import QBankConnectionError, QBankInvalidRequestError
from qbank_connect.testing import Delivery, SandboxBank
from sandbox import OPERATING, PAYROLL, PROGRAM, Sandbox, running

EXAMPLES = Path(__file__).parents[1] / "examples"
ACH = "/payments/ach"


@pytest.fixture
def bank() -> SandboxBank:
    return SandboxBank()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running() as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYMENTS_DB", str(tmp_path / "payments.sqlite"))
    monkeypatch.setenv("QBANK_WEBHOOK_SECRET", SandboxBank.webhook_secret)
    monkeypatch.setenv("QBANK_CLIENT_ID", SandboxBank.client_id)
    monkeypatch.setenv("QBANK_CLIENT_SECRET", SandboxBank.client_secret)


def recipe(name: str) -> Any:
    """The file as a module, made anew."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rent(bank: SandboxBank, destination: str | None = None) -> dict[str, Any]:
    return {
        "source_account_id": bank.operating,
        "destination_account_id": destination or bank.payroll,
        "amount": "1200.10",
    }


def test_every_recipe_is_run_here() -> None:
    text = Path(__file__).read_text()
    for path in EXAMPLES.glob("*.py"):
        assert f'"{path.stem}' in text, path.name


# --- Webhooks ------------------------------------------------------------------------------


def webhooks_are_taken_once(bank: SandboxBank, module: Any, post: Any) -> None:
    """The script of both receivers. `post` gives the status for a body and headers."""
    payment = bank.client().payments.create_ach(request=rent(bank))
    bank.advance(timedelta(days=1))
    [delivery] = bank.deliveries()

    assert post(delivery.body.replace(b"1200.10", b"9200.10"), delivery.headers) == 400
    assert post(delivery.body, {}) == 400
    with closing(module.database()) as db:
        assert db.execute("SELECT * FROM payment").fetchall() == []

    assert post(delivery.body, delivery.headers) == 200
    assert post(delivery.body, delivery.headers) == 200
    with closing(module.database()) as db:
        assert db.execute("SELECT * FROM payment").fetchall() == [
            (payment.payment_id, "P_COMPLETED")
        ]
        assert db.execute("SELECT count(*) FROM event").fetchone() == (1,)

    # The next one comes by the bank's own hand, and counts as received.
    bank.client().payments.create_ach(request=rent(bank, bank.savings))
    bank.advance(timedelta(days=1))
    statuses: list[int] = []

    def receive(due: Delivery) -> int:
        statuses.append(post(due.body, due.headers))
        return statuses[-1]

    bank.deliver(receive)
    assert statuses == [200]
    assert bank.deliveries() == []


def test_the_receiver_of_fastapi_takes_what_is_genuine_once(bank: SandboxBank) -> None:
    module = recipe("fastapi_webhooks")
    with TestClient(module.app) as client:

        def post(body: bytes, headers: dict[str, str]) -> int:
            return client.post("/webhooks/qbank", content=body, headers=headers).status_code

        webhooks_are_taken_once(bank, module, post)


def test_the_receiver_of_flask_takes_what_is_genuine_once(bank: SandboxBank) -> None:
    module = recipe("flask_webhooks")
    client = module.app.test_client()

    def post(body: bytes, headers: dict[str, str]) -> int:
        return int(client.post("/webhooks/qbank", data=body, headers=headers).status_code)

    webhooks_are_taken_once(bank, module, post)


# --- Keys that are written down ------------------------------------------------------------


def celery_task(bank: SandboxBank) -> Any:
    """The module of the task, which runs at once and pays at this bank."""
    module = recipe("celery_pay")
    module.app.conf.task_always_eager = True
    client = bank.client(max_retries=0)
    module.bank = lambda: client
    return module


def intents(module: Any) -> list[Any]:
    with closing(module.database()) as db:
        return list(db.execute("SELECT * FROM intent"))


def test_the_task_that_lost_its_response_resumes_and_pays_once(bank: SandboxBank) -> None:
    module = celery_task(bank)
    bank.inject("drop_after_commit", path=ACH)
    payment_id = module.pay.delay("INV-7", rent(bank)).get()
    [entry] = bank.entries()
    assert (entry.payment_id, entry.amount) == (payment_id, Decimal("1200.10"))
    assert [it[1] for it in intents(module)] == [entry.intent_key]


def test_the_task_whose_worker_was_killed_resumes_with_the_key_that_it_saved(
    bank: SandboxBank,
) -> None:
    module = celery_task(bank)

    class Killed(BaseException):
        pass

    def killed(response: httpx.Response) -> None:
        raise Killed

    http = httpx.Client(transport=bank.transport(), event_hooks={"response": [killed]})
    doomed = bank.client(httpx_client=http, eager=False, token=token(bank))
    alive, module.bank = module.bank, lambda: doomed
    with pytest.raises(Killed):
        module.pay.delay("INV-7", rent(bank))
    assert len(bank.entries()) == 1

    module.bank = alive
    payment_id = module.pay.delay("INV-7", rent(bank)).get()
    [entry] = bank.entries()
    assert entry.payment_id == payment_id


def token(bank: SandboxBank) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": bank.client_id,
        "client_secret": bank.client_secret,
    }
    with httpx.Client(transport=bank.transport()) as http:
        return str(http.post(f"{bank.base_url}/token", data=form).json()["access_token"])


def test_of_two_runs_at_once_one_begins_and_the_other_resumes_its_key(
    bank: SandboxBank,
) -> None:
    module = celery_task(bank)
    runs: list[str | None] = []

    def meanwhile(request: httpx.Request) -> None:
        if request.url.path.endswith(ACH) and not runs:
            runs.append(None)
            module.bank = lambda: second
            again = module.pay.delay("INV-7", rent(bank))
            runs[0] = again.get(disable_sync_subtasks=False)

    http = httpx.Client(transport=bank.transport(), event_hooks={"request": [meanwhile]})
    first, second = bank.client(httpx_client=http, max_retries=0), bank.client()
    module.bank = lambda: first
    last = module.pay.delay("INV-7", rent(bank)).get()
    [entry] = bank.entries()
    assert [entry.payment_id] * 2 == [last, *runs]


def slowly_refused(then: Callable[[], object]) -> httpx.Client:
    """A network whose connections for payments fail, after something else has happened."""

    def connect(request: httpx.Request) -> httpx.Response:
        then()
        raise httpx.ConnectError("refused", request=request)

    return httpx.Client(transport=httpx.MockTransport(connect))


def test_a_task_that_sent_nothing_leaves_the_key_that_another_run_has_taken_up(
    bank: SandboxBank,
) -> None:
    module = celery_task(bank)
    alive = module.bank
    runs: list[str] = []

    def meanwhile() -> None:
        if not runs:
            runs.append("")
            module.bank = alive
            again = module.pay.delay("INV-7", rent(bank))
            runs[0] = again.get(disable_sync_subtasks=False)

    cut_off = bank.client(httpx_client=slowly_refused(meanwhile), token="t", max_retries=0)
    module.bank = lambda: cut_off
    last = module.pay.delay("INV-7", rent(bank)).get()
    [entry] = bank.entries()
    assert [entry.payment_id] * 2 == [last, *runs]


def test_a_run_that_sent_nothing_leaves_the_row_that_another_run_has_taken_up(
    bank: SandboxBank, tmp_path: Path
) -> None:
    module = recipe("write_it_down")
    alive = bank.client()

    def run(client: Any) -> str:
        with closing(sqlite3.connect(tmp_path / "payments.sqlite")) as db:
            db.execute(module.TABLE)
            return str(module.pay(client, db, "INV-7", rent(bank)))

    runs: list[str] = []
    cut_off = bank.client(
        httpx_client=slowly_refused(lambda: runs.append(run(alive))), token="t", max_retries=0
    )
    runs.append(run(cut_off))
    runs.append(run(alive))
    assert runs == ["accepted", "unknown", "accepted"]
    assert len(bank.entries()) == 1


def test_a_run_that_sent_nothing_and_is_alone_leaves_nothing(
    bank: SandboxBank, tmp_path: Path
) -> None:
    module = recipe("write_it_down")
    client = bank.client(max_retries=0)
    bank.set_reachable(False)
    with closing(sqlite3.connect(tmp_path / "payments.sqlite")) as db:
        db.execute(module.TABLE)
        assert module.pay(client, db, "INV-7", rent(bank)) == "never_sent"
        assert db.execute("SELECT * FROM payment").fetchall() == []
        bank.set_reachable(True)
        assert module.pay(client, db, "INV-7", rent(bank)) == "accepted"
    assert len(bank.entries()) == 1


def test_the_task_that_the_bank_refuses_fails_and_leaves_no_key(bank: SandboxBank) -> None:
    module = celery_task(bank)
    with pytest.raises(QBankInvalidRequestError):
        module.pay.delay("INV-7", rent(bank, bank.closed)).get()
    assert intents(module) == []


def test_the_task_that_cannot_reach_the_bank_is_run_again_until_it_gives_up(
    bank: SandboxBank,
) -> None:
    module = celery_task(bank)
    bank.set_reachable(False)
    with pytest.raises(QBankConnectionError):
        module.pay.delay("INV-7", rent(bank)).get()
    assert intents(module) == []
    bank.set_reachable(True)
    module.pay.delay("INV-7", rent(bank)).get()
    assert len(bank.entries()) == 1


def test_an_invoice_that_was_written_down_is_paid_once_over_a_crash(sandbox: Sandbox) -> None:
    program = str(EXAMPLES / "write_it_down.py")
    command = (program, "INV-7", OPERATING, PAYROLL, "1200.10")
    # Each attempt of the first run loses its response, and so do those of what follows it.
    fault = {"kind": "drop_after_commit", "path": "/payments/*", "times": 3}
    sandbox.control("POST", "/faults", fault)
    first = sandbox.run(*command)
    assert first.stdout == "INV-7 unknown\n"

    second = sandbox.run(*command)
    assert (second.stdout, second.stderr) == ("INV-7 accepted\n", "")
    third = sandbox.run(*command)
    assert third.stdout == "INV-7 accepted\n"

    [entry] = sandbox.control("GET", "/ledger")["entries"]
    assert entry["amount"] == "1200.10"
    sent = [it for it in sandbox.control("GET", "/requests") if it["path"].endswith(ACH)]
    assert len({(it["idempotency_key"], it["body_sha256"]) for it in sent}) == 1


def test_an_invoice_that_is_refused_can_be_corrected(sandbox: Sandbox) -> None:
    program = str(EXAMPLES / "write_it_down.py")
    wrong = sandbox.run(program, "INV-7", OPERATING, PAYROLL, "999999.00")
    assert wrong.stdout == "INV-7 refused\n"
    right = sandbox.run(program, "INV-7", OPERATING, PAYROLL, "9.00")
    assert right.stdout == "INV-7 accepted\n"


# --- Networks and tests --------------------------------------------------------------------


def test_a_proxy_and_a_client_certificate_lead_to_the_bank(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    own = authority.issue_cert("application@bank.example")
    own.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "client.pem"))
    with tls_front(authority, sandbox.base_url) as port, proxy(port) as (proxy_port, seen):
        environment = {
            "QBANK_BASE_URL": "https://bank.example/v1",
            "BANK_CA": str(tmp_path / "ca.pem"),
            "BANK_PROXY": f"http://127.0.0.1:{proxy_port}",
        }
        certificate = {"BANK_CERT": str(tmp_path / "client.pem")}
        program = str(EXAMPLES / "proxy_and_certificates.py")

        done = sandbox.run(program, **environment, **certificate)
        assert done.stderr == ""
        assert done.stdout.splitlines()[0] == f"{OPERATING} Operating"
        assert set(seen) == {"CONNECT bank.example:443 HTTP/1.1"}

        without = sandbox.run(program, **environment)
        assert without.returncode == 1
        assert "certificate" in without.stderr.splitlines()[-1]


@contextmanager
def tls_front(authority: trustme.CA, base_url: str) -> Iterator[int]:
    """A server before the bank that wants a client certificate."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {n: v for n, v in self.headers.items() if n.lower() != "host"}
            url = base_url.removesuffix("/v1") + self.path
            with httpx.Client(trust_env=False) as http:
                response = http.request(self.command, url, content=body, headers=headers)
            self.send_response(response.status_code)
            self.send_header("content-type", response.headers["content-type"])
            self.send_header("content-length", str(len(response.content)))
            self.end_headers()
            self.wfile.write(response.content)

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            pass  # a handshake that was refused

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("bank.example").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def proxy(port: int) -> Iterator[tuple[int, list[str]]]:
    """A proxy whose tunnels all lead to a port of this machine, and what it was asked for."""
    seen: list[str] = []

    def copy(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def tunnel(client: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += client.recv(1)
        seen.append(head.split(b"\r\n")[0].decode())
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        with client, socket.create_connection(("127.0.0.1", port)) as server:
            back = threading.Thread(target=copy, args=(server, client))
            back.start()
            copy(client, server)
            back.join()

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=tunnel, args=(client,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1], seen
        listener.shutdown(socket.SHUT_RDWR)


def test_the_tests_of_the_application_pass(sandbox: Sandbox) -> None:
    program = str(EXAMPLES / "test_application.py")
    done = sandbox.run("-m", "pytest", "-q", "-p", "no:cacheprovider", program)
    assert "3 passed" in done.stdout, done.stdout


# --- The outbox ----------------------------------------------------------------------------


def test_what_sqlalchemy_enqueues_is_paid_with_its_invoice(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    module = recipe("outbox_sqlalchemy")
    path = tmp_path / "outbox.db"

    def outbox(*arguments: str) -> list[dict[str, Any]]:
        ended = subprocess.run(
            [PROGRAM, "outbox", "--store", f"sqlite:{path}", *arguments],
            env=sandbox.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return [json.loads(line) for line in ended.stdout.splitlines()]

    outbox("migrate")
    module.main(f"sqlite:///{path}")
    with (
        pytest.raises(RuntimeError),
        module.Session(module.create_engine(f"sqlite:///{path}")) as it,
    ):
        module.enqueue(it, "INV-8", OPERATING, PAYROLL, 5, "ap.clerk")
        raise RuntimeError
    outbox("work", "--until-empty")
    [row] = outbox("list")
    assert (row["id"], row["state"]) == ("INV-7", "accepted")
    [entry] = sandbox.entries(row["idempotency_key"])
    assert entry["amount"] == "1000.50"
