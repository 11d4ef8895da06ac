/*
 * Named policy switches on a verified TD (tdx facts 2.10). TD attribute bits: Intel TDX module ABI
 * reference, "ATTRIBUTES": 0 DEBUG, 28 SEPT_VE_DISABLE, 29 MIGRATABLE, 30 PKS, 31 KL, 63 PERFMON.
 */
#include "quote/findings.h"

#include "base/date.h"
#include "base/hex.h"

#define TD_DEBUG           0x1ull
#define TD_SEPT_VE_DISABLE (1ull << 28)
#define TD_PKS             (1ull << 30)
#define TD_KL              (1ull << 31)
#define TD_PERFMON         (1ull << 63) /* seen on real hosts; says nothing about confidentiality */
/*
 * Everything else counts as reserved: bits of no meaning yet, and MIGRATABLE, which lets a
 * migration TD move the TD to a machine that this verdict says nothing about.
 */
#define TD_KNOWN (TD_DEBUG | TD_SEPT_VE_DISABLE | TD_PKS | TD_KL | TD_PERFMON)
/* Bits 1-7: the group "TD under debug"; any of them set makes the TD untrusted. */
#define TD_UNDER_DEBUG 0xfeull

#define SOURCE_ATTRIBUTES "Intel TDX module ABI, ATTRIBUTES"
#define SOURCE_POLICY     "policy"

static const struct {
    const char *id, *name;
} finding_names[] = {
    {"td.debug", "TD_DEBUG"},
    {"td.attributes_reserved", "TD_ATTRIBUTES_RESERVED"},
    {"td.sept_ve_disable", "SEPT_VE_DISABLE_CLEAR"},
    {"td.mr_service_td", "MR_SERVICE_TD_NONZERO"},
    {"tcb.status", "TCB_STATUS"},
    {"tcb.date", "TCB_DATE"},
    {"tcb.evaluation", "TCB_EVALUATION"},
    {"tcb.advisories", "TCB_ADVISORY"},
    {"td.device", "DEVICE_ID"},
};

const char *td_finding_name(const char *check_id)
{
    for (size_t i = 0; check_id && i < sizeof finding_names / sizeof *finding_names; i++)
        if (strcmp(check_id, finding_names[i].id) == 0)
            return finding_names[i].name;
    return NULL;
}

/* What all switches work on. */
struct ctx {
    struct arena *a;
    const struct td_report *td;
    const struct td_policy *p;
    struct checks *out;
    struct err *err;
};

/* verdict appends one check; ok decides, code is that of a refusal. */
static enum rc verdict(const struct ctx *c, bool ok, enum rc code, struct check k)
{
    k.status = ok ? CHECK_PASS : CHECK_FAIL;
    k.code = ok ? RC_OK : code;
    return checks_add(c->a, c->out, k, c->err);
}

static uint64_t attributes_of(const struct td_body *b)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 8; i++)
        v |= (uint64_t)b->td_attributes[i] << (8 * i);
    return v;
}

static enum rc attributes(const struct ctx *c)
{
    const struct td_policy *p = c->p;
    uint64_t v = attributes_of(&c->td->td), reserved = v & ~TD_KNOWN;
    const char *bits =
        reserved ? arena_printf(c->a, c->err, "%016llx", (unsigned long long)reserved) : "none set";
    if (!bits)
        return c->err->rc;
    TRY(verdict(c, !(v & TD_DEBUG) || p->allow_debug, BG_TD_IS_DEBUG,
                (struct check){.id = "td.debug",
                               .expected = p->allow_debug ? "any" : "DEBUG (bit 0) clear",
                               .actual = v & TD_DEBUG ? "set" : "clear",
                               .source = SOURCE_ATTRIBUTES}));
    bool reserved_ok =
        !reserved || (p->allow_reserved_attributes && (!(v & TD_UNDER_DEBUG) || p->allow_debug));
    TRY(verdict(c, reserved_ok, BG_TD_RESERVED_BITS,
                (struct check){.id = "td.attributes_reserved",
                               .expected = "none set",
                               .actual = bits,
                               .source = SOURCE_ATTRIBUTES}));
    return verdict(
        c, (v & TD_SEPT_VE_DISABLE) || p->allow_sept_ve_clear, BG_TD_SEPT_VE,
        (struct check){.id = "td.sept_ve_disable",
                       .expected = p->allow_sept_ve_clear ? "any" : "SEPT_VE_DISABLE (bit 28) set",
                       .actual = v & TD_SEPT_VE_DISABLE ? "set" : "clear",
                       .source = SOURCE_ATTRIBUTES});
}

static enum rc service_td(const struct ctx *c)
{
    const struct td_body *b = &c->td->td;
    const char *text = "not in this report version";
    bool zero = !b->td15 || mem_is_zero(b->mr_service_td, sizeof b->mr_service_td);
    if (b->td15 && !(text = hex_str(c->a, BYTES_OF_ARRAY(b->mr_service_td), c->err)))
        return c->err->rc;
    return verdict(c, zero || c->p->allow_mr_service_td, BG_TD_SERVICE_TD,
                   (struct check){.id = "td.mr_service_td",
                                  .expected = c->p->allow_mr_service_td ? "any" : "zero",
                                  .actual = text,
                                  .source = "TD report 1.5, MR_SERVICETD"});
}

