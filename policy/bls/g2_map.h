/*
 * g2_map: from F_p2 to points of the twist, the parts of RFC 9380's suite
 * BLS12381G2_XMD:SHA-256_SSWU_RO_ (section 8.8.2) between the hash and the cofactor.
 */
#ifndef BOOTGATE_POLICY_BLS_G2_MAP_H
#define BOOTGATE_POLICY_BLS_G2_MAP_H

#include "policy/bls/g2.h"

/* A point of E': y^2 = x^3 + 240 u x + 1012 (1 + u), which is 3-isogenous to the twist. */
struct iso_point {
    struct fp2 x, y;
};

/* map_sswu: the simplified SWU map (RFC 9380 6.6.2), Z = -(2 + u). The result is on E'. */
void map_sswu(const struct fp2 *in, struct iso_point *out);
/* map_isogeny: from E' to the twist (RFC 9380 E.3); a point of the kernel gives infinity. */
void map_isogeny(const struct iso_point *in, struct g2 *out);

#endif
