#include "quote/tcg_log.h"

#include "quote/evlog.h"

#define INDEX_NONE 0xffffffffu

static size_t find(const struct tcg_algorithms *algs, uint16_t id)
{
    size_t i = 0;
    while (i < algs->n && algs->id[i] != id)
        i++;
    return i;
}

bool tcg_log_has(const struct tcg_algorithms *algs, uint16_t id)
{
    return find(algs, id) < algs->n;
}

/* TCG_EfiSpecIDEvent: signature, class, version, algorithms with their sizes, vendor information.
 */
static bool read_algorithms(struct bytes spec, struct tcg_algorithms *out)
{
    static const uint8_t signature[16] = "Spec ID Event03";
    struct cur c = cur_of(spec);
    bool ok = bytes_eq(cur_take(&c, sizeof signature), BYTES_OF_ARRAY(signature));
    cur_take(&c, 8); /* platform class, version, errata, uintn size: of no consequence here */
    uint32_t n = cur_u32le(&c);
    if (!ok || c.bad || n == 0 || n > TCG_ALGORITHMS_MAX)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        uint16_t id = cur_u16le(&c), size = cur_u16le(&c);
        if (find(out, id) < out->n || size == 0 || size > 64 || (id == TCG_SHA256 && size != 32) ||
            (id == TCG_SHA384 && size != 48))
            return false;
        out->id[out->n] = id;
        out->size[out->n++] = size;
    }
    cur_take(&c, cur_u8(&c));
    return cur_done(&c);
}

/* TCG_PCR_EVENT, the old form with a SHA-1 digest, for the first record alone. */
enum rc tcg_log_header(struct cur *c, struct tcg_algorithms *out, struct err *err)
{
    uint32_t index = cur_u32le(c), type = cur_u32le(c);
    cur_take(c, 20);
    struct bytes spec = cur_take(c, cur_u32le(c));
    if (c->bad || type != EV_NO_ACTION)
        return err_set(err, BG_CCEL_HEADER, "MR index %u, type 0x%x", (unsigned)index,
                       (unsigned)type);
    if (!read_algorithms(spec, out))
        return err_set(err, BG_CCEL_SPEC_ID, "%zu bytes", spec.n);
    return RC_OK;
}

/* at_end: nothing left, 0xff padding, or a record of nothing but zeros (td-shim). */
bool tcg_log_at_end(const struct cur *at)
{
    struct cur c = *at;
    if (cur_left(&c) == 0)
        return true;
    uint32_t index = cur_u32le(&c), type = cur_u32le(&c);
    if (!c.bad && index == INDEX_NONE && type == INDEX_NONE)
        return true;
    struct bytes rest = cur_take(&c, 8);
    return !c.bad && index == 0 && type == 0 && bytes_is_zero(rest);
}

/* TCG_PCR_EVENT2: index, type, digests by announced algorithm, data. */
enum rc tcg_log_record(struct cur *c, const struct tcg_algorithms *algs, size_t offset,
                       struct tcg_record *out, struct err *err)
{
    uint32_t seen = 0;
    struct tcg_record r = {0};
    r.index = cur_u32le(c);
    r.type = cur_u32le(c);
    uint32_t count = cur_u32le(c);
    for (uint32_t i = 0; i < count && !c->bad; i++) {
        uint16_t id = cur_u16le(c);
        size_t k = find(algs, id);
        if (!c->bad && (k == algs->n || (seen & 1u << k)))
            return err_set(err, BG_CCEL_ALGORITHM, "at offset %zu: 0x%x", offset, (unsigned)id);
        if (c->bad)
            break;
        seen |= 1u << k;
        struct bytes digest = cur_take(c, algs->size[k]);
        if (id == TCG_SHA256)
            r.sha256 = digest;
        if (id == TCG_SHA384)
            r.sha384 = digest;
    }
    r.data = cur_take(c, cur_u32le(c));
    if (c->bad)
        return err_set(err, BG_CCEL_RECORD, "at offset %zu of the area", offset);
    *out = r;
    return RC_OK;
}
