// What is wrong with arguments is found before anything is sent, and named as JavaScript
// knows it.
import assert from "node:assert/strict";
import { test } from "node:test";
import vm from "node:vm";
import { InvalidRequestError, QBankConnectClient } from "@qbank/connect";
import {
  ACH,
  accepted,
  clientOf,
  failure,
  FROM,
  ISSUE,
  json,
  KEY,
  METHODS,
  PARTY,
  PAYMENT,
  payment,
  TO,
  TRANSFER,
  WIRE,
} from "./bank.mjs";

const CREDENTIALS = { clientId: "id", clientSecret: "secret" };
const throwing = (name, base = {}) =>
  Object.defineProperty({ ...base }, name, {
    enumerable: true,
    get() {
      throw new Error("a getter of the application's");
    },
  });
const without = ({ [Object.keys({})[0]]: _, ...object }, name) => {
  const { [name]: gone, ...rest } = object;
  return rest;
};
const hostile = (trap) =>
  new Proxy({ ...ACH }, {
    [trap]() {
      throw new Error("a trap of the application's");
    },
  });
const noUuid = [
  "", "17", "null", FROM.slice(1), `${FROM} `, `{${FROM}}`, `urn:uuid:${FROM}`, FROM.replaceAll("-", ""),
  `${FROM}/../${TO}`, "x".repeat(1_000_000), "\ud800", 17, 17n, true, {}, [FROM], () => FROM, Symbol(FROM),
  new String(FROM), { toString: () => FROM },
];
const noText = [17, 17n, true, {}, ["x"], () => "x", Symbol("x"), new String("x"), { toString: () => "x" }];
const badText = ["", " ", "a\0b", "a\nb", "a\ud800b", "\udc00"];
const noObject = [undefined, null, 17, "text", true, 1n, Symbol("s"), () => ACH, [], [ACH], new Map(), new Set(), new Date(), Promise.resolve(ACH), new Uint8Array(4), /x/];
const noDay = ["", "2026-1-5", "2026-02-30", "2026-01-05T00:00:00Z", "05/01/2026", "20260105", 20260105, new Date(), {}, Symbol("s")];

// `[what is wrong, the member named, the call]`.
const BAD = [];
const bad = (what, field, call) => BAD.push([what, field, call]);
const each = (values, tell) => values.forEach((value) => tell(value, show(value)));
const show = (value) => {
  const text = typeof value === "string" ? JSON.stringify(value) : `${typeof value} ${Object.prototype.toString.call(value)}`;
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
};

const onAch = (request) => (client, options) => client.payments.createAch(request, options);
const onWire = (request) => (client, options) => client.payments.createWire(request, options);
const onTransfer = (request) => (client, options) => client.transfers.create(request, options);
const onIssue = (request) => (client, options) => client.positivePay.createIssue(request, options);

