#include "agent/tpm_esys.h"

#include "agent/build.h"

#include <stdlib.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_tcti_device.h>

#define DEVICE "/dev/tpmrm0"

bool tpm_esys_is(TSS2_RC rc, TSS2_RC code)
{
    TSS2_RC layer = rc & TSS2_RC_LAYER_MASK;
    if (layer != TSS2_TPM_RC_LAYER && layer != TSS2_RESMGR_TPM_RC_LAYER)
        return false;
    rc &= ~TSS2_RC_LAYER_MASK;
    /* Part 2, 6.6: format one carries a parameter, handle or session number in bits 6 and 8-11. */
    return rc == code || (rc & TPM2_RC_FMT1 && (rc & (TPM2_RC_FMT1 | 0x3f)) == code);
}

enum rc tpm_esys_refused(struct err *err, const char *command, TSS2_RC rc)
{
    TSS2_RC layer = rc & TSS2_RC_LAYER_MASK;
    if (rc == TSS2_ESYS_RC_RSP_AUTH_FAILED)
        return err_set(err, BG_TPM_NOT_AUTHENTIC, "%s: 0x%x", command, rc);
    if (layer != TSS2_TPM_RC_LAYER && layer != TSS2_RESMGR_TPM_RC_LAYER)
        return err_set(err, BG_TPM_TRANSPORT, "%s: 0x%x", command, rc);
    if (tpm_esys_is(rc, TPM2_RC_PCR_CHANGED))
        return err_set(err, BG_TPM_PCR_RACE, "%s: 0x%x", command, rc);
    return err_set(err, BG_TPM_COMMAND, "%s: 0x%x", command, rc);
}

static enum rc open_transport(struct tpm_esys *t, struct err *err)
{
    const char *conf = DEVICE;
    build_tcti_fn *init = Tss2_Tcti_Device_Init;
    if (t->cfg->tcti) { /* tpm_config_check has seen it */
        conf = t->cfg->tcti + strlen(TPM_TCTI_PREFIX);
        init = build_tcti_init;
    }
    size_t size = 0;
    TSS2_RC rc = init(NULL, &size, NULL);
    TSS2_TCTI_CONTEXT *tcti = rc == TSS2_RC_SUCCESS ? calloc(1, size) : NULL;
    if (tcti)
        rc = init(tcti, &size, conf);
    if (!tcti || rc != TSS2_RC_SUCCESS) {
        free(tcti);
        return err_set(err, BG_TPM_OPEN, "%s: 0x%x", conf, rc);
    }
    t->tcti = tcti;
    rc = Esys_Initialize(&t->esys, t->tcti, NULL);
    if (rc != TSS2_RC_SUCCESS)
        return tpm_esys_refused(err, "Esys_Initialize", rc);
    return RC_OK;
}

bool tpm_esys_name(const TPM2B_PUBLIC *p, uint8_t out[static TPM_NAME_LEN])
{
    uint8_t buf[sizeof(TPMT_PUBLIC)];
    size_t n = 0;
    if (p->publicArea.nameAlg != TPM2_ALG_SHA256 ||
        Tss2_MU_TPMT_PUBLIC_Marshal(&p->publicArea, buf, sizeof buf, &n) != TSS2_RC_SUCCESS)
        return false;
    out[0] = TPM2_ALG_SHA256 >> 8;
    out[1] = TPM2_ALG_SHA256 & 0xff;
    hash_sha256(bytes_of(buf, n), out + 2);
    return true;
}

/*
 * TCG TPM v2.0 Provisioning Guidance 1.0, 7.5.1: the storage key, ECC P-256 template. The same
 * owner seed gives the same key each time.
 */
enum rc tpm_esys_make_srk(struct tpm_esys *t, ESYS_TR auth, ESYS_TR *out,
                          uint8_t out_name[static TPM_NAME_LEN], struct err *err)
{
    const TPM2B_SENSITIVE_CREATE no_sensitive = {0};
    const TPM2B_DATA no_data = {0};
    const TPML_PCR_SELECTION no_pcrs = {0};
    const TPM2B_PUBLIC template = {
        .publicArea =
            {
                .type = TPM2_ALG_ECC,
                .nameAlg = TPM2_ALG_SHA256,
                .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                                    TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH |
                                    TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT,
                .parameters.eccDetail =
                    {
                        .symmetric = {.algorithm = TPM2_ALG_AES,
                                      .keyBits.aes = 128,
                                      .mode.aes = TPM2_ALG_CFB},
                        .scheme.scheme = TPM2_ALG_NULL,
                        .curveID = TPM2_ECC_NIST_P256,
                        .kdf.scheme = TPM2_ALG_NULL,
                    },
                .unique.ecc = {.x.size = 32, .y.size = 32},
            },
    };
    TPM2B_PUBLIC *made = NULL;
    TSS2_RC rc = Esys_CreatePrimary(t->esys, ESYS_TR_RH_OWNER, auth, ESYS_TR_NONE, ESYS_TR_NONE,
                                    &no_sensitive, &template, &no_data, &no_pcrs, out, &made, NULL,
                                    NULL, NULL);
    if (rc != TSS2_RC_SUCCESS)
        *out = ESYS_TR_NONE;
    if (tpm_esys_is(rc, TPM2_RC_BAD_AUTH) || tpm_esys_is(rc, TPM2_RC_AUTH_FAIL))
        return err_set(err, BG_TPM_OWNER_AUTH, "0x%x", rc);
    if (rc != TSS2_RC_SUCCESS)
        return tpm_esys_refused(err, "TPM2_CreatePrimary", rc);
    bool named = tpm_esys_name(made, out_name);
    Esys_Free(made);
    if (!named)
        return tpm_esys_refused(err, "TPM2_CreatePrimary", TSS2_ESYS_RC_MALFORMED_RESPONSE);
    return RC_OK;
}

