#include "policy/near/borsh.h"

struct bytes borsh_bytes(struct cur *c, size_t max)
{
    uint32_t n = cur_u32le(c);
    if (n > max)
        c->bad = true;
    return cur_take(c, n);
}

bool borsh_bool(struct cur *c)
{
    uint8_t v = cur_u8(c);
    if (v > 1)
        c->bad = true;
    return v == 1;
}

u128 borsh_u128(struct cur *c)
{
    uint64_t lo = cur_u64le(c), hi = cur_u64le(c);
    return (u128)hi << 64 | lo;
}

void borsh_put(struct borsh_out *o, struct bytes raw)
{
    if (o->bad || raw.n > o->cap - o->n) {
        o->bad = true;
        return;
    }
    if (raw.n)
        memcpy(o->p + o->n, raw.p, raw.n);
    o->n += raw.n;
}

void borsh_put_u8(struct borsh_out *o, uint8_t v)
{
    borsh_put(o, bytes_of(&v, 1));
}

/* put_le writes the low n bytes of v. */
static void put_le(struct borsh_out *o, u128 v, size_t n)
{
    uint8_t raw[16];
    for (size_t i = 0; i < n; i++)
        raw[i] = (uint8_t)(v >> (8 * i));
    borsh_put(o, bytes_of(raw, n));
}

void borsh_put_u32(struct borsh_out *o, uint32_t v)
{
    put_le(o, v, 4);
}

void borsh_put_u64(struct borsh_out *o, uint64_t v)
{
    put_le(o, v, 8);
}

void borsh_put_u128(struct borsh_out *o, u128 v)
{
    put_le(o, v, 16);
}

void borsh_put_bytes(struct borsh_out *o, struct bytes v)
{
    if (v.n > UINT32_MAX) {
        o->bad = true;
        return;
    }
    borsh_put_u32(o, (uint32_t)v.n);
    borsh_put(o, v);
}

bool u128_read(struct bytes decimal, u128 *out)
{
    const u128 max = ~(u128)0;
    u128 v = 0;
    if (decimal.n == 0 || decimal.n > 39 || (decimal.n > 1 && decimal.p[0] == '0'))
        return false;
    for (size_t i = 0; i < decimal.n; i++) {
        unsigned digit = (unsigned)decimal.p[i] - '0';
        if (digit > 9 || v > max / 10 || v * 10 > max - digit)
            return false;
        v = v * 10 + digit;
    }
    *out = v;
    return true;
}
