#!/bin/sh
# Debian's kernels for the guests under QEMU, only unpacked: nothing is installed, nothing under /boot changes. They come from
# the mirror that this machine's apt is set up with, in an apt state of our own, and are kept in BUILD/vm/kernels:
#   light/    bookworm's 6.1 cloud kernel: no TDX, no configfs-tsm, but the quickest boot
#   full/     the 6.12 cloud kernel of bookworm-backports: configfs-tsm, vsock
#   headers/  what modules for `full` are built against
# usage: kernels.sh      with BUILD from the environment; prints the folder
# Exit: 0 they are there; 77 they are not to be had here (the reason is on stderr), which is no failure of what is tested;
# 1 anything else.
set -eu
PATH=$PATH:/usr/sbin:/sbin
root=$(cd "$(dirname "$0")/../.." && pwd)
dir=${BUILD:-build}/vm
case $dir in /*) ;; *) dir=$root/$dir ;; esac
kernels=$dir/kernels
minutes=5

not_to_be_had() {
    echo "kernels.sh: $*" >&2
    exit 77
}

mkdir -p "$dir"
# Two callers at once: the second waits for the first one's result.
exec 9>"$dir/kernels.lock"
flock -w $((minutes * 60)) 9 || not_to_be_had 'another run has been fetching for too long'
if [ -f "$kernels/complete" ]; then
    echo "$kernels"
    exit 0
fi

for tool in apt-get apt-cache dpkg-deb depmod; do
    command -v $tool >/dev/null 2>&1 || not_to_be_had "$tool is not installed"
done
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r $keyring ] || not_to_be_had "no $keyring to check the archive with"

# A run that was cut off leaves its folder; nobody else holds the lock.
rm -rf "$dir/fetch" "$kernels"
fetch=$dir/fetch
trap 'rm -rf "$fetch"' EXIT
trap 'exit 130' INT TERM HUP
mkdir -p "$fetch/lists/partial" "$fetch/cache/archives/partial" "$fetch/debs" "$fetch/kernels"

# shellcheck disable=SC2016 # apt's placeholders
mirror=$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' | sed -n 's/^bookworm //p' | head -n 1)
[ -n "$mirror" ] || not_to_be_had 'apt has no mirror with bookworm here'
for suite in bookworm bookworm-backports; do
    echo "deb [signed-by=$keyring] $mirror $suite main"
done >"$fetch/sources.list"

apt() { # PROGRAM ARGUMENTS..: apt with nothing of the machine's state but its proxy
    program=$1
    shift
    timeout -k 5 $((minutes * 60)) "$program" -o Dir::Etc::sourcelist="$fetch/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
        -o Dir::State::lists="$fetch/lists" -o Dir::State::status=/dev/null -o Dir::Cache="$fetch/cache" \
        -o APT::Architecture=amd64 -o APT::Architectures=amd64 -o APT::Sandbox::User= -o Acquire::Languages=none \
        -o Acquire::Retries=3 -o Acquire::http::Timeout=30 -o Debug::NoLocking=true "$@"
}
apt apt-get -qq update >"$fetch/log" 2>&1 || not_to_be_had "the package lists cannot be fetched: $(tail -n 1 "$fetch/log")"

# Point releases remove old versions from the mirrors: the names are resolved, never written down.
needs() { # PACKAGE SUITE PATTERN: the newest dependency of the package of that name
    apt apt-cache -o APT::Default-Release="$2" show --no-all-versions "$1/$2" 2>/dev/null |
        sed -n 's/^Depends: //p' | tr ',' '\n' | sed 's/^ *//; s/ .*//' | grep -E "$3" | head -n 1
}
unpack() { # FOLDER SUITE PACKAGE..
    folder=$1 suite=$2
    shift 2
    for package in "$@"; do
        [ -n "$package" ] || not_to_be_had "no kernel package for $folder in the mirror's $suite"
        (cd "$fetch/debs" && apt apt-get -qq download "$package/$suite") >"$fetch/log" 2>&1 ||
            not_to_be_had "$package cannot be fetched: $(tail -n 1 "$fetch/log")"
        dpkg-deb -x "$fetch/debs/$package"_*.deb "$fetch/kernels/$folder"
        rm -f "$fetch/debs"/*.deb
    done
}
unpack light bookworm "$(needs linux-image-cloud-amd64 bookworm '^linux-image-[0-9]')"
image=$(needs linux-image-cloud-amd64 bookworm-backports '^linux-image-[0-9]')
unpack full bookworm-backports "$image"
headers=$(needs linux-headers-cloud-amd64 bookworm-backports '^linux-headers-[0-9]')
# The image is signed and its headers are not: in between two builds of the archive they may differ.
[ "${image#linux-image-}" = "${headers#linux-headers-}" ] || not_to_be_had "the mirror has $image and $headers"
unpack headers bookworm-backports "$headers" "$(needs "$headers" bookworm-backports '^linux-headers-.*-common$')" \
    "$(needs "$headers" bookworm-backports '^linux-kbuild-')"

# As installed, the headers include each other and kbuild by absolute path. Here they lie elsewhere, and may be moved.
cd "$fetch/kernels/headers/usr/src"
common=$(echo linux-headers-*-common) kbuild=$(cd ../lib && echo linux-kbuild-*)
# shellcheck disable=SC2016 # make's
echo 'include $(dir $(realpath $(lastword $(MAKEFILE_LIST))))../'"$common/Makefile" >"$headers/Makefile"
for folder in "$common" "$headers"; do
    for link in scripts tools; do
        [ ! -L "$folder/$link" ] || ln -sfn "../../lib/$kbuild/$link" "$folder/$link"
    done
done
for folder in light full; do
    version=$(ls "$fetch/kernels/$folder/lib/modules")
    depmod -b "$fetch/kernels/$folder" "$version"
    ln -s "boot/vmlinuz-$version" "$fetch/kernels/$folder/vmlinuz"
    echo "$version" >"$fetch/kernels/$folder/version"
done
: >"$fetch/kernels/complete"
mv "$fetch/kernels" "$kernels"
echo "$kernels"
