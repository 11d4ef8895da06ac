/*
 * config_chain: the members of the configuration that say where chain state comes from: chain, rpc,
 * beacon, checkpoints, store (bootgate(5)).
 */
#ifndef BOOTGATE_AGENT_CONFIG_CHAIN_H
#define BOOTGATE_AGENT_CONFIG_CHAIN_H

#include "agent/config.h"

/* config_chain_read reads those members of the whole configuration `j`; what the source would not
 * use is refused. Everything in `out` lives in the arena. */
enum rc config_chain_read(struct arena *a, const json_t *j, struct config *out,
                          struct err *err) MUST_CHECK;
/* config_chain_begins: a light client has something to begin at. */
enum rc config_chain_begins(const struct config *c, struct err *err) MUST_CHECK;

#endif
