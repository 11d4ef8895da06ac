#!/bin/sh
# gate_bench: the whole decision of source `ethereum` from a bundle: quote, log, light client of 512 keys, proofs, EVM; a
# process each, from cold: median wall time of RUNS and the most memory. The chain is the tests' own (tests/beacon); the
# evidence, too, so the program is the test build, which takes another root for it. Beside it, in the same run,
# @lodestar/light-client over the same beacon objects. At the end the round trips of a live decision, as the program counts them
# (tests/e2e/ethereum_e2e.sh counts them at the nodes, too). Lines of a table: what|median ms|RSS MiB|target
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-build}
VECTORS=${VECTORS:-../shared/vectors}
. "$root/tests/chain/lib.sh"
. "$root/tests/beacon/lib.sh"
unset http_proxy https_proxy all_proxy ALL_PROXY BOOTGATE_CONFIG
runs=${RUNS:-20}
gate=$BUILD/test/bootgate

[ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] || {
    echo 'skipped|the beacon chain needs Node.js 20, so no whole decision'
    exit 0
}
"$root/tests/chain/setup.sh" || exit 1
BUILD="$BUILD" "$root/tests/beacon/setup.sh" >"$work/setup.log" 2>&1 || {
    echo "skipped|$(tail -n 1 "$work/setup.log" | tr '|' ' '), so no whole decision"
    exit 0
}
at=$(($(date +%s) / 12 * 12))
"$BUILD/tools/mkbundle" "$work" $at >"$work/log" 2>&1 || say_stop "mkbundle: $(cat "$work/log")"
boot_infos own "$work/bundle.json" UpToDate
periods_before=13
stage "own=$work/own-app.json,$work/own-kms.json"
beacon_start mainnet
use mainnet
honest=$beacon/none/$(number allowed)

# The node's answers for a checkpoint so many periods before the head: saved-N.json, with config-N.json.
saved() { # PERIODS-BEFORE NAME BEACON-URL
    start="{\"root\":\"$(of "checkpoints.$(($(of period) - $1)).root")\",\"slot\":$(of "checkpoints.$(($(of period) - $1)).slot")}"
    eth_config "$work/config-$2.json" "$3" "$rpc" '"checkpoint_max_age":3000000' '"require_os_image":false'
    "$gate" fetch "$work/bundle.json" --root "$work/root.der" --at $at --config "$work/config-$2.json" -o "$work/saved-$2.json" -q ||
        say_stop "the bundle of $2 is not complete"
}

row() { # WHAT STATUS TARGET COMMAND..
    what=$1 status=$2 target=$3
    shift 3
    figures=$("$BUILD/bench/process_bench" "$runs" "$status" "$@" 2>"$work/row.log") || say_stop "$what did not run: $(tail -n 3 "$work/row.log")"
    # shellcheck disable=SC2086 # three numbers
    set -- $figures
    printf '%s|%s|%s|%s\n' "$what" "$1" "$(echo "$3" | awk '{printf "%.1f", $1 / 1024}')" "$target"
}
decide() { # WHAT TARGET NAME [BUNDLE]
    row "$1" 10 "$2" "$gate" check --offline --bundle "${4:-$work/saved-$3.json}" --root "$work/root.der" --at $at \
        --config "$work/config-$3.json" -q
}

# In the head's own period; that is what a warm store comes to as well. Then those of every period since.
saved 0 0 "$honest"
decide 'whole: no update' '<= 60 ms, RSS <= 16 MiB' 0
for n in 1 5 13; do
    saved $n $n "$honest"
    decide "whole: $n update$([ $n = 1 ] || echo s)" "$([ $n != 1 ] && echo - || echo '<= 60 ms, RSS <= 16 MiB')" $n
    node "$root/tests/beacon/mutate.mjs" "$work/saved-$n.json" "$work/bare-$n.json" hints-gone
    decide '  the same, without y-coordinates' - $n "$work/bare-$n.json"
done
saved 1 json "$beacon/none+json/$(number allowed)"
decide 'whole: 1 update, in JSON' - json

cp "$root/tests/bench/peer/lightclient.mjs" "$BUILD/beacon/run/beacon/"
row 'nothing: Node itself' 0 - node -e 0
for n in 1 5 13; do
    LODESTAR_PRESET=mainnet row "peer: @lodestar/light-client only, $n update$([ $n = 1 ] || echo s)" 0 - node "$BUILD/beacon/run/beacon/lightclient.mjs" \
        "$work/saved-$n.json" "$work/config-$n.json" "$(value evidence.own.states.allowed.hash)"
done

# Live, from a checkpoint one period back: with an empty store, and with what that run left in it.
mkdir -m 700 "$work/store"
eth_config "$work/live.json" "$honest" "$rpc" "\"max_head_age\":7200,\"checkpoint\":{\"root\":\"$(of "checkpoints.$(($(of period) - 1)).root")\",\"slot\":$(of "checkpoints.$(($(of period) - 1)).slot")}" \
    '"require_os_image":false' "\"store\":\"$work/store\""
for run in cold:6 warm:3; do
    "$gate" check "$work/bundle.json" --root "$work/root.der" --config "$work/live.json" --json >"$work/live.out"
    [ $? -eq 10 ] || say_stop "a live decision of the benchmark is not allowed: $(head -c 600 "$work/live.out")"
    trips=$(node "$root/tests/chain/flat.mjs" "$work/live.out" | sed -n 's/^chain\.round_trips=//p')
    echo "trips: whole decision, ${run%:*} light client|$trips||<= ${run#*:} round trips"
done
