/*
 * Every code about collateral (base/errors/quote.def) is raised by the defect that it names, built
 * alone on a platform of our own. No vectors needed. [sgx]: vectors/tdx/index.json has it on an SGX
 * quote.
 */
#include "tests/lib/harness.h"
#include "tests/lib/tdx_codes.h"

/* clang-format off */
/* issuer chain of the PCK CRL */
DEFECT(crl_chain_empty, BG_CRL_CHAIN_SHORT, w->crl_chain_pem = text(""))
DEFECT(crl_chain_ca_only, BG_CRL_CHAIN_SHORT,
       w->crl_chain_pem = chain2(m, m->good.pck_ca, BYTES_NONE))
DEFECT(crl_chain_pem, BG_CRL_CHAIN_PEM, w->crl_chain_pem = text("-----BEGIN CERTIFICATE-----\nx"))
DEFECT(crl_chain_cert, BG_CRL_CHAIN_CERT,
       w->crl_chain_pem = chain2(m, cut(m->good.pck_ca, 1), m->good.root))
DEFECT(crl_chain_seven, BG_CRL_CHAIN_LONG, w->crl_chain_pem = seven_roots(m))
DEFECT(crl_chain_leaf, BG_CRL_CHAIN_NOT_CA,
       w->crl_chain_pem = chain3(m, m->good.pck, m->good.pck_ca, m->good.root))
DEFECT(crl_chain_root, BG_CRL_CHAIN_ROOT,
       w->crl_chain_pem = chain2(m, m->good.pck_ca, other_root(m)))
DEFECT(crl_chain_name, BG_CRL_CHAIN_NAME, w->crl_chain_pem = chain2(m, m->good.root, m->good.root))
DEFECT(crl_chain_long, BG_CRL_CHAIN_LENGTH,
       w->crl_chain_pem = chain3(m, m->good.pck_ca, m->good.root, m->good.root))
DEFECT(crl_chain_issuer, BG_CRL_CHAIN_ISSUER, struct pki_cert c = w->pck_ca;
       c.issuer = "Intel SGX Root CB"; w->crl_chain_pem = below_root(m, c))
DEFECT(crl_chain_signature, BG_CRL_CHAIN_SIGNATURE, struct pki_cert c = w->pck_ca;
       c.issuer_key = "pck-ca"; w->crl_chain_pem = below_root(m, c))
DEFECT(crl_chain_expired, BG_CRL_CHAIN_EXPIRED, struct pki_cert c = w->pck_ca;
       c.not_after = w->now - 1; w->crl_chain_pem = below_root(m, c))
DEFECT(crl_chain_early, BG_CRL_CHAIN_NOT_YET_VALID, struct pki_cert c = w->pck_ca;
       c.not_before = w->now + 1; w->crl_chain_pem = below_root(m, c))
DEFECT(crl_chain_other_ca, BG_CRL_CHAIN_OTHER_CA, struct pki_cert c = w->pck_ca;
       c.subject = "Intel SGX PCK Processor CA"; w->crl_chain_pem = below_root(m, c))
DEFECT(crl_chain_other_key, BG_CRL_CHAIN_OTHER_CA, struct pki_cert c = w->pck_ca;
       c.key = w->pck_crl.issuer_key = "pck-ca-2"; w->crl_chain_pem = below_root(m, c))

/* signers' chains */
DEFECT(tcb_chain_empty, BG_TCB_CHAIN_SHORT, w->tcb_info_chain_pem = text("")) /* [sgx] */
DEFECT(tcb_chain_not_pem, BG_TCB_CHAIN_SHORT, w->tcb_info_chain_pem = text("INVALID")) /* [sgx] */
DEFECT(tcb_chain_pem, BG_TCB_CHAIN_PEM,
       w->tcb_info_chain_pem = text("-----BEGIN CERTIFICATE-----\nx"))
DEFECT(tcb_chain_cert, BG_TCB_CHAIN_CERT,
       w->tcb_info_chain_pem = chain2(m, cut(m->good.tcb_signer, 1), m->good.root))
