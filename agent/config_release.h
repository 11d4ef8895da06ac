/*
 * config_release: the member `release` of the configuration: the TPM that holds the seed, the
 * second share, and where the key goes (DESIGN sections 4 and 6, bootgate(5)).
 */
#ifndef BOOTGATE_AGENT_CONFIG_RELEASE_H
#define BOOTGATE_AGENT_CONFIG_RELEASE_H

#include "agent/target.h"
#include "agent/tpm.h"
#include "base/json.h"

#define RELEASE_TARGETS_MAX 4u
#define RELEASE_DEADLINE    180u /* seconds, when the configuration names none */

struct release_config {
    struct tpm_config tpm;
    const char *blob;         /* the sealed seed */
    bool no_boot_log;         /* said so: there is none to hold the boot PCRs against */
    const char *approval;     /* with tpm.authorize: the signed approval */
    const char *ek_ca;        /* class attested: PEM file */
    const char *ek_crl;       /* the same; NULL: none */
    const char *second_share; /* NULL: none */
    const char *wrapped;      /* the secret to release; NULL: the key itself */
    struct target_config targets[RELEASE_TARGETS_MAX];
    size_t num_targets;
    uint32_t deadline_s; /* for the whole of a boot */
};

/* config_release_read: strict. Everything in `out` lives in the arena. */
enum rc config_release_read(struct arena *a, const json_t *j, struct release_config *out,
                            struct err *err) MUST_CHECK;
/* release_key_protection: the verdict's word for what guards the key against the host. */
const char *release_key_protection(const struct release_config *c);

#endif