for (const [name, on] of [["createAch", onAch], ["createWire", onWire], ["transfer", onTransfer], ["createIssue", onIssue]]) {
  each(noObject, (it, shown) => bad(`${name} of ${shown}`, "request", on(it)));
  bad(`${name} of a proxy that will not be read`, "request", on(hostile("ownKeys")));
}
each(noUuid, (it, shown) => {
  bad(`ACH from ${shown}`, "sourceAccountId", onAch({ ...ACH, sourceAccountId: it }));
  bad(`ACH to ${shown}`, "destinationAccountId", onAch({ ...ACH, destinationAccountId: it }));
  bad(`a wire from ${shown}`, "sourceAccountId", onWire({ ...WIRE, sourceAccountId: it }));
  bad(`a transfer from ${shown}`, "fromAccountId", onTransfer({ ...TRANSFER, fromAccountId: it }));
  bad(`a transfer to ${shown}`, "toAccountId", onTransfer({ ...TRANSFER, toAccountId: it }));
  bad(`an issue on ${shown}`, "accountId", onIssue({ ...ISSUE, accountId: it }));
  bad(`an issue named ${shown}`, "issueId", onIssue({ ...ISSUE, issueId: it }));
});
for (const name of Object.keys(ACH)) {
  bad(`ACH without ${name}`, name, onAch(without(ACH, name)));
  bad(`ACH with ${name} throwing`, name, onAch(throwing(name, without(ACH, name))));
}
for (const name of Object.keys(WIRE)) bad(`a wire without ${name}`, name, onWire(without(WIRE, name)));
for (const name of Object.keys(TRANSFER)) bad(`a transfer without ${name}`, name, onTransfer(without(TRANSFER, name)));
for (const name of Object.keys(ISSUE)) bad(`an issue without ${name}`, name, onIssue(without(ISSUE, name)));
bad("both destinations", "destinationAccountId", onAch({ ...ACH, recipientDetails: PARTY }));
bad("a transfer to its own account", "toAccountId", onTransfer({ ...TRANSFER, toAccountId: FROM }));
each(noDay, (it, shown) => {
  bad(`effective on ${shown}`, "effectiveDate", onAch({ ...ACH, effectiveDate: it }));
  bad(`issued on ${shown}`, "issueDate", onIssue({ ...ISSUE, issueDate: it }));
});
each([...noText, ...badText.slice(2)], (it, shown) => {
  bad(`a reference id of ${shown}`, "referenceId", onAch({ ...ACH, referenceId: it }));
});
each([...noText, ...badText], (it, shown) => {
  bad(`a reference code of ${shown}`, "referenceCode", onWire({ ...WIRE, referenceCode: it }));
  bad(`a check number of ${shown}`, "checkNumber", onIssue({ ...ISSUE, checkNumber: it }));
  for (const name of ["name", "accountNumber", "bankId"]) {
    const party = { ...PARTY, [name]: it };
    bad(`a beneficiary's ${name} of ${shown}`, `beneficiaryDetails.${name}`, onWire({ ...WIRE, beneficiaryDetails: party }));
    bad(`a recipient's ${name} of ${shown}`, `recipientDetails.${name}`, onAch({ sourceAccountId: FROM, recipientDetails: party, amount: 1 }));
  }
});
const recipient = (recipientDetails) => onAch({ sourceAccountId: FROM, recipientDetails, amount: 1 });
const beneficiary = (beneficiaryDetails) => onWire({ ...WIRE, beneficiaryDetails });
each(noObject.slice(2), (it, shown) => {
  bad(`recipientDetails of ${shown}`, "recipientDetails", recipient(it));
  bad(`beneficiaryDetails of ${shown}`, "beneficiaryDetails", beneficiary(it));
});
for (const bankId of ["021000022", "02100002", "0210000210", "02100002a", "02100 021"]) {
  bad(`a routing number ${bankId}`, "beneficiaryDetails.bankId", beneficiary({ ...PARTY, bankId }));
  bad(`a recipient at ${bankId}`, "recipientDetails.bankId", recipient({ ...PARTY, bankId }));
}
for (const name of Object.keys(PARTY)) {
  bad(`a beneficiary without ${name}`, `beneficiaryDetails.${name}`, beneficiary(without(PARTY, name)));
  bad(`a recipient without ${name}`, `recipientDetails.${name}`, recipient(without(PARTY, name)));
  bad(`a beneficiary's ${name} throwing`, `beneficiaryDetails.${name}`, beneficiary(throwing(name, PARTY)));
}
bad("a beneficiary with more", "beneficiaryDetails.bankName", beneficiary({ ...PARTY, bankName: "x" }));
for (const name of ["bank_id", "account_number"]) {
  bad(`a recipient with ${name} as well`, `recipientDetails.${name}`, recipient({ ...PARTY, [name]: "9" }));
}
const cycle = {};
cycle.again = cycle;
const thousandfold = JSON.parse("[".repeat(1000) + "]".repeat(1000));
for (const [what, memo] of [["a bigint", 1n], ["a function", () => 1], ["a Symbol", Symbol("x")], ["a cycle", cycle], ["a thousand nested lists", thousandfold], ["half a character", "\ud800"], ["a throwing toJSON", { toJSON() { throw new Error("no"); } }]]) {
  bad(`a recipient's own member that is ${what}`, "recipientDetails.memo", recipient({ ...PARTY, memo }));
}
// Slips of the pen: what is not known is refused, not ignored.
for (const slip of ["refrenceId", "reference_id", "amountt", "Amount", "currency", "destinationAccountID", "idempotencyKey", "__proto__x"]) {
  bad(`ACH with ${slip}`, slip, onAch({ ...ACH, [slip]: "x" }));
}
bad("a slip that is undefined", "refrenceId", onAch({ ...ACH, refrenceId: undefined }));