DEFECT(tcb_chain_seven, BG_TCB_CHAIN_LONG, w->tcb_info_chain_pem = seven_roots(m))
DEFECT(tcb_ca_as_signer, BG_TCB_CHAIN_CA_FIRST, struct pki_cert c = w->tcb_signer; /* [sgx] */
       c.ca = true; w->tcb_info_chain_pem = below_root(m, c))
DEFECT(tcb_other_root, BG_TCB_CHAIN_ROOT,
       w->tcb_info_chain_pem = chain2(m, m->good.tcb_signer, other_root(m)))
DEFECT(tcb_no_ca_between, BG_TCB_CHAIN_NOT_CA,
       w->tcb_info_chain_pem = chain3(m, m->good.tcb_signer, m->good.pck, m->good.root))
DEFECT(tcb_by_pck, BG_TCB_CHAIN_NAME, w->tcb_info_key = "pck";
       w->tcb_info_chain_pem = chain3(m, m->good.pck, m->good.pck_ca, m->good.root))
/* Named as it should be, but issued by the PCK CA: the keys that leak are below that one. */
DEFECT(tcb_by_pck_ca, BG_TCB_CHAIN_LENGTH, w->tcb_info_chain_pem = signer_below_pck_ca(m))
DEFECT(tcb_signer_usage, BG_TCB_CHAIN_USAGE, struct pki_cert c = w->tcb_signer;
       c.no_key_usage = true; w->tcb_info_chain_pem = below_root(m, c))
DEFECT(tcb_signer_issuer, BG_TCB_CHAIN_ISSUER, struct pki_cert c = w->tcb_signer;
       c.issuer = "Intel SGX Root CB"; w->tcb_info_chain_pem = below_root(m, c))
DEFECT(tcb_signer_forged, BG_TCB_CHAIN_SIGNATURE, struct pki_cert c = w->tcb_signer;
       c.issuer_key = "somebody"; w->tcb_info_chain_pem = below_root(m, c))
DEFECT(tcb_signer_expired, BG_TCB_CHAIN_EXPIRED, struct pki_cert c = w->tcb_signer;
       c.not_after = w->now - 1; w->tcb_info_chain_pem = below_root(m, c))
DEFECT(tcb_signer_early, BG_TCB_CHAIN_NOT_YET_VALID, struct pki_cert c = w->tcb_signer;
       c.not_before = w->now + 1; w->tcb_info_chain_pem = below_root(m, c))
DEFECT(qe_chain_empty, BG_QE_CHAIN_SHORT, w->qe_identity_chain_pem = text("")) /* [sgx] */
DEFECT(qe_chain_pem, BG_QE_CHAIN_PEM,
       w->qe_identity_chain_pem = text("-----BEGIN CERTIFICATE-----\nx"))
DEFECT(qe_chain_cert, BG_QE_CHAIN_CERT,
       w->qe_identity_chain_pem = chain2(m, cut(m->good.tcb_signer, 1), m->good.root))
DEFECT(qe_chain_seven, BG_QE_CHAIN_LONG, w->qe_identity_chain_pem = seven_roots(m))
DEFECT(qe_ca_as_signer, BG_QE_CHAIN_CA_FIRST, struct pki_cert c = w->tcb_signer; /* [sgx] */
       c.ca = true; w->qe_identity_chain_pem = below_root(m, c))
DEFECT(qe_other_root, BG_QE_CHAIN_ROOT,
       w->qe_identity_chain_pem = chain2(m, m->good.tcb_signer, other_root(m)))
DEFECT(qe_no_ca_between, BG_QE_CHAIN_NOT_CA,
       w->qe_identity_chain_pem = chain3(m, m->good.tcb_signer, m->good.pck, m->good.root))
DEFECT(qe_by_pck, BG_QE_CHAIN_NAME, w->qe_identity_key = "pck";
       w->qe_identity_chain_pem = chain3(m, m->good.pck, m->good.pck_ca, m->good.root))
DEFECT(qe_by_pck_ca, BG_QE_CHAIN_LENGTH, w->qe_identity_chain_pem = signer_below_pck_ca(m))
DEFECT(qe_signer_usage, BG_QE_CHAIN_USAGE, struct pki_cert c = w->tcb_signer;
       c.no_key_usage = true; w->qe_identity_chain_pem = below_root(m, c))
