#!/bin/sh
# Measured boot, whole: OVMF with a software TPM, a UKI of systemd's stub with Debian's kernel (or what else boots), `seal` to the boot PCRs in the guest;
# then the same machine again, and others that differ in one thing. What the log leads to is held against tpm2_eventlog and against
# the TPM as it is seen from outside. Prints "N passed, N failed, N skipped".
# usage: ovmf_boot.sh [CASE..]      with BUILD from the environment; WORK=FOLDER keeps everything there
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/tests/vm
BUILD=${BUILD:-build}
VECTORS=${VECTORS:-../shared/vectors}
PATH=$PATH:/usr/sbin:/sbin
code=/usr/share/OVMF/OVMF_CODE_4M.fd
vars=/usr/share/OVMF/OVMF_VARS_4M.fd
secure_code=/usr/share/OVMF/OVMF_CODE_4M.ms.fd
secure_vars=/usr/share/OVMF/OVMF_VARS_4M.ms.fd
stub=/usr/lib/systemd/boot/efi/linuxx64.efi.stub
shim=/usr/lib/shim/shimx64.efi.signed
signed_grub=/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed

# --- one case, in a process of its own ---------------------------------------------------------------------------------
passed=0 failed=0
is() { # NAME EXPECTED ACTUAL
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED ovmf $case, $1: $3, expected $2"
    fi
}

# uki OUT COMMAND-LINE INITRD: the sections as systemd-stub(7) names them
uki() {
    printf '%s' "$2" >"$dir/cmdline"
    # -p: without a time of its own the same parts make the same PE
    objcopy -p --add-section .osrel="$work/osrel" --change-section-vma .osrel=0x20000 \
        --add-section .cmdline="$dir/cmdline" --change-section-vma .cmdline=0x30000 \
        --add-section .linux="$kernels/light/vmlinuz" --change-section-vma .linux=0x2000000 \
        --add-section .initrd="$3" --change-section-vma .initrd=0x4000000 "$stub" "$1"
}

