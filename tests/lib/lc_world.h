/*
 * lc_world: a beacon chain that is only what a light client sees of one: states with a finalized
 * root and two sync committees at their places, block bodies with an execution payload header, and
 * signatures by keys we have. Every slot has a block; everything else in a tree is filler made
 * from the seed. Headers are the same each time they are asked for.
 */
#ifndef BOOTGATE_TESTS_LC_WORLD_H
#define BOOTGATE_TESTS_LC_WORLD_H

#include "policy/beacon/read.h"
#include "tests/lib/bls_sign.h"

#define LC_WORLD_FORKS 7u

struct lc_world {
    struct arena *a;
    struct beacon_network net; /* "test": may be changed before the first header is asked for */
    struct beacon_fork_at forks[LC_WORLD_FORKS];
    uint64_t seed;
    size_t distinct; /* keys of a committee that are not repeats */
    size_t bad_key;  /* 1 + the member whose key is no point in committees to come; 0: none */
    struct lc_world_committee *committees;
};

/* A header, and what the block's state holds at its places. */
struct lc_world_block {
    struct lc_header header;
    uint8_t root[32]; /* of the beacon block */
    struct lc_committee current, next;
    struct lc_branch current_branch, next_branch, finality_branch;
};

/* lc_world_new: `preset`, every fork up to `fork` active from epoch 0, genesis at 1700000000. */
struct lc_world *lc_world_new(struct arena *a, const char *preset, enum beacon_fork fork,
                              uint64_t seed);
/* lc_world_block: the block at a slot; finalized: the root its state says is finalized, NULL: none
 * (zeros). */
void lc_world_block(struct lc_world *w, uint64_t slot, const uint8_t *finalized,
                    struct lc_world_block *out);
/* lc_world_bootstrap: of the block at a slot whose state has nothing finalized. */
void lc_world_bootstrap(struct lc_world *w, uint64_t slot, struct lc_bootstrap *out,
                        uint8_t root[static 32]);

struct lc_world_ask {
    enum lc_kind kind;
    uint64_t finalized, attested, signature; /* slots; finalized 0: none, in a state of zeros */
    size_t absent;                           /* the first so many members did not sign */
    bool no_next, no_finality;               /* an update with branches of zeros there */
};

void lc_world_update(struct lc_world *w, const struct lc_world_ask *ask, struct lc_update *out);
/* lc_world_sign makes the signature again, after something of u was changed. */
void lc_world_sign(struct lc_world *w, struct lc_update *u);

/* The same objects as the beacon API would serve them: in the container of the attested slot. */
struct bytes lc_bootstrap_to_ssz(struct arena *a, const struct beacon_network *n,
                                 const struct lc_bootstrap *b);
struct bytes lc_update_to_ssz(struct arena *a, const struct beacon_network *n, enum lc_kind kind,
                              const struct lc_update *u);
/* `data` of an answer; a new reference. */
json_t *lc_bootstrap_to_json(const struct beacon_network *n, const struct lc_bootstrap *b);
json_t *lc_update_to_json(const struct beacon_network *n, enum lc_kind kind,
                          const struct lc_update *u);

#endif
