/* rlp: the published examples both ways, every way an encoding can fail to be minimal, bounds. */
#include "tests/lib/harness.h"

#include "base/hex.h"
#include "base/limits.h"
#include "policy/eth/rlp.h"

/* The examples of the Ethereum documentation page on RLP; NULL text: a list. */
static void documented_examples_read_and_write_back(void **state)
{
    (void)state;
    static const struct {
        const char *hex, *text;
    } t[] = {
        {"83646f67", "dog"},
        {"80", ""},
        {"0f", "\x0f"},
        {"820400", NULL}, /* text has a NUL: only its width is looked at below */
        {"b8384c6f72656d20697073756d20646f6c6f722073697420616d65742c20636f6e7365637465747572206164"
         "697069736963696e6720656c6974",
         "Lorem ipsum dolor sit amet, consectetur adipisicing elit"},
    };
    struct arena *a = arena_new(1 << 16);
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct bytes in = unhex(a, t[i].hex);
        struct rlp_item it;
        assert_true(rlp_whole(in, &it));
        assert_false(it.list);
        assert_true(bytes_eq(it.raw, in));
        if (t[i].text)
            assert_true(bytes_eq_str(it.body, t[i].text));
        else
            assert_int_equal(it.body.n, 2);
        uint8_t buf[100];
        struct rlp_out o = {buf, 0, sizeof buf};
        assert_true(rlp_put_bytes(&o, it.body));
        assert_true(bytes_eq(bytes_of(buf, o.n), in));
    }
    /* ["cat", "dog"] and the set-theoretical three [ [], [[]], [ [], [[]] ] ]. */
    struct bytes in = unhex(a, "c88363617483646f67");
    struct rlp_item it, two[2], three[3];
    assert_true(rlp_whole(in, &it) && it.list);
    assert_true(rlp_list(it.body, two, 2));
    assert_true(bytes_eq_str(two[0].body, "cat") && bytes_eq_str(two[1].body, "dog"));
    assert_true(rlp_whole(unhex(a, "c7c0c1c0c3c0c1c0"), &it) && it.list);
    assert_true(rlp_list(it.body, three, 3));
    assert_true(three[0].list && three[0].body.n == 0 && three[2].body.n == 3);
    arena_free(a);
}

static void encodings_that_are_not_minimal_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", /* nothing */
        "8100",
        "817f", /* a byte below 0x80 behind a prefix */
        "81",
        "8261",
        "b8", /* cut short */
        "b838",
        "b90100",
        "c1",
        "f8",
        "f838",
        "ff",
        "b800",
        "b801aa",
        "f800", /* long form of a short length */
        "b80102",
        "f80102",
        "b90038",
        "ba000100", /* leading zero in the length */
        "f90038",
        "bf00000000000000ff",
        "bfffffffffffffffff",
        "ffffffffffffffffff",
        "8000",
        "c000",
        "0000", /* trailing byte */
        "c2817f",
        "c3820102ff", /* inside a list, and behind it */
        "c1b8",
        "c2c181",
        "c3c28100",
        "c4c3c28100",
    };
    struct arena *a = arena_new(1 << 16);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct rlp_item it = {.list = true, .body = bytes_of("x", 1)};
        CASE(bad[i], !rlp_whole(unhex(a, bad[i]), &it), "accepted");
        CASE(bad[i], it.list && it.body.n == 1, "output touched");
    }
    /* The 55/56 border, both kinds: the wrong form of a length that really follows. */
    uint8_t buf[300];
    for (unsigned base = 0x80; base <= 0xc0; base += 0x40) {
        struct rlp_item it;
        memset(buf, 0x01, sizeof buf);
        buf[0] = (uint8_t)(base + 55);
        assert_true(rlp_whole(bytes_of(buf, 56), &it) && it.body.n == 55);
        buf[0] = (uint8_t)(base + 56);
        buf[1] = 55;
        assert_false(rlp_whole(bytes_of(buf, 57), &it));
        buf[1] = 56;
        assert_true(rlp_whole(bytes_of(buf, 58), &it) && it.body.n == 56);
        assert_false(rlp_whole(bytes_of(buf, 57), &it));
        assert_false(rlp_whole(bytes_of(buf, 59), &it));
        buf[0] = (uint8_t)(base + 57);
        buf[1] = 0;
        buf[2] = 200;
        assert_false(rlp_whole(bytes_of(buf, 203), &it));
        buf[1] = 1;
        buf[2] = 0;
        assert_true(rlp_whole(bytes_of(buf, 259), &it) && it.body.n == 256);
    }
    arena_free(a);
}

