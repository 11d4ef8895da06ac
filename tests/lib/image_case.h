/*
 * image_case: small firmware and kernel images for tests, made forwards from their formats: a TDVF
 * image of three pages with five sections, and a bzImage with PE headers. Bytes can be changed at
 * the offsets named here.
 */
#ifndef BOOTGATE_TESTS_IMAGE_CASE_H
#define BOOTGATE_TESTS_IMAGE_CASE_H

#include "quote/image.h"

enum {
    FW_SIZE = 0x3000,
    FW_META = 0x2100, /* the TDVF descriptor */
    FW_SECTIONS = 5,  /* BFV, CFV, temporary memory, TD HOB, temporary memory */
    FW_SECTION = FW_META + 16,
    FW_FOOTER = FW_SIZE - 32 - 18, /* length, GUID */
    FW_ENTRY = FW_FOOTER - 22,     /* metadata: offset from the end, length, GUID */
    FW_OTHER = FW_ENTRY - 20,      /* an entry that nobody knows */
    KERNEL_SIZE = 0x2000,
    KERNEL_PE = 0x40,
    KERNEL_OPTIONAL = KERNEL_PE + 24, /* PE32+ */
    KERNEL_TABLE = KERNEL_OPTIONAL + 112 + 6 * 8,
    KERNEL_HEADERS = 0x400,
};

struct firmware_image {
    uint8_t b[FW_SIZE];
};
struct kernel_image {
    uint8_t b[KERNEL_SIZE];
};

void firmware_build(struct firmware_image *out);
void kernel_build(struct kernel_image *out);
void image_put(uint8_t *at, uint64_t v, size_t width);
/* Field offsets within a section: 0 data offset, 4 raw size, 8 address, 16 size, 24 type, 28
 * attributes. */
uint8_t *firmware_field(struct firmware_image *f, unsigned section, unsigned field);

#endif
