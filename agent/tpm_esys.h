/*
 * tpm_esys: one open TPM, in the child: TSS context, storage key, and one HMAC session salted to
 * it. After any failure close it; the next tpm_esys_open starts over (a TSS context that has seen
 * a transport error fails every later call).
 */
#ifndef BOOTGATE_AGENT_TPM_ESYS_H
#define BOOTGATE_AGENT_TPM_ESYS_H

#include "agent/tpm_policy.h"

#include <tss2/tss2_esys.h>

struct tpm_esys {
    const struct tpm_config *cfg;
    TSS2_TCTI_CONTEXT *tcti;
    ESYS_CONTEXT *esys;
    ESYS_TR srk, session, ek; /* ek: only while it is proven (tpm_attest.h) */
    uint8_t srk_name[TPM_NAME_LEN];
    bool attested; /* the storage key is in a TPM with a certified endorsement key */
    uint8_t attested_name[TPM_NAME_LEN]; /* then no other one is taken */
};

/* tpm_esys_open opens what is not open: transport, storage key with the pinned Name, session. */
enum rc tpm_esys_open(struct tpm_esys *t, struct err *err) MUST_CHECK;
void tpm_esys_close(struct tpm_esys *t);
/* tpm_esys_session starts a session salted to the storage key, AES-128-CFB. */
TSS2_RC tpm_esys_session(struct tpm_esys *t, TPM2_SE type, TPMA_SESSION attributes, ESYS_TR *out);
/* tpm_esys_session_to: salted to another key. */
TSS2_RC tpm_esys_session_to(struct tpm_esys *t, ESYS_TR key, TPM2_SE type, TPMA_SESSION attributes,
                            ESYS_TR *out);
/* tpm_esys_name: Name of a public area as the TPM itself reckons it (Part 1, 16). */
bool tpm_esys_name(const TPM2B_PUBLIC *p, uint8_t out[static TPM_NAME_LEN]);
/* tpm_esys_make_srk: the storage key, made under the owner hierarchy by this authorization. */
enum rc tpm_esys_make_srk(struct tpm_esys *t, ESYS_TR auth, ESYS_TR *out,
                          uint8_t out_name[static TPM_NAME_LEN], struct err *err) MUST_CHECK;
/* tpm_esys_auth: the HMAC session as authorization, or (audit) as authenticator of an answer. */
ESYS_TR tpm_esys_auth(struct tpm_esys *t);
ESYS_TR tpm_esys_audit(struct tpm_esys *t);
/* tpm_esys_flush flushes a handle, if there is one, and forgets it. */
void tpm_esys_flush(struct tpm_esys *t, ESYS_TR *handle);
/* tpm_esys_is: rc is the TPM's own answer `code`, whatever parameter or session it names. */
bool tpm_esys_is(TSS2_RC rc, TSS2_RC code);
/* tpm_esys_refused: the error for a failed command. */
enum rc tpm_esys_refused(struct err *err, const char *command, TSS2_RC rc);

/* tpm_pcr_selection: the PCRs of mask in the configured bank. */
TPML_PCR_SELECTION tpm_pcr_selection(const struct tpm_config *cfg, uint32_t mask);
/* tpm_pcr_read: the PCRs of mask, in the configured bank. */
enum rc tpm_pcr_read(struct tpm_esys *t, uint32_t mask,
                     uint8_t out[static TPM_PCR_COUNT][TPM_PCR_MAX], struct err *err) MUST_CHECK;
/* tpm_pcr_answered: what one TPM2_PCR_Read answered, at most 8 values (Part 3, 22.4), goes into
 * out; 0: it is not what was asked. */
uint32_t tpm_pcr_answered(const struct tpm_config *cfg, uint32_t asked,
                          const TPML_PCR_SELECTION *which, const TPML_DIGEST *values,
                          uint8_t out[static TPM_PCR_COUNT][TPM_PCR_MAX]);
/* tpm_pcr_resettable: the TPM's own word on which PCRs anybody may reset (Part 2, 6.14,
 * TPM_PT_PCR_RESET_L0); all of them where it gives none. */
uint32_t tpm_pcr_resettable(const TPMS_CAPABILITY_DATA *data);
/* tpm_pcr_check_boot: none of the boot PCRs is all-0 or all-1, none can be reset at will. */
enum rc tpm_pcr_check_boot(struct tpm_esys *t, uint8_t pcrs[static TPM_PCR_COUNT][TPM_PCR_MAX],
                           struct err *err) MUST_CHECK;
/* tpm_pcr_gate_extend: the gate PCR must be `before`; extends it and reads it back into after. */
enum rc tpm_pcr_gate_extend(struct tpm_esys *t, const uint8_t before[static TPM_PCR_MAX],
                            const uint8_t digest[static TPM_PCR_MAX],
                            uint8_t after[static TPM_PCR_MAX], struct err *err) MUST_CHECK;

/* tpm_version_current: the counter, checked by Name, and its value, not below the minimum. */
enum rc tpm_version_current(struct tpm_esys *t, ESYS_TR *counter, uint64_t *out,
                            struct err *err) MUST_CHECK;
/* tpm_version_increment: see tpm_version_raise in tpm.h. */
enum rc tpm_version_increment(struct tpm_esys *t, uint64_t *out, struct err *err) MUST_CHECK;

/* tpm_seed_seal, tpm_seed_unseal: see tpm.h. */
enum rc tpm_seed_seal(struct tpm_esys *t, const uint8_t seed[static TPM_SEED_LEN],
                      uint8_t out[static TPM_BLOB_MAX], size_t *out_len,
                      struct err *err) MUST_CHECK;
enum rc tpm_seed_unseal(struct tpm_esys *t, struct bytes file, const struct tpm_approval *approval,
                        uint8_t out[static TPM_SEED_LEN], struct err *err) MUST_CHECK;

#endif
