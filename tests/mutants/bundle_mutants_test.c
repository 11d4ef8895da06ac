/*
 * Two accepted bundles (tests/lib/bundle_case: all of our own make; a real guest's evidence with
 * Intel's collateral), one decoded byte changed at a time, and the whole gate run: quote,
 * certificates (DER, put back into their PEM), CRLs, signed documents, signatures, event log,
 * vm_config with the image's material, app-compose, and every proof node, code, header field,
 * claim and question of the chain's answers. XOR 01, 80 and ff: never allowed.
 *
 * Sampling: a value of at most 32 bytes, and the fields of the quote that say a type or a length,
 * get all three; longer values one of the three by position (with AddressSanitizer: each seventh
 * byte). The PEM text inside the quote is left to its DER. BOOTGATE_MUTANTS=full in the
 * environment: everything, all three everywhere. What may change is the subject of
 * bundle_text_mutants.
 */
#include "tests/lib/bundle_case.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/base64.h"
#include "quote/quote.h"
#include "tests/lib/json_map.h"

#define SHORT 32u           /* bytes of a value that gets all masks */
#ifdef __SANITIZE_ADDRESS__ /* slower, and after other defects */
#define STRIDE 17u
#else
#define STRIDE 1u
#endif

static const uint8_t masks[3] = {0x01, 0x80, 0xff};

static struct bundle_case c;
static struct bundle good;          /* c.text, read */
static size_t bytes_seen, tried[3]; /* decoded bytes; mutants by mask */

static bool full(void)
{
    const char *v = getenv("BOOTGATE_MUTANTS");
    return v && strcmp(v, "full") == 0;
}

static void never(const char *what, size_t i, uint8_t mask, struct bundle *b)
{
    struct bundle_verdict v = bundle_case_gate(&c, b);
    tried[mask == 0x01 ? 0 : mask == 0x80 ? 1 : 2]++;
    bool refused = !v.yes && (v.status == 1 || v.status == 3 || v.status == 4 || v.status == 5);
    CASE(what, refused, "%s: byte %zu ^ %02x: status %d, BG-%04d", c.name, i, mask, v.status,
         (int)v.code);
}

/* mask_for: the k-th mask for byte i; 0: not in this sample. */
static uint8_t mask_for(size_t i, size_t k, bool all)
{
    if (full() || (all && STRIDE == 1))
        return masks[k];
    return all ? (i % 3 == k ? masks[k] : 0) : i % (3 * STRIDE) == k * STRIDE ? masks[k] : 0;
}

/* own_copy: bytes that may be changed, in the place of *part. */
static uint8_t *own_copy(struct bytes *part)
{
    struct err err = {0};
    uint8_t *p = arena_copy(c.a, *part, &err);
    assert_non_null(p);
    *part = bytes_of(p, part->n);
    return p;
}

/* flip_raw: bytes from..to of *part, which is a view inside b. */
static void flip_raw(const char *what, struct bundle *b, struct bytes *part, size_t from, size_t to,
                     bool all)
{
    struct bytes was = *part;
    uint8_t *p = own_copy(part);
    assert_true(from < to && to <= was.n);
    bytes_seen += to - from;
    for (size_t i = from; i < to; i++)
        for (size_t k = 0; k < 3; k++) {
            uint8_t m = mask_for(i, k, all);
            p[i] ^= m;
            if (m)
                never(what, i, m, b);
            p[i] ^= m;
        }
    *part = was;
}

static void flip_part(const char *what, struct bundle *b, struct bytes *part)
{
    flip_raw(what, b, part, 0, part->n, part->n <= SHORT);
}

/*
 * flip_base64: the bytes that stand in base64 at text[at[0]], text[at[1]] ..: each group of four
 * characters is written again where it was, so that line breaks stay.
 */
static void flip_base64(const char *what, struct bundle *b, uint8_t *text, const size_t *at,
                        size_t num_chars)
{
    struct err err = {0};
    struct bytes plain = BYTES_NONE;
    uint8_t *squeezed = arena_alloc(c.a, num_chars, &err);
    assert_non_null(squeezed);
    for (size_t i = 0; i < num_chars; i++)
        squeezed[i] = text[at[i]];
    assert_true(base64_decode(c.a, bytes_of(squeezed, num_chars), &plain, &err));
    bytes_seen += plain.n;
    for (size_t i = 0; i < plain.n; i++) {
        size_t g = i / 3, n = plain.n - 3 * g < 3 ? plain.n - 3 * g : 3;
        for (size_t k = 0; k < 3; k++) {
            uint8_t m = mask_for(i, k, plain.n <= SHORT), three[3], four[5];
            if (!m)
                continue;
            memcpy(three, plain.p + 3 * g, n);
            three[i % 3] ^= m;
            assert_int_equal(EVP_EncodeBlock(four, three, (int)n), 4);
            for (size_t j = 0; j < 4; j++)
                text[at[4 * g + j]] = four[j];
            never(what, i, m, b);
            for (size_t j = 0; j < 4; j++)
                text[at[4 * g + j]] = squeezed[4 * g + j];
        }
    }
}

