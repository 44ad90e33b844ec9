// Uses every method, option and exported type. It is compiled and never run:
//
//   node_modules/.bin/tsc -p test/types
import {
  AuthenticationError,
  ConflictError,
  ConnectionError,
  DeadlineExceededError,
  IdempotencyKeyConflictError,
  InvalidRequestError,
  NotFoundError,
  PaymentFailedError,
  PermissionDeniedError,
  QBankConnectClient,
  QBankError,
  QBankServiceUnavailableError,
  RateLimitError,
  UnexpectedResponseError,
  verifyWebhook,
  WebhookVerificationError,
} from "@qbank/connect";
import type {
  Account,
  AchAccepted,
  AmountInput,
  Attempt,
  Audit,
  Balance,
  BankAccount,
  CallOptions,
  CheckException,
  CheckIssueAccepted,
  ClientOptions,
  ConflictPolicy,
  CreateAch,
  CreateCheckIssue,
  CreateTransfer,
  CreateWire,
  CredentialOptions,
  Day,
  ErrorEvidence,
  ErrorKind,
  Fate,
  Payment,
  PaymentStatus,
  RawResponse,
  Resources,
  Scope,
  StreamOptions,
  SuppliedToken,
  TokenInfo,
  Transaction,
  TransactionFilter,
  TransactionStream,
  TransferAccepted,
  VerificationFailure,
  VerifyOptions,
  WaitOptions,
  WebhookEvent,
  WriteOptions,
} from "@qbank/connect";

const FROM = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10";
const TO = "7a2d1fab-63b6-4d97-8d20-1b5c8e4f3021";

// Clients.
const policies: ConflictPolicy[] = ["report", "follow-own", "follow"];
const scopes: Scope[] = [
  "accounts.read",
  "balances.read",
  "transactions.read",
  "payments.read",
  "payments.ach.write",
  "payments.wire.write",
  "transfers.write",
  "positivepay.issues.write",
  "positivepay.exceptions.read",
  "a.scope.of.tomorrow",
];
const credentials: CredentialOptions = { clientId: "id", clientSecret: "secret" };
const everything: ClientOptions = {
  ...credentials,
  scopes,
  environment: { baseUrl: "https://bank.example/v1", tokenUrl: "https://auth.example/token" },
  timeoutMs: 60_000,
  deadlineMs: 180_000,
  maxRetries: 2,
  onConflict: policies[0],
  fetch: async (url: string, init: RequestInit) => fetch(url, init),
  backoffMs: 500,
  pollIntervalMs: 1_000,
  maxBodyBytes: 1 << 20,
  maxKeyAgeMs: 86_400_000,
  userAgent: "payroll/2.1",
};
const client = new QBankConnectClient(everything);
new QBankConnectClient({ accessToken: "ready-made", environment: "production" });
new QBankConnectClient({ accessToken: () => "supplied", environment: { sandboxPort: 8080 } });
new QBankConnectClient({ accessToken: async () => "supplied", fetch });
const supply = async (): Promise<SuppliedToken> => ({ accessToken: "supplied", expiresIn: 60 });
new QBankConnectClient({ accessToken: supply, fetch: () => new Response("[]") });

// Calls.
const abort = new AbortController();
const call: CallOptions = {
  timeoutMs: 1_000,
  deadlineMs: 5_000,
  maxRetries: 0,
  accessToken: "for this call",
  signal: abort.signal,
};
const write: WriteOptions = {
  ...call,
  idempotencyKey: "3f0e9a52-a5c8-4c1f-8a4b-7d3e2f106f1c",
  resumeFrom: new Date(),
  onConflict: "follow",
  authDate: new Date(),
};
const waiting: WaitOptions = { ...call, accepted: true };
const amount: AmountInput = "1000.50";
const number: AmountInput = 1000.5;
const day: Day = "2026-01-05";
const party: BankAccount = { name: "ACME", bankId: "021000021", accountNumber: "0012345678" };
const toOwn: CreateAch = {
  sourceAccountId: FROM,
  destinationAccountId: TO,
  amount,
  effectiveDate: day,
  referenceId: "INV-7",
};
const toOther: CreateAch = {
  sourceAccountId: FROM,
  recipientDetails: { ...party, account_type: "checking" },
  amount: number,
};
const wire: CreateWire = {
  sourceAccountId: FROM,
  beneficiaryDetails: party,
  amount,
  referenceCode: "INV-7",
};
const transfer: CreateTransfer = { fromAccountId: FROM, toAccountId: TO, amount };
const issue: CreateCheckIssue = { accountId: FROM, checkNumber: "1042", amount, issueDate: day };
const filter: TransactionFilter = { accountId: FROM, postedSince: day };

