#!/bin/sh
# explain FILE, by the program itself: incidents that people met, made by tests/oracles/incidents.mjs: the first Why names the true
# cause, and no other cause is named; where nothing differs nothing is said, and what cannot be known is unknown. Then the verdict's
# denials, TCB, the forms of input, usage and the text. Prints "N passed, N failed, N skipped".
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$root/$BUILD ;; esac
work=$(mktemp -d) || exit 70
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 70
ASAN_OPTIONS=exitcode=99:detect_leaks=1
LC_ALL=C
export ASAN_OPTIONS LC_ALL
unset COLUMNS
passed=0 failed=0
gate=$BUILD/test/bootgate
[ -x "$gate" ] || { echo "no $gate: run make test-build" >&2; exit 1; }
command -v node >/dev/null || { echo 'skipped 1 cases: no Node.js'; echo '0 passed, 0 failed, 1 skipped'; exit 0; }
mkdir own old cases || exit 70
node "$root/tests/oracles/measure_oracle.mjs" image 1 && "$BUILD/tools/mkbundle" own 1790000000 && "$BUILD/tools/mkbundle" old 1790000000 --tcb OutOfDate &&
    node "$root/tests/oracles/incidents.mjs" image own/bundle.json cases || exit 1

ok() { passed=$((passed + 1)); }
bad() {
    failed=$((failed + 1))
    echo "FAILED $1"
    cat err
}
run() { # NAME STATUS ARGUMENTS..
    name=$1 want=$2
    shift 2
    "$gate" "$@" >out 2>err </dev/null
    got=$?
    if [ $got -eq "$want" ]; then ok; else bad "$name: exit status $got, not $want"; fi
}
refuse() { # NAME STATUS CODE ARGUMENTS..: by name
    refused=$1 status=$2 code=$3
    shift 3
    run "$refused" "$status" "$@"
    if grep -q "BG-$code" err; then ok; else bad "$refused: not BG-$code"; fi
}
says() { if grep -qF -- "$2" out; then ok; else bad "$1: no '$2'"; fi; }
silent() { if grep -qF -- "$2" out; then bad "$1: '$2'"; else ok; fi; }
holds() { # NAME EXPRESSION: true of j, the JSON that was printed
    if node -e 'const j = JSON.parse(require("fs").readFileSync("out")); process.exit(eval(process.argv[1]) ? 0 : 1)' "$2" 2>>err; then ok; else bad "$1: not $2"; fi
}

tab=$(printf '\t')
incidents=0
while IFS=$tab read -r dir first only options why name; do
    [ "$options" = - ] && options=
    options=$(printf '%s' "$options" | sed "s|AGAINST|$dir/against.json|; s|IMAGE|cases/image|")
    status=$([ "$first" = - ] && echo 0 || echo 1)
    # shellcheck disable=SC2086
    run "$name" "$status" explain "$dir/evidence.json" $options --json
    if [ "$first" = - ]; then
        holds "$name" 'j.causes.length === 0 && j.result !== "differs" && j.registers.every((r) => r.status !== "differs")'
    else
        holds "$name: $first" "\`\${j.causes[0].id} \${j.causes[0].confidence}\` === '$first' && j.result === 'differs'"
        [ "$only" = - ] || holds "$name: only $only" "[...new Set(j.causes.map((c) => c.id))].sort().join() === '$only'"
    fi
    # shellcheck disable=SC2086
    run "$name, text" "$status" explain "$dir/evidence.json" $options -v
    if [ "$first" = - ]; then
        silent "$name, text" '  Why'
    else
        [ "$(echo $name | cut -c1-7)" = unknown ] || incidents=$((incidents + 1))
        # The first Why, its lines joined.
        awk '/^  Why/ { on++ } /^  Fix/ { on = 9 } on == 1 { sub(/^ *(Why)? */, ""); printf "%s ", $0 }' out >why
        if grep -qF -- "$why" why; then ok; else bad "$name: the first Why is '$(cat why)'"; fi
    fi
done <cases/cases.tsv
if [ $incidents -ge 16 ]; then ok; else bad "$incidents incidents"; fi

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
