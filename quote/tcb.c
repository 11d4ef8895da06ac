/*
 * Appraisal of a TDX platform as Intel's Quote Verification Library does it ("QVL": Intel SGX/TDX
 * DCAP QVL, Src/AttestationLibrary, July 2026; tdx facts 2.7-2.9). Where this is stricter it says
 * so. The status word that comes out is compared by contracts, letter by letter.
 */
#include "quote/tcb_internal.h"

#include "base/date.h"

#include <stdio.h>

static const char *const names[TCB_STATUS_MAX] = {
    [TCB_NONE] = "",
    [TCB_UP_TO_DATE] = "UpToDate",
    [TCB_SW_HARDENING_NEEDED] = "SWHardeningNeeded",
    [TCB_CONFIGURATION_NEEDED] = "ConfigurationNeeded",
    [TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED] = "ConfigurationAndSWHardeningNeeded",
    [TCB_TD_RELAUNCH_ADVISED] = "TDRelaunchAdvised",
    [TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED] = "TDRelaunchAdvisedConfigurationNeeded",
    [TCB_OUT_OF_DATE] = "OutOfDate",
    [TCB_OUT_OF_DATE_CONFIGURATION_NEEDED] = "OutOfDateConfigurationNeeded",
    [TCB_REVOKED] = "Revoked",
};

const char *tcb_status_name(enum tcb_status s)
{
    return (unsigned)s < TCB_STATUS_MAX ? names[s] : "";
}

enum tcb_status tcb_status_read(struct bytes word)
{
    for (unsigned s = TCB_UP_TO_DATE; s < TCB_STATUS_MAX; s++)
        if (bytes_eq_str(word, names[s]))
            return (enum tcb_status)s;
    return TCB_NONE;
}

enum rc tcb_info_check(const struct tcb_info *ti, const struct pck_tcb *pck, uint64_t now,
                       struct err *err)
{
    if (!bytes_eq_str(ti->id, "TDX") || ti->version != 3)
        return err_set(err, BG_TCB_INFO_KIND, "id %.*s, version %u", (int)ti->id.n, ti->id.p,
                       ti->version);
    if (now < ti->issue_date)
        return err_set(err, BG_TCB_INFO_FUTURE, "issued %s, now %s", date_of(ti->issue_date).s,
                       date_of(now).s);
    if (now > ti->next_update)
        return err_set(err, BG_TCB_INFO_OLD, "next update %s, now %s", date_of(ti->next_update).s,
                       date_of(now).s);
    if (memcmp(ti->fmspc, pck->fmspc, sizeof ti->fmspc) != 0)
        return err_set(err, BG_TCB_INFO_FMSPC,
                       "TCB info %02x%02x%02x%02x%02x%02x, PCK %02x%02x%02x%02x%02x%02x",
                       ti->fmspc[0], ti->fmspc[1], ti->fmspc[2], ti->fmspc[3], ti->fmspc[4],
                       ti->fmspc[5], pck->fmspc[0], pck->fmspc[1], pck->fmspc[2], pck->fmspc[3],
                       pck->fmspc[4], pck->fmspc[5]);
    if (memcmp(ti->pce_id, pck->pce_id, sizeof ti->pce_id) != 0)
        return err_set(err, BG_TCB_INFO_PCEID, "TCB info %02x%02x, PCK %02x%02x", ti->pce_id[0],
                       ti->pce_id[1], pck->pce_id[0], pck->pce_id[1]);
    return RC_OK;
}

/* Versions 2 and 3: dcap-qvl takes both for TDX, QVL 2 only; the members we use are the same. */
enum rc qe_identity_check(const struct qe_identity *qi, uint64_t now, struct err *err)
{
    if (!bytes_eq_str(qi->id, "TD_QE") || (qi->version != 2 && qi->version != 3))
        return err_set(err, BG_QE_IDENTITY_KIND, "id %.*s, version %u", (int)qi->id.n, qi->id.p,
                       qi->version);
    if (now < qi->issue_date)
        return err_set(err, BG_QE_IDENTITY_FUTURE, "issued %s, now %s", date_of(qi->issue_date).s,
                       date_of(now).s);
    if (now > qi->next_update)
        return err_set(err, BG_QE_IDENTITY_OLD, "next update %s, now %s",
                       date_of(qi->next_update).s, date_of(now).s);
    return RC_OK;
}

