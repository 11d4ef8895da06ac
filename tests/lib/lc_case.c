#include "tests/lib/lc_case.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"

static json_t *load(const char *set, const char *file)
{
    char path[200];
    snprintf(path, sizeof path, "contracts/%s/%s", set, file);
    return vectors_json(path);
}

static const json_t *member(const json_t *obj, const char *key)
{
    const json_t *v = json_object_get(obj, key);
    if (!v)
        fail_msg("vector without %s", key);
    return v;
}

static uint64_t number(const json_t *v)
{
    return json_is_integer(v) ? (uint64_t)json_integer_value(v)
                              : strtoull(json_string_value(v), NULL, 10);
}

static void hex(const json_t *v, uint8_t *out, size_t n)
{
    assert_true(hex_decode_0x(json_view(v), out, n));
}

static const json_t *beacon_of(const json_t *body, const char *header)
{
    return member(member(member(body, "data"), header), "beacon");
}

/* forks: all from epoch 0, versions by name; `last` is the newest. */
static void forks(struct lc_case *c, const json_t *versions, const char *form, const char *last)
{
    c->network.forks = c->forks;
    for (unsigned f = BEACON_PHASE0; f < BEACON_FORK_MAX; f++) {
        char key[64], name[16];
        snprintf(name, sizeof name, "%s",
                 f == BEACON_PHASE0 ? "genesis" : beacon_fork_name((enum beacon_fork)f));
        for (char *p = name; *p; p++)
            *p = (char)(*p - 'a' + 'A');
        snprintf(key, sizeof key, form, name);
        struct beacon_fork_at *at = &c->forks[c->network.num_forks++];
        at->fork = (enum beacon_fork)f;
        hex(member(versions, key), at->version, 4);
        if (strcmp(beacon_fork_name((enum beacon_fork)f), last) == 0)
            return;
    }
    fail_msg("no fork %s", last);
}

static void load_live(struct lc_case *c, const char *set)
{
    AUTO_JSON live = load(set, "lc-live.json");
    const json_t *genesis = member(member(live, "genesis"), "data");
    const json_t *spec = member(member(live, "spec"), "data");
    assert_true(beacon_preset(json_view(member(spec, "PRESET_BASE")), &c->network));
    c->network.genesis_time = number(member(genesis, "genesis_time"));
    c->network.seconds_per_slot = number(member(spec, "SECONDS_PER_SLOT"));
    hex(member(genesis, "genesis_validators_root"), c->network.genesis_validators_root, 32);
    forks(c, spec, "%s_FORK_VERSION", "capella");
    hex(member(live, "bootstrapRoot"), c->cfg.checkpoint.root, 32);
    c->bootstrap = json_incref(json_object_get(live, "bootstrap"));
    c->updates = json_incref(json_object_get(live, "updates"));
    c->finality = json_incref(json_object_get(live, "finality"));
    c->optimistic = json_incref(json_object_get(live, "optimistic"));
}

static void load_synthetic(struct lc_case *c, const char *set)
{
    AUTO_JSON config = load(set, "lc-config.json");
    assert_true(beacon_preset(json_view(member(config, "preset")), &c->network));
    c->network.genesis_time = number(member(config, "genesisTime"));
    c->network.seconds_per_slot = number(member(config, "secondsPerSlot"));
    hex(member(config, "genesisValidatorsRoot"), c->network.genesis_validators_root, 32);
    forks(c, member(config, "forkVersions"), "%s", json_string_value(member(config, "fork")));
    hex(member(config, "trustedBlockRoot"), c->cfg.checkpoint.root, 32);
    c->bootstrap = load(set, "lc-bootstrap.json");
    c->updates = load(set, "lc-updates.json");
    c->finality = load(set, "lc-finality-update.json");
    c->finality_60pct = load(set, "lc-finality-update-60pct.json");
    c->finality_next = load(set, "lc-finality-update-next-period.json");
}

void lc_case_load(const char *set, struct lc_case *c)
{
    *c = (struct lc_case){.network = {.name = set}};
    if (strcmp(set, "capella-devnet") == 0)
        load_live(c, set);
    else
        load_synthetic(c, set);
    c->cfg.network = &c->network;
    c->cfg.checkpoint.slot = number(member(beacon_of(c->bootstrap, "header"), "slot"));
    c->cfg.checkpoint_max_age = 14 * 86400;
    c->cfg.head = LC_HEAD_FINALIZED;
    c->now = beacon_time_of(&c->network,
                            number(member(member(c->finality, "data"), "signature_slot")) + 1);
}

void lc_case_free(struct lc_case *c)
{
    json_decref(c->bootstrap);
    json_decref(c->updates);
    json_decref(c->finality);
    json_decref(c->optimistic);
    json_decref(c->finality_60pct);
    json_decref(c->finality_next);
}

json_t *lc_entry(const char *path, json_t *body)
{
    return json_pack("{s:s,s:O}", "path", path, "result", body);
}

json_t *lc_entry_ssz(const char *path, struct bytes ssz)
{
    char *text = malloc(2 * ssz.n + 1);
    assert_non_null(text);
    hex_encode(ssz, text);
    json_t *e = json_pack("{s:s,s:s}", "path", path, "ssz", text);
    free(text);
    return e;
}

const char *lc_path_bootstrap(char out[static LC_PATH_MAX], const uint8_t root[static 32])
{
    char text[65];
    hex_encode(bytes_of(root, 32), text);
    snprintf(out, LC_PATH_MAX, LC_PATH "bootstrap/0x%s", text);
    return out;
}

const char *lc_path_updates(char out[static LC_PATH_MAX], uint64_t first, uint64_t count)
{
    snprintf(out, LC_PATH_MAX, LC_PATH "updates?start_period=%llu&count=%llu",
             (unsigned long long)first, (unsigned long long)count);
    return out;
}

struct lc_try lc_step(struct arena *a, struct light_client *lc, const json_t *beacon, bool refresh)
{
    struct lc_try t = {0};
    struct beacon_answers answers;
    t.rc = beacon_answers_read(a, beacon, NULL, &answers, &t.err);
    if (t.rc == RC_OK)
        t.rc = light_client_step(lc, &answers, refresh, &t.needs, &t.head, &t.bad, &t.err);
    return t;
}

struct lc_try lc_once(struct arena *a, const struct lc_config *cfg, uint64_t now,
                      const json_t *beacon)
{
    struct lc_try t = {0};
    struct light_client *lc;
    t.rc = light_client_new(a, cfg, now, &lc, &t.err);
    return t.rc == RC_OK ? lc_step(a, lc, beacon, false) : t;
}

const struct need *lc_need(const struct lc_try *t, enum need_kind kind)
{
    for (size_t i = 0; i < t->needs.n; i++)
        if (t->needs.v[i].kind == kind)
            return &t->needs.v[i];
    return NULL;
}
