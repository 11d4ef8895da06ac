#!/bin/sh
# Positions `own` and `predict` on a guest that is none: the look-alikes of tsm_e2e.sh, and of the registers in sysfs (FUSE,
# tests/tsm/rtmr_fuse), a tmpfs for /run, a software TPM. What is measured and predicted is held against tests/oracles/app_plan.py.
# Prints "N passed, N failed, N skipped".
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-build}
VECTORS=${VECTORS:-../shared/vectors}
cases=210 # about
skip_all() {
    echo "skipped $cases cases: $1"
    echo "0 passed, 0 failed, $cases skipped"
    exit 0
}
if [ "${1:-}" != inside ]; then
    cd "$root" || exit 1
    [ -x "$BUILD/tools/rtmr_fuse" ] || skip_all 'no FUSE library: install libfuse3-dev and run make test-build'
    [ -c /dev/fuse ] || skip_all 'no /dev/fuse on this machine'
    unshare -rm true 2>/dev/null || skip_all 'no unprivileged namespaces on this machine'
    for tool in swtpm tpm2_unseal python3 node; do
        command -v $tool >/dev/null 2>&1 || skip_all "$tool is not installed"
    done
    exec unshare -rm "$0" inside
fi
. "$root/tests/chain/lib.sh"
. "$root/tests/live/swtpm.sh"
cd "$root" || exit 1
unset http_proxy https_proxy all_proxy ALL_PROXY BOOTGATE_CONFIG
program=${OWN_PROGRAM:-$BUILD/test/bootgate} # a sanitized one, say
passed=0 failed=0
world=$work/world
guest=$world/guest
share=$guest/dstack/.host-shared
reports=$guest/sys/kernel/config/tsm/report
registers=$guest/sys/devices/virtual/misc/tdx_guest/measurements
memory=$(mktemp -d /dev/shm/bootgate-own.XXXXXX) || exit 1
at=$(date +%s)

finish() {
    tpm_off
    umount "$reports" "$registers" "$guest/run" 2>/dev/null
    rm -rf "$memory"
    clean_up
}
trap finish EXIT

# is NAME EXPECTED ACTUAL
is() {
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED $1: $3, expected $2"
        [ ! -s "$work/err" ] || head -n 3 "$work/err"
    fi
}

machine() {
    verb=$1
    shift
    "$BUILD/tools/td_machine" "$verb" "$world" "$@" || say_stop "td_machine $verb $*"
}
oracle() { python3 "$root/tests/oracles/app_plan.py" "$@"; }
member() {
    node "$root/tests/chain/flat.mjs" "$work/out" 2>/dev/null | sed -n "s/^$1=//p" | head -n 1
}
code() {
    grep -oE -m 1 'BG-[0-9]{4}' "$work/err" "$work/out" -h | head -n 1
}
rtmr3() { python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["rtmr3"])' "$world/machine.json"; }
zero=$(printf '0%.0s' $(seq 96))
boot_info() { python3 -c 'import json,sys; print(json.dumps(json.load(open(sys.argv[1]))["boot_info"], sort_keys=True))' "$work/out"; }

# fresh: the machine after a power cycle: firmware has run, nothing else.
fresh() {
    umount "$guest/run" 2>/dev/null
    mkdir -p "$guest/run"
    mount -t tmpfs -o size=80m,mode=755 tmpfs "$guest/run" || say_stop 'no tmpfs in a namespace'
    rm -rf "$guest/dstack"
    machine world --at "$at" --compose "$work/compose.json" --until firmware
    machine fault none
    rm -rf "$guest/run/log"
    cp "$work/info.json" "$share/.instance_info"
}

# conf STATE POSITION [GUEST-MEMBERS]: tools.json and config.json
conf() {
    printf '{"chain":{"source":"pinned","chain_id":31337,"kms_contract":"%s","block_hash":"%s"},"rpc":["%s"],"measure":"%s","guest":{%s},"policy":{"require_freshness":"host-clock"}}\n' \
        "$kms" "$(value "evidence.own.states.$1.hash")" "$rpc" "$2" "${3:-}" >"$work/tools.json"
    sed 's/}$//' "$work/tools.json" >"$work/config.json"
    printf ',"release":{"tpm":{"class":"host","accept_host_tpm":true,"boot_pcrs":[4,7],"boot_log":"%s","gate_pcr":12,"blob":"%s"%s},"targets":[{"type":"file","path":"%s"}],"deadline_s":60}}\n' \
        none "$work/seed.blob" "${srk:+,\"srk_name\":\"$srk\"}" "$memory/target/key" >>"$work/config.json"
}

