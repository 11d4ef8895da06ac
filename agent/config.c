#include "agent/config.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/clock.h"
#include "agent/config_chain.h"
#include "agent/config_near.h"
#include "agent/config_parts.h"
#include "agent/file.h"
#include "base/hash.h"
#include "base/hex.h"

#define MAX_LIST 64u /* entries of one list of digests, ids or words */

static const char *const system_paths[] = {"/etc/bootgate.json", "/usr/lib/bootgate/bootgate.json"};

void config_builtin(struct config *out)
{
    *out = (struct config){.as = BOOT_VIEW_APP, .require_os_image = true};
    config_guest_builtin(&out->guest);
}

enum boot_view config_boot_view(struct bytes word)
{
    if (bytes_eq_str(word, "app"))
        return BOOT_VIEW_APP;
    return bytes_eq_str(word, "kms") ? BOOT_VIEW_KMS : BOOT_VIEW_NONE;
}

/* hex_list reads an array of exactly `width`-byte hex strings into one block of memory. */
static enum rc hex_list(struct arena *a, const json_t *list, const char *key, size_t width,
                        const uint8_t **out, size_t *out_n, struct err *err)
{
    size_t n = json_array_size(list);
    if (!json_is_array(list) || n == 0 || n > MAX_LIST)
        return config_bad_value(err, key, "a list of 1 to 64 hex strings");
    uint8_t *block = arena_array(a, n, width, err);
    if (!block)
        return err->rc;
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_array_get(list, i);
        if (!json_is_string(v) || !hex_decode_0x(json_view(v), block + i * width, width))
            return err_set(err, BG_CONFIG_HEX, "%s: entry %zu is not %zu bytes of hex", key, i,
                           width);
    }
    *out = block;
    *out_n = n;
    return RC_OK;
}

static enum rc word_list(struct arena *a, const json_t *list, const char *key,
                         const struct bytes **out, size_t *out_n, struct err *err)
{
    size_t n = json_array_size(list);
    if (!json_is_array(list) || n == 0 || n > MAX_LIST)
        return config_bad_value(err, key, "a list of 1 to 64 strings");
    struct bytes *v = ARENA_ARRAY(a, struct bytes, n, err);
    if (!v)
        return err->rc;
    for (size_t i = 0; i < n; i++) {
        const json_t *s = json_array_get(list, i);
        if (!json_is_string(s))
            return config_bad_value(err, key, "a list of strings");
        const uint8_t *copy = arena_copy(a, json_view(s), err);
        if (!copy)
            return err->rc;
        v[i] = bytes_of(copy, json_string_length(s));
    }
    *out = v;
    *out_n = n;
    return RC_OK;
}

/* A flag of the policy whose safe value is the default; the struct holds the exception. */
static enum rc exception(const json_t *p, const char *key, bool safe, bool *out, struct err *err)
{
    bool v = safe;
    if (json_object_get(p, key) && !json_bool(p, key, &v))
        return config_bad_value(err, key, "true or false");
    *out = v != safe;
    return RC_OK;
}

static enum rc read_td_policy(struct arena *a, const json_t *p, struct td_policy *td,
                              struct err *err)
{
    const json_t *v;
    const struct bytes *words = NULL;
    const uint8_t *ids = NULL;
    size_t n = 0;
    uint64_t number = 0;
    if ((v = json_object_get(p, "device_ids"))) {
        TRY(hex_list(a, v, "policy.device_ids", 32, &ids, &td->num_device_ids, err));
        td->device_ids = (const uint8_t(*)[32])ids;
    }
    if ((v = json_object_get(p, "tcb_statuses"))) {
        TRY(word_list(a, v, "policy.tcb_statuses", &words, &n, err));
        for (size_t i = 0; i < n; i++) {
            enum tcb_status s = tcb_status_read(words[i]);
            if (s == TCB_NONE || s == TCB_REVOKED)
                return config_bad_value(err, "policy.tcb_statuses",
                                        "status words in Intel's spelling, without Revoked");
            td->tcb_statuses |= 1u << s;
        }
    }
    if ((v = json_object_get(p, "min_tcb_date")) &&
        (!json_is_string(v) || !clock_read(json_view(v), &td->min_tcb_date)))
        return config_bad_value(err, "policy.min_tcb_date", "a time like 2025-01-01T00:00:00Z");
    if (json_object_get(p, "min_tcb_evaluation")) {
        if (!json_u64(p, "min_tcb_evaluation", UINT32_MAX, &number))
            return config_bad_value(err, "policy.min_tcb_evaluation", "a number");
        td->min_evaluation_number = (uint32_t)number;
    }
    if ((v = json_object_get(p, "deny_advisories")))
        TRY(word_list(a, v, "policy.deny_advisories", &td->deny_advisories,
                      &td->num_deny_advisories, err));
    TRY(exception(p, "sept_ve_disable", true, &td->allow_sept_ve_clear, err));
    return exception(p, "mr_service_td", false, &td->allow_mr_service_td, err);
}

