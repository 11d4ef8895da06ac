/*
 * kms_view against what dcap-qvl 0.5.2 answered: vectors/tdx/index.json keeps the answer of its
 * JavaScript port for each synthetic row. Of the rows that verify here, the model must say the
 * same, but for the rows below, where the port differs from the Rust original that dstack runs.
 */
#include "tests/lib/harness.h"

#include <stdio.h>
#include <stdlib.h>

#include "quote/verify.h"

static const char *const port_differs[] = {
    "syn_tdx_levels_unsorted", /* the port takes levels in document order, the original sorts */
};

static const char *text_at(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static char *full_path(const char *relative)
{
    char full[300];
    snprintf(full, sizeof full, "tdx/%s", relative);
    char *p = vectors_path(full);
    if (!p)
        fail_msg("no %s", full);
    return p;
}

static enum rc run(struct arena *a, const json_t *row, struct tcb_result *out)
{
    struct err err = {0};
    struct quote q;
    struct collateral c;
    const struct td_report_ok *ok = NULL;
    char *qp = full_path(text_at(row, "quote")), *rp = full_path(text_at(row, "root")),
         *cp = full_path(text_at(row, "collateral"));
    AUTO_JSON cj = json_load_file(cp, JSON_ALLOW_NUL, NULL);
    struct bytes quote = read_file(a, qp), root = read_file(a, rp);
    free(qp);
    free(rp);
    free(cp);
    TRY(quote_parse(quote, &q, &err));
    TRY(collateral_from_json(a, cj, &c, &err));
    TRY(quote_verify(a, &q, &c, root, (uint64_t)json_integer_value(json_object_get(row, "time")),
                     &ok, &err));
    *out = td_report_of(ok)->tcb;
    return RC_OK;
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

static void judge(const char *name, const json_t *seen, const struct tcb_result *r)
{
    const char *status = text_at(seen, "status");
    if (!status) {
        CASE(name, !r->kms_view_ok && r->kms_view_note, "we say %s, it said \"%s\"",
             tcb_status_name(r->kms_view_status), text_at(seen, "error"));
        return;
    }
    CASE(name,
         r->kms_view_ok && strcmp(status, tcb_status_name(r->kms_view_status)) == 0 &&
             same_list(json_object_get(seen, "advisory_ids"), &r->kms_view_advisories),
         "we say %s (%s), it said %s", tcb_status_name(r->kms_view_status),
         r->kms_view_note ? r->kms_view_note : "", status);
    bool differs = r->status != r->kms_view_status ||
                   !same_list(json_object_get(seen, "advisory_ids"), &r->advisories);
    CASE(name, differs == (r->kms_view_note != NULL), "note: %s",
         r->kms_view_note ? r->kms_view_note : "none");
}

static void the_model_says_what_dcap_qvl_said(void **state)
{
    (void)state;
    char *there = vectors_path("tdx/index.json");
    if (!there) {
        case_skip(1, "no vectors");
        return;
    }
    free(there);
    AUTO_JSON index = vectors_json("tdx/index.json");
    size_t i, judged = 0;
    json_t *row;
    json_array_foreach(json_object_get(index, "cases"), i, row)
    {
        const char *name = text_at(row, "name");
        const json_t *seen = json_object_get(row, "seen_with_dcap_qvl_js_0_5_2");
        struct arena *a = arena_new(8u << 20);
        struct tcb_result r;
        bool skip = !seen;
        for (size_t k = 0; k < sizeof port_differs / sizeof *port_differs; k++)
            skip |= strcmp(name, port_differs[k]) == 0;
        if (!skip && run(a, row, &r) == RC_OK) {
            judge(name, seen, &r);
            judged++;
        }
        arena_free(a);
    }
    CASE("rows judged", judged >= 35, "%zu", judged);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_model_says_what_dcap_qvl_said),
    };
    return HARNESS_RUN("kms_view", tests);
}
