#include "tests/lib/lc_world.h"

#include "base/hash.h"
#include "policy/beacon/shape.h"
#include "policy/beacon/ssz.h"
#include "tests/lib/harness.h"

struct lc_world_committee {
    uint64_t period;
    uint8_t (*secrets)[BLS_SECRET];
    struct lc_committee keys;
    struct lc_world_committee *more;
};

static void *need(void *p)
{
    assert_non_null(p);
    return p;
}

struct lc_world *lc_world_new(struct arena *a, const char *preset, enum beacon_fork fork,
                              uint64_t seed)
{
    struct err err = {0};
    struct lc_world *w = need(ARENA_NEW(a, struct lc_world, &err));
    w->a = a;
    w->seed = seed;
    w->distinct = 8;
    assert_true(beacon_preset(bytes_of_str(preset), &w->net));
    w->net.name = "test";
    w->net.genesis_time = 1700000000;
    w->net.seconds_per_slot = 12;
    memset(w->net.genesis_validators_root, 0x5a, 32);
    w->net.forks = w->forks;
    for (unsigned f = BEACON_PHASE0; f <= fork; f++)
        w->forks[w->net.num_forks++] =
            (struct beacon_fork_at){(enum beacon_fork)f, {(uint8_t)(f - 1), 0, 0, 1}, 0};
    return w;
}

/* filler: 32 bytes that depend on the seed and what they are for. */
static void filler(const struct lc_world *w, const char *what, uint64_t slot, uint64_t i,
                   uint8_t out[static 32])
{
    uint64_t v[3] = {w->seed, slot, i};
    HASH_PARTS(hash_sha256_parts, out, bytes_of_str(what), BYTES_OF_ARRAY(v));
}

static struct lc_world_committee *committee_of(struct lc_world *w, uint64_t period)
{
    struct err err = {0};
    for (struct lc_world_committee *c = w->committees; c; c = c->more)
        if (c->period == period)
            return c;
    struct lc_world_committee *c = need(ARENA_NEW(w->a, struct lc_world_committee, &err));
    size_t n = w->net.committee_size;
    uint8_t(*keys)[BLS_KEY] = need(arena_array(w->a, n, BLS_KEY, &err));
    c->secrets = need(arena_array(w->a, n, BLS_SECRET, &err));
    for (size_t i = 0; i < n; i++)
        if (i < w->distinct) {
            bls_secret(w->seed + period, i, c->secrets[i]);
            bls_public(c->secrets[i], keys[i]);
        } else {
            memcpy(c->secrets[i], c->secrets[i % w->distinct], BLS_SECRET);
            memcpy(keys[i], keys[i % w->distinct], BLS_KEY);
        }
    if (w->bad_key)
        memset(keys[w->bad_key - 1], 0xff, BLS_KEY);
    c->period = period;
    c->keys.keys = (const uint8_t(*)[BLS_KEY])keys;
    c->keys.n = n;
    bls_public_all((const uint8_t(*)[BLS_SECRET])c->secrets, n, c->keys.aggregate);
    c->more = w->committees;
    w->committees = c;
    return c;
}

static void hash_pair(const uint8_t *l, const uint8_t *r, uint8_t out[static 32])
{
    HASH_PARTS(hash_sha256_parts, out, bytes_of(l, 32), bytes_of(r, 32));
}

/* struct state: a tree with leaves at some generalized indices, and filler everywhere else. */
struct state {
    const struct lc_world *w;
    const char *what;
    uint64_t slot;
    struct {
        uint64_t gindex;
        uint8_t leaf[32];
    } at[3];
    size_t n;
};

static void put(struct state *s, uint64_t gindex, const uint8_t leaf[static 32])
{
    s->at[s->n].gindex = gindex;
    memcpy(s->at[s->n++].leaf, leaf, 32);
}

static void node(const struct state *s, uint64_t gindex, uint8_t out[static 32])
{
    for (size_t i = 0; i < s->n; i++) {
        uint64_t g = s->at[i].gindex;
        if (g == gindex) {
            memcpy(out, s->at[i].leaf, 32);
            return;
        }
        while (g > gindex)
            g >>= 1;
        if (g == gindex) {
            uint8_t l[32], r[32];
            node(s, 2 * gindex, l);
            node(s, 2 * gindex + 1, r);
            hash_pair(l, r, out);
            return;
        }
    }
    filler(s->w, s->what, s->slot, gindex, out);
}

static size_t branch_of(const struct state *s, uint64_t gindex, uint8_t (*out)[32])
{
    size_t n = 0;
    for (; gindex > 1; gindex >>= 1)
        node(s, gindex ^ 1, out[n++]);
    return n;
}