# system_disk PE [FOLDER]: what firmware boots when nothing else is configured, and more files
system_disk() {
    truncate -s 96M "$dir/system"
    mkfs.vfat "$dir/system" >/dev/null && mmd -i "$dir/system" ::/EFI ::/EFI/BOOT &&
        mcopy -i "$dir/system" "$1" ::/EFI/BOOT/BOOTX64.EFI || is 'the disk' made 'not made'
    [ $# -lt 2 ] || mcopy -s -i "$dir/system" "$2"/* ::/
}

# machine WHAT-TO-DO [OPTIONS of guest.py..]: from power on to off. Leaves log, result, boot.log.
machine() {
    printf 'WORK %s\n' "$1" >"$dir/work"
    truncate -s 64K "$dir/work"
    shift
    firmware="-drive if=pflash,format=raw,unit=0,readonly=on,file=$code -drive if=pflash,format=raw,unit=1,file=$dir/vars"
    [ "$case" != bios ] || firmware=''
    [ -e "$dir/vars" ] || cp $vars "$dir/vars"
    [ -d "$dir/tpm" ] || mkdir "$dir/tpm"
    disk=''
    [ ! -e "$dir/blob" ] || set -- --blob "$dir/blob" "$@"
    [ ! -e "$dir/system" ] || disk="-drive if=none,id=system,format=raw,file=$dir/system -device virtio-blk-pci,drive=system,bootindex=0"
    # shellcheck disable=SC2086 # words
    python3 "$here/guest.py" --log "$dir/raw" --result "$dir/result" --tpm "$dir/tpm" --memory 512 --limit 600 --no-network "$@" -- \
        $firmware $disk -drive "if=none,id=work,format=raw,file=$dir/work" -device virtio-blk-pci,drive=work >"$dir/runner" 2>&1 ||
        echo "   $case: $(tail -n 1 "$dir/runner") $(tail -n 3 "$dir/raw")"
    tr -d '\r' <"$dir/raw" >"$dir/log"
    is 'the end' guest-shutdown "$(sed -n 's/^ "end": "\(.*\)",$/\1/p' "$dir/result")"
    sed -n '/^LOG-BEGIN$/,/^LOG-END$/p' "$dir/log" | sed '1d;$d' | base64 -d 2>/dev/null | gunzip >"$dir/boot.log" 2>/dev/null
    sed -n '/^TRY log /,/^TRY/p' "$dir/log" | sed -n 's/^   //p' >"$dir/shown"
}
said() { # NAME: "0", or the status and the code
    sed -n "s/^TRY $1 exited \([0-9]*\) *\(.*\)/\1 \2/p" "$dir/log" | sed 's/ $//'
}
pcr() {
    sed -n "s/^  \"$1\": \"\(.*\)\",*$/\1/p" "$dir/result"
}
line() { # what covers, as the successful seal said it
    sed -n 's/^ *boot PCRs cover: //p' "$dir/log" | head -n 1
}

# measured PATH: the log leads to the TPM's PCRs, by other hands too, and is what the unit tests are made of
measured() {
    is 'the log' yes "$([ -s "$dir/boot.log" ] && echo yes || echo no)"
    is 'PCRs by tpm2_eventlog, the TPM, and ours' agree "$(python3 "$here/ovmf/pcrs.py" "$dir/boot.log" "$dir/result" "$dir/shown" |
        sed 's/^[0-9]* agree$/agree/')"
    is 'the log shown' "0" "$(said log)"
    [ -z "$1" ] || is 'events' ok "$("$BUILD/tools/boot_log_tool" like "$1" "$dir/boot.log" >"$dir/like" && echo ok || cat "$dir/like")"
}
# again CASE: the TPM and the blob that this one's machine left
again() {
    cp -r "$work/$1/tpm.sealed" "$dir/tpm"
    blob=$(sed -n 's/^BLOB //p' "$work/$1/log")
    printf '%s' "$blob" | busybox xxd -r -p >"$dir/blob"
}
# from_outside EXPECTED: what an unseal by the book gives now
from_outside() {
    is 'the seed from outside' "$1" "$(sed -n 's/^ "unseal": "\(.*\)"$/\1/p' "$dir/result")"
}

