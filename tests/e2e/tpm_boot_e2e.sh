#!/bin/sh
# The floor in the TPM and class `attested`, whole: a software TPM with an endorsement certificate by openssl, a chain that goes on
# and one that is turned back, a store that is taken away or brought back, `boot`, the key. What is in the TPM is read by tpm2-tools.
# Prints "N passed, N failed, N skipped".
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
needs=openssl
. "$root/tests/live/suite.sh"

# --- the stage --------------------------------------------------------------------------------------------------------
beacon_possible
"$root/tests/chain/setup.sh" || exit 1
at=$(($(date +%s) / 12 * 12))
mkdir "$work/own"
"$BUILD/tools/mkbundle" "$work/own" $at >"$work/own/log" 2>&1 || say_stop "mkbundle: $(cat "$work/own/log")"
boot_infos own "$work/own/bundle.json" UpToDate
stage "own=$work/own-app.json,$work/own-kms.json"
beacon_start minimal
use minimal
before=$(number allowed) denied=$(number compose-denied) last=$(of last.number)
key=$(python3 "$root/tests/e2e/release_oracle.py" key $seed - ethereum 31337 "$kms" "$(value evidence.own.app.appId)")
target=$memory/target
index=0x01800300
tpm_prepare

# gate_config HEAD [POLICY [TPM-MEMBERS]]: the beacon chain as it is at that block
gate_config() {
    eth_config "$work/config.json" "$beacon/none/$1" "$rpc" '"max_head_age":7200' "${2-$host_clock}" '"store":"'"$work/store"'",
"release":{"tpm":{'"${3-$host}"',"boot_pcrs":[4,7],"gate_pcr":12,"boot_log":"none","blob":"'"$work/seed.blob"'","floor_index":25166592},
"targets":[{"type":"file","path":"'"$target/key"'"}]}'
}
host='"class":"host","accept_host_tpm":true'
host_clock='"require_freshness":"host-clock"'
own=$work/own/bundle.json

# floor: position and checkpoint as tpm2-tools reads them, or `absent`.
floor() {
    tpm2_nvread $index -C o -s 56 -o "$work/nv" >/dev/null 2>&1 || { echo absent; return; }
    od -An -v -tu1 "$work/nv" | tr -s ' \n' ' ' | awk '{ for (i = 41; i <= 48; i++) p = p * 256 + $i
        for (; i <= 56; i++) c = c * 256 + $i; printf "%.0f,%.0f", p, c }'
}

slot_in_store() {
    sed -nE 's/.*"slot": *([0-9]+).*/\1/p' "$work/store/floor.json"
}

provision() { # a TPM as new, and a seed in it
    tpm_on
    tpm2_nvundefine $index -C o >/dev/null 2>&1
    rm -rf "$work/seed.blob" "$work/store"
    "$program" seal --config "$work/config.json" --tcti "$tcti" --seed "$work/seed" --json >"$work/out" 2>"$work/err" </dev/null
}

