#include "agent/near.h"

#include <stdlib.h>
#include <time.h>

#include "agent/clock.h"
#include "agent/rpc.h"
#include "base/date.h"
#include "base/hash.h"
#include "base/limits.h"
#include "policy/near/ask_call.h"

#define NS 1000000000ull
#define HEAD_ROUNDS                                                                                \
    512u /* fetch-and-step rounds: one for each epoch since the checkpoint, and lies */
#define MAX_ASKED        4096u /* questions put to nodes in one run */
#define NEW_ENOUGH       60u   /* seconds: final blocks are a few seconds old */
#define WISH_ROUNDS      1u    /* fetches for what only explains a no */
#define NEWER_HEADS      2u /* tries with a newer block, where nothing was proven at the one we have */
#define NEWER_MS         1500u /* what the chain takes to have one */
#define RELAY_PATIENCE   6u    /* newer blocks without an outcome before another relay is asked */
#define MAX_CALL_ENTRIES 16u   /* answers that one more round may bring */

struct asked {
    uint8_t question[32];
    size_t node; /* by its place; relays are asked other questions */
};

struct run {
    struct arena *a;
    const struct driver *d;
    const struct boot_info *bi;
    struct bundle *bundle;
    struct turn *turn;
    struct driver_facts *facts;
    struct near_config cfg; /* with the floor */
    struct near_client *client;
    const struct near_head *head; /* of the client: a further step moves it */
    struct needs needs;
    struct err bad;
    struct nodes nodes, relays;
    uint8_t nonce[NEAR_NONCE]; /* of a proof of call */
    struct asked *asked;
    size_t num_asked;
    bool fetched_light; /* a node of this run gave a light client block */
};

/* --- asking --- */

/* call_for: the call for a need, unless this node was asked that before; notes it. NULL: nothing.
 */
