/*
 * shut: what follows a boot that did not say yes, however it ended. The gate PCR is closed where
 * boot could not, and the machine ends as the measured configuration says: off, when none can be
 * read. Run by ExecStopPost= and by the initramfs, it starts from nothing but the TPM and that
 * configuration.
 *
 * After a boot that ended well it does nothing. That it did is the service manager's word
 * (systemd.exec(5), SERVICE_RESULT), which no host and no later stage can put in its place. On a
 * machine that has neither a measured configuration nor a service manager that asks, it refuses:
 * nobody's work is lost to a command typed on the wrong machine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/clock.h"
#include "agent/outcome.h"
#include "agent/output.h"
#include "agent/release.h"

#define DOOR_MS 20000u

static bool is_env(const char *name, const char *want)
{
    const char *have = getenv(name);
    return have && strcmp(have, want) == 0;
}

/* All three: SERVICE_RESULT alone says success, too, of a boot that was told to end. */
static bool ended_well(void)
{
    return is_env("SERVICE_RESULT", "success") && is_env("EXIT_CODE", "exited") &&
           is_env("EXIT_STATUS", "0");
}

/* close_door: the gate PCR as boot leaves it. *was_open: it had not come that far. A TPM that is
 * not accepted may be the seed's all the same: its door is shut like boot shuts it. */
static enum rc close_door(struct release *r, bool *was_open, struct err *err)
{
    uint8_t pcr[TPM_PCR_MAX] = {0}, zero[TPM_PCR_MAX] = {0};
    r->watch.deadline_ms = clock_ms() + DOOR_MS;
    enum rc rc = release_tpm(r, err);
    if (rc != RC_OK) {
        release_shut(r);
        return rc;
    }
    TRY(tpm_gate_read(r->tpm, pcr, err));
    *was_open = memcmp(pcr, zero, tpm_bank_len(r->config.release->tpm.bank)) == 0;
    return *was_open ? tpm_gate_close(r->tpm, err) : RC_OK;
}

/* tell: where boot could not; what it told itself stands. */
static void tell(struct arena *a, const struct release *r, bool quiet, const struct err *err)
{
    const char *code = getenv("EXIT_CODE"), *status = getenv("EXIT_STATUS");
    struct outcome_to to = {.a = a, .config = r->config.release ? &r->config : NULL};
    struct outcome o = {.status = 70, .why = *err, .time = clock_now()};
    to.quiet = quiet;
    if (err->rc == RC_OK)
        (void)err_set(&o.why, BG_SHUT_BOOT_ENDED, "%s %s", code ? code : "it says nothing",
                      status ? status : "");
    outcome_end(&to, &o);
}

int verb_shut(struct arena *a, const struct cli *cli)
{
    struct release r = {0};
    struct err err = {0}, door = {0}, stop = {0};
    bool was_open = false;
    if (ended_well())
        return 0;
    enum rc rc = release_begin(&r, a, cli, true, &err);
    if (rc != RC_OK && !getenv("SERVICE_RESULT")) {
        release_end(&r);
        (void)err_set(&stop, BG_SHUT_NOT_GATED, "%s", err.detail);
        return output_error(cli->json, cli->quiet, &stop);
    }
    enum denied_action action = rc == RC_OK ? r.config.guest.denied : DENIED_POWEROFF;
    enum rc closed = rc == RC_OK ? close_door(&r, &was_open, &door) : rc;
    release_end(&r);
    if (!cli->quiet)
        fprintf(stderr, "bootgate: shut: the gate %s\n",
                closed != RC_OK ? "could not be looked at"
                : was_open      ? "was open and is closed now"
                                : "is closed");
    uint32_t failures = outcome_failures(a);
    if (failures == 0) {
        tell(a, &r, cli->quiet, rc != RC_OK ? &err : &door);
        failures = outcome_failures(a);
    }
    if (outcome_stop(action, failures, &stop) == RC_OK)
        return output_finish(0);
    return output_error(cli->json, cli->quiet, &stop);
}
