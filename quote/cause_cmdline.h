/*
 * cause_cmdline: the ways in which a kernel command line is known to come out otherwise than it
 * was meant: what QEMU appends, white space, a word more or less. A bounded list.
 */
#ifndef BOOTGATE_QUOTE_CAUSE_CMDLINE_H
#define BOOTGATE_QUOTE_CAUSE_CMDLINE_H

#include "base/arena.h"

#define CMDLINE_WORDS_MAX 96u

struct cmdline_edit {
    const char *what;   /* "with a trailing space" */
    struct bytes text;  /* whole, as the kernel got it */
    uint8_t digest[48]; /* of the event */
};

/*
 * cmdline_edit_at: edit number i of what metadata.json says. False in *out_more: there are no more;
 * an edit that does not apply gives an empty `what`.
 */
enum rc cmdline_edit_at(struct arena *a, struct bytes cmdline, size_t i, struct cmdline_edit *out,
                        bool *out_more, struct err *err) MUST_CHECK;

#endif
