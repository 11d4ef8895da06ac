/* bzimage: kernels. The first ten bytes choose memory, initrd size and the header's treatment; the
 * rest is a kernel, and changes bytes of a sound one. */
#include <stdlib.h>

#include "base/cur.h"
#include "tests/fuzz/image_edits.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void measure(struct bytes file, const struct bzimage_load *load)
{
    struct arena *a = arena_new(1u << 22);
    uint8_t digest[48], pe[48];
    struct err err = {0};
    enum rc rc = bzimage_measure(a, file, load, digest, &err);
    err_clear(&err);
    if (authenticode_sha384(file, pe, &err) == RC_OK && rc == RC_OK &&
        load->header == BZIMAGE_AS_IS && memcmp(digest, pe, 48) != 0)
        abort();
    arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct cur c = cur_of(bytes_of(p, n));
    struct bzimage_load load = {.acpi_data = BZIMAGE_ACPI_DATA};
    load.memory = (uint64_t)cur_u32le(&c) << 4;
    load.initrd_size = cur_u32le(&c);
    load.header = cur_u16le(&c) & 1 ? BZIMAGE_PATCHED : BZIMAGE_AS_IS;
    struct bytes rest = cur_rest(&c);
    struct kernel_image k;
    measure(rest, &load);
    kernel_build(&k);
    edit(k.b, 0, KERNEL_HEADERS, rest);
    measure(BYTES_OF_ARRAY(k.b), &load);
    return 0;
}
