#!/usr/bin/env bash
# Builds the application in Rust that driver.test.mjs plays with, into test/driver/dist.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# shellcheck source=../../wasm.sh
source "$here/../../wasm.sh"
rm -rf "$here/dist"
wasm_package qbank-wasm-driver "$here/dist"
