/*
 * pck: Intel's SGX extension of a PCK certificate (Intel SGX PCK Certificate and CRL Profile
 * Specification, section 1.3.5; tdx facts 2.6). Nothing is authenticated here, and CPUSVN is not
 * compared with the component SVNs: the appraisal uses the latter, as Intel's does.
 */
#ifndef BOOTGATE_QUOTE_PCK_H
#define BOOTGATE_QUOTE_PCK_H

#include "quote/tcb.h"

/*
 * pck_read reads the extension's content. PPID, TCB with all 18 members, PCEID, FMSPC and SGX type
 * must be there once each; none of the optional ones may repeat. False: *out_why (static).
 */
bool pck_read(struct bytes sgx_extension, struct pck_tcb *out, const char **out_why) MUST_CHECK;

#endif
