/* own_log: a plan's events into RTMR3 and dstack's log, under dstack's lock (agent/guest/own.h). */
#ifndef BOOTGATE_AGENT_GUEST_OWN_LOG_H
#define BOOTGATE_AGENT_GUEST_OWN_LOG_H

#include "agent/guest/td_device.h"
#include "quote/app_plan.h"

/* own_log_write: RTMR3 must be zero and no log there. RC_OK: the register has what the log says. */
enum rc own_log_write(const struct td_device *d, const struct app_plan *plan,
                      struct err *err) MUST_CHECK;

#endif