static void make_execution(struct lc_world *w, uint64_t slot, struct lc_header *h)
{
    struct lc_execution *e = &h->execution;
    struct state body = {.w = w, .what = "body", .slot = slot};
    uint8_t root[32];
    filler(w, "parent hash", slot, 0, e->parent_hash);
    filler(w, "execution state", slot, 0, e->state_root);
    filler(w, "receipts", slot, 0, e->receipts_root);
    filler(w, "randao", slot, 0, e->prev_randao);
    filler(w, "block hash", slot, 0, e->block_hash);
    filler(w, "transactions", slot, 0, e->transactions_root);
    filler(w, "withdrawals", slot, 0, e->withdrawals_root);
    filler(w, "extra", slot, 0, e->extra_data);
    for (size_t i = 0; i < 8; i++)
        filler(w, "bloom", slot, i, e->logs_bloom + 32 * i);
    memset(e->fee_recipient, 0x22, sizeof e->fee_recipient);
    e->extra_data_len = slot % (sizeof e->extra_data + 1);
    memset(e->extra_data + e->extra_data_len, 0, sizeof e->extra_data - e->extra_data_len);
    e->base_fee[31] = 7;
    e->base_fee[28] = (uint8_t)slot;
    e->block_number = slot;
    e->gas_limit = 30000000;
    e->gas_used = 21000;
    e->timestamp = beacon_time_of(&w->net, slot);
    e->has_blob_gas = beacon_fork_at_slot(&w->net, slot)->fork >= BEACON_DENEB;
    if (e->has_blob_gas) {
        e->blob_gas_used = 131072;
        e->excess_blob_gas = 3;
    }
    ssz_root_of_execution(e, root);
    put(&body, LC_EXECUTION_GINDEX, root);
    node(&body, 1, h->beacon.body_root);
    branch_of(&body, LC_EXECUTION_GINDEX, h->execution_branch);
}

void lc_world_block(struct lc_world *w, uint64_t slot, const uint8_t *finalized,
                    struct lc_world_block *out)
{
    static const uint8_t none[32];
    struct lc_shape shape;
    struct state state = {.w = w, .what = "state", .slot = slot};
    uint8_t root[32];
    uint64_t period = beacon_period_at_slot(&w->net, slot);
    assert_true(lc_shape_at(&w->net, slot, &shape));
    memset(out, 0, sizeof *out);
    struct beacon_header *b = &out->header.beacon;
    b->slot = slot;
    b->proposer_index = slot % 8;
    filler(w, "parent", slot, 0, b->parent_root);
    filler(w, "body root", slot, 0, b->body_root);
    out->header.has_execution = shape.execution;
    if (shape.execution)
        make_execution(w, slot, &out->header);
    out->current = committee_of(w, period)->keys;
    out->next = committee_of(w, period + 1)->keys;
    put(&state, shape.finality_gindex, finalized ? finalized : none);
    ssz_root_of_committee(&out->current, root);
    put(&state, shape.current_gindex, root);
    ssz_root_of_committee(&out->next, root);
    put(&state, shape.next_gindex, root);
    node(&state, 1, b->state_root);
    out->finality_branch.n = branch_of(&state, shape.finality_gindex, out->finality_branch.node);
    out->current_branch.n = branch_of(&state, shape.current_gindex, out->current_branch.node);
    out->next_branch.n = branch_of(&state, shape.next_gindex, out->next_branch.node);
    ssz_root_of_header(b, out->root);
}

void lc_world_bootstrap(struct lc_world *w, uint64_t slot, struct lc_bootstrap *out,
                        uint8_t root[static 32])
{
    struct lc_world_block b;
    lc_world_block(w, slot, NULL, &b);
    *out = (struct lc_bootstrap){b.header, b.current, b.current_branch};
    memcpy(root, b.root, 32);
}

void lc_world_sign(struct lc_world *w, struct lc_update *u)
{
    struct err err = {0};
    struct lc_world_committee *c =
        committee_of(w, beacon_period_at_slot(&w->net, u->signature_slot));
    uint8_t(*who)[BLS_SECRET] = need(arena_array(w->a, u->num_bits, BLS_SECRET, &err));
    uint8_t root[32];
    size_t n = 0;
    for (size_t i = 0; i < u->num_bits; i++)
        if (u->bits[i / 8] >> i % 8 & 1)
            memcpy(who[n++], c->secrets[i], BLS_SECRET);
    ssz_root_of_header(&u->attested.beacon, root);
    uint64_t before = u->signature_slot ? u->signature_slot - 1 : 0;
    ssz_signing_root(root, beacon_fork_at_slot(&w->net, before)->version,
                     w->net.genesis_validators_root, root);
    bls_sign_all((const uint8_t(*)[BLS_SECRET])who, n, BYTES_OF_ARRAY(root), u->signature);
}

void lc_world_update(struct lc_world *w, const struct lc_world_ask *ask, struct lc_update *out)
{
    struct lc_world_block finalized, attested;
    struct lc_shape shape;
    struct err err = {0};
    memset(&finalized, 0, sizeof finalized);
    if (ask->finalized)
        lc_world_block(w, ask->finalized, NULL, &finalized);
    lc_world_block(w, ask->attested, ask->finalized ? finalized.root : NULL, &attested);
    assert_true(lc_shape_at(&w->net, ask->attested, &shape));
    memset(out, 0, sizeof *out);
    out->attested = attested.header;
    out->has_next = ask->kind == LC_UPDATE;
    out->has_finality = ask->kind == LC_UPDATE || ask->kind == LC_FINALITY_UPDATE;
    if (out->has_next) {
        out->next_branch.n = shape.committee_nodes;
        out->next.n = w->net.committee_size;
        out->next.keys = need(arena_array(w->a, out->next.n, BLS_KEY, &err));
        if (!ask->no_next) {
            out->next = attested.next;
            out->next_branch = attested.next_branch;
        }
    }
    if (out->has_finality) {
        out->finality_branch.n = shape.finality_nodes;
        if (!ask->no_finality) {
            out->finalized = finalized.header;
            out->finality_branch = attested.finality_branch;
        }
    }
    out->num_bits = w->net.committee_size;
    for (size_t i = ask->absent; i < out->num_bits; i++)
        out->bits[i / 8] |= (uint8_t)(1u << i % 8);
    out->signature_slot = ask->signature;
    lc_world_sign(w, out);
}
