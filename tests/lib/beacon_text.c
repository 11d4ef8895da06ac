#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "tests/lib/beacon_world.h"
#include "tests/lib/harness.h"

/* JSON: Ethereum beacon APIs; numbers are decimal strings. */

static json_t *hex_json(const uint8_t *p, size_t n)
{
    char text[2 + 2 * 256 + 1] = "0x";
    assert_true(n <= 256);
    hex_encode(bytes_of(p, n), text + 2);
    return json_string(text);
}

static json_t *number_json(uint64_t v)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)v);
    return json_string(text);
}

static json_t *nodes_json(const uint8_t (*nodes)[32], size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, hex_json(nodes[i], 32));
    return list;
}

static void set(json_t *o, const char *key, json_t *v)
{
    assert_int_equal(json_object_set_new(o, key, v), 0);
}

static json_t *execution_json(const struct lc_execution *e)
{
    uint64_t fee = 0;
    json_t *o = json_object();
    for (size_t i = 24; i < 32; i++)
        fee = fee << 8 | e->base_fee[i];
    set(o, "parent_hash", hex_json(e->parent_hash, 32));
    set(o, "fee_recipient", hex_json(e->fee_recipient, 20));
    set(o, "state_root", hex_json(e->state_root, 32));
    set(o, "receipts_root", hex_json(e->receipts_root, 32));
    set(o, "logs_bloom", hex_json(e->logs_bloom, 256));
    set(o, "prev_randao", hex_json(e->prev_randao, 32));
    set(o, "block_number", number_json(e->block_number));
    set(o, "gas_limit", number_json(e->gas_limit));
    set(o, "gas_used", number_json(e->gas_used));
    set(o, "timestamp", number_json(e->timestamp));
    set(o, "extra_data", hex_json(e->extra_data, e->extra_data_len));
    set(o, "base_fee_per_gas", number_json(fee));
    set(o, "block_hash", hex_json(e->block_hash, 32));
    set(o, "transactions_root", hex_json(e->transactions_root, 32));
    set(o, "withdrawals_root", hex_json(e->withdrawals_root, 32));
    if (e->has_blob_gas) {
        set(o, "blob_gas_used", number_json(e->blob_gas_used));
        set(o, "excess_blob_gas", number_json(e->excess_blob_gas));
    }
    return o;
}

static json_t *header_json(const struct lc_header *h)
{
    json_t *o = json_object(), *b = json_object();
    set(b, "slot", number_json(h->beacon.slot));
    set(b, "proposer_index", number_json(h->beacon.proposer_index));
    set(b, "parent_root", hex_json(h->beacon.parent_root, 32));
    set(b, "state_root", hex_json(h->beacon.state_root, 32));
    set(b, "body_root", hex_json(h->beacon.body_root, 32));
    set(o, "beacon", b);
    if (h->has_execution) {
        set(o, "execution", execution_json(&h->execution));
        set(o, "execution_branch", nodes_json((const uint8_t(*)[32])h->execution_branch, 4));
    }
    return o;
}

static json_t *committee_json(const struct lc_committee *c)
{
    json_t *o = json_object(), *keys = json_array();
    for (size_t i = 0; i < c->n; i++)
        json_array_append_new(keys, hex_json(c->keys[i], BLS_KEY));
    set(o, "pubkeys", keys);
    set(o, "aggregate_pubkey", hex_json(c->aggregate, BLS_KEY));
    return o;
}

static json_t *branch_json(const struct lc_branch *b)
{
    return nodes_json((const uint8_t(*)[32])b->node, b->n);
}

static json_t *body(const struct beacon_world *w, uint64_t slot, json_t *data)
{
    return json_pack("{s:s,s:o}", "version",
                     beacon_fork_name(beacon_fork_at_slot(&w->network, slot)->fork), "data", data);
}

json_t *beacon_world_bootstrap_json(const struct beacon_world *w, const struct lc_bootstrap *b)
{
    json_t *o = json_object();
    set(o, "header", header_json(&b->header));
    set(o, "current_sync_committee", committee_json(&b->committee));
    set(o, "current_sync_committee_branch", branch_json(&b->branch));
    return body(w, b->header.beacon.slot, o);
}

json_t *beacon_world_update_json(const struct beacon_world *w, enum lc_kind kind,
                                 const struct lc_update *u)
{
    json_t *o = json_object();
    set(o, "attested_header", header_json(&u->attested));
    if (kind == LC_UPDATE) {
        set(o, "next_sync_committee", committee_json(&u->next));
        set(o, "next_sync_committee_branch", branch_json(&u->next_branch));
    }
    if (kind != LC_OPTIMISTIC_UPDATE) {
        set(o, "finalized_header", header_json(&u->finalized));
        set(o, "finality_branch", branch_json(&u->finality_branch));
    }
    set(o, "sync_aggregate",
        json_pack("{s:o,s:o}", "sync_committee_bits", hex_json(u->bits, BW_KEYS / 8),
                  "sync_committee_signature", hex_json(u->signature, BLS_SIGNATURE)));
    set(o, "signature_slot", number_json(u->signature_slot));
    return body(w, u->attested.beacon.slot, o);
}

