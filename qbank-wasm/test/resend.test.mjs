// What is sent again, when, and that it is the same intent.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  ACH,
  accepted,
  clientAt,
  clientOf,
  failure,
  FROM,
  ISSUE,
  json,
  KEY,
  payment,
  PAYMENT,
  refusal,
  sandbox,
  TRANSFER,
  WIRE,
} from "./bank.mjs";

const network = () => Promise.reject(new TypeError("fetch failed"));
const WRITES = [
  (client, options) =>
    client.withRawResponse.payments.createAch(
      { ...ACH, effectiveDate: "2030-01-07", referenceId: "INV 7" },
      options,
    ),
  (client, options) => client.withRawResponse.payments.createWire(WIRE, options),
  (client, options) => client.withRawResponse.transfers.create(TRANSFER, options),
  (client, options) => client.withRawResponse.positivePay.createIssue(ISSUE, options),
];

test("what is sent again has the same key and identical bytes, whatever went wrong", async () => {
  for (const write of WRITES) {
    for (const trouble of [
      network,
      () => refusal(500),
      () => refusal(503),
      () => refusal(408),
      () => refusal(425),
      () => refusal(429),
      () => new Response("<html>", { status: 502 }),
      () => new Response('{"cut":', { status: 201 }),
      () => new Promise(() => {}),
    ]) {
      const good = ({ url }) =>
        /wire|transfers/.test(url) ? json(201, { paymentId: PAYMENT }) : accepted();
      const { client, calls } = clientOf({ timeoutMs: 300 }, trouble, good);
      const reply = await write(client, { timeoutMs: 300 });
      assert.equal(reply.attempts, 2);
      assert.equal(reply.fate, "accepted");
      assert.equal(calls.length, 2);
      assert.equal(calls[0].text, calls[1].text);
      assert.deepEqual(calls[0].init.body, calls[1].init.body);
      const [one, two] = calls.map((call) => call.headers.get("idempotency-key"));
      assert.equal(one, two);
      assert.equal(one, reply.idempotencyKey);
      assert.match(one, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      assert.equal(calls[0].url, calls[1].url);
    }
  }
});

test("there is never more than one send beyond each retry that was allowed", async () => {
  for (const maxRetries of [0, 1, 2, 5]) {
    for (const trouble of [network, () => refusal(503), () => refusal(429)]) {
      const byClient = clientOf({ maxRetries }, trouble);
      assert.equal(
        (await failure(byClient.client.payments.createAch(ACH))).attempts,
        maxRetries + 1,
      );
      assert.equal(byClient.calls.length, maxRetries + 1);
      const byCall = clientOf({ maxRetries: 3 }, trouble);
      await failure(byCall.client.payments.createAch(ACH, { maxRetries }));
      assert.equal(byCall.calls.length, maxRetries + 1);
      const read = clientOf({ maxRetries }, trouble);
      await failure(read.client.balances.get(FROM));
      assert.equal(read.calls.length, maxRetries + 1);
    }
  }
});

test("what is final is not sent again", async () => {
  for (const answer of [400, 403, 404, 405, 409, 422].map((status) => () => refusal(status))) {
    const { client, calls } = clientOf({ maxRetries: 5 }, answer);
    await failure(client.payments.createAch(ACH));
    assert.equal(calls.length, 1);
  }
});

test("two payments never have the same key", async () => {
  const { client, calls } = clientOf(accepted);
  for (let n = 0; n < 200; n += 1) await client.payments.createAch(ACH);
  assert.equal(new Set(calls.map((call) => call.headers.get("idempotency-key"))).size, 200);
});

test("a key of one's own goes out in lower case, bare", async () => {
  const { client, calls } = clientOf(accepted);
  const reply = await client.withRawResponse.payments.createAch(ACH, {
    idempotencyKey: KEY.toUpperCase(),
  });
  assert.equal(calls[0].headers.get("idempotency-key"), KEY);
  assert.equal(reply.idempotencyKey, KEY);
});

test("Retry-After is obeyed: in seconds, and as a date against the bank's own", async () => {
  const date = (ms) => new Date(ms).toUTCString();
  const now = 1_800_000_000_000;
  for (const headers of [
    { "retry-after": "1" },
    { date: date(now), "retry-after": date(now + 1000) },
  ]) {
    for (const status of [429, 503]) {
      const at = [];
      const { client } = clientOf((_, before) => {
        at.push(performance.now());
        return before === 0 ? refusal(status, headers) : accepted();
      });
      await client.payments.createAch(ACH);
      const rest = at[1] - at[0];
      assert.ok(rest >= 990 && rest < 5_000, `${status}: ${rest} ms`);
    }
  }
});

test("a Retry-After that makes no sense does not hold a payment back", async () => {
  for (const value of [
    "-1",
    "soon",
    "1e3",
    "99999999999999999999",
    "Thu, 01 Jan 1970 00:00:00 GMT",
    "",
  ]) {
    const { client } = clientOf(() => refusal(503, { "retry-after": value }), accepted);
    const started = performance.now();
    await client.payments.createAch(ACH);
    assert.ok(performance.now() - started < 900, value);
  }
});

test("a rest that would cross the deadline is not slept", async () => {
  const { client, calls } = clientOf(() => refusal(503, { "retry-after": "60" }));
  const started = performance.now();
  const error = await failure(client.payments.createAch(ACH, { deadlineMs: 2_000 }));
  assert.ok(performance.now() - started < 1_000);
  assert.equal(error.kind, "unavailable");
  assert.equal(error.fate, "unknown");
  assert.equal(error.retryAfterMs, 60_000);
  assert.equal(calls.length, 1);
});

test("an intent is resumed from its error alone, with the same key and bytes", async () => {
  for (const write of WRITES) {
    const { client, calls } = clientOf({ maxRetries: 0 }, network, ({ url }) =>
      /wire|transfers/.test(url) ? json(201, { paymentId: PAYMENT }) : accepted(),
    );
    const error = await failure(write(client));
    assert.equal(error.fate, "unknown");
    const resumed = { idempotencyKey: error.idempotencyKey, resumeFrom: error.firstSent };
    const reply = await write(client, resumed);
    assert.equal(reply.fate, "accepted");
    assert.equal(+reply.firstSent, +error.firstSent);
    assert.equal(calls[0].text, calls[1].text);
    assert.equal(calls[1].headers.get("idempotency-key"), error.idempotencyKey);
  }
});

test("a resumed intent that is refused now is still unknown, for it may have counted before", async () => {
  const { client } = clientOf(() => refusal(422));
  const error = await failure(
    client.payments.createAch(ACH, { idempotencyKey: KEY, resumeFrom: new Date() }),
  );
  assert.equal(error.kind, "invalid_request");
  assert.equal(error.fate, "unknown");
});

test("a resumed intent that meets its own conflict is followed", async () => {
  const conflict = () =>
    json(409, { type: "/problems/idempotency-conflict", transaction_id: PAYMENT });
  const { client } = clientOf(conflict, () => json(200, payment({ status: "P_COMPLETED" })));
  const options = { idempotencyKey: KEY, resumeFrom: new Date(Date.now() - 3_600_000) };
  const reply = await client.withRawResponse.payments.createAch(ACH, options);
  assert.equal(reply.followedConflict, true);
  assert.equal(reply.data.status, "P_COMPLETED");
});

test("an intent too old to be resumed is refused here, and says what to do", async () => {
  const old = { idempotencyKey: KEY, resumeFrom: new Date(Date.now() - 7_200_000) };
  const { client, calls } = clientOf({ maxKeyAgeMs: 3_600_000 }, accepted);
  const error = await failure(client.payments.createAch(ACH, old));
  assert.equal(error.kind, "invalid_input");
  assert.equal(error.fate, "unknown");
  assert.match(error.message, /reconcile/);
  assert.equal(calls.length, 0);
  await clientOf({ maxKeyAgeMs: 10_000_000 }, accepted).client.payments.createAch(ACH, old);
});

test("a check issue without an id has the same bytes when it is resumed", async () => {
  const { client, calls } = clientOf(accepted);
  await client.positivePay.createIssue(ISSUE, { idempotencyKey: KEY });
  await client.positivePay.createIssue(ISSUE, { idempotencyKey: KEY, resumeFrom: new Date() });
  assert.equal(calls[0].text, calls[1].text);
  assert.equal(JSON.parse(calls[0].text).issue_id, KEY);
});

// Over the wire.
let bank;
before(async () => (bank = await sandbox()));
after(() => bank?.stop());

test("whatever the wire does to the first answer, the bank moves the money once", async () => {
  const client = clientAt(bank, { backoffMs: 10 });
  const [{ accountId: sourceAccountId }, { accountId: destinationAccountId }] =
    await client.accounts.list();
  let cents = 100;
  for (const fault of [
    { kind: "drop_after_commit" },
    { kind: "refuse" },
    { kind: "truncate" },
    { kind: "html" },
    { kind: "garbage" },
    { kind: "status", status: 503 },
    { kind: "status", status: 429 },
    { kind: "delay", ms: 300 },
    { kind: "revoke_token" },
  ]) {
    const amount = `1.${(cents += 1) - 100 + 10}`;
    await bank.fault({ method: "POST", path: "/v1/payments/ach", ...fault });
    const reply = await client.withRawResponse.payments.createAch(
      { sourceAccountId, destinationAccountId, amount },
      { timeoutMs: fault.kind === "delay" ? 150 : 5_000 },
    );
    assert.equal(reply.fate, "accepted", fault.kind);
    const { entries } = await bank.control("ledger");
    assert.equal(entries.filter((entry) => entry.amount === amount).length, 1, fault.kind);
  }
});
