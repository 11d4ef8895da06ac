#include "quote/flat_json.h"

#include "base/date.h"
#include "base/hex.h"
#include "base/limits.h"

/* struct reader: every look at the text goes through peek, which yields 0 behind the end; no JSON
 * text can go on with a 0. */
struct reader {
    struct bytes t;
    size_t at;
    struct flat *v;
    uint32_t n, cap;
};

static uint8_t peek(const struct reader *r)
{
    return r->at < r->t.n ? r->t.p[r->at] : 0;
}

static bool take(struct reader *r, uint8_t c)
{
    if (peek(r) != c)
        return false;
    r->at++;
    return true;
}

static void skip_space(struct reader *r)
{
    uint8_t c;
    while (c = peek(r), c == ' ' || c == '\n' || c == '\r' || c == '\t')
        r->at++;
}

static bool is_hex(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* RFC 8259 section 7, behind the backslash. What it stands for does not matter: see `plain`. */
static bool read_escape(struct reader *r)
{
    static const char single[] = "\"\\/bfnrt";
    uint8_t c = peek(r);
    if (c == 0)
        return false;
    r->at++;
    if (c != 'u')
        return memchr(single, c, sizeof single - 1) != NULL;
    for (unsigned i = 0; i < 4; i++, r->at++)
        if (!is_hex(peek(r)))
            return false;
    return true;
}

static bool read_string(struct reader *r, struct bytes *out, bool *out_plain)
{
    bool plain = true;
    if (!take(r, '"'))
        return false;
    size_t start = r->at;
    for (;;) {
        uint8_t c = peek(r);
        if (c < 0x20) /* a control character, or the end */
            return false;
        r->at++;
        if (c == '"')
            break;
        if (c > 0x7e || c == '\\')
            plain = false;
        if (c == '\\' && !read_escape(r))
            return false;
    }
    *out = bytes_of(r->t.p + start, r->at - 1 - start);
    *out_plain = plain;
    return true;
}

static size_t skip_digits(struct reader *r)
{
    size_t start = r->at;
    while (peek(r) >= '0' && peek(r) <= '9')
        r->at++;
    return r->at - start;
}

/* RFC 8259 section 6: [ minus ] int [ frac ] [ exp ] */
static bool read_number(struct reader *r, struct flat *v)
{
    size_t start = r->at;
    v->plain = !take(r, '-');
    bool zero = peek(r) == '0';
    size_t n = skip_digits(r);
    if (n == 0 || (zero && n > 1))
        return false;
    if (take(r, '.')) {
        v->plain = false;
        if (skip_digits(r) == 0)
            return false;
    }
    if (take(r, 'e') || take(r, 'E')) {
        v->plain = false;
        if (!take(r, '-'))
            (void)take(r, '+');
        if (skip_digits(r) == 0)
            return false;
    }
    v->text = bytes_of(r->t.p + start, r->at - start);
    return true;
}

static bool read_literal(struct reader *r, struct flat *v)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < 3; i++) {
        size_t n = strlen(words[i]);
        if (r->t.n - r->at >= n && memcmp(r->t.p + r->at, words[i], n) == 0) {
            v->text = bytes_of(r->t.p + r->at, n);
            r->at += n;
            return true;
        }
    }
    return false;
}

/* read_name reads `"name":`, and sees to it that obj has none of that name yet. */
static bool read_name(struct reader *r, const struct flat *obj, struct bytes *out)
{
    bool plain = false;
    struct bytes name;
    skip_space(r);
    if (obj->n == FLAT_MEMBERS_MAX || !read_string(r, &name, &plain) || !plain)
        return false;
    const struct flat *m = NULL;
    for (uint32_t i = 0; i < obj->n; i++) {
        m = flat_next(obj, m);
        if (bytes_eq(m->name, name))
            return false;
    }
    skip_space(r);
    *out = name;
    return take(r, ':');
}

static bool read_value(struct reader *r, struct bytes name, unsigned depth);

/* read_list: the inside of an object or array, from behind its opening bracket. */
static bool read_list(struct reader *r, struct flat *list, uint8_t end, unsigned depth)
{
    struct bytes name = BYTES_NONE;
    if (depth >= LIMIT_JSON_DEPTH)
        return false;
    skip_space(r);
    if (take(r, end))
        return true;
    do {
        if (list->type == FLAT_OBJECT && !read_name(r, list, &name))
            return false;
        if (!read_value(r, name, depth + 1))
            return false;
        list->n++;
    } while (take(r, ','));
    return take(r, end);
}

