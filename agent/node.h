/* node: somebody who is asked over the network, trusted with nothing. */
#ifndef BOOTGATE_AGENT_NODE_H
#define BOOTGATE_AGENT_NODE_H

#include "agent/config.h"

struct node {
    const char *url;
    size_t used;    /* memory that its answers took; at most LIMIT_RPC_NODE, then it is left out */
    struct err why; /* how it failed last; RC_OK: it did not */
};

/* struct nodes: those of one kind, and where to begin: with the one that helped last. */
struct nodes {
    struct node v[LIMIT_URLS];
    size_t n, preferred;
};

void nodes_init(struct nodes *ns, const struct url_list *urls, bool offline);
/* node_afford takes an answer's memory off what the node has left. */
enum rc node_afford(struct node *n, struct bytes answer, struct err *err) MUST_CHECK;
/*
 * struct turn: the time of a run, and how often it waited for the network. turn_take begins a
 * request: *out_ms is what it may take when `left` nodes, this one included, are to have their turn
 * before the deadline (0 counts as 1). BG_RPC_DEADLINE.
 */
struct turn {
    uint64_t deadline_ms; /* clock_ms() */
    size_t left, trips;
};
enum rc turn_take(struct turn *t, uint64_t *out_ms, struct err *err) MUST_CHECK;
/* nodes_failed: one of them failed when it was asked last. */
bool nodes_failed(const struct nodes *ns);
/* nodes_failures writes "HOST: why" of each that failed, one after the other; false: none did. */
bool nodes_failures(const struct nodes *ns, char *out, size_t cap);

#endif
