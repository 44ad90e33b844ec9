// What the package gives, the same on every platform. `index.js` and `edge.js` pass it
// on, but for the default: what loads the wasm, each in its own way.

import initialise, { initSync } from "./qbank_wasm.js";

export default { initialise, initSync };
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
