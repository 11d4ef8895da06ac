#!/bin/sh
# fetch: bundles completed from a live chain decide the same, byte for byte, once the chain is gone. Evidence of the
# tests' own make, and dstack's published quote where the vectors are. Prints "N passed, N failed, N skipped".
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-build}
VECTORS=${VECTORS:-../shared/vectors}
. "$root/tests/chain/lib.sh"

ASAN_OPTIONS=exitcode=99:detect_leaks=1
UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1:exitcode=99
export ASAN_OPTIONS UBSAN_OPTIONS
unset http_proxy https_proxy all_proxy ALL_PROXY BOOTGATE_CONFIG
passed=0 failed=0 skipped=0

ok() { passed=$((passed + 1)); }
bad() {
    failed=$((failed + 1))
    echo "FAILED $build_name: $1"
}
same() { # FILE FILE: the same verdict, but for how often, and how long, was waited
    for file in "$1" "$2"; do grep -v '"round_trips":\|"us":' "$file" >"$file.less" || return 1; done
    cmp "$1.less" "$2.less"
}
yes() { # NAME COMMAND..: holds
    what=$1
    shift
    if "$@" >/dev/null 2>&1; then ok; else bad "$what"; fi
}

# run NAME STATUS ARGUMENTS..: leaves standard output in $out, standard error in $out.err
run() {
    name=$1 want=$2
    shift 2
    out=$dir/$name
    "$gate" "$@" >"$out" 2>"$out.err" </dev/null
    got=$?
    if [ $got -eq "$want" ] && ! grep -qE 'Sanitizer|runtime error:' "$out.err"; then
        ok
    else
        bad "$name: exit status $got, expected $want ($(head -c 300 "$out" "$out.err" | tr '\n' ' '))"
    fi
}
says() { # NAME TEXT: what the last run printed has it
    if grep -qF -- "$2" "$out" "$out.err"; then ok; else bad "$1: the output lacks: $2 ($(head -c 200 "$out"))"; fi
}

# followed NAME STATUS: the command that the last run ends with, as it stands there, decides the same.
followed() {
    # shellcheck disable=SC2046 # words
    run "$1-followed" "$2" $(sed -n 's/^  decide with it: bootgate //p' "$out")
}

# live NAME EVIDENCE STATE STATUS POLICY OPTIONS..: a decision, and a bundle that has to come to the same without a network.
live() {
    case=$1 subject=$2 state=$3 status=$4 policy=$5
    shift 5
    config "$dir/$case.conf" "$(value "evidence.$subject.states.$state.hash")" "$rpc" "$policy"
    echo "$(cat "$work/$subject/options") --config $dir/$case.conf $*" >"$dir/$case.options"
    # shellcheck disable=SC2046 # words
    run "$case-live" "$status" check --bundle "$work/$subject/bundle.json" $(cat "$dir/$case.options") --json
    # shellcheck disable=SC2046
    run "$case-fetch" 0 fetch "$work/$subject/bundle.json" $(cat "$dir/$case.options") -o "$dir/$case.json"
    says "$case-fetch" 'complete: '
    yes "$case: one file was written" test -s "$dir/$case.json"
    followed "$case-fetch" "$status"
    cases="$cases $case:$status"
}

while_it_runs() {
    # What is needed for one answer is needed for the other: 0 is "complete", not "yes".
    live allowed own allowed 10 '"app_code":"implementation"'
    live denied own compose-denied 1 ''
    live kms own kms-allowed 10 '' --as kms
    # Refused by policy before the contract is asked: the bundle is complete all the same.
    live refused own allowed 1 "\"acpi\":[\"$(printf '%096d' 7)\"]"
    if [ -d "$work/real" ]; then live real real allowed 10 '"require_os_image":false'; else skipped=$((skipped + 5)); fi

    options="$(cat "$work/own/options") --config $dir/allowed.conf"
    # shellcheck disable=SC2086 # words
    set -- $options
    # A boot info by itself.
    run info-live 0 chain --boot-info "$work/own-app.json" --config "$dir/allowed.conf" --at $at --json
    run info-fetch 0 fetch --boot-info "$work/own-app.json" --config "$dir/allowed.conf" --at $at -o "$dir/info.json"
    followed info-fetch 0
    # The parts as files of their own; what was given is passed on.
    node -e 'const fs = require("fs"); const [from, to] = process.argv.slice(1); const { evidence, collateral } = JSON.parse(fs.readFileSync(from));
        fs.writeFileSync(to + ".evidence", JSON.stringify(evidence)); fs.writeFileSync(to + ".collateral", JSON.stringify(collateral));' \
        "$work/own/bundle.json" "$dir/parts"
    run parts-fetch 0 fetch "$dir/parts.evidence" --collateral "$dir/parts.collateral" "$@" -o "$dir/parts.json"
    # To standard output: the bundle and nothing else.
    run stdout 0 fetch "$work/own/bundle.json" "$@" -o -
    yes 'standard output is the bundle' cmp "$dir/stdout" "$dir/allowed.json"
    run json 0 fetch "$work/own/bundle.json" "$@" -o "$dir/again.json" --json
    says json '"complete": true'
    yes 'a bundle made again is the same' cmp "$dir/again.json" "$dir/allowed.json"
    run quiet 0 fetch "$work/own/bundle.json" "$@" -o "$dir/again.json" -q
    yes 'quiet prints nothing' test ! -s "$out"
    # Completed in place.
    cp "$work/own/bundle.json" "$dir/place.json"
    run in-place 0 fetch "$dir/place.json" "$@" -o "$dir/place.json"
    yes 'in place is the same' cmp "$dir/place.json" "$dir/allowed.json"
    # A node that lies before one that does not: its answers prove nothing, and change nothing.
    config "$dir/liar.conf" "$(value evidence.own.states.allowed.hash)" "$liar/other-slot/$(value evidence.own.states.compose-denied.number)\",\"$rpc" \
        '"app_code":"implementation"'
    run liar-fetch 0 fetch "$work/own/bundle.json" $(cat "$work/own/options") --config "$dir/liar.conf" -o "$dir/liar.json"
    config "$dir/liar.conf" "$(value evidence.own.states.allowed.hash)" "$liar/other-slot/$(value evidence.own.states.compose-denied.number)"
    refuses liar-only 3 BG- "$work/own/bundle.json" $(cat "$work/own/options") --config "$dir/liar.conf"
}

