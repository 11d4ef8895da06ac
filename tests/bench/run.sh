#!/bin/sh
# make bench: figures beside their targets (DESIGN section 8). A table to read, never a test.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-build}
VECTORS=${VECTORS:-../shared/vectors}
export BUILD VECTORS
. "$root/tests/chain/lib.sh"
line() { printf '%-42s %14s %12s   %s\n' "$@"; }

echo "machine: $(nproc) x $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), load $(cut -d' ' -f1 /proc/loadavg)"
echo
line 'quote verification, in one process' 'us (median)' '' ''
quote_rows() { # WHAT BUNDLE TIME [ROOT]
    what=$1
    shift
    figures=$("$BUILD/bench/quote_bench" "$@") || return 1
    # shellcheck disable=SC2086 # three numbers
    set -- $figures
    line "$what, parse to TCB status" "$1" '' ''
    line "  floor: $3 P-256 verifications, OpenSSL" "$2" '' ''
    line '  ratio' "$(echo "$1 $2" | awk '{printf "%.2f", $1 / $2}')" '' 'target <= 1.25'
}
mkdir "$work/own"
if "$BUILD/tools/mkbundle" "$work/own" $real_at >"$work/log" 2>&1; then
    quote_rows 'own evidence' "$work/own/bundle.json" $real_at "$work/own/root.der"
fi
if real_bundle "$work/real.json"; then
    quote_rows 'real quote (dstack)' "$work/real.json" $real_at
else
    echo 'skipped: no vectors, so no real quote'
fi

echo
line 'whole processes, cold, from a bundle' 'ms (median)' 'RSS MiB' ''
"$root/tests/bench/chain_bench.sh" >"$work/rows" || exit 1
while IFS='|' read -r what ms rss target; do
    [ "$what" != skipped ] || { echo "skipped: $ms"; continue; }
    line "$what" "$ms" "$rss" "$([ "$target" = - ] || echo "target $target")"
done <"$work/rows"
ours=$(sed -n 's/^chain:[^|]*|\([^|]*\).*/\1/p' "$work/rows")
peers=$(sed -n 's/^peer:[^|]*|\([^|]*\).*/\1/p' "$work/rows")
[ -z "$peers" ] || line '  chain / peer' "1/$(echo "$ours $peers" | awk '{printf "%.0f", $2 / $1}')" '' 'target <= 1/20'

echo
strip -o "$work/stripped" "$BUILD/bootgate"
line 'program, stripped' "$(($(wc -c <"$work/stripped") / 1024)) KiB" '' 'target <= 1024 KiB'
