#include "base/hex.h"
#include "policy/beacon/shape.h"
#include "tests/lib/harness.h"
#include "tests/lib/lc_put.h"
#include "tests/lib/lc_world.h"

static struct lc_out out_new(struct arena *a)
{
    struct err err = {0};
    struct lc_out o = {arena_alloc(a, 32768, &err), 0, 32768, false};
    assert_non_null(o.p);
    return o;
}

struct bytes lc_bootstrap_to_ssz(struct arena *a, const struct beacon_network *n,
                                 const struct lc_bootstrap *b)
{
    struct lc_out o = out_new(a);
    assert_true(lc_put_bootstrap(&o, n, b));
    return bytes_of(o.p, o.n);
}

struct bytes lc_update_to_ssz(struct arena *a, const struct beacon_network *n, enum lc_kind kind,
                              const struct lc_update *u)
{
    struct lc_out o = out_new(a);
    assert_true(lc_put_update(&o, n, kind, u));
    return bytes_of(o.p, o.n);
}

static json_t *hex(const void *p, size_t n)
{
    static char text[2 * 256 + 3] = "0x";
    assert_true(n <= 256);
    hex_encode(bytes_of(p, n), text + 2);
    return json_string(text);
}

static json_t *number(uint64_t v)
{
    return json_sprintf("%llu", (unsigned long long)v);
}

/* big: a 32-byte integer in decimal. */
static json_t *big(const uint8_t v[static 32])
{
    uint8_t q[32];
    char text[80];
    size_t at = sizeof text - 1;
    memcpy(q, v, 32);
    text[at] = '\0';
    do {
        unsigned rest = 0;
        for (size_t i = 0; i < 32; i++) {
            rest = rest << 8 | q[i];
            q[i] = (uint8_t)(rest / 10);
            rest %= 10;
        }
        text[--at] = (char)('0' + rest);
    } while (!mem_is_zero(q, 32));
    return json_string(text + at);
}

static json_t *nodes(const uint8_t (*node)[32], size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, hex(node[i], 32));
    return list;
}

static json_t *branch(const struct lc_branch *b)
{
    return nodes((const uint8_t(*)[32])b->node, b->n);
}

static json_t *header(const struct lc_shape *s, const struct lc_header *h)
{
    const struct lc_execution *e = &h->execution;
    json_t *j = json_pack("{s:{s:o,s:o,s:o,s:o,s:o}}", "beacon", "slot", number(h->beacon.slot),
                          "proposer_index", number(h->beacon.proposer_index), "parent_root",
                          hex(h->beacon.parent_root, 32), "state_root",
                          hex(h->beacon.state_root, 32), "body_root", hex(h->beacon.body_root, 32));
    if (!s->execution)
        return j;
    json_t *x = json_object();
    const struct {
        const char *name;
        json_t *value;
    } fields[] = {
        {"parent_hash", hex(e->parent_hash, 32)},
        {"fee_recipient", hex(e->fee_recipient, 20)},
        {"state_root", hex(e->state_root, 32)},
        {"receipts_root", hex(e->receipts_root, 32)},
        {"logs_bloom", hex(e->logs_bloom, 256)},
        {"prev_randao", hex(e->prev_randao, 32)},
        {"block_number", number(e->block_number)},
        {"gas_limit", number(e->gas_limit)},
        {"gas_used", number(e->gas_used)},
        {"timestamp", number(e->timestamp)},
        {"extra_data", hex(e->extra_data, e->extra_data_len)},
        {"base_fee_per_gas", big(e->base_fee)},
        {"block_hash", hex(e->block_hash, 32)},
        {"transactions_root", hex(e->transactions_root, 32)},
        {"withdrawals_root", hex(e->withdrawals_root, 32)},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        json_object_set_new(x, fields[i].name, fields[i].value);
    if (s->blob_gas) {
        json_object_set_new(x, "blob_gas_used", number(e->blob_gas_used));
        json_object_set_new(x, "excess_blob_gas", number(e->excess_blob_gas));
    }
    json_object_set_new(j, "execution", x);
    json_object_set_new(j, "execution_branch",
                        nodes((const uint8_t(*)[32])h->execution_branch, LC_EXECUTION_BRANCH));
    return j;
}

static json_t *committee(const struct lc_committee *c)
{
    json_t *list = json_array();
    for (size_t i = 0; i < c->n; i++)
        json_array_append_new(list, hex(c->keys[i], BLS_KEY));
    return json_pack("{s:o,s:o}", "pubkeys", list, "aggregate_pubkey", hex(c->aggregate, BLS_KEY));
}

json_t *lc_bootstrap_to_json(const struct beacon_network *n, const struct lc_bootstrap *b)
{
    struct lc_shape s;
    assert_true(lc_shape_at(n, b->header.beacon.slot, &s));
    return json_pack("{s:o,s:o,s:o}", "header", header(&s, &b->header), "current_sync_committee",
                     committee(&b->committee), "current_sync_committee_branch", branch(&b->branch));
}

json_t *lc_update_to_json(const struct beacon_network *n, enum lc_kind kind,
                          const struct lc_update *u)
{
    struct lc_shape s;
    assert_true(lc_shape_at(n, u->attested.beacon.slot, &s));
    json_t *j = json_pack("{s:o}", "attested_header", header(&s, &u->attested));
    if (kind == LC_UPDATE) {
        json_object_set_new(j, "next_sync_committee", committee(&u->next));
        json_object_set_new(j, "next_sync_committee_branch", branch(&u->next_branch));
    }
    if (kind != LC_OPTIMISTIC_UPDATE) {
        json_object_set_new(j, "finalized_header", header(&s, &u->finalized));
        json_object_set_new(j, "finality_branch", branch(&u->finality_branch));
    }
    json_object_set_new(j, "sync_aggregate",
                        json_pack("{s:o,s:o}", "sync_committee_bits", hex(u->bits, u->num_bits / 8),
                                  "sync_committee_signature", hex(u->signature, BLS_SIGNATURE)));
    json_object_set_new(j, "signature_slot", number(u->signature_slot));
    return j;
}
