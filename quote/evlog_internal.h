/*
 * evlog_internal: the parts of event log, image proof and boot info that do not look at who
 * vouches for their input. For the files of quote/ (and the unit tests) only: none of these makes
 * an evlog_ok, so nothing built from them can reach policy/.
 */
#ifndef BOOTGATE_QUOTE_EVLOG_INTERNAL_H
#define BOOTGATE_QUOTE_EVLOG_INTERNAL_H

#include "quote/boot_info.h"
#include "quote/evlog.h"
#include "quote/os_image.h"
#include "quote/predict.h"

struct evlog_ok {
    struct evlog log; /* our own copy of what was replayed */
    struct evlog_facts facts;
};

/* jcs_escape: one byte of a string in canonical JSON, and how long that is (RFC 8785 section
 * 3.2.2.2): the short escapes, \u00xx for other controls, all else as it is. */
size_t jcs_escape(uint8_t c, char out[static 7]);
/*
 * evlog_runtime_event completes a dstack runtime event (name, payload, version set): type,
 * register and the digest of its canonical form, which is returned in *out_preimage (arena).
 */
enum rc evlog_runtime_event(struct arena *a, struct event *e, struct bytes *out_preimage,
                            struct err *err) MUST_CHECK;
/* evlog_parse_runtime: dstack's runtime_events.log as a JSON array {event, payload base64,
 * version}. */
enum rc evlog_parse_runtime(struct arena *a, struct bytes text, struct evlog *out,
                            struct err *err) MUST_CHECK;
/* evlog_match: every register replays to its value, or has no events and is zero. */
enum rc evlog_match(const struct evlog *log, const uint8_t rtmr[4][48], struct err *err) MUST_CHECK;
/* evlog_lookup finds dstack's boot events in a log that evlog_match accepted. */
enum rc evlog_lookup(const struct evlog *log, struct evlog_facts *out, struct err *err) MUST_CHECK;

/* os_image_check: os_image_prove on plain parts. */
enum rc os_image_check(struct arena *a, struct bytes vm_config, const struct td_body *td,
                       const struct evlog *log, bool require, struct os_image *out,
                       struct err *err) MUST_CHECK;
/* boot_info_make: boot_info_from on plain parts. */
enum rc boot_info_make(struct arena *a, const struct td_report *td, const struct evlog_facts *facts,
                       const struct os_image *image, enum boot_view view, struct boot_info *out,
                       struct err *err) MUST_CHECK;
/* predict_when, predict_make: predict_in_time and predict_boot_info on plain parts. */
enum rc predict_when(const struct td_body *td, struct err *err) MUST_CHECK;
enum rc predict_make(struct arena *a, const struct td_report *td, const struct evlog *firmware,
                     const struct os_image *image, const struct app_plan *plan,
                     struct predicted_boot_info *out, struct err *err) MUST_CHECK;

#endif
