/* tpm_attest_quote: a TPM's quote, taken apart and held against what was asked. Pure. */
#ifndef BOOTGATE_AGENT_TPM_ATTEST_QUOTE_H
#define BOOTGATE_AGENT_TPM_ATTEST_QUOTE_H

#include "agent/tpm_policy.h"

#define TPM_NONCE_LEN 32u

struct tpm_quote {
    struct bytes attest;   /* TPMS_ATTEST as it was signed */
    uint8_t signature[64]; /* ECDSA with SHA-256, r then s */
};

struct tpm_quote_asked {
    uint8_t nonce[TPM_NONCE_LEN];
    uint8_t key[64];                /* the attestation key, x then y */
    uint8_t key_name[TPM_NAME_LEN]; /* a primary key of the owner's hierarchy */
    enum tpm_bank bank;
    uint32_t pcrs;
    const uint8_t (*values)[TPM_PCR_MAX]; /* of all PCRs, as they were read */
};

/*
 * tpm_quote_check: the signature first, then, each with a code of its own: form (Part 2, 10.12.8),
 * nonce, signer (its Qualified Name), selection, and the digest of the values (SHA-256).
 */
enum rc tpm_quote_check(const struct tpm_quote *q, const struct tpm_quote_asked *a,
                        struct err *err) MUST_CHECK;

#endif
