/*
 * fp_inv: the inverse by division steps (Bernstein, Yang, eprint 2019/266). A step takes (f, g), f
 * odd, to (f, g/2), to (f, (g + f)/2), or, when delta > 0 and g is odd, to (g, (g - f)/2). Which
 * one depends on delta and the lowest bit only: so 62 steps are made with single words, and the
 * matrix that they amount to is then applied to the long numbers. Inputs are public: the time may
 * depend on them.
 */
#include "policy/bls/fp_mul.h"

typedef __int128 s128;

#define MASK62 ((UINT64_C(1) << 62) - 1)

/* A number of seven limbs of 62 bits, lowest first; the highest has the sign. */
struct long62 {
    int64_t v[7];
};

static const struct long62 prime = {{0x39feffffffffaaab, 0x3aaffffac54ffffe, 0x330d2a0f6b0f6241,
                                     0x1dd2e13ce144afd9, 0x1ba7b6434bacd764, 0x0447a8e5ff9a692c,
                                     0x1a0}};
static const uint64_t prime_inverse = 0x360c000300030003; /* modulo 2^62 */
/* 2^768 mod p: with it for 1, the inverse of a 2^384 comes out as (1/a) 2^384. */
static const struct long62 scale = {{0x34df1f341c341746, 0x29db9a98274413c7, 0x1e5476c4c95b6d50,
                                     0x3ae22a64e760f023, 0x393e85b519952d67, 0x223f964b2b8eaa69,
                                     0x119}};

static struct long62 to_long(const uint64_t a[6])
{
    struct long62 r;
    r.v[0] = (int64_t)(a[0] & MASK62);
    for (int i = 1; i < 6; i++)
        r.v[i] = (int64_t)((a[i - 1] >> (64 - 2 * i) | a[i] << 2 * i) & MASK62);
    r.v[6] = (int64_t)(a[5] >> 52);
    return r;
}

/* from_long: r = a for an a from 0 to 2^384 - 1. */
static void from_long(uint64_t r[6], const struct long62 *a)
{
    for (int i = 0; i < 6; i++)
        r[i] = (uint64_t)a->v[i] >> 2 * i | (uint64_t)a->v[i + 1] << (62 - 2 * i);
}

/* 2^62 times the matrix of 62 steps: f' = (u f + v g)/2^62, g' = (q f + r g)/2^62. */
struct steps {
    int64_t u, v, q, r;
};

static int64_t steps62(int64_t delta, uint64_t f, uint64_t g, struct steps *out)
{
    uint64_t u = 1, v = 0, q = 0, r = 1, t; /* modulo 2^64 they are the signed ones */
    for (int left = 62;;) {
        int zeros = __builtin_ctzll(g | ~UINT64_C(0) << left);
        g >>= zeros;
        u <<= zeros;
        v <<= zeros;
        delta += zeros;
        left -= zeros;
        if (left == 0)
            break;
        if (delta > 0) { /* swap: (g - f)/2 is then (g' + f')/2 with delta' = -delta */
            delta = -delta;
            t = f, f = g, g = 0 - t;
            t = u, u = q, q = 0 - t;
            t = v, v = r, r = 0 - t;
        }
        /*
         * The next 1 - delta steps can't swap, so they add multiples of f until their bits of g are
         * 0: at once w f, with w = -g/f modulo 2^bits; 1/f = f (2 - f^2) modulo 2^6.
         */
        int64_t bits = left < 6 ? left : 6;
        if (bits > 1 - delta)
            bits = 1 - delta;
        uint64_t w = g * f * (f * f - 2) & ((UINT64_C(1) << bits) - 1);
        g += w * f;
        q += w * u;
        r += w * v;
    }
    *out = (struct steps){(int64_t)u, (int64_t)v, (int64_t)q, (int64_t)r};
    return delta;
}

