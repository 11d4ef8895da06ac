/*
 * tpm_attest: that the TPM is one that a configured CA vouches for (class `attested`, DESIGN
 * section 4, point 4). Three parts, in three processes:
 *
 *   the TPM's     makes the endorsement key from TCG's template and reads its certificate
 *                 (TCG EK Credential Profile 2.x, 2.2.1.4 and B.3: NV index 0x01c0000a for ECC
 *                 P-256, else 0x01c00002 for RSA 2048)
 *   a confined    child looks at the certificate (agent/tpm_attest_cert.h): it comes from the host
 *   the TPM's     once the key is known to be the certified one: a session salted to it. Only who
 *                 has the key can answer in that session, so that what is made in it - the storage
 *                 key, an attestation key - is in that TPM. Then a quote of the boot PCRs by that
 *                 attestation key, over our nonce, against the values that were read.
 *
 * That session proves what TPM2_MakeCredential and TPM2_ActivateCredential would, without a second
 * exchange: both rest on the endorsement key decrypting what was encrypted to it.
 * It proves that a genuine TPM answers, not whose it is: a host may relay to one of its own. Who
 * puts the TPM's own endorsement certificate among the CAs allows that one alone.
 */
#ifndef BOOTGATE_AGENT_TPM_ATTEST_H
#define BOOTGATE_AGENT_TPM_ATTEST_H

#include "agent/tpm_esys.h"

/* What the TPM's process says of the endorsement key: a byte for its kind, the public key (x, y:
 * 64 bytes; or the modulus: 256), and the certificate as it was read. */
enum tpm_ek_kind { TPM_EK_ECC = 1, TPM_EK_RSA = 2 };
#define TPM_EK_ECC_LEN 64u
#define TPM_EK_RSA_LEN 256u

/* tpm_attest_ek: the key stays in the TPM, as t->ek, for tpm_attest_prove. */
enum rc tpm_attest_ek(struct tpm_esys *t, uint8_t out[static TPM_BLOB_MAX], size_t *out_len,
                      struct err *err) MUST_CHECK;
/* tpm_attest_prove: t->attested from here on, and its storage key can't change any more. */
enum rc tpm_attest_prove(struct tpm_esys *t, struct err *err) MUST_CHECK;

#endif
