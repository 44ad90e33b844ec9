// Every method against the sandbox program, over the platform's own fetch.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PaymentFailedError, QBankConnectClient } from "@qbank/connect";
import { clientOf, failure, json, KEY, PARTY, PAYMENT, payment, sandbox } from "./bank.mjs";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const DOLLARS = /^-?\d+\.\d\d$/;
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

let bank;
let client;
let from;
let to;

before(async () => {
  bank = await sandbox();
  client = new QBankConnectClient({ ...bank.credentials, environment: bank.environment });
  const accounts = await client.accounts.list();
  from = accounts.find((account) => account.accountType === "Checking").accountId;
  to = accounts.find((account) => account.accountType !== "Checking").accountId;
});

after(() => bank?.stop());

const ach = () => ({ sourceAccountId: from, destinationAccountId: to, amount: "12.34" });

test("authenticate tells what the token allows and how long, and not the token", async () => {
  const info = await client.authenticate();
  assert.deepEqual(Object.keys(info).sort(), ["expiresInMs", "scope"]);
  assert.match(info.scope, /payments\.ach\.write/);
  assert.ok(info.expiresInMs > 0 && info.expiresInMs <= 3_600_000);
  const { authenticate } = client;
  assert.equal((await authenticate()).scope, info.scope);
  assert.equal((await new Proxy(client, {}).authenticate()).scope, info.scope);
});

test("accounts come in camel case with their audit fields", async () => {
  const accounts = await client.accounts.list();
  assert.ok(accounts.length >= 2);
  for (const account of accounts) {
    assert.match(account.accountId, UUID);
    assert.match(account.requestId, UUID);
    assert.match(account.timestamp, MOMENT);
    assert.equal(typeof account.accountName, "string");
    assert.equal(account.actor, "sandbox");
    assert.ok(["Checking", "Savings", "Treasury"].includes(account.accountType));
    for (const name of Object.keys(account)) assert.doesNotMatch(name, /_/);
  }
});

test("a balance comes as exact decimal strings", async () => {
  const balance = await client.balances.get(from);
  assert.equal(balance.accountId, from);
  assert.match(balance.availableBalance, DOLLARS);
  assert.match(balance.currentBalance, DOLLARS);
  assert.equal(balance.currency, "USD");
});

test("transactions come with signed amounts, and filters choose among them", async () => {
  const all = await client.transactions.list();
  assert.ok(all.some((one) => one.amount.startsWith("-")));
  for (const one of all) {
    assert.match(one.transactionId, UUID);
    assert.match(one.amount, DOLLARS);
    assert.match(one.valueDate, /^\d{4}-\d\d-\d\d$/);
    assert.match(one.postingDate, MOMENT);
    assert.match(one.transactionDate, MOMENT);
  }
  const ofOne = await client.transactions.list({ accountId: from });
  assert.ok(ofOne.length > 0 && ofOne.length < all.length);
  const since = await client.transactions.list({ postedSince: "2999-01-01" });
  assert.deepEqual(since, []);
  const both = await client.transactions.list({ accountId: from, postedSince: "2000-01-01" });
  assert.deepEqual(both, ofOne);
  const requests = await bank.control("requests");
  const list = Array.isArray(requests) ? requests : requests.requests;
  const asked = list.filter((one) => one.path.startsWith("/v1/transactions"));
  assert.equal(asked.length, 4, JSON.stringify(asked[0]));
});

test("an ACH payment is accepted, settles in batches, and waiting ends when it is final", async () => {
  const { paymentId, status, location } = await client.payments.createAch({
    ...ach(),
    referenceId: "INV-1",
  });
  assert.match(paymentId, UUID);
  assert.ok(status === null || status.startsWith("P_"));
  assert.ok(location.endsWith(`/payments/${paymentId}`));

  const early = await client.payments.get(paymentId);
  assert.equal(early.type, "ACH");
  assert.equal(early.amount, "12.34");
  assert.match(early.creationDate, MOMENT);
  assert.equal(early.completionDate, undefined);

  const waiting = client.payments.wait(paymentId, { accepted: true, deadlineMs: 20_000 });
  // Ten days of the bank's: past every batch and the weekend.
  await bank.advance(10 * 24 * 3600);
  const final = await waiting;
  assert.equal(final.paymentId, paymentId);
  assert.equal(final.status, "P_COMPLETED");
  assert.match(final.completionDate, MOMENT);
});

test("an ACH payment to an account at another bank is accepted", async () => {
  const { paymentId } = await client.payments.createAch({
    sourceAccountId: from,
    recipientDetails: PARTY,
    amount: 7.5,
    effectiveDate: "2030-01-07",
  });
  assert.equal((await client.payments.get(paymentId)).amount, "7.50");
});