# boot NAME STATUS CODE: KEY is the application's when the status is 0, else nothing is left.
boot() {
    rm -rf "$memory/target"
    mkdir -m 700 "$memory/target"
    tpm_on
    "$program" boot --guest-root "$guest" --config "$work/config.json" --tcti "$tcti" --root "$world/root.der" \
        --collateral "$world/collateral.json" --json >"$work/out" 2>"$work/err" </dev/null
    status=$?
    is "boot, $1: status" "$2" "$status"
    is "boot, $1: code" "$3" "$(code)"
    is "boot, $1: what left" "$([ "$2" != 0 ] || echo "$own_key")" \
        "$([ ! -e "$memory/target/key" ] || od -An -tx1 -v "$memory/target/key" | tr -d ' \n')"
}

check() { # NAME STATUS [ARGUMENTS..]
    name=$1 expected=$2
    shift 2
    "$program" check --guest-root "$guest" --config "$work/tools.json" --root "$world/root.der" --collateral "$world/collateral.json" \
        --json "$@" >"$work/out" 2>"$work/err" </dev/null
    is "check, $name: status" "$expected" $?
}

# refused NAME STATUS CODE: own ends here; RTMR3 is untouched.
refused() {
    boot "$@"
    is "boot, $1: RTMR3" "$zero" "$(rtmr3)"
    is "boot, $1: log" no "$([ -s "$guest/run/log/dstack/runtime_events.log" ] && echo yes || echo no)"
}

# --- own ---------------------------------------------------------------------------------------------------------
own_allowed() {
    conf allowed own
    fresh
    printf 'user' >"$share/.user-config"
    boot allowed 0 ''
    is 'own: kind' live "$(member kind)"
    copy=$guest/run/bootgate/app
    is 'own: mode of the copy' 700 "$(stat -c %a "$copy")"
    for f in app-compose.json .sys-config.json .instance_info .user-config; do
        is "own: $f copied" same "$(cmp -s "$share/$f" "$copy/$f" && echo same)"
    done
    is 'own: what is not there is not made' no "$([ -e "$copy/.encrypted-env" ] && echo yes || echo no)"
    is 'own: RTMR3' "$(oracle rtmr3 "$work/compose.json" "$work/info.json" 1)" "$(rtmr3)"
    oracle log "$work/compose.json" "$work/info.json" 1 >"$work/log"
    is 'own: log' same "$(cmp -s "$work/log" "$guest/run/log/dstack/runtime_events.log" && echo same)"
    is 'own: version' 1 "$(cat "$guest/run/log/dstack/runtime_event_version")"
    is 'own: mode of the log' 600 "$(stat -c %a "$guest/run/log/dstack/runtime_events.log")"
    is 'own: instance id' "$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["instance_id"])' "$copy/measured.json")" \
        "$(member boot_info.instanceId)"
    check 'afterwards, from the copy' 0
    boot 'a second time' 4 BG-2331
    conf compose-denied own
    fresh
    boot 'denied by the contract' 1 "$denied"
    conf allowed own '"gpu_policy_event":false'
    fresh
    boot 'without the event of a GPU policy' 0 ''
    is 'own, no GPU policy: RTMR3' "$(oracle rtmr3 "$work/compose.json" "$work/info.json" 0)" "$(rtmr3)"
    conf allowed own
    fresh
    rm "$share/.instance_info"
    boot 'a new instance' 0 ''
    oracle measured "$copy/measured.json" >"$work/drawn.json"
    is 'own, a new instance: RTMR3' "$(oracle rtmr3 "$work/compose.json" "$work/drawn.json" 1)" "$(rtmr3)"
    first=$(member boot_info.instanceId)
    fresh
    rm "$share/.instance_info"
    boot 'a new instance again' 0 ''
    is 'own: another seed each time' no "$([ "$first" = "$(member boot_info.instanceId)" ] && echo yes || echo no)"
}

