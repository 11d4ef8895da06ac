/*
 * Defects of certificates, chains, the PCK's SGX extension and CRLs by name, each made on a good
 * TDX quote of our own and refused with its own class and exit status.
 */
#include "tests/lib/harness.h"

#include "tests/lib/tdx_case.h"

#define D(name, ...)                                                                               \
    static void name(struct tdx_defect_ctx *x)                                                     \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

/* ---- certificates */

D(pck_expired, x->w.pck.not_after = x->w.now - 1;)
D(pck_not_yet_valid, x->w.pck.not_before = x->w.now + 1;)
D(pck_ca_expired, x->w.pck_ca.not_after = x->w.now - 1;)
D(root_expired, x->w.root.not_after = x->w.now - 1;)
D(tcb_signer_expired, x->w.tcb_signer.not_after = x->w.now - 1;)
D(at_the_last_second,
  x->w.pck.not_after = x->w.pck_ca.not_after = x->w.tcb_signer.not_after = x->w.now;
  x->w.root_crl.next_update = x->w.pck_crl.next_update = x->w.now;)
D(pck_is_ca, x->w.pck.ca = true; x->w.pck.path_len = -1;)
D(pck_ca_is_none, x->w.pck_ca.ca = false;)
D(pck_ca_without_constraints, x->w.pck_ca.no_basic_constraints = true;)
D(pck_ca_without_usage, x->w.pck_ca.no_key_usage = true;)
D(pck_name, x->w.pck.subject = "Intel SGX TCB Signing";)
D(pck_ca_name,
  x->w.pck_ca.subject = x->w.pck.issuer = x->w.pck_crl.issuer = "Intel SGX PCK Other CA";)
D(processor_ca,
  x->w.pck_ca.subject = x->w.pck.issuer = x->w.pck_crl.issuer = "Intel SGX PCK Processor CA";)
D(pck_signed_by_another_ca, x->w.pck.issuer_key = "stranger";)
D(pck_ca_signed_by_another_root, x->w.pck_ca.issuer_key = "stranger";)
D(pck_issuer_name, x->w.pck.issuer = "Intel SGX PCK Processor CA";)
D(tcb_signer_name, x->w.tcb_signer.subject = "Intel SGX TCB Signer";)
D(tcb_signer_is_ca, x->w.tcb_signer.ca = true; x->w.tcb_signer.path_len = -1;)

/* A second root of the same name: its own chain, all consistent, but not the pinned root. */
static struct bytes other_root(struct tdx_defect_ctx *x)
{
    struct pki_cert root = x->w.root;
    root.key = root.issuer_key = "root2";
    return pki_cert_der(x->a, &root);
}

D(pck_chain_other_root, struct pki_cert ca = x->w.pck_ca; ca.issuer_key = "root2";
  x->w.pck_chain_pem = chain(x, x->good.pck, pki_cert_der(x->a, &ca), other_root(x), BYTES_NONE);)

static struct bytes signer_of_other_root(struct tdx_defect_ctx *x)
{
    struct pki_cert s = x->w.tcb_signer;
    s.issuer_key = "root2";
    return chain(x, pki_cert_der(x->a, &s), other_root(x), BYTES_NONE, BYTES_NONE);
}

D(tcb_chain_other_root, x->w.tcb_info_chain_pem = signer_of_other_root(x);)
D(qe_chain_other_root, x->w.qe_identity_chain_pem = signer_of_other_root(x);
  /* the class of CVE-2026-22696 */)
D(other_root_hidden_below_the_pinned_one, struct pki_cert s = x->w.tcb_signer;
  s.issuer_key = "root2";
  x->w.tcb_info_chain_pem = chain(x, pki_cert_der(x->a, &s), x->good.root, BYTES_NONE, BYTES_NONE);)
D(crl_chain_other_root, struct pki_cert ca = x->w.pck_ca; ca.issuer_key = "root2";
  x->w.crl_chain_pem = chain(x, pki_cert_der(x->a, &ca), other_root(x), BYTES_NONE, BYTES_NONE);)
