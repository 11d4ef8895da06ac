/*
 * qgs_link: the quote generation service of the host, by vsock: the way to a quote that needs no
 * configfs-tsm, and one to collateral (quote/qgs.h has the messages). To be called where vsock is
 * allowed (SANDBOX_COLLECT). Nothing of what comes is authentic.
 */
#ifndef BOOTGATE_AGENT_GUEST_QGS_LINK_H
#define BOOTGATE_AGENT_GUEST_QGS_LINK_H

#include "quote/qgs.h"

struct qgs_link {
    uint32_t cid, port;   /* port 0: it is not to be asked: BG_QGS_NOT_ASKED */
    int socket;           /* what the test build asks in place of vsock; -1: vsock */
    uint64_t deadline_ms; /* clock_ms() */
};

/* qgs_link_quote: a quote of that TDREPORT. */
enum rc qgs_link_quote(struct arena *a, const struct qgs_link *l,
                       const uint8_t report[static QGS_REPORT_SIZE], struct bytes *out,
                       struct err *err) MUST_CHECK;
/* qgs_link_collateral: what the service has for the platform of that quote's PCK certificate. */
enum rc qgs_link_collateral(struct arena *a, const struct qgs_link *l, struct bytes quote,
                            struct collateral *out, struct err *err) MUST_CHECK;

#endif
