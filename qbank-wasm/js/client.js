// The client of the package: resources and their methods, over a machine in wasm that decides
// everything.

import { Stop, drive, quietly } from "./drive.js";
import { QBankError, UnexpectedResponseError, errorOf } from "./errors.js";
import { member } from "./exchange.js";
import { Wrong, callInput, clientInput, isWrite, requestInput, resumes } from "./input.js";
import { Refused, Session, refusal } from "./machine.js";
import { stream } from "./stream.js";

export class QBankConnectClient {
  #session;
  // What JavaScript supplies: `fetch` and the token supplier.
  #supplies;

  constructor(options) {
    try {
      const { record, ...supplies } = clientInput(options);
      this.#supplies = supplies;
      this.#session = new Session(record);
    } catch (thrown) {
      throw failure(inEnvironment(thrown), "never_sent");
    }
    const call = (...args) => this.#call(...args);
    this.withRawResponse = resources(call);
    const data = async (...args) => (await call(...args)).data;
    // Not a method: it works on its own too, and behind a Proxy.
    this.authenticate = (options) => data("authenticate", undefined, options);
    Object.assign(this, resources(data));
    this.transactions.stream = (...args) => this.#stream(...args).items;
    this.withRawResponse.transactions.stream = async (...args) => {
      const { open, items } = this.#stream(...args);
      return { ...(await open()), data: items };
    };
  }

  async #call(operation, request, options) {
    let made, stop;
    try {
      made = this.#make(operation, request, options);
      stop = new Stop(made.signal);
      return replyOf(operation, await drive(made, this.#supplies, stop), made.call);
    } catch (thrown) {
      const fate = isWrite(operation) ? "unknown" : "not_applicable";
      throw failure(thrown, fate, member(options, "idempotencyKey"));
    } finally {
      stop?.end();
      made?.end();
    }
  }

  // Wrong arguments are thrown at once.
  #stream(filter, options) {
    const made = this.#make("transactions.stream", filter, options);
    const { open, items } = stream(made, this.#supplies, (thrown) => failure(thrown, "not_applicable"));
    return { open: async () => replyOf(made.operation, await open(), made.call), items };
  }

  // A call of the machine. All that the application gives is read here, at once.
  #make(operation, request, options) {
    const sent = resumes(options) ? "unknown" : "never_sent";
    const fate = isWrite(operation) ? sent : "not_applicable";
    try {
      const random = randomness();
      const { signal, onUnreadable, record, accepted } = callInput(operation, options);
      const input = requestInput(operation, request, accepted);
      const call = this.#session.call(operation, input, record, random);
      return { operation, signal, onUnreadable, call, end: () => quietly(() => call.end()) };
    } catch (thrown) {
      throw failure(thrown, fate);
    }
  }
}

// In JavaScript these two are members of `environment`.
function inEnvironment(thrown) {
  const { field, message } = thrown instanceof Refused ? thrown.record : {};
  if (field !== "baseUrl" && field !== "tokenUrl") return thrown;
  const name = `environment.${field}`;
  return new Refused({ ...thrown.record, field: name, message: message.replace(field, name) });
}

// A key for the intent, and what spreads retries.
function randomness() {
  try {
    return crypto.getRandomValues(new Uint8Array(24));
  } catch {
    // An edge worker gives some only while it handles an event.
    const rule = "gives no randomness here: call while an event is handled";
    throw new Wrong("crypto.getRandomValues", rule);
  }
}

// What is thrown instead of anything that is not ours.
function failure(thrown, fate, idempotencyKey = null) {
  if (thrown instanceof QBankError) return thrown;
  if (thrown instanceof Refused) return errorOf(thrown.record);
  if (thrown instanceof Wrong) return errorOf(refusal(thrown.field, thrown.rule, fate));
  // A bug: the module itself failed, and a call with it.
  const next =
    fate === "unknown"
      ? "reconcile with the bank's records before paying again"
      : "report this";
  const message = `the library itself failed (${thrown}); make a new client in a new process, and ${next}`;
  return new UnexpectedResponseError({ fate, idempotencyKey, message }, undefined, thrown);
}

// All that is known of a good response.
function replyOf(operation, { headers, firstSent, attemptLog, ...reply }, call) {
  if (operation === "payments.createAch") {
    reply.data.location = headers.find(([name]) => name === "location")?.[1] ?? null;
  }
  return {
    ...reply,
    headers: new Headers(headers),
    firstSent: moment(firstSent),
    attempts: attemptLog.length,
    attemptLog: attemptLog.map((attempt) => ({ ...attempt, at: moment(attempt.at) })),
    raw: call.body(),
  };
}

const moment = (ms) => (ms == null ? null : new Date(ms));

// `send` gives the data alone, or all of the reply.
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
