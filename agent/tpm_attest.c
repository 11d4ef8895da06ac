#include "agent/tpm_attest.h"

#include "agent/tpm_attest_quote.h"
#include "agent/tpm_put.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define CERT_ECC    0x01c0000au
#define CERT_RSA    0x01c00002u
#define CERT_MAX    3072u /* bytes; the answer has room for it and an RSA key */
#define READ_CHUNK  512u  /* at most TPM_PT_NV_BUFFER_MAX, which is 512 or more everywhere */
#define QUOTE_TRIES 3u    /* a boot PCR that moves between reading and quoting */

_Static_assert(1 + TPM_EK_RSA_LEN + CERT_MAX <= TPM_BLOB_MAX, "the answer fits");

/* --- the endorsement key and its certificate --- */

/* EK Credential Profile 2.x, B.3.3 and B.3.4: templates L-1 and L-2. */
#define EK_ATTRIBUTES                                                                              \
    (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |            \
     TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT)
/* PolicySecret(TPM_RH_ENDORSEMENT) */
#define EK_POLICY                                                                                  \
    {                                                                                              \
        0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7,  \
            0x24, 0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33,    \
            0x14, 0x69, 0xaa                                                                       \
    }
#define AES_128_CFB                                                                                \
    {                                                                                              \
        .algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB                    \
    }

static const TPM2B_PUBLIC ecc_template = {
    .publicArea = {.type = TPM2_ALG_ECC,
                   .nameAlg = TPM2_ALG_SHA256,
                   .objectAttributes = EK_ATTRIBUTES,
                   .authPolicy = {.size = SHA256_LEN, .buffer = EK_POLICY},
                   .parameters.eccDetail = {.symmetric = AES_128_CFB,
                                            .scheme.scheme = TPM2_ALG_NULL,
                                            .curveID = TPM2_ECC_NIST_P256,
                                            .kdf.scheme = TPM2_ALG_NULL},
                   .unique.ecc = {.x.size = 32, .y.size = 32}}};
static const TPM2B_PUBLIC rsa_template = {
    .publicArea = {.type = TPM2_ALG_RSA,
                   .nameAlg = TPM2_ALG_SHA256,
                   .objectAttributes = EK_ATTRIBUTES,
                   .authPolicy = {.size = SHA256_LEN, .buffer = EK_POLICY},
                   .parameters.rsaDetail = {.symmetric = AES_128_CFB,
                                            .scheme.scheme = TPM2_ALG_NULL,
                                            .keyBits = 2048,
                                            .exponent = 0},
                   .unique.rsa = {.size = TPM_EK_RSA_LEN}}};

/* The index, if there is one, and its size. Nothing here is authentic: the certificate's own
 * signature is what counts. */
static enum rc find_cert(struct tpm_esys *t, uint32_t index, ESYS_TR *out, size_t *out_len,
                         struct err *err)
{
    TPM2B_NV_PUBLIC *about = NULL;
    TSS2_RC rc =
        Esys_TR_FromTPMPublic(t->esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, out);
    if (rc != TSS2_RC_SUCCESS) {
        *out = ESYS_TR_NONE;
        return tpm_esys_is(rc, TPM2_RC_HANDLE) ? RC_OK
                                               : tpm_esys_refused(err, "TPM2_NV_ReadPublic", rc);
    }
    rc = Esys_NV_ReadPublic(t->esys, *out, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &about, NULL);
    if (rc != TSS2_RC_SUCCESS)
        return tpm_esys_refused(err, "TPM2_NV_ReadPublic", rc);
    *out_len = about->nvPublic.dataSize;
    Esys_Free(about);
    if (*out_len == 0 || *out_len > CERT_MAX)
        return err_set(err, BG_TPM_EK_CERT_SIZE, "NV index %08x: %zu bytes", index, *out_len);
    return RC_OK;
}

