#include "policy/beacon/answers.h"

#include "base/cur.h"
#include "base/hex.h"
#include "base/limits.h"
#include "policy/needs.h"

#define PREFIX "/eth/v1/beacon/light_client/"

/* eat takes `word` off the front. */
static bool eat(struct cur *c, const char *word)
{
    size_t n = strlen(word);
    if (cur_left(c) < n || memcmp(c->p, word, n) != 0)
        return false;
    (void)cur_take(c, n);
    return true;
}

/* number: one decimal number without leading zeros. */
static bool number(struct cur *c, uint64_t *out)
{
    uint64_t v = 0;
    size_t digits = 0;
    for (; cur_left(c) && c->p[0] >= '0' && c->p[0] <= '9'; digits++) {
        unsigned d = (unsigned)(cur_u8(c) - '0');
        if ((digits == 1 && v == 0) || v > (UINT64_MAX - d) / 10)
            return false;
        v = 10 * v + d;
    }
    *out = v;
    return digits > 0;
}

/*
 * read_path: exactly the paths of the beacon API's light client (beacon-APIs, apis/beacon/
 * light_client), in the one spelling that we ask them in. Another endpoint is none of ours; false:
 * one of ours in another form.
 */
static bool read_path(struct beacon_answer *e)
{
    struct cur c = cur_of(bytes_of_str(e->path));
    enum lc_kind kind = LC_NONE;
    bool ok = true;
    if (!eat(&c, PREFIX))
        return true;
    if (eat(&c, "bootstrap")) {
        kind = LC_BOOTSTRAP;
        ok = eat(&c, "/0x") && hex_decode(cur_take(&c, 64), e->root, 32);
    } else if (eat(&c, "updates")) {
        kind = LC_UPDATE;
        ok = eat(&c, "?start_period=") && number(&c, &e->first) && eat(&c, "&count=") &&
             number(&c, &e->count) && e->count >= 1 && e->count <= NEED_UPDATES_MAX &&
             e->first <= UINT64_MAX - e->count;
    } else if (eat(&c, "finality_update")) {
        kind = LC_FINALITY_UPDATE;
    } else if (eat(&c, "optimistic_update")) {
        kind = LC_OPTIMISTIC_UPDATE;
    } else {
        return true;
    }
    e->kind = kind;
    return ok && cur_left(&c) == 0;
}

static enum rc read_entry(const json_t *j, size_t i, struct beacon_answer *e, struct err *err)
{
    static const char *const keys[] = {"path", "result", "ssz"};
    const char *bad = NULL;
    if (!json_only_keys(j, keys, sizeof keys / sizeof *keys, &bad))
        return err_set(err, BG_BEACON_ENTRY_KEYS, "entry %zu%s%s", i, bad ? ": " : "",
                       bad ? bad : "");
    const json_t *path = json_object_get(j, "path"), *ssz = json_object_get(j, "ssz");
    *e = (struct beacon_answer){.path = json_string_value(path),
                                .result = json_object_get(j, "result"),
                                .ssz_hex = json_string_value(ssz)};
    if (!e->path || (ssz && !e->ssz_hex) || !e->result == !e->ssz_hex)
        return err_set(err, BG_BEACON_ENTRY_SHAPE, "entry %zu", i);
    if (!read_path(e))
        return err_set(err, BG_BEACON_PATH, "entry %zu: %.100s", i, e->path);
    return RC_OK;
}

static enum rc read_hint(struct arena *a, const json_t *j, size_t i, struct lc_hints *out,
                         struct err *err)
{
    static const char *const keys[] = {"keys_sha256", "y"};
    const char *bad = NULL;
    struct bytes y;
    bool ok = json_only_keys(j, keys, 2, &bad) &&
              json_hex(j, "keys_sha256", true, out->keys_sha256, 32) && json_str(j, "y", &y) &&
              y.n % (2 * FP_BYTES) == 0 && y.n > 0 &&
              y.n <= (size_t)2 * FP_BYTES * BEACON_COMMITTEE_MAX &&
              hex_decode_any(a, y, &out->y, err);
    if (err->rc != RC_OK) /* no memory */
        return err->rc;
    return ok ? RC_OK : err_set(err, BG_BEACON_HINT, "entry %zu", i);
}

static enum rc read_hints(struct arena *a, const json_t *list, struct beacon_answers *out,
                          struct err *err)
{
    size_t n = json_array_size(list);
    if (!json_is_array(list) || n > LIMIT_COMMITTEES)
        return err_set(err, BG_BEACON_HINTS, "%zu entries, at most %u", n, LIMIT_COMMITTEES);
    struct lc_hints *v = ARENA_ARRAY(a, struct lc_hints, n, err);
    if (!v)
        return err->rc;
    for (size_t i = 0; i < n; i++)
        TRY(read_hint(a, json_array_get(list, i), i, &v[i], err));
    out->hints = v;
    out->num_hints = n;
    return RC_OK;
}

enum rc beacon_answers_read(struct arena *a, const json_t *beacon, const json_t *committee_keys,
                            struct beacon_answers *out, struct err *err)
{
    struct beacon_answers r = {0};
    size_t n = json_array_size(beacon);
    if (beacon && !json_is_array(beacon))
        return err_set(err, BG_BEACON_NOT_LIST, "it is of another JSON type");
    if (n > LIMIT_BEACON_ENTRIES)
        return err_set(err, BG_BEACON_TOO_MANY, "%zu entries, at most %u", n, LIMIT_BEACON_ENTRIES);
    struct beacon_answer *v = ARENA_ARRAY(a, struct beacon_answer, n, err);
    if (!v)
        return err->rc;
    for (size_t i = 0; i < n; i++)
        TRY(read_entry(json_array_get(beacon, i), i, &v[i], err));
    r.v = v;
    r.n = n;
    if (committee_keys)
        TRY(read_hints(a, committee_keys, &r, err));
    *out = r;
    return RC_OK;
}
