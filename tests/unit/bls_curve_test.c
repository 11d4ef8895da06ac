/*
 * bls_curve: the group law of both curves in its corners, the subgroup checks against
 * multiplication by r, serialisation by what it must refuse.
 */
#include "tests/lib/harness.h"

#include "tests/lib/bls_points.h"

static const char order_hex[] = "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001";
static const char prime_hex[] = "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f624"
                                "1eabfffeb153ffffb9feffffffffaaab";
static const char g1_hex[] = "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac58"
                             "6c55e83ff97a1aeffb3af00adb22c6bb";
static const char g2_hex[] = "93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049"
                             "334cf11213945d57e5ac7d055d042b7e024aa2b2f08f0a91260805272dc51051"
                             "c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8";
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

static void the_generators_are_the_published_ones(void **state)
{
    (void)state;
    uint8_t out[G2_COMPRESSED];
    const char *why;
    struct g2_affine g2;
    struct g1_affine g1 = g1_times_affine(&g1_generator, order);
    assert_true(g1.infinity);
    assert_true(g1_on_curve(&g1_generator) && g1_in_group(&g1_generator));
    g1_compress(&g1_generator, out);
    assert_true(bytes_eq(bytes_of(out, G1_COMPRESSED), unhex(a, g1_hex)));
    struct bytes in = unhex(a, g2_hex);
    assert_true(g2_decompress(in.p, &g2, &why));
    assert_true(g2_on_curve(&g2) && g2_in_group(&g2));
    g2_compress(&g2, out);
    assert_true(bytes_eq(BYTES_OF_ARRAY(out), in));
    g2 = g2_times_affine(&g2, order);
    assert_true(g2.infinity);
}

/* ---- the group law ----------------------------------------------------------------------------
 */

static void g1_addition_has_no_corner(void **state)
{
    (void)state;
    uint64_t seed = 400;
    for (int i = 0; i < 30; i++) {
        struct g1_affine pa = g1_random(&seed), qa = g1_random(&seed), ma, ra, sa;
        const struct g1_affine none = {.infinity = true};
        struct g1 p, q, m, r, s, o = {.z = fp_zero};
        g1_from_affine(&p, &pa);
        g1_from_affine(&q, &qa);
        g1_neg_affine(&ma, &pa);
        g1_from_affine(&m, &ma);
        /* 2p + q = (p + q) + p, with z other than 1 */
        g1_dbl(&r, &p);
        g1_add(&r, &r, &q);
        g1_add(&s, &p, &q);
        g1_add_affine(&s, &s, &pa);
        g1_to_affine(&ra, &r);
        g1_to_affine(&sa, &s);
        assert_true(g1_on_curve(&ra) && g1_same(&ra, &sa));
        /* p + p = 2p */
        g1_dbl(&r, &p);
        g1_add(&s, &p, &p);
        g1_to_affine(&ra, &r);
        g1_to_affine(&sa, &s);
        assert_true(g1_same(&ra, &sa));
        g1_add_affine(&s, &p, &pa);
        g1_to_affine(&sa, &s);
        assert_true(g1_same(&ra, &sa));
        /* p - p = O, in both forms and after 2p - p - p */
        g1_add(&s, &p, &m);
        assert_true(fp_is_zero(&s.z));
        g1_add_affine(&s, &p, &ma);
        assert_true(fp_is_zero(&s.z));
        g1_add_affine(&s, &r, &ma);
        g1_add(&s, &s, &m);
        assert_true(fp_is_zero(&s.z));
        /* O + p = p + O = p, O + O = 2 O = O */
        g1_add(&s, &o, &p);
        g1_add(&s, &s, &o);
        g1_add_affine(&s, &s, &none);
        g1_to_affine(&sa, &s);
        assert_true(g1_same(&sa, &pa));
        g1_add_affine(&s, &o, &pa);
        g1_to_affine(&sa, &s);
        assert_true(g1_same(&sa, &pa));
        g1_add(&s, &o, &o);
        assert_true(fp_is_zero(&s.z));
        g1_dbl(&s, &o);
        assert_true(fp_is_zero(&s.z));
        g1_add_affine(&s, &o, &none);
        assert_true(fp_is_zero(&s.z));
        g1_to_affine(&sa, &s);
        assert_true(g1_same(&sa, &none));
    }
}

