/*
 * config_near: the members of `chain` when its source is near (bootgate(5)). network_id and
 * contract_id are named as in dstack's [core.auth_api.near]; the nodes stand in `rpc`, as for every
 * source: dstack's rpc_url has one place to go, not two.
 */
#ifndef BOOTGATE_AGENT_CONFIG_NEAR_H
#define BOOTGATE_AGENT_CONFIG_NEAR_H

#include "agent/config.h"
#include "base/json.h"

/* config_near_read reads `chain`; everything lives in the arena. */
enum rc config_near_read(struct arena *a, const json_t *chain, struct config *out,
                         struct err *err) MUST_CHECK;
/*
 * config_near_settle: what hangs on other members of the whole configuration `j`, once they are
 * read: where something is released a code hash must be pinned or waived in so many words, and
 * rules about EVM code are refused.
 */
enum rc config_near_settle(const json_t *j, struct config *c, struct err *err) MUST_CHECK;

#endif
