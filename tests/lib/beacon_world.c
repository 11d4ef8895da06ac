#include "tests/lib/beacon_world.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "policy/beacon/ssz.h"
#include "tests/lib/harness.h"

#define SLOTS_PER_EPOCH  8u
#define SLOTS_PER_PERIOD 64u

struct beacon_world *beacon_world_new(enum beacon_fork fork)
{
    struct beacon_world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->seed = 1;
    w->forks[0] = (struct beacon_fork_at){fork, {0x42, 0, 0, (uint8_t)fork}, 0};
    w->network = (struct beacon_network){.name = "testnet",
                                         .genesis_time = 1700000000,
                                         .seconds_per_slot = 6,
                                         .forks = w->forks,
                                         .num_forks = 1};
    memset(w->network.genesis_validators_root, 0x6b, 32);
    assert_true(beacon_preset(bytes_of_str("minimal"), &w->network));
    assert_int_equal(w->network.committee_size, BW_KEYS);
    assert_int_equal(w->network.slots_per_epoch, SLOTS_PER_EPOCH);
    assert_int_equal(w->network.slots_per_epoch * w->network.epochs_per_period, SLOTS_PER_PERIOD);
    return w;
}

void beacon_world_free(struct beacon_world *w)
{
    free(w);
}

uint64_t beacon_world_time(const struct beacon_world *w, uint64_t slot)
{
    return w->network.genesis_time + slot * w->network.seconds_per_slot;
}

uint64_t beacon_world_finalized(uint64_t slot)
{
    uint64_t epoch = slot / SLOTS_PER_EPOCH;
    return epoch < 2 ? 0 : (epoch - 2) * SLOTS_PER_EPOCH;
}

/* made_up: bytes that differ for every use of them. */
static void made_up(const struct beacon_world *w, const char *what, uint64_t i, uint8_t out[32])
{
    char text[64];
    int n = snprintf(text, sizeof text, "%llu/%s/%llu", (unsigned long long)w->seed, what,
                     (unsigned long long)i);
    hash_sha256(bytes_of(text, (size_t)n), out);
}

static void need_keys(struct beacon_world *w, uint64_t period)
{
    assert_true(period < BW_PERIODS);
    if (w->has_keys[period])
        return;
    for (uint64_t i = 0; i < BW_KEYS; i++) {
        bls_secret(w->seed + period, i, w->secrets[period][i]);
        bls_public(w->secrets[period][i], w->keys[period][i]);
    }
    bls_public_all((const uint8_t(*)[BLS_SECRET])w->secrets[period], BW_KEYS,
                   w->aggregates[period]);
    w->has_keys[period] = true;
}

static struct lc_committee committee(struct beacon_world *w, uint64_t period)
{
    need_keys(w, period);
    struct lc_committee c = {.keys = (const uint8_t(*)[BLS_KEY])w->keys[period], .n = BW_KEYS};
    memcpy(c.aggregate, w->aggregates[period], BLS_KEY);
    return c;
}

/* A tree of 2^depth leaves, hashed here; node 1 is the root. */
struct tree {
    uint8_t node[128][32];
    unsigned depth;
};

static void hash_pair(const uint8_t l[32], const uint8_t r[32], uint8_t out[32])
{
    uint8_t both[64];
    memcpy(both, l, 32);
    memcpy(both + 32, r, 32);
    hash_sha256(BYTES_OF_ARRAY(both), out);
}

static void tree_hash(struct tree *t)
{
    for (size_t i = ((size_t)1 << t->depth) - 1; i >= 1; i--)
        hash_pair(t->node[2 * i], t->node[2 * i + 1], t->node[i]);
}

/* tree_branch: the siblings from a node up. */
static size_t tree_branch(const struct tree *t, size_t index, uint8_t (*out)[32])
{
    size_t n = 0;
    for (; index > 1; index /= 2)
        memcpy(out[n++], t->node[index ^ 1], 32);
    return n;
}

/* Field numbers in BeaconState and BeaconBlockBody (consensus-specs beacon-chain.md). */
enum { STATE_FINALIZED = 20, STATE_CURRENT = 22, STATE_NEXT = 23, BODY_PAYLOAD = 9 };

static enum beacon_fork fork_at(const struct beacon_world *w, uint64_t slot)
{
    return beacon_fork_at_slot(&w->network, slot)->fork;
}

/* state_of: the tree of a block's state; *epoch is the left half of its finalized checkpoint. */
static void state_of(struct beacon_world *w, uint64_t slot, struct tree *t, uint8_t epoch[32])
{
    uint8_t root[32] = {0};
    uint64_t period = slot / SLOTS_PER_PERIOD, finalized = beacon_world_finalized(slot);
    *t = (struct tree){.depth = fork_at(w, slot) >= BEACON_ELECTRA ? 6 : 5};
    size_t first = (size_t)1 << t->depth;
    for (size_t i = 0; i < first; i++)
        made_up(w, "state", slot * 64 + i, t->node[first + i]);
    struct lc_committee c = committee(w, period);
    ssz_root_of_committee(&c, t->node[first + STATE_CURRENT]);
    c = committee(w, period + 1);
    ssz_root_of_committee(&c, t->node[first + STATE_NEXT]);
    memset(epoch, 0, 32);
    epoch[0] = (uint8_t)(finalized / SLOTS_PER_EPOCH);
    if (finalized)
        beacon_world_root(w, finalized, root);
    hash_pair(epoch, root, t->node[first + STATE_FINALIZED]);
    tree_hash(t);
}

