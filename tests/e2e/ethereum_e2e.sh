#!/bin/sh
# Source `ethereum` against a live chain: evidence of the tests' own make, contracts in every state that matters, beacon and
# execution nodes that are honest, dead, late or lying, on networks of 512 and of 32 committee members. The chain is made
# by tests/beacon and was followed by an independent light client before. Both builds are run where there are two (with the
# sanitizers: BUILD/asan). Prints "N passed, N failed, N skipped".
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

# --- the stage ------------------------------------------------------------------------------------------------
beacon_possible
"$root/tests/chain/setup.sh" || exit 1
at=$(($(date +%s) / 12 * 12))
mkdir "$work/own"
"$BUILD/tools/mkbundle" "$work/own" $at >"$work/own/log" 2>&1 || say_stop "mkbundle: $(cat "$work/own/log")"
boot_infos own "$work/own/bundle.json" UpToDate
stage "own=$work/own-app.json,$work/own-kms.json"
liar_start
beacon_start minimal
beacon_start mainnet
for preset in minimal mainnet; do
    use $preset
    [ "$(of checked.1.refused)" = 4 ] || say_stop "@lodestar/light-client did not check the $preset chain"
done

# check NAME EXPECTATIONS BEACON-URLS RPC-URLS [CHAIN-MEMBERS [POLICY [MEMBERS [ARGUMENTS..]]]]
check() {
    new_case "$preset-$1" "$2"
    eth_config "$one/config.json" "$3" "$4" "${5:-}" "${6:-}" "${7:-}"
    if [ $# -le 7 ]; then set --; else shift 7; fi
    case_of check --bundle "$work/own/bundle.json" --root "$work/own/root.der" --at $at --config "$one/config.json" "$@"
}

# --- every state of the contracts -------------------------------------------------------------------------------
states() {
    for case in "allowed:$yes" "any-device:$yes" "tcb-required:$yes" "impostor:$yes" "not-registered:$no
reason~App not registered" "compose-denied:$no
reason~Compose hash not allowed" "device-denied:$no
reason~Device not allowed" "os-image-denied:$no
reason~OS image is not allowed" "no-code:$no
reason~App not deployed or invalid address" "short-return:$no" "gas-burner:$no"; do
        state=${case%%:*}
        check "state-$state" "${case#*:}
chain.source=ethereum
chain.assurance=finalized
freshness=host-clock
chain.block_hash=$(value "evidence.own.states.$state.hash" | sed s/^0x//)" "$beacon/none/$(number $state)" "$rpc"
    done
    check impostor-pinned "$no" "$beacon/none/$(number impostor)" "$rpc" '' '"app_code":"implementation"'
    check allowed-pinned "$yes" "$beacon/none/$(number allowed)" "$rpc" '' '"app_code":"implementation"'
    for case in "kms-allowed:$yes" "kms-mr-denied:$no
reason~Aggregated MR not allowed" "kms-device-denied:$no
reason~KMS is not allowed to boot on this device"; do
        check "state-${case%%:*}" "${case#*:}" "$beacon/none/$(number "${case%%:*}")" "$rpc" '' '' '' --as kms
    done
}

# --- how new the state is -----------------------------------------------------------------------------------------
heads() {
    allowed=$(number allowed) denied=$(number compose-denied)
    # Attested: the block that the committee signed last, which it may still leave.
    check attested "$yes
chain.assurance=attested
chain.block_number=$((allowed + 1))" "$beacon/none/$allowed" "$rpc" '"head":"attested"'
    check attested-sees-it-first "$no
reason~Compose hash not allowed
chain.block_number=$denied" "$beacon/none/$allowed,$denied" "$rpc" '"head":"attested"'
    check finalized-not-yet "$yes
chain.block_number=$allowed" "$beacon/none/$allowed,$denied" "$rpc"
    check finalized-required "$no" "$beacon/none/$allowed" "$rpc" '"head":"attested"' '"require_assurance":"finalized"'
    check finalized-is-better "$yes" "$beacon/none/$allowed" "$rpc" '' '"require_assurance":"attested"'
    check pinned-required "$no" "$beacon/none/$allowed" "$rpc" '' '"require_assurance":"pinned"'
    check freshness-required "$no" "$beacon/none/$allowed" "$rpc" '' '"require_freshness":"floor"'
    # Valid, but old: proven, and of no use.
    check too-old "$undecided
error.code=BG-1373" "$beacon/none/$allowed" "$rpc" '"max_head_age":600'
    check too-old-then-newer "$yes" "$beacon/none/$allowed\",\"$beacon/none/$(of last.number)" "$rpc" '"max_head_age":1500'
    check too-old-attested "$undecided
error.code=BG-1373" "$beacon/none/$allowed" "$rpc" '"head":"attested","max_head_age":300'
    # Two nodes: the newer block counts, in whatever order they come. (The second is asked only where the first is of no use.)
    check newest "$yes
chain.block_number=$(of last.number)" "$beacon/none/$(of last.number)" "$rpc"
    # The clock is behind: nothing from the future is taken.
    new_case "$preset-clock-behind" '5
yes=false
error.code=BG-1322'
    eth_config "$one/config.json" "$beacon/none/$allowed" "$rpc" "$(near)"
    case_of check --bundle "$work/own/bundle.json" --root "$work/own/root.der" --at $((at - 1700)) --config "$one/config.json"
    # In a large network that is still the same period.
    [ $preset = minimal ] || check signed-in-the-future "5
yes=false
error.code=BG-1322" "$beacon/signed-in-the-future/$allowed" "$rpc" "$(near)"
    # Checkpoints: of each period; in the head's own; the head itself is proven by its own update; and one too old.
    for period in $(sed -n 's/^checkpoints\.\([0-9]*\)\.root=.*/\1/p' "$work/beacon-$preset.flat"); do
        [ "$period" -le "$(of period)" ] || continue
        check "checkpoint-of-period-$period" "$yes" "$beacon/none/$allowed" "$rpc" \
            "\"checkpoint\":{\"root\":\"$(of "checkpoints.$period.root")\",\"slot\":$(of "checkpoints.$period.slot")}"
    done
    # A checkpoint that is the newest finalized block itself: who signed for it is known, not nobody.
    new_case "$preset-checkpoint-shows-itself" "0
no verdict
text~\"participants\": $([ $preset = minimal ] && echo 32 || echo 512),"
    eth_config "$one/config.json" "$beacon/none/$(of "checkpoints.$(of period).number")" "$rpc" "$(near),\"max_head_age\":100000"
    case_of checkpoint show --config "$one/config.json" --at $at
    check checkpoint-too-old '2
error.code=BG-1363' "$beacon/none/$allowed" "$rpc" '"checkpoint_max_age":600'
    check checkpoint-other-slot '2
error.code=BG-1364' "$beacon/none/$allowed" "$rpc" "\"checkpoint\":{\"root\":\"$(of checkpoint.root)\",\"slot\":$(($(of checkpoint.slot) + 1))}"
    check checkpoint-in-the-future '5
yes=false
error.code=BG-1362' "$beacon/none/$allowed" "$rpc" "\"checkpoint\":{\"root\":\"$(of checkpoint.root)\",\"slot\":99999999}"
    check checkpoint-unknown "$undecided" "$beacon/none/$allowed" "$rpc" "\"checkpoint\":{\"root\":\"0x$(printf '%064d' 7)\",\"slot\":$(of checkpoint.slot)}"
}

# --- nodes that fail or lie -----------------------------------------------------------------------------------------
# What an honest node may do too, or what costs nothing: the proofs hold, so the decision does.
harmless='none none+json two-thirds version-lies version-gone members-more slow
updates-reversed updates-last-only updates-first-only updates-gap'

# each_lie FUNCTION: with name, code, status and scope, as ethereum_lies.txt says each lie must end.
each_lie() {
    sed -e 's/ *#.*//' -e '/^$/d' "$root/tests/e2e/ethereum_lies.txt" >"$work/lies"
    while read -r code scope names; do
        status=3
        case $code in */*) status=${code#*/} code=${code%/*} ;; esac
        for lie in $names; do $1 "$lie" "$code" "$status" "${scope%:}"; done
    done <"$work/lies"
}

# near: a checkpoint in the head's own period.
near() {
    echo "\"checkpoint\":{\"root\":\"$(of "checkpoints.$(of period).root")\",\"slot\":$(of "checkpoints.$(of period).slot")}"
}

# Alone, where the truth is a yes: no proof, no answer. Where it is a no, with a state that allows for the liar to use, and only the
# newest objects false: never a yes. With an honest node behind it: the truth.
tell() {
    members=''
    [ "$4" = far ] || members=$near
    older=$(number not-registered)
    check "lie-$1" "$3
yes=false
error.code=$2" "$beacon/$1/$allowed~$older" "$rpc" "$members"
    check "lie-$1-then-honest" "$yes" "$beacon/$1/$allowed~$older\",\"$beacon/none/$allowed" "$rpc" "$members"
    check "lie-$1-to-yes" '1|3|5
yes=false' "$beacon/$1@head/$denied~$allowed" "$rpc"
    check "lie-$1-to-yes-attested" '1|3|5
yes=false' "$beacon/$1/$denied~$allowed" "$rpc" "\"head\":\"attested\"${members:+,$members}"
    echo "$1" >>"$work/told"
}

# The sanitizers see some of them, where it would pay; and some on the large network.
tell_some() {
    turn=$((turn + 1))
    [ $((turn % every)) -eq 0 ] || return 0
    # These end in another way where a period is long, or a committee large.
    case $preset-$1 in mainnet-signed-in-the-future | mainnet-finality-branch-zero | mainnet-updates-many) return 0 ;; esac
    members=''
    [ "$4" = far ] || members=$near
    check "lie-$1-to-yes" "$3
yes=false
error.code=$2" "$beacon/$1/$denied~$allowed" "$rpc" "$members"
}

lying_nodes() { # EVERY-NTH, 1: all of them, thoroughly
    allowed=$(number allowed) denied=$(number compose-denied) near=$(near) turn=0 every=$1
    if [ "$1" -gt 1 ]; then
        each_lie tell_some
        return
    fi
    each_lie tell
    for lie in $harmless; do
        check "lie-$lie-yes" "$yes" "$beacon/$lie/$allowed~$denied" "$rpc"
        check "lie-$lie-no" "$no
reason~Compose hash not allowed" "$beacon/$lie/$denied~$allowed" "$rpc"
        echo "$lie" | sed 's/[@+].*//' >>"$work/told"
    done
}

# Every lie that the node knows was told; what it was asked it could answer.
every_lie_told() {
    known=$(sed -n 's/^attacks\.\(objects\|worlds\|lists\|json\|raw\|ssz\)\.[0-9]*=//p' "$work/beacon-minimal.flat" | sort -u | tr '\n' ' ')
    told=$(printf '%s\n' drip hang | sort -u - "$work/told" | grep -vxE 'no-updates|slow|only-bootstrap' | tr '\n' ' ')
    note every-lie-told "lies: $known" "lies: $told"
    for preset in minimal mainnet; do
        use $preset
        note "$preset-redirects-not-followed" '"requests":0' "$(get "$beacon/hits/redirected")"
        broken=$(get "$beacon/broken")
        note "$preset-node-itself" '[]' "$broken"
        [ "$broken" = '[]' ] || echo "$broken" | cut -c1-1000
    done
}

# Nodes that let one wait: the program has to end by itself. Begun first, they run beside everything else.
slow_nodes() {
    for lie in drip hang; do
        for side in beacon rpc; do
            urls="$beacon/$lie/$(number allowed)" state=$rpc code=BG-1463 who=$beacon
            [ $side = beacon ] || urls=$beacon/none/$(number allowed) state=$liar/$lie code=BG-1063 who=$liar
            check "slow-$side-$lie" "$undecided
error.code=$code
error.detail~$who: no answer in" "$urls" "$state"
            echo 600 >"$one/limit"
            "$root/tests/beacon/run_case.sh" "$one" &
            slow="$slow $!"
        done
        # With somebody else to ask there is time left for him.
        check "slow-$lie-then-honest" "$yes" "$beacon/$lie/$(number allowed)\",\"$beacon/none/$(number allowed)" "$liar/$lie\",\"$rpc"
        echo 600 >"$one/limit"
        "$root/tests/beacon/run_case.sh" "$one" &
        slow="$slow $!"
    done
}

# As many nodes as there may be, all but the last of them hostile, each in its own way.
crowds() {
    allowed=$(number allowed) denied=$(number compose-denied) older=$(number not-registered)
    # shellcheck disable=SC2086 # words
    for crowd in 'one-signer signature-flipped updates-many many-values giant branch-huge foreign-chain' \
        'twin-by-half twin-by-our-own next-committee-our-own bootstrap-other-root ssz-ones html reset' \
        'updates-first-only@head bits-more finality-branch-of-other execution-swapped keys-many deep cut'; do
        urls='' states=''
        for lie in $crowd; do urls="$urls$beacon/$lie/$allowed~$older\",\""; done
        for lie in other-account node-flipped answers-fat endless slots-swapped last-slot-only code-swapped; do states="$states$liar/$lie/$denied\",\""; done
        check "crowd-${crowd%% *}" "$yes
chain.block_number=$allowed" "$urls$beacon/none/$allowed" "$states$rpc"
    done
    urls='' states=''
    for lie in twin-by-half twin-by-our-own twin-by-one twin-by-sixty-percent finalized-swapped execution-swapped attested-swapped; do
        urls="$urls$beacon/$lie/$denied~$allowed\",\"" states="$states$liar/other-block/$allowed\",\""
    done
    check crowd-to-yes "$no
reason~Compose hash not allowed" "$urls$beacon/none/$denied" "$states$rpc"
}

# Nobody there: status 3, and a sentence that names each URL and what came of it.
dead_network() {
    closed=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
    check dead "$undecided
text~127.0.0.1:$closed: 
text~127.0.0.2:$closed: " "http://127.0.0.1:$closed\",\"http://127.0.0.2:$closed/some/path" "http://127.0.0.1:$closed"
    check dead-beacon-status "$undecided
text~127.0.0.1:$closed: 
text~HTTP status 500" "http://127.0.0.1:$closed\",\"$beacon/http-500/$(number allowed)" "$rpc"
    check dead-beacon-type "$undecided
error.detail=$(of url): the beacon node's answer is neither JSON nor SSZ: 63 bytes" "$beacon/html/$(number allowed)" "$rpc"
    eight='' named=''
    for i in 1 2 3 4 5 6 7 8; do eight="$eight${eight:+\",\"}http://127.0.0.$i:$closed/$i" named="$named
text~http://127.0.0.$i:$closed: Couldn't connect"; done
    check dead-eight "$undecided$named" "$eight" "$rpc"
    check dead-rpc "$undecided
text~127.0.0.1:$closed: " "$beacon/none/$(number allowed)" "http://127.0.0.1:$closed\",\"http://127.0.0.2:$closed"
    check dead-then-alive "$yes" "http://127.0.0.1:$closed\",\"$beacon/none/$(number allowed)" "http://127.0.0.1:$closed\",\"$rpc"
    check offline "$undecided" "$beacon/none/$(number allowed)" "$rpc" '' '' '' --offline
    check stale-lying-dead-honest "$yes" \
        "$beacon/none/$(number not-registered)\",\"$beacon/one-signer/$(number allowed)\",\"http://127.0.0.1:$closed\",\"$beacon/none/$(number allowed)" \
        "$liar/other-slot/$(number compose-denied)\",\"http://127.0.0.1:$closed\",\"$rpc" "\"max_head_age\":$((at - $(value evidence.own.states.allowed.timestamp) + 6))"
}

# Networks that are not the one of the nodes.
other_networks() {
    allowed=$(number allowed)
    honest="$beacon/none/$allowed"
    for name in sepolia hoodi; do
        id=$([ $name = sepolia ] && echo 11155111 || echo 560048)
        check "network-$name" "2
yes=false" "$honest" "$rpc" "\"network\":\"$name\",\"chain_id\":$id"
    done
    check network-name-unknown '2' "$honest" "$rpc" '"network":"nowhere"'
    check network-chain-id-other '2' "$honest" "$rpc" '"network":"sepolia","chain_id":1'
    near=,$(near)
    other() { # NAME EXPECTATION SED-SCRIPT
        check "network-$1" "$2" "$honest" "$rpc" "\"network\":$(sed "$3" "$work/network-$preset")$near"
    }
    other validators-root "$undecided
error.code=BG-1341" "s/$(of network.genesis_validators_root)/0x$(printf '%064d' 7)/"
    other fork-version "$undecided
error.code=BG-1341" "s/$(of network.forks.6.version)/0x00000099/"
    other fork-missing "$undecided
error.code=BG-1341" 's/,{"name":"fulu"[^}]*}//'
    near=''
    other fork-too-early "$undecided" "s/\"epoch\":$(of network.forks.5.epoch)}/\"epoch\":1}/"
    other genesis-time "2|3|5
yes=false" "s/\"genesis_time\":$(of network.genesis_time)/\"genesis_time\":$(($(of network.genesis_time) - 1200))/"
    other seconds-per-slot "2|3|5
yes=false" 's/"seconds_per_slot":12/"seconds_per_slot":6/'
    other preset "$undecided" "s/\"preset\":\"$preset\"/\"preset\":\"$([ $preset = minimal ] && echo mainnet || echo minimal)\"/"
    other forks-falling '2' "s/\"epoch\":$(of network.forks.6.epoch)}/\"epoch\":1}/"
}

# --- execution nodes ----------------------------------------------------------------------------------------------------
execution_nodes() {
    allowed=$(number allowed) denied=$(number compose-denied) last=$(of last.number)
    for lie in other-account other-slot other-block node-flipped values-claimed code-swapped all-null truncated endless; do
        check "rpc-$lie" "$undecided" "$beacon/none/$allowed" "$liar/$lie/$denied"
        check "rpc-$lie-to-yes" "$undecided" "$beacon/none/$denied" "$liar/$lie/$allowed"
        check "rpc-$lie-then-honest" "$yes" "$beacon/none/$allowed" "$liar/$lie/$denied\",\"$rpc"
    done
    # No proofs but near the head: a newer finalized block helps, where there is one; never a block that is only attested.
    check rpc-window "$undecided" "$beacon/none/$allowed" "$beacon/rpc/window/4"
    check rpc-window-then-honest "$yes" "$beacon/none/$allowed" "$beacon/rpc/window/4\",\"$rpc"
    check rpc-window-moved-on "$yes
chain.block_number=$last" "$beacon/advance/$allowed~$last/window-$count-$build_name" "$beacon/rpc/window/4"
    check rpc-window-attested-is-there "$undecided" "$beacon/none/$allowed,$last" "$beacon/rpc/window/4"
    check rpc-window-none "$undecided" "$beacon/none/$last" "$beacon/rpc/window/-1"
}

# --- signed checkpoints ---------------------------------------------------------------------------------------------
signed_checkpoints() {
    allowed=$(number allowed) where=$(of checkpoints.$(($(of period) - 1)).number)
    signers="\"checkpoint_signers\":{\"keys\":[\"$(of signers.0)\",\"$(of signers.1)\",\"$(of signers.2)\"],\"threshold\":2}"
    signed() { # NAME EXPECTATIONS URLS [CHAIN-MEMBERS]
        check "document-$1" "$2" "$beacon/none/$allowed" "$rpc" "$signers${4:+,$4}" '' "\"checkpoints\":[\"$3\"]"
    }
    signed good "$yes" "$beacon/checkpoint/good/$where"
    signed signed-by-all "$yes" "$beacon/checkpoint/signed-by-all/$where"
    signed no-network '3
yes=false' "http://127.0.0.1:1/"
    # With an image's own checkpoint: a document may be newer, not older.
    own="\"checkpoint\":$start"
    signed newer "$yes" "$beacon/checkpoint/good/$where" "$own"
    while read -r code names; do
        for name in $names; do
            signed "$name" "3|5
yes=false
error.code=$code" "$beacon/checkpoint/$name/$where"
            signed "$name-then-good" "$yes" "$beacon/checkpoint/$name/$where\",\"$beacon/checkpoint/good/$where"
        done
    done <<EOF
BG-1424 one-signature same-key-twice wrong-key no-signature
BG-1423 wrong-key-under-known-name signature-zero signature-flipped slot-changed-after root-changed-after
BG-1422 high-s
BG-1417 expired
BG-1416 not-yet
BG-1414 lives-too-long
BG-1412 other-network
BG-1413 other-fork
BG-1402 schema-2
BG-1404 member-gone
EOF
    # Signed by who may, and yet not of this chain.
    signed root-of-nothing "$undecided" "$beacon/checkpoint/root-of-nothing/$where"
    signed slot-in-the-future '3|5
yes=false' "$beacon/checkpoint/slot-in-the-future/$where"
    signed older-than-the-image "$yes
chain.checkpoint.slot=$(of "checkpoints.$(of period).slot")" "$beacon/checkpoint/good/$(of checkpoint.number)" \
        "\"checkpoint\":{\"root\":\"$(of checkpoints.$(of period).root)\",\"slot\":$(of checkpoints.$(of period).slot)}"
    # Two that cannot both be true, or one that cannot be and what is proven: an alarm, never a choice.
    signed contradicts-the-image "$undecided
error.code=BG-1468" "$beacon/checkpoint/root-of-nothing/$where" "\"checkpoint\":{\"root\":\"$(of "checkpoints.$(($(of period) - 1)).root")\",\"slot\":$(of "checkpoints.$(($(of period) - 1)).slot")}"
    signed contradicts-another "$undecided
error.code=BG-1468" "$beacon/checkpoint/good/$where\",\"$beacon/checkpoint/root-of-nothing/$where"
    signed contradicts-the-chain "$undecided
error.code=BG-1469" "$beacon/checkpoint/root-of-nothing/$allowed" "$own"
    signed is-of-the-chain "$yes" "$beacon/checkpoint/good/$allowed" "$own"
    for lie in html http-500 truncated text-behind deep redirect giant; do
        signed "raw-$lie" "$undecided" "$beacon/checkpoint/$lie/$where"
        signed "raw-$lie-then-good" "$yes" "$beacon/checkpoint/$lie/$where\",\"$beacon/checkpoint/good/$where"
    done
    # From a file.
    get "$beacon/checkpoint/good/$where" >"$work/checkpoint-$preset.json"
    get "$beacon/checkpoint/expired/$where" >"$work/expired-$preset.json"
    check document-file "$yes" "$beacon/none/$allowed" "$rpc" "$signers" '' '' --checkpoint "$work/checkpoint-$preset.json"
    check document-file-expired "$undecided
error.code=BG-1417" "$beacon/none/$allowed" "$rpc" "$signers" '' '' --checkpoint "$work/expired-$preset.json"
}

# --- what was decided can be decided again, anywhere ----------------------------------------------------------------------
# core FILE: a verdict without what tells of the network.
core() {
    node -e 'const v = JSON.parse(require("fs").readFileSync(process.argv[1])); delete v.chain?.round_trips; delete v.stages; console.log(JSON.stringify(v))' "$1" 2>&1
}

replays() {
    for state in allowed compose-denied; do
        expected=$yes
        [ $state = allowed ] || expected="$no
reason~Compose hash not allowed"
        saved=$work/$build_name-$preset-$state.json
        check "live-$state" "$expected" "$beacon/none/$(number $state)" "$rpc"
        conf=$one/config.json
        run_now
        first=$one
        set -- --root "$work/own/root.der" --at $at --config "$conf"
        new_case "$preset-fetch-$state" '0
no verdict
text~complete'
        case_of fetch "$work/own/bundle.json" "$@" -o "$saved"
        run_now
        new_case "$preset-offline-$state" "$expected"
        case_of check --bundle "$saved" "$@" --offline
        run_now
        [ "$(core "$first/out")" = "$(core "$one/out")" ] || echo 'the same decision' >>"$one/expect"
        new_case "$preset-other-network-gone-$state" "$undecided"
        node "$root/tests/beacon/mutate.mjs" "$saved" "$work/no-beacon-$build_name-$state.json" no-beacon
        case_of check --bundle "$work/no-beacon-$build_name-$state.json" "$@" --offline
        # The hints save time and change nothing, whatever they say.
        for hints in hints-wrong hints-swapped hints-foreign hints-huge hints-short hints-zero hints-gone; do
            new_case "$preset-$hints-$state" "$expected"
            node "$root/tests/beacon/mutate.mjs" "$saved" "$work/$hints-$build_name-$state.json" $hints || say_stop "$hints"
            case_of check --bundle "$work/$hints-$build_name-$state.json" "$@" --offline
            run_now
            [ "$(core "$first/out")" = "$(core "$one/out")" ] || echo 'the same decision' >>"$one/expect"
        done
    done
    # Recorded answers of a denial with one digit changed here and there: no change makes a yes.
    node "$root/tests/beacon/mutate.mjs" "$saved" "$work/mutants-$build_name-$preset" 60
    for mutant in "$work/mutants-$build_name-$preset"/*; do
        new_case "$preset-mutant-${mutant##*/}" '1|3|5
yes=false'
        case_of check --bundle "$mutant" "$@" --offline
    done
}

# --- the store ------------------------------------------------------------------------------------------------------------
# live NAME EXPECTATIONS STORE BEACON-URLS RPC-URLS [CHAIN-MEMBERS]: with the clock of this machine; a run of its own, now.
live() {
    new_case "$preset-$1" "$2"
    eth_config "$one/config.json" "$4" "$5" "\"max_head_age\":7200${6:+,$6}" '' "\"store\":\"$3\""
    case_of check "$work/own/bundle.json" --root "$work/own/root.der" --config "$one/config.json"
    run_now
}

stores() {
    allowed=$(number allowed) denied=$(number compose-denied) last=$(of last.number)
    folder=$work/store-$build_name-$preset
    mkdir -m 700 "$folder"
    say_yes='10
yes=true'
    # DESIGN section 8: round trips, as the program counts them and as the nodes do.
    for run in cold:6 warm:3; do
        id=${run%:*}-$build_name-$preset
        live "store-${run%:*}" "$say_yes" "$folder" "$beacon/slow/$allowed/$id" "$beacon/rpc/slow/0/$id"
        counted=$(member chain.round_trips) seen=$(hits "$id" trips)
        note "store-${run%:*}-trips" 'few enough' "$counted counted, $seen seen: $([ "${counted:-99}" -le "${run#*:}" ] &&
            [ "${seen:-99}" -le "${run#*:}" ] && [ "${seen:-0}" -ge 1 ] && echo few enough)"
    done
    note store-warm-asks-for-no-bootstrap 'bootstraps:.' "bootstraps:$(hits "warm-$build_name-$preset" bootstrap)."
    [ -s "$folder/beacon.json" ] && [ -s "$folder/floor.json" ] || note store-files there missing
    cp -a "$folder" "$folder.kept"
    again() { # a store as it was left by an honest run
        rm -rf "$folder"
        cp -a "$folder.kept" "$folder"
    }
    # Whatever lies there: thrown away, asked for anew, and the same decision.
    for harm in empty cut garbage other-chain flipped committee huge deep twice path hint; do
        again
        case $harm in
        empty) : >"$folder/beacon.json" ;;
        cut) head -c 2000 "$folder.kept/beacon.json" >"$folder/beacon.json" ;;
        garbage) head -c 5000 /dev/urandom >"$folder/beacon.json" ;;
        other-chain) sed 's/[0-9a-f]\{60\}/f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0/g' "$folder.kept/beacon.json" >"$folder/beacon.json" ;;
        huge) head -c 40000000 /dev/zero | tr '\0' ' ' >"$folder/beacon.json" ;;
        deep) head -c 100000 /dev/zero | tr '\0' '[' >"$folder/beacon.json" ;;
        path) sed 's|light_client/finality_update"|light_client/finality_update/"|' "$folder.kept/beacon.json" >"$folder/beacon.json" ;;
        hint) sed 's/"keys_sha256": "[0-9a-f]*"/"keys_sha256": "00"/' "$folder.kept/beacon.json" >"$folder/beacon.json" ;;
        twice) printf '{"schema":1,"schema":1}' >"$folder/beacon.json" ;;
        *) node "$root/tests/beacon/mutate.mjs" "$folder.kept/beacon.json" "$folder.harm" 3 && cp "$folder.harm/$([ $harm = committee ] && echo 1 || echo 0).json" "$folder/beacon.json" ;;
        esac
        live "store-$harm" "$say_yes" "$folder" "$beacon/none/$allowed" "$rpc"
        live "store-$harm-no" "$no
