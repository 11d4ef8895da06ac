/*
 * evidence: every container by its content, from real dstack answers and from containers made here;
 * what is malformed is refused with its own code.
 */
#include "tests/lib/harness.h"

#include <openssl/ec.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/limits.h"
#include "quote/evlog.h"
#include "quote/quote.h"
#include "tests/lib/tdx_world.h"

static struct bytes made_quote(struct arena *a)
{
    static struct tdx_world w;
    struct tdx_bundle b;
    tdx_world_default(&w);
    tdx_world_build(a, &w, &b);
    return b.quote;
}

static char *hex(struct arena *a, struct bytes b)
{
    struct err err = {0};
    char *t = hex_str(a, b, &err);
    assert_non_null(t);
    return t;
}

static enum rc read_text(struct arena *a, const char *text, struct evidence *ev)
{
    struct err err = {0};
    return evidence_read(a, bytes_of_str(text), ev, &err);
}

/* print: like sprintf, into the arena. */
#define print(a, ...) arena_printf((a), &(struct err){0}, __VA_ARGS__)

static void raw_and_hex_are_told_apart(void **state)
{
    (void)state;
    struct arena *a = arena_new(16u << 20);
    struct bytes q = made_quote(a);
    struct evidence ev = {0};
    struct err err = {0};
    assert_int_equal(evidence_read(a, q, &ev, &err), RC_OK);
    assert_int_equal(ev.format, EVIDENCE_RAW);
    assert_ptr_equal(ev.quote.p, q.p);
    const char *texts[] = {hex(a, q), print(a, " \r\n%s\n", hex(a, q)),
                           print(a, "0x%s", hex(a, q))};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(read_text(a, texts[i], &ev), RC_OK);
        assert_int_equal(ev.format, EVIDENCE_HEX);
        assert_true(bytes_eq(ev.quote, q));
        assert_int_equal(ev.event_log.n, 0);
    }
    assert_int_equal(read_text(a, print(a, "%s0", hex(a, q)), &ev), BG_EVIDENCE_HEX_ODD);
    assert_int_equal(read_text(a, "", &ev), BG_EVIDENCE_EMPTY);
    assert_int_equal(read_text(a, " \n", &ev), BG_EVIDENCE_EMPTY);
    assert_int_equal(read_text(a, "hello", &ev), BG_EVIDENCE_UNKNOWN);
    assert_int_equal(read_text(a, "[1,2]", &ev), BG_EVIDENCE_UNKNOWN);
    assert_int_equal(read_text(a, "ffff", &ev), BG_EVIDENCE_UNKNOWN);
    assert_int_equal(read_text(a, "-----BEGIN PUBLIC KEY-----\n", &ev), BG_RA_TLS_PEM);
    assert_int_equal(evidence_read(a, bytes_of(q.p, (size_t)LIMIT_FILE + 1), &ev, &err),
                     BG_EVIDENCE_SIZE);
    arena_free(a);
}

