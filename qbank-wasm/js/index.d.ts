/** Dollars, exact: a decimal string such as `"1000.50"`, or a number with at most two decimals. */
export type AmountInput = string | number;

/** A day, `YYYY-MM-DD`. */
export type Day = string;

/** What became of the money, over all attempts of a call. */
export type Fate =
  /** The call moves no money. */
  | "not_applicable"
  /** Nothing of the intent left this machine. */
  | "never_sent"
  /** The bank refused, and nothing is in doubt. */
  | "refused"
  /** It may have happened: resend only with the same key. */
  | "unknown"
  /** The bank has it; it is not final. */
  | "in_progress"
  /** The bank accepted it. */
  | "accepted";

export type ErrorKind =
  | "invalid_request"
  | "unauthenticated"
  | "permission_denied"
  | "not_found"
  | "request_timeout"
  | "idempotency_conflict"
  | "conflict"
  | "rate_limited"
  | "server"
  | "unavailable"
  | "unexpected_response"
  | "transport"
  | "deadline_exceeded"
  | "payment_failed"
  | "invalid_input"
  | "invalid_signature";

export type Scope =
  | "accounts.read"
  | "balances.read"
  | "transactions.read"
  | "payments.read"
  | "payments.ach.write"
  | "payments.wire.write"
  | "transfers.write"
  | "positivepay.issues.write"
  | "positivepay.exceptions.read"
  | (string & {});

/** What to do when the bank says that a request with this key is in process. */
export type ConflictPolicy =
  /** Report it. */
  | "report"
  /** Follow it to its payment if an earlier attempt of this call was in doubt: the default. */
  | "follow-own"
  /** Follow it always. */
  | "follow";

/** A token, or what a token endpoint says; `expiresIn` in seconds. */
export type SuppliedToken = string | { accessToken: string; expiresIn?: number };

/**
 * Who calls. A client secret does not belong in a browser: there, `accessToken` is a function
 * that asks your own backend. It is asked once for all calls that wait, and again after a 401.
 */
export type CredentialOptions =
  | { clientId: string; clientSecret: string; accessToken?: undefined }
  | {
      accessToken: string | (() => SuppliedToken | Promise<SuppliedToken>);
      clientId?: undefined;
      clientSecret?: undefined;
    };

export type ClientOptions = CredentialOptions & {
  /** What the token should allow. Left out: all that the bank grants the client. */
  scopes?: Scope[];
  /** Which bank; plain http for loopback addresses only. `"production"` by default. */
  environment?:
    | "production"
    | { sandboxPort: number }
    | { baseUrl: string; tokenUrl?: string };
  /** Limit per attempt, body included. 60,000 by default. */
  timeoutMs?: number;
  /** Limit per call, token requests included. 180,000 by default. */
  deadlineMs?: number;
  /** Sends beyond the first. 2 by default; 0 means exactly one attempt. */
  maxRetries?: number;
  onConflict?: ConflictPolicy;
  /** Called instead of the platform's `fetch`, with a URL and its options. */
  fetch?: (url: string, init: RequestInit) => Response | Promise<Response>;
  /** Before the first resend, at most; doubles up to 8 s, with full jitter. 500 by default. */
  backoffMs?: number;
  /** Between the first two polls of a payment. 1,000 by default. */
  pollIntervalMs?: number;
  /** Limit of a response's body, decoded. 32 MiB by default. */
  maxBodyBytes?: number;
  /** How old an intent may be to be resumed. 24 h by default. */
  maxKeyAgeMs?: number;
  /** Goes before our own `User-Agent`, where the platform lets it be set. */
  userAgent?: string;
};

export interface CallOptions {
  /** Limit per attempt, body included. */
  timeoutMs?: number;
  /** Limit in total. */
  deadlineMs?: number;
  /** Sends beyond the first. 0 means exactly one attempt. */
  maxRetries?: number;
  /** A token for this call alone. */
  accessToken?: string;
  /**
   * Calls it off. The call then rejects with what is known of the money, and `cause` is the
   * signal's reason; the client stays usable.
   */
  signal?: AbortSignal;
}

export interface StreamOptions extends CallOptions {
  /**
   * Gets the error of an item that cannot be read, in its place: its `message` names the item and
   * the member, and `offset` is where it begins. The list goes on once it has returned, or what
   * it returned is settled; what it throws ends the list. Without it, the first such error is
   * thrown after the last item.
   */
  onUnreadable?: (error: UnexpectedResponseError) => void | Promise<void>;
}

