/* bzimage: kernels. The first ten bytes choose memory, initrd size and the header's treatment. */
#include <stdlib.h>

#include "base/cur.h"
#include "quote/bzimage.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct cur c = cur_of(bytes_of(p, n));
    struct bzimage_load load = {.acpi_data = BZIMAGE_ACPI_DATA};
    load.memory = (uint64_t)cur_u32le(&c) << 4;
    load.initrd_size = cur_u32le(&c);
    load.header = cur_u16le(&c) & 1 ? BZIMAGE_PATCHED : BZIMAGE_AS_IS;
    struct bytes file = cur_rest(&c);
    struct arena *a = arena_new(1u << 22);
    uint8_t digest[48], pe[48];
    struct err err = {0};
    enum rc rc = bzimage_measure(a, file, &load, digest, &err);
    err_clear(&err);
    if (authenticode_sha384(file, pe, &err) == RC_OK && rc == RC_OK &&
        load.header == BZIMAGE_AS_IS && memcmp(digest, pe, 48) != 0)
        abort();
    arena_free(a);
    return 0;
}
