#include "policy/beacon/lc_candidates.h"

#include "base/hex.h"
#include "base/limits.h"
#include "policy/needs.h"

void lc_bad(struct err *last_bad, const struct err *why, const struct beacon_answer *e)
{
    err_clear(last_bad);
    (void)err_set(last_bad, why->rc, "%s: %s", e->path, why->detail);
}

static const void *body_of(const struct beacon_answer *e)
{
    return e->result ? (const void *)e->result : (const void *)e->ssz_hex;
}

/* hex_of: the digits of an SSZ answer. */
static struct bytes hex_of(const struct beacon_answer *e)
{
    struct bytes t = bytes_of_str(e->ssz_hex);
    return t.n >= 2 && t.p[0] == '0' && t.p[1] == 'x' ? bytes_of(t.p + 2, t.n - 2) : t;
}

/* data_of: `data` of {version, data}, the whole body or an element of a list. */
static const json_t *data_of(const struct beacon_answer *e, size_t item)
{
    const json_t *body = e->kind == LC_UPDATE ? json_array_get(e->result, item) : e->result;
    return json_object_get(body, "data");
}

/* ssz_of: the object's own bytes, out of the whole answer's hex. */
static enum rc ssz_of(struct arena *a, const struct beacon_answer *e, const struct lc_candidate *c,
                      struct bytes *out, struct err *err)
{
    uint8_t *p = arena_alloc(a, c->len, err);
    if (!p)
        return err->rc;
    /* It was there and hex when the candidate was noted. */
    struct bytes hex = hex_of(e);
    if (hex.n < 2 * (c->off + c->len) ||
        !hex_decode(bytes_of(hex.p + 2 * c->off, 2 * c->len), p, c->len))
        return err_set(err, BG_LC_ANSWER_CHANGED, "%zu bytes", c->len);
    *out = bytes_of(p, c->len);
    return RC_OK;
}

enum rc lc_candidate_update(struct arena *a, const struct beacon_network *n,
                            const struct beacon_answers *answers, const struct lc_candidate *c,
                            struct lc_update *out, struct err *err)
{
    const struct beacon_answer *e = &answers->v[c->entry];
    struct bytes ssz = BYTES_NONE;
    if (e->result)
        return lc_update_from_json(a, n, c->kind, data_of(e, c->item), out, err);
    TRY(ssz_of(a, e, c, &ssz, err));
    return lc_update_from_ssz(a, n, c->kind, ssz, out, err);
}

enum rc lc_candidate_bootstrap(struct arena *a, const struct beacon_network *n,
                               const struct beacon_answers *answers, const struct lc_candidate *c,
                               struct lc_bootstrap *out, struct err *err)
{
    const struct beacon_answer *e = &answers->v[c->entry];
    struct bytes ssz = BYTES_NONE;
    if (e->result)
        return lc_bootstrap_from_json(a, n, data_of(e, c->item), out, err);
    TRY(ssz_of(a, e, c, &ssz, err));
    return lc_bootstrap_from_ssz(a, n, ssz, out, err);
}

struct arena *lc_scratch(struct err *err)
{
    struct arena *a = arena_new(LIMIT_ARENA);
    if (!a)
        (void)err_set(err, BG_LC_SCRATCH, "%u bytes", LIMIT_ARENA);
    return a;
}

/* One object that an answer is made of. */
struct part {
    size_t off, len;
};

/* parts_of: how many objects there are, and for SSZ where; at most NEED_UPDATES_MAX. */
static enum rc parts_of(struct arena *scratch, const struct beacon_answer *e,
                        struct part out[static NEED_UPDATES_MAX], size_t *out_n, struct err *err)
{
    struct bytes body, list[NEED_UPDATES_MAX];
    size_t max = e->kind == LC_UPDATE ? (size_t)e->count : 1;
    if (e->result) {
        bool list_ok = e->kind != LC_UPDATE || json_is_array(e->result);
        *out_n = e->kind == LC_UPDATE ? json_array_size(e->result) : 1;
        for (size_t i = 0; list_ok && i < *out_n && i < max; i++)
            list_ok = json_is_object(data_of(e, i));
        if (!list_ok || *out_n > max)
            return err_set(err, BG_LC_ANSWER_BODY, "%zu objects, at most %zu", *out_n, max);
        return RC_OK;
    }
    struct bytes hex = hex_of(e);
    if (hex.n > (size_t)2 * LIMIT_BEACON_SSZ || !hex_decode_any(scratch, hex, &body, err))
        return err_set(err, BG_LC_ANSWER_SSZ, "%zu digits", hex.n);
    list[0] = body;
    *out_n = 1;
    if (e->kind == LC_UPDATE)
        TRY(lc_updates_split(body, list, max, out_n, err));
    for (size_t i = 0; i < *out_n; i++)
        out[i] = (struct part){(size_t)(list[i].p - body.p), list[i].n};
    return RC_OK;
}

