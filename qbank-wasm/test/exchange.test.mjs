// One exchange: what is asked of fetch, and every unexpected thing that it can return.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import vm from "node:vm";
import {
  ACH,
  accepted,
  clientOf,
  failure,
  FROM,
  json,
  KEY,
  METHODS,
  PAYMENT,
  TO,
  TRANSFER,
  WIRE,
  wirePayment,
  within,
} from "./bank.mjs";

const once = { maxRetries: 0 };
const encode = (text) => new TextEncoder().encode(text);
const BALANCE = { accountId: FROM, availableBalance: 1, currentBalance: 1 };
const stream = (...chunks) =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });

test("fetch is asked for a URL and with settings that keep a call safe", async () => {
  const { client, calls } = clientOf(accepted);
  await client.payments.createAch(ACH, {
    idempotencyKey: KEY,
    authDate: new Date("2026-01-05T10:00:00Z"),
  });
  const [{ url, init, headers, text }] = calls;
  assert.equal(url, "https://bank.example/v1/payments/ach");
  assert.deepEqual(Object.keys(init).sort(), ["body", "headers", "method", "redirect", "signal"]);
  assert.equal(init.method, "POST");
  assert.equal(init.redirect, "manual");
  assert.ok(init.signal instanceof AbortSignal);
  assert.ok(init.body instanceof Uint8Array);
  assert.ok(Array.isArray(init.headers));
  for (const header of init.headers) assert.equal(header.length, 2);
  assert.equal(headers.get("authorization"), "Bearer ready-made-token");
  assert.equal(headers.get("idempotency-key"), KEY);
  assert.equal(headers.get("content-type"), "application/json");
  assert.equal(headers.get("x-fapi-auth-date"), "Mon, 05 Jan 2026 10:00:00 GMT");
  assert.match(headers.get("accept"), /json/);
  assert.match(headers.get("user-agent"), /qbank/i);
  assert.equal(
    text,
    `{"source_account_id":"${FROM}","destination_account_id":"${TO}","amount":1000.50}`,
  );
});

test("a read has no body, no key and no auth date", async () => {
  for (const [name, call, writes] of METHODS) {
    const { client, calls } = clientOf(once, () => new Response(null, { status: 403 }));
    await failure(call(client));
    const [{ init, headers, url }] = calls;
    assert.equal(init.method, writes ? "POST" : "GET", name);
    assert.equal("body" in init, writes);
    assert.equal(headers.has("idempotency-key"), writes);
    assert.ok(!headers.has("x-fapi-auth-date"));
    assert.ok(url.startsWith("https://bank.example/v1/"));
  }
});

test("an auth date may be an HTTP-date or a Date, an own name goes before ours", async () => {
  const { client, calls } = clientOf({ userAgent: "payroll/2.1" }, accepted);
  await client.payments.createAch(ACH, { authDate: "Mon, 05 Jan 2026 10:00:00 GMT" });
  assert.equal(calls[0].headers.get("x-fapi-auth-date"), "Mon, 05 Jan 2026 10:00:00 GMT");
  assert.match(calls[0].headers.get("user-agent"), /^payroll\/2\.1 .*qbank/i);
});

test("filters go into the query, ids into the path", async () => {
  const { client, calls } = clientOf(() => json(200, []));
  await client.transactions.list({ accountId: FROM, postedSince: "2026-01-05" });
  await client.transactions.list(null);
  const url = new URL(calls[0].url);
  assert.deepEqual(Object.fromEntries(url.searchParams), {
    accountId: FROM,
    postingDateGte: "2026-01-05",
  });
  assert.equal(calls[1].url, "https://bank.example/v1/transactions");
});

test("a base URL may end in a slash", async () => {
  const { client, calls } = clientOf({ environment: { baseUrl: "https://bank.example/v1/" } }, () =>
    json(200, []),
  );
  await client.accounts.list();
  assert.equal(calls[0].url, "https://bank.example/v1/accounts");
});

