/*
 * Every code about quotes and their PCK chains (base/errors/quote.def) is raised by the defect that
 * it names, built alone on a platform of our own. No vectors needed. [sgx]: vectors/tdx/index.json
 * has it on an SGX quote.
 */
#include "tests/lib/harness.h"
#include "tests/lib/tdx_codes.h"

/* clang-format off */
/* quote bytes */
DEFECT(version_1, BG_QUOTE_VERSION, w->quote.version = 1)
DEFECT(version_2, BG_QUOTE_VERSION, w->quote.version = 2)
DEFECT(version_6, BG_QUOTE_VERSION, w->quote.version = 6)
DEFECT(version_255, BG_QUOTE_VERSION, w->quote.version = 255)
DEFECT(version_3, BG_QUOTE_SGX_V3, w->quote.version = 3)
DEFECT(tee_sgx, BG_QUOTE_SGX, w->quote.tee_type = 0)
DEFECT(tee_sgx_v5, BG_QUOTE_SGX, w->quote.version = 5; w->quote.tee_type = 0)
DEFECT(tee_other, BG_QUOTE_TEE_TYPE, w->quote.tee_type = 0x82)
DEFECT(tee_high, BG_QUOTE_TEE_TYPE, w->quote.tee_type = 0x81000081)
DEFECT(key_type_0, BG_QUOTE_KEY_TYPE, w->quote.att_key_type = 0)     /* [sgx] */
DEFECT(key_type_1, BG_QUOTE_KEY_TYPE, w->quote.att_key_type = 1)     /* [sgx] */
DEFECT(key_type_3, BG_QUOTE_KEY_TYPE, w->quote.att_key_type = 3)     /* [sgx] */
DEFECT(key_type_255, BG_QUOTE_KEY_TYPE, w->quote.att_key_type = 255) /* [sgx] */
DEFECT(vendor, BG_QUOTE_VENDOR, w->quote.vendor[15] ^= 1)
DEFECT(body_type_1, BG_QUOTE_BODY_TYPE, v5(w, 1))
DEFECT(body_type_5, BG_QUOTE_BODY_TYPE, v5(w, 5))
DEFECT(body_type_4, BG_QUOTE_BODY_TD15EX, v5(w, 4))
DEFECT(body_size_short, BG_QUOTE_BODY_SIZE, v5(w, 3); w->quote.body_size_delta = -64)
DEFECT(body_size_long, BG_QUOTE_BODY_SIZE, v5(w, 2); w->quote.body_size_delta = 64)
DEFECT(sig_len_over, BG_QUOTE_SIG_LEN, w->quote.sig_len_delta = 1)
DEFECT(sig_len_under, BG_QUOTE_CERT_SIZE, w->quote.sig_len_delta = -1)
DEFECT(sig_len_133, BG_QUOTE_SIG_CUT, /* the chain of before: certificates differ in length */
       w->pck_chain_pem = chain3(m, m->good.pck, m->good.pck_ca, m->good.root);
       w->quote.sig_len_delta = 133 - (int64_t)(m->good.quote.n - 636))
DEFECT(outer_type_5, BG_QUOTE_CERT_TYPE, w->quote.outer_cert_type = 5) /* [sgx] */
DEFECT(outer_type_7, BG_QUOTE_CERT_TYPE, w->quote.outer_cert_type = 7)
DEFECT(outer_type_3, BG_QUOTE_CERT_TYPE, w->quote.outer_cert_type = 3) /* [sgx] */
DEFECT(outer_over, BG_QUOTE_CERT_SIZE, w->quote.outer_size_delta = 1)
DEFECT(outer_under, BG_QUOTE_CERT_SIZE, w->quote.outer_size_delta = -1)
DEFECT(inner_type_3, BG_QUOTE_INNER_TYPE, w->quote.inner_cert_type = 3)
DEFECT(inner_type_6, BG_QUOTE_INNER_TYPE, w->quote.inner_cert_type = 6)
DEFECT(inner_over, BG_QUOTE_INNER_SIZE, w->quote.inner_size_delta = 1)
DEFECT(inner_under, BG_QUOTE_INNER_SIZE, w->quote.inner_size_delta = -1)
DEFECT(auth_len_over, BG_QUOTE_CERT_CUT, w->quote.auth_len_delta = 0xffff - 32)

