#include "quote/predict.h"

#include "quote/evlog_internal.h"

enum rc predict_when(const struct td_body *td, struct err *err)
{
    return mem_is_zero(td->rtmr[3], 48) ? RC_OK
                                        : err_set(err, BG_PREDICT_MEASURED, "%s", "by the quote");
}

/* log_of: the firmware's events, and the plan's behind them. */
static enum rc log_of(struct arena *a, const struct evlog *firmware, const struct app_plan *plan,
                      struct evlog *out, struct err *err)
{
    struct evlog log = *firmware;
    log.v = ARENA_ARRAY(a, struct event, firmware->n + plan->num_events, err);
    if (!log.v)
        return err->rc;
    if (firmware->n)
        memcpy(log.v, firmware->v, firmware->n * sizeof *log.v);
    if (plan->num_events)
        memcpy(log.v + firmware->n, plan->events, plan->num_events * sizeof *log.v);
    log.n += plan->num_events;
    log.covers[3] = plan->num_events != 0;
    *out = log;
    return RC_OK;
}

/* facts_of: what is known although the events are not. */
static void facts_of(const struct app_plan *plan, const struct evlog *log, struct evlog_facts *out)
{
    *out = (struct evlog_facts){.log = log,
                                .boot_mr_done = log->n,
                                .app_id = BYTES_OF_ARRAY(plan->app_id),
                                .compose_hash = BYTES_OF_ARRAY(plan->compose_hash),
                                .has_instance_id = true};
    if (plan->has_instance_id)
        out->instance_id = BYTES_OF_ARRAY(plan->instance_id);
}

enum rc predict_make(struct arena *a, const struct td_report *td, const struct evlog *firmware,
                     const struct os_image *image, const struct app_plan *plan,
                     struct predicted_boot_info *out, struct err *err)
{
    struct predicted_boot_info p = {.mr_aggregated_unknown = plan->log_unknown,
                                    .instance_id_unknown = plan->instance_id_unknown};
    struct evlog *log = ARENA_NEW(a, struct evlog, err);
    if (!log)
        return err->rc;
    TRY(predict_when(&td->td, err));
    TRY(log_of(a, firmware, plan, log, err));
    if (plan->log_unknown)
        facts_of(plan, log, &p.facts);
    else
        TRY(evlog_lookup(log, &p.facts, err));
    TRY(boot_info_make(a, td, &p.facts, image, BOOT_VIEW_APP, &p.known, err));
    /* With part of RTMR3 missing that is the digest of nothing that will ever be. */
    if (p.mr_aggregated_unknown)
        memset(p.known.mr_aggregated, 0, sizeof p.known.mr_aggregated);
    *out = p;
    return RC_OK;
}
