#!/bin/sh
# Collection from the guest, on a guest that is none: a look-alike of configfs-tsm (FUSE, tests/tsm), sockets in place of the
# TDX device and the quote generation service, files where a guest has them (tests/tools/td_machine). Each way in which one of
# them is wrong must end in its own code, and the same machine without it must be collected from. Ends in boots on a software TPM
# whose evidence was collected live. Prints "N passed, N failed, N skipped".
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-build}
VECTORS=${VECTORS:-../shared/vectors}
cases=200 # about
skip_all() {
    echo "skipped $cases cases: $1"
    echo "0 passed, 0 failed, $cases skipped"
    exit 0
}
if [ "${1:-}" != inside ]; then
    cd "$root" || exit 1
    [ -x "$BUILD/tools/tsm_fuse" ] || skip_all 'no FUSE library: install libfuse3-dev and run make test-build'
    [ -c /dev/fuse ] || skip_all 'no /dev/fuse on this machine'
    unshare -rm true 2>/dev/null || skip_all 'no unprivileged namespaces on this machine'
    exec unshare -rm "$0" inside
fi
. "$root/tests/chain/lib.sh"
. "$root/tests/live/swtpm.sh"
cd "$root" || exit 1
unset http_proxy https_proxy all_proxy ALL_PROXY BOOTGATE_CONFIG
ASAN_OPTIONS=exitcode=99:detect_leaks=1
UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export ASAN_OPTIONS UBSAN_OPTIONS
passed=0 failed=0 skipped=0 named=0
world=$work/world
guest=$world/guest
memory=$(mktemp -d /dev/shm/bootgate-tsm.XXXXXX) || exit 1
at=$(date +%s)

finish() {
    tpm_off
    umount "$guest/sys/kernel/config/tsm/report" 2>/dev/null
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
        echo "FAILED $build_name $1: $3, expected $2"
        [ ! -s "$work/err" ] || head -n 3 "$work/err"
    fi
}

machine() {
    verb=$1
    shift
    "$BUILD/tools/td_machine" "$verb" "$world" "$@" || say_stop "td_machine $verb $*"
}

# run VERB ARGUMENTS..: the program on the made-up guest; sets status, leaves out and err.
run() {
    verb=$1
    shift
    "$program" "$verb" --guest-root "$guest" "$@" >"$work/out" 2>"$work/err" </dev/null
    status=$?
    ! grep -qE 'Sanitizer|runtime error:' "$work/err" || is "$verb: sanitizer" none "$(grep -E -m 1 'Sanitizer|runtime error:' "$work/err")"
}

member() {
    node "$root/tests/chain/flat.mjs" "$work/out" 2>/dev/null | sed -n "s/^$1=//p" | head -n 1
}

# code: of the last run, from its result or its message.
code() {
    grep -oE -m 1 'BG-[0-9]{4}' "$work/err" "$work/out" -h | head -n 1
}

collect() {
    rm -f "$work/got.json"
    run collect -o "$work/got.json" "$@"
}

folders() {
    find "$guest/sys/kernel/config/tsm/report" -mindepth 1 -maxdepth 1 | wc -l
}

# good NAME: the positive control.
good() {
    collect
    is "$1: collected again" 0 "$status"
    is "$1: folders left" "${2:-0}" "$(folders)"
}

# refused NAME CODE [ARGUMENTS..]: this is a named error case.
refused() {
    name=$1 expected=$2
    shift 2
    named=$((named + 1))
    collect "$@"
    is "$name: code" "$expected" "$(code)"
    is "$name: nothing was written" no "$([ -e "$work/got.json" ] && echo yes || echo no)"
}

# fault NAME CODE [TIMES]: a fault of the machine, without a service that could help; then without it.
fault() {
    machine fault "$1" "${3:--1}"
    refused "$1" "$2"
    machine fault none
    good "$1"
}

# helped NAME [TIMES]: what must not matter.
helped() {
    machine fault "$1" "${2:--1}"
    collect
    is "$1${2:+ x$2}: status" 0 "$status"
    machine fault none
    is "$1${2:+ x$2}: folders left" 0 "$(folders)"
}

# spoilt NAME CODE FILE COMMAND..: the file changed by a command, which gets its path; then as it was.
spoilt() {
    name=$1 expected=$2 file=$guest/$3
    shift 3
    cp -a "$file" "$work/as.it.was"
    "$@" "$file"
    refused "$name" "$expected"
    rm -rf "$file"
    cp -a "$work/as.it.was" "$file"
    good "$name"
}

