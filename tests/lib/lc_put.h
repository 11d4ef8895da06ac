/*
 * lc_put: light-client containers as SSZ, for tests and fuzzers, written from the specification and
 * not from the reader. What does not fit sets `full`.
 */
#ifndef BOOTGATE_TESTS_LC_PUT_H
#define BOOTGATE_TESTS_LC_PUT_H

#include "policy/beacon/read.h"
#include "policy/beacon/shape.h"

struct lc_out {
    uint8_t *p;
    size_t n, cap;
    bool full;
};

static inline void lc_put(struct lc_out *o, const void *p, size_t n)
{
    if (n > o->cap - o->n) {
        o->full = true;
        return;
    }
    if (n)
        memcpy(o->p + o->n, p, n);
    o->n += n;
}

static inline void lc_put_le(struct lc_out *o, uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t b = (uint8_t)(v >> 8 * i);
        lc_put(o, &b, 1);
    }
}

static inline void lc_put_beacon(struct lc_out *o, const struct beacon_header *h)
{
    lc_put_le(o, h->slot, 8);
    lc_put_le(o, h->proposer_index, 8);
    lc_put(o, h->parent_root, 32);
    lc_put(o, h->state_root, 32);
    lc_put(o, h->body_root, 32);
}

/* lc_put_header: of a container from Capella on. */
static inline void lc_put_header(struct lc_out *o, const struct lc_shape *s,
                                 const struct lc_header *h)
{
    const struct lc_execution *e = &h->execution;
    lc_put_beacon(o, &h->beacon);
    lc_put_le(o, 244, 4);
    lc_put(o, h->execution_branch, sizeof h->execution_branch);
    lc_put(o, e->parent_hash, 32);
    lc_put(o, e->fee_recipient, 20);
    lc_put(o, e->state_root, 32);
    lc_put(o, e->receipts_root, 32);
    lc_put(o, e->logs_bloom, 256);
    lc_put(o, e->prev_randao, 32);
    lc_put_le(o, e->block_number, 8);
    lc_put_le(o, e->gas_limit, 8);
    lc_put_le(o, e->gas_used, 8);
    lc_put_le(o, e->timestamp, 8);
    lc_put_le(o, s->blob_gas ? 584 : 568, 4);
    for (size_t i = 32; i-- > 0;)
        lc_put(o, e->base_fee + i, 1);
    lc_put(o, e->block_hash, 32);
    lc_put(o, e->transactions_root, 32);
    lc_put(o, e->withdrawals_root, 32);
    if (s->blob_gas) {
        lc_put_le(o, e->blob_gas_used, 8);
        lc_put_le(o, e->excess_blob_gas, 8);
    }
    lc_put(o, e->extra_data, e->extra_data_len);
}

/* lc_put_member: a header in the fixed part; returns where its offset stands. */
static inline size_t lc_put_member(struct lc_out *o, const struct lc_shape *s,
                                   const struct lc_header *h)
{
    size_t at = o->n;
    if (s->execution)
        lc_put_le(o, 0, 4);
    else
        lc_put_beacon(o, &h->beacon);
    return at;
}

static inline void lc_put_behind(struct lc_out *o, const struct lc_shape *s,
                                 const struct lc_header *h, size_t member)
{
    if (!s->execution)
        return;
    if (o->full)
        return;
    struct lc_out offset = {o->p + member, 0, 4, false};
    lc_put_le(&offset, o->n, 4);
    lc_put_header(o, s, h);
}

static inline void lc_put_committee(struct lc_out *o, const struct lc_committee *c)
{
    lc_put(o, c->keys, c->n * BLS_KEY);
    lc_put(o, c->aggregate, BLS_KEY);
}

/* lc_put_bootstrap, lc_put_update: false: a slot before Altair, or it does not fit. */
static inline bool lc_put_bootstrap(struct lc_out *o, const struct beacon_network *n,
                                    const struct lc_bootstrap *b)
{
    struct lc_shape s;
    if (!lc_shape_at(n, b->header.beacon.slot, &s))
        return false;
    size_t member = lc_put_member(o, &s, &b->header);
    lc_put_committee(o, &b->committee);
    lc_put(o, b->branch.node, 32 * b->branch.n);
    lc_put_behind(o, &s, &b->header, member);
    return !o->full;
}

static inline bool lc_put_update(struct lc_out *o, const struct beacon_network *n,
                                 enum lc_kind kind, const struct lc_update *u)
{
    struct lc_shape s;
    size_t finalized = 0;
    if (!lc_shape_at(n, u->attested.beacon.slot, &s))
        return false;
    size_t attested = lc_put_member(o, &s, &u->attested);
    if (kind == LC_UPDATE) {
        lc_put_committee(o, &u->next);
        lc_put(o, u->next_branch.node, 32 * u->next_branch.n);
    }
    if (kind != LC_OPTIMISTIC_UPDATE) {
        finalized = lc_put_member(o, &s, &u->finalized);
        lc_put(o, u->finality_branch.node, 32 * u->finality_branch.n);
    }
    lc_put(o, u->bits, u->num_bits / 8);
    lc_put(o, u->signature, BLS_SIGNATURE);
    lc_put_le(o, u->signature_slot, 8);
    lc_put_behind(o, &s, &u->attested, attested);
    if (kind != LC_OPTIMISTIC_UPDATE)
        lc_put_behind(o, &s, &u->finalized, finalized);
    return !o->full;
}

#endif
