#!/usr/bin/env bash
# Runs every benchmark and writes REPORT.md and plots/.
#
#   run.sh              everything: about 40 minutes on two processors, cold builds included
#   run.sh --quick      fewer rounds, no cold builds, no async-stripe: about 3 minutes after
#                       the first build. Its report goes to target/quick, beside no other
#   run.sh --baseline   only counts the core's instructions anew, into baseline.json
#   run.sh --outbox     only the outbox beside other queues, into OUTBOX.md: about 12 minutes;
#                       a full run does it, too. Needs a Postgres server, and Python 3.10
#   run.sh --report     only writes the report of the last full run again
#
# Needs a Rust toolchain, a C compiler, and valgrind for what is counted in instructions,
# which it installs where it may (root on Debian). Leave the machine alone meanwhile.
set -euo pipefail
cd "$(dirname "$0")"
export CARGO_TARGET_DIR=$PWD/target CARGO_TERM_COLOR=never
mode=${1:-full}
bin=$CARGO_TARGET_DIR/release
samples=$CARGO_TARGET_DIR/samples.tsv
out=$PWD
rounds=15
few=5

stage() { printf '\n== %s (%s s)\n' "$1" "$SECONDS" >&2; }
loud() { printf '\n*** %s\n' "$1" >&2; }
measure() { # PROGRAM [ARGUMENT...]
  printf '%s\n' "$*" >&2
  "$bin/$1" "${@:2}" >>"$samples"
}
sample() { printf 'sample\t%s\t%s\t%s\n' "$@" >>"$samples"; } # FIGURE WHO VALUE
fact() { printf 'fact\t%s\t%s\n' "$@" >>"$samples"; }         # NAME TEXT
build() { cargo build --locked --quiet --release "$@"; }

report() {
  stage "Report"
  build -p bench-report
  "$bin/bench-report" "$samples" "$out"
  echo "written: $out/REPORT.md"
}

outbox() { # [--quick]
  stage "The outbox beside other queues"
  local venv=$CARGO_TARGET_DIR/procrastinate
  build -p bench-outbox
  # A workspace of its own: its SQLite is another one.
  cargo build --locked --quiet --release --manifest-path outbox/graphile/Cargo.toml
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' && python3 -m venv "$venv" || return 1
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r outbox/python/requirements.txt || return 1
  mkdir -p "$out"
  "$bin/bench-outbox" "$out/OUTBOX.md" "$bin/bench-outbox-graphile" "$venv/bin/python" "$@" || return 1
  echo "written: $out/OUTBOX.md"
}

case $mode in
  full) ;;
  --quick)
    rounds=5 few=3 samples=$CARGO_TARGET_DIR/quick.tsv out=$CARGO_TARGET_DIR/quick ;;
  --baseline) ;;
  --outbox) outbox; exit ;;
  --report) report; exit ;;
  *) sed -n '2,/^set/p' "$0" | sed '$d; s/^# \{0,1\}//'; exit 2 ;;
esac

stage "Tools"
if ! command -v valgrind >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends valgrind; } >/dev/null || true
fi
if command -v valgrind >/dev/null; then
  valgrind=$(valgrind --version | sed 's/^valgrind-//')
else
  valgrind=none
  loud "NO VALGRIND: no instructions are counted, and their rows stay empty"
fi

if [ "$mode" = --baseline ]; then
  [ "$valgrind" != none ] || exit 1
  build -p bench-core
  "$bin/instructions" write baseline.json
  git --no-pager diff --stat -- baseline.json
  exit
fi

mkdir -p "$CARGO_TARGET_DIR"
: >"$samples"
fact date "$(date -u +%Y-%m-%d)"
fact mode "$([ "$mode" = full ] && echo "a full run" || echo "**a short run, not to be quoted**")"
fact processor "$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)"
fact processors "$(nproc)"
fact rustc "$(rustc --version | sed 's/ (.*//')"
fact valgrind "$valgrind"

stage "Build"
build -p bench-core -p bench-time -p bench-wire
build -p bench-peers
[ "$mode" = --quick ] || cargo build --locked --quiet --profile weight -p bench-stripe
cargo bench --locked --quiet -p bench-time --bench pieces --no-run

stage "Allocations and instructions"
measure allocations
measure wire allocations
if [ "$valgrind" != none ]; then
  measure instructions
  measure wire instructions
  [ "$mode" = --quick ] || measure wire in-flight-instructions
fi

