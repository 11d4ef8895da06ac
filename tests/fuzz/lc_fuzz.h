/* lc_fuzz: what the light-client fuzzers share. */
#ifndef BOOTGATE_TESTS_LC_FUZZ_H
#define BOOTGATE_TESTS_LC_FUZZ_H

#include "tests/lib/lc_put.h"

/* Every fork from Altair to Fulu within 160 slots. */
static const struct beacon_fork_at fuzz_forks[] = {
    {BEACON_PHASE0, {0, 0, 0, 1}, 0},    {BEACON_ALTAIR, {1, 0, 0, 1}, 1},
    {BEACON_BELLATRIX, {2, 0, 0, 1}, 4}, {BEACON_CAPELLA, {3, 0, 0, 1}, 8},
    {BEACON_DENEB, {4, 0, 0, 1}, 12},    {BEACON_ELECTRA, {5, 0, 0, 1}, 16},
    {BEACON_FULU, {6, 0, 0, 1}, 20},
};

static const struct beacon_network fuzz_network = {
    .name = "fuzz",
    .genesis_validators_root = {0x5a},
    .genesis_time = 1700000000,
    .seconds_per_slot = 12,
    .slots_per_epoch = 8,
    .epochs_per_period = 8,
    .committee_size = 32,
    .forks = fuzz_forks,
    .num_forks = sizeof fuzz_forks / sizeof *fuzz_forks,
};

/* write_back: an object that was read, as SSZ in the arena. */
static inline bool write_back(struct arena *a, const struct beacon_network *n, enum lc_kind kind,
                              const struct lc_bootstrap *b, const struct lc_update *u,
                              struct bytes *out)
{
    struct err err = {0};
    struct lc_out o = {arena_alloc(a, 1 << 15, &err), 0, 1 << 15, false};
    if (!o.p || !(b ? lc_put_bootstrap(&o, n, b) : lc_put_update(&o, n, kind, u)))
        return false;
    *out = bytes_of(o.p, o.n);
    return true;
}

#endif
