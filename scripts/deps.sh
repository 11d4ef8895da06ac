#!/bin/sh
# Installs what building and testing need on Debian 12. Asks apt only when something is missing, says
# nothing when all of it is there. A node and npm in PATH are taken as they are when node is >= 18.
set -eu
packages='libssl-dev libcurl4-openssl-dev libjansson-dev libsecp256k1-dev libtss2-dev libcbor-dev libseccomp-dev libcmocka-dev
pkg-config gcc make clang clang-tidy clang-format libclang-rt-14-dev python3 time git ca-certificates swtpm tpm2-tools strace
qemu-system-x86 ovmf systemd-boot-efi mtools dosfstools grub-efi-amd64-bin grub-efi-amd64-signed shim-signed sbsigntool openssl seabios busybox-static cpio kmod cryptsetup-bin
systemd dracut-core dracut-network initramfs-tools-core'

node_is_good() {
    command -v npm >/dev/null 2>&1 && command -v node >/dev/null 2>&1 &&
        node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 18 ? 0 : 1)' 2>/dev/null
}
node_is_good || packages="$packages nodejs npm"
# A chronyd to ask, never one that serves this machine: where systemd runs, the package would start it in the place of what keeps the
# time there. Without it its cases are skipped.
[ -d /run/systemd/system ] || packages="$packages chrony"

is_installed() {
    dpkg-query -W -f '${Status}\n' "$1" 2>/dev/null | grep -q '^install ok installed$'
}
missing=''
for package in $packages; do
    is_installed "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "deps.sh: not a Debian system; install these, or their like:$missing" >&2
    exit 1
fi
as_root=''
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 || {
        echo "deps.sh: as root, run: apt-get install$missing" >&2
        exit 1
    }
    as_root=sudo
fi
echo "deps.sh: installing$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install_missing() {
    # shellcheck disable=SC2086 # one word per package
    $as_root apt-get -q update && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
        $as_root apt-get -q install -y --no-install-recommends $missing
}
if ! install_missing >"$log" 2>&1 && ! { sleep 3; install_missing >"$log" 2>&1; }; then
    tail -n 20 "$log" >&2
    echo "deps.sh: apt-get could not install:$missing" >&2
    exit 1
fi
node_is_good || {
    echo "deps.sh: node >= 18 and npm are needed; there is: $(node --version 2>/dev/null || echo none)" >&2
    exit 1
}
