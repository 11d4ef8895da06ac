/*
 * boot: the gate. The seed is taken and the door shut before anything untrusted is touched; then
 * the decision; then the key, or nothing.
 */
#include <stdio.h>
#include <unistd.h>

#include "agent/output.h"
#include "agent/release.h"

static enum rc run(struct release *r, struct arena *a, const struct cli *cli, struct err *err)
{
    TRY(release_begin(r, a, cli, true, err));
    TRY(release_tpm(r, err));
    TRY(release_take(r, err));
    TRY(release_decide(r, err));
    return r->decision.allow ? release_let_out(r, err) : RC_OK;
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
    enum rc rc = run(&r, a, cli, &err);
    release_end(&r);
    return say(&r, cli, &err, status_of(&r, rc));
}
