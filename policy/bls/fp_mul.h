/*
 * fp_mul: inside of the field: numbers of six limbs as such, and the Montgomery product that fp_mul
 * is made of. Nothing outside policy/bls and its tests needs this.
 */
#ifndef BOOTGATE_POLICY_BLS_FP_MUL_H
#define BOOTGATE_POLICY_BLS_FP_MUL_H

#include "policy/bls/fp.h"

typedef unsigned __int128 fp_u128;

/* The prime, and -1/p modulo 2^64. */
#define FP_P0  0xb9feffffffffaaabu
#define FP_P1  0x1eabfffeb153ffffu
#define FP_P2  0x6730d2a0f6b0f624u
#define FP_P3  0x64774b84f38512bfu
#define FP_P4  0x4b1ba7b6434bacd7u
#define FP_P5  0x1a0111ea397fe69au
#define FP_INV 0x89f3fffcfffcfffdu

/* 2^384 modulo p: one in Montgomery form. */
#define FP_ONE                                                                                     \
    {                                                                                              \
        0x760900000002fffd, 0xebf4000bc40c0002, 0x5f48985753c758ba, 0x77ce585370525745,            \
            0x5c071a97a256ec6d, 0x15f65ec3fa80e493                                                 \
    }

static const uint64_t fp_p[6] = {FP_P0, FP_P1, FP_P2, FP_P3, FP_P4, FP_P5};

/* limb_add, limb_sub: one limb, with the carry (borrow) in and out. */
static inline uint64_t limb_add(uint64_t a, uint64_t b, uint64_t *carry)
{
    fp_u128 t = (fp_u128)a + b + *carry;
    *carry = (uint64_t)(t >> 64);
    return (uint64_t)t;
}

static inline uint64_t limb_sub(uint64_t a, uint64_t b, uint64_t *borrow)
{
    fp_u128 t = (fp_u128)a - b - *borrow;
    *borrow = (uint64_t)(t >> 64) & 1;
    return (uint64_t)t;
}

/* limbs_add: r = a + b, gives the carry. */
static inline uint64_t limbs_add(uint64_t r[6], const uint64_t a[6], const uint64_t b[6])
{
    uint64_t c = 0;
    r[0] = limb_add(a[0], b[0], &c);
    r[1] = limb_add(a[1], b[1], &c);
    r[2] = limb_add(a[2], b[2], &c);
    r[3] = limb_add(a[3], b[3], &c);
    r[4] = limb_add(a[4], b[4], &c);
    r[5] = limb_add(a[5], b[5], &c);
    return c;
}

/* limbs_sub: r = a - b, gives the borrow. */
static inline uint64_t limbs_sub(uint64_t r[6], const uint64_t a[6], const uint64_t b[6])
{
    uint64_t c = 0;
    r[0] = limb_sub(a[0], b[0], &c);
    r[1] = limb_sub(a[1], b[1], &c);
    r[2] = limb_sub(a[2], b[2], &c);
    r[3] = limb_sub(a[3], b[3], &c);
    r[4] = limb_sub(a[4], b[4], &c);
    r[5] = limb_sub(a[5], b[5], &c);
    return c;
}

/* limbs_below: a < b. */
static inline bool limbs_below(const uint64_t a[6], const uint64_t b[6])
{
    for (int i = 6; i-- > 0;)
        if (a[i] != b[i])
            return a[i] < b[i];
    return false;
}

/* limbs_reduce: r = a or a - p, for an a below 2 p. */
static inline void limbs_reduce(uint64_t r[6], const uint64_t a[6])
{
    uint64_t d[6], keep = 0 - limbs_sub(d, a, fp_p); /* all ones: a is below p */
    r[0] = (a[0] & keep) | (d[0] & ~keep);
    r[1] = (a[1] & keep) | (d[1] & ~keep);
    r[2] = (a[2] & keep) | (d[2] & ~keep);
    r[3] = (a[3] & keep) | (d[3] & ~keep);
    r[4] = (a[4] & keep) | (d[4] & ~keep);
    r[5] = (a[5] & keep) | (d[5] & ~keep);
}

/*
 * fp_dot: the sum of a[k] b[k], k < n, n at most FP_DOT_MAX, with one reduction for all: t stays
 * below (n + 1) p there, which must fit in 384 bits, and the sum below 2^384 p.
 */
#define FP_DOT_MAX 6u
void fp_dot(struct fp *r, const struct fp *a, const struct fp *const *b, size_t n);

/*
 * The two ways to compute; fp.h and fp_dot take the faster one that the machine can. In a product,
 * b may be any number of 384 bits; a must be below p.
 */
void fp_add_portable(struct fp *r, const struct fp *a, const struct fp *b);
void fp_sub_portable(struct fp *r, const struct fp *a, const struct fp *b);
void fp_mul_portable(struct fp *r, const struct fp *a, const struct fp *b);
void fp_dot_portable(struct fp *r, const struct fp *a, const struct fp *const *b, size_t n);

enum fp_path {
    FP_PATH_UNKNOWN, /* not asked yet */
    FP_PATH_PORTABLE,
    FP_PATH_X86, /* fp_x86.h */
};
/* fp_path_set: for tests and benchmarks. False: this machine or build can't. */
bool fp_path_set(enum fp_path path);

/* fp_pow_p34: a^((p-3)/4): what roots and inverse roots are made of. */
void fp_pow_p34(struct fp *r, const struct fp *a);

#endif
