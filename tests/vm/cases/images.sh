# shellcheck shell=sh disable=SC2154
# Images that a distribution's own tools make, and the part that their hooks share.

# The gate in front of a root file system on a disk: after a yes its init runs, and finds the key; after a no it is never mounted.
# as_installed FILE ARGUMENTS: in the place of the installed program: boot is the test build's, with its arguments.
as_installed() {
    cat >"$1" <<END
#!/bin/sh
case \$1 in
boot) BOOTGATE_TEST_RUN=/run/bootgate exec /usr/bin/bootgate-test boot $2 --json ;;
*) exec /usr/bin/bootgate-release "\$@" ;;
esac
END
    chmod 755 "$1"
}
distro() { # KIND
    mkdir -p "$dir/files/bin" "$dir/files/bootgate"
    as_installed "$dir/files/bin/bootgate" "$(echo "$own" | sed 's!/evidence/!/usr/lib/bootgate/!g')"
    strip -o "$dir/files/bin/bootgate-test" "$BUILD/test/bootgate"
    strip -o "$dir/files/bin/bootgate-release" "$BUILD/bootgate"
    cp "$work/own/bundle.json" "$work/own/root.der" "$work/seed.blob" "$dir/files/bootgate/"
    distro_config allowed
    cp "$one/add/usr/lib/bootgate/bootgate.json" "$dir/files/bootgate/"
    "$root/tests/vm/distro.sh" "$1" "$kernels/light" "$dir/files" "$dir/image" >"$dir/distro.log" 2>&1 ||
        is "an image by $1" made "$(tail -n 3 "$dir/distro.log")"
    mkdir -p "$dir/root/bin" "$dir/root/sbin" "$dir/root/dev" "$dir/root/proc" "$dir/root/sys" "$dir/root/run" "$dir/root/etc" "$dir/root/tmp"
    cp "$(command -v busybox)" "$dir/root/bin/busybox"
    cat >"$dir/root/sbin/init" <<'END'
#!/bin/busybox sh
exec >/dev/console 2>&1
echo "ROOT-INIT"
[ ! -e /run/bootgate/key ] || echo "KEY $(busybox xxd -p -c 64 /run/bootgate/key)"
busybox poweroff -f
END
    chmod 755 "$dir/root/sbin/init"
    truncate -s 6M "$dir/disk"
    mke2fs -q -t ext2 -d "$dir/root" "$dir/disk"
}
distro_config() { # STATE
    new "$1"
    tpm_members=$(echo "$tpm_members" | sed 's!/evidence/!/usr/lib/bootgate/!') config "$(pinned "$1")"
}
boot_distro() { # STATE [OPTIONS of guest.py..]
    distro_config "$1"
    base=$dir/image
    shift
    boot light --memory 512 --limit 180 "$@" </dev/null
    base=''
}
distro_both() { # KIND
    distro "$1"
    boot_distro allowed --disk "$dir/disk" --append 'root=/dev/vda ro'
    is 'the machine' guest-shutdown "$(ended)"
    says 'the root file system' ROOT-INIT
    says 'the key' "KEY $(oracle key $seed - pinned 31337 "$kms" "$(value evidence.own.app.appId)")"
    closed 0
    figures "allowed, image by $1, 6.1"
}
# The hooks' common part, with its gate killed while it decides, and with the process that asked the gate killed: the one that would
# go on asks for itself.
case_hook_killed() {
    for moment in gate asker; do
        new $moment
        nobody_answers 20
        mkdir -p "$one/add/usr/bin"
        as_installed "$one/add/usr/bin/bootgate" "$own"
        strip -o "$one/add/usr/bin/bootgate-release" "$BUILD/bootgate"
        cp "$root/image/initramfs/bootgate.sh" "$one/add/usr/lib/bootgate/"
        boot light --forward "$silent" <<END
rm -rf /run/bootgate
. /usr/lib/bootgate/bootgate.sh
sh -c '. /usr/lib/bootgate/bootgate.sh; bootgate_gate; echo STILL-THERE' &
asker=\$!
until pidof bootgate-test >/dev/null; do usleep 2000; done
sleep 2
[ $moment = gate ] || kill -9 \$asker
killall -9 bootgate-test
echo KILLED
[ $moment = asker ] || wait
bootgate_guard
echo STILL-THERE
END
        is "$moment: the machine" guest-shutdown "$(ended)"
        says "$moment" KILLED
        says "$moment: the end" 'bootgate: power off in 0 s'
        says_not "$moment: what came after" 'STILL-THERE|STEP case'
        is "$moment: the seed for others" 0x99d "$(unsealed)"
    done
}
# The host gives no root file system, and a command line that asks for a shell (where the boot PCRs cover it, no seed is to be had
# with that): there is none, before the gate or after its yes.
no_root() { # STATE COMMAND-LINE
    # shellcheck disable=SC2016 # for the guest's shell, if there is one
    typed='\n\n\necho GOT-A-SHELL-$((6*7))\n'
    rm -rf "$dir/$1"
    boot_distro "$1" --append "root=/dev/vda ro $2" --say 'bootgate: shut' "$typed" --say '(initramfs)' "$typed" --say 'dracut:/#' "$typed" --say 'debug shell' "$typed"
    is 'no root file system: the machine' guest-shutdown "$(ended)"
    says 'no root file system' 'bootgate: power off in 0 s'
    says_not 'a shell' 'GOT-A-SHELL-42|\(initramfs\)|debug shell'
    is 'no root file system: the seed for others' 0x99d "$(unsealed)"
}
case_dracut() {
    distro_both dracut
    no_root allowed 'rd.retry=3 rd.shell=1'
}
case_initramfs_tools() {
    distro_both initramfs-tools
    boot_distro compose-denied --disk "$dir/disk" --append 'root=/dev/vda ro'
    is 'the machine' guest-shutdown "$(ended)"
    says 'the end' 'bootgate: power off in 0 s'
    says_not 'the root file system' ROOT-INIT
    closed 1
    no_root allowed 'panic= rootdelay=2'
}
