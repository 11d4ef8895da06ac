#include "tests/lib/tdx_builder.h"

#include "base/hash.h"
#include "tests/lib/pki.h"

/* A growing buffer in the arena; sizes here are known to be small. */
struct out {
    uint8_t *p;
    size_t n, cap;
};

static void put(struct out *o, const void *p, size_t n)
{
    pki_must(o->n + n <= o->cap);
    if (n)
        memcpy(o->p + o->n, p, n);
    o->n += n;
}

static void put_le(struct out *o, uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++, v >>= 8)
        put(o, &(uint8_t){(uint8_t)v}, 1);
}

static void put_bytes(struct out *o, struct bytes b)
{
    put(o, b.p, b.n);
}

static struct out out_new(struct arena *a, size_t cap)
{
    struct err err = {0};
    struct out o = {arena_alloc(a, cap, &err), 0, cap};
    pki_must(o.p != NULL);
    return o;
}

void made_sign(const char *key, struct bytes data, enum made_sig how, uint8_t out[static 64])
{
    memset(out, 0, 64);
    if (how == SIG_ONES)
        out[31] = out[63] = 1;
    if (how == SIG_GOOD || how == SIG_FLIPPED)
        pki_sign(key, data, out);
    if (how == SIG_FLIPPED)
        out[63] ^= 1;
}

void tdx_quote_default(struct tdx_quote_spec *s)
{
    static const uint8_t vendor[16] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                       0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};
    static const uint8_t qe_signer[32] = {0xdc, 0x9e, 0x2a, 0x7c, 0x6f, 0x94, 0x8f, 0x17,
                                          0x47, 0x4e, 0x34, 0xa7, 0xfc, 0x43, 0xed, 0x03,
                                          0x0f, 0x7c, 0x15, 0x63, 0xf1, 0xba, 0xbd, 0xdf,
                                          0x63, 0x40, 0xc8, 0x2e, 0x0e, 0x54, 0xa8, 0xc5};
    static const uint8_t auth[32] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    *s = (struct tdx_quote_spec){.version = 4,
                                 .att_key_type = 2,
                                 .tee_type = 0x81,
                                 .body_type = 2,
                                 .qe_auth_data = BYTES_OF_ARRAY(auth),
                                 .attestation_key = "attestation",
                                 .pck_key = "pck",
                                 .outer_cert_type = 6,
                                 .inner_cert_type = 5};
    memcpy(s->vendor, vendor, sizeof vendor);
    struct td_body *td = &s->td;
    memcpy(td->tee_tcb_svn, (const uint8_t[16]){7, 1, 3}, 16);
    memcpy(td->tee_tcb_svn2, td->tee_tcb_svn, 16);
    memset(td->mr_seam, 0x11, sizeof td->mr_seam);
    td->td_attributes[3] = 0x10; /* SEPT_VE_DISABLE */
    td->xfam[0] = 0xe7;
    td->xfam[1] = 0x02;
    td->xfam[2] = 0x06;
    memset(td->mr_td, 0x22, sizeof td->mr_td);
    for (unsigned i = 0; i < 4; i++)
        memset(td->rtmr[i], (int)(0x30 + i), sizeof td->rtmr[i]);
    memset(td->report_data, 0x44, sizeof td->report_data);
    memset(s->qe.cpu_svn, 3, 8);
    s->qe.attributes[0] = 0x15;
    s->qe.attributes[8] = 0x07;
    memset(s->qe.mr_enclave, 0x55, sizeof s->qe.mr_enclave);
    memcpy(s->qe.mr_signer, qe_signer, sizeof qe_signer);
    s->qe.isv_prod_id = 2;
    s->qe.isv_svn = 7;
}

