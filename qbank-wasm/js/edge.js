// Edge workers: wasm comes as a module that the platform compiled.

import start from "./connect.js";
import module from "./qbank_wasm_bg.wasm";

start(module);

export * from "./connect.js";
