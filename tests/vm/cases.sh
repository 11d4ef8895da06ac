# shellcheck shell=sh disable=SC2154
# The cases; see lib.sh. Every name in $light_cases and $full_cases is a function case_NAME.
light_cases='allowed denied rpc_down no_tpm clock_early clock_late no_shell'
full_cases='luks'

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
}

# refused STATUS: after a no.
refused() {
    is 'the machine' guest-shutdown "$(ended)"
    says 'the gate' "GATE exited $1"
    says 'no key' NO-KEY
    says 'a second unseal' 'UNSEAL exited 6'
    closed "$1"
}

case_denied() {
    new guest
    config "$(pinned compose-denied)"
    boot light <<END
gate $own
after
END
    refused 1
}

case_rpc_down() {
    new guest
    config '' '' "$file_target,\"deadline_s\":20"
    boot light --forward "$nobody" <<END
sed 's/10.0.2.100/10.0.2.101/' /usr/lib/bootgate/bootgate.json >/tmp/there
cat /tmp/there >/usr/lib/bootgate/bootgate.json
gate $own
after
END
    refused 3
}

case_no_tpm() {
    new guest
    config
    boot light --no-tpm <<END
gate $own
after
END
    is 'the machine' guest-shutdown "$(ended)"
    says 'the gate' 'GATE exited 6'
    says 'no key' NO-KEY
}

# The host's clock is the only one that a guest starts with.
case_clock_early() {
    new guest
    config
    boot light --rtc 2019-01-01T00:00:00 <<END
gate $own
after
END
    refused 5
}
case_clock_late() {
    new guest
    config
    boot light --rtc 2034-01-01T00:00:00 <<END
gate $own
after
END
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
}

# Whoever sits at the serial port types; nothing of it is run, while the gate decides and after its no.
case_no_shell() {
    new guest
    config '' '' "$file_target,\"deadline_s\":8"
    # shellcheck disable=SC2016 # for the guest's shell, if there is one
    typed='\n\x03\x04\x1a\nroot\n\necho GOT-A-SHELL-$((6*7))\n\x03echo GOT-A-SHELL-$((6*7)) >/dev/console\n'
    boot light --forward "$nobody" --say 'STEP gate' "$typed" --say 'STEP decided' "$typed" --say 'STEP after' "$typed" <<END
sed 's/10.0.2.100/10.0.2.101/' /usr/lib/bootgate/bootgate.json >/tmp/there
cat /tmp/there >/usr/lib/bootgate/bootgate.json
gate $own
after
sleep 1
END
    refused 3
    is 'typed lines that came to the terminal' yes "$(grep -q 'GOT-A-SHELL-.*6\*7' "$one/log" && echo yes || tail -n 5 "$one/log")"
    says_not 'a shell' 'GOT-A-SHELL-42'
}
