#include "base/cur.h"
#include "policy/beacon/read.h"
#include "policy/beacon/shape.h"

/*
 * SSZ containers (consensus-specs ssz/simple-serialize.md): fixed-size members in place, a 4-byte
 * offset for each of the others, those behind, in order. Sizes of the fixed parts:
 */
#define OFFSET             4u
#define BEACON_HEADER      (8u + 8u + 3u * 32u)
#define HEADER_FIXED       (BEACON_HEADER + OFFSET + LC_EXECUTION_BRANCH * 32u)
#define EXECUTION_CAPELLA  (32u + 20u + 2u * 32u + 256u + 32u + 4u * 8u + OFFSET + 4u * 32u)
#define EXECUTION_BLOB_GAS (2u * 8u)

struct reader {
    struct arena *a;
    const struct beacon_network *n;
    struct lc_shape shape;
    const char *what; /* the first thing that was wrong */
};

static bool wrong(struct reader *r, const char *what)
{
    if (!r->what)
        r->what = what;
    return false;
}

static void beacon_header(struct cur *c, struct beacon_header *out)
{
    out->slot = cur_u64le(c);
    out->proposer_index = cur_u64le(c);
    cur_copy(c, out->parent_root, 32);
    cur_copy(c, out->state_root, 32);
    cur_copy(c, out->body_root, 32);
}

static bool execution(struct reader *r, struct bytes ssz, struct lc_execution *e)
{
    struct cur c = cur_of(ssz);
    uint8_t fee[32];
    e->has_blob_gas = r->shape.blob_gas;
    cur_copy(&c, e->parent_hash, 32);
    cur_copy(&c, e->fee_recipient, 20);
    cur_copy(&c, e->state_root, 32);
    cur_copy(&c, e->receipts_root, 32);
    cur_copy(&c, e->logs_bloom, sizeof e->logs_bloom);
    cur_copy(&c, e->prev_randao, 32);
    e->block_number = cur_u64le(&c);
    e->gas_limit = cur_u64le(&c);
    e->gas_used = cur_u64le(&c);
    e->timestamp = cur_u64le(&c);
    uint32_t extra_at = cur_u32le(&c);
    cur_copy(&c, fee, 32);
    for (size_t i = 0; i < 32; i++)
        e->base_fee[i] = fee[31 - i];
    cur_copy(&c, e->block_hash, 32);
    cur_copy(&c, e->transactions_root, 32);
    cur_copy(&c, e->withdrawals_root, 32);
    if (e->has_blob_gas) {
        e->blob_gas_used = cur_u64le(&c);
        e->excess_blob_gas = cur_u64le(&c);
    }
    e->extra_data_len = cur_left(&c);
    if (c.bad || extra_at != EXECUTION_CAPELLA + (e->has_blob_gas ? EXECUTION_BLOB_GAS : 0))
        return wrong(r, "execution: length or offset");
    if (e->extra_data_len > sizeof e->extra_data)
        return wrong(r, "execution: extra_data");
    cur_copy(&c, e->extra_data, e->extra_data_len);
    return true;
}

/* header: a whole LightClientHeader. */
static bool header(struct reader *r, struct bytes ssz, struct lc_header *out)
{
    struct cur c = cur_of(ssz);
    beacon_header(&c, &out->beacon);
    out->has_execution = r->shape.execution;
    if (out->has_execution) {
        uint32_t at = cur_u32le(&c);
        cur_copy(&c, out->execution_branch, sizeof out->execution_branch);
        if (c.bad || at != HEADER_FIXED)
            return wrong(r, "header: length or offset");
        if (!execution(r, cur_rest(&c), &out->execution))
            return false;
    }
    if (!cur_done(&c))
        return wrong(r, "header: length");
    return lc_header_settle(r->n, out) || wrong(r, "header: a value its slot's fork does not have");
}

/* header_member: in place (Altair), or its offset. */
static void header_member(struct reader *r, struct cur *c, struct bytes *in_place, uint32_t *at)
{
    if (r->shape.execution)
        *at = cur_u32le(c);
    else
        *in_place = cur_take(c, BEACON_HEADER);
}

static void branch(struct cur *c, size_t n, struct lc_branch *out)
{
    out->n = n;
    cur_copy(c, out->node, 32 * n);
}

