/*
 * fp12: the tower above F_p2 that the pairing's values live in:
 *   F_p6  = F_p2[v] / (v^3 - xi), xi = 1 + u;   c0 + c1 v + c2 v^2
 *   F_p12 = F_p6[w] / (w^2 - v);                c0 + c1 w
 * so F_p12 is F_p2[w] / (w^6 - xi) with the coefficients of 1, w, w^2, .. in
 * c0.c0, c1.c0, c0.c1, c1.c1, c0.c2, c1.c2. Results may be the operands.
 */
#ifndef BOOTGATE_POLICY_BLS_FP12_H
#define BOOTGATE_POLICY_BLS_FP12_H

#include "policy/bls/fp2.h"

struct fp6 {
    struct fp2 c0, c1, c2;
};

struct fp12 {
    struct fp6 c0, c1;
};

extern const struct fp6 fp6_zero;
extern const struct fp12 fp12_one;

void fp6_add(struct fp6 *r, const struct fp6 *a, const struct fp6 *b);
void fp6_sub(struct fp6 *r, const struct fp6 *a, const struct fp6 *b);
void fp6_neg(struct fp6 *r, const struct fp6 *a);
void fp6_mul(struct fp6 *r, const struct fp6 *a, const struct fp6 *b);
/* fp6_mul_01: by b0 + b1 v. */
void fp6_mul_01(struct fp6 *r, const struct fp6 *a, const struct fp2 *b0, const struct fp2 *b1);
/* fp6_mul_1: by b1 v. */
void fp6_mul_1(struct fp6 *r, const struct fp6 *a, const struct fp2 *b1);
/* fp6_mul_v: by v. */
void fp6_mul_v(struct fp6 *r, const struct fp6 *a);
void fp6_sqr(struct fp6 *r, const struct fp6 *a);
/* fp6_inv: of 0 is 0. */
void fp6_inv(struct fp6 *r, const struct fp6 *a);

/* A line at a point: l0 + l2 w^2 + l3 w^3. */
struct fp12_line {
    struct fp2 l0, l2, l3;
};

void fp12_mul(struct fp12 *r, const struct fp12 *a, const struct fp12 *b);
void fp12_mul_line(struct fp12 *r, const struct fp12 *a, const struct fp12_line *l);
void fp12_sqr(struct fp12 *r, const struct fp12 *a);
/* fp12_conj: a^(p^6); the inverse of an a whose a^(p^6 + 1) is 1. */
void fp12_conj(struct fp12 *r, const struct fp12 *a);
/* fp12_inv: of 0 is 0. */
void fp12_inv(struct fp12 *r, const struct fp12 *a);
/* fp12_frobenius: a^p; fp12_frobenius2: a^(p^2). */
void fp12_frobenius(struct fp12 *r, const struct fp12 *a);
void fp12_frobenius2(struct fp12 *r, const struct fp12 *a);
/* fp12_cyclotomic_sqr: only for an a whose a^(p^4 - p^2 + 1) is 1. */
void fp12_cyclotomic_sqr(struct fp12 *r, const struct fp12 *a);
bool fp12_eq(const struct fp12 *a, const struct fp12 *b);

#endif