/* quote signatures */
DEFECT(quote_sig_zero, BG_QUOTE_SIGNATURE, w->quote.signature = SIG_ZERO)
DEFECT(quote_sig_ones, BG_QUOTE_SIGNATURE, w->quote.signature = SIG_ONES) /* [sgx] */
DEFECT(quote_sig_flipped, BG_QUOTE_SIGNATURE, w->quote.signature = SIG_FLIPPED)
DEFECT(quote_header_changed, BG_QUOTE_SIGNATURE, w->quote.flip_signed_at = 30)
DEFECT(quote_body_changed, BG_QUOTE_SIGNATURE, w->quote.flip_signed_at = 631)
DEFECT(quote_v5_tail_changed, BG_QUOTE_SIGNATURE, v5(w, 3); w->quote.flip_signed_at = 701)
DEFECT(qe_sig_zero, BG_QE_REPORT_SIGNATURE, w->quote.qe_signature = SIG_ZERO) /* [sgx] */
DEFECT(qe_sig_flipped, BG_QE_REPORT_SIGNATURE, w->quote.qe_signature = SIG_FLIPPED)
DEFECT(qe_sig_other_key, BG_QE_REPORT_SIGNATURE, w->quote.pck_key = "somebody")
DEFECT(qe_data_zero, BG_QE_REPORT_DATA, w->quote.qe_report_data_given = true) /* [sgx] */
DEFECT(key_off_curve, BG_QUOTE_ATT_KEY, w->quote.attestation_key_off_curve = true)

/* PCK chain */
DEFECT(pck_empty, BG_PCK_CHAIN_SHORT, w->pck_chain_pem = text(""))
DEFECT(pck_not_pem, BG_PCK_CHAIN_SHORT, w->pck_chain_pem = text("no certificate at all"))
DEFECT(pck_leaf_only, BG_PCK_CHAIN_SHORT, w->pck_chain_pem = chain2(m, m->good.pck, BYTES_NONE))
DEFECT(pck_no_root, BG_PCK_CHAIN_SHORT, w->pck_chain_pem = chain2(m, m->good.pck, m->good.pck_ca))
DEFECT(pck_text_between, BG_PCK_CHAIN_PEM,
       w->pck_chain_pem = edited_pck_chain(m, "-----END CERTIFICATE-----",
                                           "-----END CERTIFICATE-----x"))
DEFECT(pck_bad_base64, BG_PCK_CHAIN_PEM, w->pck_chain_pem = edited_pck_chain(m, "MII", "M!I"))
DEFECT(pck_no_end, BG_PCK_CHAIN_PEM,
       w->pck_chain_pem = edited_pck_chain(m, "-----END CERTIFICATE-----", "-----END X-----"))
DEFECT(pck_seven, BG_PCK_CHAIN_LONG, w->pck_chain_pem = seven_roots(m))
DEFECT(pck_not_der, BG_PCK_CHAIN_CERT,
       w->pck_chain_pem = chain3(m, text("not a certificate"), m->good.pck_ca, m->good.root))
DEFECT(pck_der_cut, BG_PCK_CHAIN_CERT,
       w->pck_chain_pem = chain3(m, cut(m->good.pck, 1), m->good.pck_ca, m->good.root))
DEFECT(pck_reversed, BG_PCK_CHAIN_CA_FIRST,
       w->pck_chain_pem = chain3(m, m->good.root, m->good.pck_ca, m->good.pck))
DEFECT(pck_other_root, BG_PCK_CHAIN_ROOT,
       w->pck_chain_pem = chain3(m, m->good.pck, m->good.pck_ca, other_root(m)))
DEFECT(pck_root_twice, BG_PCK_CHAIN_LENGTH,
       w->pck_chain_pem =
           tdx_chain(m->a, m->good.pck, m->good.pck_ca, m->good.root, m->good.root))
DEFECT(pck_by_leaf, BG_PCK_CHAIN_NOT_CA, struct pki_cert c = with_sgx(m); c.issuer = c.subject;
       c.issuer_key = "pck"; c.key = "pck2"; w->quote.pck_key = "pck2";
       w->pck_chain_pem = tdx_chain(m->a, cert(m, c), m->good.pck, m->good.pck_ca, m->good.root))
