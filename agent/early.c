#include "agent/early.h"

#include "agent/node.h"
#include "agent/pcs.h"

struct collateral early_set(const struct bundle *b)
{
    struct collateral set = b->collateral;
    collateral_take(&set, &b->early, COLLATERAL_TCB_INFO);
    collateral_take(&set, &b->early, COLLATERAL_QE_IDENTITY);
    return set;
}

/* judge: a set that holds, whatever it says of this quote. */
static bool judge(struct arena *a, const struct gate_input *in, const struct quote *quote,
                  const struct collateral *set, struct err *why)
{
    const struct td_report_ok *ignored;
    enum rc rc = quote_verify(a, quote, set, in->root, in->now, &ignored, why);
    const struct err_info *i = err_info_of((int)rc);
    return rc == RC_OK || (i && i->cls == ERR_POLICY);
}

/* ask_one: both documents of one service. */
static enum rc ask_one(struct arena *a, const struct gate_input *in, const struct quote *quote,
                       const struct collateral_need *need, const char *url, uint64_t ms,
                       struct err *why, struct err *err)
{
    struct collateral early = {0}, set = in->bundle->collateral;
    struct pcs_ask ask[] = {
        {.doc = COLLATERAL_TCB_INFO, .early = true, .url = url, .out = &early},
        {.doc = COLLATERAL_QE_IDENTITY, .early = true, .url = url, .out = &early},
    };
    TRY(pcs_ask(a, need, ask, 2, ms, err));
    for (size_t i = 0; i < 2; i++)
        if (ask[i].why.rc != RC_OK) {
            *why = ask[i].why;
            return RC_OK;
        }
    collateral_take(&set, &early, COLLATERAL_TCB_INFO);
    collateral_take(&set, &early, COLLATERAL_QE_IDENTITY);
    err_clear(why);
    if (!judge(a, in, quote, &set, why))
        return RC_OK;
    err_clear(why);
    return bundle_set_early(a, in->bundle, &early, err);
}

enum rc early_fetch(struct arena *a, const struct gate_input *in, const struct quote *quote,
                    struct err *why, struct err *err)
{
    const struct url_list *urls = &in->config->guest.collateral;
    struct turn turn = {.deadline_ms = in->deadline_ms, .left = urls->n};
    struct collateral_need need;
    struct err first = {0};
    if (in->bundle->has_early || in->offline || !urls->n)
        return RC_OK;
    if (collateral_need_of(a, quote, in->root, &need, why) != RC_OK)
        return RC_OK;
    for (size_t i = 0; i < urls->n && !in->bundle->has_early; i++, turn.left--) {
        struct err one = {0};
        uint64_t ms = 0;
        if (turn_take(&turn, &ms, &one) == RC_OK)
            TRY(ask_one(a, in, quote, &need, urls->v[i], ms, &one, err));
        if (first.rc == RC_OK)
            first = one;
    }
    if (!in->bundle->has_early)
        (void)!err_set(why, BG_EARLY_NOBODY, "BG-%04d %.280s", (int)first.rc, first.detail);
    return RC_OK;
}
