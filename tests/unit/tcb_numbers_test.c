/* tcb_numbers: Intel's own document of 2025-05-27, and ours with one thing wrong at a time. */
#include "tests/lib/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/date.h"
#include "quote/tcb_numbers.h"
#include "quote/verify.h"
#include "tests/lib/tdx_codes.h"

#define REAL "tdx/real/collateral/teepot-tdx_tcb_eval_nums.json"

static const char good[] =
    "{\"id\":\"TDX\",\"version\":1,\"issueDate\":\"2025-12-15T00:00:00Z\",\"nextUpdate\":\"2026-01-"
    "14T00:00:00Z\",\"tcbEvalNumbers\":[{\"tcbEvaluationDataNumber\":19,\"tcbRecoveryEventDate\":"
    "\"2024-02-29T00:00:00Z\",\"tcbDate\":\"2024-03-01T00:00:00Z\"},{\"tcbEvaluationDataNumber\":"
    "18,\"tcbRecoveryEventDate\":\"2025-02-12T00:00:00Z\",\"tcbDate\":\"2025-02-13T00:00:00Z\"}]}";

static struct made m;

/* signed_by: the document of our own world with this text. */
static struct collateral_numbers signed_by(const char *key, struct bytes doc)
{
    struct err err = {0};
    struct collateral_numbers d = {.issuer_chain = m.good.collateral.tcb_info_issuer_chain,
                                   .text = doc};
    uint8_t signature[64];
    made_sign(key, doc, SIG_GOOD, signature);
    assert_int_equal(arena_keep(m.a, BYTES_OF_ARRAY(signature), &d.signature, &err), RC_OK);
    return d;
}

static enum rc verify(const struct collateral_numbers *d, uint64_t now, struct tcb_numbers *out)
{
    struct err err = {0};
    return tcb_numbers_verify(m.a, d, m.good.collateral.root_ca_crl, m.good.root, now, out, &err);
}

static void what_is_good_is_read(void **state)
{
    (void)state;
    struct collateral_numbers d = signed_by("tcb-signer", bytes_of_str(good));
    struct tcb_numbers n;
    struct tcb_switch s;
    struct err err = {0};
    assert_int_equal(verify(&d, m.w.now, &n), RC_OK);
    assert_int_equal(n.n, 2);
    assert_int_equal(tcb_numbers_switch(&n, 19, m.w.now, &s, &err), RC_OK);
    assert_true(s.due && s.days == 0);
    assert_string_equal(date_of(s.standard).s, "2025-02-28T00:00:00Z");
    assert_int_equal(tcb_numbers_switch(&n, 18, m.w.now, &s, &err), RC_OK);
    assert_string_equal(date_of(s.recovery_event).s, "2025-02-12T00:00:00Z");
    assert_string_equal(date_of(s.standard).s, "2026-02-12T00:00:00Z");
    assert_true(!s.due && s.days == 42); /* from 2026-01-01 */
    assert_int_equal(tcb_numbers_switch(&n, 18, s.standard - 86399, &s, &err), RC_OK);
    assert_true(!s.due && s.days == 0);
    assert_int_equal(tcb_numbers_switch(&n, 18, s.standard, &s, &err), RC_OK);
    assert_true(s.due && s.days == 0);
    assert_int_equal(tcb_numbers_switch(&n, 17, m.w.now, &s, &err), BG_TCB_NUMBERS_OTHER);
}

static void each_end_of_its_time(void **state)
{
    (void)state;
    struct collateral_numbers d = signed_by("tcb-signer", bytes_of_str(good));
    struct tcb_numbers n;
    assert_int_equal(verify(&d, 1765756799, &n),
                     BG_TCB_NUMBERS_DATE); /* 2025-12-15, a second before */
    assert_int_equal(verify(&d, 1765756800, &n), RC_OK);
    assert_int_equal(verify(&d, 1768348800, &n), RC_OK); /* 2026-01-14 */
    assert_int_equal(verify(&d, 1768348801, &n), BG_TCB_NUMBERS_DATE);
}

