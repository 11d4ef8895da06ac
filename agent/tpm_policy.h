/*
 * tpm_policy: what a seed is sealed under, and its digest by computation (TPM 2.0 Library, Part 3,
 * section 23). Pure. The gate PCR's value is not read from anywhere: it is zero.
 *
 *   plain:     PolicyPCR{boot PCRs = values, gate PCR = 0}                  [ PolicyNV ]
 *   authorize: PolicyAuthorize(key, policyRef)  [ PolicyNV ]  PolicyPCR{gate PCR = 0}
 *
 * PolicyNV: the version counter is at most what it was when the seed was sealed.
 */
#ifndef BOOTGATE_AGENT_TPM_POLICY_H
#define BOOTGATE_AGENT_TPM_POLICY_H

#include "agent/tpm.h"

/* tpm_config.tcti begins with it */
#define TPM_TCTI_PREFIX "swtpm:"

#define TPM_PCR_COUNT      24u /* PC Client platform: PCR 0 to 23 */
#define TPM_POLICY_REF_LEN 24u
#define TPM_PUBLIC_LEN     78u /* TPMT_PUBLIC of a sealed seed */
#define TPM_PCRS_ALL       ((1u << TPM_PCR_COUNT) - 1)

struct tpm_policy {
    enum tpm_bank bank;
    uint32_t boot_pcrs, gate_pcr;
    uint8_t pcrs[TPM_PCR_COUNT][TPM_PCR_MAX]; /* boot PCRs when sealed; others zero */
    bool authorize;
    uint8_t authorize_name[TPM_NAME_LEN];
    uint64_t authorize_version;
    uint32_t version_index; /* 0: no counter */
    uint64_t version_limit;
};

/* tpm_policy_of: the configured policy, without PCR values and counter limit. */
void tpm_policy_of(const struct tpm_config *cfg, struct tpm_policy *out);
/* tpm_policy_boot: PolicyPCR of the boot PCRs alone: what the authorize key approves. */
void tpm_policy_boot(const struct tpm_policy *p, uint8_t out[static SHA256_LEN]);
/* tpm_policy_digest: authPolicy of the sealed seed. */
void tpm_policy_digest(const struct tpm_policy *p, uint8_t out[static SHA256_LEN]);
/* tpm_policy_ref: "bootgate/image/1" and the minimum image version, 8 bytes. */
void tpm_policy_ref(uint64_t version, uint8_t out[static TPM_POLICY_REF_LEN]);
/* tpm_policy_key_name: Name of a P-256 ECDSA key with SHA-256, attributes userWithAuth | sign. */
void tpm_policy_key_name(const uint8_t xy[static 64], uint8_t out[static TPM_NAME_LEN]);
/* tpm_policy_nv_name: Name of the version counter once it has been written. */
void tpm_policy_nv_name(uint32_t index, uint8_t out[static TPM_NAME_LEN]);
/* tpm_policy_public: TPMT_PUBLIC of a seed sealed under p. */
void tpm_policy_public(const struct tpm_policy *p, const uint8_t unique[static SHA256_LEN],
                       uint8_t out[static TPM_PUBLIC_LEN]);
/* tpm_policy_pcr_extend: value = SHA(value || digest) in the bank. */
void tpm_policy_pcr_extend(enum tpm_bank bank, uint8_t value[static TPM_PCR_MAX],
                           const uint8_t *digest);
/* tpm_policy_bank_alg: TPM_ALG_ID of the bank. */
uint16_t tpm_policy_bank_alg(enum tpm_bank bank);

#endif
