#include "policy/bls/fp2.h"
#include "policy/bls/fp_mul.h"

const struct fp2 fp2_zero, fp2_one = {.c0 = {FP_ONE}};
/* 1/2 */
static const struct fp half = {{0x1804000000015554, 0x855000053ab00001, 0x633cb57c253c276f,
                                0x6e22d1ec31ebb502, 0xd3916126f2d14ca2, 0x17fbb8571a006596}};

bool fp2_read(const uint8_t in[static 2 * FP_BYTES], struct fp2 *out)
{
    struct fp2 a;
    if (!fp_read(in, &a.c1) || !fp_read(in + FP_BYTES, &a.c0))
        return false;
    *out = a;
    return true;
}

void fp2_write(const struct fp2 *a, uint8_t out[static 2 * FP_BYTES])
{
    fp_write(&a->c1, out);
    fp_write(&a->c0, out + FP_BYTES);
}

void fp2_add(struct fp2 *r, const struct fp2 *a, const struct fp2 *b)
{
    fp_add(&r->c0, &a->c0, &b->c0);
    fp_add(&r->c1, &a->c1, &b->c1);
}

void fp2_sub(struct fp2 *r, const struct fp2 *a, const struct fp2 *b)
{
    fp_sub(&r->c0, &a->c0, &b->c0);
    fp_sub(&r->c1, &a->c1, &b->c1);
}

void fp2_neg(struct fp2 *r, const struct fp2 *a)
{
    fp_neg(&r->c0, &a->c0);
    fp_neg(&r->c1, &a->c1);
}

void fp2_dbl(struct fp2 *r, const struct fp2 *a)
{
    fp_dbl(&r->c0, &a->c0);
    fp_dbl(&r->c1, &a->c1);
}

void fp2_conj(struct fp2 *r, const struct fp2 *a)
{
    r->c0 = a->c0;
    fp_neg(&r->c1, &a->c1);
}

/* parts: c0 and c1 as an array. */
_Static_assert(sizeof(struct fp2) == 2 * sizeof(struct fp), "fp2 is an array of two");
static const struct fp *parts(const struct fp2 *a)
{
    return (const struct fp *)(const void *)a;
}

/* a0 b0 + a1 (-b1), a0 b1 + a1 b0: one reduction each. */
void fp2_mul(struct fp2 *r, const struct fp2 *a, const struct fp2 *b)
{
    struct fp minus, c0;
    fp_neg(&minus, &b->c1);
    const struct fp *const real[2] = {&b->c0, &minus}, *const other[2] = {&b->c1, &b->c0};
    fp_dot(&c0, parts(a), real, 2);
    fp_dot(&r->c1, parts(a), other, 2);
    r->c0 = c0;
}

void fp2_mul_fp(struct fp2 *r, const struct fp2 *a, const struct fp *b)
{
    struct fp by = *b; /* b may lie in r */
    fp_mul(&r->c0, &a->c0, &by);
    fp_mul(&r->c1, &a->c1, &by);
}

void fp2_mul_xi(struct fp2 *r, const struct fp2 *a)
{
    struct fp sum;
    fp_add(&sum, &a->c0, &a->c1);
    fp_sub(&r->c0, &a->c0, &a->c1);
    r->c1 = sum;
}

void fp2_sqr(struct fp2 *r, const struct fp2 *a)
{
    struct fp sum, difference, product;
    fp_add(&sum, &a->c0, &a->c1);
    fp_sub(&difference, &a->c0, &a->c1);
    fp_mul(&product, &a->c0, &a->c1);
    fp_mul(&r->c0, &sum, &difference);
    fp_dbl(&r->c1, &product);
}

/* norm: a0^2 + a1^2 */
static void norm(struct fp *r, const struct fp2 *a)
{
    struct fp s, t;
    fp_sqr(&s, &a->c0);
    fp_sqr(&t, &a->c1);
    fp_add(r, &s, &t);
}

void fp2_inv(struct fp2 *r, const struct fp2 *a)
{
    struct fp n;
    norm(&n, a);
    fp_inv(&n, &n);
    fp2_mul_fp(r, a, &n);
    fp2_conj(r, r);
}

/*
 * A root x0 + x1 u has x0^2 = (a0 ± s)/2, s^2 = norm(a), and x1 = a1/(2 x0). With t = (a0 + s)/2
 * and z = t^((p-3)/4), y = t z: if t is a square, y^2 = t, 1/y = z, so the root is (y, a1 z/2).
 * If not, y^2 = -t and 1/y = -z; the other candidate (a0 - s)/2 is -(a1/2)^2/t = (a1/(2 y))^2, so
 * the root is (a1 z/2, -y) but for its sign. Two powers, no inversion.
 */
bool fp2_sqrt(struct fp2 *r, const struct fp2 *a)
{
    struct fp2 x = *a, root, check;
    struct fp s, t, z, y, other;
    if (fp_is_zero(&x.c1)) { /* of c0, or of -c0 times u: -1 is no square */
        root = fp2_zero;
        if (!fp_sqrt(&root.c0, &x.c0)) {
            fp_neg(&t, &x.c0);
            root.c0 = fp_zero;
            if (!fp_sqrt(&root.c1, &t))
                return false;
        }
        *r = root;
        return true;
    }
    norm(&s, &x);
    if (!fp_sqrt(&s, &s))
        return false;
    fp_add(&t, &x.c0, &s);
    fp_mul(&t, &t, &half);
    fp_pow_p34(&z, &t);
    fp_mul(&y, &t, &z);
    fp_mul(&other, &x.c1, &z);
    fp_mul(&other, &other, &half);
    fp_sqr(&s, &y);
    if (fp_eq(&s, &t)) {
        root.c0 = y;
        root.c1 = other;
    } else {
        root.c0 = other;
        fp_neg(&root.c1, &y);
    }
    fp2_sqr(&check, &root);
    *r = root;
    return fp2_eq(&check, &x);
}

bool fp2_is_zero(const struct fp2 *a)
{
    return fp_is_zero(&a->c0) && fp_is_zero(&a->c1);
}

bool fp2_eq(const struct fp2 *a, const struct fp2 *b)
{
    return fp_eq(&a->c0, &b->c0) && fp_eq(&a->c1, &b->c1);
}

bool fp2_is_large(const struct fp2 *a)
{
    return fp_is_large(fp_is_zero(&a->c1) ? &a->c0 : &a->c1);
}

bool fp2_is_odd(const struct fp2 *a)
{
    return fp_is_odd(fp_is_zero(&a->c0) ? &a->c1 : &a->c0);
}
