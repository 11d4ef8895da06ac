/*
 * state: contract state under a verified head. Values are bound to the account and key WE ask:
 * view_state proofs are walked with our key, from a chunk's root that the block commits to.
 */
#ifndef BOOTGATE_POLICY_NEAR_STATE_H
#define BOOTGATE_POLICY_NEAR_STATE_H

#include "policy/answers.h"
#include "policy/near/light.h"
#include "policy/near/trie.h"
#include "policy/needs.h"

struct near_state {
    struct arena *a;
    const struct answers *answers;
    const struct near_head *head;
    struct needs *needs;
    const uint8_t (*roots)[32]; /* of the chunks, proven to be the block's */
    size_t num_roots;
    struct err *last_bad, *err;
};

/* struct near_account: an account and the shard root that its STATE was found under. */
struct near_account {
    struct bytes id;
    bool bound;
    uint8_t root[32];
};

/* near_state_open finds the chunk roots; *out_ok false: the block is a hard need now. */
enum rc near_state_open(struct near_state *s, bool *out_ok) MUST_CHECK;
/*
 * near_state_get: NEAR_PRESENT with the value, NEAR_ABSENT, or NEAR_UNKNOWN: not proven, noted as a
 * need. Absence counts only under the root that a value of this account was found under: an
 * account's keys lie in one shard, and which one nobody proves. A proof from none of the block's
 * roots: a newer block is a need as well, for a chunk may be missing in this one. s->err set: no
 * memory.
 */
enum near_found near_state_get(struct near_state *s, struct near_account *account, struct bytes key,
                               bool hard, struct bytes *out);

#endif
