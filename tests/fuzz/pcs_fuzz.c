/* pcs: an answer of a collateral service: first byte which document, second how often the header
 * was there, third its length in units of 16; then header and body. What is accepted is within the
 * caps, and the document's text stands in the body byte for byte. */
#include <stdlib.h>

#include "agent/pcs.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static bool contains(struct bytes body, struct bytes part)
{
    for (size_t i = 0; part.n && i + part.n <= body.n; i++)
        if (memcmp(body.p + i, part.p, part.n) == 0)
            return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct collateral c = {0};
    struct err err = {0};
    if (n < 3)
        return 0;
    enum collateral_doc doc = p[0] % COLLATERAL_DOCS;
    size_t header = (size_t)p[2] * 16 < n - 3 ? (size_t)p[2] * 16 : n - 3;
    const struct pcs_answer answer = {.body = bytes_of(p + 3 + header, n - 3 - header),
                                      .chain = bytes_of(p + 3, header),
                                      .chain_times = p[1] % 3};
    struct arena *a = arena_new(16u << 20);
    if (pcs_read(a, doc, &answer, &c, &err) != RC_OK) {
        if (!err.rc || c.tcb_info.p || c.qe_identity.p || c.pck_crl.p || c.root_ca_crl.p)
            abort();
    } else if (c.tcb_info.n > LIMIT_TCB_INFO || c.qe_identity.n > LIMIT_QE_IDENTITY ||
               c.pck_crl.n > LIMIT_CRL_DER || c.root_ca_crl.n > LIMIT_CRL_DER ||
               c.tcb_info_issuer_chain.n > header || c.pck_crl_issuer_chain.n > header ||
               (doc != COLLATERAL_ROOT_CRL && answer.chain_times != 1) ||
               (doc == COLLATERAL_TCB_INFO && !contains(answer.body, c.tcb_info)) ||
               (doc == COLLATERAL_QE_IDENTITY && !contains(answer.body, c.qe_identity))) {
        abort();
    }
    arena_free(a);
    return 0;
}
