#include "tests/lib/bls_points.h"

#include "base/hash.h"

void g1_times(struct g1 *r, const struct g1 *p, struct bytes k)
{
    struct g1 acc = {.z = fp_zero}, base = *p;
    for (size_t i = 0; i < 8 * k.n; i++) {
        g1_dbl(&acc, &acc);
        if (k.p[i / 8] >> (7 - i % 8) & 1)
            g1_add(&acc, &acc, &base);
    }
    *r = acc;
}

void g2_times(struct g2 *r, const struct g2 *p, struct bytes k)
{
    struct g2 acc = {.z = fp2_zero}, base = *p;
    for (size_t i = 0; i < 8 * k.n; i++) {
        g2_dbl(&acc, &acc);
        if (k.p[i / 8] >> (7 - i % 8) & 1)
            g2_add(&acc, &acc, &base);
    }
    *r = acc;
}

void bls_random_fp(uint64_t *n, struct fp *out)
{
    uint8_t wide[64];
    hash_sha512(bytes_of(n, sizeof *n), wide);
    ++*n;
    fp_reduce_wide(wide, out);
}

void bls_random_fp2(uint64_t *n, struct fp2 *out)
{
    bls_random_fp(n, &out->c0);
    bls_random_fp(n, &out->c1);
}

/* A point of the whole curve: of the subgroup only by a chance of one in 2^125. */
struct g1_affine g1_random(uint64_t *n)
{
    struct g1_affine p;
    uint8_t in[G1_COMPRESSED];
    const char *why;
    do {
        struct fp x;
        bls_random_fp(n, &x);
        fp_write(&x, in);
        in[0] |= (uint8_t)(0x80 | (*n & 1 ? 0x20 : 0));
    } while (!g1_decompress(in, &p, &why));
    return p;
}

struct g2_affine g2_random(uint64_t *n)
{
    struct g2_affine p;
    uint8_t in[G2_COMPRESSED];
    const char *why;
    do {
        struct fp2 x;
        bls_random_fp2(n, &x);
        fp2_write(&x, in);
        in[0] |= (uint8_t)(0x80 | (*n & 1 ? 0x20 : 0));
    } while (!g2_decompress(in, &p, &why));
    return p;
}

struct g1_affine g1_times_affine(const struct g1_affine *p, struct bytes k)
{
    struct g1_affine r;
    struct g1 j;
    g1_from_affine(&j, p);
    g1_times(&j, &j, k);
    g1_to_affine(&r, &j);
    return r;
}

struct g2_affine g2_times_affine(const struct g2_affine *p, struct bytes k)
{
    struct g2_affine r;
    struct g2 j;
    g2_from_affine(&j, p);
    g2_times(&j, &j, k);
    g2_to_affine(&r, &j);
    return r;
}

bool g1_same(const struct g1_affine *p, const struct g1_affine *q)
{
    return p->infinity == q->infinity && fp_eq(&p->x, &q->x) && fp_eq(&p->y, &q->y);
}

bool g2_same(const struct g2_affine *p, const struct g2_affine *q)
{
    return p->infinity == q->infinity && fp2_eq(&p->x, &q->x) && fp2_eq(&p->y, &q->y);
}

bool g2_equal(const struct g2 *p, const struct g2 *q)
{
    struct g2_affine pa, qa;
    g2_to_affine(&pa, p);
    g2_to_affine(&qa, q);
    return g2_same(&pa, &qa);
}
