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
    # Committed before the send: one run begins, and any other resumes.
    intent, run = take_up(invoice)
    try:
        return bank().payments.create_ach(request=request, **intent).payment_id
    except QBankError as error:
        if error.fate == "in_progress":
            return error.transaction_id  # the bank has it: its webhook tells the rest
        if error.fate == "unknown":
            if error.resume is None or error.kind == "invalid_input":
                raise  # the key is too old to be sent again: reconcile
            # Money may have moved: the next run resumes, with the same key.
            save(**error.resume)
            raise self.retry(exc=error, countdown=60) from error
        # No money moved: the next run is another intent, unless one has taken this one up.
        forgotten = forget(intent["idempotency_key"], run)
        if not forgotten or error.kind in ("transport", "unavailable", "rate_limited"):
            raise self.retry(exc=error, countdown=60) from error
        raise


# ANCHOR_END: task


def database() -> sqlite3.Connection:
    """Where the intents are; the request comes with each run of the task."""
    db = sqlite3.connect(os.environ.get("PAYMENTS_DB", "payments.sqlite"))
    db.execute(
        "CREATE TABLE IF NOT EXISTS intent"
        " (invoice TEXT PRIMARY KEY, idempotency_key TEXT, first_sent TEXT, runs INTEGER)"
    )
    return db


def take_up(invoice: str) -> tuple[dict[str, Any], int]:
    """Commits a key and this moment, or that one more run has taken up what was begun. Gives
    what pays, and the number of this run.
    """
    now = datetime.now(timezone.utc).isoformat()
    with closing(database()) as db, db:
        key, first_sent, run = db.execute(
            "INSERT INTO intent VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET runs = runs + 1"
            " RETURNING idempotency_key, first_sent, runs",
            (invoice, str(uuid.uuid4()), now),
        ).fetchone()
    if run == 1:
        return {"idempotency_key": key}, run
    # Whatever another run began was perhaps sent.
    return {"idempotency_key": key, "resume_from": datetime.fromisoformat(first_sent)}, run


def save(idempotency_key: str, resume_from: datetime) -> None:
    """Commits the moment of the first send."""
    row = (resume_from.isoformat(), idempotency_key)
    with closing(database()) as db, db:
        db.execute("UPDATE intent SET first_sent = ? WHERE idempotency_key = ?", row)


def forget(idempotency_key: str, run: int) -> bool:
    """Whether the intent is gone: it stays where a later run has taken it up."""
    row = (idempotency_key, run)
    with closing(database()) as db, db:
        forget = "DELETE FROM intent WHERE idempotency_key = ? AND runs = ?"
        return db.execute(forget, row).rowcount == 1
