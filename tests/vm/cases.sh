# shellcheck shell=sh disable=SC2154
# The cases; see lib.sh. Every name in the lists of these first lines is a function case_NAME.
light_cases='rollback allowed denied denied_halt denied_reboot rpc_down no_tpm clock_early clock_late no_shell hook_killed'
full_cases='systemd_live systemd_release live qgs tdreport release host_bundle host_bundle_forged'
distro_cases='dracut initramfs_tools'
systemd_cases='systemd_denied systemd_allowed systemd_killed systemd_control'

own='--config /usr/lib/bootgate/bootgate.json --bundle /evidence/bundle.json --root /evidence/root.der'

case_allowed() {
    new guest
    config
    boot light <<END
gate $own
after
END
    is 'the machine' guest-shutdown "$(ended)"
    says 'the gate' 'GATE exited 0'
    says 'the key' "KEY $(oracle key $seed - pinned 31337 "$kms" "$(value evidence.own.app.appId)") mode 400"
    says 'a second unseal' 'UNSEAL exited 6'
    closed 0
    figures 'allowed, 6.1'
}

# refused STATUS: after a no. The machine is off, by the gate's own hand, before anything else could be started.
refused() {
    is 'the machine' "${2:-guest-shutdown}" "$(ended)"
    says 'the gate' "GATE exited $1"
    says 'no key' NO-KEY
    says 'a second unseal' 'UNSEAL exited 6'
    says 'the end' "bootgate: ${3:-power off in 0 s}"
    says_not 'what came after' 'STILL-THERE|STEP case'
    closed "$1"
}
denied() { # [OPTIONS of guest.py..]
    boot light "$@" <<END
gate $own
after
shut
END
}

case_denied() {
    new guest
    config "$(pinned compose-denied)"
    denied
    refused 1
    is 'why' 'Compose hash not allowed' "$(member contract.reason)"
}
case_denied_reboot() {
    new guest
    config "$(pinned compose-denied)" '' '' '"denied":"reboot"'
    denied
    refused 1 guest-reset 'reboot in 10 s'
}
case_denied_halt() {
    new guest
    config "$(pinned compose-denied)" '' '' '"denied":"halt"'
    denied --halted 'bootgate: halt in 0 s'
    refused 1 guest-halt 'halt in 0 s'
}

nobody_answers() { # a node that is not there: 10.0.2.101
    config '' '' "$file_target,\"deadline_s\":${1:-20}"
    sed 's/10.0.2.100/10.0.2.101/' "$one/add/usr/lib/bootgate/bootgate.json" >"$one/config"
    cp "$one/config" "$one/add/usr/lib/bootgate/bootgate.json"
}
case_rpc_down() {
    new guest
    nobody_answers
    denied --forward "$nobody"
    refused 3
}

case_no_tpm() {
    new guest
    config
    denied --no-tpm
    is 'the machine' guest-shutdown "$(ended)"
    says 'the gate' 'GATE exited 6'
    says 'no key' NO-KEY
    says 'the end' 'bootgate: power off in 0 s'
    says_not 'what came after' 'STILL-THERE|STEP case'
}

# The host's clock is the only one that a guest starts with.
case_clock_early() {
    new guest
    config
    denied --rtc 2019-01-01T00:00:00
    refused 5
}
case_clock_late() {
    new guest
    config
    denied --rtc 2034-01-01T00:00:00
    refused 3
}

# The key opens the disk, straight from the gate's hands; a disk with this header and another key stays shut.
luks_disk() { # FILE KEY-HEX
    printf '%s' "$2" | busybox xxd -r -p >"$dir/key"
    truncate -s 24M "$1"
    cryptsetup -q luksFormat --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --luks2-metadata-size 16k \
        --luks2-keyslots-size 256k --key-file "$dir/key" "$1" >"$dir/luks.log" 2>&1 || echo "   $case: $(cat "$dir/luks.log")"
}
luks_target='"targets":[{"type":"exec","argv":["/usr/bin/cryptsetup","open","--key-file=-","/dev/vda","data"]}]'

