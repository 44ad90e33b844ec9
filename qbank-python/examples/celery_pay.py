"""A Celery task that pays an invoice exactly once, however often it runs.

    celery -A celery_pay worker
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
    intent = saved(invoice)
    if intent is None:
        # Saved before the send: whatever finds it later was perhaps sent.
        key = str(uuid.uuid4())
        save(invoice, key, datetime.now(timezone.utc))
        intent = {"idempotency_key": key}
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
        forget(invoice)  # no money moved
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


def saved(invoice: str) -> dict[str, Any] | None:
    """What continues the intent, if it was begun."""
    find = "SELECT idempotency_key, first_sent FROM intent WHERE invoice = ?"
    with closing(database()) as db:
        row = db.execute(find, (invoice,)).fetchone()
    if row is None:
        return None
    return {"idempotency_key": row[0], "resume_from": datetime.fromisoformat(row[1])}


def save(invoice: str, idempotency_key: str, resume_from: datetime) -> None:
    """Commits the key and the moment of the first send."""
    row = (invoice, idempotency_key, resume_from.isoformat())
    with closing(database()) as db, db:
        db.execute("INSERT OR REPLACE INTO intent VALUES (?, ?, ?)", row)


def forget(invoice: str) -> None:
    """No money moved: the next run is another intent."""
    with closing(database()) as db, db:
        db.execute("DELETE FROM intent WHERE invoice = ?", (invoice,))
