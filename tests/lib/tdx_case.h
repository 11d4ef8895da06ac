/*
 * tdx_case: a made bundle through the whole quote stage: parse, verify, findings.
 */
#ifndef BOOTGATE_TESTS_TDX_CASE_H
#define BOOTGATE_TESTS_TDX_CASE_H

#include "quote/findings.h"
#include "tests/lib/tdx_world.h"

struct tdx_outcome {
    enum rc rc;
    struct err err;
    struct td_report td;    /* when rc is RC_OK, up to here */
    struct checks findings; /* of the policy given */
};

/* tdx_case_bundle runs the stages at `now`; policy NULL: the default. */
void tdx_case_bundle(struct arena *a, const struct tdx_bundle *b, uint64_t now,
                     const struct td_policy *policy, struct tdx_outcome *out);
/* tdx_case_kind: the error class word, "" when accepted. */
const char *tdx_case_kind(const struct tdx_outcome *o);
/* tdx_case_finding: the check so named, or NULL. */
const struct check *tdx_case_finding(const struct tdx_outcome *o, const char *id);

/* struct tdx_defect: one named change of the default world, and what must come of it. */
struct tdx_defect_ctx {
    struct arena *a;
    struct tdx_world w;
    struct tdx_bundle good; /* the default world, built: for its certificates */
};
struct tdx_defect {
    const char *name;
    void (*make)(struct tdx_defect_ctx *x);
    const char *want; /* status when accepted, else error class */
    int exit;         /* exit status; 0: accepted */
};
#define OK(f, status)                                                                              \
    {                                                                                              \
#f, f, status, 0                                                                           \
    }
#define NO(f, kind, exit_)                                                                         \
    {                                                                                              \
#f, f, kind, exit_                                                                         \
    }
/* tdx_defects_run makes and judges each; one CASE per row. */
void tdx_defects_run(const struct tdx_defect *v, size_t n);
/* chain: PEM of certificates made before; see tdx_chain. */
struct bytes chain(struct tdx_defect_ctx *x, struct bytes c1, struct bytes c2, struct bytes c3,
                   struct bytes c4);

#endif