static void what_is_wrong_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        int want;
    } rows[] = {
        {"\"TDX\"", "\"SGX\"", BG_TCB_NUMBERS_KIND},
        {"\"version\":1", "\"version\":2", BG_TCB_NUMBERS_KIND},
        {"\"version\":1", "\"version\":0", BG_TCB_NUMBERS_KIND},
        {"\"version\":1", "\"version\":\"1\"", BG_TCB_NUMBERS_SHAPE},
        {"\"version\":1,", "", BG_TCB_NUMBERS_SHAPE},
        {"\"id\":\"TDX\",", "", BG_TCB_NUMBERS_SHAPE},
        {"\"id\":\"TDX\"", "\"id\":7", BG_TCB_NUMBERS_SHAPE},
        {"\"id\":\"TDX\"", "\"id\":\"TDX\",\"id\":\"TDX\"", BG_TCB_NUMBERS_JSON},
        {"{", "[{", BG_TCB_NUMBERS_JSON},
        {"\"issueDate\":\"2025-12-15", "\"issueDate\":\"2025-12-32", BG_TCB_NUMBERS_SHAPE},
        {"issueDate", "issuedDate", BG_TCB_NUMBERS_SHAPE},
        {"nextUpdate", "nextupdate", BG_TCB_NUMBERS_SHAPE},
        {"tcbEvalNumbers", "tcbEvalNumber", BG_TCB_NUMBERS_SHAPE},
        {"2024-02-29", "2023-02-29", BG_TCB_NUMBERS_SHAPE},
        {"2024-02-29", "9999-12-31", BG_TCB_NUMBERS_SHAPE},
        {"2024-03-01", "2024-03-1", BG_TCB_NUMBERS_SHAPE},
        {"tcbRecoveryEventDate", "tcbRecoveryDate", BG_TCB_NUMBERS_SHAPE},
        {"Number\":19", "Number\":18", BG_TCB_NUMBERS_SHAPE},
        {"Number\":19", "Number\":-1", BG_TCB_NUMBERS_SHAPE},
        {"Number\":19", "Number\":4294967296", BG_TCB_NUMBERS_SHAPE},
        {"Number\":19", "Number\":1.9e1", BG_TCB_NUMBERS_SHAPE},
        {"[{", "[7,{", BG_TCB_NUMBERS_SHAPE},
        {"[{", "[[],{", BG_TCB_NUMBERS_SHAPE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tcb_numbers n = {.n = 99};
        struct collateral_numbers d = signed_by(
            "tcb-signer", text_replace(m.a, bytes_of_str(good), rows[i].from, rows[i].to));
        enum rc rc = verify(&d, m.w.now, &n);
        CASE(rows[i].to, (int)rc == rows[i].want && n.n == 99, "%d, not %d", (int)rc, rows[i].want);
    }
}

static void lists_have_a_cap(void **state)
{
    (void)state;
    for (size_t count = 0; count <= 65; count += count == 0 ? 64 : 1) {
        char list[16384];
        size_t at = (size_t)snprintf(list, sizeof list,
                                     "{\"id\":\"TDX\",\"version\":1,\"issueDate\":"
                                     "\"2025-12-15T00:00:00Z\",\"nextUpdate\":"
                                     "\"2026-01-14T00:00:00Z\",\"tcbEvalNumbers\":[");
        for (size_t i = 0; i < count; i++)
            at += (size_t)snprintf(list + at, sizeof list - at,
                                   "%s{\"tcbEvaluationDataNumber\":%zu,\"tcbRecoveryEventDate\":"
                                   "\"2025-01-01T00:00:00Z\",\"tcbDate\":\"2025-01-01T00:00:00Z\"}",
                                   i ? "," : "", i);
        snprintf(list + at, sizeof list - at, "]}");
        struct tcb_numbers n;
        struct collateral_numbers d = signed_by("tcb-signer", bytes_of_str(list));
        enum rc rc = verify(&d, m.w.now, &n);
        CASE("list", (int)rc == (count == 64 ? (int)RC_OK : (int)BG_TCB_NUMBERS_SHAPE), "%zu: %d",
             count, (int)rc);
    }
}

