// The package in a module service worker of a headless Chromium: it loads, and pays.
//
//   node test/browser/service-worker.mjs
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

import { serve } from "../../demo/test/serve.mjs";

const WORKER = `
import { QBankConnectClient, QBankError } from "./pkg/index.js";

const location = "/v1/payments/0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40";
const fetch = () => new Response(null, { status: 202, headers: { location } });
const client = new QBankConnectClient({ accessToken: "t", fetch });

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("message", (event) => {
  const pay = client.withRawResponse.payments.createAch(event.data);
  event.waitUntil(
    pay.then(
      ({ data, fate }) => event.source.postMessage({ fate, paymentId: data.paymentId }),
      (error) => event.source.postMessage({ failed: String(error), ours: error instanceof QBankError }),
    ),
  );
});
`;
const PAYMENT = {
  sourceAccountId: "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10",
  destinationAccountId: "7a2d1fab-63b6-4d97-8d20-1b5c8e4f3021",
  amount: "1000.50",
};

const root = mkdtempSync(join(tmpdir(), "qbank-service-worker-"));
cpSync(fileURLToPath(new URL("../../pkg", import.meta.url)), join(root, "pkg"), { recursive: true });
writeFileSync(join(root, "worker.js"), WORKER);
writeFileSync(join(root, "index.html"), "<!doctype html><title>page</title>");

const { url, close } = await serve(root);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu"],
});
try {
  const page = await browser.newPage();
  await page.goto(url);
  const paid = await page.evaluate(async (payment) => {
    await navigator.serviceWorker.register("./worker.js", { type: "module" });
    const { active } = await navigator.serviceWorker.ready;
    const answered = new Promise((resolve) => {
      navigator.serviceWorker.onmessage = ({ data }) => resolve(data);
    });
    active.postMessage(payment);
    return answered;
  }, PAYMENT);
  assert.deepEqual(paid, {
    fate: "accepted",
    paymentId: "0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40",
  });
  console.log("ok    a module service worker loads the package and pays");
} finally {
  await browser.close();
  close();
  rmSync(root, { recursive: true });
}
