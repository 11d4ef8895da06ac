/*
 * hints: the y-coordinates of committees' keys, so that whoever goes the same way again needs no
 * square roots. Nothing rests on them: each is checked on the curve and against its key's sign.
 */
#ifndef BOOTGATE_AGENT_HINTS_H
#define BOOTGATE_AGENT_HINTS_H

#include "base/json.h"
#include "policy/beacon/network.h"

/*
 * hints_add adds to `hints` (a bundle's committee_keys) an entry for each committee in `entries` (a
 * bundle's beacon) that has none, up to LIMIT_COMMITTEES. What can't be read is passed over.
 */
enum rc hints_add(struct arena *a, const struct beacon_network *n, const json_t *entries,
                  json_t *hints, struct err *err) MUST_CHECK;

#endif
