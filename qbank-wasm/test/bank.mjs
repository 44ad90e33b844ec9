// What the tests play against: a scripted `fetch`, and the sandbox program.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { QBankConnectClient, QBankError } from "@qbank/connect";

export const FROM = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10";
export const TO = "7a2d1fab-63b6-4d97-8d20-1b5c8e4f3021";
export const PAYMENT = "0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40";
export const KEY = "3f0e9a52-a5c8-4c1f-8a4b-7d3e2f106f1c";
export const REQUEST = "5d0c8a4e-1b7f-4e39-9c52-2f6a7b8c9d01";

export const ACH = { sourceAccountId: FROM, destinationAccountId: TO, amount: "1000.50" };
export const PARTY = { name: "ACME Supplies", bankId: "021000021", accountNumber: "0012345678" };
export const WIRE = {
  sourceAccountId: FROM,
  beneficiaryDetails: PARTY,
  amount: "25.00",
  referenceCode: "INV-7",
};
export const TRANSFER = { fromAccountId: FROM, toAccountId: TO, amount: "250.75" };
export const ISSUE = {
  accountId: FROM,
  checkNumber: "1042",
  amount: "99.95",
  issueDate: "2026-01-05",
};

// Every method, as `[name, call(resources, options), whether it writes]`.
export const METHODS = [
  ["accounts.list", (on, options) => on.accounts.list(options), false],
  ["balances.get", (on, options) => on.balances.get(FROM, options), false],
  ["transactions.list", (on, options) => on.transactions.list({}, options), false],
  ["payments.get", (on, options) => on.payments.get(PAYMENT, options), false],
  ["payments.wait", (on, options) => on.payments.wait(PAYMENT, options), false],
  ["positivePay.exceptions", (on, options) => on.positivePay.exceptions(options), false],
  ["payments.createAch", (on, options) => on.payments.createAch(ACH, options), true],
  ["payments.createWire", (on, options) => on.payments.createWire(WIRE, options), true],
  ["transfers.create", (on, options) => on.transfers.create(TRANSFER, options), true],
  ["positivePay.createIssue", (on, options) => on.positivePay.createIssue(ISSUE, options), true],
];

export const json = (status, body, headers = {}) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", ...headers },
  });

export const accepted = () =>
  new Response(null, { status: 202, headers: { location: `/v1/payments/${PAYMENT}` } });

export const token = (more = {}) =>
  json(200, { access_token: "issued-token", token_type: "Bearer", expires_in: 3600, ...more });

export const refusal = (status, headers = {}, body = {}) =>
  json(status, { message: "No.", error_code: "ERR_X_001", request_id: REQUEST, ...body }, headers);

export const conflict = (body = {}) =>
  json(
    409,
    {
      type: "https://api.qbankconnect.com/problems/idempotency-conflict",
      title: "Idempotency conflict",
      status: 409,
      detail: "A request with this key is being processed.",
      transaction_id: PAYMENT,
      ...body,
    },
    { "content-type": "application/problem+json" },
  );

export const payment = (more = {}) => ({
  paymentId: PAYMENT,
  type: "ACH",
  amount: 1000.5,
  status: "P_CREATED",
  ...more,
});

export const wirePayment = (more = {}) => payment({ type: "WIRE", amount: 25, ...more });

/**
 * A `fetch` that answers from a list, or from a function of `(request, how many came
 * before)`, and keeps what it was asked. A list's last answer stays.
 */
export function scripted(...answers) {
  const calls = [];
  const fetch = (url, init) => {
    const text = init.body === undefined ? undefined : new TextDecoder().decode(init.body);
    const call = { url, init, text, headers: new Headers(init.headers) };
    calls.push(call);
    const answer = answers[Math.min(calls.length, answers.length) - 1];
    return typeof answer === "function" ? answer(call, calls.length - 1) : answer;
  };
  return { fetch, calls };
}

/** A client with a ready-made token over a scripted `fetch`, and what it was asked. */
export function clientOf(...answers) {
  const options = typeof answers[0] === "object" && answers[0]?.constructor === Object;
  const more = options ? answers.shift() : {};
  const { fetch, calls } = scripted(...answers);
  const client = new QBankConnectClient({
    ...(more.clientId ? {} : { accessToken: "ready-made-token" }),
    environment: { baseUrl: "https://bank.example/v1" },
    backoffMs: 1,
    pollIntervalMs: 1,
    fetch,
    ...more,
  });
  return { client, calls };
}

/** The `QBankError` that a call fails with. Fails itself if the call does not, or hangs. */
export async function failure(call, ms = 10_000) {
  const error = await within(
    ms,
    (async () => {
      try {
        await (typeof call === "function" ? call() : call);
      } catch (error) {
        return error;
      }
      return assert.fail("the call did not fail");
    })(),
  );
  assert.ok(error instanceof QBankError, `not a QBankError: ${error?.stack ?? String(error)}`);
  return error;
}

/** What the promise gives, unless it takes longer: the test then fails, not hangs. */
export async function within(ms, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing happened within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Lets everything run that is ready to run. */
export const settled = async () => {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((done) => setImmediate(done));
};

/** A client of a running sandbox. */
export const clientAt = ({ credentials, environment }, more) =>
  new QBankConnectClient({ ...credentials, environment, ...more });

/** Runs the program's sandbox for the time of a test file. */
export async function sandbox() {
  const program =
    process.env.QBANK_PROGRAM ??
    fileURLToPath(new URL("../../target/debug/qbank", import.meta.url));
  const child = spawn(program, ["sandbox", "--addr", "127.0.0.1:0"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const lines = createInterface({ input: child.stdout });
  const failed = once(child, "error").then(([error]) => {
    throw new Error(`${program} does not run; QBANK_PROGRAM names another`, { cause: error });
  });
  const [line] = await within(10_000, Promise.race([once(lines, "line"), failed]));
  const it = JSON.parse(line);
  const control = async (path, body) => {
    const init = body && {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    };
    const answer = await fetch(`${it.control_url}/${path}`, init);
    assert.ok(answer.ok, `${path}: ${answer.status}`);
    const text = await answer.text();
    return text && JSON.parse(text);
  };
  return {
    credentials: { clientId: it.client_id, clientSecret: it.client_secret },
    environment: { baseUrl: it.base_url },
    webhookSecret: it.webhook_secret,
    control,
    advance: (seconds) => control("advance", { seconds }),
    fault: (fault) => control("faults", { times: 1, ...fault }),
    async stop() {
      const ended = once(child, "exit");
      child.kill();
      await within(5_000, ended);
    },
  };
}
