/*
 * Defects of quotes, documents and signatures by name, each made on a good TDX quote of our own and
 * refused with its own class and exit status. The names of the first group are those of the rows
 * that vectors/tdx has on an SGX quote only (dcap-qvl's sample table), where a TDX verifier stops
 * too early to see the defect.
 */
#include "tests/lib/harness.h"

#include "tests/lib/tdx_case.h"

#define D(name, ...)                                                                               \
    static void name(struct tdx_defect_ctx *x)                                                     \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

/* ---- the dcap-qvl table, on TDX */

D(valid, (void)x;)
D(component_svn_all_higher,
  for (size_t i = 0; i < x->w.tcb_info.num_levels; i++)
      memset(x->w.tcb_info.levels[i].sgx, 0, sizeof x->w.tcb_info.levels[i].sgx);)
D(tcb_expired, x->w.tcb_info.next_update = "2025-12-31T23:59:59Z";)
D(tcb_issue_date_future, x->w.tcb_info.issue_date = "2026-01-01T00:00:01Z";)
D(tcb_id_sgx, x->w.tcb_info.id = "SGX";)
D(invalid_tcb_json, x->w.tcb_info_text = bytes_of_str("INVALID JSON");)
D(sgx_component_svn_mismatch, x->w.sgx.comp_svn[4] = 1;)
D(tdx_component_svn_mismatch, x->w.quote.td.tee_tcb_svn[2] = 1;)
D(short_tcb_chain, x->w.tcb_info_chain_pem = bytes_of("", 0);)
D(invalid_cert_format, x->w.tcb_info_chain_pem = bytes_of_str("not a certificate");)
D(invalid_tcb_signature, x->w.tcb_info_sig = SIG_ZERO;)
D(fmspc_mismatch, x->w.tcb_info.fmspc[5] = 1;)
D(qe_report_hash_mismatch, x->w.quote.qe_report_data_given = true;)
D(invalid_qe_report_signature, x->w.quote.qe_signature = SIG_ZERO;)
D(invalid_quote_signature, x->w.quote.signature = SIG_ONES;)
D(qe_identity_expired, x->w.qe_identity.next_update = "2025-12-31T23:59:59Z";)
D(qe_identity_issue_date_future, x->w.qe_identity.issue_date = "2026-01-01T00:00:01Z";)
D(invalid_qe_identity_json, x->w.qe_identity_text = bytes_of_str("not valid json {{{");)
D(short_qe_identity_chain, x->w.qe_identity_chain_pem = bytes_of("", 0);)
D(invalid_qe_identity_signature, x->w.qe_identity_sig = SIG_ZERO;)
D(qe_mrsigner_mismatch, memset(x->w.qe_identity.mr_signer, 0xff, 32);)
D(qe_isvprodid_mismatch, x->w.qe_identity.isv_prod_id = 999;)
D(qe_miscselect_mismatch, x->w.qe_identity.misc_select[0] = 1;)
D(qe_attributes_mismatch, x->w.qe_identity.attributes[0] = 0xff;)
D(qe_debug_enabled, x->w.quote.qe.attributes[0] |= 2;)
D(unknown_tcb_status, x->w.tcb_info.levels[0].status = "FineProbably";)
D(no_tcb_levels, x->w.tcb_info.num_levels = 0;)
D(revoked_platform_tcb, x->w.tcb_info.levels[0].status = "Revoked";)
D(revoked_qe_tcb, x->w.quote.qe.isv_svn = 1;)
D(qe_isvsvn_below_all, x->w.quote.qe.isv_svn = 0;)
D(key_type_0, x->w.quote.att_key_type = 0;)
D(key_type_1, x->w.quote.att_key_type = 1;)
D(key_type_3, x->w.quote.att_key_type = 3;)
D(key_type_255, x->w.quote.att_key_type = 255;)
D(cert_type_3, x->w.quote.inner_cert_type = 3;)
D(ca_used_as_end_entity_tcb,
  x->w.tcb_info_chain_pem = chain(x, x->good.pck_ca, x->good.root, BYTES_NONE, BYTES_NONE);
  x->w.tcb_info_key = "pck-ca";)
D(ca_used_as_end_entity_qe,
  x->w.qe_identity_chain_pem = chain(x, x->good.pck_ca, x->good.root, BYTES_NONE, BYTES_NONE);
  x->w.qe_identity_key = "pck-ca";)

/* ---- more of the quote */

