#include "agent/checkpoint_live.h"

#include "agent/checkpoint_text.h"
#include "agent/clock.h"
#include "agent/fetch.h"
#include "agent/start.h"
#include "base/date.h"
#include "base/hex.h"
#include "policy/beacon/ssz.h"

#define FINALIZED_AGE 7200u /* seconds; where the configuration asks for attested heads */

static enum rc no_memory(struct err *err)
{
    return err_set(err, BG_CHECKPOINT_LIVE_MEMORY, "%s", "");
}

/* ---- proven -------------------------------------------------------------------------------- */

static void proven_json(const struct config *c, const struct start *from,
                        const struct head_facts *f)
{
    const struct beacon_network *n = c->chain.light_client.network;
    uint64_t slot = f->slot;
    output_json(json_pack("{s:i, s:b, s:s, s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:b}", "schema", 1,
                          "verified", 1, "assurance", "finalized", "network", n->name, "checkpoint",
                          checkpoint_json_start(f->beacon_root, slot), "from",
                          checkpoint_json_start(from->checkpoint.root, from->checkpoint.slot),
                          "from_signed_by", (json_int_t)from->signed_by, "participants",
                          (json_int_t)f->participants, "committee_size",
                          (json_int_t)f->committee_size, "updates", (json_int_t)f->updates,
                          "epoch_boundary", (int)checkpoint_at_boundary(n, slot)));
}

static void for_config(const uint8_t root[static 32], uint64_t slot)
{
    printf("\"checkpoint\": {\"root\": \"");
    checkpoint_text_hex(stdout, root, 32);
    printf("\", \"slot\": %llu}\n", (unsigned long long)slot);
}

static void proven_text(const struct config *c, const struct start *from,
                        const struct head_facts *f)
{
    const struct beacon_network *n = c->chain.light_client.network;
    uint64_t slot = f->slot;
    printf("finalized: proven by the sync committee, %zu of %zu signed\n", f->participants,
           f->committee_size);
    checkpoint_text_block(stdout, n, beacon_fork_at_slot(n, slot)->version, slot, f->beacon_root);
    checkpoint_text_row(stdout, "proven from");
    printf("slot %llu, %s\n", (unsigned long long)from->checkpoint.slot,
           from->doc ? "a signed checkpoint" : "chain.checkpoint of the configuration");
    checkpoint_text_boundary(stdout, n, slot);
    printf("\nfor the image's configuration:\n");
    for_config(f->beacon_root, slot);
}

/* prove follows the chain from the newest start that leads somewhere; else the newest one's error.
 */
static enum rc prove(struct head_search *h, const struct config *c, const struct starts *starts,
                     const struct start **out_from, struct err *err)
{
    struct lc_config cfg = c->chain.light_client;
    struct err first = {0};
    if (cfg.head != LC_HEAD_FINALIZED)
        cfg.max_head_age = FINALIZED_AGE;
    cfg.head = LC_HEAD_FINALIZED;
    for (size_t i = 0; i < starts->n; i++) {
        struct err why = {0};
        cfg.checkpoint = starts->v[i].checkpoint;
        if (head_find(h, &cfg, &why) == RC_OK) {
            *out_from = &starts->v[i];
            return starts_agree(starts, h, err);
        }
        if (first.rc == RC_OK)
            first = why;
    }
    *err = first;
    return err_known(err->rc);
}

static enum rc show_proven(struct head_search *h, const struct cli *cli, const struct config *c,
                           struct err *err)
{
    AUTO_JSON docs = json_array();
    struct nodes sources;
    struct starts starts = {0};
    const struct start *from = NULL;
    if (!docs)
        return no_memory(err);
    nodes_init(&sources, &c->checkpoints, false);
    if (sources.n)
        TRY(starts_fetch(&sources, h->turn, docs, err));
    TRY(starts_choose(c, docs, 0, h->now, &starts, err));
    TRY(prove(h, c, &starts, &from, err));
    if (cli->quiet)
        return RC_OK;
    if (cli->json)
        proven_json(c, from, head_facts_of(h->head));
    else
        proven_text(c, from, head_facts_of(h->head));
    return RC_OK;
}

/* ---- said ---------------------------------------------------------------------------------- */

