#!/bin/sh
# The stale world: everything that a gate asks for, recorded the instant before an app was revoked, and shown to it as if it were now:
# an empty store, a clock set to that instant, a beacon chain that has not got on. Every proof holds. A software TPM, `boot`, the key.
# Prints "N passed, N failed, N skipped".
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/tests/live/suite.sh"

# --- the stage: the clock of this machine is the instant of the recording ---------------------------------------------
beacon_possible
"$root/tests/chain/setup.sh" || exit 1
at=$(($(date +%s) / 12 * 12))
mkdir "$work/own"
"$BUILD/tools/mkbundle" "$work/own" $at >"$work/own/log" 2>&1 || say_stop "mkbundle: $(cat "$work/own/log")"
boot_infos own "$work/own/bundle.json" UpToDate
stage "own=$work/own-app.json,$work/own-kms.json"
beacon_start minimal
use minimal
before=$(number allowed) after=$(number compose-denied)
key=$(python3 "$root/tests/e2e/release_oracle.py" key $seed - ethereum 31337 "$kms" "$(value evidence.own.app.appId)")
target=$memory/target
tpm_prepare

# gate_config POLICY BEACON-URLS RPC-URLS [CHAIN-MEMBERS]
gate_config() {
    eth_config "$work/config.json" "$2" "$3" "\"max_head_age\":7200${4:+,$4}" "$1" '"store":"'"$work/store"'",
"release":{"tpm":{"class":"host","accept_host_tpm":true,"boot_pcrs":[4,7],"gate_pcr":12,"boot_log":"none","blob":"'"$work/seed.blob"'"},
"targets":[{"type":"file","path":"'"$target/key"'"}]}'
}

one_build() { # NAME PROGRAM
    build_name=$1 program=$2
    rm -rf "$work/seed.blob" "$work/store"
    tpm_on
    gate_config '' "$beacon/none/$before" "$rpc"
    "$program" seal --config "$work/config.json" --tcti "$tcti" --seed "$work/seed" >"$work/out" 2>"$work/err" </dev/null
    is 'seal: status' 0 $?

    # Complete: evidence, collateral, beacon chain and state, as they were. Nobody has to be asked any more.
    stale=$work/stale-$build_name.json
    "$program" fetch "$work/own/bundle.json" --root "$work/own/root.der" --at $at --config "$work/config.json" -o "$stale" >"$work/out" 2>"$work/err"
    is 'recording: status' 0 $?

    # The default: time has to rest on more than the host's clock.
    for world in served:own/bundle.json recorded:stale-$build_name.json; do
        name=${world%%:*} bundle=$work/${world#*:}
        nodes=$beacon/none/$before state=$rpc
        [ "$name" = served ] || nodes=http://127.0.0.1:1 state=http://127.0.0.1:1
        rm -rf "$work/store"
        gate_config '' "$nodes" "$state"
        boot "$name, default policy" 1 BG-1089 "$bundle"
        is "$name: freshness" host-clock "$(member freshness)"
        is "$name: the contract had said" true "$(member contract.is_allowed)"
        # The positive control: whoever says that the host's clock will do gets the key, by the same proofs.
        rm -rf "$work/store"
        gate_config '"require_freshness":"host-clock"' "$nodes" "$state"
        boot "$name, host clock accepted" 0 null "$bundle"
        is "$name, host clock accepted: freshness" host-clock "$(member freshness)"
        is "$name, host clock accepted: assurance" finalized "$(member chain.assurance)"
    done

    # The block that was withheld: with it there is no key, whatever is accepted.
    rm -rf "$work/store"
    gate_config '"require_freshness":"host-clock"' "$beacon/none/$after" "$rpc"
    boot 'the revocation is seen' 1 BG-0952 "$work/own/bundle.json"
    is 'the revocation is seen: reason' 'Compose hash not allowed' "$(member contract.reason)"
    # Who has seen it once does not go back, as long as the store is there.
    gate_config '"require_freshness":"host-clock"' "$beacon/none/$before" "$rpc"
    boot 'stale again, and the store has the newer block' 1 BG-0952 "$work/own/bundle.json"
    rm "$work/store/beacon.json"
    boot 'stale again, below the floor' 3 BG-1374 "$work/own/bundle.json"
    rm -rf "$work/store"
    # The clock goes on: what was recorded is too old by itself.
    boot 'three hours later' 3 BG-1373 "$stale" --at $((at + 10800))
}

[ -x "$BUILD/test/bootgate" ] || say_stop "no $BUILD/test/bootgate: run make test-build"
one_build plain "$BUILD/test/bootgate"
[ ! -x "$BUILD/asan/test/bootgate" ] || one_build asan "$BUILD/asan/test/bootgate"
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
