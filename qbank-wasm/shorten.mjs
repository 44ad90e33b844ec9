// Gives what wasm and JavaScript call each other by the short names that wasm-opt chose:
// no compression makes the long ones as small.
// `node shorten.mjs NAMES.json MACHINE.js`
import { readFileSync, writeFileSync } from "node:fs";

const [names, file] = process.argv.slice(2);
const { imports, exports } = JSON.parse(readFileSync(names, "utf8"));
const short = new Map([...exports, ...imports.map(([, long, short]) => [long, short])]);
const named = (long) => {
  const found = [...short].find(([name]) => name === long || name.startsWith(`__wbg_${long}_`));
  if (!found) throw new Error(`the module has no ${long}`);
  short.delete(found[0]);
  return found[1];
};

const used = new Map();
const script = readFileSync(file, "utf8")
  .replace(/\bwasm\.(\w+)/g, (_, long) => {
    if (!used.has(long)) used.set(long, named(long));
    return `wasm.${used.get(long)}`;
  })
  // All imports come from one module, whose name wasm-opt shortened, too.
  .replace(/^( +)(__\w+)(?=[:(])/gm, (_, indent, long) => indent + named(long));
writeFileSync(file, script);

const missing = imports.filter(([, long]) => short.has(long));
if (missing.length > 0) throw new Error(`JavaScript does not give ${missing.join(", ")}`);
