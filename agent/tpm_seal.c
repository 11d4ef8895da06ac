/* tpm_seal: the seed into and out of the TPM. The TPM decides; we say why it refused. */
#include "agent/tpm_blob.h"
#include "agent/tpm_esys.h"

#include <tss2/tss2_mu.h>

/* TPM_RC_PCR_CHANGED: any PCR moved between the policy and its use (IMA extends PCR 10 all along).
 */
#define RACE_TRIES 30

/* The counter's value and the boot PCRs' go into p; both have passed their checks. */
static enum rc current_state(struct tpm_esys *t, struct tpm_policy *p, ESYS_TR *counter,
                             struct err *err)
{
    uint8_t pcrs[TPM_PCR_COUNT][TPM_PCR_MAX] = {0};
    TRY(tpm_pcr_read(t, t->cfg->boot_pcrs, pcrs, err));
    TRY(tpm_pcr_check_boot(t, pcrs, err));
    memcpy(p->pcrs, pcrs, sizeof pcrs);
    if (p->version_index != 0)
        TRY(tpm_version_current(t, counter, &p->version_limit, err));
    return RC_OK;
}

static enum rc create(struct tpm_esys *t, const struct tpm_policy *p,
                      const uint8_t seed[static TPM_SEED_LEN], TPM2B_PRIVATE **out_private,
                      TPM2B_PUBLIC **out_public, struct err *err)
{
    const TPM2B_DATA no_data = {0};
    const TPML_PCR_SELECTION no_pcrs = {0};
    TPM2B_PUBLIC template = {
        .publicArea =
            {
                .type = TPM2_ALG_KEYEDHASH,
                .nameAlg = TPM2_ALG_SHA256,
                .objectAttributes =
                    TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_NODA,
                .authPolicy.size = SHA256_LEN,
                .parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL,
            },
    };
    TPM2B_SENSITIVE_CREATE sensitive = {.sensitive.data.size = TPM_SEED_LEN};
    ESYS_TR session = ESYS_TR_NONE;

    tpm_policy_digest(p, template.publicArea.authPolicy.buffer);
    TSS2_RC rc =
        tpm_esys_session(t, TPM2_SE_HMAC, TPMA_SESSION_DECRYPT | TPMA_SESSION_ENCRYPT, &session);
    if (rc == TSS2_RC_SUCCESS) {
        memcpy(sensitive.sensitive.data.buffer, seed, TPM_SEED_LEN);
        rc = Esys_Create(t->esys, t->srk, session, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive,
                         &template, &no_data, &no_pcrs, out_private, out_public, NULL, NULL, NULL);
        explicit_bzero(&sensitive, sizeof sensitive);
    }
    if (rc != TSS2_RC_SUCCESS) {
        tpm_esys_flush(t, &session);
        return tpm_esys_refused(err, "TPM2_Create", rc);
    }
    return RC_OK;
}

/* What TPM2_Create gave becomes a blob and its file, if it is what was asked for. */
static enum rc take_created(const TPM2B_PRIVATE *private_part, const TPM2B_PUBLIC *public_part,
                            struct tpm_blob *b, uint8_t out[static TPM_BLOB_MAX], size_t *out_len,
                            struct err *err)
{
    uint8_t made[sizeof(TPMT_PUBLIC)], want[TPM_PUBLIC_LEN];
    size_t n = 0;
    bool ok = private_part && public_part &&
              public_part->publicArea.unique.keyedHash.size == SHA256_LEN &&
              Tss2_MU_TPMT_PUBLIC_Marshal(&public_part->publicArea, made, sizeof made, &n) ==
                  TSS2_RC_SUCCESS;
    if (ok) {
        memcpy(b->unique, public_part->publicArea.unique.keyedHash.buffer, SHA256_LEN);
        tpm_policy_public(&b->policy, b->unique, want);
        b->private_part = bytes_of(private_part->buffer, private_part->size);
    }
    if (!ok || !bytes_eq(bytes_of(made, n), BYTES_OF_ARRAY(want)) ||
        !tpm_blob_write(b, out, out_len))
        return err_set(err, BG_TPM_CREATED_OTHER, "public %zu, private %zu bytes", n,
                       b->private_part.n);
    return RC_OK;
}