export interface WriteOptions extends CallOptions {
  /** A uuid v4 of your own, kept before the call; made afresh if left out. `null` is refused. */
  idempotencyKey?: string;
  /** Continues an intent first sent at this moment, with its `idempotencyKey`. */
  resumeFrom?: Date;
  onConflict?: ConflictPolicy;
  /** When the end user last authenticated: an HTTP-date, or a moment. */
  authDate?: string | Date;
}

export interface WaitOptions extends CallOptions {
  /** The bank has accepted this payment before: not seeing it is not absence. */
  accepted?: boolean;
}

/** Who, when, by which request. */
export interface Audit {
  /** UTC, RFC 3339. */
  timestamp?: string;
  /** The client id. */
  actor?: string;
  requestId?: string;
}

export interface Account extends Audit {
  accountId: string;
  accountName?: string;
  accountType?: "Checking" | "Savings" | "Treasury" | (string & {});
  currency?: string;
  status?: "Active" | "Closed" | (string & {});
}

/** Dollars as decimal strings; may be negative. */
export interface Balance {
  accountId: string;
  availableBalance?: string;
  currentBalance?: string;
  currency?: string;
  lastUpdatedTimestamp?: string;
}

export interface Transaction extends Audit {
  transactionId: string;
  /** Dollars as a decimal string; negative is a debit. */
  amount?: string;
  description?: string;
  /** When it was initiated. */
  transactionDate?: string;
  /** When funds are credited or debited, for interest. */
  valueDate?: Day;
  /** When it became visible through the API. */
  postingDate?: string;
  status?: "POSTED" | "PENDING" | "REVERSED" | (string & {});
}

export type PaymentStatus =
  | "P_CREATED"
  | "P_VALIDATED"
  | "P_SUBMITTED_TO_CORE"
  | "P_PROCESSING"
  | "P_COMPLETED"
  | "P_FAILED"
  | (string & {});

export interface Payment extends Audit {
  paymentId: string;
  type?: "ACH" | "WIRE" | (string & {});
  /** Dollars as a decimal string. */
  amount?: string;
  status?: PaymentStatus;
  creationDate?: string;
  completionDate?: string;
}

/** The bank took the payment. It settles in batches: see `payments.wait`. */
export interface AchAccepted {
  /** `null` if the bank did not say it in a usable way. */
  paymentId: string | null;
  /** `null` if only its acceptance is known. */
  status: PaymentStatus | null;
  location: string | null;
}

export interface TransferAccepted {
  paymentId?: string;
}

export interface CheckIssueAccepted {
  issueId: string;
}

export interface CheckException extends Audit {
  exceptionId: string;
  accountId?: string;
  checkNumber?: string;
  /** Dollars as a decimal string. */
  presentedAmount?: string;
  presentmentDate?: Day;
  reasonCode?: "AMOUNT_MISMATCH" | "NO_ISSUE" | "DUPLICATE" | "STALE_DATED" | (string & {});
}

/** An account at another bank. */
export interface BankAccount {
  name: string;
  /** The bank's ABA routing number: 9 digits. */
  bankId: string;
  accountNumber: string;
}

interface AchCommon {
  sourceAccountId: string;
  amount: AmountInput;
  effectiveDate?: Day;
  referenceId?: string;
}

export type CreateAch = AchCommon &
  (
    | { destinationAccountId: string; recipientDetails?: undefined }
    | {
        /** Further members go out as they are. */
        recipientDetails: BankAccount & Record<string, unknown>;
        destinationAccountId?: undefined;
      }
  );

export interface CreateWire {
  sourceAccountId: string;
  beneficiaryDetails: BankAccount;
  amount: AmountInput;
  referenceCode: string;
}

export interface CreateTransfer {
  fromAccountId: string;
  toAccountId: string;
  amount: AmountInput;
}

export interface CreateCheckIssue {
  /** Your own id of the issue; that of the intent if left out. */
  issueId?: string;
  accountId: string;
  checkNumber: string;
  amount: AmountInput;
  issueDate: Day;
}

export interface TransactionFilter {
  accountId?: string;
  postedSince?: Day;
}

export interface TokenInfo {
  /** What the token allows, space separated. */
  scope: string | null;
  expiresInMs: number | null;
}

