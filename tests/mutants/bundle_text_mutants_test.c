/*
 * The text of two accepted bundle files (tests/lib/bundle_case), one byte changed at a time by XOR
 * 01, 80 and ff, and letters by XOR 20 (their case): what comes out is refused, or the decision
 * core is the same byte for byte and the byte is of a class below, each with the reason why it may
 * change. No class may be empty (in the plain build). Then what more than one byte changes: white
 * space in JSON and in PEM, members in another order (the same core), members that come twice
 * (refused).
 *
 * Sampling: outside of strings of more than 64 characters (and behind the quote) every byte gets
 * XOR 01, each twelfth 80, each twelfth ff, each fourth 20 if it is a letter; of the longer strings
 * each sixth gets one of 01, 80, ff in turn, and each 16th XOR 20 if it is a letter: what they
 * encode is changed byte by byte in bundle_mutants. With AddressSanitizer an eleventh of all this.
 * BOOTGATE_MUTANTS=full in the environment: every byte, all of it.
 */
#include "tests/lib/bundle_case.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

#include "quote/quote.h"
#include "tests/lib/json_map.h"

#define SHORT 64u
#ifdef __SANITIZE_ADDRESS__ /* slower, and after other defects */
#define STRIDE 11u
#else
#define STRIDE 1u
#endif

enum where { OWN = 1, REAL = 2, BOTH = 3 };
#define NAME   (1u << PART_KEY)
#define STRING (1u << PART_STRING)
#define SCALAR (1u << PART_SCALAR)
#define ANY    (NAME | STRING | SCALAR)

/* A class of bytes that may change: where they stand, and why. Paths: events by their kind
 * (bundle_case_event), chain answers by their method. */
static struct free_class {
    const char *why, *paths[14];
    unsigned parts;
    enum where in;
    bool hex_case; /* only a letter's case */
    bool trailing; /* only what is behind the quote */
    size_t seen;
} classes[] = {
    {.why = "a hex digit means the same in either case",
     .paths = {"evidence.quote", "evidence.report_data", "evidence.event_log.*.digest",
               "evidence.event_log.*.event_payload", "evidence.vm_config.os_image_hash",
               "collateral.root_ca_crl", "collateral.pck_crl", "collateral.*_signature",
               "rpc.*.params.*", "rpc.*.result", "rpc.*.result.*"},
     .parts = STRING,
     .in = BOTH,
     .hex_case = true},
    {.why = "bytes behind the signature data: no part of the quote",
     .paths = {"evidence.quote"},
     .parts = STRING,
     .in = BOTH,
     .trailing = true},
    {.why = "taken: information only", .paths = {"taken.*"}, .parts = ANY, .in = BOTH},
    {.why = "beacon: not read by a pinned source",
     .paths = {"beacon.0.path", "beacon.0.result.*"},
     .parts = ANY,
     .in = OWN},
    {.why = "hash_algorithm, prefix: how report_data was made, which the quote signs itself",
     .paths = {"evidence.hash_algorithm", "evidence.prefix"},
     .parts = STRING,
     .in = OWN},
    {.why = "td_report: the machine's own, looked at inside the guest only",
     .paths = {"evidence.td_report"},
     .parts = STRING,
     .in = OWN},
    {.why = "a copy of the PCK chain; the one inside the quote is used",
     .paths = {"collateral.pck_certificate_chain"},
     .parts = NAME | STRING,
     .in = OWN},
    {.why = "members of a block that are no header fields",
     .paths = {"rpc.eth_getBlockByHash.result.size", "rpc.eth_getBlockByHash.result.uncles",
               "rpc.eth_getBlockByHash.result.transactions"},
     .parts = NAME | STRING,
     .in = BOTH},
    {.why = "which slots a question listed: each proof is bound to the slot it proves",
     .paths = {"rpc.eth_getProof.params.1.*"},
     .parts = STRING,
     .in = BOTH},
    {.why = "the name of a claim: without the claim, the proof alone says the same",
     .paths = {"rpc.eth_getBlockByHash.result.hash", "rpc.eth_getProof*.result.address",
               "rpc.eth_getProof*.result.balance", "rpc.eth_getProof*.result.codeHash",
               "rpc.eth_getProof*.result.nonce", "rpc.eth_getProof*.result.storageHash",
               "rpc.eth_getProof.result.storageProof.*.value"},
     .parts = NAME,
     .in = BOTH},
    {.why = "the name of an empty list of storage proofs",
     .paths = {"rpc.eth_getProof-account.result.storageProof"},
     .parts = NAME,
     .in = BOTH},
    {.why = "a firmware event's type: its digest is what the register holds",
     .paths = {"evidence.event_log.firmware.event_type"},
     .parts = SCALAR,
     .in = BOTH},
    {.why = "a firmware event's payload, likewise",
     .paths = {"evidence.event_log.firmware.event_payload"},
     .parts = STRING,
     .in = REAL},
    {.why = "type and payload of ACPI events, where no image is proven",
     .paths = {"evidence.event_log.acpi.event_type", "evidence.event_log.acpi.event_payload"},
     .parts = STRING | SCALAR,
     .in = REAL},
    {.why = "the name of a runtime event's digest: it is computed from name and payload",
     .paths = {"evidence.event_log.dstack.digest", "evidence.event_log.app.digest"},
     .parts = NAME,
     .in = BOTH},
    {.why = "the type of an event behind system-ready, given with its digest: the register holds "
            "that, and nothing else is asked of it",
     .paths = {"evidence.event_log.app.event_type"},
     .parts = SCALAR,
     .in = REAL},
    {.why = "how the host set up the machine, as far as no measurement depends on it",
     .paths = {"evidence.vm_config.spec_version", "evidence.vm_config.cpu_count",
               "evidence.vm_config.qemu_version", "evidence.vm_config.pci_hole64_size",
               "evidence.vm_config.hugepages", "evidence.vm_config.num_gpus",
               "evidence.vm_config.num_nvswitches", "evidence.vm_config.hotplug_off"},
     .parts = ANY,
     .in = BOTH},
    {.why = "names of the image and of the ways it is run and attested",
     .paths = {"evidence.vm_config.image", "evidence.vm_config.host_share_mode",
               "evidence.vm_config.tdx_attestation_variant"},
     .parts = ANY,
     .in = OWN},
    {.why = "the name of ovmf_variant: without it the material alone says the layout",
     .paths = {"evidence.vm_config.ovmf_variant"},
     .parts = NAME,
     .in = OWN},
    {.why = "what only the proof of an image uses",
     .paths = {"evidence.vm_config.memory_size", "evidence.vm_config.pic",
               "evidence.vm_config.qemu_single_pass_add_pages"},
     .parts = ANY,
     .in = REAL},
};
#define NUM_CLASSES (sizeof classes / sizeof *classes)

