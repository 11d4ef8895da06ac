/*
 * bls_field: F_p and F_p2 of BLS12-381 at their edges. Values: the prime and the generators of G1
 * and G2 as published (draft-irtf-cfrg-pairing-friendly-curves 4.2.1), the rest by big integers.
 * tests/oracles/blsfield_diff.mjs compares each function with @noble/curves on random values.
 */
#include "policy/bls/fp2.h"
#include "policy/bls/fp_mul.h"
#include "tests/lib/harness.h"

#define P                                                                                          \
    "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffff" \
    "aaab"
#define P_MINUS_1                                                                                  \
    "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffff" \
    "aaaa"
#define P_PLUS_1                                                                                   \
    "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffff" \
    "aaac"
#define HALF                                                                                       \
    "0d0088f51cbff34d258dd3db21a5d66bb23ba5c279c2895fb39869507b587b120f55ffff58a9ffffdcff7fffffff" \
    "d555"
#define HALF_PLUS_1                                                                                \
    "0d0088f51cbff34d258dd3db21a5d66bb23ba5c279c2895fb39869507b587b120f55ffff58a9ffffdcff7fffffff" \
    "d556"
#define THIRD                                                                                      \
    "11560bf17baa99bc32126fced787c88f984f87adf7ae0c7f9a208c6b4f20a4181472aaa9cb8d555526a9ffffffff" \
    "c71d"
#define G1_X                                                                                       \
    "17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22" \
    "c6bb"
#define G1_Y                                                                                       \
    "08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5" \
    "e7e1"
#define G2_X0                                                                                      \
    "024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121" \
    "bdb8"
#define G2_X1                                                                                      \
    "13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d04" \
    "2b7e"
#define G2_Y0                                                                                      \
    "0ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b8" \
    "2801"
#define G2_Y1                                                                                      \
    "0606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f" \
    "79be"
/* 2^384 - 1, 2^384 and 2^512 - 1 modulo p */
#define WIDE_384_MINUS_1                                                                           \
    "15f65ec3fa80e4935c071a97a256ec6d77ce5853705257455f48985753c758baebf4000bc40c0002760900000002" \
    "fffc"
#define WIDE_384                                                                                   \
    "15f65ec3fa80e4935c071a97a256ec6d77ce5853705257455f48985753c758baebf4000bc40c0002760900000002" \
    "fffd"
#define WIDE_ONES                                                                                  \
    "02cb5d3a884e56c4fab7cd07ee4e16bc15efebb5d396d7cf82383087033108464532383fa8eaff4e967d3988a62b" \
    "6c9c"

static void raw(const char *text, uint8_t *out, size_t n)
{
    struct arena *a = arena_new(1 << 16);
    assert_non_null(a);
    struct bytes b = unhex(a, text);
    assert_int_equal(b.n, n);
    memcpy(out, b.p, n);
    arena_free(a);
}

static struct fp fp_of(const char *text)
{
    uint8_t b[FP_BYTES];
    struct fp r;
    raw(text, b, sizeof b);
    assert_true(fp_read(b, &r));
    return r;
}

static struct fp2 fp2_of(const char *c0, const char *c1)
{
    return (struct fp2){fp_of(c0), fp_of(c1)};
}

static struct fp small(uint8_t v)
{
    uint8_t b[FP_BYTES] = {0};
    struct fp r;
    b[FP_BYTES - 1] = v;
    assert_true(fp_read(b, &r));
    return r;
}

static void is(const struct fp *got, const char *want)
{
    uint8_t a[FP_BYTES], b[FP_BYTES];
    fp_write(got, a);
    raw(want, b, sizeof b);
    assert_memory_equal(a, b, sizeof a);
}

