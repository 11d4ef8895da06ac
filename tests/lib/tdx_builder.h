/*
 * tdx_builder: makes TDX quotes, version 4, and version 5 with body type 2 or 3. Every field that a
 * defect needs is open. Layout: Intel TDX DCAP Quoting Library API, "TD Quote format" (written here
 * a second time on purpose: nothing of quote/ is used but the plain structs).
 */
#ifndef BOOTGATE_TESTS_TDX_BUILDER_H
#define BOOTGATE_TESTS_TDX_BUILDER_H

#include "quote/quote.h"

enum made_sig {
    SIG_GOOD = 0,
    SIG_ZERO,    /* 64 zero bytes */
    SIG_ONES,    /* r = s = 1 */
    SIG_FLIPPED, /* a good one with its last bit flipped */
};

struct tdx_quote_spec {
    uint16_t version;      /* 4 or 5; others for defects */
    uint16_t att_key_type; /* 2 */
    uint32_t tee_type;     /* 0x81 */
    uint8_t vendor[16];
    uint8_t user_data[20];
    uint16_t body_type;  /* version 5: 2 or 3; others are written as 3 */
    int body_size_delta; /* version 5: added to the size field */
    struct td_body td;   /* td15 is ignored: body_type decides */
    struct qe_report qe; /* report_data is filled in, see qe_report_data_given */
    bool qe_report_data_given;
    struct bytes qe_auth_data;
    const char *attestation_key;    /* name; signs the quote, bound by the QE report */
    bool attestation_key_off_curve; /* its x is flipped, and bound so */
    const char *pck_key;            /* name; signs the QE report */
    enum made_sig signature, qe_signature;
    uint16_t outer_cert_type, inner_cert_type; /* 6, 5 */
    int64_t sig_len_delta;                     /* added to the length fields; the bytes stay */
    int64_t outer_size_delta, inner_size_delta;
    int32_t auth_len_delta;
    size_t flip_signed_at; /* byte of the signed part flipped after signing; 0: none */
    struct bytes trailing; /* behind the signature data */
};

/* tdx_quote_default: a good version 4 quote; the TD values are recognisable patterns. */
void tdx_quote_default(struct tdx_quote_spec *s);
/* tdx_quote_make builds and signs it. pck_chain_pem is put inside as it is. */
struct bytes tdx_quote_make(struct arena *a, const struct tdx_quote_spec *s,
                            struct bytes pck_chain_pem);
/* made_sign: r||s over data by the key so named, with the defect asked for. */
void made_sign(const char *key, struct bytes data, enum made_sig how, uint8_t out[static 64]);

#endif
