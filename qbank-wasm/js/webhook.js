// Verifies webhook deliveries.

import { WebhookVerificationError } from "./errors.js";
import { Refused, verify } from "./machine.js";

const OPTIONS = ["scheme", "toleranceSeconds", "now"];

export function verifyWebhook(body, headers, secrets, options) {
  const { scheme = "hmac", toleranceSeconds = 300, now = new Date(), ...others } = options ?? {};
  const [typo] = Object.keys(others);
  if (typo !== undefined) {
    throw refused("bad_options", `${typo} is not known here; there are ${OPTIONS.join(", ")}`);
  }
  if (scheme !== "hmac" && scheme !== "standard") {
    throw refused("bad_options", "scheme must be hmac or standard");
  }
  // No tolerance without an end: every replay would pass.
  if (!Number.isFinite(toleranceSeconds) || toleranceSeconds < 0) {
    throw refused("bad_options", "toleranceSeconds must be a number of seconds from 0");
  }
  const unix = typeof now?.getTime === "function" ? now.getTime() / 1000 : NaN;
  if (!Number.isFinite(unix)) throw refused("bad_options", "now must be a valid Date");
  const bytes = bytesOf(body);
  const find = finder(headers);
  const signature = find("webhook-signature");
  if (signature === undefined) throw refused("missing", "the delivery has no signature");
  const delivery = {
    signature,
    eventId: find("webhook-event-id") ?? find("webhook-id"),
    timestamp: find("webhook-timestamp"),
    secrets: [secrets].flat().map(text),
    tolerance: scheme === "standard" ? whole(toleranceSeconds) : undefined,
    unix: whole(unix),
  };
  try {
    return verify(bytes, delivery);
  } catch (thrown) {
    if (!(thrown instanceof Refused)) throw thrown;
    throw refused(thrown.record.reason, thrown.record.message);
  }
}

// As many digits as are exact, and none that is negative.
const whole = (number) => Math.min(Math.max(Math.trunc(number), 0), Number.MAX_SAFE_INTEGER);

// What is no text is no secret, and U+FFFD stands for a lone surrogate.
const text = (value) => (typeof value === "string" ? value.replace(/\p{Cs}/gu, "\ufffd") : "");

// The signature covers bytes: JSON that was parsed and written again has others.
function bytesOf(body) {
  if (typeof body === "string") return new TextEncoder().encode(body);
  try {
    // Not by class: another realm has another one.
    if (Object.prototype.toString.call(body) === "[object ArrayBuffer]") return new Uint8Array(body);
    if (ArrayBuffer.isView(body)) {
      return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
    }
  } catch {
    // A buffer that was transferred has no bytes any more.
  }
  throw refused("bad_options", "body must be the bytes as they came, before any JSON.parse");
}

// Headers by name, whatever the case of the names: of the platform's kind, or as
// Node and others give them. One that comes twice is refused.
function finder(headers) {
  const pairs =
    typeof headers?.entries === "function" ? [...headers.entries()] : Object.entries(headers ?? {});
  const entries = pairs.flatMap(([name, value]) =>
    [value].flat().map((one) => [String(name).toLowerCase(), one]),
  );
  return (wanted) => {
    const found = entries.filter(([name, value]) => name === wanted && value != null);
    if (found.length > 1) throw refused("malformed", `the header ${wanted} comes twice`);
    return found.length === 0 ? undefined : text(String(found[0][1]));
  };
}

const refused = (reason, message) =>
  new WebhookVerificationError({ kind: "invalid_signature", message, reason });
