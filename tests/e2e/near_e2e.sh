#!/bin/sh
# Source `near` against a chain of the tests' own (tests/near): evidence of the tests' own make, near-kms' contracts in every
# state that matters (their layout is our reading of the source), and RPC nodes that are honest, behind, dead or lying.
# Both builds are run where there are two (with the sanitizers: BUILD/asan). Prints "N passed, N failed, N skipped".
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-build}
VECTORS=${VECTORS:-../shared/vectors}
. "$root/tests/chain/lib.sh"
. "$root/tests/beacon/lib.sh"

ASAN_OPTIONS=exitcode=99:detect_leaks=1
UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export ASAN_OPTIONS UBSAN_OPTIONS
unset http_proxy https_proxy all_proxy ALL_PROXY BOOTGATE_CONFIG

yes='10
kind=replay
yes=true'
no='1
yes=false'
undecided='3
yes=false'
never='1|3|5
yes=false'

# --- the stage ------------------------------------------------------------------------------------------------
BUILD="$BUILD" "$root/tests/near/setup.sh" || exit 1
at=$(date +%s)
mkdir "$work/own"
"$BUILD/tools/mkbundle" "$work/own" "$at" >"$work/own/log" 2>&1 || say_stop "mkbundle: $(cat "$work/own/log")"
boot_infos own "$work/own/bundle.json" UpToDate
node "$BUILD/near/run/states.mjs" "$work/near.json" "$at" "$work/own-app.json" "$work/own-kms.json" >"$work/near.json.log" 2>&1 &
background="$background $!"
wait_for "$work/near.json" $!
node "$root/tests/chain/flat.mjs" "$work/near.json" >"$work/near.flat"
near_of() {
    sed -n "s/^$1=//p" "$work/near.flat"
}
node=$(near_of url) port=$(near_of port) app=$(near_of app) kms=$(near_of kms)
other=http://127.0.0.2:$port # the same node on another host
closed=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
member_of() { # FILE KEY
    node -p 'JSON.parse(require("fs").readFileSync(process.argv[1]))[process.argv[2]]' "$1" "$2"
}
compose=$(member_of "$work/own-app.json" composeHash | sed s/^0x//)

# checkpoint STATE N: block N of a state's chain; asked for once
checkpoint() {
    [ -s "$work/checkpoint-$1-$2" ] || get "$node/checkpoint/$1/$2" >"$work/checkpoint-$1-$2"
    cat "$work/checkpoint-$1-$2"
}
# near_config FILE STATE URLS [CHAIN-MEMBERS [POLICY-MEMBERS [MEMBERS]]]: URLs as a","b
near_config() {
    start=",\"checkpoint\":$(checkpoint "$2" 3)"
    case ${4:-} in *'"checkpoint":'*) start='' ;; esac
    printf '{"chain":{"source":"near","network_id":"tests","contract_id":"%s"%s%s},"rpc":["%s"],"policy":{%s}%s}\n' \
        "$kms" "$start" "${4:+,$4}" "$3" "${5:-}" "${6:+,$6}" >"$1"
}
# check NAME EXPECTATIONS STATE URLS [CHAIN-MEMBERS [POLICY-MEMBERS [MEMBERS [ARGUMENTS..]]]]
check() {
    new_case "$1" "$2"
    near_config "$one/config.json" "$3" "$4" "${5:-}" "${6:-}" "${7:-}"
    if [ $# -le 7 ]; then set --; else shift 7; fi
    case_of check --bundle "$work/own/bundle.json" --root "$work/own/root.der" --at "$at" --config "$one/config.json" "$@"
}

# --- every state of the contracts (our reading of near-kms) -------------------------------------------------------
states() {
    check state-allowed "$yes
chain.source=near
chain.network_id=tests
chain.contract_id=$kms
chain.app_account=$app
chain.assurance=finalized-data
contract.question=is_app_allowed
contract.gateway_app_id=gateway.$kms
contract.reads.1.set=registered_apps
contract.reads.1.member=$app
contract.reads.1.present=true
contract.reads.4.member=$compose
freshness=host-clock" allowed "$node/none/allowed"
    check state-any-device "$yes" any-device "$node/none/any-device"
    check state-not-registered "$no
reason=App not registered
contract.fix.0.account=$kms
contract.fix.0.method=register_app
contract.fix.0.args.app_id=${app%%.*}
contract.fix.0.args.initial_compose_hash=$compose" not-registered "$node/none/not-registered"
    check state-image-denied "$no
reason=OS image is not allowed
contract.fix.0.method=add_os_image_hash" image-denied "$node/none/image-denied"
    check state-compose-denied "$no
reason=Compose hash not allowed
contract.fix.0.account=$app
contract.fix.0.method=add_compose_hash
contract.fix.0.args.compose_hash=$compose
contract.fix.0.command~near call $app add_compose_hash '{\"compose_hash\":\"$compose\"}'" compose-denied "$node/none/compose-denied"
    check state-compose-0x "$no
reason=Compose hash not allowed
contract.hint~with 0x before it
contract.fix.0.method=add_compose_hash" compose-0x "$node/none/compose-0x"
    check state-compose-upper "$no
reason=Compose hash not allowed" compose-upper "$node/none/compose-upper"
    check state-device-denied "$no
reason=Device not allowed
contract.fix.0.method=add_device
contract.fix.1.method=set_allow_any_device
contract.fix.1.args.allow_any_device=true" device-denied "$node/none/device-denied"
    check state-other-kms "$no
code=BG-1650" other-kms "$node/none/other-kms"
    check state-layout "$undecided
error.code=BG-1635" kms-layout "$node/none/kms-layout"
    check kms-allowed "$yes
contract.question=is_kms_allowed" allowed "$node/none/allowed" '' '' '' --as kms
    check kms-mr-denied "$no
reason=Aggregated MR not allowed
contract.fix.0.method=add_kms_aggregated_mr" mr-denied "$node/none/mr-denied" '' '' '' --as kms
    check kms-image-denied "$no
reason=OS image is not allowed" image-denied "$node/none/image-denied" '' '' '' --as kms
    check kms-device-denied "$no
reason=KMS is not allowed to boot on this device
contract.hint~with 0x before it
contract.fix.0.method=add_kms_device" kms-device-denied "$node/none/kms-device-denied" '' '' '' --as kms
    check app-account-given "$yes
chain.app_account=$app" allowed "$node/none/allowed" "\"app_account\":\"$app\""
    check app-account-other "$no
reason=App not registered" allowed "$node/none/allowed" '"app_account":"wrap.near"'
    check contract-nowhere "$undecided
error.code=BG-1656" allowed "$node/none/allowed"
    sed -i 's/"contract_id":"[^"]*"/"contract_id":"nobody.near"/' "$one/config.json"
    # What the answer rests on.
    check assurance-data "$yes" allowed "$node/none/allowed" '' '"require_assurance":"finalized-data"'
    check assurance-finalized "$no" allowed "$node/none/allowed" '' '"require_assurance":"finalized"'
    # As text: the same, and the call to make.
    new_case text-fix "1
no verdict
text~Fix
text~near call $app add_compose_hash
text~finalized-data"
    near_config "$one/config.json" compose-denied "$node/none/compose-denied"
    case_of check --bundle "$work/own/bundle.json" --root "$work/own/root.der" --at "$at" --config "$one/config.json"
    sed -i '/^--json$/d' "$one/args"
    new_case chain-verb '0
allowed=null
contract.is_allowed=true'
    near_config "$one/config.json" allowed "$node/none/allowed"
    case_of chain --boot-info "$work/own-app.json" --at "$at" --config "$one/config.json"
    new_case chain-verb-no '1
allowed=null
contract.is_allowed=false'
    near_config "$one/config.json" device-denied "$node/none/device-denied"
    case_of chain --boot-info "$work/own-app.json" --at "$at" --config "$one/config.json"
}

# --- how new the state is, and where it begins ----------------------------------------------------------------------
heads() {
    for n in 0 3 9 20 36; do
        check "from-block-$n" "$yes" allowed "$node/none/allowed" "\"checkpoint\":$(checkpoint allowed $n)"
    done
    check epochs-on-the-way "$yes
chain.epochs=6" allowed "$node/none/allowed" '"max_head_age":2'
    check too-old "$undecided
error.code=BG-1641" allowed "$node/none/allowed@20" '"max_head_age":10'
    check too-old-then-newer "$yes" allowed "$node/none/allowed@20\",\"$node/none/allowed" '"max_head_age":10'
    check clock-behind '5
yes=false
error.code=BG-1639' allowed "$node/none/allowed"
    sed -i "s/^$at\$/$((at - 90))/" "$one/args"
    check checkpoint-too-old '2
error.code=BG-1637' allowed "$node/none/allowed" '"checkpoint_max_age":5'
    check checkpoint-future '5
error.code=BG-1636' allowed "$node/none/allowed"
    sed -i "s/^$at\$/$((at - 7200))/" "$one/args"
    check checkpoint-of-another-chain "$undecided" allowed "$node/none/allowed" "\"checkpoint\":$(checkpoint compose-denied 9)"
    wrong=$(member_of "$work/checkpoint-allowed-3" block_hash)
    # The list that signs: of the next epoch from block 3 on, of this one from block 36 on.
    check checkpoint-other-producers "$undecided" allowed "$node/none/allowed" \
        "\"checkpoint\":$(checkpoint allowed 3 | sed "s/\"next_bp_hash\":\"[^\"]*\"/\"next_bp_hash\":\"$wrong\"/")"
    check checkpoint-other-producers-now "$undecided" allowed "$node/none/allowed" \
        "\"checkpoint\":$(checkpoint allowed 36 | sed "s/\"bp_hash\":\"[^\"]*\"/\"bp_hash\":\"$wrong\"/")"
}

