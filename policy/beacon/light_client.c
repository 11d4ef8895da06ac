#include "policy/beacon/light_client.h"

#include "base/date.h"
#include "base/limits.h"
#include "policy/beacon/lc_candidates.h"
#include "policy/beacon/ssz.h"
#include "policy/head_make.h"

/* Who signed for a header that the store has come to. */
struct evidence {
    bool known;
    uint8_t root[32]; /* of that header */
    uint64_t signature_slot;
    size_t participants;
};

struct light_client {
    struct arena *a;
    struct lc_config cfg;
    uint64_t now, now_slot;
    struct lc_candidates list;
    bool started; /* the store holds the checkpoint's block */
    struct lc_store store;
    struct evidence finalized, attested;
    size_t checks;  /* signatures looked at, in all steps */
    size_t applied; /* of them valid, by two thirds */
    struct err last_bad;
};

static unsigned long long llu(uint64_t v)
{
    return v;
}

/* too_old: the committee of an old block may have been bought since (weak subjectivity). */
static enum rc too_old(const struct lc_config *cfg, uint64_t slot, uint64_t now, struct err *err)
{
    uint64_t then = beacon_time_of(cfg->network, slot), age = now > then ? now - then : 0;
    if (age <= cfg->checkpoint_max_age)
        return RC_OK;
    bool days = cfg->checkpoint_max_age % 86400 == 0; /* else both as they are configured */
    uint64_t unit = days ? 86400 : 1;
    return err_set(err, BG_LC_CHECKPOINT_OLD, "slot %llu of %s, %llu %s old; at most %llu",
                   llu(slot), date_of(then).s, llu(age / unit), days ? "days" : "s",
                   llu(cfg->checkpoint_max_age / unit));
}

enum rc light_client_new(struct arena *a, const struct lc_config *cfg, uint64_t now,
                         struct light_client **out, struct err *err)
{
    const struct beacon_network *n = cfg->network;
    const char *why = "no network";
    if (!n || !beacon_network_ok(n, &why) ||
        (cfg->head != LC_HEAD_FINALIZED && cfg->head != LC_HEAD_ATTESTED))
        return err_set(err, BG_LC_CONFIG, "%s, head %d", why ? why : "", (int)cfg->head);
    if (now < n->genesis_time)
        return err_set(err, BG_LC_BEFORE_GENESIS, "our clock %s, genesis of %s %s", date_of(now).s,
                       n->name, date_of(n->genesis_time).s);
    uint64_t slot = cfg->checkpoint.slot, now_slot = beacon_slot_at(n, now);
    if (slot > now_slot)
        return err_set(err, BG_LC_CHECKPOINT_FUTURE, "slot %llu of %s, our clock %s", llu(slot),
                       date_of(beacon_time_of(n, slot)).s, date_of(now).s);
    if (slot)
        TRY(too_old(cfg, slot, now, err));
    struct light_client *lc = ARENA_NEW(a, struct light_client, err);
    if (!lc)
        return err->rc;
    *lc = (struct light_client){.a = a, .cfg = *cfg, .now = now, .now_slot = now_slot};
    *out = lc;
    return RC_OK;
}

const struct lc_store *light_client_store(const struct light_client *lc)
{
    return &lc->store;
}

/* refuse notes an object that was of no use; only running out of memory ends the run. */
static enum rc refuse(struct light_client *lc, const struct beacon_answers *answers,
                      const struct lc_candidate *c, const struct err *why, struct err *err)
{
    if (why->rc == BG_NOMEM)
        return err_set(err, why->rc, "%s", why->detail);
    lc_bad(&lc->last_bad, why, &answers->v[c->entry]);
    lc->list.sources[c->entry].failures++;
    return RC_OK;
}

/* The header has the root we trust, so what it contradicts is the configuration. */
static enum rc checkpoint_agrees(const struct light_client *lc, struct err *err)
{
    uint64_t slot = lc->store.finalized.beacon.slot, said = lc->cfg.checkpoint.slot;
    if (said && said != slot)
        return err_set(err, BG_LC_CHECKPOINT_SLOT, "slot %llu, and the block has %llu", llu(said),
                       llu(slot));
    return too_old(&lc->cfg, slot, lc->now, err);
}

