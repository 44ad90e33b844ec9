// An edge worker that receives the bank's webhooks: it believes only what carries the right
// signature, and hands that on. Run it: edge/README.md.

import { verifyWebhook, WebhookVerificationError } from "@qbank/connect";

const LARGEST = 1 << 20;

export default {
  async fetch(request, env) {
    if (request.method !== "POST") {
      return answer(405, "only POST", { allow: "POST" });
    }
    if (!(Number(request.headers.get("content-length")) <= LARGEST)) {
      return answer(413, "too large");
    }
    // The signature covers the bytes as they came: verify before any JSON.parse.
    const body = new Uint8Array(await request.arrayBuffer());
    let event;
    try {
      event = verifyWebhook(body, request.headers, env.WEBHOOK_SECRET.split("\n"));
    } catch (error) {
      if (!(error instanceof WebhookVerificationError)) throw error;
      return answer(400, error.reason);
    }
    // Genuine, but nothing that this worker knows: taken, so that the bank does not repeat it.
    if (event === null) return answer(200, "ignored");
    return forward(event, body, env.FORWARD_TO);
  },
};

// The same event can come twice: whoever takes it dedupes on `eventId`, which is signed, and
// confirms with `payments.get` before it acts.
async function forward(event, body, url) {
  try {
    const taken = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", "qbank-event-id": event.eventId },
      body,
      redirect: "manual",
      signal: AbortSignal.timeout(10_000),
    });
    await taken.body?.cancel();
    if (taken.ok) return answer(200, "forwarded");
  } catch (error) {
    console.error(`not forwarded: ${error.message}`);
  }
  // Not 200, so that the bank tries again.
  return answer(502, "not forwarded");
}

const answer = (status, text, headers) => new Response(`${text}\n`, { status, headers });