only_up() {
    gate_config $before
    provision
    is 'seal: status' 0 $?
    begun=$(echo "$start" | sed -E 's/.*"slot":"?([0-9]+).*/\1/')
    is 'seal: it begins at the checkpoint' "$begun,0" "$(floor)"
    is 'seal: whose it is' "$(python3 -c 'import hashlib, sys
r = bytes.fromhex(sys.argv[1].removeprefix("0x"))
print(hashlib.sha256(b"bootgate/floor/chain/v1" + b"\0\x08ethereum" + b"\0\x20" + r).hexdigest())' "$(of network.genesis_validators_root)")" \
        "$(od -An -v -tx1 -j8 -N32 "$work/nv" | tr -d ' \n')"
    boot 'first' 0 null "$own"
    is 'first: as read before' "$begun" "$(member tpm.floor.position)"
    is 'first: what it is worth' advisory "$(member tpm.floor.weight)"
    is 'first: class' host "$(member tpm.class)"
    is 'first: storage key' unpinned "$(member tpm.srk)"
    is 'first: freshness' host-clock "$(member freshness)"
    first=$(slot_in_store)
    is 'first: raised to the finalized slot' "$first,0" "$(floor)"
    is 'first: which is later' yes "$([ "$first" -gt "$begun" ] && echo yes)"
    rm -rf "$work/first" "$work/tpm.first"
    cp -r "$work/store" "$work/first"
    boot 'the same again' 0 null "$own"
    is 'the same again: as read before' "$first" "$(member tpm.floor.position)"
    tpm_off
    cp -r "$work/tpm" "$work/tpm.first"

    # A no raises nothing, and the store's own floor alone is gone with the store.
    gate_config $denied
    boot 'a no' 1 BG-0952 "$own"
    is 'a no: the floor' "$first,0" "$(floor)"
    rm -rf "$work/store"
    gate_config $last
    boot 'the chain goes on' 0 null "$own"
    newest=$(slot_in_store)
    is 'the chain goes on: raised' "$newest,0" "$(floor)"
    is 'the chain goes on: by something' yes "$([ "$newest" -gt "$first" ] && echo yes)"
}

turned_back() {
    for how in taken-away brought-back both-files; do
        rm -rf "$work/store"
        [ $how = taken-away ] || cp -r "$work/first" "$work/store"
        [ $how != brought-back ] || rm "$work/store/floor.json"
        gate_config $before
        boot "$how, and the chain turned back" 3 BG-1374 "$own"
        is "$how: the floor" "$newest,0" "$(floor)"
        # The nodes are honest: what the store has is thrown away and fetched again.
        rm -rf "$work/store"
        [ $how = taken-away ] || cp -r "$work/first" "$work/store"
        [ $how != brought-back ] || rm "$work/store/floor.json"
        gate_config $last
        boot "$how, honest nodes" 0 null "$own"
        is "$how, honest nodes: the store" "$newest" "$(slot_in_store)"
    done
    # With a store that can't be written the floor is kept all the same.
    rm -rf "$work/store"
    gate_config $last
    sed -i "s|$work/store|$work/not/there|" "$work/config.json"
    boot 'no store to be had' 0 null "$own"
    gate_config $before
    sed -i "s|$work/store|$work/not/there|" "$work/config.json"
    boot 'no store to be had, turned back' 3 BG-1374 "$own"
    # A host that runs the TPM brings back all of it: that is what `advisory` means.
    tpm_off
    mv "$work/tpm" "$work/tpm.newest"
    cp -r "$work/tpm.first" "$work/tpm"
    rm -rf "$work/store"
    gate_config $before
    boot 'the TPM turned back, too' 0 null "$own"
    is 'the TPM turned back: the verdict says so' advisory "$(member tpm.floor.weight)"
    tpm_off
    rm -rf "$work/tpm"
    mv "$work/tpm.newest" "$work/tpm"
}

