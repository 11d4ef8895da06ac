/*
 * config_guest: the members `measure`, `denied`, `collateral` and `guest` of the configuration:
 * where evidence comes from and what becomes of the machine after a no (DESIGN sections 4 and 6,
 * bootgate(5)). Paths and ports here are of the measured image; what is behind them is the host's.
 */
#ifndef BOOTGATE_AGENT_CONFIG_GUEST_H
#define BOOTGATE_AGENT_CONFIG_GUEST_H

#include "agent/config_parts.h"
#include "quote/app_plan.h"

/* Where in the boot the gate stands. */
enum measure_position {
    MEASURE_EXISTING = 0, /* after dstack-util setup: its events are there */
    MEASURE_OWN,          /* instead of it: we measure the app */
    MEASURE_PREDICT,      /* `check` only: what the KMS will compute */
};

enum denied_action { DENIED_POWEROFF = 0, DENIED_HALT, DENIED_REBOOT };

struct guest_config {
    const char *root; /* the test build's --guest-root; NULL: / */
    enum measure_position measure;
    enum denied_action denied;
    struct url_list collateral; /* PCS or PCCS, in the order of asking */
    const char *host_shared;    /* directory; "/dstack/.host-shared" */
    const char *runtime_log;    /* "/run/log/dstack/runtime_events.log" */
    const char *host_bundle;    /* file of the host with answers; NULL: none is read */
    const char *time;           /* chronyd's socket; NULL: no authenticated time is asked for */
    uint64_t time_wait;         /* seconds that it is waited for */
    uint32_t qgs_cid, qgs_port; /* of the quote generation service; port 0: it is not asked */
    enum app_emits gpu_policy;  /* the image measures the GPU policy; not said: unknown */
    bool notify_host;           /* dstack's host API is told of progress and of a no */
};

void config_guest_builtin(struct guest_config *out);
/* config_guest_read reads the four members of the configuration j, where they are. */
enum rc config_guest_read(struct arena *a, const json_t *j, struct guest_config *out,
                          struct err *err) MUST_CHECK;

#endif
