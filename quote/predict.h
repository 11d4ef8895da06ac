/*
 * predict: the boot info that a KMS will compute at an app's key request, before dstack's setup has
 * measured the app (DESIGN section 3, viewpoint `app`). A type of its own: nothing that lets a key
 * out takes it.
 */
#ifndef BOOTGATE_QUOTE_PREDICT_H
#define BOOTGATE_QUOTE_PREDICT_H

#include "quote/app_plan.h"
#include "quote/boot_info.h"
#include "quote/os_image.h"

struct predicted_boot_info {
    struct boot_info known;   /* what is unknown is zero in it */
    struct evlog_facts facts; /* as the log will have them; log is the firmware's part */
    /* Sentences, static; NULL: it is known. */
    const char *mr_aggregated_unknown;
    const char *instance_id_unknown;
};

/* predict_in_time: RTMR3 is still zero, else BG_PREDICT_MEASURED. To be asked before the replay. */
enum rc predict_in_time(const struct td_report_ok *td, struct err *err) MUST_CHECK;
/*
 * predict_boot_info puts the plan's events behind the firmware's log. MRCONFIGID is held against
 * the plan as boot_info_from does it against a log.
 * out keeps views of the plan.
 * NOT checked: that dstack's setup will get these very files; whether log and image belong to td.
 */
enum rc predict_boot_info(struct arena *a, const struct td_report_ok *td,
                          const struct evlog_ok *firmware, const struct os_image *image,
                          const struct app_plan *plan, struct predicted_boot_info *out,
                          struct err *err) MUST_CHECK;

#endif
