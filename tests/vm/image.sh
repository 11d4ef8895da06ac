#!/bin/sh
# Initramfs archives for the guests, uncompressed: unpacking is dear without KVM, reading is not.
# usage: image.sh base KERNEL-FOLDER OUT [-b PROGRAM[=NAME]].. [-l LIBRARY].. [-m MODULE].. [-x MODULE-FILE]..
#            busybox, the guest's init, programs with their libraries, modules in their order of loading. -l: a library that is
#            loaded by name, so that ldd does not show it
#        image.sh add OUT FOLDER
#            an archive of a folder, to lie on top of another one
#        image.sh closure PROGRAM
#            what a program and its libraries add to an image: KiB, and how many libraries
set -eu
PATH=$PATH:/usr/sbin:/sbin
here=$(cd "$(dirname "$0")" && pwd)

archive() { # FOLDER OUT
    (cd "$1" && find . | LC_ALL=C sort | cpio -o -H newc --quiet --reproducible -R 0:0) >"$2.tmp"
    mv "$2.tmp" "$2"
}

libraries() { # FILE: what it is linked with
    ldd "$1" 2>/dev/null | sed -nE 's/^.*=> (\/[^ ]*) .*/\1/p; s/^\t(\/[^ ]*) .*/\1/p'
}
if [ "$1" = add ]; then
    archive "$3" "$2"
    exit 0
elif [ "$1" = closure ]; then
    stripped=$(mktemp)
    strip -o "$stripped" "$2"
    # shellcheck disable=SC2046 # one word each
    echo "$(du -kLc "$stripped" $(libraries "$2") | tail -n 1 | cut -f1) KiB with $(libraries "$2" | wc -l) libraries"
    rm "$stripped"
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
    libraries "$1" | while read -r library; do
        [ -e "$tree$library" ] || { mkdir -p "$tree$(dirname "$library")"; cp -L "$library" "$tree$library"; }
    done
}

version=$(cat "$kernel/version")
while getopts b:l:m:x: option; do
    case $option in
    b)
        file=${OPTARG%%=*} name=${OPTARG##*=}
        put_with_libraries "$file" "/usr/bin/${name##*/}"
        strip "$tree/usr/bin/${name##*/}"
        ;;
    l) put_with_libraries "$OPTARG" "$OPTARG" ;;
    m) modprobe -d "$kernel" -S "$version" --show-depends "$OPTARG" | sed -n 's/^insmod \([^ ]*\).*/\1/p' ;;
    x) echo "$OPTARG" ;;
    *) exit 2 ;;
    esac
done >"$tree/paths"

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
