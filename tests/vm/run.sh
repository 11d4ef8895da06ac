#!/bin/sh
# The gate in guests: QEMU without KVM, Debian's kernels, a software TPM, a chain on this machine's loopback.
# usage: run.sh [CASE..]      with BUILD and VECTORS from the environment; prints "N passed, N failed, N skipped"
# WORK=FOLDER keeps everything there.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-build}
VECTORS=${VECTORS:-../shared/vectors}
PATH=$PATH:/usr/sbin:/sbin
skip_all() {
    echo "skipped all cases: $*"
    echo '0 passed, 0 failed, 1 skipped'
    exit 0
}
for tool in qemu-system-x86_64 swtpm busybox cpio modprobe cryptsetup veritysetup python3 node; do
    command -v $tool >/dev/null 2>&1 || skip_all "$tool is not installed"
done
. "$root/tests/chain/lib.sh"
. "$root/tests/beacon/lib.sh"
. "$root/tests/vm/cases.sh"
cd "$root" || exit 1
group=''
finish() {
    [ -z "$group" ] || kill -- "-$group" 2>/dev/null
    clean_up
}
trap finish EXIT
unset http_proxy https_proxy all_proxy ALL_PROXY BOOTGATE_CONFIG
kernels=$(BUILD="$BUILD" "$root/tests/vm/kernels.sh" 2>"$work/kernels.log") ||
    { [ $? -ne 77 ] || skip_all "$(cat "$work/kernels.log")"; say_stop "$(cat "$work/kernels.log")"; }
began=$(date +%s) skipped=0

# --- the stage: evidence and chain of now, as every guest's clock has it -----------------------------------------------
"$root/tests/chain/setup.sh" || exit 1
at=$(($(date +%s) / 12 * 12))
mkdir "$work/own"
"$BUILD/tools/td_machine" world "$work/own" --at $at >"$work/own/log" 2>&1 || say_stop "td_machine: $(cat "$work/own/log")"
boot_infos own "$work/own/bundle.json" UpToDate
if [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ]; then
    stage "own=$work/own-app.json,$work/own-kms.json"
    beacon_start minimal
    use minimal
    beacon_port=${beacon##*:} beacon_port=${beacon_port%%/*}
else
    chain_start $((at - 1800)) "own=$work/own-app.json,$work/own-kms.json"
    light_cases=$(echo "$light_cases" | sed 's/rollback//') skipped=$((skipped + 1)) beacon_port='' network='' start=''
    echo 'skipped 1 cases: rollback: the beacon chain needs Node.js 20'
fi
port=${rpc##*:} port=${port%%/*}
nobody=$(python3 "$root/tests/e2e/release_oracle.py" ports 1)
# A node that takes connections and never says a word.
python3 -c '
import os, socket, sys, time
one = socket.create_server(("127.0.0.1", 0))
with open(sys.argv[1] + ".new", "w") as file:
    print(one.getsockname()[1], file=file)
os.rename(sys.argv[1] + ".new", sys.argv[1])
time.sleep(3600)' "$work/silent" >"$work/silent.log" 2>&1 &
background="$background $!"
wait_for "$work/silent" $!
silent=$(cat "$work/silent")
# Every answer that a decision about the honest machine needs, as a host might hand them over.
config "$work/fetch.json" "$(value evidence.own.states.allowed.hash)" "$rpc"
"$BUILD/test/bootgate" fetch "$work/own/bundle.json" --root "$work/own/root.der" --config "$work/fetch.json" -o "$work/answers.json" \
    >"$work/fetch.log" 2>&1 || say_stop "fetch: $(tail -n 3 "$work/fetch.log")"
closed=$(python3 "$root/tests/e2e/release_oracle.py" sha256 'bootgate/gate/closed/v1')
seed=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f

# --- images ------------------------------------------------------------------------------------------------------------
programs="-b $BUILD/bootgate -b $BUILD/test/bootgate=bootgate-test"
# shellcheck disable=SC2086 # no spaces in BUILD: make has the same rule
"$root/tests/vm/image.sh" base "$kernels/light" "$work/light.img" $programs \
    -m virtio_pci -m virtio_net -m virtio_blk -m virtio-rng || say_stop 'no image'
module=$(BUILD="$BUILD" "$root/tests/vm/faketsm/build.sh" 2>"$work/module.log")
case $? in
# shellcheck disable=SC2086
0) "$root/tests/vm/image.sh" base "$kernels/full" "$work/full.img" $programs -b "$(command -v cryptsetup)" -b "$(command -v veritysetup)" \
    -b "$BUILD/tools/td_machine" -m dm_verity \
    -m virtio_pci -m virtio_net -m virtio_blk -m virtio-rng -m dm_crypt -m xts -m configfs -m tsm -m vsock_loopback -x "$module" ||
    say_stop 'no full image' ;;
77) full_cases='' skipped=$((skipped + 1)); echo "skipped 1 cases: no module for the 6.12 kernel: $(cat "$work/module.log")" ;;
*) say_stop "the test module: $(cat "$work/module.log")" ;;
esac