# --- lies -----------------------------------------------------------------------------------------------------------
# Alone: no proof, no answer. Before an honest node: the truth. Where the truth is a no, with a state that allows to lie with: never
# a yes.
lies() {
    sed -e 's/ *#.*//' -e '/^$/d' "$root/tests/e2e/near_lies.txt" >"$work/lies"
    : >"$work/told"
    while read -r code scope names; do
        members=''
        [ "$scope" = near: ] || members='"max_head_age":2'
        for lie in $names; do
            echo "$lie" >>"$work/told"
            check "lie-$lie" "$undecided
error.code=BG-$code" allowed "$node/$lie/allowed/compose-denied" "$members"
            check "lie-$lie-then-honest" "$yes" allowed "$node/$lie/allowed/compose-denied\",\"$node/none/allowed" "$members"
            check "lie-$lie-to-yes" "$never" compose-denied "$node/$lie/compose-denied/allowed" "$members"
        done
    done <"$work/lies"
    for lie in $(sed -n 's/^more\.[0-9]*=/more-/p' "$work/near.flat"); do
        check "lie-$lie-then-honest" "$yes" allowed "$node/$lie/allowed\",\"$node/none/allowed"
        check "lie-$lie-of-a-no" "$never" compose-denied "$node/$lie/compose-denied"
    done
    told=$(printf '%s\n' none code-other code-global code-gone | sort -u - "$work/told" | tr '\n' ' ')
    note every-lie-told "lies: $(sed -n 's/^lies\.[0-9]*=//p' "$work/near.flat" | sort -u | tr '\n' ' ')" "lies: $told"
}

