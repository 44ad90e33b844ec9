// Every row of the canonical mapping, by scripted answers, as the only attempt.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as qbank from "@qbank/connect";
import {
  ACH,
  accepted,
  clientOf,
  conflict,
  failure,
  FROM,
  ISSUE,
  json,
  KEY,
  PAYMENT,
  refusal,
  REQUEST,
  TRANSFER,
  WIRE,
} from "./bank.mjs";

const html = (status) => () => new Response("<html>no</html>", { status });
const standard = (status, headers) => () => refusal(status, headers);
const network = () => Promise.reject(new TypeError("fetch failed"));
const S = "QBankServiceUnavailableError";

// What the bank does → class, kind, fate of a write, and where a read differs its class and kind.
const ROWS = [
  ["400", standard(400), "InvalidRequestError", "invalid_request", "refused"],
  ["422", standard(422), "InvalidRequestError", "invalid_request", "refused"],
  ["405 in HTML", html(405), "InvalidRequestError", "invalid_request", "refused"],
  ["410", standard(410), "InvalidRequestError", "invalid_request", "refused"],
  ["413", standard(413), "InvalidRequestError", "invalid_request", "refused"],
  ["451", standard(451), "InvalidRequestError", "invalid_request", "refused"],
  ["401", standard(401), "AuthenticationError", "unauthenticated", "refused"],
  ["403", standard(403), "PermissionDeniedError", "permission_denied", "refused"],
  ["404", standard(404), "NotFoundError", "not_found", "refused"],
  ["408", standard(408), S, "request_timeout", "unknown"],
  [
    "409 of keys",
    () => conflict(),
    "IdempotencyKeyConflictError",
    "idempotency_conflict",
    "in_progress",
    "ConflictError",
    "conflict",
  ],
  [
    "409 in HTML",
    html(409),
    "IdempotencyKeyConflictError",
    "idempotency_conflict",
    "in_progress",
    "ConflictError",
    "conflict",
  ],
  [
    "409 without a body",
    () => new Response(null, { status: 409 }),
    "IdempotencyKeyConflictError",
    "idempotency_conflict",
    "in_progress",
    "ConflictError",
    "conflict",
  ],
  ["409 otherwise", standard(409), "ConflictError", "conflict", "refused"],
  ["425", standard(425), "RateLimitError", "rate_limited", "refused"],
  ["429", standard(429), "RateLimitError", "rate_limited", "refused"],
  ["500", standard(500), S, "server", "unknown"],
  ["501", standard(501), S, "server", "unknown"],
  ["505 in HTML", html(505), S, "server", "unknown"],
  ["599", standard(599), S, "server", "unknown"],
  ["502", html(502), S, "unavailable", "unknown"],
  ["503", standard(503), S, "unavailable", "unknown"],
  ["504", standard(504), S, "unavailable", "unknown"],
  ["301", html(301), "UnexpectedResponseError", "unexpected_response", "unknown"],
  ["307", html(307), "UnexpectedResponseError", "unexpected_response", "unknown"],
  [
    "304",
    () => new Response(null, { status: 304 }),
    "UnexpectedResponseError",
    "unexpected_response",
    "unknown",
  ],
  ["200 in HTML", html(200), "UnexpectedResponseError", "unexpected_response", "unknown"],
  [
    "200 cut off",
    () => new Response('{"accountId":"6f1c'),
    "UnexpectedResponseError",
    "unexpected_response",
    "unknown",
  ],
  [
    "200 of another type",
    () => json(200, "text"),
    "UnexpectedResponseError",
    "unexpected_response",
    "unknown",
  ],
  [
    "204",
    () => new Response(null, { status: 204 }),
    "UnexpectedResponseError",
    "unexpected_response",
    "unknown",
  ],
  ["no answer", network, "ConnectionError", "transport", "unknown"],
];

