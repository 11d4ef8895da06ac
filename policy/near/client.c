#include "policy/near/client.h"

#include "base/date.h"
#include "base/limits.h"
#include "policy/near/base58.h"

#define NS 1000000000ull

struct near_client {
    struct arena *a;
    struct near_config cfg;
    uint64_t now;
    struct near_head head;
    bool moved;                     /* the head is a block that was verified, not the checkpoint */
    size_t refused;                 /* blocks that did not verify: each costs signatures */
    struct near_kept kept;          /* but for the newest block */
    struct near_kept_answer newest; /* result NULL: it is among them */
    uint8_t kept_hash[32];          /* of the last block among them; else the checkpoint's */
    bool overflow;                  /* kept is not all of it */
};

static uint64_t age_of(uint64_t now, uint64_t timestamp_ns)
{
    uint64_t t = timestamp_ns / NS;
    return now > t ? now - t : 0;
}

enum rc near_client_new(struct arena *a, const struct near_config *cfg, uint64_t now,
                        struct near_client **out, struct err *err)
{
    uint64_t age = age_of(now, cfg->checkpoint.timestamp);
    if (cfg->checkpoint.timestamp / NS > now &&
        cfg->checkpoint.timestamp / NS - now > NEAR_CLOCK_TOLERANCE)
        return err_set(err, BG_NEAR_CHECKPOINT_FUTURE, "the checkpoint is of %s, our clock says %s",
                       date_of(cfg->checkpoint.timestamp / NS).s, date_of(now).s);
    if (cfg->checkpoint_max_age && age > cfg->checkpoint_max_age) {
        bool days = cfg->checkpoint_max_age % 86400 == 0; /* else both as they are configured */
        uint64_t unit = days ? 86400 : 1;
        return err_set(err, BG_NEAR_CHECKPOINT_AGE, "%llu %s old, at most %llu",
                       (unsigned long long)(age / unit), days ? "days" : "s",
                       (unsigned long long)(cfg->checkpoint_max_age / unit));
    }
    struct near_client *c = ARENA_NEW(a, struct near_client, err);
    if (!c)
        return err->rc;
    c->a = a;
    c->cfg = *cfg;
    c->now = now;
    near_head_start(&cfg->checkpoint, &c->head);
    memcpy(c->kept_hash, cfg->checkpoint.block_hash, 32);
    *out = c;
    return RC_OK;
}

/* asked_after: an entry of next_light_client_block for this block: [hash] or {last_block_hash}. */
static bool asked_after(const struct answer *e, const uint8_t hash[static 32])
{
    const json_t *p = json_is_array(e->params) ? json_array_get(e->params, 0)
                                               : json_object_get(e->params, "last_block_hash");
    uint8_t named[32];
    return strcmp(e->method, "next_light_client_block") == 0 && json_is_string(p) &&
           base58_read(json_view(p), named, 32) && memcmp(named, hash, 32) == 0;
}

static void keep(struct near_client *c, const struct near_kept_answer *k)
{
    for (size_t i = 0; i < c->kept.n; i++)
        if (c->kept.v[i].answer.result == k->answer.result)
            return;
    if (c->kept.n + 1 < NEAR_KEPT) /* one place is the newest block's */
        c->kept.v[c->kept.n++] = *k;
    else
        c->overflow = true;
}

/* keep_block: after the last one that is kept; one that begins an epoch is needed by all after it.
 */
static void keep_block(struct near_client *c, const struct answer *e, const struct near_block *b,
                       bool begins)
{
    struct near_kept_answer k = {.answer = *e};
    memcpy(k.after, c->kept_hash, 32);
    c->newest = k;
    if (!begins)
        return;
    keep(c, &k);
    memcpy(c->kept_hash, b->hash, 32);
    c->newest.answer.result = NULL;
}

void near_client_kept(const struct near_client *c, struct near_kept *out)
{
    *out = c->kept;
    if (c->overflow)
        out->n = 0;
    else if (c->newest.answer.result)
        out->v[out->n++] = c->newest;
}

/* learn_producers looks for the wanted list among the answers: its hash is known, so any will do.
 */
static enum rc learn_producers(struct near_client *c, const struct answers *answers,
                               struct err *err)
{
    for (size_t i = 0; i < answers->n; i++) {
        const struct answer *e = &answers->v[i];
        struct near_producers p;
        struct err ignored = {0};
        if (strcmp(e->method, "EXPERIMENTAL_validators_ordered") == 0 &&
            near_producers_from_json(c->a, e->result, &p, &ignored) == RC_OK &&
            near_head_producers(c->a, &c->head, &p, err))
            keep(c, &(struct near_kept_answer){.answer = *e, .producers = true});
        if (ignored.rc == BG_NOMEM)
            *err = ignored;
        if (err->rc != RC_OK)
            return err->rc;
    }
    return RC_OK;
}

/* missing: which list of producers a block needs, and we do not have. */
static bool missing(const struct near_head *h, const struct near_block *b)
{
    if (memcmp(b->lite.epoch_id, h->epoch_id, 32) == 0)
        return h->producers.n == 0;
    return memcmp(b->lite.epoch_id, h->next_epoch_id, 32) == 0 && h->next_producers.n == 0;
}