reason~Compose hash not allowed" "$folder" "$beacon/none/$denied" "$rpc"
    done
    # What it holds is the wrong answer by now, and the nodes are gone or lie: the floor and the age decide, not they.
    again
    live store-revoked "$no
reason~Compose hash not allowed" "$folder" "$beacon/none/$denied" "$rpc"
    # It knows the newer block itself; without that it still knows that there was one.
    live store-rolled-back "$no
reason~Compose hash not allowed" "$folder" "$beacon/none/$allowed" "$rpc"
    cp "$folder.kept/beacon.json" "$folder/beacon.json"
    live store-cache-rolled-back '3
yes=false
error.code=BG-1374' "$folder" "$beacon/none/$allowed" "$rpc"
    live store-moves-on "$say_yes" "$folder" "$beacon/none/$last" "$rpc"
    # A floor can only refuse. One from the future refuses all.
    printf '{"genesis_validators_root":"%s","slot":%s}' "$(of network.genesis_validators_root)" 99999999 >"$folder/floor.json"
    live store-floor-future '3
yes=false' "$folder" "$beacon/none/$last" "$rpc"
    # Of another chain: not ours.
    printf '{"genesis_validators_root":"0x%064d","slot":%s}' 7 99999999 >"$folder/floor.json"
    live store-floor-other-chain "$say_yes" "$folder" "$beacon/none/$last" "$rpc"
    printf 'garbage' >"$folder/floor.json"
    live store-floor-garbage "$say_yes
