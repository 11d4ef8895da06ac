/*
 * outcome: proofs of what a transaction or receipt came to (EXPERIMENTAL_light_client_proof;
 * nearcore docs/ChainSpec/LightClient.md; facts/near.md 2.1), into a block of a verified head.
 */
#ifndef BOOTGATE_POLICY_NEAR_OUTCOME_H
#define BOOTGATE_POLICY_NEAR_OUTCOME_H

#include "policy/near/light.h"

enum near_status {
    NEAR_STATUS_NONE = 0,
    NEAR_STATUS_UNKNOWN,
    NEAR_STATUS_FAILURE,
    NEAR_STATUS_VALUE,  /* SuccessValue: the call returned */
    NEAR_STATUS_RECEIPT /* SuccessReceiptId: go on with that receipt */
};

struct near_outcome {
    uint8_t id[32];           /* of the transaction or receipt */
    struct bytes executor_id; /* the account that ran it */
    enum near_status status;
    struct bytes value;     /* NEAR_STATUS_VALUE */
    uint8_t receipt_id[32]; /* NEAR_STATUS_RECEIPT */
    uint8_t block_hash[32]; /* of the block that holds it; proven under the merkle root */
    uint64_t height, timestamp;
};

/*
 * near_outcome_prove: the outcome, its leaf, the shard's root, the block's outcome_root, and the
 * block under block_merkle_root of a verified head; each step with its code.
 */
enum rc near_outcome_prove(struct arena *a, const json_t *result,
                           const uint8_t block_merkle_root[static 32], struct near_outcome *out,
                           struct err *err) MUST_CHECK;

#endif
