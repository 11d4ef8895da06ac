/*
 * flat_json: a strict JSON reader (RFC 8259) for the documents that Intel signs: into one flat
 * array of views, without an allocation per value. jansson takes longer over one TCB info than an
 * ECDSA check; tests hold this one against it.
 *
 * Stricter than RFC 8259 where that keeps meaning unambiguous: no member name twice, none with an
 * escape or bytes beyond ASCII, at most FLAT_MEMBERS_MAX in one object. A string value of that kind
 * is accepted, but never given out (`plain` is false): none that decides something has one.
 */
#ifndef BOOTGATE_QUOTE_FLAT_JSON_H
#define BOOTGATE_QUOTE_FLAT_JSON_H

#include "base/arena.h"

#define FLAT_MEMBERS_MAX 64u

enum flat_type {
    FLAT_NONE = 0,
    FLAT_OBJECT,
    FLAT_ARRAY,
    FLAT_STRING,
    FLAT_NUMBER,
    FLAT_LITERAL, /* true, false, null */
};

/* struct flat: one value; what it contains lies right behind it in the array. */
struct flat {
    enum flat_type type;
    bool plain;        /* string: printable ASCII without escapes. number: digits only */
    uint32_t n;        /* members or elements */
    uint32_t span;     /* values in all, this one included */
    struct bytes name; /* of a member */
    struct bytes text; /* string, number, literal: as written, without the quotes */
};

/*
 * flat_read reads the whole text; views into it stand in the result, which lives in the arena.
 * False: *out_at is where it stops being what is described above; err is set only by the arena.
 */
bool flat_read(struct arena *a, struct bytes text, const struct flat **out, size_t *out_at,
               struct err *err) MUST_CHECK;

/* flat_get: the member of that name; NULL: none, or obj is no object. obj may be NULL. */
const struct flat *flat_get(const struct flat *obj, const char *name);
/* flat_size: elements of an array; 0: no array, or none. list may be NULL. */
size_t flat_size(const struct flat *list);
/* flat_next: the value behind prev in list; prev NULL: the first. The caller counts. */
static inline const struct flat *flat_next(const struct flat *list, const struct flat *prev)
{
    return prev ? prev + prev->span : list + 1;
}
static inline bool flat_is(const struct flat *v, enum flat_type type)
{
    return v && v->type == type;
}

/* flat_text: the text of a plain string. False: v is something else, or NULL. */
bool flat_text(const struct flat *v, struct bytes *out) MUST_CHECK;
/* Values of members. False: missing, of another type, out of range, not plain. */
bool flat_str(const struct flat *obj, const char *name, struct bytes *out) MUST_CHECK;
bool flat_u64(const struct flat *obj, const char *name, uint64_t max, uint64_t *out) MUST_CHECK;
/* flat_date: Unix seconds, of the one form that Intel writes: YYYY-MM-DDThh:mm:ssZ, a date that
 * exists, 1970 or later. */
bool flat_date(const struct flat *obj, const char *name, uint64_t *out) MUST_CHECK;
/* flat_hex: exactly n bytes, without 0x. */
bool flat_hex(const struct flat *obj, const char *name, uint8_t *out, size_t n) MUST_CHECK;

#endif
