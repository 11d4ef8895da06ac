/*
 * decide: the one place where a yes is made. Zero is deny; VERDICT_ALLOW is set on one line of the
 * tree (policy/decide.c), from a chain result that allows, checks that all passed, and the
 * assurances the configuration demands.
 */
#ifndef BOOTGATE_POLICY_DECIDE_H
#define BOOTGATE_POLICY_DECIDE_H

#include "policy/chain.h"

enum verdict_decision { VERDICT_NONE = 0, VERDICT_DENY, VERDICT_ALLOW = 0x5a };

/* What a verdict can be good for (DESIGN section 6). */
enum verdict_kind { VERDICT_LIVE = 1, VERDICT_REPLAY, VERDICT_PREDICTION, VERDICT_QUERY };

enum freshness { FRESH_HOST_CLOCK = 0, FRESH_FLOOR, FRESH_AUTHENTICATED_TIME, FRESH_NONCE };

struct verdict {
    enum verdict_decision decision;
    enum rc code;       /* why not; RC_OK when allowed */
    const char *reason; /* one line */
};

/* policy_decide: every FAIL in checks denies, the first one names the reason. */
void policy_decide(const struct checks *checks, const struct chain_result *chain,
                   struct verdict *out);
/* verdict_is_allow is the only reader of a decision. */
bool verdict_is_allow(const struct verdict *v);

#endif
