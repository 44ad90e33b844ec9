// Where tokens come from, how often they are asked for, and that they stay secret.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import {
  ACH,
  accepted,
  clientOf,
  failure,
  FROM,
  json,
  refusal,
  settled,
  token,
  within,
} from "./bank.mjs";

const CREDENTIALS = { clientId: "the-client", clientSecret: "s3cret&=+ é" };
const isToken = (call) => call.url.endsWith("/token");
const bearer = (call) => call.headers.get("authorization");
const forty = (pay) => Promise.all(Array.from({ length: 40 }, pay));

test("forty payments that start together make one token request", async () => {
  const { client, calls } = clientOf(CREDENTIALS, (call) => (isToken(call) ? token() : accepted()));
  await forty(() => client.payments.createAch(ACH));
  assert.equal(calls.filter(isToken).length, 1);
  assert.equal(calls.length, 41);
  const keys = new Set(calls.slice(1).map((call) => call.headers.get("idempotency-key")));
  assert.equal(keys.size, 40);
  for (const call of calls.slice(1)) assert.equal(bearer(call), "Bearer issued-token");
  await client.payments.createAch(ACH);
  assert.equal(calls.filter(isToken).length, 1);
});

test("the token request is a form with the credentials and the scopes", async () => {
  const options = { ...CREDENTIALS, scopes: ["accounts.read", "payments.ach.write"] };
  const { client, calls } = clientOf(options, () => token({ scope: "accounts.read" }));
  const info = await client.authenticate();
  assert.equal(info.scope, "accounts.read");
  const [call] = calls;
  assert.equal(call.url, "https://bank.example/v1/token");
  assert.equal(call.init.method, "POST");
  assert.equal(call.headers.get("content-type"), "application/x-www-form-urlencoded");
  assert.equal(call.headers.get("authorization"), null);
  assert.deepEqual(Object.fromEntries(new URLSearchParams(call.text)), {
    grant_type: "client_credentials",
    client_id: CREDENTIALS.clientId,
    client_secret: CREDENTIALS.clientSecret,
    scope: "accounts.read payments.ach.write",
  });
  await client.authenticate();
  assert.equal(calls.length, 1);
});

test("a token URL of its own gets the credentials, and the bank only the token", async () => {
  const environment = {
    baseUrl: "https://bank.example/v1",
    tokenUrl: "https://auth.example/oauth",
  };
  const { client, calls } = clientOf({ ...CREDENTIALS, environment }, (call) =>
    call.url === environment.tokenUrl ? token() : json(200, []),
  );
  await client.accounts.list();
  assert.deepEqual(
    calls.map((call) => call.url),
    ["https://auth.example/oauth", "https://bank.example/v1/accounts"],
  );
  assert.equal(calls[1].text, undefined);
});

test("after a 401 one new token is got for all, and each call is sent again once", async () => {
  let issued = 0;
  const { client, calls } = clientOf(CREDENTIALS, (call) => {
    if (isToken(call)) return token({ access_token: `token-${(issued += 1)}` });
    return bearer(call) === "Bearer token-1" ? refusal(401) : accepted();
  });
  const replies = await forty(() => client.withRawResponse.payments.createAch(ACH));
  assert.equal(issued, 2);
  assert.equal(calls.length, 2 + 80);
  for (const reply of replies) assert.equal(reply.attempts, 2);
});

test("a token that is refused again and again ends the call, not in a loop", async () => {
  const { client, calls } = clientOf(CREDENTIALS, (call) =>
    isToken(call) ? token() : refusal(401),
  );
  const error = await failure(client.payments.createAch(ACH));
  assert.equal(error.name, "AuthenticationError");
  assert.equal(error.fate, "refused");
  assert.equal(error.attempts, 2);
  assert.equal(calls.length, 4);
});

test("a supplier is asked once for forty calls, and once more after a 401", async () => {
  let asked = 0;
  const accessToken = async () => {
    await settled();
    return `supplied-${(asked += 1)}`;
  };
  const { client, calls } = clientOf({ accessToken }, (call) =>
    bearer(call) === "Bearer supplied-1" ? refusal(401) : accepted(),
  );
  await forty(() => client.payments.createAch(ACH));
  assert.equal(asked, 2);
  assert.equal(calls.length, 80);
});

test("a supplier may give a string or a token with its lifetime, at once or later", async () => {
  for (const answer of [
    "t",
    // As a file or a command gives it.
    "t\n",
    { accessToken: " t\r\n", expiresIn: 60 },
    { accessToken: "t", expiresIn: 60 },
    { accessToken: "t" },
    { accessToken: "t", expiresIn: undefined },
    { accessToken: "t", expiresIn: 1e300 },
    { accessToken: "t", expiresIn: NaN },
    { accessToken: "t", expiresIn: "60" },
  ]) {
    for (const accessToken of [
      () => answer,
      async () => answer,
      () => ({ then: (done) => done(answer) }),
    ]) {
      const { client, calls } = clientOf({ accessToken }, accepted);
      await client.payments.createAch(ACH);
      assert.equal(bearer(calls[0]), "Bearer t");
    }
  }
});

test("a supplied token that is at its end serves its call, and the next asks again", async () => {
  for (const expiresIn of [0, -5]) {
    let asked = 0;
    const accessToken = () => ({ accessToken: `t${(asked += 1)}`, expiresIn });
    const { client } = clientOf({ accessToken }, accepted);
    await client.payments.createAch(ACH);
    await client.payments.createAch(ACH);
    assert.equal(asked, 2);
  }
});

