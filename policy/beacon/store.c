#include "policy/beacon/store.h"

#include "base/hash.h"
#include "policy/beacon/shape.h"
#include "policy/beacon/ssz.h"

#define NODES(branch) ((const uint8_t(*)[32])(branch))
#define ULL(v)        ((unsigned long long)(v))

/*
 * header_valid: is_valid_light_client_header: the execution payload's header is proven under the
 * block's body; before Capella there is none. The fork is that of the header's own slot.
 */
static bool header_valid(const struct beacon_network *n, const struct lc_header *h)
{
    enum beacon_fork own = beacon_fork_at_slot(n, h->beacon.slot)->fork;
    uint8_t root[32];
    if (own < BEACON_CAPELLA)
        return !h->has_execution;
    if (!h->has_execution || h->execution.has_blob_gas != (own >= BEACON_DENEB))
        return false;
    ssz_root_of_execution(&h->execution, root);
    return ssz_branch_ok(root, NODES(h->execution_branch), LC_EXECUTION_BRANCH, LC_EXECUTION_GINDEX,
                         h->beacon.body_root);
}

/* keep_committee: a copy of c in the arena. */
static enum rc keep_committee(struct arena *a, const struct lc_committee *c,
                              const uint8_t root[static 32], struct lc_known_committee *out,
                              struct err *err)
{
    uint8_t(*keys)[BLS_KEY] = arena_array(a, c->n, BLS_KEY, err);
    if (!keys)
        return err->rc;
    memcpy(keys, c->keys, c->n * BLS_KEY);
    *out = (struct lc_known_committee){.known = true, .raw = *c};
    out->raw.keys = (const uint8_t(*)[BLS_KEY])keys;
    memcpy(out->root, root, 32);
    return RC_OK;
}

enum rc lc_store_start(struct arena *a, const struct beacon_network *n,
                       const uint8_t trusted_root[static 32], const struct lc_bootstrap *b,
                       struct lc_store *out, struct err *err)
{
    struct lc_store s = {.network = n};
    struct lc_shape shape;
    uint8_t root[32];
    uint64_t slot = b->header.beacon.slot;
    ssz_root_of_header(&b->header.beacon, s.finalized_root);
    if (memcmp(s.finalized_root, trusted_root, 32) != 0)
        return err_set(err, BG_LC_BOOTSTRAP_ROOT, "slot %llu", ULL(slot));
    if (!lc_shape_at(n, slot, &shape) || !header_valid(n, &b->header))
        return err_set(err, BG_LC_BOOTSTRAP_HEADER, "slot %llu", ULL(slot));
    ssz_root_of_committee(&b->committee, root);
    if (b->committee.n != n->committee_size ||
        !ssz_branch_ok(root, NODES(b->branch.node), b->branch.n, shape.current_gindex,
                       b->header.beacon.state_root))
        return err_set(err, BG_LC_BOOTSTRAP_COMMITTEE, "%zu keys, slot %llu", b->committee.n,
                       ULL(slot));
    TRY(keep_committee(a, &b->committee, root, &s.current, err));
    s.finalized = s.optimistic = b->header;
    memcpy(s.optimistic_root, s.finalized_root, 32);
    *out = s;
    return RC_OK;
}

/* struct seen: what validation found out about an update, for the later steps. */
struct seen {
    size_t participants;
    struct lc_shape shape; /* of the attested header */
    uint64_t store_period, attested_period, signature_period;
    uint8_t attested_root[32], finalized_root[32], next_root[32];
};

static size_t count_bits(const struct lc_update *u)
{
    size_t n = 0;
    for (size_t i = 0; i < u->num_bits && i < 8 * sizeof u->bits; i++)
        n += (unsigned)u->bits[i / 8] >> i % 8 & 1u;
    return n;
}

