/*
 * rules: checks of the agent's own configuration on verified facts. Each appends one check; a FAIL
 * denies (policy/decide.h), UNKNOWN is shown and does not.
 */
#ifndef BOOTGATE_AGENT_RULES_H
#define BOOTGATE_AGENT_RULES_H

#include "agent/config.h"
#include "agent/report.h"

/* The app id, against policy.app_id; not pinned: unknown, it is the host's choice. */
enum rc rules_app_id(struct arena *a, const struct config *c, const struct boot_info *bi,
                     struct checks *out, struct err *err) MUST_CHECK;
/* The image hash's assurance, and the three ACPI digests against policy.acpi. */
enum rc rules_image(struct arena *a, const struct config *c, const struct os_image *image,
                    struct checks *out, struct err *err) MUST_CHECK;
/* MRCONFIGID against the log, where its version allows. */
enum rc rules_mr_config(struct arena *a, const struct td_report *td, const struct evlog_facts *log,
                        struct checks *out, struct err *err) MUST_CHECK;
/* policy.require_freshness against what time rests on. */
enum rc rules_freshness(struct arena *a, const struct config *c, enum freshness have,
                        struct checks *out, struct err *err) MUST_CHECK;
/* policy.require_assurance against what the chain state rests on. */
enum rc rules_assurance(struct arena *a, const struct config *c, const char *have,
                        struct checks *out, struct err *err) MUST_CHECK;

#endif
