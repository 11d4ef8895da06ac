#include "quote/der.h"

#include "base/date.h"

bool der_any(struct cur *c, uint8_t *out_tag, struct bytes *out_content, struct bytes *out_whole)
{
    struct cur start = *c;
    uint8_t tag = cur_u8(c), first = cur_u8(c);
    size_t n = first, header = 2;
    if (first >= 0x80) {
        size_t octets = first & 0x7fu;
        if (octets == 0 || octets > 3) /* indefinite, or beyond any limit of ours */
            c->bad = true;
        n = 0;
        for (size_t i = 0; i < octets && !c->bad; i++)
            n = n << 8 | cur_u8(c);
        if (n < 0x80 || (octets > 1 && n >> (8 * (octets - 1)) == 0))
            c->bad = true; /* not minimal: X.690 section 10.1 */
        header += octets;
    }
    if ((tag & 0x1f) == 0x1f) /* multi-byte tags occur in nothing we read */
        c->bad = true;
    struct bytes content = cur_take(c, n);
    if (c->bad)
        return false;
    *out_tag = tag;
    *out_content = content;
    *out_whole = cur_take(&start, header + n);
    return true;
}

static bool take(struct cur *c, uint8_t tag, struct bytes *content, struct bytes *whole)
{
    uint8_t seen = 0;
    if (!der_any(c, &seen, content, whole))
        return false;
    if (seen != tag)
        c->bad = true;
    return !c->bad;
}

struct bytes der_take(struct cur *c, uint8_t tag)
{
    struct bytes content, whole;
    return take(c, tag, &content, &whole) ? content : BYTES_NONE;
}

struct bytes der_whole(struct cur *c, uint8_t tag)
{
    struct bytes content, whole;
    return take(c, tag, &content, &whole) ? whole : BYTES_NONE;
}

struct cur der_sub(struct cur *c, uint8_t tag)
{
    struct cur s = cur_of(der_take(c, tag));
    s.bad = c->bad;
    return s;
}

bool der_is(const struct cur *c, uint8_t tag)
{
    struct cur look = *c;
    return cur_u8(&look) == tag && !look.bad;
}

uint64_t der_uint(struct cur *c, uint8_t tag, uint64_t max)
{
    struct bytes b = der_take(c, tag);
    uint64_t v = 0;
    /* Negative, empty, or with a needless leading octet (X.690 section 8.3.2). */
    if (b.n == 0 || b.n > 9 || b.p[0] >= 0x80 || (b.n > 1 && b.p[0] == 0 && b.p[1] < 0x80) ||
        (b.n == 9 && b.p[0] != 0)) {
        c->bad = true;
        return 0;
    }
    for (size_t i = 0; i < b.n; i++)
        v = v << 8 | b.p[i];
    if (v > max)
        c->bad = true;
    return c->bad ? 0 : v;
}

struct bytes der_integer(struct cur *c)
{
    struct bytes b = der_take(c, DER_INTEGER);
    if (b.n == 0 || (b.n > 1 && b.p[0] == 0x00 && b.p[1] < 0x80) ||
        (b.n > 1 && b.p[0] == 0xff && b.p[1] >= 0x80))
        c->bad = true;
    return c->bad ? BYTES_NONE : b;
}

struct bytes der_oid(struct cur *c)
{
    struct bytes b = der_take(c, DER_OID);
    bool first = true; /* octet of an arc: it may not be 0x80, and the last arc has to end */
    for (size_t i = 0; i < b.n; i++) {
        if (first && b.p[i] == 0x80)
            c->bad = true;
        first = b.p[i] < 0x80;
    }
    if (b.n == 0 || !first)
        c->bad = true;
    return c->bad ? BYTES_NONE : b;
}

bool der_bool(struct cur *c)
{
    struct bytes b = der_take(c, DER_BOOLEAN);
    if (b.n != 1 || (b.p[0] != 0 && b.p[0] != 0xff))
        c->bad = true;
    return !c->bad && b.p[0] == 0xff;
}

struct bytes der_bits(struct cur *c)
{
    struct cur s = der_sub(c, DER_BIT_STRING);
    if (cur_u8(&s) != 0 || s.bad) {
        c->bad = true;
        return BYTES_NONE;
    }
    return cur_rest(&s);
}

/* digits reads n decimal digits. */
static unsigned digits(struct cur *c, size_t n)
{
    unsigned v = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t d = cur_u8(c);
        if (d < '0' || d > '9')
            c->bad = true;
        v = v * 10 + (unsigned)(d - '0');
    }
    return c->bad ? 0 : v;
}

uint64_t der_time(struct cur *c)
{
    bool utc = der_is(c, DER_UTC_TIME);
    struct cur s = der_sub(c, utc ? DER_UTC_TIME : DER_GENERALIZED_TIME);
    struct date t = {.year = digits(&s, utc ? 2 : 4)};
    if (utc)
        t.year += t.year >= 50 ? 1900 : 2000;
    t.month = digits(&s, 2);
    t.day = digits(&s, 2);
    t.hour = digits(&s, 2);
    t.minute = digits(&s, 2);
    t.second = digits(&s, 2);
    uint64_t seconds = 0;
    if (cur_u8(&s) != 'Z' || !cur_done(&s) || !date_seconds(t, &seconds))
        c->bad = true;
    return c->bad ? 0 : seconds;
}
