#include "quote/bzimage.h"

#define SETUP_MIN    0x1000u
#define SPLIT_MEMORY 0xb0000000u /* q35: guests of this size or more have a hole below 4 GiB */
#define LOW_MEMORY   0x80000000u
#define CMDLINE_ADDR 0x20000u /* where QEMU puts a "high and recent" kernel's parts */
#define REAL_ADDR    0x10000u
#define PROTOCOL_MIN 0x202u /* the oldest such kernel */
#define LOADER_QEMU  0xb0u
#define LOADED_HIGH  0x01u
#define CAN_USE_HEAP 0x80u
#define XLF_ABOVE_4G 0x40u

/* Offsets of the setup header (boot.rst, "The Real-Mode Kernel Header"). */
enum {
    VERSION = 0x206,
    TYPE_OF_LOADER = 0x210,
    LOADFLAGS = 0x211,
    RAMDISK_IMAGE = 0x218,
    RAMDISK_SIZE = 0x21c,
    HEAP_END_PTR = 0x224,
    CMD_LINE_PTR = 0x228,
    INITRD_ADDR_MAX = 0x22c,
    XLOADFLAGS = 0x236
};

static uint32_t le16(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t le32(const uint8_t *p)
{
    return le16(p) | le16(p + 2) << 16;
}

static void put32(uint8_t *p, uint32_t v)
{
    for (size_t i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

/* initrd_limit: the highest byte that QEMU lets the initrd have, by what the kernel says. */
static uint32_t initrd_limit(const uint8_t *k, uint32_t protocol)
{
    if (protocol >= 0x20c && (le16(k + XLOADFLAGS) & XLF_ABOVE_4G))
        return UINT32_MAX;
    return protocol >= 0x203 ? le32(k + INITRD_ADDR_MAX) : 0x37ffffff;
}

static enum rc place_initrd(uint8_t *k, uint32_t protocol, const struct bzimage_load *l,
                            struct err *err)
{
    uint64_t low = l->memory < SPLIT_MEMORY ? l->memory : LOW_MEMORY;
    uint32_t max = initrd_limit(k, protocol);
    if (l->initrd_size == 0)
        return RC_OK;
    if (low <= l->acpi_data)
        return err_set(err, BG_BZIMAGE_MEMORY, "%llu bytes", (unsigned long long)l->memory);
    if (max >= low - l->acpi_data)
        max = (uint32_t)(low - l->acpi_data - 1);
    if (l->initrd_size >= max)
        return err_set(err, BG_BZIMAGE_INITRD, "%llu bytes, room for %u",
                       (unsigned long long)l->initrd_size, max);
    put32(k + RAMDISK_IMAGE, (max - (uint32_t)l->initrd_size) & ~4095u);
    put32(k + RAMDISK_SIZE, (uint32_t)l->initrd_size);
    return RC_OK;
}

/*
 * patch does to a copy of the kernel what QEMU's x86_load_linux does to its setup header. Older
 * kernels are placed by the length of their command line; none of them has an EFI stub (3.3,
 * protocol 2.11), so none can be measured.
 */
static enum rc patch(uint8_t *k, const struct bzimage_load *l, struct err *err)
{
    uint32_t protocol = le16(k + VERSION);
    if (protocol < PROTOCOL_MIN || !(k[LOADFLAGS] & LOADED_HIGH))
        return err_set(err, BG_BZIMAGE_OLD, "boot protocol %x.%02x", protocol >> 8,
                       protocol & 0xff);
    k[TYPE_OF_LOADER] = LOADER_QEMU;
    k[LOADFLAGS] |= CAN_USE_HEAP;
    put32(k + HEAP_END_PTR, CMDLINE_ADDR - REAL_ADDR - 0x200);
    put32(k + CMD_LINE_PTR, CMDLINE_ADDR);
    return place_initrd(k, protocol, l, err);
}

/* clear takes out what a boot loader writes. */
static void clear(uint8_t *k)
{
    k[TYPE_OF_LOADER] = 0;
    k[LOADFLAGS] &= (uint8_t)~CAN_USE_HEAP;
    put32(k + RAMDISK_IMAGE, 0);
    put32(k + RAMDISK_SIZE, 0);
    k[HEAP_END_PTR] = 0; /* u16 */
    k[HEAP_END_PTR + 1] = 0;
    put32(k + CMD_LINE_PTR, 0);
}

enum rc bzimage_measure(struct arena *a, struct bytes kernel, const struct bzimage_load *load,
                        uint8_t out[static 48], struct err *err)
{
    if (kernel.n < SETUP_MIN || le16(kernel.p + 0x1fe) != 0xaa55 ||
        memcmp(kernel.p + 0x202, "HdrS", 4) != 0)
        return err_set(err, BG_BZIMAGE_FORMAT, "%zu bytes", kernel.n);
    if (load->header == BZIMAGE_AS_IS)
        return authenticode_sha384(kernel, out, err);
    uint8_t *copy = arena_copy(a, kernel, err);
    if (!copy)
        return err->rc;
    if (load->header == BZIMAGE_CLEARED)
        clear(copy);
    else
        TRY(patch(copy, load, err));
    return authenticode_sha384(bytes_of(copy, kernel.n), out, err);
}
