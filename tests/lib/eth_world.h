/*
 * eth_world: a chain for tests without a node: accounts with code and storage, their state root, a
 * block header of any fork with that root, and the JSON-RPC answers about it as a bundle's `rpc`
 * has them: {method, params, result} (DESIGN section 6). The expected values of a test come from
 * what it put in; the tries come from trie_builder.
 */
#ifndef BOOTGATE_TESTS_ETH_WORLD_H
#define BOOTGATE_TESTS_ETH_WORLD_H

#include <jansson.h>

#include "base/arena.h"

/* Which fields the header has; Osaka's are Prague's. */
enum world_shape {
    WORLD_FRONTIER = 15,
    WORLD_LONDON = 16, /* Paris too: difficulty and nonce decide */
    WORLD_SHANGHAI = 17,
    WORLD_CANCUN = 20,
    WORLD_PRAGUE = 21
};

/* struct world_block: what the header says beside the root; zero values are fine. */
struct world_block {
    enum world_shape shape;
    bool proof_of_work; /* difficulty and nonce not zero */
    uint64_t number, timestamp, gas_limit, gas_used, base_fee, blob_gas_used, excess_blob_gas;
    uint8_t coinbase[20], prev_randao[32], parent_hash[32];
    struct bytes extra_data;
};

struct eth_world;

struct eth_world *world_new(void);
void world_free(struct eth_world *w);

/* world_account makes or changes an account. code may be empty. */
void world_account(struct eth_world *w, const uint8_t address[static 20], uint64_t nonce,
                   uint64_t balance, struct bytes code);
/*
 * world_slot sets a storage slot of an existing account; zero removes it. world_zero_leaf writes a
 * leaf that holds zero, as anvil does.
 */
void world_slot(struct eth_world *w, const uint8_t address[static 20],
                const uint8_t slot[static 32], const uint8_t value[static 32]);
void world_zero_leaf(struct eth_world *w, const uint8_t address[static 20],
                     const uint8_t slot[static 32]);

/*
 * world_seal computes the roots and the header; after a change, seal again. Everything below needs
 * a sealed world.
 */
void world_seal(struct eth_world *w, const struct world_block *block);
const uint8_t *world_state_root(const struct eth_world *w);
const uint8_t *world_block_hash(const struct eth_world *w);
struct bytes world_header_rlp(const struct eth_world *w);

/* Each answer is a new {method, params, result}. */
json_t *world_block_by_hash(struct eth_world *w);
json_t *world_block_by_number(struct eth_world *w);
/* world_proof: any address, present or not; the slots may be absent too. */
json_t *world_proof(struct eth_world *w, const uint8_t address[static 20],
                    const uint8_t (*slots)[32], size_t num_slots);
json_t *world_code(struct eth_world *w, const uint8_t address[static 20]);
/*
 * world_rpc: an array with both block answers and, per account, one proof of all its slots and its
 * code. Proofs of what is not there are for the test to append.
 */
json_t *world_rpc(struct eth_world *w);

#endif
