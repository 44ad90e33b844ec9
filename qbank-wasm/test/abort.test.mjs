// Calling a call off: what is then known of the money, and that nothing is left behind.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  ACH,
  accepted,
  clientOf,
  failure,
  json,
  KEY,
  METHODS,
  PAYMENT,
  payment,
  refusal,
  settled,
  token,
  within,
} from "./bank.mjs";

const CREDENTIALS = { clientId: "id", clientSecret: "secret" };
const REASON = new Error("the user closed the page");
const listeners = (signal) => getEventListeners(signal, "abort").length;
const never = () => new Promise(() => {});
// As the platform's fetch: rejects when its signal aborts.
const untilAborted = ({ init }) =>
  new Promise((_, reject) =>
    init.signal.addEventListener("abort", () => reject(init.signal.reason)),
  );

test("aborted before the call: nothing is sent, not even for a token", async () => {
  for (const [name, call, writes] of METHODS) {
    const { client, calls } = clientOf(CREDENTIALS, accepted);
    const error = await failure(call(client, { signal: AbortSignal.abort(REASON) }));
    assert.equal(error.name, "ConnectionError", name);
    assert.equal(error.kind, "transport");
    assert.equal(error.fate, writes ? "never_sent" : "not_applicable");
    assert.equal(error.cause, REASON);
    assert.equal(error.attempts, 0);
    assert.equal(calls.length, 0);
  }
});

test("a resumed intent that is aborted before it is sent stays unknown", async () => {
  const { client, calls } = clientOf(accepted);
  const options = { idempotencyKey: KEY, resumeFrom: new Date(), signal: AbortSignal.abort() };
  const error = await failure(client.payments.createAch(ACH, options));
  assert.equal(error.fate, "unknown");
  assert.equal(error.idempotencyKey, KEY);
  assert.equal(error.cause.name, "AbortError");
  assert.equal(calls.length, 0);
});

test("aborted during the token request: the payment was never sent", async () => {
  const { client, calls } = clientOf(CREDENTIALS, untilAborted, () => token(), accepted);
  const abort = new AbortController();
  const paying = failure(client.payments.createAch(ACH, { signal: abort.signal }));
  await settled();
  assert.equal(calls.length, 1);
  abort.abort(REASON);
  const error = await paying;
  assert.equal(error.fate, "never_sent");
  assert.equal(error.cause, REASON);
  assert.ok(calls[0].init.signal.aborted);
  await within(5_000, client.payments.createAch(ACH));
});

test("one of two that wait for a token is aborted: the other goes on", async () => {
  let answer;
  let asked = 0;
  const { client } = clientOf(CREDENTIALS, (call) => {
    if (!call.url.endsWith("/token")) return accepted();
    asked += 1;
    return Promise.race([untilAborted(call), new Promise((resolve) => (answer = resolve))]);
  });
  const abort = new AbortController();
  const leading = failure(client.payments.createAch(ACH, { signal: abort.signal }));
  const following = client.payments.createAch(ACH);
  await settled();
  abort.abort();
  assert.equal((await leading).fate, "never_sent");
  // The other one polls whether the refresh is free; no other call wakes it.
  const until = Date.now() + 5_000;
  while (asked < 2 && Date.now() < until) await new Promise((next) => setTimeout(next, 1));
  answer(token());
  assert.equal((await within(5_000, following)).paymentId, PAYMENT);
});

test("aborted during the exchange: unknown, with the key to resume, and the client goes on", async () => {
  for (const answer of [untilAborted, never]) {
    const { client, calls } = clientOf(answer, accepted);
    const abort = new AbortController();
    const paying = failure(
      client.payments.createAch(ACH, { idempotencyKey: KEY, signal: abort.signal }),
    );
    await settled();
    abort.abort(REASON);
    const error = await within(1_000, paying);
    assert.equal(error.name, "ConnectionError");
    assert.equal(error.fate, "unknown");
    assert.equal(error.idempotencyKey, KEY);
    assert.equal(error.attempts, 1);
    assert.equal(error.cause, REASON);
    assert.ok(error.firstSent instanceof Date);
    assert.ok(calls[0].init.signal.aborted);
    const resumed = { idempotencyKey: error.idempotencyKey, resumeFrom: error.firstSent };
    assert.equal((await client.payments.createAch(ACH, resumed)).paymentId, PAYMENT);
    assert.equal(calls[1].text, calls[0].text);
    assert.equal(calls[1].headers.get("idempotency-key"), KEY);
  }
});

test("aborted while the body comes: what the head said is not lost", async () => {
  const abort = new AbortController();
  const body = () => new ReadableStream({ pull: () => new Promise(() => {}) });
  const { client } = clientOf(() => new Response(body(), { status: 201 }));
  const paying = failure(client.payments.createAch(ACH, { signal: abort.signal }));
  await settled();
  abort.abort();
  assert.equal((await within(1_000, paying)).fate, "unknown");
});

test("aborted during the rest before a resend: no second send, and still unknown", async () => {
  const { client, calls } = clientOf(() => refusal(503, { "retry-after": "30" }));
  const abort = new AbortController();
  const paying = failure(client.payments.createAch(ACH, { signal: abort.signal }));
  await settled();
  abort.abort(REASON);
  const error = await within(1_000, paying);
  assert.equal(error.fate, "unknown");
  assert.equal(error.cause, REASON);
  await settled();
  assert.equal(calls.length, 1);
});

