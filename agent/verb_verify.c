/* verify FILE: is the quote authentic, what does it prove, does policy object? */
#include "agent/session.h"

int verb_verify(struct arena *a, const struct cli *cli)
{
    struct session s;
    if (session_open(&s, a, cli, GATE_VERIFY, VERDICT_QUERY, false) == RC_OK)
        (void)!gate_run(a, &s.input, &s.report); /* the report holds the result */
    return session_close(&s);
}
