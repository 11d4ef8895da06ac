/*
 * tsm: a quote by configfs-tsm (Linux 6.7, Documentation/ABI/testing/configfs-tsm-report). An entry
 * of our own is made and taken away again, also when it failed; entries of others are left alone.
 *
 * One answer is one generation: read before the report data is written, one more after it, the same
 * still when the quote was read. A binary attribute is taken over when it is closed, so the second
 * reading comes after that.
 */
#ifndef BOOTGATE_AGENT_GUEST_TSM_H
#define BOOTGATE_AGENT_GUEST_TSM_H

#include "base/arena.h"

#define TSM_REPORTS "/sys/kernel/config/tsm/report"
#define TSM_ENTRY   32u

struct tsm {
    const char *root;      /* NULL: / */
    char entry[TSM_ENTRY]; /* our entry's name */
    uint64_t deadline_ms;  /* clock_ms() */
};

/*
 * tsm_quote asks for a quote with that report data. While the kernel or the host is busy it tries
 * again, a bounded number of times. Nothing of what comes is authentic.
 */
enum rc tsm_quote(struct arena *a, const struct tsm *t, const uint8_t report_data[static 64],
                  struct bytes *out, struct err *err) MUST_CHECK;
/* tsm_gave_nothing: what failed is that there is no quote; another way may be tried. */
bool tsm_gave_nothing(enum rc rc);
/* tsm_remove takes our entry away, where a killed process left it. */
void tsm_remove(const struct tsm *t);

#endif