static void only_numbers_below_p_are_read(void **state)
{
    (void)state;
    uint8_t b[FP_BYTES], back[FP_BYTES];
    struct fp r = {{1, 2, 3, 4, 5, 6}}, kept = r;
    raw(P, b, sizeof b);
    assert_false(fp_read(b, &r));
    raw(P_PLUS_1, b, sizeof b);
    assert_false(fp_read(b, &r));
    memset(b, 0xff, sizeof b);
    assert_false(fp_read(b, &r));
    assert_memory_equal(&r, &kept, sizeof r); /* untouched */
    for (size_t i = 0; i < 6; i++) {          /* one limb of p, one more */
        raw(P, b, sizeof b);
        b[8 * i]++;
        assert_false(fp_read(b, &r));
    }
    for (size_t i = 0; i < 6; i++) { /* one less, all below that full */
        raw(P, b, sizeof b);
        b[8 * i]--;
        memset(b + 8 * i + 1, 0xff, 47 - 8 * i);
        assert_true(fp_read(b, &r));
        fp_write(&r, back);
        assert_memory_equal(b, back, sizeof b);
    }
    r = fp_of(P_MINUS_1);
    is(&r, P_MINUS_1);
    memset(b, 0, sizeof b);
    assert_true(fp_read(b, &r));
    assert_true(fp_is_zero(&r) && fp_eq(&r, &fp_zero));
    b[FP_BYTES - 1] = 1;
    assert_true(fp_read(b, &r));
    assert_true(fp_eq(&r, &fp_one));
}

static void sums_wrap_at_p(void **state)
{
    (void)state;
    struct fp top = fp_of(P_MINUS_1), r;
    fp_add(&r, &top, &fp_one);
    assert_true(fp_is_zero(&r));
    fp_sub(&r, &fp_zero, &fp_one);
    assert_true(fp_eq(&r, &top));
    fp_neg(&r, &fp_one);
    assert_true(fp_eq(&r, &top));
    fp_neg(&r, &fp_zero);
    assert_true(fp_is_zero(&r));
    fp_sub(&r, &top, &top);
    assert_true(fp_is_zero(&r));
    fp_dbl(&r, &top);
    fp_add(&r, &r, &fp_one);
    fp_add(&r, &r, &fp_one);
    assert_true(fp_is_zero(&r));
    r = fp_of(HALF_PLUS_1);
    fp_dbl(&r, &r);
    assert_true(fp_eq(&r, &fp_one));
}

static void products_at_the_edges(void **state)
{
    (void)state;
    struct fp top = fp_of(P_MINUS_1), r, s;
    fp_sqr(&r, &top);
    assert_true(fp_eq(&r, &fp_one));
    fp_mul(&r, &top, &top);
    assert_true(fp_eq(&r, &fp_one));
    fp_mul(&r, &top, &fp_zero);
    assert_true(fp_is_zero(&r));
    fp_mul(&r, &top, &fp_one);
    assert_true(fp_eq(&r, &top));
    r = small(3);
    fp_inv(&r, &r);
    is(&r, THIRD);
    fp_inv(&r, &fp_zero);
    assert_true(fp_is_zero(&r));
    fp_inv(&r, &fp_one);
    assert_true(fp_eq(&r, &fp_one));
    fp_inv(&r, &top);
    assert_true(fp_eq(&r, &top));
    /* y^2 = x^3 + 4 */
    struct fp x = fp_of(G1_X), y = fp_of(G1_Y), four = small(4);
    fp_sqr(&r, &x);
    fp_mul(&r, &r, &x);
    fp_add(&r, &r, &four);
    fp_sqr(&s, &y);
    assert_true(fp_eq(&r, &s));
}

static void wide_numbers_are_reduced(void **state)
{
    (void)state;
    uint8_t b[64] = {0};
    struct fp r;
    fp_reduce_wide(b, &r);
    assert_true(fp_is_zero(&r));
    raw(P, b + 16, FP_BYTES);
    fp_reduce_wide(b, &r);
    assert_true(fp_is_zero(&r));
    raw(P_PLUS_1, b + 16, FP_BYTES);
    fp_reduce_wide(b, &r);
    assert_true(fp_eq(&r, &fp_one));
    memset(b + 16, 0xff, FP_BYTES);
    fp_reduce_wide(b, &r);
    is(&r, WIDE_384_MINUS_1);
    memset(b, 0, sizeof b);
    b[15] = 1;
    fp_reduce_wide(b, &r);
    is(&r, WIDE_384);
    memset(b, 0xff, sizeof b);
    fp_reduce_wide(b, &r);
    is(&r, WIDE_ONES);
}