# --- ways to change a file -------------------------------------------------------------------------------------
gone() { rm "$1"; }
emptied() { : >"$1"; }
linked() { mv "$1" "$work/elsewhere" && ln -s "$work/elsewhere" "$1"; }
piped() { rm "$1" && mkfifo "$1"; }
foldered() { rm "$1" && mkdir "$1"; }
shorter() { truncate -s 40 "$1"; }
byte() { # OFFSET FILE
    printf '\377' | dd of="$2" bs=1 seek="$1" conv=notrunc 2>/dev/null
}
filled() { head -c "$1" /dev/zero | tr '\0' ' ' >>"$2"; }
torn() { printf '{"event":"half' >>"$1"; }
says() { printf '%s\n' "$1" >"$2"; }
appended() { printf '%s\n' "$1" >>"$2"; }
# area_byte: the table says another size, its checksum is right.
area_size() { # LOW-BYTE-OF-2^16 HIGH-BYTE FILE
    python3 - "$1" "$2" "$3" <<'END'
import sys
t = bytearray(open(sys.argv[3], 'rb').read())
t[42], t[43] = int(sys.argv[1]), int(sys.argv[2])
t[9] = 0
t[9] = -sum(t) & 255
open(sys.argv[3], 'wb').write(t)
END
}
table_type() { # TYPE FILE
    python3 - "$1" "$2" <<'END'
import sys
t = bytearray(open(sys.argv[2], 'rb').read())
t[36] = int(sys.argv[1])
t[9] = 0
t[9] = -sum(t) & 255
open(sys.argv[2], 'wb').write(t)
END
}

# --- configfs-tsm ----------------------------------------------------------------------------------------------
configfs() {
    good 'to begin with'
    mkdir "$guest/sys/kernel/config/tsm/report/theirs"
    good 'a folder of somebody else' 1
    rmdir "$guest/sys/kernel/config/tsm/report/theirs"
    helped errno:16 3 # EBUSY, then not
    helped errno:4 2  # EINTR
    helped errno:110 2 # ETIMEDOUT
    helped jump 1
    helped lost 2
    helped after 1
    fault errno:16 BG-2018
    fault errno:4 BG-2019
    fault errno:110 BG-2020
    fault errno:5 BG-2015
    fault empty BG-2016
    fault large BG-2017
    fault jump BG-2013
    fault lost BG-2013
    fault after BG-2014
    fault generation: BG-2010
    fault generation:-1 BG-2010
    fault generation:1x BG-2010
    fault generation:99999999999999999999 BG-2010
    fault provider:sev_guest BG-2009
    fault provider: BG-2009
    fault provider:tdx_guest_2 BG-2009
    fault mkdir:13 BG-2007
    fault mkdir:6 BG-2006
    fault write:13 BG-2011
    fault short BG-2012
    machine fault rmdir:16
    refused 'rmdir fails' BG-2021
    machine fault none
    find "$guest/sys/kernel/config/tsm/report" -mindepth 1 -maxdepth 1 -exec rmdir {} +
    good 'rmdir fails'
    machine fault hang
    # Without a deadline there would be no end at all; this one is long enough for a slow machine to come that far.
    refused 'hangs until the deadline' BG-2002 --timeout 5
    is 'hangs: folders left' 0 "$(folders)"
    machine fault none
    good 'hangs until the deadline'
    fuse_off
    refused 'configfs is absent' BG-2005
    fuse_on
    good 'configfs is absent'
}

# --- what the quote says ---------------------------------------------------------------------------------------
quotes() {
    fault truncated BG-0214
    fault old-nonce BG-1908
    fault other-td BG-1908
    helped moved 1
    helped moved 2
    fault moved BG-1909
    for m in tee_tcb_svn mr_seam mr_signer_seam seam_attributes td_attributes xfam mr_td mr_config_id mr_owner mr_owner_config \
        report_data mr_service_td; do
        fault differs:$m BG-1908
    done
    for m in rtmr0 rtmr1 rtmr2 rtmr3; do
        fault differs:$m BG-1909
        helped differs:$m 1
    done
    fault report-type BG-1902
    fault report-hash BG-1906
    fault report-short BG-2025
    helped flipped # who signed is for the decision to find out, which is below
}

