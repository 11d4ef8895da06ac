#include "policy/bls/g2.h"

#include "policy/bls/g1.h"

enum { FLAG_COMPRESSED = 0x80, FLAG_INFINITY = 0x40, FLAG_LARGE = 0x20, FLAGS = 0xe0 };

/* y^2 = x^3 + 4(1 + u) */
static void curve_rhs(const struct fp2 *x, struct fp2 *out)
{
    struct fp2 four;
    fp2_dbl(&four, &fp2_one);
    fp2_dbl(&four, &four);
    fp2_mul_xi(&four, &four);
    fp2_sqr(out, x);
    fp2_mul(out, out, x);
    fp2_add(out, out, &four);
}

static void set_infinity(struct g2_affine *p)
{
    *p = (struct g2_affine){.infinity = true};
}

bool g2_decompress(const uint8_t in[static G2_COMPRESSED], struct g2_affine *out, const char **why)
{
    uint8_t plain[2 * FP_BYTES];
    struct fp2 x, y;
    if (!(in[0] & FLAG_COMPRESSED)) {
        *why = "the point is not in compressed form";
        return false;
    }
    if (in[0] & FLAG_INFINITY) {
        if (in[0] != (FLAG_COMPRESSED | FLAG_INFINITY) || !mem_is_zero(in + 1, G2_COMPRESSED - 1)) {
            *why = "infinity has one encoding, and this is not it";
            return false;
        }
        set_infinity(out);
        return true;
    }
    memcpy(plain, in, sizeof plain);
    plain[0] &= (uint8_t)~FLAGS;
    if (!fp2_read(plain, &x)) {
        *why = "the point's x is not below the field's prime";
        return false;
    }
    curve_rhs(&x, &y);
    if (!fp2_sqrt(&y, &y)) {
        *why = "no point of the curve has this x";
        return false;
    }
    if (fp2_is_large(&y) != !!(in[0] & FLAG_LARGE))
        fp2_neg(&y, &y);
    *out = (struct g2_affine){.x = x, .y = y};
    return true;
}

void g2_compress(const struct g2_affine *p, uint8_t out[static G2_COMPRESSED])
{
    if (p->infinity) {
        memset(out, 0, G2_COMPRESSED);
        out[0] = FLAG_COMPRESSED | FLAG_INFINITY;
        return;
    }
    fp2_write(&p->x, out);
    out[0] |= (uint8_t)(FLAG_COMPRESSED | (fp2_is_large(&p->y) ? FLAG_LARGE : 0));
}

bool g2_on_curve(const struct g2_affine *p)
{
    struct fp2 left, right;
    if (p->infinity)
        return true;
    curve_rhs(&p->x, &right);
    fp2_sqr(&left, &p->y);
    return fp2_eq(&left, &right);
}

void g2_from_affine(struct g2 *r, const struct g2_affine *a)
{
    *r = (struct g2){.x = a->x, .y = a->y, .z = a->infinity ? fp2_zero : fp2_one};
}

void g2_to_affine(struct g2_affine *r, const struct g2 *a)
{
    struct fp2 i, ii;
    if (fp2_is_zero(&a->z)) {
        set_infinity(r);
        return;
    }
    fp2_inv(&i, &a->z);
    fp2_sqr(&ii, &i);
    fp2_mul(&r->x, &a->x, &ii);
    fp2_mul(&ii, &ii, &i);
    fp2_mul(&r->y, &a->y, &ii);
    r->infinity = false;
}

void g2_neg(struct g2 *r, const struct g2 *a)
{
    *r = *a;
    fp2_neg(&r->y, &a->y);
}

void g2_dbl(struct g2 *r, const struct g2 *a)
{
    struct fp2 xx, yy, s, m, t, z;
    fp2_sqr(&xx, &a->x);
    fp2_sqr(&yy, &a->y);
    fp2_mul(&s, &a->x, &yy); /* s = 4 x y^2 */
    fp2_dbl(&s, &s);
    fp2_dbl(&s, &s);
    fp2_dbl(&m, &xx); /* m = 3 x^2 */
    fp2_add(&m, &m, &xx);
    fp2_mul(&z, &a->y, &a->z);
    fp2_dbl(&r->z, &z);
    fp2_sqr(&r->x, &m);
    fp2_dbl(&t, &s);
    fp2_sub(&r->x, &r->x, &t);
    fp2_sqr(&t, &yy); /* 8 y^4 */
    fp2_dbl(&t, &t);
    fp2_dbl(&t, &t);
    fp2_dbl(&t, &t);
    fp2_sub(&s, &s, &r->x);
    fp2_mul(&s, &s, &m);
    fp2_sub(&r->y, &s, &t);
}

void g2_add(struct g2 *r, const struct g2 *a, const struct g2 *b)
{
    struct fp2 aa, bb, u1, s1, h, d, z, hh, v, t;
    if (fp2_is_zero(&a->z) || fp2_is_zero(&b->z)) {
        *r = fp2_is_zero(&a->z) ? *b : *a;
        return;
    }
    fp2_sqr(&aa, &a->z);
    fp2_sqr(&bb, &b->z);
    fp2_mul(&u1, &a->x, &bb);
    fp2_mul(&s1, &a->y, &bb);
    fp2_mul(&s1, &s1, &b->z);
    fp2_mul(&h, &b->x, &aa);
    fp2_sub(&h, &h, &u1);
    fp2_mul(&d, &b->y, &aa);
    fp2_mul(&d, &d, &a->z);
    fp2_sub(&d, &d, &s1);
    if (fp2_is_zero(&h)) {
        if (fp2_is_zero(&d))
            g2_dbl(r, a);
        else
            *r = (struct g2){.z = fp2_zero};
        return;
    }
    fp2_mul(&z, &a->z, &b->z);
    fp2_sqr(&hh, &h);
    fp2_mul(&v, &u1, &hh);
    fp2_mul(&hh, &hh, &h); /* h^3 */
    fp2_mul(&t, &s1, &hh);
    fp2_mul(&r->z, &z, &h);
    fp2_sqr(&r->x, &d);
    fp2_sub(&r->x, &r->x, &hh);
    fp2_sub(&r->x, &r->x, &v);
    fp2_sub(&r->x, &r->x, &v);
    fp2_sub(&v, &v, &r->x);
    fp2_mul(&v, &v, &d);
    fp2_sub(&r->y, &v, &t);
}