/** One send of an intent. Token requests and polls do not count. */
export interface Attempt {
  at: Date;
  /** The status that came back, if one did. */
  status: number | null;
  /** What broke, if something did. */
  fault: string | null;
  /** What this attempt alone says of the money. */
  fate: Fate;
}

export interface RawResponse<T> {
  data: T;
  status: number;
  headers: Headers;
  /** The body as it came. */
  raw: Uint8Array;
  /** Sends of the intent. */
  attempts: number;
  attemptLog: Attempt[];
  fate: Fate;
  idempotencyKey: string | null;
  firstSent: Date | null;
  /** The intent was found in process, and the data comes from the bank's record of the payment. */
  followedConflict: boolean;
}

/** Transactions while they arrive, for `for await`. They are given once. */
export interface TransactionStream {
  next(): Promise<IteratorResult<Transaction, undefined>>;
  /** Ends it: what is being read is cancelled, and not waited for. */
  return(): Promise<IteratorResult<Transaction, undefined>>;
  [Symbol.asyncIterator](): TransactionStream;
}

export interface Resources<Raw extends boolean = false> {
  accounts: {
    /** As of the last nightly load. */
    list(options?: CallOptions): Result<Raw, Account[]>;
  };
  balances: {
    /** In real time. */
    get(accountId: string, options?: CallOptions): Result<Raw, Balance>;
  };
  transactions: {
    /** As of the last nightly load. The bank does not paginate: the response holds all. */
    list(filter?: TransactionFilter, options?: CallOptions): Result<Raw, Transaction[]>;
    /**
     * The same, one after the other while the response arrives: the memory does not grow with it.
     * What is torn or malformed is thrown after everything before it, with its `offset`. An item
     * that cannot be read ends nothing: see `onUnreadable`. `break` cancels the rest. `timeoutMs` limits the wait for the response to begin, `deadlineMs` all of
     * it. With `withRawResponse`, `data` is the list: go through it, or call its `return()`.
     */
    stream(
      filter?: TransactionFilter,
      options?: StreamOptions,
    ): Raw extends true ? Promise<RawResponse<TransactionStream>> : TransactionStream;
  };
  payments: {
    /** Pays by ACH: accepted now, settled in batches. */
    createAch(payment: CreateAch, options?: WriteOptions): Result<Raw, AchAccepted>;
    /** Pays by wire, in real time. */
    createWire(payment: CreateWire, options?: WriteOptions): Result<Raw, Payment>;
    get(paymentId: string, options?: CallOptions): Result<Raw, Payment>;
    /** Polls until the payment is final. Failed: `PaymentFailedError`. */
    wait(paymentId: string, options?: WaitOptions): Result<Raw, Payment>;
  };
  transfers: {
    /** Moves money between two own accounts, in real time. */
    create(transfer: CreateTransfer, options?: WriteOptions): Result<Raw, TransferAccepted>;
  };
  positivePay: {
    /** Reports an issued check. */
    createIssue(issue: CreateCheckIssue, options?: WriteOptions): Result<Raw, CheckIssueAccepted>;
    /** Lists presented checks that match no issued one. */
    exceptions(options?: CallOptions): Result<Raw, CheckException[]>;
  };
}

type Result<Raw extends boolean, T> = Promise<Raw extends true ? RawResponse<T> : T>;

/** A client of the bank. All its calls share one token. */
export declare class QBankConnectClient implements Resources {
  /** Throws `InvalidRequestError` for an option that is wrong. Nothing is sent. */
  constructor(options: ClientOptions);
  readonly accounts: Resources["accounts"];
  readonly balances: Resources["balances"];
  readonly transactions: Resources["transactions"];
  readonly payments: Resources["payments"];
  readonly transfers: Resources["transfers"];
  readonly positivePay: Resources["positivePay"];
  /** The same methods, with all that is known of the response. */
  readonly withRawResponse: Resources<true>;
  /** Gets a token now, if there is no fresh one. Calls do this by themselves. */
  authenticate(options?: CallOptions): Promise<TokenInfo>;
}

/**
 * What an error knows; for your own tests, too, where what is left out is `null`, and `kind` that
 * of the class.
 */
export type ErrorEvidence = Partial<
  Omit<QBankError, "name" | "stack" | "cause" | "headers" | "raw" | "toJSON">
>;

