// The client itself under workerd, against the sandbox.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { start } from "./workerd.mjs";

const program =
  process.env.QBANK_PROGRAM ?? new URL("../../../target/debug/qbank", import.meta.url).pathname;

let bank;
let worker;
let control;

before(async () => {
  bank = spawn(program, ["sandbox", "--addr", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await new Promise((resolve) =>
    createInterface(bank.stdout).once("line", (...line) => resolve(line)),
  );
  const told = JSON.parse(line);
  control = told.control_url;
  worker = await start(new URL("pay.capnp", import.meta.url).pathname, { BANK: told.base_url });
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
  const told = await pay(await order(0.1 + 0.2));
  assert.deepEqual(told, { kind: "invalid_input", fate: "never_sent", field: "amount" });
});
