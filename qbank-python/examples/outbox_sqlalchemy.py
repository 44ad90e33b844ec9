"""Enqueues a payment in the session that has its invoice: see the guide on the outbox."""

import hashlib
import uuid

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

# ANCHOR: enqueue
INTENT = text(
    "INSERT INTO intent (intent_id, kind, source_account, amount_cents, payee_hash,"
    " idempotency_key, body, body_sha256, actor)"
    " VALUES (:id, 'ach', :source, :cents, :payee, :key, :body, :digest, :actor)"
)


def enqueue(session: Session, id: str, source: str, to: str, cents: int, actor: str) -> None:
    """Both are committed, or neither: the intent, and whatever else the session has."""
    accounts = f'"source_account_id": "{source}", "destination_account_id": "{to}"'
    body = f'{{{accounts}, "amount": {cents // 100}.{cents % 100:02}}}'.encode()
    values = {
        "id": id,
        "source": source,
        "cents": cents,
        "payee": hashlib.sha256(to.encode()).hexdigest(),
        "key": str(uuid.uuid4()),
        "body": body,
        "digest": hashlib.sha256(body).hexdigest(),
        "actor": actor,
    }
    session.execute(INTENT, values)


# ANCHOR_END: enqueue


def main(url: str) -> None:
    operating = "acc00000-0000-4000-8000-000000000001"
    payroll = "acc00000-0000-4000-8000-000000000002"
    with Session(create_engine(url)) as session, session.begin():
        enqueue(session, "INV-7", operating, payroll, 100050, "ap.clerk")


if __name__ == "__main__":
    main("sqlite:///outbox.db")
