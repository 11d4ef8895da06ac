# shellcheck shell=bash disable=SC2034
# dstack's os/mkosi/components/bootgate/bootgate.sh: the component's description; bootgate-build.sh beside it does the work.
# BOOTGATE_SOURCE: a checkout of bootgate; BOOTGATE_CONFIG: the configuration that is to be measured with the image.
COMPONENT_NAME=bootgate
COMPONENT_CACHE_PATHS=(component-stages/bootgate)
COMPONENT_ROOTFS_TREES=(component-stages/bootgate)
COMPONENT_KERNEL_TREES=()

component_cache_key() {
    key_value "$(git -C "${BOOTGATE_SOURCE:?}" rev-parse HEAD)" "${BOOTGATE_POSITION:-own}"
    key_file "$COMPONENT_PATH/bootgate-build.sh" "${BOOTGATE_CONFIG:?}"
    key_tools gcc make pkg-config
    key_packages libssl-dev libcurl4-openssl-dev libjansson-dev libsecp256k1-dev libcbor-dev libtss2-dev libseccomp-dev
}

component_build() {
    "$COMPONENT_PATH/bootgate-build.sh" "${BOOTGATE_SOURCE:?}" "${BOOTGATE_CONFIG:?}" "$WORK/component-stages/bootgate"
}
