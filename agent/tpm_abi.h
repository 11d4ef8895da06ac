/* tpm_abi: constants of the TPM 2.0 Library, revision 1.59, that the pure files need. */
#ifndef BOOTGATE_AGENT_TPM_ABI_H
#define BOOTGATE_AGENT_TPM_ABI_H

/* Part 2, 6.3: TPM_ALG_ID */
#define ABI_ALG_KEYEDHASH 0x0008u
#define ABI_ALG_SHA256    0x000bu
#define ABI_ALG_SHA384    0x000cu
#define ABI_ALG_NULL      0x0010u
#define ABI_ALG_ECDSA     0x0018u
#define ABI_ALG_ECC       0x0023u
/* Part 2, 6.4: TPM_ECC_NIST_P256 */
#define ABI_CURVE_P256 0x0003u
/* Part 2, 6.5.2: TPM_CC */
#define ABI_CC_POLICY_NV        0x00000149u
#define ABI_CC_POLICY_AUTHORIZE 0x0000016au
#define ABI_CC_POLICY_PCR       0x0000017fu
/* Part 2, 6.8: TPM_EO_UNSIGNED_LE */
#define ABI_EO_UNSIGNED_LE 0x0009u
/* Part 2, 8.3: TPMA_OBJECT fixedTPM | fixedParent | noDA: policy only, outside lockout */
#define ABI_SEALED_ATTRIBUTES (1u << 1 | 1u << 4 | 1u << 10)
/* Part 2, 8.3: userWithAuth | sign */
#define ABI_SIGNER_ATTRIBUTES (1u << 6 | 1u << 18)
/* Part 2, 13.4: TPMA_NV OWNERWRITE | counter (TPM_NT 1 at bit 4) | AUTHREAD | NO_DA */
#define ABI_NV_ATTRIBUTES (1u << 1 | 1u << 4 | 1u << 18 | 1u << 25)
/* Part 2, 13.4: TPMA_NV AUTHWRITE | WRITEALL | OWNERREAD | AUTHREAD | NO_DA, an ordinary index */
#define ABI_FLOOR_ATTRIBUTES (1u << 2 | 1u << 12 | 1u << 17 | 1u << 18 | 1u << 25)
/* Part 2, 13.4: TPMA_NV_WRITTEN, set by the first increment and part of the Name */
#define ABI_NV_WRITTEN (1u << 29)
/* Part 2, 13.1: TPM_HT_NV_INDEX in the top byte */
#define ABI_HT_NV_INDEX 0x01u

#endif
