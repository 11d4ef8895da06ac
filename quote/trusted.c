/*
 * trusted: the doors between what was parsed and what is believed, all in one place. Each takes a
 * td_report_ok or evlog_ok, which nobody else can make, and hands plain parts to the code that
 * does the work (quote/evlog_internal.h).
 */
#include "quote/evlog_internal.h"

const struct evlog_facts *evlog_facts_of(const struct evlog_ok *ok)
{
    return &ok->facts;
}

enum rc evlog_replay(struct arena *a, const struct evlog *log, const struct td_report_ok *td,
                     const struct evlog_ok **out, struct err *err)
{
    struct evlog_ok *ok = ARENA_NEW(a, struct evlog_ok, err);
    struct event *v = ok ? ARENA_ARRAY(a, struct event, log->n, err) : NULL;
    if (!v)
        return err->rc;
    if (log->n)
        memcpy(v, log->v, log->n * sizeof *v);
    ok->log = *log;
    ok->log.v = v;
    TRY(evlog_match(&ok->log, td_report_of(td)->td.rtmr, err));
    TRY(evlog_lookup(&ok->log, &ok->facts, err));
    *out = ok;
    return RC_OK;
}

enum rc os_image_prove(struct arena *a, struct bytes vm_config, const struct td_report_ok *td,
                       const struct evlog_ok *log, bool require, struct os_image *out,
                       struct err *err)
{
    return os_image_check(a, vm_config, &td_report_of(td)->td, log->facts.log, require, out, err);
}

enum rc boot_info_from(struct arena *a, const struct td_report_ok *td, const struct evlog_ok *log,
                       const struct os_image *image, enum boot_view view, struct boot_info *out,
                       struct err *err)
{
    return boot_info_make(a, td_report_of(td), &log->facts, image, view, out, err);
}

enum rc predict_in_time(const struct td_report_ok *td, struct err *err)
{
    return predict_when(&td_report_of(td)->td, err);
}

enum rc predict_boot_info(struct arena *a, const struct td_report_ok *td,
                          const struct evlog_ok *firmware, const struct os_image *image,
                          const struct app_plan *plan, struct predicted_boot_info *out,
                          struct err *err)
{
    return predict_make(a, td_report_of(td), &firmware->log, image, plan, out, err);
}
