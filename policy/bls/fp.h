/*
 * fp: the prime field of BLS12-381, p = 0x1a0111ea397fe69a..ffffaaab, 381 bits. Elements are six
 * 64-bit limbs, least significant first, in Montgomery form (R = 2^384) and always fully reduced.
 * Inputs are public: nothing here runs in constant time. Source: draft-irtf-cfrg-pairing-friendly-
 * curves 4.2.1, RFC 9380 8.8.
 */
#ifndef BOOTGATE_POLICY_BLS_FP_H
#define BOOTGATE_POLICY_BLS_FP_H

#include "base/bytes.h"

#define FP_BYTES 48u

struct fp {
    uint64_t v[6];
};

extern const struct fp fp_zero, fp_one;

/* fp_read: 48 bytes, big-endian. False: not below p. */
bool fp_read(const uint8_t in[static FP_BYTES], struct fp *out) __attribute__((warn_unused_result));
void fp_write(const struct fp *a, uint8_t out[static FP_BYTES]);
/* fp_reduce_wide: 64 bytes, big-endian, modulo p (RFC 9380 5.2, L = 64). */
void fp_reduce_wide(const uint8_t in[static 64], struct fp *out);

/* Results may be the operands. */
void fp_add(struct fp *r, const struct fp *a, const struct fp *b);
void fp_sub(struct fp *r, const struct fp *a, const struct fp *b);
void fp_neg(struct fp *r, const struct fp *a);
void fp_dbl(struct fp *r, const struct fp *a);
void fp_mul(struct fp *r, const struct fp *a, const struct fp *b);
void fp_sqr(struct fp *r, const struct fp *a);
/* fp_inv: of 0 is 0. */
void fp_inv(struct fp *r, const struct fp *a);
/* fp_sqrt: a^((p+1)/4). False: a is no square; r is then not a root. */
bool fp_sqrt(struct fp *r, const struct fp *a) __attribute__((warn_unused_result));

bool fp_is_zero(const struct fp *a);
bool fp_eq(const struct fp *a, const struct fp *b);
/* fp_is_large: a > (p-1)/2, the sign of a compressed point (ZCash serialisation). */
bool fp_is_large(const struct fp *a);
/* fp_is_odd: sgn0 of RFC 9380 4.1. */
bool fp_is_odd(const struct fp *a);

#endif