# refuses NAME STATUS TEXT ARGUMENTS..: nothing is written, nothing that was there is touched.
refuses() {
    name=$1 want=$2 text=$3
    shift 3
    mkdir "$dir/refused-$name"
    run "$name" "$want" fetch "$@" -o "$dir/refused-$name/new" --json
    says "$name" "$text"
    yes "$name: nothing is written" rmdir "$dir/refused-$name"
    echo 'what was there' >"$dir/old"
    run "$name-old" "$want" fetch "$@" -o "$dir/old"
    yes "$name: what was there stays" test "$(cat "$dir/old")" = 'what was there'
}

usage() {
    # shellcheck disable=SC2086
    set -- $(cat "$dir/allowed.options")
    run no-output 2 fetch "$work/own/bundle.json" "$@" --json
    says no-output BG-1093
    run two-outputs 2 fetch "$work/own/bundle.json" "$@" -o - --json
    says two-outputs BG-1094
    refuses no-config 2 BG-1048 "$work/own/bundle.json" --at $at --root "$work/own/root.der"
    refuses no-evidence 4 BG-1080 "$@"
    refuses no-collateral 3 BG-1082 "$dir/parts.evidence" "$@"
    run no-folder 2 fetch "$dir/allowed.json" "$@" -o "$dir/nowhere/bundle.json"
}

when_it_is_gone() {
    for case in $cases; do
        status=${case#*:} case=${case%:*}
        # shellcheck disable=SC2046
        run "$case-offline" "$status" check --bundle "$dir/$case.json" $(cat "$dir/$case.options") --json --offline
        yes "$case: the same decision" same "$dir/$case-live" "$dir/$case-offline"
        # Nothing is asked for that is there: no node is missed.
        # shellcheck disable=SC2046
        run "$case-complete" 0 fetch "$dir/$case.json" $(cat "$dir/$case.options") -o "$dir/$case-again.json"
        says "$case-complete" ' 0 of them new'
        yes "$case: complete stays as it is" cmp "$dir/$case.json" "$dir/$case-again.json"
    done
    run info-offline 0 chain --boot-info "$work/own-app.json" --bundle "$dir/info.json" --config "$dir/allowed.conf" --at $at --offline --json
    yes 'info: the same answer' same "$dir/info-live" "$dir/info-offline"
    # shellcheck disable=SC2046
    set -- $(cat "$dir/allowed.options")
    for case in parts liar; do
        run "$case-offline" 10 check --bundle "$dir/$case.json" "$@" --json --offline
        yes "$case: the same decision" same "$dir/allowed-live" "$dir/$case-offline"
    done
    refuses node-gone 3 NETWORK "$work/own/bundle.json" "$@"
    # One answer taken out: no longer complete.
    node -e 'const fs = require("fs"); const [from, to] = process.argv.slice(1); const bundle = JSON.parse(fs.readFileSync(from));
        bundle.rpc = bundle.rpc.filter((one) => one.method !== "eth_getCode"); fs.writeFileSync(to, JSON.stringify(bundle));' \
        "$dir/allowed.json" "$dir/less.json"
    refuses less 3 NETWORK "$dir/less.json" "$@"
}

[ -x "$BUILD/test/bootgate" ] || say_stop "no $BUILD/test/bootgate: run make test-build"
"$root/tests/chain/setup.sh" || exit 1
at=$real_at
mkdir "$work/own"
"$BUILD/tools/mkbundle" "$work/own" $at >"$work/own/log" 2>&1 || say_stop "mkbundle: $(cat "$work/own/log")"
echo "--at $at --root $work/own/root.der" >"$work/own/options"
boot_infos own "$work/own/bundle.json" UpToDate
subjects="own=$work/own-app.json,$work/own-kms.json"
mkdir "$work/real"
if real_bundle "$work/real/bundle.json"; then
    echo "--at $at" >"$work/real/options"
    boot_infos real "$work/real/bundle.json" UpToDate
    subjects="$subjects real=$work/real-app.json,$work/real-kms.json"
else
    rmdir "$work/real"
    echo "skipped: no vectors at $VECTORS, so no published quote"
fi
# shellcheck disable=SC2086 # one word per evidence
chain_start $((at - 3600)) $subjects
liar_start

builds="plain=$BUILD/test/bootgate"
[ ! -x "$BUILD/asan/test/bootgate" ] || builds="$builds asan=$BUILD/asan/test/bootgate"
each_build() { # FUNCTIONS..: called for each build, in its folder
    for build in $builds; do
        build_name=${build%%=*} gate=${build#*=} dir=$work/${build%%=*}
        mkdir -p "$dir"
        cases=$(cat "$dir/cases" 2>/dev/null)
        for function in "$@"; do "$function"; done
        echo "$cases" >"$dir/cases"
    done
}
each_build while_it_runs usage
for pid in $background; do
    kill "$pid"
    wait "$pid" 2>/dev/null
done
background=''
each_build when_it_is_gone
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
