#include "agent/config_parts.h"

#include "agent/fetch.h"

#include <stdio.h>

#define MAX_PATH 1024u

enum rc config_bad_value(struct err *err, const char *key, const char *want)
{
    return err_set(err, BG_CONFIG_VALUE, "%s must be %s", key, want);
}

enum rc config_only(const json_t *obj, const char *where, const char *const *keys, size_t n,
                    struct err *err)
{
    const char *bad = NULL;
    if (json_only_keys(obj, keys, n, &bad))
        return RC_OK;
    if (!bad)
        return err_set(err, BG_CONFIG_NOT_OBJECT, "%s is %s", where,
                       obj ? "not an object" : "missing");
    char known[ERR_DETAIL_MAX] = "";
    for (size_t i = 0, at = 0; i < n && at < sizeof known; i++) {
        int put = snprintf(known + at, sizeof known - at, "%s%s", i ? ", " : "", keys[i]);
        at += put > 0 ? (size_t)put : 0;
    }
    return err_set(err, BG_CONFIG_KEY, "%s has a member \"%s\", and may have %s", where, bad,
                   known);
}

bool config_plain_path(struct bytes p)
{
    size_t start = 1;
    if (p.n < 2 || p.n > MAX_PATH || p.p[0] != '/')
        return false;
    for (size_t i = 1; i <= p.n; i++) {
        if (i < p.n && (p.p[i] < 0x20 || p.p[i] > 0x7e))
            return false;
        if (i < p.n && p.p[i] != '/')
            continue;
        struct bytes part = bytes_of(p.p + start, i - start);
        if (part.n == 0 || bytes_eq_str(part, ".") || bytes_eq_str(part, ".."))
            return false;
        start = i + 1;
    }
    return true;
}

enum rc config_keep(struct arena *a, struct bytes s, const char **out, struct err *err)
{
    const uint8_t *copy = arena_copy(a, s, err); /* NUL-terminated */
    if (!copy)
        return err->rc;
    *out = (const char *)copy;
    return RC_OK;
}

enum rc config_path(struct arena *a, const json_t *o, const char *key, const char *named,
                    const char **out, struct err *err)
{
    struct bytes s;
    if (!json_str(o, key, &s) || !config_plain_path(s))
        return config_bad_value(err, named, "an absolute path without links, . or ..");
    return config_keep(a, s, out, err);
}

enum rc config_seconds(const json_t *o, const char *key, const char *named, uint64_t *out,
                       struct err *err)
{
    uint64_t v = 0;
    if (!json_object_get(o, key))
        return RC_OK;
    if (!json_u64(o, key, UINT32_MAX, &v) || v == 0)
        return config_bad_value(err, named, "a positive number of seconds");
    *out = v;
    return RC_OK;
}

enum rc config_urls(struct arena *a, const json_t *j, const char *key, bool base,
                    struct url_list *out, struct err *err)
{
    const json_t *list = json_object_get(j, key);
    size_t n = json_array_size(list);
    if (!list)
        return RC_OK;
    if (!json_is_array(list) || n == 0 || n > LIMIT_URLS)
        return config_bad_value(err, key, "a list of 1 to 8 URLs");
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_array_get(list, i);
        if (!json_is_string(v) || !fetch_url_ok(json_view(v)) ||
            (base && strpbrk(json_string_value(v), "?#")))
            return err_set(err, BG_CONFIG_URL, "%s: entry %zu", key, i);
        out->v[i] = arena_printf(a, err, "%s", json_string_value(v));
        if (!out->v[i])
            return err->rc;
    }
    out->n = n;
    return RC_OK;
}
