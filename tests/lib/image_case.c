#include "tests/lib/image_case.h"

void image_put(uint8_t *at, uint64_t v, size_t width)
{
    for (size_t i = 0; i < width; i++)
        at[i] = (uint8_t)(v >> (8 * i));
}

uint8_t *firmware_field(struct firmware_image *f, unsigned section, unsigned field)
{
    return f->b + FW_SECTION + 32 * (size_t)section + field;
}

void firmware_build(struct firmware_image *out)
{
    static const struct {
        uint32_t offset, raw;
        uint64_t address, size;
        uint32_t type, attributes;
    } sections[FW_SECTIONS] = {
        {0x1000, 0x2000, 0xffffe000, 0x2000, TDVF_BFV, TDVF_MR_EXTEND},
        {0, 0x1000, 0xffffd000, 0x1000, TDVF_CFV, 0},
        {0, 0, 0x810000, 0x4000, TDVF_TEMP_MEM, 0},
        {0, 0, 0x809000, 0x2000, TDVF_TD_HOB, 0},
        {0, 0, 0x80b000, 0x2000, TDVF_TEMP_MEM, TDVF_PAGE_AUG},
    };
    static const uint8_t footer[16] = {0xde, 0x82, 0xb5, 0x96, 0xb2, 0x1f, 0xf7, 0x45,
                                       0xba, 0xea, 0xa3, 0x66, 0xc5, 0x5a, 0x08, 0x2d};
    static const uint8_t metadata[16] = {0x35, 0x65, 0x7a, 0xe4, 0x4a, 0x98, 0x98, 0x47,
                                         0x86, 0x5e, 0x46, 0x85, 0xa7, 0xbf, 0x8e, 0xc2};
    for (size_t i = 0; i < FW_SIZE; i++)
        out->b[i] = (uint8_t)(i * 7 + (i >> 8));
    memcpy(out->b + FW_META, "TDVF", 4);
    image_put(out->b + FW_META + 4, 16 + 32 * FW_SECTIONS, 4);
    image_put(out->b + FW_META + 8, 1, 4);
    image_put(out->b + FW_META + 12, FW_SECTIONS, 4);
    for (unsigned i = 0; i < FW_SECTIONS; i++) {
        image_put(firmware_field(out, i, 0), sections[i].offset, 4);
        image_put(firmware_field(out, i, 4), sections[i].raw, 4);
        image_put(firmware_field(out, i, 8), sections[i].address, 8);
        image_put(firmware_field(out, i, 16), sections[i].size, 8);
        image_put(firmware_field(out, i, 24), sections[i].type, 4);
        image_put(firmware_field(out, i, 28), sections[i].attributes, 4);
    }
    image_put(out->b + FW_OTHER, 0x1234, 2);
    image_put(out->b + FW_OTHER + 2, 20, 2);
    memset(out->b + FW_OTHER + 4, 0xee, 16);
    image_put(out->b + FW_ENTRY, FW_SIZE - FW_META, 4);
    image_put(out->b + FW_ENTRY + 4, 22, 2);
    memcpy(out->b + FW_ENTRY + 6, metadata, 16);
    image_put(out->b + FW_FOOTER, 20 + 22 + 18, 2);
    memcpy(out->b + FW_FOOTER + 2, footer, 16);
}

void kernel_build(struct kernel_image *out)
{
    for (size_t i = 0; i < KERNEL_SIZE; i++)
        out->b[i] = i < KERNEL_HEADERS ? 0 : (uint8_t)(i * 13 + (i >> 8));
    uint8_t *k = out->b, *table = k + KERNEL_TABLE;
    memcpy(k, "MZ", 2);
    image_put(k + 0x3c, KERNEL_PE, 4);
    memcpy(k + KERNEL_PE, "PE\0\0", 4);
    image_put(k + KERNEL_PE + 6, 2, 2);
    image_put(k + KERNEL_PE + 20, KERNEL_TABLE - KERNEL_OPTIONAL, 2);
    image_put(k + KERNEL_OPTIONAL, 0x20b, 2);
    image_put(k + KERNEL_OPTIONAL + 60, KERNEL_HEADERS, 4);
    image_put(k + KERNEL_OPTIONAL + 64, 0xc4ec50e5, 4);
    image_put(k + KERNEL_OPTIONAL + 108, 6, 4);
    /* The second in the file stands first in the table. */
    image_put(table + 16, 0xc00, 4);
    image_put(table + 20, 0x1400, 4);
    image_put(table + 40 + 16, 0x1000, 4);
    image_put(table + 40 + 20, KERNEL_HEADERS, 4);
    image_put(k + 0x1fe, 0xaa55, 2);
    memcpy(k + 0x202, "HdrS", 4);
    image_put(k + 0x206, 0x20f, 2);
    k[0x211] = 1;
    image_put(k + 0x22c, 0x7fffffff, 4);
    image_put(k + 0x236, 0x7f, 2);
}
