// Browsers, service workers, Node, Deno, Bun and bundlers: the wasm lies in the JavaScript and
// is compiled at its first use, synchronously. So the constructor and `verifyWebhook` work at
// once, by `import` and by `require`, and nothing has to be found or fetched. Deflated, since
// base64 hides from gzip what repeats: a fifth less to download.

import { inflateSync } from "fflate/browser";
import { provide } from "./machine.js";
import deflated from "./wasm/qbank_wasm_bg.wasm.deflate";

provide(() => {
  const bytes = Uint8Array.from(atob(deflated), (it) => it.charCodeAt(0));
  return new WebAssembly.Module(inflateSync(bytes));
});

export * from "./connect.js";