static enum rc committee(struct reader *r, struct cur *c, struct lc_committee *out, struct err *err)
{
    size_t n = r->n->committee_size;
    uint8_t(*keys)[BLS_KEY] = arena_array(r->a, n, BLS_KEY, err);
    if (!keys)
        return err->rc;
    cur_copy(c, keys, n * BLS_KEY);
    cur_copy(c, out->aggregate, BLS_KEY);
    out->keys = (const uint8_t(*)[BLS_KEY])keys;
    out->n = n;
    return RC_OK;
}

static size_t committee_size(const struct beacon_network *n)
{
    return (n->committee_size + 1) * BLS_KEY;
}

/* tail_size: of an update behind its headers, committee and branches: SyncAggregate, slot. */
static size_t tail_size(const struct beacon_network *n)
{
    return n->committee_size / 8 + BLS_SIGNATURE + 8;
}

/* fixed_size: the fixed part of a container. */
static size_t fixed_size(const struct beacon_network *n, enum lc_kind kind,
                         const struct lc_shape *s)
{
    size_t head = s->execution ? OFFSET : BEACON_HEADER;
    if (kind == LC_BOOTSTRAP)
        return head + committee_size(n) + 32 * s->committee_nodes;
    size_t size = head + tail_size(n);
    if (kind == LC_UPDATE)
        size += committee_size(n) + 32 * s->committee_nodes;
    if (kind != LC_OPTIMISTIC_UPDATE)
        size += head + 32 * s->finality_nodes;
    return size;
}

/*
 * begin: the shape, from the slot of the first header. Before Capella that is the first 8 bytes,
 * from Capella on the first 4 bytes say where it is; no container of the one kind has the length
 * of one of the other.
 */
static bool begin(struct reader *r, struct arena *a, const struct beacon_network *n,
                  enum lc_kind kind, struct bytes ssz)
{
    struct lc_shape altair = {.finality_nodes = 6, .committee_nodes = 5};
    struct cur c = cur_of(ssz);
    *r = (struct reader){.a = a, .n = n};
    bool in_place = ssz.n == fixed_size(n, kind, &altair);
    if (!in_place) {
        size_t at = cur_u32le(&c);
        c = cur_of(ssz);
        (void)cur_take(&c, at);
    }
    uint64_t slot = cur_u64le(&c);
    if (c.bad)
        return wrong(r, "length");
    if (!lc_shape_at(n, slot, &r->shape))
        return wrong(r, "a slot before Altair");
    return r->shape.execution != in_place || wrong(r, "not the layout of its slot's fork");
}

/* parts: where the headers are; `second` (when not NULL) follows `first` to the end. */
static bool parts(struct reader *r, struct bytes ssz, size_t fixed, uint32_t at_first,
                  struct bytes *first, const uint32_t *at_second, struct bytes *second)
{
    struct cur c = cur_of(ssz);
    (void)cur_take(&c, fixed);
    if (at_first != fixed)
        return wrong(r, "the first offset");
    if (at_second) {
        if (*at_second < at_first)
            return wrong(r, "the second offset");
        *first = cur_take(&c, *at_second - at_first);
        *second = cur_rest(&c);
    } else {
        *first = cur_rest(&c);
    }
    return !c.bad || wrong(r, "the second offset");
}

enum rc lc_bootstrap_from_ssz(struct arena *a, const struct beacon_network *n, struct bytes ssz,
                              struct lc_bootstrap *out, struct err *err)
{
    struct reader r;
    struct lc_bootstrap b = {0};
    struct bytes h = BYTES_NONE;
    bool ok = begin(&r, a, n, LC_BOOTSTRAP, ssz);
    if (ok) {
        struct cur c = cur_of(ssz);
        uint32_t at = 0;
        header_member(&r, &c, &h, &at);
        TRY(committee(&r, &c, &b.committee, err));
        branch(&c, r.shape.committee_nodes, &b.branch);
        ok = (!c.bad || wrong(&r, "length")) &&
             (!r.shape.execution ||
              parts(&r, ssz, fixed_size(n, LC_BOOTSTRAP, &r.shape), at, &h, NULL, NULL));
    }
    if (!ok || !header(&r, h, &b.header))
        return err_set(err, BG_LC_SSZ_BOOTSTRAP, "%zu bytes: %s", ssz.n, r.what);
    *out = b;
    return RC_OK;
}

