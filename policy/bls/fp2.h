/* fp2: F_p[u] / (u^2 + 1); c0 + c1 u. */
#ifndef BOOTGATE_POLICY_BLS_FP2_H
#define BOOTGATE_POLICY_BLS_FP2_H

#include "policy/bls/fp.h"

struct fp2 {
    struct fp c0, c1;
};

extern const struct fp2 fp2_zero, fp2_one;

/* fp2_read: 96 bytes, c1 first (ZCash serialisation). False: one of them is not below p. */
bool fp2_read(const uint8_t in[static 2 * FP_BYTES], struct fp2 *out)
    __attribute__((warn_unused_result));
void fp2_write(const struct fp2 *a, uint8_t out[static 2 * FP_BYTES]);

/* Results may be the operands. */
void fp2_add(struct fp2 *r, const struct fp2 *a, const struct fp2 *b);
void fp2_sub(struct fp2 *r, const struct fp2 *a, const struct fp2 *b);
void fp2_neg(struct fp2 *r, const struct fp2 *a);
void fp2_dbl(struct fp2 *r, const struct fp2 *a);
void fp2_conj(struct fp2 *r, const struct fp2 *a);
void fp2_mul(struct fp2 *r, const struct fp2 *a, const struct fp2 *b);
void fp2_mul_fp(struct fp2 *r, const struct fp2 *a, const struct fp *b);
/* fp2_mul_xi: by 1 + u, the non-residue that the tower is built on. */
void fp2_mul_xi(struct fp2 *r, const struct fp2 *a);
void fp2_sqr(struct fp2 *r, const struct fp2 *a);
/* fp2_inv: of 0 is 0. */
void fp2_inv(struct fp2 *r, const struct fp2 *a);
/* fp2_sqrt: false: a is no square. */
bool fp2_sqrt(struct fp2 *r, const struct fp2 *a) __attribute__((warn_unused_result));

bool fp2_is_zero(const struct fp2 *a);
bool fp2_eq(const struct fp2 *a, const struct fp2 *b);
/* fp2_is_large: the sign of a compressed point: of c1, or of c0 when c1 is 0. */
bool fp2_is_large(const struct fp2 *a);
/* fp2_is_odd: sgn0 of RFC 9380 4.1 for m = 2. */
bool fp2_is_odd(const struct fp2 *a);

#endif