text~the floor is left out" "$folder" "$beacon/none/$last" "$rpc"
    # No store to be had: no less safe, only slower.
    rm -rf "$folder"
    live store-nowhere "$say_yes
text~nothing was stored" "$folder/not/there" "$beacon/none/$allowed" "$rpc"
    mkdir -m 700 "$folder"
    ln -s "$work/elsewhere.json" "$folder/beacon.json"
    live store-link "$say_yes" "$folder" "$beacon/none/$allowed" "$rpc"
    note store-link-not-followed 'untouched' "$([ -e "$work/elsewhere.json" ] || echo untouched)"
    # One that others may write to is none.
    rm -rf "$folder"
    cp -a "$folder.kept" "$folder"
    chmod 777 "$folder"
    live store-open-to-others "$say_yes
text~BG-1477" "$folder" "$beacon/none/$allowed" "$rpc"
    # Several at a time, and some that end in the middle: what is left is whole, or thrown away.
    rm -rf "$folder"
    mkdir -m 700 "$folder"
    eth_config "$work/at-once.json" "$beacon/none/$allowed" "$rpc" '"max_head_age":7200' '' "\"store\":\"$folder\""
    (
        for after in 0.01 0.02 0.03 0.04 0.06 0.08 5 5; do
            timeout -s KILL $after "$gate" check "$work/own/bundle.json" --root "$work/own/root.der" --config "$work/at-once.json" -q >/dev/null 2>&1 &
        done
        wait
    )
    live store-after-many "$say_yes" "$folder" "$beacon/none/$allowed" "$rpc"
    note store-leaves-nothing-else 'beacon.json floor.json ' "$(cd "$folder" && printf '%s ' *)"
    # Liars do not get into it.
    rm -rf "$folder"
    mkdir -m 700 "$folder"
    live store-lie "$undecided" "$folder" "$beacon/one-signer/$allowed~$denied" "$rpc"
    live store-after-lie "$say_yes" "$folder" "$beacon/none/$allowed" "$rpc"
}