struct spot {
    const char *path;
    enum json_part part;
    size_t offset, length; /* in its value, quotation marks not counted */
};

static struct bundle_case c;
static enum where here;
static struct json_map map; /* of the file */
static struct spot *spots;
static size_t trailing; /* bytes behind the quote */
static json_t *tree, *log_tree;

static bool full(void)
{
    const char *v = getenv("BOOTGATE_MUTANTS");
    return v && strcmp(v, "full") == 0;
}

static uint8_t *copy_of(struct bytes b)
{
    struct err err = {0};
    uint8_t *p = arena_copy(c.a, b, &err);
    assert_non_null(p);
    return p;
}

static bool stands_in(const struct free_class *f, const struct spot *s)
{
    if (!(f->parts & 1u << s->part) || !(f->in & here))
        return false;
    for (size_t i = 0; i < 14 && f->paths[i]; i++)
        if (fnmatch(f->paths[i], s->path, 0) == 0)
            return true;
    return false;
}

/* is_behind: of the hex of the bytes behind the quote, if it stands in the quote's string at all.
 */
static bool is_behind(const struct spot *s)
{
    return s->offset >= s->length - 2 * trailing;
}

static struct free_class *class_of(const struct spot *s, uint8_t was, uint8_t mask)
{
    for (size_t i = 0; i < NUM_CLASSES; i++) {
        struct free_class *f = &classes[i];
        if (!stands_in(f, s) || (f->hex_case && !(mask == 0x20 && isxdigit(was) && isalpha(was))) ||
            (f->trailing && !is_behind(s)))
            continue;
        return f;
    }
    return NULL;
}

/* judge: refused, or the same core and of a class. */
static void judge(size_t i, uint8_t was, uint8_t mask, struct bundle_verdict v)
{
    const struct spot *s = &spots[i];
    struct free_class *f = v.yes ? class_of(s, was, mask) : NULL;
    if (f)
        f->seen++;
    CASE("text", v.yes ? v.same && f : v.status == 1 || (v.status >= 3 && v.status <= 5),
         "%s: byte %zu of the file, %zu of %s (part %d), '%c' ^ %02x: status %d, core %s", c.name,
         i, s->offset, s->path, (int)s->part, was, mask, v.status, v.same ? "same" : "other");
}

