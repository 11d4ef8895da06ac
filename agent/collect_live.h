/*
 * collect_live: evidence from this machine for the tools: taken until nothing moved in between, and
 * put into a bundle. For processes that hold no key: they parse what they collected.
 */
#ifndef BOOTGATE_AGENT_COLLECT_LIVE_H
#define BOOTGATE_AGENT_COLLECT_LIVE_H

#include "agent/bundle.h"
#include "agent/collect.h"

/*
 * collect_live adds evidence, and what the host's bundle may add, to b, which has no evidence.
 * report_data: what the quote is to carry; NULL: something new for every try. The quote is of this
 * machine's TDREPORT, but not authentic. deadline_ms: clock_ms().
 */
enum rc collect_live(struct arena *a, const struct config *c, const uint8_t *report_data,
                     uint64_t deadline_ms, struct bundle *b, struct collected *out,
                     struct err *err) MUST_CHECK;

#endif