bool tcb_advisories_add(struct tcb_advisories *dst, const struct tcb_advisories *src)
{
    for (size_t i = 0; i < src->n; i++) {
        size_t k = 0;
        while (k < dst->n && !bytes_eq(dst->v[k], src->v[i]))
            k++;
        if (k < dst->n)
            continue;
        if (dst->n == LIMIT_ADVISORIES)
            return false;
        dst->v[dst->n++] = src->v[i];
    }
    return true;
}

const struct tcb_svn_level *tcb_svn_level_find(const struct tcb_svn_level *levels, size_t n,
                                               uint16_t svn)
{
    for (size_t i = 0; i < n; i++)
        if (svn >= levels[i].isv_svn)
            return &levels[i];
    return NULL;
}

const struct tcb_module *tcb_module_find(const struct tcb_info *ti, uint8_t version)
{
    static const char hex[] = "0123456789ABCDEF";
    const char id[] = {'T', 'D', 'X', '_', hex[version >> 4], hex[version & 15]};
    for (size_t i = 0; i < ti->num_identities; i++)
        if (tcb_module_id_eq(ti->identities[i].id, BYTES_OF_ARRAY(id)))
            return &ti->identities[i];
    return NULL;
}

/*
 * qe_appraise: QVL EnclaveReportVerifier.cpp. As there, the report's masked value must equal the
 * identity's value unmasked: an identity that names bits outside its own mask is never met.
 * Stricter: the debug bit is refused whatever the mask says.
 */
static enum rc qe_appraise(const struct qe_report *qe, const struct qe_identity *qi,
                           const struct tcb_svn_level **out, struct err *err)
{
    if (memcmp(qe->mr_signer, qi->mr_signer, sizeof qe->mr_signer) != 0)
        return err_set(err, BG_QE_WRONG_MRSIGNER,
                       "QE %02x%02x%02x%02x.., identity %02x%02x%02x%02x..", qe->mr_signer[0],
                       qe->mr_signer[1], qe->mr_signer[2], qe->mr_signer[3], qi->mr_signer[0],
                       qi->mr_signer[1], qi->mr_signer[2], qi->mr_signer[3]);
    if (qe->isv_prod_id != qi->isv_prod_id)
        return err_set(err, BG_QE_WRONG_ISVPRODID, "QE %u, identity %u", qe->isv_prod_id,
                       qi->isv_prod_id);
    if ((qe->misc_select & qi->misc_select_mask) != qi->misc_select)
        return err_set(err, BG_QE_WRONG_MISCSELECT, "QE %08x, identity %08x, mask %08x",
                       qe->misc_select, qi->misc_select, qi->misc_select_mask);
    if (qe->attributes[0] & 0x02) /* Intel SDM vol. 3D, 38.7.1: ATTRIBUTES.DEBUG */
        return err_set(err, BG_QE_IS_DEBUG, "attributes %02x..", qe->attributes[0]);
    for (size_t i = 0; i < sizeof qe->attributes; i++)
        if ((qe->attributes[i] & qi->attributes_mask[i]) != qi->attributes[i])
            return err_set(err, BG_QE_WRONG_ATTRIBUTES,
                           "byte %zu: QE %02x, identity %02x, mask %02x", i, qe->attributes[i],
                           qi->attributes[i], qi->attributes_mask[i]);
    const struct tcb_svn_level *level = tcb_svn_level_find(qi->levels, qi->num_levels, qe->isv_svn);
    if (!level)
        return err_set(err, BG_QE_SVN_NOT_LISTED, "QE ISVSVN %u, lowest listed %u", qe->isv_svn,
                       qi->num_levels ? qi->levels[qi->num_levels - 1].isv_svn : 0u);
    /*
     * Intel gives enclaves these three. QVL also reads the words with "ConfigurationNeeded" and
     * then ignores them, even OutOfDateConfigurationNeeded: here any other word is refused.
     */
    if (level->status != TCB_UP_TO_DATE && level->status != TCB_OUT_OF_DATE &&
        level->status != TCB_REVOKED)
        return err_set(err, BG_QE_STATUS_WORD, "%.*s", (int)level->status_text.n,
                       level->status_text.p);
    *out = level;
    return RC_OK;
}