/* start tries the bootstraps for our checkpoint until one proves itself. */
static enum rc start(struct light_client *lc, const struct beacon_answers *answers, struct err *err)
{
    for (size_t i = 0; i < lc->list.n && !lc->started; i++) {
        struct lc_candidate *c = &lc->list.v[i];
        const uint8_t *root = lc->cfg.checkpoint.root;
        if (c->done || c->kind != LC_BOOTSTRAP || memcmp(answers->v[c->entry].root, root, 32) != 0)
            continue;
        AUTO_ARENA scratch = lc_scratch(err);
        struct lc_bootstrap b;
        struct lc_store store = {0};
        struct err why = {0};
        if (!scratch)
            return err->rc;
        c->done = true;
        enum rc rc = lc_candidate_bootstrap(scratch, lc->cfg.network, answers, c, &b, &why);
        if (rc == RC_OK)
            rc = lc_store_start(lc->a, lc->cfg.network, root, &b, &store, &why);
        if (rc != RC_OK) {
            TRY(refuse(lc, answers, c, &why, err));
            continue;
        }
        lc->store = store;
        TRY(checkpoint_agrees(lc, err));
        lc->cfg.checkpoint.slot = lc->store.finalized.beacon.slot; /* also when it was not given */
        lc->started = true;
    }
    return RC_OK;
}

static uint64_t period(const struct light_client *lc, uint64_t slot)
{
    return beacon_period_at_slot(lc->cfg.network, slot);
}

static uint64_t store_period(const struct light_client *lc)
{
    return period(lc, lc->store.finalized.beacon.slot);
}

static bool stands_for(const struct evidence *e, const uint8_t root[static 32])
{
    return e->known && memcmp(e->root, root, 32) == 0;
}

/* wanted_slot: how new a header of the wanted kind the object claims to carry; 0: none. */
static uint64_t wanted_slot(const struct light_client *lc, const struct lc_candidate *c)
{
    return lc->cfg.head == LC_HEAD_ATTESTED ? c->attested_slot : c->finalized_slot;
}

/* leads_on: it may tell a committee that we lack on the way to the clock's period. */
static bool leads_on(const struct light_client *lc, const struct lc_candidate *c)
{
    uint64_t known = store_period(lc), now = period(lc, lc->now_slot);
    if (lc->store.next.known)
        return c->has_finality && now > known + 1 && period(lc, c->finalized_slot) == known + 1;
    return c->has_next && now > known && period(lc, c->attested_slot) == known;
}

/* helps: its committee is known, and it claims something that the store lacks. */
static bool helps(const struct light_client *lc, const struct lc_candidate *c)
{
    const struct lc_store *s = &lc->store;
    uint64_t known = store_period(lc), signer = period(lc, c->signature_slot);
    if (c->done || c->kind == LC_BOOTSTRAP ||
        !(signer == known || (s->next.known && signer == known + 1)))
        return false;
    if (leads_on(lc, c))
        return true;
    bool attested = lc->cfg.head == LC_HEAD_ATTESTED;
    uint64_t have = attested ? s->optimistic.beacon.slot : s->finalized.beacon.slot;
    bool stands = attested ? stands_for(&lc->attested, s->optimistic_root)
                           : stands_for(&lc->finalized, s->finalized_root);
    uint64_t slot = wanted_slot(lc, c);
    return slot > have || (slot == have && slot && !stands);
}

/*
 * pick: the object to try next, or NULL. Those out of answers that were good so far go first, so
 * that a flood of bad ones costs one look at each; then the newest.
 */
