// What a call can throw. The class says what happened, `fate` what became of the
// money, `message` what to do next.

// What is not known.
const UNKNOWN = { fate: "not_applicable", attempts: 0 };
for (const name of [
  "status",
  "errorCode",
  "requestId",
  "title",
  "detail",
  "transactionId",
  "idempotencyKey",
  "firstSent",
  "retryAfterMs",
  "field",
  "neededScope",
  "offset",
  "payment",
]) {
  UNKNOWN[name] = null;
}

export class QBankError extends Error {
  constructor(evidence = {}, raw, cause) {
    super(evidence.message ?? new.target.KIND.replaceAll("_", " "), cause === undefined ? undefined : { cause });
    const { message, attemptLog = [], headers, ...members } = evidence;
    Object.assign(this, { kind: new.target.KIND }, UNKNOWN, members);
    this.firstSent &&= new Date(this.firstSent);
    this.attemptLog = attemptLog.map((attempt) => ({ ...attempt, at: new Date(attempt.at) }));
    // Not enumerable: an error that is logged should not print a response.
    Object.defineProperty(this, "headers", { value: headers ? new Headers(headers) : null });
    Object.defineProperty(this, "raw", { value: raw });
  }

  // A log that writes errors as JSON would lose what happened.
  toJSON() {
    return { name: this.name, message: this.message, ...this };
  }

  // The kind that the class stands for, unless the evidence says which.
  static KIND = "unexpected_response";
}

// Not the class's own name, which a minifier changes. On the prototype: so the stack
// begins with it.
const name = (Class, value) => {
  for (const it of [Class, Class.prototype]) {
    Object.defineProperty(it, "name", { value, configurable: true });
  }
  return Class;
};
name(QBankError, "QBankError");

// What an error of this kind, or of these, is: the first is what the class stands for.
const CLASSES = {};
const errorClass = (called, ...kinds) => {
  const Class = class extends QBankError {
    static KIND = kinds[0];
  };
  for (const kind of kinds) CLASSES[kind] = Class;
  return name(Class, called);
};

export const InvalidRequestError = errorClass("InvalidRequestError", "invalid_request", "invalid_input");
export const AuthenticationError = errorClass("AuthenticationError", "unauthenticated");
export const PermissionDeniedError = errorClass("PermissionDeniedError", "permission_denied");
export const NotFoundError = errorClass("NotFoundError", "not_found");
export const IdempotencyKeyConflictError = errorClass(
  "IdempotencyKeyConflictError",
  "idempotency_conflict",
);
export const ConflictError = errorClass("ConflictError", "conflict");
export const RateLimitError = errorClass("RateLimitError", "rate_limited");
export const QBankServiceUnavailableError = errorClass(
  "QBankServiceUnavailableError",
  "unavailable",
  "server",
  "request_timeout",
);
export const UnexpectedResponseError = errorClass("UnexpectedResponseError", "unexpected_response");
export const ConnectionError = errorClass("ConnectionError", "transport");
export const DeadlineExceededError = errorClass("DeadlineExceededError", "deadline_exceeded");
export const PaymentFailedError = errorClass("PaymentFailedError", "payment_failed");
export const WebhookVerificationError = errorClass("WebhookVerificationError", "invalid_signature");

/** The error of a record. */
export function errorOf(record, raw, cause) {
  const evidence = { ...record, attempts: record.attemptLog.length };
  return new (CLASSES[record.kind] ?? QBankError)(evidence, raw, cause);
}
