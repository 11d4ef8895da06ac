#include "policy/bls/g2_map.h"

static void small(unsigned n, struct fp *out)
{
    *out = fp_zero;
    for (unsigned bit = 16; bit-- > 0;) {
        fp_dbl(out, out);
        if (n >> bit & 1)
            fp_add(out, out, &fp_one);
    }
}

/* r = a * n u */
static void mul_small_u(struct fp2 *r, const struct fp2 *a, unsigned n)
{
    struct fp k;
    struct fp2 t;
    small(n, &k);
    fp_neg(&t.c0, &a->c1);
    t.c1 = a->c0;
    fp2_mul_fp(r, &t, &k);
}

/* r = n (1 + u) */
static void small_xi(struct fp2 *r, unsigned n)
{
    small(n, &r->c0);
    r->c1 = r->c0;
}

/* A' = 240 u, B' = 1012 (1 + u), Z = -(2 + u) */
static void times_a(struct fp2 *r, const struct fp2 *a)
{
    mul_small_u(r, a, 240);
}

static void times_b(struct fp2 *r, const struct fp2 *a)
{
    struct fp k;
    small(1012, &k);
    fp2_mul_xi(r, a);
    fp2_mul_fp(r, r, &k);
}

static void times_z(struct fp2 *r, const struct fp2 *a)
{
    struct fp2 t; /* (a0 + a1 u)(2 + u) = 2 a0 - a1 + (a0 + 2 a1) u */
    fp2_dbl(&t, a);
    fp_sub(&t.c0, &t.c0, &a->c1);
    fp_add(&t.c1, &t.c1, &a->c0);
    fp2_neg(r, &t);
}

/* x^3 + A' x + B' */
static void iso_rhs(struct fp2 *r, const struct fp2 *x)
{
    struct fp2 ax, b;
    times_a(&ax, x);
    small_xi(&b, 1012);
    fp2_sqr(r, x);
    fp2_mul(r, r, x);
    fp2_add(r, r, &ax);
    fp2_add(r, r, &b);
}

void map_sswu(const struct fp2 *in, struct iso_point *out)
{
    struct fp2 zu, t, num, den, x, y, gx;
    fp2_sqr(&zu, in);
    times_z(&zu, &zu); /* Z u^2 */
    fp2_sqr(&t, &zu);
    fp2_add(&t, &t, &zu); /* Z^2 u^4 + Z u^2 */
    /* x1 = -B'/A' (1 + 1/t); or B'/(Z A') when t is 0 */
    fp2_add(&num, &t, &fp2_one);
    times_b(&num, &num);
    if (fp2_is_zero(&t)) {
        times_z(&den, &fp2_one);
        times_a(&den, &den);
    } else {
        times_a(&den, &t);
        fp2_neg(&den, &den);
    }
    fp2_inv(&den, &den);
    fp2_mul(&x, &num, &den);
    iso_rhs(&gx, &x);
    if (!fp2_sqrt(&y, &gx)) {
        /* Then x2 = Z u^2 x1 is the x of a point: Z is no square, and g(x2) = (Z u^2)^3 g(x1). */
        fp2_mul(&x, &x, &zu);
        iso_rhs(&gx, &x);
        if (!fp2_sqrt(&y, &gx))
            y = fp2_zero; /* cannot be; a point off the curve fails the signature */
    }
    if (fp2_is_odd(in) != fp2_is_odd(&y))
        fp2_neg(&y, &y);
    *out = (struct iso_point){x, y};
}

/*
 * Velu's formulas for the subgroup {O, (x0, +-y0)} with x0 = -6 + 6u, and then the isomorphism
 * (x, y) -> (x/9, -y/27); d = x - x0:
 *     x -> (x + 48u/d + 16(1+u)/d^2) / 9
 *     y -> -y (1 - 48u/d^2 - 32(1+u)/d^3) / 27
 * Multiplied out, these are the polynomials of RFC 9380 E.3. With z = 3d no division is left.
 */
void map_isogeny(const struct iso_point *in, struct g2 *out)
{
    struct fp2 d, dd, t, k;
    struct fp six;
    small(6, &six);
    fp_add(&d.c0, &in->x.c0, &six);
    fp_sub(&d.c1, &in->x.c1, &six);
    fp2_sqr(&dd, &d);
    mul_small_u(&t, &d, 48);
    fp2_mul(&out->x, &in->x, &dd);
    fp2_add(&out->x, &out->x, &t);
    small_xi(&k, 16);
    fp2_add(&out->x, &out->x, &k);
    small_xi(&k, 32);
    fp2_add(&t, &t, &k);
    fp2_mul(&dd, &dd, &d);
    fp2_sub(&t, &t, &dd);
    fp2_mul(&out->y, &t, &in->y);
    fp2_dbl(&t, &d);
    fp2_add(&out->z, &t, &d);
}
