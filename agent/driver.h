/*
 * driver: gets a chain result. Asks the pure core, fetches what it needs from any of several
 * untrusted nodes, appends the answers to the bundle, asks again; bounded in rounds and time.
 */
#ifndef BOOTGATE_AGENT_DRIVER_H
#define BOOTGATE_AGENT_DRIVER_H

#include "agent/bundle.h"
#include "policy/chain.h"

struct driver {
    const struct chain_config *chain;
    enum chain_question question;
    const char *const *urls; /* execution nodes; none: only the bundle */
    size_t num_urls;
    uint64_t now;
};

/*
 * driver_run: on success out->say is a decision and its checks were appended. What the nodes
 * answered is appended to bundle->rpc, also on failure. *out keeps views into bundle->rpc.
 */
enum rc driver_run(struct arena *a, const struct driver *d, const struct boot_info *bi,
                   struct bundle *bundle, struct checks *checks, struct chain_result *out,
                   struct err *err) MUST_CHECK;

#endif
