/* app_plan: the events of dstack-util system_setup.rs, measure_app_info, from the app's files. */
#include "quote/app_plan.h"

#include "base/hash.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/limits.h"
#include "quote/dstack.h"
#include "quote/evlog_internal.h"

#define MANIFEST_NEW 3u

/* struct compose: the members of app-compose.json that decide what is measured. */
struct compose {
    json_t *j;
    unsigned manifest;
    bool no_instance_id, no_provider;
    bool has_gpu_policy;
};

static enum rc member(const char *name, struct err *err)
{
    return err_set(err, BG_APP_COMPOSE_MEMBER, "%s", name);
}

/* --- app-compose.json (dstack-types, AppCompose) --- */

/* flag: an optional bool; null is none. */
static enum rc flag(const json_t *o, const char *key, bool *out, struct err *err)
{
    const json_t *v = json_object_get(o, key);
    *out = json_is_true(v);
    return !v || json_is_boolean(v) ? RC_OK : member(key, err);
}

static enum rc read_manifest(struct compose *c, struct err *err)
{
    const json_t *v = json_object_get(c->j, "manifest_version");
    static const char *const names[] = {"1", "2", "3"};
    c->manifest = 0;
    for (unsigned i = 0; i < 3; i++)
        if (json_is_string(v) && bytes_eq_str(json_view(v), names[i]))
            c->manifest = i + 1;
    if (json_is_integer(v) && (json_integer_value(v) == 1 || json_integer_value(v) == 2))
        c->manifest = (unsigned)json_integer_value(v);
    if (c->manifest == 0)
        return err_set(err, BG_APP_COMPOSE_MANIFEST, "%s",
                       !v                   ? "it has none"
                       : json_is_integer(v) ? "a number that is neither 1 nor 2"
                                            : "not 1, 2 or \"3\"");
    return RC_OK;
}

static enum rc read_provider(struct compose *c, struct err *err)
{
    static const char *const names[] = {"none", "kms", "local", "tpm"};
    const json_t *v = json_object_get(c->j, "key_provider");
    bool kms, local;
    TRY(flag(c->j, "kms_enabled", &kms, err));
    TRY(flag(c->j, "local_key_provider_enabled", &local, err));
    c->no_provider = !kms && !local;
    if (!v || json_is_null(v))
        return RC_OK;
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (!json_is_string(v) || !bytes_eq_str(json_view(v), names[i]))
            continue;
        c->no_provider = i == 0;
        return RC_OK;
    }
    return err_set(err, BG_APP_COMPOSE_PROVIDER, "%.40s",
                   json_is_string(v) ? json_string_value(v) : "not text");
}

static enum rc needs_new(const struct compose *c, bool used, const char *what, struct err *err)
{
    return used && c->manifest < MANIFEST_NEW ? err_set(err, BG_APP_COMPOSE_NEEDS_3, "%s", what)
                                              : RC_OK;
}

static enum rc read_scripts(const struct compose *c, struct app_plan *p, struct err *err)
{
    const json_t *v = json_object_get(c->j, "init_script");
    size_t n = json_is_array(v) ? json_array_size(v) : json_is_string(v) ? 1 : 0;
    if (v && !json_is_null(v) && !json_is_array(v) && !json_is_string(v))
        return member("init_script", err);
    if (n > APP_PLAN_SCRIPTS)
        return err_set(err, BG_APP_COMPOSE_SCRIPTS, "%zu", n);
    for (size_t i = 0; i < n; i++) {
        const json_t *one = json_is_array(v) ? json_array_get(v, i) : v;
        if (!json_is_string(one))
            return member("init_script", err);
        hash_sha256(json_view(one), p->script_hash[i]);
    }
    p->num_scripts = n;
    return needs_new(c, n > 1, "several init scripts", err);
}

static enum rc read_events(const struct compose *c, struct app_plan *p, struct err *err)
{
    uint64_t version = 1;
    if (json_object_get(c->j, "event_log_version") &&
        (!json_u64(c->j, "event_log_version", 2, &version) || version == 0))
        return err_set(err, BG_APP_COMPOSE_EVENTS, "%s", "not 1 or 2");
    p->version = (unsigned)version;
    return RC_OK;
}