case_uki() {
    uki "$dir/pe" "$cmdline" "$work/initrd"
    system_disk "$dir/pe"
    machine seal
    cp -r "$dir/tpm" "$dir/tpm.sealed"
    measured uki
    is 'seal' 0 "$(said s0249)"
    is 'what covers' 'uki: firmware PCR 0, option ROMs PCR 2, image PCR 4, kernel PCR 4, command line PCR 9, initrd PCR 9' "$(line)"
    is 'seal, SHA-384' 0 "$(said sha384)"
    is 'PCR 4 alone' '2 BG-2101' "$(said s4)"
    is 'PCR 4 and 7' '2 BG-2101' "$(said s47)"
    is 'PCR 9 left out' '2 BG-2101' "$(said s024)"
    is 'a PCR that is all 0' '4 BG-1938' "$(said s024912)"
    is 'that PCR, no log looked at' '6 BG-1125' "$(said n024912)"
    is 'PCR 8, which only GRUB uses' '4 BG-1938' "$(said s02489)"
    is 'unseal' 0 "$(said unseal)"
}
case_qemu() {
    machine seal --kernel "$kernels/light/vmlinuz" --initrd "$work/initrd"
    measured qemu-kernel
    is 'seal' 0 "$(said s0249)"
    is 'what covers' 'qemu-kernel: firmware PCR 0, option ROMs PCR 2, kernel PCR 4, command line PCR 9, initrd PCR 9' "$(line)"
    is 'PCR 9 left out' '2 BG-2101' "$(said s024)"
}
case_grub() {
    cat >"$dir/grub.cfg" <<END
set timeout=0
search --no-floppy --file --set=root /vmlinuz
linuxefi /vmlinuz $cmdline
initrdefi /initrd.img
boot
END
    grub-mkstandalone -O x86_64-efi -o "$dir/pe" --install-modules='' \
        --modules='part_gpt fat tpm linuxefi search search_fs_file normal configfile' "boot/grub/grub.cfg=$dir/grub.cfg" >"$dir/mk" 2>&1
    mkdir "$dir/files"
    cp -L "$kernels/light/vmlinuz" "$dir/files/vmlinuz"
    cp "$work/initrd" "$dir/files/initrd.img"
    system_disk "$dir/pe" "$dir/files"
    machine seal
    measured ''
    is 'seal' 0 "$(said s02489)"
    is 'what covers' 'grub: firmware PCR 0, option ROMs PCR 2, image PCR 4, command line PCR 8, kernel PCR 9, initrd PCR 9' "$(line)"
    is 'PCR 8 left out' '2 BG-2101' "$(said s0249)"
}
# secure_boot [CERTIFICATE..]: firmware that enforces Secure Boot with the keys that machines come with, and MOKs beside what shim brings.
secure_boot() {
    code=$secure_code
    cp $secure_vars "$dir/vars"
    [ $# -eq 0 ] || python3 "$here/ovmf/mok.py" "$dir/vars" "$@" || is 'the MOKs' enrolled 'not enrolled'
}
# shim_disk SECOND-STAGE [FOLDER]: it has GRUB's name, whatever it is
shim_disk() {
    system_disk $shim ${2:+"$2"}
    mcopy -i "$dir/system" "$1" ::/EFI/BOOT/grubx64.efi
}
# Debian's own chain, as its packages have it: each link checks the next one's signature.
shim_grub_disk() { # COMMAND-LINE INITRD
    mkdir -p "$dir/files/EFI/debian"
    cat >"$dir/files/EFI/debian/grub.cfg" <<END
set timeout=0
search --no-floppy --file --set=root /vmlinuz
linux /vmlinuz $1
initrd /initrd.img
boot
END
    secure_boot
    shim_disk $signed_grub
    mcopy -s -i "$dir/system" "$dir/files/EFI/debian" ::/EFI/
    mcopy -i "$dir/system" "$kernels/light/vmlinuz" ::/vmlinuz
    mcopy -i "$dir/system" "$2" ::/initrd.img
}
shim_uki_disk() { # MOK
    secure_boot "$1.pem"
    uki "$dir/pe" "$cmdline" "$work/initrd"
    # The same signature each time: PKCS #1 v1.5, and no time in it that counts for PCR 4, which leaves signatures out.
    sbsign --key "$1.key" --cert "$1.pem" --output "$dir/signed" "$dir/pe" 2>/dev/null || is 'the UKI' signed 'not signed'
    shim_disk "$dir/signed"
}
case_shim_grub() {
    shim_grub_disk "$cmdline" "$work/initrd"
    machine 'seal s024 s02489 s0248914'
    cp -r "$dir/tpm" "$dir/tpm.sealed"
    measured ''
    is 'seal' 0 "$(said s0248914)"
    is 'what covers' "grub: firmware PCR 0, option ROMs PCR 2, image PCR 4, shim's keys PCR 14, image PCR 4, command line PCR 8, kernel PCR 9, initrd PCR 9" "$(line)"
    is 'PCR 14 left out' '2 BG-2101' "$(said s02489)"
    is 'PCR 8, 9 and 14 left out' '2 BG-2101' "$(said s024)"
    is 'unseal' 0 "$(said unseal)"
}
case_shim_uki() {
    shim_uki_disk "$work/mok"
    machine 'seal s0249 s024914'
    cp -r "$dir/tpm" "$dir/tpm.sealed"
    measured shim-uki
    is 'seal' 0 "$(said s024914)"
    is 'what covers' "uki: firmware PCR 0, option ROMs PCR 2, image PCR 4, shim's keys PCR 14, kernel PCR 4, command line PCR 9, initrd PCR 9" "$(line)"
    is 'PCR 14 left out' '2 BG-2101' "$(said s0249)"
    is 'what it leaves out' yes "$(grep -q "PCR 14: shim's keys; the least set for this boot is 0,2,4,9,14" "$dir/log" && echo yes)"
    is 'unseal' 0 "$(said unseal)"
}
# Everything that runs is the same, and signed as before; one more key would be taken.
case_shim_evil_mok() {
    again shim_uki
    shim_uki_disk "$work/mok"
    secure_boot "$work/mok.pem" "$work/evil.pem"
    machine "unseal $blob none s024914"
    measured shim-uki
    is 'PCR 4' "$(of_first shim_uki 4)" "$(pcr 4)"
    is 'PCR 14' other "$(pcr 14 | sed "s/^$(of_first shim_uki 14)$/the same/; s/^[0-9a-f]*$/other/")"
    refused_all 8
}
case_shim_evil_initrd() {
    again shim_grub
    evil_initrd
    shim_grub_disk "$cmdline" "$dir/initrd"
    machine "unseal $blob none s0248914"
    measured ''
    is 'PCR 4' "$(of_first shim_grub 4)" "$(pcr 4)"
    refused_all 12
}
case_shim_evil_cmdline() {
    again shim_grub
    shim_grub_disk "$cmdline rd.debug" "$work/initrd"
    machine "unseal $blob none s0248914"
    measured ''
    is 'PCR 4' "$(of_first shim_grub 4)" "$(pcr 4)"
    refused_all 12
}
# SeaBIOS measures, and leaves a log; but not what QEMU gives it to boot.
case_bios() {
    machine seal --kernel "$kernels/light/vmlinuz" --initrd "$work/initrd"
    is 'the log' yes "$([ -s "$dir/boot.log" ] && echo yes || echo no)"
    is 'the log shown' '4 BG-2100' "$(said log)"
    is 'PCR 9 all 0' '4 BG-1938' "$(said s0249)"
    is 'PCRs that are measured' '4 BG-2100' "$(said s024)"
    is 'no log looked at, PCR 9 all 0' '6 BG-1125' "$(said n024912)"
    is 'nothing was sealed' '' "$(sed -n 's/^BLOB //p' "$dir/log")"
}
case_same() {
    again uki
    uki "$dir/pe" "$cmdline" "$work/initrd"
    system_disk "$dir/pe"
    machine "unseal $blob"
    measured uki
    is 'unseal' 0 "$(said unseal)"
    # The evidence of a TD is what it then lacks; the verdict is in the gate PCR, over `closed`.
    is 'boot: not for the boot log' other "$(said boot | sed -E 's/^[1-9][0-9]* BG-(20|21[5-9]|1[0-9])[0-9]+/other/')"
    is 'the door' shut "$(pcr 15 | sed "s/^$zeros$/open/; s/^[0-9a-f]*$/shut/")"
    from_outside 0x99d
}
# The same machine and nobody who shuts the door: the seed is there for whoever asks, which is why the others have none.
case_open() {
    again uki
    uki "$dir/pe" "$cmdline" "$work/initrd"
    system_disk "$dir/pe"
    machine "unseal $blob none"
    is 'unseal' 0 "$(said unseal)"
    from_outside "$seed"
}
# The set that is configured now leaves PCR 9 out: the seed is not touched, the door is shut.
case_left_out() {
    again uki
    uki "$dir/pe" "$cmdline" "$work/initrd"
    system_disk "$dir/pe"
    machine "unseal $blob s024"
    is 'unseal' 0 "$(said unseal)"
    is 'boot' '2 BG-2101' "$(said boot)"
    is 'the door' "$closed" "$(pcr 15)"
    from_outside 0x99d
}
of_first() { # CASE PCR
    sed -n "s/^  \"$2\": \"\(.*\)\",*$/\1/p" "$work/$1/result"
}
# evil_initrd: ours with one file more
evil_initrd() {
    mkdir "$dir/evil"
    echo 'take the key' >"$dir/evil/evil"
    "$here/image.sh" add "$dir/evil.img" "$dir/evil"
    cat "$work/initrd" "$dir/evil.img" >"$dir/initrd"
}
# refused_all: no unseal for another machine, by us or by anybody, though the door was left open
refused_all() { # [GATE]
    is 'unseal' "6 BG-1130" "$(said unseal)"
    is 'the door' "$zeros" "$(pcr "${1:-15}")"
    from_outside 0x99d
}
case_evil_initrd() {
    again uki
    evil_initrd
    uki "$dir/pe" "$cmdline" "$dir/initrd"
    system_disk "$dir/pe"
    machine "unseal $blob none"
    measured uki
    refused_all
}
case_evil_cmdline() {
    again uki
    uki "$dir/pe" "$cmdline rd.debug" "$work/initrd"
    system_disk "$dir/pe"
    machine "unseal $blob none"
    measured uki
    refused_all
}
# The UKI itself is the same, and so is PCR 4: what the stub takes from beside it is in PCR 12, and in PCR 9 as part of the initrd.
case_evil_credential() {
    again uki
    uki "$dir/pe" "$cmdline" "$work/initrd"
    mkdir -p "$dir/files/EFI/BOOT/BOOTX64.EFI.extra.d"
    echo 'take the key' >"$dir/files/EFI/BOOT/BOOTX64.EFI.extra.d/evil.cred"
    system_disk "$dir/pe"
    mcopy -s -i "$dir/system" "$dir/files/EFI/BOOT/BOOTX64.EFI.extra.d" ::/EFI/BOOT/
    machine "unseal $blob none"
    measured ''
    is 'PCR 4' "$(of_first uki 4)" "$(pcr 4)"
    is 'seal anew without PCR 12' '2 BG-2101' "$(said seal)"
    is 'what it leaves out' yes "$(grep -q 'PCR 12: loader input; the least set for this boot is 0,2,4,9,12' "$dir/log" && echo yes)"
    refused_all
}

if [ "${1:-}" = --case ]; then
    work=$2 case=$3 dir=$2/$3
    . "$work/env"
    mkdir "$dir"
    began=$(date +%s%N)
    "case_$case"
    echo "   $case: $passed passed, $failed failed ($((($(date +%s%N) - began) / 1000000)) ms)"
    [ $failed -eq 0 ] || tail -n 40 "$dir/log" | cut -c1-200
    echo "$passed $failed" >"$work/$case.counts"
    exit 0
fi

# --- all of them -------------------------------------------------------------------------------------------------------
skip_all() {
    echo "skipped all cases: $*"
    echo '0 passed, 0 failed, 1 skipped'
    exit 0
}
for tool in qemu-system-x86_64 swtpm busybox cpio modprobe objcopy mkfs.vfat mcopy tpm2_eventlog openssl python3; do
    command -v $tool >/dev/null 2>&1 || skip_all "$tool is not installed"
done
for file in $code $vars $stub; do
    [ -r $file ] || skip_all "no $file: apt-get install ovmf systemd-boot-efi"
done
. "$root/tests/chain/lib.sh"
cd "$root" || exit 1
began=$(date +%s) skipped=0
kernels=$(BUILD="$BUILD" "$here/kernels.sh" 2>"$work/kernels.log") ||
    { [ $? -ne 77 ] || skip_all "$(cat "$work/kernels.log")"; say_stop "$(cat "$work/kernels.log")"; }

# sets: release.tpm of each configuration; the gate is a PCR that neither systemd's stub nor GRUB extends
sets() { # NAME PCRS [MEMBERS [GATE]]
    printf '{"chain":{"source":"pinned","chain_id":1,"kms_contract":"0x%040d","block_hash":"0x%064d"},"rpc":["http://127.0.0.1:9/"],
"policy":{"require_freshness":"host-clock"},"release":{"tpm":{"class":"host","accept_host_tpm":true,"boot_pcrs":[%s],"gate_pcr":%s,
"blob":"/run/%s.blob"%s},"targets":[{"type":"file","path":"/run/bootgate/key"}]}}\n' 1 1 "$2" "${4:-15}" "$1" "${3:-}" >"$work/add/sets/$1.json"
}
mkdir -p "$work/add/sets"
sets s4 4
sets s47 4,7
sets s024 0,2,4
sets s0249 0,2,4,9
sets s02489 0,2,4,8,9
sets s024912 0,2,4,9,12
sets s024914 0,2,4,9,14 '' 8
sets s0248914 0,2,4,8,9,14 '' 12
sets n024912 0,2,4,9,12 ',"boot_log":"none"'
sets sha384 0,2,4,9 ',"bank":"sha384"'
cp "$here/ovmf/case" "$work/add/case"
"$here/image.sh" base "$kernels/light" "$work/base.img" -b "$BUILD/test/bootgate" -m virtio_pci -m virtio_blk -m virtio-rng >/dev/null ||
    say_stop 'no image'
