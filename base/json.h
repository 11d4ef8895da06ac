/*
 * json: strict reading on top of jansson. Refused: duplicate keys, trailing text, NUL, nesting
 * beyond LIMIT_JSON_DEPTH, more than LIMIT_JSON_VALUES values, text beyond the caller's cap.
 * Readers return false (and leave outputs alone) when a member is missing or of another type; the
 * caller names the error, one per site.
 */
#ifndef BOOTGATE_BASE_JSON_H
#define BOOTGATE_BASE_JSON_H

#include <jansson.h>

#include "base/arena.h"

static inline void json_cleanup(json_t **j)
{
    json_decref(*j);
}
/* AUTO_JSON: a json_t* released at the end of its scope. */
#define AUTO_JSON __attribute__((cleanup(json_cleanup))) json_t *

/*
 * json_read parses the whole text, at most max bytes. Returns a new reference in *out_json.
 * BG_JSON_SIZE, BG_JSON_NUL, BG_JSON_DEPTH, BG_JSON_VALUES, BG_JSON_SYNTAX (detail: line, column,
 * what).
 */
enum rc json_read(struct bytes text, size_t max, json_t **out_json, struct err *err) MUST_CHECK;

/* json_values: how many values a JSON text has, or somewhat more: what reading it costs. */
size_t json_values(struct bytes text);

/*
 * struct json_items: the items of a JSON array as slices of its text, one after the other, for
 * arrays that as a whole would take too much memory. Nothing is validated but what stands between
 * them: each slice has to go through json_read. Then those arrays are accepted that json_read of
 * the whole accepts, but for its caps on values and on depth, which hold for each item.
 */
struct json_items {
    struct bytes text; /* private */
    size_t at, n;      /* n: how many came */
};
/* json_items_begin: false: the text does not begin as an array. */
bool json_items_begin(struct bytes text, struct json_items *out) MUST_CHECK;
/* json_items_next: true with an empty *out at the end of the text. False: it is no array. */
bool json_items_next(struct json_items *it, struct bytes *out) MUST_CHECK;

/*
 * json_raw_member finds the value of a top-level member in text that json_read accepted as an
 * object, and returns its exact bytes (no surrounding space). This is how signed documents are
 * taken out: the bytes that are hashed are the bytes that are parsed. The key must stand in the
 * text literally (no escapes). False: not an object, or no such key.
 */
bool json_raw_member(struct bytes text, const char *key, struct bytes *out) MUST_CHECK;

/* json_str: string member as a view, valid while obj lives. */
bool json_str(const json_t *obj, const char *key, struct bytes *out) MUST_CHECK;
/* json_u64: non-negative integer member, at most max. Reals, strings, negatives: false. */
bool json_u64(const json_t *obj, const char *key, uint64_t max, uint64_t *out) MUST_CHECK;
/* json_hex: string member of exactly n bytes of hex; prefix: an optional 0x is accepted. */
bool json_hex(const json_t *obj, const char *key, bool prefix, uint8_t *out, size_t n) MUST_CHECK;
bool json_bool(const json_t *obj, const char *key, bool *out) MUST_CHECK;
/* json_only_keys: obj is an object and has no member but those listed; *out_bad names one. */
bool json_only_keys(const json_t *obj, const char *const *keys, size_t n,
                    const char **out_bad) MUST_CHECK;
/* json_view: the bytes of a string value. */
static inline struct bytes json_view(const json_t *str)
{
    return bytes_of(json_string_value(str), json_string_length(str));
}

#endif