// What is true of every error, whatever happened.
function wellFormed(error, name) {
  assert.equal(error.name, name);
  assert.ok(error instanceof qbank[name]);
  assert.ok(error instanceof qbank.QBankError);
  assert.ok(error instanceof Error);
  assert.equal(error.constructor.name, name);
  assert.ok(String(error).startsWith(`${name}: `));
  assert.ok(error.message.length > 0);
  assert.ok(error.stack.startsWith(`${name}: ${error.message}`));
  for (const member of ["status", "attempts"]) assert.ok(member in error);
  for (const text of [
    "errorCode",
    "requestId",
    "title",
    "detail",
    "transactionId",
    "field",
    "neededScope",
  ]) {
    assert.ok(error[text] === null || typeof error[text] === "string", text);
  }
  assert.ok(error.firstSent === null || error.firstSent instanceof Date);
  assert.ok(Array.isArray(error.attemptLog));
  assert.equal(error.attemptLog.length, error.attempts);
  for (const sent of error.attemptLog) assert.ok(sent.at instanceof Date);
  assert.ok(error.headers === null || error.headers instanceof Headers);
  assert.ok(error.raw === undefined || error.raw instanceof Uint8Array);
}

for (const [what, answer, name, kind, fate, readName = name, readKind = kind] of ROWS) {
  test(`${what}: ${name}, and a payment is ${fate}`, async () => {
    const { client, calls } = clientOf({ maxRetries: 0 }, answer);
    const error = await failure(client.payments.createWire(WIRE, { idempotencyKey: KEY }));
    wellFormed(error, name);
    assert.equal(error.kind, kind);
    assert.equal(error.fate, fate);
    assert.equal(error.idempotencyKey, KEY);
    assert.ok(Math.abs(error.firstSent - Date.now()) < 60_000);
    assert.equal(error.attempts, 1);
    assert.equal(error.attemptLog[0].fate, fate);
    assert.equal(calls.length, 1);
    if (fate === "unknown") assert.match(error.message, /UNKNOWN.*same key/);
    if (fate === "refused") assert.match(error.message, /no money moved/);
  });
  test(`${what}: a read fails as ${readName}`, async () => {
    const { client, calls } = clientOf({ maxRetries: 0 }, answer);
    const error = await failure(client.balances.get(FROM));
    wellFormed(error, readName);
    assert.equal(error.kind, readKind);
    assert.equal(error.fate, "not_applicable");
    assert.equal(error.idempotencyKey, null);
    assert.equal(calls.length, 1);
    assert.doesNotMatch(error.message, /money|key/);
  });
}

test("every kind of write ends the same way", async () => {
  for (const write of [
    (client) => client.payments.createAch(ACH),
    (client) => client.transfers.create(TRANSFER),
    (client) => client.positivePay.createIssue(ISSUE),
  ]) {
    for (const [answer, kind, fate] of [
      [standard(422), "invalid_request", "refused"],
      [standard(503), "unavailable", "unknown"],
      [() => conflict(), "idempotency_conflict", "in_progress"],
      [network, "transport", "unknown"],
    ]) {
      const { client } = clientOf({ maxRetries: 0 }, answer);
      const error = await failure(write(client));
      assert.deepEqual([error.kind, error.fate], [kind, fate]);
      assert.match(error.idempotencyKey, /^[0-9a-f-]{14}4/);
    }
  }
});

test("a standard error tells its code, its request and its words", async () => {
  const { client } = clientOf(standard(422));
  const error = await failure(client.payments.createAch(ACH));
  assert.equal(error.status, 422);
  assert.equal(error.errorCode, "ERR_X_001");
  assert.equal(error.requestId, REQUEST);
  assert.match(error.message, /No/);
  assert.ok(error.message.includes(REQUEST));
  assert.equal(error.headers.get("content-type"), "application/json");
  assert.equal(JSON.parse(new TextDecoder().decode(error.raw)).error_code, "ERR_X_001");
  assert.equal(error.attemptLog[0].status, 422);
  assert.equal(error.attemptLog[0].fault, null);
});

test("a conflict of keys tells the payment in process and what the bank says of it", async () => {
  const { client, calls } = clientOf(() => conflict());
  const error = await failure(client.payments.createAch(ACH));
  assert.equal(error.transactionId, PAYMENT);
  assert.equal(error.title, "Idempotency conflict");
  assert.match(error.detail, /being processed/);
  assert.equal(error.status, 409);
  assert.match(error.message, new RegExp(`do not resend.*${PAYMENT}`));
  assert.equal(calls.length, 1);
});

test("a conflict without a usable id is in progress without one", async () => {
  for (const body of [
    { transaction_id: undefined },
    { transaction_id: "17" },
    { transaction_id: 17 },
  ]) {
    const { client } = clientOf(() => conflict(body));
    const error = await failure(client.payments.createAch(ACH));
    assert.equal(error.fate, "in_progress");
    assert.equal(error.transactionId, null);
  }
});

