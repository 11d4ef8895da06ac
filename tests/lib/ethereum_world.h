/*
 * ethereum_world: the contracts of policy_world on a chain whose blocks a beacon_world finalizes:
 * everything from a checkpoint to an allowed decision, of the tests' own making.
 */
#ifndef BOOTGATE_TESTS_ETHEREUM_WORLD_H
#define BOOTGATE_TESTS_ETHEREUM_WORLD_H

#include "tests/lib/lc_scene.h"
#include "tests/lib/policy_world.h"

/* The checkpoint is in period 5, so that one update and one finality update lead to the head. */
#define EW_CHECKPOINT 336u
#define EW_UPDATE     382u /* attested; signed in the last slot of its period */

struct ethereum_world {
    struct policy_world p; /* its block is the payload of slot SCENE_FINALIZED */
    struct lc_scene s;
    json_t *rpc;
};

/* ethereum_world_new: Electra and Prague; the answers are all there, as JSON or as SSZ. */
void ethereum_world_new(struct arena *a, struct ethereum_world *e, bool ssz);
void ethereum_world_free(struct ethereum_world *e);

/* ethereum_world_ask: from these beacon answers to a decision; needs left or any error: no. */
struct policy_try ethereum_world_ask(struct arena *a, const struct ethereum_world *e,
                                     const json_t *beacon);
/* ethereum_world_ask_at: the decision at a head, by cfg. */
struct policy_try ethereum_world_ask_at(struct arena *a, const struct ethereum_world *e,
                                        const struct chain_config *cfg,
                                        const struct chain_head *head, uint64_t now);

#endif
