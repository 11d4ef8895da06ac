#include "policy/bls/ate.h"

#define ABS_X 0xd201000000010000u /* -x; 64 bits */

/* ---- the Miller loop ------------------------------------------------------------------------- */
struct pair {
    const struct g2_affine *q;
    struct fp neg_px, py;
    struct fp2 x, y, z; /* t, the running multiple of q: (x/z, y/z) */
};

/* triple: r = 3 a; r is not a. */
static void triple(struct fp2 *r, const struct fp2 *a)
{
    fp2_dbl(r, a);
    fp2_add(r, r, a);
}

/* at: a line whose coefficients are for x = y = 1 so far, at the pair's point. */
static void at(struct fp12_line *l, const struct pair *t)
{
    fp2_mul_fp(&l->l2, &l->l2, &t->neg_px);
    fp2_mul_fp(&l->l3, &l->l3, &t->py);
}

/*
 * The untwisted t is (x/w^2, y/w^3) and the slope of a line there is the twist's slope s over w, so
 * the line at P, times w^3, is (s x - y) - s px w^2 + py w^3. Factors in F_p2 do not count: the
 * final exponentiation makes them one.
 *
 * double_step: t = 2 t and the tangent at the old t, times 2 y z; s = 3 x^2/(2 y). With the curve
 * y^2 = x^3 + b z^2 (b = 4 xi) the constant becomes y^2 - 3 b z^2.
 */
static void double_step(struct pair *t, struct fp12_line *l)
{
    struct fp2 xy, yy, zz, e, e3, yz2, u;
    fp2_mul(&xy, &t->x, &t->y);
    fp2_sqr(&yy, &t->y);
    fp2_sqr(&zz, &t->z);
    fp2_add(&yz2, &t->y, &t->z);
    fp2_sqr(&yz2, &yz2);
    fp2_sub(&yz2, &yz2, &yy);
    fp2_sub(&yz2, &yz2, &zz);
    fp2_mul_xi(&u, &zz);
    fp2_dbl(&u, &u);
    fp2_dbl(&u, &u);
    triple(&e, &u); /* 3 b z^2 */
    triple(&e3, &e);

    fp2_sub(&l->l0, &yy, &e);
    fp2_sqr(&u, &t->x);
    triple(&l->l2, &u);
    l->l3 = yz2;
    at(l, t);

    fp2_sub(&u, &yy, &e3);
    fp2_mul(&t->x, &xy, &u);
    fp2_dbl(&t->x, &t->x); /* 2 x y (y^2 - 9 b z^2) */
    fp2_dbl(&e, &e);
    fp2_sqr(&e, &e);
    triple(&u, &e);
    fp2_add(&t->y, &yy, &e3);
    fp2_sqr(&t->y, &t->y);
    fp2_sub(&t->y, &t->y, &u); /* (y^2 + 9 b z^2)^2 - 3 (6 b z^2)^2 */
    fp2_mul(&t->z, &yy, &yz2);
    fp2_dbl(&t->z, &t->z);
    fp2_dbl(&t->z, &t->z); /* 8 y^3 z */
}

/* add_step: t = t + q and the line through both, times d, with s = n/d, n = y - qy z, d = x - qx z.
 */
static void add_step(struct pair *t, struct fp12_line *l)
{
    struct fp2 n, d, dd, ddd, xdd, h, u;
    fp2_mul(&u, &t->q->y, &t->z);
    fp2_sub(&n, &t->y, &u);
    fp2_mul(&u, &t->q->x, &t->z);
    fp2_sub(&d, &t->x, &u);

    fp2_mul(&l->l0, &n, &t->q->x);
    fp2_mul(&u, &d, &t->q->y);
    fp2_sub(&l->l0, &l->l0, &u);
    l->l2 = n;
    l->l3 = d;
    at(l, t);

    fp2_sqr(&dd, &d);
    fp2_mul(&ddd, &dd, &d);
    fp2_mul(&xdd, &t->x, &dd);
    fp2_sqr(&h, &n);
    fp2_mul(&h, &h, &t->z);
    fp2_add(&h, &h, &ddd);
    fp2_sub(&h, &h, &xdd);
    fp2_sub(&h, &h, &xdd); /* n^2 z + d^3 - 2 x d^2 */
    fp2_mul(&t->x, &d, &h);
    fp2_sub(&xdd, &xdd, &h);
    fp2_mul(&xdd, &xdd, &n);
    fp2_mul(&u, &ddd, &t->y);
    fp2_sub(&t->y, &xdd, &u);
    fp2_mul(&t->z, &t->z, &ddd);
}