/* flip_ders: each certificate of a PEM text that stands in p[from..to]. */
static size_t flip_ders(const char *what, struct bundle *b, uint8_t *p, size_t from, size_t to)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----";
    struct err err = {0};
    size_t *at = arena_array(c.a, to - from, sizeof *at, &err), certs = 0;
    assert_non_null(at);
    for (size_t i = from; i + sizeof begin - 1 <= to; i++) {
        size_t n = 0;
        if (memcmp(p + i, begin, sizeof begin - 1) != 0)
            continue;
        for (i += sizeof begin - 1; i < to && p[i] != '-'; i++)
            if (!strchr(" \t\r\n", p[i]))
                at[n++] = i;
        flip_base64(what, b, p, at, n);
        certs++;
    }
    return certs;
}

static void no_byte_of_the_quote_may_change(void **state)
{
    (void)state;
    struct bundle b = good;
    struct quote q;
    struct err err = {0};
    uint8_t *p = own_copy(&b.evidence.quote);
    size_t n = b.evidence.quote.n;
    assert_int_equal(quote_parse(b.evidence.quote, &q, &err), RC_OK);
    size_t chain = (size_t)(q.pck_chain_pem.p - p), sig = (size_t)(q.signature.p - p);
    size_t cert = (size_t)(q.qe_report_raw.p - p), auth = (size_t)(q.qe_auth_data.p - p);
    const size_t all[][2] = {{0, q.version == 5 ? 54 : 48}, /* header, body descriptor */
                             {sig - 4, sig},                /* signature data's length */
                             {cert - 6, cert}, /* certification data's type and length */
                             {auth - 2, auth}, /* length of the authentication data */
                             {auth + q.qe_auth_data.n, chain}}; /* the chain's type and length */
    for (size_t i = 0, r = 0; i < n - q.trailing;) {
        if (r < 5 && i == all[r][0]) {
            flip_raw("quote", &b, &b.evidence.quote, i, all[r][1], true);
            i = all[r++][1];
        } else {
            size_t to = r < 5 ? all[r][0] : n - q.trailing;
            if (r < 5 || full())
                flip_raw("quote", &b, &b.evidence.quote, i, to, false);
            i = to;
        }
    }
    assert_int_equal(flip_ders("quote's certificate", &b, p, chain, chain + q.pck_chain_pem.n), 3);
}

static void no_byte_of_the_collateral_may_change(void **state)
{
    (void)state;
    struct bundle b = good;
    struct collateral *d = &b.collateral;
    flip_part("root CRL", &b, &d->root_ca_crl);
    flip_part("PCK CRL", &b, &d->pck_crl);
    flip_part("TCB info", &b, &d->tcb_info);
    flip_part("TCB info signature", &b, &d->tcb_info_signature);
    flip_part("QE identity", &b, &d->qe_identity);
    flip_part("QE identity signature", &b, &d->qe_identity_signature);
    struct bytes *chains[] = {&d->pck_crl_issuer_chain, &d->tcb_info_issuer_chain,
                              &d->qe_identity_issuer_chain};
    for (size_t i = 0; i < 3; i++) {
        uint8_t *p = own_copy(chains[i]);
        assert_int_equal(flip_ders("issuer's certificate", &b, p, 0, chains[i]->n), 2);
    }
}