static enum rc load(struct tpm_esys *t, const struct tpm_blob *b, ESYS_TR *out, struct err *err)
{
    uint8_t area[TPM_PUBLIC_LEN];
    TPM2B_PUBLIC public_part = {0};
    TPM2B_PRIVATE private_part = {.size = (UINT16)b->private_part.n};
    size_t at = 0;
    tpm_policy_public(&b->policy, b->unique, area);
    TSS2_RC rc = Tss2_MU_TPMT_PUBLIC_Unmarshal(area, sizeof area, &at, &public_part.publicArea);
    if (b->private_part.n > sizeof private_part.buffer)
        rc = TPM2_RC_SIZE;
    if (rc == TSS2_RC_SUCCESS) {
        memcpy(private_part.buffer, b->private_part.p, b->private_part.n);
        rc = Esys_Load(t->esys, t->srk, tpm_esys_auth(t), ESYS_TR_NONE, ESYS_TR_NONE, &private_part,
                       &public_part, out);
    }
    if (rc == TSS2_RC_SUCCESS)
        return RC_OK;
    *out = ESYS_TR_NONE;
    if (tpm_esys_is(rc, TPM2_RC_INTEGRITY) || tpm_esys_is(rc, TPM2_RC_SIZE) ||
        tpm_esys_is(rc, TPM2_RC_BINDING))
        return err_set(err, BG_TPM_LOAD, "TPM2_Load: 0x%x", rc);
    return tpm_esys_refused(err, "TPM2_Load", rc);
}

static enum rc gate_is_zero(struct tpm_esys *t, struct err *err)
{
    uint32_t gate = t->cfg->gate_pcr;
    uint8_t pcrs[TPM_PCR_COUNT][TPM_PCR_MAX] = {0};
    TRY(tpm_pcr_read(t, 1u << gate, pcrs, err));
    if (!mem_is_zero(pcrs[gate], tpm_bank_len(t->cfg->bank)))
        return err_set(err, BG_TPM_SEAL_GATE, "PCR %u", gate);
    return RC_OK;
}

enum rc tpm_seed_seal(struct tpm_esys *t, const uint8_t seed[static TPM_SEED_LEN],
                      uint8_t out[static TPM_BLOB_MAX], size_t *out_len, struct err *err)
{
    struct tpm_blob b = {0};
    ESYS_TR counter = ESYS_TR_NONE, object = ESYS_TR_NONE;
    TPM2B_PRIVATE *private_part = NULL;
    TPM2B_PUBLIC *public_part = NULL;
    TRY(tpm_esys_open(t, err));
    TRY(gate_is_zero(t, err));
    tpm_policy_of(t->cfg, &b.policy);
    TRY(current_state(t, &b.policy, &counter, err));
    memcpy(b.srk_name, t->srk_name, TPM_NAME_LEN);
    enum rc rc = create(t, &b.policy, seed, &private_part, &public_part, err);
    if (rc == RC_OK)
        rc = take_created(private_part, public_part, &b, out, out_len, err);
    if (rc == RC_OK) /* a blob that cannot be loaded is found out now, not at the next boot */
        rc = load(t, &b, &object, err);
    tpm_esys_flush(t, &object);
    Esys_Free(private_part);
    Esys_Free(public_part);
    return rc;
}

enum step {
    STEP_SESSION,
    STEP_PCR,
    STEP_KEY,
    STEP_SIGNATURE,
    STEP_AUTHORIZE,
    STEP_VERSION,
    STEP_UNSEAL,
};

