// A list while it arrives: items as soon as they are complete, in the memory of a chunk,
// and what is wrong after everything that came before it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { clientOf, failure, FROM, json, refusal, settled, token, within } from "./bank.mjs";

const CREDENTIALS = { clientId: "id", clientSecret: "secret" };
const id = (n) => `6f1c0e9a-52a5-4c86-9c1f-${n.toString(16).padStart(12, "0")}`;
const item = (n, more = "") =>
  `{"transaction_id":"${id(n)}","amount":-${n}.10,"posting_date":"2026-01-07T01:00:00+01:00"${more}}`;
const encode = (text) => new TextEncoder().encode(text);

// A body of these chunks; then it breaks, ends, or never does.
function bodyOf(chunks, last = (controller) => controller.close()) {
  const seen = { cancelled: 0, pulled: 0 };
  const left = [...chunks];
  const body = new ReadableStream(
    {
      pull(controller) {
        seen.pulled += 1;
        if (left.length > 0) return controller.enqueue(encode(left.shift()));
        return last(controller);
      },
      cancel() {
        seen.cancelled += 1;
      },
    },
    { highWaterMark: 0 },
  );
  return { seen, answer: () => new Response(body, { status: 200 }) };
}

async function collect(items) {
  const amounts = [];
  for await (const transaction of items) amounts.push(transaction.amount);
  return amounts;
}

/** What came, and the error after it. */
async function broken(items) {
  const got = [];
  const error = await failure(async () => {
    for await (const it of items) got.push(it);
  });
  return { got, error };
}

test("items come out whatever the chunks, as transactions.list gives them", async () => {
  const text = ` [ ${item(1)},\n${item(2, ',"description":"é 🧾","status":"NEW"')} ,${item(3)}]\n`;
  for (const size of [1, 7, 64, 10_000]) {
    const bytes = encode(text);
    const chunks = [];
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.slice(at, at + size));
    const body = () => new Response(new ReadableStream({ start: (it) => {
      for (const chunk of chunks) it.enqueue(chunk);
      it.close();
    } }));
    const { client, calls } = clientOf(body);
    const streamed = [];
    for await (const it of client.transactions.stream({ accountId: FROM, postedSince: "2026-01-05" })) {
      streamed.push(it);
    }
    assert.match(calls[0].url, /\?accountId=.*&postingDateGte=2026-01-05$/);
    assert.deepEqual(streamed, await client.transactions.list());
    assert.equal(streamed[0].amount, "-1.10");
    assert.equal(streamed[0].postingDate, "2026-01-07T00:00:00Z");
    assert.equal(streamed[1].description, "é 🧾");
  }
  const { client } = clientOf(() => json(200, []));
  assert.deepEqual(await collect(client.transactions.stream()), []);
});

test("an item is given before the next one has arrived", async () => {
  const { answer } = bodyOf([`[${item(1)},`], () => new Promise(() => {}));
  const { client } = clientOf(answer);
  const items = client.transactions.stream();
  const first = await within(5_000, items.next());
  assert.equal(first.value.transactionId, id(1));
  await within(5_000, items.return());
});

test("a torn tail gives everything before it, and then the error with its place", async () => {
  const head = `[${item(1)},${item(2)},`;
  const ends = [
    ["the end", undefined, /ended before the list did/],
    ["a reset", (it) => it.error(new TypeError("terminated")), /broke off: terminated/],
  ];
  for (const [what, last, says] of ends) {
    const { client, calls } = clientOf(bodyOf([head, '{"transaction_id":"6f1c'], last).answer);
    const { got, error } = await broken(client.transactions.stream());
    assert.equal(got.length, 2, what);
    assert.equal(error.name, "UnexpectedResponseError");
    assert.equal(error.offset, head.length);
    assert.equal(error.fate, "not_applicable");
    assert.match(error.message, says);
    assert.match(error.message, /after 2 items, at byte \d+/);
    assert.equal(calls.length, 1, "nothing is asked for again");
  }
});

test("a malformed tail is the same", async () => {
  const head = `[${item(1)},`;
  for (const [tail, offset] of [
    ["]", head.length],
    ['{"amount":1}]', head.length],
    ["<html>", head.length],
    [`${item(2)}}`, head.length + item(2).length],
    [`${item(2)}]x`, head.length + item(2).length + 1],
  ]) {
    const { client } = clientOf(bodyOf([head, tail]).answer);
    const { got, error } = await broken(client.transactions.stream());
    assert.equal(got.length, tail.includes(id(2)) ? 2 : 1, tail);
    assert.equal(error.name, "UnexpectedResponseError", tail);
    assert.equal(error.offset, offset, tail);
  }
  const { client } = clientOf(() => new Response('{"message":"no list"}'));
  const { got, error } = await broken(client.transactions.stream());
  assert.equal(got.length, 0);
  assert.equal(error.offset, 0);
});

const wrong = (n) => `{"transaction_id":"${id(n)}","amount":"much"}`;

