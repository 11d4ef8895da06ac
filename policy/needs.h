/*
 * needs: what the pure core lacks, as a list for the driver to fetch from any untrusted source.
 * Each need is listed once. `hard` ones stop the decision; wished ones are only nice to have.
 */
#ifndef BOOTGATE_POLICY_NEEDS_H
#define BOOTGATE_POLICY_NEEDS_H

#include "base/arena.h"

enum need_kind {
    NEED_NONE = 0,
    NEED_HEADER, /* eth_getBlockByHash of `hash` (or ByNumber `number` when by_number) */
    NEED_PROOF,  /* eth_getProof(address, slots..) at block `number` */
    NEED_CODE,   /* eth_getCode(address) at block `number` */
    /* beacon REST API, /eth/v1/beacon/light_client/.. (policy/beacon/light_client.h) */
    NEED_BOOTSTRAP,  /* bootstrap/{hash} */
    NEED_UPDATES,    /* updates?start_period={number}&count={count} */
    NEED_FINALITY,   /* finality_update */
    NEED_OPTIMISTIC, /* optimistic_update */
    /* NEAR JSON-RPC (policy/near) */
    NEED_NEAR_LIGHT,     /* next_light_client_block after `hash` */
    NEED_NEAR_PRODUCERS, /* EXPERIMENTAL_validators_ordered at block `hash` */
    NEED_NEAR_BLOCK,     /* block `hash` */
    NEED_NEAR_STATE,     /* query view_state of `account`, prefix `key`, with proof, at `hash` */
    /* proof of call (policy/near/call.h) */
    NEED_NEAR_RELAY,           /* `account`.`key`(`args`) to be sent by somebody */
    NEED_NEAR_TX_OUTCOME,      /* of transaction `hash` by `account`, into head `head` */
    NEED_NEAR_RECEIPT_OUTCOME, /* of receipt `hash` at `account`, into head `head` */
};

struct need {
    enum need_kind kind;
    bool hard;
    uint64_t number;  /* block; NEED_UPDATES: first period */
    uint64_t count;   /* NEED_UPDATES */
    uint8_t hash[32]; /* block; NEED_BOOTSTRAP: beacon block root */
    uint8_t address[20];
    uint8_t (*slots)[32]; /* NEED_PROOF: may be none (account only) */
    size_t num_slots;
    struct bytes account, key; /* NEAR's; borrowed: arena */
    struct bytes args;         /* NEED_NEAR_RELAY */
    uint8_t head[32];          /* NEED_NEAR_*_OUTCOME */
};

struct needs {
    struct need *v;
    size_t n, cap;
};

/* needs_add merges: a proof need for an address already listed takes over the slot. */
enum rc needs_add(struct arena *a, struct needs *ns, enum need_kind kind, bool hard,
                  uint64_t number, const uint8_t hash[static 32], const uint8_t *address,
                  const uint8_t *slot, struct err *err) MUST_CHECK;
/*
 * needs_add_updates: the updates of `count` periods from `first` on (NEED_UPDATES). What touches a
 * range already listed is put together with it, up to NEED_UPDATES_MAX periods in one need.
 * first + count must not overflow.
 */
#define NEED_UPDATES_MAX 128u /* MAX_REQUEST_LIGHT_CLIENT_UPDATES */
enum rc needs_add_updates(struct arena *a, struct needs *ns, bool hard, uint64_t first,
                          uint64_t count, struct err *err) MUST_CHECK;
/* needs_add_near: a need of NEAR's; account and key are kept as they are (arena, or empty). */
enum rc needs_add_near(struct arena *a, struct needs *ns, enum need_kind kind, bool hard,
                       const uint8_t hash[static 32], struct bytes account, struct bytes key,
                       struct err *err) MUST_CHECK;
/* needs_take adds a need as it is. */
enum rc needs_take(struct arena *a, struct needs *ns, const struct need *need,
                   struct err *err) MUST_CHECK;
/* needs_add_outcome (a hard one), needs_add_relay: of a proof of call. */
enum rc needs_add_outcome(struct arena *a, struct needs *ns, enum need_kind kind,
                          const uint8_t id[static 32], struct bytes account,
                          const uint8_t head[static 32], struct err *err) MUST_CHECK;
enum rc needs_add_relay(struct arena *a, struct needs *ns, bool hard, struct bytes account,
                        struct bytes method, struct bytes args, struct err *err) MUST_CHECK;
/* needs_hard: how many of them are hard. */
size_t needs_hard(const struct needs *ns);

#endif