# --- files -----------------------------------------------------------------------------------------------------
files() {
    table=sys/firmware/acpi/tables/CCEL area=sys/firmware/acpi/tables/data/CCEL
    share=dstack/.host-shared log=run/log/dstack/runtime_events.log
    spoilt 'CCEL table absent' BG-2040 $table gone
    spoilt 'CCEL table short' BG-2047 $table shorter
    spoilt 'CCEL table garbled' BG-2048 $table byte 20
    spoilt 'CCEL table of another kind' BG-2049 $table table_type 1
    spoilt 'CCEL area of no size' BG-2050 $table area_size 0 0
    spoilt 'CCEL area too large' BG-2050 $table area_size 1 9
    spoilt 'CCEL area of another size' BG-2051 $area shorter
    spoilt 'CCEL area absent' BG-2040 $area gone
    for f in $share/.sys-config.json $share/app-compose.json $log; do
        name=${f##*/}
        spoilt "$name absent" BG-2040 $f gone
        spoilt "$name empty" BG-2046 $f emptied
        spoilt "$name a link" BG-2041 $f linked
        spoilt "$name a FIFO" BG-2043 $f piped
        spoilt "$name a folder" BG-2043 $f foldered
        spoilt "$name too large" BG-2045 $f filled 1100000
    done
    mv "$guest/dstack/.host-shared" "$guest/dstack/real"
    ln -s real "$guest/dstack/.host-shared"
    refused 'the shared directory a link' BG-2041
    rm "$guest/dstack/.host-shared"
    mv "$guest/dstack/real" "$guest/dstack/.host-shared"
    good 'the shared directory a link'
    spoilt 'sys-config garbled' BG-2055 $share/.sys-config.json says '{"vm_config":'
    spoilt 'sys-config with one member twice' BG-2055 $share/.sys-config.json says '{"vm_config":"{}","vm_config":"{}"}'
    spoilt 'sys-config without vm_config' BG-2056 $share/.sys-config.json says '{"kms_urls":[]}'
    spoilt 'vm_config no text' BG-2056 $share/.sys-config.json says '{"vm_config":{}}'
    spoilt 'app-compose no text' BG-2057 $share/app-compose.json byte 3
    spoilt 'runtime log torn' BG-2052 $log torn
    spoilt 'runtime log garbled' BG-2053 $log appended 'garbled'
    spoilt 'runtime log with another value' BG-2053 $log appended '[1]'
    spoilt 'runtime log of empty lines' BG-2054 $log says ''
}

# --- registers in sysfs (Linux 6.16) -----------------------------------------------------------------------------
registers() {
    m=$guest/sys/devices/virtual/misc/tdx_guest/measurements
    mkdir -p "$m"
    for i in 0 1 2 3; do
        python3 -c 'import json, sys; sys.stdout.buffer.write(bytes.fromhex(json.load(open(sys.argv[1]))[sys.argv[2]]))' \
            "$world/machine.json" "rtmr$i" >"$m/rtmr$i:sha384"
    done
    collect
    is 'registers in sysfs: status' 0 "$status"
    spoilt 'a register of another value' BG-2027 sys/devices/virtual/misc/tdx_guest/measurements/rtmr2:sha384 byte 47
    spoilt 'a register cut short' BG-2026 sys/devices/virtual/misc/tdx_guest/measurements/rtmr1:sha384 shorter
    spoilt 'a register too long' BG-2026 sys/devices/virtual/misc/tdx_guest/measurements/rtmr0:sha384 filled 9
    rm -r "$guest/sys/devices"
}

# --- the quote generation service ------------------------------------------------------------------------------
service() {
    serve_qgs
    for f in errno:5 empty mkdir:13; do
        machine fault $f 1
        collect
        is "the service in place of configfs-tsm ($f): status" 0 "$status"
        is "the service in place of configfs-tsm ($f): collateral" yes "$(grep -q '"collateral"' "$work/got.json" && echo yes)"
    done
    machine fault none
    collect
    is 'its collateral' yes "$(grep -q '"collateral"' "$work/got.json" && echo yes)"
    run_plain verify --root "$world/root.der" --bundle "$work/got.json"
    is 'quote and collateral, both collected, verify' 0 "$status"
    printf '{"collateral":["https://pccs.test"]}' >"$work/pccs.json"
    collect --config "$work/pccs.json"
    is 'with an URL, its collateral is not asked for' no "$(grep -q '"collateral"' "$work/got.json" && echo yes || echo no)"
    fuse_off
    for f in qgs-error:0x12001 qgs-large qgs-cut qgs-type hang; do
        machine fault $f
        # What is to be mended first is configfs-tsm; what the service said stands behind it.
        [ $f = hang ] && patience=5 || patience=120
        refused "$f" BG-2005 --timeout $patience
        case $f in
        qgs-error*) say=BG-1916 ;; qgs-large) say=BG-1911 ;; qgs-cut) say=BG-2037 ;; qgs-type) say=BG-1914 ;; *) say=BG-2034 ;;
        esac
        is "$f: behind it" "$say" "$(grep -oE 'BG-[0-9]{4}' "$work/err" | sed -n 2p)"
        machine fault none
        collect
        is "$f: collected again" 0 "$status"
    done
    fuse_on
    good 'configfs-tsm again'
    kill "$qgs_pid"
    wait "$qgs_pid" 2>/dev/null
    rm -f "$guest/qgs.sock"
}

