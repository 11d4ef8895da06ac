/*
 * light: NEAR's light client rules (nearcore docs/ChainSpec/LightClient.md; facts/near.md 2).
 * Blocks come from next_light_client_block; nothing of one is trusted until near_light_accept.
 */
#ifndef BOOTGATE_POLICY_NEAR_LIGHT_H
#define BOOTGATE_POLICY_NEAR_LIGHT_H

#include "base/json.h"
#include "policy/near/borsh.h"

struct near_producer {
    struct bytes account_id; /* arena */
    uint8_t key_type;        /* 0 ed25519 (32 bytes), 1 secp256k1 (64): hashed, never counted */
    uint8_t key[64];
    u128 stake;
};

struct near_producers {
    const struct near_producer *v;
    size_t n;
};

struct near_inner_lite {
    uint64_t height, timestamp; /* ns */
    uint8_t epoch_id[32], next_epoch_id[32], prev_state_root[32], outcome_root[32];
    uint8_t next_bp_hash[32], block_merkle_root[32];
};

struct near_approval {
    bool given;
    uint8_t signature[64];
};

struct near_block {
    struct near_inner_lite lite;
    uint8_t prev_block_hash[32], inner_rest_hash[32], next_block_inner_hash[32];
    uint8_t hash[32]; /* computed */
    bool has_next_bps;
    struct near_producers next_bps;
    const struct near_approval *approvals;
    size_t num_approvals;
};

/* near_block_from_json: a next_light_client_block result. Unknown members of inner_lite are refused
 * with a code of their own (a newer header version). timestamp_nanosec is used, not timestamp. */
enum rc near_block_from_json(struct arena *a, const json_t *result, struct near_block *out,
                             struct err *err) MUST_CHECK;
/* near_inner_lite_from_json: block headers in other answers; the exact timestamp is a string. */
enum rc near_inner_lite_from_json(const json_t *j, struct near_inner_lite *out,
                                  struct err *err) MUST_CHECK;
/* near_block_hash: from the lite part, the rest's hash and the block before. */
void near_block_hash(const struct near_inner_lite *l, const uint8_t inner_rest[static 32],
                     const uint8_t prev[static 32], uint8_t out[static 32]);
/* near_producers_from_json: a list of ValidatorStakeView V1, as next_bps or validators_ordered. */
enum rc near_producers_from_json(struct arena *a, const json_t *list, struct near_producers *out,
                                 struct err *err) MUST_CHECK;
/* near_bp_hash: SHA-256 of borsh(Vec<ValidatorStake>), V1. */
enum rc near_bp_hash(struct arena *a, const struct near_producers *p, uint8_t out[static 32],
                     struct err *err) MUST_CHECK;

/* What a configuration pins: the chain's identity is this. */
struct near_checkpoint {
    uint8_t block_hash[32], epoch_id[32], next_epoch_id[32], bp_hash[32], next_bp_hash[32];
    uint64_t height, timestamp; /* ns */
};

struct near_head {
    uint64_t height, timestamp;
    uint8_t block_hash[32], prev_block_hash[32], epoch_id[32], next_epoch_id[32];
    uint8_t prev_state_root[32], outcome_root[32], block_merkle_root[32];
    uint8_t bp_hash[32], next_bp_hash[32];
    struct near_producers producers, next_producers; /* n = 0: not at hand yet (hash is) */
    size_t epochs;                                   /* rotations since the checkpoint */
};

void near_head_start(const struct near_checkpoint *c, struct near_head *out);
/* near_head_producers: a list for an epoch whose bp hash the head knows; false: it is neither. */
bool near_head_producers(struct arena *a, struct near_head *h, const struct near_producers *p,
                         struct err *err) MUST_CHECK;
/*
 * near_light_accept: the rules in order, each with its code; approved stake over 2/3 of ALL
 * producers' stake. On success the head is this block. A refused block leaves it as it was.
 */
enum rc near_light_accept(struct arena *a, struct near_head *h, const struct near_block *b,
                          struct err *err) MUST_CHECK;

#endif
