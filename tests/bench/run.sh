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
line 'quote verification, in one process' 'us (best)' '' ''
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

"$root/tests/bench/bls_bench.sh" >"$work/bls" || exit 1
if grep -qv '^skipped' "$work/bls"; then
    echo
    line 'BLS, in one process' 'us (best)' 'ours / blst' ''
    grep -v '^skipped' "$work/bls" | while IFS='|' read -r what figure ratio target; do
        line "$what" "$figure" "$ratio" "$([ "$target" = - ] || echo "target $target")"
    done
fi
sed -n 's/^skipped|/skipped: /p' "$work/bls"

"$root/tests/bench/near_bench.sh" >"$work/near" || exit 1
if grep -qv '^skipped' "$work/near"; then
    echo
    line 'NEAR, in one process' 'us (best)' 'ours / floor' ''
    grep -v '^skipped' "$work/near" | while IFS='|' read -r what figure ratio target; do
        line "$what" "$figure" "$ratio" "$([ "$target" = - ] || echo "target $target")"
    done
fi
sed -n 's/^skipped|/skipped: /p' "$work/near"

"$root/tests/bench/chain_bench.sh" >"$work/rows" || exit 1
# rows PREFIX: those of chain_bench's lines whose name begins so.
rows() {
    grep -E "^($1)" "$work/rows" | while IFS='|' read -r what figure rss target; do
        line "$what" "$figure" "$rss" "$([ "$target" = - ] || echo "target $target")"
    done
}
figure() { sed -n "s/^$1[^|]*|\([^|]*\).*/\1/p" "$work/rows"; }
ratio() { # WHAT OURS THEIRS
    [ -z "$2" ] || [ -z "$3" ] || line "  $1" "1/$(echo "$2 $3" | awk '{printf "%.0f", $2 / $1}')" '' 'target <= 1/20'
}
echo
line 'whole processes, cold' 'ms (median)' 'RSS MiB' ''
rows 'nothing:|chain:|check:|peer:'
ratio 'chain / peer' "$(figure 'chain:')" "$(figure 'peer:')"
rows 'USDC call:'
ratio 'USDC call, ours / colibri' "$(figure 'USDC call: proofs')" "$(figure 'USDC call: colibri')"
if grep -q '^warm:' "$work/rows"; then
    echo
    line 'inside one process' 'ms' '' ''
    rows 'warm:'
    echo 'Not the same work: colibri also checks the sync committee of the header (once: it keeps what it has checked) and'
    echo 'runs as WebAssembly in Node; ours begins at the state root and links no libcurl. Compare "again" with "again".'
fi
echo
line 'round trips' '' '' ''
rows 'trips:'
"$root/tests/bench/tpm_bench.sh" >>"$work/rows" || exit 1
echo
line 'seed, on a software TPM' 'ms (median)' 'RSS MiB' ''
rows 'tpm:'
sed -n 's/^skipped|/skipped: /p' "$work/rows"

echo
strip -o "$work/stripped" "$BUILD/bootgate"
line 'program, stripped' "$(($(wc -c <"$work/stripped") / 1024)) KiB" '' 'target <= 1024 KiB'

# Brings up a beacon chain first (two minutes).
echo
"$root/tests/bench/devnet_bench.sh" || echo 'skipped: no live figures, the beacon chain of the tests did not come up'
