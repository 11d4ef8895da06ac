/*
 * collect: evidence from the machine that we run in, taken in a process of its own that has files
 * and devices but no network and no key (DESIGN sections 3 and 4). What it hands back are bytes: a
 * bundle's text, for the deciding process to parse.
 */
#ifndef BOOTGATE_AGENT_COLLECT_H
#define BOOTGATE_AGENT_COLLECT_H

#include "agent/config.h"
#include "agent/watch.h"

#define COLLECT_TRIES   3u         /* when an RTMR moved in between */
#define COLLECT_MAX     (4u << 20) /* bytes of the bundle's text */
#define COLLECT_SECONDS 100u       /* the kernel waits 30 for a quote, and is asked up to 3 times */
#define REPORT_DATA     64u

struct collected {
    struct bytes evidence;    /* text of a bundle: `evidence`, and `collateral` where the quote
                               * generation service gave some */
    struct bytes host_bundle; /* text that the host put there, if guest.host_bundle is configured;
                               * of it only rpc, beacon and collateral may be taken; or empty */
    uint8_t report_data[REPORT_DATA]; /* what the quote was asked to carry */
};

/*
 * collect_report_data makes what a quote is asked to carry: SHA-512("bootgate/quote/v1" || 32 bytes
 * of getrandom || SHA-256 of the effective configuration). The same never comes twice.
 */
enum rc collect_report_data(const struct config *c, uint8_t out[static REPORT_DATA],
                            struct err *err) MUST_CHECK;
/* collect_run: a new quote with new report data, and all that goes with it. */
enum rc collect_run(struct arena *a, const struct config *c, const struct watch *w,
                    struct collected *out, struct err *err) MUST_CHECK;
/* collect_with: the same with the report data of out->report_data, for who binds something else. */
enum rc collect_with(struct arena *a, const struct config *c, const struct watch *w,
                     struct collected *out, struct err *err) MUST_CHECK;
/* collect_moved: a register was extended while evidence was taken: it is to be taken again. */
bool collect_moved(enum rc rc);
/* collect_possible: this machine has a device of a TD, or --guest-root was given. */
bool collect_possible(const struct config *c);

#endif
