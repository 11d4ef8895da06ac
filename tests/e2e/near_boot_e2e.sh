#!/bin/sh
# `boot` under source near, with a software TPM: by the contracts' proven state, and by proof of call (tests/near/calls_serve.mjs:
# a chain that goes on, a relay), which alone is worth a key under the default policy. Prints "N passed, N failed, N skipped".
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/tests/live/suite.sh"

# --- the stage ------------------------------------------------------------------------------------------------------------
BUILD="$BUILD" "$root/tests/near/setup.sh" || exit 1
at=$(date +%s)
mkdir "$work/own"
"$BUILD/tools/mkbundle" "$work/own" "$at" >"$work/own/log" 2>&1 || say_stop "mkbundle: $(cat "$work/own/log")"
boot_infos own "$work/own/bundle.json" UpToDate
serve() { # NAME [DENIED-LIST]
    node "$BUILD/near/run/calls_serve.mjs" "$work/$1.json" "$work/own-app.json" "$work/own-kms.json" ${2:+"$2"} >"$work/$1.log" 2>&1 &
    background="$background $!"
    wait_for "$work/$1.json" $!
    node "$root/tests/chain/flat.mjs" "$work/$1.json" >"$work/$1.flat"
}
serve yes
serve no compose
of() { # CHAIN KEY
    sed -n "s/^$2=//p" "$work/$1.flat"
}
kms=$(of yes kms)
bundle=$work/own/bundle.json
app_id=$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1])).appId.replace(/^0x/, "")' "$work/own-app.json")
key=$(python3 "$root/tests/e2e/release_oracle.py" near-key $seed - tests "$kms" "$app_id" -)
target=$memory/target
tpm_prepare

# gate_config CHAIN CHAIN-MEMBERS POLICY-MEMBERS
gate_config() {
    checkpoint=$(node -p 'JSON.stringify(JSON.parse(require("fs").readFileSync(process.argv[1])).checkpoint)' "$work/$1.json")
    cat >"$work/config.json" <<END
{"chain":{"source":"near","network_id":"tests","contract_id":"$kms","checkpoint":$checkpoint${2:+,$2}},
 "rpc":["$(of "$1" url)/rpc"],"policy":{${3:-}},
 "release":{"tpm":{"class":"host","accept_host_tpm":true,"boot_pcrs":[4,7],"gate_pcr":12,"boot_log":"none","blob":"$work/seed.blob"},
 "targets":[{"type":"file","path":"$target/key"}],"deadline_s":60}}
END
}
by_call() { # CHAIN RELAY..
    url=$(of "$1" url)
    shift
    printf '"proof":"call","relay":[%s]' "$(printf "\"$url/%s\"," "$@" | sed 's/,$//')"
}

one_build() { # NAME PROGRAM
    build_name=$1 program=$2
    rm -f "$work/seed.blob"
    tpm_on
    gate_config yes "$(by_call yes relay)"
    "$program" seal --config "$work/config.json" --tcti "$tcti" --seed "$work/seed" >"$work/out" 2>"$work/err" </dev/null
    is 'seal: status' 0 $?

    boot 'a call that was run for us' 0 null "$bundle"
    is 'by call: assurance' proof-of-call "$(member chain.assurance)"
    is 'by call: freshness' nonce "$(member freshness)"
    is 'by call: the contract' true "$(member contract.is_allowed)"
    # A clock that somebody vouches for, and a floor, say less than a nonce of this run: they do not take its place.
    gate_config yes "$(by_call yes relay)" '"require_freshness":"nonce"'
    sed -i 's|^{|{"guest":{"time":"'"$work/time/sock"'","time_wait":10},|' "$work/config.json"
    mkdir -p "$work/time"
    python3 "$root/tests/pcs/chronyd.py" right "$work/time/sock" 2>"$work/time.err" &
    clock=$!
    background="$background $clock"
    boot 'by call, and a clock' 0 null "$bundle"
    is 'by call, and a clock: freshness' nonce "$(member freshness)"
    is 'by call, and a clock: whose time' chrony "$(member time.source)"
    kill "$clock"
    gate_config yes "$(by_call yes never relay)"
    boot 'a relay that sends nothing, and one that does' 0 null "$bundle"
    gate_config yes "$(by_call yes other)"
    boot 'a relay that sends something else' 3 BG-1666 "$bundle"
    gate_config no "$(by_call no relay)"
    boot 'the contract says no' 1 BG-1678 "$bundle"
    is 'the contract says no: reason' 'Compose hash not allowed' "$(member contract.reason)"

    # By the contracts' state: the same answers, but its age rests on the host's clock, and its code on nothing.
    gate_config yes '"code_hash":"report"'
    boot 'state, default policy' 1 BG-1089 "$bundle"
    gate_config yes '"code_hash":"report"' '"require_freshness":"host-clock"'
    boot 'state, host clock accepted' 0 null "$bundle"
    is 'state: assurance' finalized-data "$(member chain.assurance)"
    gate_config yes '"code_hash":"report"' '"require_freshness":"host-clock","require_assurance":"proof-of-call"'
    boot 'state is no proof of call' 1 BG-1090 "$bundle"

    # A recording has a nonce of its own, and is worth nothing to a boot.
    gate_config yes "$(by_call yes relay)" '"require_assurance":"finalized-data"'
    "$program" check "$bundle" --root "$work/own/root.der" --config "$work/config.json" --save-bundle "$work/calls-$build_name.json" --json >"$work/out" 2>"$work/err"
    is 'a check by call: status' 10 $?
    "$program" check --bundle "$work/calls-$build_name.json" --root "$work/own/root.der" --config "$work/config.json" --offline --json >"$work/out" 2>"$work/err"
    is 'the recording: status' 10 $?
    is 'the recording: freshness' host-clock "$(member freshness)"
    gate_config yes '"proof":"call"'
    boot 'the recording, for a boot' 3 BG-1666 "$work/calls-$build_name.json"
    floor
}

