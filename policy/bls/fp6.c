#include "policy/bls/fp12.h"
#include "policy/bls/fp_mul.h"

const struct fp6 fp6_zero;

void fp6_add(struct fp6 *r, const struct fp6 *a, const struct fp6 *b)
{
    fp2_add(&r->c0, &a->c0, &b->c0);
    fp2_add(&r->c1, &a->c1, &b->c1);
    fp2_add(&r->c2, &a->c2, &b->c2);
}

void fp6_sub(struct fp6 *r, const struct fp6 *a, const struct fp6 *b)
{
    fp2_sub(&r->c0, &a->c0, &b->c0);
    fp2_sub(&r->c1, &a->c1, &b->c1);
    fp2_sub(&r->c2, &a->c2, &b->c2);
}

void fp6_neg(struct fp6 *r, const struct fp6 *a)
{
    fp2_neg(&r->c0, &a->c0);
    fp2_neg(&r->c1, &a->c1);
    fp2_neg(&r->c2, &a->c2);
}

/*
 * Products are computed coefficient by coefficient, as sums of products in F_p with one reduction
 * each (fp_dot). Karatsuba's way has fewer products but a reduction for each, and more sums.
 */
struct factor {
    struct fp2 b;
    struct fp minus_c1;
};

static void factor(struct factor *r, const struct fp2 *b)
{
    r->b = *b;
    fp_neg(&r->minus_c1, &b->c1);
}

static void factor_xi(struct factor *r, const struct fp2 *b)
{
    struct fp2 t;
    fp2_mul_xi(&t, b);
    factor(r, &t);
}

_Static_assert(sizeof(struct fp6) == 6 * sizeof(struct fp), "fp6 is an array of six");

/* dot: the sum of a[k] b[k], k < n, n at most 3. */
static void dot(struct fp2 *r, const struct fp2 *a, const struct factor *const *b, size_t n)
{
    const struct fp *real[FP_DOT_MAX], *other[FP_DOT_MAX];
    const struct fp *parts = (const struct fp *)(const void *)a;
    for (size_t k = 0; k < n; k++) {
        real[2 * k] = other[2 * k + 1] = &b[k]->b.c0;
        real[2 * k + 1] = &b[k]->minus_c1;
        other[2 * k] = &b[k]->b.c1;
    }
    fp_dot(&r->c0, parts, real, 2 * n);
    fp_dot(&r->c1, parts, other, 2 * n);
}

void fp6_mul(struct fp6 *r, const struct fp6 *a, const struct fp6 *b)
{
    struct factor b0, b1, b2, xi_b1, xi_b2;
    struct fp6 t;
    factor(&b0, &b->c0);
    factor(&b1, &b->c1);
    factor(&b2, &b->c2);
    factor_xi(&xi_b1, &b->c1);
    factor_xi(&xi_b2, &b->c2);
    const struct fp2 *all = (const struct fp2 *)(const void *)a;
    dot(&t.c0, all, (const struct factor *const[]){&b0, &xi_b2, &xi_b1}, 3);
    dot(&t.c1, all, (const struct factor *const[]){&b1, &b0, &xi_b2}, 3);
    dot(&t.c2, all, (const struct factor *const[]){&b2, &b1, &b0}, 3);
    *r = t;
}

void fp6_mul_01(struct fp6 *r, const struct fp6 *a, const struct fp2 *b0, const struct fp2 *b1)
{
    struct factor f0, f1, xi_f1;
    const struct fp2 around[4] = {a->c0, a->c1, a->c2, a->c0}; /* so that neighbours multiply */
    factor(&f0, b0);
    factor(&f1, b1);
    factor_xi(&xi_f1, b1);
    dot(&r->c0, &around[2], (const struct factor *const[]){&xi_f1, &f0}, 2);
    dot(&r->c1, &around[0], (const struct factor *const[]){&f1, &f0}, 2);
    dot(&r->c2, &around[1], (const struct factor *const[]){&f1, &f0}, 2);
}

void fp6_mul_1(struct fp6 *r, const struct fp6 *a, const struct fp2 *b1)
{
    struct fp2 t;
    fp2_mul(&t, &a->c2, b1);
    fp2_mul(&r->c2, &a->c1, b1);
    fp2_mul(&r->c1, &a->c0, b1);
    fp2_mul_xi(&r->c0, &t);
}

void fp6_mul_v(struct fp6 *r, const struct fp6 *a)
{
    struct fp2 t;
    fp2_mul_xi(&t, &a->c2);
    r->c2 = a->c1;
    r->c1 = a->c0;
    r->c0 = t;
}

/* a0^2 + 2 xi a1 a2, 2 a0 a1 + xi a2^2, and a1^2 + 2 a0 a2 from (a0 - a1 + a2)^2 */
void fp6_sqr(struct fp6 *r, const struct fp6 *a)
{
    struct fp2 s0, s2, p01, p12, m;
    fp2_sub(&m, &a->c0, &a->c1);
    fp2_add(&m, &m, &a->c2);
    fp2_sqr(&m, &m);
    fp2_sqr(&s0, &a->c0);
    fp2_sqr(&s2, &a->c2);
    fp2_mul(&p01, &a->c0, &a->c1);
    fp2_mul(&p12, &a->c1, &a->c2);
    fp2_dbl(&p01, &p01);
    fp2_dbl(&p12, &p12);
    fp2_add(&m, &m, &p01);
    fp2_add(&m, &m, &p12);
    fp2_sub(&m, &m, &s0);
    fp2_sub(&r->c2, &m, &s2);
    fp2_mul_xi(&p12, &p12);
    fp2_add(&r->c0, &s0, &p12);
    fp2_mul_xi(&s2, &s2);
    fp2_add(&r->c1, &p01, &s2);
}

/* The inverse is the adjugate (t0, t1, t2) over the norm a0 t0 + xi (a2 t1 + a1 t2). */
void fp6_inv(struct fp6 *r, const struct fp6 *a)
{
    struct fp6 t;
    struct fp2 n, s;
    fp2_sqr(&t.c0, &a->c0);
    fp2_mul(&s, &a->c1, &a->c2);
    fp2_mul_xi(&s, &s);
    fp2_sub(&t.c0, &t.c0, &s);
    fp2_sqr(&t.c1, &a->c2);
    fp2_mul_xi(&t.c1, &t.c1);
    fp2_mul(&s, &a->c0, &a->c1);
    fp2_sub(&t.c1, &t.c1, &s);
    fp2_sqr(&t.c2, &a->c1);
    fp2_mul(&s, &a->c0, &a->c2);
    fp2_sub(&t.c2, &t.c2, &s);
    fp2_mul(&n, &a->c2, &t.c1);
    fp2_mul(&s, &a->c1, &t.c2);
    fp2_add(&n, &n, &s);
    fp2_mul_xi(&n, &n);
    fp2_mul(&s, &a->c0, &t.c0);
    fp2_add(&n, &n, &s);
    fp2_inv(&n, &n);
    fp2_mul(&r->c0, &t.c0, &n);
    fp2_mul(&r->c1, &t.c1, &n);
    fp2_mul(&r->c2, &t.c2, &n);
}
