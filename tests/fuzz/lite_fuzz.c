/* lite: image measurement material as CBOR; the rest of the input as TD HOB witness and base64. */
#include <stdlib.h>

#include "base/base64.h"
#include "quote/lite.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void expect(const struct lite_image *im)
{
    static const uint64_t sizes[] = {0, 0x80000000u, 0xb0000000u, INT64_MAX};
    static const uint8_t acpi[3][48];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct lite_event ev[LITE_EVENTS];
        struct err err = {0};
        if (lite_expect(im, sizes[i], acpi, ev, &err) == RC_OK && !ev[LITE_EVENTS - 1].what)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct lite_image im = {0};
    struct err err = {0};
    if (lite_parse(bytes_of(p, n), &im, &err) == RC_OK) {
        if (!im.ovmf || im.td_hob.n > n)
            abort();
        expect(&im);
    }
    im.td_hob = bytes_of(p, n);
    expect(&im);
    struct arena *a = arena_new(1u << 20);
    struct bytes out = {0};
    err_clear(&err);
    if (base64_decode(a, bytes_of(p, n), &out, &err) && out.n > n)
        abort();
    arena_free(a);
    return 0;
}