/* apply: f and g by the matrix; the division is exact. */
static void apply(struct long62 *f, struct long62 *g, const struct steps *m)
{
    s128 cf = (s128)m->u * f->v[0] + (s128)m->v * g->v[0];
    s128 cg = (s128)m->q * f->v[0] + (s128)m->r * g->v[0];
    for (int i = 1; i < 7; i++) {
        cf = (cf >> 62) + (s128)m->u * f->v[i] + (s128)m->v * g->v[i];
        cg = (cg >> 62) + (s128)m->q * f->v[i] + (s128)m->r * g->v[i];
        f->v[i - 1] = (int64_t)((uint64_t)cf & MASK62);
        g->v[i - 1] = (int64_t)((uint64_t)cg & MASK62);
    }
    f->v[6] = (int64_t)(cf >> 62);
    g->v[6] = (int64_t)(cg >> 62);
}

/* factor: the multiple of p, above -2^62, that makes a sum with this lowest limb divisible. */
static int64_t factor(int64_t k, s128 lowest)
{
    return k - (int64_t)((prime_inverse * (uint64_t)lowest + (uint64_t)k) & MASK62);
}

/*
 * apply_mod: d and e by the matrix, modulo p, both in (-2 p, p): a negative one counts as itself
 * plus p, so that the sums lie in (-2^62 p, 2^62 p), and less than 2^62 p is subtracted.
 */
static void apply_mod(struct long62 *d, struct long62 *e, const struct steps *m)
{
    int64_t d_sign = d->v[6] >> 63, e_sign = e->v[6] >> 63;
    s128 cd = (s128)m->u * d->v[0] + (s128)m->v * e->v[0];
    s128 ce = (s128)m->q * d->v[0] + (s128)m->r * e->v[0];
    int64_t kd = factor((m->u & d_sign) + (m->v & e_sign), cd);
    int64_t ke = factor((m->q & d_sign) + (m->r & e_sign), ce);
    cd += (s128)prime.v[0] * kd;
    ce += (s128)prime.v[0] * ke;
    for (int i = 1; i < 7; i++) {
        cd = (cd >> 62) + (s128)m->u * d->v[i] + (s128)m->v * e->v[i] + (s128)prime.v[i] * kd;
        ce = (ce >> 62) + (s128)m->q * d->v[i] + (s128)m->r * e->v[i] + (s128)prime.v[i] * ke;
        d->v[i - 1] = (int64_t)((uint64_t)cd & MASK62);
        e->v[i - 1] = (int64_t)((uint64_t)ce & MASK62);
    }
    d->v[6] = (int64_t)(cd >> 62);
    e->v[6] = (int64_t)(ce >> 62);
}

static void add_prime(struct long62 *a)
{
    int64_t carry = 0;
    for (int i = 0; i < 6; i++) {
        carry += a->v[i] + prime.v[i];
        a->v[i] = (int64_t)((uint64_t)carry & MASK62);
        carry >>= 62;
    }
    a->v[6] += prime.v[6] + carry;
}

static void negate(struct long62 *a)
{
    int64_t carry = 0;
    for (int i = 0; i < 6; i++) {
        carry -= a->v[i];
        a->v[i] = (int64_t)((uint64_t)carry & MASK62);
        carry >>= 62;
    }
    a->v[6] = carry - a->v[6];
}

/* f = d a and g = e a, modulo p, up to the factor 2^768, always; at the end g is 0 and f is ±1. */
void fp_inv(struct fp *r, const struct fp *a)
{
    struct long62 f = prime, g = to_long(a->v), d = {{0}}, e = scale;
    struct steps m;
    int64_t delta = 1;
    while (!mem_is_zero(&g, sizeof g)) { /* 18 times at most (section 11: 1104 steps) */
        delta = steps62(delta, (uint64_t)f.v[0], (uint64_t)g.v[0], &m);
        apply(&f, &g, &m);
        apply_mod(&d, &e, &m);
    }
    if (f.v[6] < 0) /* -2 p < d < p */
        negate(&d);
    else
        add_prime(&d);
    uint64_t t[6];
    if (d.v[6] < 0) /* -p < d < 2 p */
        add_prime(&d);
    from_long(t, &d);
    limbs_reduce(r->v, t);
}
