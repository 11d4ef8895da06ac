#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/ck.h"

#define CHUNK ((size_t)64 << 10)
#define ALIGN _Alignof(max_align_t)

struct chunk {
    struct chunk *next;
    size_t used, size;
    _Alignas(max_align_t) uint8_t data[];
};

struct arena {
    struct chunk *head; /* the chunk being filled; older ones behind it */
    size_t cap, used;
};

struct arena *arena_new(size_t cap)
{
    struct arena *a = calloc(1, sizeof *a);
    if (a)
        a->cap = cap;
    return a;
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    for (struct chunk *c = a->head; c;) {
        struct chunk *next = c->next;
        free(c);
        c = next;
    }
    free(a);
}

size_t arena_used(const struct arena *a)
{
    return a->used;
}

static void *place(struct arena *a, size_t n)
{
    size_t rounded, total;
    if (!ck_add(n ? n : 1, ALIGN - 1, &rounded))
        return NULL;
    rounded &= ~(ALIGN - 1);
    if (!ck_add(a->used, rounded, &total) || total > a->cap)
        return NULL;
    struct chunk *c = a->head;
    if (!c || c->size - c->used < rounded) {
        size_t size = rounded > CHUNK ? rounded : CHUNK, bytes;
        if (!ck_add(sizeof *c, size, &bytes))
            return NULL;
        c = calloc(1, bytes);
        if (!c)
            return NULL;
        c->size = size;
        if (a->head && rounded > CHUNK) { /* a big one goes behind: the current one has room left */
            c->next = a->head->next;
            a->head->next = c;
        } else {
            c->next = a->head;
            a->head = c;
        }
    }
    void *p = c->data + c->used;
    c->used += rounded;
    a->used = total;
    return p;
}

void *arena_alloc(struct arena *a, size_t n, struct err *err)
{
    void *p = place(a, n);
    if (!p)
        err_set(err, BG_NOMEM, "%zu bytes more than the %zu in use", n, a->used);
    return p;
}

void *arena_array(struct arena *a, size_t count, size_t size, struct err *err)
{
    size_t n;
    return arena_alloc(a, ck_mul(count, size, &n) ? n : SIZE_MAX, err);
}

uint8_t *arena_copy(struct arena *a, struct bytes b, struct err *err)
{
    size_t n;
    uint8_t *p = arena_alloc(a, ck_add(b.n, 1, &n) ? n : SIZE_MAX, err);
    if (p && b.n)
        memcpy(p, b.p, b.n);
    return p;
}

enum rc arena_keep(struct arena *a, struct bytes b, struct bytes *out, struct err *err)
{
    const uint8_t *p = arena_copy(a, b, err);
    if (!p)
        return err_known(err->rc);
    *out = bytes_of(p, b.n);
    return RC_OK;
}

char *arena_printf(struct arena *a, struct err *err, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *s = arena_alloc(a, n < 0 ? 1 : (size_t)n + 1, err);
    if (s && n > 0)
        vsnprintf(s, (size_t)n + 1, fmt, again);
    va_end(again);
    return s;
}
