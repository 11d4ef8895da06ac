/*
 * bzimage: the kernel as a TDX guest's firmware measures it: QEMU patches the Linux setup header
 * when it loads the kernel directly, and OVMF measures the PE image so changed. Sources: Linux
 * Documentation/arch/x86/boot.rst; QEMU hw/i386/x86-common.c, x86_load_linux; PE/COFF 8.0 appendix
 * A as EDK2 does it (OvmfPkg/Tcg/TdTcg2Dxe/MeasureBootPeCoff.c); tdx facts 4.6. The file is the
 * user's own; its format is checked.
 */
#ifndef BOOTGATE_QUOTE_BZIMAGE_H
#define BOOTGATE_QUOTE_BZIMAGE_H

#include "base/arena.h"

#define BZIMAGE_ACPI_DATA 0x28000u /* what QEMU keeps free below the initrd, pc-q35 */

/* How the setup header is when it is measured: QEMU >= 10.2 no longer patches it for confidential
 * guests; for a time dstack's firmware cleared what a loader sets (dstack#1189, until #1229). */
enum bzimage_header { BZIMAGE_PATCHED = 1, BZIMAGE_AS_IS, BZIMAGE_CLEARED };

struct bzimage_load {
    uint64_t memory;      /* guest RAM, bytes */
    uint64_t initrd_size; /* bytes; 0: none */
    uint32_t acpi_data;   /* BZIMAGE_ACPI_DATA */
    enum bzimage_header header;
};

/* bzimage_measure: the Authenticode SHA-384 of the kernel as it is loaded. */
enum rc bzimage_measure(struct arena *a, struct bytes kernel, const struct bzimage_load *load,
                        uint8_t out[static 48], struct err *err) MUST_CHECK;
/*
 * authenticode_sha384: the PE image hash as OVMF's TdTcg2Dxe takes it: without checksum and
 * signature; data behind the sections counts, and nothing is padded to eight bytes (which signers
 * do). A section or certificate table that the file does not hold is refused, as OVMF does.
 */
enum rc authenticode_sha384(struct bytes pe, uint8_t out[static 48], struct err *err) MUST_CHECK;

#endif
