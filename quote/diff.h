/*
 * diff: two lists of events of one register, aligned by their longest common subsequence (Myers,
 * "An O(ND) Difference Algorithm and Its Variations", 1986), not by position: one event more at the
 * front is one difference. Nothing is judged that is not known. Pure data, nothing is trusted.
 */
#ifndef BOOTGATE_QUOTE_DIFF_H
#define BOOTGATE_QUOTE_DIFF_H

#include "base/arena.h"

/* Two lists that take more insertions and deletions than this are not aligned but between their
 * common beginning and end: the time and memory of more would grow with the square. */
#define DIFF_EDITS_MAX 2048u

struct diff_event {
    bool known; /* the digest is; an event that is not known may be any */
    uint8_t digest[48];
    struct bytes label; /* what it is: pairs a changed event with what it was */
    uint32_t type;
    struct bytes payload; /* a log's; else empty */
    unsigned inputs;      /* quote/measurement.h, INPUT_ bits; 0: nothing said */
};

enum diff_op {
    DIFF_SAME = 1,
    DIFF_CHANGED, /* of one label, of two digests */
    DIFF_REMOVED, /* only the first list has it */
    DIFF_ADDED,   /* only the second */
    DIFF_UNKNOWN, /* one of them is not known */
};

struct diff_row {
    enum diff_op op;
    size_t a, b; /* indices; that of a list which has none is where it would stand */
};

struct diff_list {
    const struct diff_event *v;
    size_t n;
};

/* struct diff_register: what is known of a register. */
struct diff_register {
    bool has_value;
    uint8_t value[48];
    bool has_events; /* the list states this register whole */
    bool replays;    /* the events lead to the value; only with both */
    struct diff_list list;
};

struct diff {
    struct diff_row *rows; /* in order; in the arena */
    size_t n;
    size_t count[DIFF_UNKNOWN + 1]; /* by diff_op */
    bool aligned;                   /* false: more than DIFF_EDITS_MAX differences */
};

/* diff_events: labels of different kinds (a measurement's and a log's) do not pair; there, as many
 * removed as added in one place pair in order. */
enum rc diff_events(struct arena *a, struct diff_list first, struct diff_list second,
                    bool labels_alike, struct diff *out, struct err *err) MUST_CHECK;

#endif
