#include "quote/aml.h"

#include <stdlib.h>

#define METHODS_MAX 512u
#define CONFLICT    0xffu /* methods of one name that take different numbers of arguments */

/*
 * What follows an opcode: b, w, d, q: 1, 2, 4, 8 bytes; s: text up to a NUL; n: a name; t: a term;
 * S: a target: a name is one, not a call; P: a package's length; *: terms, @: elements, #: bytes up
 * to the package's end; m: a method's flags, and its terms.
 */
struct form {
    uint8_t opcode;
    enum aml_kind kind;
    const char *args;
};

static const struct form forms[] = {
    {0x00, 0, ""},
    {0x01, 0, ""},
    {0x06, 0, "nn"},
    {0x08, AML_NAME, "nt"},
    {0x0a, 0, "b"},
    {0x0b, 0, "w"},
    {0x0c, 0, "d"},
    {0x0d, 0, "s"},
    {0x0e, 0, "q"},
    {0x10, AML_SCOPE, "Pn*"},
    {0x11, AML_BUFFER, "Pt#"},
    {0x12, AML_PACKAGE, "Pb@"},
    {0x13, AML_PACKAGE, "Pt@"},
    {0x14, AML_METHOD, "Pnm"},
    {0x15, 0, "nbb"},
    {0x70, 0, "tS"},
    {0x71, 0, "S"},
    {0x72, 0, "ttS"},
    {0x73, 0, "ttS"},
    {0x74, 0, "ttS"},
    {0x75, 0, "S"},
    {0x76, 0, "S"},
    {0x77, 0, "ttS"},
    {0x78, 0, "ttSS"},
    {0x79, 0, "ttS"},
    {0x7a, 0, "ttS"},
    {0x7b, 0, "ttS"},
    {0x7c, 0, "ttS"},
    {0x7d, 0, "ttS"},
    {0x7e, 0, "ttS"},
    {0x7f, 0, "ttS"},
    {0x80, 0, "tS"},
    {0x81, 0, "tS"},
    {0x82, 0, "tS"},
    {0x83, 0, "t"},
    {0x84, 0, "ttS"},
    {0x85, 0, "ttS"},
    {0x86, 0, "St"},
    {0x87, 0, "S"},
    {0x88, 0, "ttS"},
    {0x89, 0, "tbtbtt"},
    {0x8a, 0, "ttn"},
    {0x8b, 0, "ttn"},
    {0x8c, 0, "ttn"},
    {0x8d, 0, "ttn"},
    {0x8e, 0, "S"},
    {0x8f, 0, "ttn"},
    {0x90, 0, "tt"},
    {0x91, 0, "tt"},
    {0x92, 0, "t"},
    {0x93, 0, "tt"},
    {0x94, 0, "tt"},
    {0x95, 0, "tt"},
    {0x96, 0, "tS"},
    {0x97, 0, "tS"},
    {0x98, 0, "tS"},
    {0x99, 0, "tS"},
    {0x9c, 0, "ttS"},
    {0x9d, 0, "tS"},
    {0x9e, 0, "tttS"},
    {0x9f, 0, ""},
    {0xa0, AML_IF, "Pt*"},
    {0xa1, AML_ELSE, "P*"},
    {0xa2, AML_WHILE, "Pt*"},
    {0xa3, 0, ""},
    {0xa4, 0, "t"},
    {0xa5, 0, ""},
    {0xff, 0, ""},
};

static const struct form extended[] = {
    {0x01, 0, "nb"},
    {0x02, 0, "n"},
    {0x12, 0, "SS"},
    {0x13, 0, "tttn"},
    {0x21, 0, "t"},
    {0x22, 0, "t"},
    {0x23, 0, "Sw"},
    {0x24, 0, "S"},
    {0x25, 0, "St"},
    {0x26, 0, "S"},
    {0x27, 0, "S"},
    {0x30, 0, ""},
    {0x31, 0, ""},
    {0x33, 0, ""},
    {0x80, 0, "nbtt"},
    {0x81, AML_FIELD, "Pnb#"},
    {0x82, AML_DEVICE, "Pn*"},
    {0x83, AML_PROCESSOR, "Pnbdb*"},
    {0x84, AML_OTHER, "Pnbw*"},
    {0x85, AML_OTHER, "Pn*"},
    {0x86, AML_OTHER, "Pnnb#"},
};

struct method {
    char name[4];
    uint8_t args;
};

struct parse {
    struct bytes b;
    size_t pos;
    bool structure; /* the first run: methods are counted, what they do is skipped */
    struct aml_node *v;
    size_t n, cap;
    struct method methods[METHODS_MAX];
    size_t num_methods;
};

static bool skip(struct parse *p, size_t end, size_t n)
{
    if (n > end - p->pos)
        return false;
    p->pos += n;
    return true;
}

static bool name_starts(uint8_t c)
{
    return c == '\\' || c == '^' || c == '_' || (c >= 'A' && c <= 'Z') || c == 0x2e || c == 0x2f;
}

