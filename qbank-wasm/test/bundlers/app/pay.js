// The application that every bundler bundles: it pays once, and verifies two webhooks.
import { QBankConnectClient, WebhookVerificationError, verifyWebhook } from "@qbank/connect";

export async function pay({ options, payment, webhook }) {
  const client = new QBankConnectClient(options);
  const { data, fate } = await client.withRawResponse.payments.createAch(payment);
  const { body, signature, secret } = webhook;
  const { eventId } = verifyWebhook(body, { "webhook-signature": signature }, secret);
  return { paymentId: data.paymentId, fate, eventId, forged: reason(`${body} `, webhook) };
}

// Why a body that was changed is not genuine. `instanceof` needs the class of this copy.
function reason(body, { signature, secret }) {
  try {
    verifyWebhook(body, { "webhook-signature": signature }, secret);
    return "none";
  } catch (error) {
    return error instanceof WebhookVerificationError ? error.reason : String(error);
  }
}
