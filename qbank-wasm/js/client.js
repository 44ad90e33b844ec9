// The face of the package: resources and their methods, over one wasm engine that
// decides everything.

import { UnexpectedResponseError, errorOf } from "./errors.js";
import { Engine } from "./qbank_wasm.js";

export class QBankConnectClient {
  #engine;

  constructor(options) {
    try {
      this.#engine = new Engine(options);
    } catch (thrown) {
      throw typeof thrown === "string" ? errorOf(JSON.parse(thrown).error) : broken(thrown);
    }
    const call = (...args) => this.#call(...args);
    this.withRawResponse = resources(call);
    Object.assign(this, resources(async (...args) => (await call(...args)).data));
  }

  async authenticate(options) {
    return (await this.#call("authenticate", undefined, options)).data;
  }

  async #call(operation, request, options) {
    let told;
    try {
      told = await this.#engine.call(operation, request, options);
    } catch (thrown) {
      const fate = WRITES.has(operation) ? "unknown" : "not_applicable";
      throw broken(thrown, fate, member(options, "idempotencyKey"));
    }
    const [json, raw] = told;
    const { error, headers, firstSent, attemptLog, ...reply } = JSON.parse(json);
    // What is wrong with the arguments is no signal's doing.
    if (error?.kind === "invalid_input") throw errorOf(error);
    if (error) throw errorOf(error, raw, member(options, "signal"));
    return {
      ...reply,
      headers: new Headers(headers),
      firstSent: moment(firstSent),
      attemptLog: attemptLog?.map((sent) => ({ ...sent, at: moment(sent.at) })),
      raw,
    };
  }
}

const WRITES = new Set([
  "payments.createAch",
  "payments.createWire",
  "transfers.create",
  "positivePay.createIssue",
]);

// Not a thing that happens: the module itself failed, and a call with it.
const broken = (cause, fate = "never_sent", idempotencyKey = null) =>
  new UnexpectedResponseError(
    {
      fate,
      idempotencyKey,
      message: `the library itself failed (${cause}); make a new client in a new process, and ${
        fate === "unknown" ? "reconcile with the bank's records before paying again" : "report this"
      }`,
    },
    undefined,
    cause,
  );

// A getter that throws must not take the place of what happened.
const member = (options, name) => {
  try {
    return options?.[name];
  } catch {
    return undefined;
  }
};

const moment = (ms) => (ms == null ? null : new Date(ms));

// `send` gives the data alone, or all of the answer.
const resources = (send) => ({
  accounts: {
    list: (options) => send("accounts.list", undefined, options),
  },
  balances: {
    get: (accountId, options) => send("balances.get", accountId, options),
  },
  transactions: {
    list: (filter, options) => send("transactions.list", filter, options),
  },
  payments: {
    createAch: (payment, options) => send("payments.createAch", payment, options),
    createWire: (payment, options) => send("payments.createWire", payment, options),
    get: (paymentId, options) => send("payments.get", paymentId, options),
    wait: (paymentId, options) => send("payments.wait", paymentId, options),
  },
  transfers: {
    create: (transfer, options) => send("transfers.create", transfer, options),
  },
  positivePay: {
    createIssue: (issue, options) => send("positivePay.createIssue", issue, options),
    exceptions: (options) => send("positivePay.exceptions", undefined, options),
  },
});