static bool read_name(struct parse *p, size_t end, char last[static 4])
{
    size_t segments = 1;
    memset(last, 0, 4);
    if (p->pos < end && p->b.p[p->pos] == '\\')
        p->pos++;
    else
        while (p->pos < end && p->b.p[p->pos] == '^')
            p->pos++;
    if (p->pos == end)
        return false;
    if (p->b.p[p->pos] == 0x00) { /* nothing but the prefix */
        p->pos++;
        return true;
    }
    if (p->b.p[p->pos] == 0x2e) {
        segments = 2;
        p->pos++;
    } else if (p->b.p[p->pos] == 0x2f) {
        if (end - p->pos < 2 || p->b.p[p->pos + 1] == 0)
            return false;
        segments = p->b.p[p->pos + 1];
        p->pos += 2;
    }
    if (end - p->pos < 4 * segments)
        return false;
    for (size_t i = 0; i < 4 * segments; i++) {
        uint8_t c = p->b.p[p->pos + i];
        if (c != '_' && (c < 'A' || c > 'Z') && (i % 4 == 0 || c < '0' || c > '9'))
            return false;
    }
    p->pos += 4 * segments;
    memcpy(last, p->b.p + p->pos - 4, 4);
    return true;
}

size_t aml_length(size_t n, uint8_t out[static 4])
{
    if (n + 1 < 1u << 6) {
        out[0] = (uint8_t)(n + 1);
        return 1;
    }
    for (unsigned more = 1; more <= 3; more++) {
        size_t all = n + 1 + more;
        if (all >= (size_t)1 << (4 + 8 * more))
            continue;
        out[0] = (uint8_t)(more << 6 | (all & 15));
        for (unsigned i = 0; i < more; i++)
            out[1 + i] = (uint8_t)(all >> (4 + 8 * i));
        return 1 + more;
    }
    return 0;
}

/* read_length: where the package ends; only the shortest way to write it is taken. */
static bool read_length(struct parse *p, size_t end, size_t *out_end)
{
    size_t at = p->pos, all;
    uint8_t again[4];
    if (at == end)
        return false;
    unsigned more = p->b.p[at] >> 6;
    if (!skip(p, end, 1 + more))
        return false;
    all = more ? p->b.p[at] & 15u : p->b.p[at];
    for (unsigned i = 0; i < more; i++)
        all |= (size_t)p->b.p[at + 1 + i] << (4 + 8 * i);
    if (all < 1 + more || all > end - at || aml_length(all - 1 - more, again) != 1 + more ||
        memcmp(again, p->b.p + at, 1 + more) != 0)
        return false;
    *out_end = at + all;
    return true;
}

static struct method *find_method(struct parse *p, const char name[static 4])
{
    for (size_t i = 0; i < p->num_methods; i++)
        if (memcmp(p->methods[i].name, name, 4) == 0)
            return &p->methods[i];
    return NULL;
}

static bool note_method(struct parse *p, const char name[static 4], uint8_t args)
{
    struct method *m = find_method(p, name);
    if (m) {
        if (m->args != args)
            m->args = CONFLICT;
        return true;
    }
    if (p->num_methods == METHODS_MAX)
        return false;
    m = &p->methods[p->num_methods++];
    memcpy(m->name, name, 4);
    m->args = args;
    return true;
}

static bool term(struct parse *p, size_t end, uint32_t parent, unsigned depth);

/* call: a name where a value is wanted: of a method with its arguments, or of an object. */
static bool call(struct parse *p, size_t end, uint32_t parent, unsigned depth)
{
    char name[4];
    if (!read_name(p, end, name))
        return false;
    const struct method *m = find_method(p, name);
    if (!m || p->structure)
        return true;
    if (m->args == CONFLICT)
        return false;
    for (unsigned i = 0; i < m->args; i++)
        if (!term(p, end, parent, depth + 1))
            return false;
    return true;
}

static bool target(struct parse *p, size_t end, uint32_t parent, unsigned depth)
{
    char name[4];
    return p->pos < end && name_starts(p->b.p[p->pos]) ? read_name(p, end, name)
                                                       : term(p, end, parent, depth + 1);
}

static bool text(struct parse *p, size_t end)
{
    while (p->pos < end && p->b.p[p->pos])
        if (p->b.p[p->pos++] > 0x7f)
            return false;
    return skip(p, end, 1);
}

/* fixed: an argument that is neither a term nor the rest of a package. */
static bool fixed(struct parse *p, char kind, size_t end, char name[static 4])
{
    switch (kind) {
    case 'b':
        return skip(p, end, 1);
    case 'w':
        return skip(p, end, 2);
    case 'd':
        return skip(p, end, 4);
    case 'q':
        return skip(p, end, 8);
    case 's':
        return text(p, end);
    default:
        return read_name(p, end, name);
    }
}

