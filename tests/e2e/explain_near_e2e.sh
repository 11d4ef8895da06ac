#!/bin/sh
# explain of what near-kms' contracts deny, against a NEAR chain of the tests' own (tests/near; the contracts' layout is our reading): each
# reason of the on-chain order names the set, what it lacks, and the call to paste, as JSON, text and page, from the saved bundle and from
# the verdict alone. And from when until when checkpoint and head are good. Prints "N passed, N failed, N skipped".
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-build}
VECTORS=${VECTORS:-../shared/vectors}
. "$root/tests/chain/lib.sh"
. "$root/tests/beacon/lib.sh"
ASAN_OPTIONS=exitcode=99:detect_leaks=1
LC_ALL=C
export ASAN_OPTIONS LC_ALL
unset http_proxy https_proxy all_proxy ALL_PROXY BOOTGATE_CONFIG COLUMNS
passed=0 failed=0 skipped=0
gate=$BUILD/test/bootgate
[ -x "$gate" ] || say_stop "no $gate: run make test-build"
BUILD="$BUILD" "$root/tests/near/setup.sh" || exit 1
at=1790000000
for name in own old; do
    mkdir "$work/$name"
    # shellcheck disable=SC2046
    "$BUILD/tools/mkbundle" "$work/$name" $at $([ $name = own ] || echo --tcb OutOfDate) >"$work/$name/log" 2>&1 || say_stop "mkbundle: $(cat "$work/$name/log")"
done
boot_infos own "$work/own/bundle.json" UpToDate
node "$BUILD/near/run/states.mjs" "$work/near.json" $at "$work/own-app.json" "$work/own-kms.json" >"$work/near.json.log" 2>&1 &
background="$background $!"
wait_for "$work/near.json" $!
node "$root/tests/chain/flat.mjs" "$work/near.json" >"$work/near.flat"
near_of() { sed -n "s/^$1=//p" "$work/near.flat"; }
node=$(near_of url) app=$(near_of app) kms=$(near_of kms)
info() { node -p 'JSON.parse(require("fs").readFileSync(process.argv[1]))[process.argv[2]].replace(/^0x/, "")' "$work/own-$1.json" "$2"; }
compose=$(info app composeHash) image=$(info app osImageHash) device=$(info app deviceId) mr=$(info kms mrAggregated)

ok() { passed=$((passed + 1)); }
bad() {
    failed=$((failed + 1))
    echo "FAILED $1"
    cat "$work/err"
}
run() { # NAME STATUS ARGUMENTS..
    name=$1 want=$2
    shift 2
    "$gate" "$@" >"$work/out" 2>"$work/err" </dev/null
    got=$?
    if [ $got -eq "$want" ]; then ok; else bad "$name: exit status $got, not $want"; fi
}
says() { if grep -qF -- "$2" "$work/out"; then ok; else bad "$1: no '$2'"; fi; }
holds() { # NAME EXPRESSION: true of j, what was printed
    if node -e 'const j = JSON.parse(require("fs").readFileSync(process.argv[2])); process.exit(eval(process.argv[1]) ? 0 : 1)' "$2" "$work/out" 2>>"$work/err"; then ok; else bad "$1: not $2"; fi
}
# decided STATE VIEW STATUS [EVIDENCE [CHAIN-MEMBERS [POLICY]]]: the verdict and the bundle that replays it
decided() {
    state=$1 view=$2
    get "$node/checkpoint/$state/3" >"$work/checkpoint"
    printf '{"chain":{"source":"near","network_id":"tests","contract_id":"%s","checkpoint":%s%s},"rpc":["%s"]%s}\n' \
        "$kms" "$(cat "$work/checkpoint")" "${5:-}" "$node/none/$state" "${6:-}" >"$work/config.json"
    run "$state, $view: check" "$3" check --bundle "$work/${4:-own}/bundle.json" --config "$work/config.json" --at $at --root "$work/${4:-own}/root.der" --as "$view" --save-bundle "$work/saved.json" --json
    cp "$work/out" "$work/verdict.json"
}
explained() { run "$state, $view: $1" "$2" explain "$work/saved.json" --config "$work/config.json" --at $at --root "$work/${4:-own}/root.der" --as "$view" $3; }

