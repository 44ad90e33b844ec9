// Compresses the module as it lies in the JavaScript, by LZMA: a sixth smaller than the best
// deflate. `node compress.mjs MODULE.wasm`
import { readFileSync, writeFileSync } from "node:fs";
import { compress, decompress } from "lzma1";

const [module] = process.argv.slice(2);
const wasm = readFileSync(module);
// A window of 2 MiB, in which the whole module lies: the decoder gives it in one piece.
const compressed = compress(wasm, 5);
if (!wasm.equals(decompress(compressed))) throw new Error("the compressed module is another one");
writeFileSync(`${module}.lzma`, compressed);