DEFECT(pck_ca_without_usage, BG_PCK_CHAIN_NOT_CA, w->pck_ca.no_key_usage = true)
DEFECT(pck_ca_without_constraints, BG_PCK_CHAIN_NOT_CA, w->pck_ca.no_basic_constraints = true)
DEFECT(pck_name, BG_PCK_CHAIN_NAME, w->pck.subject = "Intel SGX TCB Signing")
DEFECT(pck_vendor_name, BG_PCK_CHAIN_NAME, w->pck.subject = "Intol SGX PCK Certificate")
DEFECT(pck_usage, BG_PCK_CHAIN_USAGE, w->pck.no_key_usage = true)
DEFECT(pck_issuer_name, BG_PCK_CHAIN_ISSUER, w->pck.issuer = "Intel SGX PCK Processor CA")
DEFECT(pck_signature, BG_PCK_CHAIN_SIGNATURE, w->pck.issuer_key = "root")
DEFECT(pck_ca_signature, BG_PCK_CHAIN_SIGNATURE, w->pck_ca.issuer_key = "pck-ca")
DEFECT(pck_expired, BG_PCK_CHAIN_EXPIRED, w->pck.not_after = w->now - 1)
DEFECT(pck_early, BG_PCK_CHAIN_NOT_YET_VALID, w->pck.not_before = w->now + 1)
DEFECT(pck_ca_expired, BG_PCK_CHAIN_EXPIRED, w->pck_ca.not_after = w->now - 1)
DEFECT(root_expired, BG_PCK_CHAIN_EXPIRED, w->root.not_after = w->now - 1;
       w->root_der = BYTES_NONE)

/* PCK extension */
DEFECT(sgx_missing, BG_PCK_EXTENSION_MISSING, w->no_sgx = true)
DEFECT(sgx_no_ppid, BG_PCK_EXTENSION_FORMAT, w->sgx.omit = 1u << 1)
DEFECT(sgx_no_tcb, BG_PCK_EXTENSION_FORMAT, w->sgx.omit = 1u << 2)
DEFECT(sgx_no_pceid, BG_PCK_EXTENSION_FORMAT, w->sgx.omit = 1u << 3)
DEFECT(sgx_no_fmspc, BG_PCK_EXTENSION_FORMAT, w->sgx.omit = 1u << 4)
DEFECT(sgx_no_type, BG_PCK_EXTENSION_FORMAT, w->sgx.omit = 1u << 5)
DEFECT(sgx_two_ppid, BG_PCK_EXTENSION_FORMAT, w->sgx.twice = 1u << 1)
DEFECT(sgx_two_tcb, BG_PCK_EXTENSION_FORMAT, w->sgx.twice = 1u << 2)
DEFECT(sgx_two_pceid, BG_PCK_EXTENSION_FORMAT, w->sgx.twice = 1u << 3)
DEFECT(sgx_two_fmspc, BG_PCK_EXTENSION_FORMAT, w->sgx.twice = 1u << 4)
DEFECT(sgx_two_types, BG_PCK_EXTENSION_FORMAT, w->sgx.twice = 1u << 5)
DEFECT(sgx_two_instances, BG_PCK_EXTENSION_FORMAT, w->sgx.twice = 1u << 6)
DEFECT(sgx_type_3, BG_PCK_EXTENSION_FORMAT, w->sgx.sgx_type = 3)
DEFECT(sgx_ppid_8, BG_PCK_EXTENSION_FORMAT, w->sgx.ppid_len = 8)
DEFECT(sgx_cut, BG_PCK_EXTENSION_FORMAT, w->sgx.cut = 1)
DEFECT(sgx_cut_more, BG_PCK_EXTENSION_FORMAT, w->sgx.cut = 40)
DEFECT(sgx_svn_256, BG_PCK_EXTENSION_FORMAT, w->sgx.wide_svn = true)
DEFECT(sgx_15_components, BG_PCK_EXTENSION_FORMAT, w->sgx.omit_comp = true)
DEFECT(sgx_trailing, BG_PCK_EXTENSION_FORMAT, w->sgx.trailing = true)
/* clang-format on */

