#define _GNU_SOURCE
#include "agent/session.h"

#include <errno.h>
#include <sys/random.h>

#include "agent/clock.h"
#include "agent/file.h"
#include "agent/output.h"

static enum rc read_inputs(struct session *s, struct err *err)
{
    const struct cli *cli = s->cli;
    for (int i = 0; i < cli->num_args; i++)
        TRY(bundle_add_file(s->a, &s->bundle, cli->args[i], err));
    if (cli->bundle)
        TRY(bundle_add_file(s->a, &s->bundle, cli->bundle, err));
    if (cli->collateral)
        TRY(bundle_add_collateral(s->a, &s->bundle, cli->collateral, err));
    if (cli->checkpoint && !s->config.signers.num_keys)
        return err_set(err, BG_USAGE_CHECKPOINT, "--checkpoint %s", cli->checkpoint);
    if (cli->checkpoint)
        TRY(bundle_add_checkpoint(s->a, &s->bundle, cli->checkpoint, err));
    s->inputs_read = true;
    return RC_OK;
}

static enum rc choose_view(struct session *s, struct err *err)
{
    const struct cli *cli = s->cli;
    enum boot_view as = s->config.as;
    if (cli->as && (as = config_boot_view(bytes_of_str(cli->as))) == BOOT_VIEW_NONE)
        return err_set(err, BG_USAGE_AS, "%s", cli->as);
    s->report.as = as;
    s->input.view = as;
    if (!cli->mr)
        return RC_OK;
    if (cli->boot_info)
        return err_set(err, BG_USAGE_MR_STATED, "--mr %s with --boot-info", cli->mr);
    bool boot = strcmp(cli->mr, "boot") == 0;
    if (!boot && strcmp(cli->mr, "run") != 0)
        return err_set(err, BG_USAGE_MR, "%s", cli->mr);
    s->input.view = boot ? BOOT_VIEW_APP : BOOT_VIEW_KMS;
    return RC_OK;
}

/* open_store: runs on a recording, on another time or without a network leave the store alone. */
static enum rc open_store(struct session *s, struct err *err)
{
    struct err why = {0};
    const char *dir = s->config.store;
    if (!dir || s->cli->given & (OPT_AT | OPT_BUNDLE | OPT_OFFLINE))
        return RC_OK;
    TRY(store_load(s->a, dir, store_kind_of(&s->config), &s->stored, &why, err));
    s->input.stored = &s->stored;
    return report_note(s->a, &s->report, "the store", &why, err);
}

/* make_nonce: for a call that is to be run now; a recording has its own. */
static enum rc make_nonce(struct session *s, struct err *err)
{
    if (s->config.chain.source != CHAIN_NEAR || !s->config.near.by_call ||
        (s->report.kind != VERDICT_LIVE && s->cli->given & (OPT_AT | OPT_BUNDLE | OPT_OFFLINE)))
        return RC_OK;
    if (getrandom(s->nonce, sizeof s->nonce, 0) != (ssize_t)sizeof s->nonce)
        return err_set(err, BG_NEAR_NO_RANDOM, "%s", strerror(errno));
    s->input.nonce = s->nonce;
    s->report.freshness = FRESH_NONCE;
    return RC_OK;
}

void session_keep(struct session *s)
{
    struct err why = {0}, ignored = {0};
    if (s->input.stored &&
        store_save(s->config.store, store_kind_of(&s->config), &s->report.net.keep, &why) != RC_OK)
        (void)!report_note(s->a, &s->report, "nothing was stored", &why, &ignored);
}

void session_set_time(struct session *s, const struct authtime *t)
{
    struct report *r = &s->report;
    struct err ignored = {0};
    if (!t->asked || r->at_given)
        return;
    if (t->why.rc != RC_OK) {
        (void)!report_note(s->a, r, "the time is the host's word", &t->why, &ignored);
        return;
    }
    report_vouch(r, FRESH_AUTHENTICATED_TIME);
    r->time_error_ms = t->error_ms;
    r->now = authtime_now(t);
    s->input.now = r->now;
}

/* ask_time: for the tools; boot's parent has asked before. Not for what is decided on a recording.
 */
static enum rc ask_time(struct session *s, struct err *err)
{
    const struct watch w = {.deadline_ms = s->input.deadline_ms, .signal_fd = -1};
    struct authtime t;
    if (s->cli->given & (OPT_AT | OPT_BUNDLE | OPT_OFFLINE))
        return RC_OK;
    TRY(authtime_ask(s->a, &s->config.guest, &w, &t, err));
    session_set_time(s, &t);
    return RC_OK;
}

