/*
 * bls_map: the constants of policy/bls against what defines them (the parameter x, equations, RFC
 * 9380's own tables): psi, the cofactor, the map of F_p2 to the twist. Published hashes and
 * signatures: tests/vectors/bls_test.c.
 */
#include "tests/lib/harness.h"

#include <openssl/bn.h>

#include "base/hash.h"
#include "policy/bls/g2_map.h"
#include "tests/lib/bls_points.h"

static const char order_hex[] = "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001";
static const char prime_hex[] = "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f624"
                                "1eabfffeb153ffffb9feffffffffaaab";
/* RFC 9380 8.8.2: h_eff */
static const char h_eff_hex[] = "0bc69f08f2ee75b3584c6a0ea91b352888e2a8e9145ad7689986ff031508ffe132"
                                "9c2f178731db956d82bf015d1212b0"
                                "2ec0ec69d7477c1ae954cbc06689f6a359894c0adebbf6b4e8020005aaa95551";

static struct arena *a;
static struct bytes order;

static int start(void **state)
{
    (void)state;
    a = arena_new(16u << 20);
    if (a)
        order = unhex(a, order_hex);
    return a ? 0 : 1;
}

static int done(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

/* ---- constants ----------------------------------------------------------------------------- */

static BIGNUM *bn(const char *hex)
{
    BIGNUM *n = NULL;
    assert_true(BN_hex2bn(&n, hex) > 0);
    return n;
}

/* Everything about the curve's size follows from x: r, p, both cofactors; and that they have no
 * common factor is what g2_in_group rests upon. */
static void the_numbers_follow_from_x(void **state)
{
    (void)state;
    BN_CTX *ctx = BN_CTX_new();
    char text[32];
    snprintf(text, sizeof text, "%llx", (unsigned long long)BLS_X_ABS);
    BIGNUM *x = bn(text), *x2 = BN_new(), *r = BN_new(), *p = BN_new(), *h1 = BN_new(),
           *t = BN_new(), *n2 = BN_new(), *h2 = BN_new(), *gcd = BN_new();
    BIGNUM *want_r = bn(order_hex), *want_p = bn(prime_hex);
    BN_set_negative(x, 1);
    assert_true(BN_sqr(x2, x, ctx) && BN_sqr(r, x2, ctx) && BN_sub(r, r, x2) && BN_add_word(r, 1));
    assert_int_equal(BN_cmp(r, want_r), 0);
    assert_true(BN_copy(t, x) && BN_sub_word(t, 1) && BN_sqr(h1, t, ctx));
    assert_int_equal(BN_div_word(h1, 3), 0);
    assert_true(BN_mul(p, h1, r, ctx) && BN_add(p, p, x));
    assert_int_equal(BN_cmp(p, want_p), 0);
    /* The cofactor of G2, as BLS12 curves have it:
     * (x^8 - 4x^7 + 5x^6 - 4x^4 + 6x^3 - 4x^2 - 4x + 13) / 9. */
    static const int poly[] = {1, -4, 5, 0, -4, 6, -4, -4, 13};
    BN_zero(h2);
    for (size_t i = 0; i < sizeof poly / sizeof *poly; i++) {
        assert_true(BN_mul(h2, h2, x, ctx));
        assert_true(poly[i] < 0 ? BN_sub_word(h2, (BN_ULONG)-poly[i])
                                : BN_add_word(h2, (BN_ULONG)poly[i]));
    }
    assert_int_equal(BN_div_word(h2, 9), 0);
    assert_true(BN_gcd(gcd, h1, h2, ctx));
    assert_true(BN_is_one(gcd));
    /* Both curves have h r points: that many times any point is infinity. */
    uint8_t n2_bytes[128];
    uint64_t seed = 1;
    assert_true(BN_mul(n2, h2, r, ctx));
    int len = BN_bn2binpad(n2, n2_bytes, sizeof n2_bytes);
    assert_int_equal(len, sizeof n2_bytes);
    for (int i = 0; i < 4; i++) {
        struct g2_affine q = g2_random(&seed);
        q = g2_times_affine(&q, BYTES_OF_ARRAY(n2_bytes));
        assert_true(q.infinity);
    }
    uint8_t n1_bytes[64];
    assert_true(BN_mul(n2, h1, r, ctx));
    assert_int_equal(BN_bn2binpad(n2, n1_bytes, sizeof n1_bytes), sizeof n1_bytes);
    for (int i = 0; i < 4; i++) {
        struct g1_affine q = g1_random(&seed);
        q = g1_times_affine(&q, BYTES_OF_ARRAY(n1_bytes));
        assert_true(q.infinity);
    }
    BIGNUM *all[] = {x, x2, r, p, h1, t, n2, h2, gcd, want_r, want_p};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        BN_free(all[i]);
    BN_CTX_free(ctx);
}

static void beta_is_a_cube_root_of_one(void **state)
{
    (void)state;
    struct fp t;
    assert_false(fp_eq(&bls_beta, &fp_one));
    fp_sqr(&t, &bls_beta);
    fp_add(&t, &t, &bls_beta);
    fp_add(&t, &t, &fp_one);
    assert_true(fp_is_zero(&t));
}

/* psi^2 - (x + 1) psi + p = 0 on the whole twist, and psi is a homomorphism. */
static void psi_is_the_frobenius(void **state)
{
    (void)state;
    uint64_t seed = 100;
    uint8_t one_less[8];
    for (unsigned i = 0; i < 8; i++)
        one_less[i] = (uint8_t)((BLS_X_ABS - 1) >> (56 - 8 * i));
    for (int i = 0; i < 20; i++) {
        struct g2_affine pa = g2_random(&seed), qa = g2_random(&seed);
        struct g2 p, q, s, t, u;
        g2_from_affine(&p, &pa);
        g2_from_affine(&q, &qa);
        g2_dbl(&p, &p); /* z is not 1 */
        g2_psi(&s, &p);
        g2_to_affine(&qa, &s);
        assert_true(g2_on_curve(&qa));
        g2_psi(&t, &s);
        g2_times(&u, &s, BYTES_OF_ARRAY(one_less)); /* -(x + 1) = |x| - 1 */
        g2_add(&t, &t, &u);
        g2_times(&u, &p, unhex(a, prime_hex));
        g2_add(&t, &t, &u);
        assert_true(fp2_is_zero(&t.z));
        g2_add(&t, &p, &q);
        g2_psi(&t, &t);
        g2_psi(&u, &q);
        g2_add(&s, &s, &u);
        assert_true(g2_equal(&t, &s));
    }
}

static void the_cofactor_is_cleared_by_h_eff(void **state)
{
    (void)state;
    uint64_t seed = 200;
    for (int i = 0; i < 20; i++) {
        struct g2_affine pa = g2_random(&seed), got;
        struct g2 p, want;
        g2_from_affine(&p, &pa);
        g2_times(&want, &p, unhex(a, h_eff_hex));
        g2_clear_cofactor(&p, &p);
        assert_true(g2_equal(&p, &want));
        g2_to_affine(&got, &p);
        assert_true(!got.infinity && g2_on_curve(&got) && g2_in_group(&got));
        got = g2_times_affine(&got, order);
        assert_true(got.infinity);
    }
}

/* ---- the map to the curve ---------------------------------------------------------------------
 */

static void number(const char *hex, struct fp *out)
{
    uint8_t in[FP_BYTES] = {0};
    struct bytes b = unhex(a, hex);
    assert_true(b.n <= sizeof in);
    memcpy(in + sizeof in - b.n, b.p, b.n);
    assert_true(fp_read(in, out));
}

static void number2(const char *c0, const char *c1, struct fp2 *out)
{
    number(c0, &out->c0);
    number(c1, &out->c1);
}

/* RFC 9380 8.8.2: y'^2 = x'^3 + A' x' + B'; A' = 240 u, B' = 1012 (1 + u). */
static bool on_isogenous(const struct iso_point *p)
{
    struct fp2 rhs, t, ca, cb;
    number2("00", "f0", &ca);
    number2("03f4", "03f4", &cb);
    fp2_sqr(&t, &p->x);
    fp2_add(&t, &t, &ca);
    fp2_mul(&rhs, &t, &p->x);
    fp2_add(&rhs, &rhs, &cb);
    fp2_sqr(&t, &p->y);
    return fp2_eq(&t, &rhs);
}

/* RFC 9380 E.3, lowest degree first; the two denominators are monic. */
#define K97D6                                                                                      \
    "05c759507e8e333ebb5b7a9a47d7ed8532c52d39fd3a042a88b58423c50ae15d5c2638e343d9c71c6238aaaaaaaa" \
    "97d6"
#define K97BE                                                                                      \
    "05c759507e8e333ebb5b7a9a47d7ed8532c52d39fd3a042a88b58423c50ae15d5c2638e343d9c71c6238aaaaaaaa" \
    "97be"
#define K115(end)                                                                                  \
    "11560bf17baa99bc32126fced787c88f984f87adf7ae0c7f9a208c6b4f20a4181472aaa9cb8d555526a9ffffffff" \
    "c7" end
#define K8AB(end)                                                                                  \
    "08ab05f8bdd54cde190937e76bc3e447cc27c3d6fbd7063fcd104635a790520c0a395554e5c6aaaa9354ffffffff" \
    "e3" end
#define K171                                                                                       \
    "171d6541fa38ccfaed6dea691f5fb614cb14b4e7f4e810aa22d6108f142b85757098e38d0f671c7188e2aaaaaaaa" \
    "5ed1"
#define K153                                                                                       \
    "1530477c7ab4113b59a4c18b076d11930f7da5d4a07f649bf54439d87d27e500fc8c25ebf8c92f6812cfc71c71c6" \
    "d706"
#define K124                                                                                       \
    "124c9ad43b6cf79bfbf7043de3811ad0761b0f37a1e26286b0e977c69aa274524e79097a56dc4bd9e1b371c71c71" \
    "8b10"
#define KP(end)                                                                                    \
    "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffff" \
    "a" end

static const char *const table[4][4][2] = {
    {{K97D6, K97D6}, {"00", K115("1a")}, {K115("1e"), K8AB("8d")}, {K171, "00"}},
    {{"00", KP("a63")}, {"0c", KP("a9f")}, {"01", "00"}, {"00", "00"}},
    {{K153, K153}, {"00", K97BE}, {K115("1c"), K8AB("8f")}, {K124, "00"}},
    {{KP("8fb"), KP("8fb")}, {"00", KP("9d3")}, {"12", KP("a99")}, {"01", "00"}},
};

static void polynomial(size_t which, const struct fp2 *x, struct fp2 *out)
{
    struct fp2 k;
    *out = fp2_zero;
    for (size_t i = 4; i-- > 0;) {
        fp2_mul(out, out, x);
        number2(table[which][i][0], table[which][i][1], &k);
        fp2_add(out, out, &k);
    }
}

static void table_isogeny(const struct iso_point *p, struct g2_affine *out)
{
    struct fp2 xn, xd, yn, yd;
    polynomial(0, &p->x, &xn);
    polynomial(1, &p->x, &xd);
    polynomial(2, &p->x, &yn);
    polynomial(3, &p->x, &yd);
    fp2_inv(&xd, &xd);
    fp2_inv(&yd, &yd);
    fp2_mul(&out->x, &xn, &xd);
    fp2_mul(&yn, &yn, &p->y);
    fp2_mul(&out->y, &yn, &yd);
    out->infinity = false;
}

static void the_map_ends_on_the_curve(void **state)
{
    (void)state;
    uint64_t seed = 300;
    for (int i = 0; i < 200; i++) {
        struct fp2 u, minus;
        struct iso_point p, q;
        struct g2 on_twist;
        struct g2_affine got, want;
        bls_random_fp2(&seed, &u);
        if (i % 10 == 0)
            u.c1 = fp_zero;
        if (i % 10 == 1)
            u.c0 = fp_zero;
        map_sswu(&u, &p);
        CASE("E'", on_isogenous(&p), "point %d is not on it", i);
        CASE("sign", fp2_is_odd(&p.y) == fp2_is_odd(&u), "point %d", i);
        map_isogeny(&p, &on_twist);
        g2_to_affine(&got, &on_twist);
        CASE("E", !got.infinity && g2_on_curve(&got), "point %d is not on it", i);
        table_isogeny(&p, &want);
        CASE("E.3", g2_same(&got, &want), "point %d differs from the table's", i);
        /* u and -u have the same x, opposite y. */
        fp2_neg(&minus, &u);
        map_sswu(&minus, &q);
        fp2_neg(&q.y, &q.y);
        CASE("-u", fp2_eq(&p.x, &q.x) && fp2_eq(&p.y, &q.y), "point %d", i);
    }
}

/* Z^2 u^4 + Z u^2 = 0: u = 0, and u^2 = -1/Z if that is a square (Z is not one, so it isn't). */
static void the_map_has_one_exception(void **state)
{
    (void)state;
    struct fp2 z, t, x;
    struct iso_point p;
    struct fp one = fp_one;
    fp_dbl(&z.c0, &one);
    z.c1 = one;
    fp2_neg(&z, &z);
    assert_false(fp2_sqrt(&t, &z));
    fp2_inv(&t, &z);
    fp2_neg(&t, &t);
    assert_false(fp2_sqrt(&t, &t));
    map_sswu(&fp2_zero, &p);
    assert_true(on_isogenous(&p));
    assert_true(fp2_is_odd(&p.y) == fp2_is_odd(&fp2_zero));
    /* x Z A' = B' */
    number2("00", "f0", &t);
    fp2_mul(&t, &t, &z);
    fp2_mul(&t, &t, &p.x);
    number2("03f4", "03f4", &x);
    assert_true(fp2_eq(&t, &x));
}

static void the_isogeny_has_a_kernel_of_three(void **state)
{
    (void)state;
    struct iso_point p;
    struct g2 out;
    struct fp six;
    number("06", &six);
    fp_neg(&p.x.c0, &six);
    p.x.c1 = six;
    number2("02", "00", &p.y);
    /* y0^2 = x0^3 + A' x0 + B' = 4 + 4u: y0 is not in F_p2, so no input reaches the kernel; the
     * formula gives infinity for that x whatever y is. */
    struct fp2 rhs, t, ca;
    number2("00", "f0", &ca);
    fp2_sqr(&t, &p.x);
    fp2_add(&t, &t, &ca);
    fp2_mul(&rhs, &t, &p.x);
    number2("03f4", "03f4", &t);
    fp2_add(&rhs, &rhs, &t);
    number2("04", "04", &t);
    assert_true(fp2_eq(&rhs, &t));
    assert_false(fp2_sqrt(&t, &rhs));
    map_isogeny(&p, &out);
    assert_true(fp2_is_zero(&out.z));
}

static void long_tags_and_long_outputs(void **state)
{
    (void)state;
    static uint8_t out[8161], again[SHA256_LEN], tag[300];
    memset(tag, 'x', sizeof tag);
    assert_true(hash_expand_xmd(BYTES_NONE, bytes_of_str("t"), out, 8160));
    assert_false(mem_is_zero(out + 8160 - 32, 32));
    memset(out, 1, sizeof out);
    assert_false(hash_expand_xmd(BYTES_NONE, bytes_of_str("t"), out, 8161));
    assert_true(mem_is_zero(out, sizeof out));
    /* RFC 9380 5.3.3 */
    uint8_t h[SHA256_LEN];
    HASH_PARTS(hash_sha256_parts, h, bytes_of_str("H2C-OVERSIZE-DST-"), bytes_of(tag, 256));
    assert_true(hash_expand_xmd(bytes_of_str("m"), bytes_of(tag, 256), out, 32));
    assert_true(hash_expand_xmd(bytes_of_str("m"), BYTES_OF_ARRAY(h), again, 32));
    assert_memory_equal(out, again, 32);
    assert_true(hash_expand_xmd(bytes_of_str("m"), bytes_of(tag, 255), again, 32));
    assert_memory_not_equal(out, again, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_numbers_follow_from_x, start, done),
        cmocka_unit_test_setup_teardown(beta_is_a_cube_root_of_one, start, done),
        cmocka_unit_test_setup_teardown(psi_is_the_frobenius, start, done),
        cmocka_unit_test_setup_teardown(the_cofactor_is_cleared_by_h_eff, start, done),
        cmocka_unit_test_setup_teardown(the_map_ends_on_the_curve, start, done),
        cmocka_unit_test_setup_teardown(the_map_has_one_exception, start, done),
        cmocka_unit_test_setup_teardown(the_isogeny_has_a_kernel_of_three, start, done),
        cmocka_unit_test_setup_teardown(long_tags_and_long_outputs, start, done),
    };
    return HARNESS_RUN("bls map", tests);
}
