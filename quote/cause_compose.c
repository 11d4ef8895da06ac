/* cause_compose: the compose hash is of the file's exact bytes; here are the ways in which the same
 * file, or one with one switch set otherwise, comes to other bytes. */
#include "base/hash.h"
#include "base/json.h"
#include "base/limits.h"
#include "quote/cause.h"
#include "quote/dstack.h"

#define BUDGET      (UINT64_C(128) << 20) /* bytes hashed in one search */
#define MEMBERS_MAX 64u                   /* top-level members that are varied */

struct search {
    struct arena *a;
    const uint8_t *want; /* 32 */
    struct causes *out;
    char *room; /* for one form of the file */
    size_t cap;
    uint64_t hashed;
    bool found;
    const char *what; /* of the one found */
    struct err *err;
};

/* try_parts hashes before | text | after. */
static bool try_parts(struct search *s, struct bytes before, struct bytes text, struct bytes after,
                      const char *what)
{
    uint8_t got[32];
    if (s->found || s->hashed > BUDGET)
        return s->found;
    s->hashed += text.n + 64;
    s->out->tried++;
    HASH_PARTS(hash_sha256_parts, got, before, text, after);
    s->found = memcmp(got, s->want, 32) == 0;
    if (s->found)
        s->what = what;
    return s->found;
}

static struct bytes trimmed(struct bytes t)
{
    while (t.n && (t.p[t.n - 1] == '\n' || t.p[t.n - 1] == '\r' || t.p[t.n - 1] == ' ' ||
                   t.p[t.n - 1] == '\t'))
        t.n--;
    return t;
}

/* with_ends writes every line end as LF or as CR LF. */
static struct bytes with_ends(struct arena *a, struct bytes t, bool crlf, struct err *err)
{
    uint8_t *p = arena_array(a, t.n + 1, 2, err);
    size_t n = 0;
    for (size_t i = 0; p && i < t.n; i++) {
        if (t.p[i] == '\r' && i + 1 < t.n && t.p[i + 1] == '\n')
            continue;
        if (t.p[i] == '\n' && crlf)
            p[n++] = '\r';
        p[n++] = t.p[i];
    }
    return p ? bytes_of(p, n) : BYTES_NONE;
}

static const uint8_t bom[3] = {0xef, 0xbb, 0xbf};

