/*
 * beacon: needs as requests to a beacon node's REST API (beacon-APIs, /eth/v1/beacon/light_client),
 * and its answers as bundle entries, as they came: JSON or SSZ, by their content type. Whether they
 * are true is for the light client to say.
 */
#ifndef BOOTGATE_AGENT_BEACON_H
#define BOOTGATE_AGENT_BEACON_H

#include "agent/node.h"
#include "base/json.h"
#include "policy/needs.h"

#define BEACON_PATH 128u

/* beacon_path: the path of a need, without host; false: it is no beacon need. */
bool beacon_path(const struct need *need, char out[static BEACON_PATH]);
/*
 * beacon_ask asks one node for paths[0..n), all at once: one round trip. Appends {path, result} or
 * {path, ssz} to `entries` for each answer. Fails, with why in node->why, when there was none.
 */
enum rc beacon_ask(struct node *node, struct turn *turn, const char (*paths)[BEACON_PATH], size_t n,
                   json_t *entries, struct err *err) MUST_CHECK;

#endif