static json_t *call_for(struct run *r, const struct need *need, size_t node)
{
    if (r->num_asked == MAX_ASKED)
        return NULL;
    struct asked *new = &r->asked[r->num_asked];
    json_t *call = rpc_call_of(need);
    char *text = call ? json_dumps(call, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    bool news = text != NULL;
    if (text)
        hash_sha256(bytes_of_str(text), new->question);
    free(text);
    for (size_t i = 0; news && i < r->num_asked; i++)
        news = r->asked[i].node != node || memcmp(r->asked[i].question, new->question, 32) != 0;
    if (!news) {
        json_decref(call);
        return NULL;
    }
    new->node = node;
    r->num_asked++;
    return call;
}

/*
 * ask_of: one of these nodes, beginning with the preferred one, for what it was not asked yet.
 * hard: only what the decision can't do without. False: there is nobody left to ask any of it.
 */
static bool ask_of(struct run *r, struct nodes *nodes, const struct needs *needs, bool hard)
{
    bool relays = nodes == &r->relays;
    for (size_t k = 0; k < nodes->n; k++) {
        size_t node = (nodes->preferred + k) % nodes->n;
        AUTO_JSON calls = json_array();
        for (size_t i = 0; i < needs->n; i++)
            if ((needs->v[i].hard || !hard) && (needs->v[i].kind == NEED_NEAR_RELAY) == relays)
                (void)json_array_append_new(calls, call_for(r, &needs->v[i], node));
        if (json_array_size(calls) == 0)
            continue;
        struct err why = {0};
        r->turn->left = nodes->n - k + 1;
        enum rc rc = rpc_ask_each(&nodes->v[node], r->turn, calls, r->bundle->rpc, &why);
        nodes->preferred = rc == RC_OK ? node : (node + 1) % nodes->n;
        return true;
    }
    return false;
}

static bool ask(struct run *r, const struct needs *needs, bool hard)
{
    return ask_of(r, &r->nodes, needs, hard);
}

static bool answers_at_hand(struct run *r, struct answers *out, struct err *err)
{
    return answers_read(r->a, r->bundle->rpc, out, err) == RC_OK;
}

/* --- the head --- */

static enum rc step(struct run *r, bool refresh, struct err *err)
{
    struct answers answers = {0};
    const struct near_head *head = NULL;
    r->needs = (struct needs){0};
    err_clear(&r->bad);
    if (!answers_at_hand(r, &answers, err))
        return err->rc;
    TRY(near_client_step(r->client, &answers, refresh, &r->needs, &head, &r->bad, err));
    r->head = head;
    return RC_OK;
}

static enum rc no_head(const struct run *r, struct err *err)
{
    char failures[ERR_DETAIL_MAX] = "";
    bool failed = nodes_failures(&r->nodes, failures, sizeof failures);
    if (r->bad.rc != RC_OK && r->bad.rc != BG_NEAR_NO_PRODUCERS) {
        *err = r->bad;
        return err->rc;
    }
    if (r->nodes.n == 0)
        return err_set(err, BG_NEAR_HEAD_OFFLINE, "%zu answers at hand",
                       json_array_size(r->bundle->rpc));
    if (failed)
        return err_set(err, BG_NEAR_HEAD_NODES, "%s", failures);
    return err_set(err, BG_NEAR_HEAD_NO_ANSWER, "%zu nodes asked", r->nodes.n);
}

/*
 * freshen asks for a newer block: once where the head is a recording's, and of every node while it
 * is older than final blocks are: the last one of an epoch, or what a node wants us to see.
 */
static enum rc freshen(struct run *r, struct err *err)
{
    bool recorded = r->d->refresh && !r->fetched_light;
    while (!r->d->offline && (recorded || r->fetched_light)) {
        uint64_t time = r->head->timestamp / NS;
        if (!recorded && r->d->now < time + NEW_ENOUGH)
            break;
        TRY(step(r, true, err));
        if (!ask(r, &r->needs, false))
            break;
        recorded = false;
        r->fetched_light = true;
        TRY(step(r, false, err));
        if (!r->head)
            return no_head(r, err);
    }
    return RC_OK;
}

static enum rc find_head(struct run *r, struct err *err)
{
    TRY(step(r, false, err));
    for (size_t round = 0; !r->head; round++) {
        if (round == HEAD_ROUNDS)
            return err_set(err, BG_NEAR_HEAD_ROUNDS, "%u rounds", HEAD_ROUNDS);
        if (!ask(r, &r->needs, true) && !ask(r, &r->needs, false))
            return no_head(r, err);
        r->fetched_light = true;
        TRY(step(r, false, err));
    }
    return freshen(r, err);
}

static void wait_a_block(const struct run *r)
{
    uint64_t now = clock_ms();
    uint64_t left = r->turn->deadline_ms > now ? r->turn->deadline_ms - now : 0;
    if (left > 2 * NEWER_MS) {
        struct timespec t = {NEWER_MS / 1000, (long)(NEWER_MS % 1000) * 1000000};
        (void)nanosleep(&t, NULL);
    }
}

/* newer asks every node once for a block after the head. *out_moved: there is one. */
static enum rc newer(struct run *r, bool *out_moved, struct err *err)
{
    uint64_t had = r->head->height;
    TRY(step(r, true, err)); /* what was answered in the meantime */
    if (r->head && r->head->height <= had) {
        wait_a_block(r);
        r->num_asked = 0;
    }
    while (r->head && r->head->height <= had && ask(r, &r->needs, false))
        TRY(step(r, true, err));
    *out_moved = r->head && r->head->height > had;
    return RC_OK;
}

/* --- the contracts' state --- */

/* refused: somebody answered, and not with what proves anything: another block may do. */
static bool refused(const struct run *r)
{
    for (size_t i = 0; i < r->nodes.n; i++)
        if (r->nodes.v[i].why.rc == RC_OK || r->nodes.v[i].why.rc == BG_RPC_NO_RESULT)
            return true;
    return false;
}

static enum rc nothing_left(const struct run *r, const struct needs *needs,
                            const struct err *last_bad, struct err *err)
{
    char failures[ERR_DETAIL_MAX] = "";
    if (r->nodes.n && nodes_failures(&r->nodes, failures, sizeof failures) &&
        (last_bad->rc == RC_OK || r->nodes.n == 1))
        return err_set(err, BG_NEAR_STATE_NODES, "block %llu: %s",
                       (unsigned long long)r->head->height, failures);
    if (last_bad->rc != RC_OK) {
        *err = *last_bad;
        return err->rc;
    }
    if (r->nodes.n == 0)
        return err_set(err, BG_NEAR_STATE_OFFLINE, "%zu pieces of state are missing",
                       needs_hard(needs));
    return err_set(err, BG_NEAR_STATE_NO_ANSWER, "%zu pieces of state are missing, %zu nodes asked",
                   needs_hard(needs), r->nodes.n);
}

static enum rc attempt(struct run *r, const struct answers *answers, struct needs *needs,
                       struct checks *found, struct near_result *out, struct err *last_bad,
                       struct err *err)
{
    const struct driver *d = r->d;
    if (d->config->near.by_call)
        return near_ask_call(r->a, &r->cfg, r->head, d->question, r->bi, r->nonce, answers, d->now,
                             needs, found, out, last_bad, err);
    return near_ask(r->a, &r->cfg, r->head, d->question, r->bi, answers, d->now, needs, found, out,
                    last_bad, err);
}

/* prove puts the question at the head until it is answered or nobody is left to ask. */
static enum rc prove(struct run *r, struct checks *found, struct near_result *out, struct err *err)
{
    size_t wishes = WISH_ROUNDS;
    for (size_t round = 0; round < LIMIT_CHAIN_ROUNDS; round++) {
        struct answers answers = {0};
        struct needs needs = {0};
        struct err last_bad = {0};
        *found = (struct checks){0};
        if (!answers_at_hand(r, &answers, err))
            return err->rc;
        TRY(attempt(r, &answers, &needs, found, out, &last_bad, err));
        bool stands = needs_hard(&needs) == 0 && out->chain.say != CHAIN_UNDECIDED;
        r->needs = needs;
        if (!stands && (ask_of(r, &r->relays, &needs, true) || ask(r, &needs, true)))
            continue;
        if (!stands)
            return nothing_left(r, &needs, &last_bad, err);
        if (needs.n && wishes && ask(r, &needs, false)) {
            wishes--;
            continue;
        }
        return RC_OK;
    }
    return err_set(err, BG_NEAR_STATE_ROUNDS, "%u rounds", LIMIT_CHAIN_ROUNDS);
}

/* ask_next_relay: what the last one handed back may never have been sent. */
static void ask_next_relay(struct run *r)
{
    struct nodes *n = &r->relays;
    if (n->n < 2)
        return;
    n->preferred = (n->preferred + 1) % n->n;
    (void)ask_of(r, n, &r->needs, false);
}

/* under_way: there is a transaction whose end is not known yet. */
static bool under_way(const struct needs *needs)
{
    for (size_t i = 0; i < needs->n; i++)
        if (needs->v[i].kind == NEED_NEAR_TX_OUTCOME ||
            needs->v[i].kind == NEED_NEAR_RECEIPT_OUTCOME)
            return true;
    return false;
}

/*
 * waits_on: a call takes some blocks to run and to become final, and there may be no newer block at
 * once: as long as there is time, and something is under way.
 */
static bool waits_on(const struct run *r)
{
    return r->d->config->near.by_call && r->turn->deadline_ms > clock_ms() + 3 * NEWER_MS &&
           json_array_size(r->bundle->rpc) < LIMIT_RPC_ENTRIES - MAX_CALL_ENTRIES &&
           under_way(&r->needs);
}

/* decide: nodes forget state, and a chunk may be missing in a block: then a newer one is tried. */
static enum rc decide(struct run *r, struct checks *found, struct near_result *out, struct err *err)
{
    enum rc rc = prove(r, found, out, err);
    for (size_t i = 0; rc != RC_OK; i++) {
        bool moved = false, on = waits_on(r);
        struct err why = {0}, ignored = {0};
        if (r->nodes.n == 0 || !refused(r) || err_exit_status(rc) != 3 || (i >= NEWER_HEADS && !on))
            break;
        if (on && i % RELAY_PATIENCE == RELAY_PATIENCE - 1)
            ask_next_relay(r);
        if (newer(r, &moved, &why) != RC_OK || (!moved && !on))
            break;
        if (!on)
            (void)!driver_note(r->a, r->facts, "asked again at a newer block", err, &ignored);
        err_clear(err);
        rc = prove(r, found, out, err);
    }
    return rc;
}

/* --- the whole --- */

static void note_nodes(struct run *r, const struct nodes *nodes, const char *what)
{
    for (size_t i = 0; i < nodes->n; i++) {
        struct nodes one = {.n = 1};
        struct err why = {0}, ignored = {0};
        one.v[0] = nodes->v[i];
        if (nodes_failures(&one, why.detail, sizeof why.detail))
            why.rc = one.v[0].why.rc;
        (void)!driver_note(r->a, r->facts, what, &why, &ignored);
    }
}

static enum rc open_run(struct run *r, struct err *err)
{
    const struct driver *d = r->d;
    struct err floor = {0}, light = {0}, ignored = {0};
    r->cfg = d->config->near.client;
    if (d->stored && d->stored->floor.n)
        (void)!store_near_floor_read(d->stored->floor, &d->config->near, &r->cfg.floor_height,
                                     &floor);
    if (d->floor && d->floor->slot > r->cfg.floor_height)
        r->cfg.floor_height = d->floor->slot;
    (void)!driver_note(r->a, r->facts, "the floor is left out", &floor, &ignored);
    if (d->stored && d->stored->light.n)
        (void)!store_near_answers_read(r->a, d->stored->light, r->bundle, &light);
    (void)!driver_note(r->a, r->facts, "the stored blocks are left out", &light, &ignored);
    nodes_init(&r->nodes, &d->config->rpc, d->offline);
    nodes_init(&r->relays, &d->config->near.relays, d->offline);
    r->asked = ARENA_ARRAY(r->a, struct asked, MAX_ASKED, err);
    if (!r->asked)
        return err->rc;
    return near_client_new(r->a, &r->cfg, d->now, &r->client, err);
}

/* keep_checks takes over the core's checks; what to run against a no stands in its hint. */
static enum rc keep_checks(struct run *r, const struct checks *found, struct near_seen *seen,
                           struct checks *out, struct err *err)
{
    const char *hint = NULL;
    TRY(near_fixes(r->a, &r->d->config->near, r->bi, &seen->result, seen->fixes, &seen->num_fixes,
                   &hint, err));
    for (size_t i = 0; i < found->n; i++) {
        struct check c = found->v[i];
        if (c.status == CHECK_FAIL && hint)
            c.hint = hint;
        TRY(checks_add(r->a, out, c, err));
    }
    return RC_OK;
}

static enum rc remember(struct run *r, struct err *err)
{
    uint64_t height = r->head->height; /* the client gives no head below the floor */
    r->facts->floor.slot = height;
    if (!r->d->stored)
        return RC_OK;
    struct near_kept kept;
    near_client_kept(r->client, &kept);
    if (kept.n)
        TRY(store_near_answers_make(r->a, &kept, &r->facts->keep.light, err));
    return store_near_floor_make(r->a, &r->d->config->near, height, &r->facts->keep.floor, err);
}

/* choose_nonce: this run's own; a recording is judged by the one that it was made with. */
static enum rc choose_nonce(struct run *r, struct err *err)
{
    struct answers answers = {0};
    if (!r->d->config->near.by_call)
        return RC_OK;
    if (r->d->nonce) {
        memcpy(r->nonce, r->d->nonce, sizeof r->nonce);
        return RC_OK;
    }
    if (!answers_at_hand(r, &answers, err))
        return err->rc;
    if (!near_recorded_nonce(r->a, &answers, r->nonce))
        return err_set(err, BG_NEAR_NO_NONCE, "%zu answers at hand",
                       json_array_size(r->bundle->rpc));
    return RC_OK;
}

static enum rc run(struct run *r, struct near_seen *seen, struct checks *checks, struct err *err)
{
    const struct driver *d = r->d;
    struct checks found = {0};
    TRY(open_run(r, err));
    TRY(find_head(r, err));
    TRY(choose_nonce(r, err));
    TRY(decide(r, &found, &seen->result, err));
    uint64_t time = r->head->timestamp / NS;
    if (d->floor_time && time < d->floor_time)
        return err_set(err, BG_NEAR_BUILD_FLOOR, "the block is of %s, this program of %s",
                       date_of(time).s, date_of(d->floor_time).s);
    seen->head = *r->head;
    TRY(keep_checks(r, &found, seen, checks, err));
    if (!d->config->near.by_call) /* there the code itself has spoken */
        TRY(near_code_check(r->a, d, &seen->head, seen->result.app_account, r->turn, seen->codes,
                            &seen->num_codes, checks, err));
    return remember(r, err);
}

enum rc near_run(struct arena *a, const struct driver *d, const struct boot_info *bi,
                 struct bundle *bundle, struct turn *turn, struct checks *checks,
                 struct chain_result *out, struct driver_facts *facts, struct err *err)
{
    struct run *r = ARENA_NEW(a, struct run, err);
    struct near_seen *seen = r ? ARENA_NEW(a, struct near_seen, err) : NULL;
    if (!seen)
        return err->rc;
    *r = (struct run){.a = a, .d = d, .bi = bi, .bundle = bundle, .turn = turn, .facts = facts};
    facts->start_anchor = "config";
    enum rc rc = run(r, seen, checks, err);
    note_nodes(r, &r->nodes, "RPC node");
    note_nodes(r, &r->relays, "relay");
    TRY(rc);
    *out = seen->result.chain;
    facts->near = seen;
    return RC_OK;
}
