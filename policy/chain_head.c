#include "policy/chain_head.h"

#include "base/hex.h"
#include "base/limits.h"
#include "policy/chain_state.h"
#include "policy/head_make.h"

const struct head_facts *head_facts_of(const struct chain_head *h)
{
    return &h->facts;
}

enum rc chain_head_pinned(struct arena *a, const struct answers *answers,
                          const uint8_t block_hash[static 32], struct needs *needs,
                          const struct chain_head **out_head, struct err *last_bad, struct err *err)
{
    /* Asked again in each round: the headers rebuilt on the way must not add up. */
    AUTO_ARENA scratch = arena_new(LIMIT_ARENA);
    struct eth_header h;
    bool found;
    *out_head = NULL;
    if (!scratch)
        return err_set(err, BG_CHAIN_HEAD_SCRATCH, "%u bytes", LIMIT_ARENA);
    TRY(chain_header_find(scratch, answers, block_hash, &h, &found, last_bad, err));
    if (!found)
        return needs_add(a, needs, NEED_HEADER, true, 0, block_hash, NULL, NULL, err);
    struct chain_head *head = ARENA_NEW(a, struct chain_head, err);
    if (!head)
        return err->rc;
    head->facts = (struct head_facts){.header = h, .assurance = "pinned"};
    *out_head = head;
    return RC_OK;
}

/* foreign: in what the head is not the one that the configuration means; NULL: it is. */
static const char *foreign(const struct chain_config *cfg, const struct head_facts *f)
{
    if (cfg->source == CHAIN_PINNED) {
        if (f->by_light_client)
            return "it was not pinned";
        return memcmp(f->header.hash, cfg->block_hash, 32) == 0 ? NULL : "another block is pinned";
    }
    const struct lc_config *lc = &cfg->light_client;
    const char *wanted = lc->head == LC_HEAD_FINALIZED  ? "finalized"
                         : lc->head == LC_HEAD_ATTESTED ? "attested"
                                                        : NULL;
    if (!f->by_light_client)
        return "no light client proved it";
    if (!wanted || strcmp(wanted, f->assurance) != 0)
        return "another kind of head is wanted";
    if (memcmp(f->checkpoint_root, lc->checkpoint.root, 32) != 0)
        return "it stands on another checkpoint";
    return f->slot < lc->floor_slot ? "it lies below the floor" : NULL;
}

enum rc chain_head_ok(const struct chain_config *cfg, const struct chain_head *head,
                      struct err *err)
{
    if (!head)
        return err_set(err, BG_CHAIN_NO_HEAD, "source %d", (int)cfg->source);
    const char *why = foreign(cfg, &head->facts);
    if (why)
        return err_set(err, BG_CHAIN_HEAD_FOREIGN, "block %llu: %s",
                       (unsigned long long)head->facts.header.number, why);
    const struct beacon_network *n = cfg->light_client.network;
    if (cfg->source == CHAIN_ETHEREUM && n && n->chain_id && n->chain_id != cfg->chain_id)
        return err_set(err, BG_CHAIN_NETWORK, "chain id %llu, and %s has %llu",
                       (unsigned long long)cfg->chain_id, n->name, (unsigned long long)n->chain_id);
    return RC_OK;
}

enum rc chain_head_fork(const struct chain_config *cfg, const struct head_facts *f,
                        enum eth_fork *out, struct err *err)
{
    if (f->by_light_client)
        return eth_fork_of_beacon(&f->header, f->fork, cfg->chain_id, cfg->el_forks,
                                  cfg->num_el_forks, out, err);
    return eth_fork_of(&f->header, cfg->chain_id, cfg->el_forks, cfg->num_el_forks, out, err);
}

/* source_of says what vouches for the block; NULL: no memory. */
static const char *source_of(struct arena *a, const struct head_facts *f, struct err *err)
{
    if (!f->by_light_client)
        return "the pinned block hash, recomputed from the header";
    char *root = hex_str(a, BYTES_OF_ARRAY(f->checkpoint_root), err);
    if (!root)
        return NULL;
    return arena_printf(a, err,
                        "the sync committee's signature, %zu of %zu, over %s slot %llu, from "
                        "checkpoint 0x%s at slot %llu by %zu update%s",
                        f->participants, f->committee_size, f->network, (unsigned long long)f->slot,
                        root, (unsigned long long)f->checkpoint_slot, f->updates,
                        f->updates == 1 ? "" : "s");
}

enum rc chain_head_checks(struct arena *a, const struct chain_config *cfg,
                          const struct head_facts *f, uint64_t now, struct checks *cs,
                          struct err *err)
{
    const struct eth_header *h = &f->header;
    uint64_t age = now > h->timestamp ? now - h->timestamp : 0;
    const char *source = source_of(a, f, err);
    char *hash = source ? hex_str(a, BYTES_OF_ARRAY(h->hash), err) : NULL;
    char *actual = hash ? arena_printf(a, err, "0x%s", hash) : NULL;
    char *old = actual ? arena_printf(a, err, "%llu s", (unsigned long long)age) : NULL;
    char *limit =
        old ? arena_printf(a, err, "at most %llu s", (unsigned long long)cfg->max_head_age) : NULL;
    if (!limit)
        return err->rc;
    TRY(checks_add(a, cs,
                   (struct check){.id = "chain.header",
                                  .status = CHECK_PASS,
                                  .expected = actual,
                                  .actual = actual,
                                  .source = source},
                   err));
    return checks_add(a, cs,
                      (struct check){.id = "chain.age",
                                     .status = cfg->max_head_age ? CHECK_PASS : CHECK_NOT_RUN,
                                     .expected = cfg->max_head_age ? limit : "no limit is set",
                                     .actual = old,
                                     .source = "chain.max_head_age"},
                      err);
}
