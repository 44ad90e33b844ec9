// The edge example under workerd: believes what is signed, forwards it, and says so.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { after, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { start } from "./workerd.mjs";

const SECRET = "a-secret-of-this-test";
const EVENT = {
  event_id: "0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40",
  event_type: "payment.status.update",
  resource_type: "payment",
  data: { paymentId: "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10", status: "P_COMPLETED", amount: 1.5 },
};

let worker;
let receiver;
let received;
let status;

before(async () => {
  receiver = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
    response.writeHead(status).end();
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => receiver.once("listening", resolve));
  worker = await start(fileURLToPath(new URL("../../edge/config.capnp", import.meta.url)), {
    WEBHOOK_SECRET: `the-next-secret\n${SECRET}\n`,
    FORWARD_TO: `http://127.0.0.1:${receiver.address().port}/events`,
  });
});

after(async () => {
  await worker?.stop();
  receiver.close();
});

beforeEach(() => {
  received = [];
  status = 204;
});

const sign = (body, secret = SECRET) => createHmac("sha256", secret).update(body).digest("hex");

const deliver = (body, signature, init) =>
  fetch(worker.url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "webhook-event-id": "11111111-2222-4333-8444-555555555555",
      ...(signature && { "webhook-signature": signature }),
    },
    body,
    ...init,
  });

test("a good event is forwarded as it came", async () => {
  const body = JSON.stringify(EVENT);
  const answer = await deliver(body, sign(body));
  assert.equal(answer.status, 200);
  assert.equal(await answer.text(), "forwarded\n");
  assert.equal(received.length, 1);
  assert.equal(received[0].body, body);
  assert.equal(received[0].headers["qbank-event-id"], EVENT.event_id);
});

test("a forged, an altered and an unsigned event go nowhere", async () => {
  const body = JSON.stringify(EVENT);
  const altered = body.replace("1.5", "9.5");
  for (const [sent, signature, reason] of [
    [body, sign(body, "another secret"), "mismatch"],
    [altered, sign(body), "mismatch"],
    [body, undefined, "missing"],
    [body, "t=1,v1=00", "timestamped"],
  ]) {
    const answer = await deliver(sent, signature);
    assert.equal(answer.status, 400);
    assert.equal(await answer.text(), `${reason}\n`);
  }
  assert.equal(received.length, 0);
});

test("a receiver that fails makes the bank try again", async () => {
  status = 500;
  const body = JSON.stringify(EVENT);
  assert.equal((await deliver(body, sign(body))).status, 502);
  assert.equal(received.length, 1);
});

test("what is genuine but no event of ours is taken and goes nowhere", async () => {
  const answer = await deliver("{}", sign("{}"));
  assert.equal(answer.status, 200);
  assert.equal(received.length, 0);
});

test("another method, and a body that is too large, are refused", async () => {
  const get = await fetch(worker.url);
  assert.equal(get.status, 405);
  assert.equal(get.headers.get("allow"), "POST");
  const huge = "x".repeat((1 << 20) + 1);
  assert.equal((await deliver(huge, sign(huge))).status, 413);
  // Without a length in its head.
  const body = new Blob([huge, huge]).stream();
  const answer = await deliver(body, sign(huge + huge), { body, duplex: "half" });
  assert.equal(answer.status, 413);
  assert.equal(received.length, 0);
});
