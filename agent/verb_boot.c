/*
 * boot: the gate. The seed is taken and the door shut before anything untrusted is touched; then
 * the decision; then the key, or nothing.
 */
#include <stdio.h>
#include <unistd.h>

#include "agent/clock.h"
#include "agent/outcome.h"
#include "agent/output.h"
#include "agent/release.h"

/* What a boot may take beyond its own deadline: the TPM's last word, the record, the host API. */
#define AFTERWARDS_MS 30000u

static void stage(struct outcome_to *to, const struct release *r, const char *text, bool tell_host)
{
    uint64_t now = clock_ms(), end = r->watch.deadline_ms;
    outcome_stage(to, text, (end > now ? end - now : 0) + AFTERWARDS_MS, tell_host);
}

static enum rc run(struct release *r, struct arena *a, const struct cli *cli, struct outcome_to *to,
                   struct err *err)
{
    TRY(release_begin(r, a, cli, true, err));
    to->config = &r->config;
    stage(to, r, "boot gate: taking the seed, shutting the door", false);
    enum rc rc = release_tpm(r, err);
    if (rc != RC_OK) {
        release_shut(r);
        return rc;
    }
    TRY(release_take(r, err));
    stage(to, r, "boot gate: deciding", true);
    TRY(release_decide(r, err));
    if (!r->decision.allow)
        return RC_OK;
    stage(to, r, "boot gate: releasing the key", true);
    return release_let_out(r, err);
}

/* why: this process's own error, or that of the decision. */
static struct err why_of(const struct release *r, const struct err *err, int status)
{
    struct err why = *err;
    if (status != 0 && why.rc == RC_OK)
        (void)err_set(&why, (enum rc)r->decision.code, "%s", "");
    return why;
}

static int status_of(const struct release *r, enum rc rc)
{
    if (r->decision.allow)
        return rc == RC_OK ? 0 : 6;
    int status = rc == RC_OK ? r->decision.status : err_exit_status(rc);
    return status ? status : 70; /* a no never leaves as 0 */
}

static int say(const struct release *r, const struct cli *cli, const struct err *err, int status)
{
    if (cli->quiet)
        return status;
    if (r->report.n == 0) {
        struct report none = {.kind = VERDICT_LIVE, .question = ASK_APP, .err = *err};
        none.has_config = r->config.loaded;
        memcpy(none.config_sha256, r->config.sha256, sizeof none.config_sha256);
        none.tpm = r->seen.cls ? &r->seen : NULL;
        if (r->config.release)
            none.key_protection = release_key_protection(r->config.release);
        (void)output_report(cli, &none);
        return status;
    }
    (void)!fwrite(r->report.p, 1, r->report.n, stdout);
    if (r->stored.rc != RC_OK)
        text_error(stderr, &r->stored);
    if (err->rc != RC_OK)
        text_error(stderr, err);
    return output_finish(status);
}

int verb_boot(struct arena *a, const struct cli *cli)
{
    struct release r = {0};
    struct err err = {0};
    struct outcome_to to = {.a = a, .quiet = cli->quiet};
    enum rc rc = run(&r, a, cli, &to, &err);
    release_end(&r);
    struct outcome o = {.status = say(&r, cli, &err, status_of(&r, rc)), .time = r.now};
    o.why = why_of(&r, &err, o.status);
    outcome_end(&to, &o);
    return o.status;
}
