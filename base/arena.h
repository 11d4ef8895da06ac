/*
 * arena: all memory of one run, freed whole. Allocations are zeroed and aligned for any type, and
 * counted against a cap, so hostile input cannot make the process grow without bound.
 * Secrets never live here (base/secret.h).
 */
#ifndef BOOTGATE_BASE_ARENA_H
#define BOOTGATE_BASE_ARENA_H

#include "base/bytes.h"
#include "base/err.h"

struct arena;

/* arena_new returns an empty arena that will hand out at most cap bytes, or NULL (no memory). */
struct arena *arena_new(size_t cap);
/* arena_free releases everything ever allocated from it. NULL is fine. */
void arena_free(struct arena *a);

static inline void arena_cleanup(struct arena **a)
{
    arena_free(*a);
}
/* AUTO_ARENA: a struct arena* freed at the end of its scope. */
#define AUTO_ARENA __attribute__((cleanup(arena_cleanup))) struct arena *

/* arena_alloc returns n zeroed bytes, or NULL with BG_NOMEM in err. n may be 0 (not NULL). */
void *arena_alloc(struct arena *a, size_t n, struct err *err) MUST_CHECK;
/* arena_array: count elements of size bytes each, overflow checked. */
void *arena_array(struct arena *a, size_t count, size_t size, struct err *err) MUST_CHECK;
/* arena_copy returns a copy of b with a NUL behind it (not counted). */
uint8_t *arena_copy(struct arena *a, struct bytes b, struct err *err) MUST_CHECK;
/* arena_keep: the same as a view in *out. *out is untouched on failure (BG_NOMEM). */
enum rc arena_keep(struct arena *a, struct bytes b, struct bytes *out, struct err *err) MUST_CHECK;
/* arena_printf returns a formatted string, or NULL with BG_NOMEM in err. */
char *arena_printf(struct arena *a, struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), warn_unused_result));
/* arena_used: bytes handed out so far. */
size_t arena_used(const struct arena *a);

/* ARENA_NEW: one zeroed T. */
#define ARENA_NEW(a, T, err)      ((T *)arena_alloc((a), sizeof(T), (err)))
#define ARENA_ARRAY(a, T, n, err) ((T *)arena_array((a), (n), sizeof(T), (err)))

#endif
