/* tpm_case: a swtpm that has booted (boot PCRs extended), a configuration, a blob. */
#ifndef BOOTGATE_TESTS_TPM_CASE_H
#define BOOTGATE_TESTS_TPM_CASE_H

#include "agent/clock.h"
#include "agent/tpm_blob.h"
#include "tests/lib/swtpm.h"

#include <openssl/ec.h>
#include <openssl/evp.h>

/* Variants: bits. */
#define VARIANT_AUTHORIZE 1
#define VARIANT_COUNTER   2
#define VARIANT_SHA384    4

#define CASE_GATE    13u
#define CASE_COUNTER 0x01800100u
#define CASE_MS      300000u /* what a busy machine gets; nothing waits for its end */

extern const uint8_t case_seed[TPM_SEED_LEN];

struct tpm_case {
    char name[64];
    struct swtpm sw;
    struct tpm_config cfg;
    struct tpm_facts facts;
    struct tpm *tpm;
    EVP_PKEY *signer;
    struct tpm_approval approval;
    uint8_t blob[TPM_BLOB_MAX];
    size_t blob_len;
    struct err err;
};

/* case_open: swtpm started and booted; the configuration of the variant; nothing is sealed. */
void case_open(struct tpm_case *c, int variant);
void case_close(struct tpm_case *c);
/* case_boot: the boot PCRs' extensions, after each power on. extra: other bytes measured. */
void case_boot(struct tpm_case *c, const char *extra);
/* case_connect starts the TPM process (again), with a deadline of CASE_MS. */
enum rc case_connect(struct tpm_case *c);
void case_disconnect(struct tpm_case *c);
/* case_seal seals case_seed; fails the test when it cannot. Raises the counter once if there is
 * one. */
void case_seal(struct tpm_case *c);
/* case_approve signs the boot PCRs as they are, for the configured version. */
void case_approve(struct tpm_case *c, uint64_t version);
/* case_unseal: with the approval if the variant has one. Connects if need be. */
enum rc case_unseal(struct tpm_case *c, struct secret **out);
/* case_refused: unsealing gives exactly this code, its detail has `text`, and no secret. */
void case_refused(struct tpm_case *c, const char *name, enum rc code, const char *text);
/* case_given: unsealing gives case_seed. */
void case_given(struct tpm_case *c, const char *name);

#endif
