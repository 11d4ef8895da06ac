#include "agent/node.h"

#include <stdio.h>

#include "agent/clock.h"
#include "agent/fetch.h"
#include "base/json.h"

/* What a JSON value takes in memory, about: few need more, none over 256. */
#define VALUE_BYTES 256u

void nodes_init(struct nodes *ns, const struct url_list *urls, bool offline)
{
    *ns = (struct nodes){.n = offline ? 0 : urls->n};
    for (size_t i = 0; i < ns->n; i++)
        ns->v[i].url = urls->v[i];
}

enum rc node_afford(struct node *n, struct bytes answer, struct err *err)
{
    size_t needed = answer.n + VALUE_BYTES * json_values(answer); /* both below 2^24 */
    bool fits = n->used <= LIMIT_RPC_NODE && needed <= LIMIT_RPC_NODE - n->used;
    n->used = fits ? n->used + needed : LIMIT_RPC_NODE;
    return fits ? RC_OK : err_set(err, BG_RPC_NODE_TOO_MUCH, "%zu bytes", answer.n);
}

enum rc turn_take(struct turn *t, uint64_t *out_ms, struct err *err)
{
    uint64_t now = clock_ms();
    if (now >= t->deadline_ms)
        return err_set(err, BG_RPC_DEADLINE, "%zu round trips", t->trips);
    uint64_t ms = (t->deadline_ms - now) / (t->left ? t->left : 1);
    uint64_t cap = LIMIT_HTTP_SECONDS * 1000u;
    *out_ms = ms > cap ? cap : ms ? ms : 1;
    t->trips++;
    return RC_OK;
}

bool nodes_failed(const struct nodes *ns)
{
    for (size_t i = 0; i < ns->n; i++)
        if (ns->v[i].why.rc != RC_OK)
            return true;
    return false;
}

bool nodes_failures(const struct nodes *ns, char *out, size_t cap)
{
    size_t at = 0;
    for (size_t i = 0; i < ns->n; i++) {
        const struct err *why = &ns->v[i].why;
        const struct err_info *info = err_info_of((int)why->rc);
        char host[FETCH_HOST];
        fetch_url_host(ns->v[i].url, host, sizeof host);
        if (why->rc == RC_OK || at >= cap)
            continue;
        /* A detail that has the host itself says all; any other needs the sentence before it. */
        if (strncmp(why->detail, host, strlen(host)) == 0)
            host[0] = '\0';
        const char *what = host[0] ? info ? info->text : "failed" : "";
        const char *detail = why->detail;
        int n = snprintf(out + at, cap - at, "%s%s%s%s%s%s", at ? "; " : "", host,
                         host[0] ? ": " : "", what, what[0] && detail[0] ? ": " : "", detail);
        at += n > 0 ? (size_t)n : 0;
    }
    return at > 0;
}