/* check_slots: who signed, when, and whether we know that committee. */
static enum rc check_slots(const struct lc_store *s, const struct lc_update *u, uint64_t now_slot,
                           struct seen *v, struct err *err)
{
    const struct beacon_network *n = s->network;
    uint64_t signed_at = u->signature_slot, attested = u->attested.beacon.slot;
    v->participants = count_bits(u);
    if (v->participants == 0 || u->num_bits != n->committee_size)
        return err_set(err, BG_LC_NO_SIGNER, "%zu of %zu bits", v->participants, u->num_bits);
    if (!lc_shape_at(n, attested, &v->shape) || !header_valid(n, &u->attested))
        return err_set(err, BG_LC_ATTESTED_HEADER, "slot %llu", ULL(attested));
    if (now_slot < signed_at)
        return err_set(err, BG_LC_FUTURE, "signed in slot %llu, the clock says %llu",
                       ULL(signed_at), ULL(now_slot));
    if (signed_at <= attested || attested < u->finalized.beacon.slot)
        return err_set(err, BG_LC_SLOT_ORDER, "signed in %llu, attested %llu, finalized %llu",
                       ULL(signed_at), ULL(attested), ULL(u->finalized.beacon.slot));
    v->store_period = beacon_period_at_slot(n, s->finalized.beacon.slot);
    v->attested_period = beacon_period_at_slot(n, attested);
    v->signature_period = beacon_period_at_slot(n, signed_at);
    /* A period is at most UINT64_MAX / slots of one, so + 1 cannot pass it by. */
    if (v->signature_period != v->store_period &&
        (!s->next.known || v->signature_period - v->store_period != 1))
        return err_set(err, BG_LC_PERIOD, "signed in period %llu; known: %llu%s",
                       ULL(v->signature_period), ULL(v->store_period),
                       s->next.known ? " and the next" : "");
    bool first_next = !s->next.known && lc_brings_next(u) && v->attested_period == v->store_period;
    if (attested <= s->finalized.beacon.slot && !first_next)
        return err_set(err, BG_LC_IRRELEVANT, "attested %llu, finalized already %llu",
                       ULL(attested), ULL(s->finalized.beacon.slot));
    return RC_OK;
}

/* check_finality: the finalized header is the checkpoint in the attested block's state. */
static enum rc check_finality(const struct lc_store *s, const struct lc_update *u, struct seen *v,
                              struct err *err)
{
    uint64_t slot = u->finalized.beacon.slot;
    memset(v->finalized_root, 0, 32);
    if (!lc_brings_finality(u)) {
        if (!lc_header_is_empty(&u->finalized))
            return err_set(err, BG_LC_FINALITY_UNPROVEN, "slot %llu", ULL(slot));
        return RC_OK;
    }
    /* The genesis block as a finalized checkpoint is written as a root of zeros. */
    if (slot == 0) {
        if (!lc_header_is_empty(&u->finalized))
            return err_set(err, BG_LC_FINALITY_GENESIS, "slot 0 with other values");
    } else {
        if (!header_valid(s->network, &u->finalized))
            return err_set(err, BG_LC_FINALIZED_HEADER, "slot %llu", ULL(slot));
        ssz_root_of_header(&u->finalized.beacon, v->finalized_root);
    }
    if (!ssz_branch_ok(v->finalized_root, NODES(u->finality_branch.node), u->finality_branch.n,
                       v->shape.finality_gindex, u->attested.beacon.state_root))
        return err_set(err, BG_LC_FINALITY_BRANCH, "slot %llu in the state of slot %llu", ULL(slot),
                       ULL(u->attested.beacon.slot));
    return RC_OK;
}

static bool committee_is_empty(const struct lc_committee *c)
{
    return mem_is_zero(c->aggregate, sizeof c->aggregate) &&
           (c->n == 0 || mem_is_zero(c->keys, c->n * BLS_KEY));
}

/* check_next: the next committee is the one in the attested block's state. */
static enum rc check_next(const struct lc_store *s, const struct lc_update *u, struct seen *v,
                          struct err *err)
{
    if (!lc_brings_next(u)) {
        if (!committee_is_empty(&u->next))
            return err_set(err, BG_LC_NEXT_UNPROVEN, "period %llu", ULL(v->attested_period));
        return RC_OK;
    }
    ssz_root_of_committee(&u->next, v->next_root);
    if (v->attested_period == v->store_period && s->next.known &&
        memcmp(v->next_root, s->next.root, 32) != 0)
        return err_set(err, BG_LC_NEXT_OTHER, "after period %llu", ULL(v->store_period));
    if (u->next.n != s->network->committee_size ||
        !ssz_branch_ok(v->next_root, NODES(u->next_branch.node), u->next_branch.n,
                       v->shape.next_gindex, u->attested.beacon.state_root))
        return err_set(err, BG_LC_NEXT_BRANCH, "%zu keys, after period %llu", u->next.n,
                       ULL(v->attested_period));
    return RC_OK;
}

/* hints_of: the y-coordinates that somebody worked out for these keys, or NULL. */
static const uint8_t (*hints_of(const struct lc_store *s, const struct lc_committee *c))[FP_BYTES]
{
    uint8_t h[32];
    if (s->num_hints == 0)
        return NULL;
    hash_sha256(bytes_of(c->keys, c->n * BLS_KEY), h);
    for (size_t i = 0; i < s->num_hints; i++)
        if (memcmp(s->hints[i].keys_sha256, h, 32) == 0 && s->hints[i].y.n == c->n * FP_BYTES)
            return (const uint8_t(*)[FP_BYTES])s->hints[i].y.p;
    return NULL;
}