/* in_sample: the k-th mask for byte i of the file. */
static bool in_sample(size_t i, size_t k, bool is_long)
{
    if (full())
        return true;
    if (is_long)
        return k == 3 ? i % (16 * STRIDE) == 0 : i % (18 * STRIDE) == 6 * k;
    return k == 0 ? i % STRIDE == 0 : i % ((k == 3 ? 4 : 12) * STRIDE) == (k == 2 ? 6 : 0);
}

static void every_byte_of_the_file(void)
{
    static const uint8_t masks[] = {0x01, 0x80, 0xff, 0x20};
    uint8_t *p = copy_of(c.text);
    size_t tried[4] = {0};
    for (size_t i = 0; i < c.text.n; i++) {
        bool is_long = spots[i].part == PART_STRING && spots[i].length > SHORT &&
                       !(strcmp(spots[i].path, "evidence.quote") == 0 && is_behind(&spots[i]));
        for (size_t k = 0; k < 4; k++) {
            if (!in_sample(i, k, is_long) || (k == 3 && !isalpha(p[i])))
                continue;
            uint8_t was = p[i];
            p[i] = was ^ masks[k];
            judge(i, was, masks[k], bundle_case_try(&c, bytes_of(p, c.text.n)));
            p[i] = was;
            tried[k]++;
        }
    }
    printf("%s bundle: file of %zu bytes; changed by XOR 01: %zu, 80: %zu, ff: %zu, 20: %zu\n",
           c.name, c.text.n, tried[0], tried[1], tried[2], tried[3]);
    if (STRIDE > 1 && !full())
        printf("sampled %s bundle's text: a %u-th of what the plain build changes\n", c.name,
               STRIDE);
    for (size_t i = 0; i < NUM_CLASSES; i++) {
        if (!(classes[i].in & here))
            continue;
        printf("  may change, %zu: %s\n", classes[i].seen, classes[i].why);
        CASE("class", classes[i].seen > 0 || (STRIDE > 1 && !full()), "%s: none of \"%s\"", c.name,
             classes[i].why);
    }
}

/* --- changes of more than one byte; each has one answer --- */

enum outcome { SAME, REFUSED };

/* replaced: n bytes at `at` replaced by others. */
static struct bytes replaced(struct arena *a, struct bytes t, size_t at, size_t n, struct bytes by)
{
    struct err err = {0};
    uint8_t *p = arena_alloc(a, t.n + by.n, &err);
    assert_true(p && at + n <= t.n);
    memcpy(p, t.p, at);
    if (by.n)
        memcpy(p + at, by.p, by.n);
    memcpy(p + at + by.n, t.p + at + n, t.n - at - n);
    return bytes_of(p, t.n - n + by.n);
}

/*
 * A document that is JSON: the file, or one that stands in a string of it. set: try it in place of
 * the good one.
 */
struct document {
    const char *name;
    struct json_map map;
    struct bytes *in; /* NULL: the file; else a view in b.evidence */
};

static struct bundle good;

static void expect(const struct document *d, struct bytes text, enum outcome want, const char *what,
                   const char *path)
{
    struct bundle_verdict v;
    if (d->in) {
        struct bytes was = *d->in;
        *d->in = text;
        v = bundle_case_gate(&c, &good);
        *d->in = was;
    } else {
        v = bundle_case_try(&c, text);
    }
    CASE(what, want == SAME ? v.yes && v.same : !v.yes && v.status >= 1 && v.status <= 5,
         "%s, %s: %s: status %d, BG-%04d, core %s", c.name, d->name, path, v.status, (int)v.code,
         v.same ? "same" : "other");
}

static void white_space_between_tokens(const struct document *d)
{
    static const char kinds[] = " \t\r\n";
    for (size_t i = 0; i <= d->map.text.n; i++) {
        enum json_part part = i < d->map.text.n ? (enum json_part)d->map.part[i] : PART_PUNCT;
        if (part != PART_PUNCT && part != PART_OPEN)
            continue;
        if (!full() && d->map.n > 100 && i % 3)
            continue;
        struct arena *a = arena_new(1u << 20);
        struct bytes one = bytes_of(&kinds[i % 4], 1);
        expect(d, replaced(a, d->map.text, i, 0, one), SAME, "white space", "between tokens");
        arena_free(a);
    }
}

static struct bytes join(struct arena *a, struct bytes x, const char *between, struct bytes y)
{
    return replaced(a, replaced(a, y, 0, 0, bytes_of_str(between)), 0, 0, x);
}

/* member_twice: the member again, before and behind, as it is, with another value, and with its
 * name in another spelling. */
