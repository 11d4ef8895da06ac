/*
 * near: the driver of source `near`: follows light client blocks from the checkpoint to a head that
 * is young enough, then proves the contracts' state under it. All is fetched from untrusted nodes;
 * their answers are appended to the bundle, and policy/near judges them.
 */
#ifndef BOOTGATE_AGENT_NEAR_H
#define BOOTGATE_AGENT_NEAR_H

#include "agent/driver.h"
#include "agent/near_code.h"
#include "agent/near_fix.h"
#include "agent/node.h"
#include "policy/near/ask.h"

/* struct near_seen: what a decision rested on, for rendering. */
struct near_seen {
    struct near_result result;
    struct near_head head;
    struct near_code codes[NEAR_CODES];
    size_t num_codes;
    struct near_fix fixes[NEAR_FIXES];
    size_t num_fixes;
};

/* near_run: driver_run for this source; out->head stays NULL, facts->near is set on success. */
enum rc near_run(struct arena *a, const struct driver *d, const struct boot_info *bi,
                 struct bundle *bundle, struct turn *turn, struct checks *checks,
                 struct chain_result *out, struct driver_facts *facts, struct err *err) MUST_CHECK;

#endif
