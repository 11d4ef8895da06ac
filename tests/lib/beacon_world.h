/*
 * beacon_world: a beacon chain for tests without a node: blocks, states and bodies as far as a
 * light client sees them, sync committees with keys of the tests' own (bls_sign), and the objects
 * that a beacon node serves, as structures to be altered, then as JSON or SSZ. Each slot has one
 * block, always the same; the block two epochs back is what its state finalizes.
 */
#ifndef BOOTGATE_TESTS_BEACON_WORLD_H
#define BOOTGATE_TESTS_BEACON_WORLD_H

#include "policy/beacon/read.h"
#include "tests/lib/bls_sign.h"

#define BW_KEYS    32u /* committee size: the minimal preset */
#define BW_PERIODS 24u
#define BW_SLOTS   (BW_PERIODS * 64u)

struct beacon_world {
    struct beacon_network network; /* 8 slots of 6 s an epoch, 8 epochs a period */
    struct beacon_fork_at forks[2];
    uint64_t seed;
    /* The execution payload of one slot; 0: all are made up. Its timestamp is set here. */
    uint64_t payload_slot;
    struct lc_execution payload;
    /* Made when first asked for. */
    bool has_keys[BW_PERIODS], has_header[BW_SLOTS];
    uint8_t secrets[BW_PERIODS][BW_KEYS][BLS_SECRET];
    uint8_t keys[BW_PERIODS][BW_KEYS][BLS_KEY];
    uint8_t aggregates[BW_PERIODS][BLS_KEY];
    struct lc_header headers[BW_SLOTS];
};

/* beacon_world_new: everything at `fork` (Altair to Fulu) from genesis. Not moved afterwards. */
struct beacon_world *beacon_world_new(enum beacon_fork fork);
void beacon_world_free(struct beacon_world *w);

/* The Unix time at which a slot begins; the block of a slot and its root; what it finalizes. */
uint64_t beacon_world_time(const struct beacon_world *w, uint64_t slot);
const struct lc_header *beacon_world_header(struct beacon_world *w, uint64_t slot);
void beacon_world_root(struct beacon_world *w, uint64_t slot, uint8_t out[static 32]);
uint64_t beacon_world_finalized(uint64_t slot);

/* The objects. Committees point into the world. */
void beacon_world_bootstrap(struct beacon_world *w, uint64_t slot, struct lc_bootstrap *out);
/* beacon_world_update: attested at `slot`, signed in the next one by the first `signers`. */
void beacon_world_update(struct beacon_world *w, enum lc_kind kind, uint64_t slot, size_t signers,
                         struct lc_update *out);
/* beacon_world_sign signs again, after a change of the attested header, signature slot or bits. */
void beacon_world_sign(struct beacon_world *w, struct lc_update *u, size_t signers);

/* As a node serves them: {version, data}, and SSZ (malloc'd). */
json_t *beacon_world_bootstrap_json(const struct beacon_world *w, const struct lc_bootstrap *b);
json_t *beacon_world_update_json(const struct beacon_world *w, enum lc_kind kind,
                                 const struct lc_update *u);
struct bytes beacon_world_bootstrap_ssz(const struct beacon_world *w, const struct lc_bootstrap *b);
/* SSZ of one update; framed: with the length and digest of an element of /updates. */
struct bytes beacon_world_update_ssz(const struct beacon_world *w, enum lc_kind kind,
                                     const struct lc_update *u, bool framed);

#endif
