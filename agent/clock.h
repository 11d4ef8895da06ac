/* clock: the host's clock (read nowhere else) and times as people write them. */
#ifndef BOOTGATE_AGENT_CLOCK_H
#define BOOTGATE_AGENT_CLOCK_H

#include "base/bytes.h"

/* clock_now: Unix seconds by the host's clock: nobody vouches for it. */
uint64_t clock_now(void);
/* clock_ms: milliseconds of a clock that only goes forward, for deadlines. */
uint64_t clock_ms(void);
/* clock_us: microseconds of the same clock, for how long something took. */
uint64_t clock_us(void);
/*
 * clock_read reads Unix seconds ("1772492400"), "2026-03-03" or "2026-03-03T00:00:00Z" (UTC only);
 * 1970 to 9999. False: none of these.
 */
bool clock_read(struct bytes text, uint64_t *out) __attribute__((warn_unused_result));

#endif
