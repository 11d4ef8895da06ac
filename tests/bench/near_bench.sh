#!/bin/sh
# near_bench: decisions on a NEAR chain of 100 producers and 10 shards. Lines of a table: what|us|ratio to floor|target
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-build}
export BUILD
"$root/tests/oracles/run.sh" none >/dev/null 2>&1
[ -f "$BUILD/oracles/installed" ] || {
    echo 'skipped|the tests'\'' chain needs Node.js 20 and npm, so no NEAR'
    exit 0
}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
make -s -C "$root" BUILD="$BUILD" "$BUILD/tools/near_tool" "$BUILD/bench/near_bench" >&2 || exit 1
node "$BUILD/oracles/near_cases.mjs" "$BUILD/tools/near_tool" "$dir" >&2 || exit 1
"$BUILD/bench/near_bench" "$dir/0.json" "$dir/1.json" "$dir/10.json" "$dir/100.json" >"$dir/figures" || exit 1
while read -r epochs cold warm floor signatures size; do
    ratio=$(echo "$cold $floor" | awk '{printf "x %.2f", $1 / $2}')
    [ "$epochs" != 0 ] || echo "near: decision, head at hand|$warm||-"
    echo "near: cold, $epochs epochs behind, $((size / 1024)) KiB of JSON|$cold|$ratio|x <= 1.5"
    echo "near:   floor: $signatures Ed25519 verifications, OpenSSL|$floor||-"
done <"$dir/figures"
