"""Receives the bank's webhooks with FastAPI. Run it by ``uvicorn fastapi_webhooks:app``."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from qbank_connect import verify_webhook
from qbank_connect.errors import QBankWebhookVerificationError
from qbank_connect.models import WebhookEvent

app = FastAPI()
# One, or several while one is replaced by another.
SECRETS = os.environ["QBANK_WEBHOOK_SECRET"].split()


# ANCHOR: receive
@app.post("/webhooks/qbank")
async def receive(request: Request) -> Response:
    """Answers exactly 200 to what is genuine, after it is committed; 400 to the rest."""
    body = await request.body()  # as it came, before any JSON is read
    try:
        event = verify_webhook(body, request.headers, SECRETS)
    except QBankWebhookVerificationError as refused:
        return Response(refused.reason, status_code=400)
    if event is not None:  # `None`: genuine, but no event that this version knows
        await run_in_threadpool(keep, event)
    return Response(status_code=200)


def keep(event: WebhookEvent) -> None:
    """Commits the event, once: the bank delivers it again until it gets its 200."""
    with closing(database()) as db, db:
        db.execute("INSERT OR IGNORE INTO event VALUES (?)", (event.event_id,))
        if db.execute("SELECT changes()").fetchone() == (0,):
            return  # seen before
        db.execute(
            "INSERT OR REPLACE INTO payment VALUES (?, ?)",
            (event.data.payment_id, event.data.status),
        )


# ANCHOR_END: receive


def database() -> sqlite3.Connection:
    """Where events and payments are."""
    db = sqlite3.connect(os.environ.get("PAYMENTS_DB", "payments.sqlite"))
    db.execute("CREATE TABLE IF NOT EXISTS event (id TEXT PRIMARY KEY)")
    db.execute("CREATE TABLE IF NOT EXISTS payment (id TEXT PRIMARY KEY, status TEXT)")
    return db
