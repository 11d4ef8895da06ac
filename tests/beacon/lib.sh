# shellcheck shell=sh disable=SC2154,SC2034
# A beacon chain for scripts: sourced after tests/chain/lib.sh, with `at` (the clock) set. Cases are written down first and
# run side by side afterwards.

# beacon_possible: ends a script that has to do without.
beacon_possible() {
    [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 20 ] || return 0
    echo 'skipped all cases: the beacon chain needs Node.js 20'
    echo '0 passed, 0 failed, 1 skipped'
    exit 0
}

# stage NAME=APP,KMS..: an execution chain with the blocks that the beacon chains need, from $periods_before on (three).
stage() {
    BUILD="$BUILD" "$root/tests/beacon/setup.sh" || exit 1
    node "$root/tests/beacon/plan.mjs" "$at" "${periods_before:-3}" >"$work/plan.json"
    past=$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1])).past.join()' "$work/plan.json")
    chain_start $((at - 1800)) --every 12 --past "$past" "$@"
}

# beacon_start PRESET: a beacon node, honest or not, in front of the chain; its description in $work/beacon-PRESET.{json,flat}
beacon_start() {
    LODESTAR_PRESET=$1 node "$BUILD/beacon/run/beacon/serve.mjs" "$work/chain.json" "$work/plan.json" "$work/beacon-$1.json" \
        >"$work/beacon-$1.json.log" 2>&1 &
    background="$background $!"
    wait_for "$work/beacon-$1.json" $!
    node "$root/tests/chain/flat.mjs" "$work/beacon-$1.json" >"$work/beacon-$1.flat"
    node -p 'JSON.stringify(JSON.parse(require("fs").readFileSync(process.argv[1])).network)' "$work/beacon-$1.json" >"$work/network-$1"
}

# use PRESET: what follows is about this network.
use() {
    preset=$1
    beacon=$(of url)
    network=$(cat "$work/network-$1")
    start="{\"root\":\"$(of checkpoint.root)\",\"slot\":$(of checkpoint.slot)}"
}

# of KEY: from the beacon node's description.
of() {
    sed -n "s/^$1=//p" "$work/beacon-$preset.flat"
}

# number STATE: the block of a state of the contracts.
number() {
    value "evidence.own.states.$1.number"
}

# eth_config FILE BEACON-URLS RPC-URLS [CHAIN-MEMBERS [POLICY-MEMBERS [MEMBERS]]]: URLs as a","b; a chain member given here
# replaces the usual one.
eth_config() {
    usual=''
    case ${4:-} in *'"checkpoint":'* | *'"checkpoint_signers":'*) ;; *) usual=",\"checkpoint\":$start" ;; esac
    case ${4:-} in *'"network":'*) ;; *) usual="$usual,\"network\":$network" ;; esac
    case ${4:-} in *'"chain_id":'*) ;; *) usual="$usual,\"chain_id\":31337" ;; esac
    case ${4:-} in *'"max_head_age":'*) ;; *) usual="$usual,\"max_head_age\":1700" ;; esac
    printf '{"chain":{"source":"ethereum","kms_contract":"%s"%s%s},"beacon":["%s"],"rpc":["%s"],"policy":{%s}%s}\n' \
        "$kms" "$usual" "${4:+,$4}" "$2" "$3" "${5:-}" "${6:+,$6}" >"$1"
}

# --- cases ------------------------------------------------------------------------------------------------------
cases=$work/cases
mkdir "$cases"
count=0

# new_case NAME EXPECTATIONS: a folder, $one, for judge.mjs
new_case() {
    count=$((count + 1))
    one=$cases/$count-$build_name-$1
    mkdir "$one"
    printf '%s\n' "$2" >"$one/expect"
}

# case_of NAME EXPECTATIONS ARGUMENTS..: what to run; $one/config.json is there already when it is named.
case_of() {
    echo "$gate" >"$one/program"
    printf '%s\n' "$@" --json >"$one/args"
    echo "${one##*/}: $*" >"$one/command"
}

# run_now: the case that was written last.
run_now() {
    "$root/tests/beacon/run_case.sh" "$one"
}

# run_all [AT-ONCE]: those that were not run yet.
run_all() {
    for folder in "$cases"/*; do
        [ -e "$folder/status" ] || [ -e "$folder/running" ] || echo "$folder"
    done | xargs -r -P "${1:-$(nproc)}" -n 4 "$root/tests/beacon/run_case.sh"
}

# note NAME EXPECTATION TEXT: a case that is not a run of the program.
note() {
    new_case "$1" "0
no verdict
text~$2"
    echo "$3" >"$one/out"
    echo "$1" >"$one/command"
    : >"$one/err"
    echo 0 >"$one/status"
}

# member NAME: of the verdict of the case that was run last.
member() {
    node "$root/tests/chain/flat.mjs" "$one/out" 2>/dev/null | sed -n "s/^$1=//p"
}

# hits ID KEY: what the beacon node counted.
hits() {
    get "$beacon/hits/$1" | sed -nE "s/.*\"$2\":([0-9]+).*/\1/p"
}
