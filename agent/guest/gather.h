/*
 * gather: everything that evidence from this guest is made of, one part after the other. Run in the
 * collecting process (agent/collect.h), which has files and devices but neither key nor network.
 */
#ifndef BOOTGATE_AGENT_GUEST_GATHER_H
#define BOOTGATE_AGENT_GUEST_GATHER_H

#include "agent/config.h"
#include "agent/sandbox.h"
#include "agent/guest/qgs_link.h"
#include "agent/guest/td_device.h"
#include "agent/guest/tsm.h"

#define GATHER_PATHS 8u

struct gather {
    const struct config *config;
    const uint8_t *report_data; /* 64 bytes */
    struct tsm tsm;
    struct td_device device;
    struct qgs_link qgs;
    struct sandbox_path may[GATHER_PATHS]; /* of files and devices, what the process may touch */
    size_t num_may;
};

/* gather_init: what is to be asked, by that name and until then; clock_ms(). */
enum rc gather_init(struct arena *a, const struct config *c, const uint8_t report_data[static 64],
                    const char *entry, uint64_t deadline_ms, struct gather *out,
                    struct err *err) MUST_CHECK;
/* gather_open: what is to be open before the process is confined: sockets of the test build. */
void gather_open(struct gather *g);
/*
 * gather_text: a bundle with evidence, and with collateral where the quote generation service gave
 * some and no other place is configured. The quote comes first, the TDREPORT last: a register that
 * moves in between differs (quote/local_report.h).
 */
enum rc gather_text(struct arena *a, const struct gather *g, struct bytes *out,
                    struct err *err) MUST_CHECK;
/* gather_host_bundle: the file that guest.host_bundle names; empty where there is none. */
enum rc gather_host_bundle(struct arena *a, const struct gather *g, struct bytes *out,
                           struct err *err) MUST_CHECK;

#endif
