#!/usr/bin/env bash
# Builds the npm package @qbank/connect into qbank-wasm/pkg, and prints its size.
# What it needs of the machine: wasm.sh.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/wasm.sh"

pkg=$here/pkg
rm -rf "$pkg"
wasm_package qbank-wasm "$pkg" --features npm
cp "$here"/js/*.js "$here"/js/index.d.ts "$here"/js/package.json "$here"/js/README.md "$pkg"
cp "$wasm_root"/LICENSE-MIT "$wasm_root"/LICENSE-APACHE "$pkg"

# So that tests import the package by its name.
mkdir -p "$here/node_modules/@qbank"
ln -sfn ../../pkg "$here/node_modules/@qbank/connect"

# Not more than it was.
node "$here/size.mjs" "$pkg" 145000