/* flip_hex: the bytes written in hex at text[from]. */
static void flip_hex(const char *what, struct bundle *b, uint8_t *text, size_t from, size_t chars)
{
    static const char digits[] = "0123456789abcdef";
    assert_true(chars % 2 == 0);
    bytes_seen += chars / 2;
    for (size_t i = 0; i < chars / 2; i++)
        for (size_t k = 0; k < 3; k++) {
            uint8_t m = mask_for(i, k, chars / 2 <= SHORT), was[2], *p = text + from + 2 * i;
            uint8_t byte = 0;
            if (!m)
                continue;
            memcpy(was, p, 2);
            assert_true(hex_decode(bytes_of(p, 2), &byte, 1));
            p[0] = (uint8_t)digits[(byte ^ m) >> 4];
            p[1] = (uint8_t)digits[(byte ^ m) & 15];
            never(what, i, m, b);
            memcpy(p, was, 2);
        }
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

static size_t find_all(const char *what, struct bundle *b, struct bytes *text,
                       const struct json_map *m, const char *path)
{
    size_t found = 0;
    for (size_t i = 0; i < m->n; i++) {
        const struct json_node *v = &m->nodes[i];
        uint8_t *p = (uint8_t *)(uintptr_t)text->p; /* a copy of our own */
        bool str = v->type == '"';
        size_t from = v->value + str, n = v->end - v->value - 2 * str;
        if (strcmp(v->path, path) != 0 || n == 0)
            continue;
        if (ends_with(path, "payload") || ends_with(path, "digest") || ends_with(path, "hash"))
            flip_hex(what, b, p, from, n);
        else
            flip_raw(what, b, text, from, from + n, n <= SHORT);
        found++;
    }
    return found;
}

static void no_byte_of_the_event_log_may_change(void **state)
{
    (void)state;
    struct bundle b = good;
    struct bytes *text = &b.evidence.event_log;
    struct json_map m;
    AUTO_JSON log = json_loadb((const char *)text->p, text->n, 0, NULL);
    own_copy(text);
    json_map_build(c.a, *text, "log", bundle_case_event, log, &m);
    assert_true(find_all("firmware digest", &b, text, &m, "log.firmware.digest") >= 15);
    assert_int_equal(find_all("ACPI digest", &b, text, &m, "log.acpi.digest"), 3);
    assert_true(find_all("event name", &b, text, &m, "log.dstack.event") >= 7);
    assert_true(find_all("event payload", &b, text, &m, "log.dstack.event_payload") >= 4);
    assert_true(find_all("app event name", &b, text, &m, "log.app.event") >= 1);
    assert_true(find_all("app event payload", &b, text, &m, "log.app.event_payload") >= 1);
    assert_true(find_all("register", &b, text, &m, "log.dstack.imr") >= 7);
    assert_true(find_all("register", &b, text, &m, "log.app.imr") >= 1);
    assert_true(find_all("register", &b, text, &m, "log.firmware.imr") >= 15);
    assert_true(find_all("event type", &b, text, &m, "log.dstack.event_type") >= 7);
    /* Where the image is proven, the ACPI events are found by type, name and payload. */
    size_t want = c.config.require_os_image ? 3 : 0;
    if (want) {
        assert_int_equal(find_all("ACPI name", &b, text, &m, "log.acpi.event"), want);
        assert_int_equal(find_all("ACPI payload", &b, text, &m, "log.acpi.event_payload"), want);
        assert_int_equal(find_all("ACPI type", &b, text, &m, "log.acpi.event_type"), want);
        assert_true(find_all("encoding", &b, text, &m, "log.dstack.version") >= 7);
    } else {
        assert_true(find_all("event digest", &b, text, &m, "log.dstack.digest") >= 7);
    }
}

static void flip_material(struct bundle *b, const struct json_map *m, const char *path)
{
    struct err err = {0};
    const struct json_node *v = json_map_find(m, path);
    assert_non_null(v);
    size_t n = v->end - v->value - 2, *at = arena_array(c.a, n, sizeof *at, &err);
    assert_non_null(at);
    for (size_t i = 0; i < n; i++)
        at[i] = v->value + 1 + i;
    flip_base64(path, b, (uint8_t *)(uintptr_t)b->evidence.vm_config.p, at, n);
}

static void no_byte_of_the_image_material_may_change(void **state)
{
    (void)state;
    struct bundle b = good;
    struct bytes *text = &b.evidence.vm_config;
    struct json_map m;
    own_copy(text);
    json_map_build(c.a, *text, "vm", NULL, NULL, &m);
    assert_int_equal(find_all("image hash", &b, text, &m, "vm.os_image_hash"), 1);
    if (c.config.require_os_image) {
        assert_int_equal(find_all("memory size", &b, text, &m, "vm.memory_size"), 1);
        assert_int_equal(find_all("layout", &b, text, &m, "vm.ovmf_variant"), 1);
        flip_material(&b, &m, "vm.tdx_measurement.measurement");
        flip_material(&b, &m, "vm.tdx_measurement.checksum_file");
        flip_part("app-compose", &b, &b.evidence.app_compose);
    }
    flip_part("claimed report data", &b, &b.evidence.report_data);
}

/* flip_string: hex with any number of digits as the number it is; other text as it stands. */
static void flip_string(struct bundle *b, json_t *str, const char *what)
{
    struct err err = {0};
    char *was = arena_printf(c.a, &err, "%s", json_string_value(str));
    assert_non_null(was);
    bool hex = strncmp(was, "0x", 2) == 0;
    char *text = arena_printf(c.a, &err, "%s%s",
                              hex && strlen(was) % 2 ? "0x0"
                              : hex                  ? "0x"
                                                     : "",
                              was + (hex ? 2 : 0));
    assert_non_null(text);
    size_t len = strlen(text), n = hex ? len / 2 - 1 : len;
    static const char digits[] = "0123456789abcdef";
    bytes_seen += n;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < 3; k++) {
            uint8_t m = mask_for(i, k, n <= SHORT), byte = 0;
            char *p = text + (hex ? 2 + 2 * i : i), old[2] = {p[0], p[1]};
            if (!m)
                continue;
            if (hex) {
                assert_true(hex_decode(bytes_of(p, 2), &byte, 1));
                p[0] = digits[(byte ^ m) >> 4];
                p[1] = digits[(byte ^ m) & 15];
            } else {
                p[0] = (char)(uint8_t)((uint8_t)p[0] ^ m);
            }
            assert_int_equal(json_string_setn_nocheck(str, text, len), 0);
            never(what, i, m, b);
            p[0] = old[0];
            if (hex)
                p[1] = old[1];
        }
    assert_int_equal(json_string_set(str, was), 0);
}

