/*
 * quote: offsets against the fields that an independent reader took from real quotes, truncation at
 * every length of real and made quotes, size limits.
 */
#include "tests/lib/harness.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/limits.h"
#include "quote/quote.h"
#include "tests/lib/tdx_world.h"

static const char *const real_quotes[] = {
    "azure-v4",
    "dcap-qvl-near",
    "dcap-qvl-tappd",
    "dcap-qvl-tdx-hex",
    "dcap-qvl-tdx-v4",
    "dcap-qvl-tdx-v5-outdated",
    "dstack-quote-report",
    "dstack-ra-tls",
    "dstack-tdx-lite",
    "edgeless-v4-tdx10",
    "flashbots-1",
    "flashbots-2",
    "flashbots-3",
    "trustee-v4-debug",
    "trustee-v4-module3",
    "trustee-v5-servicetd",
};
#define NUM_REAL (sizeof real_quotes / sizeof *real_quotes)

static bool have_vectors(size_t cases)
{
    char *there = vectors_path("tdx/facts.json");
    free(there);
    if (!there)
        case_skip(cases, "no vectors/tdx");
    return there != NULL;
}

static struct bytes real_quote(struct arena *a, const char *name)
{
    char path[200];
    snprintf(path, sizeof path, "tdx/real/quotes/%s.bin", name);
    return vectors_bytes(a, path);
}

static void field(const char *quote, const json_t *facts, const char *key, const uint8_t *p,
                  size_t n)
{
    const char *want = json_string_value(json_object_get(facts, key));
    char got[200];
    hex_encode(bytes_of(p, n), got);
    CASE(quote, want && strcmp(want, got) == 0, "%s is %.20s.., not %.20s..", key, got,
         want ? want : "(none)");
}

static void fields_are_where_real_quotes_have_them(void **state)
{
    (void)state;
    if (!have_vectors(NUM_REAL))
        return;
    AUTO_JSON all = vectors_json("tdx/facts.json");
    for (size_t i = 0; i < NUM_REAL; i++) {
        struct arena *a = arena_new(4u << 20);
        struct err err = {0};
        struct quote q = {0};
        const char *name = real_quotes[i];
        const json_t *f = json_object_get(all, name);
        struct bytes raw = real_quote(a, name);
        enum rc rc = quote_parse(raw, &q, &err);
        const struct td_body *td = &q.td;
        assert_true(json_is_object(f));
        CASE(name, rc == RC_OK, "BG-%04d %s", rc, err.detail);
        CASE(name, q.version == json_integer_value(json_object_get(f, "version")), "version");
        field(name, f, "tee_tcb_svn", td->tee_tcb_svn, 16);
        field(name, f, "mrseam", td->mr_seam, 48);
        field(name, f, "mrsignerseam", td->mr_signer_seam, 48);
        field(name, f, "seamattr", td->seam_attributes, 8);
        field(name, f, "tdattr", td->td_attributes, 8);
        field(name, f, "xfam", td->xfam, 8);
        field(name, f, "mrtd", td->mr_td, 48);
        field(name, f, "mrconfigid", td->mr_config_id, 48);
        field(name, f, "mrowner", td->mr_owner, 48);
        field(name, f, "mrownerconfig", td->mr_owner_config, 48);
        field(name, f, "rtmr0", td->rtmr[0], 48);
        field(name, f, "rtmr1", td->rtmr[1], 48);
        field(name, f, "rtmr2", td->rtmr[2], 48);
        field(name, f, "rtmr3", td->rtmr[3], 48);
        field(name, f, "report_data", td->report_data, 64);
        CASE(name, td->td15 == (json_integer_value(json_object_get(f, "body_type")) == 3), "td15");
        if (td->td15) {
            field(name, f, "tee_tcb_svn2", td->tee_tcb_svn2, 16);
            field(name, f, "mrservicetd", td->mr_service_td, 48);
        }
        CASE(name, q.qe.isv_svn == json_integer_value(json_object_get(f, "qe_isvsvn")), "QE SVN");
        CASE(name, q.qe.isv_prod_id == json_integer_value(json_object_get(f, "qe_prodid")),
             "QE product");
        CASE(name, (json_int_t)q.trailing == json_integer_value(json_object_get(f, "trailing")),
             "%zu trailing", q.trailing);
        CASE(name, q.signed_part.p == raw.p && q.signed_part.n == (q.version == 4 ? 632u : 702u),
             "%zu signed", q.signed_part.n);
        arena_free(a);
    }
}

/* cut_everywhere: every shorter quote is refused as cut; with the trailing bytes gone it still is.
 */
static void cut_everywhere(const char *name, struct bytes raw)
{
    struct quote q = {0};
    struct err err = {0};
    assert_int_equal(quote_parse(raw, &q, &err), RC_OK);
    size_t whole = raw.n - q.trailing;
    for (size_t n = 0; n < whole; n++) {
        /* A buffer of exactly this size, so that a read past the end is seen by the sanitizers. */
        uint8_t *p = malloc(n ? n : 1);
        assert_non_null(p);
        if (n)
            memcpy(p, raw.p, n);
        struct quote got = {.trailing = 12345};
        err_clear(&err);
        enum rc rc = quote_parse(bytes_of(p, n), &got, &err);
        free(p);
        CASE(name, rc != RC_OK && strcmp(err_info_of((int)rc)->kind, "QUOTE_FORMAT") == 0,
             "cut at %zu: BG-%04d", n, rc);
        CASE(name, got.trailing == 12345, "cut at %zu: output touched", n);
    }
    for (size_t n = whole; n <= raw.n; n++) {
        err_clear(&err);
        CASE(name, quote_parse(bytes_of(raw.p, n), &q, &err) == RC_OK && q.trailing == n - whole,
             "with %zu trailing bytes: %s", n - whole, err.detail);
    }
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    static const uint16_t shapes[][2] = {{4, 2}, {5, 2}, {5, 3}};
    for (size_t i = 0; i < 3; i++) {
        struct arena *a = arena_new(8u << 20);
        struct tdx_world w;
        struct tdx_bundle b;
        tdx_world_default(&w);
        w.quote.version = shapes[i][0];
        w.quote.body_type = shapes[i][1];
        tdx_world_build(a, &w, &b);
        cut_everywhere("made", b.quote);
        arena_free(a);
    }
    if (!have_vectors(2))
        return;
    struct arena *a = arena_new(4u << 20);
    cut_everywhere("azure-v4", real_quote(a, "azure-v4"));
    cut_everywhere("trustee-v5-servicetd", real_quote(a, "trustee-v5-servicetd"));
    arena_free(a);
}

static void sizes_are_capped(void **state)
{
    (void)state;
    struct arena *a = arena_new(8u << 20);
    struct tdx_world w;
    struct tdx_bundle b;
    struct err err = {0};
    struct quote q;
    tdx_world_default(&w);
    tdx_world_build(a, &w, &b);
    uint8_t *p = arena_alloc(a, LIMIT_QUOTE + 1, &err);
    assert_non_null(p);
    memcpy(p, b.quote.p, b.quote.n);
    assert_int_equal(quote_parse(bytes_of(p, LIMIT_QUOTE), &q, &err), RC_OK);
    assert_int_equal(q.trailing, LIMIT_QUOTE - b.quote.n);
    assert_int_equal(quote_parse(bytes_of(p, LIMIT_QUOTE + 1), &q, &err), BG_QUOTE_SIZE);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_where_real_quotes_have_them),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(sizes_are_capped),
    };
    return HARNESS_RUN("quote", tests);
}