DEFECT(qe_signer_issuer, BG_QE_CHAIN_ISSUER, struct pki_cert c = w->tcb_signer;
       c.issuer = "Intel SGX Root CB"; w->qe_identity_chain_pem = below_root(m, c))
DEFECT(qe_signer_forged, BG_QE_CHAIN_SIGNATURE, struct pki_cert c = w->tcb_signer;
       c.issuer_key = "somebody"; w->qe_identity_chain_pem = below_root(m, c))
DEFECT(qe_signer_expired, BG_QE_CHAIN_EXPIRED, struct pki_cert c = w->tcb_signer;
       c.not_after = w->now - 1; w->qe_identity_chain_pem = below_root(m, c))
DEFECT(qe_signer_early, BG_QE_CHAIN_NOT_YET_VALID, struct pki_cert c = w->tcb_signer;
       c.not_before = w->now + 1; w->qe_identity_chain_pem = below_root(m, c))

/* CRLs */
DEFECT(root_crl_empty, BG_ROOT_CRL_FORMAT, w->root_crl_der = text(""))
DEFECT(root_crl_is_certificate, BG_ROOT_CRL_FORMAT, w->root_crl_der = m->good.root)
DEFECT(root_crl_issuer, BG_ROOT_CRL_ISSUER, w->root_crl.issuer = "Intel SGX PCK Platform CA")
DEFECT(root_crl_forged, BG_ROOT_CRL_SIGNATURE, w->root_crl.issuer_key = "pck-ca")
DEFECT(root_crl_expired, BG_ROOT_CRL_EXPIRED, w->root_crl.next_update = w->now - 1)
DEFECT(root_crl_early, BG_ROOT_CRL_NOT_YET_VALID, w->root_crl.this_update = w->now + 1)
DEFECT(pck_crl_garbage, BG_PCK_CRL_FORMAT, w->pck_crl_der = text("garbage"))
DEFECT(pck_crl_cut, BG_PCK_CRL_FORMAT, w->pck_crl_der = cut(m->good.collateral.pck_crl, 1))
DEFECT(pck_crl_is_root_crl, BG_PCK_CRL_ISSUER, w->pck_crl_der = m->good.collateral.root_ca_crl)
DEFECT(pck_crl_forged, BG_PCK_CRL_SIGNATURE, w->pck_crl.issuer_key = "somebody")
DEFECT(pck_crl_expired, BG_PCK_CRL_EXPIRED, w->pck_crl.next_update = w->now - 1)
DEFECT(pck_crl_early, BG_PCK_CRL_NOT_YET_VALID, w->pck_crl.this_update = w->now + 1)
DEFECT(root_revoked, BG_ROOT_REVOKED, revoke(&w->root_crl, w->root.serial))
DEFECT(pck_ca_revoked, BG_PCK_CA_REVOKED, revoke(&w->root_crl, 7);
       revoke(&w->root_crl, w->pck_ca.serial); revoke(&w->root_crl, 9))
DEFECT(crl_issuer_revoked, BG_CRL_ISSUER_REVOKED, struct pki_cert c = w->pck_ca; c.serial = 77;
       w->crl_chain_pem = below_root(m, c); revoke(&w->root_crl, 77))
DEFECT(tcb_signer_revoked, BG_TCB_SIGNER_REVOKED, revoke(&w->root_crl, w->tcb_signer.serial))
DEFECT(qe_signer_revoked, BG_QE_SIGNER_REVOKED, struct pki_cert c = w->tcb_signer; c.serial = 78;
       w->qe_identity_chain_pem = below_root(m, c); revoke(&w->root_crl, 78))
DEFECT(pck_revoked, BG_PCK_REVOKED, revoke(&w->pck_crl, 1); revoke(&w->pck_crl, w->pck.serial))

