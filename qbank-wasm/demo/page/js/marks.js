// The same key looks the same wherever it stands: a letter, a colour, its first digits.

import { el } from "./dom.js";

const HUES = 6;
const known = new Map();

export function letterOf(key) {
  if (!known.has(key)) known.set(key, known.size);
  let rest = known.get(key);
  let letters = "";
  do {
    letters = String.fromCharCode(65 + (rest % 26)) + letters;
    rest = Math.floor(rest / 26) - 1;
  } while (rest >= 0);
  return letters;
}

export function keyMark(key) {
  const letter = letterOf(key);
  const hue = String(known.get(key) % HUES);
  return el(
    "span",
    { class: "key", "data-hue": hue, title: `Idempotency-Key ${key}` },
    el("b", {}, `Key ${letter}`),
    " ",
    el("code", {}, key.slice(0, 8)),
  );
}

/** A key is an intent: drawn before the first send, so that nothing can lose it. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join("-");
}
