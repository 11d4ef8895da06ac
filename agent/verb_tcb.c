/* tcb FILE: what the platform of a quote lacks for UpToDate, and what to update. */
#include "agent/clock.h"
#include "agent/early.h"
#include "agent/file.h"
#include "agent/output.h"
#include "base/date.h"
#include "base/hex.h"
#include "quote/tcb_gap.h"
#include "quote/verify.h"

/* struct weather: a platform against one TCB set. */
struct weather {
    uint64_t now;
    struct tcb_gap gap;
    const char *status; /* merged, of what was verified; NULL: it was not */
    struct err why;     /* not authentic, or not acceptable */
    bool has_early;
    struct err no_early; /* why there is none, or none of its numbers */
    bool has_switch;     /* of a coming set: when it becomes the standard one */
    struct tcb_switch when;
};

static enum rc against(struct arena *a, const struct quote *q, const struct collateral *c,
                       struct bytes root, uint64_t now, struct weather *w, struct err *err)
{
    const struct td_report_ok *ok;
    w->now = now;
    if (quote_verify(a, q, c, root, now, &ok, &w->why) == RC_OK)
        w->status = tcb_status_name(td_report_of(ok)->tcb.status);
    return tcb_gap_find(a, q, c, &w->gap, err);
}

/* is_coming: it is not the one in force under another name. */
static bool is_coming(const struct weather *w, const struct weather *early)
{
    return early->gap.info.evaluation_number > w->gap.info.evaluation_number;
}

/* get_collateral: from the services of the configuration, where none was given. */
static enum rc get_collateral(struct arena *a, const struct gate_input *in, const struct quote *q,
                              const char *path, struct err *err)
{
    const struct td_report_ok *ok;
    struct report *r = ARENA_NEW(a, struct report, err);
    if (!r)
        return err->rc;
    if (in->bundle->has_collateral)
        return RC_OK;
    if (in->offline || !in->config->guest.collateral.n)
        return err_set(err, BG_TCB_NO_COLLATERAL, "%s", path);
    return authentic_quote(a, in, q, r, &ok, err);
}

static enum rc look(struct arena *a, const struct cli *cli, struct bundle *b, struct weather *w,
                    struct weather *early, struct err *err)
{
    struct quote *q = ARENA_NEW(a, struct quote, err);
    struct config *c = ARENA_NEW(a, struct config, err);
    uint64_t seconds = cli->timeout ? cli->timeout : LIMIT_RUN_SECONDS;
    struct gate_input in = {.goal = GATE_VERIFY,
                            .config = c,
                            .bundle = b,
                            .root = quote_intel_root(),
                            .offline = cli->given & OPT_OFFLINE,
                            .deadline_ms = clock_ms() + seconds * 1000u,
                            .now = cli->given & OPT_AT ? cli->at : clock_now()};
    if (!q || !c)
        return err->rc;
    TRY(config_load_any(a, cli->config, c, err));
    TRY(bundle_init(b, err));
    TRY(bundle_add_file(a, b, cli->args[0], err));
    if (cli->collateral)
        TRY(bundle_add_collateral(a, b, cli->collateral, err));
    if (cli->root)
        TRY(file_read(a, cli->root, LIMIT_CERT_DER, BG_TCB_ROOT_SIZE, &in.root, err));
    if (b->evidence.quote.n == 0)
        return err_set(err, BG_TCB_NO_QUOTE, "%s", cli->args[0]);
    TRY(quote_parse(b->evidence.quote, q, err));
    TRY(get_collateral(a, &in, q, cli->args[0], err));
    TRY(against(a, q, &b->collateral, in.root, in.now, w, err));
    if (!(cli->given & OPT_EARLY))
        return RC_OK;
    TRY(early_fetch(a, &in, q, &w->no_early, err));
    w->has_early = b->has_early;
    if (!b->has_early)
        return RC_OK;
    struct collateral coming = early_set(b);
    TRY(against(a, q, &coming, in.root, in.now, early, err));
    struct err why = {0};
    w->has_switch =
        is_coming(w, early) &&
        early_switch(a, b, in.root, in.now, early->gap.info.evaluation_number, &w->when, &why);
    if (w->no_early.rc == RC_OK)
        w->no_early = why;
    return RC_OK;
}

