/*
 * ate: the two halves of the optimal ate pairing; inside of policy/bls, for pairing.h and tests.
 * With the curve's parameter x (negative) and Q on the twist: f_{x,Q}(P)^((p^12 - 1) / r).
 */
#ifndef BOOTGATE_POLICY_BLS_ATE_H
#define BOOTGATE_POLICY_BLS_ATE_H

#include "policy/bls/fp12.h"
#include "policy/bls/pairing.h"

/* ate_miller: the product of the Miller loops of n pairs, none at infinity, n at most PAIRING_MAX.
 */
void ate_miller(const struct g1_affine *p, const struct g2_affine *q, size_t n, struct fp12 *out);
/* ate_final: f^(3 (p^12 - 1) / r): the cube of the pairing, which is one when the pairing is. */
void ate_final(const struct fp12 *f, struct fp12 *out);

#endif