/* struct said: what one node says is finalized; why.rc: nothing that could be read. */
struct said {
    struct err why;
    char host[FETCH_HOST];
    struct lc_checkpoint block;
    size_t agree; /* nodes that say so, this one included */
};

/* plausible: the block is of this network, as far as times tell, and there already. */
static enum rc plausible(const struct beacon_network *n, const struct lc_header *h, uint64_t now,
                         struct err *err)
{
    uint64_t began = beacon_time_of(n, h->beacon.slot);
    if (h->beacon.slot == 0)
        return err_set(err, BG_CHECKPOINT_NOTHING_FINAL, "nothing is finalized");
    if (h->has_execution && h->execution.timestamp != began)
        return err_set(err, BG_CHECKPOINT_OTHER_CHAIN, "slot %llu is of %s, and on %s of %s",
                       (unsigned long long)h->beacon.slot, date_of(h->execution.timestamp).s,
                       n->name, date_of(began).s);
    if (began > now)
        return err_set(err, BG_CHECKPOINT_TO_COME, "slot %llu is of %s, ahead of the clock",
                       (unsigned long long)h->beacon.slot, date_of(began).s);
    return RC_OK;
}

/* read_said: the finalized header of a finality update; its root is computed, not taken. */
static enum rc read_said(struct arena *a, const struct beacon_network *n, uint64_t now,
                         const json_t *entry, struct lc_checkpoint *out, struct err *err)
{
    struct lc_update u;
    const json_t *result = json_object_get(entry, "result"), *ssz = json_object_get(entry, "ssz");
    struct bytes body = BYTES_NONE;
    if (result) {
        TRY(lc_update_from_json(a, n, LC_FINALITY_UPDATE, json_object_get(result, "data"), &u,
                                err));
    } else {
        if (!hex_decode_any(a, json_view(ssz), &body, err))
            return no_memory(err);
        TRY(lc_update_from_ssz(a, n, LC_FINALITY_UPDATE, body, &u, err));
    }
    TRY(plausible(n, &u.finalized, now, err));
    out->slot = u.finalized.beacon.slot;
    ssz_root_of_header(&u.finalized.beacon, out->root);
    return RC_OK;
}

/* ask puts the same question to every node, one after the other: each has its share of the time. */
static enum rc ask(struct arena *a, const struct config *c, uint64_t now, struct nodes *nodes,
                   struct turn *turn, struct said *said, struct err *err)
{
    const struct need need = {.kind = NEED_FINALITY};
    char path[1][BEACON_PATH];
    for (size_t i = 0; i < nodes->n; i++) {
        AUTO_JSON entries = json_array();
        struct said *s = &said[i];
        if (!entries || !beacon_path(&need, path[0]))
            return no_memory(err);
        fetch_url_host(nodes->v[i].url, s->host, sizeof s->host);
        turn->left = nodes->n - i;
        if (beacon_ask(&nodes->v[i], turn, (const char(*)[BEACON_PATH])path, 1, entries, &s->why) ==
            RC_OK)
            (void)!read_said(a, c->chain.light_client.network, now, json_array_get(entries, 0),
                             &s->block, &s->why);
        nodes->v[i].why = s->why;
    }
    return RC_OK;
}

static bool same_block(const struct lc_checkpoint *a, const struct lc_checkpoint *b)
{
    return a->slot == b->slot && memcmp(a->root, b->root, sizeof a->root) == 0;
}

/*
 * choose: the block that most nodes name, the newer of equals. Two blocks at one slot can't both be
 * final: then nobody is believed.
 */
static enum rc choose(struct said *said, size_t n, const struct said **out, struct err *err)
{
    const struct said *best = NULL;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; said[i].why.rc == RC_OK && k < n; k++) {
            if (said[k].why.rc != RC_OK || said[k].block.slot != said[i].block.slot)
                continue;
            if (!same_block(&said[i].block, &said[k].block))
                return err_set(err, BG_CHECKPOINT_NODES_DISAGREE, "slot %llu: %s and %s",
                               (unsigned long long)said[i].block.slot, said[i].host, said[k].host);
            said[i].agree++;
        }
        if (said[i].agree &&
            (!best || said[i].agree > best->agree ||
             (said[i].agree == best->agree && said[i].block.slot > best->block.slot)))
            best = &said[i];
    }
    *out = best;
    return RC_OK;
}

