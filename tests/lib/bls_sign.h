/*
 * bls_sign: keys and signatures for tests, in the ciphersuite of policy/bls/bls.h. Secret keys are
 * 32 bytes, big-endian, not 0 modulo r; nothing runs in constant time.
 */
#ifndef BOOTGATE_TESTS_BLS_SIGN_H
#define BOOTGATE_TESTS_BLS_SIGN_H

#include "policy/bls/bls.h"

#define BLS_SECRET 32u

/* bls_secret: the i-th of a sequence of secret keys that is the same each time, for each seed. */
void bls_secret(uint64_t seed, uint64_t i, uint8_t out[static BLS_SECRET]);
void bls_public(const uint8_t secret[static BLS_SECRET], uint8_t out[static BLS_KEY]);
void bls_sign(const uint8_t secret[static BLS_SECRET], struct bytes msg,
              uint8_t out[static BLS_SIGNATURE]);
/*
 * bls_sign_all: the aggregate of n signatures over one message (their secret keys are added up: one
 * multiplication, whatever n). n of 0 gives infinity.
 */
void bls_sign_all(const uint8_t (*secrets)[BLS_SECRET], size_t n, struct bytes msg,
                  uint8_t out[static BLS_SIGNATURE]);
/* bls_public_all: the public key that bls_sign_all's signature belongs to. */
void bls_public_all(const uint8_t (*secrets)[BLS_SECRET], size_t n, uint8_t out[static BLS_KEY]);
/* bls_aggregate: the sum of signatures. False: n is 0, or one is no point of the subgroup. */
bool bls_aggregate(const uint8_t (*sigs)[BLS_SIGNATURE], size_t n,
                   uint8_t out[static BLS_SIGNATURE]) __attribute__((warn_unused_result));

#endif
