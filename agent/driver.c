#include "agent/driver.h"

#include "agent/head.h"
#include "agent/near.h"
#include "agent/proofs.h"
#include "agent/start.h"

#define NEWER_HEADS                                                                                \
    2u /* tries with a newer head, where nodes refuse proofs for the one we have                   \
        */

struct run {
    struct arena *a;
    const struct driver *d;
    struct bundle *bundle;
    struct turn turn;
    struct chain_config chain; /* with the checkpoint that is begun at, and the floor */
    struct store_floor floor;
    struct nodes signers;
    struct starts starts;
    const struct start *start;
    struct head_search head;
    struct proofs proofs;
    struct driver_facts *facts;
};

static enum rc put_note(struct driver_facts *f, const char *text, struct err *err)
{
    if (!text)
        return err->rc;
    f->notes[f->num_notes++] = text;
    return RC_OK;
}

enum rc driver_note(struct arena *a, struct driver_facts *f, const char *what,
                    const struct err *why, struct err *err)
{
    const struct err_info *info = err_info_of((int)why->rc);
    if (why->rc == RC_OK || f->num_notes == DRIVER_NOTES)
        return RC_OK;
    return put_note(f,
                    arena_printf(a, err, "%s: BG-%04d %s%s%s", what, (int)why->rc,
                                 info ? info->text : "", why->detail[0] ? ": " : "", why->detail),
                    err);
}

/* note: for people only; one that has no memory is left out. */
static void note(struct run *r, const char *what, const struct err *why)
{
    struct err ignored = {0};
    (void)!driver_note(r->a, r->facts, what, why, &ignored);
}

static void note_nodes(struct run *r, const char *what, const struct nodes *nodes)
{
    struct driver_facts *f = r->facts;
    for (size_t i = 0; i < nodes->n && f->num_notes < DRIVER_NOTES; i++) {
        struct nodes one = {.n = 1};
        struct err ignored = {0};
        char failure[ERR_DETAIL_MAX];
        one.v[0] = nodes->v[i];
        if (nodes_failures(&one, failure, sizeof failure))
            (void)!put_note(f,
                            arena_printf(r->a, &ignored, "%s: BG-%04d %s", what,
                                         (int)nodes->v[i].why.rc, failure),
                            &ignored);
    }
}

/* open_store takes in what earlier runs kept. What does not hold is left out, and said. */
static void open_store(struct run *r)
{
    const struct store_files *s = r->d->stored;
    const struct beacon_network *n = r->chain.light_client.network;
    const struct store_floor *given = r->d->floor;
    struct err why = {0}, floor = {0};
    if (given)
        r->floor = *given;
    if (!s)
        return;
    struct store_floor stored = {0};
    r->head.own_answers = json_array_size(r->bundle->beacon);
    r->head.own_hints = json_array_size(r->bundle->committee_keys);
    if (s->light.n && store_answers_read(r->a, s->light, r->bundle, &why))
        r->head.from_store = true;
    note(r, "the store is left out", &why);
    if (s->floor.n)
        (void)!store_floor_read(s->floor, n->genesis_validators_root, &stored, &floor);
    if (stored.slot > r->floor.slot)
        r->floor.slot = stored.slot;
    if (stored.checkpoint > r->floor.checkpoint)
        r->floor.checkpoint = stored.checkpoint;
    note(r, "the floor is left out", &floor);
}

/* floor_slot: a head below it is refused. */
static uint64_t floor_slot(const struct run *r)
{
    const struct beacon_network *n = r->chain.light_client.network;
    uint64_t built = r->d->floor_time ? beacon_slot_at(n, r->d->floor_time) : 0;
    return built > r->floor.slot ? built : r->floor.slot;
}

/* choose_starts gathers the signed checkpoints at hand and those that can be had. */
static enum rc choose_starts(struct run *r, json_t *docs, struct err *err)
{
    const struct driver *d = r->d;
    bool have = r->bundle->checkpoint != NULL;
    if (have && json_array_append(docs, r->bundle->checkpoint) != 0)
        return err_set(err, BG_DRIVER_MEMORY, "%s", "checkpoints");
    nodes_init(&r->signers, &d->config->checkpoints, d->offline || (have && !d->refresh));
    if (r->signers.n)
        TRY(starts_fetch(&r->signers, &r->turn, docs, err));
    enum rc rc = starts_choose(d->config, docs, r->floor.checkpoint, d->now, &r->starts, err);
    if (rc == RC_OK)
        note(r, "a checkpoint document is left out", &r->starts.bad);
    return rc;
}

/*
 * not_begun says why no start led to a head. A checkpoint that is too old is the configuration's
 * mistake only where nobody else could name a newer one: a document may yet come, so a retry helps.
 */
static enum rc not_begun(const struct run *r, const struct start *s, const struct err *why,
                         struct err *err)
{
    char failures[ERR_DETAIL_MAX] = "";
    bool old = why->rc == BG_LC_CHECKPOINT_OLD && r->d->config->signers.num_keys;
    if (old || (why->rc == BG_LC_CHECKPOINT_SLOT && s->doc)) {
        bool failed = nodes_failures(&r->signers, failures, sizeof failures);
        return err_set(err, BG_START_USELESS, "%s%s%s", why->detail, failed ? "; " : "", failures);
    }
    *err = *why;
    return err->rc;
}

