#include "agent/hints.h"

#include "base/hash.h"
#include "base/hex.h"
#include "base/limits.h"
#include "policy/beacon/answers.h"
#include "policy/needs.h"

struct run {
    struct arena *a; /* of one entry */
    const struct beacon_network *n;
    json_t *hints;
};

static bool has_hint(const json_t *list, const char *name)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *have =
            json_string_value(json_object_get(json_array_get(list, i), "keys_sha256"));
        if (have && strcmp(have, name) == 0)
            return true;
    }
    return false;
}

static enum rc add(struct run *r, const struct lc_committee *c, struct err *err)
{
    uint8_t hash[32];
    char name[65];
    size_t wrong = 0;
    const char *why = NULL;
    hash_sha256(bytes_of(c->keys, c->n * BLS_KEY), hash);
    hex_encode(BYTES_OF_ARRAY(hash), name);
    if (json_array_size(r->hints) >= LIMIT_COMMITTEES || has_hint(r->hints, name))
        return RC_OK;
    struct bls_committee *points = ARENA_NEW(r->a, struct bls_committee, err);
    uint8_t(*y)[FP_BYTES] = points ? arena_array(r->a, c->n, FP_BYTES, err) : NULL;
    if (!y)
        return err->rc;
    if (!bls_committee_read(c->keys, c->n, NULL, points, &wrong, &why))
        return RC_OK;
    bls_committee_hints(points, y);
    char *text = hex_str(r->a, bytes_of(y, c->n * FP_BYTES), err);
    if (!text)
        return err->rc;
    if (json_array_append_new(r->hints, json_pack("{s:s, s:s}", "keys_sha256", name, "y", text)))
        return err_set(err, BG_HEAD_HINT, "%s", name);
    return RC_OK;
}

/* of_object: the committee of a bootstrap, or the next one of an update; data or ssz. */
static enum rc of_object(struct run *r, enum lc_kind kind, const json_t *data, struct bytes ssz,
                         struct err *err)
{
    struct err ignored = {0};
    struct lc_bootstrap b = {0};
    struct lc_update u = {0};
    if (kind == LC_BOOTSTRAP) {
        enum rc rc = data ? lc_bootstrap_from_json(r->a, r->n, data, &b, &ignored)
                          : lc_bootstrap_from_ssz(r->a, r->n, ssz, &b, &ignored);
        return rc == RC_OK ? add(r, &b.committee, err) : RC_OK;
    }
    enum rc rc = data ? lc_update_from_json(r->a, r->n, kind, data, &u, &ignored)
                      : lc_update_from_ssz(r->a, r->n, kind, ssz, &u, &ignored);
    return rc == RC_OK && u.has_next ? add(r, &u.next, err) : RC_OK;
}

static enum rc of_entry(struct run *r, const struct beacon_answer *e, struct err *err)
{
    struct err ignored = {0};
    struct bytes body = BYTES_NONE, list[NEED_UPDATES_MAX] = {BYTES_NONE};
    size_t n = 1;
    bool many = e->kind == LC_UPDATE;
    if (e->kind != LC_BOOTSTRAP && !many)
        return RC_OK;
    if (e->result) {
        n = many ? json_array_size(e->result) : 1;
        for (size_t i = 0; i < n && i < NEED_UPDATES_MAX; i++) {
            const json_t *one = many ? json_array_get(e->result, i) : e->result;
            if (json_is_object(json_object_get(one, "data")))
                TRY(of_object(r, e->kind, json_object_get(one, "data"), body, err));
        }
        return RC_OK;
    }
    if (!hex_decode_any(r->a, bytes_of_str(e->ssz_hex), &body, &ignored) ||
        (many && lc_updates_split(body, list, NEED_UPDATES_MAX, &n, &ignored) != RC_OK))
        return RC_OK;
    if (!many)
        list[0] = body;
    for (size_t i = 0; i < n; i++)
        TRY(of_object(r, e->kind, NULL, list[i], err));
    return RC_OK;
}

enum rc hints_add(struct arena *a, const struct beacon_network *n, const json_t *entries,
                  json_t *hints, struct err *err)
{
    struct beacon_answers answers = {0};
    TRY(beacon_answers_read(a, entries, NULL, &answers, err));
    for (size_t i = 0; i < answers.n; i++) {
        AUTO_ARENA scratch = arena_new(LIMIT_ARENA);
        struct run r = {scratch, n, hints};
        if (!scratch)
            return err_set(err, BG_HINTS_SCRATCH, "%u bytes", LIMIT_ARENA);
        TRY(of_entry(&r, &answers.v[i], err));
    }
    return RC_OK;
}
