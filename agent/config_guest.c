#include "agent/config_guest.h"

/* Where dstack's guest has them (dstack-types, shared_filenames.rs; cc-eventlog). */
#define HOST_SHARED "/dstack/.host-shared"
#define RUNTIME_LOG "/run/log/dstack/runtime_events.log"
#define HOST_CID    2u /* VMADDR_CID_HOST */
#define QGS_PORT    4050u
#define TIME_WAIT   30u /* seconds; chronyd with iburst takes about ten */
#define TIME_MAX    600u

void config_guest_builtin(struct guest_config *out)
{
    *out = (struct guest_config){.host_shared = HOST_SHARED,
                                 .runtime_log = RUNTIME_LOG,
                                 .qgs_cid = HOST_CID,
                                 .qgs_port = QGS_PORT,
                                 .time_wait = TIME_WAIT};
}

/* word: an optional member that is one of n words; *out is which. */
static enum rc word(const json_t *j, const char *key, const char *const *words, unsigned n,
                    const char *want, unsigned *out, struct err *err)
{
    struct bytes have;
    *out = 0;
    if (!json_object_get(j, key))
        return RC_OK;
    if (json_str(j, key, &have))
        for (*out = 0; *out < n; ++*out)
            if (bytes_eq_str(have, words[*out]))
                return RC_OK;
    return config_bad_value(err, key, want);
}

static enum rc path(struct arena *a, const json_t *o, const char *key, const char *named,
                    const char **out, struct err *err)
{
    return json_object_get(o, key) ? config_path(a, o, key, named, out, err) : RC_OK;
}

static bool port(const json_t *v, uint32_t *out)
{
    json_int_t n = json_integer_value(v);
    *out = (uint32_t)n;
    return json_is_integer(v) && n >= 0 && n < UINT32_MAX;
}

static enum rc read_qgs(const json_t *o, struct guest_config *out, struct err *err)
{
    static const char *const keys[] = {"cid", "port"};
    if (!o)
        return RC_OK;
    TRY(config_only(o, "guest.qgs", keys, 2, err));
    if (!port(json_object_get(o, "cid"), &out->qgs_cid) ||
        !port(json_object_get(o, "port"), &out->qgs_port))
        return config_bad_value(err, "guest.qgs", "{\"cid\": number, \"port\": number}");
    return RC_OK;
}

static enum rc read_guest(struct arena *a, const json_t *o, struct guest_config *out,
                          struct err *err)
{
    static const char *const keys[] = {
        "host_shared", "runtime_log", "host_bundle", "qgs",
        "time",        "time_wait",   "notify_host", "gpu_policy_event"};
    const json_t *notify = json_object_get(o, "notify_host");
    const json_t *gpu = json_object_get(o, "gpu_policy_event");
    TRY(config_only(o, "guest", keys, sizeof keys / sizeof *keys, err));
    TRY(path(a, o, "host_shared", "guest.host_shared", &out->host_shared, err));
    TRY(path(a, o, "runtime_log", "guest.runtime_log", &out->runtime_log, err));
    TRY(path(a, o, "host_bundle", "guest.host_bundle", &out->host_bundle, err));
    TRY(path(a, o, "time", "guest.time", &out->time, err));
    TRY(config_seconds(o, "time_wait", "guest.time_wait", &out->time_wait, err));
    if (out->time_wait > TIME_MAX)
        return config_bad_value(err, "guest.time_wait", "at most 600 seconds");
    TRY(read_qgs(json_object_get(o, "qgs"), out, err));
    if (notify && !json_is_boolean(notify))
        return config_bad_value(err, "guest.notify_host", "true or false");
    out->notify_host = json_is_true(notify);
    if (gpu && !json_is_boolean(gpu))
        return config_bad_value(err, "guest.gpu_policy_event", "true or false");
    if (gpu)
        out->gpu_policy = json_is_true(gpu) ? APP_EMITS : APP_EMITS_NOT;
    return RC_OK;
}

enum rc config_guest_read(struct arena *a, const json_t *j, struct guest_config *out,
                          struct err *err)
{
    static const char *const positions[] = {"existing", "own", "predict"};
    static const char *const actions[] = {"poweroff", "halt", "reboot"};
    const json_t *guest = json_object_get(j, "guest");
    unsigned measure, denied;
    TRY(word(j, "measure", positions, 3, "existing, own or predict", &measure, err));
    TRY(word(j, "denied", actions, 3, "poweroff, halt or reboot", &denied, err));
    out->measure = (enum measure_position)measure;
    out->denied = (enum denied_action)denied;
    TRY(config_urls(a, j, "collateral", true, &out->collateral, err));
    return guest ? read_guest(a, guest, out, err) : RC_OK;
}
