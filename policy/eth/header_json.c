#include "base/hex.h"
#include "base/limits.h"
#include "policy/eth/header.h"
#include "policy/eth/header_fields.h"
#include "policy/eth/rlp.h"

/* The widest integer is 32 bytes, the widest field the logs bloom. */
#define MAX_INTEGER 32u
#define MAX_FIELD   256u

/* digits_of: the hex digits of a JSON string "0x...". */
static bool digits_of(const json_t *v, struct bytes *out)
{
    if (!json_is_string(v))
        return false;
    struct cur c = cur_of(json_view(v));
    if (!bytes_eq(cur_take(&c, 2), bytes_of("0x", 2)))
        return false;
    *out = cur_rest(&c);
    return true;
}

/* put_integer writes a quantity; leading zeros are allowed, the value must fit in size bytes. */
static bool put_integer(struct rlp_out *o, struct bytes digits, size_t size)
{
    struct cur c = cur_of(digits);
    while (cur_left(&c) > 1 && c.p[0] == '0')
        (void)cur_u8(&c);
    struct bytes d = cur_rest(&c);
    uint8_t text[2 * MAX_INTEGER], v[MAX_INTEGER];
    if (d.n == 0 || d.n > 2 * size)
        return false;
    memset(text, '0', sizeof text);
    memcpy(text + (sizeof text - d.n), d.p, d.n);
    return hex_decode(BYTES_OF_ARRAY(text), v, sizeof v) && rlp_put_uint(o, BYTES_OF_ARRAY(v));
}

static bool put_field(struct rlp_out *o, const json_t *v, const struct header_field *f)
{
    struct bytes d;
    uint8_t data[MAX_FIELD];
    if (!digits_of(v, &d))
        return false;
    if (f->kind == HEADER_INTEGER)
        return put_integer(o, d, f->size);
    size_t n = d.n / 2;
    if (n > f->size || (f->kind == HEADER_FIXED && n != f->size))
        return false;
    return hex_decode(d, data, n) && rlp_put_bytes(o, bytes_of(data, n));
}

static const json_t *member(const json_t *block, size_t i)
{
    const json_t *v = json_object_get(block, eth_header_fields[i].name);
    return json_is_null(v) ? NULL : v;
}

/*
 * count_fields: how many fields the header has, from the last member that is there. False when one
 * before it is missing: *out is then the first such, or the one that its fork must also have.
 */
static bool count_fields(const json_t *block, size_t *out)
{
    size_t n = NUM_HEADER_FIELDS;
    while (n > F_BASE_FEE && !member(block, n - 1))
        n--;
    for (size_t i = 0; i < n; i++)
        if (!member(block, i)) {
            *out = i;
            return false;
        }
    *out = n;
    return eth_header_count_ok(n);
}

static bool hash_agrees(const json_t *claimed, const uint8_t hash[static 32])
{
    struct bytes d;
    uint8_t h[32];
    return digits_of(claimed, &d) && hex_decode(d, h, sizeof h) && memcmp(h, hash, 32) == 0;
}

enum rc eth_header_from_json(struct arena *a, const json_t *block, struct eth_header *out,
                             struct bytes *out_rlp, struct err *err)
{
    if (!json_is_object(block))
        return err_set(err, BG_HEADER_JSON_OBJECT, "%s", json_is_null(block) ? "null" : "");
    size_t n;
    if (!count_fields(block, &n))
        return err_set(err, BG_HEADER_JSON_MEMBER, "%s", eth_header_fields[n].name);
    struct rlp_out o = {arena_alloc(a, LIMIT_HEADER_RLP, err), 0, LIMIT_HEADER_RLP};
    if (!o.p)
        return err->rc;
    /* All fields at their widest are 935 bytes, and the prefix 3: the buffer cannot be short. */
    bool ok = true;
    size_t i = 0;
    while (ok && i < n)
        if ((ok = put_field(&o, member(block, i), &eth_header_fields[i])))
            i++;
    if (!ok || !rlp_wrap(&o, 0))
        return err_set(err, BG_HEADER_JSON_VALUE, "%s",
                       i < n ? eth_header_fields[i].name : "too large");
    struct eth_header h;
    TRY(eth_header_from_rlp(bytes_of(o.p, o.n), &h, err));
    const json_t *claimed = json_object_get(block, "hash");
    if (claimed && !json_is_null(claimed) && !hash_agrees(claimed, h.hash))
        return err_set(err, BG_HEADER_JSON_HASH, "block %llu", (unsigned long long)h.number);
    *out = h;
    *out_rlp = bytes_of(o.p, o.n);
    return RC_OK;
}
