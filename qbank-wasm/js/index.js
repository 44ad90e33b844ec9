// Browsers, Node, Deno and Bun: loads the wasm that lies beside this file.

import initialise, { initSync } from "./qbank_wasm.js";

const url = new URL("./qbank_wasm_bg.wasm", import.meta.url);
if (globalThis.process?.versions?.node) {
  // Node's fetch reads no files. A bundler for browsers must not look for this one.
  const files = ["node:fs", "promises"].join("/");
  const { readFile } = await import(/* webpackIgnore: true */ /* @vite-ignore */ files);
  initSync({ module: await readFile(url) });
} else {
  await initialise({ module_or_path: url });
}

export * from "./exports.js";