dead_network() {
    check dead "$undecided
error.code=BG-1703
text~127.0.0.1:$closed: 
text~127.0.0.2:$closed: " allowed "http://127.0.0.1:$closed\",\"http://127.0.0.2:$closed/key"
    check dead-then-alive "$yes" allowed "http://127.0.0.1:$closed\",\"$node/none/allowed"
    check offline "$undecided
error.code=BG-1702" allowed "$node/none/allowed" '' '' '' --offline
    check too-large-said "$undecided
text~trie_viewer_state_size_limit" allowed "$node/too-large/allowed"
}

# --- the code's tripwire ----------------------------------------------------------------------------------------------
codes() {
    list="\"code_hashes\":{\"kms\":[\"$(near_of codes.kms_hex)\"],\"app\":[\"$(near_of codes.app)\"]}"
    only_kms="\"code_hashes\":{\"kms\":[\"$(near_of codes.kms)\"]}"
    require=',"code_hash":"require"' report=',"code_hash":"report"'
    two="$node/none/allowed\",\"$other/none/allowed"
    for rule in require report; do
        word=",\"code_hash\":\"$rule\""
        check "code-two-$rule" "$yes
contract.code_hashes.0.agreed=2
contract.code_hashes.1.agreed=2
contract.code_hashes.0.proven=false" allowed "$two" "$list$word"
        check "code-other-$rule" "$no
code=BG-1711" allowed "$node/none/allowed\",\"$other/code-other/allowed" "$list$word"
        check "code-other-first-$rule" "$no
code=BG-1711" allowed "$node/code-other/allowed\",\"$other/none/allowed" "$list$word"
    done
    check code-one-host "$no
code=BG-1712" allowed "$node/none/allowed" "$list$require"
    check code-one-host-twice "$no
code=BG-1712" allowed "$node/none/allowed\",\"$node/old-head/allowed" "$list$require"
    check code-one-host-reported "$yes" allowed "$node/none/allowed" "$list$report"
    check code-nobody "$no
code=BG-1712" allowed "$node/code-gone/allowed\",\"$other/code-gone/allowed" "$list$require"
    check code-one-silent "$no
code=BG-1712" allowed "$node/none/allowed\",\"$other/code-gone/allowed" "$list$require"
    check code-shared "$yes
contract.code_hashes.0.agreed=2" allowed "$node/code-global/allowed\",\"$other/none/allowed" "$list$require"
    check code-three "$yes" allowed "$two\",\"http://127.0.0.3:$port/code-gone/allowed" "$list$require"
    check code-none-listed "$yes
contract.code_hashes.0.hash_base58=$(near_of codes.kms)" allowed "$two"
    check code-kms-only "$yes" allowed "$two" "$only_kms$require" '"as":"kms"'
    check code-required-without '2
error.code=BG-1701' allowed "$two" "$only_kms$require"
    check code-evm-rule '2
error.code=BG-1700' allowed "$two" '' '"app_code":"implementation"'
}

