# shellcheck shell=sh disable=SC2154
# The cases; see lib.sh. Every name in $light_cases, $full_cases and $systemd_cases is a function case_NAME.
light_cases='rollback allowed denied denied_halt denied_reboot rpc_down no_tpm clock_early clock_late no_shell'
full_cases='luks'
systemd_cases='systemd_control'

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

case_luks() {
    new guest
    config '' '' "$luks_target"
    luks_disk "$one/disk" "$(oracle key $seed - pinned 31337 "$kms" "$(value evidence.own.app.appId)")"
    boot full --disk "$one/disk" <<END
gate $own
echo "DISK \$(ls /dev/mapper | tr '\n' ' ')"
echo 'written by the guest' >/dev/mapper/data && sync && head -c 20 /dev/mapper/data
after
END
    is 'the machine' guest-shutdown "$(ended)"
    says 'the gate' 'GATE exited 0'
    says 'the disk' 'DISK control data'
    says 'what was written' 'written by the guest'
    is 'written in the clear' 0 "$(grep -c 'written by the guest' "$one/disk")"
    closed 0
    figures 'LUKS2 disk opened, 6.12'
}

# Whoever sits at the serial port types; nothing of it is run, while the gate decides and after its no.
case_no_shell() {
    new guest
    nobody_answers 8
    # shellcheck disable=SC2016 # for the guest's shell, if there is one
    typed='\n\x03\x04\x1a\nroot\n\necho GOT-A-SHELL-$((6*7))\n\x03echo GOT-A-SHELL-$((6*7)) >/dev/console\n'
    boot light --forward "$nobody" --say 'STEP gate' "$typed" --say 'STEP decided' "$typed" --say 'STEP after' "$typed" <<END
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
Before=prepare.service
[Service]
Type=oneshot
ExecStart=/bin/false
[Install]
RequiredBy=prepare.service
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
    boot light --memory 384 "$@" </dev/null
    more=''
}
