#include "tests/lib/json_map.h"

#include "tests/lib/harness.h"

struct scan {
    struct arena *a;
    struct json_map *m;
    json_label label;
    void *ctx;
    size_t at, cap;
};

static void *need(void *p)
{
    if (!p)
        fail_msg("no memory");
    return p;
}

static uint8_t peek(struct scan *s)
{
    if (s->at >= s->m->text.n)
        fail_msg("the text ends inside a value");
    return s->m->text.p[s->at];
}

/* mark notes what the next byte is and moves behind it. */
static void mark(struct scan *s, size_t node, enum json_part part)
{
    (void)peek(s);
    s->m->part[s->at] = (uint8_t)part;
    s->m->node[s->at] = (uint32_t)node;
    s->at++;
}

static void spaces(struct scan *s, size_t node)
{
    while (s->at < s->m->text.n && strchr(" \t\r\n", s->m->text.p[s->at]))
        mark(s, node, PART_SPACE);
}

static void punct(struct scan *s, size_t node, uint8_t want)
{
    if (peek(s) != want)
        fail_msg("'%c' expected at %zu", want, s->at);
    mark(s, node, PART_PUNCT);
}

static void string(struct scan *s, size_t node, enum json_part inside)
{
    mark(s, node, PART_OPEN);
    while (peek(s) != '"') {
        if (peek(s) == '\\')
            mark(s, node, inside);
        mark(s, node, inside);
    }
    mark(s, node, PART_CLOSE);
}

static size_t new_node(struct scan *s, size_t parent, const char *path)
{
    if (s->m->n == s->cap)
        fail_msg("more than %zu values", s->cap);
    s->m->nodes[s->m->n] = (struct json_node){.path = path, .begin = s->at, .parent = parent};
    return s->m->n++;
}

static char *below(struct scan *s, size_t parent, const char *name, size_t n)
{
    struct err err = {0};
    const char *path = s->m->nodes[parent].path;
    return need(arena_printf(s->a, &err, "%s%s%.*s", path, *path ? "." : "", (int)n, name));
}

static void value(struct scan *s, size_t node, unsigned depth);

static void member(struct scan *s, size_t object, unsigned depth)
{
    size_t node = new_node(s, object, "");
    size_t from = s->at + 1;
    string(s, node, PART_KEY);
    s->m->nodes[node].path = below(s, object, (const char *)s->m->text.p + from, s->at - 1 - from);
    spaces(s, object);
    punct(s, object, ':');
    spaces(s, object);
    value(s, node, depth);
}

static void element(struct scan *s, size_t array, size_t i, unsigned depth)
{
    struct err err = {0};
    const char *path = s->m->nodes[array].path;
    const char *name = s->label ? s->label(s->ctx, path, i) : NULL;
    if (!name)
        name = need(arena_printf(s->a, &err, "%zu", i));
    value(s, new_node(s, array, below(s, array, name, strlen(name))), depth);
}

static void container(struct scan *s, size_t node, unsigned depth, bool object)
{
    uint8_t end = object ? '}' : ']';
    mark(s, node, PART_PUNCT);
    spaces(s, node);
    for (size_t i = 0; peek(s) != end; i++) {
        if (i > 0)
            punct(s, node, ',');
        spaces(s, node);
        if (object)
            member(s, node, depth + 1);
        else
            element(s, node, i, depth + 1);
        spaces(s, node);
    }
    mark(s, node, PART_PUNCT);
}

static void value(struct scan *s, size_t node, unsigned depth)
{
    assert_true(depth < 32);
    uint8_t c = peek(s);
    s->m->nodes[node].value = s->at;
    s->m->nodes[node].type = c == '{' || c == '[' || c == '"' ? (char)c : 's';
    if (c == '"')
        string(s, node, PART_STRING);
    else if (c == '{' || c == '[')
        container(s, node, depth, c == '{');
    else
        while (s->at < s->m->text.n && !strchr(" \t\r\n,]}", s->m->text.p[s->at]))
            mark(s, node, PART_SCALAR);
    s->m->nodes[node].end = s->at;
}

void json_map_build(struct arena *a, struct bytes text, const char *prefix, json_label label,
                    void *ctx, struct json_map *out)
{
    struct err err = {0};
    struct scan s = {.a = a, .m = out, .label = label, .ctx = ctx, .cap = text.n / 2 + 1};
    *out = (struct json_map){.text = text};
    out->nodes = need(arena_array(a, s.cap, sizeof *out->nodes, &err));
    out->part = need(arena_array(a, text.n, sizeof *out->part, &err));
    out->node = need(arena_array(a, text.n, sizeof *out->node, &err));
    size_t root = new_node(&s, 0, prefix);
    spaces(&s, root);
    value(&s, root, 0);
    spaces(&s, root);
    if (s.at != text.n)
        fail_msg("text behind the value at %zu", s.at);
}

const struct json_node *json_map_find(const struct json_map *m, const char *path)
{
    for (size_t i = 0; i < m->n; i++)
        if (strcmp(m->nodes[i].path, path) == 0)
            return &m->nodes[i];
    return NULL;
}

struct bytes json_map_unescape(struct arena *a, const struct json_map *m,
                               const struct json_node *string, size_t **out_at)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    struct err err = {0};
    size_t room = string->end - string->value, n = 0;
    uint8_t *p = need(arena_alloc(a, room, &err));
    size_t *at = need(arena_array(a, room, sizeof *at, &err));
    for (size_t i = string->value + 1; i < string->end - 1; i++) {
        uint8_t c = m->text.p[i];
        at[n] = i;
        if (c == '\\') {
            const char *e = strchr(from, m->text.p[++i]);
            if (!e || !*e)
                fail_msg("escape \\%c at %zu", m->text.p[i], i);
            c = (uint8_t)to[e - from];
        }
        p[n++] = c;
    }
    at[n] = string->end - 1;
    *out_at = at;
    return bytes_of(p, n);
}
