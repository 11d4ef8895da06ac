#!/bin/sh
# After the decision: what a boot tells, and what `shut` does after every kind of end. The door is looked at from outside, with
# tpm2-tools; that the machine goes off is seen from a PID namespace of its own, whose reboot(2) ends that namespace and nothing
# else. Then the files for an image. Prints "N passed, N failed, N skipped".
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$root/$BUILD ;; esac
cd "$root" || exit 1
work=$(mktemp -d) || exit 1
passed=0 failed=0 skipped=0
say_stop() {
    echo "$*"
    echo "$passed passed, $((failed + 1)) failed, $skipped skipped"
    exit 1
}
. "$root/tests/live/swtpm.sh"
finish() {
    tpm_off
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP
unset NOTIFY_SOCKET SERVICE_RESULT EXIT_CODE EXIT_STATUS BOOTGATE_CONFIG http_proxy https_proxy all_proxy

# is NAME EXPECTED ACTUAL
is() {
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED $1: $3, expected $2"
        [ ! -s "$work/err" ] || head -n 4 "$work/err"
    fi
}
skip() { # N WHY
    echo "skipped $1 cases: $2"
    skipped=$((skipped + $1))
}

# --- the program on a TPM -------------------------------------------------------------------------------------
program=$BUILD/test/bootgate
zeros=0000000000000000000000000000000000000000000000000000000000000000

gate_pcr() {
    tpm2_pcrread sha256:12 | sed -n 's/^ *12: *0x//p' | tr 'A-F' 'a-f'
}
# A boot without evidence ends in a no after the door is shut; nothing of a chain is needed for it.
configuration() { # DENIED [MEMBERS]
    printf '{"chain":{"source":"ethereum","network":"mainnet","chain_id":1,"kms_contract":"0x%040d","checkpoint":{"root":"0x%s","slot":32}},
"rpc":["http://127.0.0.1:1/"],"beacon":["http://127.0.0.1:1/"],
"policy":{"require_freshness":"host-clock"},"denied":"%s","store":"%s","guest":{"host_shared":"%s"%s},
"release":{"tpm":{"class":"host","accept_host_tpm":true,"boot_pcrs":[4,7],"gate_pcr":12,"boot_log":"none","blob":"%s"},
"deadline_s":20,"targets":[{"type":"file","path":"%s/key"}]}}\n' \
        1 "$zeros" "$1" "$work/store" "$work" "${2:-}" "$work/seed.blob" "$work/keys" >"$work/config.json"
}
run() { # VERB [NAME=VALUE..]: sets status; out, err
    verb=$1
    shift
    env BOOTGATE_TEST_RUN="$work/run" "$@" "$program" "$verb" --config "$work/config.json" --tcti "$tcti" ${bundle:+--bundle "$bundle"} \
        >"$work/out" 2>"$work/err" </dev/null
    status=$?
}
count() { # FOLDER: failures in a row, by its record
    sed -n 's/^ "failures": \([0-9]*\)$/\1/p' "$1/last.json" 2>/dev/null
}
reset() {
    tpm_on
    rm -rf "$work/run"
}
machine() {
    sed -n 's/^bootgate: test build, would: //p' "$work/err"
}

