// Values that are wrong in every way, and a client to refuse them.
import { ACH, FROM, TO } from "./bank.mjs";

export const CREDENTIALS = { clientId: "id", clientSecret: "secret" };
export const throwing = (name, base = {}) =>
  Object.defineProperty({ ...base }, name, {
    enumerable: true,
    get() {
      throw new Error("a getter of the application's");
    },
  });
export const without = (object, name) => {
  const { [name]: gone, ...rest } = object;
  return rest;
};
export const hostile = (trap) =>
  new Proxy(
    { ...ACH },
    {
      [trap]() {
        throw new Error("a trap of the application's");
      },
    },
  );
export const noUuid = [
  "",
  "17",
  "null",
  FROM.slice(1),
  `${FROM} `,
  `{${FROM}}`,
  `urn:uuid:${FROM}`,
  FROM.replaceAll("-", ""),
  `${FROM}/../${TO}`,
  "x".repeat(1_000_000),
  "\ud800",
  17,
  17n,
  true,
  {},
  [FROM],
  () => FROM,
  Symbol(FROM),
  new String(FROM),
  { toString: () => FROM },
];
export const noText = [
  17,
  17n,
  true,
  {},
  ["x"],
  () => "x",
  Symbol("x"),
  new String("x"),
  { toString: () => "x" },
];
export const badText = ["", " ", "a\0b", "a\nb", "a\ud800b", "\udc00"];
export const noObject = [
  undefined,
  null,
  17,
  "text",
  true,
  1n,
  Symbol("s"),
  () => ACH,
  [],
  [ACH],
  new Map(),
  new Set(),
  new Date(),
  Promise.resolve(ACH),
  new Uint8Array(4),
  /x/,
];
export const noDay = [
  "",
  "2026-1-5",
  "2026-02-30",
  "2026-01-05T00:00:00Z",
  "05/01/2026",
  "20260105",
  20260105,
  new Date(),
  {},
  Symbol("s"),
];

export const each = (values, tell) => values.forEach((value) => tell(value, show(value)));
export const show = (value) => {
  const text =
    typeof value === "string"
      ? JSON.stringify(value)
      : `${typeof value} ${Object.prototype.toString.call(value)}`;
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
};