static void only_the_signer_may(void **state)
{
    (void)state;
    struct tcb_numbers n;
    struct collateral_numbers d = signed_by("pck", bytes_of_str(good));
    assert_int_equal(verify(&d, m.w.now, &n), BG_TCB_NUMBERS_SIGNATURE);
    d = signed_by("tcb-signer", bytes_of_str(good));
    d.signature.n--;
    assert_int_equal(verify(&d, m.w.now, &n), BG_TCB_NUMBERS_SIGNATURE);
    /* The PCK certificate's own key and chain: rightly signed, by one who may not. */
    d = signed_by("pck", bytes_of_str(good));
    d.issuer_chain = tdx_chain(m.a, m.good.pck, m.good.pck_ca, m.good.root, BYTES_NONE);
    assert_int_equal(verify(&d, m.w.now, &n), BG_TCB_CHAIN_NAME);
    /* A revoked signer, a CRL of somebody else, another root. */
    d = signed_by("tcb-signer", bytes_of_str(good));
    struct err err = {0};
    struct pki_crl crl = m.w.root_crl;
    revoke(&crl, m.w.tcb_signer.serial);
    assert_int_equal(
        tcb_numbers_verify(m.a, &d, pki_crl_der(m.a, &crl), m.good.root, m.w.now, &n, &err),
        BG_TCB_NUMBERS_REVOKED);
    err_clear(&err);
    crl = m.w.root_crl;
    revoke(&crl, m.w.root.serial);
    assert_int_equal(
        tcb_numbers_verify(m.a, &d, pki_crl_der(m.a, &crl), m.good.root, m.w.now, &n, &err),
        BG_TCB_NUMBERS_REVOKED);
    err_clear(&err);
    assert_int_equal(
        tcb_numbers_verify(m.a, &d, m.good.collateral.pck_crl, m.good.root, m.w.now, &n, &err),
        BG_ROOT_CRL_ISSUER);
    err_clear(&err);
    assert_int_equal(tcb_numbers_verify(m.a, &d, m.good.collateral.root_ca_crl, quote_intel_root(),
                                        m.w.now, &n, &err),
                     BG_TCB_CHAIN_ROOT);
    /* The CRL is old: it was good when the document was made, and is not now. */
    err_clear(&err);
    crl = m.w.root_crl;
    crl.next_update = m.w.now - 1;
    assert_int_equal(
        tcb_numbers_verify(m.a, &d, pki_crl_der(m.a, &crl), m.good.root, m.w.now, &n, &err),
        BG_ROOT_CRL_EXPIRED);
}

/* --- Intel's own --- */

/* field: the value behind `key` in the i-th entry, found by text alone; the oracle. */
static const char *field(const char *doc, const char *key, size_t i)
{
    for (size_t k = 0; k <= i; k++) {
        doc = strstr(doc, key);
        assert_non_null(doc);
        doc += strlen(key);
    }
    return doc;
}

/* utc: by timegm. */
static uint64_t utc(const char *text, int years)
{
    struct tm t = {0};
    assert_int_equal(sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2dZ", &t.tm_year, &t.tm_mon, &t.tm_mday,
                            &t.tm_hour, &t.tm_min, &t.tm_sec),
                     6);
    t.tm_year += years - 1900;
    t.tm_mon--;
    return (uint64_t)timegm(&t);
}

