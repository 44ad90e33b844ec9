// Every row of the canonical mapping, by scripted answers, as the only attempt.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
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
  PARTY,
  PAYMENT,
  payment,
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
  ["409 of keys", () => conflict(), "IdempotencyKeyConflictError", "idempotency_conflict", "in_progress", "ConflictError", "conflict"],
  ["409 in HTML", html(409), "IdempotencyKeyConflictError", "idempotency_conflict", "in_progress", "ConflictError", "conflict"],
  ["409 without a body", () => new Response(null, { status: 409 }), "IdempotencyKeyConflictError", "idempotency_conflict", "in_progress", "ConflictError", "conflict"],
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
  ["304", () => new Response(null, { status: 304 }), "UnexpectedResponseError", "unexpected_response", "unknown"],
  ["200 in HTML", html(200), "UnexpectedResponseError", "unexpected_response", "unknown"],
  ["200 cut off", () => new Response('{"accountId":"6f1c'), "UnexpectedResponseError", "unexpected_response", "unknown"],
  ["200 of another type", () => json(200, "text"), "UnexpectedResponseError", "unexpected_response", "unknown"],
  ["204", () => new Response(null, { status: 204 }), "UnexpectedResponseError", "unexpected_response", "unknown"],
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
  for (const text of ["errorCode", "requestId", "title", "detail", "transactionId", "field", "neededScope"]) {
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
  for (const body of [{ transaction_id: undefined }, { transaction_id: "17" }, { transaction_id: 17 }]) {
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

const inDoubtThenConflict = (path) => (call, before) => {
  if (call.init.method === "GET") {
    assert.ok(call.url.endsWith(`/payments/${PAYMENT}`));
    return json(200, payment({ type: path, amount: path === "ACH" ? 1000.5 : 25 }));
  }
  return before === 0 ? network() : conflict();
};

test("follow-own follows a conflict with an own attempt that was in doubt", async () => {
  for (const [path, request] of [["createAch", ACH], ["createWire", WIRE]]) {
    const type = path === "createAch" ? "ACH" : "WIRE";
    const { client, calls } = clientOf(inDoubtThenConflict(type));
    const reply = await client.withRawResponse.payments[path](request);
    assert.equal(reply.fate, "accepted");
    assert.equal(reply.followedConflict, true);
    assert.equal(reply.data.paymentId, PAYMENT);
    assert.equal(reply.attempts, 2);
    assert.equal(calls.length, 3);
    assert.equal(calls[0].text, calls[1].text);
  }
});

test("report reports even that conflict, by the client's option or by the call's", async () => {
  for (const [client, options] of [
    [clientOf({ onConflict: "report" }, inDoubtThenConflict("ACH")).client, {}],
    [clientOf(inDoubtThenConflict("ACH")).client, { onConflict: "report" }],
    [clientOf({ onConflict: "follow" }, inDoubtThenConflict("ACH")).client, { onConflict: "report" }],
  ]) {
    const error = await failure(client.payments.createAch(ACH, options));
    assert.equal(error.name, "IdempotencyKeyConflictError");
    assert.equal(error.fate, "in_progress");
    assert.equal(error.transactionId, PAYMENT);
    assert.equal(error.attempts, 2);
  }
});

test("follow follows a conflict that the first attempt met", async () => {
  const { client } = clientOf({ onConflict: "follow" }, () => conflict(), () => json(200, payment()));
  const reply = await client.withRawResponse.payments.createAch(ACH);
  assert.equal(reply.followedConflict, true);
  assert.equal(reply.data.paymentId, PAYMENT);
  assert.equal(reply.data.status, "P_CREATED");
});

test("a followed payment of another amount or type is not taken for ours", async () => {
  for (const other of [{ amount: 1000.51 }, { type: "WIRE" }]) {
    const answers = [() => conflict(), () => json(200, payment(other))];
    const { client } = clientOf({ onConflict: "follow" }, ...answers);
    const error = await failure(client.payments.createAch(ACH));
    assert.equal(error.fate, "in_progress");
    assert.equal(error.transactionId, PAYMENT);
  }
});

test("a followed payment that failed is refused, with its record", async () => {
  const failed = payment({ status: "P_FAILED" });
  const answers = [() => conflict(), () => json(200, failed)];
  const { client } = clientOf({ onConflict: "follow" }, ...answers);
  const error = await failure(client.payments.createAch(ACH));
  assert.equal(error.name, "PaymentFailedError");
  assert.equal(error.fate, "refused");
  assert.equal(error.payment.amount, "1000.50");
});

test("transfers and check issues have nothing to follow", async () => {
  for (const write of [
    (client) => client.transfers.create(TRANSFER),
    (client) => client.positivePay.createIssue(ISSUE),
  ]) {
    const { client, calls } = clientOf({ onConflict: "follow" }, () => conflict());
    assert.equal((await failure(write(client))).fate, "in_progress");
    assert.equal(calls.length, 1);
  }
});

test("a later refusal does not lower what an earlier attempt left in doubt", async () => {
  const { client } = clientOf(network, standard(422));
  const error = await failure(client.payments.createAch(ACH));
  assert.equal(error.kind, "invalid_request");
  assert.equal(error.fate, "unknown");
  assert.deepEqual(error.attemptLog.map((sent) => sent.fate), ["unknown", "refused"]);
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
  assert.equal(new qbank.QBankError().message, "");
});

test("nothing that is printed of an error shows a secret or a body", async () => {
  const secrets = ["the-client-secret", "issued-token-4711", "per-call-token-99", PARTY.accountNumber];
  // A bank that repeats all that it got, in every place.
  const echo = secrets.join(" ");
  const answers = (call) =>
    call.url.endsWith("/token")
      ? json(200, { access_token: secrets[1], token_type: "Bearer", expires_in: 3600 })
      : json(422, { message: echo, error_code: echo, detail: echo, title: echo, marker: "BODY-MARK" }, { "x-echo": echo });
  const credentials = { clientId: "id", clientSecret: secrets[0] };
  const { client } = clientOf(credentials, answers);
  const requests = [
    () => client.payments.createWire(WIRE),
    () => client.payments.createAch({ sourceAccountId: FROM, recipientDetails: PARTY, amount: "1" }),
    () => client.payments.createWire(WIRE, { accessToken: secrets[2] }),
  ];
  for (const request of requests) {
    const error = await failure(request);
    const token = request === requests[2] ? secrets[2] : secrets[1];
    const own = [secrets[0], token, secrets[3]];
    const printed = [
      String(error),
      error.stack,
      JSON.stringify(error),
      inspect(error, { depth: 20 }),
      error.errorCode,
      error.detail,
      error.title,
    ];
    for (const text of printed) {
      for (const secret of own) assert.ok(!text.includes(secret), `${secret} in ${text}`);
      assert.ok(!text.includes("BODY-MARK"));
    }
    assert.match(error.detail, /\[secret\]/);
  }
  for (const text of [inspect(client, { depth: 20, showHidden: true }), JSON.stringify(client)]) {
    for (const secret of secrets) assert.ok(!text.includes(secret));
  }
});

test("what a fetch says when it breaks is told without the secrets of the call", async () => {
  const { client } = clientOf({ maxRetries: 0 }, () =>
    Promise.reject(new Error(`socket for Bearer ready-made-token and ${PARTY.accountNumber}`)),
  );
  const error = await failure(client.payments.createWire(WIRE));
  const printed = inspect(error, { depth: 20 });
  assert.ok(!printed.includes("ready-made-token"));
  assert.ok(!printed.includes(PARTY.accountNumber));
  assert.match(error.message, /socket for/);
});

test("the token endpoint's answer is never kept", async () => {
  const credentials = { clientId: "id", clientSecret: "hush", maxRetries: 0 };
  for (const answer of [
    () => json(400, { error: "invalid_client", error_description: "hush is wrong" }),
    () => json(200, { access_token: "", token_type: "Bearer" }),
    () => json(500, { message: "hush" }),
  ]) {
    const error = await failure(clientOf(credentials, answer).client.payments.createAch(ACH));
    assert.equal(error.raw, undefined);
    assert.equal(error.headers, null);
    assert.equal(error.fate, "never_sent");
    assert.equal(error.attempts, 0);
    assert.equal(error.firstSent, null);
    assert.ok(!inspect(error, { depth: 20 }).includes("hush"));
  }
});

test("an accepted payment stays accepted whatever its body, if Location names it", async () => {
  const { client } = clientOf({ maxRetries: 0 }, () => accepted());
  assert.equal((await client.payments.createAch(ACH)).paymentId, PAYMENT);
});
