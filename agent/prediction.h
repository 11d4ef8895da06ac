/*
 * prediction: the stage of the gate that takes the place of replay and boot info where nothing of
 * the app is measured yet (position `predict`): a predicted boot info from the evidence's files.
 */
#ifndef BOOTGATE_AGENT_PREDICTION_H
#define BOOTGATE_AGENT_PREDICTION_H

#include "agent/config.h"
#include "base/check.h"
#include "quote/predict.h"

struct prediction_input {
    const struct config *config;
    const struct evidence *evidence;
    const struct td_report_ok *td;
    const struct evlog_ok *firmware;
    const struct os_image *image;
    enum boot_view view; /* of the measurements */
};

/* prediction_make: *out lives in the arena. */
enum rc prediction_make(struct arena *a, const struct prediction_input *in,
                        const struct predicted_boot_info **out, struct err *err) MUST_CHECK;
/* prediction_checks adds a check `prediction.unknown` for each member that is unknown: the contract
 * is asked with zero in its place. */
enum rc prediction_checks(struct arena *a, const struct predicted_boot_info *p, struct checks *out,
                          struct err *err) MUST_CHECK;

#endif
