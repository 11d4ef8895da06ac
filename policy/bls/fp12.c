#include "policy/bls/fp12.h"
#include "policy/bls/fp_mul.h"

const struct fp12 fp12_one = {.c0 = {.c0 = {.c0 = {FP_ONE}}}};

/* xi^(i (p - 1) / 6), i = 1 .. 5 */
static const struct fp2 gamma1[5] = {
    {{{0x07089552b319d465, 0xc6695f92b50a8313, 0x97e83cccd117228f, 0xa35baecab2dc29ee,
       0x1ce393ea5daace4d, 0x08f2220fb0fb66eb}},
     {{0xb2f66aad4ce5d646, 0x5842a06bfc497cec, 0xcf4895d42599d394, 0xc11b9cba40a8e8d0,
       0x2e3813cbe5a0de89, 0x110eefda88847faf}}},
    {{{0}},
     {{0xcd03c9e48671f071, 0x5dab22461fcda5d2, 0x587042afd3851b95, 0x8eb60ebe01bacb9e,
       0x03f97d6e83d050d2, 0x18f0206554638741}}},
    {{{0x7bcfa7a25aa30fda, 0xdc17dec12a927e7c, 0x2f088dd86b4ebef1, 0xd1ca2087da74d4a7,
       0x2da2596696cebc1d, 0x0e2b7eedbbfd87d2}},
     {{0x7bcfa7a25aa30fda, 0xdc17dec12a927e7c, 0x2f088dd86b4ebef1, 0xd1ca2087da74d4a7,
       0x2da2596696cebc1d, 0x0e2b7eedbbfd87d2}}},
    {{{0x890dc9e4867545c3, 0x2af322533285a5d5, 0x50880866309b7e2c, 0xa20d1b8c7e881024,
       0x14e4f04fe2db9068, 0x14e56d3f1564853a}},
     {{0}}},
    {{{0x82d83cf50dbce43f, 0xa2813e53df9d018f, 0xc6f0caa53c65e181, 0x7525cf528d50fe95,
       0x4a85ed50f4798a6b, 0x171da0fd6cf8eebd}},
     {{0x3726c30af242c66c, 0x7c2ac1aad1b6fe70, 0xa04007fbba4b14a2, 0xef517c3266341429,
       0x0095ba654ed2226b, 0x02e370eccc86f7dd}}},
};
/* xi^(i (p^2 - 1) / 6): in F_p */
static const struct fp gamma2[5] = {
    {{0xecfb361b798dba3a, 0xc100ddb891865a2c, 0x0ec08ff1232bda8e, 0xd5c13cc6f1ca4721,
      0x47222a47bf7b5c04, 0x0110f184e51c5f59}},
    {{0x30f1361b798a64e8, 0xf3b8ddab7ece5a2a, 0x16a8ca3ac61577f7, 0xc26a2ff874fd029b,
      0x3636b76660701c6e, 0x051ba4ab241b6160}},
    {{0x43f5fffffffcaaae, 0x32b7fff2ed47fffd, 0x07e83a49a2e99d69, 0xeca8f3318332bb7a,
      0xef148d1ea0f4c069, 0x040ab3263eff0206}},
    {{0xcd03c9e48671f071, 0x5dab22461fcda5d2, 0x587042afd3851b95, 0x8eb60ebe01bacb9e,
      0x03f97d6e83d050d2, 0x18f0206554638741}},
    {{0x890dc9e4867545c3, 0x2af322533285a5d5, 0x50880866309b7e2c, 0xa20d1b8c7e881024,
      0x14e4f04fe2db9068, 0x14e56d3f1564853a}},
};

/* Karatsuba over F_p6. */
void fp12_mul(struct fp12 *r, const struct fp12 *a, const struct fp12 *b)
{
    struct fp6 low, high, sum_a, sum_b;
    fp6_mul(&low, &a->c0, &b->c0);
    fp6_mul(&high, &a->c1, &b->c1);
    fp6_add(&sum_a, &a->c0, &a->c1);
    fp6_add(&sum_b, &b->c0, &b->c1);
    fp6_mul(&sum_a, &sum_a, &sum_b);
    fp6_sub(&sum_a, &sum_a, &low);
    fp6_sub(&r->c1, &sum_a, &high);
    fp6_mul_v(&high, &high);
    fp6_add(&r->c0, &low, &high);
}

/* The same with b = (l0 + l2 v) + (l3 v) w. */
void fp12_mul_line(struct fp12 *r, const struct fp12 *a, const struct fp12_line *l)
{
    struct fp6 low, high, sum;
    struct fp2 l23;
    fp6_mul_01(&low, &a->c0, &l->l0, &l->l2);
    fp6_mul_1(&high, &a->c1, &l->l3);
    fp6_add(&sum, &a->c0, &a->c1);
    fp2_add(&l23, &l->l2, &l->l3);
    fp6_mul_01(&sum, &sum, &l->l0, &l23);
    fp6_sub(&sum, &sum, &low);
    fp6_sub(&r->c1, &sum, &high);
    fp6_mul_v(&high, &high);
    fp6_add(&r->c0, &low, &high);
}

