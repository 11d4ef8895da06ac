#include "tests/lib/tcb_case.h"

void tcb_case_new(struct tcb_case *c)
{
    memset(c, 0, sizeof *c);
    c->a = arena_new(16u << 20);
    pki_must(c->a != NULL);
    tdx_world_default(&c->w);
}

void tcb_case_end(struct tcb_case *c)
{
    arena_free(c->a);
    c->a = NULL;
}

static struct bytes or_made(struct bytes given, struct bytes made)
{
    return given.p ? given : made;
}

enum rc tcb_case_run(struct tcb_case *c)
{
    struct tcb_info ti = {0};
    struct qe_identity qi = {0};
    struct quote q = {.version = 4, .td = c->w.quote.td, .qe = c->w.quote.qe};
    struct pck_tcb pck = {.pce_svn = c->w.sgx.pce_svn, .sgx_type = 1};
    q.qe_auth_data = c->w.quote.qe_auth_data;
    memcpy(pck.ppid, c->w.sgx.ppid, sizeof pck.ppid);
    memcpy(pck.comp_svn, c->w.sgx.comp_svn, sizeof pck.comp_svn);
    memcpy(pck.cpu_svn, c->w.sgx.cpu_svn, sizeof pck.cpu_svn);
    memcpy(pck.pce_id, c->w.sgx.pce_id, sizeof pck.pce_id);
    memcpy(pck.fmspc, c->w.sgx.fmspc, sizeof pck.fmspc);
    err_clear(&c->err);
    memset(&c->r, 0, sizeof c->r);
    TRY(tcb_info_parse(c->a, or_made(c->w.tcb_info_text, tcb_info_text(c->a, &c->w.tcb_info)), &ti,
                       &c->err));
    TRY(qe_identity_parse(c->a,
                          or_made(c->w.qe_identity_text, qe_identity_text(c->a, &c->w.qe_identity)),
                          &qi, &c->err));
    TRY(tcb_info_check(&ti, &pck, c->w.now, &c->err));
    TRY(qe_identity_check(&qi, c->w.now, &c->err));
    return tcb_appraise(&q, &pck, &ti, &qi, &c->r, &c->err);
}

const char *tcb_case_kind(const struct tcb_case *c)
{
    const struct err_info *info = err_info_of((int)c->err.rc);
    return info ? info->kind : "";
}