# --- recordings ---------------------------------------------------------------------------------------------------------
core() { # FILE: the verdict but for how it was come by
    node -e 'const j = JSON.parse(require("fs").readFileSync(process.argv[1])); for (const k of ["kind", "notes", "config_sha256"]) delete j[k];
        delete j.stages; if (j.chain) delete j.chain.round_trips; for (const c of j.contract?.code_hashes ?? []) { c.hash = c.hash_base58 = null; c.hosts = 0; }
        j.checks = j.checks.filter((c) => c.id !== "near.code_hash"); console.log(JSON.stringify(j))' "$1"
}
recordings() {
    for state in allowed compose-denied compose-0x device-denied; do
        expect=$no
        [ $state != allowed ] || expect=$yes
        saved=$work/saved-$build_name-$state.json
        check "saved-$state" "$expect" $state "$node/none/$state" '' '' '' --save-bundle "$saved"
        run_now
        first=$one
        check "replay-$state" "$expect
chain.round_trips=0" $state "$node/none/$state" '' '' '' --offline
        sed -i "s|^$work/own/bundle.json\$|$saved|" "$one/args"
        run_now
        [ "$(core "$first/out")" = "$(core "$one/out")" ] || echo 'the same decision' >>"$one/expect"
        # One character of a recorded answer changed: no change makes a yes of a no.
        [ $state = compose-denied ] || continue
        node -e '
            const fs = require("fs"), [from, to] = process.argv.slice(1), text = fs.readFileSync(from, "utf8"), b = JSON.parse(text);
            const rpc = JSON.stringify(b.rpc); fs.mkdirSync(to);
            for (let i = 0; i < 40; i += 1) { let at = Math.floor((i + 0.5) * rpc.length / 40); while (!/[0-9A-Za-z]/.test(rpc[at])) at += 1;
                const other = rpc.slice(0, at) + (rpc[at] === "1" ? "2" : "1") + rpc.slice(at + 1);
                try { fs.writeFileSync(`${to}/${i}.json`, JSON.stringify({ ...b, rpc: JSON.parse(other) })); } catch { /* no JSON any more */ } }' \
            "$saved" "$work/mutants-$build_name"
        for mutant in "$work/mutants-$build_name"/*; do
            check "mutant-${mutant##*/}" '1|3|4|5
yes=false' $state "$node/none/$state" '' '' '' --offline
            sed -i "s|^$work/own/bundle.json\$|$mutant|" "$one/args"
        done
    done
    # Required, and not to be had from a recording.
    check replay-code-required "$no
code=BG-1712" allowed "$node/none/allowed" "\"code_hashes\":{\"kms\":[\"$(near_of codes.kms)\"],\"app\":[\"$(near_of codes.app)\"]},\"code_hash\":\"require\"" '' '' --offline
    sed -i "s|^$work/own/bundle.json\$|$work/saved-$build_name-allowed.json|" "$one/args"
    # fetch completes a bundle that decides alone.
    new_case fetched '0
