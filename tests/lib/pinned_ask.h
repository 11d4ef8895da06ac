/*
 * pinned_ask: a whole attempt with a pinned block, from answers to result: chain_head_pinned, and
 * chain_ask once it has found the header. A configuration of another source, which no pinned head
 * fits, goes to chain_ask without one.
 */
#ifndef BOOTGATE_TESTS_PINNED_ASK_H
#define BOOTGATE_TESTS_PINNED_ASK_H

#include "policy/chain_head.h"

static inline enum rc pinned_ask(struct arena *a, const struct chain_config *cfg,
                                 enum chain_question question, const struct boot_info *bi,
                                 const struct answers *answers, uint64_t now,
                                 struct needs *out_needs, struct checks *checks,
                                 struct chain_result *out, struct err *out_last_bad,
                                 struct err *err)
{
    const struct chain_head *head = NULL;
    struct needs needs = {0};
    err_clear(out_last_bad);
    TRY(chain_head_pinned(a, answers, cfg->block_hash, &needs, &head, out_last_bad, err));
    if (!head && cfg->source == CHAIN_PINNED) {
        *out_needs = needs;
        *out = (struct chain_result){0};
        return RC_OK;
    }
    return chain_ask(a, cfg, head, question, bi, answers, now, out_needs, checks, out, out_last_bad,
                     err);
}

#endif
