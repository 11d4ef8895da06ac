#include "tests/lib/lc_scene.h"

#include <stdlib.h>

void scene_new(struct lc_scene *s, enum beacon_fork fork)
{
    *s = (struct lc_scene){.w = beacon_world_new(fork), .beacon = json_array()};
    s->cfg = (struct lc_config){.network = &s->w->network,
                                .checkpoint = {.slot = SCENE_CHECKPOINT},
                                .checkpoint_max_age = 86400,
                                .head = LC_HEAD_FINALIZED};
    beacon_world_root(s->w, SCENE_CHECKPOINT, s->cfg.checkpoint.root);
    s->now = beacon_world_time(s->w, SCENE_NOW);
}

void scene_free(struct lc_scene *s)
{
    json_decref(s->beacon);
    beacon_world_free(s->w);
}

void scene_clear(struct lc_scene *s)
{
    json_decref(s->beacon);
    s->beacon = json_array();
}

static void put(struct lc_scene *s, const char *path, json_t *body)
{
    assert_int_equal(json_array_append_new(s->beacon, lc_entry(path, body)), 0);
    json_decref(body);
}

void scene_bootstrap(struct lc_scene *s)
{
    struct lc_bootstrap b;
    char path[LC_PATH_MAX];
    beacon_world_bootstrap(s->w, s->cfg.checkpoint.slot, &b);
    put(s, lc_path_bootstrap(path, s->cfg.checkpoint.root), beacon_world_bootstrap_json(s->w, &b));
}

void scene_updates(struct lc_scene *s, uint64_t first, uint64_t count)
{
    struct lc_update u;
    char path[LC_PATH_MAX];
    json_t *list = json_array();
    for (uint64_t p = first; p < first + count; p++) {
        beacon_world_update(s->w, LC_UPDATE, p * 64 + 50, BW_KEYS, &u);
        json_array_append_new(list, beacon_world_update_json(s->w, LC_UPDATE, &u));
    }
    put(s, lc_path_updates(path, first, count), list);
}

void scene_put(struct lc_scene *s, enum lc_kind kind, const struct lc_update *u)
{
    put(s, kind == LC_OPTIMISTIC_UPDATE ? LC_PATH_OPTIMISTIC : LC_PATH_FINALITY,
        beacon_world_update_json(s->w, kind, u));
}

void scene_finality(struct lc_scene *s, uint64_t attested, size_t signers)
{
    struct lc_update u;
    beacon_world_update(s->w, LC_FINALITY_UPDATE, attested, signers, &u);
    scene_put(s, LC_FINALITY_UPDATE, &u);
}

void scene_optimistic(struct lc_scene *s, uint64_t attested, size_t signers)
{
    struct lc_update u;
    beacon_world_update(s->w, LC_OPTIMISTIC_UPDATE, attested, signers, &u);
    scene_put(s, LC_OPTIMISTIC_UPDATE, &u);
}

void scene_ssz(struct lc_scene *s, const char *path, struct bytes ssz)
{
    json_array_append_new(s->beacon, lc_entry_ssz(path, ssz));
    free((void *)(uintptr_t)ssz.p);
}

void scene_all(struct lc_scene *s)
{
    scene_bootstrap(s);
    scene_updates(s, 3, 3);
    scene_finality(s, SCENE_ATTESTED, BW_KEYS);
}

struct lc_try scene_once(struct arena *a, const struct lc_scene *s)
{
    return lc_once(a, &s->cfg, s->now, s->beacon);
}

struct light_client *scene_client(struct arena *a, const struct lc_scene *s)
{
    struct light_client *lc = NULL;
    struct err err = {0};
    if (light_client_new(a, &s->cfg, s->now, &lc, &err) != RC_OK)
        fail_msg("no light client: %s", err.detail);
    return lc;
}
