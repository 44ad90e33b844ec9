// Deflates the module as it lies in the JavaScript, by zopfli: 5 % smaller than zlib does.
// `node deflate.mjs MODULE.wasm`
import { readFileSync, writeFileSync } from "node:fs";
import zopfli from "@gfx/zopfli";

const [module] = process.argv.slice(2);
writeFileSync(`${module}.deflate`, await zopfli.deflateAsync(readFileSync(module), {}));
