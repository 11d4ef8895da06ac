/*
 * cur: a read cursor over a view, with a sticky error. A read past the end sets `bad`, yields zero
 * and reads nothing ever after; check `bad` (or cur_done) once per structure. This is the only way
 * wire structures are taken apart: no pointer arithmetic on input elsewhere.
 */
#ifndef BOOTGATE_BASE_CUR_H
#define BOOTGATE_BASE_CUR_H

#include "base/bytes.h"

struct cur {
    const uint8_t *p, *end;
    bool bad;
};

static inline struct cur cur_of(struct bytes b)
{
    return (struct cur){b.p, b.n ? b.p + b.n : b.p, false};
}

static inline size_t cur_left(const struct cur *c)
{
    return c->bad || c->p == NULL ? 0 : (size_t)(c->end - c->p);
}

/* cur_take returns a view of the next n bytes, or the empty view and sets bad. */
static inline struct bytes cur_take(struct cur *c, size_t n)
{
    if (n > cur_left(c)) {
        c->bad = true;
        return BYTES_NONE;
    }
    struct bytes b = {c->p, n};
    if (n)
        c->p += n;
    return b;
}

static inline struct bytes cur_rest(struct cur *c)
{
    return cur_take(c, cur_left(c));
}

/* cur_sub takes n bytes as a cursor of their own; it is bad when the parent is. */
static inline struct cur cur_sub(struct cur *c, size_t n)
{
    struct bytes b = cur_take(c, n);
    struct cur s = cur_of(b);
    s.bad = c->bad;
    return s;
}

/* cur_copy copies n bytes out; dst is zeroed when they are not there. */
static inline void cur_copy(struct cur *c, void *dst, size_t n)
{
    struct bytes b = cur_take(c, n);
    if (n && b.p && b.n == n)
        memcpy(dst, b.p, n);
    else if (n)
        memset(dst, 0, n);
}

static inline uint8_t cur_u8(struct cur *c)
{
    struct bytes b = cur_take(c, 1);
    return b.p ? b.p[0] : 0;
}

static inline uint16_t cur_u16le(struct cur *c)
{
    struct bytes b = cur_take(c, 2);
    return b.p ? (uint16_t)(b.p[0] | (unsigned)b.p[1] << 8) : 0;
}

static inline uint32_t cur_u32le(struct cur *c)
{
    uint32_t lo = cur_u16le(c), hi = cur_u16le(c);
    return c->bad ? 0 : lo | hi << 16;
}

static inline uint64_t cur_u64le(struct cur *c)
{
    uint64_t lo = cur_u32le(c), hi = cur_u32le(c);
    return c->bad ? 0 : lo | hi << 32;
}

static inline uint32_t cur_u32be(struct cur *c)
{
    return __builtin_bswap32(cur_u32le(c));
}

/* cur_done is true when every byte was read and none was missing: trailing bytes are an error. */
static inline bool cur_done(const struct cur *c)
{
    return !c->bad && c->p == c->end;
}

#endif
