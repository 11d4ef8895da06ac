#include "agent/gate.h"

#include "agent/authentic.h"
#include "agent/clock.h"
#include "agent/driver.h"
#include "agent/prediction.h"
#include "agent/rules.h"
#include "base/hash.h"
#include "quote/dstack.h"
#include "quote/local_report.h"

/* struct run: what the stages of one run share: where to put things, never what to trust. */
struct run {
    struct arena *a;
    const struct gate_input *in;
    struct report *r;
    uint64_t since; /* clock_us() when the stage began */
    size_t checks;  /* how many there were */
};

static enum rc note(struct run *s, struct check c)
{
    return checks_add(s->a, &s->r->checks, c, &s->r->err);
}

static enum rc passed(struct run *s, const char *id, const char *actual)
{
    return note(s, (struct check){.id = id, .status = CHECK_PASS, .actual = actual});
}

/* broke records that a stage ended the run; its error already stands in the report. */
static enum rc broke(struct run *s, const char *id)
{
    struct err *err = &s->r->err, later = {0};
    struct check c = {.id = id, .status = CHECK_FAIL, .code = err->rc};
    c.actual = err->detail[0] ? arena_printf(s->a, &later, "%s", err->detail) : NULL;
    if (checks_add(s->a, &s->r->checks, c, &later) != RC_OK)
        return later.rc;
    return err->rc;
}

static enum rc collect(struct run *s, struct evidence *ev)
{
    const struct bundle *b = s->in->bundle;
    if (!b->has_evidence) {
        err_set(&s->r->err, BG_GATE_NO_EVIDENCE, "no file and no bundle with evidence was given");
        return broke(s, "evidence");
    }
    *ev = b->evidence;
    s->r->format = ev->format;
    return passed(s, "evidence", evidence_format_name(ev->format));
}

/* predicts: the app is not measured yet; what will be is asked about (DESIGN section 3). */
static bool predicts(const struct run *s)
{
    return s->in->goal == GATE_CHECK && s->in->config->guest.measure == MEASURE_PREDICT;
}

static bool has_log(const struct evidence *ev)
{
    return ev->event_log.n || ev->ccel.n || ev->runtime_events.n;
}

static enum rc parse(struct run *s, const struct evidence *ev, struct quote *quote,
                     struct evlog *log)
{
    if (quote_parse(ev->quote, quote, &s->r->err) != RC_OK)
        return broke(s, "quote.format");
    TRY(passed(s, "quote.format", quote->version == 5 ? "TDX quote v5" : "TDX quote v4"));
    if (!has_log(ev) && s->in->goal == GATE_VERIFY)
        return RC_OK;
    if (!has_log(ev))
        err_set(&s->r->err, BG_GATE_NO_LOG, "the evidence has a quote, but no event log");
    else if (evlog_parse_evidence(s->a, ev, log, &s->r->err) == RC_OK)
        return passed(s, "log.format", arena_printf(s->a, &s->r->err, "%zu events", log->n));
    return broke(s, "log.format");
}

/* bound checks what stands beside the quote and claims to be bound by its report_data. */
static enum rc bound(struct run *s, const struct evidence *ev, const struct td_report *td)
{
    struct err *err = &s->r->err;
    struct bytes have = BYTES_OF_ARRAY(td->td.report_data);
    if (ev->report_data.n) {
        if (!bytes_eq(ev->report_data, have)) {
            err_set(err, BG_GATE_REPORT_DATA, "%zu bytes claimed, not those the quote signs",
                    ev->report_data.n);
            return broke(s, "quote.report_data");
        }
        TRY(passed(s, "quote.report_data", "as claimed beside the quote"));
    }
    if (!ev->ra_tls_spki.n)
        return RC_OK;
    /* tdx facts 4.9: report_data = SHA-512("ratls-cert:" || SubjectPublicKeyInfo DER) */
    uint8_t want[SHA512_LEN];
    struct bytes tag = bytes_of_str("ratls-cert:");
    uint8_t *text = arena_alloc(s->a, tag.n + ev->ra_tls_spki.n, err);
    if (!text)
        return err->rc;
    memcpy(text, tag.p, tag.n);
    memcpy(text + tag.n, ev->ra_tls_spki.p, ev->ra_tls_spki.n);
    hash_sha512(bytes_of(text, tag.n + ev->ra_tls_spki.n), want);
    if (!bytes_eq(BYTES_OF_ARRAY(want), have)) {
        err_set(err, BG_GATE_RA_TLS, "report_data does not bind the certificate's public key");
        return broke(s, "ra_tls.key");
    }
    return passed(s, "ra_tls.key", "bound by report_data");
}

