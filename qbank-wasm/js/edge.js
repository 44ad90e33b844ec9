// Edge workers: wasm comes as a module that the platform compiled.

import wasm from "./connect.js";
import module from "./qbank_wasm_bg.wasm";

wasm.initSync({ module });

export * from "./connect.js";
