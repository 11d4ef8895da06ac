# shellcheck shell=sh disable=SC2154
# systemd as the first process, with the unit as an image has it.

# Whatever stands in front of a unit like dstack-prepare.service: if it only fails, that unit's OnFailure= reboots the machine, and
# so again and again. This is the control: without `bootgate shut` the machine resets.
case_systemd_control() {
    new guest
    config
    unit gate <<END
[Unit]
Before=dstack-prepare.service
[Service]
Type=oneshot
ExecStart=/bin/false
[Install]
RequiredBy=dstack-prepare.service
END
    boot_systemd
    is 'the machine' guest-reset "$(ended)"
    says_not 'what needs the key' PREPARE-RAN
}

# unit NAME: standard input is its unit file, enabled by its RequiredBy=
unit() {
    mkdir -p "$one/add/lib/systemd/system"
    cat >"$one/add/lib/systemd/system/$1.service"
    sed -n 's/^RequiredBy=//p; s/^WantedBy=/wanted /p' "$one/add/lib/systemd/system/$1.service" | while read -r by also; do
        kind=requires
        [ "$by" != wanted ] || { kind=wants by=$also; }
        mkdir -p "$one/add/etc/systemd/system/$by.$kind"
        ln -sf "/lib/systemd/system/$1.service" "$one/add/etc/systemd/system/$by.$kind/"
    done
}
boot_systemd() { # [OPTIONS of guest.py..]
    more=$work/systemd.img
    boot "${systemd_kernel:-light}" --memory 384 "$@" </dev/null
    more=''
}

# gate_unit: the image's own unit, with the test build and what the case gives it as evidence. What it prints goes to the serial port
# as it is.
gate_unit() { # ARGUMENTS; none: the installed program, as the unit has it
    unit bootgate <"$root/image/systemd/bootgate.service"
    mkdir -p "$one/add/etc/systemd/system/bootgate.service.d"
    cp "$root/image/systemd/position-own.conf" "$one/add/etc/systemd/system/bootgate.service.d/50-position.conf"
    cat >"$one/add/etc/systemd/system/bootgate.service.d/90-test.conf" <<END
[Service]
${1:+ExecStart=
ExecStart=/usr/bin/bootgate-test boot $1 --json}
StandardOutput=tty
StandardError=tty
TTYPath=/dev/console
DeviceAllow=/dev/console rw
Environment=BOOTGATE_TEST_RUN=/run/bootgate
END
}

case_systemd_allowed() {
    new guest
    config
    gate_unit "$own"
    boot_systemd
    is 'the machine' guest-shutdown "$(ended)"
    says 'what needs the key' PREPARE-RAN
    says 'the key' "KEY $(oracle key $seed - pinned 31337 "$kms" "$(value evidence.own.app.appId)")"
    says_not 'shut' 'bootgate: shut'
    closed 0
}

# The unit's own view of the machine has the TD's devices, configfs and logs, and nothing else to write to.
case_systemd_live() {
    new_live guest
    config '' '' '' '"guest":{"qgs":{"cid":1,"port":0},"host_bundle":"/dstack/.host-shared/collateral.json"}'
    gate_unit "$live"
    systemd_machine
    is 'the machine' guest-shutdown "$(ended)"
    is 'the verdict' live "$(member kind)"
    says 'the key' "KEY $(oracle key $seed - pinned 31337 "$kms" "$(value evidence.own.app.appId)")"
    closed 0
    figures 'own quote, systemd and its unit, 6.12'
}
# All of it as it is installed: unit, program, measured configuration in the unit's own view of the file system.
case_systemd_release() {
    new_live guest
    config '' '' '' "$guest_members"
    gate_unit ''
    systemd_machine
    stopped
    says 'why: the PCK chain is not of Intel' 'bootgate: denied: BG-0275'
}
systemd_machine() {
    unit machine <<END
[Unit]
DefaultDependencies=no
After=guest-devices.service
Before=sysinit.target bootgate.service
[Service]
ExecStartPre=/bin/sh -c 'mkdir -p /run/log/dstack; mount -o bind /machine/guest/run/log/dstack /run/log/dstack; mount -o bind /machine/guest/sys/firmware/acpi/tables /sys/firmware/acpi/tables'
ExecStart=/usr/bin/td_machine serve /machine /dev/faketsm
[Install]
RequiredBy=sysinit.target
END
    systemd_kernel=full
    boot_systemd
    systemd_kernel=''
}

# One boot, and the machine is off: no loop, and what needs the key never starts.
stopped() { # STATUS
    is 'the machine' guest-shutdown "$(ended)"
    says 'shut' 'bootgate: shut: the gate'
    says 'the end' 'bootgate: power off in 0 s'
    says_not 'what needs the key' PREPARE-RAN
    is 'the seed for others' 0x99d "$(unsealed)"
}
case_systemd_denied() {
    new guest
    config "$(pinned compose-denied)"
    gate_unit "$own"
    boot_systemd
    stopped
    closed 1
}

# The gate, all of it or its parent only, is killed: while it decides, and as soon as it is there.
case_systemd_killed() {
    for moment in parent-early:0 parent-deciding:2 all-deciding:2; do
        new "${moment%:*}"
        nobody_answers 20
        gate_unit "$own"
        who=main
        [ "${moment%%-*}" = parent ] || who=all
        unit killer <<END
[Unit]
DefaultDependencies=no
[Service]
ExecStart=/bin/sh -c 'until pidof bootgate-test >/dev/null; do usleep 2000; done; sleep ${moment#*:}; systemctl kill --kill-who=$who --signal=KILL bootgate.service; echo KILLED-$who'
StandardOutput=tty
TTYPath=/dev/console
[Install]
RequiredBy=basic.target
END
        boot_systemd --forward "$silent"
        says "$moment" "KILLED-$who"
        stopped
    done
}
