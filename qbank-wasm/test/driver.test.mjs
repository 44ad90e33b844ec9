// The driver in Rust: an application in Rust that pays over a scripted `fetch`. What an
// exchange is, exchange.test.mjs tests: it is the same one.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { accepted, KEY, PAYMENT, refusal, scripted, settled, within } from "./bank.mjs";

const dist = new URL("./driver/dist/", import.meta.url);
assert.ok(existsSync(dist), "built by test/driver/build.sh");
const { App, initSync } = await import(new URL("qbank_wasm_driver.js", dist));
initSync({ module: readFileSync(new URL("qbank_wasm_driver_bg.wasm", dist)) });

const token = () => "the-token";
const appOf = (...answers) => {
  const { fetch, calls } = scripted(...answers);
  return { app: new App(fetch, token, 60_000), calls };
};

test("a payment goes out with its key, its token and safe settings, and is accepted", async () => {
  const { app, calls } = appOf(accepted);
  assert.equal(await within(5_000, app.pay()), `accepted 1 ${PAYMENT}`);
  const [{ url, init, headers, text }] = calls;
  assert.equal(url, "https://bank.example/v1/payments/ach");
  assert.equal(init.redirect, "manual");
  assert.ok(init.signal instanceof AbortSignal);
  assert.equal(headers.get("authorization"), "Bearer the-token");
  assert.equal(headers.get("idempotency-key").length, KEY.length);
  assert.match(text, /"amount":10\.50/);
});

test("what broke is sent again with the same key and bytes, and counts as maybe sent", async () => {
  const { app, calls } = appOf(() => {
    throw new TypeError("fetch failed", { cause: new Error("reset") });
  });
  assert.match(await within(5_000, app.pay()), /^transport unknown 3 .*fetch failed: reset/);
  assert.equal(new Set(calls.map((call) => call.headers.get("idempotency-key"))).size, 1);
  assert.equal(new Set(calls.map((call) => call.text)).size, 1);
});

test("an answer's status, headers and body are read", async () => {
  const body = { message: "Not so.", error_code: "ERR_X_002" };
  const { app } = appOf(() => refusal(422, {}, body));
  assert.match(await app.pay(), /^invalid_request refused 1 .*answered 422: Not so/);
  const waits = appOf(() => refusal(429, { "retry-after": "9000" }));
  assert.match(await waits.app.pay(), /^rate_limited refused 1 .*wait 9000 s/);
});

test("no answer in time ends the exchange, its signal aborted", async () => {
  const { fetch, calls } = scripted(() => new Promise(() => {}));
  const app = new App(fetch, token, 20);
  assert.match(await within(5_000, app.pay()), /^transport unknown 3 .*no response within/);
  assert.ok(calls.every((call) => call.init.signal.aborted));
});

test("an abort signal ends the call with what is known of the money", async () => {
  const { app, calls } = appOf(() => new Promise(() => {}));
  const abort = new AbortController();
  const paying = app.pay(abort.signal);
  await settled();
  abort.abort();
  assert.match(await within(5_000, paying), /^transport unknown 1 /);
  assert.ok(calls[0].init.signal.aborted);
});

test("a future that is dropped aborts its exchange, and leaves the client usable", async () => {
  const { app, calls } = appOf(() => new Promise(() => {}), accepted);
  let drop;
  const dropped = app.pay_until(new Promise((now) => (drop = now)));
  await settled();
  assert.equal(calls.length, 1);
  drop();
  await within(5_000, dropped);
  assert.ok(calls[0].init.signal.aborted);
  assert.equal(await within(5_000, app.pay()), `accepted 1 ${PAYMENT}`);
});

test("calls at once ask for one token", async () => {
  let asked = 0;
  const { fetch } = scripted(accepted);
  const supplier = async () => {
    asked += 1;
    await settled();
    return "the-token";
  };
  const app = new App(fetch, supplier, 60_000);
  const paid = await within(5_000, Promise.all([app.pay(), app.pay(), app.pay()]));
  assert.deepEqual(new Set(paid), new Set([`accepted 1 ${PAYMENT}`]));
  assert.equal(asked, 1);
});
