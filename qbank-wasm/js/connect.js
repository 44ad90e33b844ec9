// What the package gives, the same on every platform. `index.js` and `edge.js` pass it
// on, but for the default: what loads the wasm, each in its own way.

export { start as default } from "./machine.js";
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
