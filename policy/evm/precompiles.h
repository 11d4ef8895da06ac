/*
 * precompiles: the single precompiled contracts behind precompile.h, without their gas accounting.
 * Each writes its output and *out_ok; *out_ok false: the precompile fails and takes all its gas.
 * An output that is empty and ok is how most of them say no.
 */
#ifndef BOOTGATE_POLICY_EVM_PRECOMPILES_H
#define BOOTGATE_POLICY_EVM_PRECOMPILES_H

#include "base/arena.h"
#include "policy/eth/header.h"

/* precompile_ecrecover: (hash, v, r, s), missing bytes read as zero; 32 bytes or none. */
bool precompile_ecrecover(struct bytes in, uint8_t out[static 32]);
/* precompile_p256: (hash, r, s, x, y), exactly 160 bytes; *out_valid only for a good signature. */
enum rc precompile_p256(struct bytes in, bool *out_valid, struct err *err) MUST_CHECK;
/* precompile_blake2f: EIP-152's 213 bytes, rounds up to what the caller has paid for. */
bool precompile_blake2f(struct bytes in, uint8_t out[static 64]) MUST_CHECK;
/* precompile_modexp_gas: UINT64_MAX: more than any limit. *out_ok false: EIP-7823's bounds. */
uint64_t precompile_modexp_gas(enum eth_fork fork, struct bytes in, bool *out_ok);
/* precompile_modexp: only after its gas was paid for. The output has the modulus' length. */
enum rc precompile_modexp(struct arena *a, struct bytes in, struct bytes *out,
                          struct err *err) MUST_CHECK;

/* precompile_pad copies [off, off + n) of the input; what is missing reads as zero. */
static inline void precompile_pad(struct bytes in, size_t off, uint8_t *out, size_t n)
{
    size_t have = off >= in.n ? 0 : in.n - off < n ? in.n - off : n;
    if (have)
        memcpy(out, in.p + off, have);
    if (n > have)
        memset(out + have, 0, n - have);
}

#endif