# --- the verbs ---------------------------------------------------------------------------------------------------
verbs() {
    good 'before the verbs'
    collect --report-data "$(printf 'ab%.0s' $(seq 64))"
    is 'collect --report-data: status' 0 "$status"
    is 'collect --report-data: in the quote' yes "$(grep -q "$(printf 'ab%.0s' $(seq 64))" "$work/got.json" && echo yes)"
    collect --report-data abcd
    is 'collect --report-data of two bytes' "2 BG-2063" "$status $(code)"
    run collect
    is 'collect without -o' "2 BG-2061" "$status $(code)"
    run collect -o - --json
    is 'collect -o - --json' "2 BG-2062" "$status $(code)"
    run collect -o "$work/got.json" --json
    is 'collect --json' "0 1024" "$status $(member bytes.td_report)"
    first=$(member report_data)
    run collect -o "$work/got.json" --json
    is 'report data is new each time' no "$([ "$first" = "$(member report_data)" ] && echo yes || echo no)"
    run doctor --json
    is 'doctor: status without a configuration' 4 "$status"
    for id in td_report quote ccel host_share runtime_log clock; do
        is "doctor: $id" ok "$(doctor_state $id)"
    done
    is 'doctor: config' missing "$(doctor_state config)"
    release_config allowed
    run doctor --json --config "$work/tools.json"
    is 'doctor: status with one' 0 "$status"
    machine fault errno:5
    run doctor --json --config "$work/tools.json"
    is 'doctor: no quote' "4 missing BG-2015" "$status $(doctor_state quote) $(doctor_state quote code)"
    machine fault hang
    run doctor --json --timeout 5 --config "$work/tools.json"
    is 'doctor: a quote that hangs' "4 missing" "$status $(doctor_state quote)"
    is 'doctor: folders left' 0 "$(folders)"
    machine fault none
    "$program" collect -o "$work/got.json" >"$work/out" 2>"$work/err"
    is 'collect on a machine that is none' "4 BG-2005" "$? $(code)"
    "$BUILD/bootgate" collect --guest-root "$guest" -o "$work/got.json" >"$work/out" 2>"$work/err"
    is 'the release knows no --guest-root' 2 $?
    "$BUILD/bootgate" --help >"$work/out"
    is '.. and does not name it' no "$(grep -q guest-root "$work/out" && echo yes || echo no)"
}

doctor_state() { # ID [MEMBER]
    node -e 'const d=JSON.parse(require("fs").readFileSync(process.argv[1]));
        console.log((d.findings.find((f)=>f.id===process.argv[2])||{})[process.argv[3]])' "$work/out" "$1" "${2:-state}"
}

run_plain() {
    "$program" "$@" >"$work/out" 2>"$work/err" </dev/null
    status=$?
}

# --- decisions -----------------------------------------------------------------------------------------------------
# release_config STATE: for boot; without its release part for the tools.
release_config() {
    printf '{"chain":{"source":"pinned","chain_id":31337,"kms_contract":"%s","block_hash":"%s"},"rpc":["%s"],"policy":{"require_freshness":"host-clock"}%s}\n' \
        "$kms" "$(value "evidence.own.states.$1.hash")" "$rpc" "${2:-}" >"$work/tools.json"
    sed 's/}$//' "$work/tools.json" >"$work/config.json"
    printf ',"release":{"tpm":{"class":"host","accept_host_tpm":true,"boot_pcrs":[4,7],"gate_pcr":12,"boot_log":"none","blob":"%s"%s},"targets":[{"type":"file","path":"%s"}],"deadline_s":60}}\n' \
        "$work/seed.blob" "${srk:+,\"srk_name\":\"$srk\"}" "$memory/target/key" >>"$work/config.json"
}

