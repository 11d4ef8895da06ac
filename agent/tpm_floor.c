#include "agent/tpm_floor.h"

#include "agent/tpm_abi.h"
#include "agent/tpm_put.h"
#include "base/cur.h"

#define MAGIC   "bgfloor\1"
#define CONTENT (8u + SHA256_LEN + 8 + 8)

_Static_assert(sizeof MAGIC - 1 == 8, "as the header says");

void tpm_floor_name(uint32_t index, bool written, uint8_t out[static TPM_NAME_LEN])
{
    uint8_t buf[14];
    struct put o = {buf, 0, sizeof buf, false};
    put_be(&o, index, 4);
    put_be(&o, ABI_ALG_SHA256, 2);
    put_be(&o, ABI_FLOOR_ATTRIBUTES | (written ? ABI_NV_WRITTEN : 0), 4);
    put_be(&o, 0, 2); /* authPolicy */
    put_be(&o, CONTENT, 2);
    out[0] = ABI_ALG_SHA256 >> 8;
    out[1] = ABI_ALG_SHA256 & 0xff;
    hash_sha256(put_view(&o), out + 2);
}

static TPM2B_AUTH auth_of(const uint8_t *key)
{
    TPM2B_AUTH auth = {.size = TPM_FLOOR_AUTH};
    memcpy(auth.buffer, key, TPM_FLOOR_AUTH);
    return auth;
}

/* The index, if it is the one that we make; its Name goes into every command's authorization. */
static enum rc open_index(struct tpm_esys *t, const uint8_t *key, ESYS_TR *out, bool *out_written,
                          struct err *err)
{
    uint8_t blank[TPM_NAME_LEN], written[TPM_NAME_LEN];
    uint32_t index = t->cfg->floor_index;
    TPM2B_NAME *name = NULL;
    TSS2_RC rc =
        Esys_TR_FromTPMPublic(t->esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, out);
    if (tpm_esys_is(rc, TPM2_RC_HANDLE))
        return err_set(err, BG_TPM_FLOOR_ABSENT, "NV index %08x", index);
    if (rc == TSS2_RC_SUCCESS)
        rc = Esys_TR_GetName(t->esys, *out, &name);
    if (rc != TSS2_RC_SUCCESS)
        return tpm_esys_refused(err, "TPM2_NV_ReadPublic", rc);
    struct bytes is = bytes_of(name->name, name->size);
    tpm_floor_name(index, false, blank);
    tpm_floor_name(index, true, written);
    *out_written = bytes_eq(is, BYTES_OF_ARRAY(written));
    bool ours = *out_written || bytes_eq(is, BYTES_OF_ARRAY(blank));
    Esys_Free(name);
    if (!ours)
        return err_set(err, BG_TPM_FLOOR_NAME, "NV index %08x", index);
    TPM2B_AUTH auth = auth_of(key);
    rc = Esys_TR_SetAuth(t->esys, *out, &auth);
    explicit_bzero(&auth, sizeof auth);
    if (rc != TSS2_RC_SUCCESS)
        return tpm_esys_refused(err, "Esys_TR_SetAuth", rc);
    return RC_OK;
}

static enum rc refused(const struct tpm_esys *t, const char *command, TSS2_RC rc, struct err *err)
{
    if (tpm_esys_is(rc, TPM2_RC_BAD_AUTH) || tpm_esys_is(rc, TPM2_RC_AUTH_FAIL))
        return err_set(err, BG_TPM_FLOOR_AUTH, "NV index %08x, %s: 0x%x", t->cfg->floor_index,
                       command, rc);
    return tpm_esys_refused(err, command, rc);
}

static uint64_t u64(struct cur *c)
{
    uint64_t high = cur_u32be(c);
    return high << 32 | cur_u32be(c);
}

static enum rc take(const struct tpm_esys *t, struct bytes content, const uint8_t *chain,
                    struct tpm_floor *out, struct err *err)
{
    struct cur c = cur_of(content);
    struct tpm_floor f = {0};
    bool ours = bytes_eq_str(cur_take(&c, sizeof MAGIC - 1), MAGIC);
    struct bytes of = cur_take(&c, SHA256_LEN);
    f.position = u64(&c);
    f.checkpoint = u64(&c);
    if (!ours || !cur_done(&c) || f.position > INT64_MAX || f.checkpoint > INT64_MAX)
        return err_set(err, BG_TPM_FLOOR_CONTENT, "NV index %08x, %zu bytes", t->cfg->floor_index,
                       content.n);
    if (!bytes_eq(of, bytes_of(chain, SHA256_LEN)))
        return err_set(err, BG_TPM_FLOOR_CHAIN,
                       "NV index %08x is for %02x%02x%02x%02x, configured is %02x%02x%02x%02x",
                       t->cfg->floor_index, of.p[0], of.p[1], of.p[2], of.p[3], chain[0], chain[1],
                       chain[2], chain[3]);
    *out = f;
    return RC_OK;
}

