// What a call can throw. The class says what happened, `fate` what became of the
// money, `message` what to do next.

export class QBankError extends Error {
  constructor(evidence, raw, cause) {
    super(evidence.message, cause === undefined ? undefined : { cause });
    const { message, firstSent, attemptLog, headers, ...members } = evidence;
    Object.assign(this, members);
    this.firstSent = firstSent == null ? null : new Date(firstSent);
    this.attemptLog = attemptLog.map((sent) => ({ ...sent, at: new Date(sent.at) }));
    this.headers = headers && new Headers(headers);
    // Not enumerable: an error that is logged should not print an answer's body.
    Object.defineProperty(this, "raw", { value: raw });
  }

  // Not the class's own name, which a minifier changes.
  get name() {
    return "QBankError";
  }
}

const named = (name) => {
  const Named = class extends QBankError {
    get name() {
      return name;
    }
  };
  Object.defineProperty(Named, "name", { value: name });
  return Named;
};

export const InvalidRequestError = named("InvalidRequestError");
export const AuthenticationError = named("AuthenticationError");
export const PermissionDeniedError = named("PermissionDeniedError");
export const NotFoundError = named("NotFoundError");
export const IdempotencyKeyConflictError = named("IdempotencyKeyConflictError");
export const ConflictError = named("ConflictError");
export const RateLimitError = named("RateLimitError");
export const QBankServiceUnavailableError = named("QBankServiceUnavailableError");
export const UnexpectedResponseError = named("UnexpectedResponseError");
export const ConnectionError = named("ConnectionError");
export const DeadlineExceededError = named("DeadlineExceededError");
export const PaymentFailedError = named("PaymentFailedError");
export const WebhookVerificationError = named("WebhookVerificationError");

const CLASSES = {
  invalid_request: InvalidRequestError,
  invalid_input: InvalidRequestError,
  unauthenticated: AuthenticationError,
  permission_denied: PermissionDeniedError,
  not_found: NotFoundError,
  request_timeout: QBankServiceUnavailableError,
  idempotency_conflict: IdempotencyKeyConflictError,
  conflict: ConflictError,
  rate_limited: RateLimitError,
  server: QBankServiceUnavailableError,
  unavailable: QBankServiceUnavailableError,
  unexpected_response: UnexpectedResponseError,
  transport: ConnectionError,
  deadline_exceeded: DeadlineExceededError,
  payment_failed: PaymentFailedError,
  invalid_signature: WebhookVerificationError,
};

export const errorOf = (evidence, raw, signal) =>
  new (CLASSES[evidence.kind] ?? QBankError)(
    evidence,
    raw,
    signal?.aborted ? signal.reason : undefined,
  );
