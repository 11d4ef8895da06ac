/* tpm_rules: what a TPM configuration must not say (DESIGN section 4). No TPM is asked. */
#include "agent/build.h"
#include "agent/tpm_abi.h"
#include "agent/tpm_policy.h"

/* PC Client Platform TPM Profile 1.05, 4.6: 16 and 23 can be reset by anybody, 17 to 22 by DRTM. */
#define RESETTABLE_BY_ANYBODY (1u << 16 | 1u << 23)
#define GATE_FIRST_REFUSED    16u
#define PCR_IMA               10u
#define PCR_DSTACK            14u
/* TCG Registry of Reserved TPM 2.0 Handles, 2.2.2: NV indices that the TPM's owner gives out. */
#define FLOOR_FIRST 0x01800000u
#define FLOOR_LAST  0x01bfffffu

const char *tpm_key_protection(const struct tpm_config *cfg)
{
    return cfg->cls == TPM_CLASS_ATTESTED ? "attested-tpm" : "none-against-host";
}

static enum rc check_class(const struct tpm_config *cfg, struct err *err)
{
    switch (cfg->cls) {
    case TPM_CLASS_HOST:
        if (!cfg->accept_host_tpm)
            return err_set(err, BG_TPM_HOST_NOT_ACCEPTED, "class host");
        return RC_OK;
    case TPM_CLASS_ATTESTED:
        return RC_OK;
    case TPM_CLASS_NONE:
        break;
    }
    return err_set(err, BG_TPM_CLASS, "class %d", (int)cfg->cls);
}

static enum rc check_gate(const struct tpm_config *cfg, struct err *err)
{
    uint32_t gate = cfg->gate_pcr;
    const char *why = gate >= GATE_FIRST_REFUSED          ? "can be reset or is none"
                      : gate == PCR_IMA                   ? "is extended by IMA"
                      : cfg->dstack && gate == PCR_DSTACK ? "is used by dstack"
                      : cfg->boot_pcrs >> gate & 1        ? "is a boot PCR"
                                                          : NULL;
    if (why)
        return err_set(err, BG_TPM_GATE_PCR, "PCR %u %s", gate, why);
    return RC_OK;
}

enum rc tpm_config_check(const struct tpm_config *cfg, struct err *err)
{
    TRY(check_class(cfg, err));
    if (cfg->tcti &&
        (!build_tcti_init || strncmp(cfg->tcti, TPM_TCTI_PREFIX, strlen(TPM_TCTI_PREFIX)) != 0))
        return err_set(err, BG_TPM_TCTI, "%s in a %s build", cfg->tcti, build_kind);
    if (cfg->bank != TPM_BANK_SHA256 && cfg->bank != TPM_BANK_SHA384)
        return err_set(err, BG_TPM_BANK, "bank %d", (int)cfg->bank);
    if (cfg->boot_pcrs == 0)
        return err_set(err, BG_TPM_BOOT_EMPTY, "no PCR");
    if (cfg->boot_pcrs > TPM_PCRS_ALL || cfg->boot_pcrs & RESETTABLE_BY_ANYBODY)
        return err_set(err, BG_TPM_BOOT_PCR, "mask %08x", cfg->boot_pcrs);
    TRY(check_gate(cfg, err));
    if (cfg->version_index != 0 && cfg->version_index >> 24 != ABI_HT_NV_INDEX)
        return err_set(err, BG_TPM_VERSION_INDEX, "%08x", cfg->version_index);
    if (cfg->floor_index != 0 && (cfg->floor_index < FLOOR_FIRST || cfg->floor_index > FLOOR_LAST ||
                                  cfg->floor_index == cfg->version_index))
        return err_set(err, BG_TPM_FLOOR_INDEX, "%08x", cfg->floor_index);
    if (cfg->srk_pinned &&
        (cfg->srk_name[0] != ABI_ALG_SHA256 >> 8 || cfg->srk_name[1] != (ABI_ALG_SHA256 & 0xff)))
        return err_set(err, BG_TPM_SRK_PIN, "begins with %02x%02x", cfg->srk_name[0],
                       cfg->srk_name[1]);
    return RC_OK;
}
