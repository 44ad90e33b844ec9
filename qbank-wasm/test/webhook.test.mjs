// Which deliveries are genuine, and what they say.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import vm from "node:vm";
import { QBankError, verifyWebhook, WebhookVerificationError } from "@qbank/connect";
import { clientAt, KEY, PAYMENT, sandbox, within } from "./bank.mjs";

const SECRET = "webhook-secret-π";
const EVENT = "c3a1f0de-77aa-4d59-9a55-101112131415";
const BODY = JSON.stringify({
  event_id: EVENT,
  event_type: "payment.status.update",
  resource_type: "payment",
  data: {
    paymentId: PAYMENT,
    type: "ACH",
    amount: 1000.5,
    status: "P_COMPLETED",
    note: "Zürich 🧾",
  },
});
const tag = (body = BODY, secret = SECRET, encoding = "hex") =>
  createHmac("sha256", secret).update(body).digest(encoding);
const signed = (signature = tag()) => ({ "Webhook-Signature": signature, "Webhook-Event-ID": KEY });

function refusal(...args) {
  try {
    verifyWebhook(...args);
  } catch (error) {
    assert.ok(error instanceof WebhookVerificationError, String(error?.stack ?? error));
    assert.ok(error instanceof QBankError);
    assert.equal(error.name, "WebhookVerificationError");
    assert.equal(error.kind, "invalid_signature");
    assert.equal(error.fate, "not_applicable");
    assert.equal(error.status, null);
    assert.ok(!error.message.includes(SECRET));
    assert.ok(error.message.length > 10);
    return error.reason;
  }
  return assert.fail("the delivery was taken for genuine");
}

test("a genuine delivery gives its event, amounts exact and in camel case", () => {
  assert.deepEqual(verifyWebhook(BODY, signed(), SECRET), {
    eventId: EVENT,
    eventType: "payment.status.update",
    resourceType: "payment",
    data: { paymentId: PAYMENT, type: "ACH", amount: "1000.50", status: "P_COMPLETED" },
  });
});

test("a tag may be hex in any case, sha256= and hex, base64 or base64url", () => {
  for (const signature of [
    tag(),
    tag().toUpperCase(),
    `sha256=${tag()}`,
    tag(BODY, SECRET, "base64"),
    tag(BODY, SECRET, "base64").replace("=", ""),
    tag(BODY, SECRET, "base64url"),
    `${tag(BODY, SECRET, "base64url")}=`,
    `  ${tag()} `,
  ]) {
    assert.equal(verifyWebhook(BODY, signed(signature), SECRET).eventId, EVENT, signature);
  }
});

test("several candidates and several secrets are tried against each other", () => {
  const other = tag(BODY, "another");
  for (const signature of [`${other},${tag()}`, `${tag()} ${other}`, `x, y, sha256=${tag()}`]) {
    assert.equal(verifyWebhook(BODY, signed(signature), SECRET).eventId, EVENT);
  }
  for (const secrets of [["new", SECRET], [SECRET, "old"], [SECRET]]) {
    assert.equal(verifyWebhook(BODY, signed(), secrets).eventId, EVENT);
  }
  assert.equal(refusal(BODY, signed(), ["new", "old"]), "mismatch");
  const eight = Array(7).fill(other).concat(tag()).join(",");
  assert.equal(verifyWebhook(BODY, signed(eight), SECRET).eventId, EVENT);
  assert.equal(refusal(BODY, signed(`${other},${eight}`), SECRET), "too_many");
});

test("what is not genuine says why", () => {
  assert.equal(refusal(`${BODY} `, signed(), SECRET), "mismatch");
  assert.equal(refusal(BODY, signed(tag(BODY, "wrong")), SECRET), "mismatch");
  assert.equal(
    refusal(BODY, signed(createHmac("sha512", SECRET).update(BODY).digest("hex")), SECRET),
    "malformed",
  );
  assert.equal(refusal(BODY, {}, SECRET), "missing");
  for (const none of ["", "   "]) assert.equal(refusal(BODY, signed(none), SECRET), "missing");
  for (const malformed of [
    tag().slice(1),
    `${tag()}0`,
    "zz",
    "sha1=abc",
    "é",
    "\ud800",
    `sha256:${tag()}`,
    "x".repeat(100_000),
  ]) {
    assert.equal(refusal(BODY, signed(malformed), SECRET), "malformed", malformed.slice(0, 20));
  }
  for (const stamped of [`t=1700000000,v1=${tag()}`, `v1,${tag()}`]) {
    assert.equal(refusal(BODY, signed(stamped), SECRET), "timestamped");
  }
});

test("without a usable secret nothing is genuine", () => {
  const empty = tag(BODY, "");
  for (const secrets of [
    "",
    [],
    [""],
    [SECRET, ""],
    undefined,
    null,
    5,
    {},
    [undefined, SECRET],
    Buffer.from(SECRET),
    new Set([SECRET]),
  ]) {
    assert.equal(refusal(BODY, signed(empty), secrets), "bad_secret");
  }
});

