/* aml_edit: a block with some bytes replaced. The lengths of the packages around them are edits
 * too: from the innermost package outwards, since a longer length makes the next one longer. */
#include <stdlib.h>

#include "quote/aml.h"

struct replace {
    size_t at, end;
    struct bytes with;
    uint8_t length[4];
};

static int by_place(const void *x, const void *y)
{
    const struct replace *a = x, *b = y;
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return a->end < b->end ? -1 : a->end > b->end;
}

static bool lies_in(const struct aml *aml, const struct aml_edit *e)
{
    if (e->parent >= aml->n || aml->v[e->parent].kind == AML_NAME)
        return false;
    const struct aml_node *p = &aml->v[e->parent];
    return p->body <= e->at && e->at <= e->end && e->end <= p->end;
}

static bool is_gone(const struct aml_node *n, const struct aml_edit *edits, size_t num)
{
    for (size_t i = 0; i < num; i++)
        if (edits[i].at <= n->at && n->end <= edits[i].end && n->at < n->end)
            return true;
    return false;
}

/* lengths appends what becomes of the packages' lengths to v. False: one is too large. */
static bool lengths(const struct aml *aml, const struct aml_edit *edits, size_t n, ptrdiff_t *grows,
                    struct replace *v, size_t *num)
{
    for (size_t i = 0; i < n; i++)
        grows[edits[i].parent] +=
            (ptrdiff_t)edits[i].with.n - (ptrdiff_t)(edits[i].end - edits[i].at);
    for (size_t i = aml->n - 1; i > 0; i--) {
        const struct aml_node *p = &aml->v[i];
        if (grows[i] == 0 || is_gone(p, edits, n))
            continue;
        struct replace *r = &v[(*num)++];
        ptrdiff_t size = (ptrdiff_t)(p->end - p->body) + grows[i];
        size_t k = size < 0 ? 0 : aml_length((size_t)size, r->length);
        if (k == 0)
            return false;
        r->at = p->length_at;
        r->end = p->body;
        r->with = bytes_of(NULL, k); /* r->length, wherever the entry is moved to */
        grows[p->parent] += grows[i] + (ptrdiff_t)k - (ptrdiff_t)(p->body - p->length_at);
    }
    return true;
}

static bool emit(const struct aml *aml, const struct replace *v, size_t n, uint8_t *to, size_t cap,
                 size_t *out_n)
{
    size_t from = 0, have = 0;
    for (size_t i = 0; i <= n; i++) {
        size_t until = i < n ? v[i].at : aml->block.n;
        struct bytes with = i < n ? v[i].with : BYTES_NONE;
        if (until < from || until - from + with.n > cap - have)
            return false;
        memcpy(to + have, aml->block.p + from, until - from);
        have += until - from;
        if (with.n)
            memcpy(to + have, with.p ? with.p : v[i].length, with.n);
        have += with.n;
        from = i < n ? v[i].end : until;
    }
    *out_n = have;
    return true;
}

enum rc aml_apply(struct arena *a, const struct aml *aml, const struct aml_edit *edits, size_t n,
                  struct bytes *out, struct err *err)
{
    ptrdiff_t *grows = ARENA_ARRAY(a, ptrdiff_t, aml->n, err);
    struct replace *v = ARENA_ARRAY(a, struct replace, n + aml->n, err);
    size_t num = n, cap = aml->block.n + 4 * aml->n, have = 0;
    bool ok = true;
    if (!grows || !v)
        return err->rc;
    for (size_t i = 0; i < n; i++) {
        ok = ok && lies_in(aml, &edits[i]);
        cap += edits[i].with.n;
        v[i] = (struct replace){edits[i].at, edits[i].end, edits[i].with, {0}};
    }
    ok = ok && lengths(aml, edits, n, grows, v, &num);
    uint8_t *to = arena_alloc(a, cap, err);
    if (!to)
        return err->rc;
    if (ok)
        qsort(v, num, sizeof *v, by_place);
    if (!ok || !emit(aml, v, num, to, cap, &have))
        return err_set(err, BG_ACPI_EDIT, "%zu edits", n);
    *out = bytes_of(to, have);
    return RC_OK;
}