D(version_5_body_2, x->w.quote.version = 5;)
D(version_5_body_3, x->w.quote.version = 5; x->w.quote.body_type = 3;)
D(body_size_short, version_5_body_3(x); x->w.quote.body_size_delta = -64;)
D(body_size_long, version_5_body_2(x); x->w.quote.body_size_delta = 64;)
D(body_type_1, version_5_body_3(x); x->w.quote.body_type = 1;)
D(body_type_4, version_5_body_3(x); x->w.quote.body_type = 4;)
D(vendor, x->w.quote.vendor[15] ^= 1;)
D(tee_type_sgx, x->w.quote.tee_type = 0;)
D(tee_type_other, x->w.quote.tee_type = 0x82;)
D(version_6, x->w.quote.version = 6;)
D(version_3, x->w.quote.version = 3;)
D(attestation_key_off_curve, x->w.quote.attestation_key_off_curve = true;)
D(qe_report_by_another_key, x->w.quote.pck_key = "stranger";)
D(qe_report_data_upper_half, struct quote q; struct err err = {0};
  pki_must(quote_parse(x->good.quote, &q, &err) == RC_OK);
  memcpy(x->w.quote.qe.report_data, q.qe.report_data, 32); x->w.quote.qe.report_data[63] = 1;
  x->w.quote.qe_report_data_given = true;)
D(quote_signature_flipped, x->w.quote.signature = SIG_FLIPPED;)
D(mrtd_changed_after_signing, x->w.quote.flip_signed_at = 48 + 136;)
D(auth_data_0, x->w.quote.qe_auth_data = bytes_of("", 0);)
D(auth_data_64, static const uint8_t data[64] = {1};
  x->w.quote.qe_auth_data = BYTES_OF_ARRAY(data);)
D(auth_len_ffff, x->w.quote.auth_len_delta = 0xffff - 32;)
D(sig_len_over, x->w.quote.sig_len_delta = 1;)
D(sig_len_short, x->w.quote.sig_len_delta = -1;)
D(sig_len_huge, x->w.quote.sig_len_delta = 0x7fffffff;)
D(outer_size_over, x->w.quote.outer_size_delta = 1;)
D(inner_size_over, x->w.quote.inner_size_delta = 1;)
D(inner_size_under, x->w.quote.inner_size_delta = -1;)
D(outer_cert_type, x->w.quote.outer_cert_type = 5;)
D(inner_cert_type_6, x->w.quote.inner_cert_type = 6;)
D(trailing_bytes, x->w.quote.trailing = bytes_of("\0\0\x01", 3);)

static const struct tdx_defect defects[] = {
    OK(valid, "UpToDate"),
    OK(component_svn_all_higher, "UpToDate"),
    NO(tcb_expired, "TCB_INFO_EXPIRED", 3),
    NO(tcb_issue_date_future, "TCB_INFO_NOT_YET_VALID", 5),
    NO(tcb_id_sgx, "TCB_INFO_MISMATCH", 3),
    NO(invalid_tcb_json, "TCB_INFO_FORMAT", 3),
    NO(sgx_component_svn_mismatch, "TCB_NOT_SUPPORTED", 1),
    NO(tdx_component_svn_mismatch, "TCB_NOT_SUPPORTED", 1),
    NO(short_tcb_chain, "CHAIN_TOO_SHORT", 3),
    NO(invalid_cert_format, "CHAIN_TOO_SHORT", 3),
    NO(invalid_tcb_signature, "TCB_INFO_SIGNATURE", 3),
    NO(fmspc_mismatch, "TCB_INFO_MISMATCH", 3),
    NO(qe_report_hash_mismatch, "QE_REPORT_DATA", 4),
    NO(invalid_qe_report_signature, "QE_REPORT_SIGNATURE", 4),
    NO(invalid_quote_signature, "QUOTE_SIGNATURE", 4),
    NO(qe_identity_expired, "QE_IDENTITY_EXPIRED", 3),
    NO(qe_identity_issue_date_future, "QE_IDENTITY_NOT_YET_VALID", 5),
    NO(invalid_qe_identity_json, "QE_IDENTITY_FORMAT", 3),
    NO(short_qe_identity_chain, "CHAIN_TOO_SHORT", 3),
    NO(invalid_qe_identity_signature, "QE_IDENTITY_SIGNATURE", 3),
    NO(qe_mrsigner_mismatch, "QE_MRSIGNER", 4),
    NO(qe_isvprodid_mismatch, "QE_ISVPRODID", 4),
    NO(qe_miscselect_mismatch, "QE_MISCSELECT", 4),
    NO(qe_attributes_mismatch, "QE_ATTRIBUTES", 4),
    NO(qe_debug_enabled, "QE_ATTRIBUTES", 4),
    NO(unknown_tcb_status, "TCB_UNRECOGNIZED_STATUS", 1),
    NO(no_tcb_levels, "TCB_NOT_SUPPORTED", 1),
    NO(revoked_platform_tcb, "TCB_REVOKED", 1),
    NO(revoked_qe_tcb, "TCB_REVOKED", 1),
    NO(qe_isvsvn_below_all, "QE_ISVSVN_NOT_SUPPORTED", 1),
    NO(key_type_0, "QUOTE_ATT_KEY_TYPE", 4),
    NO(key_type_1, "QUOTE_ATT_KEY_TYPE", 4),
    NO(key_type_3, "QUOTE_ATT_KEY_TYPE", 4),
    NO(key_type_255, "QUOTE_ATT_KEY_TYPE", 4),
    NO(cert_type_3, "QUOTE_CERT_TYPE", 4),
    NO(ca_used_as_end_entity_tcb, "CA_AS_LEAF", 3),
    NO(ca_used_as_end_entity_qe, "CA_AS_LEAF", 3),
    OK(version_5_body_2, "UpToDate"),
    OK(version_5_body_3, "UpToDate"),
    NO(body_size_short, "QUOTE_BODY_TYPE", 4),
    NO(body_size_long, "QUOTE_BODY_TYPE", 4),
    NO(body_type_1, "QUOTE_BODY_TYPE", 4),
    NO(body_type_4, "QUOTE_BODY_TYPE", 4),
    NO(vendor, "QUOTE_VENDOR", 4),
    NO(tee_type_sgx, "TEE_NOT_TDX", 1),
    NO(tee_type_other, "QUOTE_TEE_TYPE", 4),
    NO(version_6, "QUOTE_VERSION", 4),
    NO(version_3, "TEE_NOT_TDX", 1),
    NO(attestation_key_off_curve, "QUOTE_ATT_KEY", 4),
    NO(qe_report_by_another_key, "QE_REPORT_SIGNATURE", 4),
    NO(qe_report_data_upper_half, "QE_REPORT_DATA", 4),
    NO(quote_signature_flipped, "QUOTE_SIGNATURE", 4),
    NO(mrtd_changed_after_signing, "QUOTE_SIGNATURE", 4),
    OK(auth_data_0, "UpToDate"),
    OK(auth_data_64, "UpToDate"),
    NO(auth_len_ffff, "QUOTE_FORMAT", 4),
    NO(sig_len_over, "QUOTE_FORMAT", 4),
    NO(sig_len_short, "QUOTE_FORMAT", 4),
    NO(sig_len_huge, "QUOTE_FORMAT", 4),
    NO(outer_size_over, "QUOTE_FORMAT", 4),
    NO(inner_size_over, "QUOTE_FORMAT", 4),
    NO(inner_size_under, "QUOTE_FORMAT", 4),
    NO(outer_cert_type, "QUOTE_CERT_TYPE", 4),
    NO(inner_cert_type_6, "QUOTE_CERT_TYPE", 4),
    OK(trailing_bytes, "UpToDate"),
};