static const char *const step_command[] = {
    [STEP_SESSION] = "TPM2_StartAuthSession",
    [STEP_PCR] = "TPM2_PolicyPCR",
    [STEP_KEY] = "TPM2_LoadExternal",
    [STEP_SIGNATURE] = "TPM2_VerifySignature",
    [STEP_AUTHORIZE] = "TPM2_PolicyAuthorize",
    [STEP_VERSION] = "TPM2_PolicyNV",
    [STEP_UNSEAL] = "TPM2_Unseal",
};

/* One unsealing: what is needed, and where it got to. */
struct unsealing {
    struct tpm_esys *t;
    const struct tpm_blob *blob;
    const struct tpm_approval *approval;
    ESYS_TR object, counter, session;
    enum step step;
};

static TSS2_RC policy_pcr(struct unsealing *u, uint32_t mask)
{
    const TPM2B_DIGEST as_they_are = {0};
    TPML_PCR_SELECTION pcrs = {.count = 1};
    pcrs.pcrSelections[0].hash = tpm_policy_bank_alg(u->blob->policy.bank);
    pcrs.pcrSelections[0].sizeofSelect = 3;
    for (unsigned i = 0; i < 3; i++)
        pcrs.pcrSelections[0].pcrSelect[i] = (BYTE)(mask >> (8 * i));
    u->step = STEP_PCR;
    return Esys_PolicyPCR(u->t->esys, u->session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                          &as_they_are, &pcrs);
}

static TPMT_SIGNATURE signature_of(const struct tpm_approval *a)
{
    TPMT_SIGNATURE s = {.sigAlg = TPM2_ALG_ECDSA};
    s.signature.ecdsa.hash = TPM2_ALG_SHA256;
    s.signature.ecdsa.signatureR.size = s.signature.ecdsa.signatureS.size = 32;
    memcpy(s.signature.ecdsa.signatureR.buffer, a->signature, 32);
    memcpy(s.signature.ecdsa.signatureS.buffer, a->signature + 32, 32);
    return s;
}

/* The key of the configuration, in the TPM; its Name is the one in the policy. */
static TSS2_RC load_authorize_key(struct unsealing *u, ESYS_TR *out, TPM2B_NAME **out_name)
{
    TPM2B_PUBLIC key = {
        .publicArea =
            {
                .type = TPM2_ALG_ECC,
                .nameAlg = TPM2_ALG_SHA256,
                .objectAttributes = TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_SIGN_ENCRYPT,
                .parameters.eccDetail =
                    {
                        .symmetric.algorithm = TPM2_ALG_NULL,
                        .scheme = {.scheme = TPM2_ALG_ECDSA,
                                   .details.ecdsa.hashAlg = TPM2_ALG_SHA256},
                        .curveID = TPM2_ECC_NIST_P256,
                        .kdf.scheme = TPM2_ALG_NULL,
                    },
                .unique.ecc = {.x.size = 32, .y.size = 32},
            },
    };
    memcpy(key.publicArea.unique.ecc.x.buffer, u->t->cfg->authorize_key, 32);
    memcpy(key.publicArea.unique.ecc.y.buffer, u->t->cfg->authorize_key + 32, 32);
    u->step = STEP_KEY;
    TSS2_RC rc = Esys_LoadExternal(u->t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL, &key,
                                   ESYS_TR_RH_OWNER, out);
    if (rc != TSS2_RC_SUCCESS) {
        *out = ESYS_TR_NONE;
        return rc;
    }
    return Esys_TR_GetName(u->t->esys, *out, out_name);
}

