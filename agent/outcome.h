/*
 * outcome: what the machine and its owner get to know of a boot, and what becomes of the machine
 * (DESIGN section 4.6): systemd's notify socket, dstack's host API, a last-failure record, then
 * power off, halt or reboot. Nothing here is needed for the decision, nothing here may delay it
 * without bound, and nothing here runs a shell.
 */
#ifndef BOOTGATE_AGENT_OUTCOME_H
#define BOOTGATE_AGENT_OUTCOME_H

#include "agent/config_guest.h"

struct outcome {
    int status;           /* of the process: 0 allowed, else DESIGN section 6 */
    enum rc code;         /* why not; RC_OK: it is a yes */
    struct bytes report;  /* rendered by the deciding process; may be empty */
    const char *sentence; /* one line for people, no secrets; NULL: the code's own */
};

/* outcome_stage tells systemd (STATUS=, EXTEND_TIMEOUT_USEC=) and, if configured, the host
 * (boot.progress) where the boot is. Failures are silent. */
void outcome_stage(const struct guest_config *g, const char *stage, uint64_t extend_ms);
/* outcome_end: a yes says READY=1; a no is told to systemd and the host (boot.error, the code and
 * one line) and left as the last-failure record. */
void outcome_end(const struct guest_config *g, const struct outcome *o);
/*
 * outcome_stop ends the machine as `denied` says: sync, then power off, halt, or reboot after a
 * back-off that grows with the failures counted in the last-failure record. Returns only if the
 * kernel refuses.
 */
enum rc outcome_stop(const struct guest_config *g, struct err *err) MUST_CHECK;

#endif
