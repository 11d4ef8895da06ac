#!/bin/sh
# make demo: one machine that may boot, one that may not, one that isn't what it says; against contracts on a
# chain that is started for it. Exit status 0 only if the program did what each part says.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
BUILD=${BUILD:-build}
VECTORS=${VECTORS:-../shared/vectors}
. "$root/tests/chain/lib.sh"
unset http_proxy https_proxy all_proxy ALL_PROXY BOOTGATE_CONFIG
gate=$BUILD/test/bootgate
[ -x "$gate" ] || say_stop "no $gate: run make test-build"
wrong=0

heading() {
    printf '\n%s\n' "$1"
    printf '%s\n' "$1" | sed 's/./-/g'
}

# show PART STATUS ARGUMENTS..: runs the program as a person would, from the folder with the files. Of what it prints:
# all; the verdict and checks; or what is not as it should be, with why and how to mend it.
show() {
    part=$1 expected=$2
    shift 2
    printf '\n$ bootgate %s\n' "$*"
    (cd "$work" && LC_ALL=C "$gate" "$@") >"$work/shown" 2>&1
    status=$?
    case $part in
    all) cat "$work/shown" ;;
    checks) awk '/^$/ { exit } { print }' "$work/shown" ;;
    problems) awk 'NR == 1 || /^  x / || /^RTMR[0-3] =/ || /^ *(Why|Fix) / || /^bootgate: / { print }' "$work/shown" ;;
    esac
    echo "(exit status $status$([ "$part" = all ] || echo ', shortened'))"
    if [ $status -ne "$expected" ]; then
        echo "*** expected was $expected"
        wrong=1
    fi
}

# said TEXT: the last run's output has it; the exit status alone could come from something else.
said() {
    grep -q -- "$1" "$work/shown" || {
        echo "*** the output lacks: $1"
        wrong=1
    }
}

# code_of ARGUMENTS..: the code that the same run gives in its JSON.
code_of() {
    (cd "$work" && "$gate" "$@" --json 2>/dev/null) >"$work/verdict.json"
    node -e 'const v = JSON.parse(require("fs").readFileSync(process.argv[1])); console.log(v.code ?? v.error?.code ?? "")' "$work/verdict.json"
}

echo "bootgate demo, with $BUILD/test/bootgate: the test build, which differs from the program that is installed in"
echo 'what it takes as a root of trust (--root), as evidence and as a TPM (boot --bundle, --tcti).'
"$root/tests/chain/setup.sh" || exit 1

trusted=''
if real_bundle "$work/machine.json"; then
    at=$real_at
    echo "Evidence: a real TDX quote of a dstack guest, with Intel's collateral of its time (3 March 2026)."
else
    at=$real_at
    "$BUILD/tools/mkbundle" "$work" $at >"$work/mkbundle.log" 2>&1 || say_stop "$(cat "$work/mkbundle.log")"
    mv "$work/bundle.json" "$work/machine.json"
    trusted='--root root.der'
    echo 'Evidence: made here, signed by a test PKI (no vectors at hand with a real quote).'
fi
boot_infos machine "$work/machine.json" UpToDate
chain_start $((at - 3600)) "machine=$work/machine-app.json,$work/machine-kms.json"
echo "Chain: anvil at $rpc, KMS contract $kms"
# The published quote carries no measurement material that proves its image hash.
policy='"require_os_image":false'
config "$work/allowed.conf" "$(value evidence.machine.states.allowed.hash)" "$rpc" "$policy"
config "$work/denied.conf" "$(value evidence.machine.states.compose-denied.hash)" "$rpc" "$policy"

