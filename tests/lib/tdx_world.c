#include "tests/lib/tdx_world.h"

#include "base/hex.h"

#define Y2024 1704067200u /* 2024-01-01T00:00:00Z */
#define Y2025 1735689600u
#define Y2026 1767225600u
#define Y2035 2051222400u
#define Y2044 2335219200u

#define ROOT_CN   "Intel SGX Root CA"
#define PCK_CA_CN "Intel SGX PCK Platform CA"

void tdx_world_default(struct tdx_world *w)
{
    memset(w, 0, sizeof *w);
    w->now = Y2026;
    w->root = (struct pki_cert){.subject = ROOT_CN,
                                .issuer = ROOT_CN,
                                .key = "root",
                                .issuer_key = "root",
                                .serial = 0x1001,
                                .not_before = Y2024,
                                .not_after = Y2044,
                                .ca = true,
                                .path_len = 1};
    w->pck_ca = w->root;
    w->pck_ca.subject = PCK_CA_CN;
    w->pck_ca.key = "pck-ca";
    w->pck_ca.serial = 0x1002;
    w->pck_ca.path_len = 0;
    w->pck = (struct pki_cert){.subject = "Intel SGX PCK Certificate",
                               .issuer = PCK_CA_CN,
                               .key = "pck",
                               .issuer_key = "pck-ca",
                               .serial = 0x1003,
                               .not_before = Y2024,
                               .not_after = Y2044};
    w->tcb_signer = w->pck;
    w->tcb_signer.subject = "Intel SGX TCB Signing";
    w->tcb_signer.issuer = ROOT_CN;
    w->tcb_signer.key = "tcb-signer";
    w->tcb_signer.issuer_key = "root";
    w->tcb_signer.serial = 0x1004;
    w->sgx = (struct pki_sgx){.ppid = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
                              .comp_svn = {3, 3, 2, 2, 4, 1, 0, 5},
                              .cpu_svn = {3, 3, 2, 2, 4, 1, 0, 5},
                              .pce_svn = 13,
                              .fmspc = {0x90, 0xc0, 0x6f},
                              .sgx_type = 1};
    w->root_crl = (struct pki_crl){
        .issuer = ROOT_CN, .issuer_key = "root", .this_update = Y2025, .next_update = Y2035};
    w->pck_crl = (struct pki_crl){
        .issuer = PCK_CA_CN, .issuer_key = "pck-ca", .this_update = Y2025, .next_update = Y2035};
    tdx_quote_default(&w->quote);
    tcb_info_default(&w->tcb_info);
    qe_identity_default(&w->qe_identity);
    w->tcb_info_key = w->qe_identity_key = "tcb-signer";
}

struct bytes tdx_chain(struct arena *a, struct bytes c1, struct bytes c2, struct bytes c3,
                       struct bytes c4)
{
    const struct bytes all[] = {c1, c2, c3, c4};
    size_t n = 0;
    while (n < 4 && all[n].p)
        n++;
    return pki_pem(a, all, n);
}

static struct bytes sign(struct arena *a, const char *key, struct bytes text, enum made_sig how)
{
    struct err err = {0};
    uint8_t *p = arena_alloc(a, 64, &err);
    pki_must(p != NULL);
    made_sign(key, text, how, p);
    return bytes_of(p, 64);
}

#define OR(replacement, made) ((replacement).p ? (replacement) : (made))

void tdx_world_build(struct arena *a, const struct tdx_world *w, struct tdx_bundle *out)
{
    struct pki_cert pck = w->pck;
    pck.sgx = w->no_sgx ? NULL : &w->sgx;
    out->root = OR(w->root_der, pki_cert_der(a, &w->root));
    out->pck_ca = pki_cert_der(a, &w->pck_ca);
    out->pck = pki_cert_der(a, &pck);
    out->tcb_signer = pki_cert_der(a, &w->tcb_signer);

    struct bytes pck_chain = tdx_chain(a, out->pck, out->pck_ca, out->root, BYTES_NONE);
    struct bytes crl_chain = tdx_chain(a, out->pck_ca, out->root, BYTES_NONE, BYTES_NONE);
    struct bytes tcb_chain = tdx_chain(a, out->tcb_signer, out->root, BYTES_NONE, BYTES_NONE);
    struct collateral *c = &out->collateral;
    c->pck_crl_issuer_chain = OR(w->crl_chain_pem, crl_chain);
    c->root_ca_crl = OR(w->root_crl_der, pki_crl_der(a, &w->root_crl));
    c->pck_crl = OR(w->pck_crl_der, pki_crl_der(a, &w->pck_crl));
    c->tcb_info_issuer_chain = OR(w->tcb_info_chain_pem, tcb_chain);
    c->tcb_info = OR(w->tcb_info_text, tcb_info_text(a, &w->tcb_info));
    c->tcb_info_signature = sign(a, w->tcb_info_key, c->tcb_info, w->tcb_info_sig);
    c->qe_identity_issuer_chain = OR(w->qe_identity_chain_pem, tcb_chain);
    c->qe_identity = OR(w->qe_identity_text, qe_identity_text(a, &w->qe_identity));
    c->qe_identity_signature = sign(a, w->qe_identity_key, c->qe_identity, w->qe_identity_sig);
    out->quote = tdx_quote_make(a, &w->quote, OR(w->pck_chain_pem, pck_chain));
}

static void set_text(json_t *obj, const char *key, struct bytes text)
{
    json_t *s = json_stringn((const char *)text.p, text.n);
    pki_must(s && json_object_set_new(obj, key, s) == 0);
}

static void set_hex(struct arena *a, json_t *obj, const char *key, struct bytes b)
{
    struct err err = {0};
    char *hex = hex_str(a, b, &err);
    pki_must(hex != NULL);
    set_text(obj, key, bytes_of_str(hex));
}

json_t *tdx_collateral_json(struct arena *a, const struct collateral *c)
{
    json_t *obj = json_object();
    pki_must(obj != NULL);
    set_text(obj, "pck_crl_issuer_chain", c->pck_crl_issuer_chain);
    set_hex(a, obj, "root_ca_crl", c->root_ca_crl);
    set_hex(a, obj, "pck_crl", c->pck_crl);
    set_text(obj, "tcb_info_issuer_chain", c->tcb_info_issuer_chain);
    set_text(obj, "tcb_info", c->tcb_info);
    set_hex(a, obj, "tcb_info_signature", c->tcb_info_signature);
    set_text(obj, "qe_identity_issuer_chain", c->qe_identity_issuer_chain);
    set_text(obj, "qe_identity", c->qe_identity);
    set_hex(a, obj, "qe_identity_signature", c->qe_identity_signature);
    return obj;
}
