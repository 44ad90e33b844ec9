// Plays one scenario of qbank-conformance through the npm package: `{target, call}`
// on standard input, what came of it as the last line of standard output.
//
//   cargo run -p qbank-conformance --example play -- fetch node qbank-wasm/test/conformance.mjs
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const input = readFileSync(0, "utf8");
const { target, call } = JSON.parse(input);

// Node reads further root certificates only when it starts.
if (target.ca_pem && process.argv[2] !== "again") {
  const dir = mkdtempSync(join(tmpdir(), "qbank-"));
  const file = join(dir, "ca.pem");
  writeFileSync(file, target.ca_pem);
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: file };
  const again = spawnSync(process.execPath, [process.argv[1], "again"], { input, env });
  rmSync(dir, { recursive: true });
  process.stdout.write(again.stdout);
  process.exit(again.status);
}

const { QBankConnectClient, QBankError } = await import("@qbank/connect");
const SCOPES = [
  "accounts.read",
  "balances.read",
  "transactions.read",
  "payments.read",
  "payments.ach.write",
  "payments.wire.write",
  "transfers.write",
  "positivepay.issues.write",
  "positivepay.exceptions.read",
];
// The bank names most members in camel case; these it does not.
const SNAKE = {
  requestId: "request_id",
  transactionDate: "transaction_date",
  valueDate: "value_date",
  postingDate: "posting_date",
  checkNumber: "check_number",
  presentedAmount: "presented_amount",
  presentmentDate: "presentment_date",
  reasonCode: "reason_code",
  lastUpdatedTimestamp: "last_updated_timestamp",
  ...(call.operation === "exceptions" && { accountId: "account_id" }),
};

const outcome = JSON.stringify(await play().then(met, failed));
// Not when the sockets that Node gave up on are closed, which takes it 10 s.
process.stdout.write(`${outcome}\n`, () => process.exit());

function client() {
  const o = call.options;
  const { client_id: clientId, client_secret: clientSecret } = target;
  const credentials = o.access_token
    ? { accessToken: o.access_token }
    : { clientId, clientSecret, scopes: SCOPES };
  return new QBankConnectClient({
    ...credentials,
    environment: { baseUrl: target.base_url, tokenUrl: target.token_url },
    timeoutMs: o.timeout_ms,
    deadlineMs: o.deadline_ms,
    backoffMs: o.backoff_ms,
    pollIntervalMs: o.poll_ms,
    maxRetries: o.max_retries,
    maxBodyBytes: o.max_body_bytes,
    onConflict: o.on_conflict?.replace("_", "-"),
  });
}

async function play() {
  const send = client().withRawResponse;
  const a = call.arguments;
  const o = call.options;
  const seconds = o.resume?.first_sent_seconds_ago;
  const write = {
    idempotencyKey: o.idempotency_key,
    resumeFrom: seconds === undefined ? undefined : new Date(Date.now() - seconds * 1000),
    authDate: o.auth_date,
  };
  const party = ({ name, bank_id, account_number }) => ({
    name,
    bankId: bank_id,
    accountNumber: account_number,
  });
  const { amount } = a;
  switch (call.operation) {
    case "ach": {
      const recipientDetails = a.recipient_details && party(a.recipient_details);
      const destinationAccountId = recipientDetails ? undefined : a.destination_account_id;
      const { source_account_id: sourceAccountId, effective_date: effectiveDate } = a;
      return send.payments.createAch(
        {
          sourceAccountId,
          destinationAccountId,
          recipientDetails,
          amount,
          effectiveDate,
          referenceId: a.reference_id,
        },
        write,
      );
    }
    case "wire":
      return send.payments.createWire(
        {
          sourceAccountId: a.source_account_id,
          beneficiaryDetails: a.beneficiary_details && party(a.beneficiary_details),
          amount,
          referenceCode: a.reference_code,
        },
        write,
      );
    case "transfer": {
      const { from_account_id: fromAccountId, to_account_id: toAccountId } = a;
      return send.transfers.create({ fromAccountId, toAccountId, amount }, write);
    }
    case "check_issue":
      return send.positivePay.createIssue(
        {
          issueId: a.issue_id,
          accountId: a.account_id,
          checkNumber: a.check_number,
          amount,
          issueDate: a.issue_date,
        },
        write,
      );
    case "balance":
      return send.balances.get(a.account_id);
    case "accounts":
      return send.accounts.list();
    case "transactions":
      return send.transactions.list({ accountId: a.account_id, postedSince: a.posted_since });
    case "payment":
      return send.payments.get(a.payment_id);
    case "exceptions":
      return send.positivePay.exceptions();
    case "wait":
      return send.payments.wait(a.payment_id);
    case "authenticate":
      await client().authenticate();
      return { fate: "not_applicable", attempts: 0 };
    default:
      throw new Error(`no operation ${call.operation}`);
  }
}

function met(reply) {
  return {
    ok: true,
    fate: reply.fate,
    http_status: reply.status,
    attempts: reply.attempts,
    followed: reply.followedConflict,
    payment_id: reply.data?.paymentId,
    idempotency_key: reply.idempotencyKey,
    first_sent_unix: unix(reply.firstSent),
    value: canonical(reply.data),
  };
}

function failed(error) {
  if (!(error instanceof QBankError)) throw error;
  return {
    ok: false,
    kind: error.kind,
    fate: error.fate,
    http_status: error.status,
    attempts: error.attempts,
    payment_id: error.payment?.paymentId,
    transaction_id: error.transactionId,
    error_code: error.errorCode,
    request_id: error.requestId,
    retry_after_s: error.retryAfterMs === null ? null : Math.ceil(error.retryAfterMs / 1000),
    message: error.message,
    idempotency_key: error.idempotencyKey,
    first_sent_unix: unix(error.firstSent),
  };
}

function unix(date) {
  return date ? Math.floor(date.getTime() / 1000) : null;
}

// The scenarios name members as the bank does.
function canonical(value) {
  if (Array.isArray(value)) return value.map(canonical);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [SNAKE[name] ?? name, member]),
  );
}
