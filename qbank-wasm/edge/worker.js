// An edge worker that receives the bank's webhooks: it believes only what carries the right
// signature, and hands that on. Run it: edge/README.md.

import { verifyWebhook, WebhookVerificationError } from "@qbank/connect";

const LARGEST = 1 << 20;

export default {
  async fetch(request, env) {
    if (request.method !== "POST") {
      return answer(405, "only POST", { allow: "POST" });
    }
    const body = await bytes(request);
    if (body === null) return answer(413, "too large");
    // Several while one is replaced by the next, one a line.
    const secrets = (env.WEBHOOK_SECRET ?? "").split(/\s+/).filter(Boolean);
    let event;
    try {
      // The signature covers the bytes as they came: verify before any JSON.parse.
      event = verifyWebhook(body, request.headers, secrets);
    } catch (error) {
      if (!(error instanceof WebhookVerificationError)) throw error;
      // Without a secret the fault is ours: the bank is to try again.
      return answer(error.reason === "bad_secret" ? 500 : 400, error.reason);
    }
    // Genuine, but nothing that this worker knows: taken, so that the bank does not repeat it.
    if (event === null) return answer(200, "ignored");
    return forward(event, body, env.FORWARD_TO);
  },
};

// The body, or null if it is too large, whatever its headers promise.
async function bytes(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.byteLength;
    if (length > LARGEST) return null;
    chunks.push(chunk);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

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
