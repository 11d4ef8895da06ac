#include "tests/lib/ethereum_world.h"

#include "policy/decide.h"

static void put_payload(struct ethereum_world *e)
{
    struct beacon_world *w = e->s.w;
    e->p.block.shape = WORLD_PRAGUE;
    e->p.block.timestamp = beacon_world_time(w, SCENE_FINALIZED);
    policy_world_seal(&e->p);
    w->payload_slot = SCENE_FINALIZED;
    w->payload =
        (struct lc_execution){.block_number = e->p.block.number, .gas_limit = e->p.block.gas_limit};
    memcpy(w->payload.block_hash, world_block_hash(e->p.chain), 32);
    memcpy(w->payload.state_root, world_state_root(e->p.chain), 32);
    w->payload.base_fee[31] = (uint8_t)e->p.block.base_fee;
}

static void put_ssz(struct ethereum_world *e)
{
    struct lc_scene *s = &e->s;
    struct lc_bootstrap b;
    struct lc_update u;
    char path[LC_PATH_MAX];
    beacon_world_bootstrap(s->w, EW_CHECKPOINT, &b);
    scene_ssz(s, lc_path_bootstrap(path, s->cfg.checkpoint.root),
              beacon_world_bootstrap_ssz(s->w, &b));
    beacon_world_update(s->w, LC_UPDATE, EW_UPDATE, BW_KEYS, &u);
    scene_ssz(s, lc_path_updates(path, 5, 1), beacon_world_update_ssz(s->w, LC_UPDATE, &u, true));
    beacon_world_update(s->w, LC_FINALITY_UPDATE, SCENE_ATTESTED, BW_KEYS, &u);
    scene_ssz(s, LC_PATH_FINALITY, beacon_world_update_ssz(s->w, LC_FINALITY_UPDATE, &u, false));
}

static void put_json(struct ethereum_world *e)
{
    struct lc_scene *s = &e->s;
    struct lc_update u;
    char path[LC_PATH_MAX];
    scene_bootstrap(s);
    beacon_world_update(s->w, LC_UPDATE, EW_UPDATE, BW_KEYS, &u);
    AUTO_JSON list = json_array();
    json_array_append_new(list, beacon_world_update_json(s->w, LC_UPDATE, &u));
    json_array_append_new(s->beacon, lc_entry(lc_path_updates(path, 5, 1), list));
    scene_finality(s, SCENE_ATTESTED, BW_KEYS);
}

void ethereum_world_new(struct arena *a, struct ethereum_world *e, bool ssz)
{
    policy_world_new(a, &e->p);
    scene_new(&e->s, BEACON_ELECTRA);
    put_payload(e);
    e->s.cfg.checkpoint.slot = EW_CHECKPOINT;
    beacon_world_root(e->s.w, EW_CHECKPOINT, e->s.cfg.checkpoint.root);
    if (ssz)
        put_ssz(e);
    else
        put_json(e);
    e->rpc = policy_world_bundle(&e->p);
    e->p.now = e->s.now;
    e->p.cfg.source = CHAIN_ETHEREUM;
    e->p.cfg.light_client = e->s.cfg;
    memset(e->p.cfg.block_hash, 0, 32); /* nothing is pinned */
}

void ethereum_world_free(struct ethereum_world *e)
{
    json_decref(e->rpc);
    scene_free(&e->s);
    policy_world_free(&e->p);
}

struct policy_try ethereum_world_ask_at(struct arena *a, const struct ethereum_world *e,
                                        const struct chain_config *cfg,
                                        const struct chain_head *head, uint64_t now)
{
    struct policy_try t = {0};
    struct answers answers;
    struct verdict v = {0};
    t.rc = answers_read(a, e->rpc, &answers, &t.err);
    if (t.rc == RC_OK)
        t.rc = chain_ask(a, cfg, head, ASK_APP, &e->p.bi, &answers, now, &t.needs, &t.checks, &t.r,
                         &t.bad, &t.err);
    if (t.rc != RC_OK)
        return t;
    policy_decide(&t.checks, &t.r, &v);
    t.allow = verdict_is_allow(&v);
    t.code = v.code;
    return t;
}

struct policy_try ethereum_world_ask(struct arena *a, const struct ethereum_world *e,
                                     const json_t *beacon)
{
    struct lc_try l = lc_once(a, &e->p.cfg.light_client, e->s.now, beacon);
    if (l.rc == RC_OK && l.head)
        return ethereum_world_ask_at(a, e, &e->p.cfg, l.head, e->s.now);
    return (struct policy_try){.rc = l.rc, .needs = l.needs, .bad = l.bad, .err = l.err};
}
