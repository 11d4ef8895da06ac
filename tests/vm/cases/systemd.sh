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
# The installed program, its unit, and a configuration on a dm-verity device, as in an image: the gate has no right to ask the device mapper,
# bootgate-verity.service has asked for it. Without that, the same device is refused, and the door is shut all the same.
case_systemd_verity() {
    for name in asked nobody-asked; do
        new $name
        config
        mkdir "$one/disk.d"
        mv "$one/add/usr/lib/bootgate/bootgate.json" "$one/disk.d/"
        truncate -s 4M "$one/disk"
        mke2fs -q -t ext2 -b 4096 -d "$one/disk.d" "$one/disk" 512
        roothash=$(veritysetup format --hash-offset 2097152 --data-blocks 512 "$one/disk" "$one/disk" | sed -n 's/^Root hash:[[:space:]]*//p')
        gate_unit ''
        [ $name = nobody-asked ] || unit bootgate-verity <"$root/image/systemd/bootgate-verity.service"
        unit measured <<END
[Unit]
DefaultDependencies=no
After=guest-devices.service
Before=bootgate-verity.service bootgate.service
[Service]
Type=oneshot
RemainAfterExit=yes
Environment=DM_DISABLE_UDEV=1
ExecStart=/bin/sh -c 'echo 1 >/sys/module/faketsm/parameters/answer_seconds; veritysetup open /dev/vda conf /dev/vda $roothash --hash-offset 2097152 && mount -t ext2 -o ro /dev/mapper/conf /usr/lib/bootgate && echo "MEASURED by $roothash"'
StandardOutput=tty
StandardError=tty
TTYPath=/dev/console
[Install]
RequiredBy=basic.target
END
        systemd_kernel=full
        boot_systemd --disk "$one/disk" --append "roothash=$roothash"
        systemd_kernel=''
        says "$name: the device" "MEASURED by $roothash"
        stopped
    done
    says 'nobody asked: why' 'bootgate: denied: BG-1206'
    says 'nobody asked: shut, which may ask, knows the gate' 'bootgate: shut: the gate was open and is closed now'
    one=$dir/asked
    # The configuration is taken. What comes next is the evidence, which this machine has none of.
    says 'asked: the program goes on' 'bootgate: denied: BG-'
    says_not 'asked: its objection is not the configuration' 'BG-12'
    says 'asked: its door was shut' 'bootgate: shut: the gate is closed'
}

# chronyd as Debian starts it, its folder its user's alone: the gate's unit, without the right to override modes, is answered by way of
# time.conf. That this chronyd has no source to follow is its answer.
case_systemd_time() {
    new guest
    config '' '' '' '"guest":{"time":"/run/bootgate-time/chronyd.sock","time_wait":1}'
    gate_unit "$own"
    cp "$root/image/systemd/time.conf" "$one/add/etc/systemd/system/bootgate.service.d/70-time.conf"
    mkdir "$one/add/etc/systemd/system/chrony.service.d"
    cp "$root/image/systemd/chronyd.conf" "$one/add/etc/systemd/system/chrony.service.d/60-bootgate.conf"
    { command -v chronyd; ldd "$(command -v chronyd)" | sed -nE 's/^.*=> (\/[^ ]*) .*/\1/p'; } | while read -r file; do
        mkdir -p "$one/add$(dirname "$file")"
        cp -L "$file" "$one/add$file"
    done
    printf 'root:x:0:0:root:/:/sbin/nologin\n_chrony:x:99:99::/:/sbin/nologin\n' >"$one/add/etc/passwd"
    printf 'root:x:0:\n_chrony:x:99:\n' >"$one/add/etc/group"
    printf 'port 0\ncmdport 0\nlocal stratum 3\npidfile /run/chrony/chronyd.pid\n' >"$one/add/etc/chrony.conf"
    unit chrony <<END
[Unit]
DefaultDependencies=no
After=guest-devices.service
Before=bootgate.service
[Service]
Type=forking
PIDFile=/run/chrony/chronyd.pid
User=_chrony
ExecStart=!$(command -v chronyd) -x -f /etc/chrony.conf
RuntimeDirectory=chrony
RuntimeDirectoryMode=0700
ExecStartPost=+/bin/sh -c 'until [ -S /run/chrony/chronyd.sock ]; do usleep 10000; done; mkdir -m 711 /run/bootgate-time; stat -c CHRONY=%%a=%%U /run/chrony >/dev/console'
[Install]
RequiredBy=basic.target
END
    boot_systemd
    is 'the machine' guest-shutdown "$(ended)"
    says "chronyd's folder" 'CHRONY=700=_chrony'
    says 'what chronyd answers' 'BG-2242'
    says_not 'an answer that did not come' 'BG-223'
    says 'what needs the key' PREPARE-RAN
    closed 0
}