/** Why a call failed. `message` says what happened, what became of the money, what to do next. */
export declare class QBankError extends Error {
  constructor(evidence: ErrorEvidence, raw?: Uint8Array, cause?: unknown);
  readonly kind: ErrorKind;
  readonly fate: Fate;
  /** The last response's status. */
  readonly status: number | null;
  /** The bank's error code, or the token endpoint's. */
  readonly errorCode: string | null;
  /** Names the request to the bank's support. */
  readonly requestId: string | null;
  readonly title: string | null;
  readonly detail: string | null;
  /** The payment that the bank has, where it is known. */
  readonly transactionId: string | null;
  /** The only key to resend the intent with. */
  readonly idempotencyKey: string | null;
  /** What `resumeFrom` needs. */
  readonly firstSent: Date | null;
  /** Sends of the intent. */
  readonly attempts: number;
  readonly attemptLog: Attempt[];
  /** How long the bank asked to wait. */
  readonly retryAfterMs: number | null;
  /** The member of a request or of options that is wrong. */
  readonly field: string | null;
  /** The scope that the token lacks, after a 403. */
  readonly neededScope: string | null;
  /** Where in the response of a stream the first byte is that could not be read. */
  readonly offset: number | null;
  /** The bank's record, where the error comes from one. */
  readonly payment: Payment | null;
  /** The last response's; never the token endpoint's. */
  readonly headers: Headers | null;
  readonly raw: Uint8Array | undefined;
  /** What a log needs; without `headers`, `raw` and `cause`. */
  toJSON(): Record<string, unknown>;
}

/** 400, 422 and the like, or refused here before anything was sent (`kind` tells). */
export declare class InvalidRequestError extends QBankError {}
/** 401, or the token endpoint or the token supplier refused. */
export declare class AuthenticationError extends QBankError {}
/** 403: the token lacks `neededScope`. */
export declare class PermissionDeniedError extends QBankError {}
/** 404. */
export declare class NotFoundError extends QBankError {}
/** 409: a request with this key is in process, as payment `transactionId` if known. */
export declare class IdempotencyKeyConflictError extends QBankError {}
/** 409: something else conflicts. */
export declare class ConflictError extends QBankError {}
/** 425 or 429. */
export declare class RateLimitError extends QBankError {}
/** 408 or 5xx. */
export declare class QBankServiceUnavailableError extends QBankError {}
/** A redirect, or a response that is undecodable or impossible. */
export declare class UnexpectedResponseError extends QBankError {}
/** No response, or called off. */
export declare class ConnectionError extends QBankError {}
/** The call's own deadline passed. */
export declare class DeadlineExceededError extends QBankError {}
/** The bank's record of the payment (`payment`) says that it failed. */
export declare class PaymentFailedError extends QBankError {}

/** The delivery is not to be trusted: answer 400 and discard it. */
export declare class WebhookVerificationError extends QBankError {
  constructor(evidence: ErrorEvidence & { reason?: VerificationFailure });
  readonly reason: VerificationFailure;
}

export type VerificationFailure =
  | "missing"
  | "malformed"
  | "too_many"
  | "mismatch"
  | "timestamped"
  | "stale"
  | "no_id_or_timestamp"
  | "bad_secret"
  /** An argument of yours is wrong, the body already parsed for instance: fix the receiver. */
  | "bad_options";

export interface WebhookEvent {
  /** Signed, and the same in every attempt to deliver: dedupe on it. */
  eventId: string;
  eventType?: "payment.status.update" | (string & {});
  resourceType?: string;
  data: Payment;
}

export interface VerifyOptions {
  /** `hmac` is the bank's; Standard Webhooks only if the bank agreed on it. */
  scheme?: "hmac" | "standard";
  /** Standard Webhooks: how far the timestamp may be from now. 300 by default. */
  toleranceSeconds?: number;
  /** Now, for tests. */
  now?: Date;
}

/**
 * Checks the signature of a delivery over its body as it came, before any `JSON.parse`. Several
 * secrets are tried while one is replaced by the next.
 *
 * Gives the event, or `null` if the signature is genuine but the body is no event of ours. Throws
 * `WebhookVerificationError` if the signature is not genuine.
 */
export declare function verifyWebhook(
  body: Uint8Array | ArrayBuffer | string,
  headers: Headers | Record<string, string | string[] | undefined>,
  secrets: string | string[],
  options?: VerifyOptions,
): WebhookEvent | null;
