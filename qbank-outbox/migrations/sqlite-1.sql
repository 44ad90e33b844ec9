-- The outbox on SQLite, version 1. Moments are UTC with milliseconds, such as
-- 2026-01-31T09:00:00.000Z; digests are SHA-256 in hex.

-- The store's own id, and the version of its schema.
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
INSERT INTO meta (name, value) VALUES ('store', lower(hex(randomblob(16)))), ('schema', '1');

-- What shall happen once at the bank. It never changes.
CREATE TABLE intent (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    namespace TEXT NOT NULL DEFAULT '' CHECK (typeof(namespace) = 'text'),
    intent_id TEXT NOT NULL CHECK (typeof(intent_id) = 'text'),
    kind TEXT NOT NULL CHECK (kind IN ('ach', 'wire', 'transfer', 'check_issue')),
    source_account TEXT NOT NULL CHECK (typeof(source_account) = 'text'),
    amount_cents INTEGER NOT NULL CHECK (typeof(amount_cents) = 'integer' AND amount_cents > 0),
    payee_hash TEXT NOT NULL CHECK (typeof(payee_hash) = 'text'),
    idempotency_key TEXT NOT NULL UNIQUE CHECK (typeof(idempotency_key) = 'text'),
    body BLOB NOT NULL CHECK (typeof(body) IN ('blob', 'text')),
    body_sha256 TEXT NOT NULL CHECK (typeof(body_sha256) = 'text'),
    actor TEXT NOT NULL CHECK (typeof(actor) = 'text'),
    not_before TEXT
        CHECK (not_before IS NULL OR strftime('%Y-%m-%dT%H:%M:%fZ', not_before) IS not_before),
    effective_date TEXT CHECK (typeof(effective_date) IN ('text', 'null')),
    run_id TEXT CHECK (typeof(run_id) IN ('text', 'null')),
    -- The intent_id, in the same namespace, of the one that this one is sent instead of.
    replaces TEXT CHECK (typeof(replaces) IN ('text', 'null')),
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
        CHECK (strftime('%Y-%m-%dT%H:%M:%fZ', created_at) IS created_at),
    UNIQUE (namespace, intent_id),
    UNIQUE (namespace, replaces)
);

-- Where each intent stands.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY REFERENCES intent (id),
    state TEXT NOT NULL,
    fate TEXT NOT NULL,
    -- What waits together where a right is missing: source_account/kind.
    lane TEXT NOT NULL,
    first_sent_at TEXT,
    next_at TEXT,
    lease_token TEXT,
    lease_until TEXT,
    worker TEXT,
    claims INTEGER NOT NULL DEFAULT 0,
    sends INTEGER NOT NULL DEFAULT 0,
    -- Leases in a row that ran out.
    lost INTEGER NOT NULL DEFAULT 0,
    payment_id TEXT,
    payment_status TEXT,
    bank_request_id TEXT,
    last_error TEXT,
    -- The length of its chain in audit, and the digest of the last link.
    chain INTEGER NOT NULL DEFAULT 0,
    chain_hash TEXT NOT NULL DEFAULT ''
);
CREATE INDEX outbox_due ON outbox (next_at)
    WHERE state IN ('queued', 'claimed', 'sending', 'resend');
CREATE INDEX outbox_look ON outbox (next_at) WHERE state = 'accepted' AND next_at IS NOT NULL;
CREATE INDEX outbox_lease ON outbox (lease_token) WHERE lease_token IS NOT NULL;
CREATE INDEX outbox_reconcile ON outbox (id) WHERE state = 'reconcile';
CREATE INDEX outbox_payment ON outbox (payment_id) WHERE payment_id IS NOT NULL;

-- Each send that has ended.
CREATE TABLE attempt (
    outbox_id INTEGER NOT NULL REFERENCES outbox (id),
    lease_token TEXT NOT NULL,
    n INTEGER NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT NOT NULL,
    http_status INTEGER,
    fault TEXT,
    fate TEXT NOT NULL,
    PRIMARY KEY (outbox_id, lease_token, n)
);

-- What happened, a chain for each intent.
CREATE TABLE audit (
    outbox_id INTEGER NOT NULL REFERENCES outbox (id),
    n INTEGER NOT NULL,
    "timestamp" TEXT NOT NULL,
    actor TEXT NOT NULL,
    request_id TEXT NOT NULL,
    event TEXT NOT NULL,
    "from" TEXT,
    "to" TEXT NOT NULL,
    detail TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (outbox_id, n)
);

-- The lanes that are paused.
CREATE TABLE lane (
    id TEXT PRIMARY KEY,
    paused_at TEXT NOT NULL,
    reason TEXT NOT NULL,
    retry_at TEXT,
    probes INTEGER NOT NULL DEFAULT 0
);

