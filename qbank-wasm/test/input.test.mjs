// What is wrong with arguments is found before anything is sent, and named as JavaScript
// knows it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidRequestError } from "@qbank/connect";
import { noDay, noObject, noUuid, show, throwing, CREDENTIALS } from "./bad.mjs";
import {
  ACH,
  accepted,
  clientOf,
  failure,
  FROM,
  ISSUE,
  json,
  KEY,
  METHODS,
  PARTY,
  PAYMENT,
  TRANSFER,
  WIRE,
} from "./bank.mjs";
import { BAD } from "./typos.mjs";

const noMoment = [
  0,
  5,
  Date.now(),
  "2026-01-05",
  "",
  new Date(NaN),
  {},
  [],
  true,
  Symbol("s"),
  () => new Date(),
  { getTime: () => NaN },
  { getTime: () => "5" },
  {
    getTime() {
      throw new Error("no");
    },
  },
];

test(`${BAD.length} typos and wrong values in payments are found before anything is sent, and named`, async (t) => {
  for (const [what, field, call] of BAD) {
    await t.test(what, async () => {
      // With credentials: not even a token is asked for.
      const { client, calls } = clientOf(CREDENTIALS, accepted);
      const error = await failure(() => call(client, {}));
      assert.ok(error instanceof InvalidRequestError);
      assert.equal(error.kind, "invalid_input");
      assert.equal(error.field, field);
      assert.ok(error.message.includes(field), error.message);
      assert.equal(error.fate, "never_sent");
      assert.match(error.message, /nothing was sent/);
      assert.equal(error.attempts, 0);
      assert.equal(error.status, null);
      assert.equal(error.cause, undefined);
      assert.ok(!error.message.includes(PARTY.accountNumber));
      assert.ok(error.message.length < 600, "a message repeats no huge input");
      assert.equal(calls.length, 0);
    });
  }
});

test("a moment to resume from that is none is named, and leaves the money unknown", async () => {
  for (const resumeFrom of noMoment) {
    const { client, calls } = clientOf(CREDENTIALS, accepted);
    const error = await failure(
      client.payments.createAch(ACH, { idempotencyKey: KEY, resumeFrom }),
    );
    assert.equal(error.field, "resumeFrom");
    assert.equal(error.fate, "unknown");
    assert.equal(calls.length, 0);
  }
});

test("a moment to resume from that is yet to come is named as well", async () => {
  const { client, calls } = clientOf(CREDENTIALS, accepted);
  const resumeFrom = new Date(Date.now() + 86_400_000);
  const error = await failure(client.payments.createAch(ACH, { idempotencyKey: KEY, resumeFrom }));
  assert.equal(error.kind, "invalid_input");
  assert.equal(error.field, "resumeFrom");
  assert.match(error.message, /resumeFrom must not be in the future/);
  assert.equal(calls.length, 0);
});

test("a clock that is a little behind does not keep an intent from being resumed", async () => {
  const { client } = clientOf(accepted);
  const resumeFrom = new Date(Date.now() + 30_000);
  await client.payments.createAch(ACH, { idempotencyKey: KEY, resumeFrom });
});

test("whatever is wrong with an intent that is resumed, its money stays unknown", async () => {
  const resuming = { idempotencyKey: KEY, resumeFrom: new Date() };
  for (const call of [
    (client) => client.payments.createAch({ ...ACH, amount: 0 }, resuming),
    (client) => client.payments.createAch(undefined, resuming),
    (client) => client.payments.createWire({ ...WIRE, referenceCode: "" }, resuming),
    (client) => client.transfers.create({ ...TRANSFER, toAccountId: FROM }, resuming),
    (client) => client.positivePay.createIssue({ ...ISSUE, checkNumber: "" }, resuming),
    (client) => client.payments.createAch(ACH, { resumeFrom: new Date() }),
    (client) => client.payments.createAch(ACH, { ...resuming, maxRetrys: 1 }),
    (client) => client.payments.createAch(ACH, { ...resuming, timeoutMs: 0 }),
    (client) => client.payments.createAch(ACH, throwing("resumeFrom", { idempotencyKey: KEY })),
    (client) =>
      client.payments.createAch(ACH, {
        ...resuming,
        resumeFrom: new Date(Date.now() - 25 * 3600_000),
      }),
  ]) {
    const { client, calls } = clientOf(CREDENTIALS, accepted);
    const error = await failure(call(client));
    assert.equal(error.kind, "invalid_input");
    assert.equal(error.fate, "unknown");
    assert.match(error.message, /UNKNOWN/);
    assert.equal(calls.length, 0);
  }
});

test("typos and wrong values in reads are found before anything is sent, and no money is spoken of", async (t) => {
  const READS = [
    ["balances.get", "accountId", (client, it) => client.balances.get(it)],
    ["payments.get", "paymentId", (client, it) => client.payments.get(it)],
    ["payments.wait", "paymentId", (client, it) => client.payments.wait(it)],
    ["a filter", "accountId", (client, it) => client.transactions.list({ accountId: it })],
  ];
  const cases = READS.flatMap(([what, field, call]) =>
    noUuid.map((it) => [`${what} of ${show(it)}`, field, (client) => call(client, it)]),
  );
  for (const it of noDay)
    cases.push([
      `since ${show(it)}`,
      "postedSince",
      (client) => client.transactions.list({ postedSince: it }),
    ]);
  for (const it of noObject.slice(2))
    cases.push([`a filter of ${show(it)}`, "filter", (client) => client.transactions.list(it)]);
  cases.push([
    "a typo in the filter",
    "postingDateGte",
    (client) => client.transactions.list({ postingDateGte: "2026-01-05" }),
  ]);
  cases.push([
    "options for a filter",
    "timeoutMs",
    (client) => client.transactions.list({ timeoutMs: 5 }),
  ]);
  for (const [name, call] of METHODS.filter(([, , writes]) => !writes)) {
    cases.push([
      `${name} with a key`,
      "idempotencyKey",
      (client) => call(client, { idempotencyKey: KEY }),
    ]);
    cases.push([`${name} with a typo`, "timeout", (client) => call(client, { timeout: 5 })]);
    cases.push([`${name} with options as text`, "options", (client) => call(client, "text")]);
  }
  cases.push([
    "authenticate with a typo",
    "scope",
    (client) => client.authenticate({ scope: "x" }),
  ]);
  cases.push([
    "accepted as text",
    "accepted",
    (client) => client.payments.wait(PAYMENT, { accepted: "yes" }),
  ]);
  cases.push([
    "accepted for a get",
    "accepted",
    (client) => client.payments.get(PAYMENT, { accepted: true }),
  ]);
  for (const [what, field, call] of cases) {
    await t.test(what, async () => {
      const { client, calls } = clientOf(CREDENTIALS, () => json(200, []));
      const error = await failure(() => call(client));
      assert.equal(error.kind, "invalid_input");
      assert.equal(error.field, field);
      assert.equal(error.fate, "not_applicable");
      assert.doesNotMatch(error.message, /money/);
      assert.equal(calls.length, 0);
    });
  }
});