complete=true'
    near_config "$one/config.json" allowed "$node/none/allowed"
    case_of fetch -o "$work/fetched-$build_name.json" "$work/own/bundle.json" --root "$work/own/root.der" --at "$at" --config "$one/config.json"
    run_now
    check fetched-decides "$yes" allowed "$node/none/allowed" '' '' '' --offline
    sed -i "s|^$work/own/bundle.json\$|$work/fetched-$build_name.json|" "$one/args"
}

# --- the floor ------------------------------------------------------------------------------------------------------------
# live NAME EXPECTATIONS STATE URLS [CHAIN-MEMBERS]: with the clock of this machine and a store; a run of its own, now.
live() {
    new_case "$1" "$2"
    near_config "$one/config.json" "$3" "$4" "\"max_head_age\":7200${5:+,$5}" '' "\"store\":\"$folder\""
    case_of check "$work/own/bundle.json" --root "$work/own/root.der" --config "$one/config.json"
    run_now
}
floors() {
    folder=$work/store-$build_name
    mkdir -m 700 "$folder"
    say_yes='10
yes=true'
    live floor-begins "$say_yes" allowed "$node/none/allowed" "\"checkpoint\":$(checkpoint allowed 36)"
    height=$(member chain.block_number)
    note floor-written "floor: tests $kms $height" \
        "floor: $(node -p 'const f = JSON.parse(require("fs").readFileSync(process.argv[1])); `${f.network_id} ${f.contract_id} ${f.height}`' "$folder/floor.json")"
    # What was proven is not asked for again: one light block, one block, one round of state.
    live store-warm "$say_yes
chain.round_trips=3" allowed "$node/none/allowed" "\"checkpoint\":$(checkpoint allowed 36)"
    live store-cold-epochs "$say_yes" allowed "$node/none/allowed" "\"checkpoint\":$(checkpoint allowed 3)"
    cold=$(member chain.round_trips)
    live store-warm-epochs "$say_yes" allowed "$node/none/allowed" "\"checkpoint\":$(checkpoint allowed 3)"
    note store-saves-epochs 'saved: yes' "saved: $([ "$(member chain.round_trips)" -lt "$((cold - 3))" ] && echo yes || echo "no, $(member chain.round_trips) after $cold")"
    for harm in 'garbage' '{"schema":1,"rpc":[],"x":1}' '{"schema":1,"rpc":[{"method":"next_light_client_block","params":{"last_block_hash":"x"},"result":{}}]}' \
        "$(sed 's/"height": *1/"height":2/' "$folder/near.json")" "$(sed 's/"ed25519:./"ed25519:/' "$folder/near.json")"; do
        printf '%s' "$harm" >"$folder/near.json"
        live store-harmed "$say_yes" allowed "$node/none/allowed" "\"checkpoint\":$(checkpoint allowed 3)"
    done
    live store-knows-more '3
yes=false' allowed "$node/none/allowed@20"
    rm "$folder/near.json"
    live floor-rolled-back '3
yes=false
error.code=BG-1640' allowed "$node/none/allowed@20"
    live floor-rolled-back-then-newer "$say_yes" allowed "$node/none/allowed@20\",\"$node/none/allowed"
    printf '{"network_id":"tests","contract_id":"%s","height":%s}' "$kms" $((height + 1000)) >"$folder/floor.json"
    live floor-future '3
yes=false
error.code=BG-1640' allowed "$node/none/allowed"
    printf '{"network_id":"tests","contract_id":"kms.other.near","height":%s}' $((height + 1000)) >"$folder/floor.json"
    live floor-other-contract "$say_yes
notes.0~BG-1715" allowed "$node/none/allowed"
    printf 'garbage' >"$folder/floor.json"
    live floor-garbage "$say_yes" allowed "$node/none/allowed"
    rm -rf "$folder"
}

one_build() { # NAME PROGRAM
    build_name=$1 gate=$2
    states
    heads
    [ "$build_name" != plain ] && [ "${NEAR_LIES:-}" != all ] || lies
    dead_network
    codes
    recordings
    floors
    run_all
}

[ -x "$BUILD/test/bootgate" ] || say_stop "no $BUILD/test/bootgate: run make test-build"
one_build plain "$BUILD/test/bootgate"
[ ! -x "$BUILD/asan/test/bootgate" ] || one_build asan "$BUILD/asan/test/bootgate"
node "$root/tests/e2e/judge.mjs" "$cases" 0