# The host changes its files between copy and quote: nobody looks there again.
own_changed() {
    conf allowed own
    fresh
    machine fault errno:16 2 # the quote takes a while
    (
        tries=0
        until [ -e "$guest/run/bootgate/app/measured.json" ] || [ $tries -gt 600 ]; do
            tries=$((tries + 1))
            sleep 0.05
        done
        printf '{"evil":1}' >"$share/app-compose.json"
        printf '{}' >"$share/.sys-config.json"
    ) &
    changer=$!
    boot 'files changed behind the copy' 0 ''
    wait $changer
    is 'own: they were changed' '{"evil":1}' "$(cat "$share/app-compose.json")"
    is 'own: RTMR3 is of the copy' "$(oracle rtmr3 "$work/compose.json" "$work/info.json" 1)" "$(rtmr3)"
}

# spoil NAME STATUS CODE COMMAND..: a machine with one thing wrong
spoil() {
    name=$1 want=$2 want_code=$3
    shift 3
    fresh
    "$@"
    refused "$name" "$want" "$want_code"
}
link_of() { mv "$share/$1" "$work/elsewhere" && ln -s "$work/elsewhere" "$share/$1"; }
fifo_of() { rm -f "$share/$1" && mkfifo "$share/$1"; }
large() { truncate -s "$2" "$share/$1"; }
log_there() { mkdir -p "$guest/run/log/dstack" && : >"$guest/run/log/dstack/$1"; }
extended() { machine extend 3 "$(printf 'ab%.0s' $(seq 48))"; }
no_tmpfs() { umount "$guest/run" && rm -rf "$guest/run" && mkdir "$guest/run"; }
open_to_all() { mkdir "$guest/run/bootgate" && chmod 777 "$guest/run/bootgate"; }
linked_dir() { mkdir "$guest/run/other" && ln -s other "$guest/run/bootgate"; }
made_before() { mkdir -p "$guest/run/bootgate/app" && chmod 700 "$guest/run/bootgate"; }
compose_is() { printf '%s' "$1" >"$share/app-compose.json"; }
gpu() { mkdir -p "$guest/sys/bus/pci/devices/0000:01:00.0" && echo 0x10de >"$guest/sys/bus/pci/devices/0000:01:00.0/vendor"; }
dstack_util() { mkdir -p "$guest/usr/bin" && : >"$guest/usr/bin/dstack-util"; }
no_share() { rm -r "$share"; }
small() {
    umount "$guest/run"
    mount -t tmpfs -o size=64k,mode=755 tmpfs "$guest/run"
    head -c 200000 /dev/zero >"$share/.user-config"
}
least='"name":"n","runner":"docker-compose"'

own_refused() {
    conf allowed own
    spoil 'a log is there' 4 BG-2334 log_there runtime_events.log
    spoil 'a version is there' 4 BG-2334 log_there runtime_event_version
    fresh
    extended
    before=$(rtmr3)
    boot 'RTMR3 is in use' 4 BG-2338
    is 'RTMR3 in use: as it was' "$before" "$(rtmr3)"
    spoil 'compose a link' 4 BG-2323 link_of app-compose.json
    spoil 'instance info a link' 4 BG-2323 link_of .instance_info
    spoil 'compose a FIFO' 4 BG-2325 fifo_of app-compose.json
    spoil 'environment a FIFO' 4 BG-2325 fifo_of .encrypted-env
    spoil 'compose too large' 4 BG-2327 large app-compose.json 1048577
    spoil 'sys-config too large' 4 BG-2327 large .sys-config.json 262145
    spoil 'environment too large' 4 BG-2327 large .encrypted-env 262145
    spoil 'instance info too large' 4 BG-2327 large .instance_info 10241
    spoil 'compose absent' 4 BG-2324 rm "$share/app-compose.json"
    spoil 'the share absent' 4 BG-2324 no_share
    spoil 'no tmpfs' 70 BG-2329 no_tmpfs
    rm -rf "$guest/run"
    spoil 'no room' 4 BG-2321 small
    spoil 'open to others' 70 BG-2330 open_to_all
    spoil 'the folder a link' 70 BG-2328 linked_dir
    spoil 'the copy made before' 4 BG-2331 made_before
    spoil 'compose garbled' 4 BG-2300 compose_is '{'
    spoil 'compose of a later version' 4 BG-2302 compose_is '{"manifest_version":"4",'"$least}"
    spoil 'six scripts' 4 BG-2304 compose_is '{"manifest_version":"3","init_script":["","","","","",""],'"$least}"
    spoil 'requirements' 4 BG-2341 compose_is '{"manifest_version":"3","requirements":{"os_version":">=0.6.0"},'"$least}"
    spoil 'a GPU' 4 BG-2342 gpu
    rm -r "$guest/sys/bus"
    spoil "dstack's setup in the image" 4 BG-2346 dstack_util
    rm -r "$guest/usr"
    fresh
    machine fault extend:5 1
    refused 'the register refuses' 4 "$extend_code"
    fresh
    machine fault extend-twice 1
    boot 'somebody extends meanwhile' 4 BG-2340
    conf allowed existing
    boot '.. and nothing can be verified any more' 4 BG-0631
    fresh
    boot 'after a power cycle: nothing is measured' 4 BG-2040
}