export async function everyMethod(): Promise<void> {
  const token: TokenInfo = await client.authenticate(call);
  const scope: string | null = token.scope;
  const left: number | null = token.expiresInMs;
  const accounts: Account[] = await client.accounts.list(call);
  const name: string | undefined = accounts[0]?.accountName;
  const balance: Balance = await client.balances.get(FROM, call);
  const available: string | undefined = balance.availableBalance;
  const all: Transaction[] = await client.transactions.list();
  const some: Transaction[] = await client.transactions.list(filter, call);
  const amounts: (string | undefined)[] = [];
  for await (const transaction of client.transactions.stream(filter, call)) {
    amounts.push(transaction.amount);
    if (amounts.length === 10) break;
  }
  const unreadable: StreamOptions = { onUnreadable: (error) => console.error(error.offset) };
  const noted = async (error: UnexpectedResponseError) => console.error(error.message);
  await client.transactions.stream(filter, { ...call, onUnreadable: noted }).return();
  const stream: TransactionStream = client.transactions.stream({}, unreadable);
  const asked: AsyncIterable<Transaction> = stream;
  const first: IteratorResult<Transaction, undefined> = await stream.next();
  await stream.return();
  const head: RawResponse<TransactionStream> = await client.withRawResponse.transactions.stream();
  for await (const transaction of head.data) amounts.push(transaction.amount);
  console.log(asked, first, head.status);
  const ach: AchAccepted = await client.payments.createAch(toOwn, write);
  await client.payments.createAch(toOther, { authDate: "Mon, 05 Jan 2026 10:00:00 GMT" });
  const wired: Payment = await client.payments.createWire(wire, write);
  const paid: Payment = await client.payments.get(wired.paymentId, call);
  if (ach.paymentId !== null) await client.payments.wait(ach.paymentId, waiting);
  const status: PaymentStatus | undefined = paid.status;
  const transferred: TransferAccepted = await client.transfers.create(transfer, write);
  const issued: CheckIssueAccepted = await client.positivePay.createIssue(issue, write);
  await client.positivePay.createIssue({ ...issue, issueId: issued.issueId });
  const exceptions: CheckException[] = await client.positivePay.exceptions(call);
  const audit: Audit[] = [...accounts, ...all, ...some, ...exceptions, paid];
  console.log(scope, left, name, available, status, transferred.paymentId, audit.length);

  const raw: Resources<true> = client.withRawResponse;
  const reply: RawResponse<AchAccepted> = await raw.payments.createAch(toOwn, write);
  const {
    data,
    headers,
    raw: bytes,
    attempts,
    attemptLog,
    fate,
    idempotencyKey,
    firstSent,
    followedConflict,
  } = reply;
  const tried: Attempt[] = attemptLog;
  const sent: [Date, number | null, string | null, Fate] | undefined = tried[0] && [
    tried[0].at,
    tried[0].status,
    tried[0].fault,
    tried[0].fate,
  ];
  console.log(
    data.location,
    headers.get("date"),
    bytes.length,
    attempts,
    fate,
    idempotencyKey,
    firstSent?.getTime(),
    followedConflict,
    sent,
  );
  const lists: RawResponse<Account[]> = await raw.accounts.list();
  console.log(lists.data.length, lists.status);
  await Promise.all([
    raw.balances.get(FROM),
    raw.transactions.list(filter),
    raw.payments.createWire(wire),
    raw.payments.get(TO),
    raw.payments.wait(TO, waiting),
    raw.transfers.create(transfer),
    raw.positivePay.createIssue(issue),
    raw.positivePay.exceptions(),
  ]);
}

// A function over either face of the client.
export const newest = (on: Resources): Promise<Transaction[]> => on.transactions.list();
void newest(client);

