/* explain_tcb: what the platform has and what it would need, component by component. */
#include "agent/explain.h"
#include "base/date.h"
#include "base/hex.h"

static json_t *text_json(struct bytes b)
{
    json_t *s = b.n ? json_stringn((const char *)b.p, b.n) : NULL;
    return s ? s : json_null();
}

static json_t *date_json(uint64_t seconds)
{
    return json_string(date_of(seconds).s);
}

/* short_of: the entry of the shortfall, where this component has one. */
static const struct tcb_short *short_of(const struct tcb_gap *g, enum tcb_short_kind kind,
                                        unsigned index)
{
    for (size_t i = 0; i < g->num_missing; i++)
        if (g->missing[i].kind == kind && g->missing[i].index == index)
            return &g->missing[i];
    return NULL;
}

static json_t *svn_json(int svn)
{
    return svn < 0 ? json_null() : json_integer(svn);
}

static json_t *component(const struct tcb_gap *g, enum tcb_short_kind kind, unsigned index,
                         unsigned have, int standard, int early, struct bytes category,
                         struct bytes type)
{
    static const char *const kinds[] = {"", "sgx", "tdx", "pcesvn"};
    const struct tcb_short *s = short_of(g, kind, index);
    return json_pack("{s:s, s:i, s:i, s:o, s:o, s:i, s:s?, s:o, s:o}", "kind", kinds[kind], "index",
                     (int)index, "platform", (int)have, "standard", svn_json(standard), "early",
                     svn_json(early), "short", s ? (int)(s->need - s->have) : 0, "update",
                     s ? tcb_update_of(s) : NULL, "category", text_json(category), "type",
                     text_json(type));
}

static const struct tcb_comp_level *goal_of(const struct tcb_gap *g)
{
    return !g ? NULL : g->goal ? g->goal : g->level;
}

static json_t *components(const struct tcb_gap *g, const struct tcb_gap *coming)
{
    const struct tcb_comp_level *goal = goal_of(g), *next = goal_of(coming);
    const struct tcb_comp_names none = {0};
    const struct tcb_comp_names *sgx = goal && goal->sgx_names ? goal->sgx_names : &none;
    const struct tcb_comp_names *tdx = goal && goal->tdx_names ? goal->tdx_names : &none;
    json_t *list = json_array();
    for (unsigned i = 0; i < 16; i++)
        (void)json_array_append_new(
            list, component(g, TCB_SHORT_SGX, i, g->pck.comp_svn[i], goal ? goal->sgx[i] : -1,
                            next ? next->sgx[i] : -1, sgx->category[i], sgx->type[i]));
    for (unsigned i = 0; i < 16; i++)
        (void)json_array_append_new(
            list, component(g, TCB_SHORT_TDX, i, g->tdx[i], goal ? goal->tdx[i] : -1,
                            next ? next->tdx[i] : -1, tdx->category[i], tdx->type[i]));
    (void)json_array_append_new(list, component(g, TCB_SHORT_PCE, 0, g->pck.pce_svn,
                                                goal ? goal->pce_svn : -1,
                                                next ? next->pce_svn : -1, BYTES_NONE, BYTES_NONE));
    return list;
}

static json_t *single(struct bytes id, const struct tcb_svn_gap *s,
                      const struct tcb_svn_gap *coming, const char *update)
{
    const struct tcb_svn_level *next = !coming ? NULL : coming->goal ? coming->goal : coming->level;
    const struct tcb_svn_level *goal = s->goal ? s->goal : s->level;
    return json_pack("{s:o, s:i, s:o, s:o, s:o, s:i, s:s?}", "id", text_json(id), "platform",
                     (int)s->svn, "standard", goal ? json_integer(goal->isv_svn) : json_null(),
                     "early", svn_json(next ? next->isv_svn : -1), "status",
                     s->level ? text_json(s->level->status_text) : json_null(), "short",
                     s->goal ? (int)(s->goal->isv_svn - s->svn) : 0, "update",
                     s->goal ? update : NULL);
}

static json_t *advisories(const struct tcb_advisories *v)
{
    json_t *list = json_array();
    for (size_t i = 0; v && i < v->n; i++)
        (void)json_array_append_new(list, text_json(v->v[i]));
    return list;
}

/* early_set: what the coming set says of itself, and when it becomes the standard. */
static json_t *early_set(const struct explain *e, const struct tcb_gap *g)
{
    const struct tcb_comp_level *l = goal_of(g);
    bool past = l && e->now >= l->date, known = e->has_switch;
    return json_pack("{s:i, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "evaluation_number",
                     (int)g->info.evaluation_number, "coming",
                     (int)(g->info.evaluation_number > e->gap.info.evaluation_number), "issue_date",
                     date_json(g->info.issue_date), "next_update", date_json(g->info.next_update),
                     "level_date", l ? date_json(l->date) : json_null(), "days_since_level",
                     past ? json_integer((json_int_t)((e->now - l->date) / 86400u)) : json_null(),
                     "recovery_event", known ? date_json(e->when.recovery_event) : json_null(),
                     "becomes_standard", known ? date_json(e->when.standard) : json_null(),
                     "days_until", known ? json_integer((json_int_t)e->when.days) : json_null(),
                     "due", known ? json_boolean(e->when.due) : json_null());
}

json_t *explain_tcb_json(const struct explain *e)
{
    const struct tcb_gap *g = &e->gap, *early = e->has_early ? &e->early : NULL;
    char fmspc[13];
    if (!e->has_gap)
        return json_null();
    hex_encode(BYTES_OF_ARRAY(g->pck.fmspc), fmspc);
    return json_pack("{s:s, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o}", "fmspc", fmspc,
                     "evaluation_number", (int)g->info.evaluation_number, "status",
                     g->level ? text_json(g->level->status_text) : json_null(), "level_date",
                     g->level ? date_json(g->level->date) : json_null(), "advisories",
                     advisories(g->level ? g->level->advisories : NULL), "components",
                     components(g, early), "tdx_module",
                     g->module ? single(g->module->id, &g->module_gap,
                                        early ? &early->module_gap : NULL, "the TDX module")
                               : json_null(),
                     "quoting_enclave",
                     single(g->identity.id, &g->qe, early ? &early->qe : NULL,
                            "Intel's DCAP software on the host"),
                     "relaunch", g->relaunch, "early_set",
                     early ? early_set(e, early) : json_null());
}
