#include "base/limits.h"
#include "policy/evm/evm_run.h"

enum step evm_need_memory(struct run *r, struct frame *f, u256 off, u256 len, struct span *out)
{
    uint64_t from, n;
    *out = (struct span){0, 0};
    if (u256_is_zero(len))
        return STEP_NEXT; /* touches nothing, wherever it points */
    /* 2^32 bytes cost more than any gas limit: evm_memory_gas(2^27) is 2^45. */
    if (!u256_fits64(off, &from) || !u256_fits64(len, &n) || from > UINT32_MAX || n > UINT32_MAX)
        return evm_fault(r, "out of gas");
    uint64_t have = f->mem_len / 32, words = evm_words(from + n);
    if (words > have) {
        STEP(evm_charge(r, f, evm_memory_gas(words) - evm_memory_gas(have)));
        size_t bytes = (size_t)words * 32, below = (size_t)(f->mem - r->memory);
        /* The chain has no such bound, so this is not a fault, which a caller could survive. */
        if (bytes > r->memory_cap - below)
            return evm_abort(r, EVM_UNSUPPORTED, "more than 16 MiB of memory");
        memset(f->mem + f->mem_len, 0, bytes - f->mem_len);
        f->mem_len = bytes;
    }
    *out = (struct span){(size_t)from, (size_t)n};
    return STEP_NEXT;
}

void evm_copy_padded(struct frame *f, struct span to, struct bytes src, u256 src_off)
{
    uint64_t from;
    size_t n = 0;
    if (to.n == 0)
        return;
    if (u256_fits64(src_off, &from) && from < src.n) {
        n = src.n - (size_t)from < to.n ? src.n - (size_t)from : to.n;
        memcpy(f->mem + to.off, src.p + from, n);
    }
    memset(f->mem + to.off + n, 0, to.n - n);
}