const BROKEN = {
  "that rejects": () => Promise.reject(new Error("the vault is sealed")),
  "that rejects with a text": () => Promise.reject("the vault is sealed"),
  "that rejects with nothing": () => Promise.reject(),
  "that throws": () => {
    throw new Error("the vault is sealed");
  },
  "that throws a Symbol": () => {
    throw Symbol("sealed");
  },
  "that gives nothing": () => undefined,
  "that gives null": () => null,
  "that gives a number": () => 17,
  "that gives an empty string": () => "",
  "that gives a token with a line break": () => "hush-hush\r\nX-Evil: 1",
  "that gives a token beyond ASCII": () => "hush-hush-é",
  "that gives an object without a token": () => ({ access_token: "hush-hush" }),
  "that gives another thing as a token": () => ({ accessToken: 17 }),
  "that gives a function": () => () => "hush-hush",
  "whose promise throws": () => ({
    get then() {
      throw new Error("no");
    },
  }),
};
for (const [what, accessToken] of Object.entries(BROKEN)) {
  test(`a supplier ${what} fails the call before anything is sent`, async () => {
    const { client, calls } = clientOf({ accessToken, maxRetries: 0 }, accepted);
    const error = await failure(client.payments.createAch(ACH));
    assert.equal(error.name, "AuthenticationError");
    assert.equal(error.fate, "never_sent");
    assert.match(error.message, /supplier/);
    assert.equal(calls.length, 0);
    const printed = inspect(error, { depth: 20 });
    assert.ok(!printed.includes("hush-hush"), printed);
    if (/sealed/.test(String(accessToken)) && !/Symbol/.test(what))
      assert.match(error.message, /sealed/);
  });
}

test("a supplier that failed is asked again by the next call", async () => {
  let asked = 0;
  const accessToken = () => ((asked += 1) === 1 ? Promise.reject(new Error("busy")) : "t");
  const { client } = clientOf({ accessToken, maxRetries: 0 }, accepted);
  await failure(client.payments.createAch(ACH));
  await client.payments.createAch(ACH);
});

test("a supplier that never answers is bounded by the call's deadline, and harms nobody later", async () => {
  let asked = 0;
  const accessToken = () => ((asked += 1) === 1 ? new Promise(() => {}) : "t");
  const { client, calls } = clientOf({ accessToken }, accepted);
  const error = await failure(client.payments.createAch(ACH, { deadlineMs: 50 }));
  assert.ok(["deadline_exceeded", "unauthenticated"].includes(error.kind), error.kind);
  assert.equal(error.fate, "never_sent");
  assert.equal(calls.length, 0);
  await within(5_000, client.payments.createAch(ACH, { deadlineMs: 4_000 }));
});

test("a ready-made token's 401 is final", async () => {
  const { client, calls } = clientOf({ accessToken: "ready" }, () => refusal(401));
  const error = await failure(client.payments.createAch(ACH));
  assert.equal(error.name, "AuthenticationError");
  assert.equal(error.fate, "refused");
  assert.equal(calls.length, 1);
});

test("a call's own access token is used by it alone, and no token is asked for", async () => {
  const { client, calls } = clientOf(CREDENTIALS, (call) =>
    isToken(call) ? token() : json(200, []),
  );
  await client.accounts.list({ accessToken: "mine-alone" });
  assert.deepEqual(calls.map(bearer), ["Bearer mine-alone"]);
  await client.accounts.list();
  assert.deepEqual(calls.map(bearer), ["Bearer mine-alone", null, "Bearer issued-token"]);
  const refused = clientOf(CREDENTIALS, () => refusal(401));
  await failure(refused.client.balances.get(FROM, { accessToken: "mine-alone" }));
  assert.equal(refused.calls.length, 1);
});

test("what the token endpoint refuses is final, and says its code", async () => {
  for (const code of ["invalid_client", "invalid_scope", "unauthorized_client"]) {
    const { client, calls } = clientOf(CREDENTIALS, () =>
      json(400, { error: code, error_description: CREDENTIALS.clientSecret }),
    );
    const error = await failure(client.payments.createAch(ACH));
    assert.equal(error.name, "AuthenticationError");
    assert.equal(error.errorCode, code);
    assert.equal(error.fate, "never_sent");
    assert.equal(calls.length, 1);
    assert.ok(!inspect(error, { depth: 20 }).includes(CREDENTIALS.clientSecret));
  }
});

test("what a token endpoint must not say is refused without an echo", async () => {
  for (const more of [
    { access_token: "" },
    { access_token: "bad\ntoken" },
    { access_token: 17 },
    { token_type: "mac" },
    { access_token: undefined },
  ]) {
    const { client } = clientOf({ ...CREDENTIALS, maxRetries: 0 }, () => token(more));
    const error = await failure(client.payments.createAch(ACH));
    assert.equal(error.fate, "never_sent");
    assert.ok(!inspect(error, { depth: 20 }).includes("bad\ntoken"));
    assert.ok(!inspect(error, { depth: 20 }).includes("issued-token"));
  }
});

test("a token endpoint that is down is tried again, without counting as an attempt", async () => {
  const { client, calls } = clientOf(
    CREDENTIALS,
    () => json(503, {}),
    () => token(),
    accepted,
  );
  const reply = await client.withRawResponse.payments.createAch(ACH);
  assert.equal(reply.attempts, 1);
  assert.equal(calls.length, 3);
});