/*
 * module_check: QVL QuoteVerifier.cpp (4.1.2.5.12). From version 1 on the module has an identity of
 * its own in TCB info; version 0 is checked against tdxModule. SEAMATTRIBUTES must be zero, and so
 * must the identity's.
 */
static enum rc module_check(const struct td_body *td, const struct tcb_info *ti, struct err *err)
{
    const struct tcb_module *m = &ti->module;
    if (!ti->has_module || td->tee_tcb_svn[1] > 0) {
        m = tcb_module_find(ti, td->tee_tcb_svn[1]);
        if (!m)
            return err_set(err, BG_TDX_MODULE_UNKNOWN, "TDX_%02X is not among the %zu identities",
                           td->tee_tcb_svn[1], ti->num_identities);
    }
    if (memcmp(td->mr_signer_seam, m->mr_signer, sizeof m->mr_signer) != 0)
        return err_set(err, BG_TDX_MODULE_SIGNER, "MRSIGNERSEAM %02x%02x%02x%02x..",
                       td->mr_signer_seam[0], td->mr_signer_seam[1], td->mr_signer_seam[2],
                       td->mr_signer_seam[3]);
    for (size_t i = 0; i < sizeof td->seam_attributes; i++)
        if (td->seam_attributes[i] != 0 || m->attributes[i] != 0)
            return err_set(err, BG_TDX_MODULE_ATTRIBUTES, "byte %zu: module %02x, TCB info %02x", i,
                           td->seam_attributes[i], m->attributes[i]);
    return RC_OK;
}

/* Components 0 and 1 are the module's own SVN and version: its identity judges them, if any. */
static size_t first_tdx_component(const uint8_t svn[static 16])
{
    return svn[1] > 0 ? 2 : 0;
}

static bool at_least(const uint8_t *have, const uint8_t *need, size_t from)
{
    for (size_t i = from; i < 16; i++)
        if (have[i] < need[i])
            return false;
    return true;
}

const struct tcb_comp_level *tcb_best_level(const struct tcb_info *ti)
{
    for (size_t i = 0; i < ti->num_levels; i++)
        if (ti->levels[i].status == TCB_UP_TO_DATE)
            return &ti->levels[i];
    return ti->num_levels ? &ti->levels[0] : NULL;
}

size_t tcb_shortfall(const struct pck_tcb *pck, const uint8_t tee_tcb_svn[static 16],
                     const struct tcb_comp_level *level, struct tcb_short out[static TCB_SHORT_MAX])
{
    size_t n = 0;
    for (unsigned i = 0; i < 16; i++)
        if (pck->comp_svn[i] < level->sgx[i])
            out[n++] = (struct tcb_short){TCB_SHORT_SGX,
                                          i,
                                          pck->comp_svn[i],
                                          level->sgx[i],
                                          level->sgx_names->category[i],
                                          level->sgx_names->type[i]};
    if (pck->pce_svn < level->pce_svn)
        out[n++] = (struct tcb_short){TCB_SHORT_PCE,  0,          pck->pce_svn,
                                      level->pce_svn, BYTES_NONE, BYTES_NONE};
    for (unsigned i = (unsigned)first_tdx_component(tee_tcb_svn); i < 16; i++)
        if (tee_tcb_svn[i] < level->tdx[i])
            out[n++] = (struct tcb_short){TCB_SHORT_TDX,
                                          i,
                                          tee_tcb_svn[i],
                                          level->tdx[i],
                                          level->tdx_names->category[i],
                                          level->tdx_names->type[i]};
    return n;
}