test("a wire comes back as a payment", async () => {
  const wire = await client.payments.createWire({
    sourceAccountId: from,
    beneficiaryDetails: PARTY,
    amount: "0.01",
    referenceCode: "INV-2",
  });
  assert.match(wire.paymentId, UUID);
  assert.equal(wire.type, "WIRE");
  assert.equal(wire.amount, "0.01");
  assert.match(wire.status, /^P_/);
});

test("a transfer moves exactly its amount, once", async () => {
  const cents = async (account) =>
    BigInt((await client.balances.get(account)).currentBalance.replace(".", ""));
  const before = await cents(from);
  const transfer = { fromAccountId: from, toAccountId: to, amount: "0.29" };
  const idempotencyKey = "9b2f6c1e-4a7d-4b3e-8f10-5c6d7e8f9a0b";
  const answer = await client.transfers.create(transfer, { idempotencyKey });
  assert.equal(typeof answer, "object");
  assert.equal(before - (await cents(from)), 29n);
});

test("a check issue has its own id, or that of its intent", async () => {
  const check = { accountId: from, checkNumber: "1042", amount: "5", issueDate: "2026-01-05" };
  const issueId = "c3a1f0de-77aa-4d59-9a55-101112131415";
  assert.equal((await client.positivePay.createIssue({ ...check, issueId })).issueId, issueId);
  const next = { ...check, checkNumber: "1043" };
  const made = await client.positivePay.createIssue(next, { idempotencyKey: KEY });
  assert.equal(made.issueId, KEY);
});

test("check exceptions come as a list with exact amounts", async () => {
  for (const one of await client.positivePay.exceptions()) {
    assert.match(one.exceptionId, UUID);
    assert.match(one.presentedAmount, DOLLARS);
    assert.equal(typeof one.checkNumber, "string");
  }
});

test("withRawResponse tells all of the answer, for a read and for a write", async () => {
  const read = await client.withRawResponse.balances.get(from);
  assert.equal(read.status, 200);
  assert.equal(read.data.accountId, from);
  assert.ok(read.headers instanceof Headers);
  assert.match(read.headers.get("content-type"), /json/);
  assert.ok(read.raw instanceof Uint8Array);
  assert.equal(JSON.parse(new TextDecoder().decode(read.raw)).accountId, from);
  assert.equal(read.attempts, 1);
  assert.equal(read.fate, "not_applicable");
  assert.equal(read.idempotencyKey, null);
  assert.equal(read.followedConflict, false);

  const idempotencyKey = "1c9e8a4e-1b7f-4e39-9c52-2f6a7b8c9d02";
  const before = Date.now();
  const write = await client.withRawResponse.payments.createAch(ach(), { idempotencyKey });
  assert.equal(write.status, 202);
  assert.equal(write.fate, "accepted");
  assert.equal(write.idempotencyKey, idempotencyKey);
  assert.ok(write.firstSent instanceof Date);
  assert.ok(write.firstSent >= before - 1 && write.firstSent <= Date.now());
  assert.equal(write.attemptLog.length, 1);
  assert.ok(write.attemptLog[0].at instanceof Date);
  const { status, fault, fate } = write.attemptLog[0];
  assert.deepEqual({ status, fault, fate }, { status: 202, fault: null, fate: "accepted" });
});

test("a payment whose answer was lost is paid once, and found by its own conflict", async () => {
  const moved = async () => {
    const { entries } = await bank.control("ledger");
    return entries.filter((entry) => entry.amount === "77.01").length;
  };
  await bank
    .fault({ method: "POST", path: "/payments/ach", kind: "drop_after_commit" })
    .catch(() =>
      bank.fault({ method: "POST", path: "/v1/payments/ach", kind: "drop_after_commit" }),
    );
  const reply = await client.withRawResponse.payments.createAch({ ...ach(), amount: "77.01" });
  assert.equal(reply.fate, "accepted");
  assert.match(reply.data.paymentId, UUID);
  assert.ok(reply.attempts >= 1);
  assert.equal(await moved(), 1);
});

test("a payment that failed rejects with the bank's record of it", async () => {
  const failed = payment({ status: "P_FAILED", amount: 12.3 });
  const { client: scriptedClient } = clientOf(
    () => json(200, payment({ status: "P_PROCESSING" })),
    () => json(200, failed),
  );
  const error = await failure(scriptedClient.payments.wait(PAYMENT));
  assert.ok(error instanceof PaymentFailedError);
  assert.equal(error.kind, "payment_failed");
  assert.equal(error.payment.paymentId, PAYMENT);
  assert.equal(error.payment.status, "P_FAILED");
  assert.equal(error.payment.amount, "12.30");
});

test("methods can be taken off the client, and every resource is on both faces", async () => {
  const { list } = client.accounts;
  assert.ok((await list()).length > 0);
  for (const name of [
    "accounts",
    "balances",
    "transactions",
    "payments",
    "transfers",
    "positivePay",
  ]) {
    assert.deepEqual(Object.keys(client[name]), Object.keys(client.withRawResponse[name]));
  }
});
