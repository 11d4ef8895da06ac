/*
 * notify: sd_notify(3) without libsystemd: one datagram to the socket that NOTIFY_SOCKET names. The
 * name comes from the service manager of this guest: it is used, never believed to be more than a
 * place to write to. Every call ends within a second.
 */
#ifndef BOOTGATE_AGENT_NOTIFY_H
#define BOOTGATE_AGENT_NOTIFY_H

#include <stdint.h>

#include "base/err.h"

#define NOTIFY_TEXT_MAX 400u /* longer status lines are cut */

enum notify_state {
    NOTIFY_STATUS,   /* STATUS= alone */
    NOTIFY_READY,    /* READY=1: who waits for this unit may start */
    NOTIFY_STOPPING, /* STOPPING=1: no READY will come */
};

/*
 * notify_send tells the state, the status line and, unless extend_ms is 0, that this much more time
 * is needed (EXTEND_TIMEOUT_USEC=). RC_OK: it was taken, or nobody asked to be told.
 */
enum rc notify_send(enum notify_state state, const char *status, uint64_t extend_ms,
                    struct err *err) MUST_CHECK;

#endif
