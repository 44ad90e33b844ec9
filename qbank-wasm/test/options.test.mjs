// A client's own options.
import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidRequestError, QBankConnectClient } from "@qbank/connect";
import { noObject, show, throwing, CREDENTIALS } from "./bad.mjs";
import { failure } from "./bank.mjs";

test("a client's wrong options throw at once, and are named", async (t) => {
  const given = (more) => ({ ...CREDENTIALS, ...more });
  const CASES = [
    ...noObject.map((it) => [it, "options"]),
    [{}, "credentials"],
    [{ clientId: "id" }, "clientSecret"],
    [{ clientSecret: "s" }, "clientId"],
    [given({ accessToken: "t" }), "accessToken"],
    [{ clientId: "", clientSecret: "s" }, "clientId"],
    [{ clientId: "id", clientSecret: "" }, "clientSecret"],
    [{ clientId: 5, clientSecret: "s" }, "clientId"],
    [{ clientId: "id", clientSecret: Buffer.from("s") }, "clientSecret"],
    [{ accessToken: "" }, "accessToken"],
    [{ accessToken: "a\nb" }, "accessToken"],
    [{ accessToken: Promise.resolve("t") }, "accessToken"],
    [throwing("clientSecret", CREDENTIALS), "clientSecret"],
    [given({ clientSecrett: "x" }), "clientSecrett"],
    [given({ baseUrl: "https://bank.example/v1" }), "baseUrl"],
    [given({ timeout: 5 }), "timeout"],
    [given({ deadline: 5 }), "deadline"],
    [given({ scopes: "accounts.read" }), "scopes"],
    [given({ scopes: [5] }), "scopes"],
    [given({ scopes: {} }), "scopes"],
    [given({ environment: "sandbox" }), "environment"],
    [given({ environment: 5 }), "environment"],
    [given({ environment: {} }), "environment"],
    [given({ environment: { sandboxPort: 0 } }), "environment.sandboxPort"],
    [given({ environment: { sandboxPort: 65536 } }), "environment.sandboxPort"],
    [given({ environment: { sandboxPort: "8080" } }), "environment.sandboxPort"],
    [given({ environment: { sandboxPort: 80, baseUrl: "https://bank.example" } }), "environment"],
    [given({ environment: { sandboxPort: 80, tokenUrl: "https://bank.example" } }), "environment"],
    [given({ environment: { tokenUrl: "https://bank.example" } }), "environment"],
    [given({ environment: { baseURL: "https://bank.example" } }), "environment.baseURL"],
    [given({ environment: { baseUrl: "" } }), "environment.baseUrl"],
    [given({ environment: { baseUrl: "bank.example/v1" } }), "environment.baseUrl"],
    [given({ environment: { baseUrl: "http://bank.example/v1" } }), "environment.baseUrl"],
    [given({ environment: { baseUrl: "http://127.0.0.1.example/v1" } }), "environment.baseUrl"],
    [given({ environment: { baseUrl: "file:///etc/passwd" } }), "environment.baseUrl"],
    [
      given({ environment: { baseUrl: "https://user:pass@bank.example/v1" } }),
      "environment.baseUrl",
    ],
    [
      given({
        environment: { baseUrl: "https://bank.example/v1", tokenUrl: "http://auth.example/token" },
      }),
      "environment.tokenUrl",
    ],
    [
      given({ environment: { baseUrl: new URL("https://bank.example/v1") } }),
      "environment.baseUrl",
    ],
    [given({ timeoutMs: 0 }), "timeoutMs"],
    [given({ timeoutMs: "5" }), "timeoutMs"],
    [given({ deadlineMs: -1 }), "deadlineMs"],
    [given({ maxRetries: 1.5 }), "maxRetries"],
    [given({ backoffMs: 0 }), "backoffMs"],
    [given({ pollIntervalMs: NaN }), "pollIntervalMs"],
    [given({ maxBodyBytes: -1 }), "maxBodyBytes"],
    [given({ maxKeyAgeMs: "1d" }), "maxKeyAgeMs"],
    [given({ onConflict: "followOwn" }), "onConflict"],
    [given({ fetch: {} }), "fetch"],
    [given({ fetch: "fetch" }), "fetch"],
    [given({ userAgent: 5 }), "userAgent"],
    [given({ userAgent: "a\r\nb: c" }), "userAgent"],
  ];
  for (const [options, field] of CASES) {
    await t.test(`${field}: ${show(options)}`, async () => {
      const error = await failure(() => new QBankConnectClient(options));
      assert.ok(error instanceof InvalidRequestError);
      assert.equal(error.kind, "invalid_input");
      assert.equal(error.field, field);
      assert.equal(error.fate, "never_sent");
      assert.ok(!error.message.includes("user:pass"));
    });
  }
});
