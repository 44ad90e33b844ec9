# Builds a crate of this workspace as a wasm module with its JavaScript glue.
# Sourced by the build scripts:
#
#   wasm_package CRATE OUTDIR [CARGO OPTION...]
#
# With the target wasm32-unknown-unknown of rustup that is used; else Debian's
# rustc-web, cargo-web and rust-web-src, which build the standard library first.
# wasm-bindgen comes from crates.io in the version of Cargo.lock, wasm-opt and all
# other tools of npm from package-lock.json.

wasm_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
wasm_root=$(cd "$wasm_here/.." && pwd)
wasm_target=${WASM_TARGET_DIR:-$wasm_root/target/wasm}
wasm_tools=${WASM_TOOLS_DIR:-$wasm_root/target/wasm-tools}

# Whether this machine can build wasm at all; says what is missing.
wasm_toolchain() {
  if rustup target list --installed 2>/dev/null | grep -qx wasm32-unknown-unknown; then
    echo rustup
  elif [ -x /usr/bin/rustc ] && [ -x /usr/bin/cargo ] && wasm_linker >/dev/null &&
    [ -d "$(/usr/bin/rustc --print sysroot)/lib/rustlib/src/rust/library" ]; then
    echo debian
  else
    echo "no wasm toolchain: either \`rustup target add wasm32-unknown-unknown\`, or on" >&2
    echo "Debian \`apt-get install --no-install-recommends rustc-web cargo-web rust-web-src\`" >&2
    return 1
  fi
}

# Flags as cargo takes them, whatever blanks a path has.
wasm_encoded() {
  local IFS=$'\x1f'
  printf '%s' "$*"
}

wasm_cargo_build() { # CRATE [CARGO OPTION...]
  # As a `cdylib` alone: cargo does not optimise across crates what is an `rlib`, too.
  local options=(rustc --locked --profile wasm --target wasm32-unknown-unknown --crate-type cdylib
    --target-dir "$wasm_target" --manifest-path "$wasm_root/Cargo.toml" -p "$@")
  local flags
  flags=$(wasm_encoded \
    --cfg 'sha2_backend_soft="compact"' `# SHA-256 as a loop: 2.5 KB less, gzipped.` \
    "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo" `# No folder of this machine shows.` \
    "--remap-path-prefix=$wasm_root=.")
  case $(wasm_toolchain) in
    rustup) CARGO_ENCODED_RUSTFLAGS=$flags cargo "${options[@]}" ;;
    debian)
      # Debian has no standard library for this target: it is built.
      RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc CARGO_ENCODED_RUSTFLAGS=$flags \
        CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$(wasm_linker) \
        /usr/bin/cargo "${options[@]}" -Z build-std=std,panic_abort
      ;;
    *) return 1 ;;
  esac
}

# The linker of a Rust toolchain, or LLVM's own; Debian's rustc-web brings none.
wasm_linker() {
  local sysroot
  sysroot=$(rustc --print sysroot 2>/dev/null || true)
  for linker in "$sysroot"/lib/rustlib/*/bin/rust-lld $(command -v rust-lld wasm-ld); do
    if [ -x "$linker" ]; then
      echo "$linker"
      return
    fi
  done
  return 1
}

# The tool of the version that the library has.
wasm_bindgen() {
  local version
  version=$(sed -n '/^name = "wasm-bindgen"$/{n;s/^version = "\(.*\)"$/\1/p;}' "$wasm_root/Cargo.lock")
  if [ "$("$wasm_tools/bin/wasm-bindgen" --version 2>/dev/null)" != "wasm-bindgen $version" ]; then
    # Not optimized: it runs for a second, and would take minutes to compile. A mirror of the
    # registry may lack what the tool's own lock file names.
    cargo install --quiet --debug wasm-bindgen-cli --version "$version" --root "$wasm_tools" --locked >&2 ||
      cargo install --quiet --debug wasm-bindgen-cli --version "$version" --root "$wasm_tools" >&2
  fi
  "$wasm_tools/bin/wasm-bindgen" "$@"
}

# npm's tools, of the versions in package-lock.json.
wasm_npm_tools() {
  local lock=$wasm_here/package-lock.json
  if ! cmp -s "$lock" "$wasm_here/node_modules/.installed"; then
    # No script of a dependency runs.
    (cd "$wasm_here" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2)
    cp "$lock" "$wasm_here/node_modules/.installed"
  fi
}

wasm_package() { # CRATE OUTDIR [CARGO OPTION...]
  local crate=$1 out=$2 name=${1//-/_}
  shift 2
  wasm_toolchain >/dev/null
  wasm_npm_tools
  wasm_cargo_build "$crate" "$@"
  mkdir -p "$out"
  wasm_bindgen --target web --no-typescript --remove-name-section --remove-producers-section \
    --out-dir "$out" "$wasm_target/wasm32-unknown-unknown/wasm/$name.wasm"
  local module=$out/${name}_bg.wasm
  wasm_opt -Oz --strip-debug --strip-producers "$module" -o "$module.small"
  mv "$module.small" "$module"
}

# With the features that the compiler used, and no other.
wasm_opt() {
  "$wasm_here/node_modules/.bin/wasm-opt" \
    --enable-bulk-memory --enable-mutable-globals --enable-nontrapping-float-to-int \
    --enable-sign-ext --enable-reference-types --enable-multivalue "$@"
}