static void g2_addition_has_no_corner(void **state)
{
    (void)state;
    uint64_t seed = 500;
    for (int i = 0; i < 30; i++) {
        struct g2_affine pa = g2_random(&seed), qa = g2_random(&seed);
        struct g2 p, q, m, r, s, o = {.z = fp2_zero};
        g2_from_affine(&p, &pa);
        g2_from_affine(&q, &qa);
        g2_neg(&m, &p);
        g2_dbl(&r, &p);
        g2_add(&r, &r, &q);
        g2_add(&s, &p, &q);
        g2_add(&s, &s, &p);
        assert_true(g2_equal(&r, &s));
        g2_to_affine(&qa, &r);
        assert_true(g2_on_curve(&qa));
        g2_dbl(&r, &p);
        g2_add(&s, &p, &p);
        assert_true(g2_equal(&r, &s));
        g2_add(&s, &p, &m);
        assert_true(fp2_is_zero(&s.z));
        g2_add(&s, &r, &m);
        g2_add(&s, &s, &m);
        assert_true(fp2_is_zero(&s.z));
        g2_add(&s, &o, &p);
        g2_add(&s, &s, &o);
        assert_true(g2_equal(&s, &p));
        g2_add(&s, &o, &o);
        assert_true(fp2_is_zero(&s.z));
        g2_dbl(&s, &o);
        assert_true(fp2_is_zero(&s.z));
    }
}

/* Every size at which the sum works in another way, with equal, opposite and infinite points. */
static void sums_are_the_one_by_one_sums(void **state)
{
    (void)state;
    enum { MOST = 1100 };
    static struct g1_affine pool[MOST];
    static const struct g1_affine *list[MOST];
    uint64_t seed = 600;
    for (size_t i = 0; i < MOST; i++) {
        switch (i % 11) {
        case 3:
            pool[i] = pool[i - 1]; /* equal, in one pair */
            break;
        case 7:
            g1_neg_affine(&pool[i], &pool[i - 1]); /* opposite, in a pair or across two */
            break;
        case 9:
            pool[i] = (struct g1_affine){.infinity = true};
            break;
        default:
            pool[i] = g1_random(&seed);
        }
    }
    static const size_t sizes[] = {0,   1,   2,   3,   15,  24,  25,  26,  47,  48,  49,   127, 128,
                                   129, 130, 255, 256, 257, 300, 511, 512, 513, 640, 1024, 1100};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        for (size_t shift = 0; shift < 2; shift++) {
            struct g1 got, want = {.z = fp_zero};
            struct g1_affine ga, wa;
            size_t n = sizes[s] < MOST ? sizes[s] : MOST - shift;
            for (size_t i = 0; i < n; i++) {
                list[i] = &pool[i + shift];
                g1_add_affine(&want, &want, list[i]);
            }
            g1_sum(list, n, &got);
            g1_to_affine(&ga, &got);
            g1_to_affine(&wa, &want);
            CASE("sum", g1_same(&ga, &wa), "%zu points from %zu", n, shift);
        }
    }
    /* All the same point, and pairs that cancel out: nothing but corners. */
    for (size_t i = 0; i < 512; i++)
        list[i] = &pool[0];
    struct g1 got;
    struct g1_affine ga, wa = pool[0];
    const uint8_t k[2] = {2, 0};
    g1_sum(list, 512, &got);
    g1_to_affine(&ga, &got);
    wa = g1_times_affine(&wa, BYTES_OF_ARRAY(k));
    assert_true(g1_same(&ga, &wa));
    g1_neg_affine(&wa, &pool[0]);
    for (size_t i = 1; i < 512; i += 2)
        list[i] = &wa;
    g1_sum(list, 512, &got);
    assert_true(fp_is_zero(&got.z));
}

/* ---- subgroups --------------------------------------------------------------------------------
 */