static void body_of(const struct beacon_world *w, uint64_t slot, const struct lc_execution *e,
                    struct tree *t)
{
    *t = (struct tree){.depth = 4};
    for (size_t i = 0; i < 16; i++)
        made_up(w, "body", slot * 16 + i, t->node[16 + i]);
    if (e)
        ssz_root_of_execution(e, t->node[16 + BODY_PAYLOAD]);
    tree_hash(t);
}

static void execution_of(const struct beacon_world *w, uint64_t slot, struct lc_execution *e)
{
    if (slot && slot == w->payload_slot) {
        *e = w->payload;
    } else {
        *e = (struct lc_execution){
            .block_number = slot, .gas_limit = 30000000, .extra_data_len = slot % 33};
        made_up(w, "parent", slot, e->parent_hash);
        made_up(w, "stateroot", slot, e->state_root);
        made_up(w, "hash", slot, e->block_hash);
        made_up(w, "randao", slot, e->prev_randao);
        made_up(w, "extra", slot, e->extra_data);
        memset(e->extra_data + e->extra_data_len, 0, 32 - e->extra_data_len);
        e->base_fee[31] = 7;
    }
    e->timestamp = beacon_world_time(w, slot);
    e->has_blob_gas = fork_at(w, slot) >= BEACON_DENEB;
}

const struct lc_header *beacon_world_header(struct beacon_world *w, uint64_t slot)
{
    struct tree t;
    uint8_t epoch[32];
    assert_true(slot > 0 && slot < BW_SLOTS);
    struct lc_header *h = &w->headers[slot];
    if (w->has_header[slot])
        return h;
    *h = (struct lc_header){.beacon = {.slot = slot, .proposer_index = slot % 100}};
    made_up(w, "parent root", slot, h->beacon.parent_root);
    state_of(w, slot, &t, epoch);
    memcpy(h->beacon.state_root, t.node[1], 32);
    h->has_execution = fork_at(w, slot) >= BEACON_CAPELLA;
    if (h->has_execution)
        execution_of(w, slot, &h->execution);
    body_of(w, slot, h->has_execution ? &h->execution : NULL, &t);
    memcpy(h->beacon.body_root, t.node[1], 32);
    if (h->has_execution)
        assert_int_equal(tree_branch(&t, 16 + BODY_PAYLOAD, h->execution_branch), 4);
    w->has_header[slot] = true;
    return h;
}

void beacon_world_root(struct beacon_world *w, uint64_t slot, uint8_t out[static 32])
{
    ssz_root_of_header(&beacon_world_header(w, slot)->beacon, out);
}

void beacon_world_bootstrap(struct beacon_world *w, uint64_t slot, struct lc_bootstrap *out)
{
    struct tree t;
    uint8_t epoch[32];
    *out = (struct lc_bootstrap){.header = *beacon_world_header(w, slot),
                                 .committee = committee(w, slot / SLOTS_PER_PERIOD)};
    state_of(w, slot, &t, epoch);
    out->branch.n = tree_branch(&t, ((size_t)1 << t.depth) + STATE_CURRENT, out->branch.node);
}

void beacon_world_sign(struct beacon_world *w, struct lc_update *u, size_t signers)
{
    uint8_t root[32], message[32];
    uint64_t period = u->signature_slot / SLOTS_PER_PERIOD;
    need_keys(w, period);
    u->num_bits = BW_KEYS;
    memset(u->bits, 0, sizeof u->bits);
    for (size_t i = 0; i < signers; i++)
        u->bits[i / 8] |= (uint8_t)(1u << i % 8);
    ssz_root_of_header(&u->attested.beacon, root);
    ssz_signing_root(root, beacon_fork_at_slot(&w->network, u->signature_slot - 1)->version,
                     w->network.genesis_validators_root, message);
    bls_sign_all((const uint8_t(*)[BLS_SECRET])w->secrets[period], signers, BYTES_OF_ARRAY(message),
                 u->signature);
}

void beacon_world_update(struct beacon_world *w, enum lc_kind kind, uint64_t slot, size_t signers,
                         struct lc_update *out)
{
    struct tree t;
    uint8_t epoch[32];
    uint64_t finalized = beacon_world_finalized(slot);
    *out = (struct lc_update){.attested = *beacon_world_header(w, slot),
                              .has_next = kind == LC_UPDATE,
                              .has_finality = kind != LC_OPTIMISTIC_UPDATE,
                              .signature_slot = slot + 1};
    state_of(w, slot, &t, epoch);
    size_t first = (size_t)1 << t.depth;
    if (out->has_next) {
        out->next = committee(w, slot / SLOTS_PER_PERIOD + 1);
        out->next_branch.n = tree_branch(&t, first + STATE_NEXT, out->next_branch.node);
    }
    if (out->has_finality) {
        assert_true(finalized > 0);
        out->finalized = *beacon_world_header(w, finalized);
        memcpy(out->finality_branch.node[0], epoch, 32);
        out->finality_branch.n =
            1 + tree_branch(&t, first + STATE_FINALIZED, out->finality_branch.node + 1);
    }
    beacon_world_sign(w, out, signers);
}