/* --- the GPU policy: its canonical JSON (RFC 8785), members in the order of their names --- */

struct text {
    uint8_t *p;
    size_t n;
};

static void put(struct text *t, const char *s)
{
    size_t n = strlen(s);
    memcpy(t->p + t->n, s, n);
    t->n += n;
}

static void put_string(struct text *t, struct bytes s)
{
    char esc[7];
    put(t, "\"");
    for (size_t i = 0; i < s.n; i++) {
        size_t n = jcs_escape(s.p[i], esc);
        memcpy(t->p + t->n, esc, n);
        t->n += n;
    }
    put(t, "\"");
}

static const char *const gpu_members[] = {"allow_debug", "allow_devtools", "allow_insecure_boot",
                                          "attest_gpu", "rego"};
#define GPU_MEMBERS (sizeof gpu_members / sizeof *gpu_members)

/* gpu_value: a bool; rego: text or null. */
static bool gpu_value(const char *key, const json_t *v)
{
    return strcmp(key, "rego") == 0 ? json_is_string(v) || json_is_null(v) : json_is_boolean(v);
}

static enum rc hash_gpu_policy(struct arena *a, const json_t *policy, uint8_t out[static 32],
                               struct err *err)
{
    const json_t *rego = json_object_get(policy, "rego");
    struct text t = {0};
    /* Names and punctuation are below 128 bytes; an escape is at most six. */
    t.p = arena_alloc(a, 128 + 6 * (json_is_string(rego) ? json_string_length(rego) : 0), err);
    if (!t.p)
        return err->rc;
    put(&t, "{");
    for (size_t i = 0; i < GPU_MEMBERS; i++) {
        const json_t *v = json_object_get(policy, gpu_members[i]);
        if (!v)
            continue;
        if (t.n > 1)
            put(&t, ",");
        put_string(&t, bytes_of_str(gpu_members[i]));
        put(&t, ":");
        if (json_is_string(v))
            put_string(&t, json_view(v));
        else
            put(&t, json_is_null(v) ? "null" : json_is_true(v) ? "true" : "false");
    }
    put(&t, "}");
    hash_sha256(bytes_of(t.p, t.n), out);
    return RC_OK;
}

static enum rc read_gpu_policy(struct arena *a, const json_t *policy, struct app_plan *p,
                               struct err *err)
{
    const char *bad = NULL;
    bool fine = !policy || json_only_keys(policy, gpu_members, GPU_MEMBERS, &bad);
    for (size_t i = 0; fine && i < GPU_MEMBERS; i++) {
        const json_t *v = json_object_get(policy, gpu_members[i]);
        bad = gpu_members[i];
        fine = !v || gpu_value(bad, v);
    }
    if (!fine)
        return err_set(err, BG_APP_COMPOSE_GPU, "%s", bad ? bad : "not an object");
    p->attests_gpu = !json_is_false(json_object_get(policy, "attest_gpu"));
    return hash_gpu_policy(a, policy, p->gpu_policy_hash, err);
}

static enum rc read_requirements(struct arena *a, const struct compose *c, struct app_plan *p,
                                 struct err *err)
{
    static const char *const known[] = {"os_version", "platforms", "tdx_measure_acpi_tables",
                                        "launch_token_hash", "gpu_policy"};
    const json_t *o = json_object_get(c->j, "requirements");
    const char *bad = NULL;
    if (json_is_null(o))
        o = NULL;
    if (o && !json_only_keys(o, known, sizeof known / sizeof *known, &bad))
        return err_set(err, BG_APP_COMPOSE_REQUIREMENT, "%s", bad ? bad : "not an object");
    const json_t *gpu = json_object_get(o, "gpu_policy");
    /* Of the GPU policy only rego asks for anything where no GPU is. */
    p->requirements =
        json_object_size(o) > (gpu ? 1u : 0u) || json_is_string(json_object_get(gpu, "rego"));
    TRY(needs_new(c, o != NULL, "requirements", err));
    return read_gpu_policy(a, json_object_get(o, "gpu_policy"), p, err);
}

