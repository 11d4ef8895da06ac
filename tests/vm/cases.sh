# shellcheck shell=sh disable=SC2034
# The cases; see lib.sh. Every name in these lists is a function case_NAME in cases/.
light_cases='rollback allowed denied denied_halt denied_reboot rpc_down no_tpm clock_early clock_late no_shell hook_killed unmeasured_ca'
full_cases='systemd_live systemd_release own_allowed own_denied systemd_verity live qgs tdreport release host_bundle host_bundle_forged'
distro_cases='dracut initramfs_tools'
systemd_cases='systemd_killed systemd_time systemd_control'

own='--config /usr/lib/bootgate/bootgate.json --bundle /evidence/bundle.json --root /evidence/root.der'

. "$root/tests/vm/cases/plain.sh"
. "$root/tests/vm/cases/td.sh"
. "$root/tests/vm/cases/systemd.sh"
. "$root/tests/vm/cases/own.sh"
. "$root/tests/vm/cases/images.sh"