static void json_members_are_checked_one_by_one(void **state)
{
    (void)state;
    struct arena *a = arena_new(64u << 20);
    struct evidence ev;
    char *big = arena_alloc(a, LIMIT_VM_CONFIG + 2, &(struct err){0});
    assert_non_null(big);
    memset(big, 'x', LIMIT_VM_CONFIG + 1);
    const struct {
        const char *text;
        enum rc want;
    } rows[] = {
        {"{\"quote\":\"0400\"}", RC_OK},
        {"{\"quote\":\"0x0400\",\"event_log\":[],\"report_data\":\"\",\"vm_config\":\"\"}", RC_OK},
        {"{\"quote\":\"0400\",\"event_log\":null,\"other\":1}", RC_OK},
        {"{\"quote\":\"0400\"", BG_EVIDENCE_SYNTAX},
        {"{\"quote\":\"0400\",\"quote\":\"0400\"}", BG_EVIDENCE_SYNTAX},
        {"{\"quote\":\"0400\"} x", BG_EVIDENCE_SYNTAX},
        {"{\"quote\":\"040\"}", BG_EVIDENCE_QUOTE_HEX},
        {"{\"quote\":\"04 00\"}", BG_EVIDENCE_QUOTE_HEX},
        {"{\"quote\":4}", BG_EVIDENCE_QUOTE_HEX},
        {"{\"quote\":\"\"}", BG_EVIDENCE_NO_QUOTE},
        {"{}", BG_EVIDENCE_NO_QUOTE},
        {"{\"event_log\":{}}", BG_EVIDENCE_EVENT_LOG},
        {"{\"quote\":\"0400\",\"event_log\":7}", BG_EVIDENCE_EVENT_LOG},
        {"{\"quote\":\"0400\",\"runtime_events\":7}", BG_EVIDENCE_RUNTIME_EVENTS},
        {"{\"quote\":\"0400\",\"vm_config\":{}}", BG_EVIDENCE_VM_CONFIG},
        {print(a, "{\"quote\":\"0400\",\"vm_config\":\"%s\"}", big), BG_EVIDENCE_VM_CONFIG},
        {"{\"quote\":\"0400\",\"report_data\":\"00\"}", BG_EVIDENCE_REPORT_DATA},
        {"{\"quote\":\"0400\",\"td_report\":\"00\"}", BG_EVIDENCE_TD_REPORT},
        {"{\"quote\":\"0400\",\"app_compose\":[]}", BG_EVIDENCE_APP_COMPOSE},
        {"{\"quote\":\"0400\",\"ccel\":\"0\"}", BG_EVIDENCE_CCEL},
        {"{\"attestation\":\"zz\"}", BG_EVIDENCE_ATTESTATION_HEX},
        {"{\"attestation\":\"8000\"}", BG_ATTESTATION_V1},
        {"{\"attestation\":\"de0001\"}", BG_ATTESTATION_V1},
        {"{\"schema\":2,\"evidence\":{\"quote\":\"0400\"}}", BG_EVIDENCE_SCHEMA},
        {"{\"schema\":\"1\",\"evidence\":{\"quote\":\"0400\"}}", BG_EVIDENCE_SCHEMA},
        {"{\"schema\":1}", BG_EVIDENCE_NOT_OBJECT},
        {"{\"schema\":1,\"evidence\":[]}", BG_EVIDENCE_NOT_OBJECT},
        {"{\"schema\":1,\"evidence\":{\"quotte\":\"0400\"}}", BG_EVIDENCE_MEMBER_UNKNOWN},
        {"{\"schema\":1,\"evidence\":{\"quote\":\"0400\"},\"rpc\":[]}", RC_OK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        memset(&ev, 0, sizeof ev);
        enum rc rc = read_text(a, rows[i].text, &ev);
        char name[61];
        snprintf(name, sizeof name, "%s", rows[i].text);
        CASE(name, rc == rows[i].want, "BG-%04d", rc);
        CASE(name, (rc == RC_OK) == (ev.quote.n == 2), "output touched, or no quote");
    }
    arena_free(a);
}

static void bundle_and_answer_give_the_same_parts(void **state)
{
    (void)state;
    struct arena *a = arena_new(16u << 20);
    char zeros[2049] = {0};
    memset(zeros, '0', 2048);
    const char *inner = print(a,
                              "{\"quote\":\"%s\",\"event_log\":\"[ ]\",\"vm_config\":\"{}\","
                              "\"report_data\":\"%.128s\",\"td_report\":\"%s\",\"ccel\":\"0102\","
                              "\"app_compose\":\"{\\\"a\\\": 1}\"}",
                              hex(a, made_quote(a)), zeros, zeros);
    const char *texts[] = {inner, print(a, "{\"schema\":1,\"evidence\":%s}", inner)};
    const enum evidence_format formats[] = {EVIDENCE_DSTACK, EVIDENCE_BUNDLE};
    for (size_t i = 0; i < 2; i++) {
        struct evidence ev = {0};
        assert_int_equal(read_text(a, texts[i], &ev), RC_OK);
        assert_int_equal(ev.format, formats[i]);
        assert_true(bytes_eq_str(ev.event_log, "[ ]")); /* exact bytes */
        assert_true(bytes_eq_str(ev.vm_config, "{}"));
        assert_true(bytes_eq_str(ev.app_compose, "{\"a\": 1}"));
        assert_int_equal(ev.report_data.n, 64);
        assert_int_equal(ev.td_report.n, 1024);
        assert_int_equal(ev.ccel.n, 2);
    }
    arena_free(a);
}

/* A SCALE writer of our own, for attestations. */
struct scale {
    uint8_t b[40000];
    size_t n;
};

static void put(struct scale *s, const void *p, size_t n)
{
    assert_true(s->n + n <= sizeof s->b);
    if (n)
        memcpy(s->b + s->n, p, n);
    s->n += n;
}

static void put_compact(struct scale *s, size_t n)
{
    uint32_t v = (uint32_t)n << 2;
    size_t len = n < 64 ? 1 : n < 16384 ? 2 : 4;
    v |= len == 1 ? 0 : len == 2 ? 1 : 2;
    put(s, (uint8_t[]){(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)}, len);
}

static void put_vec(struct scale *s, struct bytes b)
{
    put_compact(s, b.n);
    put(s, b.p, b.n);
}

static void put_attestation(struct scale *s, struct bytes quote)
{
    put(s, "\0\0", 2);
    put_vec(s, quote);
    put_compact(s, 1); /* one TdxEvent */
    put(s, "\3\0\0\0\1\0\0\10", 8);
    put_vec(s, BYTES_NONE);
    put_vec(s, bytes_of_str("app-id"));
    put_vec(s, bytes_of("\1\2\3", 3));
    put_compact(s, 1); /* one RuntimeEvent */
    put_vec(s, bytes_of_str("app-id"));
    put_vec(s, bytes_of("\1\2\3", 3));
    uint8_t report_data[64] = {7};
    put(s, report_data, 64);
    put_vec(s, bytes_of_str("{\"vm\":1}"));
}

static void attestation_v0_is_taken_apart(void **state)
{
    (void)state;
    struct arena *a = arena_new(64u << 20);
    static struct scale s;
    struct evidence ev = {0};
    struct err err = {0};
    s.n = 0;
    struct bytes quote = made_quote(a);
    put_attestation(&s, quote);
    assert_int_equal(evidence_read(a, bytes_of(s.b, s.n), &ev, &err), RC_OK);
    assert_int_equal(ev.format, EVIDENCE_SCALE);
    assert_true(bytes_eq(ev.quote, quote));
    assert_true(bytes_eq_str(ev.event_log, "[{\"imr\":3,\"event_type\":134217729,\"digest\":\"\","
                                           "\"event\":\"app-id\",\"event_payload\":\"010203\"}]"));
    assert_true(bytes_eq_str(ev.runtime_events, "[{\"event\":\"app-id\",\"payload\":\"AQID\"}]"));
    assert_true(bytes_eq_str(ev.vm_config, "{\"vm\":1}"));
    assert_true(ev.report_data.n == 64 && ev.report_data.p[0] == 7);
    const char *json = print(a, "{\"attestation\":\"%s\"}", hex(a, bytes_of(s.b, s.n)));
    assert_int_equal(read_text(a, json, &ev), RC_OK);
    assert_int_equal(ev.format, EVIDENCE_SCALE);
    assert_int_equal(read_text(a, hex(a, bytes_of(s.b, s.n)), &ev), RC_OK);
    assert_int_equal(ev.format, EVIDENCE_SCALE);
    for (size_t n = 2; n < s.n; n++) {
        uint8_t *exact = malloc(n);
        assert_non_null(exact);
        memcpy(exact, s.b, n);
        err_clear(&err);
        enum rc rc = evidence_read(a, bytes_of(exact, n), &ev, &err);
        free(exact);
        CASE("attestation", rc == BG_SCALE_CUT || rc == BG_SCALE_EVENTS, "cut at %zu: BG-%04d", n,
             rc);
    }
    put(&s, "", 1);
    err_clear(&err);
    assert_int_equal(evidence_read(a, bytes_of(s.b, s.n), &ev, &err), BG_SCALE_TRAILING);
    arena_free(a);
}

/* A claim is there to be checked: it must not vanish because an attestation stands beside it. */
static void claims_beside_an_attestation_are_kept(void **state)
{
    (void)state;
    struct arena *a = arena_new(64u << 20);
    static struct scale s;
    struct evidence ev = {0};
    uint8_t report_data[64] = {7}, td_report[1024] = {1};
    s.n = 0;
    put_attestation(&s, made_quote(a));
    const char *att = hex(a, bytes_of(s.b, s.n));
    const char *td = hex(a, BYTES_OF_ARRAY(td_report));
    const char *json = print(a,
                             "{\"attestation\":\"%s\",\"app_compose\":\"{}\",\"ccel\":\"0102\","
                             "\"td_report\":\"%s\",\"report_data\":\"%s\",\"vm_config\":\"[]\"}",
                             att, td, hex(a, BYTES_OF_ARRAY(report_data)));
    assert_int_equal(read_text(a, json, &ev), RC_OK);
    assert_int_equal(ev.format, EVIDENCE_SCALE);
    assert_true(bytes_eq_str(ev.app_compose, "{}"));
    assert_true(bytes_eq(ev.td_report, BYTES_OF_ARRAY(td_report)));
    assert_int_equal(ev.ccel.n, 2);
    assert_true(bytes_eq_str(ev.vm_config, "{\"vm\":1}")); /* the attestation's own */
    report_data[63] = 1;
    json = print(a, "{\"attestation\":\"%s\",\"report_data\":\"%s\"}", att,
                 hex(a, BYTES_OF_ARRAY(report_data)));
    assert_int_equal(read_text(a, json, &ev), BG_EVIDENCE_REPORT_DATA_TWO);
    arena_free(a);
}

static void attestations_of_other_kinds_are_named(void **state)
{
    (void)state;
    struct arena *a = arena_new(1u << 20);
    static const struct {
        const char *what;
        uint8_t b[16];
        size_t n;
        enum rc want;
    } rows[] = {
        {"GCP", {0, 1, 0}, 3, BG_SCALE_VARIANT},
        {"Nitro", {0, 2, 0}, 3, BG_SCALE_VARIANT},
        {"SNP", {0, 3, 0}, 3, BG_SCALE_VARIANT},
        {"msgpack", {0x84, 0xa7}, 2, BG_ATTESTATION_V1},
        {"msgpack map 16", {0xde, 0, 4}, 3, BG_ATTESTATION_V1},
        {"long form of a short length", {0, 0, 0x05, 0x00, 9, 0, 0}, 7, BG_SCALE_CUT},
        {"four-byte form of a short length", {0, 0, 0x06, 0, 0, 0, 9}, 7, BG_SCALE_CUT},
        {"big integer", {0, 0, 0x03, 0xff, 0xff, 0xff, 0xff}, 7, BG_SCALE_CUT},
        {"too many events", {0, 0, 0, 0xfe, 0xff, 0xff, 0xff}, 7, BG_SCALE_EVENTS},
        {"event name not UTF-8",
         {0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0xff, 0},
         16,
         BG_SCALE_TEXT},
        {"runtime event not UTF-8", {0, 0, 0, 0, 4, 4, 0xff, 0}, 8, BG_SCALE_RUNTIME_TEXT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct evidence ev;
        struct err err = {0};
        enum rc rc = evidence_read(a, bytes_of(rows[i].b, rows[i].n), &ev, &err);
        CASE(rows[i].what, rc == rows[i].want, "BG-%04d %s", rc, err.detail);
    }
    arena_free(a);
}

/* certificate: self-signed, with extensions {oid, content} whose value is content in an OCTET
 * STRING. */
struct ext {
    const char *oid;
    struct bytes content;
    bool bare; /* defect: the content stands there without its OCTET STRING */
};

static struct bytes certificate(struct arena *a, const struct ext *ext, size_t n, bool pem,
                                struct bytes *spki)
{
    X509 *x = X509_new();
    EVP_PKEY *key = EVP_EC_gen("P-384");
    assert_true(x && key && X509_set_version(x, 2) && X509_set_pubkey(x, key));
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    for (size_t i = 0; i < n; i++) {
        ASN1_OCTET_STRING *inner = ASN1_OCTET_STRING_new(), *outer = ASN1_OCTET_STRING_new();
        unsigned char *der = NULL;
        ASN1_OBJECT *oid = OBJ_txt2obj(ext[i].oid, 1);
        ASN1_OCTET_STRING_set(inner, ext[i].content.p, (int)ext[i].content.n);
        int len = i2d_ASN1_OCTET_STRING(inner, &der);
        if (ext[i].bare)
            ASN1_OCTET_STRING_set(outer, ext[i].content.p, (int)ext[i].content.n);
        else
            ASN1_OCTET_STRING_set(outer, der, len);
        X509_EXTENSION *e = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, outer);
        assert_true(e && X509_add_ext(x, e, -1) == 1);
        X509_EXTENSION_free(e);
        ASN1_OBJECT_free(oid);
        OPENSSL_free(der);
        ASN1_OCTET_STRING_free(inner);
        ASN1_OCTET_STRING_free(outer);
    }
    assert_true(X509_sign(x, key, EVP_sha384()) > 0);
    unsigned char *der = NULL, *key_der = NULL;
    int len = i2d_X509(x, &der), key_len = i2d_PUBKEY(key, &key_der);
    struct bytes out =
        bytes_of(arena_copy(a, bytes_of(der, (size_t)len), &(struct err){0}), (size_t)len);
    if (spki)
        *spki = bytes_of(arena_copy(a, bytes_of(key_der, (size_t)key_len), &(struct err){0}),
                         (size_t)key_len);
    OPENSSL_free(der);
    OPENSSL_free(key_der);
    X509_free(x);
    EVP_PKEY_free(key);
    return pem ? pki_pem(a, &out, 1) : out;
}

#define OID_QUOTE "1.3.6.1.4.1.62397.1.1"
#define OID_LOG   "1.3.6.1.4.1.62397.1.2"
#define OID_ATT   "1.3.6.1.4.1.62397.1.8"

static void ra_tls_certificates_carry_evidence(void **state)
{
    (void)state;
    struct arena *a = arena_new(64u << 20);
    static struct scale s;
    struct bytes quote = made_quote(a), spki, log = bytes_of_str("[]");
    s.n = 0;
    put_attestation(&s, quote);
    const struct ext old[] = {{OID_QUOTE, quote, false}, {OID_LOG, log, false}};
    const struct ext new[] = {{OID_QUOTE, log, false}, {OID_ATT, bytes_of(s.b, s.n), false}};
    for (int pem = 0; pem < 2; pem++) {
        struct evidence ev = {0};
        struct err err = {0};
        struct bytes cert = certificate(a, old, 2, pem, &spki);
        assert_int_equal(evidence_read(a, cert, &ev, &err), RC_OK);
        assert_int_equal(ev.format, EVIDENCE_RA_TLS);
        assert_true(bytes_eq(ev.quote, quote) && bytes_eq(ev.event_log, log));
        assert_true(bytes_eq(ev.ra_tls_spki, spki));
        cert = certificate(a, new, 2, pem, &spki); /* the attestation goes before the old ones */
        assert_int_equal(evidence_read(a, cert, &ev, &err), RC_OK);
        assert_int_equal(ev.format, EVIDENCE_RA_TLS);
        assert_true(bytes_eq(ev.quote, quote) && bytes_eq(ev.ra_tls_spki, spki));
        assert_true(bytes_eq_str(ev.vm_config, "{\"vm\":1}"));
    }
    arena_free(a);
}

static void odd_ra_tls_certificates_are_refused(void **state)
{
    (void)state;
    struct arena *a = arena_new(64u << 20);
    struct bytes quote = made_quote(a), log = bytes_of_str("[]"), v1 = bytes_of("\x80", 1);
    const struct {
        const char *what;
        struct ext ext[3];
        size_t n;
        enum rc want;
    } rows[] = {
        {"nothing", {{0}}, 0, BG_RA_TLS_NO_QUOTE},
        {"log only", {{OID_LOG, log, false}}, 1, BG_RA_TLS_NO_QUOTE},
        {"no log", {{OID_QUOTE, quote, false}}, 1, BG_RA_TLS_EVENT_LOG},
        {"quote twice",
         {{OID_QUOTE, quote, false}, {OID_QUOTE, quote, false}, {OID_LOG, log, false}},
         3,
         BG_RA_TLS_EXTENSION},
        {"no OCTET STRING inside",
         {{OID_QUOTE, quote, true}, {OID_LOG, log, false}},
         2,
         BG_RA_TLS_EXTENSION},
        {"attestation of version 1", {{OID_ATT, v1, false}}, 1, BG_ATTESTATION_V1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct evidence ev;
        struct err err = {0};
        struct bytes cert = certificate(a, rows[i].ext, rows[i].n, false, NULL);
        enum rc rc = evidence_read(a, cert, &ev, &err);
        CASE(rows[i].what, rc == rows[i].want, "BG-%04d %s", rc, err.detail);
        err_clear(&err);
        CASE(rows[i].what,
             evidence_read(a, bytes_of(cert.p, cert.n - 1), &ev, &err) == BG_RA_TLS_DER,
             "cut: BG-%04d", err.rc);
    }
    arena_free(a);
}

/* Real dstack answers, against the decoded forms beside them. */
static void real_dstack_samples_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *file, *decoded, *quote;
        enum evidence_format format;
        size_t quote_n;
    } rows[] = {
        {"tdx/dstack/quote-report.json", NULL, "tdx/real/quotes/dstack-quote-report.bin",
         EVIDENCE_DSTACK, 5006},
        {"tdx/dstack/tdx-lite-getquote.json", NULL, "tdx/real/quotes/dstack-tdx-lite.bin",
         EVIDENCE_DSTACK, 5006},
        {"tdx/dstack/simulator-attestation.bin", "tdx/dstack/simulator-attestation.decoded.json",
         NULL, EVIDENCE_SCALE, 0},
        {"tdx/dstack/tdx-lite-attestation.json", "tdx/dstack/tdx-lite-attestation.decoded.json",
         "tdx/real/quotes/dstack-tdx-lite.bin", EVIDENCE_SCALE, 5006},
    };
    char *there = vectors_path(rows[0].file);
    if (!there) {
        case_skip(4, "no vectors/tdx");
        return;
    }
    free(there);
    for (size_t i = 0; i < 4; i++) {
        struct arena *a = arena_new(32u << 20);
        struct evidence ev = {0};
        struct evlog log = {0};
        struct quote q;
        struct err err = {0};
        enum rc rc = evidence_read(a, vectors_bytes(a, rows[i].file), &ev, &err);
        CASE(rows[i].file, rc == RC_OK && ev.format == rows[i].format, "BG-%04d %s", rc,
             err.detail);
        CASE(rows[i].file, quote_parse(ev.quote, &q, &err) == RC_OK, "quote: %s", err.detail);
        CASE(rows[i].file, memcmp(ev.report_data.p, q.td.report_data, 64) == 0, "report data");
        CASE(rows[i].file, evlog_parse_evidence(a, &ev, &log, &err) == RC_OK && log.n > 10,
             "log: %s", err.detail);
        if (rows[i].quote)
            CASE(rows[i].file, bytes_eq(ev.quote, vectors_bytes(a, rows[i].quote)), "other quote");
        if (rows[i].decoded) {
            AUTO_JSON want = vectors_json(rows[i].decoded);
            AUTO_JSON got = json_loadb((const char *)ev.event_log.p, ev.event_log.n, 0, NULL);
            AUTO_JSON run =
                json_loadb((const char *)ev.runtime_events.p, ev.runtime_events.n, 0, NULL);
            const json_t *want_run = json_object_get(want, "runtime_events");
            CASE(rows[i].file, json_equal(got, json_object_get(want, "event_log")), "events");
            CASE(rows[i].file, json_array_size(run) == json_array_size(want_run), "runtime events");
            CASE(rows[i].file,
                 strcmp(json_string_value(json_object_get(want, "quote")), hex(a, ev.quote)) == 0,
                 "quote differs from the decoded one");
            CASE(rows[i].file, bytes_eq(ev.vm_config, json_view(json_object_get(want, "config"))),
                 "config");
        }
        arena_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raw_and_hex_are_told_apart),
        cmocka_unit_test(json_members_are_checked_one_by_one),
        cmocka_unit_test(bundle_and_answer_give_the_same_parts),
        cmocka_unit_test(attestation_v0_is_taken_apart),
        cmocka_unit_test(claims_beside_an_attestation_are_kept),
        cmocka_unit_test(attestations_of_other_kinds_are_named),
        cmocka_unit_test(ra_tls_certificates_carry_evidence),
        cmocka_unit_test(odd_ra_tls_certificates_are_refused),
        cmocka_unit_test(real_dstack_samples_are_read),
    };
    return HARNESS_RUN("evidence", tests);
}