static enum rc read_cert(struct tpm_esys *t, ESYS_TR index, size_t n, struct put *out,
                         struct err *err)
{
    for (size_t at = 0; at < n;) {
        TPM2B_MAX_NV_BUFFER *data = NULL;
        UINT16 want = (UINT16)(n - at < READ_CHUNK ? n - at : READ_CHUNK);
        TSS2_RC rc = Esys_NV_Read(t->esys, index, index, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                  ESYS_TR_NONE, want, (UINT16)at, &data);
        if (rc != TSS2_RC_SUCCESS)
            return tpm_esys_refused(err, "TPM2_NV_Read", rc);
        bool whole = data->size == want;
        if (whole)
            put_bytes(out, data->buffer, want);
        Esys_Free(data);
        if (!whole)
            return tpm_esys_refused(err, "TPM2_NV_Read", TSS2_ESYS_RC_MALFORMED_RESPONSE);
        at += want;
    }
    return RC_OK;
}

static enum rc make_ek(struct tpm_esys *t, enum tpm_ek_kind kind, struct put *out, struct err *err)
{
    const TPM2B_SENSITIVE_CREATE no_sensitive = {0};
    const TPM2B_DATA no_data = {0};
    const TPML_PCR_SELECTION no_pcrs = {0};
    const TPM2B_PUBLIC *template = kind == TPM_EK_ECC ? &ecc_template : &rsa_template;
    TPM2B_PUBLIC *made = NULL;
    TSS2_RC rc = Esys_CreatePrimary(t->esys, ESYS_TR_RH_ENDORSEMENT, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                    ESYS_TR_NONE, &no_sensitive, template, &no_data, &no_pcrs,
                                    &t->ek, &made, NULL, NULL, NULL);
    if (rc != TSS2_RC_SUCCESS)
        t->ek = ESYS_TR_NONE;
    if (tpm_esys_is(rc, TPM2_RC_BAD_AUTH) || tpm_esys_is(rc, TPM2_RC_AUTH_FAIL))
        return err_set(err, BG_TPM_EK_AUTH, "0x%x", rc);
    if (rc != TSS2_RC_SUCCESS)
        return tpm_esys_refused(err, "TPM2_CreatePrimary", rc);
    const TPMU_PUBLIC_ID *u = &made->publicArea.unique;
    bool ok = made->publicArea.type == template->publicArea.type;
    put_be(out, kind, 1);
    if (kind == TPM_EK_ECC) {
        ok = ok && u->ecc.x.size == 32 && u->ecc.y.size == 32;
        put_bytes(out, u->ecc.x.buffer, 32);
        put_bytes(out, u->ecc.y.buffer, 32);
    } else {
        ok = ok && u->rsa.size == TPM_EK_RSA_LEN;
        put_bytes(out, u->rsa.buffer, TPM_EK_RSA_LEN);
    }
    Esys_Free(made);
    if (!ok)
        return tpm_esys_refused(err, "TPM2_CreatePrimary", TSS2_ESYS_RC_MALFORMED_RESPONSE);
    return RC_OK;
}

enum rc tpm_attest_ek(struct tpm_esys *t, uint8_t out[static TPM_BLOB_MAX], size_t *out_len,
                      struct err *err)
{
    struct put o = {out, 0, TPM_BLOB_MAX, false};
    enum tpm_ek_kind kind = TPM_EK_ECC;
    ESYS_TR index = ESYS_TR_NONE;
    size_t n = 0;
    TRY(tpm_esys_open(t, err));
    TRY(find_cert(t, CERT_ECC, &index, &n, err));
    if (index == ESYS_TR_NONE) {
        kind = TPM_EK_RSA;
        TRY(find_cert(t, CERT_RSA, &index, &n, err));
    }
    if (index == ESYS_TR_NONE)
        return err_set(err, BG_TPM_EK_NO_CERT, "neither NV index %08x nor %08x", CERT_ECC,
                       CERT_RSA);
    tpm_esys_flush(t, &t->ek); /* asked twice */
    TRY(make_ek(t, kind, &o, err));
    TRY(read_cert(t, index, n, &o, err));
    *out_len = o.n;
    return RC_OK;
}

