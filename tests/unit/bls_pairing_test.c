/*
 * bls_pairing: what a product of pairings must be, from the generators (draft-irtf-cfrg-pairing-
 * friendly-curves 4.2.1) and their doubles, which are computed here by the affine formula. Values
 * of the pairing are compared with @noble/curves by tests/oracles/blsfield_diff.mjs.
 */
#include "policy/bls/ate.h"
#include "policy/bls/fp_mul.h"
#include "tests/lib/harness.h"

#define G1_X                                                                                       \
    "17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22" \
    "c6bb"
#define G1_Y                                                                                       \
    "08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5" \
    "e7e1"
#define G2_X                                                                                       \
    "13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d04" \
    "2b7e024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8" \
    "c121bdb8"
#define G2_Y                                                                                       \
    "0606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f" \
    "79be0ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e1935486" \
    "08b82801"

static struct g1_affine p1, p2, minus_p1, no_p = {.infinity = true};
static struct g2_affine q1, q2, minus_q1, no_q = {.infinity = true};

static struct fp fp_of(struct arena *a, const char *text)
{
    struct fp r;
    assert_true(fp_read(unhex(a, text).p, &r));
    return r;
}

static struct fp2 fp2_of(struct arena *a, const char *text)
{
    struct fp2 r;
    assert_true(fp2_read(unhex(a, text).p, &r));
    return r;
}

/* 2 (x, y): s = 3 x^2/(2 y), (s^2 - 2 x, s (x - x') - y) */
static void double_p(struct g1_affine *r, const struct g1_affine *a)
{
    struct fp s, t;
    fp_dbl(&t, &a->y);
    fp_inv(&t, &t);
    fp_sqr(&s, &a->x);
    fp_mul(&s, &s, &t);
    fp_dbl(&t, &s);
    fp_add(&s, &s, &t);
    fp_sqr(&r->x, &s);
    fp_sub(&r->x, &r->x, &a->x);
    fp_sub(&r->x, &r->x, &a->x);
    fp_sub(&t, &a->x, &r->x);
    fp_mul(&t, &t, &s);
    fp_sub(&r->y, &t, &a->y);
}

static void double_q(struct g2_affine *r, const struct g2_affine *a)
{
    struct fp2 s, t;
    fp2_dbl(&t, &a->y);
    fp2_inv(&t, &t);
    fp2_sqr(&s, &a->x);
    fp2_mul(&s, &s, &t);
    fp2_dbl(&t, &s);
    fp2_add(&s, &s, &t);
    fp2_sqr(&r->x, &s);
    fp2_sub(&r->x, &r->x, &a->x);
    fp2_sub(&r->x, &r->x, &a->x);
    fp2_sub(&t, &a->x, &r->x);
    fp2_mul(&t, &t, &s);
    fp2_sub(&r->y, &t, &a->y);
}

static int points(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 16);
    assert_non_null(a);
    p1 = (struct g1_affine){.x = fp_of(a, G1_X), .y = fp_of(a, G1_Y)};
    q1 = (struct g2_affine){.x = fp2_of(a, G2_X), .y = fp2_of(a, G2_Y)};
    arena_free(a);
    minus_p1 = p1;
    fp_neg(&minus_p1.y, &p1.y);
    minus_q1 = q1;
    fp2_neg(&minus_q1.y, &q1.y);
    double_p(&p2, &p1);
    double_q(&q2, &q1);
    return 0;
}

static bool one2(struct g1_affine a, struct g2_affine b, struct g1_affine c, struct g2_affine d)
{
    const struct g1_affine p[] = {a, c};
    const struct g2_affine q[] = {b, d};
    return pairing_product_is_one(p, q, 2);
}

static void one_pair_is_not_one(void **state)
{
    (void)state;
    assert_false(pairing_product_is_one(&p1, &q1, 1));
    assert_false(pairing_product_is_one(&p2, &q1, 1));
    assert_false(pairing_product_is_one(&minus_p1, &q1, 1));
    assert_false(pairing_product_is_one(&p1, &minus_q1, 1));
}