after_a_boot() {
    closed=$(python3 tests/e2e/release_oracle.py sha256 'bootgate/gate/closed/v1')
    closed=$(python3 tests/e2e/release_oracle.py pcr "$closed")
    mkdir -m 0700 "$work/keys"
    printf '{"schema":1}' >"$work/bundle.json"
    tpm_on
    configuration poweroff
    bundle=''
    run seal
    is 'seal' 0 "$status"
    # Nobody's boot: the door is closed from outside of boot, once, and the record says that none had said anything.
    for end in 'SERVICE_RESULT=signal EXIT_CODE=killed EXIT_STATUS=KILL' 'SERVICE_RESULT=exit-code EXIT_CODE=exited EXIT_STATUS=1' \
        'SERVICE_RESULT=timeout EXIT_CODE=killed EXIT_STATUS=TERM' 'SERVICE_RESULT=success EXIT_CODE=killed EXIT_STATUS=TERM' \
        'SERVICE_RESULT=protocol EXIT_CODE=exited EXIT_STATUS=0' 'SERVICE_RESULT=success EXIT_CODE=exited EXIT_STATUS=3' \
        'SERVICE_RESULT=success' 'EXIT_CODE=exited EXIT_STATUS=0' 'X=nothing'; do
        reset
        # shellcheck disable=SC2086
        run shut $end
        is "$end: status" 0 "$status"
        is "$end: the gate PCR" "$closed" "$(gate_pcr)"
        is "$end: the machine" 'power off in 0 s' "$(machine)"
        is "$end: the record" BG-2273 "$(sed -n 's/^ "code": "\(.*\)",/\1/p' "$work/run/last.json")"
        run unseal
        is "$end: unseal afterwards" 6 "$status"
    done
    # A second call finds it closed, and counts nothing twice: these were nine boots.
    run shut SERVICE_RESULT=signal
    is 'shut again: the gate PCR' "$closed" "$(gate_pcr)"
    is 'shut again: count' 9 "$(count "$work/run")"
    # After a boot that ended well nothing is touched.
    reset
    run shut SERVICE_RESULT=success EXIT_CODE=exited EXIT_STATUS=0
    is 'after a yes: status' 0 "$status"
    is 'after a yes: the gate PCR' $zeros "$(gate_pcr)"
    is 'after a yes: said' '' "$(cat "$work/err")"
    run unseal
    is 'after a yes: unseal' 0 "$status"
    # A TPM that hangs or is gone keeps no machine alive.
    tpm_off
    run shut SERVICE_RESULT=signal
    is 'no TPM: the machine' 'power off in 0 s' "$(machine)"
    # A configuration that can't be read: off for the service manager, refused for whoever types it.
    printf '{' >"$work/config.json"
    run shut SERVICE_RESULT=signal
    is 'bad configuration, asked by the manager' 'power off in 0 s' "$(machine)"
    run shut
    is 'bad configuration, typed: status' 2 "$status"
    is 'bad configuration, typed: the machine' '' "$(machine)"
}

# A no, told to everybody; the count grows over boots, and with it the time before a reboot.
a_no_is_told() {
    rm -rf "$work/store"
    printf '{"host_api_url":"vsock://2:10000/api"}' >"$work/.sys-config.json"
    python3 tests/e2e/outcome_host.py "$work/api" "$work/notify" "$work/heard" &
    host=$!
    tries=0
    until [ -S "$work/api" ] && [ -S "$work/notify" ]; do
        tries=$((tries + 1))
        [ $tries -lt 1200 ] || say_stop 'the fake host does not come up'
        sleep 0.05
    done
    configuration reboot ',"notify_host":true'
    bundle=$work/bundle.json
    for failures in 1 2 3; do
        reset
        : >"$work/heard"
        run boot NOTIFY_SOCKET="$work/notify" BOOTGATE_TEST_HOST_API="$work/api"
        is "no $failures: status" 4 "$status"
        is "no $failures: one line for the console" 1 "$(grep -c '^bootgate: denied: BG-[0-9]* ' "$work/err")"
        is "no $failures: the store counts" $failures "$(count "$work/store")"
        is "no $failures: /run counts" $failures "$(count "$work/run")"
        is "no $failures: mode" 600 "$(stat -c %a "$work/store/last.json")"
        is "no $failures: systemd hears no READY" 0 "$(grep -c READY "$work/heard")"
        is "no $failures: systemd hears the no" 1 "$(grep -c 'notify STOPPING=1|STATUS=denied: BG-' "$work/heard")"
        is "no $failures: systemd hears a stage" 1 "$(grep -cE 'notify STATUS=boot gate: deciding\|EXTEND_TIMEOUT_USEC=[0-9]+$' "$work/heard")"
        is "no $failures: the host hears a stage" 1 "$(grep -c 'host POST /api/Notify?json {"event":"boot.progress","payload":"boot gate: deciding"}' "$work/heard")"
        is "no $failures: the host hears the no" 1 "$(grep -c 'host POST /api/Notify?json {"event":"boot.error","payload":"BG-' "$work/heard")"
        bundle=''
        run shut SERVICE_RESULT=exit-code EXIT_CODE=exited EXIT_STATUS=4
        is "no $failures: the machine" "reboot in $((10 << (failures - 1))) s" "$(machine)"
        is "no $failures: shut counts no more" $failures "$(count "$work/store")"
        run unseal
        is "no $failures: unseal afterwards" 6 "$status"
        bundle=$work/bundle.json
    done
    bundle=''
    kill "$host"
    wait "$host" 2>/dev/null
}

