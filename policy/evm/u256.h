/* u256: 256-bit unsigned integers modulo 2^256, four 64-bit limbs, least significant first. */
#ifndef BOOTGATE_POLICY_EVM_U256_H
#define BOOTGATE_POLICY_EVM_U256_H

#include "base/bytes.h"

typedef struct {
    uint64_t w[4];
} u256;

#define U256_ZERO ((u256){{0, 0, 0, 0}})
#define U256_ONE  ((u256){{1, 0, 0, 0}})

static inline u256 u256_of(uint64_t v)
{
    return (u256){{v, 0, 0, 0}};
}

static inline bool u256_is_zero(u256 a)
{
    return (a.w[0] | a.w[1] | a.w[2] | a.w[3]) == 0;
}

static inline bool u256_eq(u256 a, u256 b)
{
    return ((a.w[0] ^ b.w[0]) | (a.w[1] ^ b.w[1]) | (a.w[2] ^ b.w[2]) | (a.w[3] ^ b.w[3])) == 0;
}

/* u256_fits64: the value as uint64_t, when it fits. */
static inline bool u256_fits64(u256 a, uint64_t *out)
{
    if (a.w[1] | a.w[2] | a.w[3])
        return false;
    *out = a.w[0];
    return true;
}

u256 u256_from_be(const uint8_t *p, size_t n); /* n <= 32, right-aligned */
void u256_to_be(u256 a, uint8_t out[static 32]);
int u256_cmp(u256 a, u256 b);  /* -1, 0, 1 */
int u256_scmp(u256 a, u256 b); /* two's complement */
u256 u256_add(u256 a, u256 b);
u256 u256_sub(u256 a, u256 b);
u256 u256_mul(u256 a, u256 b);
u256 u256_div(u256 a, u256 b); /* by zero: 0 (as the EVM) */
u256 u256_mod(u256 a, u256 b);
u256 u256_sdiv(u256 a, u256 b);
u256 u256_smod(u256 a, u256 b);
u256 u256_addmod(u256 a, u256 b, u256 m); /* 512-bit intermediate; m 0: 0 */
u256 u256_mulmod(u256 a, u256 b, u256 m);
u256 u256_exp(u256 base, u256 exponent);
u256 u256_signextend(u256 byte_index, u256 v);
u256 u256_and(u256 a, u256 b);
u256 u256_or(u256 a, u256 b);
u256 u256_xor(u256 a, u256 b);
u256 u256_not(u256 a);
u256 u256_byte(u256 index, u256 v);
u256 u256_shl(u256 shift, u256 v);
u256 u256_shr(u256 shift, u256 v);
u256 u256_sar(u256 shift, u256 v);
unsigned u256_bits(u256 a); /* bit length; 0 for 0 */

#endif