static void inverses_cancel(void **state)
{
    (void)state;
    assert_true(one2(p1, q1, minus_p1, q1));
    assert_true(one2(p1, q1, p1, minus_q1));
    assert_false(one2(p1, q1, p1, q1));
    assert_false(one2(p1, q1, minus_p1, minus_q1));
}

static void it_is_bilinear(void **state)
{
    (void)state;
    struct g1_affine minus_p2 = p2;
    fp_neg(&minus_p2.y, &p2.y);
    assert_true(one2(p2, q1, minus_p1, q2));
    assert_true(one2(p1, q2, minus_p2, q1));
    assert_false(one2(p2, q2, minus_p1, q2));
    const struct g1_affine p[] = {p2, minus_p1, minus_p1, p2};
    const struct g2_affine q[] = {q2, q2, q1, q1};
    assert_false(pairing_product_is_one(p, q, 4)); /* 4 - 2 - 1 + 2 */
    const struct g1_affine r[] = {p2, minus_p1, minus_p1, minus_p1};
    const struct g2_affine s[] = {q2, q2, q1, q1};
    assert_true(pairing_product_is_one(r, s, 4)); /* 4 - 2 - 1 - 1 */
}

static void infinity_is_one(void **state)
{
    (void)state;
    assert_true(pairing_product_is_one(NULL, NULL, 0));
    assert_true(pairing_product_is_one(&no_p, &q1, 1));
    assert_true(pairing_product_is_one(&p1, &no_q, 1));
    assert_true(one2(no_p, q1, p1, no_q));
    assert_false(one2(no_p, q1, p1, q1));
    assert_false(one2(p1, q1, p1, no_q));
    /* what stands in the coordinates of infinity does not count */
    struct g1_affine odd_p = p1;
    odd_p.infinity = true;
    assert_true(pairing_product_is_one(&odd_p, &q1, 1));
}

static void too_many_pairs_are_refused(void **state)
{
    (void)state;
    struct g1_affine p[PAIRING_MAX + 1];
    struct g2_affine q[PAIRING_MAX + 1];
    for (size_t i = 0; i < PAIRING_MAX + 1; i++) {
        p[i] = i % 2 ? p1 : minus_p1;
        q[i] = i < PAIRING_MAX ? q1 : no_q;
    }
    assert_true(pairing_product_is_one(p, q, PAIRING_MAX));
    assert_false(pairing_product_is_one(p, q, PAIRING_MAX + 1));
}

/* No coordinate is ignored: one bit of any of the twelve and the product is no longer one. */
static void every_coordinate_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < 12; i++) {
        struct g1_affine p[] = {p1, minus_p1};
        struct g2_affine q[] = {q1, q1};
        struct fp *part[] = {&p[0].x,    &p[0].y,    &p[1].x,    &p[1].y,
                             &q[0].x.c0, &q[0].x.c1, &q[0].y.c0, &q[0].y.c1,
                             &q[1].x.c0, &q[1].x.c1, &q[1].y.c0, &q[1].y.c1};
        fp_add(part[i], part[i], &fp_one);
        assert_false(pairing_product_is_one(p, q, 2));
    }
}

static int portable(void **state)
{
    return fp_path_set(FP_PATH_PORTABLE) ? points(state) : -1;
}

static int fastest(void **state)
{
    return fp_path_set(FP_PATH_UNKNOWN) ? points(state) : -1;
}

#define BOTH(test) cmocka_unit_test_setup(test, portable), cmocka_unit_test_setup(test, fastest)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        BOTH(one_pair_is_not_one),
        BOTH(inverses_cancel),
        BOTH(it_is_bilinear),
        BOTH(infinity_is_one),
        BOTH(too_many_pairs_are_refused),
        BOTH(every_coordinate_counts),
    };
    return HARNESS_RUN("bls_pairing", tests);
}
