/*
 * lc_scene: a checkpoint, a clock and recorded answers on a beacon chain of the tests' own
 * (beacon_world), ready for a light client: the checkpoint in period 3, the clock in period 6.
 */
#ifndef BOOTGATE_TESTS_LC_SCENE_H
#define BOOTGATE_TESTS_LC_SCENE_H

#include "tests/lib/beacon_world.h"
#include "tests/lib/lc_case.h"

#define SCENE_CHECKPOINT 208u /* slot; period 3 */
#define SCENE_NOW        428u /* slot of the clock; period 6 */
#define SCENE_ATTESTED   427u /* newest attested; finalizes SCENE_FINALIZED */
#define SCENE_FINALIZED  408u

struct lc_scene {
    struct beacon_world *w;
    struct lc_config cfg; /* finalized; network and checkpoint of the world */
    uint64_t now;
    json_t *beacon; /* entries */
};

void scene_new(struct lc_scene *s, enum beacon_fork fork);
void scene_free(struct lc_scene *s);
void scene_clear(struct lc_scene *s); /* drops the entries */

/* Each appends one entry. */
void scene_bootstrap(struct lc_scene *s); /* of cfg.checkpoint */
/* The updates of `count` periods from `first` on, attested 50 slots into each, by all. */
void scene_updates(struct lc_scene *s, uint64_t first, uint64_t count);
void scene_finality(struct lc_scene *s, uint64_t attested, size_t signers);
void scene_optimistic(struct lc_scene *s, uint64_t attested, size_t signers);
void scene_put(struct lc_scene *s, enum lc_kind kind, const struct lc_update *u);
void scene_ssz(struct lc_scene *s, const char *path, struct bytes ssz); /* takes ssz */
/* All that a cold start needs. */
void scene_all(struct lc_scene *s);

struct lc_try scene_once(struct arena *a, const struct lc_scene *s);
struct light_client *scene_client(struct arena *a, const struct lc_scene *s);

/* HEAD, NO_HEAD: a case each: the head of this slot; none, why (RC_OK: nothing was refused), and
 * something hard is asked for. */
static inline uint64_t scene_head_slot(const struct lc_try *t)
{
    return t->rc == RC_OK && t->head ? head_facts_of(t->head)->slot : 0;
}

#define HEAD(name, t, slot)                                                                        \
    CASE(name, scene_head_slot(&(t)) == (slot), "rc %d %s, slot %llu, bad %d %s", (t).rc,          \
         (t).err.detail, (unsigned long long)scene_head_slot(&(t)), (t).bad.rc, (t).bad.detail)
#define NO_HEAD(name, t, code)                                                                     \
    CASE(name, (t).rc == RC_OK && !(t).head && (t).bad.rc == (code) && needs_hard(&(t).needs) > 0, \
         "rc %d %s, slot %llu, bad %d %s", (t).rc, (t).err.detail,                                 \
         (unsigned long long)scene_head_slot(&(t)), (t).bad.rc, (t).bad.detail)

#endif