static void every_defect_is_refused_by_its_name(void **state)
{
    (void)state;
    tdx_defects_run(defects, sizeof defects / sizeof *defects);
}

/* What is learnt from an accepted bundle is what was put in. */
static void an_accepted_quote_says_what_was_put_in(void **state)
{
    (void)state;
    struct arena *a = arena_new(8u << 20);
    struct tdx_world w;
    struct tdx_bundle b;
    struct tdx_outcome o;
    tdx_world_default(&w);
    w.quote.version = 5;
    w.quote.body_type = 3;
    uint8_t *raw = (uint8_t *)&w.quote.td;
    for (size_t i = 16; i < offsetof(struct td_body, seam_attributes); i++)
        raw[i] = i < offsetof(struct td_body, mr_signer_seam) ? (uint8_t)i : 0;
    for (size_t i = offsetof(struct td_body, mr_td); i < offsetof(struct td_body, td15); i++)
        raw[i] = (uint8_t)(i * 7);
    w.quote.td.td15 = true;
    memset(w.quote.td.mr_service_td, 0x77, 48);
    w.pck_crl.next_update = w.now + 5;
    w.qe_identity.issue_date = "2025-12-30T00:00:00Z";
    tdx_world_build(a, &w, &b);
    tdx_case_bundle(a, &b, w.now, NULL, &o);
    assert_int_equal(o.rc, RC_OK);
    assert_memory_equal(&o.td.td, &w.quote.td, sizeof o.td.td);
    assert_int_equal(o.td.quote_version, 5);
    assert_memory_equal(o.td.pck.ppid, w.sgx.ppid, 16);
    assert_memory_equal(o.td.pck.comp_svn, w.sgx.comp_svn, 16);
    assert_memory_equal(o.td.pck.cpu_svn, w.sgx.cpu_svn, 16);
    assert_int_equal(o.td.pck.pce_svn, 13);
    assert_memory_equal(o.td.pck.fmspc, w.sgx.fmspc, 6);
    assert_int_equal(o.td.pck.sgx_type, 1);
    assert_int_equal(o.td.valid_until, w.now + 5);
    assert_int_equal(o.td.valid_from, 1767052800); /* 2025-12-30 */
    assert_string_equal(o.td.valid_until_what, "PCK CRL");
    assert_string_equal(o.td.valid_from_what, "QE identity");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_defect_is_refused_by_its_name),
        cmocka_unit_test(an_accepted_quote_says_what_was_put_in),
    };
    return HARNESS_RUN("tdx_defects", tests);
}