/* signed documents */
DEFECT(tcb_sig_zero, BG_TCB_INFO_SIGNATURE, w->tcb_info_sig = SIG_ZERO) /* [sgx] */
DEFECT(tcb_sig_flipped, BG_TCB_INFO_SIGNATURE, w->tcb_info_sig = SIG_FLIPPED)
DEFECT(tcb_sig_other_key, BG_TCB_INFO_SIGNATURE, w->tcb_info_key = "somebody")
DEFECT(qe_id_sig_zero, BG_QE_IDENTITY_SIGNATURE, w->qe_identity_sig = SIG_ZERO) /* [sgx] */
DEFECT(qe_id_sig_other_key, BG_QE_IDENTITY_SIGNATURE, w->qe_identity_key = "somebody")
DEFECT(tcb_not_json, BG_TCB_INFO_JSON, w->tcb_info_text = text("{not json"))            /* [sgx] */
DEFECT(qe_id_not_json, BG_QE_IDENTITY_JSON, w->qe_identity_text = text("not json"))     /* [sgx] */
DEFECT(tcb_expired, BG_TCB_INFO_OLD, w->tcb_info.next_update = "2025-12-31T23:59:59Z")  /* [sgx] */
DEFECT(tcb_future, BG_TCB_INFO_FUTURE, w->tcb_info.issue_date = "2026-01-01T00:00:01Z") /* [sgx] */
DEFECT(qe_id_expired, BG_QE_IDENTITY_OLD,                                               /* [sgx] */
       w->qe_identity.next_update = "2025-12-31T23:59:59Z")
DEFECT(qe_id_future, BG_QE_IDENTITY_FUTURE, /* [sgx] */
       w->qe_identity.issue_date = "2026-01-01T00:00:01Z")
DEFECT(tcb_of_sgx, BG_TCB_INFO_KIND, w->tcb_info.id = "SGX")   /* [sgx], the other way round */
DEFECT(tcb_fmspc, BG_TCB_INFO_FMSPC, w->tcb_info.fmspc[5] = 1) /* [sgx] */
DEFECT(tcb_pceid, BG_TCB_INFO_PCEID, w->tcb_info.pce_id[1] = 1)

/* appraisal: what the index has on SGX quotes; all the rest is in the tests of quote/tcb.c */
DEFECT(component_low, BG_TCB_NO_LEVEL, memset(w->sgx.comp_svn, 0, 16))           /* [sgx] */
DEFECT(qe_mrsigner, BG_QE_WRONG_MRSIGNER, w->quote.qe.mr_signer[0] ^= 1)         /* [sgx] */
DEFECT(qe_prod_id, BG_QE_WRONG_ISVPRODID, w->quote.qe.isv_prod_id ^= 1)          /* [sgx] */
DEFECT(qe_misc, BG_QE_WRONG_MISCSELECT, w->quote.qe.misc_select ^= 1)            /* [sgx] */
DEFECT(qe_attributes, BG_QE_WRONG_ATTRIBUTES, w->quote.qe.attributes[0] ^= 0x10) /* [sgx] */
DEFECT(qe_debug, BG_QE_IS_DEBUG, w->quote.qe.attributes[0] ^= 0x02)      /* [sgx] */
DEFECT(platform_revoked, BG_TCB_REVOKED, platform_status(w, "Revoked"))          /* [sgx] */
DEFECT(qe_revoked, BG_TCB_REVOKED, qe_status(w, "Revoked"))                      /* [sgx] */
/* clang-format on */