static struct lc_candidate *pick(struct light_client *lc)
{
    struct lc_candidate *best = NULL;
    for (size_t i = 0; i < lc->list.n; i++) {
        struct lc_candidate *c = &lc->list.v[i];
        if (!helps(lc, c))
            continue;
        size_t failed = lc->list.sources[c->entry].failures;
        size_t best_failed = best ? lc->list.sources[best->entry].failures : 0;
        if (!best || failed < best_failed ||
            (failed == best_failed && wanted_slot(lc, c) > wanted_slot(lc, best)))
            best = c;
    }
    return best;
}

static size_t count_bits(const struct lc_update *u)
{
    size_t n = 0;
    for (size_t i = 0; i < u->num_bits; i++)
        n += u->bits[i / 8] >> i % 8 & 1;
    return n;
}

static void keep_evidence(struct evidence *e, const struct lc_header *h,
                          const uint8_t store_root[static 32], const struct lc_update *u)
{
    uint8_t root[32];
    ssz_root_of_header(&h->beacon, root);
    if (memcmp(root, store_root, 32) != 0 || stands_for(e, root))
        return;
    *e = (struct evidence){true, {0}, u->signature_slot, count_bits(u)};
    memcpy(e->root, root, 32);
}

/*
 * accepted: the store took the update. A header is only evident here when two thirds signed for it,
 * also one that the store had before, as the checkpoint's own block. False: too few signed.
 */
static bool accepted(struct light_client *lc, const struct lc_update *u)
{
    if (3 * count_bits(u) < 2 * lc->cfg.network->committee_size)
        return false;
    if (u->has_finality)
        keep_evidence(&lc->finalized, &u->finalized, lc->store.finalized_root, u);
    keep_evidence(&lc->attested, &u->attested, lc->store.optimistic_root, u);
    lc->applied++;
    return true;
}

static enum rc try_one(struct light_client *lc, const struct beacon_answers *answers,
                       struct lc_candidate *c, struct err *err)
{
    AUTO_ARENA scratch = lc_scratch(err);
    struct lc_update u;
    struct err why = {0};
    bool moved;
    if (!scratch)
        return err->rc;
    c->done = true;
    lc->checks++;
    enum rc rc = lc_candidate_update(scratch, lc->cfg.network, answers, c, &u, &why);
    if (rc == RC_OK)
        rc = lc_store_update(lc->a, &lc->store, &u, lc->now_slot, &moved, &why);
    if (rc != RC_OK)
        return refuse(lc, answers, c, &why, err);
    if (!accepted(lc, &u)) {
        (void)err_set(&why, BG_LC_PARTICIPATION, "%zu of %zu signed, slot %llu", count_bits(&u),
                      lc->cfg.network->committee_size, llu(u.signature_slot));
        lc_bad(&lc->last_bad, &why, &answers->v[c->entry]);
    }
    return RC_OK;
}

static enum rc advance(struct light_client *lc, const struct beacon_answers *answers,
                       struct err *err)
{
    struct lc_candidate *c;
    while ((c = pick(lc))) {
        if (lc->checks == LIMIT_LC_CHECKS) {
            err_clear(&lc->last_bad);
            (void)err_set(&lc->last_bad, BG_LC_WORK, "%u", LIMIT_LC_CHECKS);
            return RC_OK;
        }
        TRY(try_one(lc, answers, c, err));
    }
    return RC_OK;
}

/*
 * known_update: an update is at hand that may yet tell the committee after period p. What came
 * beside refused ones does not count: another provider is asked at once, not period by period.
 */
static bool known_update(const struct light_client *lc, uint64_t p)
{
    for (size_t i = 0; i < lc->list.n; i++) {
        const struct lc_candidate *c = &lc->list.v[i];
        if (!c->done && c->has_next && period(lc, c->attested_slot) == p &&
            period(lc, c->signature_slot) == p && lc->list.sources[c->entry].failures == 0)
            return true;
    }
    return false;
}

