// Bundles a small application with what people bundle with, and runs it: it pays once at the
// sandbox, and verifies a webhook.
//
//   node test/bundlers/run.mjs            # all, minutes
//   node test/bundlers/run.mjs --small    # what every CI runs
//   node test/bundlers/run.mjs NAME...    # those whose names begin so
//
// After build.sh and `cargo build -p qbank-cli`.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { PAYMENT, sandbox } from "../bank.mjs";
import { App, Unavailable } from "./app.mjs";
import { CASES, SMALL } from "./cases.mjs";
import { network } from "./network.mjs";
import { install, version } from "./tools.mjs";

const EVENT = {
  event_id: "c3a1f0de-77aa-4d59-9a55-101112131415",
  event_type: "payment.status.update",
  resource_type: "payment",
  data: { paymentId: PAYMENT, status: "P_COMPLETED", amount: 12.5 },
};

const wanted = process.argv.slice(2);
const small = wanted[0] === "--small";
const names = small
  ? SMALL
  : Object.keys(CASES).filter((name) => wanted.length === 0 || wanted.some((it) => name.startsWith(it)));
assert.ok(names.length > 0, `no such case; there are ${Object.keys(CASES).join("; ")}`);

install(small);
const outside = await network();
let browser;
const counts = { ok: 0, FAIL: 0, SKIPPED: 0 };
for (const name of names) {
  const began = performance.now();
  const [what, detail] = await tried(name);
  counts[what] += 1;
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${what.padEnd(7)} ${name}: ${version(CASES[name].of)}, ${detail} (${seconds} s)`);
}
await browser?.close();
outside.close();
const { ok, FAIL, SKIPPED } = counts;
console.log(`${ok} of ${names.length} pay once, ${FAIL} do not, ${SKIPPED} were skipped`);
if (FAIL > 0) process.exitCode = 1;

// One case, at a sandbox of its own.
async function tried(name) {
  const bank = await sandbox();
  outside.forget();
  const { run, refused } = CASES[name];
  try {
    const app = new App(name, { order: await orderAt(bank), env: outside.env, open });
    const all = [await run(app)].flat();
    for (const { paymentId, ...rest } of all) {
      assert.match(paymentId, /^[0-9a-f-]{36}$/);
      assert.deepEqual(rest, { fate: "accepted", eventId: EVENT.event_id, forged: "mismatch" });
    }
    const { entries } = await bank.control("ledger");
    assert.equal(entries.length, all.length, "one entry for each payment");
    const asked = outside.asked().split("\n").filter((line) => line && !line.startsWith(`${refused} `));
    assert.deepEqual(asked, [], "it asks for somebody outside of this machine");
    return ["ok", app.size()];
  } catch (error) {
    if (error instanceof Unavailable) return ["SKIPPED", error.message];
    return ["FAIL", error.stack ?? error];
  } finally {
    await bank.stop();
  }
}

async function orderAt(bank) {
  const { accounts } = await bank.control("ledger");
  const [sourceAccountId, destinationAccountId] = accounts.map(({ accountId }) => accountId);
  const secret = bank.webhookSecret;
  const body = JSON.stringify(EVENT);
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  return {
    options: { ...bank.credentials, environment: bank.environment },
    payment: { sourceAccountId, destinationAccountId, amount: "12.50" },
    webhook: { body, signature, secret },
  };
}

// A page of the one browser.
async function open() {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  if (!existsSync(executablePath)) throw new Unavailable("no Chromium");
  const args = ["--headless", "--no-sandbox", "--disable-gpu"];
  browser ??= await chromium.launch({ executablePath, args });
  return browser.newPage();
}
