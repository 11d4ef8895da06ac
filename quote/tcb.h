/*
 * tcb: TCB info and TD QE identity as data, and Intel's appraisal of a platform against them
 * (Intel QVL rules; tdx facts 2.7-2.9). The documents are NOT authenticated here: quote_verify
 * checks their signatures over the same bytes before it appraises.
 */
#ifndef BOOTGATE_QUOTE_TCB_H
#define BOOTGATE_QUOTE_TCB_H

#include "base/arena.h"
#include "base/limits.h"
#include "quote/quote.h"

/* In Intel's spelling these are consensus-relevant: contracts compare strings. Zero is no status.
 */
enum tcb_status {
    TCB_NONE = 0,
    TCB_UP_TO_DATE,
    TCB_SW_HARDENING_NEEDED,
    TCB_CONFIGURATION_NEEDED,
    TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED,
    TCB_TD_RELAUNCH_ADVISED,
    TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED,
    TCB_OUT_OF_DATE,
    TCB_OUT_OF_DATE_CONFIGURATION_NEEDED,
    TCB_REVOKED,
    TCB_STATUS_MAX
};

struct tcb_advisories {
    struct bytes v[LIMIT_ADVISORIES];
    size_t n;
};

/* struct pck_tcb: what the PCK certificate's SGX extension says (tdx facts 2.6). */
struct pck_tcb {
    uint8_t ppid[16];
    uint8_t comp_svn[16];
    uint8_t cpu_svn[16];
    uint16_t pce_svn;
    uint8_t pce_id[2];
    uint8_t fmspc[6];
    int sgx_type; /* 0 standard, 1 scalable, 2 scalable with integrity */
    bool has_instance_id;
    uint8_t instance_id[16];
};

struct tcb_comp_names {                  /* what a component is, as written; empty: not said */
    struct bytes category[16], type[16]; /* "BIOS", "OS/VMM"; "SEAMLDR ACM", "TDX Module" */
};

struct tcb_comp_level { /* one tcbLevels entry of TCB info */
    uint8_t sgx[16], tdx[16];
    uint16_t pce_svn;
    enum tcb_status status;   /* TCB_NONE: a status word we do not know */
    struct bytes status_text; /* as written */
    uint64_t date;            /* tcbDate, Unix seconds */
    struct tcb_advisories *advisories;
    struct tcb_comp_names *sgx_names, *tdx_names;
};

struct tcb_svn_level { /* one tcbLevels entry of a module identity or of the QE identity */
    uint16_t isv_svn;
    enum tcb_status status;
    struct bytes status_text;
    uint64_t date;
    struct tcb_advisories *advisories;
};

struct tcb_module { /* tdxModule (id empty, no levels) or one tdxModuleIdentities entry */
    struct bytes id;
    uint8_t mr_signer[48];
    uint8_t attributes[8], attributes_mask[8];
    struct tcb_svn_level *levels; /* sorted, highest first */
    size_t num_levels;
};

struct tcb_info {
    struct bytes id;
    uint32_t version;
    uint64_t issue_date, next_update; /* Unix seconds */
    uint8_t fmspc[6], pce_id[2];
    uint32_t evaluation_number;
    bool has_module; /* tdxModule present */
    struct tcb_module module;
    struct tcb_module *identities;
    size_t num_identities;
    struct tcb_comp_level *levels; /* sorted: SGX SVNs, PCESVN, TDX SVNs, all descending */
    size_t num_levels;
};

struct qe_identity {
    struct bytes id;
    uint32_t version;
    uint64_t issue_date, next_update;
    uint32_t evaluation_number;
    uint32_t misc_select, misc_select_mask;
    uint8_t attributes[16], attributes_mask[16];
    uint8_t mr_signer[32];
    uint16_t isv_prod_id;
    struct tcb_svn_level *levels; /* sorted, highest first */
    size_t num_levels;
};

/* struct tcb_result: the appraisal. status is what goes to the contract. */
struct tcb_result {
    enum tcb_status status;               /* merged */
    enum tcb_status platform, qe, module; /* module: TCB_NONE when tee_tcb_svn[1] == 0 */
    enum tcb_status launch,
        current; /* TD 1.5: from tee_tcb_svn and tee_tcb_svn2; else launch only */
    struct tcb_advisories advisories; /* platform, QE, module; without repeats */
    uint64_t tcb_date;                /* oldest of the three */
    uint32_t evaluation_number;       /* the lower of TCB info's and QE identity's */
    /* what dstack's verifier (dcap-qvl) would say of the same data: */
    bool kms_view_ok; /* false: it reports an error */
    enum tcb_status kms_view_status;
    struct tcb_advisories kms_view_advisories;
    const char *kms_view_note; /* static; why it differs or fails; NULL: same as ours */
};

/*
 * Both parsers demand the whole shape of version 3 (2 or 3 for the QE identity) and copy what they
 * keep into the arena. A document with another id, or of an older version, is read up to its FMSPC
 * only (no levels), so that the checks below can name what is wrong with it.
 */
enum rc tcb_info_parse(struct arena *a, struct bytes text, struct tcb_info *out,
                       struct err *err) MUST_CHECK;
enum rc qe_identity_parse(struct arena *a, struct bytes text, struct qe_identity *out,
                          struct err *err) MUST_CHECK;
/* Dates against now (Unix seconds), id, version, FMSPC and PCEID against the PCK certificate. */
enum rc tcb_info_check(const struct tcb_info *ti, const struct pck_tcb *pck, uint64_t now,
                       struct err *err) MUST_CHECK;
enum rc qe_identity_check(const struct qe_identity *qi, uint64_t now, struct err *err) MUST_CHECK;
/*
 * tcb_appraise: QE report against the identity, platform and TDX module against TCB info, converge,
 * relaunch. Revoked is a result (status), not an error.
 */
enum rc tcb_appraise(const struct quote *q, const struct pck_tcb *pck, const struct tcb_info *ti,
                     const struct qe_identity *qi, struct tcb_result *out,
                     struct err *err) MUST_CHECK;
/* struct tcb_short: one component of a platform that is below a level. */
struct tcb_short {
    enum tcb_short_kind { TCB_SHORT_SGX = 1, TCB_SHORT_TDX, TCB_SHORT_PCE } kind;
    unsigned index; /* component number; 0 for the PCE */
    unsigned have, need;
    struct bytes category, type;
};
#define TCB_SHORT_MAX 33
/* tcb_best_level: the highest level with status UpToDate, else the highest; NULL: no levels. */
const struct tcb_comp_level *tcb_best_level(const struct tcb_info *ti);
/* tcb_shortfall lists the components below `level` (index rule of tdx facts 2.9 applied). */
size_t tcb_shortfall(const struct pck_tcb *pck, const uint8_t tee_tcb_svn[static 16],
                     const struct tcb_comp_level *level,
                     struct tcb_short out[static TCB_SHORT_MAX]);
/* tcb_status_name: Intel's spelling; "" for TCB_NONE. tcb_status_read: exact, else TCB_NONE. */
const char *tcb_status_name(enum tcb_status s);
enum tcb_status tcb_status_read(struct bytes word);

#endif
