/*
 * quote_abi: the bytes of a TDX quote. Every member is a byte array, so there is no padding and the
 * struct is the layout; the offsets asserted below are those of the documents.
 * [DCAP] Intel TDX DCAP Quoting Library API, appendix 3 "TD quote format": quote header (A.3.1),
 * TD quote body (A.3.2), signature data structure (A.3.8), QE certification data (A.3.9-A.3.11).
 * [SDM] Intel SDM volume 3D, section 38.15, REPORT: the enclave report body.
 * All integers are little-endian.
 */
#ifndef BOOTGATE_QUOTE_QUOTE_ABI_H
#define BOOTGATE_QUOTE_QUOTE_ABI_H

#include <stddef.h>
#include <stdint.h>

#define AT(type, member, offset)                                                                   \
    _Static_assert(offsetof(struct type, member) == (offset), #type "." #member)

struct abi_header { /* [DCAP] quote header, versions 4 and 5 */
    uint8_t version[2];
    uint8_t att_key_type[2];
    uint8_t tee_type[4];
    uint8_t qe_svn[2];  /* version 4: reserved */
    uint8_t pce_svn[2]; /* version 4: reserved */
    uint8_t qe_vendor_id[16];
    uint8_t user_data[20];
};
AT(abi_header, att_key_type, 2);
AT(abi_header, tee_type, 4);
AT(abi_header, qe_svn, 8);
AT(abi_header, pce_svn, 10);
AT(abi_header, qe_vendor_id, 12);
AT(abi_header, user_data, 28);
_Static_assert(sizeof(struct abi_header) == 48, "quote header");

struct abi_body_descriptor { /* [DCAP] version 5 only, behind the header; part of what is signed */
    uint8_t type[2];
    uint8_t size[4];
};
_Static_assert(sizeof(struct abi_body_descriptor) == 6, "body descriptor");

struct abi_td_body { /* [DCAP] TD report body of TDX 1.0; body type 2 */
    uint8_t tee_tcb_svn[16];
    uint8_t mr_seam[48];
    uint8_t mr_signer_seam[48];
    uint8_t seam_attributes[8];
    uint8_t td_attributes[8];
    uint8_t xfam[8];
    uint8_t mr_td[48];
    uint8_t mr_config_id[48];
    uint8_t mr_owner[48];
    uint8_t mr_owner_config[48];
    uint8_t rtmr[4][48];
    uint8_t report_data[64];
};
AT(abi_td_body, mr_seam, 16);
AT(abi_td_body, mr_signer_seam, 64);
AT(abi_td_body, seam_attributes, 112);
AT(abi_td_body, td_attributes, 120);
AT(abi_td_body, xfam, 128);
AT(abi_td_body, mr_td, 136);
AT(abi_td_body, mr_config_id, 184);
AT(abi_td_body, mr_owner, 232);
AT(abi_td_body, mr_owner_config, 280);
AT(abi_td_body, rtmr, 328);
AT(abi_td_body, report_data, 520);
_Static_assert(sizeof(struct abi_td_body) == 584, "TD 1.0 body");

struct abi_td15_tail { /* [DCAP] what TDX 1.5 adds at 584; body type 3 */
    uint8_t tee_tcb_svn2[16];
    uint8_t mr_service_td[48];
};
_Static_assert(sizeof(struct abi_td_body) + sizeof(struct abi_td15_tail) == 648, "TD 1.5 body");

struct abi_qe_report { /* [SDM] report body of the quoting enclave */
    uint8_t cpu_svn[16];
    uint8_t misc_select[4];
    uint8_t reserved1[28];
    uint8_t attributes[16];
    uint8_t mr_enclave[32];
    uint8_t reserved2[32];
    uint8_t mr_signer[32];
    uint8_t reserved3[96];
    uint8_t isv_prod_id[2];
    uint8_t isv_svn[2];
    uint8_t reserved4[60];
    uint8_t report_data[64];
};
AT(abi_qe_report, misc_select, 16);
AT(abi_qe_report, attributes, 48);
AT(abi_qe_report, mr_enclave, 64);
AT(abi_qe_report, mr_signer, 128);
AT(abi_qe_report, isv_prod_id, 256);
AT(abi_qe_report, isv_svn, 258);
AT(abi_qe_report, report_data, 320);
_Static_assert(sizeof(struct abi_qe_report) == 384, "enclave report body");

struct abi_signature_data { /* [DCAP] ECDSA 256-bit quote signature data, version 4 */
    uint8_t signature[64];
    uint8_t attestation_key[64];
    uint8_t cert_type[2];
    uint8_t cert_size[4];
};
AT(abi_signature_data, attestation_key, 64);
AT(abi_signature_data, cert_type, 128);
AT(abi_signature_data, cert_size, 130);
_Static_assert(sizeof(struct abi_signature_data) == 134, "signature data");

enum {
    QUOTE_KEY_TYPE_P256 = 2, /* [DCAP] attestation key type: ECDSA-256-with-P-256 */
    QUOTE_TEE_SGX = 0x00,
    QUOTE_TEE_TDX = 0x81,
    QUOTE_BODY_TD10 = 2,
    QUOTE_BODY_TD15 = 3,
    QUOTE_BODY_TD15EX = 4,
    QUOTE_CERT_PCK_CHAIN = 5, /* PEM: PCK leaf, PCK CA, root */
    QUOTE_CERT_QE_REPORT = 6, /* QE report certification data: wraps another */
};

#undef AT
#endif
