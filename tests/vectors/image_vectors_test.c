/* image: the published dstack image's measurement document, read and written again. */
#include "tests/lib/harness.h"

#include "base/base64.h"
#include "quote/image.h"

static void published_material_is_written_as_it_was(void **state)
{
    (void)state;
    AUTO_JSON j = vectors_json_if_there("tdx/dstack/tdx-lite-getquote.json");
    struct err err = {0};
    struct lite_image im;
    struct bytes cbor, again, text;
    if (!j) {
        case_skip(1, "no vectors");
        return;
    }
    struct arena *a = arena_new(1 << 20);
    AUTO_JSON config = NULL;
    assert_true(json_str(j, "vm_config", &text));
    assert_int_equal(json_read(text, 1 << 20, &config, &err), RC_OK);
    assert_true(json_str(json_object_get(config, "tdx_measurement"), "measurement", &text));
    assert_true(base64_decode(a, text, &cbor, &err));
    assert_int_equal(lite_parse(cbor, &im, &err), RC_OK);
    assert_int_equal(lite_write(a, &im, &again, &err), RC_OK);
    CASE("the same bytes", bytes_eq(cbor, again), "%zu bytes, %zu before", again.n, cbor.n);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(published_material_is_written_as_it_was)};
    return HARNESS_RUN("image_vectors", tests);
}
