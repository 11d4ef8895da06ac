/*
 * mpt: Merkle-Patricia proofs (Yellow Paper, appendix D), of presence and of absence. The proof is
 * walked with the key WE asked for, from a root we trust; every node given must be used once, in
 * order, and be minimal RLP. What the answer claims beside the nodes is nobody's word.
 */
#ifndef BOOTGATE_POLICY_ETH_MPT_H
#define BOOTGATE_POLICY_ETH_MPT_H

#include "base/arena.h"

/* keccak256(0x80): the root of the empty trie. */
extern const uint8_t mpt_empty_root[32];
/* keccak256(""): the code hash of an account without code. */
extern const uint8_t eth_empty_code_hash[32];

/*
 * mpt_prove walks `nodes` (root first) for the 32-byte trie key (already hashed). *out_present:
 * the key is there and *out_value views its RLP payload; false: proven absent, *out_value empty.
 * The empty trie is proven absent by zero nodes or by the single node 0x80.
 */
enum rc mpt_prove(const uint8_t root[static 32], const uint8_t key[static 32],
                  const struct bytes *nodes, size_t num_nodes, bool *out_present,
                  struct bytes *out_value, struct err *err) MUST_CHECK;

struct eth_account {
    bool exists; /* false: proven absent; the rest is then the empty account */
    uint64_t nonce;
    uint8_t balance[32]; /* big-endian */
    uint8_t storage_root[32];
    uint8_t code_hash[32];
};

/* mpt_prove_account: key = keccak(address we asked); strict [nonce, balance, root, code hash]. */
enum rc mpt_prove_account(const uint8_t state_root[static 32], const uint8_t address[static 20],
                          const struct bytes *nodes, size_t num_nodes, struct eth_account *out,
                          struct err *err) MUST_CHECK;

/*
 * mpt_prove_slot: key = keccak(32-byte slot we asked); value big-endian, absent reads as zero.
 * *out_zero_leaf notes a leaf that holds zero (anvil writes them; no consensus client does).
 * An empty storage root needs no nodes.
 */
enum rc mpt_prove_slot(const uint8_t storage_root[static 32], const uint8_t slot[static 32],
                       const struct bytes *nodes, size_t num_nodes, uint8_t out_value[static 32],
                       bool *out_zero_leaf, struct err *err) MUST_CHECK;

#endif
