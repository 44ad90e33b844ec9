// Edge workers, which do not compile: the platform gives the wasm as a module.

import module from "./qbank_wasm_bg.wasm";
import { provide } from "./machine.js";

provide(() => module);

export * from "./connect.js";