"$here/image.sh" add "$work/add.img" "$work/add"
cat "$work/base.img" "$work/add.img" | gzip -1n >"$work/initrd"
printf 'ID=test\nNAME=test\n' >"$work/osrel"
# no_timer_check: as in guest.py, for a busy machine
cmdline='console=ttyS0 quiet loglevel=1 panic=-1 no_timer_check'
closed=$(python3 "$root/tests/e2e/release_oracle.py" pcr "$(python3 "$root/tests/e2e/release_oracle.py" sha256 'bootgate/gate/closed/v1')")
seed=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
zeros=$(printf '%064d' 0)
for name in root here work kernels BUILD cmdline closed seed zeros; do
    eval "echo \"$name='\$$name'\""
done >"$work/env"

for key in mok evil; do
    openssl req -x509 -newkey rsa:2048 -nodes -subj "/CN=$key" -days 3650 -keyout "$work/$key.key" -out "$work/$key.pem" 2>/dev/null
done

others='qemu bios same open left_out evil_initrd evil_cmdline evil_credential' shims='shim_evil_mok shim_evil_initrd shim_evil_cmdline'
if command -v grub-mkstandalone >/dev/null 2>&1 && [ -d /usr/lib/grub/x86_64-efi ]; then
    others="$others grub"
else
    skipped=1
    echo 'skipped 1 cases: GRUB for EFI is not installed: apt-get install grub-efi-amd64-bin'
