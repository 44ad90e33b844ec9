// The machine in wasm, as objects. Records cross as JSON, bodies as bytes.

import { Session as WasmSession, initSync, invalidInput, verifyWebhook } from "./wasm/qbank_wasm.js";

let compiled;
let started = false;

/** Takes the function that gives the compiled module. */
export function provide(module) {
  compiled = module;
}

// Before anything else of the module is used, and no sooner: importing the package does nothing.
function start() {
  if (started) return;
  initSync({ module: compiled() });
  started = true;
}

/** An error record that the machine threw. */
export class Refused {
  constructor(record) {
    this.record = record;
  }
}

// The machine throws records as JSON; anything else is a failure of the module itself.
function refusing(act) {
  try {
    return act();
  } catch (thrown) {
    throw typeof thrown === "string" ? new Refused(JSON.parse(thrown)) : thrown;
  }
}

/** Both clocks. */
const now = () => [performance.now(), Date.now()];

/** What the calls of one client share. Throws `Refused`. */
export class Session {
  #session;

  constructor(options) {
    start();
    this.#session = refusing(() => new WasmSession(JSON.stringify(options)));
  }

  /** Makes a call. Throws `Refused`. */
  call(operation, request, options, random) {
    const records = [JSON.stringify(request), JSON.stringify(options)];
    return new Call(refusing(() => this.#session.call(operation, ...records, random)));
  }
}

class Call {
  #call;

  constructor(call) {
    this.#call = call;
  }

  poll() {
    return JSON.parse(this.#call.poll(...now()));
  }

  settle(response, body) {
    this.#call.settle(...now(), JSON.stringify(response), body);
  }

  supply(token) {
    this.#call.supply(...now(), JSON.stringify(token));
  }

  abandon() {
    return JSON.parse(this.#call.abandon(...now()));
  }

  /** Whether another call may end this one's wait early. */
  isAwaited() {
    return this.#call.isAwaited();
  }

  /** Whether it did since this was last asked. */
  woken() {
    return this.#call.woken();
  }

  /** The body of the request to send, or of the response that counted. */
  body() {
    return this.#call.body();
  }

  streams(status) {
    return this.#call.streams(...now(), status);
  }

  /** The items that a chunk completes. No chunk is the end, which may come too early. */
  items(chunk = new Uint8Array(), broken = "") {
    return JSON.parse(this.#call.items(chunk, broken));
  }

  end() {
    this.#call?.free();
    this.#call = undefined;
  }
}

/** The error record of a member that breaks a rule. */
export function refusal(field, rule, fate) {
  start();
  return JSON.parse(invalidInput(field, rule, fate));
}

/** Verifies a delivery: the event, or null. Throws `Refused`. */
export function verify(body, delivery) {
  start();
  return JSON.parse(refusing(() => verifyWebhook(body, JSON.stringify(delivery))));
}