# Boots killed whole, at random moments: what systemd runs then shuts the door, whatever it finds.
killed() {
    configuration poweroff
    # Over the time that one takes here; the first moments are early on any machine.
    reset
    began=$(date +%s%N)
    env BOOTGATE_TEST_RUN="$work/run" "$program" boot --config "$work/config.json" --tcti "$tcti" --bundle "$work/bundle.json" \
        >/dev/null 2>&1 </dev/null
    python3 - $(($(date +%s%N) - began)) >"$work/delays" <<'END'
import random
import sys
random.seed(20261122)
took = int(sys.argv[1]) / 1e9
print('\n'.join(f'{max(took * part, 0.001):.4f}' for part in [0.02, 0.05, 0.1] + [random.random() for _ in range(22)]))
END
    n=0 early=0
    while read -r delay; do
        reset
        env BOOTGATE_TEST_RUN="$work/run" timeout -s KILL "$delay" "$program" boot --config "$work/config.json" --tcti "$tcti" \
            --bundle "$work/bundle.json" >/dev/null 2>&1 </dev/null
        [ "$(gate_pcr)" != $zeros ] || early=$((early + 1))
        run shut SERVICE_RESULT=signal EXIT_CODE=killed EXIT_STATUS=KILL
        n=$((n + 1))
        [ "$(gate_pcr)" = $zeros ] && is "killed after $delay s: the gate PCR" closed open
        run unseal
        is "killed after $delay s: unseal afterwards" 6 "$status"
    done <"$work/delays"
    echo "$n boots killed whole, $early of them before their own door was shut"
    is 'some were killed before their door was shut' yes "$([ $early -gt 0 ] && echo yes || echo no)"
}

# --- the machine itself ---------------------------------------------------------------------------------------
# The release's reboot(2), in a PID namespace: reboot(2) says that its first process ends by SIGINT for off and halt, and by
# SIGHUP for a restart.
the_release_ends_the_machine() {
    release=$BUILD/bootgate
    cat >"$work/ns.sh" <<'END'
mount -t tmpfs none /run || exit 99
[ "$$" = 1 ] || exit 98
"$1" shut
echo "shut returned $?" >&2
exit 97
END
    if ! unshare -p -f -m --mount-proc true 2>/dev/null; then
        skip 3 'no right to make a PID namespace'
        return
    fi
    python3 tests/e2e/outcome_namespace.py "$work/ns.sh" "$release" >"$work/out" 2>"$work/err"
    is 'release, asked by the manager: off' 'ended by signal 2' "$(tail -n 1 "$work/out")"
    is 'release: what it said' 1 "$(grep -c '^bootgate: power off in 0 s$' "$work/err")"
    "$release" shut >"$work/out" 2>"$work/err"
    is 'release, typed on a machine of no gate: status' 2 $?
}

