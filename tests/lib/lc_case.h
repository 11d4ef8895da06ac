/*
 * lc_case: the light-client objects of vectors/contracts as bundle `beacon` entries, with the
 * network and checkpoint that go with them, and one step of a light client over such entries.
 */
#ifndef BOOTGATE_TESTS_LC_CASE_H
#define BOOTGATE_TESTS_LC_CASE_H

#include "policy/beacon/light_client.h"
#include "tests/lib/harness.h"

struct lc_case {
    struct beacon_network network;
    struct beacon_fork_at forks[BEACON_FORK_MAX];
    struct lc_config cfg; /* network points here: don't copy the case */
    uint64_t now;         /* one slot after the signature of `finality` */
    /* Bodies as a server gives them; owned. NULL: the set has none. */
    json_t *bootstrap, *updates, *finality, *optimistic, *finality_60pct, *finality_next;
};

/* lc_case_load reads a set's files; fails the test when one is malformed. */
void lc_case_load(const char *set, struct lc_case *out);
void lc_case_free(struct lc_case *c);

/* lc_entry: a new {path, result}; lc_entry_ssz: {path, ssz}. */
json_t *lc_entry(const char *path, json_t *body);
json_t *lc_entry_ssz(const char *path, struct bytes ssz);
/* The paths that bootgate asks. Written to a buffer of the caller's. */
#define LC_PATH_MAX 128u
#define LC_PATH     "/eth/v1/beacon/light_client/"
const char *lc_path_bootstrap(char out[static LC_PATH_MAX], const uint8_t root[static 32]);
const char *lc_path_updates(char out[static LC_PATH_MAX], uint64_t first, uint64_t count);
#define LC_PATH_FINALITY   LC_PATH "finality_update"
#define LC_PATH_OPTIMISTIC LC_PATH "optimistic_update"

/* What one step gives. */
struct lc_try {
    enum rc rc; /* of light_client_new, the answers, or the step */
    struct needs needs;
    const struct chain_head *head;
    struct err bad, err;
};
/* lc_step: one step over `beacon`. lc_once: a new light client for it. */
struct lc_try lc_step(struct arena *a, struct light_client *lc, const json_t *beacon, bool refresh);
struct lc_try lc_once(struct arena *a, const struct lc_config *cfg, uint64_t now,
                      const json_t *beacon);
/* lc_need: the need of this kind, or NULL. */
const struct need *lc_need(const struct lc_try *t, enum need_kind kind);

#endif