/* try_block takes one answer. *learned: the lists of producers were looked through for this head.
 * *out_moved: the head is this block now. */
static enum rc try_block(struct near_client *c, const struct answers *answers,
                         const struct answer *e, struct needs *needs, bool *learned,
                         bool *out_moved, struct err *last_bad, struct err *err)
{
    struct near_block b = {0};
    struct err why = {0};
    *out_moved = false;
    /* No newer block: nodes answer null or {}. */
    if (json_is_null(e->result) || (json_is_object(e->result) && !json_object_size(e->result)))
        return RC_OK;
    if (c->refused >= LIMIT_NEAR_REFUSED)
        return err_set(err, BG_NEAR_TOO_MANY_BAD, "%zu blocks", c->refused);
    enum rc rc = near_block_from_json(c->a, e->result, &b, &why);
    if (rc == RC_OK && missing(&c->head, &b)) {
        if (!*learned)
            TRY(learn_producers(c, answers, err));
        *learned = true;
        if (missing(&c->head, &b))
            TRY(needs_add_near(c->a, needs, NEED_NEAR_PRODUCERS, true, b.hash, BYTES_NONE,
                               BYTES_NONE, err));
    }
    bool begins = memcmp(c->head.epoch_id, b.lite.epoch_id, 32) != 0;
    if (rc == RC_OK)
        rc = near_light_accept(c->a, &c->head, &b, &why);
    if (rc == BG_NOMEM) {
        *err = why;
        return rc;
    }
    if (rc == RC_OK) {
        keep_block(c, e, &b, begins);
        *out_moved = c->moved = true;
        return RC_OK;
    }
    c->refused += rc != BG_NEAR_NO_PRODUCERS && rc != BG_NEAR_NOT_NEWER;
    if (rc != BG_NEAR_NOT_NEWER)
        *last_bad = why;
    return RC_OK;
}

struct offer {
    const struct answer *e;
    uint64_t height; /* as the answer says: nothing is verified yet */
};

/* offers_of: the answers that may carry the head on, the highest first: of several servers, one
 * that hides the newest block does not hold us back. */
static size_t offers_of(const struct near_client *c, const struct answers *answers,
                        struct offer *out)
{
    size_t n = 0;
    for (size_t i = 0; i < answers->n; i++) {
        struct offer o = {.e = &answers->v[i]};
        size_t k = n;
        if (!asked_after(o.e, c->head.block_hash))
            continue;
        if (!json_u64(json_object_get(o.e->result, "inner_lite"), "height", INT64_MAX, &o.height))
            o.height = 0;
        for (; k > 0 && out[k - 1].height < o.height; k--)
            out[k] = out[k - 1];
        out[k] = o;
        n++;
    }
    return n;
}

/* follow goes on from the head while there is an answer that carries. */
static enum rc follow(struct near_client *c, const struct answers *answers, struct needs *needs,
                      struct err *last_bad, struct err *err)
{
    struct offer *offers = ARENA_ARRAY(c->a, struct offer, answers->n, err);
    if (!offers)
        return err->rc;
    for (bool moved = true; moved;) {
        size_t n = offers_of(c, answers, offers);
        bool learned = false;
        moved = false;
        *needs = (struct needs){0};
        for (size_t i = 0; i < n && !moved; i++)
            TRY(try_block(c, answers, offers[i].e, needs, &learned, &moved, last_bad, err));
    }
    return RC_OK;
}

enum rc near_client_step(struct near_client *c, const struct answers *answers, bool refresh,
                         struct needs *out_needs, const struct near_head **out_head,
                         struct err *out_last_bad, struct err *err)
{
    struct near_head *h = &c->head;
    err_clear(out_last_bad);
    *out_head = NULL;
    TRY(follow(c, answers, out_needs, out_last_bad, err));
    uint64_t age = age_of(c->now, h->timestamp);
    if (h->timestamp / NS > c->now && h->timestamp / NS - c->now > NEAR_CLOCK_TOLERANCE)
        return err_set(err, BG_NEAR_HEAD_FUTURE, "block time %s, our clock %s",
                       date_of(h->timestamp / NS).s, date_of(c->now).s);
    bool old = c->cfg.max_head_age && age > c->cfg.max_head_age;
    bool low = h->height < c->cfg.floor_height;
    if (c->moved && !old && !low) {
        *out_head = h;
        *out_needs = (struct needs){0};
    } else if (c->moved && low) {
        err_clear(out_last_bad);
        (void)err_set(out_last_bad, BG_NEAR_FLOOR, "height %llu, the floor is %llu",
                      (unsigned long long)h->height, (unsigned long long)c->cfg.floor_height);
    } else if (c->moved && out_last_bad->rc == RC_OK) {
        (void)err_set(out_last_bad, BG_NEAR_HEAD_AGE, "%llu s old, at most %llu",
                      (unsigned long long)age, (unsigned long long)c->cfg.max_head_age);
    }
    if (*out_head && !refresh)
        return RC_OK;
    /* Nobody has the producers of a block that was made up: then another block is what helps. */
    return needs_add_near(c->a, out_needs, NEED_NEAR_LIGHT, !*out_head && !needs_hard(out_needs),
                          h->block_hash, BYTES_NONE, BYTES_NONE, err);
}
