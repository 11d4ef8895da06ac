/*
 * outcome: what the machine and its owner get to know of a boot, and what becomes of the machine
 * (DESIGN section 4.6). Told are: the service manager (sd_notify), dstack's host API, the console
 * (one line on standard error), and the last-failure record. Nothing here is needed for the
 * decision, nothing may delay it without bound, and no process of another program is ever started.
 *
 *   `boot`  outcome_stage .. outcome_end: tells; it never ends the machine
 *   `shut`  outcome_end where boot could not, then outcome_stop: ends the machine
 *
 * That only `shut` ends the machine has two reasons. It runs whatever became of boot: denied,
 * killed, crashed, or never started. And `boot`, typed by somebody on a machine that is no guest,
 * takes nobody's work away.
 */
#ifndef BOOTGATE_AGENT_OUTCOME_H
#define BOOTGATE_AGENT_OUTCOME_H

#include "agent/config.h"

#define OUTCOME_LINE 480u /* room for what outcome_line writes */

/* struct outcome_to: whom to tell. */
struct outcome_to {
    struct arena *a;
    const struct config *config; /* NULL: none could be read; then nobody but systemd and console */
    bool quiet;                  /* nothing on standard error */
    bool host_mute;              /* the host API did not answer: progress is told no more */
};

struct outcome {
    int status;     /* of the process: 0 allowed, else DESIGN section 6 */
    struct err why; /* RC_OK: it is a yes */
    uint64_t time;  /* Unix seconds, by the host's clock */
};

/* outcome_line: "BG-0952 the contract says no: DETAIL", printable ASCII, one line, no secrets. */
void outcome_line(const struct err *why, char out[static OUTCOME_LINE]);

/* outcome_stage tells where the boot is, and that it may take extend_ms from now. Call it with
 * tell_host only when the door is shut: the host is asked nothing before. Failures are silent. */
void outcome_stage(struct outcome_to *to, const char *stage, uint64_t extend_ms, bool tell_host);
/* outcome_end: a yes says READY=1 and ends the count of failures; a no is told to everybody. Call
 * it when there are no secrets and no TPM any more. */
void outcome_end(struct outcome_to *to, const struct outcome *o);
/* outcome_failures: how many failures in a row the record of this boot counts; 0: it has none. */
uint32_t outcome_failures(struct arena *a);

#define OUTCOME_BACK_OFF     10u  /* seconds before a reboot after the first failure; doubles */
#define OUTCOME_BACK_OFF_MAX 900u /* seconds */
/* outcome_back_off: seconds before the reboot that follows this many failures in a row. */
uint32_t outcome_back_off(uint32_t failures);
/*
 * outcome_stop ends the machine: file systems synced (10 s at most), then reboot(2) as `action`
 * says, a reboot after its back-off. Returns only if the kernel refuses, or in the test build,
 * which says on standard error what would have been done.
 */
enum rc outcome_stop(enum denied_action action, uint32_t failures, struct err *err) MUST_CHECK;

#endif
