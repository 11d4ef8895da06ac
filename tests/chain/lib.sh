# shellcheck shell=sh disable=SC2154,SC2034
# What the end-to-end tests, the demo and the benchmark share. Sourced, with `root` (the repository),
# BUILD and VECTORS set. Makes $work, which is gone at the end with every process that was started.

case $BUILD in /*) ;; *) BUILD=$root/$BUILD ;; esac
case $VECTORS in /*) ;; *) VECTORS=$root/$VECTORS ;; esac
work=$(mktemp -d)
background=''

clean_up() {
    trap - EXIT INT TERM HUP
    for pid in $background; do
        kill "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

say_stop() {
    echo "$0: $*" >&2
    exit 1
}

# wait_for FILE PID: until a started process has written its file.
wait_for() {
    tries=0
    while [ ! -e "$1" ]; do
        kill -0 "$2" 2>/dev/null || say_stop "a helper process ended early: $(tail -n 5 "$1.log")"
        tries=$((tries + 1))
        [ $tries -lt 6000 ] || say_stop "nothing in $1 after ten minutes"
        sleep 0.1
    done
}

# value KEY: from the chain's description, "evidence.own.states.allowed.hash".
value() {
    sed -n "s/^$1=//p" "$work/chain.flat"
}

# chain_start TIMESTAMP NAME=APP,KMS..: a chain with an application for each evidence.
chain_start() {
    node "$root/tests/chain/serve.mjs" "$BUILD/chain" "$work/chain.json" "$@" >"$work/chain.json.log" 2>&1 &
    background="$background $!"
    wait_for "$work/chain.json" $!
    node "$root/tests/chain/flat.mjs" "$work/chain.json" >"$work/chain.flat"
    rpc=$(value url)
    kms=$(value kms)
}

# liar_start: the lying node in front of the chain.
liar_start() {
    node "$root/tests/chain/liar.mjs" "$work/chain.json" "$work/liar.json" >"$work/liar.json.log" 2>&1 &
    background="$background $!"
    wait_for "$work/liar.json" $!
    liar=$(node "$root/tests/chain/flat.mjs" "$work/liar.json" | sed -n 's/^url=//p')
}

# get URL: the answer's text.
get() {
    node -e 'require("http").get(process.argv[1], (r) => r.on("data", (d) => process.stdout.write(d)))' "$1"
}

# boot_infos NAME FILE TCB-STATUS [ADVISORY..]: what both views must come to, in $work/NAME-{app,kms}.json
boot_infos() {
    subject=$1 source=$2
    shift 2
    for view in app kms; do
        node "$root/tests/chain/bootinfo.mjs" "$source" $view "$@" >"$work/$subject-$view.json" || say_stop "no boot info in $source"
    done
}

# config FILE BLOCK-HASH RPC-URL [POLICY-MEMBERS [CHAIN-MEMBERS]]: members as JSON text without braces
config() {
    printf '{"chain":{"source":"pinned","chain_id":31337,"kms_contract":"%s","block_hash":"%s"%s},"rpc":["%s"],"policy":{%s}}\n' \
        "$kms" "$2" "${5:+,$5}" "$3" "${4:-}" >"$1"
}

# real_bundle FILE: dstack's published quote with the collateral of its time; fails without ../shared.
real_at=1772496000
real_bundle() {
    answer=$VECTORS/tdx/dstack/quote-report.json
    collateral=$VECTORS/tdx/real/collateral/dcap-qvl-90c06f000000-2026-02.json
    [ -f "$answer" ] && [ -f "$collateral" ] || return 1
    printf '{"schema":1,"evidence":%s,"collateral":%s}\n' "$(cat "$answer")" "$(cat "$collateral")" >"$1"
}
