#include "agent/head.h"

#include "agent/fetch.h"
#include "agent/hints.h"

void head_close(struct head_search *h)
{
    json_decref(h->useful);
    h->useful = NULL;
}

static uint64_t slot_of(const struct head_search *h)
{
    return h->head ? head_facts_of(h->head)->slot : 0;
}

static struct arena *scratch_new(struct err *err)
{
    struct arena *a = arena_new(LIMIT_ARENA);
    if (!a)
        (void)err_set(err, BG_HEAD_SCRATCH, "%u bytes", LIMIT_ARENA);
    return a;
}

/*
 * step runs the light client over all answers at hand. How many steps there are is for the nodes to
 * say, so what one decodes must not add up: it is gone after it.
 */
static enum rc step(struct head_search *h, struct err *err)
{
    AUTO_ARENA scratch = scratch_new(err);
    struct beacon_answers answers = {0};
    h->needs = (struct needs){0};
    err_clear(&h->bad);
    if (!scratch)
        return err->rc;
    TRY(beacon_answers_read(scratch, h->bundle->beacon, h->bundle->committee_keys, &answers, err));
    return light_client_step(h->lc, &answers, h->refresh, &h->needs, &h->head, &h->bad, err);
}

/* struct mark: how far the light client has come. */
struct mark {
    uint64_t slot;
    size_t updates;
    bool begun;
};

static struct mark mark_of(const struct head_search *h)
{
    const struct lc_store *s = light_client_store(h->lc);
    return (struct mark){slot_of(h), s->updates, s->current.known};
}

/* keep_useful: the entries from the first-th on came before the light client got on. */
static void keep_useful(struct head_search *h, size_t first, struct mark before)
{
    struct mark now = mark_of(h);
    if (now.slot == before.slot && now.updates == before.updates && now.begun == before.begun)
        return;
    for (size_t i = first; i < json_array_size(h->bundle->beacon); i++) {
        json_t *e = json_array_get(h->bundle->beacon, i);
        const char *path = json_string_value(json_object_get(e, "path"));
        if (path)
            (void)json_object_set(h->useful, path, e);
    }
}

static bool was_asked(const struct head_search *h, const char *path, size_t node)
{
    for (size_t i = 0; i < h->num_asked; i++)
        if (h->asked[i].node == node && strcmp(h->asked[i].path, path) == 0)
            return true;
    return false;
}

/* news: paths of what is needed and this node was not asked yet. */
static size_t news(const struct head_search *h, size_t node, char (*paths)[BEACON_PATH], size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < h->needs.n && n < max; i++)
        if (beacon_path(&h->needs.v[i], paths[n]) && !was_asked(h, paths[n], node))
            n++;
    return n;
}

/* ask_one: one round trip to one node, and a step with what it said. */
static enum rc ask_one(struct head_search *h, size_t node, const char (*paths)[BEACON_PATH],
                       size_t n, struct err *err)
{
    struct err why = {0};
    struct mark before = mark_of(h);
    size_t first = json_array_size(h->bundle->beacon);
    h->rounds++;
    for (size_t i = 0; i < n && h->num_asked < HEAD_ASKED; i++) {
        struct head_asked *e = &h->asked[h->num_asked++];
        memcpy(e->path, paths[i], BEACON_PATH);
        e->node = node;
    }
    if (beacon_ask(&h->nodes.v[node], h->turn, paths, n, h->bundle->beacon, &why) == RC_OK)
        h->nodes.preferred = node;
    TRY(step(h, err));
    keep_useful(h, first, before);
    return RC_OK;
}

/*
 * ask_next asks the next node for all that it was not asked yet, beginning with the one that
 * helped last. *out_node: which; NULL: none is left.
 */
static enum rc ask_next(struct head_search *h, const struct node **out_node, struct err *err)
{
    char paths[FETCH_GETS][BEACON_PATH];
    *out_node = NULL;
    for (size_t k = 0; k < h->nodes.n; k++) {
        size_t node = (h->nodes.preferred + k) % h->nodes.n;
        size_t n = h->num_asked < HEAD_ASKED ? news(h, node, paths, FETCH_GETS) : 0;
        if (n == 0)
            continue;
        *out_node = &h->nodes.v[node];
        h->turn->left = h->nodes.n - k + 1; /* and time for the state behind it */
        return ask_one(h, node, (const char(*)[BEACON_PATH])paths, n, err);
    }
    return RC_OK;
}

/* no_head says why: an answer that was refused, the nodes that failed, or that there are none. */
static enum rc no_head(const struct head_search *h, struct err *err)
{
    char failures[ERR_DETAIL_MAX];
    bool failed = nodes_failures(&h->nodes, failures, sizeof failures);
    if (h->bad.rc != RC_OK) {
        size_t n = strlen(h->bad.detail);
        *err = h->bad;
        if (failed) /* what is at hand is not enough, and these had nothing better */
            snprintf(err->detail + n, sizeof err->detail - n, "; %s", failures);
        return err->rc;
    }
    if (h->nodes.n == 0)
        return err_set(err, BG_HEAD_OFFLINE, "%zu beacon answers at hand",
                       json_array_size(h->bundle->beacon));
    if (failed)
        return err_set(err, BG_HEAD_NETWORK, "%s", failures);
    return err_set(err, BG_HEAD_NO_ANSWER, "%zu beacon nodes asked", h->nodes.n);
}

