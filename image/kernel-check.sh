#!/bin/sh
# Does a guest kernel have what the gate needs?   kernel-check.sh [CONFIG]
# CONFIG: a kernel's .config, plain or gzipped; without it that of the running kernel. One line for each option that is missing:
# what breaks without it. Exit status 0: nothing that is needed is missing (what is only wanted may be); 1: something is;
# 2: no configuration.
set -u
config=${1:-}
if [ -z "$config" ]; then
    for config in /proc/config.gz "/boot/config-$(uname -r)" "/lib/modules/$(uname -r)/config"; do
        [ ! -r "$config" ] || break
    done
fi
[ -r "$config" ] || { echo "kernel-check: there is no $config" >&2; exit 2; }
case $(od -An -tx1 -N2 "$config" | tr -d ' ') in
1f8b) text=$(gzip -dc "$config") || exit 2 ;;
*) text=$(cat "$config") || exit 2 ;;
esac
printf '%s\n' "$text" | grep -q '^CONFIG_[A-Z0-9_]*=' || { echo "kernel-check: $config is no kernel configuration" >&2; exit 2; }

needed=0 wanted=0
# option NEED NAMES WHAT: one of NAMES (words) is y or m. NEED: needed; builtin (y only); wanted; absent (must not be set).
option() {
    need=$1 names=$2 what=$3 value=''
    for name in $names; do
        value=$(printf '%s\n' "$text" | sed -n "s/^CONFIG_$name=//p" | head -n 1)
        [ -z "$value" ] || break
    done
    case $need=$value in
    needed=y | needed=m | builtin=y | wanted=y | wanted=m | absent=) return ;;
    builtin=m)
        echo "needed  CONFIG_${names%% *}=y, not m: $what"
        needed=$((needed + 1))
        ;;
    absent=*)
        echo "needed  CONFIG_${names%% *} not set: $what"
        needed=$((needed + 1))
        ;;
    wanted=*)
        echo "wanted  CONFIG_${names%% *}: $what"
        wanted=$((wanted + 1))
        ;;
    *)
        echo "needed  CONFIG_${names%% *}: $what"
        needed=$((needed + 1))
        ;;
    esac
}

option builtin INTEL_TDX_GUEST 'the kernel does not run as a TDX guest'
option needed TDX_GUEST_DRIVER 'no /dev/tdx_guest: the quote cannot be held against a local TDREPORT, no RTMR is extended'
option needed TSM_REPORTS 'no /sys/kernel/config/tsm/report: no quotes'
option needed CONFIGFS_FS 'no /sys/kernel/config: no quotes'
option needed TCG_TPM 'no TPM: no seed, no gate'
option needed 'TCG_CRB TCG_TIS' 'no driver for the TPM that QEMU has'
option needed BLK_DEV_DM 'no dm-verity'
option needed DM_VERITY 'a configuration on the root file system is not measured: only one in the initramfs is taken'
option builtin SECCOMP_FILTER 'the processes that parse cannot be confined: the gate refuses'
option builtin SECURITYFS 'no TCG event log: which kernel and command line the boot PCRs cover is not known'
option builtin PROC_FS 'neither command line nor mounts can be read: no configuration is taken'
option builtin MULTIUSER 'there are no capabilities to drop'
option needed NET 'neither nodes nor host are reached'
option wanted VSOCKETS 'no quote generation service by vsock, and the host API is not told (guest.qgs, guest.notify_host)'
option wanted VIRTIO_VSOCKETS 'the same, under QEMU'
option wanted NET_9P 'no folder shared by the host, unless as a disk'
option wanted NET_9P_VIRTIO 'the same'
option wanted 9P_FS 'the same'
option wanted SECURITY_LANDLOCK 'children of the gate are confined by seccomp alone; it goes on'
option wanted SECRETMEM 'seed and key lie in locked memory that the kernel itself can still read'
option wanted KEYS 'no target of type keyring'
option wanted DM_CRYPT 'no encrypted disk for the key to open'
option absent KEXEC 'another kernel could be started that nobody measured'
option absent HIBERNATION 'seed and key would go to a disk'
option absent PROC_KCORE 'seed and key can be read by root from /proc/kcore'
option absent DEVMEM 'seed and key can be read by root from /dev/mem'
[ $((needed + wanted)) -gt 0 ] || echo 'all there'
[ $needed -eq 0 ]