one_build() { # NAME PROGRAM
    build_name=$1 gate=$2
    for preset in minimal mainnet; do
        use $preset
        heads
        # The large network is for the sanitizers too, but not all of it.
        if [ $build_name-$preset = asan-mainnet ]; then
            lying_nodes 6
            continue
        fi
        states
        every=2
        [ $build_name = asan ] || every=1
        [ $preset = minimal ] || every=6
        lying_nodes $every
        dead_network
        signed_checkpoints
        replays
        stores
    done
    use minimal
    crowds
    other_networks
    execution_nodes
    run_all
}

[ -x "$BUILD/test/bootgate" ] || say_stop "no $BUILD/test/bootgate: run make test-build"
builds="plain=$BUILD/test/bootgate"
[ ! -x "$BUILD/asan/test/bootgate" ] || builds="$builds asan=$BUILD/asan/test/bootgate"
slow=''
trap 'for pid in $slow; do kill "$pid" 2>/dev/null; done; clean_up' EXIT
use minimal
for build in $builds; do
    build_name=${build%%=*} gate=${build#*=}
    slow_nodes
done
for build in $builds; do one_build "${build%%=*}" "${build#*=}"; done
build_name=all
every_lie_told
for pid in $slow; do wait "$pid"; done
slow=''
node "$root/tests/e2e/judge.mjs" "$cases" 0
