#include "agent/prediction.h"

/* gpus: by the word of vm_config, which is the host's: a prediction is no more than that. */
static enum rc gpus(struct arena *a, const struct evidence *ev, enum app_emits *out,
                    struct err *err)
{
    struct os_image_stated stated = {0};
    TRY(os_image_stated_read(a, ev->vm_config, &stated, err));
    *out = !stated.has_gpus ? APP_EMITS_UNKNOWN : stated.gpus ? APP_EMITS : APP_EMITS_NOT;
    return RC_OK;
}

enum rc prediction_make(struct arena *a, const struct prediction_input *in,
                        const struct predicted_boot_info **out, struct err *err)
{
    const struct evidence *ev = in->evidence;
    struct predicted_boot_info *p = ARENA_NEW(a, struct predicted_boot_info, err);
    struct app_plan *plan = ARENA_NEW(a, struct app_plan, err);
    if (!p || !plan)
        return err->rc;
    if (in->view != BOOT_VIEW_APP)
        return err_set(err, BG_PREDICT_VIEW, "%s", "the whole log of a boot");
    if (ev->app_compose.n == 0)
        return err_set(err, BG_PREDICT_NO_COMPOSE, "%s", "app_compose is missing");
    struct app_plan_input files = {.app_compose = ev->app_compose,
                                   .instance_info = ev->instance_info,
                                   .gpu_policy = in->config->guest.gpu_policy,
                                   /* A proven image came with dstack's own firmware: neither GCP's
                                    * nor AWS's. */
                                   .no_binding = in->image->proven};
    TRY(gpus(a, ev, &files.gpu, err));
    TRY(app_plan_make(a, &files, plan, err));
    TRY(predict_boot_info(a, in->td, in->firmware, in->image, plan, p, err));
    *out = p;
    return RC_OK;
}

static enum rc unknown(struct arena *a, const char *name, const char *why, struct checks *out,
                       struct err *err)
{
    struct check c = {.id = "prediction.unknown",
                      .status = CHECK_UNKNOWN,
                      .code = BG_PREDICT_UNKNOWN,
                      .source = "dstack-util system_setup.rs"};
    if (!why)
        return RC_OK;
    c.actual = arena_printf(a, err, "%s: %s", name, why);
    return c.actual ? checks_add(a, out, c, err) : err->rc;
}

enum rc prediction_checks(struct arena *a, const struct predicted_boot_info *p, struct checks *out,
                          struct err *err)
{
    TRY(unknown(a, "instanceId", p->instance_id_unknown, out, err));
    return unknown(a, "mrAggregated", p->mr_aggregated_unknown, out, err);
}