static void the_subgroup_of_g1_is_where_r_gives_infinity(void **state)
{
    (void)state;
    uint64_t seed = 700;
    struct g1_affine p, t, none = {.infinity = true};
    assert_true(g1_in_group(&none) && g1_on_curve(&none));
    for (int i = 0; i < 40; i++) {
        struct g1 sum;
        p = g1_random(&seed);
        t = g1_times_affine(&p, order); /* only the cofactor's part is left */
        CASE("curve", !t.infinity && !g1_in_group(&p), "a random point %d", i);
        CASE("torsion", g1_on_curve(&t) && !g1_in_group(&t), "point %d", i);
        /* a good key with a part outside */
        g1_from_affine(&sum, &t);
        g1_add_affine(&sum, &sum, &g1_generator);
        g1_to_affine(&t, &sum);
        CASE("both", !g1_in_group(&t), "point %d", i);
        /* (x - 1)^2 / 3 times anything is in the subgroup; so is (1 - x) times it. */
        uint8_t k[8];
        for (unsigned b = 0; b < 8; b++)
            k[b] = (uint8_t)((BLS_X_ABS + 1) >> (56 - 8 * b));
        t = g1_times_affine(&p, BYTES_OF_ARRAY(k));
        p = g1_times_affine(&t, order);
        CASE("cleared", p.infinity && g1_in_group(&t), "point %d", i);
    }
    /* (0, 2) has order 3. */
    memset(&p, 0, sizeof p);
    fp_dbl(&p.y, &fp_one);
    assert_true(g1_on_curve(&p));
    assert_false(g1_in_group(&p));
    const uint8_t three = 3;
    t = g1_times_affine(&p, bytes_of(&three, 1));
    assert_true(t.infinity);
}

static void the_subgroup_of_g2_is_where_r_gives_infinity(void **state)
{
    (void)state;
    uint64_t seed = 800;
    struct g2_affine p, t, g, none = {.infinity = true};
    const char *why;
    assert_true(g2_in_group(&none) && g2_on_curve(&none));
    assert_true(g2_decompress(unhex(a, g2_hex).p, &g, &why));
    for (int i = 0; i < 40; i++) {
        struct g2 sum, q;
        p = g2_random(&seed);
        t = g2_times_affine(&p, order);
        CASE("twist", !t.infinity && !g2_in_group(&p), "a random point %d", i);
        CASE("torsion", g2_on_curve(&t) && !g2_in_group(&t), "point %d", i);
        g2_from_affine(&sum, &t);
        g2_from_affine(&q, &g);
        g2_add(&sum, &sum, &q);
        g2_to_affine(&t, &sum);
        CASE("both", !g2_in_group(&t), "point %d", i);
        g2_from_affine(&q, &p);
        g2_clear_cofactor(&q, &q);
        g2_to_affine(&t, &q);
        p = g2_times_affine(&t, order);
        CASE("cleared", p.infinity && g2_in_group(&t), "point %d", i);
    }
}

/* Points of small order, if r times the cofactor without that factor leaves something. */
static const struct {
    uint16_t factor; /* its square divides the cofactor, or it does (3) */
    const char *rest;
} g1_small[] =
    {
        {3, "08ab05f8bdd54cde190937e76bc3e447cc27c3d6fbd7063fcd104635a790520c0a395554e5c6aaaad95555"
            "5555558e39"},
        {11, "3704612471307385e8f4b11c0f6f71e98ebcebf11641bde11e05f8de12635b461258dc05b269c8ff0a941"
             "963702343"},
        {10177, "04365bf803428bdeec60fd2e926108ec4349c3ed6101355fc141ebb62934a3754bcaa7f4893a24a995"
                "28dca02b"},
},
  g2_small[] = {
      {13, "04005449cda731a7136c440a0c65b728ba1c1fa6b6708356f3b9bdc84396cab33907d71557a7d33677f5d45"
           "f7cedb8cfdac10ff1fc5b48d6461e907737d78e96568f2d18c750b4b3ca5c33c3fd8ff8a706298882819145"
           "29f4e3380941cfdd"},
      {23, "01473e413236dd889cb5381880d0a576821c578a6e8c7952f26668aaed6d2623f6a2afa96b5e43f5d126da5"
           "98b99dbb518655c33a8b236b990d5fbd2d9b42b21fe9e0346d3c23104b06fb96e09de2555c861790a3cc012"
           "b5540aa5804bb595"},
};