for (const slip of ["idempotencykey", "idempotency_key", "IdempotencyKey", "key", "resumefrom", "timeout", "retries", "maxRetry", "onconflict"]) {
  bad(`the option ${slip}`, slip, (client) => client.payments.createAch(ACH, { [slip]: KEY }));
}
const option = (name, it) => (client, options) => client.payments.createAch(ACH, { ...options, [name]: it });
each([...noUuid, KEY.replace(/-4/, "-1"), KEY.replace("-8a4b", "-ca4b"), `"${KEY}"`, PAYMENT.replace("-4a8e", "-5a8e")], (it, shown) =>
  bad(`an idempotencyKey of ${shown}`, "idempotencyKey", option("idempotencyKey", it)),
);
const noMoment = [0, 5, Date.now(), "2026-01-05", "", new Date(NaN), {}, [], true, Symbol("s"), () => new Date(), { getTime: () => NaN }, { getTime: () => "5" }, { getTime() { throw new Error("no"); } }];
each([0, -1, NaN, Infinity, -Infinity, "1000", 5n, {}, true, Symbol("s"), 2 ** 54, 0.0001], (it, shown) => {
  bad(`a timeoutMs of ${shown}`, "timeoutMs", option("timeoutMs", it));
  bad(`a deadlineMs of ${shown}`, "deadlineMs", option("deadlineMs", it));
});
each([-1, 0.5, NaN, Infinity, "2", 2n, {}, true, 2 ** 32], (it, shown) => bad(`maxRetries of ${shown}`, "maxRetries", option("maxRetries", it)));
each(["", "Follow", "follow_own", 1, true, {}], (it, shown) => bad(`onConflict of ${shown}`, "onConflict", option("onConflict", it)));
each(["", "a b\n", "tok\0en", "tökén", 5, {}, Promise.resolve("t"), () => "t"], (it, shown) => bad(`an accessToken of ${shown}`, "accessToken", option("accessToken", it)));
each(["", "yesterday", "2026-01-05", 5, {}, new Date(NaN), new Date(8.64e15)], (it, shown) => bad(`an authDate of ${shown}`, "authDate", option("authDate", it)));
each([5, "x", {}, new AbortController(), [], { addEventListener() {} }, { aborted: false, addEventListener() {} }, throwing("aborted", { addEventListener() {}, removeEventListener() {} })], (it, shown) => bad(`a signal of ${shown}`, "signal", option("signal", it)));
for (const name of ["idempotencyKey", "timeoutMs", "deadlineMs", "maxRetries", "onConflict", "accessToken", "authDate", "signal"]) {
  bad(`the option ${name} throwing`, name, (client) => client.payments.createAch(ACH, throwing(name)));
}
each(noObject.slice(2), (it, shown) => bad(`options of ${shown}`, "options", (client) => client.payments.createAch(ACH, it)));
bad("options that will not be read", "options", (client) => client.payments.createAch(ACH, hostile("ownKeys")));

test(`${BAD.length} slips in payments are found before anything is sent, and named`, async (t) => {
  for (const [what, field, call] of BAD) {
    await t.test(what, async () => {
      // With credentials: not even a token is asked for.
      const { client, calls } = clientOf(CREDENTIALS, accepted);
      const error = await failure(() => call(client, {}));
      assert.ok(error instanceof InvalidRequestError);
      assert.equal(error.kind, "invalid_input");
      assert.equal(error.field, field);
      assert.ok(error.message.includes(field), error.message);
      assert.equal(error.fate, "never_sent");
      assert.match(error.message, /nothing was sent/);
      assert.equal(error.attempts, 0);
      assert.equal(error.status, null);
      assert.equal(error.cause, undefined);
      assert.ok(!error.message.includes(PARTY.accountNumber));
      assert.ok(error.message.length < 600, "a message repeats no huge input");
      assert.equal(calls.length, 0);
    });
  }
});

test("a moment to resume from that is none is named, and leaves the money unknown", async () => {
  for (const resumeFrom of noMoment) {
    const { client, calls } = clientOf(CREDENTIALS, accepted);
    const error = await failure(client.payments.createAch(ACH, { idempotencyKey: KEY, resumeFrom }));
    assert.equal(error.field, "resumeFrom");
    assert.equal(error.fate, "unknown");
    assert.equal(calls.length, 0);
  }
});

