#!/usr/bin/env bash
# Builds the npm package @qbank/connect into qbank-wasm/pkg, and prints its size.
# What it needs of the machine: wasm.sh.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/wasm.sh"

pkg=$here/pkg
rm -rf "$pkg" "$here/js/wasm"
wasm_package qbank-wasm "$here/js/wasm" --features npm
mkdir "$pkg"
wasm=$here/js/wasm/qbank_wasm_bg.wasm
cp "$wasm" "$pkg"
node "$here/compress.mjs" "$wasm"

bundle() { # ENTRY OUTPUT OPTION...
  "$here/node_modules/.bin/esbuild" "$here/js/$1" --outfile="$pkg/$2" "${@:3}" \
    --bundle --minify --sourcemap --target=es2022 --log-level=warning
}
bundle index.js index.js --format=esm --loader:.lzma=base64
# What a browser loads: 1.4 KB less than esbuild alone makes of it, gzipped.
(cd "$pkg" && "$here/node_modules/.bin/terser" index.js --output index.js --module --ecma 2020 \
  --compress passes=3 --mangle --source-map "content=index.js.map,url=index.js.map,includeSources")
# What would load the wasm by `import.meta` is not used, and left out.
bundle index.js index.cjs --format=cjs --platform=node --loader:.lzma=base64 \
  --log-override:empty-import-meta=silent
bundle edge.js edge.js --format=esm --external:./qbank_wasm_bg.wasm
cp "$here"/js/{node.js,index.d.ts,package.json,README.md} "$pkg"
cp "$here/js/index.d.ts" "$pkg/index.d.cts"
cp "$here/node_modules/lzma1/LICENSE" "$pkg/LICENSE-lzma1"
cp "$wasm_root"/LICENSE-MIT "$wasm_root"/LICENSE-APACHE "$pkg"

# So that tests import the package by its name.
mkdir -p "$here/node_modules/@qbank"
ln -sfn ../../pkg "$here/node_modules/@qbank/connect"

node "$here/size.mjs" "$pkg"
