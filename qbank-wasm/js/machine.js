// The machine in wasm, as objects. What crosses is texts, bytes and numbers.

import { Session as Machine, initSync, refusal as refused, verifyWebhook } from "./wasm/qbank_wasm.js";

let compiled;
let started = false;

/** What gives the compiled module. */
export function provide(module) {
  compiled = module;
}

// Before anything else of the module is used, and no sooner: importing the package does nothing.
function start() {
  if (started) return;
  initSync({ module: compiled() });
  started = true;
}

/** Both clocks. */
const now = () => [performance.now(), Date.now()];

/** What the calls of one client share. */
export class Session {
  #session;

  /** Throws the error record that says why there is none. */
  constructor(configuration) {
    start();
    this.#session = new Machine(JSON.stringify(configuration));
  }

  /** Wrong input makes a call that is done, with an error of this fate. */
  call(operation, input, random, fate) {
    const number = OPERATIONS.indexOf(operation);
    return new Call(this.#session.call(number, JSON.stringify(input), random, fate));
  }
}

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

  /** Whether the call was woken since this was last asked. */
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

/** The error record of an input and the rule that it breaks. */
export function refusal(field, rule, fate) {
  start();
  return JSON.parse(refused(field, rule, fate));
}

/** Verifies a delivery: the event as JSON, nothing, or why not. */
export function verify(body, delivery) {
  start();
  return verifyWebhook(body, JSON.stringify(delivery));
}
