/* config_parts: what the readers of the configuration's members share. */
#ifndef BOOTGATE_AGENT_CONFIG_PARTS_H
#define BOOTGATE_AGENT_CONFIG_PARTS_H

#include "base/json.h"
#include "base/limits.h"

struct url_list {
    const char *v[LIMIT_URLS];
    size_t n;
};

/* config_bad_value is the one error for a member that is there and not what it should be. */
enum rc config_bad_value(struct err *err, const char *key, const char *want);
/* config_only refuses members that this version does not enforce: given means enforced. */
enum rc config_only(const json_t *obj, const char *where, const char *const *keys, size_t n,
                    struct err *err) MUST_CHECK;
/* config_plain_path: absolute, printable, no empty, "." or ".." component. */
bool config_plain_path(struct bytes p) MUST_CHECK;
/* config_keep copies a string into the arena. */
enum rc config_keep(struct arena *a, struct bytes s, const char **out, struct err *err) MUST_CHECK;
/* config_path: a required member that is a plain path; `named` is only for the message. */
enum rc config_path(struct arena *a, const json_t *o, const char *key, const char *named,
                    const char **out, struct err *err) MUST_CHECK;

/* config_seconds: an optional positive number; what stands in *out is the default. */
enum rc config_seconds(const json_t *o, const char *key, const char *named, uint64_t *out,
                       struct err *err) MUST_CHECK;

/* config_urls: an optional list of 1 to LIMIT_URLS URLs; base: paths are appended to them, so they
 * have neither query nor fragment. */
enum rc config_urls(struct arena *a, const json_t *o, const char *key, bool base,
                    struct url_list *out, struct err *err) MUST_CHECK;

#endif
