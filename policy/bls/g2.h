/*
 * g2: the twist y^2 = x^3 + 4(1 + u) over F_p2 and its subgroup of order r. As g1; in the
 * serialisation x is c1, then c0.
 */
#ifndef BOOTGATE_POLICY_BLS_G2_H
#define BOOTGATE_POLICY_BLS_G2_H

#include "policy/bls/fp2.h"

#define G2_COMPRESSED 96u

struct g2_affine {
    struct fp2 x, y; /* both 0 when infinity */
    bool infinity;
};

struct g2 { /* Jacobian */
    struct fp2 x, y, z;
};

/* g2_decompress: as g1_decompress; the subgroup is NOT checked. */
bool g2_decompress(const uint8_t in[static G2_COMPRESSED], struct g2_affine *out, const char **why)
    __attribute__((warn_unused_result));
void g2_compress(const struct g2_affine *p, uint8_t out[static G2_COMPRESSED]);
bool g2_on_curve(const struct g2_affine *p);
/* g2_in_group: psi(P) = x P for the curve's parameter x (Scott, eprint 2021/1130). */
bool g2_in_group(const struct g2_affine *p);

void g2_from_affine(struct g2 *r, const struct g2_affine *a);
void g2_to_affine(struct g2_affine *r, const struct g2 *a);
void g2_dbl(struct g2 *r, const struct g2 *a);
void g2_add(struct g2 *r, const struct g2 *a, const struct g2 *b);
void g2_neg(struct g2 *r, const struct g2 *a);

/* g2_psi: untwist, Frobenius, twist (RFC 9380 appendix G.3). */
void g2_psi(struct g2 *r, const struct g2 *a);
/* g2_clear_cofactor: h_eff times a, by psi (RFC 9380 appendix G.3, Budroni and Pintore). */
void g2_clear_cofactor(struct g2 *r, const struct g2 *a);

/*
 * g2_hash: hash_to_curve of RFC 9380, BLS12381G2_XMD:SHA-256_SSWU_RO_, with any domain tag. The
 * result is in the subgroup.
 */
void g2_hash(struct bytes msg, struct bytes dst, struct g2_affine *out);
/*
 * hash_expand_xmd: expand_message_xmd of RFC 9380 5.3.1 with SHA-256; a tag of more than 255 bytes
 * is hashed first (5.3.3). False, with out all zero: n is more than 8160.
 */
bool hash_expand_xmd(struct bytes msg, struct bytes dst, uint8_t *out, size_t n)
    __attribute__((warn_unused_result));

#endif
