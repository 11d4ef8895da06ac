/*
 * collateral_builder: TCB info and QE identity documents as Intel writes them (compact JSON, upper
 * case hex), from specs whose every field can be changed. Texts are signed in
 * tests/lib/tdx_world.c.
 */
#ifndef BOOTGATE_TESTS_COLLATERAL_BUILDER_H
#define BOOTGATE_TESTS_COLLATERAL_BUILDER_H

#include "base/arena.h"

#define SPEC_LEVELS  6
#define SPEC_MODULES 4

/* advisories: ids separated by commas; NULL or "": the member is left out. */
struct comp_level_spec {
    int sgx[16], tdx[16]; /* int: a defect may want -1 or 300 */
    int pce_svn;
    size_t num_sgx, num_tdx; /* 16; a tdx of 0 leaves tdxtcbcomponents out */
    const char *date, *status, *advisories;
};

struct svn_level_spec {
    int svn;
    const char *date, *status, *advisories;
};

struct module_spec {
    const char *id; /* not used for tdxModule */
    uint8_t mr_signer[48];
    uint8_t attributes[8], attributes_mask[8];
    struct svn_level_spec levels[SPEC_LEVELS];
    size_t num_levels;
};

struct tcb_info_spec {
    const char *id; /* "TDX" */
    int version;    /* 3 */
    const char *issue_date, *next_update;
    uint8_t fmspc[6];
    uint8_t pce_id[2];
    bool lower_case_fmspc;
    int tcb_type, evaluation_number;
    bool no_module, no_identities; /* tdxModule, tdxModuleIdentities left out */
    struct module_spec module;
    struct module_spec identities[SPEC_MODULES];
    size_t num_identities;
    struct comp_level_spec levels[SPEC_LEVELS];
    size_t num_levels;
    bool component_names; /* category and type, as real documents have them */
};

struct qe_identity_spec {
    const char *id; /* "TD_QE" */
    int version;    /* 2 */
    const char *issue_date, *next_update;
    int evaluation_number;
    uint8_t misc_select[4], misc_select_mask[4]; /* as the hex is written: memory order */
    uint8_t attributes[16], attributes_mask[16];
    uint8_t mr_signer[32];
    int isv_prod_id;
    struct svn_level_spec levels[SPEC_LEVELS];
    size_t num_levels;
};

/* The defaults fit tdx_quote_default and each other; valid 2025-12-15 to 2026-01-14. */
void tcb_info_default(struct tcb_info_spec *s);
void qe_identity_default(struct qe_identity_spec *s);
struct bytes tcb_info_text(struct arena *a, const struct tcb_info_spec *s);
struct bytes qe_identity_text(struct arena *a, const struct qe_identity_spec *s);
/* text_replace: `text` with the first `from` replaced by `to`; `from` must be there. */
struct bytes text_replace(struct arena *a, struct bytes text, const char *from, const char *to);

#endif