# --- evidence from the guest itself: configfs-tsm, the TDX module's report, CCEL, the host's share --------------------------
live='--config /usr/lib/bootgate/bootgate.json --root /evidence/root.der'
guest_members='"guest":{"qgs":{"cid":2,"port":0},"host_bundle":"/dstack/.host-shared/collateral.json"}'
new_live() { # NAME
    new "$1"
    rm "$one/add/evidence/bundle.json"
    mkdir "$one/add/machine"
    cp -r "$work/own/machine.json" "$work/own/guest" "$one/add/machine/"
    cp -r "$work/own/guest/dstack" "$one/add/"
    cp "${2:-$work/own/collateral.json}" "$one/add/dstack/.host-shared/collateral.json"
}

case_live() {
    new_live guest
    config '' '' "$luks_target" "$guest_members"
    luks_disk "$one/disk" "$(oracle key $seed - pinned 31337 "$kms" "$(value evidence.own.app.appId)")"
    boot full --disk "$one/disk" <<END
machine
bootgate-test doctor --config /usr/lib/bootgate/bootgate.json >/tmp/doctor 2>&1
echo "DOCTOR exited \$?"
sed 's/^/DOCTOR /' /tmp/doctor
step doctor
gate $live
echo "DISK \$(ls /dev/mapper | tr '\n' ' ')"
echo 'written by the guest' >/dev/mapper/data && sync && head -c 20 /dev/mapper/data
after
END
    is 'the machine' guest-shutdown "$(ended)"
    says 'the gate' 'GATE exited 0'
    is 'the verdict' live "$(member kind)"
    says 'doctor' 'DOCTOR exited 0'
    says 'doctor' 'ok  config.measured  /usr/lib/bootgate/bootgate.json'
    says 'doctor' 'ok  quote            configfs-tsm gives one'
    says 'the disk' 'DISK control data'
    says 'what was written' 'written by the guest'
    is 'written in the clear' 0 "$(grep -c 'written by the guest' "$one/disk")"
    closed 0
    figures 'own quote, LUKS2 disk opened, 6.12'
}

# Without configfs-tsm: the host's quote generation service, by vsock (here the guest's own loopback), and its collateral.
case_qgs() {
    new_live guest
    rm "$one/add/dstack/.host-shared/collateral.json"
    config '' '' '' '"guest":{"qgs":{"cid":1,"port":4050}}'
    boot full <<END
machine qgs=vsock:4050
umount /sys/kernel/config
bootgate-test doctor --config /usr/lib/bootgate/bootgate.json | sed 's/^/DOCTOR /'
gate $live
after
END
    is 'the machine' guest-shutdown "$(ended)"
    says 'doctor' 'ok  quote.vsock'
    says 'the gate' 'GATE exited 0'
    says 'the key' "KEY $(oracle key $seed - pinned 31337 "$kms" "$(value evidence.own.app.appId)") mode 400"
    closed 0
}

# The installed program: its one configuration, in the initramfs, this guest's evidence. No genuine TDX machine signed the quote.
case_release() {
    new_live guest
    config '' '' '' "$guest_members"
    boot full <<END
machine
program=bootgate
gate
after
shut
END
    refused 4
    is 'why: the PCK chain is not Intel'"'"'s' BG-0275 "$(member code)"
}

# The host hands all the answers over its share, and there is no network at all: they are proofs, whoever brings them.
case_host_bundle() {
    new_live guest "$work/answers.json"
    config '' '' '' "$guest_members"
    boot full --no-network <<END
machine
gate $live
after
END
    is 'the machine' guest-shutdown "$(ended)"
    says 'the gate' 'GATE exited 0'
    says 'the key' "KEY $(oracle key $seed - pinned 31337 "$kms" "$(value evidence.own.app.appId)") mode 400"
    closed 0
}

