#include "tests/lib/tdx_codes.h"

#include "tests/lib/harness.h"

void made_open(struct made *m)
{
    memset(m, 0, sizeof *m);
    m->a = arena_new(32u << 20);
    assert_non_null(m->a);
    tdx_world_default(&m->w);
    tdx_world_build(m->a, &m->w, &m->good);
    m->w.root_der = m->good.root;
}

void made_close(struct made *m)
{
    arena_free(m->a);
}

enum rc verify_bundle(struct arena *a, const struct tdx_bundle *b, uint64_t now,
                      struct td_report *out, struct err *err)
{
    struct quote q;
    const struct td_report_ok *ok = NULL;
    TRY(quote_parse(b->quote, &q, err));
    TRY(quote_verify(a, &q, &b->collateral, b->root, now, &ok, err));
    *out = *td_report_of(ok);
    return RC_OK;
}

void codes_refused(const struct code_case *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct made m;
        struct tdx_bundle b;
        struct td_report td;
        struct err err = {0};
        made_open(&m);
        v[i].make(&m);
        tdx_world_build(m.a, &m.w, &b);
        int rc = (int)verify_bundle(m.a, &b, m.w.now, &td, &err);
        CASE(v[i].name, rc == v[i].want, "BG-%04d %s instead of %s", rc, err.detail,
             err_info_of(v[i].want)->symbol);
        made_close(&m);
    }
}

struct bytes text(const char *s)
{
    return bytes_of_str(s);
}

struct bytes cut(struct bytes b, size_t by)
{
    return bytes_of(b.p, b.n - by);
}

struct bytes cert(struct made *m, struct pki_cert c)
{
    return pki_cert_der(m->a, &c);
}

struct bytes chain2(struct made *m, struct bytes x, struct bytes y)
{
    return tdx_chain(m->a, x, y, BYTES_NONE, BYTES_NONE);
}

struct bytes chain3(struct made *m, struct bytes x, struct bytes y, struct bytes z)
{
    return tdx_chain(m->a, x, y, z, BYTES_NONE);
}

struct bytes below_root(struct made *m, struct pki_cert c)
{
    return chain2(m, cert(m, c), m->good.root);
}

struct bytes signer_below_pck_ca(struct made *m)
{
    struct pki_cert c = m->w.tcb_signer;
    c.issuer = m->w.pck_ca.subject;
    c.issuer_key = "pck-ca";
    return chain3(m, cert(m, c), m->good.pck_ca, m->good.root);
}

struct bytes seven_roots(struct made *m)
{
    struct bytes all[7];
    for (size_t i = 0; i < 7; i++)
        all[i] = m->good.root;
    return pki_pem(m->a, all, 7);
}

struct bytes edited_pck_chain(struct made *m, const char *from, const char *to)
{
    return text_replace(m->a, chain3(m, m->good.pck, m->good.pck_ca, m->good.root), from, to);
}

struct pki_cert with_sgx(struct made *m)
{
    struct pki_cert c = m->w.pck;
    c.sgx = &m->w.sgx;
    return c;
}

/* Same name and shape as the root, another key. */
struct bytes other_root(struct made *m)
{
    struct pki_cert c = m->w.root;
    c.key = c.issuer_key = "other-root";
    return cert(m, c);
}

void v5(struct tdx_world *w, uint16_t body_type)
{
    w->quote.version = 5;
    w->quote.body_type = body_type;
}

void revoke(struct pki_crl *crl, uint64_t serial)
{
    crl->revoked[crl->num_revoked++] = serial;
}

void platform_status(struct tdx_world *w, const char *status)
{
    for (size_t i = 0; i < w->tcb_info.num_levels; i++)
        w->tcb_info.levels[i].status = status;
}

void qe_status(struct tdx_world *w, const char *status)
{
    for (size_t i = 0; i < w->qe_identity.num_levels; i++)
        w->qe_identity.levels[i].status = status;
}
