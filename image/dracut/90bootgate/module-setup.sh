#!/bin/bash
# dracut module: the boot gate in the initramfs. Named in add_dracutmodules or by --add bootgate; never by itself.
# shellcheck disable=SC2154

check() {
    require_binaries /usr/bin/bootgate || return 1
    [ -f "${dracutsysrootdir-}/usr/lib/bootgate/bootgate.sh" ] || return 1
    return 255
}

depends() {
    echo network
}

installkernel() {
    # tdx_guest brings the TSM report interface with it. What is built in is skipped.
    hostonly='' instmods tdx_guest tsm configfs vsock vmw_vsock_virtio_transport tpm_crb tpm_tis 9p 9pnet_virtio virtio_net
}

cmdline() {
    # The kernel's own command line goes after these and is measured, like them.
    echo rd.shell=0 rd.emergency=poweroff rd.neednet=1 ip=dhcp
}

install() {
    [ -f "${dracutsysrootdir-}/usr/lib/bootgate/bootgate.json" ] || {
        derror 'bootgate: there is no /usr/lib/bootgate/bootgate.json: with this initramfs nothing would boot'
        return 1
    }
    inst_multiple /usr/bin/bootgate modprobe mount mkdir chmod sleep
    # What no other file names: the name service, loaded by name, and whom TLS trusts.
    inst_libdir_file 'libnss_dns.so.*' 'libnss_files.so.*'
    inst_multiple -o /etc/ssl/certs/ca-certificates.crt /etc/ssl/openssl.cnf /etc/hosts /etc/nsswitch.conf
    # The configuration, bootgate.sh, and what the configuration names (release.tpm.blob, approval, wrapped), if it is here.
    for file in /usr/lib/bootgate/*; do
        [ ! -f "$file" ] || inst_simple "$file"
    done
    mkdir -p "${initdir}/etc/cmdline.d"
    cmdline >"${initdir}/etc/cmdline.d/90bootgate.conf"
    # Which hook: pre-mount, when the network is up and before the root file system is mounted. bootgate_hook in dracut.conf(5)
    # names another one: "initqueue/settled" where the root file system's own key comes from the gate.
    inst_hook "${bootgate_hook:-pre-mount}" 05 "$moddir/bootgate-gate.sh"
    # .. and where dracut gives up: before its shell (rd.shell= and rd.break are the kernel's command line's), and with systemd before
    # the command that would end the machine.
    inst_hook emergency 00 "$moddir/bootgate-end.sh"
    inst_hook shutdown-emergency 00 "$moddir/bootgate-end.sh"
    if dracut_module_included systemd; then
        # dracut's hooks are units here, and one that was killed is a unit that failed: the root file system waits for a yes.
        inst_simple "$moddir/bootgate-guard.service" "${systemdsystemunitdir}/bootgate-guard.service"
        for unit in sysroot.mount initrd-switch-root.service; do
            mkdir -p "${initdir}${systemdsystemunitdir}/$unit.requires"
            ln -sf ../bootgate-guard.service "${initdir}${systemdsystemunitdir}/$unit.requires/bootgate-guard.service"
        done
    else
        inst_hook mount 00 "$moddir/bootgate-guard.sh"
    fi
}