/* Part 3, 23.16: what was signed is H(approved policy || policyRef). */
static TSS2_RC policy_authorize(struct unsealing *u)
{
    const struct tpm_approval *a = u->approval;
    const TPMT_SIGNATURE signature = signature_of(a);
    TPM2B_DIGEST approved = {.size = SHA256_LEN}, hash = {.size = SHA256_LEN};
    TPM2B_NONCE ref = {.size = TPM_POLICY_REF_LEN};
    TPM2B_NAME *name = NULL;
    TPMT_TK_VERIFIED *ticket = NULL;
    ESYS_TR key = ESYS_TR_NONE;

    TSS2_RC rc = load_authorize_key(u, &key, &name);
    memcpy(approved.buffer, a->policy, SHA256_LEN);
    tpm_policy_ref(u->blob->policy.authorize_version, ref.buffer);
    HASH_PARTS(hash_sha256_parts, hash.buffer, BYTES_OF_ARRAY(a->policy),
               bytes_of(ref.buffer, ref.size));
    if (rc == TSS2_RC_SUCCESS) {
        u->step = STEP_SIGNATURE;
        rc = Esys_VerifySignature(u->t->esys, key, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &hash,
                                  &signature, &ticket);
    }
    if (rc == TSS2_RC_SUCCESS) {
        u->step = STEP_AUTHORIZE;
        rc = Esys_PolicyAuthorize(u->t->esys, u->session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                  &approved, &ref, name, ticket);
    }
    tpm_esys_flush(u->t, &key);
    Esys_Free(name);
    Esys_Free(ticket);
    return rc;
}

static TSS2_RC policy_version(struct unsealing *u)
{
    TPM2B_OPERAND limit = {.size = 8};
    for (unsigned i = 0; i < 8; i++)
        limit.buffer[i] = (BYTE)(u->blob->policy.version_limit >> (56 - 8 * i));
    u->step = STEP_VERSION;
    return Esys_PolicyNV(u->t->esys, u->counter, u->counter, u->session, tpm_esys_auth(u->t),
                         ESYS_TR_NONE, ESYS_TR_NONE, &limit, 0, TPM2_EO_UNSIGNED_LE);
}

/* The policy of tpm_policy.h, in its order. */
static TSS2_RC run_policy(struct unsealing *u)
{
    const struct tpm_policy *p = &u->blob->policy;
    uint32_t gate = 1u << p->gate_pcr;
    TSS2_RC rc = policy_pcr(u, p->authorize ? p->boot_pcrs : p->boot_pcrs | gate);
    if (rc == TSS2_RC_SUCCESS && p->authorize)
        rc = policy_authorize(u);
    if (rc == TSS2_RC_SUCCESS && p->version_index != 0)
        rc = policy_version(u);
    if (rc == TSS2_RC_SUCCESS && p->authorize)
        rc = policy_pcr(u, gate);
    return rc;
}

/* One attempt in a session of its own; *out is to be wiped and freed. */
static TSS2_RC attempt(struct unsealing *u, TPM2B_SENSITIVE_DATA **out)
{
    u->step = STEP_SESSION;
    TSS2_RC rc = tpm_esys_session(u->t, TPM2_SE_POLICY, TPMA_SESSION_ENCRYPT, &u->session);
    if (rc == TSS2_RC_SUCCESS)
        rc = run_policy(u);
    if (rc == TSS2_RC_SUCCESS) {
        u->step = STEP_UNSEAL;
        rc = Esys_Unseal(u->t->esys, u->object, u->session, ESYS_TR_NONE, ESYS_TR_NONE, out);
    }
    if (rc == TSS2_RC_SUCCESS)
        u->session = ESYS_TR_NONE; /* used up: CONTINUESESSION is not set */
    tpm_esys_flush(u->t, &u->session);
    return rc;
}

/* The TPM said no to the policy as a whole: which PCR it is, by reading them. */
static enum rc name_the_pcr(struct unsealing *u, TSS2_RC rc, struct err *err)
{
    const struct tpm_policy *p = &u->blob->policy;
    uint8_t now[TPM_PCR_COUNT][TPM_PCR_MAX] = {0};
    size_t n = tpm_bank_len(p->bank);
    TRY(tpm_pcr_read(u->t, p->boot_pcrs | 1u << p->gate_pcr, now, err));
    if (!mem_is_zero(now[p->gate_pcr], n))
        return err_set(err, BG_TPM_GATE_CLOSED, "PCR %u is not zero (TPM2_Unseal: 0x%x)",
                       p->gate_pcr, rc);
    uint32_t differ = 0;
    for (uint32_t i = 0; !p->authorize && i < TPM_PCR_COUNT; i++)
        if (p->boot_pcrs >> i & 1 && memcmp(now[i], p->pcrs[i], n) != 0)
            differ |= 1u << i;
    if (differ)
        return err_set(err, BG_TPM_BOOT_CHANGED, "mask %06x, first PCR %d (TPM2_Unseal: 0x%x)",
                       differ, __builtin_ctz(differ), rc);
    return err_set(err, BG_TPM_POLICY, "TPM2_Unseal: 0x%x", rc);
}