D(crl_chain_other_ca, struct pki_cert ca = x->w.pck_ca; ca.key = "pck-ca2"; ca.serial++;
  x->w.crl_chain_pem = chain(x, pki_cert_der(x->a, &ca), x->good.root, BYTES_NONE, BYTES_NONE);
  x->w.pck_crl.issuer_key = "pck-ca2";)
D(pck_chain_reversed,
  x->w.pck_chain_pem = chain(x, x->good.root, x->good.pck_ca, x->good.pck, BYTES_NONE);)
D(pck_chain_leaf_only,
  x->w.pck_chain_pem = chain(x, x->good.pck, BYTES_NONE, BYTES_NONE, BYTES_NONE);)
D(pck_chain_without_root,
  x->w.pck_chain_pem = chain(x, x->good.pck, x->good.pck_ca, BYTES_NONE, BYTES_NONE);)
D(pck_chain_empty, x->w.pck_chain_pem = bytes_of("", 0);)
D(pck_chain_extra,
  x->w.pck_chain_pem = chain(x, x->good.pck, x->good.pck_ca, x->good.root, x->good.tcb_signer);)
D(pck_signed_by_leaf, struct pki_cert evil = x->w.pck; evil.sgx = &x->w.sgx;
  evil.issuer = "Intel SGX PCK Certificate"; evil.issuer_key = "pck"; evil.key = "stranger";
  x->w.quote.pck_key = "stranger";
  x->w.pck_chain_pem = chain(x, pki_cert_der(x->a, &evil), x->good.pck, x->good.pck_ca,
                             x->good.root);)
D(tcb_info_signed_by_pck,
  x->w.tcb_info_chain_pem = chain(x, x->good.pck, x->good.pck_ca, x->good.root, BYTES_NONE);
  x->w.tcb_info_key = "pck";)
D(tcb_info_signed_by_leaf_of_pck_ca_named_signer, struct pki_cert s = x->w.tcb_signer;
  s.issuer = x->w.pck_ca.subject; s.issuer_key = "pck-ca";
  x->w.tcb_info_chain_pem = chain(x, pki_cert_der(x->a, &s), x->good.pck_ca, x->good.root,
                                  BYTES_NONE);)
D(tcb_info_by_a_stray_key, x->w.tcb_info_key = "stranger";)
D(qe_identity_by_a_stray_key, x->w.qe_identity_key = "stranger";)
D(tcb_signature_flipped, x->w.tcb_info_sig = SIG_FLIPPED;)
D(qe_signature_ones, x->w.qe_identity_sig = SIG_ONES;)
D(documents_swapped, x->w.tcb_info_text = x->good.collateral.qe_identity;
  x->w.qe_identity_text = x->good.collateral.tcb_info;)

/* ---- PCK extension */

D(no_sgx_extension, x->w.no_sgx = true;)
D(no_ppid, x->w.sgx.omit = 1u << 1;)
D(no_tcb, x->w.sgx.omit = 1u << 2;)
D(no_pceid, x->w.sgx.omit = 1u << 3;)
D(no_fmspc, x->w.sgx.omit = 1u << 4;)
D(two_ppids, x->w.sgx.twice = 1u << 1;)
D(two_tcbs, x->w.sgx.twice = 1u << 2;)
D(two_pceids, x->w.sgx.twice = 1u << 3;)
D(two_fmspcs, x->w.sgx.twice = 1u << 4;)
D(short_ppid, x->w.sgx.ppid_len = 8;)
D(long_ppid, x->w.sgx.ppid_len = 17;)
D(extension_cut, x->w.sgx.cut = 9;)
D(extension_trailing, x->w.sgx.trailing = true;)
D(component_256, x->w.sgx.wide_svn = true;)
D(component_missing, x->w.sgx.omit_comp = true;)
D(sgx_type_0, x->w.sgx.sgx_type = 0;)
D(pceid_mismatch, x->w.sgx.pce_id[1] = 1;)

/* ---- revocation */

static void revoke(struct pki_crl *crl, uint64_t serial)
{
    crl->revoked[crl->num_revoked++] = serial;
}

D(pck_revoked, revoke(&x->w.pck_crl, x->w.pck.serial);)
D(pck_revoked_among_others, for (uint64_t i = 0; i < 3; i++) revoke(&x->w.pck_crl, 7 + i);
  revoke(&x->w.pck_crl, x->w.pck.serial); revoke(&x->w.pck_crl, 0x7fffffffffffffff);)
