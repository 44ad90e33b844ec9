// Verifies webhook deliveries.

import { WebhookVerificationError } from "./errors.js";
import { verifyDelivery } from "./qbank_wasm.js";

export function verifyWebhook(body, headers, secrets, options = {}) {
  const { scheme = "hmac", toleranceSeconds = 300, now } = options;
  if (scheme !== "hmac" && scheme !== "standard") {
    throw refused("bad_options", "scheme must be hmac or standard");
  }
  const bytes = bytesOf(body);
  const find = finder(headers);
  const signature = find("webhook-signature");
  if (signature === undefined) throw refused("missing", "the delivery has no signature");
  let event;
  try {
    event = verifyDelivery(
      bytes,
      signature,
      find("webhook-event-id") ?? find("webhook-id"),
      find("webhook-timestamp"),
      [secrets].flat(),
      scheme === "standard" ? toleranceSeconds : undefined,
      now === undefined ? undefined : now.getTime() / 1000,
    );
  } catch (why) {
    if (typeof why !== "string") throw why;
    const colon = why.indexOf(":");
    throw refused(why.slice(0, colon), why.slice(colon + 1));
  }
  return event === undefined ? null : JSON.parse(event);
}

// The signature covers bytes: JSON that was parsed and written again has others.
function bytesOf(body) {
  if (typeof body === "string") return new TextEncoder().encode(body);
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  if (ArrayBuffer.isView(body)) {
    return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  }
  throw refused("bad_options", "body must be the bytes as they came, before any JSON.parse");
}

// Headers by name, whatever the case of the names: of the platform's kind, or as
// Node and others give them. One that comes twice is refused.
function finder(headers) {
  if (typeof headers?.get === "function") return (name) => headers.get(name) ?? undefined;
  const entries = Object.entries(headers ?? {}).flatMap(([name, value]) =>
    [value].flat().map((one) => [name.toLowerCase(), one]),
  );
  return (wanted) => {
    const found = entries.filter(([name, value]) => name === wanted && value !== undefined);
    if (found.length > 1) throw refused("malformed", `the header ${wanted} comes twice`);
    return found.length === 0 ? undefined : String(found[0][1]);
  };
}

const refused = (reason, message) =>
  new WebhookVerificationError({
    kind: "invalid_signature",
    fate: "not_applicable",
    message,
    reason,
    status: null,
    errorCode: null,
    requestId: null,
    detail: null,
    idempotencyKey: null,
    attempts: 0,
    attemptLog: [],
  });
