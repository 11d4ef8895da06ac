/*
 * bls: BLS signatures as Ethereum's consensus uses them: public keys in G1, signatures in G2,
 * ciphersuite BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_ (draft-irtf-cfrg-bls-signature-05;
 * consensus-specs altair/bls.md). Verification only. `why` is a static sentence for a false.
 */
#ifndef BOOTGATE_POLICY_BLS_BLS_H
#define BOOTGATE_POLICY_BLS_BLS_H

#include "policy/bls/g1.h"
#include "policy/bls/g2.h"

#define BLS_KEY       48u
#define BLS_SIGNATURE 96u
#define BLS_MAX_KEYS  512u

/* bls_key_valid: KeyValidate: decompresses, is not infinity, is in the subgroup. */
bool bls_key_valid(const uint8_t key[static BLS_KEY], struct g1_affine *out, const char **why)
    __attribute__((warn_unused_result));
/* bls_verify: CoreVerify of one key. */
bool bls_verify(const uint8_t key[static BLS_KEY], struct bytes msg,
                const uint8_t sig[static BLS_SIGNATURE], const char **why)
    __attribute__((warn_unused_result));
/* bls_fast_aggregate_verify: FastAggregateVerify with KeyValidate of each; n of 0 is false. */
bool bls_fast_aggregate_verify(const uint8_t (*keys)[BLS_KEY], size_t n, struct bytes msg,
                               const uint8_t sig[static BLS_SIGNATURE], const char **why)
    __attribute__((warn_unused_result));

/*
 * A committee whose keys are proven members of a beacon state: the deposit contract's consensus
 * checked each of them (KeyValidate) before it could become a validator's. So keys are only
 * decompressed here; infinity is refused; and the key that a signature is checked with, the sum, is
 * checked to be in the subgroup and not infinity each time.
 */
struct bls_committee {
    size_t n; /* at most BLS_MAX_KEYS */
    struct g1_affine keys[BLS_MAX_KEYS];
    struct g1_affine aggregate; /* their sum, computed here: not what an answer claims */
};

/*
 * bls_committee_read: keys to points; y: n hints of 48 bytes, or NULL (or any that is wrong):
 * square roots. *out_wrong_hints counts the hints that were wrong and did no harm.
 */
bool bls_committee_read(const uint8_t (*keys)[BLS_KEY], size_t n, const uint8_t (*y)[FP_BYTES],
                        struct bls_committee *out, size_t *out_wrong_hints, const char **why)
    __attribute__((warn_unused_result));
/* bls_committee_hints writes the y of each key. */
void bls_committee_hints(const struct bls_committee *c, uint8_t (*y)[FP_BYTES]);
/*
 * bls_committee_verify: the signature of those members whose bit is set (bit i of an SSZ bitvector:
 * byte i/8, value 1 << i%8; exactly n bits). Absent keys are subtracted from the aggregate when
 * they are the fewer. No bit set: false.
 */
bool bls_committee_verify(const struct bls_committee *c, struct bytes bits, struct bytes msg,
                          const uint8_t sig[static BLS_SIGNATURE], const char **why)
    __attribute__((warn_unused_result));

#endif
