// What the package gives, the same on every platform; `index.js` and `edge.js` give it the wasm.

export { QBankConnectClient } from "./client.js";
export {
  AuthenticationError,
  ConflictError,
  ConnectionError,
  DeadlineExceededError,
  IdempotencyKeyConflictError,
  InvalidRequestError,
  NotFoundError,
  PaymentFailedError,
  PermissionDeniedError,
  QBankError,
  QBankServiceUnavailableError,
  RateLimitError,
  UnexpectedResponseError,
  WebhookVerificationError,
} from "./errors.js";
export { verifyWebhook } from "./webhook.js";
