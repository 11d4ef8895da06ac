#include "base/cur.h"
#include "base/hex.h"
#include "policy/beacon/read.h"
#include "policy/beacon/shape.h"

/* struct reader: what is read, and the first member that was wrong: "part: member". */
struct reader {
    struct arena *a;
    const struct beacon_network *n;
    struct lc_shape shape;
    const char *part, *member;
};

static bool wrong(struct reader *r, const char *member)
{
    if (!r->member)
        r->member = member;
    return false;
}

/* hex_of: "0x" and exactly n bytes. */
static bool hex_of(const json_t *v, uint8_t *out, size_t n)
{
    if (!json_is_string(v))
        return false;
    struct cur c = cur_of(json_view(v));
    return bytes_eq_str(cur_take(&c, 2), "0x") && hex_decode(cur_rest(&c), out, n);
}

static bool fixed(struct reader *r, const json_t *obj, const char *key, uint8_t *out, size_t n)
{
    return hex_of(json_object_get(obj, key), out, n) || wrong(r, key);
}

/* integer: a decimal string without sign or leading zeros, into n big-endian bytes. */
static bool integer(struct reader *r, const json_t *obj, const char *key, uint8_t *out, size_t n)
{
    struct bytes s;
    memset(out, 0, n);
    if (!json_str(obj, key, &s) || s.n == 0 || (s.p[0] == '0' && s.n > 1))
        return wrong(r, key);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return wrong(r, key);
        unsigned carry = s.p[i] - '0';
        for (size_t k = n; k-- > 0; carry >>= 8) {
            carry += out[k] * 10u;
            out[k] = (uint8_t)carry;
        }
        if (carry) /* more than n bytes: also what ends a long run of digits */
            return wrong(r, key);
    }
    return true;
}

static bool number(struct reader *r, const json_t *obj, const char *key, uint64_t *out)
{
    uint8_t b[8];
    if (!integer(r, obj, key, b, sizeof b))
        return false;
    uint64_t v = 0;
    for (size_t i = 0; i < sizeof b; i++)
        v = v << 8 | b[i];
    *out = v;
    return true;
}

/* nodes: exactly n of 32 bytes. */
static bool nodes(struct reader *r, const json_t *obj, const char *key, uint8_t (*out)[32],
                  size_t n)
{
    const json_t *list = json_object_get(obj, key);
    if (!json_is_array(list) || json_array_size(list) != n)
        return wrong(r, key);
    for (size_t i = 0; i < n; i++)
        if (!hex_of(json_array_get(list, i), out[i], 32))
            return wrong(r, key);
    return true;
}

static bool branch(struct reader *r, const json_t *obj, const char *key, size_t n,
                   struct lc_branch *out)
{
    out->n = n;
    return nodes(r, obj, key, out->node, n);
}

static bool extra_data(struct reader *r, const json_t *obj, struct lc_execution *e)
{
    struct bytes s;
    if (!json_str(obj, "extra_data", &s) || s.n < 2 || s.n > 2 + 2 * sizeof e->extra_data)
        return wrong(r, "extra_data");
    e->extra_data_len = (s.n - 2) / 2;
    return fixed(r, obj, "extra_data", e->extra_data, e->extra_data_len);
}

static bool execution(struct reader *r, const json_t *obj, struct lc_execution *e)
{
    const json_t *x = json_object_get(obj, "execution");
    e->has_blob_gas = r->shape.blob_gas;
    return (json_is_object(x) || wrong(r, "execution")) &&
           fixed(r, x, "parent_hash", e->parent_hash, 32) &&
           fixed(r, x, "fee_recipient", e->fee_recipient, 20) &&
           fixed(r, x, "state_root", e->state_root, 32) &&
           fixed(r, x, "receipts_root", e->receipts_root, 32) &&
           fixed(r, x, "logs_bloom", e->logs_bloom, sizeof e->logs_bloom) &&
           fixed(r, x, "prev_randao", e->prev_randao, 32) &&
           number(r, x, "block_number", &e->block_number) &&
           number(r, x, "gas_limit", &e->gas_limit) && number(r, x, "gas_used", &e->gas_used) &&
           number(r, x, "timestamp", &e->timestamp) && extra_data(r, x, e) &&
           integer(r, x, "base_fee_per_gas", e->base_fee, 32) &&
           fixed(r, x, "block_hash", e->block_hash, 32) &&
           fixed(r, x, "transactions_root", e->transactions_root, 32) &&
           fixed(r, x, "withdrawals_root", e->withdrawals_root, 32) &&
           (!e->has_blob_gas || (number(r, x, "blob_gas_used", &e->blob_gas_used) &&
                                 number(r, x, "excess_blob_gas", &e->excess_blob_gas)));
}