static enum rc get(struct tpm_esys *t, ESYS_TR index, const uint8_t *key, struct tpm_floor *out,
                   struct err *err)
{
    TPM2B_MAX_NV_BUFFER *data = NULL;
    TSS2_RC rc = Esys_NV_Read(t->esys, index, index, tpm_esys_auth(t), ESYS_TR_NONE, ESYS_TR_NONE,
                              CONTENT, 0, &data);
    if (rc != TSS2_RC_SUCCESS)
        return refused(t, "TPM2_NV_Read", rc, err);
    enum rc taken = take(t, bytes_of(data->buffer, data->size), key + TPM_FLOOR_AUTH, out, err);
    Esys_Free(data);
    return taken;
}

static enum rc set(struct tpm_esys *t, ESYS_TR index, const uint8_t *key, const struct tpm_floor *f,
                   struct err *err)
{
    TPM2B_MAX_NV_BUFFER data = {.size = CONTENT};
    struct put o = {data.buffer, 0, CONTENT, false};
    put_bytes(&o, MAGIC, sizeof MAGIC - 1);
    put_bytes(&o, key + TPM_FLOOR_AUTH, SHA256_LEN);
    put_be(&o, f->position, 8);
    put_be(&o, f->checkpoint, 8);
    TSS2_RC rc = Esys_NV_Write(t->esys, index, index, tpm_esys_auth(t), ESYS_TR_NONE, ESYS_TR_NONE,
                               &data, 0);
    return rc == TSS2_RC_SUCCESS ? RC_OK : refused(t, "TPM2_NV_Write", rc, err);
}

static enum rc define(struct tpm_esys *t, const uint8_t *key, struct err *err)
{
    const TPM2B_NV_PUBLIC index = {
        .nvPublic =
            {
                .nvIndex = t->cfg->floor_index,
                .nameAlg = TPM2_ALG_SHA256,
                .attributes = ABI_FLOOR_ATTRIBUTES,
                .dataSize = CONTENT,
            },
    };
    ESYS_TR session = ESYS_TR_NONE, made = ESYS_TR_NONE;
    TPM2B_AUTH auth = auth_of(key);
    /* The value crosses the bus here, once: encrypted. */
    TSS2_RC rc = tpm_esys_session(t, TPM2_SE_HMAC, TPMA_SESSION_DECRYPT, &session);
    if (rc == TSS2_RC_SUCCESS)
        rc = Esys_NV_DefineSpace(t->esys, ESYS_TR_RH_OWNER, session, ESYS_TR_NONE, ESYS_TR_NONE,
                                 &auth, &index, &made);
    explicit_bzero(&auth, sizeof auth);
    if (rc != TSS2_RC_SUCCESS)
        tpm_esys_flush(t, &session);
    /* Defined before is fine: whether it is ours, its Name and its value tell. */
    if (rc != TSS2_RC_SUCCESS && !tpm_esys_is(rc, TPM2_RC_NV_DEFINED))
        return tpm_esys_refused(err, "TPM2_NV_DefineSpace", rc);
    if (rc == TSS2_RC_SUCCESS)
        (void)Esys_TR_Close(t->esys, &made);
    return RC_OK;
}

enum rc tpm_floor_get(struct tpm_esys *t, const uint8_t key[static TPM_FLOOR_KEY],
                      struct tpm_floor *out, struct err *err)
{
    ESYS_TR index = ESYS_TR_NONE;
    bool written = false;
    TRY(tpm_esys_open(t, err));
    TRY(open_index(t, key, &index, &written, err));
    return get(t, index, key, out, err);
}

enum rc tpm_floor_make(struct tpm_esys *t, const uint8_t key[static TPM_FLOOR_KEY],
                       const struct tpm_floor *first, struct tpm_floor *out, struct err *err)
{
    ESYS_TR index = ESYS_TR_NONE;
    bool written = false;
    TRY(tpm_esys_open(t, err));
    TRY(define(t, key, err));
    TRY(open_index(t, key, &index, &written, err));
    if (!written) { /* new, or of a run that was cut short: its Name changes with the first write */
        TRY(set(t, index, key, first, err));
        (void)Esys_TR_Close(t->esys, &index);
        TRY(open_index(t, key, &index, &written, err));
    }
    return get(t, index, key, out, err);
}

enum rc tpm_floor_lift(struct tpm_esys *t, const uint8_t key[static TPM_FLOOR_KEY],
                       const struct tpm_floor *to, struct tpm_floor *out, struct err *err)
{
    ESYS_TR index = ESYS_TR_NONE;
    bool written = false;
    struct tpm_floor was = {0}, want;
    TRY(tpm_esys_open(t, err));
    TRY(open_index(t, key, &index, &written, err));
    TRY(get(t, index, key, &was, err));
    want.position = to->position > was.position ? to->position : was.position;
    want.checkpoint = to->checkpoint > was.checkpoint ? to->checkpoint : was.checkpoint;
    if (want.position != was.position || want.checkpoint != was.checkpoint) {
        TRY(set(t, index, key, &want, err));
        TRY(get(t, index, key, &was, err));
    }
    if (want.position != was.position || want.checkpoint != was.checkpoint)
        return err_set(err, BG_TPM_FLOOR_AFTER, "NV index %08x", t->cfg->floor_index);
    *out = want;
    return RC_OK;
}