// Errors.
export function whatToDo(error: unknown): string {
  if (!(error instanceof QBankError)) throw error;
  const kind: ErrorKind = error.kind;
  const seen: (string | number | Date | null)[] = [
    error.status,
    error.errorCode,
    error.requestId,
    error.title,
    error.detail,
    error.transactionId,
    error.idempotencyKey,
    error.firstSent,
    error.attempts,
    error.retryAfterMs,
    error.field,
    error.neededScope,
    error.offset,
  ];
  const more: [Attempt[], Headers | null, Uint8Array | undefined, unknown] = [
    error.attemptLog,
    error.headers,
    error.raw,
    error.cause,
  ];
  console.log(error.toJSON());
  if (error instanceof IdempotencyKeyConflictError) return error.transactionId ?? "unknown payment";
  if (error instanceof PaymentFailedError) return error.payment?.status ?? "failed";
  if (error instanceof WebhookVerificationError) {
    const reason: VerificationFailure = error.reason;
    return reason;
  }
  for (const Class of [
    AuthenticationError,
    ConflictError,
    ConnectionError,
    DeadlineExceededError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    QBankServiceUnavailableError,
    RateLimitError,
    UnexpectedResponseError,
  ]) {
    if (error instanceof Class) return Class.name;
  }
  switch (error.fate) {
    case "unknown":
      return `resend with ${error.idempotencyKey} first sent ${error.firstSent?.toISOString()}`;
    case "in_progress":
    case "accepted":
      return "do not resend";
    case "never_sent":
    case "refused":
    case "not_applicable":
      return `${kind} ${seen.length} ${more.length}`;
  }
}

const evidence: ErrorEvidence = {
  message: "for a test",
  fate: "unknown",
  status: 503,
  attempts: 1,
};
throw new QBankServiceUnavailableError(evidence, new Uint8Array(), new Error("why"));
throw new WebhookVerificationError({ message: "for a test", reason: "stale" });

// Webhooks.
export function receive(body: Uint8Array, headers: Headers): PaymentStatus | undefined {
  const options: VerifyOptions = { scheme: "standard", toleranceSeconds: 60, now: new Date() };
  const event: WebhookEvent | null = verifyWebhook(body, headers, ["new", "old"], options);
  verifyWebhook("{}", { "webhook-signature": ["x"], "webhook-id": undefined }, "secret");
  verifyWebhook(new ArrayBuffer(0), {}, "secret");
  verifyWebhook(Buffer.from("{}"), {}, "secret");
  return event?.data.status;
}

// Misuse that the compiler catches.
export async function misuse(): Promise<void> {
  // @ts-expect-error neither credentials nor a token
  new QBankConnectClient({});
  // @ts-expect-error a secret without its id
  new QBankConnectClient({ clientSecret: "s" });
  // @ts-expect-error both
  new QBankConnectClient({ clientId: "i", clientSecret: "s", accessToken: "t" });
  // @ts-expect-error an unknown option
  new QBankConnectClient({ accessToken: "t", timeout: 5 });
  // @ts-expect-error a port and a URL
  new QBankConnectClient({ accessToken: "t", environment: "sandbox" });
  // @ts-expect-error a reference code is mandatory
  await client.payments.createWire({ sourceAccountId: FROM, beneficiaryDetails: party, amount });
  // @ts-expect-error neither destination
  await client.payments.createAch({ sourceAccountId: FROM, amount });
  // @ts-expect-error both destinations
  await client.payments.createAch({ ...toOwn, recipientDetails: party });
  const known = { sourceAccountId: FROM, destinationAccountId: TO, amount };
  // @ts-expect-error a typo in a member
  await client.payments.createAch({ ...known, refrenceId: "x" });
  // @ts-expect-error a typo in an option
  await client.payments.createAch(toOwn, { idempotencykey: "x" });
  // @ts-expect-error a bigint is no amount
  await client.transfers.create({ ...transfer, amount: 10n });
  // @ts-expect-error a day is no Date
  await client.positivePay.createIssue({ ...issue, issueDate: new Date() });
  // @ts-expect-error a read has no key
  await client.balances.get(FROM, { idempotencyKey: "x" });
  // @ts-expect-error resumed from a moment, not from a text
  await client.payments.createAch(toOwn, { resumeFrom: "2026-01-05" });
  // @ts-expect-error a policy that is none
  await client.payments.createAch(toOwn, { onConflict: "followOwn" });
  // @ts-expect-error options are not the filter
  await client.transactions.list({ timeoutMs: 5 });
  // @ts-expect-error an amount that is read is a text, and is not calculated with
  console.log((await client.payments.get(TO)).amount * 2);
  // @ts-expect-error a body that was parsed
  verifyWebhook({}, {}, "secret");
  // @ts-expect-error an option that is none
  verifyWebhook("{}", {}, "secret", { tolerance: 5 });
  // @ts-expect-error what an error knows is not changed
  new QBankError({}).fate = "refused";
}
