/*
 * g1: the curve y^2 = x^3 + 4 over F_p and its subgroup of order r. Jacobian inside, affine at the
 * borders. Source: draft-irtf-cfrg-pairing-friendly-curves 4.2.1 and its appendix C (the ZCash
 * serialisation).
 */
#ifndef BOOTGATE_POLICY_BLS_G1_H
#define BOOTGATE_POLICY_BLS_G1_H

#include "policy/bls/fp.h"

#define G1_COMPRESSED 48u

/* The curve's parameter x is negative; this is -x. Every subgroup check and cofactor uses it. */
#define BLS_X_ABS UINT64_C(0xd201000000010000)

struct g1_affine {
    struct fp x, y; /* both 0 when infinity */
    bool infinity;
};

struct g1 { /* Jacobian: x/z^2, y/z^3; z = 0: infinity */
    struct fp x, y, z;
};

extern const struct g1_affine g1_generator;
/* bls_beta: the cube root of 1 in F_p with (bls_beta x, y) = -x^2 (x, y) for points of G1. */
extern const struct fp bls_beta;

/*
 * g1_decompress: the ZCash serialisation. False with *why (static) for anything that is not the
 * one encoding of a point of the curve; infinity is a point here. The subgroup is NOT checked.
 */
bool g1_decompress(const uint8_t in[static G1_COMPRESSED], struct g1_affine *out, const char **why)
    __attribute__((warn_unused_result));
/*
 * g1_from_hint: the same point, with y (48 bytes, big-endian) given by whoever had the time to
 * compute it: taken only when it is on the curve and has the sign that `in` states. No square root.
 */
bool g1_from_hint(const uint8_t in[static G1_COMPRESSED], const uint8_t y[static FP_BYTES],
                  struct g1_affine *out, const char **why) __attribute__((warn_unused_result));
void g1_compress(const struct g1_affine *p, uint8_t out[static G1_COMPRESSED]);
bool g1_on_curve(const struct g1_affine *p);
/* g1_in_group: by the endomorphism phi(x,y) = (beta x, y); p must be on the curve. */
bool g1_in_group(const struct g1_affine *p);

void g1_from_affine(struct g1 *r, const struct g1_affine *a);
void g1_to_affine(struct g1_affine *r, const struct g1 *a);
void g1_dbl(struct g1 *r, const struct g1 *a);
void g1_add(struct g1 *r, const struct g1 *a, const struct g1 *b);
void g1_add_affine(struct g1 *r, const struct g1 *a, const struct g1_affine *b);
void g1_neg_affine(struct g1_affine *r, const struct g1_affine *a);
/* g1_sum: of n affine points, batch inversion where that pays. */
void g1_sum(const struct g1_affine *const *points, size_t n, struct g1 *out);

#endif