# check NAME STATUS CODE [ARGUMENTS..]
check() {
    name=$1 expected=$2 expected_code=$3
    shift 3
    run check --config "$work/tools.json" --root "$world/root.der" --collateral "$world/collateral.json" --json "$@"
    is "check, $name: status" "$expected" "$status"
    [ "$expected_code" = none ] || is "check, $name: code" "$expected_code" "$(member code)"
}

checks() {
    release_config allowed
    check allowed 0 none
    is 'check: kind' live "$(member kind)"
    check 'as of a time' 10 none --at "$at"
    is 'check --at: kind' replay "$(member kind)"
    release_config compose-denied
    check 'denied by the contract' 1 none
    release_config allowed
    for f in flipped:4:BG-0341 other-td:4:BG-1908 moved:4:BG-1909; do
        machine fault "${f%%:*}"
        check "${f%%:*}" "$(echo "$f" | cut -d: -f2)" none
        is "check, ${f%%:*}: not allowed" false "$(member allowed)"
        machine fault none
    done
    check 'allowed again' 0 none
}

# boot NAME STATUS KEY: a power cycle and a boot with evidence of this guest. KEY `none`: nothing left.
boot() {
    rm -rf "$memory/target"
    mkdir -m 700 "$memory/target"
    tpm_on
    # shellcheck disable=SC2086 # two words or none
    run boot --config "$work/config.json" --tcti "$tcti" --root "$world/root.der" $at_hand --json
    is "boot, $1: status" "$2" "$status"
    is "boot, $1: what left" "$([ "$3" = none ] || echo "$3")" \
        "$([ ! -e "$memory/target/key" ] || od -An -tx1 -v "$memory/target/key" | tr -d ' \n')"
    is "boot, $1: folders left" 0 "$(folders)"
}

# with_services URL..: the configuration's collateral comes from there, and is kept.
with_services() {
    release_config allowed
    urls=$(printf '"%s",' "$@")
    sed "s|\"policy\"|\"collateral\":[${urls%,}],\"store\":\"$memory/store\",\"policy\"|" "$work/config.json" >"$work/with.urls" && mv "$work/with.urls" "$work/config.json"
}

# by_services: a boot that is given no collateral, by services of the tests' own and by what it kept.
by_services() {
    at_hand=''
    rm -rf "$memory/store"
    release_config allowed
    with_services "$pcs/machine/all:404"
    boot 'collateral: a service that has none' 3 none
    with_services "$pcs/machine/all:404" "$pcs/machine/none"
    boot 'collateral: the second service has it' 0 "$own_key"
    is 'collateral: who gave it' yes "$(node "$root/tests/chain/flat.mjs" "$work/out" | grep -q '^collateral\.[0-9]*\.source=.*127\.0\.0\.1' && echo yes)"
    is 'collateral: it was kept' yes "$([ -s "$memory/store/collateral.json" ] && echo yes)"
    with_services "$pcs/machine/all:404"
    boot 'collateral: what was kept will do' 0 "$own_key"
    sed 's/[0-9a-f]\{16\}"/0000000000000000"/' "$memory/store/collateral.json" >"$work/harmed" && cat "$work/harmed" >"$memory/store/collateral.json"
    boot 'collateral: what was kept was changed' 3 none
    printf garbage >"$memory/store/collateral.json"
    boot 'collateral: what was kept is garbage' 3 none
    with_services "$pcs/machine/none"
    boot 'collateral: asked for again' 0 "$own_key"
    at_hand="--collateral $world/collateral.json"
}