# --- the TPM: swtpm as the machine's; PCR 4 and 7 get what firmware would measure -----------------------------
. "$root/tests/live/swtpm.sh"
keys=$(mktemp -d /dev/shm/bootgate-demo.XXXXXX) || exit 1
demo_end() {
    tpm_off
    rm -rf "$keys"
    clean_up
}
trap demo_end EXIT
tpm_prepare
# boot_config FILE BLOCK-HASH: this demo's TPM is the host's, and time is the recorded one: both must be said in the configuration.
boot_config() {
    printf '{"chain":{"source":"pinned","chain_id":31337,"kms_contract":"%s","block_hash":"%s"},"rpc":["%s"],
 "policy":{"require_freshness":"host-clock",%s},
 "release":{"tpm":{"class":"host","accept_host_tpm":true,"boot_pcrs":[4,7],"gate_pcr":12,"boot_log":"none","blob":"%s"},
            "targets":[{"type":"file","path":"%s"}]}}\n' "$kms" "$2" "$rpc" "$policy" "$work/seed.blob" "$keys/key" >"$1"
}
boot_config "$work/boot-allowed.conf" "$(value evidence.machine.states.allowed.hash)"
boot_config "$work/boot-denied.conf" "$(value evidence.machine.states.compose-denied.hash)"

heading '1. A machine that may boot'
echo 'The quote is verified up to its root, the event log replayed, and the contract run on proven state.'
# shellcheck disable=SC2086 # two words or none
show checks 10 check --bundle machine.json $trusted --at $at --config allowed.conf
said 'isAppAllowed: true'
echo '(+ holds, x does not, ? cannot be known from this evidence, - for information)'
echo
echo 'Now with a key at stake: a seed is sealed in a software TPM, once; then the machine boots.'
tpm_on
show all 0 seal --tcti "$tcti" --config boot-allowed.conf
tpm_on
# shellcheck disable=SC2086
show problems 0 boot --bundle machine.json $trusted --at $at --tcti "$tcti" --config boot-allowed.conf
if [ "$(stat -c '%s %a' "$keys/key" 2>/dev/null)" = '32 400' ]; then
    echo 'The key is out: 32 bytes, readable by its owner alone, on tmpfs.'
else
    echo '*** there is no key'
    wrong=1
fi
# shellcheck disable=SC2086
show problems 6 boot --bundle machine.json $trusted --at $at --tcti "$tcti" --config boot-allowed.conf
echo 'The door is shut: until the next reset nobody gets the seed again.'
rm -f "$keys/key"

heading '2. The same machine, after its owner withdrew the compose file'
# shellcheck disable=SC2086
show problems 1 check --bundle machine.json $trusted --at $at --config denied.conf
said 'Compose hash not allowed'
said 'Fix '
tpm_on
# shellcheck disable=SC2086
show problems 1 boot --bundle machine.json $trusted --at $at --tcti "$tcti" --config boot-denied.conf
if [ -e "$keys/key" ]; then
    echo '*** a key is out'
    wrong=1
else
    echo 'No key is out.'
fi

heading '3. The same machine, with an event log that was tampered with'
echo 'Another compose hash was written into the log, as a host would do that wants to pass for another app.'
node -e 'const fs = require("fs"); const [from, to] = process.argv.slice(1); const bundle = JSON.parse(fs.readFileSync(from));
    const given = bundle.evidence.event_log; const log = typeof given === "string" ? JSON.parse(given) : given;
    const event = log.find((one) => one.event === "compose-hash");
    event.event_payload = event.event_payload.replace(/^../, (two) => (two === "00" ? "01" : "00")); event.digest = "";
    bundle.evidence.event_log = typeof given === "string" ? JSON.stringify(log) : log;
    fs.writeFileSync(to, JSON.stringify(bundle));' "$work/machine.json" "$work/tampered.json" || wrong=1
# shellcheck disable=SC2086
show problems 4 check --bundle tampered.json $trusted --at $at --config allowed.conf
said 'RTMR3'
# shellcheck disable=SC2086
code=$(code_of check --bundle tampered.json $trusted --at $at --config allowed.conf)
case $code in
BG-*) show all 0 explain "$code" ;;
*)
    echo '*** no code for the mismatch'
    wrong=1
    ;;
esac
echo
echo 'Which register it is, and why:'
show problems 4 log tampered.json
said '^RTMR3 = .*NOT as in the quote'
# shellcheck disable=SC2086
show all 1 explain tampered.json $trusted --at $at
said ' RTMR3 '

echo
if [ $wrong -eq 0 ]; then
    echo 'demo: all three behaved: allowed with its key, denied without, refused'
else
    echo 'demo: something did not behave as it should'
fi
exit $wrong