# Killed between the register and the log: they differ for good.
own_killed() {
    conf allowed own
    fresh
    machine fault extend-held 3
    rm -rf "$memory/target" && mkdir -m 700 "$memory/target"
    tpm_on
    "$program" boot --guest-root "$guest" --config "$work/config.json" --tcti "$tcti" --root "$world/root.der" \
        --collateral "$world/collateral.json" --json >"$work/out" 2>"$work/err" </dev/null &
    victim=$!
    # Until the third event is in the register, and its answer has not come.
    tries=0
    until grep -q '"times": 0' "$world/machine.json" || [ $tries -gt 6000 ]; do
        tries=$((tries + 1))
        sleep 0.02
    done
    before=$(rtmr3)
    # All of the run: whoever waits for the answer goes on no more when it comes.
    everybody="$victim $(cat "/proc/$victim/task/$victim/children" 2>/dev/null)"
    # shellcheck disable=SC2086 # ids
    kill -9 $everybody 2>/dev/null
    machine fault none
    { wait $victim; } 2>/dev/null
    # shellcheck disable=SC2086
    for pid in $everybody; do
        while kill -0 "$pid" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null; do sleep 0.02; done
    done
    is 'killed: the third event was in the register' "$before" "$(rtmr3)"
    oracle log "$work/compose.json" "$work/info.json" 1 | head -n 2 >"$work/log"
    is 'killed: the log has two events' same "$(cmp -s "$work/log" "$guest/run/log/dstack/runtime_events.log" && echo same)"
    is 'killed: nothing left' no "$([ -e "$memory/target/key" ] && echo yes || echo no)"
    boot 'killed, then again' 4 BG-2331
    conf allowed existing
    boot 'killed, then as if dstack had measured' 4 BG-0631
}

# --- predict -----------------------------------------------------------------------------------------------------
measure_later() { # GPU-POLICY INFO
    mkdir -p "$guest/run/log/dstack"
    oracle events "$work/compose.json" "$2" "$1" >"$work/events"
    while read -r name payload; do
        machine event "$name" ${payload:+"$payload"}
    done <"$work/events"
}