static bool same(const struct err *a, const struct err *b)
{
    return a->rc == b->rc && strcmp(a->detail, b->detail) == 0;
}

static void cut(json_t *list, size_t n)
{
    while (json_array_size(list) > n)
        (void)json_array_remove(list, json_array_size(list) - 1);
}

/*
 * begin starts at the checkpoint with the answers at hand. Those from the store must lead there and
 * hold in every part, or all of them go: what was there is not known to be ours. So they do when
 * they lead to less than the floor that was written after them.
 */
static enum rc begin(struct head_search *h, const struct lc_config *cfg, struct err *err)
{
    struct mark none = {0};
    struct err why = {0};
    h->head = NULL;
    TRY(light_client_new(h->a, cfg, h->now, &h->lc, err));
    if (step(h, &why) != RC_OK) {
        h->bad = why; /* what is not the store's fault comes again */
        if (!h->from_store) {
            *err = why;
            return err->rc;
        }
    }
    bool whole = h->bad.rc == RC_OK || h->bad.rc == BG_LC_HEAD_AGE;
    if (h->from_store && !(whole && mark_of(h).begun)) {
        h->store_bad = h->bad;
        if (h->bad.rc == RC_OK)
            (void)err_set(&h->store_bad, BG_STORE_FOREIGN, "%s", "no bootstrap of the checkpoint");
        cut(h->bundle->beacon, h->own_answers);
        cut(h->bundle->committee_keys, h->own_hints);
        h->from_store = false;
        TRY(light_client_new(h->a, cfg, h->now, &h->lc, err));
        TRY(step(h, err));
    }
    keep_useful(h, 0, none);
    return RC_OK;
}

enum rc head_find(struct head_search *h, const struct lc_config *cfg, struct err *err)
{
    const struct node *asked = NULL;
    if (!h->useful && !(h->useful = json_object()))
        return err_set(err, BG_HEAD_MEMORY, "%s", "");
    h->cfg = *cfg;
    TRY(begin(h, cfg, err));
    while (!h->head || h->refresh) {
        uint64_t had = slot_of(h);
        struct err before = h->bad;
        TRY(ask_next(h, &asked, err));
        if (!asked)
            break;
        /* A node whose every answer held is believed to have no newer head; else the next one. */
        bool held = asked->why.rc == RC_OK && same(&h->bad, &before);
        if (h->head && held && (slot_of(h) > had || h->bad.rc == RC_OK))
            break;
    }
    return h->head ? RC_OK : no_head(h, err);
}

enum rc head_newer(struct head_search *h, bool *out_moved, struct err *err)
{
    const struct chain_head *old = h->head;
    const struct node *asked = NULL;
    uint64_t had = slot_of(h);
    bool refresh = h->refresh;
    h->refresh = true;
    h->num_asked = 0;
    enum rc rc = step(h, err);
    do {
        if (rc == RC_OK)
            rc = ask_next(h, &asked, err);
    } while (rc == RC_OK && asked && slot_of(h) <= had);
    h->refresh = refresh;
    TRY(rc);
    *out_moved = slot_of(h) > had;
    if (!*out_moved)
        h->head = old;
    return RC_OK;
}

bool head_knows(const struct head_search *h, uint64_t slot, const uint8_t **out_root)
{
    const struct lc_store *s = h->lc ? light_client_store(h->lc) : NULL;
    if (!s || !s->current.known)
        return false;
    if (s->finalized.beacon.slot == slot)
        *out_root = s->finalized_root;
    else if (s->optimistic.beacon.slot == slot)
        *out_root = s->optimistic_root;
    else
        return false;
    return true;
}

/* leads_again: a light client that is given only these entries comes to the same head. */
static enum rc leads_again(const struct head_search *h, const json_t *entries, bool *out,
                           struct err *err)
{
    AUTO_ARENA scratch = scratch_new(err);
    struct beacon_answers answers = {0};
    struct light_client *lc = NULL;
    const struct chain_head *head = NULL;
    struct needs needs = {0};
    struct err bad = {0};
    if (!scratch)
        return err->rc;
    TRY(beacon_answers_read(scratch, entries, h->bundle->committee_keys, &answers, err));
    TRY(light_client_new(scratch, &h->cfg, h->now, &lc, err));
    TRY(light_client_step(lc, &answers, false, &needs, &head, &bad, err));
    *out = head && head_facts_of(head)->slot == slot_of(h) && bad.rc == RC_OK;
    return RC_OK;
}

enum rc head_entries(struct head_search *h, json_t **out, struct err *err)
{
    AUTO_JSON list = json_array();
    const char *path;
    json_t *entry;
    bool enough = true;
    json_object_foreach(h->useful, path, entry)
    {
        if (json_array_append(list, entry) != 0)
            return err_set(err, BG_HEAD_LIST, "%s", path);
    }
    /* Of several answers to one question the last was kept: was it the good one? */
    if (h->rounds > 1 || json_array_size(list) != json_array_size(h->bundle->beacon))
        TRY(leads_again(h, list, &enough, err));
    *out = json_incref(enough ? list : h->bundle->beacon);
    return RC_OK;
}

enum rc head_hints(struct head_search *h, const json_t *entries, struct err *err)
{
    if (light_client_store(h->lc)->wrong_hints) /* found out, and of no use to anybody */
        (void)json_array_clear(h->bundle->committee_keys);
    return hints_add(h->a, h->cfg.network, entries, h->bundle->committee_keys, err);
}
