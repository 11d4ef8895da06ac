#include "quote/quote.h"

#include "base/cur.h"
#include "base/limits.h"
#include "quote/quote_abi.h"

/* [DCAP] QE vendor id of Intel's quoting enclaves. */
static const uint8_t intel_vendor[16] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                         0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};

static uint16_t le16(const uint8_t b[static 2])
{
    struct cur c = cur_of(bytes_of(b, 2));
    return cur_u16le(&c);
}

static uint32_t le32(const uint8_t b[static 4])
{
    struct cur c = cur_of(bytes_of(b, 4));
    return cur_u32le(&c);
}

static enum rc check_header(const struct abi_header *h, struct err *err)
{
    unsigned version = le16(h->version), key = le16(h->att_key_type);
    uint32_t tee = le32(h->tee_type);
    if (version == 3)
        return err_set(err, BG_QUOTE_SGX_V3, "quote version 3");
    if (version != 4 && version != 5)
        return err_set(err, BG_QUOTE_VERSION, "version %u", version);
    if (tee == QUOTE_TEE_SGX)
        return err_set(err, BG_QUOTE_SGX, "TEE type 0 in a version %u quote", version);
    if (tee != QUOTE_TEE_TDX)
        return err_set(err, BG_QUOTE_TEE_TYPE, "TEE type 0x%x", tee);
    if (key != QUOTE_KEY_TYPE_P256)
        return err_set(err, BG_QUOTE_KEY_TYPE, "attestation key type %u", key);
    if (memcmp(h->qe_vendor_id, intel_vendor, sizeof intel_vendor) != 0)
        return err_set(err, BG_QUOTE_VENDOR, "vendor id begins with %02x%02x%02x%02x",
                       h->qe_vendor_id[0], h->qe_vendor_id[1], h->qe_vendor_id[2],
                       h->qe_vendor_id[3]);
    return RC_OK;
}

/* body_type reads version 5's descriptor; in version 4 the body is always the TD 1.0 one. */
static enum rc body_type(struct cur *c, unsigned version, bool *td15, struct err *err)
{
    struct abi_body_descriptor d;
    *td15 = false;
    if (version == 4)
        return RC_OK;
    cur_copy(c, &d, sizeof d);
    if (c->bad)
        return err_set(err, BG_QUOTE_DESCRIPTOR_CUT, "no room for the body descriptor");
    unsigned type = le16(d.type);
    uint32_t size = le32(d.size);
    if (type == QUOTE_BODY_TD15EX)
        return err_set(err, BG_QUOTE_BODY_TD15EX, "body type 4, %u bytes", size);
    if (type != QUOTE_BODY_TD10 && type != QUOTE_BODY_TD15)
        return err_set(err, BG_QUOTE_BODY_TYPE, "body type %u", type);
    *td15 = type == QUOTE_BODY_TD15;
    size_t want = sizeof(struct abi_td_body) + (*td15 ? sizeof(struct abi_td15_tail) : 0);
    if (size != want)
        return err_set(err, BG_QUOTE_BODY_SIZE, "body type %u says %u bytes, it has %zu", type,
                       size, want);
    return RC_OK;
}

static void read_body(struct cur *c, bool td15, struct td_body *td)
{
    struct abi_td_body b;
    struct abi_td15_tail t = {0};
    cur_copy(c, &b, sizeof b);
    if (td15)
        cur_copy(c, &t, sizeof t);
    memcpy(td->tee_tcb_svn, b.tee_tcb_svn, sizeof td->tee_tcb_svn);
    memcpy(td->mr_seam, b.mr_seam, sizeof td->mr_seam);
    memcpy(td->mr_signer_seam, b.mr_signer_seam, sizeof td->mr_signer_seam);
    memcpy(td->seam_attributes, b.seam_attributes, sizeof td->seam_attributes);
    memcpy(td->td_attributes, b.td_attributes, sizeof td->td_attributes);
    memcpy(td->xfam, b.xfam, sizeof td->xfam);
    memcpy(td->mr_td, b.mr_td, sizeof td->mr_td);
    memcpy(td->mr_config_id, b.mr_config_id, sizeof td->mr_config_id);
    memcpy(td->mr_owner, b.mr_owner, sizeof td->mr_owner);
    memcpy(td->mr_owner_config, b.mr_owner_config, sizeof td->mr_owner_config);
    memcpy(td->rtmr, b.rtmr, sizeof td->rtmr);
    memcpy(td->report_data, b.report_data, sizeof td->report_data);
    td->td15 = td15;
    memcpy(td->tee_tcb_svn2, t.tee_tcb_svn2, sizeof td->tee_tcb_svn2);
    memcpy(td->mr_service_td, t.mr_service_td, sizeof td->mr_service_td);
}

