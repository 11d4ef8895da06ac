/*
 * app_plan: what dstack's setup measures of an app before it asks for keys, from the two files that
 * say it: the runtime events of RTMR3 from system-preparing to boot-mr-done (dstack-util
 * system_setup.rs, measure_app_info; tdx facts 4.1, 4.3). Refused is what dstack would refuse of
 * the members that are measured; nothing is guessed: what the files do not determine is unknown,
 * and says why.
 * NOT checked: members of app-compose.json that decide nothing here.
 */
#ifndef BOOTGATE_QUOTE_APP_PLAN_H
#define BOOTGATE_QUOTE_APP_PLAN_H

#include "quote/evlog.h"

#define APP_PLAN_EVENTS  11u /* five init scripts, and one of each other name */
#define APP_PLAN_SCRIPTS 5u
#define APP_PLAN_SEED    20u /* bytes that dstack draws; a file may have another width */

/* enum app_emits: whether a guest image measures something. */
enum app_emits { APP_EMITS_UNKNOWN = 0, APP_EMITS_NOT, APP_EMITS };

struct app_plan_input {
    struct bytes app_compose;   /* exact bytes of app-compose.json */
    struct bytes instance_info; /* exact bytes of .instance_info; empty: there is none */
    struct bytes seed;          /* drawn by whoever measures, where plan.draws_seed; or empty */
    enum app_emits gpu_policy;  /* the event gpu-policy-hash: not by dstack 0.5 */
    enum app_emits gpu;         /* the event gpu-attestation: an NVIDIA GPU is attached */
    bool no_binding;            /* the platform mixes nothing into the instance id, as GCP and AWS
                                 * do */
};

struct app_plan {
    struct event events[APP_PLAN_EVENTS]; /* all of them, exactly where log_unknown is NULL */
    size_t num_events;
    unsigned version; /* of their encoding: 1 or 2 */
    uint8_t app_id[20], compose_hash[32];
    uint8_t instance_id[20];
    bool has_instance_id; /* false: the app has none, or it is unknown */
    bool app_id_given;    /* by .instance_info; else it is the compose hash's */
    bool draws_seed;      /* the instance id's seed is drawn at this boot */
    bool attests_gpu;     /* an NVIDIA GPU must be attested before the app has keys */
    bool requirements;    /* the file has other requirements, which a guest is to see to */
    struct bytes seed;    /* what the instance id was made of; empty: nothing */
    uint8_t script_hash[APP_PLAN_SCRIPTS][32];
    size_t num_scripts;
    uint8_t gpu_policy_hash[32];
    bool has_gpu_policy;     /* it is measured */
    const char *gpu_unknown; /* the events of GPUs; NULL: they are known */
    /* Sentences, static; NULL: it is known. */
    const char *instance_id_unknown;
    const char *log_unknown; /* the events, and with them RTMR3 */
};

/* app_plan_make: events, names and payloads live in the arena or are static. */
enum rc app_plan_make(struct arena *a, const struct app_plan_input *in, struct app_plan *out,
                      struct err *err) MUST_CHECK;
/*
 * app_plan_instance sets an instance id that is known otherwise (20 bytes, or none: empty), as a
 * recorded log has it.
 */
enum rc app_plan_instance(struct arena *a, struct app_plan *p, struct bytes instance_id,
                          struct err *err) MUST_CHECK;

#endif
