# shellcheck shell=sh disable=SC2154
# Evidence from the guest itself: configfs-tsm, the TDX module's report, quotes by vsock, CCEL, the host's share.

# The key opens the disk, straight from the gate's hands; a disk with this header and another key stays shut.
luks_disk() { # FILE KEY-HEX
    printf '%s' "$2" | busybox xxd -r -p >"$dir/key"
    truncate -s 24M "$1"
    cryptsetup -q luksFormat --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --luks2-metadata-size 16k \
        --luks2-keyslots-size 256k --key-file "$dir/key" "$1" >"$dir/luks.log" 2>&1 || echo "   $case: $(cat "$dir/luks.log")"
}
luks_target='"targets":[{"type":"exec","argv":["/usr/bin/cryptsetup","open","--key-file=-","/dev/vda","data"]}]'

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
