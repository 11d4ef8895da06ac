#!/bin/sh
# Initramfs archives for the guests, uncompressed: unpacking is dear without KVM, reading is not.
# usage: image.sh base KERNEL-FOLDER OUT [-b PROGRAM].. [-l LIBRARY].. [-m MODULE].. [-x MODULE-FILE]..
#            busybox, the guest's init, programs with their libraries, modules in their order of loading. -l: a library that is
#            loaded by name, so that ldd does not show it. Prints what the programs and their libraries come to.
#        image.sh add OUT FOLDER
#            an archive of a folder, to lie on top of another one
set -eu
PATH=$PATH:/usr/sbin:/sbin
here=$(cd "$(dirname "$0")" && pwd)

archive() { # FOLDER OUT
    (cd "$1" && find . | LC_ALL=C sort | cpio -o -H newc --quiet --reproducible -R 0:0) >"$2.tmp"
    mv "$2.tmp" "$2"
}

if [ "$1" = add ]; then
    archive "$3" "$2"
    exit 0
fi

kernel=$2 out=$3
shift 3
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
trap 'exit 130' INT TERM HUP
mkdir -p "$tree/bin" "$tree/usr/bin" "$tree/usr/lib/bootgate" "$tree/proc" "$tree/sys" "$tree/dev" "$tree/run" "$tree/tmp" "$tree/etc" \
    "$tree/lib/modules"

put_with_libraries() { # FILE PLACE
    [ -e "$tree$2" ] || { mkdir -p "$tree$(dirname "$2")"; cp -L "$1" "$tree$2"; }
    ldd "$1" 2>/dev/null | sed -nE 's/^.*=> (\/[^ ]*) .*/\1/p; s/^\t(\/[^ ]*) .*/\1/p' | while read -r library; do
        [ -e "$tree$library" ] || { mkdir -p "$tree$(dirname "$library")"; cp -L "$library" "$tree$library"; }
    done
}

version=$(cat "$kernel/version")
while getopts b:l:m:x: option; do
    case $option in
    b)
        put_with_libraries "$OPTARG" "/usr/bin/$(basename "$OPTARG")"
        strip "$tree/usr/bin/$(basename "$OPTARG")"
        ;;
    l) put_with_libraries "$OPTARG" "$OPTARG" ;;
    m) modprobe -d "$kernel" -S "$version" --show-depends "$OPTARG" | sed -n 's/^insmod \([^ ]*\).*/\1/p' ;;
    x) echo "$OPTARG" ;;
    *) exit 2 ;;
    esac
done >"$tree/paths"
size=$(du -skL "$tree" | cut -f1)

while read -r path; do
    name=$(basename "$path")
    [ ! -e "$tree/lib/modules/${name%.xz}" ] || continue
    case $name in
    *.xz) busybox xzcat "$path" >"$tree/lib/modules/${name%.xz}" ;;
    *) cp "$path" "$tree/lib/modules/" ;;
    esac
    echo "${name%.xz}" >>"$tree/lib/modules/order"
done <"$tree/paths"
rm "$tree/paths"

busybox=$(command -v busybox)
cp "$busybox" "$tree/bin/busybox"
"$busybox" --list | while read -r applet; do
    [ "$applet" = busybox ] || ln -s busybox "$tree/bin/$applet"
done
install -m 0755 "$here/init" "$tree/init"
archive "$tree" "$out"
echo "$size"
