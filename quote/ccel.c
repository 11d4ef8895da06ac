/*
 * ccel: the log area that the ACPI CCEL table points to: TCG PC Client Platform Firmware Profile
 * 1.06, sections 10.2 (records) and 10.4.5 (Spec ID Event03); UEFI 2.10 section 38 (MR index).
 */
#include "base/cur.h"
#include "base/limits.h"
#include "quote/evlog.h"

#define ALG_SHA384     0x000c
#define MAX_ALGORITHMS 16u
#define MR_INDEX_NONE  0xffffffffu

struct algorithms {
    uint16_t id[MAX_ALGORITHMS], size[MAX_ALGORITHMS];
    size_t n;
};

struct record {
    uint32_t index, type;
    bool has_sha384;
    struct bytes sha384, data;
};

static size_t find(const struct algorithms *algs, uint16_t id)
{
    size_t i = 0;
    while (i < algs->n && algs->id[i] != id)
        i++;
    return i;
}

/* TCG_EfiSpecIDEvent: signature, class, version, algorithms with their sizes, vendor information.
 */
static bool read_algorithms(struct bytes spec, struct algorithms *out)
{
    static const uint8_t signature[16] = "Spec ID Event03";
    struct cur c = cur_of(spec);
    bool ok = bytes_eq(cur_take(&c, sizeof signature), BYTES_OF_ARRAY(signature));
    cur_take(&c, 8); /* platform class, version, errata, uintn size: of no consequence here */
    uint32_t n = cur_u32le(&c);
    if (!ok || c.bad || n == 0 || n > MAX_ALGORITHMS)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        uint16_t id = cur_u16le(&c), size = cur_u16le(&c);
        if (find(out, id) < out->n || size == 0 || size > 64 || (id == ALG_SHA384 && size != 48))
            return false;
        out->id[out->n] = id;
        out->size[out->n++] = size;
    }
    cur_take(&c, cur_u8(&c));
    return cur_done(&c);
}

/* TCG_PCR_EVENT, the old form with a SHA-1 digest, for the first record alone. */
static enum rc read_header(struct cur *c, struct algorithms *out, struct err *err)
{
    uint32_t index = cur_u32le(c), type = cur_u32le(c);
    cur_take(c, 20);
    struct bytes spec = cur_take(c, cur_u32le(c));
    if (c->bad || type != EV_NO_ACTION)
        return err_set(err, BG_CCEL_HEADER, "MR index %u, type 0x%x", (unsigned)index,
                       (unsigned)type);
    if (!read_algorithms(spec, out))
        return err_set(err, BG_CCEL_SPEC_ID, "%zu bytes", spec.n);
    if (find(out, ALG_SHA384) == out->n)
        return err_set(err, BG_CCEL_NO_SHA384, "%zu algorithms, the first is 0x%x", out->n,
                       (unsigned)out->id[0]);
    return RC_OK;
}

/* at_end: nothing left, 0xff padding, or a record of nothing but zeros (td-shim). */
static bool at_end(const struct cur *at)
{
    struct cur c = *at;
    if (cur_left(&c) == 0)
        return true;
    uint32_t index = cur_u32le(&c), type = cur_u32le(&c);
    if (!c.bad && index == MR_INDEX_NONE && type == MR_INDEX_NONE)
        return true;
    struct bytes rest = cur_take(&c, 8);
    return !c.bad && index == 0 && type == 0 && bytes_is_zero(rest);
}

/* TCG_PCR_EVENT2: index, type, digests by announced algorithm, data. */
static enum rc read_record(struct cur *c, const struct algorithms *algs, size_t offset,
                           struct record *out, struct err *err)
{
    uint32_t seen = 0;
    struct record r = {0};
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
        if (id == ALG_SHA384) {
            r.sha384 = digest;
            r.has_sha384 = true;
        }
    }
    r.data = cur_take(c, cur_u32le(c));
    if (c->bad)
        return err_set(err, BG_CCEL_RECORD, "at offset %zu of the area", offset);
    *out = r;
    return RC_OK;
}

/* extends: MR index 0 is MRTD, which the TDX module measures before any log exists. */
static bool extends(const struct record *r)
{
    return r->type != EV_NO_ACTION && r->index != 0;
}

static enum rc add_event(const struct record *r, size_t offset, struct evlog *log, struct err *err)
{
    if (!extends(r)) {
        log->no_action++;
        return RC_OK;
    }
    if (r->index > 4)
        return err_set(err, BG_CCEL_INDEX, "at offset %zu: MR index 0x%x, type 0x%x", offset,
                       (unsigned)r->index, (unsigned)r->type);
    if (!r->has_sha384)
        return err_set(err, BG_CCEL_NO_DIGEST, "at offset %zu", offset);
    struct event *e = &log->v[log->n++];
    e->rtmr = r->index - 1;
    e->type = r->type;
    memcpy(e->digest, r->sha384.p, sizeof e->digest);
    e->digest_given = true;
    e->payload = r->data;
    if (e->rtmr == 3)
        log->covers[3] = true; /* else the guest's own extends are logged elsewhere */
    return RC_OK;
}

static enum rc count_events(struct cur c, const struct algorithms *algs, size_t area, size_t *out,
                            struct err *err)
{
    size_t n = 0;
    for (size_t records = 0; !at_end(&c); records++) {
        struct record r;
        if (records == LIMIT_EVENTS)
            return err_set(err, BG_CCEL_TOO_MANY, "more than %u", LIMIT_EVENTS);
        TRY(read_record(&c, algs, area - cur_left(&c), &r, err));
        n += extends(&r);
    }
    *out = n;
    return RC_OK;
}

enum rc evlog_parse_ccel(struct arena *a, struct bytes area, struct evlog *out, struct err *err)
{
    if (area.n == 0 || area.n > LIMIT_EVENT_LOG)
        return err_set(err, BG_CCEL_SIZE, "%zu bytes", area.n);
    struct algorithms algs = {0};
    struct cur c = cur_of(area);
    TRY(read_header(&c, &algs, err));
    size_t n = 0;
    TRY(count_events(c, &algs, area.n, &n, err));
    struct evlog log = {.no_action = 1, .covers = {true, true, true, false}}; /* the header */
    log.v = ARENA_ARRAY(a, struct event, n, err);
    if (!log.v)
        return err->rc;
    while (!at_end(&c)) {
        struct record r;
        size_t offset = area.n - cur_left(&c);
        TRY(read_record(&c, &algs, offset, &r, err));
        TRY(add_event(&r, offset, &log, err));
    }
    log.end_offset = area.n - cur_left(&c);
    *out = log;
    return RC_OK;
}
