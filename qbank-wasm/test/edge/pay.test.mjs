// The client itself under workerd, against the sandbox.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { start } from "./workerd.mjs";

const program =
  process.env.QBANK_PROGRAM ??
  fileURLToPath(new URL("../../../target/debug/qbank", import.meta.url));

let bank;
let worker;
let control;

before(async () => {
  bank = spawn(program, ["sandbox", "--addr", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await new Promise((resolve) =>
    createInterface(bank.stdout).once("line", (...line) => resolve(line)),
  );
  const started = JSON.parse(line);
  control = started.control_url;
  worker = await start(fileURLToPath(new URL("pay.capnp", import.meta.url)), { BANK: started.base_url });
});

after(async () => {
  await worker?.stop();
  bank.kill();
});

const order = async (amount) => {
  const { accounts } = await (await fetch(`${control}/ledger`)).json();
  const [sourceAccountId, destinationAccountId] = accounts.map((account) => account.accountId);
  return JSON.stringify({ sourceAccountId, destinationAccountId, amount });
};

const pay = async (body) => (await fetch(worker.url, { method: "POST", body })).json();

test("a payment from the edge whose answer is lost is made once", async () => {
  await fetch(`${control}/faults`, {
    method: "POST",
    body: JSON.stringify({
      method: "POST",
      path: "/v1/payments/ach",
      kind: "drop_after_commit",
      times: 1,
    }),
  });
  const paid = await pay(await order("12.50"));
  assert.equal(paid.fate, "accepted");
  assert.equal(paid.attempts, 2);
  assert.match(paid.paymentId, /^[0-9a-f-]{36}$/);
  const { entries } = await (await fetch(`${control}/ledger`)).json();
  assert.equal(entries.length, 1);
});

test("bad input at the edge is named before anything is sent", async () => {
  const refused = await pay(await order(0.1 + 0.2));
  assert.deepEqual(refused, { kind: "invalid_input", fate: "never_sent", field: "amount" });
});

test("events at the same time share a token, and each gets its answer", async () => {
  // The token takes its time, so that all but one wait for it on somebody else's account.
  let tokens = 0;
  let payments = 0;
  const slow = createServer((request, response) => {
    request.resume().on("end", () => {
      if (request.url.endsWith("/token")) {
        tokens += 1;
        const token = { access_token: `t${tokens}`, token_type: "Bearer", expires_in: 3600 };
        setTimeout(() => response.end(JSON.stringify(token)), 300);
      } else if (request.headers.authorization !== "Bearer t2") {
        // Each worker's first token is refused once: all wait a second time.
        response.writeHead(401).end("{}");
      } else {
        payments += 1;
        const location = "/v1/payments/0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40";
        setTimeout(() => response.writeHead(202, { location }).end(), 50);
      }
    });
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => slow.once("listening", resolve));
  const body = await order("12.50");
  for (let round = 0; round < 10; round += 1) {
    tokens = payments = 0;
    const fresh = await start(fileURLToPath(new URL("pay.capnp", import.meta.url)), {
      BANK: `http://127.0.0.1:${slow.address().port}/v1`,
    });
    const paid = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const signal = AbortSignal.timeout(20_000);
        return (await fetch(fresh.url, { method: "POST", body, signal })).json();
      }),
    );
    assert.deepEqual(
      paid.map(({ fate }) => fate),
      Array(8).fill("accepted"),
    );
    assert.deepEqual({ tokens, payments }, { tokens: 2, payments: 8 });
    await fresh.stop();
  }
  slow.close();
});

test("a call outside of any event says so", async () => {
  const refused = await (await fetch(`${worker.url}outside`)).json();
  assert.deepEqual(refused, { kind: "invalid_input", fate: "not_applicable" });
});