# One nibble of one proof is another: nothing is believed.
case_host_bundle_forged() {
    node -e 'const fs = require("fs"), b = JSON.parse(fs.readFileSync(process.argv[1]));
        const proof = b.rpc.find((e) => e.method === "eth_getProof").result.accountProof;
        const last = proof[proof.length - 1];
        proof[proof.length - 1] = last.slice(0, -1) + (last.endsWith("0") ? "1" : "0");
        fs.writeFileSync(process.argv[2], JSON.stringify(b));' "$work/answers.json" "$dir/forged.json"
    new_live guest "$dir/forged.json"
    config '' '' '' "$guest_members"
    boot full --no-network <<END
machine
gate $live
after
shut
END
    refused 3
    is 'why: the node has another hash' BG-0704 "$(member code)"
}

# The quote against the TDX module's own report, member by member; registers that move in between; a quote that is late, of
# another TD, of an earlier question, no quote. Lines: fault, how often, exit status, code (-: none).
tdreport_faults() {
    for member in tee_tcb_svn mr_seam mr_signer_seam seam_attributes td_attributes xfam mr_td mr_config_id mr_owner mr_owner_config \
        report_data; do
        echo "differs:$member -1 4 BG-1908"
    done
    for i in 0 1 2 3; do
        echo "differs:rtmr$i -1 4 BG-1909"
    done
    cat <<END
none 1 0 -
moved 1 0 -
moved -1 4 BG-1909
other-td 1 4 BG-1908
old-nonce 1 4 BG-1908
flipped 1 4 BG-0235
empty 1 4 BG-2016
truncated 1 4 BG-0214
report-type 1 4 BG-1902
report-hash 1 4 BG-1906
report-short 1 4 BG-2024
errno:16 1 0 -
errno:110 -1 4 BG-2020
hang -1 4 BG-2020
quote-5 0 0 -
differs:tee_tcb_svn2 -1 4 BG-1908
differs:mr_service_td -1 4 BG-1908
none 1 0 -
END
}
case_tdreport() {
    new_live guest
    config '' '' '' "$guest_members"
    tdreport_faults >"$one/add/evidence/faults"
    boot full <<END
echo 3 >/sys/module/faketsm/parameters/answer_seconds
machine
while read -r fault times expected; do
    if [ \$fault = quote-5 ]; then
        sed -i 's/"quote_version": 4/"quote_version": 5/' /machine/machine.json
        fault=none
    fi
    td_machine fault /machine \$fault \$times
    bootgate-test check $live --json >/tmp/out 2>/tmp/err
    echo "FAULT \$? \$(sed -n 's/^  "code": "\(.*\)",*/\1/p' /tmp/out)"
done </evidence/faults
END
    is 'the machine' guest-shutdown "$(ended)"
    sed -nE 's/^FAULT ([0-9]+) $/\1 -/p; s/^FAULT ([0-9]+ BG.*)/\1/p' "$one/log" >"$one/faults"
    n=0
    while read -r fault times expected; do
        n=$((n + 1))
        is "$fault $times" "$expected" "$(sed -n ${n}p "$one/faults")"
    done <"$one/add/evidence/faults"
}

# Whoever sits at the serial port types; nothing of it is run, while the gate decides and after its no.
case_no_shell() {
    new guest
    nobody_answers 12
    # shellcheck disable=SC2016 # for the guest's shell, if there is one
    typed='\n\x03\x04\x1a\nroot\n\necho GOT-A-SHELL-$((6*7))\n\x03echo GOT-A-SHELL-$((6*7)) >/dev/console\n'
    boot light --forward "$silent" --say 'STEP gate' "$typed" --say 'STEP decided' "$typed" --say 'STEP after' "$typed" <<END
gate $own
after
sleep 1
shut
END
    refused 3
    is 'typed lines that came to the terminal' yes "$(grep -q 'GOT-A-SHELL-.*6\*7' "$one/log" && echo yes || tail -n 5 "$one/log")"
    says_not 'a shell' 'GOT-A-SHELL-42'
}

