#include "quote/diff.h"

#include "base/limits.h"

#include <stdlib.h>

#define PAIR_WINDOW 64u /* how far a changed event's other half is looked for */

/* Digests as small numbers: equal ones have the same, 0 is one that is not known. */
struct side {
    const uint32_t *id;
    size_t n;
};

struct key {
    const uint8_t *digest;
    uint32_t *id;
};

static int by_digest(const void *a, const void *b)
{
    return memcmp(((const struct key *)a)->digest, ((const struct key *)b)->digest, 48);
}

static uint32_t *number(struct arena *a, struct diff_list first, struct diff_list second,
                        struct err *err)
{
    size_t total = first.n + second.n, n = 0;
    uint32_t *id = ARENA_ARRAY(a, uint32_t, total, err);
    struct key *keys = id ? ARENA_ARRAY(a, struct key, total, err) : NULL;
    if (!keys)
        return NULL;
    for (size_t i = 0; i < total; i++) {
        const struct diff_event *e = i < first.n ? &first.v[i] : &second.v[i - first.n];
        if (e->known)
            keys[n++] = (struct key){e->digest, &id[i]};
    }
    if (n)
        qsort(keys, n, sizeof *keys, by_digest);
    uint32_t last = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || memcmp(keys[i - 1].digest, keys[i].digest, 48) != 0)
            last++;
        *keys[i].id = last;
    }
    return id;
}

static bool alike(uint32_t a, uint32_t b)
{
    return a == 0 || b == 0 || a == b;
}

struct work {
    struct arena *a;
    struct diff_list first, second;
    struct diff *out;
};

static void put(struct work *w, enum diff_op op, size_t a, size_t b)
{
    w->out->rows[w->out->n++] = (struct diff_row){op, a, b};
}

/* put_alike: two events at which the lists go together. */
static void put_alike(struct work *w, size_t a, size_t b)
{
    bool known = w->first.v[a].known && w->second.v[b].known;
    put(w, known ? DIFF_SAME : DIFF_UNKNOWN, a, b);
}

/*
 * The furthest reaching paths: v[k + d] is how far the first list was used up on diagonal k after d
 * edits; only every second k is in use. They are kept per d, to walk back.
 */
struct trace {
    int32_t *v[DIFF_EDITS_MAX + 1];
    size_t edits;
};

static int32_t start_of(const int32_t *before, size_t d, size_t k2)
{
    /* k2 is k + d; before is of d - 1, where diagonal k stands at k + d - 1. */
    if (k2 == 0)
        return before[0];
    if (k2 == 2 * d)
        return before[2 * d - 2] + 1;
    return before[k2 - 2] + 1 > before[k2] ? before[k2 - 2] + 1 : before[k2];
}

/* search fills the trace up to the end of both. False in *out_found: too many edits. */
static enum rc search(struct work *w, struct side x, struct side y, struct trace *t,
                      bool *out_found, struct err *err)
{
    *out_found = false;
    for (size_t d = 0; d <= DIFF_EDITS_MAX && d <= x.n + y.n; d++) {
        int32_t *v = ARENA_ARRAY(w->a, int32_t, 2 * d + 1, err);
        if (!v)
            return err->rc;
        t->v[d] = v;
        for (size_t k2 = 0; k2 <= 2 * d; k2 += 2) {
            int64_t at = d == 0 ? 0 : start_of(t->v[d - 1], d, k2);
            int64_t other = at - ((int64_t)k2 - (int64_t)d);
            /* Paths beyond an end stay where they are, and never lead to it. */
            while (other >= 0 && at < (int64_t)x.n && other < (int64_t)y.n &&
                   alike(x.id[at], y.id[other])) {
                at++;
                other++;
            }
            v[k2] = (int32_t)at;
            if (at == (int64_t)x.n && other == (int64_t)y.n) {
                t->edits = d;
                *out_found = true;
                return RC_OK;
            }
        }
    }
    return RC_OK;
}

/* walk_back writes the path's rows, last first. */
static void walk_back(struct work *w, struct side x, struct side y, size_t base,
                      const struct trace *t)
{
    size_t first = w->out->n;
    int64_t at = (int64_t)x.n, other = (int64_t)y.n;
    for (size_t d = t->edits; d > 0; d--) {
        size_t k2 = (size_t)(at - other + (int64_t)d);
        const int32_t *before = t->v[d - 1];
        int64_t start = start_of(before, d, k2);
        /* The step into this diagonal: from k - 1 (an event of the first list) or k + 1. */
        bool removed = k2 == 2 * d || (k2 != 0 && before[k2 - 2] + 1 > before[k2]);
        for (; at > start; at--, other--)
            put_alike(w, base + (size_t)at - 1, base + (size_t)other - 1);
        if (removed)
            at--;
        else
            other--;
        put(w, removed ? DIFF_REMOVED : DIFF_ADDED, base + (size_t)at, base + (size_t)other);
    }
    for (; at > 0; at--, other--)
        put_alike(w, base + (size_t)at - 1, base + (size_t)other - 1);
    for (size_t i = first, j = w->out->n; i + 1 < j; i++) {
        struct diff_row swap = w->out->rows[--j];
        w->out->rows[j] = w->out->rows[i];
        w->out->rows[i] = swap;
    }
}

