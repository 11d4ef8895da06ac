/*
 * tcb_numbers: Intel's TCB evaluation data numbers (PCS API version 4, "TCB Evaluation Data Numbers
 * Model V1"): which numbers there are, and the TCB recovery event that each belongs to. Intel
 * announced that a set becomes the standard one twelve months after its event ("Intel Provisioning
 * Certification Service (PCS) Changes"): the event's date is signed, the twelve months are not.
 */
#ifndef BOOTGATE_QUOTE_TCB_NUMBERS_H
#define BOOTGATE_QUOTE_TCB_NUMBERS_H

#include "base/arena.h"
#include "quote/collateral.h"

#define TCB_NUMBERS_MAX 64u

struct tcb_number {
    uint32_t number;
    uint64_t recovery_event, date; /* Unix seconds */
};

struct tcb_numbers {
    uint64_t issue_date, next_update;
    struct tcb_number v[TCB_NUMBERS_MAX]; /* each number once, as the document orders them */
    size_t n;
};

/*
 * tcb_numbers_verify demands of the document what quote_verify demands of TCB info: signed over its
 * exact bytes by a TCB signing certificate of `root` (DER) that root_crl (DER) does not list; all
 * of it of `now`; TDX's. Nothing of it is given out before.
 */
enum rc tcb_numbers_verify(struct arena *a, const struct collateral_numbers *doc,
                           struct bytes root_crl, struct bytes root, uint64_t now,
                           struct tcb_numbers *out, struct err *err) MUST_CHECK;

/* struct tcb_switch: when a set becomes the standard one, as announced. */
struct tcb_switch {
    uint64_t recovery_event;
    uint64_t standard; /* twelve months after it; of 29 February the 28th */
    bool due;          /* that is past */
    uint64_t days;     /* whole days until then; 0 when due */
};

/* tcb_numbers_switch: of the set with this number, seen at `now`; BG_TCB_NUMBERS_OTHER: not there.
 */
enum rc tcb_numbers_switch(const struct tcb_numbers *n, uint32_t number, uint64_t now,
                           struct tcb_switch *out, struct err *err) MUST_CHECK;

#endif
