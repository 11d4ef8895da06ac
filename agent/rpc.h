/*
 * rpc: needs as JSON-RPC calls to an execution node, and its answers as bundle entries. An answer
 * is matched to its call by id and recorded as it came; whether it is true is for proofs to say.
 */
#ifndef BOOTGATE_AGENT_RPC_H
#define BOOTGATE_AGENT_RPC_H

#include "base/json.h"
#include "policy/needs.h"

/* rpc_call_of: {"method": .., "params": [..]} for a need; a new reference, NULL: no memory. */
json_t *rpc_call_of(const struct need *need);
/* struct rpc_node: an execution node, and how much memory its answers have taken so far. */
struct rpc_node {
    const char *url;
    size_t used; /* at most LIMIT_RPC_NODE, or the node is asked no more */
};
/*
 * rpc_ask sends `calls` (array of rpc_call_of) to one node: as one batch, or one by one where the
 * node takes no batches. Appends {method, params, result} to `entries` for each answer that has a
 * result. Fails when there was none at all; the detail says what the node said instead.
 */
enum rc rpc_ask(struct rpc_node *node, const json_t *calls, uint64_t deadline_ms, json_t *entries,
                struct err *err) MUST_CHECK;
/* rpc_collect: the second half of rpc_ask, on a body at hand: at most one answer to each call.
 * *out_single: not a batch answer. */
enum rc rpc_collect(struct bytes body, const json_t *calls, json_t *entries, bool *out_single,
                    struct err *err) MUST_CHECK;

#endif