test("in a browser no cookie, no cache and no name of ours", () => {
  const helper = new URL("./bank.mjs", import.meta.url);
  const script = `
    Object.defineProperty(globalThis, "navigator", { value: { userAgent: "Mozilla/5.0 (X11; Linux x86_64)" }, configurable: true });
    const { ACH, accepted, clientOf } = await import(${JSON.stringify(helper.href)});
    const { client, calls } = clientOf(accepted);
    await client.payments.createAch(ACH);
    const [{ init }] = calls;
    console.log(JSON.stringify({ credentials: init.credentials, cache: init.cache, redirect: init.redirect, headers: init.headers.map(([name]) => name) }));
  `;
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  const ran = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    cwd,
    encoding: "utf8",
    timeout: 30_000,
  });
  assert.equal(ran.status, 0, ran.stderr);
  const { credentials, cache, redirect, headers } = JSON.parse(ran.stdout);
  assert.deepEqual(
    { credentials, cache, redirect },
    { credentials: "omit", cache: "no-store", redirect: "manual" },
  );
  assert.ok(!headers.includes("user-agent"));
  assert.ok(headers.includes("idempotency-key"));
});

test("an answer is read from whatever shape a fetch gives it", async () => {
  const text = JSON.stringify(BALANCE);
  const bytes = encode(text);
  const bare = (more) => ({ status: 200, headers: new Headers(), body: null, ...more });
  for (const [what, answer] of Object.entries({
    "a Response, not a promise": () => json(200, BALANCE),
    "a thenable": () => ({ then: (done) => done(json(200, BALANCE)) }),
    "one byte at a time": () =>
      new Response(stream(...[...bytes].map((byte) => Uint8Array.of(byte)))),
    "empty chunks between": () => new Response(stream(new Uint8Array(), bytes, new Uint8Array())),
    "chunks of Buffer": () => new Response(stream(Buffer.from(bytes))),
    "chunks of another realm": () =>
      bare({ body: stream(vm.runInNewContext("Uint8Array.from(bytes)", { bytes })) }),
    "no stream, but arrayBuffer": () => bare({ arrayBuffer: async () => bytes.buffer }),
    "a body that is no stream": () => bare({ body: {}, arrayBuffer: async () => bytes.buffer }),
    "arrayBuffer at once, as bytes": () => bare({ arrayBuffer: () => bytes }),
    "an arrayBuffer of another realm": () =>
      bare({ arrayBuffer: () => vm.runInNewContext("Uint8Array.from(bytes).buffer", { bytes }) }),
    "headers as a Map": () => bare({ headers: new Map([["x-a", "b"]]), arrayBuffer: () => bytes }),
    "headers as pairs": () => bare({ headers: [["x-a", "b"]], arrayBuffer: () => bytes }),
    "headers as a record": () => bare({ headers: { "x-a": "b" }, arrayBuffer: () => bytes }),
    "headers that are none": () =>
      bare({
        headers: [undefined, 5, [], ["a b", "c"], ["x", "\n"], [Symbol(), {}]],
        arrayBuffer: () => bytes,
      }),
    "a type that is no string": () => bare({ type: 5, arrayBuffer: () => bytes }),
  })) {
    const { client } = clientOf(once, answer);
    assert.equal((await within(5_000, client.balances.get(FROM))).accountId, FROM, what);
  }
});

