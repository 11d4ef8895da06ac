/*
 * vectors/tdx/index.json: every verification case (status, advisories, TCB date and findings, or
 * the class of the error), and every real quote's own signatures.
 */
#include "tests/lib/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/hash.h"
#include "base/hex.h"
#include "quote/findings.h"
#include "quote/quote_auth.h"
#include "quote/verify.h"

/* All-strict: nothing is allowed that a switch can refuse; what a row lists must fail, no more. */
static const struct td_policy strict;

struct outcome {
    enum rc rc;
    char detail[ERR_DETAIL_MAX];
    struct td_report td;
    struct checks findings;
};

static const char *text_at(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static json_t *load_collateral(const char *path)
{
    char full[300];
    snprintf(full, sizeof full, "tdx/%s", path);
    char *p = vectors_path(full);
    if (!p)
        fail_msg("no %s", full);
    /* One row has a NUL inside its signed text, which our strict reader refuses a step earlier. */
    json_t *j = json_load_file(p, JSON_ALLOW_NUL, NULL);
    free(p);
    return j;
}

static struct bytes tdx_bytes(struct arena *a, const char *path)
{
    char full[300];
    snprintf(full, sizeof full, "tdx/%s", path);
    return vectors_bytes(a, full);
}

static enum rc run(struct arena *a, const json_t *row, struct outcome *o, struct err *err)
{
    struct quote q;
    struct collateral c;
    const struct td_report_ok *ok = NULL;
    AUTO_JSON cj = load_collateral(text_at(row, "collateral"));
    TRY(quote_parse(tdx_bytes(a, text_at(row, "quote")), &q, err));
    TRY(collateral_from_json(a, cj, &c, err));
    TRY(quote_verify(a, &q, &c, tdx_bytes(a, text_at(row, "root")),
                     (uint64_t)json_integer_value(json_object_get(row, "time")), &ok, err));
    o->td = *td_report_of(ok);
    return td_findings(a, ok, &strict, &o->findings, err);
}

static bool same_list(const json_t *want, const struct tcb_advisories *got)
{
    if (json_array_size(want) != got->n)
        return false;
    for (size_t i = 0; i < got->n; i++)
        if (!bytes_eq(got->v[i], json_view(json_array_get(want, i))))
            return false;
    return true;
}

static bool same_findings(const json_t *want, const struct checks *got)
{
    size_t n = 0;
    for (size_t i = 0; i < got->n; i++) {
        const char *name = td_finding_name(got->v[i].id);
        if (got->v[i].status != CHECK_FAIL)
            continue;
        bool listed = false;
        for (size_t k = 0; name && k < json_array_size(want); k++)
            listed |= strcmp(name, json_string_value(json_array_get(want, k))) == 0;
        if (!listed)
            return false;
        n++;
    }
    return n == json_array_size(want);
}

/* seconds of "2025-06-01T00:00:00Z" by the C library, not by our own code. */
static uint64_t iso_seconds(const char *s)
{
    struct tm tm = {0};
    if (sscanf(s, "%d-%d-%d%*1[T ]%d:%d:%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
               &tm.tm_min, &tm.tm_sec) != 6)
        fail_msg("not a date: %s", s);
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    return (uint64_t)timegm(&tm);
}

static bool is_hex(const uint8_t *p, size_t n, const char *want)
{
    char text[129];
    hex_encode(bytes_of(p, n), text);
    return strcmp(text, want) == 0;
}

static void expect_appraised(const char *name, const json_t *expect, const struct outcome *o,
                             uint64_t now)
{
    const struct tcb_result *t = &o->td.tcb;
    CASE(name, o->rc == RC_OK, "refused: BG-%04d %s", o->rc, o->detail);
    if (o->rc != RC_OK)
        return;
    CASE(name, strcmp(tcb_status_name(t->status), text_at(expect, "status")) == 0, "status %s",
         tcb_status_name(t->status));
    CASE(name, strcmp(tcb_status_name(t->platform), text_at(expect, "platform")) == 0,
         "platform %s", tcb_status_name(t->platform));
    CASE(name, strcmp(tcb_status_name(t->qe), text_at(expect, "qe")) == 0, "QE %s",
         tcb_status_name(t->qe));
    const char *module = text_at(expect, "module");
    CASE(name, strcmp(tcb_status_name(t->module), module ? module : "") == 0, "module %s",
         tcb_status_name(t->module));
    CASE(name, same_list(json_object_get(expect, "advisory_ids"), &t->advisories), "%zu advisories",
         t->advisories.n);
    CASE(name, t->tcb_date == iso_seconds(text_at(expect, "tcb_date")), "TCB date %llu",
         (unsigned long long)t->tcb_date);
    CASE(name, is_hex(o->td.pck.ppid, 16, text_at(expect, "ppid")), "other PPID");
    CASE(name, is_hex(o->td.pck.fmspc, 6, text_at(expect, "fmspc")), "other FMSPC");
    CASE(name, same_findings(json_object_get(expect, "policy_findings"), &o->findings),
         "%zu checks, other findings", o->findings.n);
    CASE(name, o->td.valid_from <= now && now <= o->td.valid_until, "window %llu..%llu",
         (unsigned long long)o->td.valid_from, (unsigned long long)o->td.valid_until);
}

static const char *class_of(enum rc rc)
{
    return rc == RC_OK ? "(accepted)" : err_info_of((int)rc)->kind;
}

static void expect_error(const char *name, const char *want, const struct outcome *o)
{
    CASE(name, strcmp(class_of(o->rc), want) == 0, "%s instead of %s: BG-%04d %s", class_of(o->rc),
         want, o->rc, o->detail);
}

/* SGX: version 3, or a version we know with TEE type 0. We judge TDX, whatever the row is about. */
static bool is_sgx(struct bytes q)
{
    static const uint8_t zero[4];
    return q.n >= 48 && q.p[1] == 0 &&
           (q.p[0] == 3 || ((q.p[0] == 4 || q.p[0] == 5) && memcmp(q.p + 4, zero, 4) == 0));
}

static void every_case_of_the_index(void **state)
{
    (void)state;
    char *there = vectors_path("tdx/index.json");
    if (!there) {
        case_skip(199, "no vectors/tdx");
        return;
    }
    free(there);
    AUTO_JSON index = vectors_json("tdx/index.json");
    const json_t *row;
    size_t i, sgx = 0, sgx_appraised = 0, appraised = 0, errors = 0, revoked = 0;
    json_array_foreach(json_object_get(index, "cases"), i, row)
    {
        struct arena *a = arena_new(64u << 20);
        struct err err = {0};
        struct outcome o = {0};
        const char *name = text_at(row, "name");
        const json_t *expect = json_object_get(row, "expect");
        const char *outcome = text_at(expect, "outcome");
        o.rc = run(a, row, &o, &err);
        memcpy(o.detail, err.detail, sizeof o.detail);
        if (is_sgx(tdx_bytes(a, text_at(row, "quote")))) {
            CASE(name, strcmp(class_of(o.rc), "TEE_NOT_TDX") == 0, "%s", class_of(o.rc));
            sgx++;
            sgx_appraised += strcmp(outcome, "error") != 0;
        } else if (strcmp(outcome, "error") == 0) {
            expect_error(name, text_at(expect, "error"), &o);
            errors++;
        } else if (strcmp(outcome, "revoked") == 0) {
            expect_error(name, "TCB_REVOKED", &o);
            revoked++;
        } else {
            expect_appraised(name, expect, &o,
                             (uint64_t)json_integer_value(json_object_get(row, "time")));
            appraised++;
        }
        arena_free(a);
    }
    printf("%zu appraised, %zu refused by error class, %zu revoked, %zu SGX (%zu of them appraised "
           "by an SGX verifier)\n",
           appraised, errors, revoked, sgx, sgx_appraised);
    assert_int_equal(appraised + errors + revoked + sgx, 199);
}

/* Every real quote by itself: chain to Intel's root, both signatures, the binding between them. */
static void every_real_quote_is_authentic(void **state)
{
    (void)state;
    char *there = vectors_path("tdx/index.json");
    if (!there) {
        case_skip(17, "no vectors/tdx");
        return;
    }
    free(there);
    AUTO_JSON index = vectors_json("tdx/index.json");
    const json_t *row;
    size_t i, tdx = 0, sgx = 0;
    json_array_foreach(json_object_get(index, "quotes"), i, row)
    {
        struct arena *a = arena_new(16u << 20);
        struct err err = {0};
        struct quote q;
        struct pki *pki = arena_alloc(a, sizeof *pki, &err);
        struct chain chain;
        struct pck_tcb tcb;
        struct window w = {0};
        AUTO_P256 p256 = {0};
        const char *name = text_at(row, "quote");
        enum rc rc = quote_parse(tdx_bytes(a, name), &q, &err);
        if (strcmp(text_at(row, "tee"), "0x81") != 0) {
            CASE(name, rc == BG_QUOTE_SGX_V3, "%s", class_of(rc));
            sgx++;
            arena_free(a);
            continue;
        }
        assert_int_equal(p256_open(&p256, &err), RC_OK);
        assert_int_equal(pki_init(pki, &p256, quote_intel_root(), &err), RC_OK);
        if (rc == RC_OK)
            rc = quote_authenticate(a, pki, &q, &chain, &tcb, &err);
        CASE(name, rc == RC_OK, "BG-%04d %s", rc, err.detail);
        if (rc == RC_OK) {
            uint8_t device[32];
            hash_sha256(BYTES_OF_ARRAY(tcb.ppid), device);
            const json_t *valid = json_object_get(row, "pck_valid");
            uint64_t from = iso_seconds(json_string_value(json_array_get(valid, 0)));
            uint64_t until = iso_seconds(json_string_value(json_array_get(valid, 1)));
            CASE(name, is_hex(tcb.ppid, 16, text_at(row, "ppid")), "other PPID");
            CASE(name, is_hex(device, 32, text_at(row, "device_id")), "other device id");
            CASE(name, is_hex(tcb.fmspc, 6, text_at(row, "fmspc")), "other FMSPC");
            CASE(name, q.version == json_integer_value(json_object_get(row, "version")),
                 "version %u", q.version);
            CASE(name,
                 (q.td.td_attributes[0] & 1) == json_is_true(json_object_get(row, "td_debug")),
                 "debug bit");
            CASE(name, chain.cert[0]->not_before == from && chain.cert[0]->not_after == until,
                 "other validity");
            CASE(name,
                 chain_check_dates(&chain, from, &w, &err) == RC_OK &&
                     chain_check_dates(&chain, until, &w, &err) == RC_OK,
                 "dates: BG-%04d %s", err.rc, err.detail);
            CASE(name, w.from == from && w.until == until, "window");
            CASE(name, chain_check_dates(&chain, until + 1, &w, &err) == BG_PCK_CHAIN_EXPIRED,
                 "accepted after its end");
            err_clear(&err);
            CASE(name, chain_check_dates(&chain, from - 1, &w, &err) == BG_PCK_CHAIN_NOT_YET_VALID,
                 "accepted before its time");
        }
        tdx++;
        arena_free(a);
    }
    printf("%zu TDX quotes, %zu SGX\n", tdx, sgx);
    assert_int_equal(tdx + sgx, 17);
}

static void the_pinned_root_is_intels(void **state)
{
    (void)state;
    uint8_t digest[32];
    hash_sha256(quote_intel_root(), digest);
    assert_int_equal(quote_intel_root().n, 659);
    /* As published by Intel and compared with three independent copies (tdx facts 2.3). */
    assert_true(
        is_hex(digest, 32, "44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pinned_root_is_intels),
        cmocka_unit_test(every_real_quote_is_authentic),
        cmocka_unit_test(every_case_of_the_index),
    };
    return HARNESS_RUN("tdx_quote", tests);
}
