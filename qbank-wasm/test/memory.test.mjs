// That calls leave nothing behind, in JavaScript's heap or in the module's memory.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

test("ten thousand calls, good and bad, grow neither heap nor wasm memory", () => {
  const helper = new URL("./bank.mjs", import.meta.url);
  const script = `
    const memories = [];
    const { Instance } = WebAssembly;
    WebAssembly.Instance = new Proxy(Instance, { construct(target, args) {
      const it = new target(...args);
      if (it.exports.memory) memories.push(it.exports.memory);
      return it;
    } });
    const { ACH, accepted, json, refusal, WIRE } = await import(${JSON.stringify(helper.href)});
    const { QBankConnectClient, verifyWebhook } = await import("@qbank/connect");
    let n = 0;
    const fetch = async (url, init) => {
      n += 1;
      if (url.endsWith("/wire")) throw new TypeError("fetch failed");
      if (url.endsWith("/accounts")) return json(200, []);
      return n % 3 ? accepted() : refusal(422);
    };
    const options = { accessToken: async () => "t", environment: { sandboxPort: 1 }, backoffMs: 1, fetch };
    const client = new QBankConnectClient(options);
    const abort = new AbortController();
    const round = async (count) => {
      for (let at = 0; at < count; at += 10) {
        await Promise.allSettled([
          ...Array.from({ length: 5 }, () => client.payments.createAch(ACH, { signal: abort.signal })),
          client.accounts.list(),
          client.accounts.list({ signal: AbortSignal.abort() }),
          client.payments.createWire(WIRE, { maxRetries: 0 }),
          client.payments.createAch({ ...ACH, amount: 0.001 }),
          new QBankConnectClient(options).accounts.list(),
        ]);
        try { verifyWebhook("{}", { "webhook-signature": "00" }, "s"); } catch {}
        try { new QBankConnectClient({}); } catch {}
      }
      for (let turn = 0; turn < 5; turn += 1) { gc(); await new Promise((done) => setImmediate(done)); }
      return { heap: process.memoryUsage().heapUsed, wasm: memories.reduce((sum, it) => sum + it.buffer.byteLength, 0) };
    };
    const early = await round(2_000);
    const late = await round(10_000);
    console.log(JSON.stringify({ early, late }));
  `;
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  const args = ["--expose-gc", "--input-type=module", "-e", script];
  const ran = spawnSync(process.execPath, args, { cwd, encoding: "utf8", timeout: 120_000 });
  assert.equal(ran.status, 0, ran.stderr);
  const { early, late } = JSON.parse(ran.stdout);
  assert.ok(early.wasm > 0, "the module's memory was seen");
  assert.ok(late.wasm - early.wasm <= 1024 * 1024, `wasm ${early.wasm} → ${late.wasm}`);
  assert.ok(late.heap - early.heap <= 4 * 1024 * 1024, `heap ${early.heap} → ${late.heap}`);
});