static void put_td_body(struct out *o, const struct td_body *td, bool td15)
{
    put(o, td->tee_tcb_svn, 16);
    put(o, td->mr_seam, 48);
    put(o, td->mr_signer_seam, 48);
    put(o, td->seam_attributes, 8);
    put(o, td->td_attributes, 8);
    put(o, td->xfam, 8);
    put(o, td->mr_td, 48);
    put(o, td->mr_config_id, 48);
    put(o, td->mr_owner, 48);
    put(o, td->mr_owner_config, 48);
    for (size_t i = 0; i < 4; i++)
        put(o, td->rtmr[i], 48);
    put(o, td->report_data, 64);
    if (td15) {
        put(o, td->tee_tcb_svn2, 16);
        put(o, td->mr_service_td, 48);
    }
}

static void put_signed_part(struct out *o, const struct tdx_quote_spec *s)
{
    bool td15 = s->version == 5 && s->body_type != 2;
    put_le(o, s->version, 2);
    put_le(o, s->att_key_type, 2);
    put_le(o, s->tee_type, 4);
    put_le(o, 0, 4); /* version 4, 5: reserved */
    put(o, s->vendor, 16);
    put(o, s->user_data, 20);
    if (s->version == 5) {
        put_le(o, s->body_type, 2);
        put_le(o, (uint64_t)((td15 ? 648 : 584) + s->body_size_delta), 4);
    }
    put_td_body(o, &s->td, td15);
}

/* qe_report: SGX report body, 384 bytes (Intel SDM vol. 3D, REPORT). */
static void put_qe_report(struct out *o, const struct qe_report *r, const uint8_t report_data[64])
{
    static const uint8_t zero[96];
    put(o, r->cpu_svn, 16);
    put_le(o, r->misc_select, 4);
    put(o, zero, 28);
    put(o, r->attributes, 16);
    put(o, r->mr_enclave, 32);
    put(o, zero, 32);
    put(o, r->mr_signer, 32);
    put(o, zero, 96);
    put_le(o, r->isv_prod_id, 2);
    put_le(o, r->isv_svn, 2);
    put(o, zero, 60);
    put(o, report_data, 64);
}

struct bytes tdx_quote_make(struct arena *a, const struct tdx_quote_spec *s,
                            struct bytes pck_chain_pem)
{
    uint8_t att[64], sig[64], data[64] = {0};
    struct out q = out_new(a, 8192 + pck_chain_pem.n + s->qe_auth_data.n + s->trailing.n);
    struct out qe = out_new(a, 384);

    put_signed_part(&q, s);
    made_sign(s->attestation_key, bytes_of(q.p, q.n), s->signature, sig);
    if (s->flip_signed_at)
        q.p[s->flip_signed_at] ^= 1;

    pki_public(s->attestation_key, att);
    if (s->attestation_key_off_curve)
        att[0] ^= 1;
    HASH_PARTS(hash_sha256_parts, data, BYTES_OF_ARRAY(att), s->qe_auth_data);
    put_qe_report(&qe, &s->qe, s->qe_report_data_given ? s->qe.report_data : data);

    size_t inner = pck_chain_pem.n, outer = 384 + 64 + 2 + s->qe_auth_data.n + 2 + 4 + inner;
    put_le(&q, (uint64_t)((int64_t)(64 + 64 + 2 + 4 + outer) + s->sig_len_delta), 4);
    put(&q, sig, 64);
    put(&q, att, 64);
    put_le(&q, s->outer_cert_type, 2);
    put_le(&q, (uint64_t)((int64_t)outer + s->outer_size_delta), 4);
    put(&q, qe.p, qe.n);
    made_sign(s->pck_key, bytes_of(qe.p, qe.n), s->qe_signature, sig);
    put(&q, sig, 64);
    put_le(&q, (uint64_t)((int64_t)s->qe_auth_data.n + s->auth_len_delta), 2);
    put_bytes(&q, s->qe_auth_data);
    put_le(&q, s->inner_cert_type, 2);
    put_le(&q, (uint64_t)((int64_t)inner + s->inner_size_delta), 4);
    put_bytes(&q, pck_chain_pem);
    put_bytes(&q, s->trailing);
    return bytes_of(q.p, q.n);
}
