#!/bin/sh
# The whole program against a live chain: evidence of the tests' own make, and dstack's published quote where the
# vectors are, put to contracts in every state that matters, through honest and lying execution nodes.
# Both builds are run where there are two (with the sanitizers: BUILD/asan). Prints "N passed, N failed, N skipped".
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-build}
VECTORS=${VECTORS:-../shared/vectors}
. "$root/tests/chain/lib.sh"

ASAN_OPTIONS=exitcode=99:detect_leaks=1
UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export ASAN_OPTIONS UBSAN_OPTIONS
unset http_proxy https_proxy all_proxy ALL_PROXY BOOTGATE_CONFIG
cases=$work/cases
mkdir "$cases"
number=0 skipped=0

# try NAME EXPECTATIONS VERB ARGUMENTS..: runs $gate; judge.mjs looks at it afterwards. Expectations: lines, see there.
try() {
    name=$1 expectations=$2
    shift 2
    number=$((number + 1))
    one=$cases/$number-$build_name-$name
    mkdir "$one"
    printf '%s\n' "$expectations" >"$one/expect"
    echo "$*" >"$one/command"
    "$gate" "$@" --json >"$one/out" 2>"$one/err" </dev/null
    echo $? >"$one/status"
}

# try_state NAME EXPECTATIONS EVIDENCE STATE [POLICY] [ARGUMENTS..]: `check` of an evidence at one block.
try_state() {
    name=$1 expectations=$2 subject=$3 state=$4 policy=${5:-}
    shift 4
    [ $# -eq 0 ] || shift
    config "$work/config.json" "$(value "evidence.$subject.states.$state.hash")" "$rpc" "$policy"
    bundle=$work/$subject/bundle.json
    [ -z "${bundle_override:-}" ] || bundle=$bundle_override
    # shellcheck disable=SC2086 # options of one evidence
    try "$subject-$name" "$expectations" check --bundle "$bundle" $(cat "$work/$subject/options") --config "$work/config.json" "$@"
}

yes='10
kind=replay
yes=true'
no='1
yes=false'
undecided='3
yes=false'

# --- the stage ------------------------------------------------------------------------------------------------
"$root/tests/chain/setup.sh" || exit 1
at=$real_at
make_evidence() { # NAME [mkbundle options..]
    mkdir "$work/$1"
    name=$1
    shift
    "$BUILD/tools/mkbundle" "$work/$name" $at "$@" >"$work/$name/log" 2>&1 || say_stop "mkbundle $*: $(cat "$work/$name/log")"
    echo "--at $at --root $work/$name/root.der" >"$work/$name/options"
}
make_evidence own
boot_infos own "$work/own/bundle.json" UpToDate
subjects="own=$work/own-app.json,$work/own-kms.json"
mkdir "$work/real"
if real_bundle "$work/real/bundle.json"; then
    echo "--at $at" >"$work/real/options"
    boot_infos real "$work/real/bundle.json" UpToDate
    subjects="$subjects real=$work/real-app.json,$work/real-kms.json"
else
    rmdir "$work/real"
fi
# shellcheck disable=SC2086 # one word per evidence
chain_start $((at - 3600)) $subjects
liar_start

# --- every state of the contracts -------------------------------------------------------------------------------
states_of() { # EVIDENCE POLICY: the same questions for each evidence
    subject=$1 base=$2 also=${2:+,$2}
    pinned="\"app_code\":\"implementation\"$also"
    try_state allowed "$yes
boot_info@$work/$subject-app.json
chain.block_hash~$(value "evidence.$subject.states.allowed.hash" | sed s/^0x//)" "$subject" allowed "$base"
    try_state any-device "$yes" "$subject" any-device "$base"
    try_state tcb-required "$yes" "$subject" tcb-required "$base"
    try_state not-registered "$no
reason~App not registered" "$subject" not-registered "$base"
    try_state compose "$no
reason~Compose hash not allowed" "$subject" compose-denied "$base"
    try_state device "$no
reason~Device not allowed" "$subject" device-denied "$base"
    try_state os-image "$no
reason~OS image is not allowed" "$subject" os-image-denied "$base"
    try_state no-code "$no
reason~App not deployed or invalid address" "$subject" no-code "$base"
    try_state short-return "$no" "$subject" short-return "$base"
    try_state gas-burner "$no" "$subject" gas-burner "$base"
    try_state impostor "$yes" "$subject" impostor "$base"
    try_state impostor-pinned "$no" "$subject" impostor "$pinned"
    try_state allowed-pinned "$yes" "$subject" allowed "$pinned"
    try_state kms-allowed "$yes
boot_info@$work/$subject-kms.json" "$subject" kms-allowed "$base" --as kms
    try_state kms-mr "$no
reason~Aggregated MR not allowed" "$subject" kms-mr-denied "$base" --as kms
    try_state kms-device "$no
reason~KMS is not allowed to boot on this device" "$subject" kms-device-denied "$base" --as kms
    try_state app-id-pinned "$yes" "$subject" allowed "\"app_id\":\"$(value "evidence.$subject.app.appId")\"$also"
    try_state app-id-other "$no" "$subject" allowed "\"app_id\":\"$(printf '%040d' 7)\"$also"
    try_state device-id-other "$no" "$subject" allowed "\"device_ids\":[\"$(printf '%064d' 7)\"]$also"
    try_state device-id-pinned "$yes" "$subject" allowed "\"device_ids\":[\"$(value "evidence.$subject.app.deviceId")\"]$also"
}

all_states() {
    states_of own ''
    if [ -d "$work/real" ]; then
        states_of real '"require_os_image":false'
        # It carries no measurement material: an image that is not proven is not accepted by default.
        try_state image-not-proven '4
yes=false' real allowed
    else
        skipped=$((skipped + 21))
    fi
}

# --- boot infos on their own ---------------------------------------------------------------------------------------
ask() { # NAME EXPECTATIONS ODD-APP [POLICY]
    app_id=$(value "odd.appIds.$3")
    sed "s/\"appId\": \"[0-9a-f]*\"/\"appId\": \"${app_id#0x}\"/" "$work/own-app.json" >"$work/odd.json"
    config "$work/config.json" "$(value odd.block.hash)" "$rpc" "${4:-}"
    try "chain-$1" "$2" chain --boot-info "$work/odd.json" --config "$work/config.json" --at $at
}

odd_apps() {
    ask factory '0' factory
    ask factory-pinned '0' factory '"app_code":"implementation"'
    ask cancun '0' cancun
    ask cancun-pinned '1' cancun '"app_code":"implementation"'
    ask delegated '0' delegated
    ask delegated-pinned '1' delegated '"app_code":"implementation"'
    ask bare-implementation '1
reason~Compose hash not allowed' bare
    ask recursion '1' recursion
    ask short-return '1' shortReturn
    ask gas-burner '1' gasBurner
}

# --- evidence that is not what it says ------------------------------------------------------------------------------
bad_evidence() {
    bundle_override=$work/outdated/bundle.json
    [ -d "$work/outdated" ] || make_evidence outdated --tcb OutOfDate
    for case in "allowed:$yes" "tcb-required:$no
reason~TCB status is not up to date"; do
        config "$work/config.json" "$(value "evidence.own.states.${case%%:*}.hash")" "$rpc"
        # shellcheck disable=SC2046
        try "outdated-${case%%:*}" "${case#*:}
boot_info.tcbStatus=OutOfDate" check --bundle "$work/outdated/bundle.json" $(cat "$work/outdated/options") --config "$work/config.json"
    done
    bundle_override=''
    "$BUILD/tools/mkbundle" --defects >"$work/defects"
    while read -r defect status; do
        [ -d "$work/defect-$defect" ] || make_evidence "defect-$defect" --defect "$defect"
        config "$work/config.json" "$(value evidence.own.states.allowed.hash)" "$rpc"
        # shellcheck disable=SC2046
        try "defect-$defect" "$status
yes=false" check --bundle "$work/defect-$defect/bundle.json" $(cat "$work/defect-$defect/options") --config "$work/config.json"
    done <"$work/defects"

    config "$work/config.json" "$(value evidence.own.states.allowed.hash)" "$rpc"
    try root-is-intel '4' check --bundle "$work/own/bundle.json" --at $at --config "$work/config.json"
    try a-year-later '3' check --bundle "$work/own/bundle.json" --root "$work/own/root.der" --at $((at + 31536000)) --config "$work/config.json"
    try a-year-before '5' check --bundle "$work/own/bundle.json" --root "$work/own/root.der" --at $((at - 31536000)) --config "$work/config.json"
    try before-the-block '5' check --bundle "$work/own/bundle.json" --root "$work/own/root.der" --at $((at - 4000)) --config "$work/config.json"
}

# Files that are no evidence at all.
bad_files() {
    mkdir -p "$work/bad"
    bundle=$work/own/bundle.json
    size=$(wc -c <"$bundle")
    : >"$work/bad/empty"
    printf '{}' >"$work/bad/empty-object"
    printf 'null' >"$work/bad/null"
    printf '{"schema":2}' >"$work/bad/other-schema"
    printf '{"schema":1,"evidence":{"quote":7}}' >"$work/bad/quote-number"
    printf '{"schema":1,"evidence":{"quote":"0x0"}}' >"$work/bad/quote-odd"
    printf '{"schema":1,"evidence":[]}' >"$work/bad/evidence-list"
    printf '{"schema":1,"rpc":{}}' >"$work/bad/rpc-object"
    printf '{"schema":1,"schema":1}' >"$work/bad/key-twice"
    printf '{"schema":1,"surprise":1}' >"$work/bad/unknown-key"
    head -c 100000 /dev/zero | tr '\0' '[' >"$work/bad/deep"
    head -c 17000000 /dev/zero | tr '\0' ' ' >"$work/bad/large"
    head -c 5000 /dev/zero >"$work/bad/zeros"
    head -c 5000 /dev/zero | tr '\0' '\377' >"$work/bad/ones"
    { cat "$bundle"; echo '{}'; } >"$work/bad/text-behind"
    sed 's/"quote"/"quote\\u0000"/' "$bundle" >"$work/bad/nul-in-key"
    part=1
    while [ $part -lt 20 ]; do
        head -c $((size * part / 20)) "$bundle" >"$work/bad/cut-$part"
        part=$((part + 1))
    done
    config "$work/config.json" "$(value evidence.own.states.allowed.hash)" "$rpc"
    for file in "$work"/bad/*; do
        try "bad-${file##*/}" '4
yes=false' check --bundle "$file" --at $at --root "$work/own/root.der" --config "$work/config.json"
    done
    for text in '' '{' '[]' '{"chain":{"source":"pinned"}}' '{"chain":{"source":"near"}}' '{"surprise":1}' \
        '{"rpc":["ftp://127.0.0.1/"]}' '{"rpc":"x"}' '{"policy":{"require_os_image":"no"}}' '{"policy":{"app_id":"12"}}'; do
        printf '%s' "$text" >"$work/bad-config.json"
        try "bad-config-$number" '2' check --bundle "$bundle" --at $at --root "$work/own/root.der" --config "$work/bad-config.json"
    done
    try no-such-bundle '2' check --bundle "$work/nowhere" --at $at --config "$work/config.json"
    try no-such-config '2' check --bundle "$bundle" --at $at --config "$work/nowhere"
}

# --- nodes that fail or lie -----------------------------------------------------------------------------------------
ask_liar() { # NAME EXPECTATIONS STATE PATH [MORE-URLS]: the tests' own evidence, through the liar
    config "$work/config.json" "$(value "evidence.own.states.$3.hash")" "$liar/$4${5:+\",\"$5}"
    # shellcheck disable=SC2046
    try "$1" "$2" check --bundle "$work/own/bundle.json" $(cat "$work/own/options") --config "$work/config.json"
}

# The code that each lie of liar.mjs must end with, whatever the truth is.
lies='BG-0704: other-account other-slot slots-swapped other-block node-flipped nodes-reversed reorg
BG-0739: other-block-all header-swapped header-state-root header-time
BG-1071: slot-missing
BG-0944: values-claimed
BG-0702: values-without-proof node-missing nodes-gone
BG-0943: account-claimed
BG-0717: node-extra
BG-0941: nodes-many
BG-0942: nodes-odd-hex
BG-0946: code-swapped code-empty code-flipped
BG-1065: code-huge endless
BG-0738: header-numbers-huge
BG-1067: header-null all-null id-wrong id-text id-gone rpc-error
BG-0737: error-as-result
BG-1073: answers-fat
BG-0736: all-numbers all-strings all-lists answers-repeated
BG-0940: results-swapped
BG-1066: keys-twice truncated text-behind nul-inside not-utf8 numbers-huge deep empty html gzip gzip-bomb
BG-1064: http-500 http-404 redirect redirect-file
BG-1062: cut reset header-endless'
# What an honest node may do too: the proofs hold, so the decision does.
harmless='none batch-reordered'

lying_nodes() {
    other=$(value evidence.own.states.compose-denied.number)
    allowed=$(value evidence.own.states.allowed.number)
    for lie in $harmless; do
        ask_liar "lie-$lie-yes" "$yes" allowed "$lie"
        ask_liar "lie-$lie-no" "$no
reason~Compose hash not allowed" compose-denied "$lie"
    done
    echo "$lies" | tr -d : >"$work/lies"
    while read -r code names; do
        ended="$undecided
error.code=$code"
        for lie in $names; do
            # At a block that allows: no proof, no answer. At one that denies, with the allowing block's state for the liar to
            # use: never a yes. With an honest node behind it: the truth.
            ask_liar "lie-$lie" "$ended" allowed "$lie/$other/$build_name-$number"
            ask_liar "lie-$lie-to-yes" "$ended" compose-denied "$lie/$allowed/$build_name-$number"
            [ $build_name = asan ] || ask_liar "lie-$lie-then-honest" "$yes" allowed "$lie/$other/$build_name-$number" "$rpc"
            echo "$lie" >>"$work/told"
        done
    done <"$work/lies"
    # This one gets nobody to a wrong answer, and must not use up the rounds of an honest one behind it.
    ask_liar lie-last-slot-only-then-honest "$yes" allowed last-slot-only "$rpc"
    # Every lie that the node knows was told.
    known=$(node "$root/tests/chain/flat.mjs" "$work/liar.json" | sed -n 's/^attacks\.[0-9]*=//p' | sort | tr '\n' ' ')
    told=$(printf '%s\n' $harmless last-slot-only drip hang | sort -u - "$work/told" | tr '\n' ' ')
    note every-lie-told "lies: $known" "lies: $told"
    note redirects-not-followed 'hits: 0' "hits: $(get "$liar/hits/redirected")"
}

# Slow ones run beside everything else: the program has to end by itself.
slow_nodes() { # BUILD-NAME PROGRAM
    build_name=$1 gate=$2
    for lie in drip hang; do
        config "$work/slow-$lie.json" "$(value evidence.own.states.allowed.hash)" "$liar/$lie"
        one=$cases/$((number += 1))-$build_name-lie-$lie
        mkdir "$one"
        printf '%s\nerror.code=BG-1063\n' "$undecided" >"$one/expect"
        echo "$lie" >"$one/command"
        # shellcheck disable=SC2046
        (timeout 600 "$gate" check --bundle "$work/own/bundle.json" $(cat "$work/own/options") --config "$work/slow-$lie.json" --json \
            >"$one/out" 2>"$one/err" </dev/null
        echo $? >"$one/status") &
        slow="$slow $!"
    done
}

no_chain() {
    hash=$(value evidence.own.states.allowed.hash)
    closed=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
    # shellcheck disable=SC2046
    set -- check --bundle "$work/own/bundle.json" $(cat "$work/own/options") --config "$work/config.json"
    config "$work/config.json" "$hash" "http://127.0.0.1:$closed/"
    try rpc-down "$undecided" "$@"
    config "$work/config.json" "$hash" "http://127.0.0.1:$closed/\",\"$rpc"
    try rpc-down-then-honest "$yes" "$@"
    config "$work/config.json" "0x$(printf '%064d' 7)" "$rpc"
    try block-unknown "$undecided" "$@"
    # A block that another chain has at that height: real contracts, same addresses, another state.
    config "$work/config.json" "$(sed -n 's/^evidence.own.states.allowed.hash=//p' "$work/other-chain.flat")" "$rpc"
    try block-of-other-chain "$undecided" "$@"
    config "$work/config.json" "$hash" "$rpc"
    try offline-without-answers "$undecided" "$@" --offline
    config "$work/config.json" "$hash" "$rpc" '' '"max_head_age":60'
    try block-too-old "$undecided" "$@"
    config "$work/config.json" "$hash" "$rpc" '' '"max_head_age":7200'
    try block-young-enough "$yes" "$@"
}

# note NAME EXPECTATION TEXT: a case that is not a run of the program.
note() {
    number=$((number + 1))
    one=$cases/$number-$build_name-$1
    mkdir "$one"
    printf '0\nno verdict\ntext~%s\n' "$2" >"$one/expect"
    echo "$3" >"$one/out"
    echo "$1" >"$one/command"
    : >"$one/err"
    echo 0 >"$one/status"
}

# --- what was decided can be decided again, anywhere ------------------------------------------------------------------
replays() {
    for state in allowed compose-denied; do
        expected=$yes
        [ $state = allowed ] || expected="$no
reason~Compose hash not allowed"
        saved=$work/$build_name-$state.json
        config "$work/config.json" "$(value evidence.own.states.$state.hash)" "$rpc"
        # shellcheck disable=SC2046
        set -- $(cat "$work/own/options") --config "$work/config.json"
        try "save-$state" "$expected" check --bundle "$work/own/bundle.json" "$@" --save-bundle "$saved"
        first=$one
        try "replay-$state" "$expected" check --bundle "$saved" "$@" --offline
        # Byte for byte, but for how often, and how long, was waited: nothing in a verdict is by chance.
        for file in "$first/out" "$one/out"; do grep -v '"round_trips":\|"us":' "$file" >"$file.less"; done
        cmp -s "$first/out.less" "$one/out.less" || printf 'verdicts differ: %s\n' "${first##*/}" >>"$one/expect"

        # The same from answers that were recorded by someone else.
        config "$work/config.json" "$(value evidence.own.states.$state.hash)" "$liar/record/$build_name-$state"
        before=$(get "$liar/hits/record")
        try "record-$state" "$expected" check --bundle "$work/own/bundle.json" "$@"
        # DESIGN section 8: a usual decision takes at most three round trips.
        trips=$(($(get "$liar/hits/record") - before))
        note "round-trips-$state" 'few enough' "$trips: $([ $trips -gt 3 ] || echo few enough)"
        node -e 'const fs = require("fs"); const [url, from, to] = process.argv.slice(1);
            require("http").get(url, async (answer) => { let text = ""; for await (const part of answer) text += part;
                fs.writeFileSync(to, JSON.stringify({ ...JSON.parse(fs.readFileSync(from)), rpc: JSON.parse(text) })); })' \
            "$liar/recorded/$build_name-$state" "$work/own/bundle.json" "$work/recorded.json"
        try "recorded-$state" "$expected" check --bundle "$work/recorded.json" "$@" --offline
    done
    # Recorded answers of a denial with one digit changed here and there: no change makes a yes.
    node "$root/tests/e2e/mutate.mjs" "$work/$build_name-compose-denied.json" "$work/mutants-$build_name" 60
    for mutant in "$work/mutants-$build_name"/*; do
        try "mutant-${mutant##*/}" '1|3
yes=false' check --bundle "$mutant" "$@" --offline
    done
}

