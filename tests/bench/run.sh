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
: >"$work/quotes"
quote_rows() { # WHAT BUNDLE TIME [ROOT]
    what=$1
    shift
    figures=$("$BUILD/bench/quote_bench" "$@") || return 1
    # shellcheck disable=SC2086 # three numbers
    set -- $figures
    line "$what, parse to TCB status" "$1" '' ''
    line "  floor: $3 P-256 verifications, OpenSSL" "$2" '' ''
    echo "$1 $2" | awk '{printf "%.2f\n", $1 / $2}' >>"$work/quotes"
    line '  ratio' "$(tail -n 1 "$work/quotes")" '' 'target <= 1.25'
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

"$root/tests/bench/explain_bench.sh" >"$work/explain" || exit 1
if grep -qv '^skipped' "$work/explain"; then
    echo
    line 'explain' 's (best)' 'MiB' ''
    grep -v '^skipped' "$work/explain" | while IFS='|' read -r what figure mib target; do
        line "$what" "$figure" "$mib" "$target"
    done
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

"$root/tests/bench/gate_bench.sh" >"$work/gate" || exit 1
cat "$work/gate" >>"$work/rows"
if grep -q '^whole:' "$work/gate"; then
    echo
    line 'the whole decision from a bundle, cold' 'ms (median)' 'RSS MiB' ''
    rows 'whole:|  the same|peer: @lodestar'
    echo 'The peer reads the same bundle and follows the same updates; it does not look at quote, proofs or contract.'
fi

echo
line 'round trips' '' '' ''
rows 'trips:'

"$BUILD/bench/linear_bench" >"$work/linear" || exit 1
echo
line 'cost against size, in one process' 'us at 1x' '10x' '100x'
per_unit() { # NUMBER-OF-THE-STEP: of $work/linear's lines, the time of one unit
    awk -F'|' -v k="$1" '{printf "%s|%.4f\n", $1, $(2 * k + 1) / $(2 * k)}' "$work/linear"
}
while IFS='|' read -r what n1 us1 n2 us2 n3 us3; do
    line "$what ($n1, $n2, $n3)" "$us1" "$us2" "$us3"
done <"$work/linear"
"$root/tests/bench/tpm_bench.sh" >>"$work/rows" || exit 1
echo
line 'seed, on a software TPM' 'ms (median)' 'RSS MiB' ''
rows 'tpm:'
sed -n 's/^skipped|/skipped: /p' "$work/rows"

echo
strip -o "$work/stripped" "$BUILD/bootgate"
kib=$(($(wc -c <"$work/stripped") / 1024))
line 'program, stripped' "$kib KiB" '' 'target <= 1024 KiB'

# Brings up a beacon chain first (two minutes).
echo
rm -f "$BUILD/bench-prover/figures"
"$root/tests/bench/devnet_bench.sh" || echo 'skipped: no live figures, the beacon chain of the tests did not come up'

# --- the table of DESIGN section 8 --------------------------------------------------------------------------------------
# reach WHAT TARGET MEASURED VALUE LIMIT [VALUE LIMIT..]: met when no value is over its limit; one without a value was not measured.
reach() {
    what=$1 target=$2 measured=$3
    shift 3
    met=yes
    while [ $# -gt 0 ]; do
        case $1 in
        '') [ "$met" = no ] || met='not measured' ;;
        *) [ "$(echo "$1 $2" | awk '{print $1 <= $2}')" = 1 ] || met=no ;;
        esac
        shift 2
    done
    printf '%-52s %-28s %-28s %s\n' "$what" "$target" "$measured" "$met"
}
of_bls() { sed -n "s/^x86: $1|[^|]*|x \([0-9.]*\)|.*/\1/p" "$work/bls"; }
rss() { sed -n "s/^$1[^|]*|[^|]*|\([^|]*\)|.*/\1/p" "$work/rows"; }
times_less() { # OURS THEIRS
    [ -z "$1" ] || [ -z "$2" ] || echo "$1 $2" | awk '{printf "%.4f", $1 / $2}'
}
one_of() { [ -z "$1" ] || echo "$1" | awk '{printf "1/%.0f", 1 / $1}'; }

echo
echo "DESIGN section 8 (load now $(cut -d' ' -f1 /proc/loadavg); whole processes take longer on a machine with other work, ratios less so)"
printf '%-52s %-28s %-28s %s\n' figure reach measured met
quotes=$(sort -n "$work/quotes" | tail -n 1)
reach 'quote verification / its P-256 verifications' '<= 1.25' "$(tr '\n' ' ' <"$work/quotes")" "$quotes" 1.25
verify=$(of_bls 'fast_aggregate_verify, 512 points')
reach 'BLS fast_aggregate_verify, 512 keys / blst' '<= 2' "$verify" "$verify" 2
keys=$(of_bls '512 keys to points') hints=$(of_bls 'the same, with y as a checked hint')
reach '512 keys to points / blst; with hints' '<= 1.5; <= 0.3' "$keys; $hints" "$keys" 1.5 "$hints" 0.3
colibri=$(times_less "$(figure 'USDC call: proofs')" "$(figure 'USDC call: colibri')")
chain_rss=$(rss 'chain:')
reach "isAppAllowed, process / colibri's (COLIBRI_DATA)" '<= 1/20, RSS <= 16 MiB' "$(one_of "$colibri") $chain_rss MiB" "$colibri" 0.05 "$chain_rss" 16
prover='' prover_rss=''
if [ -f "$BUILD/bench-prover/figures" ]; then
    read -r theirs ours prover_rss <"$BUILD/bench-prover/figures"
    prover=$(times_less "$ours" "$theirs")
fi
reach "live isAppAllowed, process / @lodestar/prover's" '<= 1/20, RSS <= 16 MiB' "$(one_of "$prover") ${prover_rss:+$(echo "$prover_rss" | awk '{printf "%.1f MiB", $1}')}" \
    "$prover" 0.05 "$prover_rss" 16
whole=$(sed -n 's/^whole: 1 update|\([^|]*\).*/\1/p' "$work/rows") whole_rss=$(sed -n 's/^whole: 1 update|[^|]*|\([^|]*\).*/\1/p' "$work/rows")
reach 'whole decision from a bundle' '<= 60 ms, RSS <= 16 MiB' "$whole ms, $whole_rss MiB" "$whole" 60 "$whole_rss" 16
warm=$(figure 'trips: whole decision, warm') cold=$(figure 'trips: whole decision, cold')
reach 'round trips, light client warm; cold' '<= 3; <= 6' "$warm; $cold" "$warm" 3 "$cold" 6
# Linear: a unit costs no more (a quarter for caches) in the largest input than in the one a tenth of its size.
per_unit 2 >"$work/linear-10"
per_unit 3 | paste -d'|' - "$work/linear-10" | awk -F'|' '{printf "%s|%.2f\n", $1, $2 / $4}' >"$work/growth"
while IFS='|' read -r what growth; do
    reach "linear in $what: one at 100x / at 10x" '<= 1.25' "$growth" "$growth" 1.25
done <"$work/growth"
reach 'agent binary, stripped' '<= 1024 KiB' "$kib KiB" "$kib" 1024
