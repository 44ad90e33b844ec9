// Amounts are decimal strings. They are added as whole cents and never become floats.

export function cents(text) {
  const [, sign, whole, fraction = ""] = /^(-?)(\d+)(?:\.(\d{1,2}))?$/.exec(text) ?? [];
  if (whole === undefined) throw new RangeError("not an amount");
  const value = BigInt(whole) * 100n + BigInt(fraction.padEnd(2, "0"));
  return sign === "-" ? -value : value;
}

/** What is missing from the second to the first. */
export function difference(first, second) {
  return written(cents(first) - cents(second));
}

/** "1365500.25" → "1,365,500.25". */
export function grouped(text) {
  const value = cents(text);
  const size = value < 0n ? -value : value;
  const whole = String(size / 100n).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${value < 0n ? "−" : ""}${whole}.${String(size % 100n).padStart(2, "0")}`;
}

function written(value) {
  const size = value < 0n ? -value : value;
  return `${value < 0n ? "-" : ""}${size / 100n}.${String(size % 100n).padStart(2, "0")}`;
}
