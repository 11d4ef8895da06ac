/*
 * What dstack's own verifier would report of the same data: Phala dcap-qvl 0.5.2 (src/verify.rs,
 * src/tcb_info.rs) and dstack's validate_tcb on top. The KMS puts that word, not ours, into the
 * boot info it sends to the contract; a user should learn of a difference before the KMS does.
 * Modelled from its behaviour, with its peculiarities; signatures and dates are ours to check.
 * Not modelled: it takes module and QE levels in document order (Intel's documents are sorted).
 */
#include "quote/tcb_internal.h"

static unsigned severity(enum tcb_status s)
{
    switch (s) {
    case TCB_UP_TO_DATE:
        return 0;
    case TCB_SW_HARDENING_NEEDED:
        return 1;
    case TCB_CONFIGURATION_NEEDED:
        return 2;
    case TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED:
        return 3;
    case TCB_OUT_OF_DATE:
        return 4;
    case TCB_OUT_OF_DATE_CONFIGURATION_NEEDED:
        return 5;
    default:
        return 6; /* Revoked; it knows no others */
    }
}

static bool svn_levels_known(const struct tcb_svn_level *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (v[i].status == TCB_NONE)
            return false;
    return true;
}

/* Its JSON reader refuses a document with a status word it does not know, in whatever level. */
static bool words_known(const struct tcb_info *ti, const struct qe_identity *qi)
{
    bool known = svn_levels_known(qi->levels, qi->num_levels);
    for (size_t i = 0; i < ti->num_levels; i++)
        known = known && ti->levels[i].status != TCB_NONE;
    for (size_t i = 0; i < ti->num_identities; i++)
        known = known && svn_levels_known(ti->identities[i].levels, ti->identities[i].num_levels);
    return known;
}

static bool at_least(const uint8_t *have, const uint8_t *need)
{
    for (size_t i = 0; i < 16; i++)
        if (have[i] < need[i])
            return false;
    return true;
}

/* It compares CPUSVN, and all 16 TDX components, 0 and 1 included. */
static const struct tcb_comp_level *level_of(const struct quote *q, const struct pck_tcb *pck,
                                             const struct tcb_info *ti)
{
    for (size_t i = 0; i < ti->num_levels; i++) {
        const struct tcb_comp_level *l = &ti->levels[i];
        if (pck->pce_svn >= l->pce_svn && at_least(pck->cpu_svn, l->sgx) &&
            at_least(q->td.tee_tcb_svn, l->tdx))
            return l;
    }
    return NULL;
}

/*
 * attributes_note: validate_attrs and validate_tcb. Bits 8-27, 29 and 32-63 are reserved to it,
 * bit 63 (PERFMON) among them and bit 39 not: its parser masks the wrong byte.
 */
static const char *attributes_note(const struct td_body *td)
{
    const uint8_t *t = td->td_attributes;
    if (td->td15 && !mem_is_zero(td->mr_service_td, sizeof td->mr_service_td))
        return "dcap-qvl refuses a TD with a service TD";
    if (t[0] & 0x01)
        return "dcap-qvl refuses a debug TD";
    if ((t[0] & 0xfe) || t[1] || t[2] || (t[3] & 0x2f) || (t[4] & 0x7f) || t[5] || t[6] || t[7])
        return "dcap-qvl refuses a TD attribute that it holds for reserved";
    if (!(t[3] & 0x10))
        return "dcap-qvl demands SEPT_VE_DISABLE";
    if (!mem_is_zero(td->mr_signer_seam, sizeof td->mr_signer_seam))
        return "dstack refuses a TDX module with a signer";
    return NULL;
}

static bool same_advisories(const struct tcb_advisories *a, const struct tcb_advisories *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (!bytes_eq(a->v[i], b->v[i]))
            return false;
    return true;
}

static void merge(enum tcb_status *status, enum tcb_status other)
{
    if (severity(other) > severity(*status))
        *status = other;
}

static const char *why_not(const struct quote *q, const struct tcb_info *ti,
                           const struct qe_identity *qi)
{
    if (!words_known(ti, qi))
        return "dcap-qvl does not know a status word in the collateral";
    if (q->qe_auth_data.n != 32)
        return "dcap-qvl demands 32 bytes of QE authentication data";
    return attributes_note(&q->td);
}

void tcb_kms_view(const struct quote *q, const struct pck_tcb *pck, const struct tcb_info *ti,
                  const struct qe_identity *qi, struct tcb_result *r)
{
    r->kms_view_ok = false;
    r->kms_view_note = why_not(q, ti, qi);
    if (r->kms_view_note)
        return;
    const struct tcb_comp_level *level = level_of(q, pck, ti);
    if (!level) {
        r->kms_view_note = "dcap-qvl finds no TCB level: it compares TDX components 0 and 1 too";
        return;
    }
    /* Both exist: our own appraisal, which came before, demanded the same of them. */
    const struct tcb_module *m =
        q->td.tee_tcb_svn[1] > 0 ? tcb_module_find(ti, q->td.tee_tcb_svn[1]) : NULL;
    const struct tcb_svn_level *module =
        m ? tcb_svn_level_find(m->levels, m->num_levels, q->td.tee_tcb_svn[0]) : NULL;
    const struct tcb_svn_level *qe = tcb_svn_level_find(qi->levels, qi->num_levels, q->qe.isv_svn);

    enum tcb_status status = level->status;
    bool room = tcb_advisories_add(&r->kms_view_advisories, level->advisories);
    if (module) {
        merge(&status, module->status);
        room = room && tcb_advisories_add(&r->kms_view_advisories, module->advisories);
    }
    if (qe) {
        merge(&status, qe->status);
        room = room && tcb_advisories_add(&r->kms_view_advisories, qe->advisories);
    }
    if (!qe || !room || severity(status) >= severity(TCB_REVOKED)) {
        r->kms_view_note = "dcap-qvl takes Revoked for an error";
        return;
    }
    r->kms_view_ok = true;
    r->kms_view_status = status;
    if (status != r->status)
        r->kms_view_note = q->td.td15 && r->status != r->launch
                               ? "dcap-qvl does not look at the current TCB of a TD 1.5 (relaunch)"
                               : "dcap-qvl keeps the worse word and drops the configuration part";
    else if (!same_advisories(&r->advisories, &r->kms_view_advisories))
        r->kms_view_note = "dcap-qvl lists the advisories of the TDX module before those of the QE";
}
