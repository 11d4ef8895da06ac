/*
 * g1_sum: many affine points. Two affine points are added with 6 multiplications if the division
 * is shared by many such pairs, with 11 in the Jacobian way. So points are added in pairs, and the
 * sums in pairs again, until too few are left to be worth an inversion.
 */
#include "policy/bls/g1.h"

/* A block's points and a half of that many products are on the stack: 60 KiB. */
#define SUM_BLOCK 512u
#define SUM_TAIL  24u

struct point {
    struct fp x, y;
};

/* How a and b are to be added: the slope's denominator; false: their sum is infinity. */
static bool denominator(const struct point *a, const struct point *b, struct fp *out)
{
    fp_sub(out, &b->x, &a->x);
    if (!fp_is_zero(out))
        return true;
    fp_add(out, &a->y, &b->y); /* 2 y if they are the same point, 0 if they are opposite */
    return !fp_is_zero(out);
}

static void add_pair(const struct point *a, const struct point *b, const struct fp *inverse,
                     struct point *out)
{
    struct fp slope, t;
    struct point r;
    if (fp_eq(&a->x, &b->x)) {
        fp_sqr(&t, &a->x);
        fp_dbl(&slope, &t);
        fp_add(&slope, &slope, &t);
    } else {
        fp_sub(&slope, &b->y, &a->y);
    }
    fp_mul(&slope, &slope, inverse);
    fp_sqr(&r.x, &slope);
    fp_sub(&r.x, &r.x, &a->x);
    fp_sub(&r.x, &r.x, &b->x);
    fp_sub(&t, &a->x, &r.x);
    fp_mul(&r.y, &slope, &t);
    fp_sub(&r.y, &r.y, &a->y);
    *out = r;
}

/*
 * Adds p[0] + p[1], p[2] + p[3].. in place and returns how many points are left. One inversion: of
 * the product of all denominators; before[i] is the product of those before pair i.
 */
static size_t halve(struct point *p, size_t n)
{
    struct fp before[SUM_BLOCK / 2], product = fp_one, inverse, d, one_inverse;
    bool finite[SUM_BLOCK / 2];
    size_t pairs = n / 2, left = 0;
    for (size_t i = 0; i < pairs; i++) {
        before[i] = product;
        finite[i] = denominator(&p[2 * i], &p[2 * i + 1], &d);
        if (finite[i])
            fp_mul(&product, &product, &d);
    }
    fp_inv(&inverse, &product);
    for (size_t i = pairs; i-- > 0;) {
        if (!finite[i])
            continue;
        (void)denominator(&p[2 * i], &p[2 * i + 1], &d);
        fp_mul(&one_inverse, &inverse, &before[i]);
        fp_mul(&inverse, &inverse, &d);
        add_pair(&p[2 * i], &p[2 * i + 1], &one_inverse, &p[2 * i]);
    }
    for (size_t i = 0; i < pairs; i++)
        if (finite[i])
            p[left++] = p[2 * i];
    if (n % 2)
        p[left++] = p[n - 1];
    return left;
}

void g1_sum(const struct g1_affine *const *points, size_t n, struct g1 *out)
{
    struct point work[SUM_BLOCK];
    struct g1 sum = {.z = fp_zero};
    for (size_t at = 0; at < n;) {
        size_t m = 0;
        for (; at < n && m < SUM_BLOCK; at++)
            if (!points[at]->infinity)
                work[m++] = (struct point){points[at]->x, points[at]->y};
        while (m > SUM_TAIL)
            m = halve(work, m);
        for (size_t i = 0; i < m; i++)
            g1_add_affine(&sum, &sum,
                          &(struct g1_affine){.x = work[i].x, .y = work[i].y, .infinity = false});
    }
    *out = sum;
}