const reader = (read, more) => ({
  status: 200,
  headers: new Headers(),
  body: { getReader: () => ({ read, cancel: async () => {}, ...more }) },
});
const throwing = () => {
  throw new Error("of the application's");
};
const UNEXPECTED = {
  undefined: () => undefined,
  null: () => null,
  "a text": () => "200",
  "a number": () => 200,
  "an empty object": () => ({}),
  "a status that is a text": () => ({
    status: "200",
    headers: new Headers(),
    arrayBuffer: async () => new ArrayBuffer(0),
  }),
  "status 0": () => ({
    status: 0,
    type: "error",
    headers: new Headers(),
    body: null,
    arrayBuffer: async () => new ArrayBuffer(0),
  }),
  "status 99999": () => ({ status: 99999, headers: new Headers(), body: null }),
  "status -1": () => ({ status: -1, headers: new Headers(), body: null }),
  "status NaN": () => ({ status: NaN, headers: new Headers(), body: null }),
  "a status that throws": () => ({
    get status() {
      return throwing();
    },
  }),
  "a type that throws": () => ({
    get type() {
      return throwing();
    },
  }),
  "headers that throw": () => ({
    status: 200,
    get headers() {
      return throwing();
    },
  }),
  "headers that throw when gone through": () => ({
    status: 200,
    headers: { [Symbol.iterator]: throwing },
  }),
  "no headers": () => ({ status: 200, body: null, arrayBuffer: async () => new ArrayBuffer(0) }),
  "no way to a body": () => ({ status: 200, headers: new Headers() }),
  "a body that throws": () => ({
    status: 200,
    headers: new Headers(),
    get body() {
      return throwing();
    },
  }),
  "a locked body": () => {
    const response = new Response("{}");
    response.body.getReader();
    return response;
  },
  "getReader that gives nothing": () => ({
    status: 200,
    headers: new Headers(),
    body: { getReader: () => undefined },
  }),
  "read that throws": () => reader(throwing),
  "read that gives nothing": () => reader(() => undefined),
  "a chunk that is nothing": () => reader(async () => undefined),
  "a chunk whose done throws": () =>
    reader(async () => ({
      get done() {
        return throwing();
      },
    })),
  "a chunk of text": () => reader(async () => ({ done: false, value: "[]" })),
  "a chunk that is a number": () => reader(async () => ({ done: false, value: 1e13 })),
  "a chunk that is a Symbol": () => reader(async () => ({ done: false, value: Symbol("x") })),
  "a chunk that only says it is long": () =>
    reader(async () => ({ done: false, value: { byteLength: 5, length: -1 } })),
  "nothing at all, again and again": () =>
    reader(async () => ({ done: false, value: new Uint8Array() })),
  "a chunk that was given away": () => {
    const value = new Uint8Array(10);
    structuredClone(value, { transfer: [value.buffer] });
    return reader(async (...args) => ({ done: false, value }));
  },
  "arrayBuffer that throws": () => ({ status: 200, headers: new Headers(), arrayBuffer: throwing }),
  "arrayBuffer that rejects": () => ({
    status: 200,
    headers: new Headers(),
    arrayBuffer: () => Promise.reject(new Error("no")),
  }),
  "arrayBuffer that gives a Symbol": () => ({
    status: 200,
    headers: new Headers(),
    arrayBuffer: async () => Symbol("x"),
  }),
  "a throw at once": throwing,
  "a throw of a Symbol": () => {
    throw Symbol("x");
  },
  "a throw of nothing": () => {
    throw undefined;
  },
  "a throw of a proxy": () => {
    throw new Proxy({}, { get: throwing, getPrototypeOf: throwing });
  },
  "an error whose message throws": () => {
    throw Object.defineProperty(new Error(), "message", { get: throwing });
  },
  "an error that is its own cause": () => {
    const error = new Error("round");
    error.cause = error;
    throw error;
  },
  "a promise that throws": () => ({
    get then() {
      return throwing();
    },
  }),
  "a rejection with nothing": () => Promise.reject(),
  "a rejection with null": () => Promise.reject(null),
  "a body that breaks midway": () =>
    new Response(
      new ReadableStream({
        pull(controller) {
          controller.enqueue(encode("{"));
          controller.error(new Error("reset"));
        },
      }),
      { status: 201 },
    ),
};
for (const [what, answer] of Object.entries(UNEXPECTED)) {
  test(`${what} from fetch: the payment is unknown, the call ends, the client goes on`, async () => {
    const { client, calls } = clientOf({ ...once, timeoutMs: 200 }, answer, () =>
      json(201, wirePayment()),
    );
    const error = await failure(client.payments.createWire(WIRE, { idempotencyKey: KEY }), 5_000);
    assert.ok(["ConnectionError", "UnexpectedResponseError"].includes(error.name), error.name);
    assert.equal(error.fate, "unknown");
    assert.equal(error.idempotencyKey, KEY);
    assert.equal(error.attempts, 1);
    assert.ok(calls[0].init.signal.aborted, "what is left of the exchange is called off");
    assert.equal((await within(5_000, client.payments.createWire(WIRE))).paymentId, PAYMENT);
  });
}