static void points_of_small_order_are_outside(void **state)
{
    (void)state;
    uint64_t seed = 850;
    for (size_t i = 0; i < sizeof g1_small / sizeof *g1_small; i++) {
        const uint8_t k[2] = {(uint8_t)(g1_small[i].factor >> 8), (uint8_t)g1_small[i].factor};
        struct g1_affine p, t;
        do {
            p = g1_random(&seed);
            p = g1_times_affine(&p, unhex(a, g1_small[i].rest));
        } while (p.infinity);
        t = g1_times_affine(&p, BYTES_OF_ARRAY(k));
        t = g1_times_affine(&t, BYTES_OF_ARRAY(k));
        CASE("g1", t.infinity && g1_on_curve(&p) && !g1_in_group(&p), "order %u",
             g1_small[i].factor);
    }
    for (size_t i = 0; i < sizeof g2_small / sizeof *g2_small; i++) {
        const uint8_t k = (uint8_t)g2_small[i].factor;
        struct g2_affine p, t;
        do {
            p = g2_random(&seed);
            p = g2_times_affine(&p, unhex(a, g2_small[i].rest));
        } while (p.infinity);
        t = g2_times_affine(&p, bytes_of(&k, 1));
        t = g2_times_affine(&t, bytes_of(&k, 1));
        CASE("g2", t.infinity && g2_on_curve(&p) && !g2_in_group(&p), "order %u",
             g2_small[i].factor);
    }
}

/* ---- serialisation ----------------------------------------------------------------------------
 */

static void g1_points_have_one_encoding(void **state)
{
    (void)state;
    uint64_t seed = 900;
    const char *why;
    struct g1_affine p, q;
    uint8_t in[G1_COMPRESSED], out[G1_COMPRESSED];
    for (int i = 0; i < 100; i++) {
        p = g1_random(&seed);
        g1_compress(&p, in);
        assert_true(g1_decompress(in, &q, &why));
        CASE("round", g1_same(&p, &q), "point %d", i);
        in[0] ^= 0x20;
        assert_true(g1_decompress(in, &q, &why));
        g1_neg_affine(&q, &q);
        CASE("sign", g1_same(&p, &q), "point %d", i);
        for (unsigned flags = 0; flags < 8; flags++) {
            memcpy(out, in, sizeof out);
            out[0] = (uint8_t)((out[0] & 0x1f) | flags << 5);
            CASE("flags", g1_decompress(out, &q, &why) == (flags == 4 || flags == 5), "%u", flags);
        }
    }
    memset(in, 0, sizeof in);
    in[0] = 0xc0;
    assert_true(g1_decompress(in, &q, &why));
    assert_true(q.infinity);
    g1_compress(&q, out);
    assert_memory_equal(in, out, sizeof in);
    for (size_t bit = 0; bit < 8 * sizeof in; bit++) {
        memcpy(out, in, sizeof out);
        out[bit / 8] ^= (uint8_t)(1u << bit % 8);
        /* Without the flag it is a point with x = 0, (0, 2). */
        CASE("infinity", g1_decompress(out, &q, &why) == (bit == 6), "bit %zu", bit);
    }
    /* x = p and x = p + 2 are 0 and 2 once more. x = p - 1: y^2 = 3. */
    struct bytes prime = unhex(a, prime_hex);
    memcpy(in, prime.p, sizeof in);
    in[0] |= 0x80;
    assert_false(g1_decompress(in, &q, &why));
    in[47] += 2;
    assert_false(g1_decompress(in, &q, &why));
    memset(in, 0, sizeof in);
    in[0] = 0x80;
    assert_true(g1_decompress(in, &q, &why)); /* (0, 2) */
    assert_true(fp_is_zero(&q.x) && !fp_is_large(&q.y));
}

