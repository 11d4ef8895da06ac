#!/bin/sh
# chain_bench: decisions from recorded bundles, a whole process each, from cold: median wall time of 20 runs and
# the most memory; beside a Node process that answers the same from the same bundle (Node 20). Lines of a table:
#   what|median ms|RSS MiB|target
# Called by run.sh with $work, the chain and the evidence set up.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-build}
VECTORS=${VECTORS:-../shared/vectors}
. "$root/tests/chain/lib.sh"
unset http_proxy https_proxy all_proxy ALL_PROXY BOOTGATE_CONFIG
runs=${RUNS:-20}
gate=$BUILD/test/bootgate

"$root/tests/chain/setup.sh" || exit 1
at=$real_at
if real_bundle "$work/bundle.json"; then
    options="--at $at"
else
    "$BUILD/tools/mkbundle" "$work" $at >"$work/log" 2>&1 || say_stop "$(cat "$work/log")"
    options="--at $at --root $work/root.der"
fi
boot_infos own "$work/bundle.json" UpToDate
chain_start $((at - 3600)) "own=$work/own-app.json,$work/own-kms.json"
hash=$(value evidence.own.states.allowed.hash)
config "$work/config.json" "$hash" "$rpc" '"require_os_image":false'

# shellcheck disable=SC2086 # words
"$gate" check --bundle "$work/bundle.json" $options --config "$work/config.json" --save-bundle "$work/saved.json" -q
[ $? -eq 10 ] || say_stop 'the machine of the benchmark is not allowed'
node -e 'const fs = require("fs"); const [from, to] = process.argv.slice(1); const { schema, rpc } = JSON.parse(fs.readFileSync(from));
    fs.writeFileSync(to, JSON.stringify({ schema, rpc }));' "$work/saved.json" "$work/answers.json"

row() { # WHAT STATUS TARGET COMMAND..
    what=$1 status=$2 target=$3
    shift 3
    figures=$("$BUILD/bench/process_bench" "$runs" "$status" "$@") || say_stop "$what did not run"
    # shellcheck disable=SC2086 # three numbers
    set -- $figures
    printf '%s|%s|%s|%s\n' "$what" "$1" "$(echo "$3" | awk '{printf "%.1f", $1 / 1024}')" "$target"
}
row 'nothing: this program, version' 0 '-' "$gate" version
row 'chain: one isAppAllowed, proven' 0 'RSS <= 16 MiB' "$gate" chain --offline --bundle "$work/answers.json" \
    --boot-info "$work/own-app.json" --config "$work/config.json" --at $at -q
# shellcheck disable=SC2086
row 'check: quote, log, chain' 10 '<= 60 ms, RSS <= 16 MiB' "$gate" check --offline --bundle "$work/saved.json" $options \
    --config "$work/config.json" -q


# One recorded call of mainnet (USDC, a proxy), by us from its state root on.
usdc=$VECTORS/eth/calls/usdc-proxy-balanceOf-eth_call1.json
if [ -f "$usdc" ]; then
    row 'USDC call: proofs and EVM, no light client' 0 '-' "$BUILD/bench/call_bench" "$usdc"
else
    echo 'skipped|no vectors, so no recorded USDC call'
fi

# Round trips of a live decision, counted in front of the node; from nothing but the block hash.
liar_start
for question in app kms; do
    state=allowed
    [ $question = app ] || state=kms-allowed
    config "$work/live.json" "$(value evidence.own.states.$state.hash)" "$liar/none/$question" '"require_os_image":false'
    before=$(get "$liar/hits/none")
    # shellcheck disable=SC2086 # words
    "$gate" check --as $question --bundle "$work/bundle.json" $options --config "$work/live.json" -q
    [ $? -eq 10 ] || say_stop "a live decision of the benchmark ($question) is not allowed"
    echo "trips: check --as $question, live|$(($(get "$liar/hits/none") - before))||<= 3 round trips"
done

# The peers
. "$root/tests/bench/peers.sh"
peers_ready || {
    echo "skipped|$peers_why"
    exit 0
}
row 'nothing: Node itself' 0 '-' node -e 0
row 'peer: Node, @ethereumjs/evm and mpt' 0 'ours <= 1/20' node "$peer/peer.mjs" "$work/answers.json" "$kms" "$hash" \
    "$(node "$root/tests/chain/calldata.mjs" "$BUILD/chain" "$work/own-app.json" app)"
[ -f "$usdc" ] || exit 0
# colibri verifies offline from data that it recorded itself (see peer/colibri.mjs); that is not ours to keep here.
data=${COLIBRI_DATA:-}
if [ -f "$data/usdc-balanceOf.ssz" ]; then
    row 'USDC call: colibri 1.1.19, with light client' 0 'ours <= 1/20' node "$peer/colibri.mjs" "$data" "$usdc"
    warm=$(node "$peer/colibri.mjs" "$data" "$usdc" 51) || say_stop 'colibri did not verify the recorded call'
    echo "warm: USDC call, colibri: first|${warm% *}||-"
    echo "warm: USDC call, colibri: again (signature known)|${warm#* }||-"
else
    echo 'skipped|no COLIBRI_DATA with its recording of the USDC call, so no row for colibri'
fi
echo "warm: USDC call, ours: again|$("$BUILD/bench/call_bench" "$usdc" 51)||-"
