/*
 * shape: what of a light-client container depends on the fork, for the readers and the store only.
 * Generalized indices: consensus-specs altair/light-client/sync-protocol.md "Constants", and
 * electra's, where the state has more than 32 fields; fulu changes nothing.
 */
#ifndef BOOTGATE_POLICY_BEACON_SHAPE_H
#define BOOTGATE_POLICY_BEACON_SHAPE_H

#include "policy/beacon/types.h"

#define LC_EXECUTION_GINDEX 25u /* execution_payload in BeaconBlockBody */

struct lc_shape {
    enum beacon_fork fork;
    bool execution; /* headers carry an execution payload header: Capella on */
    bool blob_gas;  /* and that has 17 fields: Deneb on */
    uint64_t finality_gindex, current_gindex, next_gindex;
    size_t finality_nodes, committee_nodes; /* their depths */
};

/* lc_shape_at: of containers whose (attested) header is at this slot. False: before Altair. */
bool lc_shape_at(const struct beacon_network *n, uint64_t slot, struct lc_shape *out) MUST_CHECK;
/*
 * lc_header_settle: a container of one fork may hold a finalized header of the fork before it, in
 * the newer shape with the new fields empty (the fork.md of each fork). Takes those fields away
 * again, so that has_execution and has_blob_gas say what the header's own slot says. False: they
 * were not empty.
 */
bool lc_header_settle(const struct beacon_network *n, struct lc_header *h) MUST_CHECK;
/* lc_header_is_empty: LightClientHeader(), all its values zero. */
bool lc_header_is_empty(const struct lc_header *h) MUST_CHECK;

#endif