static enum rc make_srk(struct tpm_esys *t, struct err *err)
{
    uint8_t name[TPM_NAME_LEN];
    TRY(tpm_esys_make_srk(t, ESYS_TR_PASSWORD, &t->srk, name, err));
    if (t->cfg->srk_pinned && memcmp(name, t->cfg->srk_name, TPM_NAME_LEN) != 0)
        return err_set(err, BG_TPM_SRK_NAME,
                       "this TPM's begins with %02x%02x%02x%02x, pinned %02x%02x%02x%02x", name[2],
                       name[3], name[4], name[5], t->cfg->srk_name[2], t->cfg->srk_name[3],
                       t->cfg->srk_name[4], t->cfg->srk_name[5]);
    if (t->attested && memcmp(name, t->attested_name, TPM_NAME_LEN) != 0)
        return err_set(err, BG_TPM_SRK_CHANGED, "begins with %02x%02x%02x%02x", name[2], name[3],
                       name[4], name[5]);
    memcpy(t->srk_name, name, TPM_NAME_LEN);
    return RC_OK;
}

TSS2_RC tpm_esys_session_to(struct tpm_esys *t, ESYS_TR key, TPM2_SE type, TPMA_SESSION attributes,
                            ESYS_TR *out)
{
    const TPMT_SYM_DEF aes = {
        .algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB};
    TSS2_RC rc = Esys_StartAuthSession(t->esys, key, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                       ESYS_TR_NONE, NULL, type, &aes, TPM2_ALG_SHA256, out);
    if (rc != TSS2_RC_SUCCESS) {
        *out = ESYS_TR_NONE;
        return rc;
    }
    return Esys_TRSess_SetAttributes(t->esys, *out, attributes, 0xff);
}

TSS2_RC tpm_esys_session(struct tpm_esys *t, TPM2_SE type, TPMA_SESSION attributes, ESYS_TR *out)
{
    return tpm_esys_session_to(t, t->srk, type, attributes, out);
}

static ESYS_TR session_as(struct tpm_esys *t, TPMA_SESSION use)
{
    /* A failure here shows as the command's own failure. */
    (void)Esys_TRSess_SetAttributes(t->esys, t->session, TPMA_SESSION_CONTINUESESSION | use, 0xff);
    return t->session;
}

ESYS_TR tpm_esys_auth(struct tpm_esys *t)
{
    return session_as(t, 0);
}

ESYS_TR tpm_esys_audit(struct tpm_esys *t)
{
    return session_as(t, TPMA_SESSION_AUDIT);
}

enum rc tpm_esys_open(struct tpm_esys *t, struct err *err)
{
    if (t->esys)
        return RC_OK;
    t->srk = t->session = t->ek = ESYS_TR_NONE;
    TRY(open_transport(t, err));
    TRY(make_srk(t, err));
    TSS2_RC rc = tpm_esys_session(t, TPM2_SE_HMAC, TPMA_SESSION_CONTINUESESSION, &t->session);
    if (rc != TSS2_RC_SUCCESS)
        return tpm_esys_refused(err, "TPM2_StartAuthSession", rc);
    return RC_OK;
}

void tpm_esys_flush(struct tpm_esys *t, ESYS_TR *handle)
{
    if (*handle != ESYS_TR_NONE)
        (void)Esys_FlushContext(t->esys, *handle); /* the TPM may be gone: nothing to add */
    *handle = ESYS_TR_NONE;
}

void tpm_esys_close(struct tpm_esys *t)
{
    if (t->esys) {
        tpm_esys_flush(t, &t->session);
        tpm_esys_flush(t, &t->srk);
        tpm_esys_flush(t, &t->ek);
        Esys_Finalize(&t->esys);
    }
    if (t->tcti) {
        Tss2_Tcti_Finalize(t->tcti);
        free(t->tcti);
        t->tcti = NULL;
    }
}
