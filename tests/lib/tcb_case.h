/*
 * tcb_case: one appraisal from specs, without quote bytes or signatures: for the tests of
 * quote/tcb.
 */
#ifndef BOOTGATE_TESTS_TCB_CASE_H
#define BOOTGATE_TESTS_TCB_CASE_H

#include "quote/tcb.h"
#include "tests/lib/tdx_world.h"

struct tcb_case {
    struct arena *a;
    struct tdx_world w;
    struct tcb_result r;
    struct err err;
};

/* tcb_case_new starts from the default world, all UpToDate; tcb_case_end releases the arena. */
void tcb_case_new(struct tcb_case *c);
void tcb_case_end(struct tcb_case *c);
/* tcb_case_run parses, checks at w.now and appraises, stopping at the first error. */
enum rc tcb_case_run(struct tcb_case *c);
/* tcb_case_kind: error class word of the last run, "" when it was accepted. */
const char *tcb_case_kind(const struct tcb_case *c);

#endif