static enum rc align(struct work *w, struct side x, struct side y, size_t base, struct err *err)
{
    bool found;
    struct trace *t = ARENA_NEW(w->a, struct trace, err);
    if (!t)
        return err->rc;
    TRY(search(w, x, y, t, &found, err));
    if (found) {
        walk_back(w, x, y, base, t);
        return RC_OK;
    }
    w->out->aligned = false;
    for (size_t i = 0; i < x.n; i++)
        put(w, DIFF_REMOVED, base + i, base);
    for (size_t i = 0; i < y.n; i++)
        put(w, DIFF_ADDED, base + x.n, base + i);
    return RC_OK;
}

/*
 * pair_run turns removed and added events of one place into changed ones. Rows [from, to) are the
 * run; *out_n counts what is written, never more than was read.
 */
static void pair_run(const struct work *w, const struct diff_row *run, size_t n, bool labels_alike,
                     struct diff_row *removed, struct diff_row *added, struct diff_row *out,
                     size_t *out_n)
{
    size_t num_removed = 0, num_added = 0, next = 0, put = 0;
    for (size_t i = 0; i < n; i++)
        if (run[i].op == DIFF_REMOVED)
            removed[num_removed++] = run[i];
        else
            added[num_added++] = run[i];
    for (size_t i = 0; i < num_removed; i++) {
        size_t j = next, end = num_added - next < PAIR_WINDOW ? num_added : next + PAIR_WINDOW;
        struct bytes label = w->first.v[removed[i].a].label;
        while (labels_alike && j < end && !bytes_eq(label, w->second.v[added[j].b].label))
            j++;
        if (labels_alike ? j == end : num_removed != num_added) {
            out[put++] = removed[i];
            continue;
        }
        while (next < j)
            out[put++] = added[next++];
        out[put++] = (struct diff_row){DIFF_CHANGED, removed[i].a, added[next++].b};
    }
    while (next < num_added)
        out[put++] = added[next++];
    *out_n += put;
}

static enum rc pair(struct work *w, bool labels_alike, struct err *err)
{
    struct diff *d = w->out;
    size_t n = d->n, put = 0;
    struct diff_row *copy = ARENA_ARRAY(w->a, struct diff_row, n, err);
    struct diff_row *removed = copy ? ARENA_ARRAY(w->a, struct diff_row, n, err) : NULL;
    struct diff_row *added = removed ? ARENA_ARRAY(w->a, struct diff_row, n, err) : NULL;
    if (!added)
        return err->rc;
    if (n)
        memcpy(copy, d->rows, n * sizeof *copy);
    for (size_t i = 0; i < n;) {
        size_t end = i;
        while (end < n && (copy[end].op == DIFF_REMOVED || copy[end].op == DIFF_ADDED))
            end++;
        if (end == i)
            d->rows[put++] = copy[i++];
        else
            pair_run(w, copy + i, end - i, labels_alike, removed, added, d->rows + put, &put);
        i = end > i ? end : i;
    }
    d->n = put;
    for (size_t i = 0; i < put; i++)
        d->count[d->rows[i].op]++;
    return RC_OK;
}

enum rc diff_events(struct arena *a, struct diff_list first, struct diff_list second,
                    bool labels_alike, struct diff *out, struct err *err)
{
    struct diff d = {.aligned = true};
    AUTO_ARENA scratch = arena_new(LIMIT_ARENA); /* the search takes more than what it finds */
    struct work w = {scratch, first, second, &d};
    if (!scratch)
        return err_set(err, BG_DIFF_MEMORY, "%zu events", first.n + second.n);
    uint32_t *id = number(scratch, first, second, err);
    if (!id)
        return err->rc;
    d.rows = ARENA_ARRAY(a, struct diff_row, first.n + second.n, err);
    if (!d.rows)
        return err->rc;
    struct side x = {id, first.n}, y = {id + first.n, second.n};
    size_t front = 0, back = 0;
    while (front < x.n && front < y.n && alike(x.id[front], y.id[front])) {
        put_alike(&w, front, front);
        front++;
    }
    while (back < x.n - front && back < y.n - front &&
           alike(x.id[x.n - 1 - back], y.id[y.n - 1 - back]))
        back++;
    x = (struct side){x.id + front, x.n - front - back};
    y = (struct side){y.id + front, y.n - front - back};
    TRY(align(&w, x, y, front, err));
    for (size_t i = 0; i < back; i++)
        put_alike(&w, first.n - back + i, second.n - back + i);
    TRY(pair(&w, labels_alike, err));
    *out = d;
    return RC_OK;
}
