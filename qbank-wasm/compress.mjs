// Compresses the module that is embedded in the JavaScript, by LZMA: a sixth smaller than the
// best deflate. `node compress.mjs MODULE.wasm`
import { readFileSync, writeFileSync } from "node:fs";
import { compress, decompress } from "lzma1";

const [module] = process.argv.slice(2);
const wasm = readFileSync(module);
// Mode 5 has a window of 2 MiB. The module fits into it, so the decoder writes it in one piece.
if (wasm.length >= 1 << 21) throw new Error("the module is larger than the window: see index.js");
const compressed = compress(wasm, 5);
if (!wasm.equals(decompress(compressed))) throw new Error("the compressed module is another one");
writeFileSync(`${module}.lzma`, compressed);
