/* qgs: an answer of the host's quoting service, whole frames; the lengths are also made right. What
 * is accepted lies inside the frame, or in the arena within its caps. */
#include <stdlib.h>

#include "base/limits.h"
#include "quote/qgs.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static bool inside(struct bytes b, struct bytes frame)
{
    return b.n && b.p >= frame.p && b.n <= frame.n && (size_t)(b.p - frame.p) <= frame.n - b.n;
}

static void one(struct bytes frame)
{
    struct arena *a = arena_new(16u << 20);
    struct err e1 = {0}, e2 = {0};
    struct bytes quote = BYTES_NONE;
    struct collateral c = {0};
    if (qgs_quote_response(frame, &quote, &e1) == RC_OK
            ? !inside(quote, frame) || quote.n + 28 != frame.n
            : quote.p || !e1.rc)
        abort();
    if (qgs_collateral_response(a, frame, &c, &e2) != RC_OK) {
        if (c.tcb_info.p || !e2.rc)
            abort();
    } else if (!e1.rc || !inside(c.pck_crl_issuer_chain, frame) || !inside(c.tcb_info, frame) ||
               !inside(c.qe_identity, frame) || c.tcb_info_signature.n != 64 ||
               c.qe_identity_signature.n != 64 || !c.root_ca_crl.n || c.pck_crl.n > LIMIT_CRL_DER ||
               c.tcb_info.n > LIMIT_TCB_INFO) {
        abort();
    }
    arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    one(bytes_of(p, n));
    if (n < 20 || n > LIMIT_QGS_MESSAGE)
        return 0;
    uint8_t *b = malloc(n);
    memcpy(b, p, n);
    for (size_t i = 0; i < 4; i++) {
        b[i] = (uint8_t)((n - 4) >> (24 - 8 * i));
        b[12 + i] = (uint8_t)((n - 4) >> (8 * i));
    }
    one(bytes_of(b, n));
    free(b);
    return 0;
}