static void try_bytes(struct search *s, struct bytes t)
{
    struct bytes none = BYTES_NONE, mark = BYTES_OF_ARRAY(bom), lf = bytes_of_str("\n");
    bool marked = t.n >= 3 && memcmp(t.p, bom, 3) == 0;
    struct bytes plain = marked ? bytes_of(t.p + 3, t.n - 3) : t, end = trimmed(plain);
    const struct {
        struct bytes before, text, after;
        const char *what;
    } forms[] = {
        {none, plain, none, "without its byte order mark"},
        {none, end, none, "without what stands behind its last brace (a newline or spaces)"},
        {none, t, lf, "with a newline more at its end"},
        {none, end, lf, "with one newline at its end"},
        {none, end, bytes_of_str("\r\n"), "with CR LF at its end"},
        {mark, plain, none, "with a byte order mark before it"},
        {none, with_ends(s->a, plain, true, s->err), none, "with CR LF line ends"},
        {none, with_ends(s->a, plain, false, s->err), none, "with LF line ends"},
        {none, trimmed(with_ends(s->a, plain, false, s->err)), none,
         "with LF line ends and none at its end"},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (try_parts(s, forms[i].before, forms[i].text, forms[i].after, forms[i].what))
            return;
}

/* Ways in which programs write JSON: jansson's flags for them. */
static const struct {
    size_t flags;
    const char *what;
} forms[] = {
    {JSON_COMPACT, "written compactly"},
    {JSON_COMPACT | JSON_SORT_KEYS, "written compactly with sorted keys"},
    {JSON_INDENT(2), "written with an indent of 2"},
    {JSON_INDENT(4), "written with an indent of 4"},
    {0, "written on one line with a space behind \",\" and \":\""},
    {JSON_INDENT(2) | JSON_SORT_KEYS, "written with an indent of 2 and sorted keys"},
    {JSON_INDENT(4) | JSON_SORT_KEYS, "written with an indent of 4 and sorted keys"},
    {JSON_SORT_KEYS, "written on one line with spaces and sorted keys"},
};
#define NUM_FORMS (sizeof forms / sizeof *forms)

static void try_forms(struct search *s, const json_t *j, const char *edit)
{
    for (size_t i = 0; i < 2 * NUM_FORMS && !s->found && s->hashed <= BUDGET; i++) {
        bool ascii = i >= NUM_FORMS;
        size_t flags = forms[i % NUM_FORMS].flags | (ascii ? JSON_ENSURE_ASCII : 0);
        size_t n = json_dumpb(j, s->room, s->cap, flags);
        struct bytes t = bytes_of(s->room, n);
        if (n && n <= s->cap &&
            (try_parts(s, BYTES_NONE, t, BYTES_NONE, "") ||
             try_parts(s, BYTES_NONE, t, bytes_of_str("\n"), ", a newline at its end")))
            s->what = arena_printf(s->a, s->err, "%s%s%s%s%s", edit ? edit : "", edit ? ", " : "",
                                   forms[i % NUM_FORMS].what,
                                   ascii ? ", other than ASCII as \\u" : "", s->what);
    }
}

/* try_members: one member left out, or one switch the other way. */
static void try_members(struct search *s, const json_t *j)
{
    const char *name;
    json_t *value;
    size_t n = 0;
    json_object_foreach((json_t *)j, name, value)
    {
        AUTO_JSON copy = json_copy((json_t *)j);
        if (s->found || !copy || n++ == MEMBERS_MAX)
            return;
        if (json_is_boolean(value)) {
            (void)json_object_set_new(copy, name, json_boolean(!json_is_true(value)));
            try_forms(s, copy,
                      arena_printf(s->a, s->err, "with \"%.40s\" %s", name,
                                   json_is_true(value) ? "false" : "true"));
        }
        (void)json_object_del(copy, name);
        try_forms(s, copy, arena_printf(s->a, s->err, "without \"%.40s\"", name));
    }
}

/* logged finds the payload of a dstack event; false: not there, or not of this width. */
static bool logged(const struct cause_side *side, const char *name, size_t width, struct bytes *out)
{
    const struct diff_list *l = &side->reg[3].list;
    for (size_t i = 0; i < l->n; i++)
        if (bytes_eq_str(l->v[i].label, name)) {
            *out = l->v[i].payload;
            return out->n == width;
        }
    return false;
}

enum rc cause_compose(struct arena *a, struct bytes compose, const struct cause_side *actual,
                      struct causes *out, struct err *err)
{
    uint8_t hash[32];
    struct bytes want;
    struct err ignored = {0};
    AUTO_JSON j = NULL;
    if (!logged(actual, "compose-hash", 32, &want))
        return RC_OK;
    dstack_compose_hash(compose, hash);
    if (memcmp(hash, want.p, 32) == 0)
        return RC_OK;
    struct search s = {.a = a, .want = want.p, .out = out, .err = err};
    struct cause c = {.id = "compose",
                      .confidence = CAUSE_NARROWED,
                      .registers = 8,
                      .event = "compose-hash",
                      .order = 7,
                      .see = "LIT-Protocol/chipotle#422",
                      .why =
                          "the guest booted another app-compose.json than this one, and not only "
                          "other white space of it",
                      .fix = "get the file that was deployed, and see what is different: `bootgate "
                             "hash FILE OTHER`"};
    try_bytes(&s, compose);
    if (s.found)
        c.id = "compose-bytes";
    bool is_json =
        json_read(compose, LIMIT_APP_COMPOSE, &j, &ignored) == RC_OK && json_is_object(j);
    if (is_json && !s.found) {
        s.cap = 4 * compose.n + 4096;
        s.room = arena_alloc(a, s.cap, err);
        if (!s.room)
            return err->rc;
        try_forms(&s, j, NULL);
        c.id = s.found ? "compose-bytes" : "compose";
    }
    if (is_json && !s.found)
        try_members(&s, j);
    if (err->rc != RC_OK)
        return err->rc;
    if (s.found) {
        bool bytes = strcmp(c.id, "compose-bytes") == 0;
        c.confidence = CAUSE_PROVEN;
        c.see = bytes ? "Dstack-TEE/dstack#550" : c.see;
        c.matches_if = arena_printf(a, err, "the file is %s", s.what);
        c.why = arena_printf(a, err,
                             bytes ? "the compose hash is of the same content in other bytes: the "
                                     "guest booted this app-compose.json %s"
                                   : "the guest booted this app-compose.json %s",
                             s.what);
        c.fix = bytes ? "hash and whitelist the exact bytes that are deployed; let no editor or "
                        "program write the file again"
                      : "deploy the file that was meant, or whitelist the hash of the one that was "
                        "deployed";
        if (!c.matches_if || !c.why)
            return err->rc;
    }
    causes_add(out, c);
    return RC_OK;
}