# --- the files of an image ------------------------------------------------------------------------------------
units() {
    if ! command -v systemd-analyze >/dev/null 2>&1; then
        skip 8 'systemd-analyze is not installed'
        return
    fi
    for position in own existing; do
        image=$work/image-$position
        # Installed like this, but with no build of its own: install(1)'s work, not make's.
        units=$image/usr/lib/systemd/system
        mkdir -p "$units/bootgate.service.d" "$image/usr/bin"
        cp image/systemd/*.service image/systemd/*.mount "$units/"
        cp "image/systemd/position-$position.conf" "$units/bootgate.service.d/50-position.conf"
        image/systemd/enable.sh "$position" "$units"
        # Alone, and with each choice of the drop-ins that configurations need.
        for more in '' vsock time 'vsock time'; do
            rm -f "$units"/bootgate.service.d/6*.conf
            for drop_in in $more; do
                cp "image/systemd/$drop_in.conf" "$units/bootgate.service.d/60-$drop_in.conf"
            done
            SYSTEMD_LOG_LEVEL=err systemd-analyze security --offline=true --threshold=20 --no-pager "$units/bootgate.service" >"$work/out" 2>"$work/err" </dev/null
            is "$position${more:+ with $more}: systemd-analyze security --threshold=20" 0 $?
            echo "$position${more:+ with $more} $(tail -n 1 "$work/out")"
        done
        SYSTEMD_LOG_LEVEL=err systemd-analyze security --offline=true --threshold=20 --no-pager "$units/bootgate-verity.service" >"$work/out" 2>"$work/err" </dev/null
        is "$position: systemd-analyze security --threshold=20 bootgate-verity.service" 0 $?
        # The units around it as dstack has them, with programs that are here.
        for unit in dstack-prepare app-compose dstack-guest-agent docker containerd; do
            printf '[Unit]\nDescription=%s\nAfter=network-online.target\n%s\n[Service]\nType=oneshot\nExecStart=/bin/true\n%s\n' $unit \
                "$([ $unit = dstack-prepare ] && echo 'OnFailure=reboot.target' || echo 'After=dstack-prepare.service')" \
                "$([ $unit != dstack-prepare ] || echo 'FailureAction=reboot')" >"$units/$unit.service"
        done
        # verify looks programs up here: those of the image are stood in for.
        sed -i -E 's,/usr/bin/(bootgate|chronyc)( |$),/bin/true\2,' "$units"/*.service
        SYSTEMD_UNIT_PATH=$units:/lib/systemd/system timeout 60 systemd-analyze verify --man=no --recursive-errors=no "$units/bootgate.service" \
            "$units/bootgate-verity.service" "$units/dstack-prepare.service" >"$work/out" 2>"$work/err" </dev/null
        is "$position: systemd-analyze verify" 0 $?
        is "$position: systemd-analyze verify says" '' "$(grep -F -e bootgate -e run- -e dstack -e 'ordering cycle' "$work/err")"
    done
    is 'own: dstack-prepare requires the gate' ../bootgate.service "$(readlink "$work/image-own/usr/lib/systemd/system/dstack-prepare.service.requires/bootgate.service")"
    is 'the gate has no capability' 'CapabilityBoundingSet=' "$(grep -h '^[A-Za-z]*Capabilit' image/systemd/bootgate.service image/systemd/*.conf)"
    is 'own: and comes after it' 1 "$(grep -c '^Before=.*dstack-prepare.service' image/systemd/position-own.conf)"
    is 'the gate ends the machine itself' 1 "$(grep -c '^ExecStopPost=+/usr/bin/bootgate shut$' image/systemd/bootgate.service)"
    is 'nothing that may fail is required' 0 "$(cat image/systemd/bootgate.service image/systemd/position-*.conf image/systemd/vsock.conf | grep -cE '^(Requires|BindsTo|Requisite|Condition|Assert)')"
    is 'no shell in the units of the system' 0 "$(grep -lE '^Exec.*(/sh|bash)' image/systemd/* | wc -l)"
}

scripts() {
    for file in image/kernel-check.sh image/initramfs/bootgate.sh image/dracut/90bootgate/bootgate-gate.sh image/dracut/90bootgate/bootgate-guard.sh \
        image/initramfs-tools/hooks/bootgate image/initramfs-tools/scripts/init-premount/bootgate image/initramfs-tools/scripts/panic/bootgate image/dracut/90bootgate/bootgate-end.sh \
        image/systemd/enable.sh; do
        sh -n "$file" 2>"$work/err"
        is "sh -n $file" 0 $?
        if command -v shellcheck >/dev/null 2>&1; then
            shellcheck -s sh -e SC1091 "$file" >"$work/err" 2>&1
            is "shellcheck $file" 0 $?
        else
            skip 1 'shellcheck is not installed'
        fi
    done
    for file in image/dracut/90bootgate/module-setup.sh image/mkosi/bootgate.sh image/mkosi/bootgate-build.sh; do
        bash -n "$file" 2>"$work/err"
        is "bash -n $file" 0 $?
    done
    # What a killed or failing gate leads to in an initramfs, with stand-ins for what ends the machine.
    sed -e "s,/usr/bin/bootgate,$work/gate,; s,/run/bootgate,$work/irun,g; s,/proc/sysrq-trigger,$work/sysrq,g; s,while :; do sleep 3600; done,exit 7,;
        s,^    mount .*,    :,; s,mount -t configfs.*,:," image/initramfs/bootgate.sh >"$work/lib.sh"
    for answer in 0 1 4 137; do
        rm -rf "$work/irun" "$work/calls"
        : >"$work/sysrq"
        printf '#!/bin/sh\necho "$1" >>"%s/calls"\n[ "$1" = shut ] || exit %s\n' "$work" $answer >"$work/gate"
        chmod +x "$work/gate"
        sh -c ". '$work/lib.sh'; bootgate_gate; bootgate_guard; echo went on" >"$work/out" 2>"$work/err"
        is "initramfs, boot says $answer" "$([ $answer = 0 ] && echo 'boot went on' || echo 'boot shut o')" \
            "$(tr '\n' ' ' <"$work/calls")$(cat "$work/out" "$work/sysrq")"
    done
    rm -rf "$work/irun" "$work/calls"
    sh -c ". '$work/lib.sh'; bootgate_guard; echo went on" >"$work/out" 2>"$work/err"
    is 'initramfs, the gate was killed: its guard' 'shut 7 ' "$(tr '\n' ' ' <"$work/calls")$? $(cat "$work/out")"
}

kernels() {
    cat >"$work/kconfig" <<'END'
CONFIG_INTEL_TDX_GUEST=y
CONFIG_TDX_GUEST_DRIVER=m
CONFIG_TSM_REPORTS=m
CONFIG_CONFIGFS_FS=m
CONFIG_TCG_TPM=y
CONFIG_TCG_TIS=y
CONFIG_BLK_DEV_DM=m
CONFIG_DM_VERITY=m
CONFIG_SECCOMP_FILTER=y
CONFIG_SECURITYFS=y
CONFIG_PROC_FS=y
CONFIG_MULTIUSER=y
CONFIG_NET=y
CONFIG_VSOCKETS=m
CONFIG_VIRTIO_VSOCKETS=m
CONFIG_NET_9P=m
CONFIG_NET_9P_VIRTIO=m
CONFIG_9P_FS=m
CONFIG_SECURITY_LANDLOCK=y
CONFIG_SECRETMEM=y
CONFIG_KEYS=y
CONFIG_DM_CRYPT=m
# CONFIG_KEXEC is not set
END
    is 'a kernel that has all' 'all there' "$(image/kernel-check.sh "$work/kconfig")"
    gzip -c "$work/kconfig" >"$work/kconfig.gz"
    is 'the same, gzipped' 'all there' "$(image/kernel-check.sh "$work/kconfig.gz")"
    for name in $(sed -n 's/^CONFIG_\([A-Z0-9_]*\)=.*/\1/p' "$work/kconfig"); do
        grep -v "^CONFIG_$name=" "$work/kconfig" >"$work/less"
        image/kernel-check.sh "$work/less" >"$work/out" 2>&1
        now=$?
        case $name in
        VSOCKETS | VIRTIO_VSOCKETS | *9P* | SECURITY_LANDLOCK | SECRETMEM | KEYS | DM_CRYPT) want='0 wanted' ;;
        *) want='1 needed' ;;
        esac
        [ $name != TCG_TIS ] || name=TCG_CRB # either will do; the first is named
        is "a kernel without $name" "$want 1" "$now $(sed -n "s/^\([a-z]*\)  CONFIG_$name[:=].*/\1/p" "$work/out") $(wc -l <"$work/out")"
    done
    for line in CONFIG_KEXEC=y CONFIG_HIBERNATION=y CONFIG_PROC_KCORE=y CONFIG_DEVMEM=y; do
        { cat "$work/kconfig"; echo $line; } >"$work/more"
        image/kernel-check.sh "$work/more" >"$work/out"
        is "a kernel with $line" 1 $?
    done
    sed 's/SECCOMP_FILTER=y/SECCOMP_FILTER=m/' "$work/kconfig" >"$work/more"
    image/kernel-check.sh "$work/more" >"$work/out"
    is 'a module where it must be built in' 1 $?
    image/kernel-check.sh "$work/none" >"$work/out" 2>&1
    is 'no configuration' 2 $?
    image/kernel-check.sh "$work/lib.sh" >"$work/out" 2>&1
    is 'another file' 2 $?
}

[ -x "$program" ] || say_stop "no $program: run make test-build"
if command -v swtpm >/dev/null 2>&1 && command -v tpm2_pcrread >/dev/null 2>&1; then
    tpm_prepare
    after_a_boot
    a_no_is_told
    killed
    tpm_off
else
    skip 100 'swtpm or tpm2-tools are not installed'
fi
the_release_ends_the_machine
scripts
kernels
units
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