static enum rc read_compose(struct arena *a, struct bytes text, struct compose *c,
                            struct app_plan *p, struct err *err)
{
    struct err why = {0};
    struct bytes name, runner;
    if (json_read(text, LIMIT_APP_COMPOSE, &c->j, &why) != RC_OK || !json_is_object(c->j))
        return err_set(err, BG_APP_COMPOSE_JSON, "%s", c->j ? "not an object" : why.detail);
    TRY(read_manifest(c, err));
    if (!json_str(c->j, "name", &name))
        return member("name", err);
    if (!json_str(c->j, "runner", &runner))
        return member("runner", err);
    TRY(needs_new(c, bytes_eq_str(runner, "nerdctl-compose"), "runner nerdctl-compose", err));
    TRY(flag(c->j, "no_instance_id", &c->no_instance_id, err));
    TRY(read_provider(c, err));
    TRY(read_scripts(c, p, err));
    TRY(read_events(c, p, err));
    return read_requirements(a, c, p, err);
}

/* --- .instance_info (dstack-util, InstanceInfo) --- */

static enum rc info_member(struct arena *a, const json_t *o, const char *key, struct bytes *out,
                           struct err *err)
{
    struct bytes text = BYTES_NONE;
    *out = BYTES_NONE;
    if (!json_object_get(o, key))
        return RC_OK;
    if (!json_str(o, key, &text) || (text.n && !hex_decode_any(a, text, out, err)))
        return err_set(err, BG_INSTANCE_INFO_MEMBER, "%s", key);
    return RC_OK;
}

static enum rc read_info(struct arena *a, struct bytes text, struct app_plan *p, struct err *err)
{
    AUTO_JSON j = NULL;
    struct err why = {0};
    struct bytes app_id = BYTES_NONE, instance_id = BYTES_NONE;
    if (text.n == 0)
        return RC_OK;
    if (json_read(text, LIMIT_INSTANCE_INFO, &j, &why) != RC_OK || !json_is_object(j))
        return err_set(err, BG_INSTANCE_INFO_JSON, "%s", j ? "not an object" : why.detail);
    TRY(info_member(a, j, "app_id", &app_id, err));
    TRY(info_member(a, j, "instance_id_seed", &p->seed, err));
    TRY(info_member(a, j, "instance_id", &instance_id, err)); /* dstack makes it anew */
    if (app_id.n && app_id.n != sizeof p->app_id)
        return err_set(err, BG_INSTANCE_INFO_APP_ID, "%zu bytes", app_id.n);
    p->app_id_given = app_id.n != 0;
    if (app_id.n)
        memcpy(p->app_id, app_id.p, sizeof p->app_id);
    return RC_OK;
}

/* --- the plan --- */

static enum rc add(struct arena *a, struct app_plan *p, const char *name, struct bytes payload,
                   struct err *err)
{
    struct event *e = &p->events[p->num_events];
    struct bytes preimage;
    *e = (struct event){.version = p->version, .name = bytes_of_str(name)};
    TRY(arena_keep(a, payload, &e->payload, err));
    TRY(evlog_runtime_event(a, e, &preimage, err));
    p->num_events++;
    return RC_OK;
}

/* events: all of them or none. */
static enum rc events(struct arena *a, struct app_plan *p, struct err *err)
{
    p->num_events = 0;
    p->log_unknown = p->gpu_unknown ? p->gpu_unknown : p->instance_id_unknown;
    if (p->log_unknown)
        return RC_OK;
    TRY(add(a, p, "system-preparing", BYTES_NONE, err));
    TRY(add(a, p, "app-id", BYTES_OF_ARRAY(p->app_id), err));
    TRY(add(a, p, "compose-hash", BYTES_OF_ARRAY(p->compose_hash), err));
    for (size_t i = 0; i < p->num_scripts; i++)
        TRY(add(a, p, "init-script-hash", BYTES_OF_ARRAY(p->script_hash[i]), err));
    if (p->has_gpu_policy)
        TRY(add(a, p, "gpu-policy-hash", BYTES_OF_ARRAY(p->gpu_policy_hash), err));
    TRY(add(a, p, "instance-id",
            bytes_of(p->instance_id, p->has_instance_id ? sizeof p->instance_id : 0), err));
    return add(a, p, "boot-mr-done", BYTES_NONE, err);
}