/* step: one line of each pair into f. */
static void step(struct pair *t, size_t n, void (*make)(struct pair *, struct fp12_line *),
                 struct fp12 *f)
{
    for (size_t i = 0; i < n; i++) {
        struct fp12_line l;
        make(&t[i], &l);
        fp12_mul_line(f, f, &l);
    }
}

void ate_miller(const struct g1_affine *p, const struct g2_affine *q, size_t n, struct fp12 *out)
{
    struct pair t[PAIRING_MAX];
    struct fp12 f = fp12_one;
    for (size_t i = 0; i < n; i++) {
        t[i] = (struct pair){.q = &q[i], .py = p[i].y, .x = q[i].x, .y = q[i].y, .z = fp2_one};
        fp_neg(&t[i].neg_px, &p[i].x);
    }
    for (unsigned bit = 63; bit-- > 0;) {
        if (bit != 62) /* one, the first time */
            fp12_sqr(&f, &f);
        step(t, n, double_step, &f);
        if (ABS_X >> bit & 1)
            step(t, n, add_step, &f);
    }
    fp12_conj(out, &f); /* x is negative */
}

/* ---- the final exponentiation ---------------------------------------------------------------- */
/* power_x: f^x in the cyclotomic subgroup. r is not f. */
static void power_x(struct fp12 *r, const struct fp12 *f)
{
    *r = *f;
    for (unsigned bit = 63; bit-- > 0;) {
        fp12_cyclotomic_sqr(r, r);
        if (ABS_X >> bit & 1)
            fp12_mul(r, r, f);
    }
    fp12_conj(r, r);
}

/* power_x1: f^(x - 1) */
static void power_x1(struct fp12 *r, const struct fp12 *f)
{
    struct fp12 inverse;
    power_x(r, f);
    fp12_conj(&inverse, f);
    fp12_mul(r, r, &inverse);
}

/*
 * (p^12 - 1)/r = (p^6 - 1)(p^2 + 1) h, and 3 h = (x - 1)^2 (x + p)(x^2 + p^2 - 1) + 3 (Hayashida,
 * Hayasaka, Teruya, eprint 2020/875).
 */
void ate_final(const struct fp12 *f, struct fp12 *out)
{
    struct fp12 m, t, u;
    fp12_conj(&m, f);
    fp12_inv(&t, f);
    fp12_mul(&m, &m, &t);
    fp12_frobenius2(&t, &m);
    fp12_mul(&m, &m, &t);

    power_x1(&t, &m);
    power_x1(&u, &t);
    power_x(&t, &u);
    fp12_frobenius(&u, &u);
    fp12_mul(&t, &t, &u); /* m^((x - 1)^2 (x + p)) */
    struct fp12 xx;
    power_x(&u, &t);
    power_x(&xx, &u);
    fp12_frobenius2(&u, &t);
    fp12_mul(&xx, &xx, &u);
    fp12_conj(&t, &t);
    fp12_mul(&xx, &xx, &t);
    fp12_cyclotomic_sqr(&u, &m);
    fp12_mul(&u, &u, &m);
    fp12_mul(out, &xx, &u);
}

bool pairing_product_is_one(const struct g1_affine *p, const struct g2_affine *q, size_t n)
{
    struct g1_affine some_p[PAIRING_MAX];
    struct g2_affine some_q[PAIRING_MAX];
    size_t num = 0;
    if (n > PAIRING_MAX)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (p[i].infinity || q[i].infinity)
            continue; /* one */
        some_p[num] = p[i];
        some_q[num++] = q[i];
    }
    struct fp12 f;
    ate_miller(some_p, some_q, num, &f);
    ate_final(&f, &f);
    return fp12_eq(&f, &fp12_one);
}
