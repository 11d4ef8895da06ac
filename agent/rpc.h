/*
 * rpc: needs as JSON-RPC calls to an execution node, and its answers as bundle entries. An answer
 * is matched to its call by id and recorded as it came; whether it is true is for proofs to say.
 */
#ifndef BOOTGATE_AGENT_RPC_H
#define BOOTGATE_AGENT_RPC_H

#include "agent/node.h"
#include "base/json.h"
#include "policy/needs.h"

/* rpc_call_of: {"method": .., "params": [..]} for a need; a new reference, NULL: no memory. */
json_t *rpc_call_of(const struct need *need);
/*
 * rpc_ask sends `calls` (array of rpc_call_of) to one node: as one batch, or one by one where the
 * node takes no batches. Appends {method, params, result} to `entries` for each answer that has a
 * result. Fails when there was none at all; the detail says what the node said instead.
 */
enum rc rpc_ask(struct node *node, struct turn *turn, const json_t *calls, json_t *entries,
                struct err *err) MUST_CHECK;
/*
 * rpc_ask_each sends every call by itself, FETCH_GETS of them at the same time: for nodes of a kind
 * that takes no batches. Otherwise as rpc_ask; node->why says of one that had no answer, also then.
 */
enum rc rpc_ask_each(struct node *node, struct turn *turn, const json_t *calls, json_t *entries,
                     struct err *err) MUST_CHECK;
/* rpc_text: calls[i] as a request, to send by itself; the caller's to free, NULL: no memory. */
char *rpc_text(const json_t *calls, size_t i);
/* rpc_collect: the second half of rpc_ask, on a body at hand: at most one answer to each call.
 * *out_single: not a batch answer. */
enum rc rpc_collect(struct bytes body, const json_t *calls, json_t *entries, bool *out_single,
                    struct err *err) MUST_CHECK;

#endif
