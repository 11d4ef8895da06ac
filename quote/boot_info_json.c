/*
 * boot_info_json: the JSON of dstack's bootAuth request: dstack-verifier's PolicyBootInfo, member
 * names in camel case and in its order, byte strings as lower-case hex without 0x.
 */
#include "base/hex.h"
#include "base/limits.h"
#include "quote/boot_info.h"

/* dstack-types TeeVariant. */
static const char *const tee_variants[] = {"dstack-tdx", "dstack-gcp-tdx", "dstack-nitro-enclave",
                                           "dstack-amd-sev-snp", "dstack-aws-nitro-tpm"};

static const char *const members[] = {"teeVariant",      "mrAggregated", "osImageHash", "mrSystem",
                                      "appId",           "composeHash",  "instanceId",  "deviceId",
                                      "keyProviderInfo", "tcbStatus",    "advisoryIds"};

static enum rc malformed(const char *member, const char *want, struct err *err)
{
    return err_set(err, BG_BOOT_INFO_MEMBER, "%s: %s", member, want);
}

static enum rc read_hex(const json_t *o, const char *key, bool optional, uint8_t *out, size_t n,
                        struct err *err)
{
    if (optional && !json_object_get(o, key))
        return RC_OK;
    if (json_hex(o, key, true, out, n))
        return RC_OK;
    return malformed(key, n == 20 ? "20 bytes of hex" : "32 bytes of hex", err);
}

static struct bytes without_0x(struct bytes text)
{
    if (text.n >= 2 && text.p[0] == '0' && text.p[1] == 'x')
        return bytes_of(text.p + 2, text.n - 2);
    return text;
}

static enum rc read_instance(const json_t *o, struct boot_info *bi, struct err *err)
{
    struct bytes text;
    if (!json_str(o, "instanceId", &text))
        return malformed("instanceId", "20 bytes of hex or empty", err);
    if (without_0x(text).n == 0)
        return RC_OK;
    bi->has_instance_id = true;
    return read_hex(o, "instanceId", false, bi->instance_id, sizeof bi->instance_id, err);
}

static enum rc read_variant(const json_t *o, struct boot_info *bi, struct err *err)
{
    struct bytes text;
    bi->tee_variant = tee_variants[0];
    if (!json_object_get(o, "teeVariant"))
        return RC_OK;
    for (size_t i = 0; i < sizeof tee_variants / sizeof *tee_variants; i++) {
        if (json_str(o, "teeVariant", &text) && bytes_eq_str(text, tee_variants[i])) {
            bi->tee_variant = tee_variants[i];
            return RC_OK;
        }
    }
    return malformed("teeVariant", "not one of dstack's", err);
}

static enum rc copy_text(struct arena *a, const json_t *text, const char *key, struct bytes *out,
                         struct err *err)
{
    if (!json_is_string(text))
        return malformed(key, "text", err);
    return arena_keep(a, json_view(text), out, err);
}

static enum rc read_texts(struct arena *a, const json_t *o, struct boot_info *bi, struct err *err)
{
    const json_t *status = json_object_get(o, "tcbStatus"),
                 *ids = json_object_get(o, "advisoryIds");
    const json_t *kp = json_object_get(o, "keyProviderInfo");
    if (status)
        TRY(copy_text(a, status, "tcbStatus", &bi->tcb_status, err));
    if (kp && (!json_is_string(kp) ||
               !hex_decode_any(a, without_0x(json_view(kp)), &bi->key_provider_info, err)))
        return malformed("keyProviderInfo", "hex", err);
    if (!ids)
        return RC_OK;
    size_t n = json_array_size(ids);
    if (!json_is_array(ids) || n > LIMIT_ADVISORIES)
        return malformed("advisoryIds", "an array of at most 128 texts", err);
    bi->advisory_ids = ARENA_ARRAY(a, struct bytes, n, err);
    if (!bi->advisory_ids)
        return err->rc;
    for (size_t i = 0; i < n; i++)
        TRY(copy_text(a, json_array_get(ids, i), "advisoryIds", &bi->advisory_ids[i], err));
    bi->num_advisory_ids = n;
    return RC_OK;
}

enum rc boot_info_read(struct arena *a, const json_t *obj, struct boot_info *out, struct err *err)
{
    struct boot_info bi = {0};
    const char *bad = "not an object";
    if (!json_only_keys(obj, members, sizeof members / sizeof *members, &bad))
        return err_set(err, BG_BOOT_INFO_UNKNOWN, "%.60s", bad);
    TRY(read_hex(obj, "appId", false, bi.app_id, sizeof bi.app_id, err));
    TRY(read_hex(obj, "composeHash", false, bi.compose_hash, 32, err));
    TRY(read_hex(obj, "deviceId", false, bi.device_id, 32, err));
    TRY(read_hex(obj, "mrAggregated", false, bi.mr_aggregated, 32, err));
    TRY(read_hex(obj, "osImageHash", false, bi.os_image_hash, 32, err));
    TRY(read_hex(obj, "mrSystem", true, bi.mr_system, 32, err));
    TRY(read_instance(obj, &bi, err));
    TRY(read_variant(obj, &bi, err));
    TRY(read_texts(a, obj, &bi, err));
    *out = bi;
    return RC_OK;
}

static json_t *hex_text(struct arena *a, struct bytes b)
{
    struct err err = {0};
    const char *text = hex_str(a, b, &err);
    return text ? json_string(text) : NULL;
}

static json_t *text_of(struct bytes b)
{
    return json_stringn(b.n ? (const char *)b.p : "", b.n);
}

static json_t *texts_of(const struct bytes *v, size_t n)
{
    AUTO_JSON list = json_array();
    for (size_t i = 0; list && i < n; i++)
        if (json_array_append_new(list, text_of(v[i])) != 0)
            return NULL;
    return json_incref(list);
}

/* json_object_set_new consumes its value and fails on NULL. Order is kept (jansson 2.8). */
static bool fill(json_t *o, struct arena *a, const struct boot_info *bi)
{
    json_t *const values[] = {
        json_string(bi->tee_variant),
        hex_text(a, BYTES_OF_ARRAY(bi->mr_aggregated)),
        hex_text(a, BYTES_OF_ARRAY(bi->os_image_hash)),
        hex_text(a, BYTES_OF_ARRAY(bi->mr_system)),
        hex_text(a, BYTES_OF_ARRAY(bi->app_id)),
        hex_text(a, BYTES_OF_ARRAY(bi->compose_hash)),
        hex_text(a, bi->has_instance_id ? BYTES_OF_ARRAY(bi->instance_id) : BYTES_NONE),
        hex_text(a, BYTES_OF_ARRAY(bi->device_id)),
        hex_text(a, bi->key_provider_info),
        text_of(bi->tcb_status),
        texts_of(bi->advisory_ids, bi->num_advisory_ids),
    };
    bool ok = true;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        ok &= json_object_set_new(o, members[i], values[i]) == 0;
    return ok;
}

json_t *boot_info_json(const struct boot_info *bi)
{
    struct arena *a = arena_new(LIMIT_ARENA); /* for the hex texts alone */
    AUTO_JSON o = json_object();
    bool ok = a && o && fill(o, a, bi);
    arena_free(a);
    return ok ? json_incref(o) : NULL;
}
