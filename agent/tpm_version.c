/* tpm_version: the NV counter that retires sealed seeds. */
#include "agent/tpm_abi.h"
#include "agent/tpm_esys.h"

static enum rc counter_absent(const struct tpm_esys *t, struct err *err)
{
    return err_set(err, BG_TPM_VERSION_ABSENT, "NV index %08x", t->cfg->version_index);
}

static enum rc version_open(struct tpm_esys *t, ESYS_TR *out, struct err *err)
{
    uint8_t want[TPM_NAME_LEN];
    TPM2B_NAME *name = NULL;
    ESYS_TR counter = ESYS_TR_NONE;
    TSS2_RC rc = Esys_TR_FromTPMPublic(t->esys, t->cfg->version_index, ESYS_TR_NONE, ESYS_TR_NONE,
                                       ESYS_TR_NONE, &counter);
    if (tpm_esys_is(rc, TPM2_RC_HANDLE))
        return counter_absent(t, err);
    if (rc == TSS2_RC_SUCCESS)
        rc = Esys_TR_GetName(t->esys, counter, &name);
    if (rc != TSS2_RC_SUCCESS)
        return tpm_esys_refused(err, "TPM2_NV_ReadPublic", rc);
    tpm_policy_nv_name(t->cfg->version_index, want);
    bool same = bytes_eq(bytes_of(name->name, name->size), BYTES_OF_ARRAY(want));
    Esys_Free(name);
    if (!same)
        return err_set(err, BG_TPM_VERSION_NAME, "NV index %08x", t->cfg->version_index);
    *out = counter;
    return RC_OK;
}

static enum rc version_read(struct tpm_esys *t, ESYS_TR counter, uint64_t *out, struct err *err)
{
    TPM2B_MAX_NV_BUFFER *data = NULL;
    TSS2_RC rc = Esys_NV_Read(t->esys, counter, counter, tpm_esys_auth(t), ESYS_TR_NONE,
                              ESYS_TR_NONE, 8, 0, &data);
    if (rc != TSS2_RC_SUCCESS)
        return tpm_esys_refused(err, "TPM2_NV_Read", rc);
    uint64_t v = 0;
    bool whole = data->size == 8;
    for (size_t i = 0; whole && i < 8; i++)
        v = v << 8 | data->buffer[i];
    Esys_Free(data);
    if (!whole)
        return tpm_esys_refused(err, "TPM2_NV_Read", TSS2_ESYS_RC_MALFORMED_RESPONSE);
    *out = v;
    return RC_OK;
}

enum rc tpm_version_current(struct tpm_esys *t, ESYS_TR *counter, uint64_t *out, struct err *err)
{
    uint64_t v = 0;
    TRY(version_open(t, counter, err));
    TRY(version_read(t, *counter, &v, err));
    if (v < t->cfg->version_minimum)
        return err_set(err, BG_TPM_VERSION_OLD, "the counter is %llu, at least %llu is configured",
                       (unsigned long long)v, (unsigned long long)t->cfg->version_minimum);
    *out = v;
    return RC_OK;
}

static enum rc define(struct tpm_esys *t, struct err *err)
{
    const TPM2B_AUTH no_auth = {0};
    const TPM2B_NV_PUBLIC index = {
        .nvPublic =
            {
                .nvIndex = t->cfg->version_index,
                .nameAlg = TPM2_ALG_SHA256,
                .attributes = ABI_NV_ATTRIBUTES,
                .dataSize = 8,
            },
    };
    ESYS_TR made = ESYS_TR_NONE;
    TSS2_RC rc = Esys_NV_DefineSpace(t->esys, ESYS_TR_RH_OWNER, tpm_esys_auth(t), ESYS_TR_NONE,
                                     ESYS_TR_NONE, &no_auth, &index, &made);
    /* Defined before is fine: what it is, its Name tells. */
    if (rc != TSS2_RC_SUCCESS && !tpm_esys_is(rc, TPM2_RC_NV_DEFINED))
        return tpm_esys_refused(err, "TPM2_NV_DefineSpace", rc);
    if (rc == TSS2_RC_SUCCESS)
        (void)Esys_TR_Close(t->esys, &made);
    return RC_OK;
}

enum rc tpm_version_increment(struct tpm_esys *t, uint64_t *out, struct err *err)
{
    if (t->cfg->version_index == 0)
        return counter_absent(t, err);
    TRY(define(t, err));
    ESYS_TR counter = ESYS_TR_NONE;
    TSS2_RC rc = Esys_TR_FromTPMPublic(t->esys, t->cfg->version_index, ESYS_TR_NONE, ESYS_TR_NONE,
                                       ESYS_TR_NONE, &counter);
    if (rc == TSS2_RC_SUCCESS)
        rc = Esys_NV_Increment(t->esys, ESYS_TR_RH_OWNER, counter, tpm_esys_auth(t), ESYS_TR_NONE,
                               ESYS_TR_NONE);
    if (rc != TSS2_RC_SUCCESS)
        return tpm_esys_refused(err, "TPM2_NV_Increment", rc);
    (void)Esys_TR_Close(t->esys, &counter);
    TRY(version_open(t, &counter, err));
    return version_read(t, counter, out, err);
}