/* Revoked is never acceptable, whatever the configuration says; nor is the absence of a status. */
static enum rc tcb_status(const struct ctx *c)
{
    enum tcb_status s = c->td->tcb.status;
    uint32_t allowed = c->p->tcb_statuses ? c->p->tcb_statuses : UINT32_MAX;
    bool ok = s > TCB_NONE && s < TCB_STATUS_MAX && s != TCB_REVOKED && (allowed >> s & 1);
    char *expected = arena_printf(c->a, c->err, "%s", c->p->tcb_statuses ? "one of" : "");
    if (!expected)
        return c->err->rc;
    for (unsigned i = TCB_NONE + 1; c->p->tcb_statuses && i < TCB_REVOKED; i++)
        if ((allowed >> i & 1) && !(expected = arena_printf(c->a, c->err, "%s %s", expected,
                                                            tcb_status_name((enum tcb_status)i))))
            return c->err->rc;
    return verdict(c, ok, BG_TCB_STATUS_DENIED,
                   (struct check){.id = "tcb.status",
                                  .expected = *expected ? expected : "any but Revoked",
                                  .actual = tcb_status_name(s),
                                  .source = SOURCE_POLICY});
}

static enum rc tcb_date(const struct ctx *c)
{
    uint64_t have = c->td->tcb.tcb_date, want = c->p->min_tcb_date;
    char h[DATE_TEXT], w[DATE_TEXT];
    date_text(have, h);
    date_text(want, w);
    char *actual = arena_printf(c->a, c->err, "%s", h);
    char *expected = arena_printf(c->a, c->err, "not before %s", w);
    if (!actual || !expected)
        return c->err->rc;
    return verdict(c, have >= want, BG_TCB_DATE_DENIED,
                   (struct check){.id = "tcb.date",
                                  .expected = want ? expected : "any",
                                  .actual = actual,
                                  .source = SOURCE_POLICY});
}

static enum rc tcb_evaluation(const struct ctx *c)
{
    uint32_t have = c->td->tcb.evaluation_number, want = c->p->min_evaluation_number;
    char *actual = arena_printf(c->a, c->err, "%u", have);
    char *expected = arena_printf(c->a, c->err, "at least %u", want);
    if (!actual || !expected)
        return c->err->rc;
    return verdict(c, have >= want, BG_TCB_EVALUATION_DENIED,
                   (struct check){.id = "tcb.evaluation",
                                  .expected = want ? expected : "any",
                                  .actual = actual,
                                  .source = SOURCE_POLICY});
}

static enum rc advisories(const struct ctx *c)
{
    const struct tcb_advisories *adv = &c->td->tcb.advisories;
    const char *denied = NULL;
    for (size_t i = 0; i < adv->n && !denied; i++)
        for (size_t k = 0; k < c->p->num_deny_advisories && !denied; k++)
            if (bytes_eq(adv->v[i], c->p->deny_advisories[k]) &&
                !(denied = arena_printf(c->a, c->err, "%.*s", (int)adv->v[i].n, adv->v[i].p)))
                return c->err->rc;
    return verdict(
        c, !denied, BG_TCB_ADVISORY_DENIED,
        (struct check){.id = "tcb.advisories",
                       .expected = c->p->num_deny_advisories ? "no denied advisory" : "any",
                       .actual = denied ? denied : "none denied",
                       .source = SOURCE_POLICY});
}

static enum rc device(const struct ctx *c)
{
    const struct td_policy *p = c->p;
    bool ok = p->num_device_ids == 0;
    for (size_t i = 0; i < p->num_device_ids; i++)
        ok = ok || memcmp(p->device_ids[i], c->td->device_id, sizeof c->td->device_id) == 0;
    char *text = hex_str(c->a, BYTES_OF_ARRAY(c->td->device_id), c->err);
    if (!text)
        return c->err->rc;
    return verdict(
        c, ok, BG_TD_DEVICE_DENIED,
        (struct check){.id = "td.device",
                       .expected = p->num_device_ids ? "a device of policy.device_ids" : "any",
                       .actual = text,
                       .source = SOURCE_POLICY});
}

/* Not a refusal: the KMS decides on its own view, and the user should know it beforehand. */
static enum rc kms_view(const struct ctx *c)
{
    const struct tcb_result *t = &c->td->tcb;
    bool same = t->kms_view_note == NULL;
    return checks_add(
        c->a, c->out,
        (struct check){.id = "tcb.kms_view",
                       .status = same ? CHECK_PASS : CHECK_UNKNOWN,
                       .code = same ? RC_OK : BG_KMS_VIEW_DIFFERS,
                       .expected = tcb_status_name(t->status),
                       .actual = t->kms_view_ok ? tcb_status_name(t->kms_view_status) : "an error",
                       .source = "dcap-qvl 0.5.2",
                       .hint = t->kms_view_note},
        c->err);
}

enum rc td_findings(struct arena *a, const struct td_report_ok *td, const struct td_policy *p,
                    struct checks *out, struct err *err)
{
    struct ctx c = {a, td_report_of(td), p, out, err};
    TRY(attributes(&c));
    TRY(service_td(&c));
    TRY(tcb_status(&c));
    TRY(tcb_date(&c));
    TRY(tcb_evaluation(&c));
    TRY(advisories(&c));
    TRY(device(&c));
    return kms_view(&c);
}