/* no_level names what the platform lacks against the best level: users ask for exactly this. */
static enum rc no_level(const struct pck_tcb *pck, const struct tcb_info *ti, const uint8_t *svn,
                        struct err *err)
{
    static const char *const kind[] = {"", "sgx component", "tdx component", "pcesvn"};
    struct tcb_short s[TCB_SHORT_MAX];
    const struct tcb_comp_level *best = tcb_best_level(ti);
    size_t n = best ? tcb_shortfall(pck, svn, best, s) : 0, at = 0;
    char text[ERR_DETAIL_MAX] = "the TCB info has no levels";
    for (size_t i = 0; i < n; i++) {
        char one[96], index[8] = "";
        if (s[i].kind != TCB_SHORT_PCE)
            snprintf(index, sizeof index, " %u", s[i].index);
        int w = snprintf(one, sizeof one, "%s%s%s is %u, needs %u%s%.*s%s", i ? "; " : "",
                         kind[s[i].kind], index, s[i].have, s[i].need, s[i].type.n ? " (" : "",
                         (int)s[i].type.n, s[i].type.n ? (const char *)s[i].type.p : "",
                         s[i].type.n ? ")" : "");
        size_t len = w < 0 ? 0 : strnlen(one, sizeof one);
        if (at + len >= sizeof text)
            break;
        memcpy(text + at, one, len + 1);
        at += len;
    }
    return err_set(err, BG_TCB_NO_LEVEL, "%s", text);
}

/* QVL convergeTcbStatuses: what the module's and the QE's levels do to the platform's status. */
static enum tcb_status converge(enum tcb_status platform, enum tcb_status module,
                                enum tcb_status qe)
{
    if (module == TCB_REVOKED || qe == TCB_REVOKED)
        return TCB_REVOKED;
    if (module == TCB_OUT_OF_DATE || qe == TCB_OUT_OF_DATE) {
        if (platform == TCB_UP_TO_DATE || platform == TCB_SW_HARDENING_NEEDED)
            return TCB_OUT_OF_DATE;
        if (platform == TCB_CONFIGURATION_NEEDED ||
            platform == TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED)
            return TCB_OUT_OF_DATE_CONFIGURATION_NEEDED;
    }
    return platform;
}

/* What one TEE_TCB_SVN comes to. */
struct svn_result {
    const struct tcb_comp_level *platform;
    const struct tcb_svn_level *module; /* NULL: module version 0, judged with the components */
    enum tcb_status status;             /* converged with the QE */
};

/* svn_appraise: QVL tdxEvaluateTCB, for TEE_TCB_SVN and again for TEE_TCB_SVN_2. */
static enum rc svn_appraise(const struct pck_tcb *pck, const struct tcb_info *ti,
                            const struct tcb_svn_level *qe, const uint8_t svn[static 16],
                            struct svn_result *out, struct err *err)
{
    struct svn_result r = {0};
    size_t from = first_tdx_component(svn);
    for (size_t i = 0; i < ti->num_levels && !r.platform; i++) {
        const struct tcb_comp_level *l = &ti->levels[i];
        if (at_least(pck->comp_svn, l->sgx, 0) && pck->pce_svn >= l->pce_svn &&
            at_least(svn, l->tdx, from))
            r.platform = l;
    }
    if (!r.platform)
        return err_known(no_level(pck, ti, svn, err));
    if (r.platform->status == TCB_NONE)
        return err_set(err, BG_TCB_STATUS_WORD, "%.*s", (int)r.platform->status_text.n,
                       r.platform->status_text.p);
    if (svn[1] > 0) {
        const struct tcb_module *m = tcb_module_find(ti, svn[1]);
        if (!m)
            return err_set(err, BG_TDX_MODULE_CURRENT, "TDX_%02X is not among the %zu identities",
                           svn[1], ti->num_identities);
        r.module = tcb_svn_level_find(m->levels, m->num_levels, svn[0]);
        if (!r.module)
            return err_set(err, BG_TDX_MODULE_SVN, "TDX_%02X ISVSVN %u, lowest listed %u", svn[1],
                           svn[0], m->num_levels ? m->levels[m->num_levels - 1].isv_svn : 0u);
        /* QVL VALID_TDX_MODULE_STATUSES: these three and no other. */
        if (r.module->status != TCB_UP_TO_DATE && r.module->status != TCB_OUT_OF_DATE &&
            r.module->status != TCB_REVOKED)
            return err_set(err, BG_TDX_MODULE_STATUS_WORD, "%.*s", (int)r.module->status_text.n,
                           r.module->status_text.p);
    }
    r.status = converge(r.platform->status, r.module ? r.module->status : TCB_NONE, qe->status);
    *out = r;
    return RC_OK;
}