# The host brings back the store of an earlier boot and shows the chain as it was then: the floor in the TPM refuses. Then it
# brings back the TPM's own state, too, which a host that runs the TPM can: what the verdict calls advisory.
case_rollback() {
    older=$(value evidence.own.states.allowed.number) newer=$(value evidence.own.states.any-device.number)
    floor_index=25170001 usual_tpm=$tpm_members
    tpm_members=$(echo "$tpm_members" | sed 's/,"srk_name":"[0-9a-f]*"//; s/seed.blob/floor.blob/'),\"floor_index\":$floor_index
    # visit NAME BLOCK STORE DISK: a boot that sees the chain up to a block
    visit() {
        new "$1"
        [ ! -e "$dir/floor.blob" ] || cp "$dir/floor.blob" "$one/add/evidence/"
        config "$(printf '"source":"ethereum","chain_id":31337,"max_head_age":7200,"checkpoint":%s,"network":%s' "$start" "$network")" \
            '' '' "$(printf '"store":"/run/store","beacon":["http://10.0.2.101:80/none/%s"]' "$2")"
        [ -d "$dir/tpm" ] || cp -r "$work/tpm" "$dir/tpm"
        cp "$3" "$one/disk"
        {
            echo "tar -x -f /dev/vda -C /run 2>/dev/null"
            [ "$1" != first ] || cat <<END
echo $seed | xxd -r -p >/run/seed && chmod 400 /run/seed
bootgate-test seal --config /usr/lib/bootgate/bootgate.json --seed /run/seed && echo "BLOB \$(xxd -p -c 2000 /evidence/floor.blob)"
END
            cat <<END
gate $own
after
[ ! -d /run/store ] || tar -c -f /dev/vda -C /run store
sync
END
        } | boot light --forward "$beacon_port" --disk "$one/disk" --tpm "${4:-$dir/tpm}"
        is "$1: the machine" guest-shutdown "$(ended)"
    }
    truncate -s 8M "$dir/none"
    visit first "$older" "$dir/none"
    sed -n 's/^BLOB //p' "$one/log" | busybox xxd -r -p >"$dir/floor.blob"
    says first 'GATE exited 0'
    is 'first: the floor before' "$(echo "$start" | sed -E 's/.*"slot":"?([0-9]+).*/\1/')" "$(member tpm.floor.position)"
    cp -r "$dir/tpm" "$dir/tpm-first"
    cp "$one/disk" "$dir/store-first"

    visit second "$newer" "$dir/store-first"
    says second 'GATE exited 0'

    visit rolled-back "$older" "$dir/store-first"
    says rolled-back 'GATE exited 3'
    says rolled-back NO-KEY
    is 'rolled back: why' BG-1374 "$(member code)"
    visit store-taken "$older" "$dir/none"
    is 'store taken away: why' BG-1374 "$(member code)"
    says store-taken NO-KEY

    visit all-rolled-back "$older" "$dir/store-first" "$dir/tpm-first"
    says all-rolled-back 'GATE exited 0'
    is 'all rolled back: the verdict says what the floor is worth' advisory "$(member tpm.floor.weight)"
    tpm_members=$usual_tpm
}

# --- systemd as the first process ---------------------------------------------------------------------------------------
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