/* need_updates: of every period from the last known committee's to the one before the clock's. */
static enum rc need_updates(struct light_client *lc, bool hard, struct needs *needs,
                            struct err *err)
{
    uint64_t from = period(lc, lc->cfg.checkpoint.slot), end = period(lc, lc->now_slot);
    if (lc->started)
        from = store_period(lc) + (lc->store.next.known ? 1 : 0);
    else if (lc->cfg.checkpoint.slot == 0)
        return RC_OK; /* the bootstrap will say where to begin */
    while (from < end && known_update(lc, from))
        from++;
    if (end > from && end - from > NEED_UPDATES_MAX)
        end = from + NEED_UPDATES_MAX;
    for (; from < end; from++)
        if (!known_update(lc, from))
            TRY(needs_add_updates(lc->a, needs, hard, from, 1, err));
    return RC_OK;
}

static enum rc list_needs(struct light_client *lc, bool hard, struct needs *needs, struct err *err)
{
    static const uint8_t none[32];
    bool attested = lc->cfg.head == LC_HEAD_ATTESTED;
    if (!lc->started)
        TRY(needs_add(lc->a, needs, NEED_BOOTSTRAP, hard, 0, lc->cfg.checkpoint.root, NULL, NULL,
                      err));
    TRY(need_updates(lc, hard, needs, err));
    if (attested)
        TRY(needs_add(lc->a, needs, NEED_OPTIMISTIC, hard, 0, none, NULL, NULL, err));
    return needs_add(lc->a, needs, NEED_FINALITY, hard && !attested, 0, none, NULL, NULL, err);
}

/* eth_header_of: the block as far as a beacon chain shows it. */
static struct eth_header eth_header_of(const struct lc_header *h)
{
    const struct lc_execution *e = &h->execution;
    struct eth_header o = {.number = e->block_number,
                           .gas_limit = e->gas_limit,
                           .gas_used = e->gas_used,
                           .timestamp = e->timestamp,
                           .pos = true,
                           .has_base_fee = true,
                           .has_withdrawals_root = true,
                           .has_blob_gas = e->has_blob_gas,
                           .blob_gas_used = e->blob_gas_used,
                           .excess_blob_gas = e->excess_blob_gas,
                           .has_beacon_root = e->has_blob_gas};
    memcpy(o.hash, e->block_hash, 32);
    memcpy(o.parent_hash, e->parent_hash, 32);
    memcpy(o.coinbase, e->fee_recipient, 20);
    memcpy(o.state_root, e->state_root, 32);
    memcpy(o.prev_randao, e->prev_randao, 32);
    memcpy(o.base_fee, e->base_fee, 32);
    if (o.has_beacon_root) /* EIP-4788: the beacon block's parent */
        memcpy(o.beacon_root, h->beacon.parent_root, 32);
    return o;
}

static enum rc make_head(struct light_client *lc, const struct lc_header *h,
                         const uint8_t root[static 32], const struct evidence *e,
                         const struct chain_head **out, struct err *err)
{
    const struct beacon_network *n = lc->cfg.network;
    struct chain_head *head = ARENA_NEW(lc->a, struct chain_head, err);
    if (!head)
        return err->rc;
    head->facts = (struct head_facts){
        .header = eth_header_of(h),
        .fork = beacon_el_fork(beacon_fork_at_slot(n, h->beacon.slot)->fork),
        .assurance = lc->cfg.head == LC_HEAD_ATTESTED ? "attested" : "finalized",
        .by_light_client = true,
        .slot = h->beacon.slot,
        .signature_slot = e->signature_slot,
        .participants = e->participants,
        .committee_size = n->committee_size,
        .network = n->name,
        .checkpoint_slot = lc->cfg.checkpoint.slot,
        .updates = lc->applied};
    memcpy(head->facts.beacon_root, root, 32);
    memcpy(head->facts.checkpoint_root, lc->cfg.checkpoint.root, 32);
    *out = head;
    return RC_OK;
}