stage "Time of each piece, criterion, $few rounds"
criterion() { # one short round, and the median of each piece
  rm -rf "$CARGO_TARGET_DIR/criterion"
  cargo bench --locked --quiet -p bench-time --bench pieces -- \
    --warm-up-time 0.2 --measurement-time 0.4 --nresamples 2000 >/dev/null 2>&1
  for estimate in "$CARGO_TARGET_DIR"/criterion/*/*/new/estimates.json; do
    piece=$(dirname "$(dirname "$estimate")")
    median=$(sed -n 's/.*"median":{[^}]*}[^}]*"point_estimate":\([0-9.e+-]*\).*/\1/p' "$estimate")
    sample "$(basename "$(dirname "$piece")")" "$(basename "$piece")" "$median"
  done
}
for _ in $(seq "$few"); do criterion; done

stage "Decoding"
measure decode 200000 "$few"
[ "$mode" = --quick ] || measure decode 1000000 "$few"

stage "Over the wire"
measure wire blocking "$rounds"
measure wire calls "$rounds"
measure bench-peers "$rounds"
[ "$mode" = --quick ] || measure ../weight/bench-stripe "$few"
measure wire in-flight "$few"
measure wire in-flight-memory
measure wire streaming 10000 100000 1000000

stage "Python"
python_bench() { # the wheel of this tree, what python/requirements.txt names, and nothing else
  local venv=$CARGO_TARGET_DIR/python dist=$CARGO_TARGET_DIR/dist
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' && python3 -m venv "$venv" || return 1
  "$venv/bin/pip" install --quiet --disable-pip-version-check maturin==1.16.0 -r python/requirements.txt || return 1
  rm -rf "$dist"
  (cd ../qbank-python && env -u CARGO_TARGET_DIR "$venv/bin/maturin" build --quiet --release --locked --out "$dist") || return 1
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --force-reinstall "$dist"/*.whl || return 1
  sample python.wheel ours "$(stat -c %s "$dist"/*.whl)"
  "$venv/bin/python" python/bench.py $([ "$mode" = --quick ] && echo --quick) >>"$samples"
}
python_bench || loud "THE PYTHON PACKAGE IS NOT MEASURED: it needs Python 3.10 and a package index, or see above"

outbox $([ "$mode" = --quick ] && echo --quick) ||
  loud "THE OUTBOX IS NOT MEASURED: it needs a Postgres server, Python 3.10 and a package index, or see above"

if [ "$mode" = full ]; then
  stage "Weight: cold builds"
  cargo fetch --quiet
  for name in hyper blocking bare-hyper bare-ureq reqwest stripe; do
    who=ours
    case $name in bare-*) who=bare ;; reqwest | stripe) who=peer ;; esac
    crates=$(cargo tree --locked -p "weight-$name" -e normal --prefix none |
      sed 's/ (.*//' | sort -u | grep -vc '^weight-')
    cold=$CARGO_TARGET_DIR/cold
    rm -rf "$cold"
    begun=$(date +%s.%N)
    CARGO_TARGET_DIR=$cold cargo build --locked --quiet --profile weight -p "weight-$name"
    seconds=$(awk -v begun="$begun" -v ended="$(date +%s.%N)" 'BEGIN { print ended - begun }')
    sample "weight.$name.crates" "$who" "$crates"
    sample "weight.$name.seconds" "$who" "$seconds"
    sample "weight.$name.bytes" "$who" "$(stat -c %s "$cold/weight/weight-$name")"
    printf '%s: %s crates, %s s\n' "$name" "$crates" "$seconds" >&2
    rm -rf "$cold"
  done

  for name in hyper blocking; do
    crates=$(cd .. && cargo tree --locked -p "qbank-$name" --no-default-features -e normal \
      --prefix none | sed 's/ (.*//' | sort -u | grep -c .)
    sample "weight.$name.lean" ours "$crates"
  done

  stage "What is shipped"
  (cd .. && CARGO_TARGET_DIR=$CARGO_TARGET_DIR/program cargo build --locked --quiet --release -p qbank-cli)
  sample program.bytes ours "$(stat -c %s "$CARGO_TARGET_DIR/program/release/qbank")"
  if (source ../qbank-wasm/wasm.sh && wasm_toolchain) >/dev/null 2>&1; then
    # Over its budget it fails in CI; its size is what counts here.
    gzipped=$(env -u CARGO_TARGET_DIR bash ../qbank-wasm/build.sh | tee /dev/stderr |
      sed -n 's/^browser .* bytes, \([0-9]*\) gzipped.*/\1/p') || true
    [ -z "$gzipped" ] || sample npm.gzipped ours "$gzipped"
  else
    loud "NO WASM TOOLCHAIN: the npm package is not weighed (.ci/wasm says what it needs)"
  fi
fi

report
