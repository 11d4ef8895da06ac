#include "agent/collect_live.h"

#include "quote/local_report.h"
#include "quote/quote.h"

/* settled: quote and TDREPORT say the same. */
static enum rc settled(const struct evidence *ev, struct err *err)
{
    struct quote q;
    struct local_report local;
    struct local_difference diff;
    TRY(quote_parse(ev->quote, &q, err));
    TRY(local_report_parse(ev->td_report, &local, err));
    return local_report_compare(&local, &q.td, &diff, err);
}

static enum rc one_try(struct arena *a, const struct config *c, const uint8_t *report_data,
                       const struct watch *w, struct bundle *b, struct collected *out,
                       struct err *err)
{
    AUTO_BUNDLE fresh = {0};
    if (report_data) {
        memcpy(out->report_data, report_data, sizeof out->report_data);
        TRY(collect_with(a, c, w, out, err));
    } else {
        TRY(collect_run(a, c, w, out, err));
    }
    TRY(bundle_init(&fresh, err));
    TRY(bundle_add_text(a, &fresh, out->evidence, "what was collected", err));
    TRY(settled(&fresh.evidence, err));
    TRY(bundle_add_text(a, b, out->evidence, "what was collected", err));
    return out->host_bundle.n ? bundle_add_host(a, b, out->host_bundle, err) : RC_OK;
}

enum rc collect_live(struct arena *a, const struct config *c, const uint8_t *report_data,
                     uint64_t deadline_ms, struct bundle *b, struct collected *out, struct err *err)
{
    const struct watch w = {deadline_ms, -1};
    for (unsigned i = 1;; i++) {
        enum rc rc = one_try(a, c, report_data, &w, b, out, err);
        if (i == COLLECT_TRIES || !collect_moved(rc))
            return rc;
        err_clear(err);
    }
}
