#include "base/json.h"

#include "base/hex.h"
#include "base/limits.h"

/* struct shape: how deep a text nests, and about how many values it has (never fewer). */
struct shape {
    size_t depth, values;
};

/*
 * Both are bounded before the parser sees the text: it recurses (CWE-674 in a peer: tdx facts 6),
 * and "{}," takes 230 bytes of memory.
 */
static struct shape shape_of(struct bytes t)
{
    struct shape s = {0, 1};
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < t.n; i++) {
        uint8_t c = t.p[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            s.values++;
            if (++depth > s.depth)
                s.depth = depth;
        } else if (c == ',') {
            s.values++;
        } else if ((c == '}' || c == ']') && depth) {
            depth--;
        }
    }
    return s;
}

size_t json_values(struct bytes text)
{
    return shape_of(text).values;
}

enum rc json_read(struct bytes text, size_t max, json_t **out_json, struct err *err)
{
    if (text.n > max)
        return err_set(err, BG_JSON_SIZE, "%zu bytes, at most %zu", text.n, max);
    /* jansson 2.14 drops one that follows a number: "[1\0]" would be "[1]". */
    if (text.n && memchr(text.p, 0, text.n))
        return err_set(err, BG_JSON_NUL, "in %zu bytes", text.n);
    struct shape shape = shape_of(text);
    if (shape.depth > LIMIT_JSON_DEPTH)
        return err_set(err, BG_JSON_DEPTH, "more than %u levels", LIMIT_JSON_DEPTH);
    if (shape.values > LIMIT_JSON_VALUES)
        return err_set(err, BG_JSON_VALUES, "about %zu, at most %u", shape.values,
                       LIMIT_JSON_VALUES);
    json_error_t e;
    json_t *j =
        json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
    if (!j)
        return err_set(err, BG_JSON_SYNTAX, "line %d column %d: %s", e.line, e.column, e.text);
    *out_json = j;
    return RC_OK;
}

static size_t skip_space(struct bytes t, size_t i)
{
    while (i < t.n && (t.p[i] == ' ' || t.p[i] == '\t' || t.p[i] == '\n' || t.p[i] == '\r'))
        i++;
    return i;
}

/* skip_value returns the index behind the value at i. The text is known to be valid JSON. */
static size_t skip_value(struct bytes t, size_t i)
{
    size_t depth = 0;
    bool in_string = false;
    for (; i < t.n; i++) {
        uint8_t c = t.p[i];
        if (in_string) {
            if (c == '\\') {
                i++;
            } else if (c == '"') {
                in_string = false;
                if (depth == 0)
                    return i + 1;
            }
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (depth == 0)
                return i;
            if (--depth == 0)
                return i + 1;
        } else if (depth == 0 && (c == ',' || skip_space(t, i) != i)) {
            return i;
        }
    }
    return t.n;
}

bool json_items_begin(struct bytes text, struct json_items *out)
{
    size_t i = skip_space(text, 0);
    if (i >= text.n || text.p[i] != '[')
        return false;
    *out = (struct json_items){.text = text, .at = i + 1};
    return true;
}

/* item_follows: behind an item, its comma. False at the bracket that closes. */
static bool item_follows(struct json_items *it, bool *out_bad)
{
    struct bytes t = it->text;
    size_t i = skip_space(t, it->at);
    bool closes = i < t.n && t.p[i] == ']', comma = i < t.n && t.p[i] == ',' && it->n > 0;
    *out_bad = !closes && !comma && (it->n > 0 || i >= t.n);
    it->at = skip_space(t, i + (closes || comma ? 1 : 0));
    *out_bad = *out_bad || (closes && it->at != t.n);
    return !closes && !*out_bad;
}

bool json_items_next(struct json_items *it, struct bytes *out)
{
    bool bad = false;
    *out = BYTES_NONE;
    if (!item_follows(it, &bad))
        return !bad;
    size_t end = skip_value(it->text, it->at);
    if (end == it->at)
        return false;
    *out = bytes_of(it->text.p + it->at, end - it->at);
    it->at = end;
    it->n++;
    return true;
}

bool json_raw_member(struct bytes text, const char *key, struct bytes *out)
{
    size_t klen = strlen(key), i = skip_space(text, 0);
    if (i >= text.n || text.p[i] != '{')
        return false;
    i = skip_space(text, i + 1);
    while (i < text.n && text.p[i] == '"') {
        size_t kend = skip_value(text, i);
        bool match = kend - i == klen + 2 && memcmp(text.p + i + 1, key, klen) == 0;
        i = skip_space(text, kend);
        if (i >= text.n || text.p[i] != ':')
            return false;
        i = skip_space(text, i + 1);
        size_t vend = skip_value(text, i);
        if (match) {
            *out = bytes_of(text.p + i, vend - i);
            return true;
        }
        i = skip_space(text, vend);
        if (i >= text.n || text.p[i] != ',')
            return false;
        i = skip_space(text, i + 1);
    }
    return false;
}

bool json_str(const json_t *obj, const char *key, struct bytes *out)
{
    const json_t *v = json_object_get(obj, key);
    if (!json_is_string(v))
        return false;
    *out = json_view(v);
    return true;
}

bool json_u64(const json_t *obj, const char *key, uint64_t max, uint64_t *out)
{
    const json_t *v = json_object_get(obj, key);
    if (!json_is_integer(v) || json_integer_value(v) < 0 || (uint64_t)json_integer_value(v) > max)
        return false;
    *out = (uint64_t)json_integer_value(v);
    return true;
}

bool json_hex(const json_t *obj, const char *key, bool prefix, uint8_t *out, size_t n)
{
    struct bytes s;
    if (!json_str(obj, key, &s))
        return false;
    return prefix ? hex_decode_0x(s, out, n) : hex_decode(s, out, n);
}

bool json_bool(const json_t *obj, const char *key, bool *out)
{
    const json_t *v = json_object_get(obj, key);
    if (!json_is_boolean(v))
        return false;
    *out = json_is_true(v);
    return true;
}

bool json_only_keys(const json_t *obj, const char *const *keys, size_t n, const char **out_bad)
{
    const char *k;
    json_t *v;
    if (!json_is_object(obj))
        return false;
    json_object_foreach((json_t *)obj, k, v)
    {
        size_t i = 0;
        while (i < n && strcmp(k, keys[i]) != 0)
            i++;
        if (i == n) {
            if (out_bad)
                *out_bad = k;
            return false;
        }
    }
    return true;
}
