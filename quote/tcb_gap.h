/*
 * tcb_gap: what a platform lacks for UpToDate: which components by how much, the TDX module, the
 * quoting enclave. For people who are to update it: nothing is authenticated here, and the
 * appraisal that decides is tcb_appraise's.
 */
#ifndef BOOTGATE_QUOTE_TCB_GAP_H
#define BOOTGATE_QUOTE_TCB_GAP_H

#include "quote/collateral.h"
#include "quote/tcb.h"

/* struct tcb_svn_gap: one that has a single SVN. */
struct tcb_svn_gap {
    unsigned svn;
    const struct tcb_svn_level *level; /* the one it has; NULL: below all, or no levels */
    const struct tcb_svn_level
        *goal; /* the lowest that is UpToDate; NULL: it is, or there is none */
};

struct tcb_gap {
    struct pck_tcb pck;
    struct tcb_info info;
    struct qe_identity identity;
    uint8_t tdx[16];                           /* TEE_TCB_SVN: the TD was started under it */
    bool relaunch;                             /* the host's is another one by now */
    const struct tcb_comp_level *level, *goal; /* of the platform; goal: the nearest UpToDate */
    struct tcb_short missing[TCB_SHORT_MAX];   /* for the goal, or for any level without one */
    size_t num_missing;
    const struct tcb_module *module; /* NULL: version 0, one of the platform's components */
    bool module_unknown;             /* it has a version that TCB info has no identity for */
    struct tcb_svn_gap module_gap, qe;
};

/* tcb_gap_find reads the PCK certificate in the quote, TCB info and QE identity. */
enum rc tcb_gap_find(struct arena *a, const struct quote *q, const struct collateral *c,
                     struct tcb_gap *out, struct err *err) MUST_CHECK;
/* tcb_gap_none: all three are UpToDate. */
bool tcb_gap_none(const struct tcb_gap *g);
/* tcb_update_of: what brings a component up: "BIOS", "microcode (BIOS or OS)", .. Static. */
const char *tcb_update_of(const struct tcb_short *s);

#endif
