#!/bin/sh
# The devnet test: a real consensus client over a real execution client, both of the tests' own and on loopback, and
# the whole program against them (e2e.mjs). Needs Node.js 18, npm, and setpriv; without them, or where npm gets no
# packages, its cases are counted as skipped.
#   BUILD=build VECTORS=../shared/vectors tests/devnet/run.sh
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-build}
VECTORS=${VECTORS:-../shared/vectors}
case $BUILD in /*) ;; *) BUILD=$root/$BUILD ;; esac
case $VECTORS in /*) ;; *) VECTORS=$root/$VECTORS ;; esac
export BUILD
cases=481
skip() {
    echo "skipped $cases cases: $1"
    echo "0 passed, 0 failed, $cases skipped"
    exit 0
}
for tool in node npm setpriv; do
    command -v $tool >/dev/null || skip "no $tool"
done
[ "$(node -p 'process.versions.node.split(".")[0]')" -ge 18 ] || skip 'the clients need Node.js 18'
[ -x "$BUILD/test/bootgate" ] || { echo "no $BUILD/test/bootgate: run make test-build" >&2; exit 1; }
"$root/tests/chain/setup.sh" || skip 'the contracts could not be compiled'
"$root/tests/devnet/setup.sh" || skip 'the clients could not be installed'
timeout -k 10 900 node "$root/tests/devnet/e2e.mjs" "$BUILD" "$VECTORS"
