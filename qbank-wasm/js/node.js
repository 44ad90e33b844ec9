// Node, by `import`: what `require` gives, so that a process has each class once.

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
  QBankConnectClient,
  QBankError,
  QBankServiceUnavailableError,
  RateLimitError,
  UnexpectedResponseError,
  WebhookVerificationError,
  verifyWebhook,
} from "./index.cjs";