/* --- what is in the TPM that has it --- */

struct proof {
    struct tpm_esys *t;
    ESYS_TR session; /* salted to the endorsement key */
    ESYS_TR ak, again;
    struct tpm_quote_asked asked;
};

static enum rc same_srk(struct proof *p, struct err *err)
{
    uint8_t name[TPM_NAME_LEN];
    TRY(tpm_esys_make_srk(p->t, p->session, &p->again, name, err));
    tpm_esys_flush(p->t, &p->again);
    if (memcmp(name, p->t->srk_name, TPM_NAME_LEN) != 0)
        return err_set(err, BG_TPM_ATTEST_SRK, "%02x%02x%02x%02x, before %02x%02x%02x%02x", name[2],
                       name[3], name[4], name[5], p->t->srk_name[2], p->t->srk_name[3],
                       p->t->srk_name[4], p->t->srk_name[5]);
    return RC_OK;
}

/* A key that signs nothing but what the TPM itself states. */
static enum rc make_ak(struct proof *p, struct err *err)
{
    const TPM2B_SENSITIVE_CREATE no_sensitive = {0};
    const TPM2B_DATA no_data = {0};
    const TPML_PCR_SELECTION no_pcrs = {0};
    const TPM2B_PUBLIC template = {
        .publicArea = {
            .type = TPM2_ALG_ECC,
            .nameAlg = TPM2_ALG_SHA256,
            .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                                TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH |
                                TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED |
                                TPMA_OBJECT_SIGN_ENCRYPT,
            .parameters.eccDetail = {.symmetric.algorithm = TPM2_ALG_NULL,
                                     .scheme = {.scheme = TPM2_ALG_ECDSA,
                                                .details.ecdsa.hashAlg = TPM2_ALG_SHA256},
                                     .curveID = TPM2_ECC_NIST_P256,
                                     .kdf.scheme = TPM2_ALG_NULL},
            .unique.ecc = {.x.size = 32, .y.size = 32}}};
    TPM2B_PUBLIC *made = NULL;
    TSS2_RC rc = Esys_CreatePrimary(p->t->esys, ESYS_TR_RH_OWNER, p->session, ESYS_TR_NONE,
                                    ESYS_TR_NONE, &no_sensitive, &template, &no_data, &no_pcrs,
                                    &p->ak, &made, NULL, NULL, NULL);
    if (rc != TSS2_RC_SUCCESS) {
        p->ak = ESYS_TR_NONE;
        return tpm_esys_refused(err, "TPM2_CreatePrimary", rc);
    }
    const TPMS_ECC_POINT *point = &made->publicArea.unique.ecc;
    bool ok = made->publicArea.type == TPM2_ALG_ECC && point->x.size == 32 && point->y.size == 32 &&
              made->publicArea.objectAttributes == template.publicArea.objectAttributes &&
              tpm_esys_name(made, p->asked.key_name);
    if (ok) {
        memcpy(p->asked.key, point->x.buffer, 32);
        memcpy(p->asked.key + 32, point->y.buffer, 32);
    }
    Esys_Free(made);
    if (!ok)
        return tpm_esys_refused(err, "TPM2_CreatePrimary", TSS2_ESYS_RC_MALFORMED_RESPONSE);
    return RC_OK;
}

static bool take_signature(const TPMT_SIGNATURE *s, uint8_t out[static 64])
{
    const TPM2B_ECC_PARAMETER *r = &s->signature.ecdsa.signatureR,
                              *v = &s->signature.ecdsa.signatureS;
    if (s->sigAlg != TPM2_ALG_ECDSA || s->signature.ecdsa.hash != TPM2_ALG_SHA256 || r->size > 32 ||
        v->size > 32)
        return false;
    memset(out, 0, 64);
    memcpy(out + 32 - r->size, r->buffer, r->size);
    memcpy(out + 64 - v->size, v->buffer, v->size);
    return true;
}