# The gate, all of it or its parent only, is killed: as soon as it is there, and at moments that nobody chose. One machine is
# booted up to where the unit would be started and kept like that; each kill is of a machine that goes on from there, with a TPM of its own. Its
# disk says what happens: the chain's answer, whom to kill, and when, in milliseconds after the unit's start.
case_systemd_killed() {
    new kept
    config "$(pinned compose-denied)"
    cp "$one/add/usr/lib/bootgate/bootgate.json" "$one/add/evidence/denied.json"
    config
    cp "$one/add/usr/lib/bootgate/bootgate.json" "$one/add/evidence/allowed.json"
    gate_unit "$own"
    unit hold <<'END'
[Unit]
DefaultDependencies=no
After=guest-devices.service sys-kernel-config.mount
Before=bootgate.service killer.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'echo HOLDING; while read -r answer more </dev/vda && [ "$$answer" = wait ]; do usleep 50000; done; cp "/evidence/$$answer.json" /usr/lib/bootgate/bootgate.json; read -r up more </proc/uptime; echo "GOES-ON $$up"'
StandardOutput=tty
TTYPath=/dev/console
[Install]
RequiredBy=basic.target
END
    unit killer <<'END'
[Unit]
DefaultDependencies=no
After=hold.service
[Service]
ExecStart=/usr/bin/killer
StandardOutput=tty
TTYPath=/dev/console
[Install]
RequiredBy=basic.target
END
    mkdir -p "$one/add/usr/bin"
    cat >"$one/add/usr/bin/killer" <<'END'
#!/bin/sh
# killer: the disk has ANSWER WHOM MILLISECONDS
read -r answer whom moment </dev/vda
[ "$whom" != nobody ] || exit 0
group=/sys/fs/cgroup/system.slice/bootgate.service
# there PROGRAM: until its first process is the unit's first
there() {
    until read -r first <$group/cgroup.procs && [ "$(cat /proc/$first/comm)" = $1 ]; do usleep 2000; done 2>/dev/null
}
there bootgate-test
[ $whom != shut ] || there bootgate
usleep ${moment}000
who=$(for one in $(cat $group/cgroup.procs); do cat /proc/$one/comm; done 2>/dev/null | sort | uniq -c | tr -s '\n ' ' ')
case $whom in
parent) kill -KILL $first ;;
*) echo 1 >$group/cgroup.kill ;;
esac && [ -n "$who" ] && echo "KILLED-$whom:$who"
END
    chmod 755 "$one/add/usr/bin/killer"
    kept=$one
    on_disk "$kept/disk" wait
    boot_systemd --disk "$kept/disk" --save "$kept/machine" HOLDING
    is 'a machine is kept' saved "$(ended)"
    # Nobody is killed: a no and a yes, and how long they take.
    resume no denied nobody 0
    stopped
    closed 1
    went_on=$(sed -n 's/^.*GOES-ON \([0-9]*\)\..*/\1/p' "$one/log")
    window=$((500 * ($(sed -n 's/^\[ *\([0-9]*\)\..*reboot: Power down.*/\1/p' "$one/log") - went_on)))
    resume yes allowed nobody 0
    says 'what needs the key' PREPARE-RAN
    says_not 'a yes: shut' 'bootgate: shut'
    closed 0
    for fixed in 'denied parent' 'allowed all' 'denied shut'; do
        # shellcheck disable=SC2086 # two words
        resume "${fixed#* }-early" $fixed 0
        says "$fixed" "KILLED-${fixed#* }:"
    done
    # A kill that finds nothing alive shows nothing: it is tried again, and sooner (the machine that runs this may be slower now, or faster).
    killed=0 tries=0
    while [ $killed -lt 6 ] && [ $tries -lt 16 ]; do
        tries=$((tries + 1))
        # shellcheck disable=SC2046 # three words
        resume "random-$tries" $(python3 -c 'import random, sys
r = random.Random(20261122 + int(sys.argv[1]))
print(r.choice(("denied", "allowed")), r.choice(("parent", "all")), int(r.uniform(0, int(sys.argv[2]))))' "$tries" "$window")
        if grep -q '^KILLED' "$one/log"; then
            killed=$((killed + 1))
        else
            window=$((window / 2))
        fi
    done
    echo "   $case: $killed of $tries random kills found the gate running"
    is 'random kills that found the gate running' 6 "$killed"
    rm -f "$kept/machine"
}
on_disk() { # FILE TEXT
    printf '%s\n' "$2" >"$1"
    truncate -s 64K "$1"
}
# resume NAME ANSWER WHOM MILLISECONDS: the kept machine's end, one way or the other
resume() {
    mkdir -p "$dir/$1"
    cp -r "$work/tpm" "$dir/$1/tpm"
    one=$dir/$1
    on_disk "$one/disk" "$2 $3 $4"
    python3 "$root/tests/vm/guest.py" --kernel "$kernels/light/vmlinuz" --initrd "$kept/add.img" --memory 384 --log "$one/raw" --result "$one/result" \
        --forward "$port" --tpm "$one/tpm" --blob "$work/seed.blob" --disk "$one/disk" --resume "$kept/machine" >"$one/runner" 2>&1 ||
        echo "   $case: $(tail -n 1 "$one/runner") $(tail -n 3 "$one/raw" 2>/dev/null)"
    read_result
    is "$*: the machine" guest-shutdown "$(ended)"
    is "$*: the seed for others" 0x99d "$(unsealed)"
    is "$*: the gate PCR" extended "$([ "$(pcr 12)" = "$(printf '0%.0s' $(seq 64))" ] || echo extended)"
    # Whatever needs the key started after a yes only: a whole run's, with its key.
    if [ "$2" = allowed ] && grep -q "^KEY $(oracle key $seed - pinned 31337 "$kms" "$(value evidence.own.app.appId)")" "$one/log"; then
        says "$*: after a yes" PREPARE-RAN
    elif grep -q '^KILLED.* bootgate ' "$one/log"; then
        # `shut` itself: what the unit says for that ends the machine.
        says_not "$*: what needs the key" PREPARE-RAN
        says_not "$*: it was not shut that ended it" 'bootgate: power off'
    else
        says_not "$*: what needs the key" PREPARE-RAN
        says "$*: shut" 'bootgate: shut: the gate'
        says "$*: the end" 'bootgate: power off in 0 s'
    fi
}