static void roots(void **state)
{
    (void)state;
    struct fp r, s, top = fp_of(P_MINUS_1), y = fp_of(G1_Y);
    assert_true(fp_sqrt(&r, &fp_zero));
    assert_true(fp_is_zero(&r));
    assert_true(fp_sqrt(&r, &fp_one));
    fp_sqr(&r, &r);
    assert_true(fp_eq(&r, &fp_one));
    assert_false(fp_sqrt(&r, &top)); /* p is 3 modulo 4 */
    static const bool square[12] = {
        [0] = true, [1] = true, [4] = true, [6] = true, [7] = true, [9] = true, [10] = true};
    for (uint8_t i = 0; i < 12; i++) {
        struct fp a = small(i);
        assert_int_equal(fp_sqrt(&r, &a), square[i]);
    }
    fp_sqr(&s, &y);
    assert_true(fp_sqrt(&s, &s));
    fp_neg(&r, &s);
    assert_true(fp_eq(&s, &y) || fp_eq(&r, &y));
}

static void signs(void **state)
{
    (void)state;
    struct fp half = fp_of(HALF), above = fp_of(HALF_PLUS_1), top = fp_of(P_MINUS_1);
    assert_false(fp_is_large(&fp_zero));
    assert_false(fp_is_large(&fp_one));
    assert_false(fp_is_large(&half));
    assert_true(fp_is_large(&above));
    assert_true(fp_is_large(&top));
    assert_false(fp_is_odd(&fp_zero));
    assert_true(fp_is_odd(&fp_one));
    assert_false(fp_is_odd(&top));
    assert_true(fp_is_odd(&half));
    assert_false(fp_is_odd(&above));

    struct fp2 a = {half, above}, b = {above, half}, c = {above, fp_zero}, d = {half, fp_zero};
    assert_true(fp2_is_large(&a));
    assert_false(fp2_is_large(&b));
    assert_true(fp2_is_large(&c));
    assert_false(fp2_is_large(&d));
    assert_false(fp2_is_large(&fp2_zero));
    /* sgn0: c1 counts only when c0 is 0 (not when c0 is even) */
    struct fp2 e = {fp_zero, fp_one}, f = {top, fp_one}, g = {fp_one, top}, h = {fp_zero, top};
    assert_true(fp2_is_odd(&e));
    assert_false(fp2_is_odd(&f));
    assert_true(fp2_is_odd(&g));
    assert_false(fp2_is_odd(&h));
    assert_false(fp2_is_odd(&fp2_zero));
}

static void quadratic_products(void **state)
{
    (void)state;
    struct fp2 u = {fp_zero, fp_one}, r, s, xi = {fp_one, fp_one};
    struct fp2 minus1 = {fp_of(P_MINUS_1), fp_zero};
    fp2_sqr(&r, &u);
    assert_true(fp2_eq(&r, &minus1));
    fp2_mul(&r, &u, &u);
    assert_true(fp2_eq(&r, &minus1));
    fp2_inv(&r, &u);
    fp2_neg(&r, &r);
    assert_true(fp2_eq(&r, &u)); /* 1/u = -u */
    fp2_inv(&r, &fp2_zero);
    assert_true(fp2_is_zero(&r));
    /* y^2 = x^3 + 4 (1 + u) */
    struct fp2 x = fp2_of(G2_X0, G2_X1), y = fp2_of(G2_Y0, G2_Y1), b = {small(4), small(4)};
    fp2_sqr(&r, &x);
    fp2_mul(&r, &r, &x);
    fp2_add(&r, &r, &b);
    fp2_sqr(&s, &y);
    assert_true(fp2_eq(&r, &s));
    assert_true(fp2_sqrt(&s, &r));
    fp2_neg(&r, &s);
    assert_true(fp2_eq(&s, &y) || fp2_eq(&r, &y));
    fp2_mul_xi(&r, &y);
    fp2_mul(&s, &y, &xi);
    assert_true(fp2_eq(&r, &s));
    fp2_inv(&r, &y);
    fp2_mul(&r, &r, &y);
    assert_true(fp2_eq(&r, &fp2_one));
    fp2_conj(&r, &y);
    fp2_add(&r, &r, &y);
    fp2_dbl(&s, &y);
    assert_true(fp_eq(&r.c0, &s.c0) && fp_is_zero(&r.c1));
}

