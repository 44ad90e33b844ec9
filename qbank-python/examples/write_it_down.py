"""Pays an invoice exactly once: the key and the body are in the database before anything is
sent, so that the same command, after a crash, continues the same payment.

    python write_it_down.py INVOICE SOURCE_ACCOUNT DESTINATION_ACCOUNT AMOUNT
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from contextlib import closing
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from qbank_connect import QBankConnectClient, QBankError

TABLE = """CREATE TABLE IF NOT EXISTS payment (
    invoice TEXT PRIMARY KEY, idempotency_key TEXT NOT NULL, body BLOB NOT NULL,
    first_sent TEXT NOT NULL, runs INTEGER NOT NULL, payment_id TEXT, fate TEXT NOT NULL)"""
# Begins, or takes up what another run began.
TAKE_UP = """INSERT INTO payment VALUES (?, ?, ?, ?, 1, NULL, 'unknown')
    ON CONFLICT DO UPDATE SET runs = runs + 1
    RETURNING idempotency_key, body, first_sent, runs, fate"""


# ANCHOR: pay
def pay(
    client: QBankConnectClient, db: sqlite3.Connection, invoice: str, request: dict[str, Any]
) -> str:
    """Pays an invoice, or continues what an earlier run began. Gives what became of it."""
    prepared = client.payments.prepare_ach(request=request)
    row = (invoice, prepared.idempotency_key, prepared.body, now().isoformat())
    with db:  # committed before anything is sent
        key, body, first_sent, run, fate = db.execute(TAKE_UP, row).fetchone()
    if fate != "unknown":
        return str(fate)
    try:
        if run == 1:
            payment = prepared.send()
        else:  # the same key and the same body, and when it was first sent
            payment = client.payments.create_ach(
                request=json.loads(body, parse_float=Decimal),
                idempotency_key=key,
                resume_from=datetime.fromisoformat(first_sent),
            )
        payment_id, fate = payment.payment_id, "accepted"
    except QBankError as error:
        payment_id, fate = error.transaction_id, error.fate
        print(error, file=sys.stderr)
    with db:
        if fate not in ("never_sent", "refused"):  # `unknown` is resumed by the next run
            db.execute(
                "UPDATE payment SET fate = ?, payment_id = ?"
                " WHERE idempotency_key = ? AND fate = 'unknown'",
                (fate, payment_id, key),
            )
        # No money moved, and the next run begins anew: unless another has taken it up.
        elif not db.execute(
            "DELETE FROM payment WHERE idempotency_key = ? AND runs = ?", (key, run)
        ).rowcount:
            fate = "unknown"
    return str(fate)


# ANCHOR_END: pay


def now() -> datetime:
    """The moment, with its time zone: that of the first send."""
    return datetime.now(timezone.utc)


def main() -> None:
    """The command line."""
    invoice, source, destination, amount = sys.argv[1:]
    request = {
        "source_account_id": source,
        "destination_account_id": destination,
        "amount": amount,
        "reference_id": invoice,
    }
    with (
        closing(sqlite3.connect(os.environ.get("PAYMENTS_DB", "payments.sqlite"))) as db,
        QBankConnectClient(
            client_id=os.environ["QBANK_CLIENT_ID"],
            client_secret=os.environ["QBANK_CLIENT_SECRET"],
            scopes=["payments.ach.write", "payments.read"],
        ) as client,
    ):
        db.execute(TABLE)
        print(invoice, pay(client, db, invoice, request))


if __name__ == "__main__":
    main()
