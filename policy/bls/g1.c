#include "policy/bls/g1.h"

/* Montgomery form, as struct fp says. x = 17f1d3a7..adb22c6bb, y = 08b3f481..c5e7e1. */
const struct g1_affine g1_generator = {
    .x = {{0x5cb38790fd530c16, 0x7817fc679976fff5, 0x154f95c7143ba1c1, 0xf0ae6acdf3d0e747,
           0xedce6ecc21dbf440, 0x120177419e0bfb75}},
    .y = {{0xbaac93d50ce72271, 0x8c22631a7918fd8e, 0xdd595f13570725ce, 0x51ac582950405194,
           0x0e1c8c3fad0059c0, 0x0bbc3efc5008a26a}},
};

/* 5f19672fdf76ce51ba69c6076a0f77eaddb3a93be6f89688de17d813620a00022e01fffffffefffe */
const struct fp bls_beta = {{0x30f1361b798a64e8, 0xf3b8ddab7ece5a2a, 0x16a8ca3ac61577f7,
                             0xc26a2ff874fd029b, 0x3636b76660701c6e, 0x051ba4ab241b6160}};

/* The three flags in the first byte of a serialised point. */
enum { FLAG_COMPRESSED = 0x80, FLAG_INFINITY = 0x40, FLAG_LARGE = 0x20, FLAGS = 0xe0 };

/* y^2 = x^3 + 4 */
static void curve_rhs(const struct fp *x, struct fp *out)
{
    struct fp four;
    fp_dbl(&four, &fp_one);
    fp_dbl(&four, &four);
    fp_sqr(out, x);
    fp_mul(out, out, x);
    fp_add(out, out, &four);
}

enum encoding { REFUSED, IS_INFINITY, HAS_X };

static enum encoding read_x(const uint8_t in[static G1_COMPRESSED], struct fp *x, const char **why)
{
    uint8_t plain[FP_BYTES];
    if (!(in[0] & FLAG_COMPRESSED)) {
        *why = "the point is not in compressed form";
        return REFUSED;
    }
    if (in[0] & FLAG_INFINITY) {
        if (in[0] == (FLAG_COMPRESSED | FLAG_INFINITY) && mem_is_zero(in + 1, G1_COMPRESSED - 1))
            return IS_INFINITY;
        *why = "infinity has one encoding, and this is not it";
        return REFUSED;
    }
    memcpy(plain, in, sizeof plain);
    plain[0] &= (uint8_t)~FLAGS;
    if (!fp_read(plain, x)) {
        *why = "the point's x is not below the field's prime";
        return REFUSED;
    }
    return HAS_X;
}

static void set_infinity(struct g1_affine *p)
{
    *p = (struct g1_affine){.infinity = true};
}

bool g1_decompress(const uint8_t in[static G1_COMPRESSED], struct g1_affine *out, const char **why)
{
    struct fp x, y;
    enum encoding e = read_x(in, &x, why);
    if (e == REFUSED)
        return false;
    if (e == IS_INFINITY) {
        set_infinity(out);
        return true;
    }
    curve_rhs(&x, &y);
    if (!fp_sqrt(&y, &y)) {
        *why = "no point of the curve has this x";
        return false;
    }
    if (fp_is_large(&y) != !!(in[0] & FLAG_LARGE))
        fp_neg(&y, &y);
    *out = (struct g1_affine){.x = x, .y = y};
    return true;
}

bool g1_from_hint(const uint8_t in[static G1_COMPRESSED], const uint8_t y[static FP_BYTES],
                  struct g1_affine *out, const char **why)
{
    struct g1_affine p = {.infinity = false};
    enum encoding e = read_x(in, &p.x, why);
    if (e == REFUSED)
        return false;
    if (e == IS_INFINITY || !fp_read(y, &p.y) || !g1_on_curve(&p) ||
        fp_is_large(&p.y) != !!(in[0] & FLAG_LARGE)) {
        *why = "the hint is not this point's y";
        return false;
    }
    *out = p;
    return true;
}

void g1_compress(const struct g1_affine *p, uint8_t out[static G1_COMPRESSED])
{
    if (p->infinity) {
        memset(out, 0, G1_COMPRESSED);
        out[0] = FLAG_COMPRESSED | FLAG_INFINITY;
        return;
    }
    fp_write(&p->x, out);
    out[0] |= (uint8_t)(FLAG_COMPRESSED | (fp_is_large(&p->y) ? FLAG_LARGE : 0));
}

bool g1_on_curve(const struct g1_affine *p)
{
    struct fp left, right;
    if (p->infinity)
        return true;
    curve_rhs(&p->x, &right);
    fp_sqr(&left, &p->y);
    return fp_eq(&left, &right);
}

/* r = -x p, the curve's parameter x having 64 bits. */
static void mul_x_abs(struct g1 *r, const struct g1 *p)
{
    struct g1 acc = *p;
    for (int bit = 62; bit >= 0; bit--) {
        g1_dbl(&acc, &acc);
        if (BLS_X_ABS >> bit & 1)
            g1_add(&acc, &acc, p);
    }
    *r = acc;
}

/*
 * phi(P) = -x^2 P. phi satisfies phi^2 + phi + 1 = 0, so that phi + x^2 has the norm x^4 - x^2 + 1,
 * which is r: exactly the r points of the subgroup pass (eprint 2021/1130, section 4).
 */