/* Its signature protects it, and our nonce: no session is needed. */
static enum rc quote(struct proof *p, struct err *err)
{
    TPM2B_DATA nonce = {.size = TPM_NONCE_LEN};
    const TPMT_SIG_SCHEME of_key = {.scheme = TPM2_ALG_NULL};
    const TPML_PCR_SELECTION pcrs = tpm_pcr_selection(p->t->cfg, p->asked.pcrs);
    TPM2B_ATTEST *attest = NULL;
    TPMT_SIGNATURE *signature = NULL;
    struct tpm_quote q;
    if (getrandom(p->asked.nonce, TPM_NONCE_LEN, 0) != (ssize_t)TPM_NONCE_LEN)
        return err_set(err, BG_TPM_ATTEST_RANDOM, "errno %d", errno);
    memcpy(nonce.buffer, p->asked.nonce, TPM_NONCE_LEN);
    TSS2_RC rc = Esys_Quote(p->t->esys, p->ak, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &nonce,
                            &of_key, &pcrs, &attest, &signature);
    if (rc != TSS2_RC_SUCCESS)
        return tpm_esys_refused(err, "TPM2_Quote", rc);
    q.attest = bytes_of(attest->attestationData, attest->size);
    enum rc checked = take_signature(signature, q.signature)
                          ? tpm_quote_check(&q, &p->asked, err)
                          : tpm_esys_refused(err, "TPM2_Quote", TSS2_ESYS_RC_MALFORMED_RESPONSE);
    Esys_Free(attest);
    Esys_Free(signature);
    return checked;
}

static enum rc read_and_quote(struct proof *p, uint8_t pcrs[static TPM_PCR_COUNT][TPM_PCR_MAX],
                              struct err *err)
{
    for (unsigned i = 1;; i++) {
        TRY(tpm_pcr_read(p->t, p->asked.pcrs, pcrs, err));
        enum rc rc = quote(p, err);
        if (rc != BG_TPM_QUOTE_PCRS || i == QUOTE_TRIES)
            return rc;
        err_clear(err);
    }
}

static enum rc quote_as_read(struct proof *p, struct err *err)
{
    uint8_t pcrs[TPM_PCR_COUNT][TPM_PCR_MAX] = {0};
    p->asked.bank = p->t->cfg->bank;
    p->asked.pcrs = p->t->cfg->boot_pcrs;
    p->asked.values = (const uint8_t(*)[TPM_PCR_MAX])pcrs;
    enum rc rc = read_and_quote(p, pcrs, err);
    p->asked.values = NULL;
    return rc;
}

static enum rc prove(struct proof *p, struct err *err)
{
    TSS2_RC rc = tpm_esys_session_to(p->t, p->t->ek, TPM2_SE_HMAC, TPMA_SESSION_CONTINUESESSION,
                                     &p->session);
    if (rc != TSS2_RC_SUCCESS)
        return tpm_esys_refused(err, "TPM2_StartAuthSession", rc);
    TRY(same_srk(p, err));
    TRY(make_ak(p, err));
    return quote_as_read(p, err);
}

enum rc tpm_attest_prove(struct tpm_esys *t, struct err *err)
{
    struct proof p = {.t = t, .session = ESYS_TR_NONE, .ak = ESYS_TR_NONE, .again = ESYS_TR_NONE};
    if (!t->esys || t->ek == ESYS_TR_NONE)
        return err_set(err, BG_TPM_ATTEST_NO_EK, "%s", "no endorsement key");
    enum rc rc = prove(&p, err);
    if (t->esys) {
        tpm_esys_flush(t, &p.again);
        tpm_esys_flush(t, &p.ak);
        tpm_esys_flush(t, &p.session);
        tpm_esys_flush(t, &t->ek);
    }
    if (rc == RC_OK) {
        memcpy(t->attested_name, t->srk_name, TPM_NAME_LEN);
        t->attested = true;
    }
    return rc;
}