/* up_to_date: shown, and nothing is short. */
static bool up_to_date(const struct weather *w)
{
    return w->status && tcb_gap_none(&w->gap);
}

static json_t *date_json(uint64_t seconds)
{
    return json_string(date_of(seconds).s);
}

static json_t *text_json(struct bytes b)
{
    json_t *s = b.n ? json_stringn((const char *)b.p, b.n) : NULL;
    return s ? s : json_null();
}

static json_t *advisories_json(const struct tcb_advisories *v)
{
    json_t *list = json_array();
    for (size_t i = 0; v && i < v->n; i++)
        (void)json_array_append_new(list, text_json(v->v[i]));
    return list;
}

static json_t *bytes_json(const uint8_t v[static 16])
{
    json_t *list = json_array();
    for (size_t i = 0; i < 16; i++)
        (void)json_array_append_new(list, json_integer(v[i]));
    return list;
}

static json_t *svns_json(const uint8_t sgx[static 16], unsigned pce, const uint8_t tdx[static 16])
{
    return json_pack("{s:o, s:i, s:o}", "sgx", bytes_json(sgx), "pcesvn", (int)pce, "tdx",
                     bytes_json(tdx));
}

static const char *const kinds[] = {"", "sgx", "tdx", "pcesvn"};

static json_t *platform_json(const struct tcb_gap *g)
{
    const struct tcb_comp_level *l = g->level, *goal = g->goal;
    json_t *missing = json_array();
    for (size_t i = 0; i < g->num_missing; i++) {
        const struct tcb_short *s = &g->missing[i];
        (void)json_array_append_new(
            missing, json_pack("{s:s, s:i, s:i, s:i, s:o, s:o, s:s}", "kind", kinds[s->kind],
                               "index", (int)s->index, "have", (int)s->have, "need", (int)s->need,
                               "category", text_json(s->category), "type", text_json(s->type),
                               "update", tcb_update_of(s)));
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "status",
                     l ? text_json(l->status_text) : json_null(), "date",
                     l ? date_json(l->date) : json_null(), "advisories",
                     advisories_json(l ? l->advisories : NULL), "svns",
                     svns_json(g->pck.comp_svn, g->pck.pce_svn, g->tdx), "goal",
                     goal ? svns_json(goal->sgx, goal->pce_svn, goal->tdx) : json_null(),
                     "goal_date", goal ? date_json(goal->date) : json_null(), "missing", missing);
}

static json_t *svn_json(struct bytes id, const struct tcb_svn_gap *s)
{
    const struct tcb_svn_level *l = s->level, *goal = s->goal;
    return json_pack("{s:o, s:i, s:o, s:o, s:o, s:o, s:o}", "id", text_json(id), "isvsvn",
                     (int)s->svn, "status", l ? text_json(l->status_text) : json_null(), "date",
                     l ? date_json(l->date) : json_null(), "advisories",
                     advisories_json(l ? l->advisories : NULL), "need",
                     goal ? json_integer(goal->isv_svn) : json_null(), "goal_date",
                     goal ? date_json(goal->date) : json_null());
}

/* days_left: how long the set at hand is good: the earliest that a newer one is needed. */
static uint64_t days_left(const struct weather *w)
{
    uint64_t until = w->gap.info.next_update;
    return until > w->now ? (until - w->now) / 86400u : 0;
}

