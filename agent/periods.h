/*
 * periods: how long each thing that a report rests on is good: documents of the platform, the
 * checkpoint and the head of the chain. Only what was authenticated, or was configured.
 */
#ifndef BOOTGATE_AGENT_PERIODS_H
#define BOOTGATE_AGENT_PERIODS_H

#include "agent/report.h"

#define PERIODS_MAX (DATED_MAX + 2u)

struct period {
    const char *what, *anchor; /* static: "PCK CRL", who vouches for the dates */
    uint64_t from, until;      /* Unix seconds; of a block: until it is too old for us */
    bool ends;                 /* false: no age is configured, and until is 0 */
};

/* report_periods fills out in the order of checking and returns how many. */
size_t report_periods(const struct report *r, struct period out[static PERIODS_MAX]);

#endif
