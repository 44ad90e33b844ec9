"""Receives the bank's webhooks with Flask. Run it by ``flask --app flask_webhooks run``."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

from flask import Flask, request
from qbank_connect import verify_webhook
from qbank_connect.errors import QBankWebhookVerificationError

app = Flask(__name__)
# One, or several while one is replaced by another.
SECRETS = os.environ["QBANK_WEBHOOK_SECRET"].split()


# ANCHOR: receive
@app.post("/webhooks/qbank")
def receive() -> tuple[str, int]:
    """Answers exactly 200 to what is genuine, after it is committed; 400 to the rest."""
    try:
        event = verify_webhook(request.get_data(), request.headers, SECRETS)
    except QBankWebhookVerificationError as refused:
        return refused.reason or "", 400
    if event is None:
        return "", 200  # genuine, but no event that this version knows
    with closing(database()) as db, db:
        db.execute("INSERT OR IGNORE INTO event VALUES (?)", (event.event_id,))
        # The bank delivers an event again until it gets its 200.
        if db.execute("SELECT changes()").fetchone() == (1,):
            db.execute(
                "INSERT OR REPLACE INTO payment VALUES (?, ?)",
                (event.data.payment_id, event.data.status),
            )
    return "", 200


# ANCHOR_END: receive


def database() -> sqlite3.Connection:
    """Where events and payments are."""
    db = sqlite3.connect(os.environ.get("PAYMENTS_DB", "payments.sqlite"))
    db.execute("CREATE TABLE IF NOT EXISTS event (id TEXT PRIMARY KEY)")
    db.execute("CREATE TABLE IF NOT EXISTS payment (id TEXT PRIMARY KEY, status TEXT)")
    return db
