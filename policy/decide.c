#include "policy/decide.h"

/* refusal: why there is no yes; NULL: nothing stands against one. */
static const char *refusal(const struct checks *checks, const struct chain_result *chain,
                           enum rc *out_code)
{
    const struct check *failed = checks_failed(checks);
    if (failed) {
        const struct err_info *info = err_info_of((int)failed->code);
        /* A FAIL without a code of its own is a defect; it still refuses. */
        *out_code = info ? failed->code : BG_DECIDE_NO_CODE;
        if (chain && chain->say == CHAIN_DENIES && chain->code == failed->code && chain->reason &&
            chain->reason[0])
            return chain->reason;
        return info ? info->text : failed->id;
    }
    if (!chain || chain->say == CHAIN_UNDECIDED) {
        *out_code = BG_DECIDE_UNDECIDED;
        return "the contract was not asked";
    }
    if (chain->say != CHAIN_ALLOWS) {
        *out_code = chain->code ? chain->code : BG_DECIDE_DENIED;
        return chain->reason && chain->reason[0] ? chain->reason : "the contract says no";
    }
    return NULL;
}

void policy_decide(const struct checks *checks, const struct chain_result *chain,
                   struct verdict *out)
{
    enum rc code = RC_OK;
    const char *why = refusal(checks, chain, &code);
    *out = (struct verdict){.decision = VERDICT_DENY, .code = code, .reason = why};
    if (!why && chain->say == CHAIN_ALLOWS) {
        out->reason = "allowed";
        out->decision = VERDICT_ALLOW;
    }
}

bool verdict_is_allow(const struct verdict *v)
{
    return v->decision == VERDICT_ALLOW;
}