/* named: a rule that only app_code has; nothing on chain names a KMS's implementation. */
static enum rc read_code_policy(struct arena *a, const json_t *p, const char *key, bool named,
                                struct code_policy *out, struct err *err)
{
    const json_t *v = json_object_get(p, key);
    if (!v)
        return RC_OK;
    if (json_is_string(v)) {
        if (named && bytes_eq_str(json_view(v), "implementation"))
            out->rule = CODE_IMPLEMENTATION;
        else if (!bytes_eq_str(json_view(v), "any"))
            return config_bad_value(err, key,
                                    named ? "\"implementation\", \"any\" or a list of code hashes"
                                          : "\"any\" or a list of code hashes");
        return RC_OK;
    }
    const uint8_t *hashes = NULL;
    TRY(hex_list(a, v, key, 32, &hashes, &out->num_hashes, err));
    out->hashes = (const uint8_t(*)[32])hashes;
    out->rule = CODE_HASHES;
    return RC_OK;
}

static enum rc read_acpi(struct arena *a, const json_t *p, struct config *c, struct err *err)
{
    const json_t *v = json_object_get(p, "acpi");
    if (!v || (json_is_string(v) && bytes_eq_str(json_view(v), "any")))
        return RC_OK;
    const uint8_t *digests = NULL;
    TRY(hex_list(a, v, "policy.acpi", 48, &digests, &c->num_acpi, err));
    c->acpi = (const uint8_t(*)[48])digests;
    c->acpi_pinned = true;
    return RC_OK;
}

static enum rc read_requirements(const json_t *p, struct config *c, struct err *err)
{
    static const char *const assurances[] = {"finalized", "attested",       "l1-anchored",
                                             "sequencer", "finalized-data", "proof-of-call",
                                             "pinned"};
    struct bytes word;
    bool skip = false;
    TRY(exception(p, "require_os_image", true, &skip, err));
    c->require_os_image = !skip;
    if (json_object_get(p, "require_assurance")) {
        if (!json_str(p, "require_assurance", &word))
            word = BYTES_NONE;
        for (size_t i = 0; i < sizeof assurances / sizeof *assurances; i++)
            if (bytes_eq_str(word, assurances[i]))
                c->require_assurance = assurances[i];
        if (!c->require_assurance)
            return config_bad_value(err, "policy.require_assurance",
                                    "finalized, attested, l1-anchored, sequencer, finalized-data, "
                                    "proof-of-call or pinned");
    }
    if (json_object_get(p, "require_freshness")) {
        static const struct {
            const char *name;
            enum freshness f;
        } words[] = {{"host-clock", FRESH_HOST_CLOCK},
                     {"floor", FRESH_FLOOR},
                     {"authenticated-time", FRESH_AUTHENTICATED_TIME},
                     {"nonce", FRESH_NONCE}};
        size_t i = 0;
        if (!json_str(p, "require_freshness", &word))
            word = BYTES_NONE;
        while (i < 4 && !bytes_eq_str(word, words[i].name))
            i++;
        if (i == 4)
            return config_bad_value(err, "policy.require_freshness",
                                    "host-clock, floor, authenticated-time or nonce");
        c->require_freshness = words[i].f;
        c->freshness_given = true;
    }
    return RC_OK;
}

