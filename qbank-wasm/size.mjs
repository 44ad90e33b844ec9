// Prints what each platform loads of the package: as it is, gzipped and brotlied.
// `node size.mjs PKG`. What is more than the budget of a browser is a warning. Where `CI` is
// set, more than it was is an error.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

const BROWSER_BUDGET = 140 * 1024;
// The budget is not met since JSON is read by serde.
// Lower this with every change that makes the package smaller, and never raise it.
const BROWSER_TODAY = 175_500;
const LOADED = {
  browser: ["index.js"],
  node: ["node.js", "index.cjs"],
  workerd: ["edge.js", "qbank_wasm_bg.wasm"],
};

const [dir] = process.argv.slice(2);
for (const [platform, names] of Object.entries(LOADED)) {
  const files = names.map((name) => readFileSync(join(dir, name)));
  const sum = (size) => files.map(size).reduce((a, b) => a + b, 0);
  const bytes = sum((file) => file.length);
  const gzipped = sum((file) => gzipSync(file, { level: 9 }).length);
  const brotli = sum((file) => brotliCompressSync(file).length);
  console.log(`${platform.padEnd(7)} ${bytes} bytes, ${gzipped} gzipped, ${brotli} brotli`);
  if (platform === "browser" && gzipped > BROWSER_BUDGET) {
    console.error(`warning: a browser loads more than ${BROWSER_BUDGET} bytes gzipped`);
    if (process.env.CI && gzipped > BROWSER_TODAY) {
      console.error(`error: and more than the ${BROWSER_TODAY} bytes that it was`);
      process.exitCode = 1;
    }
  }
}
