# shellcheck shell=sh disable=SC2154
# The gate in a small initramfs, with evidence from a bundle: decisions, the machine's end, who types, what is rolled back.

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

# The installed program believes no CA of TPMs that nothing measured; the same file in the initramfs is read.
case_unmeasured_ca() {
    tpm_members="\"class\":\"attested\",\"ek_ca\":\"/run/ca/ca.pem\",${tpm_members#*,*,}"
    new guest
    config
    boot light <<END
mkdir /run/ca
mount -t tmpfs none /run/ca
cp /evidence/root.der /run/ca/ca.pem
program=bootgate
gate
after
sed -i s,/run/ca/,/, /usr/lib/bootgate/bootgate.json
cp /evidence/root.der /ca.pem
gate
shut
END
    is 'the machine' guest-shutdown "$(ended)"
    says 'on a tmpfs' 'BG-1205'
    says 'on a tmpfs: where' '/run/ca/ca.pem is on tmpfs'
    says 'in the initramfs' 'BG-2160'
    says_not 'an answer' 'GATE exited 0'
    says 'no key' NO-KEY
    is 'gate PCR' "$(oracle pcr "$closed")" "$(pcr 12)"
    is 'the seed for others' 0x99d "$(unsealed)"
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