# denied STATE VIEW REASON ACCOUNT SET MEMBER COMMAND [SECOND]: the words of facts/near.md 1.1 to 1.3 and of near-kms' methods
denied() {
    reason=$3 account=$4 set=$5 member=$6 command=$7 second=${8:-}
    decided "$1" "$2" 1
    explained JSON 1 --json
    J="JSON.stringify(j.fixes.map((f) => [f.slot, f.commands]))" W="JSON.stringify([['$set[$member] of $account', [process.env.COMMAND, process.env.SECOND].filter(Boolean)]])"
    COMMAND=$command SECOND=$second
    export COMMAND SECOND
    holds "$state, $view" "$J === $W && j.fixes[0].why.startsWith('$reason') && j.fixes[0].function === process.env.COMMAND.split(' ')[3] && j.causes.length === 0 && j.verdict.contract.is_allowed === false"
    case $state in
    *-0x | kms-device-denied) holds "$state, $view: the hint" "j.fixes[0].value.includes('with 0x') && j.fixes[0].why.includes('add it again without 0x')" ;;
    *) holds "$state, $view: no hint" "j.fixes[0].value === 'absent' && j.fixes[0].why === '$reason'" ;;
    esac
    cp "$work/out" "$work/first"
    run "$state, $view: from the verdict alone" 1 explain "$work/verdict.json" --json
    holds "$state, $view: from the verdict alone" "JSON.stringify(j.fixes) === JSON.stringify(JSON.parse(require('fs').readFileSync('$work/first')).fixes)"
    explained text 1 "--html $work/page.html"
    if head -n 1 "$work/out" | grep -q "^DENIED: $reason"; then ok; else bad "$state, $view: first line"; fi
    says "$state, $view: text" "  Fix   $command"
    says "$state, $view: text" "$set[$member] of $account is absent"
    # In the page as it is pasted: what HTML spells otherwise is spelt back.
    if python3 -c '
import sys, xml.etree.ElementTree as ET
page = ET.fromstring(open(sys.argv[1], "rb").read())
text = ["".join(e.itertext()) for e in page.iter("pre")], " ".join(page.find(".//header").itertext())
sys.exit(0 if all(c in text[0] for c in sys.argv[3:] if c) and sys.argv[2] in text[1] else 1)' "$work/page.html" "$set[$member] of $account" "$command" "$second" 2>>"$work/err"; then ok; else bad "$state, $view: page"; fi
    # The commands are harmless as a shell reads them: plain words, the JSON text one of them.
    if sh -c "set -- $(printf '%s' "$command" | sed 's/<owner-account-id>$/me.near/; s/<owner-account-id> /me.near /'); [ \$1 = near ] && [ \$2 = call ] && [ \$# -le 11 ]" 2>>"$work/err"; then ok; else bad "$state, $view: shell"; fi
}
owner='--accountId <owner-account-id>'
registration="{\"app_id\":\"${app%%.*}\",\"owner_id\":\"<owner-account-id>\",\"disable_upgrades\":false,\"allow_any_device\":false,\"initial_device_id\":\"$device\",\"initial_compose_hash\":\"$compose\"}"
denied not-registered app 'App not registered' "$kms" registered_apps "$app" "near call $kms register_app '$registration' $owner --deposit 30 --gas 200000000000000"
denied image-denied app 'OS image is not allowed' "$kms" allowed_os_images "$image" "near call $kms add_os_image_hash '{\"os_image_hash\":\"$image\"}' $owner"
for state in compose-denied compose-0x compose-upper; do
    denied $state app 'Compose hash not allowed' "$app" allowed_compose_hashes "$compose" "near call $app add_compose_hash '{\"compose_hash\":\"$compose\"}' $owner"
done
denied device-denied app 'Device not allowed' "$app" allowed_device_ids "$device" "near call $app add_device '{\"device_id\":\"$device\"}' $owner" \
    "near call $app set_allow_any_device '{\"allow_any_device\":true}' $owner"
denied image-denied kms 'OS image is not allowed' "$kms" allowed_os_images "$image" "near call $kms add_os_image_hash '{\"os_image_hash\":\"$image\"}' $owner"
denied mr-denied kms 'Aggregated MR not allowed' "$kms" kms_allowed_aggregated_mrs "$mr" "near call $kms add_kms_aggregated_mr '{\"mr_aggregated\":\"$mr\"}' $owner"
denied kms-device-denied kms 'KMS is not allowed to boot on this device' "$kms" kms_allowed_device_ids "$device" "near call $kms add_kms_device '{\"device_id\":\"$device\"}' $owner"

