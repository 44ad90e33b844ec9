// The machine in wasm, as objects. Texts and bytes go through its memory.

let wasm;

/** Starts the module, which `shorten.mjs` names. */
export function start(module) {
  const imports = {
    __wbindgen_throw() {
      throw new Error("the module failed");
    },
    // No value of JavaScript's goes into the module.
    __wbindgen_init_externref_table() {},
  };
  wasm = apart(new WebAssembly.Instance(module, { a: imports }).exports);
  wasm.__wbindgen_start();
}

// V8 11.3 (Node 20) builds the call of a wasm function it knows into its caller, and can
// end the process when it has to give that caller up again. It does not know the target
// of these: one piece of code that calls many, each of which could be another one.
function apart(exports) {
  return Object.fromEntries(
    Object.entries(exports).map(([name, value]) => {
      if (typeof value !== "function") return [name, value];
      let target = value;
      const call = (...args) => target(...args);
      call.become = (other) => (target = other);
      return [name, call];
    }),
  );
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

// Memory moves when it grows.
const view = (at, length) => new Uint8Array(wasm.memory.buffer, at, length);

function give(...things) {
  for (const it of things) {
    const bytes = typeof it === "string" ? encoder.encode(it) : it;
    view(wasm.room(bytes.length) >>> 0, bytes.length).set(bytes);
  }
}

const bytes = () => view(wasm.result() >>> 0, wasm.length() >>> 0);
const text = () => decoder.decode(bytes());

/** Both clocks. */
const now = () => [performance.now(), Date.now()];

// What nobody holds any more is dropped, if it was not before.
const registry = (drop) => globalThis.FinalizationRegistry && new FinalizationRegistry(drop);
const sessions = registry((id) => wasm.close(id));
const calls = registry((id) => wasm.end(id));

// By their numbers.
const OPERATIONS = [
  "payments.createAch",
  "payments.createWire",
  "transfers.create",
  "positivePay.createIssue",
  "payments.get",
  "balances.get",
  "accounts.list",
  "transactions.list",
  "transactions.stream",
  "positivePay.exceptions",
  "payments.wait",
  "authenticate",
];

/** What the calls of one client share. */
export class Session {
  #id;

  /** `error` is why there is none. */
  constructor(configuration) {
    give(JSON.stringify(configuration));
    this.#id = wasm.open();
    this.error = text();
    if (!this.error) sessions?.register(this, this.#id);
  }

  /** Wrong input makes a call that is over, with an error of this fate. */
  call(operation, input, fate, random) {
    give(JSON.stringify(input), random);
    return new Call(wasm.call(this.#id, OPERATIONS.indexOf(operation), fate));
  }
}

class Call {
  #id;

  constructor(id) {
    this.#id = id;
    calls?.register(this, id, this);
  }

  poll() {
    wasm.poll(this.#id, ...now());
    return JSON.parse(text());
  }

  settle(answer, body) {
    give(JSON.stringify(answer), body);
    wasm.settle(this.#id, ...now());
  }

  supply(token) {
    give(JSON.stringify(token));
    wasm.supply(this.#id, ...now());
  }

  abandon() {
    wasm.abandon(this.#id, ...now());
    return JSON.parse(text());
  }

  /** Whether somebody rang since the last look. */
  rung() {
    return wasm.rung(this.#id);
  }

  /** The body of the request to send, or of the answer that counted. */
  body() {
    wasm.body(this.#id);
    return bytes().slice();
  }

  streams(status) {
    return wasm.streams(this.#id, ...now(), status);
  }

  /** The items that a chunk completes. No chunk is the end, which may come too early. */
  items(chunk = new Uint8Array(), broken = "") {
    give(chunk, broken);
    wasm.items(this.#id);
    return JSON.parse(text());
  }

  end() {
    if (this.#id === undefined) return;
    calls?.unregister(this);
    wasm.end(this.#id);
    this.#id = undefined;
  }
}

/** What the machine says of an input that is wrong. */
export function refusal(field, rule, fate) {
  give(field, rule);
  wasm.refusal(fate);
  return JSON.parse(text());
}

/** Verifies a delivery: the event as JSON, nothing, or why not. */
export function verify(body, delivery) {
  give(body, JSON.stringify(delivery));
  wasm.verify();
  return text();
}
