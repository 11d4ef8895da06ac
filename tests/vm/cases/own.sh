# shellcheck shell=sh disable=SC2154
# Position `own`: the gate measures the app itself, from a copy of its own, into the register that the kernel shows in sysfs
# (tests/vm/faketsm). What must come of it: tests/oracles/app_plan.py.

plan() {
    python3 "$root/tests/oracles/app_plan.py" "$@"
}

# new_own NAME [COMPOSE]: a TD that nobody has measured an app in; its share has that compose file, else the one that the chain knows
new_own() {
    new_live "$1"
    rm -r "$one/add/machine" "$one/add/dstack"
    mkdir "$one/world" "$one/add/machine"
    "$BUILD/tools/td_machine" world "$one/world" --at "$at" --until firmware >"$one/world.log" 2>&1 ||
        is 'a machine' made "$(cat "$one/world.log")"
    cp -r "$one/world/machine.json" "$one/world/guest" "$one/add/machine/"
    cp -r "$one/world/guest/dstack" "$one/add/"
    share=$one/add/dstack/.host-shared before=$one/add/evidence/before
    cp "$work/own/collateral.json" "$share/"
    [ -z "${2:-}" ] || printf '%s' "$2" >"$share/app-compose.json"
    printf '{"instance_id_seed":"%s","instance_id":"","app_id":"%s"}' "$(printf '5e%.0s' $(seq 20))" \
        "$(value evidence.own.app.appId | sed 's/^0x//')" >"$share/.instance_info"
    printf 'user' >"$share/.user-config"
    mkdir "$before"
    cp "$share/app-compose.json" "$share/.instance_info" "$share/.sys-config.json" "$share/.user-config" "$before/"
    config '' '' "$luks_target" "\"measure\":\"own\",$guest_members"
}
compose_hash() {
    sha256sum <"$before/app-compose.json" | cut -d' ' -f1
}

# The TD's devices answer nothing until the copy is there; then the host changes what it shares, and only then they do.
case_own_allowed() {
    new_own guest
    luks_disk "$one/disk" "$(oracle key $seed - pinned 31337 "$kms" "$(value evidence.own.app.appId)")"
    boot full --disk "$one/disk" <<END
echo 120 >/sys/module/faketsm/parameters/answer_seconds
machine
until set -- \$(pidof td_machine) && [ \$# = 2 ]; do usleep 10000; done
kill -STOP \$*
(
    until [ -e /run/bootgate/app/measured.json ]; do usleep 10000; done
    echo "BEFORE \$(cat /run/log/dstack/runtime_events.log 2>/dev/null | wc -c)"
    echo '{"evil":1}' >/dstack/.host-shared/app-compose.json
    echo '{}' >/dstack/.host-shared/.sys-config.json
    rm /dstack/.host-shared/.instance_info
    echo CHANGED
    kill -CONT \$(pidof td_machine)
) &
gate $live
echo "SHARE \$(cat /dstack/.host-shared/app-compose.json)"
for file in app-compose.json .sys-config.json .instance_info .user-config; do
    cmp /evidence/before/\$file /run/bootgate/app/\$file && echo "COPY \$file \$(stat -c '%a %u' /run/bootgate/app/\$file)"
done
echo "FOLDER \$(stat -c '%a %u' /run/bootgate/app)"
echo "MEASURED \$(cat /run/bootgate/app/measured.json)"
sed 's/^/LOG /' /run/log/dstack/runtime_events.log
echo "RTMR3 \$(xxd -p -c 48 /sys/devices/virtual/misc/tdx_guest/measurements/rtmr3:sha384)"
echo "DISK \$(ls /dev/mapper | tr '\n' ' ')"
after
END
    is 'the machine' guest-shutdown "$(ended)"
    says 'the gate' 'GATE exited 0'
    is 'the verdict' live "$(member kind)"
    is 'the compose hash' "$(compose_hash)" "$(member boot_info.composeHash | sed 's/^0x//')"
    is 'the share changed between copy and quote' 'CHANGED STEP decided ' \
        "$(grep -oE '^(CHANGED|STEP decided)' "$one/log" | tr '\n' ' ')"
    says 'nothing was logged before that' 'BEFORE 0'
    says 'the share' 'SHARE {"evil":1}'
    for file in app-compose.json .sys-config.json .instance_info .user-config; do
        says 'the copy' "COPY $file 400 0"
    done
    says 'its folder' 'FOLDER 700 0'
    # This app has no key provider: the seed of its instance is drawn anew.
    sed -n 's/^MEASURED //p' "$one/log" >"$dir/measured.json"
    plan measured "$dir/measured.json" >"$dir/drawn.json"
    is 'the log' "$(plan log "$before/app-compose.json" "$dir/drawn.json" 1)" "$(sed -n 's/^LOG //p' "$one/log")"
    says 'the register' "RTMR3 $(plan rtmr3 "$before/app-compose.json" "$dir/drawn.json" 1)"
    says 'the disk' 'DISK control data'
    closed 0
    figures 'position own, LUKS2 disk opened, 6.12'
}

# The host edits the app before the boot, and systemd runs the unit as an image has it: measured as it is, and denied.
case_own_denied() {
    new_own guest '{"manifest_version":2,"name":"evil","runner":"docker-compose"}'
    gate_unit "$live"
    systemd_machine
    stopped
    is 'why' 'Compose hash not allowed' "$(member contract.reason)"
    is 'the compose hash' "$(compose_hash)" "$(member boot_info.composeHash | sed 's/^0x//')"
    closed 1
}