static void hints_are_only_hints(void **state)
{
    (void)state;
    uint64_t seed = 1000;
    const char *why;
    struct g1_affine p, q, r;
    uint8_t in[G1_COMPRESSED], y[FP_BYTES], bad[FP_BYTES];
    for (int i = 0; i < 20; i++) {
        p = g1_random(&seed);
        r = g1_random(&seed);
        g1_compress(&p, in);
        fp_write(&p.y, y);
        assert_true(g1_from_hint(in, y, &q, &why));
        CASE("hint", g1_same(&p, &q), "point %d", i);
        for (size_t bit = 0; bit < 8 * sizeof bad; bit++) {
            memcpy(bad, y, sizeof bad);
            bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
            CASE("bit", !g1_from_hint(in, bad, &q, &why), "%zu", bit);
        }
        fp_neg(&q.y, &p.y);
        fp_write(&q.y, bad);
        CASE("negative", !g1_from_hint(in, bad, &q, &why), "point %d", i);
        fp_write(&r.y, bad);
        CASE("another's", !g1_from_hint(in, bad, &q, &why), "point %d", i);
    }
    memset(in, 0, sizeof in);
    memset(y, 0, sizeof y);
    in[0] = 0xc0;
    assert_false(g1_from_hint(in, y, &q, &why));
    y[47] = 2; /* infinity is not (0, 2) */
    assert_false(g1_from_hint(in, y, &q, &why));
    in[0] = 0;
    assert_false(g1_from_hint(in, y, &q, &why));
    in[0] = 0x80; /* (0, 2) */
    assert_true(g1_from_hint(in, y, &q, &why));
    /* y = p + 2 */
    struct bytes prime = unhex(a, prime_hex);
    memcpy(y, prime.p, sizeof y);
    y[47] += 2;
    assert_false(g1_from_hint(in, y, &q, &why));
}

static void g2_points_have_one_encoding(void **state)
{
    (void)state;
    uint64_t seed = 1100;
    const char *why;
    struct g2_affine p, q;
    uint8_t in[G2_COMPRESSED], out[G2_COMPRESSED];
    for (int i = 0; i < 60; i++) {
        p = g2_random(&seed);
        g2_compress(&p, in);
        assert_true(g2_decompress(in, &q, &why));
        CASE("round", g2_same(&p, &q), "point %d", i);
        in[0] ^= 0x20;
        assert_true(g2_decompress(in, &q, &why));
        fp2_neg(&q.y, &q.y);
        CASE("sign", g2_same(&p, &q), "point %d", i);
        for (unsigned flags = 0; flags < 8; flags++) {
            memcpy(out, in, sizeof out);
            out[0] = (uint8_t)((out[0] & 0x1f) | flags << 5);
            CASE("flags", g2_decompress(out, &q, &why) == (flags == 4 || flags == 5), "%u", flags);
        }
        /* Flags in the second half are no flags but too large a number. */
        for (unsigned bit = 5; bit < 8; bit++) {
            memcpy(out, in, sizeof out);
            out[48] |= (uint8_t)(1u << bit);
            CASE("flags", !g2_decompress(out, &q, &why), "second half, bit %u", bit);
        }
    }
    memset(in, 0, sizeof in);
    in[0] = 0xc0;
    assert_true(g2_decompress(in, &q, &why));
    assert_true(q.infinity);
    g2_compress(&q, out);
    assert_memory_equal(in, out, sizeof in);
    for (size_t bit = 0; bit < 8 * sizeof in; bit++) {
        memcpy(out, in, sizeof out);
        out[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CASE("infinity", !g2_decompress(out, &q, &why), "bit %zu", bit);
    }
    /* Either coordinate p too large. */
    struct bytes prime = unhex(a, prime_hex);
    memset(in, 0, sizeof in);
    memcpy(in, prime.p, 48);
    in[0] |= 0x80;
    assert_false(g2_decompress(in, &q, &why));
    memset(in, 0, sizeof in);
    memcpy(in + 48, prime.p, 48);
    in[0] |= 0x80;
    assert_false(g2_decompress(in, &q, &why));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_generators_are_the_published_ones, start, done),
        cmocka_unit_test_setup_teardown(g1_addition_has_no_corner, start, done),
        cmocka_unit_test_setup_teardown(g2_addition_has_no_corner, start, done),
        cmocka_unit_test_setup_teardown(sums_are_the_one_by_one_sums, start, done),
        cmocka_unit_test_setup_teardown(the_subgroup_of_g1_is_where_r_gives_infinity, start, done),
        cmocka_unit_test_setup_teardown(the_subgroup_of_g2_is_where_r_gives_infinity, start, done),
        cmocka_unit_test_setup_teardown(points_of_small_order_are_outside, start, done),
        cmocka_unit_test_setup_teardown(g1_points_have_one_encoding, start, done),
        cmocka_unit_test_setup_teardown(hints_are_only_hints, start, done),
        cmocka_unit_test_setup_teardown(g2_points_have_one_encoding, start, done),
    };
    return HARNESS_RUN("bls curve", tests);
}
