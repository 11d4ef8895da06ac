#!/bin/sh
# check: all tests, in three lanes side by side: what computes, and twice what mostly waits (nodes, TPMs, guests, slots).
# Each step has a name and a log; the last line adds all of them up.
#   check.sh BUILD VECTORS     (called by `make check`, which has installed and built everything)
set -u
build=$1 vectors=$2
log=$build/check
mkdir -p "$log"
rm -f "$log"/*.result "$log"/times.*
start=$(date +%s)

# worked FILE: hundredths of a second of processor time that ended children had, of what `times` says.
worked() {
    sed -n 2p "$1" | tr 'ms' '  ' | awk '{ printf "%d\n", ($1 * 60 + $2 + $3 * 60 + $4) * 100 }'
}

step() { # name, command..: the step's own closing line counts; without one it is one test
    name=$1
    shift
    t0=$(date +%s)
    times >"$log/times.$name"
    c0=$(worked "$log/times.$name")
    timeout -k 30 1800 "$@" >"$log/$name.log" 2>&1
    rc=$?
    times >"$log/times.$name"
    c1=$(worked "$log/times.$name")
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$log/$name.log" | tail -n 1)
    [ -n "$line" ] || { [ $rc -eq 0 ] && line='1 passed, 0 failed, 0 skipped' || line='0 passed, 1 failed, 0 skipped'; }
    f=$(echo "$line" | cut -d' ' -f3)
    if [ $rc -ne 0 ] && [ "$f" -eq 0 ]; then
        line=$(echo "$line" | sed 's/, 0 failed/, 1 failed/')
        f=1
    fi
    said=$(
        echo "== $name: $line ($(($(date +%s) - t0)) s, $(((c1 - c0) / 100)) s of processor)"
        awk -v file="$log/$name.log" '/^skipped / { lines[n++] = $0; cases += $2 }
            END { if (n > 3) printf "   skipped %d cases: vectors or tools that are not here; each line is in %s\n", cases, file
                  else for (i = 0; i < n; i++) print "   " lines[i] }' "$log/$name.log"
        [ "$f" -eq 0 ] || tail -n 60 "$log/$name.log"
    )
    printf '%s\n' "$said"
    echo "$line" >"$log/$name.result"
}

lane_of_computing() {
    step lint scripts/lint.sh "$build"
    # For its warnings, which need no optimizing.
    step clang make -s -j2 CC=clang OPT=-O0 FORTIFY= BUILD="$build/clang" all test-build
    step unit make -s BUILD="$build" VECTORS="$vectors" check-unit
    step unit-asan env ASAN_OPTIONS=exitcode=99:detect_leaks=1 make -s SAN=1 BUILD="$build/asan" VECTORS="$vectors" check-unit
    step fuzz-smoke scripts/fuzz.sh "$build" 3
}

# waiting NAME: one of what mostly waits.
waiting() {
    case $1 in
    devnet) step devnet env BUILD="$build" VECTORS="$vectors" tests/devnet/run.sh ;;
    oracles) step oracles env BUILD="$build" VECTORS="$vectors" tests/oracles/run.sh ;;
    *) step "$1" env BUILD="$build" VECTORS="$vectors" "tests/e2e/$1.sh" ;;
    esac
}

# A chain whose slots pass by the clock, then guests that take what the processor has: one after the other, never side by side.
alone='devnet boot_vm_e2e ovmf_e2e'
# The longest first, so that none is left over at the end.
longest='ethereum_e2e release_e2e collateral_e2e near_e2e tpm_suite oracles pictures_e2e'
queue=$log/queue
{
    for name in $longest; do echo "$name"; done
    for s in tests/e2e/*.sh; do basename "$s" .sh; done
} | awk -v alone="$alone" 'BEGIN { n = split(alone, v, " "); for (i = 1; i <= n; i++) seen[v[i]] = 1 } !seen[$0]++' >"$queue"

# Two lanes take from one queue, one of them after what runs alone.
lane_of_waiting() {
    for name in "$@"; do
        waiting "$name"
    done
    while name=$(flock "$queue.lock" sh -c 'sed -n 1p "$1"; sed -i 1d "$1"' take "$queue") && [ -n "$name" ]; do
        waiting "$name"
    done
}

BOOTGATE_VECTORS=$vectors
export BOOTGATE_VECTORS
[ -f "$vectors/tdx/index.json" ] || echo "no vectors at $vectors: their cases are skipped, the tests' own data is used"
lane_of_computing &
computing=$!
# shellcheck disable=SC2086 # names
lane_of_waiting $alone &
first=$!
lane_of_waiting &
second=$!
trap 'kill $computing $first $second 2>/dev/null' INT TERM HUP
wait $computing
ended=$?
for lane in $first $second; do
    wait $lane || ended=$?
done
# What is still in the queue was not run.
[ ! -s "$queue" ] || ended=1

passed=0 failed=0 skipped=0 broken=
for r in "$log"/*.result; do
    read -r p _ f _ k _ <"$r"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + k))
    [ "$f" -eq 0 ] || broken="$broken $(basename "$r" .result)"
done
# A lane that did not come to its end has tests that nobody ran.
if [ $ended -ne 0 ]; then
    failed=$((failed + 1))
    broken="$broken (a lane ended early)"
fi
echo "all steps took $(($(date +%s) - start)) s${broken:+; failed:$broken (logs in $log)}"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
