/*
 * bls_points: what tests of BLS12-381 have in common: points of the whole curves (in the subgroup
 * by a chance of one in 2^125), multiples, comparisons. Slow on purpose: double and add.
 */
#ifndef BOOTGATE_TESTS_BLS_POINTS_H
#define BOOTGATE_TESTS_BLS_POINTS_H

#include "policy/bls/g1.h"
#include "policy/bls/g2.h"

/* Each takes the next of a sequence that is the same each time; *n counts what was taken. */
void bls_random_fp(uint64_t *n, struct fp *out);
void bls_random_fp2(uint64_t *n, struct fp2 *out);
struct g1_affine g1_random(uint64_t *n);
struct g2_affine g2_random(uint64_t *n);

/* k p, for a big-endian k of any length; r may be p. */
void g1_times(struct g1 *r, const struct g1 *p, struct bytes k);
void g2_times(struct g2 *r, const struct g2 *p, struct bytes k);
struct g1_affine g1_times_affine(const struct g1_affine *p, struct bytes k);
struct g2_affine g2_times_affine(const struct g2_affine *p, struct bytes k);

bool g1_same(const struct g1_affine *p, const struct g1_affine *q);
bool g2_same(const struct g2_affine *p, const struct g2_affine *q);
bool g2_equal(const struct g2 *p, const struct g2 *q);

#endif