test("aborted after a refusal and before the resend: no money moved", async () => {
  const { client } = clientOf(() => refusal(429, { "retry-after": "30" }));
  const abort = new AbortController();
  const paying = failure(client.payments.createAch(ACH, { signal: abort.signal }));
  await settled();
  abort.abort();
  assert.equal((await within(1_000, paying)).fate, "refused");
});

test("aborted from within fetch or within the supplier: the call ends at once", async () => {
  const abort = new AbortController();
  const { client } = clientOf(() => {
    abort.abort(REASON);
    return never();
  });
  const error = await within(
    1_000,
    failure(client.payments.createAch(ACH, { signal: abort.signal })),
  );
  assert.equal(error.fate, "unknown");
  const other = new AbortController();
  const accessToken = () => {
    other.abort(REASON);
    return never();
  };
  const supplied = clientOf({ accessToken }, accepted);
  const early = await within(
    1_000,
    failure(supplied.client.payments.createAch(ACH, { signal: other.signal })),
  );
  assert.equal(early.fate, "never_sent");
  assert.equal(early.cause, REASON);
});

test("aborted between two polls of a payment: waiting ends at once", async () => {
  const { client } = clientOf({ pollIntervalMs: 60_000 }, () => json(200, payment()));
  const abort = new AbortController();
  const waiting = failure(client.payments.wait(PAYMENT, { signal: abort.signal }));
  await settled();
  abort.abort(REASON);
  const error = await within(1_000, waiting);
  assert.equal(error.cause, REASON);
  assert.equal(listeners(abort.signal), 0);
});

test("AbortSignal.timeout and AbortSignal.any work as signals", async () => {
  const { client } = clientOf(never);
  for (const signal of [
    AbortSignal.timeout(20),
    AbortSignal.any([AbortSignal.timeout(20), new AbortController().signal]),
  ]) {
    const alive = setInterval(() => {}, 50);
    const error = await failure(client.payments.createAch(ACH, { signal }));
    clearInterval(alive);
    assert.equal(error.cause.name, "TimeoutError");
  }
});

test("an abort after the answer has no effect, and a signal serves many calls", async () => {
  const { client, calls } = clientOf(accepted);
  const abort = new AbortController();
  for (let n = 0; n < 1_000; n += 1) {
    await client.payments.createAch(ACH, { signal: abort.signal });
    assert.equal(listeners(abort.signal), 0);
  }
  abort.abort();
  await settled();
  assert.equal(calls.length, 1_000);
  await client.payments.createAch(ACH);
});

test("a thousand calls at once on one signal are all called off by it, and leave no listener", async () => {
  const { client } = clientOf(untilAborted);
  const abort = new AbortController();
  const paying = Array.from({ length: 1_000 }, () =>
    failure(client.payments.createAch(ACH, { signal: abort.signal })),
  );
  await settled();
  // One for all: Node warns of a leak after ten.
  assert.equal(listeners(abort.signal), 1);
  abort.abort(REASON);
  for (const error of await within(10_000, Promise.all(paying)))
    assert.equal(error.fate, "unknown");
  assert.equal(listeners(abort.signal), 0);
});

test("every end of a call takes its listener away", async () => {
  const abort = new AbortController();
  const { signal } = abort;
  for (const answer of [
    () => refusal(422),
    () => Promise.reject(new Error("no")),
    never,
    () => new Response("x"),
  ]) {
    const { client } = clientOf({ maxRetries: 1 }, answer);
    await failure(client.payments.createAch(ACH, { signal, deadlineMs: 40 }));
    assert.equal(listeners(signal), 0);
  }
  const { client } = clientOf(accepted);
  await failure(client.payments.createAch({ ...ACH, amount: 0 }, { signal }));
  assert.equal(listeners(signal), 0);
});

test("a signal that cannot be listened to still leaves the call an end", async () => {
  const signal = {
    aborted: false,
    addEventListener() {
      throw new Error("deaf");
    },
    removeEventListener() {
      throw new Error("deaf");
    },
  };
  const { client } = clientOf(accepted);
  assert.equal(
    (await within(5_000, client.payments.createAch(ACH, { signal }))).paymentId,
    PAYMENT,
  );
});

test("Node exits as soon as the last call ends: no timer is left", () => {
  const helper = new URL("./bank.mjs", import.meta.url);
  const script = `
    import { ACH, accepted, clientOf, failure } from ${JSON.stringify(helper.href)};
    const { client } = clientOf({ timeoutMs: 60_000, deadlineMs: 180_000 }, accepted);
    await client.payments.createAch(ACH);
    const hung = clientOf(() => new Promise(() => {}));
    const abort = new AbortController();
    const paying = failure(hung.client.payments.createAch(ACH, { signal: abort.signal }));
    setImmediate(() => abort.abort());
    await paying;
    const started = performance.now();
    process.on("exit", () => console.log(JSON.stringify({ left: process.getActiveResourcesInfo(), ms: performance.now() - started })));
  `;
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  const ran = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    cwd,
    encoding: "utf8",
    timeout: 30_000,
  });
  assert.equal(ran.status, 0, ran.stderr);
  const { left, ms } = JSON.parse(ran.stdout);
  assert.ok(!left.includes("Timeout"), left.join());
  assert.ok(ms < 5_000);
});