static enum rc begin(struct session *s, struct arena *a, const struct cli *cli, enum gate_goal goal,
                     enum verdict_kind kind, bool contract_required, const struct config *config)
{
    *s = (struct session){.a = a, .cli = cli};
    struct report *r = &s->report;
    struct err *err = &r->err;
    bool at = cli->given & OPT_AT;
    r->kind = kind;
    r->freshness = FRESH_HOST_CLOCK;
    r->has_time = true;
    r->at_given = at;
    r->now = at ? cli->at : clock_now();
    TRY(bundle_init(&s->bundle, err));
    if (config)
        s->config = *config;
    else
        TRY(config_load(a, cli->config, &s->config, err));
    r->has_config = s->config.loaded;
    memcpy(r->config_sha256, s->config.sha256, sizeof r->config_sha256);
    r->app_id_pinned = s->config.has_app_id;
    r->acpi_pinned = s->config.acpi_pinned;
    r->chain_config = &s->config.chain;
    r->near_source = &s->config.near;
    s->input = (struct gate_input){.goal = goal,
                                   .config = &s->config,
                                   .bundle = &s->bundle,
                                   .root = quote_intel_root(),
                                   .offline = cli->given & OPT_OFFLINE,
                                   .refresh = !at,
                                   .hints = cli->save_bundle || cli->output,
                                   .now = r->now};
    s->input.deadline_ms =
        clock_ms() + (cli->timeout ? cli->timeout : LIMIT_RUN_SECONDS) * UINT64_C(1000);
    TRY(choose_view(s, err));
    TRY(make_nonce(s, err));
    if (goal != GATE_VERIFY)
        r->question = r->as == BOOT_VIEW_KMS ? ASK_KMS : ASK_APP;
    if (contract_required && s->config.chain.source == CHAIN_SOURCE_NONE)
        return err_set(err, BG_CONFIG_NO_CHAIN, "%s",
                       s->config.loaded ? "it has no member chain" : "no configuration was found");
    if (cli->root) {
        r->test_root = true;
        TRY(file_read(a, cli->root, LIMIT_CERT_DER, BG_ROOT_SIZE, &s->input.root, err));
    }
    if (!config && goal == GATE_CHECK)
        TRY(ask_time(s, err));
    /* boot's store is its parent's to read and write. */
    if (!config && (goal != GATE_VERIFY || s->config.guest.collateral.n))
        TRY(open_store(s, err));
    return read_inputs(s, err);
}

static enum rc ask_about_file(struct session *s, const char *path)
{
    struct err *err = &s->report.err;
    struct bytes text = BYTES_NONE;
    AUTO_JSON j = NULL;
    struct boot_info *bi = ARENA_NEW(s->a, struct boot_info, err);
    if (!bi)
        return err->rc;
    if (s->bundle.has_evidence)
        return err_set(err, BG_CHAIN_TWO_SUBJECTS, "--boot-info %s", path);
    TRY(file_read(s->a, path, LIMIT_FILE, BG_BOOT_INFO_FILE_SIZE, &text, err));
    TRY(file_json(text, path, BG_BOOT_INFO_JSON, &j, err));
    TRY(boot_info_read(s->a, j, bi, err));
    return gate_ask(s->a, &s->input, bi, &s->report);
}

enum rc session_ask(struct session *s)
{
    return s->cli->boot_info ? ask_about_file(s, s->cli->boot_info)
                             : gate_run(s->a, &s->input, &s->report);
}

enum rc session_open(struct session *s, struct arena *a, const struct cli *cli, enum gate_goal goal,
                     enum verdict_kind kind, bool contract_required)
{
    return begin(s, a, cli, goal, kind, contract_required, NULL);
}

enum rc session_open_config(struct session *s, struct arena *a, const struct cli *cli,
                            enum gate_goal goal, enum verdict_kind kind,
                            const struct config *config)
{
    return begin(s, a, cli, goal, kind, true, config);
}

int session_close(struct session *s)
{
    session_keep(s);
    if (s->cli->save_bundle && s->inputs_read) {
        struct err err = {0};
        enum rc rc = bundle_write(s->a, &s->bundle, s->cli->save_bundle, &err);
        if (rc != RC_OK && s->report.err.rc == RC_OK)
            s->report.err = err;
    }
    int status = output_report(s->cli, &s->report);
    bundle_free(&s->bundle);
    return status;
}
