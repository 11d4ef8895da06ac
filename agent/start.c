#include "agent/start.h"

#include "agent/fetch.h"

enum rc starts_fetch(struct nodes *nodes, struct turn *turn, json_t *docs, struct err *err)
{
    struct fetch_get g[LIMIT_URLS] = {0};
    uint64_t ms = 0;
    _Static_assert(LIMIT_URLS <= FETCH_GETS, "asked at once");
    for (size_t i = 0; i < nodes->n; i++)
        g[i].url = nodes->v[i].url;
    turn->left = 3; /* heads and state come after */
    TRY(turn_take(turn, &ms, err));
    enum rc rc = fetch_get(g, nodes->n, FETCH_ACCEPT_JSON, ms, err);
    for (size_t i = 0; i < nodes->n; i++) {
        struct bytes body = bytes_of(g[i].body.p, g[i].body.n);
        AUTO_JSON doc = NULL;
        nodes->v[i].why = g[i].why;
        if (rc == RC_OK && g[i].why.rc == RC_OK &&
            json_read(body, LIMIT_CHECKPOINT, &doc, &nodes->v[i].why) == RC_OK &&
            json_array_append(docs, doc) != 0)
            rc = err_set(err, BG_START_MEMORY, "%zu bytes", body.n);
        fetched_free(&g[i].body);
    }
    return rc;
}

/* insert keeps the list newest first; the configuration's own stands before its equals. */
static void insert(struct starts *s, struct start one)
{
    size_t i = s->n;
    if (s->n == STARTS_MAX)
        return;
    for (; i > 0 && s->v[i - 1].checkpoint.slot < one.checkpoint.slot; i--)
        s->v[i] = s->v[i - 1];
    s->v[i] = one;
    s->n++;
}

static enum rc take(const struct config *c, json_t *j, uint64_t min_slot, uint64_t now,
                    struct starts *s, struct err *err)
{
    struct checkpoint_doc doc;
    struct checkpoint_ok ok;
    struct err why = {0};
    if (checkpoint_read(j, &doc, &why) != RC_OK ||
        checkpoint_verify(&doc, c->chain.light_client.network, &c->signers, min_slot, now, &ok,
                          &why) != RC_OK) {
        s->bad = why;
        return RC_OK;
    }
    for (size_t i = 0; i < s->n; i++) {
        const struct lc_checkpoint *have = &s->v[i].checkpoint;
        if (have->slot != ok.checkpoint.slot)
            continue;
        if (memcmp(have->root, ok.checkpoint.root, sizeof have->root) != 0)
            return err_set(err, BG_START_CONTRADICTION, "slot %llu",
                           (unsigned long long)have->slot);
        if (s->v[i].doc)
            return RC_OK; /* the same again */
    }
    insert(s, (struct start){ok.checkpoint, j, ok.signed_by});
    return RC_OK;
}

enum rc starts_choose(const struct config *c, const json_t *docs, uint64_t min_slot, uint64_t now,
                      struct starts *out, struct err *err)
{
    const struct lc_checkpoint *own = &c->chain.light_client.checkpoint;
    struct starts s = {0};
    if (c->has_checkpoint && own->slot > min_slot)
        min_slot = own->slot;
    if (c->has_checkpoint)
        insert(&s, (struct start){.checkpoint = *own});
    for (size_t i = 0; c->signers.num_keys && i < json_array_size(docs) && i < LIMIT_URLS + 1; i++)
        TRY(take(c, json_array_get(docs, i), min_slot, now, &s, err));
    if (s.n == 0 && s.bad.rc != RC_OK) {
        *err = s.bad;
        return err->rc;
    }
    if (s.n == 0)
        return err_set(err, BG_START_NONE, "%zu documents at hand", json_array_size(docs));
    *out = s;
    return RC_OK;
}

enum rc starts_agree(const struct starts *s, const struct head_search *h, struct err *err)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct lc_checkpoint *c = &s->v[i].checkpoint;
        const uint8_t *root = NULL;
        if (s->v[i].doc && head_knows(h, c->slot, &root) &&
            memcmp(root, c->root, sizeof c->root) != 0)
            return err_set(err, BG_START_ALARM, "slot %llu", (unsigned long long)c->slot);
    }
    return RC_OK;
}
