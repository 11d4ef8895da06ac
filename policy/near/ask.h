/*
 * ask: put dstack's question to near-kms' contracts at a verified head: their state is proven, and
 * the rules of their views (facts/near.md 1.1 to 1.3, our reading) are evaluated here, in the order
 * and with the words of the contracts. One call = one attempt with the answers at hand.
 */
#ifndef BOOTGATE_POLICY_NEAR_ASK_H
#define BOOTGATE_POLICY_NEAR_ASK_H

#include "policy/chain.h"
#include "policy/near/client.h"

/* struct near_read: what a decision rested on, for those who want to see or change it. */
struct near_read {
    struct bytes account;
    const char *label;   /* "allowed_os_images", .. static */
    struct bytes member; /* the value looked for in the set; empty: the contract's STATE */
    bool present;
};

struct near_result {
    struct chain_result chain; /* block_number: height; state_root: of all chunks; no EVM parts */
    struct near_read reads[8];
    size_t num_reads;
    struct bytes app_account;
    const char *hint; /* what else is on chain that explains a no; NULL: nothing */
};

/*
 * near_ask: as chain_ask. head: one that near_client_step gave, and as cfg wants it, else an error.
 * A yes needs every set's membership proven present; a no needs it proven absent under the shard
 * that holds the contract's STATE. out->chain.say UNDECIDED: needs are left.
 */
enum rc near_ask(struct arena *a, const struct near_config *cfg, const struct near_head *head,
                 enum chain_question question, const struct boot_info *bi,
                 const struct answers *answers, uint64_t now, struct needs *out_needs,
                 struct checks *checks, struct near_result *out, struct err *out_last_bad,
                 struct err *err) MUST_CHECK;

#endif
