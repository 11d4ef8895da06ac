/* tdvf: firmware images: the input itself, and a sound image with bytes that the input changes (its
 * table is found by GUIDs, which a fuzzer does not guess). What is accepted is measured, in both
 * orders, and written as material. */
#include <stdlib.h>

#include "base/cur.h"
#include "tests/fuzz/image_edits.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void measure(struct arena *a, const struct tdvf *t)
{
    struct lite_image im = {.ovmf = "pre202505"}, again;
    struct err err = {0};
    struct bytes cbor;
    uint64_t pages = 0;
    for (size_t i = 0; i < t->n; i++)
        pages += t->sections[i].memory_size / TDVF_PAGE;
    if (tdvf_cfv(t, im.cfv))
        im.has_cfv = true;
    if (pages > 64) /* bounded, but not for a fuzzer's patience */
        return;
    tdvf_mrtd(t, TDVF_SINGLE_PASS, im.mrtd_single);
    tdvf_mrtd(t, TDVF_TWO_PASS, im.mrtd_two);
    if (tdvf_witness(a, t, &im.td_hob, &err) != RC_OK)
        return;
    if (lite_write(a, &im, &cbor, &err) != RC_OK || lite_parse(cbor, &again, &err) != RC_OK ||
        !bytes_eq(again.td_hob, im.td_hob))
        abort();
}

static void read_image(struct bytes image)
{
    struct arena *a = arena_new(1u << 20);
    struct tdvf t;
    struct err err = {0};
    if (tdvf_read(image, &t, &err) == RC_OK) {
        if (t.n == 0 || t.n > TDVF_SECTIONS_MAX)
            abort();
        measure(a, &t);
    }
    arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct firmware_image f;
    read_image(bytes_of(p, n));
    firmware_build(&f);
    edit(f.b, FW_META, FW_SIZE, bytes_of(p, n));
    read_image(BYTES_OF_ARRAY(f.b));
    return 0;
}