static enum rc unseal_refused(struct unsealing *u, TSS2_RC rc, struct err *err)
{
    if (u->step == STEP_SIGNATURE && tpm_esys_is(rc, TPM2_RC_SIGNATURE))
        return err_set(err, BG_TPM_APPROVAL_SIGNATURE, "TPM2_VerifySignature: 0x%x", rc);
    if (u->step == STEP_AUTHORIZE && tpm_esys_is(rc, TPM2_RC_VALUE))
        return err_set(err, BG_TPM_APPROVAL_PCRS, "TPM2_PolicyAuthorize: 0x%x", rc);
    if (u->step == STEP_VERSION && tpm_esys_is(rc, TPM2_RC_POLICY))
        return err_set(err, BG_TPM_RETIRED, "TPM2_PolicyNV: 0x%x", rc);
    if (u->step == STEP_UNSEAL && tpm_esys_is(rc, TPM2_RC_POLICY_FAIL))
        return name_the_pcr(u, rc, err);
    return tpm_esys_refused(err, step_command[u->step], rc);
}

static enum rc unseal_loaded(struct unsealing *u, uint8_t out[static TPM_SEED_LEN], struct err *err)
{
    TPM2B_SENSITIVE_DATA *data = NULL;
    TSS2_RC rc = TPM2_RC_PCR_CHANGED;
    for (int i = 0; i < RACE_TRIES && tpm_esys_is(rc, TPM2_RC_PCR_CHANGED); i++)
        rc = attempt(u, &data);
    if (rc != TSS2_RC_SUCCESS)
        return unseal_refused(u, rc, err);
    UINT16 n = data->size;
    if (n == TPM_SEED_LEN)
        memcpy(out, data->buffer, TPM_SEED_LEN);
    explicit_bzero(data, sizeof *data);
    Esys_Free(data);
    if (n != TPM_SEED_LEN)
        return err_set(err, BG_TPM_SEED_LENGTH, "%u bytes", n);
    return RC_OK;
}

enum rc tpm_seed_unseal(struct tpm_esys *t, struct bytes file, const struct tpm_approval *approval,
                        uint8_t out[static TPM_SEED_LEN], struct err *err)
{
    struct tpm_blob b;
    struct tpm_policy now;
    struct unsealing u = {.t = t, .blob = &b, .approval = approval};
    u.object = u.counter = u.session = ESYS_TR_NONE;
    TRY(tpm_blob_read(file, &b, err));
    TRY(tpm_blob_matches(&b, t->cfg, err));
    if (b.policy.authorize && !approval)
        return err_set(err, BG_TPM_APPROVAL_NONE, "image version %llu or later",
                       (unsigned long long)b.policy.authorize_version);
    TRY(tpm_esys_open(t, err));
    if (memcmp(b.srk_name, t->srk_name, TPM_NAME_LEN) != 0)
        return err_set(err, BG_TPM_BLOB_PARENT,
                       "sealed under %02x%02x%02x%02x, here %02x%02x%02x%02x", b.srk_name[2],
                       b.srk_name[3], b.srk_name[4], b.srk_name[5], t->srk_name[2], t->srk_name[3],
                       t->srk_name[4], t->srk_name[5]);
    tpm_policy_of(t->cfg, &now);
    TRY(current_state(t, &now, &u.counter, err));
    TRY(load(t, &b, &u.object, err));
    enum rc rc = unseal_loaded(&u, out, err);
    tpm_esys_flush(t, &u.object);
    return rc;
}
