/*
 * release: take the seed, shut the door, decide, then let the key out (DESIGN section 4). The
 * process that runs this holds the seed and the door; the TPM and the decision are children.
 */
#ifndef BOOTGATE_AGENT_RELEASE_H
#define BOOTGATE_AGENT_RELEASE_H

#include "agent/decision.h"
#include "agent/kdf.h"
#include "agent/tpm_floor_boot.h"

struct release {
    struct arena *a;
    const struct cli *cli;
    struct config config;
    bool measured; /* what trust rests on is read from measured places alone */
    struct watch watch;
    struct tpm *tpm;
    struct tpm_facts facts;
    struct secret *seed;      /* from release_take to the end of release_let_out */
    struct secret *floor_key; /* with release.tpm.floor_index: from the floor's reading on */
    struct report_tpm seen;   /* of the TPM, for the verdict */
    struct tpm_floor floor;   /* what a yes rested on */
    struct authtime time;     /* what chronyd says of it */
    struct decision decision;
    struct bytes report; /* rendered by the deciding process; only passed on */
    struct err stored;   /* why the store could not be read or written; RC_OK: it could */
    uint64_t now;
};

/* release_begin: this process closed to others, its configuration read, its clock started.
 * boot: the configuration rules of `boot`, not those of the tools. */
enum rc release_begin(struct release *r, struct arena *a, const struct cli *cli, bool boot,
                      struct err *err) MUST_CHECK;
/* release_tpm starts the TPM's process. */
enum rc release_tpm(struct release *r, struct err *err) MUST_CHECK;
/* release_shut: the door of a TPM that answers and was not accepted: it may be the seed's all the
 * same, and nobody after us is to try. Best effort. */
void release_shut(struct release *r);
/* release_boot_log: the boot PCRs cover what was booted, or the configuration says that there is no
 * log to tell. Before there is a seed. */
enum rc release_boot_log(struct release *r, struct err *err) MUST_CHECK;
/* release_unseal reads the blob and takes the seed into r->seed. */
enum rc release_unseal(struct release *r, struct err *err) MUST_CHECK;
/* release_take: boot log, unseal, then shut the door, which is done in any case. */
enum rc release_take(struct release *r, struct err *err) MUST_CHECK;
/* release_decide: the decision; how ever it ends, its record is extended into the gate PCR. */
enum rc release_decide(struct release *r, struct err *err) MUST_CHECK;
/* release_let_out: the key of the decided identity to every target, or to none. */
enum rc release_let_out(struct release *r, struct err *err) MUST_CHECK;
/* release_end wipes and ends everything. */
void release_end(struct release *r);
/* release_identity: whose key it is. */
struct kdf_identity release_identity(const struct config *c, const uint8_t app_id[static 20]);

#endif
