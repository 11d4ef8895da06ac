/*
 * quote: a TDX quote taken apart, NOT trusted. Layout: Intel TDX DCAP Quoting Library API, appendix
 * "TD Quote format" versions 4 and 5; offsets in quote/quote_abi.h.
 */
#ifndef BOOTGATE_QUOTE_QUOTE_H
#define BOOTGATE_QUOTE_QUOTE_H

#include "base/arena.h"

/* struct td_body: the TD report body of a quote. v4 and body type 2: no TD 1.5 tail. */
struct td_body {
    uint8_t tee_tcb_svn[16];
    uint8_t mr_seam[48];
    uint8_t mr_signer_seam[48];
    uint8_t seam_attributes[8];
    uint8_t td_attributes[8]; /* little-endian bit field */
    uint8_t xfam[8];
    uint8_t mr_td[48];
    uint8_t mr_config_id[48];
    uint8_t mr_owner[48];
    uint8_t mr_owner_config[48];
    uint8_t rtmr[4][48];
    uint8_t report_data[64];
    bool td15; /* the two below are present */
    uint8_t tee_tcb_svn2[16];
    uint8_t mr_service_td[48];
};

/* struct qe_report: the quoting enclave's SGX report body (384 bytes, parsed copy). */
struct qe_report {
    uint8_t cpu_svn[16];
    uint32_t misc_select;
    uint8_t attributes[16];
    uint8_t mr_enclave[32];
    uint8_t mr_signer[32];
    uint16_t isv_prod_id;
    uint16_t isv_svn;
    uint8_t report_data[64];
};

struct quote {
    uint16_t version; /* 4 or 5 */
    struct td_body td;
    struct qe_report qe;
    struct bytes signed_part;     /* header .. end of body: what the attestation key signs */
    struct bytes signature;       /* r||s, 64 */
    struct bytes attestation_key; /* x||y, 64, P-256 */
    struct bytes qe_report_raw;   /* 384: what the PCK key signs */
    struct bytes qe_signature;    /* r||s, 64 */
    struct bytes qe_auth_data;
    struct bytes pck_chain_pem; /* leaf, PCK CA, root; trailing NULs removed */
    size_t trailing;            /* bytes behind the quote: real quotes have them; never read */
};

/*
 * quote_parse takes raw apart. Views point into raw. Refused by name: SGX quotes (v3, or TEE type
 * 0), unknown versions, key types, vendors, body type 4 (TD 1.5ex), certification types other than
 * 6 with inner 5. Nothing is authenticated.
 */
enum rc quote_parse(struct bytes raw, struct quote *out, struct err *err) MUST_CHECK;

#endif
