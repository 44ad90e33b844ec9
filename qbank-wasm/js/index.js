// Browsers, Node, Deno and Bun: loads the wasm that lies beside this file.

import start from "./connect.js";

const url = new URL("./qbank_wasm_bg.wasm", import.meta.url);
start(await WebAssembly.compile(await bytes()));

async function bytes() {
  if (globalThis.process?.versions?.node) {
    // Node's fetch reads no files. A bundler for browsers must not look for this one.
    const files = ["node:fs", "promises"].join("/");
    const { readFile } = await import(/* webpackIgnore: true */ /* @vite-ignore */ files);
    return readFile(url);
  }
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: status ${answer.status}`);
  return answer.arrayBuffer();
}

export * from "./connect.js";
