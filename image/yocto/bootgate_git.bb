SUMMARY = "Boot gate of a confidential VM: no key before a proven yes of the on-chain policy"
DESCRIPTION = "${SUMMARY}"
LICENSE = "Apache-2.0"
LIC_FILES_CHKSUM = "file://LICENSE;md5=3b83ef96387f14655fc854ddc3c6bd57"

inherit pkgconfig

# A checkout of bootgate, and the configuration that is measured with the image; both are for local.conf to say.
BOOTGATE_SRC ?= ""
BOOTGATE_CONFIG ?= "${BOOTGATE_SRC}/image/bootgate.json"
# own: before dstack-prepare.service; existing: after it
BOOTGATE_POSITION ?= "own"

S = "${UNPACKDIR}/bootgate"

DEPENDS = "openssl curl jansson libcbor secp256k1 tpm2-tss libseccomp rsync-native"
RDEPENDS:${PN} = "ca-certificates chrony chronyc"

# The program reads one path that is reached without a link, on dm-verity or in the initramfs: nothing goes to /etc.
FILES:${PN} += "${nonarch_libdir}/bootgate ${systemd_system_unitdir} ${nonarch_libdir}/tmpfiles.d ${nonarch_libdir}/udev"
# Nothing to enable: who waits for the gate has its link in the package (UNIT.requires/).

do_unpack() {
    test -n "${BOOTGATE_SRC}" || bbfatal "BOOTGATE_SRC is not set: name a checkout of bootgate"
    install -d "${S}"
    rsync -a --exclude=.git --exclude=build "${BOOTGATE_SRC}/" "${S}/"
    git -C "${BOOTGATE_SRC}" describe --always --dirty > "${S}/VERSION"
}
do_unpack[depends] += "rsync-native:do_populate_sysroot"
do_unpack[cleandirs] = "${S}"
do_unpack[nostamp] = "1"
do_unpack[vardeps] += "BOOTGATE_SRC"

do_configure[noexec] = "1"

EXTRA_OEMAKE = "CC='${CC}' AR='${AR}' OPT='${CFLAGS}' FORTIFY= LDFLAGS='${LDFLAGS}' PREFIX=${prefix} POSITION=${BOOTGATE_POSITION} \
                INSTALL_STRIP= BUILD_FLOOR=${SOURCE_DATE_EPOCH} SYSTEMDUNITDIR=${systemd_system_unitdir} \
                TMPFILESDIR=${nonarch_libdir}/tmpfiles.d DRACUTDIR= INITRAMFSTOOLSDIR="

do_compile() {
    oe_runmake
}

do_install() {
    oe_runmake DESTDIR=${D} install install-image
    install -D -m 0644 "${BOOTGATE_CONFIG}" ${D}${nonarch_libdir}/bootgate/bootgate.json
}
do_install[file-checksums] += "${BOOTGATE_CONFIG}:True"