static struct lc_candidate *new_candidate(struct arena *a, struct lc_candidates *l, struct err *err)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 32;
        struct lc_candidate *v = ARENA_ARRAY(a, struct lc_candidate, cap, err);
        if (!v)
            return NULL;
        if (l->n)
            memcpy(v, l->v, l->n * sizeof *v);
        l->v = v;
        l->cap = cap;
    }
    return &l->v[l->n++];
}

/* note makes a candidate of one object. A bootstrap says nothing beside its path. */
static enum rc note(struct arena *a, struct lc_candidates *l, const struct beacon_network *n,
                    const struct beacon_answers *answers, struct lc_candidate c,
                    struct err *last_bad, struct err *err)
{
    AUTO_ARENA scratch = lc_scratch(err);
    struct lc_update u;
    struct err why = {0};
    if (!scratch)
        return err->rc;
    if (c.kind != LC_BOOTSTRAP) {
        if (lc_candidate_update(scratch, n, answers, &c, &u, &why) != RC_OK) {
            lc_bad(last_bad, &why, &answers->v[c.entry]);
            l->sources[c.entry].failures++;
            return RC_OK;
        }
        c.has_next = lc_brings_next(&u);
        c.has_finality = lc_brings_finality(&u);
        c.signature_slot = u.signature_slot;
        c.attested_slot = u.attested.beacon.slot;
        c.finalized_slot = c.has_finality ? u.finalized.beacon.slot : 0;
    }
    struct lc_candidate *slot = new_candidate(a, l, err);
    if (!slot)
        return err->rc;
    *slot = c;
    return RC_OK;
}

static enum rc take_one(struct arena *a, struct lc_candidates *l, const struct beacon_network *n,
                        const struct beacon_answers *answers, size_t i, struct err *last_bad,
                        struct err *err)
{
    AUTO_ARENA scratch = lc_scratch(err);
    const struct beacon_answer *e = &answers->v[i];
    struct part parts[NEED_UPDATES_MAX] = {{0}};
    struct err why = {0};
    size_t num = 0;
    if (!scratch)
        return err->rc;
    l->sources[i] = (struct lc_source){.body = body_of(e)};
    if (e->kind == LC_NONE)
        return RC_OK;
    if (parts_of(scratch, e, parts, &num, &why) != RC_OK) {
        lc_bad(last_bad, &why, e);
        return RC_OK;
    }
    for (size_t k = 0; k < num; k++) {
        struct lc_candidate c = {
            .entry = i, .item = k, .off = parts[k].off, .len = parts[k].len, .kind = e->kind};
        TRY(note(a, l, n, answers, c, last_bad, err));
    }
    return RC_OK;
}

enum rc lc_candidates_take(struct arena *a, struct lc_candidates *l, const struct beacon_network *n,
                           const struct beacon_answers *answers, struct err *last_bad,
                           struct err *err)
{
    if (!l->sources)
        l->sources = ARENA_ARRAY(a, struct lc_source, LIMIT_BEACON_ENTRIES, err);
    if (!l->sources)
        return err->rc;
    bool grown = l->num_sources <= answers->n;
    for (size_t i = 0; grown && i < l->num_sources; i++)
        grown = l->sources[i].body == body_of(&answers->v[i]);
    if (!grown)
        l->num_sources = l->n = 0;
    for (size_t i = l->num_sources; i < answers->n && i < LIMIT_BEACON_ENTRIES; i++) {
        TRY(take_one(a, l, n, answers, i, last_bad, err));
        l->num_sources = i + 1;
    }
    return RC_OK;
}
