/*
 * proofs: the question put to the contract at one proven block: asks the pure core, fetches the
 * state it lacks from any of several untrusted execution nodes, appends the answers to the bundle,
 * asks again; bounded in rounds and time.
 */
#ifndef BOOTGATE_AGENT_PROOFS_H
#define BOOTGATE_AGENT_PROOFS_H

#include "agent/bundle.h"
#include "agent/node.h"
#include "policy/chain.h"

/* struct asked: which question (one account, code or slot) went to which node, so that none is put
 * to the same one twice: a node that proves one slot at a time must not use up our rounds. */
struct asked {
    uint8_t question[32];
    size_t node;
};

/* struct proofs: what stands above the gap is the caller's. */
struct proofs {
    struct arena *a;
    const struct chain_config *chain;
    enum chain_question question;
    const struct boot_info *bi;
    struct bundle *bundle; /* answers are appended to rpc */
    struct nodes nodes;
    struct turn *turn;
    uint64_t now;

    struct asked *asked;
    size_t num_asked;
};

/*
 * proofs_run: on success out->say is a decision and its checks were appended. head NULL: the source
 * is a pinned block, whose header is fetched as well. *out keeps views into bundle->rpc.
 */
enum rc proofs_run(struct proofs *p, const struct chain_head *head, struct checks *checks,
                   struct chain_result *out, struct err *err) MUST_CHECK;

#endif
