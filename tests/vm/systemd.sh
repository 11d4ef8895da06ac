#!/bin/sh
# An archive that makes a guest of image.sh boot systemd, this machine's, from files: to lie on top of a base image. Units are
# those that every systemd machine goes through, those of tests/vm/units, and what a case adds; there is no getty, no rescue or
# emergency shell, no udev.
# usage: systemd.sh OUT
# Exit: 0; 77 there is no systemd here.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
systemd=/lib/systemd/systemd
[ -x $systemd ] || { echo "systemd.sh: $systemd is not installed" >&2; exit 77; }
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
trap 'exit 130' INT TERM HUP

units=$tree/lib/systemd/system
mkdir -p "$units" "$tree/etc/systemd/system" "$tree/sbin" "$tree/usr/bin"
put() { # FILE: at its own place, with its libraries
    { echo "$1"; ldd "$1" | sed -nE 's/^.*=> (\/[^ ]*) .*/\1/p; s/^\t(\/[^ ]*) .*/\1/p'; } | while read -r file; do
        [ -e "$tree$file" ] || { mkdir -p "$tree$(dirname "$file")"; cp -L "$file" "$tree$file"; }
    done
}
for program in $systemd /lib/systemd/systemd-shutdown /lib/systemd/systemd-journald /bin/systemctl; do
    put $program
done
for unit in basic.target sysinit.target multi-user.target local-fs.target local-fs-pre.target swap.target sockets.target timers.target \
    paths.target slices.target network.target network-pre.target network-online.target time-sync.target time-set.target \
    shutdown.target umount.target final.target \
    poweroff.target reboot.target halt.target systemd-poweroff.service systemd-reboot.service systemd-halt.service \
    systemd-journald.service systemd-journald.socket systemd-journald-dev-log.socket \
    sys-kernel-config.mount cryptsetup.target cryptsetup-pre.target; do
    [ ! -e /lib/systemd/system/$unit ] || cp -L /lib/systemd/system/$unit "$units/"
done
cp "$here"/units/*.service "$units/"
mkdir -p "$tree/etc/systemd/system/multi-user.target.wants" "$units/sysinit.target.wants" "$units/sockets.target.wants"
ln -s multi-user.target "$units/default.target"
ln -s ../guest-devices.service "$units/sysinit.target.wants/"
ln -s ../systemd-journald.socket ../systemd-journald-dev-log.socket "$units/sockets.target.wants/"
ln -s ../systemd-journald.service "$units/sysinit.target.wants/"
ln -s /lib/systemd/system/dstack-prepare.service "$tree/etc/systemd/system/multi-user.target.wants/"
# In the place of modprobe@configfs.service.
mkdir -p "$tree/etc/systemd/system/sys-kernel-config.mount.d"
printf '[Unit]\nAfter=guest-devices.service\n' >"$tree/etc/systemd/system/sys-kernel-config.mount.d/test.conf"
echo 'ID=bootgate-test' >"$tree/etc/os-release"
echo uninitialized >"$tree/etc/machine-id"
printf 'root:x:0:0:root:/:/sbin/nologin\n' >"$tree/etc/passwd"
printf 'root:x:0:\n' >"$tree/etc/group"
# What the first process prints goes to the serial port; nothing waits for ever.
mkdir -p "$tree/etc/systemd/system.conf.d" "$tree/etc/systemd/journald.conf.d"
printf '[Manager]\nShowStatus=no\nLogTarget=console\nLogLevel=notice\nDefaultTimeoutStartSec=60s\nCrashReboot=yes\n' >"$tree/etc/systemd/system.conf.d/test.conf"
printf '[Journal]\nStorage=volatile\nForwardToConsole=yes\nMaxLevelConsole=info\n' >"$tree/etc/systemd/journald.conf.d/test.conf"
install -m 0755 "$here/guest-devices" "$tree/usr/bin/guest-devices"
# The kernel starts /init.
printf '#!/bin/sh\nexec /lib/systemd/systemd\n' >"$tree/init"
chmod 0755 "$tree/init"
"$here/image.sh" add "$1" "$tree"