/* local_report: the quote is of this TD and of this run (DESIGN section 3). */
static enum rc local_report(struct run *s, const struct evidence *ev, const struct td_report *td)
{
    static const char id[] = "td.local_report";
    const uint8_t *asked = s->in->report_data;
    struct err *err = &s->r->err;
    struct local_report local;
    struct local_difference diff;
    if (!asked)
        return note(s, (struct check){.id = id,
                                      .hint = "only inside the guest can the quote be compared "
                                              "with the machine's own TDREPORT"});
    if (memcmp(td->td.report_data, asked, sizeof td->td.report_data) != 0)
        err_set(err, BG_GATE_NOT_ASKED, "the quote carries other report data than this run's");
    else if (local_report_parse(ev->td_report, &local, err) == RC_OK &&
             local_report_compare(&local, &td->td, &diff, err) == RC_OK)
        return passed(s, id, "the quote is of this TD and of this run");
    return broke(s, id);
}

static enum rc authenticate(struct run *s, const struct evidence *ev, const struct quote *quote,
                            const struct td_report_ok **td)
{
    const struct gate_input *in = s->in;
    if (authentic_quote(s->a, in, quote, s->r, td, &s->r->err) != RC_OK)
        return broke(s, "quote.authentic");
    const struct td_report *report = td_report_of(*td);
    s->r->td = report;
    TRY(passed(s, "quote.authentic", tcb_status_name(report->tcb.status)));
    TRY(passed(s, "collateral", report_collateral(s->a, s->r, &s->r->err)));
    TRY(bound(s, ev, report));
    if (in->goal == GATE_ASK)
        return RC_OK;
    if (in->goal == GATE_CHECK)
        TRY(local_report(s, ev, report));
    return td_findings(s->a, *td, &in->config->td, &s->r->checks, &s->r->err);
}

/* compose_hash: an app-compose file beside the quote must be the one the log measured. */
static enum rc compose_hash(struct run *s, const struct evidence *ev,
                            const struct evlog_facts *facts)
{
    if (!ev->app_compose.n)
        return RC_OK;
    uint8_t have[32];
    dstack_compose_hash(ev->app_compose, have);
    if (bytes_eq(BYTES_OF_ARRAY(have), facts->compose_hash))
        return passed(s, "app_compose", "hashes to the logged compose hash");
    err_set(&s->r->err, BG_GATE_APP_COMPOSE, "the file given beside the quote is another one");
    return broke(s, "app_compose");
}

static enum rc replay(struct run *s, const struct evidence *ev, const struct evlog *log,
                      const struct td_report_ok *td, const struct evlog_ok **replayed)
{
    if (!has_log(ev))
        return note(s, (struct check){.id = "log.replay",
                                      .hint = "the input has no event log: nothing but the quote "
                                              "itself was looked at"});
    if (predicts(s) && predict_in_time(td, &s->r->err) != RC_OK)
        return broke(s, "prediction");
    if (evlog_replay(s->a, log, td, replayed, &s->r->err) != RC_OK)
        return broke(s, "log.replay");
    s->r->log = evlog_facts_of(*replayed);
    if (predicts(s))
        return passed(s, "log.replay", "RTMR0 to RTMR2; RTMR3 is still zero");
    TRY(passed(s, "log.replay", "RTMR0 to RTMR3"));
    TRY(compose_hash(s, ev, s->r->log));
    return rules_mr_config(s->a, s->r->td, s->r->log, &s->r->checks, &s->r->err);
}