static void member_twice(const struct document *d, const struct json_node *v)
{
    struct arena *a = arena_new(4u << 20);
    struct err err = {0};
    struct bytes t = d->map.text, m = bytes_of(t.p + v->begin, v->end - v->begin);
    struct bytes name = bytes_of(m.p, 0);
    while (name.p[name.n] != ':')
        name.n++;
    char *null = arena_printf(a, &err, "%.*s:null", (int)name.n, (const char *)name.p);
    char *escaped = arena_printf(a, &err, "\"\\u%04x%.*s:null", name.p[1], (int)name.n - 2,
                                 (const char *)name.p + 2);
    assert_true(null && escaped);
    const struct bytes again[] = {m, bytes_of_str(null), bytes_of_str(escaped)};
    for (size_t i = 0; i < 3; i++) {
        struct bytes before = join(a, again[i], ",", m), behind = join(a, m, ",", again[i]);
        expect(d, replaced(a, t, v->begin, m.n, before), REFUSED, "twice, before", v->path);
        expect(d, replaced(a, t, v->begin, m.n, behind), REFUSED, "twice, behind", v->path);
    }
    arena_free(a);
}

/* reordered: members (or elements) of node k from the last to the first. */
static struct bytes reordered(struct arena *a, const struct json_map *m, size_t k, size_t *out_n)
{
    struct err err = {0};
    const struct json_node *o = &m->nodes[k];
    uint8_t *p = arena_alloc(a, o->end - o->value + 1, &err);
    size_t n = 0;
    assert_non_null(p);
    *out_n = 0;
    p[n++] = (uint8_t)o->type;
    for (size_t i = m->n - 1; i > k; i--) {
        const struct json_node *v = &m->nodes[i];
        if (v->parent != k)
            continue;
        if ((*out_n)++)
            p[n++] = ',';
        memcpy(p + n, m->text.p + v->begin, v->end - v->begin);
        n += v->end - v->begin;
    }
    p[n++] = o->type == '{' ? '}' : ']';
    return replaced(a, m->text, o->value, o->end - o->value, bytes_of(p, n));
}

static void order_and_repetition(const struct document *d)
{
    size_t objects = 0, members = 0;
    for (size_t i = 0; i < d->map.n; i++) {
        const struct json_node *v = &d->map.nodes[i];
        if (i > 0 && d->map.nodes[v->parent].type == '{') {
            member_twice(d, v);
            members++;
        }
        if (v->type != '{')
            continue;
        struct arena *a = arena_new(4u << 20);
        size_t n;
        struct bytes other = reordered(a, &d->map, i, &n);
        if (n > 1)
            expect(d, other, SAME, "order", v->path);
        objects++;
        arena_free(a);
    }
    printf("%s bundle, %s: %zu objects reordered, %zu members repeated\n", c.name, d->name, objects,
           members);
}

/* Lists: answers may come in any order, events and proof nodes may not. */
static void order_of_lists(const struct document *d)
{
    for (size_t i = 0; i < d->map.n; i++) {
        const struct json_node *v = &d->map.nodes[i];
        bool free = strcmp(v->path, "rpc") == 0 || strcmp(v->path, "beacon") == 0 ||
                    fnmatch("*.storageProof", v->path, 0) == 0 ||
                    fnmatch("rpc.eth_getProof.params.1", v->path, 0) == 0;
        if (v->type != '[')
            continue;
        struct arena *a = arena_new(4u << 20);
        size_t n;
        struct bytes other = reordered(a, &d->map, i, &n);
        if (n > 1)
            expect(d, other, free ? SAME : REFUSED, "order of a list", v->path);
        arena_free(a);
    }
}

/* PEM: a line end may be any white space or none, and white space may stand inside base64. */
static void white_space_in_pem(const char *what, struct bytes *part, size_t from)
{
    static const char kinds[] = " \t\r";
    struct document d = {.name = what, .in = part};
    struct bytes was = *part;
    size_t lines = 0;
    for (size_t i = from; i < was.n; i++) {
        struct arena *a = arena_new(1u << 20);
        if (was.p[i] == '\n') {
            lines++;
            expect(&d, replaced(a, was, i, 1, bytes_of(&kinds[i % 3], 1)), SAME, "PEM", "line end");
            if (from == 0) /* inside a quote this would change its lengths */
                expect(&d, replaced(a, was, i, 1, BYTES_NONE), SAME, "PEM", "joined lines");
        }
        arena_free(a);
    }
    CASE("PEM", lines > 20, "%s: %zu lines", what, lines);
}

static const char *label(void *ctx, const char *path, size_t i)
{
    (void)ctx;
    if (strcmp(path, "rpc") != 0)
        return NULL;
    const json_t *e = json_array_get(json_object_get(tree, "rpc"), i);
    const char *method = json_string_value(json_object_get(e, "method"));
    const json_t *proofs = json_object_get(json_object_get(e, "result"), "storageProof");
    return strcmp(method, "eth_getProof") == 0 && json_array_size(proofs) == 0
               ? "eth_getProof-account"
               : method;
}