static const struct code_case cases[] = {
    CODE_ROW(version_1),
    CODE_ROW(version_2),
    CODE_ROW(version_6),
    CODE_ROW(version_255),
    CODE_ROW(version_3),
    CODE_ROW(tee_sgx),
    CODE_ROW(tee_sgx_v5),
    CODE_ROW(tee_other),
    CODE_ROW(tee_high),
    CODE_ROW(key_type_0),
    CODE_ROW(key_type_1),
    CODE_ROW(key_type_3),
    CODE_ROW(key_type_255),
    CODE_ROW(vendor),
    CODE_ROW(body_type_1),
    CODE_ROW(body_type_5),
    CODE_ROW(body_type_4),
    CODE_ROW(body_size_short),
    CODE_ROW(body_size_long),
    CODE_ROW(sig_len_over),
    CODE_ROW(sig_len_under),
    CODE_ROW(sig_len_133),
    CODE_ROW(outer_type_5),
    CODE_ROW(outer_type_7),
    CODE_ROW(outer_type_3),
    CODE_ROW(outer_over),
    CODE_ROW(outer_under),
    CODE_ROW(inner_type_3),
    CODE_ROW(inner_type_6),
    CODE_ROW(inner_over),
    CODE_ROW(inner_under),
    CODE_ROW(auth_len_over),
    CODE_ROW(quote_sig_zero),
    CODE_ROW(quote_sig_ones),
    CODE_ROW(quote_sig_flipped),
    CODE_ROW(quote_header_changed),
    CODE_ROW(quote_body_changed),
    CODE_ROW(quote_v5_tail_changed),
    CODE_ROW(qe_sig_zero),
    CODE_ROW(qe_sig_flipped),
    CODE_ROW(qe_sig_other_key),
    CODE_ROW(qe_data_zero),
    CODE_ROW(key_off_curve),
    CODE_ROW(pck_empty),
    CODE_ROW(pck_not_pem),
    CODE_ROW(pck_leaf_only),
    CODE_ROW(pck_no_root),
    CODE_ROW(pck_text_between),
    CODE_ROW(pck_bad_base64),
    CODE_ROW(pck_no_end),
    CODE_ROW(pck_seven),
    CODE_ROW(pck_not_der),
    CODE_ROW(pck_der_cut),
    CODE_ROW(pck_reversed),
    CODE_ROW(pck_other_root),
    CODE_ROW(pck_root_twice),
    CODE_ROW(pck_by_leaf),
    CODE_ROW(pck_ca_without_usage),
    CODE_ROW(pck_ca_without_constraints),
    CODE_ROW(pck_name),
    CODE_ROW(pck_vendor_name),
    CODE_ROW(pck_usage),
    CODE_ROW(pck_issuer_name),
    CODE_ROW(pck_signature),
    CODE_ROW(pck_ca_signature),
    CODE_ROW(pck_expired),
    CODE_ROW(pck_early),
    CODE_ROW(pck_ca_expired),
    CODE_ROW(root_expired),
    CODE_ROW(sgx_missing),
    CODE_ROW(sgx_no_ppid),
    CODE_ROW(sgx_no_tcb),
    CODE_ROW(sgx_no_pceid),
    CODE_ROW(sgx_no_fmspc),
    CODE_ROW(sgx_no_type),
    CODE_ROW(sgx_two_ppid),
    CODE_ROW(sgx_two_tcb),
    CODE_ROW(sgx_two_pceid),
    CODE_ROW(sgx_two_fmspc),
    CODE_ROW(sgx_two_types),
    CODE_ROW(sgx_two_instances),
    CODE_ROW(sgx_type_3),
    CODE_ROW(sgx_ppid_8),
    CODE_ROW(sgx_cut),
    CODE_ROW(sgx_cut_more),
    CODE_ROW(sgx_svn_256),
    CODE_ROW(sgx_15_components),
    CODE_ROW(sgx_trailing),
};

static void each_defect_is_refused_with_its_own_code(void **state)
{
    (void)state;
    codes_refused(cases, sizeof cases / sizeof *cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_defect_is_refused_with_its_own_code),
    };
    return HARNESS_RUN("quote_codes", tests);
}