static json_t *early_json(const struct weather *w, const struct weather *early)
{
    const struct tcb_gap *g = &early->gap;
    bool known = w->has_switch;
    if (!w->has_early)
        return NULL;
    return json_pack(
        "{s:b, s:b, s:s?, s:b, s:i, s:o, s:o, s:o, s:b, s:o, s:o, s:I, s:o, s:o, s:o, s:o}",
        "coming", is_coming(w, early), "up_to_date", up_to_date(early), "status", early->status,
        "verified", early->why.rc == RC_OK, "tcb_evaluation_data_number",
        (int)g->info.evaluation_number, "issue_date", date_json(g->info.issue_date), "next_update",
        date_json(g->info.next_update), "platform", platform_json(g), "relaunch", g->relaunch,
        "tdx_module", g->module ? svn_json(g->module->id, &g->module_gap) : json_null(),
        "quoting_enclave", svn_json(g->identity.id, &g->qe), "standard_days_left",
        (json_int_t)days_left(w), "recovery_event",
        known ? date_json(w->when.recovery_event) : json_null(), "becomes_standard",
        known ? date_json(w->when.standard) : json_null(), "days_until",
        known ? json_integer((json_int_t)w->when.days) : json_null(), "due",
        known ? json_boolean(w->when.due) : json_null());
}

static json_t *as_json(const struct weather *w, const struct weather *early)
{
    const struct tcb_gap *g = &w->gap;
    char fmspc[13], code[16];
    hex_encode(BYTES_OF_ARRAY(g->pck.fmspc), fmspc);
    snprintf(code, sizeof code, "BG-%04d", (int)w->why.rc);
    return json_pack(
        "{s:i, s:s, s:b, s:s?, s:b, s:s?, s:s, s:i, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o?}",
        "schema", 1, "kind", "tcb", "up_to_date", up_to_date(w), "status", w->status, "verified",
        w->why.rc == RC_OK, "error", w->why.rc == RC_OK ? NULL : code, "fmspc", fmspc,
        "tcb_evaluation_data_number", (int)g->info.evaluation_number, "issue_date",
        date_json(g->info.issue_date), "next_update", date_json(g->info.next_update), "platform",
        platform_json(g), "relaunch", g->relaunch, "tdx_module",
        g->module ? svn_json(g->module->id, &g->module_gap) : json_null(), "quoting_enclave",
        svn_json(g->identity.id, &g->qe), "as_of", date_json(w->now), "early",
        early_json(w, early));
}

static void advisories_text(const struct tcb_advisories *v)
{
    for (size_t i = 0; v && i < v->n; i++) {
        fputs(i ? ", " : "\n      advisories ", stdout);
        text_safe(stdout, v->v[i]);
    }
    putchar('\n');
}

static void platform_text(const struct tcb_gap *g)
{
    fputs("platform         ", stdout);
    if (g->level) {
        text_safe(stdout, g->level->status_text);
        printf(", level of %.10s", date_of(g->level->date).s);
    } else {
        fputs("below every level of its TCB info", stdout);
    }
    advisories_text(g->level ? g->level->advisories : NULL);
    if (g->num_missing && g->goal)
        printf("      for UpToDate of %.10s it lacks\n", date_of(g->goal->date).s);
    else if (g->num_missing)
        puts("      no level is UpToDate; for the highest it lacks");
    else if (g->level && g->level->status != TCB_UP_TO_DATE)
        puts("      no SVN is short: it is settings or software hardening (the advisories say "
             "what)");
    for (size_t i = 0; i < g->num_missing; i++) {
        const struct tcb_short *s = &g->missing[i];
        char index[8] = "";
        if (s->kind != TCB_SHORT_PCE)
            snprintf(index, sizeof index, " %u", s->index);
        printf("      %s%-3s  is %u, needs %u (%u short): update %s", kinds[s->kind], index,
               s->have, s->need, s->need - s->have, tcb_update_of(s));
        if (s->type.n) {
            fputs("  [", stdout);
            text_safe(stdout, s->type);
            putchar(']');
        }
        putchar('\n');
    }
}

static void svn_text(const char *what, struct bytes id, const struct tcb_svn_gap *s,
                     const char *update)
{
    printf("%-16s ", what);
    text_safe(stdout, id);
    printf(" SVN %u: ", s->svn);
    if (s->level) {
        text_safe(stdout, s->level->status_text);
        printf(", level of %.10s", date_of(s->level->date).s);
    } else {
        fputs("below every level", stdout);
    }
    advisories_text(s->level ? s->level->advisories : NULL);
    if (s->goal)
        printf("      needs %u (%u short), of %.10s: update %s\n", s->goal->isv_svn,
               s->goal->isv_svn - s->svn, date_of(s->goal->date).s, update);
}