/* head_from_starts tries them, newest first, until one leads to a head. */
static enum rc head_from_starts(struct run *r, struct err *err)
{
    struct lc_config cfg = r->chain.light_client;
    struct err first = {0};
    cfg.floor_slot = floor_slot(r);
    for (size_t i = 0; i < r->starts.n; i++) {
        struct err why = {0};
        const struct start *s = &r->starts.v[i];
        cfg.checkpoint = s->checkpoint;
        if (head_find(&r->head, &cfg, &why) == RC_OK) {
            r->start = s;
            r->chain.light_client = cfg;
            return starts_agree(&r->starts, &r->head, err);
        }
        if (err_exit_status(why.rc) == 70) {
            *err = why;
            return err->rc;
        }
        if (i + 1 < r->starts.n)
            note(r, s->doc ? "a checkpoint document leads nowhere" : "the checkpoint leads nowhere",
                 &why);
        if (first.rc == RC_OK)
            first = why;
    }
    return not_begun(r, &r->starts.v[0], &first, err);
}

/* started says what the head rests on; the document goes into the bundle, so that it replays. */
static enum rc started(struct run *r, struct err *err)
{
    struct driver_facts *f = r->facts;
    const struct start *s = r->start;
    f->signed_by = s->signed_by;
    f->signers = s->doc ? r->d->config->signers.num_keys : 0;
    f->start_anchor =
        s->doc ? arena_printf(r->a, err, "checkpoint-signers %zu/%zu", f->signed_by, f->signers)
               : "config";
    if (!f->start_anchor)
        return err->rc;
    if (s->doc && s->doc != r->bundle->checkpoint) {
        json_decref(r->bundle->checkpoint);
        r->bundle->checkpoint = json_incref(s->doc);
    }
    return RC_OK;
}

static enum rc find_head(struct run *r, struct err *err)
{
    AUTO_JSON docs = json_array();
    struct head_search *h = &r->head;
    h->a = r->a;
    h->bundle = r->bundle;
    h->turn = &r->turn;
    h->refresh = r->d->refresh && !r->d->offline;
    h->now = r->d->now;
    nodes_init(&h->nodes, &r->d->config->beacon, r->d->offline);
    open_store(r);
    enum rc rc = choose_starts(r, docs, err);
    if (rc == RC_OK)
        rc = head_from_starts(r, err);
    note(r, "the store is left out", &h->store_bad);
    note_nodes(r, "checkpoint document", &r->signers);
    note_nodes(r, "beacon node", &h->nodes);
    TRY(rc);
    return started(r, err);
}

/*
 * decide puts the question. Nodes keep proofs for recent blocks only: where all refuse the head
 * that we have, a newer one of the same kind is asked for; another kind never is.
 */
static enum rc decide(struct run *r, struct checks *checks, struct chain_result *out,
                      struct err *err)
{
    struct proofs *p = &r->proofs;
    enum rc rc = proofs_run(p, r->head.head, checks, out, err);
    for (size_t i = 0; i < NEWER_HEADS && rc != RC_OK; i++) {
        bool moved = false;
        struct err why = {0};
        if (!r->head.head || p->nodes.n == 0 || r->head.nodes.n == 0 || err_exit_status(rc) != 3)
            break;
        if (head_newer(&r->head, &moved, &why) != RC_OK || !moved)
            break;
        note(r, "asked again at a newer head", err);
        err_clear(err);
        rc = proofs_run(p, r->head.head, checks, out, err);
    }
    note_nodes(r, "execution node", &p->nodes);
    return rc;
}

/* remember says what the store is to hold: only after a decision on a verified head. */
static enum rc remember(struct run *r, struct err *err)
{
    const struct driver *d = r->d;
    const struct lc_store *s = light_client_store(r->head.lc);
    const struct beacon_network *n = r->chain.light_client.network;
    struct store_floor floor = r->floor;
    struct store_files *keep = &r->facts->keep;
    AUTO_JSON entries = NULL;
    if (s->finalized.beacon.slot > floor.slot)
        floor.slot = s->finalized.beacon.slot;
    if (r->start->signed_by && r->start->checkpoint.slot > floor.checkpoint)
        floor.checkpoint = r->start->checkpoint.slot;
    r->facts->floor = floor;
    if (!d->stored && !d->hints)
        return RC_OK;
    TRY(head_entries(&r->head, &entries, err));
    TRY(head_hints(&r->head, entries, err));
    if (!d->stored)
        return RC_OK;
    TRY(store_answers_make(r->a, entries, r->bundle->committee_keys, &keep->light, err));
    return store_floor_make(r->a, n->genesis_validators_root, &floor, &keep->floor, err);
}

static enum rc run(struct run *r, const struct boot_info *bi, struct checks *checks,
                   struct chain_result *out, struct err *err)
{
    const struct driver *d = r->d;
    bool ethereum = r->chain.source == CHAIN_ETHEREUM;
    if (r->chain.source == CHAIN_NEAR)
        return near_run(r->a, d, bi, r->bundle, &r->turn, checks, out, r->facts, err);
    if (ethereum)
        TRY(find_head(r, err));
    r->proofs = (struct proofs){.a = r->a,
                                .chain = &r->chain,
                                .question = d->question,
                                .bi = bi,
                                .bundle = r->bundle,
                                .turn = &r->turn,
                                .now = d->now};
    nodes_init(&r->proofs.nodes, &d->config->rpc, d->offline);
    TRY(decide(r, checks, out, err));
    return ethereum ? remember(r, err) : RC_OK;
}

enum rc driver_run(struct arena *a, const struct driver *d, const struct boot_info *bi,
                   struct bundle *bundle, struct checks *checks, struct chain_result *out,
                   struct driver_facts *facts, struct err *err)
{
    struct run *r = ARENA_NEW(a, struct run, err);
    if (!r)
        return err->rc;
    *r = (struct run){.a = a,
                      .d = d,
                      .bundle = bundle,
                      .turn = {.deadline_ms = d->deadline_ms},
                      .chain = d->config->chain,
                      .facts = facts};
    enum rc rc = run(r, bi, checks, out, err);
    facts->round_trips = r->turn.trips;
    head_close(&r->head);
    return rc;
}
