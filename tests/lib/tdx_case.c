#include "tests/lib/tdx_case.h"

#include "tests/lib/harness.h"

static enum rc run(struct arena *a, const struct tdx_bundle *b, uint64_t now,
                   const struct td_policy *policy, struct tdx_outcome *o)
{
    static const struct td_policy strict;
    struct quote q;
    const struct td_report_ok *ok = NULL;
    TRY(quote_parse(b->quote, &q, &o->err));
    TRY(quote_verify(a, &q, &b->collateral, b->root, now, &ok, &o->err));
    o->td = *td_report_of(ok);
    return td_findings(a, ok, policy ? policy : &strict, &o->findings, &o->err);
}

void tdx_case_bundle(struct arena *a, const struct tdx_bundle *b, uint64_t now,
                     const struct td_policy *policy, struct tdx_outcome *out)
{
    memset(out, 0, sizeof *out);
    out->rc = run(a, b, now, policy, out);
    pki_must(out->rc == out->err.rc);
}

const char *tdx_case_kind(const struct tdx_outcome *o)
{
    const struct err_info *info = err_info_of((int)o->rc);
    return info ? info->kind : "";
}

const struct check *tdx_case_finding(const struct tdx_outcome *o, const char *id)
{
    for (size_t i = 0; i < o->findings.n; i++)
        if (strcmp(o->findings.v[i].id, id) == 0)
            return &o->findings.v[i];
    return NULL;
}

struct bytes chain(struct tdx_defect_ctx *x, struct bytes c1, struct bytes c2, struct bytes c3,
                   struct bytes c4)
{
    return tdx_chain(x->a, c1, c2, c3, c4);
}

void tdx_defects_run(const struct tdx_defect *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct tdx_defect_ctx x = {.a = arena_new(8u << 20)};
        struct tdx_bundle b;
        struct tdx_outcome o;
        pki_must(x.a != NULL);
        tdx_world_default(&x.w);
        tdx_world_build(x.a, &x.w, &x.good);
        v[i].make(&x);
        tdx_world_build(x.a, &x.w, &b);
        tdx_case_bundle(x.a, &b, x.w.now, NULL, &o);
        const char *got = o.rc == RC_OK ? tcb_status_name(o.td.tcb.status) : tdx_case_kind(&o);
        int exit = err_exit_status(o.rc);
        CASE(v[i].name, strcmp(got, v[i].want) == 0 && exit == v[i].exit,
             "got %s, exit %d (%s), want %s, exit %d", got, exit, o.err.detail, v[i].want,
             v[i].exit);
        arena_free(x.a);
    }
}