/* read_value reads one value and the white space around it. Recursion ends at LIMIT_JSON_DEPTH. */
static bool read_value(struct reader *r, struct bytes name, unsigned depth)
{
    if (r->n == r->cap)
        return false;
    uint32_t first = r->n++;
    struct flat *v = &r->v[first];
    bool ok;
    v->name = name;
    skip_space(r);
    uint8_t c = peek(r);
    if (c == '{' || c == '[') {
        r->at++;
        v->type = c == '{' ? FLAT_OBJECT : FLAT_ARRAY;
        ok = read_list(r, v, c == '{' ? '}' : ']', depth);
    } else if (c == '"') {
        v->type = FLAT_STRING;
        ok = read_string(r, &v->text, &v->plain);
    } else if (c == '-' || (c >= '0' && c <= '9')) {
        v->type = FLAT_NUMBER;
        ok = read_number(r, v);
    } else {
        v->type = FLAT_LITERAL;
        ok = read_literal(r, v);
    }
    v->span = r->n - first;
    skip_space(r);
    return ok;
}

/* Every value is the first of all, the first behind a bracket, or the next behind a comma. */
static uint32_t count_values(struct bytes t)
{
    uint32_t n = 1;
    for (size_t i = 0; i < t.n; i++)
        n += t.p[i] == ',' || t.p[i] == '[' || t.p[i] == '{';
    return n;
}

bool flat_read(struct arena *a, struct bytes text, const struct flat **out, size_t *out_at,
               struct err *err)
{
    struct reader r = {.t = text};
    *out_at = 0;
    if (text.n > UINT32_MAX / 2)
        return false;
    r.cap = count_values(text);
    r.v = ARENA_ARRAY(a, struct flat, r.cap, err);
    if (!r.v)
        return false;
    bool ok = read_value(&r, BYTES_NONE, 0) && r.at == text.n;
    *out_at = r.at;
    if (ok)
        *out = r.v;
    return ok;
}

const struct flat *flat_get(const struct flat *obj, const char *name)
{
    const struct flat *m = NULL;
    struct bytes want = bytes_of_str(name);
    for (uint32_t i = 0; flat_is(obj, FLAT_OBJECT) && i < obj->n; i++) {
        m = flat_next(obj, m);
        if (bytes_eq(m->name, want))
            return m;
    }
    return NULL;
}

size_t flat_size(const struct flat *list)
{
    return flat_is(list, FLAT_ARRAY) ? list->n : 0;
}

bool flat_text(const struct flat *v, struct bytes *out)
{
    if (!flat_is(v, FLAT_STRING) || !v->plain)
        return false;
    *out = v->text;
    return true;
}

bool flat_str(const struct flat *obj, const char *name, struct bytes *out)
{
    return flat_text(flat_get(obj, name), out);
}

bool flat_u64(const struct flat *obj, const char *name, uint64_t max, uint64_t *out)
{
    const struct flat *v = flat_get(obj, name);
    uint64_t n = 0;
    if (!flat_is(v, FLAT_NUMBER) || !v->plain)
        return false;
    for (size_t i = 0; i < v->text.n; i++) {
        if (__builtin_mul_overflow(n, 10u, &n) ||
            __builtin_add_overflow(n, (uint64_t)(v->text.p[i] - '0'), &n))
            return false;
    }
    if (n > max)
        return false;
    *out = n;
    return true;
}

bool flat_hex(const struct flat *obj, const char *name, uint8_t *out, size_t n)
{
    struct bytes s;
    return flat_str(obj, name, &s) && hex_decode(s, out, n);
}

/* digits reads n decimal digits of s at `at`. The caller knows the length of s. */
static bool digits(struct bytes s, size_t at, size_t n, unsigned *out)
{
    unsigned v = 0;
    for (size_t i = at; i < at + n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        v = v * 10 + (unsigned)(s.p[i] - '0');
    }
    *out = v;
    return true;
}

bool flat_date(const struct flat *obj, const char *name, uint64_t *out)
{
    struct bytes s;
    struct date t;
    return flat_str(obj, name, &s) && s.n == 20 && s.p[4] == '-' && s.p[7] == '-' &&
           s.p[10] == 'T' && s.p[13] == ':' && s.p[16] == ':' && s.p[19] == 'Z' &&
           digits(s, 0, 4, &t.year) && digits(s, 5, 2, &t.month) && digits(s, 8, 2, &t.day) &&
           digits(s, 11, 2, &t.hour) && digits(s, 14, 2, &t.minute) &&
           digits(s, 17, 2, &t.second) && date_seconds(t, out);
}
