/*
 * collateral: the nine parts of a DCAP collateral set, as bytes, from any source. Untrusted until
 * quote_verify checked them. Member names of the JSON form: DESIGN section 6 (`collateral`).
 */
#ifndef BOOTGATE_QUOTE_COLLATERAL_H
#define BOOTGATE_QUOTE_COLLATERAL_H

#include "base/json.h"

struct collateral {
    struct bytes pck_crl_issuer_chain;     /* PEM: PCK CA, root */
    struct bytes root_ca_crl;              /* DER */
    struct bytes pck_crl;                  /* DER */
    struct bytes tcb_info_issuer_chain;    /* PEM: TCB signer, root */
    struct bytes tcb_info;                 /* exact signed JSON text (the inner object) */
    struct bytes tcb_info_signature;       /* r||s, 64 bytes; as given when of another length */
    struct bytes qe_identity_issuer_chain; /* PEM */
    struct bytes qe_identity;              /* exact signed JSON text */
    struct bytes qe_identity_signature;    /* r||s */
};

/* struct collateral_numbers: Intel's TCB evaluation data numbers; text.p NULL: there are none. */
struct collateral_numbers {
    struct bytes issuer_chain; /* PEM: TCB signer, root */
    struct bytes text;         /* exact signed JSON text (the inner object) */
    struct bytes signature;    /* r||s */
};

/*
 * collateral_from_json reads the `collateral` object of a bundle (also the stand-alone sample
 * files of dcap-qvl). CRLs and signatures are hex there. Extra members such as
 * "pck_certificate_chain" of newer dcap-qvl versions are accepted and ignored.
 */
enum rc collateral_from_json(struct arena *a, const json_t *obj, struct collateral *out,
                             struct err *err) MUST_CHECK;

/*
 * collateral_early_from_json: the `collateral_early` object of a bundle: TCB info and QE identity
 * of the coming set, each with chain and signature; and the numbers, all three members or none.
 * The CRLs are those of the set in force: *out has none.
 */
enum rc collateral_early_from_json(struct arena *a, const json_t *obj, struct collateral *out,
                                   struct collateral_numbers *out_numbers,
                                   struct err *err) MUST_CHECK;

#endif