D(others_revoked, revoke(&x->w.pck_crl, x->w.pck.serial + 1);
  revoke(&x->w.pck_crl, x->w.pck_ca.serial); /* not this CRL's to say */
  revoke(&x->w.root_crl, x->w.pck.serial);   /* nor this one's */
  revoke(&x->w.root_crl, (x->w.pck_ca.serial << 8) + 2);)
D(pck_ca_revoked, revoke(&x->w.root_crl, x->w.pck_ca.serial);)
D(signer_revoked, revoke(&x->w.root_crl, x->w.tcb_signer.serial);)
D(root_revoked, revoke(&x->w.root_crl, x->w.root.serial);)
D(root_crl_expired, x->w.root_crl.next_update = x->w.now - 1;)
D(pck_crl_expired, x->w.pck_crl.next_update = x->w.now - 1;)
D(root_crl_future, x->w.root_crl.this_update = x->w.now + 1;)
D(pck_crl_future, x->w.pck_crl.this_update = x->w.now + 1;)
D(root_crl_other_key, x->w.root_crl.issuer_key = "stranger";)
D(pck_crl_other_key, x->w.pck_crl.issuer_key = "stranger";)
D(root_crl_other_issuer, x->w.root_crl_der = x->good.collateral.pck_crl;)
D(pck_crl_other_issuer, x->w.pck_crl_der = x->good.collateral.root_ca_crl;)
D(crl_not_der, x->w.pck_crl_der = bytes_of_str("not a CRL");)
D(crl_cut, struct bytes b = x->good.collateral.root_ca_crl;
  x->w.root_crl_der = bytes_of(b.p, b.n - 1);)
D(crl_trailing, struct err err = {0}; struct bytes b = x->good.collateral.root_ca_crl;
  uint8_t *p = arena_copy(x->a, b, &err); /* with a NUL behind it */
  pki_must(p != NULL); x->w.root_crl_der = bytes_of(p, b.n + 1);)
D(crl_empty, x->w.pck_crl_der = bytes_of("", 0);)