static void intels_own_verifies(void **state)
{
    (void)state;
    const uint64_t at = 1749600000; /* 2025-06-11: the CRL is of another recording, of June */
    json_t *j = vectors_json_if_there(REAL);
    json_t *set = vectors_json_if_there("tdx/real/collateral/dcap-qvl-b0c06f000000-2025-06.json");
    if (!j || !set) {
        json_decref(j);
        json_decref(set);
        return case_skip(4, "no vectors");
    }
    struct err err = {0};
    struct collateral c;
    struct tcb_numbers n;
    const char *body = json_string_value(json_object_get(j, "tcb_evaluation_data_numbers_json"));
    const char *chain = json_string_value(json_object_get(j, "issuer_chain"));
    assert_int_equal(collateral_from_json(m.a, set, &c, &err), RC_OK);
    const char *from = strchr(body + 1, '{'), *to = strstr(body, ",\"signature\":\"");
    char hex[129] = {0};
    memcpy(hex, to + strlen(",\"signature\":\""), 128);
    struct collateral_numbers d = {.issuer_chain = bytes_of_str(chain),
                                   .text = bytes_of((const uint8_t *)from, (size_t)(to - from)),
                                   .signature = unhex(m.a, hex)};
    enum rc rc = tcb_numbers_verify(m.a, &d, c.root_ca_crl, quote_intel_root(), at, &n, &err);
    CASE("Intel's", rc == RC_OK && n.n == 3, "%d %s", (int)rc, err.detail);
    for (size_t i = 0; rc == RC_OK && i < 3; i++) {
        struct tcb_switch s = {0};
        uint32_t number = (uint32_t)strtoul(field(body, "DataNumber\":", i), NULL, 10);
        const char *event = field(body, "EventDate\":\"", i);
        uint64_t then = utc(event, 1);
        CASE("entry",
             tcb_numbers_switch(&n, number, at, &s, &err) == RC_OK &&
                 s.recovery_event == utc(event, 0) && s.standard == then && s.due == (at >= then) &&
                 s.days == (at >= then ? 0 : (then - at) / 86400u),
             "%u", number);
    }
    /* Each byte that is signed, and each of the signature. */
    uint8_t *text = arena_alloc(m.a, d.text.n, &err), *signature = arena_alloc(m.a, 64, &err);
    assert_true(text && signature);
    memcpy(text, d.text.p, d.text.n);
    memcpy(signature, d.signature.p, 64);
    d.text.p = text;
    d.signature.p = signature;
    for (size_t i = 0; i < d.text.n + 64; i++) {
        uint8_t *p = i < d.text.n ? &text[i] : &signature[i - d.text.n];
        *p ^= 1;
        struct arena *a = arena_new(4u << 20);
        err_clear(&err);
        rc = tcb_numbers_verify(a, &d, c.root_ca_crl, quote_intel_root(), at, &n, &err);
        CASE("flipped", rc == BG_TCB_NUMBERS_SIGNATURE, "byte %zu: %d", i, (int)rc);
        arena_free(a);
        *p ^= 1;
    }
    json_decref(j);
    json_decref(set);
}

static void a_year_later(void **state)
{
    (void)state;
    uint64_t t = 7;
    assert_true(date_year_later(951782400, &t)); /* 2000-02-29 */
    assert_string_equal(date_of(t).s, "2001-02-28T00:00:00Z");
    assert_true(date_year_later(utc("2023-02-28T23:59:59Z", 0), &t));
    assert_string_equal(date_of(t).s, "2024-02-28T23:59:59Z");
    t = 7;
    assert_false(date_year_later(253402300799u, &t) || date_year_later(253402300800u, &t) ||
                 date_year_later(UINT64_MAX, &t));
    assert_int_equal(t, 7);
    size_t wrong = 0;
    for (uint64_t s = 0; s < 4102444800u; s += 86400u * 3 + 7) { /* to 2100, against timegm */
        char day[DATE_TEXT];
        date_text(s, day);
        if (strncmp(day + 5, "02-29", 5) != 0)
            wrong += !date_year_later(s, &t) || t != utc(day, 1);
    }
    assert_int_equal(wrong, 0);
}

static int open_world(void **state)
{
    (void)state;
    made_open(&m);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    made_close(&m);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_good_is_read, open_world),
        cmocka_unit_test(each_end_of_its_time),
        cmocka_unit_test(what_is_wrong_is_refused),
        cmocka_unit_test(lists_have_a_cap),
        cmocka_unit_test(only_the_signer_may),
        cmocka_unit_test(a_year_later),
        cmocka_unit_test_teardown(intels_own_verifies, close_world),
    };
    return HARNESS_RUN("tcb_numbers", tests);
}