tampered() {
    gate_config $last
    tpm_on
    is 'before' "$newest,0" "$(floor)"
    cp "$work/nv" "$work/nv.newest"
    tpm2_nvundefine $index -C o >/dev/null
    boot 'undefined' 6 BG-2152 "$own"
    is 'undefined: no boot makes it' absent "$(floor)"
    tpm2_nvdefine $index -C o -s 56 -a 'authwrite|authread|ownerread|writeall|no_da' >/dev/null
    cp "$work/nv.newest" "$work/nv.old"
    printf '\000\000\000\000\000\000\000\001' | dd of="$work/nv.old" bs=1 seek=40 conv=notrunc status=none
    tpm2_nvwrite $index -C $index -i "$work/nv.old" >/dev/null
    boot 'another in its place' 6 BG-2154 "$own"
    is 'another in its place: as it was' 1,0 "$(floor)"
    tpm2_nvundefine $index -C o >/dev/null
    tpm2_nvdefine $index -C o -s 64 -a 'authwrite|authread|ownerread|no_da' >/dev/null
    boot 'of another size' 6 BG-2153 "$own"
    rm -f "$work/seed.blob"
    tpm_on
    "$program" seal --config "$work/config.json" --tcti "$tcti" --seed "$work/seed" >"$work/out" 2>"$work/err" </dev/null
    is 'seal does not replace it: status' 6 $?
    is 'seal does not replace it: no blob' no "$([ -e "$work/seed.blob" ] && echo yes || echo no)"
    provision
    is 'sealed anew: status' 0 $?
    boot 'sealed anew' 0 null "$own"
    # Another chain on the same index, by the same seed.
    gate_config $last
    sed -i 's/"source":"ethereum"/"source":"pinned"/' "$work/config.json"
    python3 - "$work/config.json" <<'END'
import json, sys
c = json.load(open(sys.argv[1]))
c["chain"] = {k: c["chain"][k] for k in ("source", "chain_id", "kms_contract")}
c["chain"]["block_hash"] = "0x" + "11" * 32
c.pop("beacon"), c.pop("store")
json.dump(c, open(sys.argv[1], "w"))
END
    boot 'a chain without heads' 2 BG-2151 "$own"
}

# --- class attested -----------------------------------------------------------------------------------------------------
ca() { # NAME: a CA of that name, and its empty list
    mkdir "$work/$1"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/$1/key.pem" -out "$work/$1/ca.pem" -subj "/CN=$1" \
        -days 30 -addext 'keyUsage=critical,keyCertSign,cRLSign' >"$work/$1/log" 2>&1 || say_stop "openssl req: $(cat "$work/$1/log")"
    : >"$work/$1/index"
    echo 01 >"$work/$1/crlnumber"
    printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s\ncrlnumber=%s\ndefault_md=sha256\ndefault_crl_days=5\n' "$work/$1/index" "$work/$1/crlnumber" >"$work/$1/conf"
    crl "$1"
}
crl() {
    openssl ca -config "$work/$1/conf" -gencrl -keyfile "$work/$1/key.pem" -cert "$work/$1/ca.pem" -out "$work/$1/crl.pem" \
        >"$work/$1/log" 2>&1 || say_stop "openssl ca: $(cat "$work/$1/log")"
}

# endorse CA DAYS: the TPM's endorsement key, certified, as a maker leaves it in NV; $work/ek.pem is its certificate.
endorse() {
    printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,keyAgreement\nextendedKeyUsage=2.23.133.8.1\n' >"$work/ek.ext"
    tpm2_createek -Q -G ecc -c "$work/ek.ctx" -u "$work/ek.pub" -f pem && tpm2_flushcontext -t
    openssl x509 -new -force_pubkey "$work/ek.pub" -subj /CN=TPM -CA "$work/$1/ca.pem" -CAkey "$work/$1/key.pem" -set_serial 4711 \
        -days "$2" -extfile "$work/ek.ext" -out "$work/ek.pem" 2>"$work/ek.log" || say_stop "openssl x509: $(cat "$work/ek.log")"
    openssl x509 -in "$work/ek.pem" -outform der -out "$work/ek.der"
    tpm2_nvundefine 0x01c0000a -C p >/dev/null 2>&1
    tpm2_nvdefine 0x01c0000a -C p -s "$(wc -c <"$work/ek.der")" -a 'ppwrite|ppread|ownerread|authread|no_da|platformcreate' >/dev/null
    tpm2_nvwrite 0x01c0000a -C p -i "$work/ek.der"
}

# refused NAME CODE: and the door is shut all the same.
closed=$(python3 "$root/tests/e2e/release_oracle.py" pcr "$(printf 'bootgate/gate/closed/v1' | sha256sum | cut -d' ' -f1)")
refused() {
    boot "$1" 6 "$2" "$own"
    is "$1: the door" "$closed" "$(tpm2_pcrread sha256:12 | sed -n 's/^ *12: *0x//p' | tr 'A-F' 'a-f')"
}