bool g1_in_group(const struct g1_affine *p)
{
    struct g1 q;
    struct fp zz, t;
    if (p->infinity)
        return true;
    g1_from_affine(&q, p);
    mul_x_abs(&q, &q);
    mul_x_abs(&q, &q);
    if (fp_is_zero(&q.z))
        return false;
    fp_sqr(&zz, &q.z);
    fp_mul(&t, &p->x, &bls_beta);
    fp_mul(&t, &t, &zz);
    if (!fp_eq(&t, &q.x))
        return false;
    fp_mul(&t, &p->y, &zz);
    fp_mul(&t, &t, &q.z);
    fp_neg(&t, &t);
    return fp_eq(&t, &q.y);
}

void g1_from_affine(struct g1 *r, const struct g1_affine *a)
{
    *r = (struct g1){.x = a->x, .y = a->y, .z = a->infinity ? fp_zero : fp_one};
}

void g1_to_affine(struct g1_affine *r, const struct g1 *a)
{
    struct fp i, ii;
    if (fp_is_zero(&a->z)) {
        set_infinity(r);
        return;
    }
    fp_inv(&i, &a->z);
    fp_sqr(&ii, &i);
    fp_mul(&r->x, &a->x, &ii);
    fp_mul(&ii, &ii, &i);
    fp_mul(&r->y, &a->y, &ii);
    r->infinity = false;
}

void g1_neg_affine(struct g1_affine *r, const struct g1_affine *a)
{
    *r = *a;
    fp_neg(&r->y, &a->y);
}

void g1_dbl(struct g1 *r, const struct g1 *a)
{
    struct fp xx, yy, s, m, t, z;
    fp_sqr(&xx, &a->x);
    fp_sqr(&yy, &a->y);
    fp_mul(&s, &a->x, &yy); /* s = 4 x y^2 */
    fp_dbl(&s, &s);
    fp_dbl(&s, &s);
    fp_dbl(&m, &xx); /* m = 3 x^2 */
    fp_add(&m, &m, &xx);
    fp_mul(&z, &a->y, &a->z);
    fp_dbl(&r->z, &z);
    fp_sqr(&r->x, &m);
    fp_dbl(&t, &s);
    fp_sub(&r->x, &r->x, &t);
    fp_sqr(&t, &yy); /* 8 y^4 */
    fp_dbl(&t, &t);
    fp_dbl(&t, &t);
    fp_dbl(&t, &t);
    fp_sub(&s, &s, &r->x);
    fp_mul(&s, &s, &m);
    fp_sub(&r->y, &s, &t);
}

/*
 * The common end of both additions: (u1, s1) is the first point over the common denominator, h and
 * d the differences in x and y, z the product of the two z.
 */
static void add_finish(struct g1 *r, const struct fp *u1, const struct fp *s1, const struct fp *h,
                       const struct fp *d, const struct fp *z)
{
    struct fp hh, hhh, v, t;
    fp_sqr(&hh, h);
    fp_mul(&hhh, &hh, h);
    fp_mul(&v, u1, &hh);
    fp_mul(&t, s1, &hhh);
    fp_mul(&r->z, z, h);
    fp_sqr(&r->x, d);
    fp_sub(&r->x, &r->x, &hhh);
    fp_sub(&r->x, &r->x, &v);
    fp_sub(&r->x, &r->x, &v);
    fp_sub(&v, &v, &r->x);
    fp_mul(&v, &v, d);
    fp_sub(&r->y, &v, &t);
}

void g1_add(struct g1 *r, const struct g1 *a, const struct g1 *b)
{
    struct fp aa, bb, u1, s1, h, d, z;
    if (fp_is_zero(&a->z) || fp_is_zero(&b->z)) {
        *r = fp_is_zero(&a->z) ? *b : *a;
        return;
    }
    fp_sqr(&aa, &a->z);
    fp_sqr(&bb, &b->z);
    fp_mul(&u1, &a->x, &bb);
    fp_mul(&s1, &a->y, &bb);
    fp_mul(&s1, &s1, &b->z);
    fp_mul(&h, &b->x, &aa);
    fp_sub(&h, &h, &u1);
    fp_mul(&d, &b->y, &aa);
    fp_mul(&d, &d, &a->z);
    fp_sub(&d, &d, &s1);
    if (fp_is_zero(&h)) {
        if (fp_is_zero(&d))
            g1_dbl(r, a);
        else
            *r = (struct g1){.z = fp_zero};
        return;
    }
    fp_mul(&z, &a->z, &b->z);
    add_finish(r, &u1, &s1, &h, &d, &z);
}

void g1_add_affine(struct g1 *r, const struct g1 *a, const struct g1_affine *b)
{
    struct fp aa, u1 = a->x, s1 = a->y, h, d, z = a->z;
    if (b->infinity) {
        *r = *a;
        return;
    }
    if (fp_is_zero(&a->z)) {
        g1_from_affine(r, b);
        return;
    }
    fp_sqr(&aa, &a->z);
    fp_mul(&h, &b->x, &aa);
    fp_sub(&h, &h, &u1);
    fp_mul(&d, &b->y, &aa);
    fp_mul(&d, &d, &a->z);
    fp_sub(&d, &d, &s1);
    if (fp_is_zero(&h)) {
        if (fp_is_zero(&d))
            g1_dbl(r, a);
        else
            *r = (struct g1){.z = fp_zero};
        return;
    }
    add_finish(r, &u1, &s1, &h, &d, &z);
}
