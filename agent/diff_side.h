/*
 * diff_side: one of the two things that `bootgate diff` compares: a log, evidence with a quote, or
 * a measurement. All of it is the file's word.
 */
#ifndef BOOTGATE_AGENT_DIFF_SIDE_H
#define BOOTGATE_AGENT_DIFF_SIDE_H

#include "agent/log_input.h"
#include "quote/diff.h"

enum diff_kind { DIFF_LOG = 1, DIFF_QUOTE, DIFF_EVIDENCE, DIFF_MEASUREMENT };

struct diff_side {
    const char *path;
    enum diff_kind kind;
    bool has_mrtd;
    uint8_t mrtd[48];
    bool has_mr_config;
    uint8_t mr_config_id[48];
    struct diff_register reg[4];
    const struct evlog *log; /* NULL: it has none */
};

/* diff_side_read: *b keeps what is viewed; the caller frees it. */
enum rc diff_side_read(struct arena *a, const char *path, struct bundle *b, struct diff_side *out,
                       struct err *err) MUST_CHECK;
/* diff_side_text: the same from a file's text; path is for messages. */
enum rc diff_side_text(struct arena *a, const char *path, struct bytes text, struct bundle *b,
                       struct diff_side *out, struct err *err) MUST_CHECK;
const char *diff_kind_name(enum diff_kind kind);

#endif