test("an item that cannot be read goes to onUnreadable in its place, and ends nothing", async () => {
  const text = `[${item(1)},${wrong(2)},{},${item(3)},{"amount":1},${item(4)},${wrong(5)}]`;
  for (const size of [1, 50, 10_000]) {
    const chunks = text.match(new RegExp(`.{1,${size}}`, "g"));
    const { client } = clientOf(bodyOf(chunks).answer);
    const came = [];
    const onUnreadable = async (error) => {
      assert.equal(error.name, "UnexpectedResponseError");
      assert.equal(error.fate, "not_applicable");
      assert.match(text.slice(error.offset), /^\{/);
      await settled();
      came.push(error.message.match(/(\[\d\])\.\w+/)[0]);
    };
    for await (const it of client.transactions.stream({}, { onUnreadable })) came.push(it.amount);
    const places = ["[1].amount", "[2].transactionId", "[4].transactionId", "[6].amount"];
    const [a, b, c, d] = places;
    assert.deepEqual(came, ["-1.10", a, b, "-3.10", c, "-4.10", d], `chunks of ${size}`);
  }
});

test("without onUnreadable the first such item is thrown after the last item", async () => {
  const { client } = clientOf(bodyOf([`[${wrong(1)},${item(2)},`, `{},${item(3)}]`]).answer);
  const { got, error } = await broken(client.transactions.stream());
  assert.deepEqual(got.map(({ amount }) => amount), ["-2.10", "-3.10"]);
  assert.equal(error.offset, 1);
  assert.match(error.message, /\[0\]\.amount/);
  // What tears the list is thrown then and there, and the item is its cause.
  const torn = clientOf(bodyOf([`[${wrong(1)},${item(2)},`]).answer);
  const after = await broken(torn.client.transactions.stream());
  assert.equal(after.got.length, 1);
  assert.match(after.error.message, /ended before the list did/);
  assert.equal(after.error.cause.offset, 1);
});

test("what onUnreadable throws ends the list as it is, and cancels the body", async () => {
  const { answer, seen } = bodyOf([`[${wrong(1)},`, `${item(2)},`, `${item(3)}]`]);
  const { client, calls } = clientOf(answer);
  const enough = new Error("enough");
  const onUnreadable = () => {
    throw enough;
  };
  const items = client.transactions.stream({}, { onUnreadable });
  await assert.rejects(items.next(), (error) => error === enough);
  await settled();
  assert.ok(calls[0].init.signal.aborted);
  assert.equal(seen.cancelled, 1);
  assert.deepEqual(await items.next(), { done: true, value: undefined });
});

test("a large chunk of items that cannot be read takes little memory", async () => {
  const { client } = clientOf(() => new Response(`[${"{},".repeat(500_000)}{}]`));
  let unreadable = 0;
  const onUnreadable = () => void (unreadable += 1);
  assert.deepEqual(await collect(client.transactions.stream({}, { onUnreadable })), []);
  assert.equal(unreadable, 500_001);
});

test("an early break cancels the body, and reads no more of it", async () => {
  const chunks = Array.from({ length: 100 }, (_, n) => `${n === 0 ? "[" : ","}${item(n + 1)}`);
  const { seen, answer } = bodyOf(chunks);
  const { client, calls } = clientOf(answer);
  for await (const it of client.transactions.stream()) {
    if (it.transactionId === id(3)) break;
  }
  await settled();
  assert.ok(calls[0].init.signal.aborted);
  assert.equal(seen.cancelled, 1);
  assert.ok(seen.pulled < 10, `${seen.pulled} chunks were read`);
});

test("return ends a read that hangs, before the first item or after it", async () => {
  for (const [chunks, taken] of [[[], 0], [[`[${item(1)},`], 1]]) {
    const { client, calls } = clientOf(bodyOf(chunks, () => new Promise(() => {})).answer);
    const items = client.transactions.stream();
    for (let n = 0; n < taken; n += 1) await within(5_000, items.next());
    const hanging = items.next().catch((error) => error);
    await settled();
    await within(5_000, items.return());
    await within(5_000, hanging);
    assert.ok(calls[0].init.signal.aborted);
    assert.deepEqual(await items.next(), { done: true, value: undefined });
  }
  const { client, calls } = clientOf(() => json(200, []));
  const unused = client.transactions.stream();
  await within(5_000, unused.return());
  assert.deepEqual(await unused.next(), { done: true, value: undefined });
  assert.equal(calls.length, 0, "nothing is sent before the first item is asked for");
});

test("an abort in the middle gives the error, with its reason as the cause", async () => {
  const reason = new Error("the user closed the page");
  const abort = new AbortController();
  const { answer } = bodyOf([`[${item(1)},`], () => new Promise(() => {}));
  const { client, calls } = clientOf(answer);
  const items = client.transactions.stream({}, { signal: abort.signal });
  await within(5_000, items.next());
  const next = failure(items.next());
  abort.abort(reason);
  const error = await within(5_000, next);
  assert.equal(error.cause, reason);
  assert.equal(typeof error.offset, "number");
  assert.ok(calls[0].init.signal.aborted);
  assert.equal(getEventListeners(abort.signal, "abort").length, 0);
  const aborted = client.transactions.stream({}, { signal: AbortSignal.abort(reason) });
  assert.equal((await failure(aborted.next())).kind, "transport");
});

test("the deadline is of the whole list", async () => {
  const { client } = clientOf(bodyOf([`[${item(1)},`], () => new Promise(() => {})).answer);
  const items = client.transactions.stream({}, { timeoutMs: 50, deadlineMs: 200 });
  await within(5_000, items.next());
  const began = performance.now();
  const error = await failure(items.next());
  assert.match(error.message, /time was up/);
  assert.ok(performance.now() - began > 80, "the timeout of an attempt is not that of the list");
});

test("a 401 gets another token, and what is refused is not read as a list", async () => {
  const { client, calls } = clientOf(
    CREDENTIALS,
    () => token(),
    () => refusal(401),
    () => token({ access_token: "another" }),
    bodyOf([`[${item(1)}]`]).answer,
  );
  assert.deepEqual(await collect(client.transactions.stream()), ["-1.10"]);
  assert.equal(calls.at(-1).headers.get("authorization"), "Bearer another");
  const refused = clientOf(() => refusal(403));
  const error = await failure(refused.client.transactions.stream().next());
  assert.equal(error.name, "PermissionDeniedError");
  assert.equal(error.neededScope, "transactions.read");
  assert.equal(error.status, 403);
});

test("a list that is tried again is begun again before its first item", async () => {
  const { client, calls } = clientOf(() => refusal(503), bodyOf([`[${item(1)}]`]).answer);
  assert.deepEqual(await collect(client.transactions.stream()), ["-1.10"]);
  assert.equal(calls.length, 2);
});

test("wrong arguments throw at once", async () => {
  const { client, calls } = clientOf(() => json(200, []));
  for (const [field, args] of [
    ["filter", ["text"]],
    ["accountId", [{ accountId: 5 }]],
    ["accountId", [{ accountId: "17" }]],
    ["postedSince", [{ postedSince: "05/01/2026" }]],
    ["idempotencyKey", [{}, { idempotencyKey: "x" }]],
    ["onUnreadable", [{}, { onUnreadable: "log" }]],
  ]) {
    const error = await failure(async () => client.transactions.stream(...args));
    assert.equal(error.field, field);
    assert.equal(error.fate, "not_applicable");
  }
  assert.equal(calls.length, 0);
});

test("withRawResponse gives the head of the answer with the list", async () => {
  const { client } = clientOf(bodyOf([`[${item(1)}]`]).answer);
  const reply = await client.withRawResponse.transactions.stream();
  assert.equal(reply.status, 200);
  assert.equal(reply.attempts, 1);
  assert.deepEqual(await collect(reply.data), ["-1.10"]);
});

test("two hundred thousand transactions take the memory of a few", () => {
  const helper = new URL("./bank.mjs", import.meta.url);
  const script = `
    const memories = [];
    const { Instance } = WebAssembly;
    WebAssembly.Instance = new Proxy(Instance, { construct(target, args) {
      const it = new target(...args);
      memories.push(...Object.values(it.exports).filter((it) => it instanceof WebAssembly.Memory));
      return it;
    } });
    const { clientOf } = await import(${JSON.stringify(helper.href)});
    const one = (n) => '{"transactionId":"6f1c0e9a-52a5-4c86-9c1f-' + String(n).padStart(12, "0") + '","amount":-12.34,"description":"a description of some length, as banks write them"}';
    const stream = (total) => { let n = 0; return new ReadableStream({ pull(controller) {
      const chunk = [];
      for (; n < total && chunk.length < 500; n += 1) chunk.push((n === 0 ? "[" : ",") + one(n));
      if (n === total) chunk.push("]");
      controller.enqueue(new TextEncoder().encode(chunk.join("")));
      if (n === total) controller.close();
    } }, { highWaterMark: 0 }); };
    const count = async (total) => {
      const { client } = clientOf(() => new Response(stream(total)));
      let items = 0, heap = 0;
      for await (const it of client.transactions.stream()) {
        items += 1;
        if (items % 20_000 === 0) { gc(); heap = Math.max(heap, process.memoryUsage().heapUsed); }
      }
      gc();
      return { items, heap: Math.max(heap, process.memoryUsage().heapUsed), wasm: memories.reduce((sum, it) => sum + it.buffer.byteLength, 0) };
    };
    const few = await count(2_000);
    const began = performance.now();
    const many = await count(200_000);
    console.log(JSON.stringify({ few, many, ms: performance.now() - began }));
  `;
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  const args = ["--expose-gc", "--input-type=module", "-e", script];
  const ran = spawnSync(process.execPath, args, { cwd, encoding: "utf8", timeout: 120_000 });
  assert.equal(ran.status, 0, ran.stderr);
  const { few, many } = JSON.parse(ran.stdout);
  assert.equal(many.items, 200_000);
  assert.ok(many.wasm - few.wasm <= 512 * 1024, `wasm ${few.wasm} → ${many.wasm}`);
  assert.ok(many.heap - few.heap <= 8 * 1024 * 1024, `heap ${few.heap} → ${many.heap}`);
});
