/*
 * pairing: the optimal ate pairing of BLS12-381, as a check that a product of pairings is one.
 * Points must be on their curves and in their subgroups: the caller has checked.
 */
#ifndef BOOTGATE_POLICY_BLS_PAIRING_H
#define BOOTGATE_POLICY_BLS_PAIRING_H

#include "policy/bls/g1.h"
#include "policy/bls/g2.h"

#define PAIRING_MAX 4u

/*
 * pairing_product_is_one: e(p[0], q[0]) * .. * e(p[n-1], q[n-1]) == 1, with one Miller loop and one
 * final exponentiation. A pair with a point at infinity is one. n at most PAIRING_MAX, else false.
 */
bool pairing_product_is_one(const struct g1_affine *p, const struct g2_affine *q, size_t n)
    __attribute__((warn_unused_result));

#endif
