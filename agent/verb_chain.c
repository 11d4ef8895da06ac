/* chain [FILE]: ask the contract about a boot info, given or from evidence; list what it read. */
#include "agent/session.h"

int verb_chain(struct arena *a, const struct cli *cli)
{
    struct session s;
    if (session_open(&s, a, cli, GATE_ASK, VERDICT_QUERY, true) == RC_OK)
        (void)!session_ask(&s); /* the report holds the result */
    return session_close(&s);
}