fi
if [ -r $shim ] && [ -r $signed_grub ] && command -v sbsign >/dev/null 2>&1 && [ -r $secure_vars ]; then
    others="$others $shims"
else
    skipped=$((skipped + 5))
    echo 'skipped 5 cases: no shim: apt-get install shim-signed grub-efi-amd64-signed sbsigntool'
fi
# What others boot again comes before them.
# shellcheck disable=SC2086 # words
set -- ${*:-$others}
firsts=uki
case " $* " in *' shim_'*) firsts="$firsts shim_grub shim_uki" ;; esac
others=$(printf '%s\n' "$@" | grep -vxE "$(echo $firsts | tr ' ' '|')")
for names in "$firsts" "$others"; do
    # shellcheck disable=SC2086 # words
    printf '%s\n' $names | xargs -r -P 2 -n 1 "$0" --case "$work"
done
# shellcheck disable=SC2086 # words
set -- $firsts $others
passed=0 failed=0
for name in "$@"; do
    read -r p f 2>/dev/null <"$work/$name.counts" || { p=0 f=1; echo "FAILED ovmf $name: did not come to its end"; }
    passed=$((passed + p)) failed=$((failed + f))
done
echo "figures: $# boots in $(($(date +%s) - began)) s, initrd $(($(stat -c %s "$work/initrd") / 1024)) KiB"
[ -z "${WORK:-}" ] || { rm -rf "$WORK" && cp -r "$work" "$WORK"; }
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
