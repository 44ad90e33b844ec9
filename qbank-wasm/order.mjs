// Names the functions of a module so that, sorted by name, alike ones lie close together:
// gzip looks back 32 KiB and no further, and much of a module is said several times.
// `node order.mjs MODULE.wasm NAMED.wasm`
import { readFileSync, writeFileSync } from "node:fs";

const [from, to] = process.argv.slice(2);
const module = readFileSync(from);

function leb(at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = module[at++];
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return [value, at];
  }
}
const toLeb = (value) => (value < 128 ? [value] : [(value & 127) | 128, ...toLeb(value >>> 7)]);

let imported = 0;
const bodies = [];
for (let at = 8; at < module.length; ) {
  const id = module[at];
  const [size, start] = leb(at + 1);
  if (id === 2) {
    const [count, first] = leb(start);
    let next = first;
    for (let n = 0; n < count; n += 1) {
      for (let name = 0; name < 2; name += 1) {
        const [length, text] = leb(next);
        next = text + length;
      }
      // The build has no imports but functions.
      if (module[next] !== 0) throw new Error("an import that is no function");
      [, next] = leb(next + 1);
      imported += 1;
    }
  }
  if (id === 10) {
    const [count, first] = leb(start);
    let next = first;
    for (let n = 0; n < count; n += 1) {
      const [length, body] = leb(next);
      next = body + length;
      bodies.push(module.subarray(body, next));
    }
  }
  at = start + size;
}

// What each has in common with others: runs of six bytes that a few of them have.
const LENGTH = 6;
const runs = bodies.map((body) => {
  const found = new Set();
  for (let at = 0; at + LENGTH < body.length; at += 1) {
    found.add(body.toString("latin1", at, at + LENGTH));
  }
  return found;
});
const holders = new Map();
runs.forEach((found, n) => found.forEach((run) => holders.set(run, [...(holders.get(run) ?? []), n])));
const shared = runs.map((found) =>
  [...found].map((run) => holders.get(run)).filter((them) => them.length > 1 && them.length <= 60),
);

// Next comes what has the most in common, for its length, with what gzip still sees.
const WINDOW = 30_000;
const common = bodies.map(() => 0);
const seen = new Map();
const look = (n, by) => {
  for (const them of shared[n]) {
    const count = (seen.get(them) ?? 0) + by;
    seen.set(them, count);
    if (count === (by > 0 ? 1 : 0)) for (const other of them) common[other] += by;
  }
};
const left = new Set(bodies.keys());
const order = [];
const window = [];
let length = 0;
const better = (a, b) => {
  const of = (n) => common[n] / (bodies[n].length + 8);
  return of(a) === of(b) ? bodies[a].length > bodies[b].length : of(a) > of(b);
};
while (left.size > 0) {
  const next = [...left].reduce((best, n) => (better(n, best) ? n : best));
  left.delete(next);
  order.push(next);
  window.push(next);
  length += bodies[next].length;
  look(next, 1);
  while (length > WINDOW) {
    const gone = window.shift();
    length -= bodies[gone].length;
    look(gone, -1);
  }
}

const text = (it) => [...toLeb(it.length), ...Buffer.from(it)];
const rank = new Map(order.map((n, place) => [n, String(place).padStart(6, "0")]));
const names = [...toLeb(imported + bodies.length)];
for (let n = 0; n < imported; n += 1) names.push(...toLeb(n), ...text(`import${n}`));
for (let n = 0; n < bodies.length; n += 1) names.push(...toLeb(imported + n), ...text(rank.get(n)));
const section = [...text("name"), 1, ...toLeb(names.length), ...names];
writeFileSync(to, Buffer.concat([module, Buffer.from([0, ...toLeb(section.length), ...section])]));