test("headers may be of any kind, and named in any case", () => {
  const value = tag();
  for (const headers of [
    new Headers({ "webhook-signature": value }),
    { "webhook-signature": value },
    { "WEBHOOK-SIGNATURE": value },
    { "Webhook-Signature": [value] },
    { "webhook-signature": value, "Webhook-Signature": undefined },
    { "webhook-signature": value, "WEBHOOK-signature": null },
    Object.assign(Object.create(null), { "webhook-signature": value }),
    new Map([["Webhook-Signature", value]]),
    { "webhook-signature": value, "x-odd": [undefined, 5] },
  ]) {
    assert.equal(verifyWebhook(BODY, headers, SECRET).eventId, EVENT);
  }
  for (const headers of [
    undefined,
    null,
    {},
    new Headers(),
    new Map(),
    [],
    "text",
    5,
    { signature: value },
  ]) {
    assert.equal(refusal(BODY, headers, SECRET), "missing");
  }
});

test("a signature that comes twice as a record is refused, and joined by Headers is tried", () => {
  const value = tag();
  assert.equal(
    refusal(BODY, { "webhook-signature": value, "Webhook-Signature": value }, SECRET),
    "malformed",
  );
  assert.equal(refusal(BODY, { "webhook-signature": [value, "other"] }, SECRET), "malformed");
  const twice = new Headers([
    ["webhook-signature", tag(BODY, "old")],
    ["Webhook-Signature", value],
  ]);
  assert.equal(verifyWebhook(BODY, twice, SECRET).eventId, EVENT);
});

test("a signature that is no text is refused, and harms nothing", () => {
  for (const value of [5, {}, true, { toString: () => "x" }]) {
    assert.match(refusal(BODY, { "webhook-signature": value }, SECRET), /malformed/);
    assert.match(refusal(BODY, new Map([["webhook-signature", value]]), SECRET), /malformed/);
  }
  assert.equal(verifyWebhook(BODY, signed(), SECRET).eventId, EVENT);
});

test("a body may be a string or bytes of any kind", () => {
  const bytes = new TextEncoder().encode(BODY);
  const inner = new Uint8Array(bytes.length + 10);
  inner.set(bytes, 5);
  for (const body of [
    BODY,
    bytes,
    Buffer.from(BODY),
    bytes.buffer,
    inner.subarray(5, 5 + bytes.length),
    new DataView(inner.buffer, 5, bytes.length),
    vm.runInNewContext("Uint8Array.from(bytes)", { bytes }),
    vm.runInNewContext("Uint8Array.from(bytes).buffer", { bytes }),
  ]) {
    assert.equal(verifyWebhook(body, signed(), SECRET).eventId, EVENT);
  }
});

// A buffer that went to another thread.
function transferred() {
  const buffer = new ArrayBuffer(8);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
}

test("a body that was parsed is refused, and the message says so", () => {
  for (const body of [
    JSON.parse(BODY),
    undefined,
    null,
    5,
    [],
    [1, 2],
    true,
    new Blob([BODY]),
    Promise.resolve(BODY),
    transferred(),
  ]) {
    assert.equal(refusal(body, signed(), SECRET), "bad_options");
  }
  assert.throws(() => verifyWebhook(JSON.parse(BODY), signed(), SECRET), /before any JSON\.parse/);
});

test("a genuine body that is no event of ours gives null", () => {
  const bodies = [
    "",
    "{}",
    "[]",
    "null",
    "text",
    '{"event_id":"17"}',
    `{"event_id":"${EVENT}"}`,
    BODY.slice(0, -1),
    "\ufeff{}",
  ];
  for (const body of bodies)
    assert.equal(verifyWebhook(body, signed(tag(body)), SECRET), null, body);
  for (const body of [
    Buffer.from([0xff, 0xfe, 0x00]),
    Buffer.concat([Buffer.from(BODY), Buffer.from([0xc3])]),
  ]) {
    assert.equal(verifyWebhook(body, signed(tag(body)), SECRET), null);
  }
  const large = Buffer.alloc(5_000_000, 120);
  assert.equal(verifyWebhook(large, signed(tag(large)), SECRET), null);
});

test("an event of a kind not yet known is given, open as the bank left it", () => {
  const body = JSON.stringify({
    event_id: EVENT,
    event_type: "payment.created",
    data: { payment_id: PAYMENT, status: "P_NEW" },
  });
  const event = verifyWebhook(body, signed(tag(body)), SECRET);
  assert.equal(event.eventType, "payment.created");
  assert.equal(event.data.status, "P_NEW");
  assert.equal(event.data.paymentId, PAYMENT);
});