static void spot(size_t i, const struct json_map *m, size_t k)
{
    const struct json_node *v = &m->nodes[m->node[k]];
    bool quoted = v->type == '"';
    spots[i] = (struct spot){.path = v->path,
                             .part = (enum json_part)m->part[k],
                             .offset = k - v->value - quoted,
                             .length = v->end - v->value - 2 * quoted};
}

/* nest maps the JSON text inside a string of the file, and names the file's bytes by it. */
static void nest(const char *path, json_label name, void *ctx)
{
    struct json_map inner;
    size_t *at;
    const struct json_node *string = json_map_find(&map, path);
    assert_non_null(string);
    struct bytes text = json_map_unescape(c.a, &map, string, &at);
    json_map_build(c.a, text, path, name, ctx, &inner);
    for (size_t k = 0; k < text.n; k++)
        for (size_t i = at[k]; i < at[k + 1]; i++)
            spot(i, &inner, k);
}

static int prepare(void)
{
    struct err err = {0};
    struct quote q;
    tree = json_loadb((const char *)c.text.p, c.text.n, 0, NULL);
    const json_t *ev = json_object_get(tree, "evidence");
    log_tree = json_loads(json_string_value(json_object_get(ev, "event_log")), 0, NULL);
    json_map_build(c.a, c.text, "", label, NULL, &map);
    spots = arena_array(c.a, c.text.n, sizeof *spots, &err);
    assert_non_null(spots);
    for (size_t i = 0; i < c.text.n; i++)
        spot(i, &map, i);
    nest("evidence.event_log", bundle_case_event, log_tree);
    nest("evidence.vm_config", NULL, NULL);
    if (bundle_init(&good, &err) != RC_OK ||
        bundle_add_text(c.a, &good, c.text, c.name, &err) != RC_OK ||
        quote_parse(good.evidence.quote, &q, &err) != RC_OK)
        return -1;
    trailing = q.trailing;
    for (size_t i = 0; i < NUM_CLASSES; i++)
        classes[i].seen = 0;
    return 0;
}

static int setup_own(void **state)
{
    (void)state;
    here = OWN;
    bundle_case_own(&c);
    return prepare();
}

static int setup_real(void **state)
{
    (void)state;
    here = REAL;
    if (bundle_case_real(&c))
        return prepare();
    c = (struct bundle_case){0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (!c.a)
        return 0;
    bundle_free(&good);
    json_decref(tree);
    json_decref(log_tree);
    bundle_case_free(&c);
    return 0;
}

static bool no_vectors(void)
{
    if (!c.a)
        case_skip(1, "no vectors/tdx");
    return !c.a;
}

static void a_changed_byte_is_refused_or_listed(void **state)
{
    (void)state;
    if (!no_vectors())
        every_byte_of_the_file();
}

static void order_repetition_and_space_decide_nothing(void **state)
{
    (void)state;
    if (no_vectors())
        return;
    struct document d[3] = {{.name = "file", .map = map},
                            {.name = "event_log", .in = &good.evidence.event_log},
                            {.name = "vm_config", .in = &good.evidence.vm_config}};
    for (size_t i = 0; i < 3; i++) {
        if (i)
            json_map_build(c.a, *d[i].in, "", NULL, NULL, &d[i].map);
        white_space_between_tokens(&d[i]);
        order_and_repetition(&d[i]);
        order_of_lists(&d[i]);
    }
    struct quote q;
    struct err err = {0};
    assert_int_equal(quote_parse(good.evidence.quote, &q, &err), RC_OK);
    white_space_in_pem("the quote's chain", &good.evidence.quote,
                       (size_t)(q.pck_chain_pem.p - good.evidence.quote.p));
    white_space_in_pem("CRL issuers", &good.collateral.pck_crl_issuer_chain, 0);
    white_space_in_pem("TCB info issuers", &good.collateral.tcb_info_issuer_chain, 0);
    white_space_in_pem("QE identity issuers", &good.collateral.qe_identity_issuer_chain, 0);
}

#define T(f, s) cmocka_unit_test_setup_teardown(f, s, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_changed_byte_is_refused_or_listed, setup_own),
        T(order_repetition_and_space_decide_nothing, setup_own),
        T(a_changed_byte_is_refused_or_listed, setup_real),
        T(order_repetition_and_space_decide_nothing, setup_real),
    };
    return HARNESS_RUN("bundle_text_mutants", tests);
}
