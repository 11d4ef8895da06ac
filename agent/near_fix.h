/*
 * near_fix: the calls that would turn a no of near-kms' contracts into a yes, by the methods and
 * arguments of near-kms at b329f4b0 (facts/near.md 1, our reading). Whether they should be made is
 * for the contract's owner to say.
 */
#ifndef BOOTGATE_AGENT_NEAR_FIX_H
#define BOOTGATE_AGENT_NEAR_FIX_H

#include "agent/config.h"
#include "policy/near/ask.h"

#define NEAR_FIXES 2u

struct near_fix {
    const char *account, *method;
    const char *args;    /* JSON text */
    const char *command; /* for a shell with NEAR's command line program */
};

/* near_fix_command: the call as a line for a shell. The words are the caller's: nothing is quoted
 * here but the JSON text. */
const char *near_fix_command(struct arena *a, const char *account, const char *method,
                             const char *args, struct err *err);
/*
 * near_fixes: for the denial in `r`; none for a yes or where no call helps. *out_hint: all of them
 * as one next step, with what near_ask had to say; NULL: nothing. All lives in the arena.
 */
enum rc near_fixes(struct arena *a, const struct near_source *s, const struct boot_info *bi,
                   const struct near_result *r, struct near_fix out[static NEAR_FIXES],
                   size_t *out_n, const char **out_hint, struct err *err) MUST_CHECK;

#endif
