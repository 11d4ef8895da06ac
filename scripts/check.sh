#!/bin/sh
# check: all tests, one after the other, each in a step with a name; the last line adds them up.
#   check.sh BUILD VECTORS     (called by `make check`, which has installed and built everything)
set -u
build=$1 vectors=$2
passed=0 failed=0 skipped=0 broken=
log=$build/check
mkdir -p "$log"
start=$(date +%s)
step() { # name, command..: the step's own closing line is added up; without one it counts as one test
    name=$1
    shift
    echo "== $name"
    t0=$(date +%s)
    timeout -k 30 1800 "$@" >"$log/$name.log" 2>&1
    rc=$?
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$log/$name.log" | tail -n 1)
    [ -n "$line" ] || { [ $rc -eq 0 ] && line='1 passed, 0 failed, 0 skipped' || line='0 passed, 1 failed, 0 skipped'; }
    f=$(echo "$line" | cut -d' ' -f3)
    if [ $rc -ne 0 ] && [ "$f" -eq 0 ]; then
        line=$(echo "$line" | sed 's/, 0 failed/, 1 failed/')
        f=1
    fi
    passed=$((passed + $(echo "$line" | cut -d' ' -f1)))
    failed=$((failed + f))
    skipped=$((skipped + $(echo "$line" | cut -d' ' -f5)))
    awk -v file="$log/$name.log" '/^skipped / { lines[n++] = $0; cases += $2 }
        END { if (n > 3) printf "   skipped %d cases: vectors or tools that are not here; each line is in %s\n", cases, file
              else for (i = 0; i < n; i++) print "   " lines[i] }' "$log/$name.log"
    if [ "$f" -ne 0 ]; then
        broken="$broken $name"
        tail -n 60 "$log/$name.log"
    fi
    echo "   $line ($(($(date +%s) - t0)) s)"
}
BOOTGATE_VECTORS=$vectors
export BOOTGATE_VECTORS
[ -f "$vectors/tdx/index.json" ] || echo "no vectors at $vectors: their cases are skipped, the tests' own data is used"
step lint scripts/lint.sh "$build"
step clang make -s -j2 CC=clang OPT='-O1 -g' BUILD="$build/clang" all test-build
step unit make -s BUILD="$build" VECTORS="$vectors" check-unit
step unit-asan env ASAN_OPTIONS=exitcode=99:detect_leaks=1 make -s SAN=1 BUILD="$build/asan" VECTORS="$vectors" check-unit
for s in tests/e2e/*.sh; do
    [ -f "$s" ] || continue
    step "$(basename "$s" .sh)" env BUILD="$build" VECTORS="$vectors" "$s"
done
for s in tests/oracles/run.sh; do
    [ -f "$s" ] || continue
    step oracles env BUILD="$build" VECTORS="$vectors" "$s"
done
step fuzz-smoke scripts/fuzz.sh "$build" 3
echo "all steps took $(($(date +%s) - start)) s${broken:+; failed:$broken (logs in $log)}"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
