// What bounds a call: the time of an attempt, the deadline, the size of a body.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ACH, clientOf, failure, FROM, json, PAYMENT, payment, settled, WIRE } from "./bank.mjs";

const once = { maxRetries: 0 };
const encode = (text) => new TextEncoder().encode(text);
const BALANCE = { accountId: FROM, availableBalance: 1, currentBalance: 1 };
const reader = (read, more) => ({
  status: 200,
  headers: new Headers(),
  body: { getReader: () => ({ read, cancel: async () => {}, ...more }) },
});
const throwing = () => {
  throw new Error("of the application's");
};

test("a fetch that ignores its signal is bounded by the attempt's time", async () => {
  const { client, calls } = clientOf(once, () => new Promise(() => {}));
  const started = performance.now();
  const error = await failure(client.payments.createAch(ACH, { timeoutMs: 40 }), 5_000);
  assert.ok(performance.now() - started >= 39);
  assert.equal(error.kind, "transport");
  assert.equal(error.fate, "unknown");
  assert.match(error.message, /40 ms/);
  assert.ok(calls[0].init.signal.aborted);
});

test("a body that drips is bounded by the attempt's time, however steadily it drips", async () => {
  const timers = new Set();
  const { client, calls } = clientOf(
    once,
    () =>
      new Response(
        new ReadableStream({
          pull: (controller) =>
            new Promise((next) => {
              timers.add(
                setTimeout(() => {
                  controller.enqueue(encode(" "));
                  next();
                }, 5),
              );
            }),
        }),
        { status: 201 },
      ),
  );
  const error = await failure(client.payments.createWire(WIRE, { timeoutMs: 80 }), 5_000);
  for (const timer of timers) clearTimeout(timer);
  assert.equal(error.fate, "unknown");
  assert.equal(error.status, 201);
  assert.ok(timers.size > 1);
  assert.ok(calls[0].init.signal.aborted);
});

test("the deadline bounds all attempts, the rests between them and the waits for a payment", async () => {
  const cases = [
    [() => new Promise(() => {}), (client, options) => client.payments.createAch(ACH, options)],
    [
      () => new Response(null, { status: 503, headers: { "retry-after": "1" } }),
      (client, options) => client.payments.createAch(ACH, options),
    ],
    [() => json(200, payment()), (client, options) => client.payments.wait(PAYMENT, options)],
    [
      () => new Response(null, { status: 404 }),
      (client, options) => client.payments.wait(PAYMENT, options),
    ],
  ];
  for (const [answer, call] of cases) {
    const { client } = clientOf({ maxRetries: 1_000_000 }, answer);
    const started = performance.now();
    await failure(call(client, { deadlineMs: 80 }), 5_000);
    assert.ok(performance.now() - started < 2_000);
  }
});

test("a wait whose time is up tells that the bank has the payment, if it was ever seen", async () => {
  const { client } = clientOf(() => json(200, payment({ status: "P_PROCESSING" })));
  const error = await failure(client.payments.wait(PAYMENT, { deadlineMs: 60 }));
  assert.equal(error.name, "DeadlineExceededError");
  assert.equal(error.fate, "in_progress");
  assert.equal(error.transactionId, PAYMENT);
  assert.equal(error.payment.status, "P_PROCESSING");
  const unseen = await failure(
    clientOf(() => new Response(null, { status: 404 })).client.payments.wait(PAYMENT, {
      deadlineMs: 60,
    }),
  );
  assert.equal(unseen.name, "NotFoundError");
});

test("a body over the cap is refused, the rest of it is left", async () => {
  let cancelled = 0;
  const endless = () =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(1000)),
        cancel: () => {
          cancelled += 1;
        },
      }),
      { status: 201 },
    );
  const bare = () => ({
    status: 201,
    headers: new Headers(),
    arrayBuffer: async () => new ArrayBuffer(5001),
  });
  for (const answer of [endless, bare]) {
    const { client } = clientOf({ ...once, maxBodyBytes: 5_000 }, answer);
    const error = await failure(client.payments.createWire(WIRE));
    assert.equal(error.name, "UnexpectedResponseError");
    assert.equal(error.fate, "unknown");
    assert.match(error.message, /5000 bytes/);
  }
  await settled();
  assert.equal(cancelled, 1);
  const text = JSON.stringify(BALANCE).padEnd(5_000, " ");
  const { client } = clientOf({ ...once, maxBodyBytes: 5_000 }, () => new Response(text));
  assert.equal((await client.balances.get(FROM)).accountId, FROM);
});

test("a cancel that throws, rejects or gives nothing ends nothing else", async () => {
  const value = new Uint8Array(100);
  for (const cancel of [
    throwing,
    () => undefined,
    () => Promise.reject(new Error("no")),
    undefined,
  ]) {
    const { client } = clientOf({ ...once, maxBodyBytes: 10 }, () =>
      reader(async () => ({ done: false, value }), { cancel }),
    );
    assert.match((await failure(client.accounts.list(), 5_000)).message, /10 bytes/);
    await settled();
  }
});