static void said_json(const struct config *c, const struct said *said, size_t n,
                      const struct said *best)
{
    const struct beacon_network *net = c->chain.light_client.network;
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        const struct said *s = &said[i];
        char code[16];
        snprintf(code, sizeof code, "BG-%04d", s->why.rc);
        (void)json_array_append_new(
            list, s->why.rc == RC_OK
                      ? json_pack("{s:s, s:o}", "node", s->host, "checkpoint",
                                  checkpoint_json_start(s->block.root, s->block.slot))
                      : json_pack("{s:s, s:s}", "node", s->host, "code", code));
    }
    output_json(json_pack("{s:i, s:b, s:s, s:o, s:I, s:I, s:o, s:b}", "schema", 1, "verified", 0,
                          "network", net->name, "checkpoint",
                          checkpoint_json_start(best->block.root, best->block.slot), "agree",
                          (json_int_t)best->agree, "asked", (json_int_t)n, "nodes", list,
                          "epoch_boundary", (int)checkpoint_at_boundary(net, best->block.slot)));
}

static void said_text(const struct config *c, const struct said *said, size_t n,
                      const struct said *best)
{
    const struct beacon_network *net = c->chain.light_client.network;
    const struct lc_checkpoint *b = &best->block;
    printf("NOT VERIFIED: what beacon nodes say is finalized; %zu of %zu name this block\n",
           best->agree, n);
    checkpoint_text_block(stdout, net, beacon_fork_at_slot(net, b->slot)->version, b->slot,
                          b->root);
    for (size_t i = 0; i < n; i++) {
        const struct said *s = &said[i];
        checkpoint_text_row(stdout, s->why.rc == RC_OK && same_block(&s->block, b) ? "said by"
                                    : s->why.rc == RC_OK                           ? "not by"
                                                                                   : "no answer");
        text_safe(stdout, bytes_of_str(s->host));
        if (s->why.rc != RC_OK)
            printf(" (BG-%04d)", s->why.rc);
        else if (!same_block(&s->block, b))
            printf(": slot %llu", (unsigned long long)s->block.slot);
        putchar('\n');
    }
    checkpoint_text_boundary(stdout, net, b->slot);
    printf("\nfor the image's configuration, once sources that you trust name the same root:\n");
    for_config(b->root, b->slot);
}

static enum rc show_said(struct head_search *h, const struct cli *cli, const struct config *c,
                         struct err *err)
{
    struct said said[LIMIT_URLS] = {0};
    const struct said *best = NULL;
    char failures[ERR_DETAIL_MAX];
    TRY(ask(h->a, c, h->now, &h->nodes, h->turn, said, err));
    TRY(choose(said, h->nodes.n, &best, err));
    if (!best) {
        (void)nodes_failures(&h->nodes, failures, sizeof failures);
        return err_set(err, BG_CHECKPOINT_NO_NODE, "%s", failures);
    }
    if (cli->quiet)
        return RC_OK;
    if (cli->json)
        said_json(c, said, h->nodes.n, best);
    else
        said_text(c, said, h->nodes.n, best);
    return RC_OK;
}

enum rc checkpoint_live(struct arena *a, const struct cli *cli, const struct config *c,
                        struct err *err)
{
    AUTO_BUNDLE bundle = {0};
    uint64_t now = cli->given & OPT_AT ? cli->at : clock_now();
    uint64_t seconds = cli->timeout ? cli->timeout : LIMIT_RUN_SECONDS;
    struct turn turn = {.deadline_ms = clock_ms() + seconds * 1000u};
    struct head_search h = {.a = a, .bundle = &bundle, .turn = &turn, .now = now};
    if (c->beacon.n == 0)
        return err_set(err, BG_CHECKPOINT_NO_BEACON, "%s", "");
    nodes_init(&h.nodes, &c->beacon, false);
    if (!c->has_checkpoint && c->checkpoints.n == 0)
        return show_said(&h, cli, c, err);
    TRY(bundle_init(&bundle, err));
    enum rc rc = show_proven(&h, cli, c, err);
    head_close(&h);
    return rc;
}
