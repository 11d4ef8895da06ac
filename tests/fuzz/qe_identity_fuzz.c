/* qe_identity: what parses is in order; a QE is judged by it without surprises. */
#include <stdlib.h>

#include "quote/tcb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(64u << 20);
    struct qe_identity qi = {0};
    struct err err = {0};
    if (a && qe_identity_parse(a, bytes_of(data, size), &qi, &err) == RC_OK) {
        for (size_t i = 1; i < qi.num_levels; i++)
            if (qi.levels[i].isv_svn >= qi.levels[i - 1].isv_svn)
                abort();
        if (qi.num_levels > LIMIT_TCB_LEVELS)
            abort();
        if (qe_identity_check(&qi, qi.issue_date, &err) == RC_OK &&
            (!bytes_eq_str(qi.id, "TD_QE") || qi.issue_date > qi.next_update))
            abort();
        /* A QE that is what the identity says, on a platform with no TCB info: never accepted. */
        struct quote q = {.version = 4};
        struct pck_tcb pck = {0};
        struct tcb_info ti = {0};
        struct tcb_result r = {0};
        memcpy(q.qe.mr_signer, qi.mr_signer, sizeof q.qe.mr_signer);
        memcpy(q.qe.attributes, qi.attributes, sizeof q.qe.attributes);
        q.qe.isv_prod_id = qi.isv_prod_id;
        q.qe.misc_select = qi.misc_select;
        q.qe.isv_svn = qi.num_levels ? qi.levels[0].isv_svn : 0;
        err_clear(&err);
        if (tcb_appraise(&q, &pck, &ti, &qi, &r, &err) == RC_OK || err.rc == RC_OK)
            abort();
    }
    arena_free(a);
    return 0;
}
