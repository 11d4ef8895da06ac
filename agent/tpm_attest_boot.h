/* tpm_attest_boot: class `attested`, put together (tpm_attest.h). Nothing is parsed in here. */
#ifndef BOOTGATE_AGENT_TPM_ATTEST_BOOT_H
#define BOOTGATE_AGENT_TPM_ATTEST_BOOT_H

#include "agent/tpm.h"
#include "agent/tpm_attest_cert.h"
#include "agent/watch.h"
#include "base/arena.h"

#define TPM_EK_FILE_MAX (256u << 10) /* CA certificates, or lists of revoked ones */

/*
 * tpm_attest_run: the TPM's endorsement key is certified, and its storage key is in the TPM that
 * has it: facts->srk_attested. On failure the TPM's process does nothing else but extend the gate
 * PCR.
 */
enum rc tpm_attest_run(struct arena *a, struct tpm *t, const struct tpm_ek_trust *trust,
                       const struct watch *w, struct tpm_facts *facts, struct err *err) MUST_CHECK;

#endif
