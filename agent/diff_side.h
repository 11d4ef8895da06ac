/*
 * diff_side: one of the two things that `bootgate diff` compares: a log, evidence with a quote, or
 * a measurement. All of it is the file's word.
 */
#ifndef BOOTGATE_AGENT_DIFF_SIDE_H
#define BOOTGATE_AGENT_DIFF_SIDE_H

#include "agent/log_input.h"
#include "quote/diff.h"

enum diff_kind { DIFF_LOG = 1, DIFF_QUOTE, DIFF_EVIDENCE, DIFF_MEASUREMENT };

struct diff_register {
    bool has_value;
    uint8_t value[48];
    bool has_events; /* the list states this register whole */
    bool replays;    /* the events lead to the value; only with both */
    struct diff_list list;
};

struct diff_side {
    const char *path;
    enum diff_kind kind;
    bool has_mrtd;
    uint8_t mrtd[48];
    struct diff_register reg[4];
};

/* diff_side_read: *b keeps what is viewed; the caller frees it. */
enum rc diff_side_read(struct arena *a, const char *path, struct bundle *b, struct diff_side *out,
                       struct err *err) MUST_CHECK;
const char *diff_kind_name(enum diff_kind kind);

#endif