/* Each kind of root: in F_p, of a non-square of F_p, of both candidates; and what has none. */
static void quadratic_roots(void **state)
{
    (void)state;
    struct fp top = fp_of(P_MINUS_1);
    struct fp2 xi = {fp_one, fp_one}, r, s;
    assert_false(fp2_sqrt(&r, &xi)); /* its norm, 2, is no square */
    assert_true(fp2_sqrt(&r, &fp2_zero));
    assert_true(fp2_is_zero(&r));
    for (uint8_t i = 0; i < 12; i++) {
        for (uint8_t k = 0; k < 12; k++) {
            struct fp2 a = {small(i), small(k)}, sq;
            if (i % 3 == 2)
                fp_sub(&a.c0, &top, &a.c0);
            if (k % 3 == 1)
                fp_neg(&a.c1, &a.c1);
            fp2_sqr(&sq, &a);
            assert_true(fp2_sqrt(&r, &sq));
            fp2_neg(&s, &r);
            assert_true(fp2_eq(&r, &a) || fp2_eq(&s, &a));
            if (!fp2_is_zero(&sq)) {
                fp2_mul_xi(&sq, &sq);
                assert_false(fp2_sqrt(&r, &sq));
            }
            sq = (struct fp2){a.c0, fp_zero}; /* all of F_p are squares here */
            assert_true(fp2_sqrt(&r, &sq));
            fp2_sqr(&r, &r);
            assert_true(fp2_eq(&r, &sq));
        }
    }
}

static void quadratic_bytes(void **state)
{
    (void)state;
    uint8_t b[96], back[96];
    struct fp2 r, want = fp2_of(G2_X0, G2_X1);
    raw(G2_X1 G2_X0, b, sizeof b); /* c1 first */
    assert_true(fp2_read(b, &r));
    assert_true(fp2_eq(&r, &want));
    fp2_write(&r, back);
    assert_memory_equal(b, back, sizeof b);
    raw(P G2_X0, b, sizeof b);
    assert_false(fp2_read(b, &r));
    raw(G2_X0 P, b, sizeof b);
    assert_false(fp2_read(b, &r));
    assert_true(fp2_eq(&r, &want)); /* untouched */
}

/* Results may be the operands. */
static void results_may_be_operands(void **state)
{
    (void)state;
    const struct fp2 x = fp2_of(G2_X0, G2_X1), y = fp2_of(G2_Y0, G2_Y1);
    static void (*const two[])(struct fp2 *, const struct fp2 *,
                               const struct fp2 *) = {fp2_add, fp2_sub, fp2_mul};
    static void (*const one[])(struct fp2 *, const struct fp2 *) = {fp2_neg,    fp2_dbl, fp2_conj,
                                                                    fp2_mul_xi, fp2_sqr, fp2_inv};
    struct fp2 want, r;
    for (size_t i = 0; i < sizeof two / sizeof *two; i++) {
        two[i](&want, &x, &y);
        r = x;
        two[i](&r, &r, &y);
        assert_true(fp2_eq(&r, &want));
        r = y;
        two[i](&r, &x, &r);
        assert_true(fp2_eq(&r, &want));
        two[i](&want, &x, &x);
        r = x;
        two[i](&r, &r, &r);
        assert_true(fp2_eq(&r, &want));
    }
    for (size_t i = 0; i < sizeof one / sizeof *one; i++) {
        one[i](&want, &x);
        r = x;
        one[i](&r, &r);
        assert_true(fp2_eq(&r, &want));
    }
    fp2_mul_fp(&want, &x, &x.c0);
    r = x;
    fp2_mul_fp(&r, &r, &r.c0);
    assert_true(fp2_eq(&r, &want));
    fp2_mul_fp(&want, &x, &x.c1);
    r = x;
    fp2_mul_fp(&r, &r, &r.c1);
    assert_true(fp2_eq(&r, &want));
}

/* ---- the two ways to compute ----------------------------------------------------------------- */
/* An element: random limbs, or limbs of zeros and ones; below p. */
static struct fp element(uint64_t *seed)
{
    for (;;) {
        struct fp r;
        uint64_t kind = 0;
        for (int i = -1; i < 6; i++) {
            *seed ^= *seed << 13;
            *seed ^= *seed >> 7;
            *seed ^= *seed << 17;
            if (i < 0)
                kind = *seed >> 32;
            else
                r.v[i] = kind % 3 ? *seed : *seed & 1 ? UINT64_MAX : 0;
        }
        r.v[5] &= 0x1fffffffffffffff;
        if (kind % 5 == 0)
            (void)limbs_sub(r.v, fp_p, (uint64_t[6]){kind % 4 + 1});
        if (limbs_below(r.v, fp_p))
            return r;
    }
}

