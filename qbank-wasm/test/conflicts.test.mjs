// Conflicts of keys, by each policy.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ACH,
  clientOf,
  conflict,
  failure,
  ISSUE,
  json,
  PAYMENT,
  payment,
  TRANSFER,
  WIRE,
} from "./bank.mjs";

const network = () => Promise.reject(new TypeError("fetch failed"));

const inDoubtThenConflict = (path) => (call, before) => {
  if (call.init.method === "GET") {
    assert.ok(call.url.endsWith(`/payments/${PAYMENT}`));
    return json(200, payment({ type: path, amount: path === "ACH" ? 1000.5 : 25 }));
  }
  return before === 0 ? network() : conflict();
};

test("follow-own follows a conflict with an own attempt that was in doubt", async () => {
  for (const [path, request] of [
    ["createAch", ACH],
    ["createWire", WIRE],
  ]) {
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
    [
      clientOf({ onConflict: "follow" }, inDoubtThenConflict("ACH")).client,
      { onConflict: "report" },
    ],
  ]) {
    const error = await failure(client.payments.createAch(ACH, options));
    assert.equal(error.name, "IdempotencyKeyConflictError");
    assert.equal(error.fate, "in_progress");
    assert.equal(error.transactionId, PAYMENT);
    assert.equal(error.attempts, 2);
  }
});

test("follow follows a conflict that the first attempt met", async () => {
  const { client } = clientOf(
    { onConflict: "follow" },
    () => conflict(),
    () => json(200, payment()),
  );
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
