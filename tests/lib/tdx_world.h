/*
 * tdx_world: a platform, its certificates, its quote and its collateral, made consistently. Take
 * the default (everything good), change fields, build. The pieces: pki, tdx_builder,
 * collateral_builder.
 *
 *     struct tdx_world w;
 *     struct tdx_bundle b;
 *     tdx_world_default(&w);
 *     w.quote.td.rtmr[3][0] = 1;
 *     tdx_world_build(a, &w, &b);   // b.quote, b.collateral, b.root; verify at w.now
 */
#ifndef BOOTGATE_TESTS_TDX_WORLD_H
#define BOOTGATE_TESTS_TDX_WORLD_H

#include "quote/collateral.h"
#include "tests/lib/collateral_builder.h"
#include "tests/lib/pki.h"
#include "tests/lib/tdx_builder.h"

/* Names of the default keys: "root", "pck-ca", "pck", "tcb-signer", "attestation". */
struct tdx_world {
    uint64_t now; /* 2026-01-01T00:00:00Z */
    struct pki_cert root, pck_ca, pck, tcb_signer;
    struct pki_sgx sgx; /* of the PCK leaf, unless no_sgx */
    bool no_sgx;
    struct pki_crl root_crl, pck_crl;
    struct tdx_quote_spec quote;
    struct tcb_info_spec tcb_info;
    struct qe_identity_spec qe_identity;
    const char *tcb_info_key, *qe_identity_key; /* sign the documents */
    enum made_sig tcb_info_sig, qe_identity_sig;
    /* Replacements: when p is not NULL (even with n 0) they are used as they are. */
    struct bytes tcb_info_text, qe_identity_text;
    struct bytes pck_chain_pem, crl_chain_pem, tcb_info_chain_pem, qe_identity_chain_pem;
    struct bytes root_der, root_crl_der, pck_crl_der;
};

struct tdx_bundle {
    struct bytes quote;
    struct collateral collateral;
    struct bytes root;                    /* DER */
    struct bytes pck_ca, pck, tcb_signer; /* DER, as made from the specs */
};

void tdx_world_default(struct tdx_world *w);
void tdx_world_build(struct arena *a, const struct tdx_world *w, struct tdx_bundle *out);
/* tdx_chain: PEM of up to four certificates, in the order given; NULL p ends the list. */
struct bytes tdx_chain(struct arena *a, struct bytes c1, struct bytes c2, struct bytes c3,
                       struct bytes c4);
/* tdx_collateral_json: the `collateral` member of a bundle (DESIGN section 6); a new reference. */
json_t *tdx_collateral_json(struct arena *a, const struct collateral *c);

#endif
