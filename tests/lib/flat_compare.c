#include "tests/lib/flat_compare.h"

#include <stdlib.h>

/* What the two readers may judge differently stands in the text, seen without reading JSON. */
struct oddities {
    bool escape;  /* a backslash: names with one are refused; jansson refuses some escapes */
    bool beyond;  /* a byte beyond ASCII: jansson demands UTF-8, names with one are refused */
    bool numbers; /* long or with an exponent: jansson refuses what overflows */
    bool commas;  /* so many that an object may have too many members */
};

static struct oddities look(struct bytes t)
{
    struct oddities o = {0};
    size_t commas = 0, digits = 0;
    for (size_t i = 0; i < t.n; i++) {
        uint8_t c = t.p[i];
        bool digit = c >= '0' && c <= '9';
        o.escape |= c == '\\';
        o.beyond |= c > 0x7e;
        o.numbers |= digits && (c == 'e' || c == 'E');
        digits = digit ? digits + 1 : 0;
        o.numbers |= digits > 17;
        commas += c == ',';
    }
    o.commas = commas >= FLAT_MEMBERS_MAX;
    return o;
}

static bool same(const struct flat *v, const json_t *j);

static bool same_members(const struct flat *v, const json_t *j)
{
    const struct flat *m = NULL;
    const char *key;
    json_t *value;
    if (v->n != json_object_size(j))
        return false;
    json_object_foreach((json_t *)j, key, value)
    { /* jansson keeps the order of the text */
        m = flat_next(v, m);
        if (!bytes_eq_str(m->name, key) || !same(m, value))
            return false;
    }
    return true;
}

static bool same_elements(const struct flat *v, const json_t *j)
{
    const struct flat *e = NULL;
    if (flat_size(v) != json_array_size(j))
        return false;
    for (size_t i = 0; i < json_array_size(j); i++) {
        e = flat_next(v, e);
        if (!same(e, json_array_get(j, i)))
            return false;
    }
    return true;
}

static bool same(const struct flat *v, const json_t *j)
{
    char number[32];
    switch (json_typeof(j)) {
    case JSON_OBJECT:
        return v->type == FLAT_OBJECT && same_members(v, j);
    case JSON_ARRAY:
        return v->type == FLAT_ARRAY && same_elements(v, j);
    case JSON_STRING:
        return v->type == FLAT_STRING && (!v->plain || bytes_eq(v->text, json_view(j)));
    case JSON_INTEGER:
        snprintf(number, sizeof number, "%lld", (long long)json_integer_value(j));
        return v->type == FLAT_NUMBER &&
               (v->plain ? bytes_eq_str(v->text, number) : *v->text.p == '-');
    case JSON_REAL:
        return v->type == FLAT_NUMBER && !v->plain;
    case JSON_TRUE:
        return v->type == FLAT_LITERAL && bytes_eq_str(v->text, "true");
    case JSON_FALSE:
        return v->type == FLAT_LITERAL && bytes_eq_str(v->text, "false");
    case JSON_NULL:
        return v->type == FLAT_LITERAL && bytes_eq_str(v->text, "null");
    }
    return false;
}

const char *flat_compare(struct arena *a, struct bytes text, bool *out_accepted)
{
    const struct flat *v = NULL;
    AUTO_JSON j = NULL;
    struct err err = {0}, why = {0};
    size_t at = 0;
    struct oddities o = look(text);
    bool theirs = json_read(text, SIZE_MAX, &j, &why) == RC_OK;
    bool ours = flat_read(a, text, &v, &at, &err);
    *out_accepted = ours;
    if (err.rc != RC_OK || at > text.n)
        return "no memory, or an impossible place";
    if (ours && !theirs && !o.escape && !o.beyond && !o.numbers)
        return "jansson refuses it";
    if (theirs && !ours && !o.escape && !o.beyond && !o.commas)
        return "jansson accepts it";
    return ours && theirs && !same(v, j) ? "another value" : NULL;
}
