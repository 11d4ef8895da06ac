/* lc_split: SSZ answers of /light_client/updates in both framings, whole, cut, with other numbers.
 */
#include "tests/lib/harness.h"

#include "policy/beacon/read.h"

static struct arena *a;

static int fresh(void **state)
{
    (void)state;
    a = arena_new((size_t)64 << 20);
    return a ? 0 : 1;
}

static int done(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

static void put_le(uint8_t **p, uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        *(*p)++ = (uint8_t)(v >> 8 * i);
}

/* answer: objects of 40, 41, .. bytes in one of the two framings. */
static struct bytes answer(bool list, size_t n)
{
    uint8_t *start = arena_alloc(a, 4096, &(struct err){0}), *p = start;
    assert_non_null(start);
    for (size_t i = 0, at = 4 * n; list && i < n; i++, at += 20 + 40 + i - 1)
        put_le(&p, at, 4);
    for (size_t i = 0; i < n; i++) {
        put_le(&p, 4 + 40 + i, 8);
        if (list)
            put_le(&p, 12, 4);
        put_le(&p, 0xa9a1956a, 4);
        if (list)
            put_le(&p, 8, 4);
        memset(p, (int)(i + 1), 40 + i);
        p += 40 + i;
    }
    return bytes_of(start, (size_t)(p - start));
}

static enum rc split(struct bytes body, size_t max, struct bytes *out, size_t *n)
{
    struct err err = {0};
    return lc_updates_split(body, out, max, n, &err);
}

static void answers_with_several_updates(void **state)
{
    (void)state;
    struct bytes out[8];
    size_t n;
    assert_int_equal(split(BYTES_NONE, 8, out, &n), RC_OK);
    assert_int_equal(n, 0);
    for (int list = 0; list < 2; list++)
        for (size_t count = 1; count <= 5; count++) {
            const char *what = list ? "list" : "chunks";
            struct bytes body = answer(list, count);
            enum rc rc = split(body, count, out, &n);
            CASE(what, rc == RC_OK && n == count, "%zu: BG-%04d, %zu", count, rc, n);
            for (size_t i = 0; rc == RC_OK && i < n; i++)
                CASE(what, out[i].n == 40 + i && out[i].p[0] == i + 1 && out[i].p[39 + i] == i + 1,
                     "object %zu of %zu", i, count);
            rc = split(body, count - 1, out, &n);
            CASE(what, rc == (list ? BG_LC_SPLIT_LIST : BG_LC_SPLIT_COUNT), "one too many: BG-%04d",
                 rc);
            /* Cut anywhere but between two, or with a byte more. */
            for (size_t cut = 1; cut < body.n; cut++) {
                rc = split(bytes_of(body.p, cut), 8, out, &n);
                if (rc != RC_OK)
                    continue;
                size_t whole = 0;
                for (size_t i = 0; i < n; i++)
                    whole += 12 + 40 + i;
                CASE(what, !list && whole == cut, "%zu bytes of %zu are %zu objects", cut, body.n,
                     n);
            }
            uint8_t *p = arena_copy(a, body, &(struct err){0});
            assert_non_null(p);
            CASE(what, split(bytes_of(p, body.n + 1), 8, out, &n) != RC_OK, "a byte more");
            for (size_t i = 0; list && i < 4 * count + 20; i++) {
                size_t digest = 4 * count + 12;
                if (i >= digest && i < digest + 4)
                    continue; /* of the digest, which is not looked at */
                p[i] ^= 1;
                CASE(what, split(bytes_of(p, body.n), 8, out, &n) != RC_OK, "byte %zu of %zu", i,
                     count);
                p[i] ^= 1;
            }
        }
    /* A byte between the table and the first element. */
    struct bytes one = answer(true, 1);
    uint8_t slack[128] = {5};
    memcpy(slack + 5, one.p + 4, one.n - 4);
    slack[4] = 1; /* the list is told by what stands here */
    assert_int_equal(split(bytes_of(slack, one.n + 1), 8, out, &n), BG_LC_SPLIT_LIST);
    /* Lengths that would wrap around. */
    static const uint8_t huge[16] = {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 1, 2, 3, 4};
    assert_int_equal(split(BYTES_OF_ARRAY(huge), 8, out, &n), BG_LC_SPLIT_CHUNK);
    static const uint8_t small[16] = {3};
    assert_int_equal(split(BYTES_OF_ARRAY(small), 8, out, &n), BG_LC_SPLIT_CHUNK);
    static const uint8_t high[16] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    assert_int_equal(split(BYTES_OF_ARRAY(high), 8, out, &n), BG_LC_SPLIT_LIST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_with_several_updates, fresh, done),
    };
    return HARNESS_RUN("light client answers", tests);
}