/* need_points: the committee's keys as points, once. */
static enum rc need_points(struct arena *a, struct lc_store *s, struct lc_known_committee *c,
                           struct err *err)
{
    if (c->points)
        return RC_OK;
    struct bls_committee *points = ARENA_NEW(a, struct bls_committee, err);
    if (!points)
        return err->rc;
    size_t wrong = 0;
    const char *why = "";
    if (!bls_committee_read(c->raw.keys, c->raw.n, hints_of(s, &c->raw), points, &wrong, &why))
        return err_set(err, BG_LC_COMMITTEE_KEYS, "%s", why);
    s->wrong_hints += wrong;
    c->points = points;
    return RC_OK;
}

static enum rc check_signature(struct arena *a, struct lc_store *s, const struct lc_update *u,
                               const struct seen *v, struct err *err)
{
    const struct beacon_network *n = s->network;
    struct lc_known_committee *c = v->signature_period == v->store_period ? &s->current : &s->next;
    TRY(need_points(a, s, c, err));
    /* The fork of the slot before the signature's, which is above the attested one, so above 0. */
    const struct beacon_fork_at *fork = beacon_fork_at_slot(n, u->signature_slot - 1);
    uint8_t root[32];
    const char *why = "";
    ssz_signing_root(v->attested_root, fork->version, n->genesis_validators_root, root);
    if (!bls_committee_verify(c->points, bytes_of(u->bits, u->num_bits / 8), BYTES_OF_ARRAY(root),
                              u->signature, &why))
        return err_set(err, BG_LC_SIGNATURE, "%zu of %zu signers, slot %llu: %s", v->participants,
                       u->num_bits, ULL(u->signature_slot), why);
    return RC_OK;
}

static void move_optimistic(struct lc_store *s, const struct lc_header *h, const uint8_t *root,
                            size_t participants, uint64_t signature_slot)
{
    s->optimistic = *h;
    memcpy(s->optimistic_root, root, 32);
    s->optimistic_participants = participants;
    s->optimistic_signature_slot = signature_slot;
}

/*
 * apply: process_light_client_update behind its validation. When the next committee is not known
 * yet, validation has bound the finalized header to the store's own period (its slot lies between
 * the store's and the signature's), as apply_light_client_update asserts.
 */
static enum rc apply(struct arena *a, struct lc_store *s, const struct lc_update *u,
                     const struct seen *v, bool *out_moved, struct err *err)
{
    uint64_t finalized = u->finalized.beacon.slot;
    uint64_t finalized_period = beacon_period_at_slot(s->network, finalized);
    bool enough = v->participants * 3 >= u->num_bits * 2;
    bool newer = finalized > s->finalized.beacon.slot;
    bool first_next = !s->next.known && lc_brings_next(u) && lc_brings_finality(u) &&
                      finalized_period == v->attested_period;
    bool turn = newer && s->next.known && finalized_period != v->store_period;
    *out_moved = false;
    if (!enough) {
        s->updates++;
        return RC_OK;
    }
    struct lc_known_committee next = {.known = false};
    bool take_next = lc_brings_next(u) && (turn || (!s->next.known && (newer || first_next)));
    if (take_next)
        TRY(keep_committee(a, &u->next, v->next_root, &next, err));
    if (turn) {
        s->current = s->next;
        s->next = next;
    } else if (take_next) {
        s->next = next;
    }
    if (u->attested.beacon.slot > s->optimistic.beacon.slot) {
        move_optimistic(s, &u->attested, v->attested_root, v->participants, u->signature_slot);
        *out_moved = true;
    }
    /* The finalized header is never above the attested one, so not above the optimistic one. */
    if (newer) {
        s->finalized = u->finalized;
        memcpy(s->finalized_root, v->finalized_root, 32);
        s->finalized_participants = v->participants;
        s->finalized_signature_slot = u->signature_slot;
    }
    s->updates++;
    *out_moved |= newer || take_next;
    return RC_OK;
}

enum rc lc_store_update(struct arena *a, struct lc_store *s, const struct lc_update *u,
                        uint64_t now_slot, bool *out_moved, struct err *err)
{
    struct seen v = {0};
    TRY(check_slots(s, u, now_slot, &v, err));
    TRY(check_finality(s, u, &v, err));
    TRY(check_next(s, u, &v, err));
    ssz_root_of_header(&u->attested.beacon, v.attested_root);
    TRY(check_signature(a, s, u, &v, err));
    return apply(a, s, u, &v, out_moved, err);
}
