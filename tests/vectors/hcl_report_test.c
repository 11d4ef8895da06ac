/* Real TDREPORTs: Azure's HCL reports carry one at offset 32, and one of the quotes at hand belongs
 * to one of them (vectors/tdx/MANIFEST.md). */
#include "tests/lib/harness.h"

#include <stdlib.h>

#include "quote/local_report.h"

static bool here(void)
{
    char *path = vectors_path("tdx/azure/hcl-report-trustee.bin");
    free(path);
    if (!path)
        case_skip(1, "vectors/tdx is not here");
    return path != NULL;
}

static struct bytes report_in(struct arena *a, const char *file)
{
    struct bytes hcl = vectors_bytes(a, file);
    assert_true(hcl.n > 32 + LOCAL_REPORT_SIZE);
    return bytes_of(hcl.p + 32, LOCAL_REPORT_SIZE);
}

static void real_reports_compare_with_their_quote(void **state)
{
    (void)state;
    if (!here())
        return;
    struct arena *a = arena_new(8u << 20);
    struct err err = {0};
    struct local_report mine, other;
    struct local_difference d;
    struct quote q;
    assert_int_equal(quote_parse(vectors_bytes(a, "tdx/real/quotes/azure-v4.bin"), &q, &err),
                     RC_OK);
    enum rc rc = local_report_parse(report_in(a, "tdx/azure/hcl-report-trustee.bin"), &mine, &err);
    CASE("trustee", rc == RC_OK && mine.version == 0, "BG-%04d %s", rc, err.detail);
    rc = local_report_parse(report_in(a, "tdx/azure/hcl-report-tdx.bin"), &other, &err);
    CASE("tdx", rc == RC_OK && other.version == 0, "BG-%04d %s", rc, err.detail);
    rc = local_report_compare(&mine, &q.td, &d, &err);
    CASE("its own quote", rc == RC_OK && d.n == 0, "BG-%04d %s", rc, err.detail);
    /* the same image on another machine: only what the TD was asked to say differs */
    rc = local_report_compare(&other, &q.td, &d, &err);
    CASE("another TD's quote", rc == BG_LOCAL_REPORT_DIFFERS && d.n > 0, "BG-%04d %zu", rc, d.n);
    bool report_data = false;
    for (size_t i = 0; i < d.n; i++)
        report_data |= strcmp(d.member[i], "report_data") == 0;
    CASE("another TD's quote", report_data, "first: %s", d.n ? d.member[0] : "none");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(real_reports_compare_with_their_quote)};
    return HARNESS_RUN("hcl_report", tests);
}