static bool wants_configuration(enum tcb_status s)
{
    return s == TCB_CONFIGURATION_NEEDED || s == TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED ||
           s == TCB_OUT_OF_DATE_CONFIGURATION_NEEDED;
}

/*
 * relaunch: QVL TDRelaunchCheck.cpp. The TD was started under an older TCB than the host has now:
 * starting it again would help. Both sides have the QE merged in already (the order matters:
 * a QE merge afterwards would overwrite the advice). Stricter than QVL: a revoked current TCB is
 * never hidden behind a better launch.
 */
static enum tcb_status relaunch(enum tcb_status launch, enum tcb_status current)
{
    if (current == TCB_REVOKED)
        return TCB_REVOKED;
    if (launch != TCB_OUT_OF_DATE && launch != TCB_OUT_OF_DATE_CONFIGURATION_NEEDED)
        return launch;
    if (current != TCB_UP_TO_DATE && current != TCB_SW_HARDENING_NEEDED &&
        current != TCB_CONFIGURATION_NEEDED && current != TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED)
        return launch;
    return wants_configuration(launch) || wants_configuration(current)
               ? TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED
               : TCB_TD_RELAUNCH_ADVISED;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

enum rc tcb_appraise(const struct quote *q, const struct pck_tcb *pck, const struct tcb_info *ti,
                     const struct qe_identity *qi, struct tcb_result *out, struct err *err)
{
    struct tcb_result r = {0};
    struct svn_result launch = {0}, current = {0};
    const struct tcb_svn_level *qe = NULL;

    TRY(qe_appraise(&q->qe, qi, &qe, err));
    TRY(module_check(&q->td, ti, err));
    TRY(svn_appraise(pck, ti, qe, q->td.tee_tcb_svn, &launch, err));
    r.platform = launch.platform->status;
    r.qe = qe->status;
    r.module = launch.module ? launch.module->status : TCB_NONE;
    r.launch = r.status = launch.status;
    if (q->td.td15) {
        TRY(svn_appraise(pck, ti, qe, q->td.tee_tcb_svn2, &current, err));
        r.current = current.status;
        r.status = relaunch(launch.status, current.status);
    }
    r.tcb_date = earlier(launch.platform->date, qe->date);
    if (launch.module)
        r.tcb_date = earlier(r.tcb_date, launch.module->date);
    /* The lower one (Intel sgx_qve_header.h, tcb_eval_ref_num): either document may be an old one.
     */
    r.evaluation_number = ti->evaluation_number < qi->evaluation_number ? ti->evaluation_number
                                                                        : qi->evaluation_number;
    if (!tcb_advisories_add(&r.advisories, launch.platform->advisories) ||
        !tcb_advisories_add(&r.advisories, qe->advisories) ||
        (launch.module && !tcb_advisories_add(&r.advisories, launch.module->advisories)))
        return err_set(err, BG_TCB_ADVISORIES, "more than %u", LIMIT_ADVISORIES);
    tcb_kms_view(q, pck, ti, qi, &r);
    *out = r;
    return RC_OK;
}
