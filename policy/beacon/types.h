/*
 * types: the light client's containers (consensus-specs specs/{altair,capella,deneb,electra}/
 * light-client/sync-protocol.md), as parsed: views and values, nothing of it is trusted.
 */
#ifndef BOOTGATE_POLICY_BEACON_TYPES_H
#define BOOTGATE_POLICY_BEACON_TYPES_H

#include "policy/beacon/network.h"
#include "policy/bls/bls.h"

#define LC_BRANCH_MAX       7u /* finality branch of Electra */
#define LC_EXECUTION_BRANCH 4u

struct beacon_header {
    uint64_t slot, proposer_index;
    uint8_t parent_root[32], state_root[32], body_root[32];
};

/* ExecutionPayloadHeader: Capella 15 fields, Deneb to Fulu 17. */
struct lc_execution {
    uint8_t parent_hash[32], fee_recipient[20], state_root[32], receipts_root[32];
    uint8_t logs_bloom[256], prev_randao[32];
    uint64_t block_number, gas_limit, gas_used, timestamp;
    uint8_t extra_data[32];
    size_t extra_data_len;
    uint8_t base_fee[32]; /* big-endian */
    uint8_t block_hash[32], transactions_root[32], withdrawals_root[32];
    bool has_blob_gas; /* Deneb */
    uint64_t blob_gas_used, excess_blob_gas;
};

/* has_execution, has_blob_gas: by the header's own slot, whatever container it came in. */
struct lc_header {
    struct beacon_header beacon;
    bool has_execution; /* Capella on */
    struct lc_execution execution;
    uint8_t execution_branch[LC_EXECUTION_BRANCH][32];
};

struct lc_branch {
    uint8_t node[LC_BRANCH_MAX][32];
    size_t n;
};

struct lc_committee {
    const uint8_t (*keys)[BLS_KEY]; /* n of them; arena */
    size_t n;                       /* the network's committee_size */
    uint8_t aggregate[BLS_KEY];
};

struct lc_bootstrap {
    struct lc_header header;
    struct lc_committee committee;
    struct lc_branch branch;
};

/*
 * One struct for LightClientUpdate, LightClientFinalityUpdate and LightClientOptimisticUpdate. What
 * is not there is all zero. A LightClientUpdate states by a branch of zeros that it brings no next
 * committee, or no finality: lc_brings_next, lc_brings_finality.
 */
struct lc_update {
    struct lc_header attested;
    bool has_next; /* LightClientUpdate */
    struct lc_committee next;
    struct lc_branch next_branch;
    bool has_finality; /* not in an optimistic update */
    struct lc_header finalized;
    struct lc_branch finality_branch;
    uint8_t bits[BEACON_COMMITTEE_MAX / 8];
    size_t num_bits; /* the network's committee_size */
    uint8_t signature[BLS_SIGNATURE];
    uint64_t signature_slot;
};

/* lc_brings_next, lc_brings_finality: is_sync_committee_update and is_finality_update. */
static inline bool lc_brings_next(const struct lc_update *u)
{
    return u->has_next && !mem_is_zero(u->next_branch.node, sizeof u->next_branch.node);
}

static inline bool lc_brings_finality(const struct lc_update *u)
{
    return u->has_finality && !mem_is_zero(u->finality_branch.node, sizeof u->finality_branch.node);
}

#endif