/* rest: up to the end of the package i. */
static bool rest(struct parse *p, char kind, size_t end, uint32_t i, unsigned depth)
{
    const bool code = kind == 'm' || p->v[i].kind == AML_IF || p->v[i].kind == AML_ELSE ||
                      p->v[i].kind == AML_WHILE;
    if (kind == 'm') {
        if (p->pos == end)
            return false;
        uint8_t args = p->b.p[p->pos++] & 7;
        if (p->structure && !note_method(p, p->v[i].name, args))
            return false;
    }
    p->v[i].content = (uint32_t)p->pos;
    if (kind == '#' || (code && p->structure))
        p->pos = end;
    while (p->pos < end)
        if (kind == '@' ? !target(p, end, i, depth) : !term(p, end, i, depth + 1))
            return false;
    return true;
}

static const struct form *form_of(struct parse *p, size_t end)
{
    const struct form *v = forms;
    size_t n = sizeof forms / sizeof *forms;
    if (p->b.p[p->pos] == 0x5b) {
        if (++p->pos == end)
            return NULL;
        v = extended;
        n = sizeof extended / sizeof *extended;
    }
    uint8_t opcode = p->b.p[p->pos++];
    for (size_t i = 0; i < n; i++)
        if (v[i].opcode == opcode)
            return &v[i];
    return NULL;
}

static bool arguments(struct parse *p, const struct form *f, size_t end, uint32_t i,
                      uint32_t parent, unsigned depth)
{
    bool package = f->kind && f->kind != AML_NAME, named = false;
    char name[4];
    for (const char *c = f->args; *c; c++) {
        bool ok = true;
        if (*c == 'P') {
            p->v[i].length_at = (uint32_t)p->pos;
            ok = read_length(p, end, &end);
            p->v[i].body = (uint32_t)p->pos;
        } else if (*c == 't' && package && p->structure && f->kind != AML_BUFFER &&
                   f->kind != AML_PACKAGE) {
            p->pos = end; /* a condition, outside of methods: read in the second run */
            return true;
        } else if (*c == 't') {
            ok = term(p, end, package ? i : parent, depth + 1);
        } else if (*c == 'S') {
            ok = target(p, end, parent, depth);
        } else if (strchr("*@#m", *c)) {
            ok = rest(p, *c, end, i, depth);
        } else {
            ok = fixed(p, *c, end, name);
            if (ok && *c == 'n' && f->kind && !named) {
                named = true;
                memcpy(p->v[i].name, name, 4);
                p->v[i].content = (uint32_t)p->pos;
            }
        }
        if (!ok)
            return false;
    }
    return !package || p->pos == end;
}

static bool term(struct parse *p, size_t end, uint32_t parent, unsigned depth)
{
    if (p->pos >= end || depth > AML_DEPTH_MAX)
        return false;
    uint8_t c = p->b.p[p->pos];
    size_t at = p->pos;
    if (name_starts(c))
        return call(p, end, parent, depth);
    if (c >= 0x60 && c <= 0x6e)
        return skip(p, end, 1);
    const struct form *f = form_of(p, end);
    uint32_t i = (uint32_t)p->n;
    if (!f)
        return false;
    if (f->kind) {
        if (p->n == p->cap)
            return false;
        p->v[p->n++] = (struct aml_node){.kind = f->kind,
                                         .at = (uint32_t)at,
                                         .length_at = (uint32_t)at,
                                         .body = (uint32_t)at,
                                         .parent = parent};
    }
    if (!arguments(p, f, end, i, parent, depth))
        return false;
    if (f->kind)
        p->v[i].end = (uint32_t)p->pos;
    return true;
}

static bool run(struct parse *p, bool structure)
{
    p->structure = structure;
    p->pos = 0;
    p->n = 1;
    p->v[0] = (struct aml_node){.kind = AML_ROOT, .end = (uint32_t)p->b.n};
    while (p->pos < p->b.n)
        if (!term(p, p->b.n, 0, 1))
            return false;
    return true;
}

enum rc aml_read(struct arena *a, struct bytes block, struct aml *out, struct err *err)
{
    struct parse *p = ARENA_NEW(a, struct parse, err);
    size_t cap = block.n / 2 + 2; /* the smallest package is an opcode and its length */
    if (!p)
        return err->rc;
    p->cap = cap < AML_NODES_MAX ? cap : AML_NODES_MAX;
    p->b = block;
    p->v = ARENA_ARRAY(a, struct aml_node, p->cap, err);
    if (!p->v)
        return err->rc;
    if (block.n > UINT32_MAX / 2 || !run(p, true) || !run(p, false))
        return err_set(err, BG_ACPI_AML, "offset %zu of the definition block", p->pos);
    *out = (struct aml){block, p->v, p->n};
    return RC_OK;
}

uint32_t aml_find(const struct aml *aml, uint32_t parent, enum aml_kind kind,
                  const char name[static 4], uint32_t from)
{
    for (size_t i = from > parent ? from : (size_t)parent + 1; i < aml->n; i++)
        if (aml->v[i].kind == kind && aml->v[i].parent == parent &&
            memcmp(aml->v[i].name, name, 4) == 0)
            return (uint32_t)i;
    return 0;
}

struct bytes aml_bytes(const struct aml *aml, uint32_t at, uint32_t end)
{
    return at <= end && end <= aml->block.n ? bytes_of(aml->block.p + at, end - at) : BYTES_NONE;
}
