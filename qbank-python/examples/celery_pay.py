"""A Celery task that pays an invoice exactly once, however often it runs.

Run it by ``celery -A celery_pay worker``.
"""

from __future__ import annotations

import functools
import os
import sqlite3
import uuid
from contextlib import closing
from datetime import datetime, timezone
from typing import Any

from celery import Celery, Task
from qbank_connect import QBankConnectClient, QBankError

app = Celery("payments", broker=os.environ.get("CELERY_BROKER_URL", "memory://"))
app.conf.task_acks_late = True  # a worker that is killed leaves its task to another


@functools.cache
def bank() -> QBankConnectClient:
    """One client for each worker, made at the first task."""
    return QBankConnectClient(
        client_id=os.environ["QBANK_CLIENT_ID"],
        client_secret=os.environ["QBANK_CLIENT_SECRET"],
        scopes=["payments.ach.write", "payments.read"],
    )


# ANCHOR: task
@app.task(bind=True, max_retries=20)
def pay(self: Task, invoice: str, request: dict[str, Any]) -> str | None:
    """Pays an invoice; gives the id of the payment, if the bank says it."""
    key = str(uuid.uuid4())
    # Committed before the send. Of two runs at once only one begins; the other resumes.
    intent = {"idempotency_key": key} if begin(invoice, key) else saved(invoice)
    try:
        return bank().payments.create_ach(request=request, **intent).payment_id
    except QBankError as error:
        if error.fate == "in_progress":
            return error.transaction_id  # the bank has it: its webhook tells the rest
        if error.fate == "unknown":
            if error.resume is None or error.kind == "invalid_input":
                raise  # the key is too old to be sent again: reconcile
            # Money may have moved: the next run resumes, with the same key.
            save(invoice, **error.resume)
            raise self.retry(exc=error, countdown=60) from error
        forget(invoice, intent["idempotency_key"])  # no money moved
        if error.kind in ("transport", "unavailable", "rate_limited"):
            raise self.retry(exc=error, countdown=60) from error
        raise


# ANCHOR_END: task


def database() -> sqlite3.Connection:
    """Where the intents are; the request comes with each run of the task."""
    db = sqlite3.connect(os.environ.get("PAYMENTS_DB", "payments.sqlite"))
    db.execute(
        "CREATE TABLE IF NOT EXISTS intent"
        " (invoice TEXT PRIMARY KEY, idempotency_key TEXT, first_sent TEXT)"
    )
    return db


def begin(invoice: str, idempotency_key: str) -> bool:
    """Commits a key and this moment, unless the invoice has a key already."""
    row = (invoice, idempotency_key, datetime.now(timezone.utc).isoformat())
    with closing(database()) as db, db:
        return db.execute("INSERT OR IGNORE INTO intent VALUES (?, ?, ?)", row).rowcount == 1


def saved(invoice: str) -> dict[str, Any]:
    """What continues the intent that was begun: whatever finds it was perhaps sent."""
    find = "SELECT idempotency_key, first_sent FROM intent WHERE invoice = ?"
    with closing(database()) as db:
        key, first_sent = db.execute(find, (invoice,)).fetchone()
    return {"idempotency_key": key, "resume_from": datetime.fromisoformat(first_sent)}


def save(invoice: str, idempotency_key: str, resume_from: datetime) -> None:
    """Commits the moment of the first send."""
    row = (resume_from.isoformat(), invoice, idempotency_key)
    with closing(database()) as db, db:
        db.execute(
            "UPDATE intent SET first_sent = ? WHERE invoice = ? AND idempotency_key = ?", row
        )


def forget(invoice: str, idempotency_key: str) -> None:
    """No money moved: the next run is another intent."""
    row = (invoice, idempotency_key)
    with closing(database()) as db, db:
        db.execute("DELETE FROM intent WHERE invoice = ? AND idempotency_key = ?", row)