// Standard Webhooks.
const KEYED = `whsec_${Buffer.from("0123456789abcdef01234567").toString("base64")}`;
const NOW = new Date("2026-01-05T12:00:00Z");
function standard(at = NOW / 1000, more = {}) {
  const key = Buffer.from(KEYED.slice(6), "base64");
  const value = createHmac("sha256", key).update(`msg_1.${at}.${BODY}`).digest("base64");
  return {
    "webhook-id": "msg_1",
    "webhook-timestamp": String(at),
    "webhook-signature": `v1,${value}`,
    ...more,
  };
}
const asStandard = { scheme: "standard", now: NOW };

test("the Standard Webhooks scheme covers id, timestamp and body", () => {
  assert.equal(verifyWebhook(BODY, standard(), KEYED, asStandard).eventId, EVENT);
  assert.equal(verifyWebhook(BODY, standard(), ["whsec_AAAA", KEYED], asStandard).eventId, EVENT);
  const several = {
    "webhook-signature": `v1a,xyz v1,${"A".repeat(43)}= ${standard()["webhook-signature"]}`,
  };
  assert.equal(verifyWebhook(BODY, standard(undefined, several), KEYED, asStandard).eventId, EVENT);
  assert.equal(
    refusal(BODY, standard(undefined, { "webhook-id": "msg_2" }), KEYED, asStandard),
    "mismatch",
  );
  assert.equal(refusal(`${BODY} `, standard(), KEYED, asStandard), "mismatch");
  for (const gone of ["webhook-id", "webhook-timestamp"]) {
    assert.equal(
      refusal(BODY, standard(undefined, { [gone]: undefined }), KEYED, asStandard),
      "no_id_or_timestamp",
    );
  }
  for (const secret of [SECRET, "whsec_", "whsec_!!", KEYED.slice(6)]) {
    assert.equal(refusal(BODY, standard(), secret, asStandard), "bad_secret");
  }
  assert.equal(refusal(BODY, standard(), SECRET), "timestamped");
});

test("a timestamp too far from now, either way, is refused", () => {
  const unix = NOW / 1000;
  const verify = (at, toleranceSeconds) =>
    verifyWebhook(BODY, standard(at), KEYED, { ...asStandard, toleranceSeconds });
  for (const at of [unix - 300, unix + 300]) assert.equal(verify(at).eventId, EVENT);
  for (const at of [unix - 301, unix + 301])
    assert.equal(refusal(BODY, standard(at), KEYED, asStandard), "stale");
  assert.equal(verify(unix - 3000, 3600).eventId, EVENT);
  assert.equal(verify(unix, 0).eventId, EVENT);
  assert.equal(
    refusal(BODY, standard(unix - 1), KEYED, { ...asStandard, toleranceSeconds: 0 }),
    "stale",
  );
  for (const at of ["soon", "-5", "1e9", "1767614400.5", ""]) {
    assert.match(
      refusal(BODY, standard(undefined, { "webhook-timestamp": at }), KEYED, asStandard),
      /malformed|no_id_or_timestamp/,
    );
  }
  const real = standard(Math.floor(Date.now() / 1000));
  assert.equal(verifyWebhook(BODY, real, KEYED, { scheme: "standard" }).eventId, EVENT);
  assert.equal(refusal(BODY, standard(), KEYED, { scheme: "standard" }), "stale");
});

test("options that are wrong are refused, never guessed at", () => {
  for (const options of [
    { scheme: "sha256" },
    { scheme: "Standard" },
    { scheme: null },
    { toleranceSeconds: Infinity },
    { toleranceSeconds: NaN },
    { toleranceSeconds: -1 },
    { toleranceSeconds: "300" },
    { toleranceSeconds: 5n },
    { now: 5 },
    { now: "2026-01-05" },
    { now: new Date(NaN) },
    { now: null },
    { tolerance: 5 },
    { tolerenceSeconds: 5 },
    "standard",
  ]) {
    assert.equal(refusal(BODY, signed(), SECRET, options), "bad_options");
  }
  for (const options of [
    undefined,
    null,
    {},
    { scheme: undefined, now: undefined },
    { now: vm.runInNewContext("new Date()") },
  ]) {
    assert.equal(verifyWebhook(BODY, signed(), SECRET, options).eventId, EVENT);
  }
});

test("the sandbox's own delivery is genuine", async () => {
  const { createServer } = await import("node:http");
  const { once } = await import("node:events");
  const bank = await sandbox();
  const server = createServer();
  try {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${server.address().port}/hook`;
    await bank.control("webhooks", { url, secret: SECRET });
    const delivered = once(server, "request");
    const client = clientAt(bank);
    const [checking, other] = await client.accounts.list();
    const { paymentId } = await client.payments.createAch({
      sourceAccountId: checking.accountId,
      destinationAccountId: other.accountId,
      amount: "3.21",
    });
    await bank.advance(10 * 24 * 3600);
    const [request, response] = await within(10_000, delivered);
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const event = verifyWebhook(Buffer.concat(chunks), request.headers, SECRET);
    response.end();
    assert.equal(event.data.paymentId, paymentId);
    assert.equal(event.data.amount, "3.21");
  } finally {
    server.close();
    server.closeAllConnections();
    await bank.stop();
  }
});
