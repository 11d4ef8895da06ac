/*
 * psi and what it is good for: the subgroup check and the cofactor. psi(x, y) is (cx x', cy y')
 * with ' the conjugate, cx = (1+u)^-((p-1)/3) = -beta u and cy = (1+u)^-((p-1)/2) = c (-1 + u),
 * where beta^3 = 1 and c^2 = -1/2. So two multiplications in F_p do for each of them.
 */
#include "policy/bls/g1.h"
#include "policy/bls/g2.h"

/* 06af0e0437ff400b6831e36d6bd17ffe48395dabc2d3435e77f76e17009241c5ee67992f72ec05f4c81084fbede3cc09
 */
static const struct fp c = {{0x7bcfa7a25aa30fda, 0xdc17dec12a927e7c, 0x2f088dd86b4ebef1,
                             0xd1ca2087da74d4a7, 0x2da2596696cebc1d, 0x0e2b7eedbbfd87d2}};

/* conj(x) * (-beta u) = -beta (x1 + x0 u) */
static void times_cx(struct fp2 *r, const struct fp2 *x)
{
    struct fp2 t;
    fp_mul(&t.c0, &x->c1, &bls_beta);
    fp_mul(&t.c1, &x->c0, &bls_beta);
    fp2_neg(r, &t);
}

/* conj(y) * c (-1 + u) = c ((y1 - y0) + (y0 + y1) u) */
static void times_cy(struct fp2 *r, const struct fp2 *y)
{
    struct fp2 t;
    fp_sub(&t.c0, &y->c1, &y->c0);
    fp_add(&t.c1, &y->c0, &y->c1);
    fp2_mul_fp(r, &t, &c);
}

void g2_psi(struct g2 *r, const struct g2 *a)
{
    times_cx(&r->x, &a->x);
    times_cy(&r->y, &a->y);
    fp2_conj(&r->z, &a->z);
}

/* psi^2(x, y) = (beta^2 x, -y): cx conj(cx) = beta^2, cy conj(cy) = 2 c^2 = -1. */
static void psi_squared(struct g2 *r, const struct g2 *a)
{
    *r = *a;
    fp2_mul_fp(&r->x, &r->x, &bls_beta);
    fp2_mul_fp(&r->x, &r->x, &bls_beta);
    fp2_neg(&r->y, &r->y);
}

/* r = x a, for the curve's (negative) parameter x. */
static void mul_x(struct g2 *r, const struct g2 *a)
{
    struct g2 acc = *a;
    for (int bit = 62; bit >= 0; bit--) {
        g2_dbl(&acc, &acc);
        if (BLS_X_ABS >> bit & 1)
            g2_add(&acc, &acc, a);
    }
    g2_neg(r, &acc);
}

/*
 * psi satisfies T^2 - (x+1) T + p, whose value at x is p - x = h1 r (h1: the cofactor of G1): so
 * psi(P) = x P only for points of an order that divides h1 r; and h1 has no factor in common with
 * the cofactor of G2 (eprint 2021/1130, section 4; tests/unit/bls_map_test.c).
 */
bool g2_in_group(const struct g2_affine *p)
{
    struct g2 q, want;
    struct fp2 zz, t;
    if (p->infinity)
        return true;
    g2_from_affine(&want, p);
    mul_x(&q, &want);
    if (fp2_is_zero(&q.z))
        return false;
    g2_psi(&want, &want); /* its z stays 1 */
    fp2_sqr(&zz, &q.z);
    fp2_mul(&t, &want.x, &zz);
    if (!fp2_eq(&t, &q.x))
        return false;
    fp2_mul(&t, &want.y, &zz);
    fp2_mul(&t, &t, &q.z);
    return fp2_eq(&t, &q.y);
}

/* (x^2 - x - 1) P + (x - 1) psi(P) + psi^2(2 P) */
void g2_clear_cofactor(struct g2 *r, const struct g2 *a)
{
    struct g2 p = *a, xp, sum, t;
    mul_x(&xp, &p);
    g2_psi(&t, &p);
    g2_add(&sum, &xp, &t);
    mul_x(&sum, &sum); /* x^2 P + x psi(P) */
    g2_neg(&t, &t);
    g2_add(&sum, &sum, &t);
    g2_neg(&t, &xp);
    g2_add(&sum, &sum, &t);
    g2_neg(&t, &p);
    g2_add(&sum, &sum, &t);
    g2_dbl(&t, &p);
    psi_squared(&t, &t);
    g2_add(r, &sum, &t);
}