/* usable: why a proven header can't be the head, in *bad; RC_OK there: it can. */
static enum rc usable(const struct light_client *lc, const struct lc_header *h, struct err *bad,
                      struct err *err)
{
    const struct lc_config *cfg = &lc->cfg;
    uint64_t slot = h->beacon.slot, then = beacon_time_of(cfg->network, slot);
    uint64_t age = lc->now > then ? lc->now - then : 0;
    if (!h->has_execution) {
        (void)err_set(bad, BG_LC_HEAD_EXECUTION, "slot %llu", llu(slot));
        return RC_OK;
    }
    /* Consensus holds a payload to its slot's time: the ages we compute must be the chain's. */
    if (h->execution.timestamp != then)
        return err_set(err, BG_LC_HEAD_TIME,
                       "slot %llu begins %s by chain.network, its block says %s", llu(slot),
                       date_of(then).s, date_of(h->execution.timestamp).s);
    if (slot < cfg->floor_slot)
        (void)err_set(bad, BG_LC_HEAD_FLOOR, "slot %llu, the floor is %llu", llu(slot),
                      llu(cfg->floor_slot));
    else if (cfg->max_head_age && age > cfg->max_head_age)
        (void)err_set(bad, BG_LC_HEAD_AGE, "slot %llu of %s is %llu s old, at most %llu", llu(slot),
                      date_of(then).s, llu(age), llu(cfg->max_head_age));
    return RC_OK;
}

/* find_head: NULL in *out: none yet; *bad says why a proven header is none. */
static enum rc find_head(struct light_client *lc, const struct chain_head **out, struct err *bad,
                         struct err *err)
{
    const struct lc_store *s = &lc->store;
    bool attested = lc->cfg.head == LC_HEAD_ATTESTED;
    const struct lc_header *h = attested ? &s->optimistic : &s->finalized;
    const uint8_t *root = attested ? s->optimistic_root : s->finalized_root;
    const struct evidence *e = attested ? &lc->attested : &lc->finalized;
    *out = NULL;
    if (!lc->started || !stands_for(e, root))
        return RC_OK;
    TRY(usable(lc, h, bad, err));
    return bad->rc == RC_OK ? make_head(lc, h, root, e, out, err) : RC_OK;
}

/*
 * say_unused: when there is no head and nothing was refused, what is at hand was of no use: the
 * first object says by what.
 */
static void say_unused(const struct light_client *lc, const struct beacon_answers *answers,
                       struct err *bad)
{
    for (size_t i = 0; i < lc->list.n && bad->rc == RC_OK; i++) {
        const struct lc_candidate *c = &lc->list.v[i];
        struct err why = {0};
        if (c->done || c->kind == LC_BOOTSTRAP)
            continue;
        (void)err_set(
            &why, BG_LC_UNUSED,
            "signed in period %llu, attested slot %llu, finalized %llu; known: period %llu%s",
            llu(period(lc, c->signature_slot)), llu(c->attested_slot), llu(c->finalized_slot),
            llu(store_period(lc)), lc->store.next.known ? " and the next" : "");
        lc_bad(bad, &why, &answers->v[c->entry]);
    }
}

enum rc light_client_step(struct light_client *lc, const struct beacon_answers *answers,
                          bool refresh, struct needs *out_needs, const struct chain_head **out_head,
                          struct err *out_last_bad, struct err *err)
{
    struct needs needs = {0};
    struct err bad = {0};
    TRY(lc_candidates_take(lc->a, &lc->list, lc->cfg.network, answers, &lc->last_bad, err));
    if (!lc->started)
        TRY(start(lc, answers, err));
    lc->store.hints = answers->hints;
    lc->store.num_hints = answers->num_hints;
    enum rc rc = lc->started ? advance(lc, answers, err) : RC_OK;
    lc->store.hints = NULL; /* the caller's: gone after this */
    lc->store.num_hints = 0;
    TRY(rc);
    TRY(find_head(lc, out_head, &bad, err));
    if (!*out_head || refresh)
        TRY(list_needs(lc, !*out_head, &needs, err));
    if (bad.rc == RC_OK)
        bad = lc->last_bad;
    if (!*out_head && lc->started)
        say_unused(lc, answers, &bad);
    *out_needs = needs;
    *out_last_bad = bad;
    return RC_OK;
}
