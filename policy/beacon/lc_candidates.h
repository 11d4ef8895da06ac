/*
 * lc_candidates: what a light client could look at: every object in the recorded answers, each with
 * the few numbers that say when it may help. Private to light_client. Decoded objects are not kept:
 * a flood of them costs a note each.
 */
#ifndef BOOTGATE_POLICY_BEACON_LC_CANDIDATES_H
#define BOOTGATE_POLICY_BEACON_LC_CANDIDATES_H

#include "policy/beacon/answers.h"

struct lc_candidate {
    size_t entry;    /* of the answers */
    size_t item;     /* LC_UPDATE: which of a list */
    size_t off, len; /* SSZ: where in the body */
    enum lc_kind kind;
    bool done; /* tried: nothing is ever tried twice */
    bool has_next, has_finality;
    uint64_t signature_slot, attested_slot, finalized_slot; /* as the object says */
};

/* One entry of the answers. */
struct lc_source {
    const void *body; /* to see that the caller still means the same one */
    size_t failures;  /* refused objects in it: others go first */
};

struct lc_candidates {
    struct lc_source *sources;
    size_t num_sources;
    struct lc_candidate *v;
    size_t n, cap;
};

/*
 * lc_candidates_take notes what is new in the answers. They may have grown at the end since the
 * last call; if they changed otherwise, all is looked at anew. An answer that cannot be read is
 * passed over and its error kept in *last_bad.
 */
enum rc lc_candidates_take(struct arena *a, struct lc_candidates *l, const struct beacon_network *n,
                           const struct beacon_answers *answers, struct err *last_bad,
                           struct err *err) MUST_CHECK;
/* Decode one of them again; not LC_BOOTSTRAP, LC_BOOTSTRAP. */
enum rc lc_candidate_update(struct arena *a, const struct beacon_network *n,
                            const struct beacon_answers *answers, const struct lc_candidate *c,
                            struct lc_update *out, struct err *err) MUST_CHECK;
enum rc lc_candidate_bootstrap(struct arena *a, const struct beacon_network *n,
                               const struct beacon_answers *answers, const struct lc_candidate *c,
                               struct lc_bootstrap *out, struct err *err) MUST_CHECK;
/* lc_scratch: an arena for one object, freed by who asked; NULL: BG_LC_SCRATCH. */
struct arena *lc_scratch(struct err *err) MUST_CHECK;
/* lc_bad keeps why an answer was of no use, with the path it came by. */
void lc_bad(struct err *last_bad, const struct err *why, const struct beacon_answer *e);

#endif
