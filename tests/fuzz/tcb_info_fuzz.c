/* tcb_info: what parses is in order and within bounds; its appraisal is a status or a named error.
 */
#include <stdlib.h>

#include "quote/tcb.h"

static void check_svn_levels(const struct tcb_svn_level *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((i && v[i].isv_svn >= v[i - 1].isv_svn) || v[i].advisories->n > LIMIT_ADVISORIES ||
            v[i].status_text.n == 0)
            abort();
}

static void check_shape(const struct tcb_info *ti)
{
    size_t levels = ti->num_levels;
    for (size_t i = 0; i < ti->num_identities; i++) {
        check_svn_levels(ti->identities[i].levels, ti->identities[i].num_levels);
        levels += ti->identities[i].num_levels;
    }
    if (levels > LIMIT_TCB_LEVELS)
        abort();
    for (size_t i = 1; i < ti->num_levels; i++) {
        const struct tcb_comp_level *a = &ti->levels[i - 1], *b = &ti->levels[i];
        int c = memcmp(a->sgx, b->sgx, 16);
        if (c < 0 || (c == 0 && a->pce_svn < b->pce_svn) ||
            (c == 0 && a->pce_svn == b->pce_svn && memcmp(a->tdx, b->tdx, 16) <= 0))
            abort();
    }
}

/* A platform whose SVNs come from the input itself, so that levels are met and missed. */
static void appraise(const struct tcb_info *ti, const uint8_t *data, size_t size)
{
    static struct tcb_advisories none;
    static struct tcb_svn_level qe_level = {.status = TCB_UP_TO_DATE, .advisories = &none};
    struct quote q = {.version = 5, .td = {.td15 = size & 1}};
    struct qe_identity qi = {.levels = &qe_level, .num_levels = 1};
    struct pck_tcb pck = {.pce_svn = 13};
    struct tcb_result r = {0};
    struct err err = {0};
    for (size_t i = 0; i < 16; i++) {
        pck.comp_svn[i] = pck.cpu_svn[i] = data[i * 7 % size];
        q.td.tee_tcb_svn[i] = data[i * 5 % size] & 7;
        q.td.tee_tcb_svn2[i] = data[i * 3 % size] & 7;
    }
    if (tcb_info_check(ti, &pck, ti->issue_date, &err) != RC_OK)
        err_clear(&err);
    enum rc rc = tcb_appraise(&q, &pck, ti, &qi, &r, &err);
    if (rc == RC_OK ? r.status == TCB_NONE || !*tcb_status_name(r.status) || !ti->has_module
                    : rc != err.rc || r.status != TCB_NONE)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(64u << 20);
    struct tcb_info ti = {0};
    struct err err = {0};
    if (a && size && tcb_info_parse(a, bytes_of(data, size), &ti, &err) == RC_OK) {
        check_shape(&ti);
        appraise(&ti, data, size);
    }
    arena_free(a);
    return 0;
}
