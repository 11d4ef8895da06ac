/*
 * findings: named policy switches on a verified TD (DESIGN section 3, tdx facts 2.10). Each appends
 * one check; ids are those of vectors/tdx MANIFEST in lower case under "td.": td.debug,
 * td.attributes_reserved, td.sept_ve_disable, td.mr_service_td, tcb.status, tcb.date,
 * tcb.evaluation, tcb.advisories, td.device. tcb.kms_view is UNKNOWN, never FAIL, when dstack's own
 * verifier would report something else; its hint says why.
 * NOT checked: report_data and freshness (agent/), MRSEAM, XFAM; and MR_SERVICE_TD where the quote
 * has none (version 4, body type 2): the host chooses that form. What a TD can be migrated by still
 * shows there, the MIGRATABLE attribute; it counts as reserved.
 */
#ifndef BOOTGATE_QUOTE_FINDINGS_H
#define BOOTGATE_QUOTE_FINDINGS_H

#include "base/check.h"
#include "quote/verify.h"

/* struct td_policy: zero value = the default policy, the strictest that real dstack hosts pass. */
struct td_policy {
    bool allow_debug;
    bool allow_reserved_attributes;
    bool allow_sept_ve_clear;       /* Azure needs it */
    bool allow_mr_service_td;       /* non-zero MR_SERVICE_TD (Alibaba) */
    uint32_t tcb_statuses;          /* bit per enum tcb_status; 0: all but Revoked */
    uint64_t min_tcb_date;          /* 0: none */
    uint32_t min_evaluation_number; /* of TCB info and QE identity; 0: none */
    const struct bytes *deny_advisories;
    size_t num_deny_advisories;
    const uint8_t (*device_ids)[32]; /* none: any */
    size_t num_device_ids;
};

/* td_findings appends one check per switch; FAIL is a refusal (class POLICY). */
enum rc td_findings(struct arena *a, const struct td_report_ok *td, const struct td_policy *p,
                    struct checks *out, struct err *err) MUST_CHECK;
/* td_finding_name: MANIFEST spelling (TD_DEBUG, SEPT_VE_DISABLE_CLEAR ..) of a check id, or NULL.
 */
const char *td_finding_name(const char *check_id);

#endif
