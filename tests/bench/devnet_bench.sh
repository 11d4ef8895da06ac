#!/bin/sh
# A live decision on the tests' beacon chain, beside @lodestar/prover's (devnet_bench.mjs). Takes two minutes; needs Node 20.
#   BUILD=build RUNS=10 tests/bench/devnet_bench.sh
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$root/$BUILD ;; esac
export BUILD
make -s -C "$root" BUILD="$BUILD" "$BUILD/bootgate" "$BUILD/test/bootgate" "$BUILD/tools/mkbundle" "$BUILD/bench/process_bench"
"$root/tests/chain/setup.sh"
"$root/tests/devnet/setup.sh"
peer=$BUILD/bench-prover
here=$root/tests/bench/prover
rm -f "$peer/prover.mjs"
if ! cmp -s "$here/package.json" "$peer/installed.json"; then
    rm -rf "$peer"
    mkdir -p "$peer"
    cp "$here/package.json" "$peer/package.json"
    (cd "$peer" && npm install --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error) >"$peer/npm.log" 2>&1 &&
        cp "$here/package.json" "$peer/installed.json"
fi
[ ! -f "$peer/installed.json" ] || cp "$here/prover.mjs" "$peer/"
timeout -k 10 600 node "$root/tests/bench/devnet_bench.mjs" "$BUILD" "${RUNS:-10}"
