#include "agent/early.h"

#include "agent/node.h"
#include "agent/pcs.h"
#include "quote/tcb.h"

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
    const struct collateral_numbers none = {0};
    return bundle_set_early(a, in->bundle, &early, &none, err);
}

bool early_switch(struct arena *a, const struct bundle *b, struct bytes root, uint64_t now,
                  uint32_t number, struct tcb_switch *out, struct err *why)
{
    struct tcb_numbers *n = NULL;
    if (!b->numbers.text.p)
        return false;
    if (!(n = ARENA_NEW(a, struct tcb_numbers, why)))
        return false;
    return tcb_numbers_verify(a, &b->numbers, b->collateral.root_ca_crl, root, now, n, why) ==
               RC_OK &&
           tcb_numbers_switch(n, number, now, out, why) == RC_OK;
}

/* ask_numbers: of one service; they go into the bundle when they say something of the set there. */
static enum rc ask_numbers(struct arena *a, const struct gate_input *in,
                           const struct collateral_need *need, const char *url, uint64_t ms,
                           uint32_t number, struct err *why, struct err *err)
{
    struct tcb_switch ignored;
    struct bundle tried = *in->bundle; /* a view */
    struct pcs_ask ask = {.url = url, .numbers = &tried.numbers};
    TRY(pcs_ask(a, need, &ask, 1, ms, err));
    *why = ask.why;
    if (why->rc != RC_OK || !early_switch(a, &tried, in->root, in->now, number, &ignored, why))
        return RC_OK;
    return bundle_set_early(a, in->bundle, &in->bundle->early, &tried.numbers, err);
}

/* fetch_numbers: the first service whose numbers hold. */
static enum rc fetch_numbers(struct arena *a, const struct gate_input *in,
                             const struct collateral_need *need, struct err *why, struct err *err)
{
    const struct url_list *urls = &in->config->guest.collateral;
    struct turn turn = {.deadline_ms = in->deadline_ms, .left = urls->n};
    struct tcb_info info;
    TRY(tcb_info_parse(a, in->bundle->early.tcb_info, &info, err));
    for (size_t i = 0; i < urls->n && !in->bundle->numbers.text.p; i++, turn.left--) {
        struct err one = {0};
        uint64_t ms = 0;
        if (turn_take(&turn, &ms, &one) == RC_OK)
            TRY(ask_numbers(a, in, need, urls->v[i], ms, info.evaluation_number, &one, err));
        if (why->rc == RC_OK)
            *why = one;
    }
    if (in->bundle->numbers.text.p)
        err_clear(why);
    return RC_OK;
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
    if (in->bundle->has_early)
        return fetch_numbers(a, in, &need, why, err);
    (void)!err_set(why, BG_EARLY_NOBODY, "BG-%04d %.280s", (int)first.rc, first.detail);
    return RC_OK;
}
