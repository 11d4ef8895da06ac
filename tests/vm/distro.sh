#!/bin/sh
# An initramfs as a distribution's own tool makes it, with this repository's module or hook, in a view of the file system of its
# own: the tool finds kernel, programs and configuration where they would be installed, and nothing outside of OUT changes.
# usage: distro.sh dracut|initramfs-tools KERNEL-FOLDER FILES OUT
#   FILES/bin      what is to be in /usr/bin (bootgate, and what it needs beside itself)
#   FILES/bootgate what is to be in /usr/lib/bootgate (bootgate.json, ..)
# Exit: 0; 77 the tool is not installed, or there is no right to mount.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
PATH=$PATH:/usr/sbin:/sbin
kind=$1 kernel=$2 files=$3 out=$4
not_here() {
    echo "distro.sh: $*" >&2
    exit 77
}

if [ "${DISTRO_VIEW:-}" != made ]; then
    case $kind in
    dracut) tool=dracut ;;
    *) tool=mkinitramfs ;;
    esac
    command -v $tool >/dev/null 2>&1 || not_here "$tool is not installed"
    as_root='-r'
    [ "$(id -u)" != 0 ] || as_root=''
    # shellcheck disable=SC2086 # an option, or none
    unshare $as_root -m true 2>/dev/null || not_here 'no right to make a mount namespace'
    view=$(mktemp -d)
    trap 'rm -rf "$view"' EXIT
    trap 'exit 130' INT TERM HUP
    mkdir "$view/top"
    # shellcheck disable=SC2086
    DISTRO_VIEW=made unshare $as_root -m "$0" "$kind" "$kernel" "$files" "$view/image" "$view/top"
    mv "$view/image" "$out"
    exit 0
fi

# --- in the view -------------------------------------------------------------------------------------------------------
view=$5
version=$(cat "$kernel/version")
mount -t tmpfs none "$view" || not_here 'no right to mount'
mkdir -p "$view/usr/bin" "$view/usr/lib/bootgate" "$view/usr/lib/modules/$version" "$view/usr/share/initramfs-tools" "$view/work" \
    "$view/boot" "$view/tmp"
cp "$files"/bin/* "$view/usr/bin/"
cp "$root/image/initramfs/bootgate.sh" "$files"/bootgate/* "$view/usr/lib/bootgate/"
case $kind in
dracut)
    mkdir -p "$view/usr/lib/dracut/modules.d"
    cp -r "$root/image/dracut/90bootgate" "$view/usr/lib/dracut/modules.d/"
    ;;
*) cp -r "$root/image/initramfs-tools/"* "$view/usr/share/initramfs-tools/" ;;
esac
cp "$kernel/boot/config-$version" "$view/boot/"
mount -t overlay overlay -o "lowerdir=/usr,upperdir=$view/usr,workdir=$view/work" /usr || not_here 'no overlay file system'
mount --bind "$kernel/lib/modules/$version" "/usr/lib/modules/$version"
mount --bind "$view/boot" /boot
extra=$(cd "$files/bin" && ls | sed 's!^!/usr/bin/!' | tr '\n' ' ')
case $kind in
dracut)
    dracut --quiet --force --no-hostonly --no-hostonly-cmdline --no-compress --reproducible --tmpdir "$view/tmp" \
        --conf /dev/null --confdir "$view/tmp" --modules 'base bootgate rootfs-block fs-lib network-legacy' --add-drivers 'virtio_pci virtio_blk virtio_net virtio_rng ext4' \
        --install "$extra" --kver "$version" "$out"
    ;;
*)
    conf=$view/conf
    mkdir -p "$conf/hooks" "$conf/scripts"
    printf 'MODULES=list\nBUSYBOX=y\nCOMPRESS=gzip\nCOMPRESSLEVEL=1\nRESUME=none\n' >"$conf/initramfs.conf"
    printf 'virtio_pci\nvirtio_blk\nvirtio_net\nvirtio_rng\next4\n' >"$conf/modules"
    {
        printf '#!/bin/sh\n[ "$1" != prereqs ] || exit 0\n. /usr/share/initramfs-tools/hook-functions\n'
        for file in $extra; do
            echo "copy_exec $file"
        done
    } >"$conf/hooks/files"
    chmod +x "$conf/hooks/files"
    TMPDIR=$view/tmp mkinitramfs -d "$conf" -o "$out" "$version"
    ;;
esac
