/* quote: any input as evidence, and the quote found in it (or the input itself) as a quote. */
#include "quote/evidence.h"
#include "quote/quote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena *a = arena_new(64u << 20);
    struct bytes in = bytes_of(data, n), from = in;
    struct evidence ev = {0};
    struct quote q = {0};
    struct err err = {0};
    if (!a)
        return 0;
    if (evidence_read(a, in, &ev, &err) == RC_OK)
        from = ev.quote;
    err_clear(&err);
    if (quote_parse(from, &q, &err) == RC_OK &&
        (q.signed_part.n > from.n || q.trailing > from.n || q.signature.n != 64 ||
         q.attestation_key.n != 64 || q.qe_report_raw.n != 384 || q.pck_chain_pem.n > from.n))
        __builtin_trap();
    arena_free(a);
    return 0;
}
