/*
 * outcome_host: dstack's host API, told what happens (host-api/proto/host_api.proto: Notify; its
 * JSON over HTTP on vsock). The URL comes from the host's .sys-config.json: a child without seed or
 * network reads it, and may connect to a port of the host, nowhere else.
 */
#ifndef BOOTGATE_AGENT_OUTCOME_HOST_H
#define BOOTGATE_AGENT_OUTCOME_HOST_H

#include "agent/config_guest.h"

#define OUTCOME_HOST_MS   2000u /* for one notification, all of it */
#define OUTCOME_HOST_PATH 128u

struct host_api {
    uint32_t port;
    char path[OUTCOME_HOST_PATH]; /* "" or "/api" */
};

/* outcome_host_url reads vsock://2:PORT[/PATH]; another CID than the host's is refused. */
enum rc outcome_host_url(struct bytes url, struct host_api *out, struct err *err) MUST_CHECK;
/* outcome_host_request: the whole HTTP request for one notification. */
enum rc outcome_host_request(struct arena *a, const struct host_api *api, const char *event,
                             const char *payload, struct bytes *out, struct err *err) MUST_CHECK;
/* outcome_host_notify: RC_OK: the host said that it has it. Within OUTCOME_HOST_MS. */
enum rc outcome_host_notify(struct arena *a, const struct guest_config *g, const char *event,
                            const char *payload, struct err *err) MUST_CHECK;

#endif