# What no call mends: a platform that is out of date (a KMS only), and an app of another KMS.
decided allowed kms 1 old '' ',"policy":{"tcb_statuses":["UpToDate","OutOfDate"]}'
explained JSON 1 --json old
holds 'out of date' 'j.fixes.length === 1 && j.fixes[0].why.startsWith("TCB status is not up to date: ") && j.fixes[0].slot === null && j.fixes[0].commands.length === 0 && j.tcb.status === "OutOfDate"'
explained text 1 '' old
says 'out of date' 'TCB: '
decided other-kms app 1
explained JSON 1 --json
holds 'of another KMS' 'j.verdict.code === "BG-1650" && j.fixes.every((f) => f.commands.length === 0)'

# A yes has nothing to mend, and says how long it is good.
decided allowed app 10
start=$(node -p 'Math.floor(Number(BigInt(JSON.parse(require("fs").readFileSync(process.argv[1])).timestamp) / 1000000000n))' "$work/checkpoint")
height=$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1])).chain.block_number' "$work/verdict.json")
head=$(node -p 'Math.max(...JSON.parse(require("fs").readFileSync(process.argv[1])).rpc.map((r) => r.result?.inner_lite).filter((l) => l?.height === Number(process.argv[2])).map((l) => Math.floor(Number(BigInt(l.timestamp_nanosec) / 1000000000n))))' "$work/saved.json" "$height")
valid() { # NAME MAX-AGES..
    if node "$root/tests/e2e/validity_check.mjs" "$2" "$work/saved.json" test-root "$start" "$3" "$head" "$4" 2>"$work/err"; then ok; else bad "$1"; fi
}
explained JSON 0 --json
holds allowed 'j.fixes.length === 0 && j.verdict.contract.is_allowed'
valid 'periods of the explanation' "$work/out" 1209600 600
valid 'periods of the verdict' "$work/verdict.json" 1209600 600
holds 'who vouches for them' '["checkpoint config", "head of the chain near-block-producers"].every((w) => j.validity.periods.some((p) => `${p.what} ${p.anchor}` === w))'
explained text 0 -v
says '-v' "    checkpoint                        $(date -u -d "@$start" +%Y-%m-%dT%H:%M:%SZ)  $(date -u -d "@$((start + 1209600))" +%Y-%m-%dT%H:%M:%SZ)  "
decided allowed app 10 own ',"checkpoint_max_age":86400,"max_head_age":7200'
valid 'other ages' "$work/verdict.json" 86400 7200

# A verdict is anybody's word: nothing of it gets into a line to paste but plain words.
decided compose-denied app 1
node -e '
const fs = require("fs"), [file, dir] = process.argv.slice(1), v = JSON.parse(fs.readFileSync(file));
const make = (n, f) => { const c = structuredClone(v); f(c.contract); fs.writeFileSync(`${dir}/evil-${n}.json`, JSON.stringify(c)); };
make(1, (c) => { c.fix[0].command = "rm -rf /"; });
make(2, (c) => { c.fix[0].args.compose_hash = "a'"'"'; id; '"'"'"; });
make(3, (c) => { c.fix[0].account = "$(id)"; });
make(4, (c) => { c.fix[0].method = "a;id"; });
make(5, (c) => { c.fix[0].args = { "a'"'"';id": "b" }; });
make(6, (c) => { c.fix[0].args = "x"; });
make(7, (c) => { c.fix[0].args = { a: { b: "c" } }; });
make(8, (c) => { c.fix = [1, null, {}, []]; c.reads = [1, null, { present: false, member: 3 }]; });
make(9, (c) => { c.fix[0].args.compose_hash = "a".repeat(1 << 16); });
make(10, (c) => { c.reads.at(-1).member = "\u001b[31m$(id)"; });' "$work/verdict.json" "$work" || bad 'the inputs'
for n in 1 2 3 4 5 6 7 8 9 10; do
    run "harmless $n" 1 explain "$work/evil-$n.json" --json
    case $n in
    1 | 10) holds "harmless $n" "j.fixes[0].commands.length === 1 && j.fixes[0].commands[0].startsWith('near call $app add_compose_hash ') && !/[;\$]|rm -rf/.test(j.fixes[0].commands[0]) && !/[\$]/.test(j.fixes[0].slot ?? '')" ;;
    *) holds "harmless $n" 'j.fixes.every((f) => f.commands.length === 0)' ;;
    esac
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