/* Not read: what a node says beside the header, and which slots a question listed. */
static bool unread(const char *method, const char *key, size_t i)
{
    static const char *const beside[] = {"size", "transactions", "uncles"};
    for (size_t k = 0; k < 3; k++)
        if (key && strcmp(key, beside[k]) == 0)
            return true;
    return !key && i == 1 && strcmp(method, "eth_getProof") == 0;
}

static void flip_json(struct bundle *b, const char *method, json_t *v, const char *what)
{
    const char *key;
    size_t i;
    json_t *e;
    if (json_is_string(v))
        flip_string(b, v, what);
    if (json_is_array(v))
        json_array_foreach(v, i, e) flip_json(b, method, e, what);
    if (json_is_object(v))
        json_object_foreach(v, key, e) if (!unread(method, key, 0)) flip_json(b, method, e, key);
}

static void no_byte_of_the_chain_answers_may_change(void **state)
{
    (void)state;
    struct bundle b = good;
    AUTO_JSON rpc = json_deep_copy(good.rpc);
    size_t i, k, before = bytes_seen;
    json_t *entry, *param;
    b.rpc = rpc;
    json_array_foreach(rpc, i, entry)
    {
        const char *method = json_string_value(json_object_get(entry, "method"));
        json_t *params = json_object_get(entry, "params");
        json_array_foreach(params, k, param) if (!unread(method, NULL, k))
            flip_json(&b, method, param, "question");
        flip_json(&b, method, json_object_get(entry, "result"), "result");
        flip_json(&b, method, json_object_get(entry, "method"), "method");
    }
    assert_true(bytes_seen - before > 7000);
    assert_true(bundle_case_gate(&c, &b).same); /* all was put back */
}

static int read_good(void)
{
    struct err err = {0};
    bytes_seen = 0;
    memset(tried, 0, sizeof tried);
    if (bundle_init(&good, &err) == RC_OK &&
        bundle_add_text(c.a, &good, c.text, c.name, &err) == RC_OK)
        return 0;
    return -1;
}

static int setup_own(void **state)
{
    (void)state;
    bundle_case_own(&c);
    return read_good();
}

static int setup_real(void **state)
{
    (void)state;
    if (bundle_case_real(&c))
        return read_good();
    c = (struct bundle_case){0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (!c.a)
        return 0;
    printf("%s bundle: %zu decoded bytes%s; changed by XOR 01: %zu, 80: %zu, ff: %zu\n", c.name,
           bytes_seen, full() ? ", all of them" : "", tried[0], tried[1], tried[2]);
    if (STRIDE > 1 && !full())
        printf("sampled %s bundle: one change of each byte of short values, each %u-th byte of the "
               "longer; the plain build takes all\n",
               c.name, STRIDE);
    bundle_free(&good);
    bundle_case_free(&c);
    return 0;
}

static void nothing_of_the_own_bundle_may_change(void **state)
{
    no_byte_of_the_quote_may_change(state);
    no_byte_of_the_collateral_may_change(state);
    no_byte_of_the_event_log_may_change(state);
    no_byte_of_the_image_material_may_change(state);
    no_byte_of_the_chain_answers_may_change(state);
}

static void nothing_of_the_real_bundle_may_change(void **state)
{
    if (!c.a) {
        case_skip(1, "no vectors/tdx");
        return;
    }
    nothing_of_the_own_bundle_may_change(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_of_the_own_bundle_may_change, setup_own, teardown),
        cmocka_unit_test_setup_teardown(nothing_of_the_real_bundle_may_change, setup_real,
                                        teardown),
    };
    return HARNESS_RUN("bundle_mutants", tests);
}