static const char *gpu_unknown(const struct app_plan_input *in, const struct app_plan *p)
{
    if (in->gpu_policy == APP_EMITS_UNKNOWN)
        return "whether this image measures the GPU policy is not known (guest.gpu_policy_event)";
    if (in->gpu_policy == APP_EMITS_NOT || !p->attests_gpu || in->gpu == APP_EMITS_NOT)
        return NULL;
    return in->gpu == APP_EMITS ? "the attestation of a GPU is another one at each boot"
                                : "whether a GPU is attached, and attested, is not known";
}

/* instance: SHA-256(seed || app id), its first 20 bytes; a seed of its own at each boot unless the
 * app's disk lasts and the file has one. */
static enum rc instance(struct arena *a, const struct app_plan_input *in, const struct compose *c,
                        struct app_plan *p, struct err *err)
{
    uint8_t digest[SHA256_LEN];
    if (c->no_instance_id) {
        p->seed = BYTES_NONE;
        return RC_OK;
    }
    p->draws_seed = c->no_provider || p->seed.n == 0;
    if (p->draws_seed)
        p->seed = BYTES_NONE;
    if (p->draws_seed && in->seed.n) {
        if (in->seed.n != APP_PLAN_SEED)
            return err_set(err, BG_APP_PLAN_SEED, "%zu bytes", in->seed.n);
        TRY(arena_keep(a, in->seed, &p->seed, err));
    }
    if (p->seed.n == 0)
        p->instance_id_unknown = c->no_provider
                                     ? "without a key provider it is drawn anew at each boot"
                                     : "there is no seed of it yet: it is drawn at the first boot";
    else if (!in->no_binding)
        p->instance_id_unknown = "whether the platform mixes something into it is not known";
    if (p->instance_id_unknown)
        return RC_OK;
    HASH_PARTS(hash_sha256_parts, digest, p->seed, BYTES_OF_ARRAY(p->app_id));
    memcpy(p->instance_id, digest, sizeof p->instance_id);
    p->has_instance_id = true;
    return RC_OK;
}

enum rc app_plan_make(struct arena *a, const struct app_plan_input *in, struct app_plan *out,
                      struct err *err)
{
    struct app_plan p = {0};
    struct compose c = {0};
    enum rc rc = read_compose(a, in->app_compose, &c, &p, err);
    json_decref(c.j);
    TRY(rc);
    dstack_compose_hash(in->app_compose, p.compose_hash);
    dstack_app_id(p.compose_hash, p.app_id);
    TRY(read_info(a, in->instance_info, &p, err));
    p.has_gpu_policy = in->gpu_policy == APP_EMITS;
    p.gpu_unknown = gpu_unknown(in, &p);
    TRY(instance(a, in, &c, &p, err));
    TRY(events(a, &p, err));
    *out = p;
    return RC_OK;
}

enum rc app_plan_instance(struct arena *a, struct app_plan *p, struct bytes instance_id,
                          struct err *err)
{
    bool none = !p->instance_id_unknown && !p->has_instance_id;
    if (none ? instance_id.n != 0 : instance_id.n != sizeof p->instance_id)
        return err_set(err, BG_APP_PLAN_INSTANCE, "%zu bytes", instance_id.n);
    p->has_instance_id = !none;
    if (!none)
        memcpy(p->instance_id, instance_id.p, sizeof p->instance_id);
    p->instance_id_unknown = NULL;
    return events(a, p, err);
}
