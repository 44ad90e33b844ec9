// Browsers, service workers, Node, Deno, Bun and bundlers: the wasm lies in the JavaScript and
// is compiled at its first use, synchronously. So the constructor and `verifyWebhook` work at
// once, by `import` and by `require`, and nothing has to be found or fetched. Compressed, since
// base64 hides from gzip what repeats.

// By its path: the package's own entry has the encoder as well.
import { Decoder } from "../node_modules/lzma1/lib/decoder.js";
import { provide } from "./machine.js";
import compressed from "./wasm/qbank_wasm_bg.wasm.lzma";

provide(() => new WebAssembly.Module(decompressed(compressed)));

function decompressed(base64) {
  const bytes = Uint8Array.from(atob(base64), (it) => it.charCodeAt(0));
  let at = 0;
  let whole;
  new Decoder().decompress(
    { readByte: () => bytes[at++] ?? -1 },
    // The window holds the whole module, so that this is called once.
    { writeBytes: (window, start, length) => (whole = window.subarray(start, start + length)) },
  );
  return whole;
}

export * from "./connect.js";