predictions() {
    conf allowed predict '"gpu_policy_event":true'
    fresh
    check predicted 10
    is 'predict: kind' prediction "$(member kind)"
    is 'predict: would be' true "$(member would_be_allowed)"
    is 'predict: no allowed' '' "$(member allowed)"
    is 'predict: nothing unknown' no "$(grep -q prediction.unknown "$work/out" && echo yes || echo no)"
    boot_info >"$work/predicted"
    "$program" collect --guest-root "$guest" --config "$work/tools.json" -o "$work/early.json" >/dev/null 2>"$work/err"
    is 'predict: collect' 0 $?
    check 'predicted from a bundle' 10 "$work/early.json"
    boot_info >"$work/from-bundle"
    is 'predict: the same from a bundle' same "$(cmp -s "$work/predicted" "$work/from-bundle" && echo same)"
    conf compose-denied predict '"gpu_policy_event":true'
    check 'predicted, denied' 1
    is 'predict, denied: would be' false "$(member would_be_allowed)"
    conf allowed predict '"gpu_policy_event":true'
    boot 'position predict' 2 BG-2317
    measure_later 1 "$work/info.json"
    check 'predict, when it is measured' 4
    is 'predict, when it is measured: code' BG-2314 "$(code)"
    conf allowed existing
    check existing 0
    boot_info >"$work/measured"
    is 'predicted, then measured: byte-equal' same "$(cmp -s "$work/predicted" "$work/measured" && echo same)"
    # A KMS looks at itself: the whole log of its boot.
    machine event os-image-hash "$(printf '11%.0s' $(seq 32))"
    machine event key-provider "$(printf '%s' '{"name":"none","id":""}' | od -An -tx1 -v | tr -d ' \n')"
    machine event storage-fs 7a6673
    machine event system-ready
    check 'as a KMS' 1 --as kms
    oracle kms "$world/machine.json" "$guest/run/log/dstack/runtime_events.log" >"$work/kms"
    is "as a KMS: mrAggregated and mrSystem" "$(cat "$work/kms")" "$(member boot_info.mrAggregated) $(member boot_info.mrSystem)"
    check 'the app, later' 0
    boot_info >"$work/later"
    is 'predicted, and at the end: byte-equal' same "$(cmp -s "$work/predicted" "$work/later" && echo same)"
    conf allowed predict '"gpu_policy_event":true'
    fresh
    check 'as a KMS, predicted' 2 --as kms
    is 'as a KMS, predicted: code' BG-2315 "$(code)"
    # What is not known is null, and said.
    conf allowed predict
    check 'GPU policy unknown' 10
    is 'GPU policy unknown: mrAggregated' null "$(python3 -c 'import json,sys; print(json.dumps(json.load(open(sys.argv[1]))["boot_info"]["mrAggregated"]))' "$work/out")"
    is 'GPU policy unknown: checks' 1 "$(grep -c '"prediction.unknown"' "$work/out")"
    conf allowed predict '"gpu_policy_event":false'
    rm "$share/.instance_info"
    check 'a first boot' 10
    is 'a first boot: both null' 'null null' "$(python3 -c 'import json,sys; b=json.load(open(sys.argv[1]))["boot_info"]; print(json.dumps(b["mrAggregated"]), json.dumps(b["instanceId"]))' "$work/out")"
    is 'a first boot: checks' 2 "$(grep -o '"prediction.unknown"' "$work/out" | wc -l)"
    fifo_of .instance_info
    check 'instance info a FIFO' 4
    is 'instance info a FIFO: code' BG-2043 "$(code)"
}

# --- the stage ---------------------------------------------------------------------------------------------------
mounted() { # TOOL PLACE
    mkdir -p "$2"
    "$BUILD/tools/$1" "$world" "$2" -f >"$work/$1.log" 2>&1 &
    background="$background $!"
    tries=0
    until grep -q "$2" /proc/mounts; do
        tries=$((tries + 1))
        [ $tries -lt 1200 ] || skip_all "FUSE cannot be mounted in a namespace here: $(cat "$work/$1.log")"
        sleep 0.05
    done
}

mkdir "$world"
printf '%s' '{"manifest_version":"3","name":"own","runner":"docker-compose","kms_enabled":true,"init_script":["a","b"],"docker_compose_file":"services: {}\n"}' \
    >"$work/compose.json"
printf '{"instance_id_seed":"%s","instance_id":"","app_id":""}' "$(printf '5e%.0s' $(seq 20))" >"$work/info.json"
machine world --at "$at" --compose "$work/compose.json"
cp "$world/bundle.json" "$work/whole.json"
"$BUILD/tools/td_machine" serve "$world" "report=$guest/tdx_guest.sock" >"$work/serve.log" 2>&1 &
background="$background $!"
tries=0
until grep -qs ready "$work/serve.log"; do
    tries=$((tries + 1))
    [ $tries -lt 1200 ] || say_stop "td_machine serve: $(cat "$work/serve.log")"
    sleep 0.05
done
mounted tsm_fuse "$reports"
mounted rtmr_fuse "$registers"
"$root/tests/chain/setup.sh" || exit 1
boot_infos own "$work/whole.json" UpToDate
chain_start $((at - 3600)) "own=$work/own-app.json,$work/own-kms.json"
seed=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
printf '%s' $seed | sed 's/../\\x&/g' | xargs -0 -I{} printf '{}' >"$work/seed"
chmod 400 "$work/seed"
own_key=$(python3 "$root/tests/e2e/release_oracle.py" key $seed - pinned 31337 "$kms" "$(value evidence.own.app.appId)")
tpm_prepare
srk=''
conf allowed existing
tpm_on
"$program" seal --seed "$work/seed" --config "$work/config.json" --tcti "$tcti" --json >"$work/out" 2>"$work/err"
is 'seal: status' 0 $?
srk=$(member srk_name)
denied=BG-0952 extend_code=BG-2029
own_allowed
own_changed
own_refused
own_killed
predictions
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
