#include "policy/bls/fp12.h"

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

/* cross: a_i b_k + a_k b_i = (a_i + a_k)(b_i + b_k) - a_i b_i - a_k b_k */
static void cross(struct fp2 *r, const struct fp2 *ai, const struct fp2 *ak, const struct fp2 *bi,
                  const struct fp2 *bk, const struct fp2 *ii, const struct fp2 *kk)
{
    struct fp2 s, t;
    fp2_add(&s, ai, ak);
    fp2_add(&t, bi, bk);
    fp2_mul(&s, &s, &t);
    fp2_sub(&s, &s, ii);
    fp2_sub(r, &s, kk);
}

void fp6_mul(struct fp6 *r, const struct fp6 *a, const struct fp6 *b)
{
    struct fp2 v0, v1, v2, c12, c01, c02;
    fp2_mul(&v0, &a->c0, &b->c0);
    fp2_mul(&v1, &a->c1, &b->c1);
    fp2_mul(&v2, &a->c2, &b->c2);
    cross(&c12, &a->c1, &a->c2, &b->c1, &b->c2, &v1, &v2);
    cross(&c01, &a->c0, &a->c1, &b->c0, &b->c1, &v0, &v1);
    cross(&c02, &a->c0, &a->c2, &b->c0, &b->c2, &v0, &v2);
    fp2_mul_xi(&c12, &c12);
    fp2_mul_xi(&v2, &v2);
    fp2_add(&r->c0, &v0, &c12);
    fp2_add(&r->c1, &c01, &v2);
    fp2_add(&r->c2, &c02, &v1);
}

void fp6_mul_01(struct fp6 *r, const struct fp6 *a, const struct fp2 *b0, const struct fp2 *b1)
{
    struct fp2 v0, v1, c01, c12, c02;
    fp2_mul(&v0, &a->c0, b0);
    fp2_mul(&v1, &a->c1, b1);
    cross(&c01, &a->c0, &a->c1, b0, b1, &v0, &v1);
    fp2_mul(&c12, &a->c2, b1);
    fp2_mul(&c02, &a->c2, b0);
    fp2_mul_xi(&c12, &c12);
    fp2_add(&r->c0, &v0, &c12);
    r->c1 = c01;
    fp2_add(&r->c2, &c02, &v1);
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