mr_of() { # NAME: mrAggregated of a boot info
    sed -n 's/^ *"mrAggregated": *"\([0-9a-f]*\)".*/\1/p' "$work/$1.json"
}

# --- the other verbs -----------------------------------------------------------------------------------------------
verbs() {
    # shellcheck disable=SC2046
    set -- $(cat "$work/own/options")
    try verify '0' verify "$work/own/bundle.json" "$@"
    try verify-debug '1' verify "$work/defect-td-debug/bundle.json" --at $at --root "$work/defect-td-debug/root.der"
    node -e 'const fs = require("fs"); const [from, compose, quote] = process.argv.slice(1); const { evidence, collateral } = JSON.parse(fs.readFileSync(from));
        fs.writeFileSync(compose, evidence.app_compose); fs.writeFileSync(quote, Buffer.from(evidence.quote, "hex"));
        fs.writeFileSync(quote + ".collateral", JSON.stringify(collateral));' \
        "$work/own/bundle.json" "$work/app-compose.json" "$work/quote.bin"
    try verify-no-collateral '3' verify "$work/quote.bin" "$@"
    try verify-raw '0' verify "$work/quote.bin" "$@" --collateral "$work/quote.bin.collateral"
    try hash "0
compose_hash=$(value evidence.own.app.composeHash)
app_id=$(value evidence.own.app.appId)" hash "$work/app-compose.json"
    try log '0' log "$work/own/bundle.json"
    try log-tampered '4' log "$work/defect-event-compose/bundle.json"
    config "$work/config.json" "$(value evidence.own.states.compose-denied.hash)" "$rpc"
    try chain-of-evidence '1
reason~Compose hash not allowed' chain "$work/own/bundle.json" "$@" --config "$work/config.json"
    config "$work/kms.json" "$(value evidence.own.states.kms-allowed.hash)" "$rpc"
    config "$work/config.json" "$(value evidence.own.states.allowed.hash)" "$rpc"
    try chain-of-evidence-yes '0' chain "$work/own/bundle.json" "$@" --config "$work/config.json"
    # The measurements of the other view: each contract knows its own only.
    try mr-kms-at-boot '1
view.as=kms
view.mr=boot
boot_info.mrAggregated='"$(mr_of own-app)" check "$work/own/bundle.json" "$@" --config "$work/kms.json" --as kms --mr boot
    try mr-kms-at-run "$yes
view.as=kms
view.mr=run
boot_info.mrAggregated=$(mr_of own-kms)" check "$work/own/bundle.json" "$@" --config "$work/kms.json" --as kms --mr run
    try mr-kms-default "$yes
view.mr=run" check "$work/own/bundle.json" "$@" --config "$work/kms.json" --as kms
    try mr-app-at-run "$yes
view.as=app
view.mr=run
boot_info.mrAggregated=$(mr_of own-kms)
contract.question=isAppAllowed" check "$work/own/bundle.json" "$@" --config "$work/config.json" --mr run
    try mr-verify '0
view.mr=run
boot_info.mrAggregated='"$(mr_of own-kms)" verify "$work/own/bundle.json" "$@" --mr run
    try mr-chain '0
view.mr=boot
boot_info.mrAggregated='"$(mr_of own-app)" chain "$work/own/bundle.json" "$@" --config "$work/config.json" --mr boot
    try no-verb '2' --at $at
    try unknown-verb '2' approve
    try option-twice '2' check --at $at --at $at --bundle "$work/own/bundle.json"
}