enum rc lc_update_from_ssz(struct arena *a, const struct beacon_network *n, enum lc_kind kind,
                           struct bytes ssz, struct lc_update *out, struct err *err)
{
    struct reader r;
    struct lc_update u = {.has_next = kind == LC_UPDATE,
                          .has_finality = kind == LC_UPDATE || kind == LC_FINALITY_UPDATE,
                          .num_bits = n->committee_size};
    struct bytes attested = BYTES_NONE, finalized = BYTES_NONE;
    bool ok = begin(&r, a, n, kind, ssz);
    if (ok) {
        struct cur c = cur_of(ssz);
        uint32_t at_attested = 0, at_finalized = 0;
        header_member(&r, &c, &attested, &at_attested);
        if (u.has_next) {
            TRY(committee(&r, &c, &u.next, err));
            branch(&c, r.shape.committee_nodes, &u.next_branch);
        }
        if (u.has_finality) {
            header_member(&r, &c, &finalized, &at_finalized);
            branch(&c, r.shape.finality_nodes, &u.finality_branch);
        }
        cur_copy(&c, u.bits, u.num_bits / 8);
        cur_copy(&c, u.signature, BLS_SIGNATURE);
        u.signature_slot = cur_u64le(&c);
        ok = (!c.bad || wrong(&r, "length")) &&
             (!r.shape.execution ||
              parts(&r, ssz, fixed_size(n, kind, &r.shape), at_attested, &attested,
                    u.has_finality ? &at_finalized : NULL, u.has_finality ? &finalized : NULL));
    }
    ok = ok && header(&r, attested, &u.attested);
    if (!ok || (u.has_finality && !header(&r, finalized, &u.finalized)))
        return err_set(err, BG_LC_SSZ_UPDATE, "%zu bytes: %s", ssz.n, r.what);
    *out = u;
    return RC_OK;
}

/* next_chunk: [u64 length][digest][SSZ]. */
static bool next_chunk(struct cur *c, struct bytes *out)
{
    uint64_t n = cur_u64le(c);
    if (c->bad || n < 4 || n > cur_left(c))
        return false;
    (void)cur_take(c, 4);
    *out = cur_take(c, (size_t)n - 4);
    return !c->bad;
}

/* next_listed: an element of the list: u64 length, offset 12, digest, offset 8, SSZ. */
static bool next_listed(struct bytes element, struct bytes *out)
{
    struct cur c = cur_of(element);
    uint64_t n = cur_u64le(&c);
    uint32_t at_chunk = cur_u32le(&c);
    (void)cur_take(&c, 4);
    uint32_t at_payload = cur_u32le(&c);
    *out = cur_rest(&c);
    return !c.bad && at_chunk == 12 && at_payload == 8 && n >= 4 && n - 4 == out->n;
}

static bool split_list(struct bytes body, struct bytes *out, size_t max, size_t *out_n)
{
    struct cur table = cur_of(body);
    uint32_t at = cur_u32le(&table);
    size_t n = at / OFFSET;
    if (table.bad || at % OFFSET || n == 0 || n > max)
        return false;
    struct cur c = cur_of(body);
    (void)cur_take(&c, at);
    for (size_t i = 0; i < n; i++) {
        uint32_t end = 0;
        struct bytes element;
        if (i + 1 < n) {
            end = cur_u32le(&table);
            if (table.bad || end < at)
                return false;
            element = cur_take(&c, end - at);
        } else {
            element = cur_rest(&c);
        }
        if (c.bad || !next_listed(element, &out[i]))
            return false;
        at = end;
    }
    *out_n = n;
    return cur_done(&c);
}

enum rc lc_updates_split(struct bytes body, struct bytes *out, size_t max, size_t *out_n,
                         struct err *err)
{
    /* A length never fills its upper half; in a list, the next offset or a length stands there. */
    struct cur c = cur_of(body);
    (void)cur_u32le(&c);
    if (cur_u32le(&c) != 0) {
        if (!split_list(body, out, max, out_n))
            return err_set(err, BG_LC_SPLIT_LIST, "%zu bytes", body.n);
        return RC_OK;
    }
    c = cur_of(body);
    size_t n = 0;
    while (cur_left(&c)) {
        if (n == max)
            return err_set(err, BG_LC_SPLIT_COUNT, "more than %zu", max);
        if (!next_chunk(&c, &out[n]))
            return err_set(err, BG_LC_SPLIT_CHUNK, "number %zu, in %zu bytes", n + 1, body.n);
        n++;
    }
    *out_n = n;
    return RC_OK;
}
