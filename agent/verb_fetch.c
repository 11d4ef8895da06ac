/*
 * fetch -o FILE [FILE]: a bundle with all that a later run needs to decide the same without a
 * network. It takes no trust and gives none: what was fetched is judged again by whoever uses it,
 * so its 0 means "complete", whatever the contract answered.
 */
#include "agent/early.h"
#include "agent/file.h"
#include "agent/output.h"
#include "agent/session.h"
#include "base/date.h"
#include "base/hex.h"

struct fetched_bundle {
    const char *path;
    size_t answers, fetched; /* recorded chain answers: in all, and by this run */
    size_t unproven;         /* code hashes that nobody proved: wished, not needed */
};

static void print_json(const struct report *r, const struct fetched_bundle *f)
{
    char hash[2 * 32 + 1];
    hex_encode(BYTES_OF_ARRAY(r->chain->block_hash), hash);
    output_json(json_pack("{s:i, s:b, s:s, s:I, s:I, s:I, s:I, s:s}", "schema", 1, "complete", 1,
                          "file", f->path, "answers", (json_int_t)f->answers, "fetched",
                          (json_int_t)f->fetched, "unproven_codes", (json_int_t)f->unproven,
                          "block_number", (json_int_t)r->chain->block_number, "block_hash", hash));
}

static void option(FILE *out, const char *name, const char *value)
{
    if (!value)
        return;
    fprintf(out, " %s ", name);
    text_safe(out, bytes_of_str(value));
}

/* print_next: what decides with the bundle, as it can be typed; at the time that it was made at, or
 * its block would soon be too old. */
static void print_next(FILE *out, const struct session *s, const struct fetched_bundle *f)
{
    const struct cli *cli = s->cli;
    char now[DATE_TEXT];
    date_text(s->report.now, now);
    fprintf(out, "  decide with it: bootgate %s --offline", cli->boot_info ? "chain" : "check");
    option(out, "--boot-info", cli->boot_info);
    option(out, "--as", cli->as);
    option(out, "--mr", cli->mr);
    option(out, "--bundle", f->path);
    option(out, "--config", cli->config);
    option(out, "--root", cli->root);
    option(out, "--at", now);
    fputc('\n', out);
}

static void print_text(FILE *out, const struct session *s, const struct fetched_bundle *f)
{
    const struct report *r = &s->report;
    fprintf(out, "complete: %zu chain answers, %zu of them new, for block %llu of ", f->answers,
            f->fetched, (unsigned long long)r->chain->block_number);
    if (r->net.near)
        fprintf(out, "NEAR %s\n", r->near_source->network_id);
    else
        fprintf(out, "chain %llu\n", (unsigned long long)r->chain_config->chain_id);
    if (f->unproven)
        fprintf(out,
                "  %zu code hashes are not proven: no node answered, and no policy needs them\n",
                f->unproven);
    print_next(out, s, f);
}

static size_t answers(const struct bundle *b)
{
    return json_array_size(b->rpc) + json_array_size(b->beacon);
}

/* add_early: wished, for `tcb --early`; nobody's decision needs it. */
static enum rc add_early(struct session *s)
{
    struct err why = {0};
    struct report *r = &s->report;
    struct quote *q = ARENA_NEW(s->a, struct quote, &r->err);
    if (!q)
        return r->err.rc;
    if (!s->bundle.has_collateral || quote_parse(s->bundle.evidence.quote, q, &why) != RC_OK)
        return RC_OK;
    err_clear(&why);
    TRY(early_fetch(s->a, &s->input, q, &why, &r->err));
    const char *what = s->bundle.has_early ? "the day of the early TCB set" : "the early TCB set";
    return report_note(s->a, r, what, &why, &r->err);
}

/* complete runs the need loop and writes the file: whole, or not at all. */
static enum rc complete(struct session *s, struct fetched_bundle *f)
{
    struct report *r = &s->report;
    size_t before = answers(&s->bundle);
    s->input.answer_needed = true;
    TRY(session_ask(s));
    session_keep(s);
    TRY(add_early(s));
    f->answers = answers(&s->bundle);
    f->fetched = f->answers > before ? f->answers - before : 0;
    for (size_t i = 0; i < r->chain->num_codes; i++)
        f->unproven += !r->chain->codes[i].known;
    return bundle_write(s->a, &s->bundle, f->path, &r->err);
}

/* finish says how it went; standard output is left to the bundle when that goes there. */
static int finish(const struct session *s, const struct fetched_bundle *f, enum rc rc)
{
    const struct cli *cli = s->cli;
    bool elsewhere = strcmp(f->path, "-") == 0;
    struct style st = output_style(cli);
    if (rc != RC_OK && !elsewhere)
        return output_report(cli, &s->report);
    if (rc != RC_OK && !cli->quiet)
        verdict_text(stderr, &st, &s->report);
    else if (rc == RC_OK && cli->json && !cli->quiet)
        print_json(&s->report, f);
    else if (!cli->quiet)
        print_text(elsewhere ? stderr : stdout, s, f);
    return output_finish(err_exit_status(rc));
}

int verb_fetch(struct arena *a, const struct cli *cli)
{
    struct fetched_bundle f = {.path = cli->output};
    struct session s;
    struct err err = {0};
    if (!cli->output) {
        err_set(&err, BG_FETCH_NO_OUTPUT, "%s", "");
        return output_error(cli->json, cli->quiet, &err);
    }
    if (cli->json && strcmp(cli->output, "-") == 0) {
        err_set(&err, BG_FETCH_TWO_OUTPUTS, "%s", "-o - with --json");
        return output_error(cli->json, cli->quiet, &err);
    }
    enum rc rc = session_open(&s, a, cli, GATE_ASK, VERDICT_QUERY, true);
    if (rc == RC_OK)
        rc = complete(&s, &f);
    int status = finish(&s, &f, rc);
    bundle_free(&s.bundle);
    return status;
}