test("a 403 names the scope that is missing, for every operation", async () => {
  const scopes = [
    [(on) => on.accounts.list(), "accounts.read"],
    [(on) => on.balances.get(FROM), "balances.read"],
    [(on) => on.transactions.list(), "transactions.read"],
    [(on) => on.payments.get(PAYMENT), "payments.read"],
    [(on) => on.payments.createAch(ACH), "payments.ach.write"],
    [(on) => on.payments.createWire(WIRE), "payments.wire.write"],
    [(on) => on.transfers.create(TRANSFER), "transfers.write"],
    [(on) => on.positivePay.createIssue(ISSUE), "positivepay.issues.write"],
    [(on) => on.positivePay.exceptions(), "positivepay.exceptions.read"],
  ];
  for (const [call, scope] of scopes) {
    const error = await failure(call(clientOf(standard(403)).client));
    assert.equal(error.neededScope, scope);
    assert.ok(error.message.includes(scope));
  }
});

test("a 429 tells how long to wait, in milliseconds", async () => {
  const { client } = clientOf({ maxRetries: 0 }, standard(429, { "retry-after": "7" }));
  const error = await failure(client.payments.createAch(ACH));
  assert.equal(error.retryAfterMs, 7000);
});

test("a later refusal does not lower what an earlier attempt left in doubt", async () => {
  const { client } = clientOf(network, standard(422));
  const error = await failure(client.payments.createAch(ACH));
  assert.equal(error.kind, "invalid_request");
  assert.equal(error.fate, "unknown");
  assert.deepEqual(
    error.attemptLog.map((sent) => sent.fate),
    ["unknown", "refused"],
  );
});

test("errors can be made for an application's own tests, with the kind of their class", () => {
  const kinds = {
    InvalidRequestError: "invalid_request",
    AuthenticationError: "unauthenticated",
    PermissionDeniedError: "permission_denied",
    NotFoundError: "not_found",
    IdempotencyKeyConflictError: "idempotency_conflict",
    ConflictError: "conflict",
    RateLimitError: "rate_limited",
    QBankServiceUnavailableError: "unavailable",
    UnexpectedResponseError: "unexpected_response",
    ConnectionError: "transport",
    DeadlineExceededError: "deadline_exceeded",
    PaymentFailedError: "payment_failed",
    WebhookVerificationError: "invalid_signature",
  };
  for (const [name, kind] of Object.entries(kinds)) {
    const error = new qbank[name]({ message: "for a test" });
    wellFormed(error, name);
    assert.equal(error.message, "for a test");
    assert.equal(error.kind, kind);
    assert.equal(error.status, null);
    assert.equal(error.attempts, 0);
  }
  const made = new qbank.ConnectionError(
    {
      message: "gone",
      fate: "unknown",
      idempotencyKey: KEY,
      firstSent: new Date(5),
      attempts: 1,
      attemptLog: [{ at: new Date(5), status: null, fault: "other", fate: "unknown" }],
    },
    new Uint8Array([1]),
    new Error("why"),
  );
  wellFormed(made, "ConnectionError");
  assert.equal(+made.firstSent, 5);
  assert.equal(made.cause.message, "why");
  assert.equal(made.raw.length, 1);
  // An error that a test of the application makes still says what it is.
  assert.equal(new qbank.NotFoundError({}).message, "not found");
  assert.equal(new qbank.QBankError().message, "unexpected response");
});

test("an error in a log as JSON tells what happened and what is needed to resume", async () => {
  const { client } = clientOf({ maxRetries: 0 }, network);
  const error = await failure(client.payments.createAch(ACH, { idempotencyKey: KEY }));
  const logged = JSON.parse(JSON.stringify({ error })).error;
  assert.equal(logged.name, "ConnectionError");
  assert.equal(logged.message, error.message);
  assert.equal(logged.fate, "unknown");
  assert.equal(logged.idempotencyKey, KEY);
  assert.equal(logged.firstSent, error.firstSent.toISOString());
  assert.ok(!("raw" in logged) && !("headers" in logged) && !("cause" in logged));
});

test("an accepted payment stays accepted whatever its body, if Location names it", async () => {
  const { client } = clientOf({ maxRetries: 0 }, () => accepted());
  assert.equal((await client.payments.createAch(ACH)).paymentId, PAYMENT);
});