static void read_qe_report(struct bytes raw, struct qe_report *qe)
{
    struct abi_qe_report r;
    struct cur c = cur_of(raw);
    cur_copy(&c, &r, sizeof r);
    memcpy(qe->cpu_svn, r.cpu_svn, sizeof qe->cpu_svn);
    qe->misc_select = le32(r.misc_select);
    memcpy(qe->attributes, r.attributes, sizeof qe->attributes);
    memcpy(qe->mr_enclave, r.mr_enclave, sizeof qe->mr_enclave);
    memcpy(qe->mr_signer, r.mr_signer, sizeof qe->mr_signer);
    qe->isv_prod_id = le16(r.isv_prod_id);
    qe->isv_svn = le16(r.isv_svn);
    memcpy(qe->report_data, r.report_data, sizeof qe->report_data);
}

static struct bytes without_trailing_nuls(struct bytes b)
{
    while (b.n && b.p[b.n - 1] == 0)
        b.n--;
    return b;
}

/* read_certification: QE report, its signature, authentication data, and the chain inside. */
static enum rc read_certification(struct cur c, struct quote *q, struct err *err)
{
    q->qe_report_raw = cur_take(&c, sizeof(struct abi_qe_report));
    q->qe_signature = cur_take(&c, 64);
    uint16_t auth_size = cur_u16le(&c);
    q->qe_auth_data = cur_take(&c, auth_size);
    unsigned inner_type = cur_u16le(&c);
    uint32_t inner_size = cur_u32le(&c);
    if (c.bad)
        return err_set(err, BG_QUOTE_CERT_CUT, "QE authentication data of %u bytes does not fit",
                       auth_size);
    if (inner_type != QUOTE_CERT_PCK_CHAIN)
        return err_set(err, BG_QUOTE_INNER_TYPE,
                       "certification data type %u inside the QE report's", inner_type);
    if (inner_size != cur_left(&c))
        return err_set(err, BG_QUOTE_INNER_SIZE, "PCK chain says %u bytes, %zu are there",
                       inner_size, cur_left(&c));
    read_qe_report(q->qe_report_raw, &q->qe);
    q->pck_chain_pem = without_trailing_nuls(cur_rest(&c));
    return RC_OK;
}

static enum rc read_signature_data(struct cur c, struct quote *q, struct err *err)
{
    size_t len = cur_left(&c);
    q->signature = cur_take(&c, 64);
    q->attestation_key = cur_take(&c, 64);
    unsigned type = cur_u16le(&c);
    uint32_t size = cur_u32le(&c);
    if (c.bad)
        return err_set(err, BG_QUOTE_SIG_CUT, "signature data of %zu bytes", len);
    if (type != QUOTE_CERT_QE_REPORT)
        return err_set(err, BG_QUOTE_CERT_TYPE, "certification data type %u", type);
    if (size != cur_left(&c))
        return err_set(err, BG_QUOTE_CERT_SIZE, "certification data says %u bytes, %zu are there",
                       size, cur_left(&c));
    return read_certification(c, q, err);
}

enum rc quote_parse(struct bytes raw, struct quote *out, struct err *err)
{
    struct quote q = {0};
    struct abi_header h;
    struct cur c = cur_of(raw), start = c;
    bool td15;
    if (raw.n > LIMIT_QUOTE)
        return err_set(err, BG_QUOTE_SIZE, "%zu bytes", raw.n);
    cur_copy(&c, &h, sizeof h);
    if (c.bad)
        return err_set(err, BG_QUOTE_SHORT, "%zu bytes, the header alone has 48", raw.n);
    TRY(check_header(&h, err));
    q.version = le16(h.version);
    TRY(body_type(&c, q.version, &td15, err));
    read_body(&c, td15, &q.td);
    q.signed_part = cur_take(&start, raw.n - cur_left(&c));
    uint32_t sig_len = cur_u32le(&c);
    if (c.bad)
        return err_set(err, BG_QUOTE_BODY_CUT, "%zu bytes", raw.n);
    if (sig_len > cur_left(&c))
        return err_set(err, BG_QUOTE_SIG_LEN, "signature data says %u bytes, %zu are there",
                       sig_len, cur_left(&c));
    TRY(read_signature_data(cur_sub(&c, sig_len), &q, err));
    q.trailing = cur_left(&c);
    *out = q;
    return RC_OK;
}
