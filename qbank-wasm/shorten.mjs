// Gives what wasm and its glue call each other by the short names that wasm-opt chose:
// the long ones are mostly hashes, which no compression makes smaller.
// `node shorten.mjs NAMES.json GLUE.js`
import { readFileSync, writeFileSync } from "node:fs";

const [names, file] = process.argv.slice(2);
const { imports, exports } = JSON.parse(readFileSync(names, "utf8"));
const imported = new Map(imports.map(([, long, short]) => [long, short]));
const exported = new Map(exports);
// All imports come from this one module, whose name wasm-opt shortened, too.
const [[module]] = imports;

const given = new Set();
const glue = readFileSync(file, "utf8")
  .replace(`"${module}": `, "a: ")
  .replace(/^( +)(\w+)(?=: function)/gm, (line, indent, long) => {
    given.add(long);
    return imported.has(long) ? indent + imported.get(long) : line;
  })
  .replace(/\bwasm\.(\w+)/g, (use, long) => (exported.has(long) ? `wasm.${exported.get(long)}` : use));
const missing = [...imported.keys()].filter((long) => !given.has(long));
if (missing.length > 0) throw new Error(`the glue does not give ${missing.join(", ")}`);
writeFileSync(file, glue);