test("whatever is wrong with an intent that is resumed, its money stays unknown", async () => {
  const resuming = { idempotencyKey: KEY, resumeFrom: new Date() };
  for (const call of [
    (client) => client.payments.createAch({ ...ACH, amount: 0 }, resuming),
    (client) => client.payments.createAch(undefined, resuming),
    (client) => client.payments.createWire({ ...WIRE, referenceCode: "" }, resuming),
    (client) => client.transfers.create({ ...TRANSFER, toAccountId: FROM }, resuming),
    (client) => client.positivePay.createIssue({ ...ISSUE, checkNumber: "" }, resuming),
    (client) => client.payments.createAch(ACH, { resumeFrom: new Date() }),
    (client) => client.payments.createAch(ACH, { ...resuming, maxRetrys: 1 }),
    (client) => client.payments.createAch(ACH, { ...resuming, timeoutMs: 0 }),
    (client) => client.payments.createAch(ACH, throwing("resumeFrom", { idempotencyKey: KEY })),
    (client) => client.payments.createAch(ACH, { ...resuming, resumeFrom: new Date(Date.now() - 25 * 3600_000) }),
  ]) {
    const { client, calls } = clientOf(CREDENTIALS, accepted);
    const error = await failure(call(client));
    assert.equal(error.kind, "invalid_input");
    assert.equal(error.fate, "unknown");
    assert.match(error.message, /UNKNOWN/);
    assert.equal(calls.length, 0);
  }
});

test("slips in reads are found before anything is sent, and no money is spoken of", async (t) => {
  const READS = [
    ["balances.get", "accountId", (client, it) => client.balances.get(it)],
    ["payments.get", "paymentId", (client, it) => client.payments.get(it)],
    ["payments.wait", "paymentId", (client, it) => client.payments.wait(it)],
    ["a filter", "accountId", (client, it) => client.transactions.list({ accountId: it })],
  ];
  const cases = READS.flatMap(([what, field, call]) =>
    noUuid.map((it) => [`${what} of ${show(it)}`, field, (client) => call(client, it)]),
  );
  for (const it of noDay) cases.push([`since ${show(it)}`, "postedSince", (client) => client.transactions.list({ postedSince: it })]);
  for (const it of noObject.slice(2)) cases.push([`a filter of ${show(it)}`, "filter", (client) => client.transactions.list(it)]);
  cases.push(["a slip in the filter", "postingDateGte", (client) => client.transactions.list({ postingDateGte: "2026-01-05" })]);
  cases.push(["options for a filter", "timeoutMs", (client) => client.transactions.list({ timeoutMs: 5 })]);
  for (const [name, call, writes] of METHODS.filter(([, , writes]) => !writes)) {
    cases.push([`${name} with a key`, "idempotencyKey", (client) => call(client, { idempotencyKey: KEY })]);
    cases.push([`${name} with a slip`, "timeout", (client) => call(client, { timeout: 5 })]);
    cases.push([`${name} with options as text`, "options", (client) => call(client, "text")]);
  }
  cases.push(["authenticate with a slip", "scope", (client) => client.authenticate({ scope: "x" })]);
  cases.push(["accepted as text", "accepted", (client) => client.payments.wait(PAYMENT, { accepted: "yes" })]);
  cases.push(["accepted for a get", "accepted", (client) => client.payments.get(PAYMENT, { accepted: true })]);
  for (const [what, field, call] of cases) {
    await t.test(what, async () => {
      const { client, calls } = clientOf(CREDENTIALS, () => json(200, []));
      const error = await failure(() => call(client));
      assert.equal(error.kind, "invalid_input");
      assert.equal(error.field, field);
      assert.equal(error.fate, "not_applicable");
      assert.doesNotMatch(error.message, /money/);
      assert.equal(calls.length, 0);
    });
  }
});

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
    [given({ environment: { baseUrl: "https://user:pass@bank.example/v1" } }), "environment.baseUrl"],
    [given({ environment: { baseUrl: "https://bank.example/v1", tokenUrl: "http://auth.example/token" } }), "environment.tokenUrl"],
    [given({ environment: { baseUrl: new URL("https://bank.example/v1") } }), "environment.baseUrl"],
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
  const { client, calls } = clientOf(() => json(201, payment({ type: "WIRE" })));
  await client.payments.createWire({ ...WIRE, referenceCode });
  assert.equal(JSON.parse(calls[0].text).reference_code, referenceCode);
});

test("a recipient's own members go out as they are", async () => {
  const own = { account_type: "checking", memo: { a: [1, null, "é"], b: 1.5 }, flag: true };
  const { client, calls } = clientOf(accepted);
  await client.payments.createAch({ sourceAccountId: FROM, recipientDetails: { ...PARTY, ...own }, amount: 1 });
  const { name, bankId, accountNumber } = PARTY;
  assert.deepEqual(JSON.parse(calls[0].text).recipient_details, { name, bank_id: bankId, account_number: accountNumber, ...own });
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