boots() {
    at_hand="--collateral $world/collateral.json"
    srk='' release_config allowed
    rm -f "$work/seed.blob"
    tpm_on
    run_plain seal --seed "$work/seed" --config "$work/config.json" --tcti "$tcti" --json
    is 'seal: status' 0 "$status"
    srk=$(member srk_name)
    release_config allowed
    boot allowed 0 "$own_key"
    is 'boot: kind' live "$(member kind)"
    boot 'allowed, a second time' 0 "$own_key"
    machine fault moved 1
    boot 'a register moved once' 0 "$own_key"
    machine fault moved
    boot 'a register moved three times' 4 none
    is 'boot, a register moved three times: code' BG-1909 "$(member code)"
    machine fault old-nonce
    boot 'an old quote' 4 none
    is 'boot, an old quote: code' BG-2001 "$(member code)"
    machine fault other-td
    boot 'another TD' 4 none
    is 'boot, another TD: code' BG-1908 "$(member code)"
    machine fault differs:mr_td
    boot 'another TDREPORT' 4 none
    is 'boot, another TDREPORT: code' BG-1908 "$(member code)"
    machine fault flipped
    boot 'a quote that nobody signed' 4 none
    machine fault empty
    boot 'no quote' 4 none
    is 'boot, no quote: code' BG-2016 "$(member code)"
    machine fault none
    release_config compose-denied
    boot 'denied by the contract' 1 none
    release_config allowed
    printf '{"schema":1,"evidence":{"quote":"00"},"rpc":[]}' >"$guest/host.json"
    sed 's/"policy"/"guest":{"host_bundle":"\/host.json"},"policy"/' "$work/config.json" >"$work/with.host" && mv "$work/with.host" "$work/config.json"
    boot 'a bundle of the host with other evidence, which is not taken' 0 "$own_key"
    printf '{"schema":1' >"$guest/host.json"
    boot 'a garbled bundle of the host' 4 none
    is 'boot, a garbled bundle: code' BG-2058 "$(member code)"
    rm "$guest/host.json"
    boot 'no bundle of the host' 0 "$own_key"
    by_services
}

# --- the stage -----------------------------------------------------------------------------------------------------
serve() { # WHAT=SOCKET: sets serving
    "$BUILD/tools/td_machine" serve "$world" "$1" >"$work/serve.log" 2>&1 &
    serving=$!
    background="$background $serving"
    tries=0
    until grep -qs ready "$work/serve.log"; do
        tries=$((tries + 1))
        [ $tries -lt 1200 ] || say_stop "td_machine serve: $(cat "$work/serve.log")"
        sleep 0.05
    done
}
serve_qgs() {
    serve "qgs=$guest/qgs.sock"
    qgs_pid=$serving
}
fuse_off() {
    umount "$guest/sys/kernel/config/tsm/report" && rmdir "$guest/sys/kernel/config/tsm/report" || say_stop 'FUSE is still mounted'
}
fuse_on() {
    mkdir -p "$guest/sys/kernel/config/tsm/report"
    "$BUILD/tools/tsm_fuse" "$world" "$guest/sys/kernel/config/tsm/report" -f >"$work/fuse.log" 2>&1 &
    background="$background $!"
    tries=0
    until grep -q "$guest/sys/kernel/config/tsm/report" /proc/mounts; do
        tries=$((tries + 1))
        [ $tries -lt 1200 ] || {
            echo "$(cat "$work/fuse.log")"
            skip_all 'FUSE cannot be mounted in a namespace here'
        }
        sleep 0.05
    done
}

build_name=plain program=$BUILD/test/bootgate
mkdir "$world"
machine world --at "$at"
serve "report=$guest/tdx_guest.sock"
fuse_on
with_chain=no
for tool in swtpm tpm2_unseal python3 node; do
    command -v $tool >/dev/null 2>&1 || { echo "skipped 60 cases: $tool is not installed" && skipped=60; }
done
if [ $skipped -eq 0 ]; then
    with_chain=yes
    "$root/tests/chain/setup.sh" || exit 1
    boot_infos own "$world/bundle.json" UpToDate
    chain_start $((at - 3600)) "own=$work/own-app.json,$work/own-kms.json"
    seed=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
    printf '%s' $seed | sed 's/../\\x&/g' | xargs -0 -I{} printf '{}' >"$work/seed"
    chmod 400 "$work/seed"
    own_key=$(python3 "$root/tests/e2e/release_oracle.py" key $seed - pinned 31337 "$kms" "$(value evidence.own.app.appId)")
    tpm_prepare
    mkdir -p "$work/pcs/machine"
    cp "$world/collateral.json" "$work/pcs/machine/bundle.json"
    python3 "$root/tests/pcs/serve.py" "$work/pcs" "$work/ports" >"$work/ports.log" 2>&1 &
    background="$background $!"
    wait_for "$work/ports" $!
    read -r pcs_port _ <"$work/ports"
    pcs=http://127.0.0.1:$pcs_port
fi
configfs
quotes
files
registers
service
if [ $with_chain = yes ]; then
    verbs
    checks
    boots
    if [ -x "$BUILD/asan/test/bootgate" ]; then
        build_name=asan program=$BUILD/asan/test/bootgate
        good 'sanitized'
        quotes
        checks
    fi
fi
echo "$named named error cases"
is 'named error cases, at least 30' yes "$([ $named -ge 30 ] && echo yes || echo no)"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
