#!/bin/sh
# checkpoint_e2e: `bootgate checkpoint` as a program: keys made by openssl, documents signed, verified, shown, tampered
# with; what it signed is verified by openssl over bytes that Python puts together. No network.
#   BUILD=build tests/e2e/checkpoint_e2e.sh      Prints "N passed, N failed, N skipped".
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$root/$BUILD ;; esac
gate=$BUILD/test/bootgate
[ -x "$gate" ] || { echo "no $gate: run make test-build" >&2; exit 1; }
if ! command -v openssl >/dev/null || ! command -v python3 >/dev/null; then
    echo 'skipped 1 cases: no openssl(1) or no python3'
    echo '0 passed, 0 failed, 1 skipped'
    exit 0
fi
work=$(mktemp -d) || exit 70
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 70
umask 077
ASAN_OPTIONS=exitcode=99:detect_leaks=1
UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1:exitcode=99
LC_ALL=C
export ASAN_OPTIONS UBSAN_OPTIONS LC_ALL
unset BOOTGATE_CONFIG
passed=0 failed=0

ok() { passed=$((passed + 1)); }
bad() {
    failed=$((failed + 1))
    echo "FAILED $1"
}
# run NAME STATUS ARGUMENTS..: standard output in out, standard error in err.
run() {
    name=$1 want=$2
    shift 2
    "$gate" checkpoint "$@" >out 2>err </dev/null
    got=$?
    if [ $got -eq "$want" ]; then ok; else bad "$name: exit status $got, expected $want ($(head -c 400 out err | tr '\n' ' '))"; fi
    ! grep -qE 'Sanitizer|runtime error:' err || bad "$name: $(head -n 3 err)"
    # The key never leaves, in no form of hex.
    for k in "$secret1" "$secret2"; do
        ! cat out err ./*.json 2>/dev/null | grep -qi "$k" || bad "$name: the secret key was printed"
    done
}
says() {
    if grep -qF -- "$2" out err; then ok; else bad "$1: the output lacks: $2 ($(head -c 300 out err | tr '\n' ' '))"; fi
}
lacks() {
    if grep -qF -- "$2" out err; then bad "$1: the output has: $2"; else ok; fi
}
# refused NAME STATUS CODE ARGUMENTS..: in text and as a JSON verdict.
refused() {
    rname=$1 rwant=$2 code=$3
    shift 3
    run "$rname" "$rwant" "$@"
    says "$rname" "$code"
    run "$rname-json" "$rwant" "$@" --json
    says "$rname-json" "\"code\": \"$code\""
}
# edit FROM TO EXPRESSION: a document changed by Python; d is the document.
edit() {
    python3 -c '
import json, sys
d = json.load(open(sys.argv[1]))
s = d["signatures"]
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
def flip(x): return x[:-1] + "%x" % (int(x[-1], 16) ^ 1)
exec(sys.argv[3])
json.dump(d, open(sys.argv[2], "w"))' "$1" "$2" "$3"
}

# --- keys by openssl: secret as hex and raw, public key compressed -----------------------------------------------------
for i in 1 2 3; do
    openssl ecparam -name secp256k1 -genkey -noout -out key$i.pem 2>/dev/null
    openssl ec -in key$i.pem -outform DER -out key$i.der 2>/dev/null
    dd if=key$i.der of=key$i.raw bs=1 skip=7 count=32 2>/dev/null
    od -An -v -tx1 key$i.raw | tr -d ' \n' >key$i.hex
    openssl ec -in key$i.pem -pubout -out key$i.pub.pem 2>/dev/null
    openssl ec -in key$i.pem -pubout -conv_form compressed -outform DER 2>/dev/null | tail -c 33 | od -An -v -tx1 | tr -d ' \n' >key$i.pub
done
secret1=$(cat key1.hex) secret2=$(cat key2.hex)
pub1=$(cat key1.pub) pub2=$(cat key2.pub) pub3=$(cat key3.pub)
[ ${#secret1} -eq 64 ] && [ ${#pub1} -eq 66 ] || { echo 'FAILED openssl made no keys'; exit 1; }

# --- configurations ------------------------------------------------------------------------------------------------------
config() { # FILE NETWORK CHAIN_ID MORE
    printf '{"chain":{"source":"ethereum","chain_id":%s,"kms_contract":"0x%040d","network":"%s"%s}}' "$3" 7 "$2" "$4" >"$1"
}
signers="\"checkpoint_signers\":{\"keys\":[\"0x$pub1\",\"$pub2\",\"0x$pub3\"],\"threshold\":2}"
config config.cfg mainnet 1 ",$signers"
config sepolia.cfg sepolia 11155111 ",$signers"
now=$(date +%s)
slot=$((((now - 1606824023) / 12 - 96) / 32 * 32))
block=$(printf 'a block' | sha256sum | cut -c1-64)
config newer.cfg mainnet 1 ",$signers,\"checkpoint\":{\"root\":\"0x$block\",\"slot\":$((slot + 1))}"
config same.cfg mainnet 1 ",$signers,\"checkpoint\":{\"root\":\"0x$block\",\"slot\":$slot}"
config alone.cfg mainnet 1 ",\"checkpoint\":{\"root\":\"0x$block\",\"slot\":$slot}"
printf '{"chain":{"source":"pinned","chain_id":1,"kms_contract":"0x%040d","block_hash":"0x%064d"}}' 7 7 >pinned.cfg

# --- sign, add, verify, show -----------------------------------------------------------------------------------------------
run sign 0 sign --config config.cfg --key key1.hex --slot "$slot" --block-root "0x$block" -o one.json
says sign 'signed, 1 signature in all'
says sign "0x$pub1"
says sign "0x$block"
lacks sign 'note:'
run add 0 sign --config config.cfg --key key2.raw one.json -o two.json
says add 'signed, 2 signatures in all'
if python3 -c '
import json
a, b = json.load(open("one.json")), json.load(open("two.json"))
assert a["signatures"] == b["signatures"][:1] and len(b["signatures"]) == 2
assert b["not_after"] - b["issued"] == 14 * 86400
del a["signatures"], b["signatures"]
assert a == b'; then ok; else bad 'a second signature changes nothing else'; fi
run verify 0 verify two.json --config config.cfg
says verify 'verified: 2 of 3 configured keys signed, 2 needed'
says verify "0x$pub1"
says verify "0x$pub2"
lacks verify "0x$pub3"
run verify-json 0 verify two.json --config config.cfg --json
for m in '"verified": true' '"signed_by": 2' '"threshold": 2' '"keys": 3' "\"root\": \"0x$block\"" "\"slot\": $slot" '"epoch_boundary": true' \
    '"network": "mainnet"'; do says verify-json "$m"; done
run verify-quiet 0 verify two.json --config config.cfg -q
[ ! -s out ] && [ ! -s err ] && ok || bad 'verify -q prints'
run verify-stdin-less 3 verify - --config config.cfg
run show 0 show two.json
says show 'not verified'
says show "0x$block"
says show mainnet
lacks show BAD
run show-json 0 show two.json --json
says show-json '"verified": false'
says show-json '"signature_good": true'
run same-slot 0 verify two.json --config same.cfg
# What was signed, by openssl over bytes that were put together elsewhere.
for i in 0 1; do
    python3 - "$i" <<'P'
import json, struct, sys
d = json.load(open("two.json"))
h = lambda x: bytes.fromhex(x[2:])
m = b"bootgate/checkpoint/v1" + h(d["genesis_validators_root"]) + h(d["fork_version"]) + struct.pack(">Q", d["slot"]) + h(d["root"])
m += struct.pack(">QQ", d["issued"], d["not_after"])
open("message", "wb").write(m)
s = h(d["signatures"][int(sys.argv[1])]["signature"])
def integer(b):
    b = b.lstrip(b"\0")
    b = (b"\0" if b[0] & 128 else b"") + b
    return bytes([2, len(b)]) + b
body = integer(s[:32]) + integer(s[32:])
open("message.sig", "wb").write(bytes([48, len(body)]) + body)
P
    if openssl dgst -sha256 -verify key$((i + 1)).pub.pem -signature message.sig message >/dev/null 2>&1; then ok; else bad "openssl verifies signature $i"; fi
    if openssl dgst -sha256 -verify key$((2 - i)).pub.pem -signature message.sig message >/dev/null 2>&1; then bad "openssl takes signature $i for the other key's"; else ok; fi
done
# Standard input and output; a shorter life; a block in the middle of an epoch.
"$gate" checkpoint sign --config config.cfg --key - --slot $((slot + 5)) --block-root "$block" --days 1 -o - <key2.hex >odd.json 2>err
[ $? -eq 0 ] && grep -qF 'note: slot' err && ok || bad "sign - -o -: $(head -c 300 err)"
run odd 0 show odd.json
says odd 'note: slot'
if python3 -c 'import json; d = json.load(open("odd.json")); assert d["not_after"] - d["issued"] == 86400'; then ok; else bad '--days 1'; fi
printf '0x%s\r\n' "$secret1" >crlf.key && chmod 400 crlf.key
run key-forms 0 sign --config config.cfg --key crlf.key odd.json -o odd2.json --json
says key-forms '"signatures": 2'
run key-forms 0 verify odd2.json --config config.cfg
cp two.json in-place.doc
run in-place 0 sign --config config.cfg --key key3.hex in-place.doc -o in-place.doc
run in-place 0 verify in-place.doc --config config.cfg
says in-place 'verified: 3 of 3'

# --- refused -----------------------------------------------------------------------------------------------------------------
refused one-of-two 3 BG-1424 verify one.json --config config.cfg
refused wrong-network 3 BG-1412 verify two.json --config sepolia.cfg
refused sign-wrong-network 3 BG-1412 sign two.json --config sepolia.cfg --key key3.hex -o x.doc
refused expired 3 BG-1417 verify two.json --config config.cfg --at $((now + 15 * 86400))
refused not-yet 5 BG-1416 verify two.json --config config.cfg --at $((now - 120))
refused older 3 BG-1418 verify two.json --config newer.cfg
refused sign-older 3 BG-1418 sign two.json --config newer.cfg --key key3.hex -o x.doc
refused no-signers 2 BG-1435 verify two.json --config alone.cfg
refused no-network 2 BG-1434 verify two.json --config pinned.cfg
refused no-network-to-sign 2 BG-1434 sign two.json --config pinned.cfg --key key3.hex -o x.doc
refused signed-already 2 BG-1428 sign two.json --config config.cfg --key key1.raw -o x.doc
refused slot-to-come 3 BG-1415 sign --config config.cfg --key key1.hex --slot $((slot + 1000)) --block-root "$block" -o x.doc
n=0
while read -r status code what; do
    n=$((n + 1))
    edit two.json bad$n.doc "$what" || { bad "python: $what"; continue; }
    refused "tampered: $what" "$status" "$code" verify bad$n.doc --config config.cfg
done <<'T'
3 BG-1423 d["root"] = flip(d["root"])
3 BG-1423 d["slot"] -= 1
3 BG-1423 d["issued"] -= 1; d["not_after"] -= 1
3 BG-1423 d["not_after"] -= 1
3 BG-1414 d["not_after"] += 1
3 BG-1412 d["genesis_validators_root"] = flip(d["genesis_validators_root"])
3 BG-1413 d["fork_version"] = flip(d["fork_version"])
3 BG-1423 s[0]["signature"] = s[1]["signature"]
3 BG-1423 s[1]["signature"] = "0x" + flip(s[1]["signature"][2:66]) + s[1]["signature"][66:]
3 BG-1422 s[0]["signature"] = s[0]["signature"][:66] + "%064x" % (N - int(s[0]["signature"][66:], 16))
3 BG-1421 s[0]["signature"] = "0x" + "%064x" % N + s[0]["signature"][66:]
3 BG-1424 s[1] = s[0]
3 BG-1424 s[0]["key"] = "0x0%d" % (5 - int(s[0]["key"][3])) + s[0]["key"][4:]
3 BG-1424 d["signatures"] = []
3 BG-1405 d["signatures"] = s * 9
3 BG-1405 del d["signatures"]
3 BG-1406 s[0]["note"] = 1
3 BG-1406 s[0]["signature"] = s[0]["signature"][:-2]
3 BG-1401 d["note"] = "x"
3 BG-1402 d["schema"] = 2
3 BG-1403 del d["root"]
3 BG-1403 d["root"] += "00"
3 BG-1404 d["slot"] = str(d["slot"])
3 BG-1404 d["slot"] = -1
3 BG-1404 d["issued"] = 1.5
T
edit two.json damaged.doc 's[1]["signature"] = s[0]["signature"]'
refused sign-a-damaged-one 3 BG-1423 sign damaged.doc --config config.cfg --key key3.hex -o x.doc
run show-a-damaged-one 0 show damaged.doc
says show-a-damaged-one 'BAD (BG-1423)'
printf '{"schema": 1, "slot": 1, "slot": 2}' >twice.doc
refused not-json 3 BG-1433 verify twice.doc --config config.cfg
head -c 20000 /dev/zero >large.doc
refused too-large 3 BG-1432 verify large.doc --config config.cfg
refused no-such-file 2 BG-1015 show nowhere.doc

# --- key files ---------------------------------------------------------------------------------------------------------------
sign() { # NAME CODE KEYFILE
    refused "$1" 2 "$2" sign --config config.cfg --key "$3" --slot "$slot" --block-root "$block" -o x.doc
}
for mode in 0444 0440 0604 0620 0644 0777; do
    cp key1.hex mode.key && chmod $mode mode.key
    sign "mode-$mode" BG-1442 mode.key
    rm -f mode.key
done
for mode in 0400 0600; do
    cp key1.hex mode.key && chmod $mode mode.key
    run "mode-$mode" 0 sign --config config.cfg --key mode.key --slot "$slot" --block-root "$block" -o y.json -q
    rm -f mode.key
done
ln -s key1.hex link.key
mkfifo fifo.key
sign link BG-1442 link.key
sign fifo BG-1442 fifo.key
sign directory BG-1442 .
sign nowhere BG-1442 nowhere.key
: >empty.key
sign empty BG-1442 empty.key
head -c 31 key1.raw >short.key
sign short BG-1442 short.key
cat key1.hex key1.hex >long.key
sign long BG-1442 long.key
printf '%s' "$secret1" | tr '0-9a-f' 'g-v' >words.key
sign no-hex BG-1443 words.key
printf '%s' "$secret1" | head -c 63 >odd.key
sign odd-hex BG-1443 odd.key
printf '%064d' 0 >zero.key
sign zero BG-1426 zero.key
printf 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141' >order.key
sign order BG-1426 order.key
if [ -e x.doc ]; then bad 'a refused signature left a file'; else ok; fi

# --- the command line --------------------------------------------------------------------------------------------------------
refused nothing 2 BG-1007
refused no-action 2 BG-1430 frobnicate
refused verify-nothing 2 BG-1430 verify
refused no-key 2 BG-1436 sign --config config.cfg --slot 1 --block-root "$block" -o x.doc
refused no-output 2 BG-1436 sign --config config.cfg --slot 1 --block-root "$block" --key key1.hex
refused no-slot 2 BG-1438 sign --config config.cfg --block-root "$block" --key key1.hex -o x.doc
refused no-root 2 BG-1438 sign --config config.cfg --slot 1 --key key1.hex -o x.doc
for w in -1 1x '' 9223372036854775808 99999999999999999999; do
    refused "slot-$w" 2 BG-1439 sign --config config.cfg --slot "$w" --block-root "$block" --key key1.hex -o x.doc
done
for w in '' 0x "${block}00" "${block%??}zz"; do
    refused "root-$w" 2 BG-1440 sign --config config.cfg --slot "$slot" --block-root "$w" --key key1.hex -o x.doc
done
for w in 0 15 -1 x ''; do
    refused "days-$w" 2 BG-1441 sign --config config.cfg --slot "$slot" --block-root "$block" --days "$w" --key key1.hex -o x.doc
done
refused days-of-a-document 2 BG-1431 sign one.json --days 3 --config config.cfg --key key2.hex -o x.doc
refused slot-of-a-document 2 BG-1431 sign one.json --slot 3 --config config.cfg --key key2.hex -o x.doc
refused at-in-sign 2 BG-1431 sign one.json --at 3 --config config.cfg --key key2.hex -o x.doc
refused key-in-verify 2 BG-1431 verify one.json --key key2.hex --config config.cfg
refused config-in-show 2 BG-1431 show one.json --config config.cfg
run two-outputs 2 sign one.json --config config.cfg --key key2.hex -o - --json
says two-outputs BG-1437
refused unwritable 2 BG-1019 sign one.json --config config.cfg --key key2.hex -o nowhere/x.doc
if [ -e x.doc ]; then bad 'a refusal left a file'; else ok; fi

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