static const struct tdx_defect defects[] = {
    NO(pck_expired, "CERT_EXPIRED", 4),
    NO(pck_not_yet_valid, "CERT_EXPIRED", 5),
    NO(pck_ca_expired, "CERT_EXPIRED", 4),
    NO(root_expired, "CERT_EXPIRED", 4),
    NO(tcb_signer_expired, "CERT_EXPIRED", 3),
    OK(at_the_last_second, "UpToDate"),
    NO(pck_is_ca, "CA_AS_LEAF", 4),
    NO(pck_ca_is_none, "CHAIN_NOT_CA", 4),
    NO(pck_ca_without_constraints, "CHAIN_NOT_CA", 4),
    NO(pck_ca_without_usage, "CHAIN_NOT_CA", 4),
    NO(pck_name, "CHAIN_NAME", 4),
    NO(pck_ca_name, "CHAIN_NAME", 3), /* seen at the CRL's issuer, which must be the PCK CA */
    OK(processor_ca, "UpToDate"),
    NO(pck_signed_by_another_ca, "CHAIN_SIGNATURE", 4),
    NO(pck_ca_signed_by_another_root, "CHAIN_SIGNATURE", 4),
    NO(pck_issuer_name, "CHAIN_ISSUER", 4),
    NO(tcb_signer_name, "SIGNER_NOT_TCB_SIGNING", 3),
    NO(tcb_signer_is_ca, "CA_AS_LEAF", 3),
    NO(pck_chain_other_root, "CHAIN_UNTRUSTED_ROOT", 4),
    NO(tcb_chain_other_root, "CHAIN_UNTRUSTED_ROOT", 3),
    NO(qe_chain_other_root, "CHAIN_UNTRUSTED_ROOT", 3),
    NO(other_root_hidden_below_the_pinned_one, "CHAIN_SIGNATURE", 3),
    NO(crl_chain_other_root, "CHAIN_UNTRUSTED_ROOT", 3),
    NO(crl_chain_other_ca, "CRL_ISSUER", 3),
    NO(pck_chain_reversed, "CA_AS_LEAF", 4),
    NO(pck_chain_leaf_only, "CHAIN_TOO_SHORT", 4),
    NO(pck_chain_without_root, "CHAIN_TOO_SHORT", 4),
    NO(pck_chain_empty, "CHAIN_TOO_SHORT", 4),
    NO(pck_chain_extra, "CHAIN_UNTRUSTED_ROOT", 4),
    NO(pck_signed_by_leaf, "CHAIN_NOT_CA", 4),
    NO(tcb_info_signed_by_pck, "SIGNER_NOT_TCB_SIGNING", 3),
    NO(tcb_info_signed_by_leaf_of_pck_ca_named_signer, "SIGNER_NOT_TCB_SIGNING", 3),
    NO(tcb_info_by_a_stray_key, "TCB_INFO_SIGNATURE", 3),
    NO(qe_identity_by_a_stray_key, "QE_IDENTITY_SIGNATURE", 3),
    NO(tcb_signature_flipped, "TCB_INFO_SIGNATURE", 3),
    NO(qe_signature_ones, "QE_IDENTITY_SIGNATURE", 3),
    NO(documents_swapped, "TCB_INFO_FORMAT", 3),
    NO(no_sgx_extension, "PCK_EXTENSION_FORMAT", 4),
    NO(no_ppid, "PCK_EXTENSION_FORMAT", 4),
    NO(no_tcb, "PCK_EXTENSION_FORMAT", 4),
    NO(no_pceid, "PCK_EXTENSION_FORMAT", 4),
    NO(no_fmspc, "PCK_EXTENSION_FORMAT", 4),
    NO(two_ppids, "PCK_EXTENSION_FORMAT", 4),
    NO(two_tcbs, "PCK_EXTENSION_FORMAT", 4),
    NO(two_pceids, "PCK_EXTENSION_FORMAT", 4),
    NO(two_fmspcs, "PCK_EXTENSION_FORMAT", 4),
    NO(short_ppid, "PCK_EXTENSION_FORMAT", 4),
    NO(long_ppid, "PCK_EXTENSION_FORMAT", 4),
    NO(extension_cut, "PCK_EXTENSION_FORMAT", 4),
    NO(extension_trailing, "PCK_EXTENSION_FORMAT", 4),
    NO(component_256, "PCK_EXTENSION_FORMAT", 4),
    NO(component_missing, "PCK_EXTENSION_FORMAT", 4),
    OK(sgx_type_0, "UpToDate"),
    NO(pceid_mismatch, "TCB_INFO_MISMATCH", 3),
    NO(pck_revoked, "PCK_REVOKED", 1),
    NO(pck_revoked_among_others, "PCK_REVOKED", 1),
    OK(others_revoked, "UpToDate"),
    NO(pck_ca_revoked, "INTERMEDIATE_REVOKED", 1),
    NO(signer_revoked, "SIGNER_REVOKED", 3),
    NO(root_revoked, "ROOT_REVOKED", 3),
    NO(root_crl_expired, "CRL_EXPIRED", 3),
    NO(pck_crl_expired, "CRL_EXPIRED", 3),
    NO(root_crl_future, "CRL_NOT_YET_VALID", 5),
    NO(pck_crl_future, "CRL_NOT_YET_VALID", 5),
    NO(root_crl_other_key, "CRL_SIGNATURE", 3),
    NO(pck_crl_other_key, "CRL_SIGNATURE", 3),
    NO(root_crl_other_issuer, "CRL_ISSUER", 3),
    NO(pck_crl_other_issuer, "CRL_ISSUER", 3),
    NO(crl_not_der, "CRL_FORMAT", 3),
    NO(crl_cut, "CRL_FORMAT", 3),
    NO(crl_trailing, "CRL_FORMAT", 3),
    NO(crl_empty, "CRL_FORMAT", 3),
};

static void every_defect_is_refused_by_its_name(void **state)
{
    (void)state;
    tdx_defects_run(defects, sizeof defects / sizeof *defects);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_defect_is_refused_by_its_name),
    };
    return HARNESS_RUN("tdx_pki_defects", tests);
}
