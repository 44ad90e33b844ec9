// Deflates the module as it lies in the JavaScript, by zopfli: 5 % smaller than zlib does. As many
// blocks as make it smaller: by default there are 15 at the most.
// `node deflate.mjs MODULE.wasm`
import { readFileSync, writeFileSync } from "node:fs";
import zopfli from "@gfx/zopfli";

const [module] = process.argv.slice(2);
writeFileSync(`${module}.deflate`, await zopfli.deflateAsync(readFileSync(module), { blocksplittingmax: 0 }));
