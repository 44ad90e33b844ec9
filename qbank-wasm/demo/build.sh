#!/usr/bin/env bash
# Builds the page into qbank-wasm/demo/dist: static files, for any static server.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dist=$here/dist

# shellcheck source=../wasm.sh
source "$here/../wasm.sh"

# The npm package is built by ../build.sh; a page of an old one would mislead.
if [ ! -f "$here/../pkg/index.js" ]; then
  bash "$here/../build.sh"
fi

rm -rf "$dist"
mkdir -p "$dist"
cp -R "$here/page/." "$dist/"
cp -R "$here/../pkg" "$dist/pkg"
wasm_package qbank-demo-bank "$dist/bank"

echo "built $dist; for instance: python3 -m http.server --bind 127.0.0.1 --directory $dist" >&2
