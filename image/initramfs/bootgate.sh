# shellcheck shell=sh
# The gate in an initramfs; sourced by the hooks of dracut and initramfs-tools. What it calls returns only after a yes.

# bootgate_end: after anything but a yes. `bootgate shut` closes the gate and ends the machine; what follows it is for a kernel
# that would not, or an image that has no bootgate. There is no shell, and no way on.
bootgate_end() {
    trap '' INT QUIT TERM HUP TSTP
    /usr/bin/bootgate shut </dev/null
    [ ! -w /proc/sysrq-trigger ] || echo o >/proc/sysrq-trigger
    while :; do sleep 3600; done
}

# bootgate_gate: what the gate needs to be there, then the gate. A file in /run tells bootgate_guard of a yes.
bootgate_gate() {
    trap '' INT QUIT TERM HUP TSTP
    for bootgate_module in tdx_guest configfs vsock vmw_vsock_virtio_transport 9p 9pnet_virtio; do
        modprobe -q "$bootgate_module" 2>/dev/null || :
    done
    [ -d /sys/kernel/config/tsm ] || mount -t configfs -o nosuid,nodev,noexec configfs /sys/kernel/config 2>/dev/null || :
    mkdir -p /run/bootgate/host
    chmod 0700 /run/bootgate
    mount -t 9p -o trans=virtio,version=9p2000.L,ro,nosuid,nodev,noexec host-shared /run/bootgate/host 2>/dev/null || :
    if /usr/bin/bootgate boot </dev/null; then
        : >/run/bootgate/allowed
    else
        bootgate_end
    fi
    trap - INT QUIT TERM HUP TSTP
}

# bootgate_guard: for the process that goes on to mount the root file system: it asks for itself, so that the end of the process
# that ran the gate (the kernel's, for want of memory) is no yes.
bootgate_guard() {
    [ -e /run/bootgate/allowed ] || bootgate_end
}
