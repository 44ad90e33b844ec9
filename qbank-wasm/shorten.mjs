// Gives what wasm and its glue call each other by the short names that wasm-opt chose:
// the long ones are mostly hashes, which no compression makes smaller. And keeps the two
// apart where V8 would not.
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

// V8 11.3 (Node 20) builds the call of a wasm function it knows into its caller, and can
// end the process when it has to give that caller up again. It does not know the target
// of these: one piece of code that calls many, each of which could be another one.
const APART = `function apart(exports) {
  return Object.fromEntries(
    Object.entries(exports).map(([name, value]) => {
      if (typeof value !== "function") return [name, value];
      let target = value;
      const call = (...args) => target(...args);
      call.become = (other) => (target = other);
      return [name, call];
    }),
  );
}
`;
const whole = "wasm = instance.exports;";
if (!glue.includes(whole)) throw new Error(`the glue does not say ${whole}`);

const missing = [...imported.keys()].filter((long) => !given.has(long));
if (missing.length > 0) throw new Error(`the glue does not give ${missing.join(", ")}`);
writeFileSync(file, glue.replace(whole, "wasm = apart(instance.exports);") + APART);