static void an_inverse_times_its_number_is_one(void **state)
{
    (void)state;
    uint64_t seed = 0x696e76;
    for (int i = 0; i < 20000; i++) {
        struct fp a = element(&seed), r;
        fp_inv(&r, &a);
        bool below = limbs_below(r.v, fp_p);
        fp_mul(&r, &r, &a);
        CASE("inverse", below && fp_eq(&r, fp_is_zero(&a) ? &fp_zero : &fp_one),
             "number %d has a wrong inverse", i);
    }
}

static void both_ways_agree(void **state)
{
    (void)state;
    enum { N = 20000, PARTS = 4 + FP_DOT_MAX };
    if (!fp_path_set(FP_PATH_X86)) {
        assert_true(fp_path_set(FP_PATH_PORTABLE));
        case_skip(N * PARTS, "no BMI2 and ADX: there is one way only");
        return;
    }
    uint64_t seed = 0x4d61726b;
    for (int i = 0; i < N; i++) {
        struct fp a[FP_DOT_MAX], b[FP_DOT_MAX], any, want[PARTS], got[PARTS];
        const struct fp *to_b[FP_DOT_MAX];
        for (size_t k = 0; k < FP_DOT_MAX; k++) {
            a[k] = element(&seed);
            b[k] = element(&seed);
            to_b[k] = &b[k];
        }
        any = a[1];
        any.v[5] |= 0xe000000000000000; /* not below p: allowed as the second factor */
        for (int way = 0; way < 2; way++) {
            struct fp *r = way ? got : want;
            assert_true(fp_path_set(way ? FP_PATH_X86 : FP_PATH_PORTABLE));
            fp_add(&r[0], &a[0], &b[0]);
            fp_sub(&r[1], &a[0], &b[0]);
            fp_mul(&r[2], &a[0], &b[0]);
            fp_mul(&r[3], &a[0], &any);
            for (size_t n = 1; n <= FP_DOT_MAX; n++)
                fp_dot(&r[3 + n], a, to_b, n);
        }
        struct fp sum = fp_zero, t;
        for (size_t k = 0; k < FP_DOT_MAX; k++) {
            fp_mul(&t, &a[k], &b[k]);
            fp_add(&sum, &sum, &t);
            assert_true(fp_eq(&sum, &want[4 + k]));
        }
        for (size_t k = 0; k < PARTS; k++)
            CASE("way", fp_eq(&want[k], &got[k]) && limbs_below(want[k].v, fp_p),
                 "round %d, value %zu differs", i, k);
    }
    assert_true(fp_path_set(FP_PATH_UNKNOWN));
}

static void opposite_products_cancel(void **state)
{
    (void)state;
    uint64_t seed = 0x706c7573;
    for (int i = 0; i < 2000; i++) { /* the sum before the last subtraction is 0 or exactly p */
        struct fp a[2] = {element(&seed)}, b = element(&seed), r;
        const struct fp *to_b[2] = {&b, &b};
        fp_neg(&a[1], &a[0]);
        fp_dot(&r, a, to_b, 2);
        assert_true(fp_is_zero(&r));
        fp_add(&r, &a[0], &a[1]);
        assert_true(fp_is_zero(&r));
    }
}

static int portable(void **state)
{
    (void)state;
    return fp_path_set(FP_PATH_PORTABLE) ? 0 : -1;
}

static int fastest(void **state)
{
    (void)state;
    return fp_path_set(FP_PATH_UNKNOWN) ? 0 : -1;
}

#define BOTH(test) cmocka_unit_test_setup(test, portable), cmocka_unit_test_setup(test, fastest)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        BOTH(only_numbers_below_p_are_read),
        BOTH(sums_wrap_at_p),
        BOTH(products_at_the_edges),
        BOTH(wide_numbers_are_reduced),
        BOTH(roots),
        BOTH(signs),
        BOTH(quadratic_products),
        BOTH(quadratic_roots),
        BOTH(quadratic_bytes),
        BOTH(results_may_be_operands),
        BOTH(an_inverse_times_its_number_is_one),
        BOTH(opposite_products_cancel),
        cmocka_unit_test(both_ways_agree),
    };
    return HARNESS_RUN("bls_field", tests);
}
