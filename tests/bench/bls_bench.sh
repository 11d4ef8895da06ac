#!/bin/sh
# bls_bench: BLS beside @chainsafe/blst native, same keys, same run. Lines of a table: what|figure|ratio|target
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-build}
. "$root/tests/bench/peers.sh"
peers_ready || {
    echo "skipped|$peers_why, so no BLS beside blst"
    exit 0
}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
node "$peer/blst.mjs" "$dir/work" >"$dir/figures" 2>"$dir/log" || {
    echo "skipped|@chainsafe/blst does not run here: $(tail -n 1 "$dir/log" | tr '|' ' ')"
    exit 0
}
"$BUILD/bench/bls_bench" "$dir/work" >>"$dir/figures" || exit 1
figure() { sed -n "s/^$1 //p" "$dir/figures"; }
row() { # WHAT OURS THEIRS TARGET
    ours=$(figure "$2") theirs=
    [ -n "$ours" ] || return 0
    [ "$3" = - ] || theirs=$(figure "$3")
    ratio=$([ -z "$theirs" ] || echo "$ours $theirs" | awk '{printf "x %.2f", $1 / $2}')
    echo "$1|$ours|$ratio|$4"
}
row 'blst: 512 keys to points' blst.decompress_us - -
row 'blst: their sum' blst.sum_us - -
row 'blst: signature of a summed key' blst.kept_us - -
row 'blst: fast_aggregate_verify, 512 points' blst.verify_us - -
for way in x86 portable; do
    target() { [ $way = x86 ] && echo "$1" || echo -; }
    row "$way: fp_mul (ns)" $way.fp_mul_ns - -
    row "$way: 512 keys to points" $way.decompress_us blst.decompress_us "$(target 'x <= 1.5')"
    row "$way: the same, with y as a checked hint" $way.hints_us blst.decompress_us "$(target 'x <= 0.3')"
    row "$way: their sum" $way.sum_us blst.sum_us -
    row "$way: product of two pairings" $way.pairing_us - -
    row "$way: signature of a summed key" $way.kept_us blst.kept_us -
    row "$way: fast_aggregate_verify, 512 points" $way.verify_us blst.verify_us "$(target 'x <= 2')"
done