static const struct code_case cases[] = {
    CODE_ROW(crl_chain_empty),     CODE_ROW(crl_chain_ca_only),
    CODE_ROW(crl_chain_pem),       CODE_ROW(crl_chain_cert),
    CODE_ROW(crl_chain_seven),     CODE_ROW(crl_chain_leaf),
    CODE_ROW(crl_chain_root),      CODE_ROW(crl_chain_name),
    CODE_ROW(crl_chain_long),      CODE_ROW(crl_chain_issuer),
    CODE_ROW(crl_chain_signature), CODE_ROW(crl_chain_expired),
    CODE_ROW(crl_chain_early),     CODE_ROW(crl_chain_other_ca),
    CODE_ROW(crl_chain_other_key), CODE_ROW(tcb_chain_empty),
    CODE_ROW(tcb_chain_not_pem),   CODE_ROW(tcb_chain_pem),
    CODE_ROW(tcb_chain_cert),      CODE_ROW(tcb_chain_seven),
    CODE_ROW(tcb_ca_as_signer),    CODE_ROW(tcb_other_root),
    CODE_ROW(tcb_no_ca_between),   CODE_ROW(tcb_by_pck),
    CODE_ROW(tcb_by_pck_ca),       CODE_ROW(tcb_signer_usage),
    CODE_ROW(tcb_signer_issuer),   CODE_ROW(tcb_signer_forged),
    CODE_ROW(tcb_signer_expired),  CODE_ROW(tcb_signer_early),
    CODE_ROW(qe_chain_empty),      CODE_ROW(qe_chain_pem),
    CODE_ROW(qe_chain_cert),       CODE_ROW(qe_chain_seven),
    CODE_ROW(qe_ca_as_signer),     CODE_ROW(qe_other_root),
    CODE_ROW(qe_no_ca_between),    CODE_ROW(qe_by_pck),
    CODE_ROW(qe_by_pck_ca),        CODE_ROW(qe_signer_usage),
    CODE_ROW(qe_signer_issuer),    CODE_ROW(qe_signer_forged),
    CODE_ROW(qe_signer_expired),   CODE_ROW(qe_signer_early),
    CODE_ROW(root_crl_empty),      CODE_ROW(root_crl_is_certificate),
    CODE_ROW(root_crl_issuer),     CODE_ROW(root_crl_forged),
    CODE_ROW(root_crl_expired),    CODE_ROW(root_crl_early),
    CODE_ROW(pck_crl_garbage),     CODE_ROW(pck_crl_cut),
    CODE_ROW(pck_crl_is_root_crl), CODE_ROW(pck_crl_forged),
    CODE_ROW(pck_crl_expired),     CODE_ROW(pck_crl_early),
    CODE_ROW(root_revoked),        CODE_ROW(pck_ca_revoked),
    CODE_ROW(crl_issuer_revoked),  CODE_ROW(tcb_signer_revoked),
    CODE_ROW(qe_signer_revoked),   CODE_ROW(pck_revoked),
    CODE_ROW(tcb_sig_zero),        CODE_ROW(tcb_sig_flipped),
    CODE_ROW(tcb_sig_other_key),   CODE_ROW(qe_id_sig_zero),
    CODE_ROW(qe_id_sig_other_key), CODE_ROW(tcb_not_json),
    CODE_ROW(qe_id_not_json),      CODE_ROW(tcb_expired),
    CODE_ROW(tcb_future),          CODE_ROW(qe_id_expired),
    CODE_ROW(qe_id_future),        CODE_ROW(tcb_of_sgx),
    CODE_ROW(tcb_fmspc),           CODE_ROW(tcb_pceid),
    CODE_ROW(component_low),       CODE_ROW(qe_mrsigner),
    CODE_ROW(qe_prod_id),          CODE_ROW(qe_misc),
    CODE_ROW(qe_attributes),       CODE_ROW(qe_debug),
    CODE_ROW(platform_revoked),    CODE_ROW(qe_revoked),
};

static void each_defect_is_refused_with_its_own_code(void **state)
{
    (void)state;
    codes_refused(cases, sizeof cases / sizeof *cases);
}

/* A signature of another length than r||s: no spec makes one, so it is put in afterwards. */
static void signatures_of_documents_have_64_bytes(void **state)
{
    (void)state;
    struct made m;
    struct td_report td;
    made_open(&m);
    for (size_t n = 0; n < 64; n++) {
        struct tdx_bundle b = m.good;
        struct err err = {0};
        b.collateral.tcb_info_signature.n = n;
        assert_int_equal(verify_bundle(m.a, &b, m.w.now, &td, &err), BG_TCB_INFO_SIG_SIZE);
        err_clear(&err);
        b = m.good;
        b.collateral.qe_identity_signature.n = n;
        assert_int_equal(verify_bundle(m.a, &b, m.w.now, &td, &err), BG_QE_IDENTITY_SIG_SIZE);
    }
    made_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_defect_is_refused_with_its_own_code),
        cmocka_unit_test(signatures_of_documents_have_64_bytes),
    };
    return HARNESS_RUN("collateral_codes", tests);
}
