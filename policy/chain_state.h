/*
 * chain_state: the state of one block as far as answers prove it, behind the EVM. Everything is
 * bound to the question: a proof is walked with the address or slot WE ask, from the state root of
 * the proven header. What no answer proves is missing: noted as a need, never zero.
 */
#ifndef BOOTGATE_POLICY_CHAIN_STATE_H
#define BOOTGATE_POLICY_CHAIN_STATE_H

#include "policy/answers.h"
#include "policy/eth/mpt.h"
#include "policy/evm/evm.h"
#include "policy/needs.h"

/* What becomes of something missing: nothing, a wish, or a need that stops the decision. */
enum chain_miss { MISS_QUIET = 0, MISS_WISHED, MISS_HARD };

/*
 * struct slot_index: entries of a growing list by their slot, each bucket in the order in which
 * they came, so that a contract that reads many slots costs no more than its proofs. Numbers are
 * positions plus 1; 0: none.
 */
struct slot_index {
    uint32_t first[256], last[256];
};

struct proven_slot {
    uint8_t slot[32], value[32];
    uint32_t next; /* in the same bucket */
    bool known;    /* false: looked for, not proven */
    bool zero_leaf;
    bool listed; /* read while recording */
};

/* One element of an answer's storageProof; its key is only a label. */
struct claimed_slot {
    uint8_t slot[32];
    uint32_t next; /* in the same bucket */
    const json_t *element;
};

struct proven_account {
    uint8_t address[20];
    bool known; /* false: looked for, not proven */
    struct eth_account account;
    struct claimed_slot *claims;
    size_t num_claims, cap_claims;
    struct slot_index *claims_at; /* NULL: no claims */
    struct proven_slot *slots;
    size_t num_slots, cap_slots;
    struct slot_index *slots_at; /* NULL: no slots */
    bool code_tried, code_known;
    bool code_read; /* its code was handed out while recording */
    struct bytes code;
};

struct chain_state {
    struct arena *a;       /* what a result keeps */
    struct arena *scratch; /* decoded proofs and codes: this attempt only; a unless set */
    const struct answers *answers;
    const struct eth_header *header;
    struct evm_block block;
    struct needs *needs;
    enum chain_miss miss;
    bool record; /* note which slots and codes are read: the main call */
    struct proven_account *accounts;
    size_t num_accounts;
    size_t num_slots;     /* looked for, all accounts */
    struct err *last_bad; /* why an answer at hand was not good enough */
    struct err *err;      /* what ends the attempt: no memory, a cap */
};

/* chain_state_init: h is proven by its hash; answers, needs and h are borrowed. */
enum rc chain_state_init(struct chain_state *st, struct arena *a, const struct answers *answers,
                         const struct eth_header *h, enum eth_fork fork, uint64_t chain_id,
                         struct needs *needs, struct err *last_bad, struct err *err) MUST_CHECK;

/*
 * Lookups. NULL or false: not proven by the answers (noted as st->miss says), or st->err is set.
 * A slot of an account whose storage root is empty is zero, code of an empty hash is empty: both
 * follow from the account proof alone.
 */
const struct proven_account *chain_state_account(struct chain_state *st,
                                                 const uint8_t address[static 20]);
bool chain_state_slot(struct chain_state *st, const uint8_t address[static 20],
                      const uint8_t slot[static 32], uint8_t value[static 32]);
bool chain_state_code(struct chain_state *st, const uint8_t address[static 20], struct bytes *out);

/* chain_state_call runs one static call from the zero address with LIMIT_CALL_GAS (facts 2). */
enum rc chain_state_call(struct chain_state *st, const uint8_t to[static 20], struct bytes input,
                         struct evm_result *out) MUST_CHECK;

/*
 * chain_header_find looks for the header with this hash among the answers; *out_found false: none
 * of them is it. Only a header whose recomputed hash is the wanted one is ever returned.
 */
enum rc chain_header_find(struct arena *a, const struct answers *answers,
                          const uint8_t hash[static 32], struct eth_header *out, bool *out_found,
                          struct err *last_bad, struct err *err) MUST_CHECK;

/* chain_bad keeps why an answer was not good enough; what: the method; address may be NULL. */
void chain_bad(struct err *last_bad, const struct err *why, const char *what,
               const uint8_t *address);

#endif
