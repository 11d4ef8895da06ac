#include "policy/eth/rlp.h"

#include "base/limits.h"

/* Yellow Paper, appendix B: first byte of a string and of a list; 55 is the longest short form. */
#define STRING_BASE 0x80u
#define LIST_BASE   0xc0u
#define SHORT_MAX   55u

/* take_length reads an n-byte big-endian length: no leading zero, and too long for the short form.
 */
static size_t take_length(struct cur *c, size_t n)
{
    uint64_t v = 0;
    struct cur digits = cur_sub(c, n); /* n is 1 to 8 */
    for (size_t i = 0; i < n; i++) {
        uint8_t b = cur_u8(&digits);
        if (i == 0 && b == 0)
            c->bad = true;
        v = v << 8 | b;
    }
    if (v <= SHORT_MAX || v > cur_left(c))
        c->bad = true;
    return c->bad ? 0 : (size_t)v;
}

bool rlp_next(struct cur *c, struct rlp_item *out)
{
    struct cur start = *c;
    struct rlp_item it = {0};
    uint8_t first = cur_u8(c);
    if (c->bad)
        return false;
    if (first < STRING_BASE) {
        it.body = it.raw = cur_take(&start, 1);
        *out = it;
        return true;
    }
    it.list = first >= LIST_BASE;
    size_t n = first - (it.list ? LIST_BASE : STRING_BASE);
    if (n > SHORT_MAX)
        n = take_length(c, n - SHORT_MAX);
    it.body = cur_take(c, n);
    if (!it.list && it.body.n == 1 && it.body.p[0] < STRING_BASE)
        c->bad = true; /* such a byte is its own encoding */
    if (c->bad)
        return false;
    it.raw = cur_take(&start, cur_left(&start) - cur_left(c));
    *out = it;
    return true;
}

/* check_lists walks every list below body; depth is how many more levels may open. */
static bool check_lists(struct bytes body, unsigned depth)
{
    struct cur c = cur_of(body);
    while (cur_left(&c)) {
        struct rlp_item it;
        if (!rlp_next(&c, &it))
            return false;
        if (it.list && (depth == 0 || !check_lists(it.body, depth - 1)))
            return false;
    }
    return cur_done(&c);
}

bool rlp_whole(struct bytes in, struct rlp_item *out)
{
    struct cur c = cur_of(in);
    struct rlp_item it;
    if (!rlp_next(&c, &it) || !cur_done(&c))
        return false;
    if (it.list && !check_lists(it.body, LIMIT_RLP_DEPTH - 1))
        return false;
    *out = it;
    return true;
}

bool rlp_list(struct bytes body, struct rlp_item *out, size_t n)
{
    size_t count;
    if (!rlp_count(body, n, &count) || count != n)
        return false;
    struct cur c = cur_of(body);
    for (size_t i = 0; i < n; i++)
        if (!rlp_next(&c, &out[i]))
            return false;
    return cur_done(&c);
}

bool rlp_count(struct bytes body, size_t max, size_t *out_n)
{
    struct cur c = cur_of(body);
    size_t n = 0;
    while (cur_left(&c)) {
        struct rlp_item it;
        if (n == max || !rlp_next(&c, &it))
            return false;
        n++;
    }
    *out_n = n;
    return true;
}

bool rlp_uint(const struct rlp_item *it, uint8_t *out, size_t n)
{
    if (it->list || it->body.n > n || (it->body.n > 0 && it->body.p[0] == 0))
        return false;
    struct cur c = cur_of(it->body);
    memset(out, 0, n - it->body.n);
    cur_copy(&c, out + (n - it->body.n), it->body.n);
    return true;
}

bool rlp_u64(const struct rlp_item *it, uint64_t *out)
{
    uint8_t be[8];
    if (!rlp_uint(it, be, sizeof be))
        return false;
    uint64_t v = 0;
    for (size_t i = 0; i < sizeof be; i++)
        v = v << 8 | be[i];
    *out = v;
    return true;
}

/* put_prefix writes the shortest prefix for a body of n bytes; out holds 9 bytes. */
static size_t put_prefix(uint8_t *out, unsigned base, size_t n)
{
    if (n <= SHORT_MAX) {
        out[0] = (uint8_t)(base + n);
        return 1;
    }
    size_t len = 0;
    for (uint64_t v = n; v; v >>= 8)
        len++;
    out[0] = (uint8_t)(base + SHORT_MAX + len);
    for (size_t i = 0; i < len; i++)
        out[1 + i] = (uint8_t)((uint64_t)n >> (8 * (len - 1 - i)));
    return 1 + len;
}

bool rlp_put_raw(struct rlp_out *o, struct bytes encoded)
{
    if (encoded.n > o->cap - o->n)
        return false;
    if (encoded.n)
        memcpy(o->p + o->n, encoded.p, encoded.n);
    o->n += encoded.n;
    return true;
}

bool rlp_put_bytes(struct rlp_out *o, struct bytes b)
{
    if (b.n == 1 && b.p[0] < STRING_BASE)
        return rlp_put_raw(o, b);
    uint8_t prefix[9];
    size_t n = put_prefix(prefix, STRING_BASE, b.n), before = o->n;
    if (rlp_put_raw(o, bytes_of(prefix, n)) && rlp_put_raw(o, b))
        return true;
    o->n = before;
    return false;
}

bool rlp_put_uint(struct rlp_out *o, struct bytes big_endian)
{
    struct cur c = cur_of(big_endian);
    while (cur_left(&c) && c.p[0] == 0)
        (void)cur_u8(&c);
    return rlp_put_bytes(o, cur_rest(&c));
}

bool rlp_wrap(struct rlp_out *o, size_t start)
{
    if (start > o->n)
        return false;
    uint8_t prefix[9];
    size_t body = o->n - start, n = put_prefix(prefix, LIST_BASE, body);
    if (n > o->cap - o->n)
        return false;
    memmove(o->p + start + n, o->p + start, body);
    memcpy(o->p + start, prefix, n);
    o->n += n;
    return true;
}