static enum rc read_policy(struct arena *a, const json_t *p, struct config *c, struct err *err)
{
    static const char *const keys[] = {"as",
                                       "app_id",
                                       "device_ids",
                                       "tcb_statuses",
                                       "min_tcb_date",
                                       "min_tcb_evaluation",
                                       "deny_advisories",
                                       "sept_ve_disable",
                                       "mr_service_td",
                                       "acpi",
                                       "app_code",
                                       "kms_code",
                                       "require_os_image",
                                       "require_assurance",
                                       "require_freshness"};
    struct bytes word = BYTES_NONE;
    TRY(config_only(p, "policy", keys, sizeof keys / sizeof *keys, err));
    if (json_object_get(p, "as") && (!json_str(p, "as", &word) || !config_boot_view(word)))
        return config_bad_value(err, "policy.as", "app or kms");
    if (word.n)
        c->as = config_boot_view(word);
    c->has_app_id = json_object_get(p, "app_id") != NULL;
    if (c->has_app_id && !json_hex(p, "app_id", true, c->app_id, 20))
        return config_bad_value(err, "policy.app_id", "20 bytes of hex");
    TRY(read_td_policy(a, p, &c->td, err));
    c->tcb_date_given = json_object_get(p, "min_tcb_date") != NULL;
    c->tcb_evaluation_given = json_object_get(p, "min_tcb_evaluation") != NULL;
    TRY(read_code_policy(a, p, "app_code", true, &c->chain.app_code, err));
    TRY(read_code_policy(a, p, "kms_code", false, &c->chain.kms_code, err));
    TRY(read_acpi(a, p, c, err));
    return read_requirements(p, c, err);
}

static enum rc read_release(struct arena *a, const json_t *j, struct config *c, struct err *err)
{
    struct release_config *r = ARENA_NEW(a, struct release_config, err);
    if (!r)
        return err->rc;
    c->release = r;
    return config_release_read(a, j, r, err);
}

/* read_any: what is written is right; whether a light client could begin with it is not asked. */
static enum rc read_any(struct arena *a, struct bytes text, const char *path, struct config *out,
                        struct err *err)
{
    static const char *const keys[] = {"chain",  "rpc",        "beacon",  "checkpoints",
                                       "store",  "policy",     "release", "measure",
                                       "denied", "collateral", "guest"};
    AUTO_JSON j = NULL;
    const json_t *v;
    struct config c;
    config_builtin(&c);
    TRY(file_json(text, path, BG_CONFIG_JSON, &j, err));
    TRY(config_only(j, "the configuration", keys, sizeof keys / sizeof *keys, err));
    TRY(config_chain_read(a, j, &c, err));
    if ((v = json_object_get(j, "policy")))
        TRY(read_policy(a, v, &c, err));
    if ((v = json_object_get(j, "release")))
        TRY(read_release(a, v, &c, err));
    TRY(config_guest_read(a, j, &c.guest, err));
    if (c.chain.source == CHAIN_NEAR)
        TRY(config_near_settle(j, &c, err));
    char *canonical = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);
    if (!canonical)
        return err_set(err, BG_CONFIG_MEMORY, "%s", path);
    hash_sha256(bytes_of_str(canonical), c.sha256);
    free(canonical);
    c.loaded = true;
    *out = c;
    return RC_OK;
}

enum rc config_read(struct arena *a, struct bytes text, const char *path, struct config *out,
                    struct err *err)
{
    struct config c;
    TRY(read_any(a, text, path, &c, err));
    TRY(config_chain_begins(&c, err));
    *out = c;
    return RC_OK;
}

void config_strict(struct config *c, const struct tcb_minimum *built)
{
    if (!c->freshness_given)
        c->require_freshness = FRESH_FLOOR;
    if (!c->tcb_date_given)
        c->td.min_tcb_date = built->date;
    if (!c->tcb_evaluation_given)
        c->td.min_evaluation_number = built->evaluation;
}

enum rc config_load_any(struct arena *a, const char *flag, struct config *out, struct err *err)
{
    const char *path = flag, *env = getenv("BOOTGATE_CONFIG");
    if (!path && env && *env)
        path = env;
    for (size_t i = 0; !path && i < 2; i++)
        /* Only what is not there is passed over: a file that can't be read is an error below. */
        if (access(system_paths[i], F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR))
            path = system_paths[i];
    if (!path) {
        config_builtin(out);
        return RC_OK;
    }
    struct bytes text = BYTES_NONE;
    TRY(file_read(a, path, LIMIT_CONFIG, BG_CONFIG_SIZE, &text, err));
    return read_any(a, text, path, out, err);
}

enum rc config_load(struct arena *a, const char *flag, struct config *out, struct err *err)
{
    struct config c;
    TRY(config_load_any(a, flag, &c, err));
    TRY(config_chain_begins(&c, err));
    *out = c;
    return RC_OK;
}