/* predicted: nothing of the app is measured yet; what its files say stands for that. */
static enum rc predicted(struct run *s, const struct evidence *ev, const struct td_report_ok *td,
                         const struct evlog_ok *log, struct boot_info *bi)
{
    const struct predicted_boot_info *p = NULL;
    struct prediction_input in = {s->in->config, ev, td, log, s->r->image, s->in->view};
    if (prediction_make(s->a, &in, &p, &s->r->err) != RC_OK)
        return broke(s, "prediction");
    *bi = p->known;
    s->r->predicted = p;
    s->r->boot_info = bi;
    s->r->mr = s->in->view;
    TRY(passed(s, "boot_info", "as app, measurements predicted"));
    TRY(prediction_checks(s->a, p, &s->r->checks, &s->r->err));
    return rules_mr_config(s->a, s->r->td, &p->facts, &s->r->checks, &s->r->err);
}

/* unknown_boot_info: verify does not need one; it says why there is none. */
static enum rc unknown_boot_info(struct run *s, const struct err *why)
{
    struct check c = {.id = "boot_info", .status = CHECK_UNKNOWN, .code = why->rc};
    c.actual = arena_printf(s->a, &s->r->err, "%s", why->detail);
    return c.actual ? note(s, c) : s->r->err.rc;
}

static enum rc boot_info(struct run *s, const struct evidence *ev, const struct td_report_ok *td,
                         const struct evlog_ok *log, struct boot_info *bi)
{
    bool verify = s->in->goal == GATE_VERIFY;
    if (verify && (!log || !ev->vm_config.n))
        return note(s,
                    (struct check){.id = "boot_info", .hint = "needs the event log and vm_config"});
    struct os_image *image = ARENA_NEW(s->a, struct os_image, &s->r->err);
    if (!image)
        return s->r->err.rc;
    bool require = !verify && s->in->config->require_os_image;
    if (os_image_prove(s->a, ev->vm_config, td, log, require, image, &s->r->err) != RC_OK)
        return broke(s, "image.proven");
    s->r->image = image;
    TRY(rules_image(s->a, s->in->config, image, &s->r->checks, &s->r->err));
    if (predicts(s))
        return predicted(s, ev, td, log, bi);
    struct err why = {0};
    if (boot_info_from(s->a, td, log, image, s->in->view, bi, &why) == RC_OK) {
        s->r->boot_info = bi;
        s->r->mr = s->in->view;
        return passed(s, "boot_info",
                      arena_printf(s->a, &s->r->err, "as %s, measurements at %s",
                                   boot_view_as(s->r->as), boot_view_mr(s->r->mr)));
    }
    if (verify)
        return unknown_boot_info(s, &why);
    s->r->err = why;
    return broke(s, "boot_info");
}

/* undecided: no answer is no finding; the report's error says why there was none. */
static enum rc undecided(struct run *s)
{
    struct err *err = &s->r->err, later = {0};
    struct check c = {.id = "chain.call", .status = CHECK_UNKNOWN, .code = err->rc};
    c.actual = err->detail[0] ? arena_printf(s->a, &later, "%s", err->detail) : NULL;
    if (checks_add(s->a, &s->r->checks, c, &later) != RC_OK)
        return later.rc;
    return err->rc;
}

/* ask puts the question to the contract; undecided leaves r->err set. */
static enum rc ask(struct run *s, const struct boot_info *bi)
{
    const struct gate_input *in = s->in;
    const struct config *c = in->config;
    struct chain_result *result = ARENA_NEW(s->a, struct chain_result, &s->r->err);
    if (!result)
        return s->r->err.rc;
    struct driver d = {.config = c,
                       .question = s->r->question,
                       .offline = in->offline,
                       .refresh = in->refresh,
                       .stored = in->stored,
                       .floor = in->floor,
                       .hints = in->hints,
                       .nonce = in->nonce,
                       .floor_time = in->floor_time,
                       .now = in->now,
                       .deadline_ms = in->deadline_ms};
    if (driver_run(s->a, &d, bi, in->bundle, &s->r->checks, result, &s->r->net, &s->r->err) !=
        RC_OK)
        return undecided(s);
    s->r->chain = result;
    return rules_assurance(s->a, c, result->assurance, &s->r->checks, &s->r->err);
}

