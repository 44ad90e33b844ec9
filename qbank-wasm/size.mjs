// Prints what a browser downloads of the package: wasm and JavaScript, as they
// are, gzipped and brotlied, and how far that is from what is wanted. More than it
// was is an error: `node size.mjs PKG MOST_GZIPPED_BYTES`
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

const WANTED = 90 * 1024;
const [dir, most] = process.argv.slice(2);
const loaded = readdirSync(dir).filter((name) => /\.(js|wasm)$/.test(name) && name !== "edge.js");
const sum = (names, size) =>
  names.map((name) => size(readFileSync(join(dir, name)))).reduce((a, b) => a + b, 0);
const row = (what, names) => {
  const bytes = sum(names, (file) => file.length);
  const gzip = sum(names, (file) => gzipSync(file, { level: 9 }).length);
  const brotli = sum(names, (file) => brotliCompressSync(file).length);
  console.log(`${what.padEnd(6)} ${bytes} bytes, ${gzip} gzipped, ${brotli} brotli`);
  return gzip;
};
row("wasm", loaded.filter((name) => name.endsWith(".wasm")));
row("glue", loaded.filter((name) => name.endsWith(".js")));
const gzip = row("both", loaded);
if (gzip > WANTED) console.log(`${gzip - WANTED} bytes more than the ${WANTED} wanted, gzipped`);
if (gzip > Number(most)) {
  console.error(`more than ${most} bytes gzipped`);
  process.exit(1);
}