endorsed() {
    attested='"class":"attested","ek_ca":"'$work/maker/ca.pem'","ek_crl":"'$work/maker/crl.pem'"'
    rm -rf "$work/maker" "$work/foreign"
    ca maker
    ca foreign
    tpm_on
    endorse maker 30
    gate_config $last '' "$attested"
    provision
    is 'attested, seal: status' 0 $?
    is 'attested, seal: storage key' true "$(member srk_attested)"
    # The default policy: better than the host's clock.
    boot attested 0 null "$own"
    is 'attested: freshness' floor "$(member freshness)"
    is 'attested: key protection' attested-tpm "$(member key_protection)"
    is 'attested: class' attested "$(member tpm.class)"
    is 'attested: storage key' attested "$(member tpm.srk)"
    is 'attested: what the floor is worth' binding "$(member tpm.floor.weight)"
    is 'attested: raised' "$newest,0" "$(floor)"
    rm -rf "$work/store"
    gate_config $before '' "$attested"
    boot 'attested, turned back' 3 BG-1374 "$own"

    gate_config $last '' "$(echo "$attested" | sed "s|$work/maker/ca|$work/foreign/ca|")"
    refused 'a foreign CA' BG-2166
    gate_config $last '' "$(echo "$attested" | sed "s|$work/maker/crl|$work/foreign/crl|")"
    refused 'the list of another CA' BG-2170
    gate_config $last '' "$(echo "$attested" | sed "s|$work/maker/ca.pem|$work/nowhere.pem|")"
    boot 'no CA file' 2 BG-1015 "$own"
    # A boot that was killed before it came to the door, and `shut` behind it, which accepts this TPM no more than boot does.
    gate_config $last '' "$(echo "$attested" | sed "s|$work/maker/ca|$work/foreign/ca|")"
    tpm_on
    env SERVICE_RESULT=signal "$program" shut --config "$work/config.json" --tcti "$tcti" >"$work/out" 2>"$work/err" </dev/null
    is 'a foreign CA, shut: status' 0 $?
    is 'a foreign CA, shut: the door' "$closed" "$(tpm2_pcrread sha256:12 | sed -n 's/^ *12: *0x//p' | tr 'A-F' 'a-f')"
    cp "$work/maker/index" "$work/index.kept"
    printf 'R\t%s\t%s\t%X\tunknown\t/CN=TPM\n' "$(date -ud '+20 days' +%y%m%d%H%M%SZ)" "$(date -u +%y%m%d%H%M%SZ)" 4711 >"$work/maker/index"
    crl maker
    gate_config $last '' "$attested"
    refused revoked BG-2169
    cp "$work/index.kept" "$work/maker/index"
    crl maker
    # The one certificate instead of its CA: this TPM and no other. No list is needed then.
    gate_config $last '' '"class":"attested","ek_ca":"'"$work/ek.pem"'"'
    boot 'this one TPM' 0 null "$own"
    boot 'the certificate has expired' 6 BG-2168 "$own" --at $((at + 86400 * 40))
    tpm_on
    tpm2_nvundefine 0x01c0000a -C p
    gate_config $last '' "$attested"
    refused 'no certificate' BG-2160
    tpm_on
    endorse foreign 30
    refused 'of another maker' BG-2166
    tpm_on
    endorse maker 30
    boot 'and as it was' 0 null "$own"
}

one_build() { # NAME PROGRAM
    build_name=$1 program=$2
    only_up
    turned_back
    tampered
    endorsed
}

[ -x "$BUILD/test/bootgate" ] || say_stop "no $BUILD/test/bootgate: run make test-build"
one_build plain "$BUILD/test/bootgate"
[ ! -x "$BUILD/asan/test/bootgate" ] || one_build asan "$BUILD/asan/test/bootgate"
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
