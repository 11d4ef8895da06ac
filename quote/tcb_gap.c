#include "quote/tcb_gap.h"

#include "quote/pck.h"
#include "quote/pem.h"
#include "quote/tcb_internal.h"
#include "quote/x509.h"

static enum rc read_pck(struct arena *a, const struct quote *q, struct pck_tcb *out,
                        struct err *err)
{
    struct bytes text = q->pck_chain_pem, der = BYTES_NONE;
    struct cert leaf;
    const char *why = "no certificate";
    if (!pem_next(a, &text, LIMIT_CERT_DER, &der, &why, err) || der.n == 0 ||
        !cert_read(der, &leaf, &why) || !pck_read(leaf.sgx, out, &why))
        return err_set(err, BG_TCB_GAP_PCK, "%s", why);
    return RC_OK;
}

/* distance of a level: components that are short, then by how much in all. */
static unsigned distance(const struct tcb_gap *g, const struct tcb_comp_level *l)
{
    struct tcb_short s[TCB_SHORT_MAX];
    size_t n = tcb_shortfall(&g->pck, g->tdx, l, s);
    unsigned sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += s[i].need - s[i].have;
    return (unsigned)n << 24 | sum; /* 32 components of at most 255, and one of at most 65535 */
}

static void platform_gap(struct tcb_gap *g)
{
    const struct tcb_comp_level *aim = NULL;
    if (!g->info.levels)
        return;
    for (size_t i = 0; i < g->info.num_levels && !g->level; i++)
        if (distance(g, &g->info.levels[i]) == 0)
            g->level = &g->info.levels[i];
    if (g->level && g->level->status == TCB_UP_TO_DATE)
        return;
    for (size_t i = 0; i < g->info.num_levels; i++) {
        const struct tcb_comp_level *l = &g->info.levels[i];
        if (l->status == TCB_UP_TO_DATE && (!g->goal || distance(g, l) < distance(g, g->goal)))
            g->goal = l;
    }
    aim = g->goal ? g->goal : g->level ? NULL : tcb_best_level(&g->info);
    if (aim)
        g->num_missing = tcb_shortfall(&g->pck, g->tdx, aim, g->missing);
}

static struct tcb_svn_gap svn_gap(const struct tcb_svn_level *levels, size_t n, uint16_t svn)
{
    struct tcb_svn_gap g = {.svn = svn, .level = tcb_svn_level_find(levels, n, svn)};
    if (g.level && g.level->status == TCB_UP_TO_DATE)
        return g;
    for (size_t i = 0; i < n; i++) /* highest first */
        if (levels[i].status == TCB_UP_TO_DATE && levels[i].isv_svn > svn)
            g.goal = &levels[i];
    return g;
}

enum rc tcb_gap_find(struct arena *a, const struct quote *q, const struct collateral *c,
                     struct tcb_gap *out, struct err *err)
{
    struct tcb_gap g = {.relaunch = false};
    TRY(read_pck(a, q, &g.pck, err));
    TRY(tcb_info_parse(a, c->tcb_info, &g.info, err));
    TRY(qe_identity_parse(a, c->qe_identity, &g.identity, err));
    if (memcmp(g.info.fmspc, g.pck.fmspc, sizeof g.pck.fmspc) != 0)
        return err_set(err, BG_TCB_GAP_FMSPC, "platform %02x%02x%02x.., TCB info %02x%02x%02x..",
                       g.pck.fmspc[0], g.pck.fmspc[1], g.pck.fmspc[2], g.info.fmspc[0],
                       g.info.fmspc[1], g.info.fmspc[2]);
    memcpy(g.tdx, q->td.tee_tcb_svn, sizeof g.tdx);
    g.relaunch = q->td.td15 && memcmp(q->td.tee_tcb_svn2, g.tdx, sizeof g.tdx) != 0;
    platform_gap(&g);
    if (g.tdx[1] > 0) {
        g.module = tcb_module_find(&g.info, g.tdx[1]);
        g.module_unknown = !g.module;
    }
    if (g.module)
        g.module_gap = svn_gap(g.module->levels, g.module->num_levels, g.tdx[0]);
    g.qe = svn_gap(g.identity.levels, g.identity.num_levels, q->qe.isv_svn);
    *out = g;
    return RC_OK;
}

bool tcb_gap_none(const struct tcb_gap *g)
{
    bool module = g->module ? g->module_gap.level && g->module_gap.level->status == TCB_UP_TO_DATE
                            : !g->module_unknown;
    return module && g->level && g->level->status == TCB_UP_TO_DATE && g->qe.level &&
           g->qe.level->status == TCB_UP_TO_DATE;
}

static bool says(struct bytes text, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= text.n; i++)
        if (memcmp(text.p + i, word, n) == 0)
            return true;
    return false;
}

const char *tcb_update_of(const struct tcb_short *s)
{
    if (s->kind == TCB_SHORT_PCE)
        return "the PCE (Intel's SGX platform software on the host)";
    if (says(s->type, "TDX Module") || (s->kind == TCB_SHORT_TDX && s->index < 2))
        return "the TDX module";
    if (says(s->type, "Late Microcode"))
        return "microcode (loaded by the OS, or with a BIOS)";
    if (says(s->type, "Microcode"))
        return "microcode (with a BIOS)";
    if (says(s->type, "SEAMLDR"))
        return "the SEAM loader (with a BIOS)";
    return "the BIOS";
}