static bool header(struct reader *r, const json_t *data, const char *key, struct lc_header *out)
{
    const json_t *h = json_object_get(data, key), *b = json_object_get(h, "beacon");
    r->part = key;
    if (!json_is_object(b))
        return wrong(r, "beacon");
    if (!number(r, b, "slot", &out->beacon.slot) ||
        !number(r, b, "proposer_index", &out->beacon.proposer_index) ||
        !fixed(r, b, "parent_root", out->beacon.parent_root, 32) ||
        !fixed(r, b, "state_root", out->beacon.state_root, 32) ||
        !fixed(r, b, "body_root", out->beacon.body_root, 32))
        return false;
    out->has_execution = r->shape.execution;
    return (!r->shape.execution ||
            (execution(r, h, &out->execution) &&
             nodes(r, h, "execution_branch", out->execution_branch, LC_EXECUTION_BRANCH))) &&
           (lc_header_settle(r->n, out) || wrong(r, "a member that its slot's fork does not have"));
}

static enum rc committee(struct reader *r, const json_t *data, const char *key, bool *out_ok,
                         struct lc_committee *out, struct err *err)
{
    const json_t *c = json_object_get(data, key), *list = json_object_get(c, "pubkeys");
    size_t n = r->n->committee_size;
    r->part = key;
    *out_ok = false;
    if (!json_is_array(list) || json_array_size(list) != n) {
        wrong(r, "pubkeys");
        return RC_OK;
    }
    uint8_t(*keys)[BLS_KEY] = arena_array(r->a, n, BLS_KEY, err);
    if (!keys)
        return err->rc;
    *out_ok = true;
    for (size_t i = 0; i < n && *out_ok; i++)
        *out_ok = hex_of(json_array_get(list, i), keys[i], BLS_KEY) || wrong(r, "pubkeys");
    *out_ok = *out_ok && fixed(r, c, "aggregate_pubkey", out->aggregate, BLS_KEY);
    out->keys = (const uint8_t(*)[BLS_KEY])keys;
    out->n = n;
    return RC_OK;
}

static bool aggregate(struct reader *r, const json_t *data, struct lc_update *u)
{
    const json_t *s = json_object_get(data, "sync_aggregate");
    r->part = "sync_aggregate";
    u->num_bits = r->n->committee_size;
    return fixed(r, s, "sync_committee_bits", u->bits, u->num_bits / 8) &&
           fixed(r, s, "sync_committee_signature", u->signature, BLS_SIGNATURE);
}

/* begin: the shape, from the slot of the header `key`. */
static bool begin(struct reader *r, struct arena *a, const struct beacon_network *n,
                  const json_t *data, const char *key)
{
    uint64_t slot;
    *r = (struct reader){.a = a, .n = n, .part = key};
    const json_t *b = json_object_get(json_object_get(data, key), "beacon");
    return number(r, b, "slot", &slot) &&
           (lc_shape_at(n, slot, &r->shape) || wrong(r, "a slot before Altair"));
}

enum rc lc_bootstrap_from_json(struct arena *a, const struct beacon_network *n, const json_t *data,
                               struct lc_bootstrap *out, struct err *err)
{
    struct reader r;
    struct lc_bootstrap b = {0};
    bool ok = begin(&r, a, n, data, "header") && header(&r, data, "header", &b.header);
    if (ok)
        TRY(committee(&r, data, "current_sync_committee", &ok, &b.committee, err));
    r.part = ok ? "data" : r.part;
    if (!ok ||
        !branch(&r, data, "current_sync_committee_branch", r.shape.committee_nodes, &b.branch))
        return err_set(err, BG_LC_JSON_BOOTSTRAP, "%s: %s", r.part, r.member);
    *out = b;
    return RC_OK;
}

enum rc lc_update_from_json(struct arena *a, const struct beacon_network *n, enum lc_kind kind,
                            const json_t *data, struct lc_update *out, struct err *err)
{
    struct reader r;
    struct lc_update u = {.has_next = kind == LC_UPDATE,
                          .has_finality = kind == LC_UPDATE || kind == LC_FINALITY_UPDATE};
    bool ok = begin(&r, a, n, data, "attested_header") &&
              header(&r, data, "attested_header", &u.attested);
    if (ok && u.has_next) {
        TRY(committee(&r, data, "next_sync_committee", &ok, &u.next, err));
        ok = ok && branch(&r, data, "next_sync_committee_branch", r.shape.committee_nodes,
                          &u.next_branch);
    }
    ok = ok && (!u.has_finality ||
                (header(&r, data, "finalized_header", &u.finalized) &&
                 branch(&r, data, "finality_branch", r.shape.finality_nodes, &u.finality_branch)));
    ok = ok && aggregate(&r, data, &u);
    r.part = ok ? "data" : r.part;
    if (!ok || !number(&r, data, "signature_slot", &u.signature_slot))
        return err_set(err, BG_LC_JSON_UPDATE, "%s: %s", r.part, r.member);
    *out = u;
    return RC_OK;
}
