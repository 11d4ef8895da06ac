/*
 * tcb_internal: what tcb_parse.c, tcb.c and tcb_kms.c share. Nothing else includes it.
 */
#ifndef BOOTGATE_QUOTE_TCB_INTERNAL_H
#define BOOTGATE_QUOTE_TCB_INTERNAL_H

#include "quote/tcb.h"

/* tcb_module_id_eq compares module ids without regard to ASCII case (QVL TdxModuleCheck.cpp). */
bool tcb_module_id_eq(struct bytes a, struct bytes b);
/* tcb_module_find: the identity "TDX_<version as two hex digits>", or NULL. */
const struct tcb_module *tcb_module_find(const struct tcb_info *ti, uint8_t version);
/* tcb_svn_level_find: the first level of `n` (sorted, highest first) at or below svn, or NULL. */
const struct tcb_svn_level *tcb_svn_level_find(const struct tcb_svn_level *levels, size_t n,
                                               uint16_t svn);
/* tcb_advisories_add appends those of src that dst does not have. False: no room. */
bool tcb_advisories_add(struct tcb_advisories *dst, const struct tcb_advisories *src) MUST_CHECK;
/*
 * tcb_kms_view fills the kms_view_* members: what Phala dcap-qvl 0.5.2 with dstack's
 * validate_tcb would say. r holds our own finished result.
 */
void tcb_kms_view(const struct quote *q, const struct pck_tcb *pck, const struct tcb_info *ti,
                  const struct qe_identity *qi, struct tcb_result *r);

#endif
