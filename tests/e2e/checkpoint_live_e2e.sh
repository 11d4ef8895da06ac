#!/bin/sh
# checkpoint_live_e2e: `bootgate checkpoint show` against beacon nodes on loopback: what they say where nothing can be
# proven, and what is proven from the configured or a signed checkpoint, over a recording of mainnet.
#   BUILD=build VECTORS=../shared/vectors tests/e2e/checkpoint_live_e2e.sh      Prints "N passed, N failed, N skipped".
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
BUILD=${BUILD:-build}
VECTORS=${VECTORS:-../shared/vectors}
case $BUILD in /*) ;; *) BUILD=$root/$BUILD ;; esac
case $VECTORS in /*) ;; *) VECTORS=$root/$VECTORS ;; esac
lc=$VECTORS/eth/lc/mainnet-fulu
gate=$BUILD/test/bootgate
[ -x "$gate" ] || { echo "no $gate: run make test-build" >&2; exit 1; }
if ! command -v openssl >/dev/null || ! command -v python3 >/dev/null; then
    echo 'skipped 1 cases: no openssl(1) or no python3'
    echo '0 passed, 0 failed, 1 skipped'
    exit 0
fi
work=$(mktemp -d) || exit 70
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 70
umask 077
ASAN_OPTIONS=exitcode=99:detect_leaks=1
UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1:exitcode=99
LC_ALL=C
export ASAN_OPTIONS UBSAN_OPTIONS LC_ALL
unset BOOTGATE_CONFIG http_proxy https_proxy all_proxy ALL_PROXY
passed=0 failed=0 skipped=0
ok() { passed=$((passed + 1)); }
bad() {
    failed=$((failed + 1))
    echo "FAILED $1"
}
run() { # NAME STATUS ARGUMENTS..: output in out and err
    name=$1 want=$2
    shift 2
    "$gate" checkpoint "$@" >out 2>err </dev/null
    got=$?
    if [ $got -eq "$want" ]; then ok; else bad "$name: exit status $got, expected $want ($(head -c 500 out err | tr '\n' ' '))"; fi
    ! grep -qE 'Sanitizer|runtime error:' err || bad "$name: $(head -n 3 err)"
}
says() {
    if grep -qF -- "$2" out err; then ok; else bad "$1: the output lacks: $2 ($(head -c 500 out err | tr '\n' ' '))"; fi
}
lacks() {
    if grep -qF -- "$2" out err; then bad "$1: the output has: $2"; else ok; fi
}

python3 "$here/beacon_serve.py" port "$lc" >serve.log 2>&1 &
server=$!
for _ in $(seq 1200); do [ -s port ] || ! kill -0 $server 2>/dev/null || sleep 0.1; done
[ -s port ] || { echo "FAILED no server: $(cat serve.log)"; exit 1; }
at=http://127.0.0.1:$(cat port)

# root_of FILE MEMBER: the root of a beacon header, by Python: SHA-256 over eight leaves.
root_of() {
    python3 -c '
import hashlib, json, sys
b = json.loads(sys.stdin.read())["data"][sys.argv[1]]["beacon"]
u = lambda n: int(n).to_bytes(8, "little") + bytes(24)
l = [u(b["slot"]), u(b["proposer_index"])] + [bytes.fromhex(b[k][2:]) for k in ("parent_root", "state_root", "body_root")] + [bytes(32)] * 3
while len(l) > 1: l = [hashlib.sha256(l[i] + l[i + 1]).digest() for i in range(0, len(l), 2)]
print(l[0].hex())' "$1"
}
get() { python3 -c 'import sys, urllib.request; sys.stdout.write(urllib.request.urlopen(sys.argv[1]).read().decode())' "$1"; }
for i in 1 2; do
    openssl ecparam -name secp256k1 -genkey -noout -out key$i.pem 2>/dev/null
    openssl ec -in key$i.pem -pubout -conv_form compressed -outform DER 2>/dev/null | tail -c 33 | od -An -v -tx1 | tr -d ' \n' >key$i.pub
done
signers="\"checkpoint_signers\":{\"keys\":[\"0x$(cat key1.pub)\",\"0x$(cat key2.pub)\"],\"threshold\":2}"
config() { # FILE CHAIN_MEMBERS TOP_MEMBERS
    printf '{"chain":{"source":"ethereum","chain_id":1,"kms_contract":"0x%040d","network":"mainnet",%s}%s}' 7 "$2" "$3" >"$1"
}
beacon() { # MODE..: the member
    list=
    for m in "$@"; do list="$list${list:+,}\"$at/$m\""; done
    printf ',"beacon":[%s]' "$list"
}

# --- what nodes say --------------------------------------------------------------------------------------------------------
slot=14017952
made=$(get "$at/made/eth/v1/beacon/light_client/finality_update" | root_of finalized_header)
past=$(get "$at/past/eth/v1/beacon/light_client/finality_update" | root_of finalized_header)
config one "$signers" "$(beacon made)"
run one 0 show --config one
says one 'NOT VERIFIED'
says one '1 of 1 name this block'
says one "\"checkpoint\": {\"root\": \"0x$made\", \"slot\": $slot}"
says one "epoch $((slot / 32))"
lacks one 'note:'
run one-json 0 show --config one --json
for m in '"verified": false' "\"root\": \"0x$made\"" "\"slot\": $slot" '"agree": 1' '"asked": 1' '"epoch_boundary": true'; do says one-json "$m"; done
run one-quiet 0 show --config one -q
[ ! -s out ] && [ ! -s err ] && ok || bad 'show -q prints'
config some "$signers" "$(beacon fail made html made zero cut)"
run some 0 show --config some
says some '2 of 6 name this block'
says some 'no answer'
says some "0x$made"
config behind "$signers" "$(beacon past made made)"
run behind 0 show --config behind
says behind "0x$made"
says behind '2 of 3 name this block'
says behind "slot $((slot - 32))"
config newer "$signers" "$(beacon past made)"
run newer 0 show --config newer
says newer "\"root\": \"0x$made\""
config majority "$signers" "$(beacon past made past)"
run majority 0 show --config majority
says majority "\"root\": \"0x$past\""
# Two blocks at one slot are not both final, however many say so.
for set in 'made twin' 'twin made made made'; do
    # shellcheck disable=SC2086 # words
    config twins "$signers" "$(beacon $set)"
    run twins 3 show --config twins
    says twins BG-1447
    lacks twins '"checkpoint"'
done
run twins-json 3 show --config twins --json
says twins-json '"code": "BG-1447"'
config none "$signers" "$(beacon fail html cut zero)"
run none 3 show --config none
says none BG-1446
says none "$at"
says none 'nothing is finalized'
config other "$signers" "$(beacon other)"
run other 3 show --config other
says other 'slot 14017952 is of 2026-04-01T10:30:48Z, and on mainnet of 2026-04-01T10:30:47Z'
run to-come 3 show --config one --at $((1606824023 + 12 * slot - 1))
says to-come "ahead of the clock"
run just-there 0 show --config one --at $((1606824023 + 12 * slot))
config codes "$signers" "$(beacon made other zero html fail)"
run codes 0 show --config codes
for c in BG-1425 BG-1448 BG-1459; do says codes "$c"; done
run codes-json 0 show --config codes --json
for c in BG-1425 BG-1448 BG-1459; do says codes-json "\"code\": \"$c\""; done
config dead "$signers" ",\"beacon\":[\"http://127.0.0.1:1\"]"
run dead 3 show --config dead
says dead BG-1446
says dead 127.0.0.1:1
config nobody "$signers" ''
run nobody 2 show --config nobody
says nobody BG-1445

# A configuration that lacks a checkpoint is what one looks for a checkpoint with; it decides nothing. With one that is too old
# the way there is said, and nothing is printed that could be taken for proven.
config fresh '"head":"finalized"' "$(beacon made)"
run fresh 0 show --config fresh --timeout 60
says fresh 'NOT VERIFIED'
says fresh "\"checkpoint\": {\"root\": \"0x$made\", \"slot\": $slot}"
"$gate" check --config fresh >out 2>err
[ $? -eq 2 ] && ok || bad 'check begins at nothing'
says fresh-check BG-1492
config stale "\"checkpoint\":{\"root\":\"0x$(printf '%064d' 7)\",\"slot\":1}" "$(beacon made)"
run stale 2 show --config stale
says stale BG-1363
says stale 'take chain.checkpoint out'
lacks stale NOT
config hours "\"checkpoint\":{\"root\":\"0x$(printf '%064d' 7)\",\"slot\":$slot},\"checkpoint_max_age\":3600" "$(beacon made)"
run hours 2 show --config hours --at $((1606824023 + 12 * slot + 3601))
says hours '3601 s old; at most 3600'

# --- what is proven --------------------------------------------------------------------------------------------------------
if [ ! -f "$lc/bootstrap.json" ]; then
    skipped=$((skipped + 1))
    echo "skipped 1 cases: no vectors at $VECTORS"
    echo "$passed passed, $failed failed, $skipped skipped"
    [ $failed -eq 0 ]
    exit
fi
start=9bcb90ec3a294591b77dd2a58e973578715cdc0e6eeeb286bc06dd120057f18b start_slot=14017856 now=1775040300
final=$(root_of finalized_header <"$lc/finality.json")
from="\"checkpoint\":{\"root\":\"0x$start\",\"slot\":$start_slot}"
config real "$from" "$(beacon real)"
run real 0 show --config real --at $now
says real 'finalized: proven by the sync committee, 511 of 512 signed'
says real "\"checkpoint\": {\"root\": \"0x$final\", \"slot\": $slot}"
says real "slot $start_slot, chain.checkpoint of the configuration"
lacks real 'NOT VERIFIED'
run real-json 0 show --config real --at $now --json
for m in '"verified": true' '"assurance": "finalized"' "\"root\": \"0x$final\"" "\"slot\": $slot" "\"root\": \"0x$start\"" '"participants": 511' \
    '"committee_size": 512' '"from_signed_by": 0' '"epoch_boundary": true'; do says real-json "$m"; done
config real-second "$from" "$(beacon fail fake made real)"
run real-second 0 show --config real-second --at $now
says real-second "0x$final"
for set in fake made 'fake made html fail'; do
    # shellcheck disable=SC2086 # words
    config lies "$from" "$(beacon $set)"
    run "lies: $set" 3 show --config lies --at $now
    lacks "lies: $set" '"checkpoint"'
done
config attested "$from,\"head\":\"attested\"" "$(beacon real)"
run attested 0 show --config attested --at $now
says attested "\"root\": \"0x$final\""
run old 2 show --config real --at $((now + 15 * 86400))
says old BG-1363
lacks old '"checkpoint"'
run no-such-node 3 show --config real --at $((now + 3 * 86400))
lacks no-such-node '"checkpoint"'

# A document signed by openssl: by both, by one, and by both for another block of the chain.
sign() { # NAME SLOT ROOT KEYS..
    python3 - "$@" <<'P'
import hashlib, json, struct, subprocess, sys
name, slot, root, keys = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:]
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
gvr, fork, issued = "4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95", "06000000", 1606824023 + 12 * slot + 60
d = {"schema": 1, "genesis_validators_root": gvr, "fork_version": fork, "slot": slot, "root": root, "issued": issued, "not_after": issued + 86400, "signatures": []}
m = b"bootgate/checkpoint/v1" + bytes.fromhex(gvr + fork) + struct.pack(">Q", slot) + bytes.fromhex(root) + struct.pack(">QQ", issued, issued + 86400)
for k in keys:
    der = subprocess.run(["openssl", "dgst", "-sha256", "-sign", k + ".pem"], input=m, stdout=subprocess.PIPE, check=True).stdout
    n = der[3]
    r, s = int.from_bytes(der[4:4 + n], "big"), int.from_bytes(der[6 + n:], "big")
    d["signatures"].append({"key": open(k + ".pub").read(), "signature": "%064x%064x" % (r, min(s, N - s))})
json.dump(d, open(name, "w"))
P
}
sign both.doc $start_slot "$start" key1 key2
sign one.doc $start_slot "$start" key1
sign other.doc $slot "$(printf '%064d' 5)" key1 key2
config by-openssl "$signers" "$(beacon real)"
run by-openssl 0 verify both.doc --config by-openssl --at $now
says by-openssl '2 of 2 configured keys signed'
config signed "$signers" "$(beacon real),\"checkpoints\":[\"$at/doc/both.doc\"]"
run signed 0 show --config signed --at $now
says signed "\"root\": \"0x$final\""
says signed 'a signed checkpoint'
run signed-json 0 show --config signed --at $now --json
says signed-json '"from_signed_by": 2'
config one-signed "$signers" "$(beacon real),\"checkpoints\":[\"$at/doc/one.doc\"]"
run one-signed 3 show --config one-signed --at $now
says one-signed BG-1424
lacks one-signed '"checkpoint"'
config unsigned-and-real "$signers,$from" "$(beacon real),\"checkpoints\":[\"$at/doc/one.doc\",\"$at/doc/nothing\"]"
run unsigned-and-real 0 show --config unsigned-and-real --at $now
says unsigned-and-real 'chain.checkpoint of the configuration'
# Signers who vouch for a block that the verified chain does not have: an alarm.
config alarm "$signers,$from" "$(beacon real),\"checkpoints\":[\"$at/doc/other.doc\"]"
run alarm 3 show --config alarm --at $now
says alarm BG-1469
lacks alarm '"checkpoint"'

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
