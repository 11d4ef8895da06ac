/*
 * check [FILE]: the whole decision without release. In a guest and without a file, evidence is
 * collected from it, and its yes is exit status 0. Evidence from a file makes it a replay: its yes
 * is exit status 10, never 0; so do --at and --offline, which leave the machine's own time and
 * network out. With `measure: predict` it is a prediction, whose yes is exit status 10 too.
 */
#include "agent/collect_live.h"
#include "agent/session.h"

/* live: nothing was given, and this is a machine that evidence can come from. */
static bool live(const struct session *s)
{
    return s->cli->num_args == 0 && !s->bundle.has_evidence && collect_possible(&s->config);
}

static enum rc collect(struct session *s, struct collected *got)
{
    s->config.guest.root = s->cli->guest_root;
    bool predict = s->config.guest.measure == MEASURE_PREDICT;
    if (predict)
        s->report.kind = VERDICT_PREDICTION;
    if (!live(s))
        return RC_OK;
    if (!predict && !(s->cli->given & (OPT_AT | OPT_OFFLINE | OPT_BUNDLE)))
        s->report.kind = VERDICT_LIVE;
    TRY(collect_live(s->a, &s->config, NULL, s->input.deadline_ms, &s->bundle, got,
                     &s->report.err));
    s->input.report_data = got->report_data;
    return RC_OK;
}

int verb_check(struct arena *a, const struct cli *cli)
{
    struct session s;
    struct collected got = {0};
    if (session_open(&s, a, cli, GATE_CHECK, VERDICT_REPLAY, true) == RC_OK &&
        collect(&s, &got) == RC_OK)
        (void)!gate_run(a, &s.input, &s.report); /* the report holds the result */
    return session_close(&s);
}