test("a fetch may itself make a call with the client", async () => {
  const { client, calls } = clientOf((call) => {
    if (call.url.endsWith("/accounts")) return json(200, []);
    return client.accounts.list().then(() => accepted());
  });
  assert.equal((await within(5_000, client.payments.createAch(ACH))).paymentId, PAYMENT);
  assert.equal(calls.length, 2);
});

test("a break says in the platform's own words what broke, causes included, of any realm", async () => {
  const cause = Object.assign(new Error("connect ECONNREFUSED 10.0.0.1:443"), {
    code: "ECONNREFUSED",
  });
  for (const thrown of [
    new TypeError("fetch failed", { cause }),
    vm.runInNewContext('new TypeError("fetch failed", { cause })', { cause }),
    { message: "fetch failed", cause },
  ]) {
    const { client } = clientOf(once, () => Promise.reject(thrown));
    const error = await failure(client.payments.createAch(ACH));
    assert.match(error.message, /ECONNREFUSED 10\.0\.0\.1/);
    assert.match(error.message, /bank\.example/);
  }
});

test("a certificate that is refused is not tried again", async () => {
  const cause = Object.assign(new Error("self-signed certificate"), {
    code: "DEPTH_ZERO_SELF_SIGNED_CERT",
  });
  const { client, calls } = clientOf(() =>
    Promise.reject(new TypeError("fetch failed", { cause })),
  );
  const error = await failure(client.payments.createAch(ACH));
  assert.match(error.message, /self-signed/);
  assert.equal(calls.length, 1);
});

test("a redirect is never followed, whether it is seen or hidden", async () => {
  const hidden = () => ({ type: "opaqueredirect", status: 0, headers: new Headers(), body: null });
  const seen = [301, 302, 303, 307, 308].map(
    (status) => () =>
      new Response(null, {
        status,
        headers: { location: "https://thief.example/v1/payments/ach" },
      }),
  );
  for (const answer of [hidden, ...seen]) {
    for (const call of [
      (client) => client.payments.createAch(ACH),
      (client) => client.transfers.create(TRANSFER),
      (client) => client.accounts.list(),
    ]) {
      const { client, calls } = clientOf(answer);
      const error = await failure(call(client));
      assert.equal(error.name, "UnexpectedResponseError");
      assert.ok(["unknown", "not_applicable"].includes(error.fate));
      assert.match(error.message, /redirect|never followed/);
      assert.equal(calls.length, 1);
    }
  }
});

test("a Location that is not our own is no id, and is not fetched", async () => {
  for (const location of [
    `https://thief.example/v1/payments/${PAYMENT}`,
    `/v1/payments/${PAYMENT}/x`,
    `/v1/payments/17`,
    `/v2/payments/${PAYMENT}`,
    `//thief.example/v1/payments/${PAYMENT}`,
    "javascript:alert(1)",
  ]) {
    const { client, calls } = clientOf(
      () => new Response(null, { status: 202, headers: { location } }),
    );
    assert.equal((await client.payments.createAch(ACH)).paymentId, null, location);
    assert.equal(calls.length, 1);
  }
});