CREATE TRIGGER intent_enqueued AFTER INSERT ON intent BEGIN
    INSERT INTO outbox (id, state, fate, lane, next_at)
    VALUES (
        NEW.id, 'queued', 'never_sent', NEW.source_account || '/' || NEW.kind,
        coalesce(NEW.not_before, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
    );
END;

-- The one change: the body of an intent that is final gives way to its digest.
CREATE TRIGGER intent_stays BEFORE UPDATE ON intent
WHEN NOT (
    NEW.body = CAST(OLD.body_sha256 AS BLOB)
    AND EXISTS (
        SELECT 1 FROM outbox WHERE id = OLD.id AND next_at IS NULL
            AND state IN ('accepted', 'settled', 'failed', 'refused', 'cancelled')
    )
    AND NEW.id IS OLD.id AND NEW.namespace IS OLD.namespace
    AND NEW.intent_id IS OLD.intent_id AND NEW.kind IS OLD.kind
    AND NEW.source_account IS OLD.source_account
    AND NEW.amount_cents IS OLD.amount_cents AND NEW.payee_hash IS OLD.payee_hash
    AND NEW.idempotency_key IS OLD.idempotency_key AND NEW.body_sha256 IS OLD.body_sha256
    AND NEW.actor IS OLD.actor AND NEW.not_before IS OLD.not_before
    AND NEW.effective_date IS OLD.effective_date AND NEW.run_id IS OLD.run_id
    AND NEW.replaces IS OLD.replaces
    AND NEW.created_at IS OLD.created_at
) BEGIN
    SELECT RAISE (ABORT, 'an intent never changes');
END;
-- The same once more is the first one. `INSERT OR REPLACE` deletes without a trigger.
CREATE TRIGGER intent_once BEFORE INSERT ON intent
WHEN EXISTS (
    SELECT 1 FROM intent
    WHERE id = NEW.id OR idempotency_key = NEW.idempotency_key
        OR (namespace = NEW.namespace AND intent_id = NEW.intent_id)
        OR (namespace = NEW.namespace AND replaces = NEW.replaces)
) BEGIN
    SELECT CASE
        WHEN EXISTS (
            SELECT 1 FROM intent
            WHERE namespace = NEW.namespace AND intent_id = NEW.intent_id
                AND kind = NEW.kind AND body_sha256 = NEW.body_sha256
                AND replaces IS NEW.replaces
        ) THEN RAISE (IGNORE)
        ELSE RAISE (ABORT, 'IntentConflict: an intent never changes')
    END;
END;
-- What may still be paid is not replaced.
CREATE TRIGGER intent_replaces BEFORE INSERT ON intent
WHEN NEW.replaces IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM intent WHERE namespace = NEW.namespace AND intent_id = NEW.intent_id
) AND NOT EXISTS (
    SELECT 1 FROM intent i JOIN outbox o ON o.id = i.id
    WHERE i.namespace = NEW.namespace AND i.intent_id = NEW.replaces
        AND o.state IN ('refused', 'failed', 'cancelled')
) BEGIN
    SELECT RAISE (ABORT, 'replaces must name an intent that was refused, failed or was cancelled');
END;
CREATE TRIGGER outbox_once BEFORE INSERT ON outbox
WHEN EXISTS (SELECT 1 FROM outbox WHERE id = NEW.id) BEGIN
    SELECT RAISE (ABORT, 'a row of outbox is never replaced');
END;
CREATE TRIGGER attempt_once BEFORE INSERT ON attempt
WHEN EXISTS (
    SELECT 1 FROM attempt
    WHERE outbox_id = NEW.outbox_id AND lease_token = NEW.lease_token AND n = NEW.n
) BEGIN
    SELECT RAISE (ABORT, 'an attempt never changes');
END;
CREATE TRIGGER audit_once BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE outbox_id = NEW.outbox_id AND n = NEW.n) BEGIN
    SELECT RAISE (ABORT, 'the audit never changes');
END;
CREATE TRIGGER intent_kept BEFORE DELETE ON intent BEGIN
    SELECT RAISE (ABORT, 'an intent is never deleted');
END;
CREATE TRIGGER outbox_kept BEFORE DELETE ON outbox BEGIN
    SELECT RAISE (ABORT, 'a row of outbox is never deleted');
END;
CREATE TRIGGER attempt_stays BEFORE UPDATE ON attempt BEGIN
    SELECT RAISE (ABORT, 'an attempt never changes');
END;
CREATE TRIGGER attempt_kept BEFORE DELETE ON attempt BEGIN
    SELECT RAISE (ABORT, 'an attempt is never deleted');
END;
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN
    SELECT RAISE (ABORT, 'the audit never changes');
END;
CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN
    SELECT RAISE (ABORT, 'the audit is never deleted');
END;