static void every_length_writes_and_reads_back(void **state)
{
    (void)state;
    enum { MAX = 70000 };
    struct arena *a = arena_new(1 << 20);
    struct err err = {0};
    uint8_t *in = arena_alloc(a, MAX, &err), *out = arena_alloc(a, MAX + 16, &err);
    assert_true(in && out);
    memset(in, 0x80, MAX);
    for (size_t n = 0; n < MAX; n += n < 300 ? 1 : n < 65500 || n > 65600 ? 977 : 1) {
        struct rlp_out o = {out, 0, MAX + 16};
        struct rlp_item it;
        assert_true(rlp_put_bytes(&o, bytes_of(in, n)));
        CASE("string", rlp_whole(bytes_of(out, o.n), &it) && !it.list && it.body.n == n, "%zu", n);
        assert_true(rlp_wrap(&o, 0));
        CASE("list", rlp_whole(bytes_of(out, o.n), &it) && it.list, "%zu", n);
        CASE("cut", o.n < 2 || !rlp_whole(bytes_of(out, o.n - 1), &it), "%zu", n);
        struct rlp_out small = {out, 0, n + (n > 55 ? 1 : 0)};
        CASE("no room", !rlp_put_bytes(&small, bytes_of(in, n)) && small.n == 0, "%zu", n);
    }
    struct rlp_out exact = {out, 0, 4}; /* just room enough, and then none */
    assert_true(rlp_put_bytes(&exact, bytes_of(in, 2)) && exact.n == 3);
    assert_true(rlp_wrap(&exact, 0) && exact.n == 4);
    assert_true(rlp_put_raw(&exact, BYTES_NONE));
    assert_false(rlp_wrap(&exact, 0));
    assert_int_equal(exact.n, 4);
    struct rlp_out full = {out, 5, 5};
    assert_false(rlp_wrap(&full, 0));
    assert_false(rlp_wrap(&full, 6));
    assert_false(rlp_put_raw(&full, bytes_of(in, 1)));
    assert_int_equal(full.n, 5);
    arena_free(a);
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    uint8_t buf[64];
    struct rlp_item it;
    for (size_t depth = 1; depth <= 40; depth++) {
        for (size_t i = 0; i < depth; i++)
            buf[i] = (uint8_t)(0xc0 + depth - 1 - i);
        CASE("depth", rlp_whole(bytes_of(buf, depth), &it) == (depth <= LIMIT_RLP_DEPTH), "%zu",
             depth);
    }
}

static void integers_have_no_leading_zero_and_a_width(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 16);
    static const struct {
        const char *hex;
        bool ok;
        uint64_t v;
    } t[] = {
        {"80", true, 0},     {"01", true, 1},        {"7f", true, 127},
        {"8180", true, 128}, {"820400", true, 1024}, {"88ffffffffffffffff", true, UINT64_MAX},
        {"00", false, 0},    {"820080", false, 0},   {"89010000000000000000", false, 0},
        {"c0", false, 0},    {"c101", false, 0},     {"8800ffffffffffffff", false, 0},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct rlp_item it;
        uint64_t v = 77;
        assert_true(rlp_whole(unhex(a, t[i].hex), &it));
        CASE(t[i].hex, rlp_u64(&it, &v) == t[i].ok && v == (t[i].ok ? t[i].v : 77), "read wrongly");
        if (!t[i].ok)
            continue;
        uint8_t wide[40], buf[16];
        memset(wide, 0xee, sizeof wide);
        assert_true(rlp_uint(&it, wide, sizeof wide));
        assert_true(mem_is_zero(wide, sizeof wide - 8));
        struct rlp_out o = {buf, 0, sizeof buf};
        assert_true(rlp_put_uint(&o, BYTES_OF_ARRAY(wide)));
        CASE(t[i].hex, bytes_eq(bytes_of(buf, o.n), it.raw), "written wrongly");
    }
    arena_free(a);
}

static void item_counts_are_exact(void **state)
{
    (void)state;
    const uint8_t body[] = {0x01, 0x80, 0xc1, 0x05, 0x82, 0xff, 0xff};
    struct rlp_item it[5];
    size_t n = 99;
    assert_true(rlp_count(BYTES_OF_ARRAY(body), 4, &n) && n == 4);
    assert_false(rlp_count(BYTES_OF_ARRAY(body), 3, &n));
    assert_false(rlp_count(bytes_of(body, 6), 4, &n));
    assert_true(rlp_count(BYTES_NONE, 0, &n) && n == 0);
    assert_true(rlp_list(BYTES_OF_ARRAY(body), it, 4));
    assert_false(rlp_list(BYTES_OF_ARRAY(body), it, 3));
    assert_false(rlp_list(BYTES_OF_ARRAY(body), it, 5));
    struct cur c = cur_of(BYTES_OF_ARRAY(body));
    for (int i = 0; i < 4; i++)
        assert_true(rlp_next(&c, it));
    assert_true(cur_done(&c));
    assert_false(rlp_next(&c, it));
    assert_true(c.bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documented_examples_read_and_write_back),
        cmocka_unit_test(encodings_that_are_not_minimal_are_refused),
        cmocka_unit_test(every_length_writes_and_reads_back),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(integers_have_no_leading_zero_and_a_width),
        cmocka_unit_test(item_counts_are_exact),
    };
    return HARNESS_RUN("rlp", tests);
}