static void parts_text(const struct tcb_gap *g)
{
    platform_text(g);
    if (g->module)
        svn_text("TDX module", g->module->id, &g->module_gap, "the TDX module");
    else if (g->module_unknown)
        printf("TDX module       version %u: TCB info has no identity of it\n", g->tdx[1]);
    else
        puts("TDX module       has no identity of its own: see the platform's tdx 0 and 1");
    svn_text("quoting enclave", g->identity.id, &g->qe, "Intel's DCAP software on the host");
}

/* early_text: what will be missing, and since when at the earliest. */
static void early_text(const struct weather *w, const struct weather *early)
{
    const struct tcb_gap *g = &early->gap;
    if (!w->has_early) {
        puts("\nearly TCB set: there is none here");
        return;
    }
    printf("\nearly TCB set, number %u, of %.10s: %s\n", g->info.evaluation_number,
           date_of(g->info.issue_date).s,
           !is_coming(w, early) ? "nothing newer than the standard set is coming"
           : up_to_date(early)  ? "UpToDate when it comes into force"
           : early->status      ? "not UpToDate when it comes into force"
                                : "NOT verified");
    if (!is_coming(w, early))
        return;
    parts_text(g);
    if (w->has_switch && w->when.due)
        printf("it was due to become the standard on %.10s", date_of(w->when.standard).s);
    else if (w->has_switch)
        printf("it becomes the standard in %llu days, on %.10s", (unsigned long long)w->when.days,
               date_of(w->when.standard).s);
    if (w->has_switch)
        printf(": twelve months after the TCB recovery\nevent of %.10s, as Intel announced and did "
               "not sign. ",
               date_of(w->when.recovery_event).s);
    else
        fputs("no document at hand says when it becomes the standard. ", stdout);
    printf("The standard set at hand (number %u) is "
           "good for %llu\ndays more; who asks for a new one may get this set any day before\n",
           w->gap.info.evaluation_number, (unsigned long long)days_left(w));
}

static void as_text(const struct weather *w)
{
    const struct tcb_gap *g = &w->gap;
    printf("%s\n\n", up_to_date(w) ? "UpToDate" : w->status ? "not UpToDate" : "undecided");
    parts_text(g);
    if (g->relaunch)
        puts("\nthe host's TDX SVNs changed since this TD was started: start it again");
    printf("\nTCB info number %u, of %.10s, next %.10s; FMSPC ", g->info.evaluation_number,
           date_of(g->info.issue_date).s, date_of(g->info.next_update).s);
    for (size_t i = 0; i < sizeof g->pck.fmspc; i++)
        printf("%02x", g->pck.fmspc[i]);
    printf("\n%s%s\n",
           w->status ? "verified; merged status "
                     : "NOT verified: what stands above is the files' word",
           w->status ? w->status : "");
    bool certified = false; /* by the PCK certificate; the rest is reported afresh each time */
    for (size_t i = 0; i < g->num_missing; i++)
        certified = certified || g->missing[i].kind != TCB_SHORT_TDX;
    if (certified)
        puts("after an update the platform needs a new PCK certificate: register it again, and "
             "take a "
             "new quote");
}

int verb_tcb(struct arena *a, const struct cli *cli)
{
    struct err err = {0};
    AUTO_BUNDLE b = {0};
    struct weather *w = ARENA_NEW(a, struct weather, &err);
    struct weather *early = ARENA_NEW(a, struct weather, &err);
    if (!w || !early || look(a, cli, &b, w, early, &err) != RC_OK)
        return output_error(cli->json, cli->quiet, &err);
    int status = w->why.rc != RC_OK ? err_exit_status(w->why.rc) : !up_to_date(w);
    if (cli->quiet)
        return status;
    if (cli->json)
        output_json(as_json(w, early));
    else
        as_text(w);
    if (!cli->json && cli->given & OPT_EARLY)
        early_text(w, early);
    if (w->no_early.rc != RC_OK)
        text_error(stderr, &w->no_early);
    if (w->why.rc != RC_OK)
        text_error(stderr, &w->why);
    return output_finish(status);
}
