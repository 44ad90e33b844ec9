// Prints what is loaded of the package under each of its export conditions: as it is, gzipped and
// brotlied. `node size.mjs PKG`. What is more than the budget of a browser is a warning, and an
// error where `CI` is set.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

const BROWSER_BUDGET = 140 * 1024;

const [dir] = process.argv.slice(2);
const read = (name) => readFileSync(join(dir, name));

// A file, and what it imports of the package.
function loaded(name) {
  const imports = name.endsWith("js")
    ? [...read(name).toString().matchAll(/\bfrom ?"(\.\/[^"]+)"/g)].map(([, it]) => it)
    : [];
  return [name, ...imports.flatMap(loaded)];
}

// Whatever no other condition is for is a browser's.
const { exports } = JSON.parse(read("package.json"));
const entries = {};
for (const [condition, { default: entry }] of Object.entries(exports["."])) {
  (entries[entry] ??= []).push(condition);
}
for (const [entry, conditions] of Object.entries(entries)) {
  const platform = conditions.includes("default") ? "browser" : conditions[0];
  const files = loaded(entry).map(read);
  const sum = (size) => files.map(size).reduce((a, b) => a + b, 0);
  const bytes = sum((file) => file.length);
  const gzipped = sum((file) => gzipSync(file, { level: 9 }).length);
  const brotli = sum((file) => brotliCompressSync(file).length);
  const sizes = `${bytes} bytes, ${gzipped} gzipped, ${brotli} brotli`;
  console.log(`${platform.padEnd(7)} ${sizes} (${conditions.join(", ")}: ${loaded(entry).join(", ")})`);
  if (platform === "browser" && gzipped > BROWSER_BUDGET) {
    const severity = process.env.CI ? "error" : "warning";
    console.error(`${severity}: a browser loads more than ${BROWSER_BUDGET} bytes gzipped`);
    if (process.env.CI) process.exitCode = 1;
  }
}
