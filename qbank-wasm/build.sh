#!/usr/bin/env bash
# Builds the npm package @qbank/connect into qbank-wasm/pkg, and prints its size.
# What it needs of the machine: wasm.sh.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/wasm.sh"

pkg=$here/pkg
glue=$wasm_target/npm
rm -rf "$pkg" "$glue"
wasm_package qbank-wasm "$glue" --features npm
mkdir "$pkg"

# Short names between the two, and one file of minified JavaScript but for what loads
# the wasm, whose comments bundlers read.
wasm_opt --minify-imports-and-exports-and-modules "$glue/qbank_wasm_bg.wasm" \
  -o "$glue/short.wasm" >"$glue/names.json"
node "$here/order.mjs" "$glue/short.wasm" "$glue/named.wasm"
wasm_opt --reorder-functions-by-name --strip-debug "$glue/named.wasm" \
  -o "$pkg/qbank_wasm_bg.wasm"
cp "$here"/js/*.js "$glue"
node "$here/shorten.mjs" "$glue/names.json" "$glue/machine.js"
"$here/node_modules/.bin/esbuild" "$glue/connect.js" --outdir="$pkg" \
  --bundle --minify --format=esm --target=es2022 --log-level=warning
cp "$here"/js/{index.js,edge.js,index.d.ts,package.json,README.md} "$pkg"
cp "$wasm_root"/LICENSE-MIT "$wasm_root"/LICENSE-APACHE "$pkg"

# So that tests import the package by its name.
mkdir -p "$here/node_modules/@qbank"
ln -sfn ../../pkg "$here/node_modules/@qbank/connect"

# More than this, gzipped, is an error: the 90 KB that were wanted.
node "$here/size.mjs" "$pkg" 92160