/* (a0 + a1)(a0 + v a1) - a0 a1 - v a0 a1, 2 a0 a1 */
void fp12_sqr(struct fp12 *r, const struct fp12 *a)
{
    struct fp6 both, sum, other;
    fp6_mul(&both, &a->c0, &a->c1);
    fp6_add(&sum, &a->c0, &a->c1);
    fp6_mul_v(&other, &a->c1);
    fp6_add(&other, &other, &a->c0);
    fp6_mul(&sum, &sum, &other);
    fp6_sub(&sum, &sum, &both);
    fp6_add(&r->c1, &both, &both);
    fp6_mul_v(&both, &both);
    fp6_sub(&r->c0, &sum, &both);
}

void fp12_conj(struct fp12 *r, const struct fp12 *a)
{
    r->c0 = a->c0;
    fp6_neg(&r->c1, &a->c1);
}

/* (a0 - a1 w) / (a0^2 - v a1^2) */
void fp12_inv(struct fp12 *r, const struct fp12 *a)
{
    struct fp6 n, t;
    fp6_sqr(&n, &a->c0);
    fp6_sqr(&t, &a->c1);
    fp6_mul_v(&t, &t);
    fp6_sub(&n, &n, &t);
    fp6_inv(&n, &n);
    fp6_mul(&r->c0, &a->c0, &n);
    fp6_mul(&r->c1, &a->c1, &n);
    fp6_neg(&r->c1, &r->c1);
}

/* (a_i w^i)^p = conj(a_i) xi^(i (p - 1) / 6) w^i */
void fp12_frobenius(struct fp12 *r, const struct fp12 *a)
{
    const struct fp2 *from[6] = {&a->c0.c0, &a->c1.c0, &a->c0.c1, &a->c1.c1, &a->c0.c2, &a->c1.c2};
    struct fp2 *to[6] = {&r->c0.c0, &r->c1.c0, &r->c0.c1, &r->c1.c1, &r->c0.c2, &r->c1.c2};
    for (size_t i = 0; i < 6; i++) {
        fp2_conj(to[i], from[i]);
        if (i > 0)
            fp2_mul(to[i], to[i], &gamma1[i - 1]);
    }
}

void fp12_frobenius2(struct fp12 *r, const struct fp12 *a)
{
    r->c0.c0 = a->c0.c0;
    fp2_mul_fp(&r->c1.c0, &a->c1.c0, &gamma2[0]);
    fp2_mul_fp(&r->c0.c1, &a->c0.c1, &gamma2[1]);
    fp2_mul_fp(&r->c1.c1, &a->c1.c1, &gamma2[2]);
    fp2_mul_fp(&r->c0.c2, &a->c0.c2, &gamma2[3]);
    fp2_mul_fp(&r->c1.c2, &a->c1.c2, &gamma2[4]);
}

/* fp4_sqr: (a + b s)^2 with s^2 = xi: a^2 + xi b^2, 2 a b. */
static void fp4_sqr(struct fp2 *c0, struct fp2 *c1, const struct fp2 *a, const struct fp2 *b)
{
    struct fp2 aa, bb, sum;
    fp2_sqr(&aa, a);
    fp2_sqr(&bb, b);
    fp2_add(&sum, a, b);
    fp2_sqr(&sum, &sum);
    fp2_sub(&sum, &sum, &aa);
    fp2_sub(c1, &sum, &bb);
    fp2_mul_xi(&bb, &bb);
    fp2_add(c0, &aa, &bb);
}

/* three_plus: r = 3 t + 2 x; three_minus: r = 3 t - 2 x */
static void three_plus(struct fp2 *r, const struct fp2 *t, const struct fp2 *x)
{
    struct fp2 s;
    fp2_add(&s, t, x);
    fp2_dbl(&s, &s);
    fp2_add(r, &s, t);
}

static void three_minus(struct fp2 *r, const struct fp2 *t, const struct fp2 *x)
{
    struct fp2 s;
    fp2_sub(&s, t, x);
    fp2_dbl(&s, &s);
    fp2_add(r, &s, t);
}

/*
 * Granger, Scott, eprint 2009/565: over F_p4 = F_p2[s], s = w^3, an element is A + B w + C w^2, and
 * in the cyclotomic subgroup its square is (3 A^2 - 2 A') + (3 s C^2 + 2 B') w + (3 B^2 - 2 C') w^2
 * where ' negates s.
 */
void fp12_cyclotomic_sqr(struct fp12 *r, const struct fp12 *a)
{
    struct fp2 a0, a1, b0, b1, c0, c1;
    fp4_sqr(&a0, &a1, &a->c0.c0, &a->c1.c1);
    fp4_sqr(&b0, &b1, &a->c1.c0, &a->c0.c2);
    fp4_sqr(&c0, &c1, &a->c0.c1, &a->c1.c2);
    three_minus(&r->c0.c0, &a0, &a->c0.c0);
    three_plus(&r->c1.c1, &a1, &a->c1.c1);
    fp2_mul_xi(&c1, &c1);
    three_plus(&r->c1.c0, &c1, &a->c1.c0);
    three_minus(&r->c0.c2, &c0, &a->c0.c2);
    three_minus(&r->c0.c1, &b0, &a->c0.c1);
    three_plus(&r->c1.c2, &b1, &a->c1.c2);
}

static bool fp6_eq(const struct fp6 *a, const struct fp6 *b)
{
    return fp2_eq(&a->c0, &b->c0) && fp2_eq(&a->c1, &b->c1) && fp2_eq(&a->c2, &b->c2);
}

bool fp12_eq(const struct fp12 *a, const struct fp12 *b)
{
    return fp6_eq(&a->c0, &b->c0) && fp6_eq(&a->c1, &b->c1);
}
