/* ssz: hash tree roots and branches (consensus-specs ssz/simple-serialize.md, merkle-proofs.md). */
#ifndef BOOTGATE_POLICY_BEACON_SSZ_H
#define BOOTGATE_POLICY_BEACON_SSZ_H

#include "policy/beacon/types.h"

/* ssz_merkleize: n chunks (n may be 0), padded with zero subtrees to a tree of 2^depth leaves. */
void ssz_merkleize(const uint8_t (*chunks)[32], size_t n, unsigned depth, uint8_t out[static 32]);
void ssz_root_of_header(const struct beacon_header *h, uint8_t out[static 32]);
void ssz_root_of_execution(const struct lc_execution *e, uint8_t out[static 32]);
void ssz_root_of_committee(const struct lc_committee *c, uint8_t out[static 32]);
/* ssz_branch_ok: is_valid_merkle_branch at a generalized index; false unless n is its depth. */
bool ssz_branch_ok(const uint8_t leaf[static 32], const uint8_t (*branch)[32], size_t n,
                   uint64_t gindex, const uint8_t root[static 32]) MUST_CHECK;
/* ssz_signing_root: of an object's root in the sync committee's domain (DOMAIN_SYNC_COMMITTEE). */
void ssz_signing_root(const uint8_t object_root[static 32], const uint8_t fork_version[static 4],
                      const uint8_t genesis_validators_root[static 32], uint8_t out[static 32]);

#endif