/* SSZ (consensus-specs ssz/simple-serialize.md): little-endian, offsets of what has no fixed size.
 */
struct out {
    uint8_t p[16384];
    size_t n;
};

static void put(struct out *o, const void *p, size_t n)
{
    assert_true(n <= sizeof o->p - o->n);
    if (n)
        memcpy(o->p + o->n, p, n);
    o->n += n;
}

static void put_number(struct out *o, uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t b = (uint8_t)(v >> 8 * i);
        put(o, &b, 1);
    }
}

/* put_offset writes now to the place that was kept for it where o stands. */
static void put_offset(struct out *o, size_t at)
{
    struct out v = {.n = 0};
    put_number(&v, o->n, 4);
    memcpy(o->p + at, v.p, 4);
}

static size_t keep_offset(struct out *o)
{
    put_number(o, 0, 4);
    return o->n - 4;
}

static void put_beacon(struct out *o, const struct beacon_header *b)
{
    put_number(o, b->slot, 8);
    put_number(o, b->proposer_index, 8);
    put(o, b->parent_root, 32);
    put(o, b->state_root, 32);
    put(o, b->body_root, 32);
}

static void put_execution(struct out *o, const struct lc_execution *e)
{
    size_t start = o->n;
    put(o, e->parent_hash, 32);
    put(o, e->fee_recipient, 20);
    put(o, e->state_root, 32);
    put(o, e->receipts_root, 32);
    put(o, e->logs_bloom, 256);
    put(o, e->prev_randao, 32);
    put_number(o, e->block_number, 8);
    put_number(o, e->gas_limit, 8);
    put_number(o, e->gas_used, 8);
    put_number(o, e->timestamp, 8);
    put_number(o, e->has_blob_gas ? 584 : 568, 4);
    for (size_t i = 32; i > 0; i--)
        put(o, &e->base_fee[i - 1], 1);
    put(o, e->block_hash, 32);
    put(o, e->transactions_root, 32);
    put(o, e->withdrawals_root, 32);
    if (e->has_blob_gas) {
        put_number(o, e->blob_gas_used, 8);
        put_number(o, e->excess_blob_gas, 8);
    }
    assert_int_equal(o->n - start, e->has_blob_gas ? 584 : 568);
    put(o, e->extra_data, e->extra_data_len);
}

/* put_header: a LightClientHeader of Capella or later. */
static void put_header(struct out *o, const struct lc_header *h)
{
    assert_true(h->has_execution);
    put_beacon(o, &h->beacon);
    put_number(o, 112 + 4 + 128, 4);
    put(o, h->execution_branch, 128);
    put_execution(o, &h->execution);
}

static void put_committee(struct out *o, const struct lc_committee *c)
{
    put(o, c->keys, c->n * BLS_KEY);
    put(o, c->aggregate, BLS_KEY);
}

static struct bytes finish(const struct out *o)
{
    uint8_t *p = malloc(o->n);
    assert_non_null(p);
    memcpy(p, o->p, o->n);
    return bytes_of(p, o->n);
}

struct bytes beacon_world_bootstrap_ssz(const struct beacon_world *w, const struct lc_bootstrap *b)
{
    struct out o = {.n = 0};
    (void)w;
    size_t at = keep_offset(&o);
    put_committee(&o, &b->committee);
    put(&o, b->branch.node, 32 * b->branch.n);
    put_offset(&o, at);
    put_header(&o, &b->header);
    return finish(&o);
}

struct bytes beacon_world_update_ssz(const struct beacon_world *w, enum lc_kind kind,
                                     const struct lc_update *u, bool framed)
{
    struct out o = {.n = 0}, frame = {.n = 0};
    (void)w;
    size_t at_attested = keep_offset(&o), at_finalized = 0;
    if (kind == LC_UPDATE) {
        put_committee(&o, &u->next);
        put(&o, u->next_branch.node, 32 * u->next_branch.n);
    }
    if (kind != LC_OPTIMISTIC_UPDATE) {
        at_finalized = keep_offset(&o);
        put(&o, u->finality_branch.node, 32 * u->finality_branch.n);
    }
    put(&o, u->bits, BW_KEYS / 8);
    put(&o, u->signature, BLS_SIGNATURE);
    put_number(&o, u->signature_slot, 8);
    put_offset(&o, at_attested);
    put_header(&o, &u->attested);
    if (kind != LC_OPTIMISTIC_UPDATE) {
        put_offset(&o, at_finalized);
        put_header(&o, &u->finalized);
    }
    if (!framed)
        return finish(&o);
    put_number(&frame, 4 + o.n, 8);
    put(&frame, "\x01\x02\x03\x04", 4);
    put(&frame, o.p, o.n);
    return finish(&frame);
}
