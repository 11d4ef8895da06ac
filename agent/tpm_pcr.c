/* tpm_pcr: PCR values, read over an authenticated session, and the gate. */
#include "agent/tpm_esys.h"

#include "base/hex.h"

TPML_PCR_SELECTION tpm_pcr_selection(const struct tpm_config *cfg, uint32_t mask)
{
    TPML_PCR_SELECTION s = {.count = 1};
    s.pcrSelections[0].hash = tpm_policy_bank_alg(cfg->bank);
    s.pcrSelections[0].sizeofSelect = 3;
    for (unsigned i = 0; i < 3; i++)
        s.pcrSelections[0].pcrSelect[i] = (BYTE)(mask >> (8 * i));
    return s;
}

uint32_t tpm_pcr_answered(const struct tpm_config *cfg, uint32_t asked,
                          const TPML_PCR_SELECTION *which, const TPML_DIGEST *values,
                          uint8_t out[static TPM_PCR_COUNT][TPM_PCR_MAX])
{
    const TPMS_PCR_SELECTION *s = &which->pcrSelections[0];
    size_t n = tpm_bank_len(cfg->bank);
    if (which->count != 1 || s->hash != tpm_policy_bank_alg(cfg->bank) || s->sizeofSelect != 3)
        return 0;
    uint32_t mask =
        s->pcrSelect[0] | (uint32_t)s->pcrSelect[1] << 8 | (uint32_t)s->pcrSelect[2] << 16;
    if (mask & ~asked || values->count != (uint32_t)__builtin_popcount(mask) ||
        values->count > sizeof values->digests / sizeof *values->digests)
        return 0;
    for (uint32_t i = 0, k = 0; i < TPM_PCR_COUNT; i++) {
        if (!(mask >> i & 1))
            continue;
        if (values->digests[k].size != n)
            return 0;
        memcpy(out[i], values->digests[k++].buffer, n);
    }
    return mask;
}

enum rc tpm_pcr_read(struct tpm_esys *t, uint32_t mask,
                     uint8_t out[static TPM_PCR_COUNT][TPM_PCR_MAX], struct err *err)
{
    while (mask) { /* each round takes at least one PCR off the mask */
        const TPML_PCR_SELECTION want = tpm_pcr_selection(t->cfg, mask);
        TPML_PCR_SELECTION *which = NULL;
        TPML_DIGEST *values = NULL;
        TSS2_RC rc = Esys_PCR_Read(t->esys, tpm_esys_audit(t), ESYS_TR_NONE, ESYS_TR_NONE, &want,
                                   NULL, &which, &values);
        if (rc != TSS2_RC_SUCCESS)
            return tpm_esys_refused(err, "TPM2_PCR_Read", rc);
        uint32_t got = tpm_pcr_answered(t->cfg, mask, which, values, out);
        Esys_Free(which);
        Esys_Free(values);
        if (!got)
            return err_set(err, BG_TPM_PCR_ABSENT, "mask %06x", mask);
        mask &= ~got;
    }
    return RC_OK;
}

uint32_t tpm_pcr_resettable(const TPMS_CAPABILITY_DATA *data)
{
    const TPMS_TAGGED_PCR_SELECT *p = &data->data.pcrProperties.pcrProperty[0];
    if (data->capability != TPM2_CAP_PCR_PROPERTIES || data->data.pcrProperties.count < 1 ||
        p->tag != TPM2_PT_PCR_RESET_L0 || p->sizeofSelect != 3)
        return TPM_PCRS_ALL;
    return p->pcrSelect[0] | (uint32_t)p->pcrSelect[1] << 8 | (uint32_t)p->pcrSelect[2] << 16;
}

static enum rc check_resettable(struct tpm_esys *t, struct err *err)
{
    TPMS_CAPABILITY_DATA *data = NULL;
    TPMI_YES_NO more = TPM2_NO;
    TSS2_RC rc = Esys_GetCapability(t->esys, tpm_esys_audit(t), ESYS_TR_NONE, ESYS_TR_NONE,
                                    TPM2_CAP_PCR_PROPERTIES, TPM2_PT_PCR_RESET_L0, 1, &more, &data);
    if (rc != TSS2_RC_SUCCESS)
        return tpm_esys_refused(err, "TPM2_GetCapability", rc);
    uint32_t resettable = tpm_pcr_resettable(data);
    uint32_t bad = resettable & (t->cfg->boot_pcrs | 1u << t->cfg->gate_pcr);
    Esys_Free(data);
    if (bad)
        return err_set(err, BG_TPM_PCR_RESETTABLE, "mask %06x%s", bad,
                       resettable == TPM_PCRS_ALL ? ", no answer" : "");
    return RC_OK;
}

enum rc tpm_pcr_check_boot(struct tpm_esys *t, uint8_t pcrs[static TPM_PCR_COUNT][TPM_PCR_MAX],
                           struct err *err)
{
    size_t n = tpm_bank_len(t->cfg->bank);
    for (uint32_t i = 0; i < TPM_PCR_COUNT; i++) {
        if (!(t->cfg->boot_pcrs >> i & 1))
            continue;
        uint8_t ones = 0xff;
        for (size_t k = 0; k < n; k++)
            ones &= pcrs[i][k];
        if (mem_is_zero(pcrs[i], n) || ones == 0xff)
            return err_set(err, BG_TPM_BOOT_UNUSED, "PCR %u is all-%c", i,
                           ones == 0xff ? '1' : '0');
    }
    return check_resettable(t, err);
}

enum rc tpm_pcr_gate_extend(struct tpm_esys *t, const uint8_t before[static TPM_PCR_MAX],
                            const uint8_t digest[static TPM_PCR_MAX],
                            uint8_t after[static TPM_PCR_MAX], struct err *err)
{
    uint32_t gate = t->cfg->gate_pcr;
    size_t n = tpm_bank_len(t->cfg->bank);
    uint8_t pcrs[TPM_PCR_COUNT][TPM_PCR_MAX] = {0};
    TRY(tpm_pcr_read(t, 1u << gate, pcrs, err));
    if (memcmp(pcrs[gate], before, n) != 0) {
        char hex[2 * TPM_PCR_MAX + 1];
        hex_encode(bytes_of(pcrs[gate], n), hex);
        return err_set(err, BG_TPM_GATE_BEFORE, "PCR %u is %s", gate, hex);
    }
    TPML_DIGEST_VALUES event = {.count = 1};
    event.digests[0].hashAlg = tpm_policy_bank_alg(t->cfg->bank);
    memcpy(&event.digests[0].digest, digest, n);
    TSS2_RC rc = Esys_PCR_Extend(t->esys, ESYS_TR_PCR0 + gate, tpm_esys_auth(t), ESYS_TR_NONE,
                                 ESYS_TR_NONE, &event);
    if (rc != TSS2_RC_SUCCESS)
        return tpm_esys_refused(err, "TPM2_PCR_Extend", rc);
    TRY(tpm_pcr_read(t, 1u << gate, pcrs, err));
    memcpy(after, pcrs[gate], n);
    return RC_OK;
}