static enum rc decide(struct run *s, const struct boot_info *bi)
{
    struct report *r = s->r;
    if (s->in->goal == GATE_VERIFY)
        return RC_OK;
    if (s->in->goal == GATE_CHECK) {
        if (r->question == ASK_APP || s->in->config->has_app_id)
            TRY(rules_app_id(s->a, s->in->config, bi, &r->checks, &r->err));
        TRY(rules_freshness(s->a, s->in->config, r->freshness, &r->checks, &r->err));
    }
    /* What policy already refused stays refused, whether the chain can be reached or not. */
    bool refused = !s->in->answer_needed && checks_failed(&r->checks) != NULL;
    enum rc rc = ask(s, bi);
    if (rc != RC_OK && !(refused && (err_exit_status(rc) == 3 || err_exit_status(rc) == 5)))
        return rc;
    err_clear(&r->err);
    static const struct chain_result none;
    policy_decide(&r->checks, r->chain ? r->chain : &none, &r->verdict);
    return RC_OK;
}

static void begin(struct run *s)
{
    s->since = clock_us();
    s->checks = s->r->checks.n;
}

/* stage records how a stage ended, and how long it took; the next begins. */
static enum rc stage(struct run *s, const char *name, enum rc rc)
{
    struct report *r = s->r;
    enum check_status status = rc == RC_OK ? CHECK_PASS : CHECK_UNKNOWN;
    for (size_t i = s->checks; i < r->checks.n; i++)
        if (r->checks.v[i].status == CHECK_FAIL)
            status = CHECK_FAIL;
    if (r->num_stages < REPORT_STAGES)
        r->stages[r->num_stages++] = (struct report_stage){name, status, clock_us() - s->since};
    begin(s);
    return rc;
}

/* decision is the last stage: a no of the contract is no check that failed, but it is a no. */
static enum rc decision(struct run *s, const struct boot_info *bi)
{
    struct report *r = s->r;
    enum rc rc = stage(s, "decide", decide(s, bi));
    if (rc == RC_OK && s->in->goal == GATE_VERIFY)
        r->stages[r->num_stages - 1].status = CHECK_NOT_RUN;
    else if (rc == RC_OK && r->question != ASK_NONE && !verdict_is_allow(&r->verdict))
        r->stages[r->num_stages - 1].status = CHECK_FAIL;
    return rc;
}

enum rc gate_run(struct arena *a, const struct gate_input *in, struct report *r)
{
    struct run s = {.a = a, .in = in, .r = r};
    struct evidence ev = {0};
    struct quote quote = {0};
    struct evlog log = {0};
    struct boot_info *bi = ARENA_NEW(a, struct boot_info, &r->err);
    const struct td_report_ok *td = NULL;
    const struct evlog_ok *replayed = NULL;
    if (!bi)
        return r->err.rc;

    begin(&s);
    TRY(stage(&s, "evidence", collect(&s, &ev)));
    TRY(stage(&s, "parse", parse(&s, &ev, &quote, &log)));
    TRY(stage(&s, "authenticate", authenticate(&s, &ev, &quote, &td)));
    TRY(stage(&s, "replay", replay(&s, &ev, &log, td, &replayed)));
    TRY(stage(&s, "boot info", boot_info(&s, &ev, td, replayed, bi)));
    return decision(&s, bi);
}

enum rc gate_ask(struct arena *a, const struct gate_input *in, const struct boot_info *bi,
                 struct report *r)
{
    struct run s = {.a = a, .in = in, .r = r};
    r->boot_info = bi;
    r->boot_info_given = true;
    begin(&s);
    return decision(&s, bi);
}