# --- images that a distribution's own tools make ------------------------------------------------------------------------
# The gate in front of a root file system on a disk: after a yes its init runs, and finds the key; after a no it is never mounted.
# as_installed FILE ARGUMENTS: in the place of the installed program: boot is the test build's, with its arguments.
as_installed() {
    cat >"$1" <<END
#!/bin/sh
case \$1 in
boot) BOOTGATE_TEST_RUN=/run/bootgate exec /usr/bin/bootgate-test boot $2 --json ;;
*) exec /usr/bin/bootgate-release "\$@" ;;
esac
END
    chmod 755 "$1"
}
distro() { # KIND
    mkdir -p "$dir/files/bin" "$dir/files/bootgate"
    as_installed "$dir/files/bin/bootgate" "$(echo "$own" | sed 's!/evidence/!/usr/lib/bootgate/!g')"
    strip -o "$dir/files/bin/bootgate-test" "$BUILD/test/bootgate"
    strip -o "$dir/files/bin/bootgate-release" "$BUILD/bootgate"
    cp "$work/own/bundle.json" "$work/own/root.der" "$work/seed.blob" "$dir/files/bootgate/"
    distro_config allowed
    cp "$one/add/usr/lib/bootgate/bootgate.json" "$dir/files/bootgate/"
    "$root/tests/vm/distro.sh" "$1" "$kernels/light" "$dir/files" "$dir/image" >"$dir/distro.log" 2>&1 ||
        is "an image by $1" made "$(tail -n 3 "$dir/distro.log")"
    mkdir -p "$dir/root/bin" "$dir/root/sbin" "$dir/root/dev" "$dir/root/proc" "$dir/root/sys" "$dir/root/run" "$dir/root/etc" "$dir/root/tmp"
    cp "$(command -v busybox)" "$dir/root/bin/busybox"
    cat >"$dir/root/sbin/init" <<'END'
#!/bin/busybox sh
exec >/dev/console 2>&1
echo "ROOT-INIT"
[ ! -e /run/bootgate/key ] || echo "KEY $(busybox xxd -p -c 64 /run/bootgate/key)"
busybox poweroff -f
END
    chmod 755 "$dir/root/sbin/init"
    truncate -s 6M "$dir/disk"
    mke2fs -q -t ext2 -d "$dir/root" "$dir/disk"
}
distro_config() { # STATE
    new "$1"
    tpm_members=$(echo "$tpm_members" | sed 's!/evidence/!/usr/lib/bootgate/!') config "$(pinned "$1")"
}
boot_distro() { # STATE
    distro_config "$1"
    base=$dir/image
    boot light --memory 512 --limit 180 --disk "$dir/disk" --append 'root=/dev/vda ro' </dev/null
    base=''
}
distro_both() { # KIND
    distro "$1"
    boot_distro allowed
    is 'the machine' guest-shutdown "$(ended)"
    says 'the root file system' ROOT-INIT
    says 'the key' "KEY $(oracle key $seed - pinned 31337 "$kms" "$(value evidence.own.app.appId)")"
    closed 0
    figures "allowed, image by $1, 6.1"
}
# The hooks' common part, with its gate killed while it decides, and with the process that asked the gate killed: the one that would
# go on asks for itself.
case_hook_killed() {
    for moment in gate asker; do
        new $moment
        nobody_answers 20
        mkdir -p "$one/add/usr/bin"
        as_installed "$one/add/usr/bin/bootgate" "$own"
        strip -o "$one/add/usr/bin/bootgate-release" "$BUILD/bootgate"
        cp "$root/image/initramfs/bootgate.sh" "$one/add/usr/lib/bootgate/"
        boot light --forward "$silent" <<END
rm -rf /run/bootgate
. /usr/lib/bootgate/bootgate.sh
sh -c '. /usr/lib/bootgate/bootgate.sh; bootgate_gate; echo STILL-THERE' &
asker=\$!
until pidof bootgate-test >/dev/null; do usleep 2000; done
sleep 2
[ $moment = gate ] || kill -9 \$asker
killall -9 bootgate-test
echo KILLED
[ $moment = asker ] || wait
bootgate_guard
echo STILL-THERE
END
        is "$moment: the machine" guest-shutdown "$(ended)"
        says "$moment" KILLED
        says "$moment: the end" 'bootgate: power off in 0 s'
        says_not "$moment: what came after" 'STILL-THERE|STEP case'
        is "$moment: the seed for others" 0x99d "$(unsealed)"
    done
}
case_dracut() {
    distro_both dracut
}
case_initramfs_tools() {
    distro_both initramfs-tools
    boot_distro compose-denied
    is 'the machine' guest-shutdown "$(ended)"
    says 'the end' 'bootgate: power off in 0 s'
    says_not 'the root file system' ROOT-INIT
    closed 1
}