# The program as installed takes no other root of trust.
released() {
    build_name=release gate=$BUILD/bootgate
    [ -x "$gate" ] || return 0
    config "$work/config.json" "$(value evidence.own.states.allowed.hash)" "$rpc"
    try own-root-refused '2' check --bundle "$work/own/bundle.json" --at $at --root "$work/own/root.der" --config "$work/config.json"
    try own-evidence-refused '4
yes=false' check --bundle "$work/own/bundle.json" --at $at --config "$work/config.json"
    if [ -d "$work/real" ]; then
        try_state allowed "$yes" real allowed '"require_os_image":false'
    else
        skipped=$((skipped + 1))
    fi
}

one_build() { # NAME PROGRAM
    build_name=$1 gate=$2
    all_states
    odd_apps
    bad_evidence
    bad_files
    no_chain
    replays
    lying_nodes
    verbs
}

# The second chain has other blocks: its clock is another.
mkdir "$work/second"
(
    work=$work/second background=''
    trap - EXIT
    # shellcheck disable=SC2086
    chain_start $((at - 1800)) $subjects
    cp "$work/chain.flat" "$work/../other-chain.flat"
    for pid in $background; do kill "$pid"; done
) || say_stop 'the second chain did not start'

[ -x "$BUILD/test/bootgate" ] || say_stop "no $BUILD/test/bootgate: run make test-build"
builds="plain=$BUILD/test/bootgate"
[ ! -x "$BUILD/asan/test/bootgate" ] || builds="$builds asan=$BUILD/asan/test/bootgate"
slow=''
for build in $builds; do slow_nodes "${build%%=*}" "${build#*=}"; done
for build in $builds; do one_build "${build%%=*}" "${build#*=}"; done
released
for pid in $slow; do wait "$pid"; done
[ $skipped -eq 0 ] || echo "skipped $skipped cases: no vectors at $VECTORS, so no published quote"
node "$root/tests/e2e/judge.mjs" "$cases" $skipped
