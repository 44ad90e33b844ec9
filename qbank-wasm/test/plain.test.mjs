// What is unusual, and taken as it is.
import assert from "node:assert/strict";
import { test } from "node:test";
import vm from "node:vm";
import { ACH, accepted, clientOf, FROM, json, KEY, PARTY, TO, WIRE, wirePayment } from "./bank.mjs";

test("what is unusual but plain is taken", async () => {
  class Base {
    get amount() {
      return "1000.50";
    }
  }
  class Payment extends Base {
    sourceAccountId = FROM;
    destinationAccountId = TO;
  }
  const sent = new Set();
  for (const request of [
    Object.freeze({ ...ACH }),
    Object.assign(Object.create(null), ACH),
    Object.create(ACH),
    new Payment(),
    new Proxy(ACH, {}),
    vm.runInNewContext(`(${JSON.stringify(ACH)})`),
    { ...ACH, referenceId: undefined, effectiveDate: null, recipientDetails: undefined },
    { ...ACH, [Symbol("tag")]: 1 },
    Object.defineProperty({ ...ACH }, "hidden", { value: 1 }),
    { ...ACH, sourceAccountId: FROM.toUpperCase() },
  ]) {
    const { client, calls } = clientOf(accepted);
    await client.payments.createAch(request);
    sent.add(calls[0].text);
  }
  assert.equal(sent.size, 1);
  const options = [
    undefined,
    null,
    {},
    Object.freeze({ idempotencyKey: KEY }),
    Object.create({ idempotencyKey: KEY }),
    { idempotencyKey: undefined, signal: null, timeoutMs: undefined },
    { idempotencyKey: KEY, resumeFrom: vm.runInNewContext("new Date()") },
    { authDate: vm.runInNewContext("new Date()") },
    { signal: vm.runInNewContext("signal", { signal: new AbortController().signal }) },
    { timeoutMs: 0.5e3, maxRetries: -0 },
  ];
  for (const it of options) {
    const { client, calls } = clientOf(accepted);
    const reply = await client.withRawResponse.payments.createAch(ACH, it);
    if (it?.idempotencyKey) assert.equal(reply.idempotencyKey, KEY);
    assert.equal(calls[0].headers.get("idempotency-key"), reply.idempotencyKey);
  }
});

test("text goes out as it came, all of Unicode", async () => {
  const referenceCode = `Größe "5" \\ / 発注 🧾 é \u2028 \ufffd ${"x".repeat(60)}`;
  const { client, calls } = clientOf(() => json(201, wirePayment()));
  await client.payments.createWire({ ...WIRE, referenceCode });
  assert.equal(JSON.parse(calls[0].text).reference_code, referenceCode);
});

test("a recipient's own members go out as they are", async () => {
  const own = { account_type: "checking", memo: { a: [1, null, "é"], b: 1.5 }, flag: true };
  const { client, calls } = clientOf(accepted);
  await client.payments.createAch({
    sourceAccountId: FROM,
    recipientDetails: { ...PARTY, ...own },
    amount: 1,
  });
  const { name, bankId, accountNumber } = PARTY;
  assert.deepEqual(JSON.parse(calls[0].text).recipient_details, {
    name,
    bank_id: bankId,
    account_number: accountNumber,
    ...own,
  });
});

test("objects of the application's are read, not changed, and read before the call returns", async () => {
  const request = structuredClone(ACH);
  const options = { idempotencyKey: KEY };
  const { client, calls } = clientOf(accepted);
  const paying = client.payments.createAch(request, options);
  request.amount = "9.99";
  options.idempotencyKey = "1c9e8a4e-1b7f-4e39-9c52-2f6a7b8c9d02";
  await paying;
  assert.equal(JSON.parse(calls[0].text).amount, 1000.5);
  assert.equal(calls[0].headers.get("idempotency-key"), KEY);
});
