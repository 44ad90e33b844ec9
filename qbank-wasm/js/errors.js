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
    super(evidence.message, cause === undefined ? undefined : { cause });
    const { message, attemptLog = [], headers, ...members } = evidence;
    Object.assign(this, { kind: new.target.KIND }, UNKNOWN, members);
    this.firstSent &&= new Date(this.firstSent);
    this.attemptLog = attemptLog.map((sent) => ({ ...sent, at: new Date(sent.at) }));
    // Not enumerable: an error that is logged should not print an answer.
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
const named = (called, ...kinds) => {
  const Class = class extends QBankError {
    static KIND = kinds[0];
  };
  for (const kind of kinds) CLASSES[kind] = Class;
  return name(Class, called);
};

export const InvalidRequestError = named("InvalidRequestError", "invalid_request", "invalid_input");
export const AuthenticationError = named("AuthenticationError", "unauthenticated");
export const PermissionDeniedError = named("PermissionDeniedError", "permission_denied");
export const NotFoundError = named("NotFoundError", "not_found");
export const IdempotencyKeyConflictError = named(
  "IdempotencyKeyConflictError",
  "idempotency_conflict",
);
export const ConflictError = named("ConflictError", "conflict");
export const RateLimitError = named("RateLimitError", "rate_limited");
export const QBankServiceUnavailableError = named(
  "QBankServiceUnavailableError",
  "unavailable",
  "server",
  "request_timeout",
);
export const UnexpectedResponseError = named("UnexpectedResponseError", "unexpected_response");
export const ConnectionError = named("ConnectionError", "transport");
export const DeadlineExceededError = named("DeadlineExceededError", "deadline_exceeded");
export const PaymentFailedError = named("PaymentFailedError", "payment_failed");
export const WebhookVerificationError = named("WebhookVerificationError", "invalid_signature");

/**
 * The error that evidence tells of. That of an `operation` is the machine's, which names an
 * input as its own users know it.
 */
export function errorOf(evidence, raw, cause, operation) {
  const { field, message, attemptLog } = evidence;
  const camel = (field ?? "").replace(/ (\w)/g, (_, letter) => letter.toUpperCase());
  const name = operation && (NAMES[field] ?? PARTIES[field]?.[operation] ?? camel);
  // It may stand behind the name of the call.
  const named = name ? { field: name, message: message.replace(field, name) } : {};
  const known = { ...evidence, ...named, attempts: attemptLog.length };
  return new (CLASSES[evidence.kind] ?? QBankError)(known, raw, cause);
}

// What JavaScript calls an input, where it is not the same in camel case.
const NAMES = {
  "base URL": "environment.baseUrl",
  "beneficiary name": "beneficiaryDetails.name",
  deadline: "deadlineMs",
  "first sent": "resumeFrom",
  "recipient name": "recipientDetails.name",
  timeout: "timeoutMs",
  "to account": "toAccountId",
  "token URL": "environment.tokenUrl",
};
const PARTIES = {
  "account number": {
    "payments.createAch": "recipientDetails.accountNumber",
    "payments.createWire": "beneficiaryDetails.accountNumber",
  },
};
