/*
 * boot_log: the boot event log of the machine that we run in, held against its TPM and the
 * configured boot PCRs (quote/boot_log.h), before a seed is sealed or taken (DESIGN section 4.4).
 * The caller only reads bytes; a child parses them, which has nothing else.
 */
#ifndef BOOTGATE_AGENT_BOOT_LOG_H
#define BOOTGATE_AGENT_BOOT_LOG_H

#include "agent/config_release.h"
#include "agent/watch.h"

#define BOOT_LOG_TEXT_MAX 512u

/*
 * boot_log_check refuses a set of boot PCRs that does not cover what was booted. *out: what covers
 * it, one line ("uki: firmware PCR 0, ..."), in the arena; NULL when the configuration says that
 * there is no log.
 */
enum rc boot_log_check(struct arena *a, const struct release_config *c, struct tpm *t,
                       const struct watch *w, const char **out, struct err *err) MUST_CHECK;

/* struct boot_log_job: a log, and what the TPM says. */
struct boot_log_job {
    struct arena *a; /* for the child */
    struct bytes log;
    uint16_t bank; /* TCG_SHA256 or TCG_SHA384 */
    uint32_t set;
    uint8_t pcrs[TPM_BOOT_PCRS][TPM_PCR_MAX];
};
/* boot_log_apart judges in a child that has nothing else; *out as above. */
enum rc boot_log_apart(struct arena *a, struct boot_log_job *j, const struct watch *w,
                       const char **out, struct err *err) MUST_CHECK;

/* boot_log_line: the same line of any facts. */
struct boot_log_facts;
void boot_log_line(const struct boot_log_facts *f, char out[static BOOT_LOG_TEXT_MAX]);

#endif