"$root/tests/vm/systemd.sh" "$work/systemd.img" 2>"$work/systemd.log" || {
    [ $? -eq 77 ] || say_stop "systemd's image: $(cat "$work/systemd.log")"
    systemd_cases='' skipped=$((skipped + 1))
    echo "skipped 1 cases: $(cat "$work/systemd.log")"
}

command -v chronyd >/dev/null 2>&1 || {
    echo 'skipped 1 cases: chrony is not installed'
    systemd_cases=$(echo "$systemd_cases" | sed 's/systemd_time//') skipped=$((skipped + 1))
}
for kind in dracut mkinitramfs; do
    command -v $kind >/dev/null 2>&1 && [ -d /usr/lib/dracut/modules.d/40network -o $kind != dracut ] && continue
    echo "skipped 1 cases: $kind is not installed"
    skipped=$((skipped + 1))
    [ $kind = dracut ] && distro_cases=$(echo "$distro_cases" | sed 's/dracut//') || distro_cases=$(echo "$distro_cases" | sed 's/initramfs_tools//')
done

# --- the TPM: one guest seals, the others start from copies of its state -----------------------------------------------
mkdir -p "$work/provision/usr/lib/bootgate" "$work/tpm"
printf '{"chain":{"source":"pinned","chain_id":31337,"kms_contract":"%s","block_hash":"%s"},"rpc":["http://10.0.2.100:80/"],
"release":{"tpm":{"class":"host","accept_host_tpm":true,"boot_pcrs":[0,4,7],"gate_pcr":12,"boot_log":"none","blob":"/seed.blob"},"targets":[{"type":"file","path":"/run/bootgate/key"}]}}\n' \
    "$kms" "$(value evidence.own.states.allowed.hash)" >"$work/provision/usr/lib/bootgate/bootgate.json"
cat >"$work/provision/case" <<END
echo $seed | xxd -r -p >/run/seed
chmod 400 /run/seed
bootgate-test seal --config /usr/lib/bootgate/bootgate.json --seed /run/seed --json
echo
echo "BLOB \$(xxd -p -c 2000 /seed.blob)"
END
"$root/tests/vm/image.sh" add "$work/provision.img" "$work/provision"
for try in 1 2 3; do
    python3 "$root/tests/vm/guest.py" --kernel "$kernels/light/vmlinuz" --initrd "$work/light.img" --initrd "$work/provision.img" \
        --log "$work/provision.raw" --result "$work/provision.result" --tpm "$work/tpm" ||
        say_stop "the first guest did not come to an end: $(tail -n 5 "$work/provision.raw")"
    grep -q '^TPM-NOT-FOUND' "$work/provision.raw" || break
    echo "the first guest's kernel found no TPM, try $try"
done
tr -d '\r' <"$work/provision.raw" | sed -n 's/^BLOB //p' | busybox xxd -r -p >"$work/seed.blob"
srk=$(sed -nE 's/.*"srk_name": *"([0-9a-f]+)".*/\1/p' "$work/provision.raw")
[ -s "$work/seed.blob" ] && [ -n "$srk" ] || say_stop "nothing was sealed: $(tail -n 20 "$work/provision.raw")"

# --- the cases, two at a time ------------------------------------------------------------------------------------------
for name in root work kernels BUILD VECTORS kms port nobody silent beacon_port network start closed seed srk at; do
    eval "echo \"$name='\$$name'\""
done >"$work/env"
set -- ${*:-$distro_cases $systemd_cases $full_cases $light_cases}
# In a process group of their own, which goes with this script however it ends.
printf '%s\n' "$@" >"$work/names"
setsid xargs -a "$work/names" -P 2 -n 1 "$root/tests/vm/case.sh" "$work" &
group=$!
wait $group
group=''
passed=0 failed=0
for name in "$@"; do
    read -r p f 2>/dev/null <"$work/$name.counts" || { p=0 f=1; echo "FAILED $name: did not come to its end"; }
    passed=$((passed + p)) failed=$((failed + f))
done
cat "$work"/*.figures 2>/dev/null
echo "figures: bootgate in an initramfs: $("$root/tests/vm/image.sh" closure "$BUILD/bootgate"); whole bench $(($(date +%s) - began)) s"
[ -z "${WORK:-}" ] || { rm -rf "$WORK" && cp -r "$work" "$WORK"; }
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
