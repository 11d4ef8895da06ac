#include "quote/json_diff.h"

#include "base/hash.h"

struct walk {
    struct arena *a;
    struct json_changes *out;
    struct err *err;
};

static enum rc compare(struct walk *w, const char *path, const json_t *x, const json_t *y);

static void put(struct walk *w, struct json_change c)
{
    if (w->out->n < JSON_CHANGES_MAX)
        w->out->v[w->out->n++] = c;
    w->out->total++;
}

static bool full(const struct walk *w)
{
    return w->out->n == JSON_CHANGES_MAX;
}

/* changed: one change, whatever is below it. */
static enum rc changed(struct walk *w, const char *path, const json_t *x, const json_t *y)
{
    put(w, (struct json_change){.op = DIFF_CHANGED, .path = path, .a = x, .b = y});
    return RC_OK;
}

static int feed(const char *p, size_t n, void *run)
{
    hash_feed(run, bytes_of(p, n));
    return 0;
}

/* digest_of: of one value, whatever the order of its members. */
static bool digest_of(const json_t *j, uint8_t out[static 48])
{
    struct hash_run *h = hash_sha384_begin();
    int rc = json_dump_callback(j, feed, h, JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY);
    hash_end(h, out);
    return rc == 0;
}

static enum rc align(struct walk *w, struct diff_list x, struct diff_list y, struct diff *out)
{
    return diff_events(w->a, x, y, true, out, w->err);
}

static bool elements(struct walk *w, const json_t *array, struct diff_list *out)
{
    size_t n = json_array_size(array);
    struct diff_event *v = ARENA_ARRAY(w->a, struct diff_event, n, w->err);
    if (!v)
        return false;
    for (size_t i = 0; i < n; i++)
        v[i].known = digest_of(json_array_get(array, i), v[i].digest);
    *out = (struct diff_list){v, n};
    return true;
}

static enum rc compare_arrays(struct walk *w, const char *path, const json_t *x, const json_t *y)
{
    struct diff_list a = {0}, b = {0};
    struct diff d = {0};
    if (!elements(w, x, &a) || !elements(w, y, &b))
        return w->err->rc;
    TRY(align(w, a, b, &d));
    for (size_t i = 0; i < d.n; i++) {
        const struct diff_row *r = &d.rows[i];
        if (r->op == DIFF_SAME)
            continue;
        size_t at = r->op == DIFF_ADDED ? r->b : r->a;
        const char *below = full(w) ? "" : arena_printf(w->a, w->err, "%s[%zu]", path, at);
        if (!below)
            return w->err->rc;
        const json_t *p = r->op == DIFF_ADDED ? NULL : json_array_get(x, r->a);
        const json_t *q = r->op == DIFF_REMOVED ? NULL : json_array_get(y, r->b);
        if (p && q)
            TRY(compare(w, below, p, q));
        else
            put(w, (struct json_change){.op = r->op, .path = below, .a = p, .b = q});
    }
    return RC_OK;
}

static enum rc member(struct walk *w, const char *path, const char *key, const json_t *x,
                      const json_t *y)
{
    if (x && y && json_equal(x, y))
        return RC_OK;
    const char *below =
        full(w) ? "" : arena_printf(w->a, w->err, "%s.%s", path[1] ? path : "", key);
    if (!below)
        return w->err->rc;
    if (x && y)
        return compare(w, below, x, y);
    put(w,
        (struct json_change){.op = x ? DIFF_REMOVED : DIFF_ADDED, .path = below, .a = x, .b = y});
    return RC_OK;
}

static enum rc compare_objects(struct walk *w, const char *path, const json_t *x, const json_t *y)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)x, key, value)
        TRY(member(w, path, key, value, json_object_get(y, key)));
    json_object_foreach((json_t *)(uintptr_t)y, key, value) if (!json_object_get(x, key))
        TRY(member(w, path, key, NULL, value));
    return RC_OK;
}

static bool next_line(struct bytes *left, struct bytes *out)
{
    if (left->n == 0)
        return false;
    const uint8_t *end = memchr(left->p, '\n', left->n);
    size_t n = end ? (size_t)(end - left->p) + 1 : left->n;
    *out = bytes_of(left->p, n);
    *left = bytes_of(left->p + n, left->n - n);
    return true;
}

/* lines: with their ends, as they are; the payload of each is the line. */
static bool lines(struct walk *w, const json_t *string, struct diff_list *out)
{
    struct bytes left = json_view(string), line;
    size_t n = 0;
    while (next_line(&left, &line))
        n++;
    struct diff_event *v = ARENA_ARRAY(w->a, struct diff_event, n, w->err);
    if (!v)
        return false;
    left = json_view(string);
    for (size_t i = 0; next_line(&left, &line); i++) {
        v[i].known = true;
        v[i].payload = line;
        hash_sha384(line, v[i].digest);
    }
    *out = (struct diff_list){v, n};
    return true;
}

static enum rc compare_lines(struct walk *w, const char *path, const json_t *x, const json_t *y)
{
    struct diff_list a = {0}, b = {0};
    struct diff d = {0};
    if (!lines(w, x, &a) || !lines(w, y, &b))
        return w->err->rc;
    TRY(align(w, a, b, &d));
    for (size_t i = 0; i < d.n; i++) {
        const struct diff_row *r = &d.rows[i];
        if (r->op == DIFF_SAME)
            continue;
        struct json_change c = {.op = r->op, .path = path, .is_line = true};
        c.line = (r->op == DIFF_ADDED ? r->b : r->a) + 1;
        if (r->op != DIFF_ADDED)
            c.from = a.v[r->a].payload;
        if (r->op != DIFF_REMOVED)
            c.to = b.v[r->b].payload;
        put(w, c);
    }
    return RC_OK;
}

static bool has_lines(const json_t *j)
{
    struct bytes b = json_view(j);
    return b.n && memchr(b.p, '\n', b.n);
}

/* compare: depth is bounded by the reader's (LIMIT_JSON_DEPTH). */
static enum rc compare(struct walk *w, const char *path, const json_t *x, const json_t *y)
{
    if (json_equal(x, y))
        return RC_OK;
    if (json_is_object(x) && json_is_object(y))
        return compare_objects(w, path, x, y);
    /* Aligning costs time and memory by the square of what differs. Where no change is kept any
     * more it is not worth either: two files could have a thousand such lists. */
    bool arrays = json_is_array(x) && json_is_array(y),
         strings = json_is_string(x) && json_is_string(y) && (has_lines(x) || has_lines(y));
    if ((arrays || strings) && full(w))
        return changed(w, path, x, y);
    if (arrays)
        return compare_arrays(w, path, x, y);
    if (strings)
        return compare_lines(w, path, x, y);
    return changed(w, path, x, y);
}

enum rc json_compare(struct arena *a, const json_t *first, const json_t *second,
                     struct json_changes *out, struct err *err)
{
    struct walk w = {a, out, err};
    *out = (struct json_changes){.n = 0};
    return compare(&w, ".", first, second);
}
