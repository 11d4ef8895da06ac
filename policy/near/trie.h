/*
 * trie: NEAR's state trie (nearcore core/store/src/trie/raw_node.rs): nodes, proofs that a key has
 * a value or has none, and the roots of all shards under a block (facts/near.md 3).
 */
#ifndef BOOTGATE_POLICY_NEAR_TRIE_H
#define BOOTGATE_POLICY_NEAR_TRIE_H

#include "base/arena.h"

struct near_proof { /* an unordered set of nodes, as view_state gives them */
    const struct bytes *nodes;
    const uint8_t (*hashes)[32];
    size_t n;
};

/* near_proof_open hashes the nodes, once for all walks. `nodes` is borrowed. False: more nodes
 * than a proof may have, or one larger than a node can be (err says which); or no memory. */
bool near_proof_open(struct arena *a, const struct bytes *nodes, size_t n, struct near_proof *out,
                     struct err *err) MUST_CHECK;
/* near_proof_has: one of the nodes has this hash. */
bool near_proof_has(const struct near_proof *p, const uint8_t hash[static 32]);

enum near_found { NEAR_UNKNOWN = 0, NEAR_ABSENT, NEAR_PRESENT };

/*
 * near_trie_get walks the proof from `root` to `key` (bytes; high nibble first). NEAR_PRESENT: the
 * value's length and SHA-256 are proven. NEAR_UNKNOWN: a node is missing or malformed: nothing is
 * proven (err says which).
 */
enum near_found near_trie_get(const struct near_proof *proof, const uint8_t root[static 32],
                              struct bytes key, uint32_t *out_len, uint8_t out_hash[static 32],
                              struct err *err);
/* near_merklize: chunk roots in block order to prev_state_root; n at least 1. */
void near_merklize(const uint8_t (*roots)[32], size_t n, uint8_t out[static 32]);
/* near_contract_key: 0x09 || account id || 0x2c || key. */
struct bytes near_contract_key(struct arena *a, struct bytes account, struct bytes key,
                               struct err *err);

#endif
