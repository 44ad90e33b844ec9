// Edge workers: wasm comes as a module that the platform compiled.

import { initSync } from "./qbank_wasm.js";
import module from "./qbank_wasm_bg.wasm";

initSync({ module });

export * from "./exports.js";
