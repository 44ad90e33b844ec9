// What no error shows.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { ACH, clientOf, failure, FROM, json, PARTY, WIRE } from "./bank.mjs";

test("nothing that is printed of an error shows a secret or a body", async () => {
  const secrets = [
    "the-client-secret",
    "issued-token-4711",
    "per-call-token-99",
    PARTY.accountNumber,
  ];
  // A bank that repeats all that it got, in every place.
  const echo = secrets.join(" ");
  const answers = (call) =>
    call.url.endsWith("/token")
      ? json(200, { access_token: secrets[1], token_type: "Bearer", expires_in: 3600 })
      : json(
          422,
          { message: echo, error_code: echo, detail: echo, title: echo, marker: "BODY-MARK" },
          { "x-echo": echo },
        );
  const credentials = { clientId: "id", clientSecret: secrets[0] };
  const { client } = clientOf(credentials, answers);
  const requests = [
    () => client.payments.createWire(WIRE),
    () =>
      client.payments.createAch({ sourceAccountId: FROM, recipientDetails: PARTY, amount: "1" }),
    () => client.payments.createWire(WIRE, { accessToken: secrets[2] }),
  ];
  for (const request of requests) {
    const error = await failure(request);
    const token = request === requests[2] ? secrets[2] : secrets[1];
    const own = [secrets[0], token, secrets[3]];
    const printed = [
      String(error),
      error.stack,
      JSON.stringify(error),
      inspect(error, { depth: 20 }),
      error.errorCode,
      error.detail,
      error.title,
    ];
    for (const text of printed) {
      for (const secret of own) assert.ok(!text.includes(secret), `${secret} in ${text}`);
      assert.ok(!text.includes("BODY-MARK"));
    }
    assert.match(error.detail, /\[secret\]/);
  }
  for (const text of [inspect(client, { depth: 20, showHidden: true }), JSON.stringify(client)]) {
    for (const secret of secrets) assert.ok(!text.includes(secret));
  }
});

test("what a fetch says when it breaks is reported without the secrets of the call", async () => {
  const { client } = clientOf({ maxRetries: 0 }, () =>
    Promise.reject(new Error(`socket for Bearer ready-made-token and ${PARTY.accountNumber}`)),
  );
  const error = await failure(client.payments.createWire(WIRE));
  const printed = inspect(error, { depth: 20 });
  assert.ok(!printed.includes("ready-made-token"));
  assert.ok(!printed.includes(PARTY.accountNumber));
  assert.match(error.message, /socket for/);
});

test("the token endpoint's answer is never kept", async () => {
  const credentials = { clientId: "id", clientSecret: "hush", maxRetries: 0 };
  for (const answer of [
    () => json(400, { error: "invalid_client", error_description: "hush is wrong" }),
    () => json(200, { access_token: "", token_type: "Bearer" }),
    () => json(500, { message: "hush" }),
  ]) {
    const error = await failure(clientOf(credentials, answer).client.payments.createAch(ACH));
    assert.equal(error.raw, undefined);
    assert.equal(error.headers, null);
    assert.equal(error.fate, "never_sent");
    assert.equal(error.attempts, 0);
    assert.equal(error.firstSent, null);
    assert.ok(!inspect(error, { depth: 20 }).includes("hush"));
  }
});
