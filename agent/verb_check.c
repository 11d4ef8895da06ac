/*
 * check [FILE]: the whole decision without release. Evidence from a file makes it a replay: its yes
 * is exit status 10, never 0.
 */
#include "agent/session.h"

int verb_check(struct arena *a, const struct cli *cli)
{
    struct session s;
    if (session_open(&s, a, cli, GATE_CHECK, VERDICT_REPLAY, true) == RC_OK)
        (void)!gate_run(a, &s.input, &s.report); /* the report holds the result */
    return session_close(&s);
}
