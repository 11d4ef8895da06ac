/* collateral: JSON of a bundle's collateral member, then both documents in it. */
#include <stdlib.h>

#include "base/limits.h"
#include "quote/collateral.h"
#include "quote/tcb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(64u << 20);
    AUTO_JSON obj = NULL;
    struct collateral c = {0};
    struct tcb_info ti = {0};
    struct qe_identity qi = {0};
    struct err err = {0};
    if (a && json_read(bytes_of(data, size), LIMIT_BUNDLE, &obj, &err) == RC_OK &&
        collateral_from_json(a, obj, &c, &err) == RC_OK) {
        struct err e1 = {0}, e2 = {0};
        if (c.tcb_info.n > LIMIT_TCB_INFO || c.pck_crl.n > LIMIT_CRL_DER)
            abort();
        if (tcb_info_parse(a, c.tcb_info, &ti, &e1) != e1.rc ||
            qe_identity_parse(a, c.qe_identity, &qi, &e2) != e2.rc)
            abort();
    }
    arena_free(a);
    return 0;
}