# The floor in the TPM: a height, of this network and contract. It is read by tpm2-tools, and written with the value that Python derives.
floor_config() { # [CHAIN-MEMBERS]
    gate_config yes "${1-"$(by_call yes relay)"}" '"require_freshness":"host-clock"'
    sed -i 's/"gate_pcr":12,/"gate_pcr":12,"floor_index":25166592,/' "$work/config.json"
}
height_in_tpm() {
    tpm2_nvread 0x01800300 -C o -s 56 -o "$work/nv" >/dev/null 2>&1 || { echo absent; return; }
    od -An -v -tu1 -j40 -N8 "$work/nv" | tr -s ' \n' ' ' | awk '{ for (i = 1; i <= 8; i++) p = p * 256 + $i; printf "%.0f", p }'
}
floor() {
    rm -f "$work/seed.blob"
    tpm_on
    tpm2_nvundefine 0x01800300 -C o >/dev/null 2>&1
    floor_config
    "$program" seal --config "$work/config.json" --tcti "$tcti" --seed "$work/seed" >"$work/out" 2>"$work/err" </dev/null
    is 'floor, seal: status' 0 $?
    is 'floor, seal: it begins at the checkpoint' "$(of yes checkpoint.height)" "$(height_in_tpm)"
    is 'floor, seal: whose it is' "$(python3 -c 'import hashlib, sys
part = lambda s: len(s).to_bytes(2, "big") + s.encode()
print(hashlib.sha256(b"bootgate/floor/chain/v1" + part("near") + part("tests") + part(sys.argv[1])).hexdigest())' "$kms")" \
        "$(od -An -v -tx1 -j8 -N32 "$work/nv" | tr -d ' \n')"
    boot 'floor, by call' 0 null "$bundle"
    is 'floor, by call: freshness' nonce "$(member freshness)"
    is 'floor, by call: raised' yes "$([ "$(height_in_tpm)" -gt "$(of yes checkpoint.height)" ] && echo yes)"
    floor_config '"code_hash":"report"'
    boot 'floor, by state' 0 null "$bundle"
    is 'floor, by state: raised to the block' "$(member chain.block_number)$(member chain.height)" "$(height_in_tpm)"
    # Somebody has seen a block that is far ahead: what is shown to us lies below it.
    auth=$(python3 -c 'import hmac, hashlib, sys
p = hmac.new(bytes(32), bytes.fromhex(sys.argv[1]), hashlib.sha256).digest()
print(hmac.new(p, b"bootgate/floor/v1" + bytes.fromhex("01800300") + b"\1", hashlib.sha256).hexdigest())' $seed)
    printf '\000\000\001\000\000\000\000\000' | dd of="$work/nv" bs=1 seek=40 conv=notrunc status=none
    tpm2_nvwrite 0x01800300 -C 0x01800300 -P "hex:$auth" -i "$work/nv" >/dev/null
    is 'floor, far ahead' 1099511627776 "$(height_in_tpm)"
    boot 'floor, below it' 3 BG-1640 "$bundle"
    floor_config
    boot 'floor, below it by call' 3 BG-1640 "$bundle"
    is 'floor, below it: as it was' 1099511627776 "$(height_in_tpm)"
}

[ -x "$BUILD/test/bootgate" ] || say_stop "no $BUILD/test/bootgate: run make test-build"
one_build plain "$BUILD/test/bootgate"
[ ! -x "$BUILD/asan/test/bootgate" ] || one_build asan "$BUILD/asan/test/bootgate"
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
