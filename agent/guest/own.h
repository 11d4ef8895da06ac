/*
 * own: position `own`, for images without dstack's setup: we measure the app. Its files are copied
 * once from the host's directory, into one of our own on tmpfs; they are measured from that copy,
 * and nothing after it reads the host's (DESIGN section 3, bootgate(5) `measure`).
 *
 * What is measured are dstack's runtime events up to boot-mr-done (quote/app_plan.h). Each one
 * extends RTMR3 and is then added to dstack's log, all under dstack's lock. If this ends in
 * between, log and register differ for good: no evidence of this boot replays, and nothing is let
 * out.
 */
#ifndef BOOTGATE_AGENT_GUEST_OWN_H
#define BOOTGATE_AGENT_GUEST_OWN_H

#include "agent/config.h"
#include "agent/watch.h"

#define OWN_DIR  "/run/bootgate"
#define OWN_COPY "/run/bootgate/app" /* 0700; made by own_run, and never by anybody before */
#define OWN_LOGS "/run/log/dstack"   /* dstack-attest; cc-eventlog */
#define OWN_LOG  "/run/log/dstack/runtime_events.log"

/*
 * own_run copies and measures, in a process of its own; once a boot. Beside the copies it leaves
 * measured.json there: app_id, instance_id and instance_id_seed as they were measured.
 * NOT done: what the app's requirements ask of a guest; such an app is refused.
 */
enum rc own_run(struct arena *a, const struct config *c, const struct watch *w,
                struct err *err) MUST_CHECK;

#endif
