#include <openssl/bn.h>

#include "base/ck.h"
#include "policy/evm/precompiles.h"
#include "policy/evm/u256.h"

__extension__ typedef unsigned __int128 u128;
_Static_assert(sizeof(BN_ULONG) == 8, "a word of OpenSSL's numbers is 64 bits");

/* EIP-198: three 32-byte lengths (base, exponent, modulus), then the three numbers. */
struct lengths {
    u256 base, exponent, modulus;
};

static struct lengths read_lengths(struct bytes in)
{
    uint8_t head[96];
    precompile_pad(in, 0, head, sizeof head);
    return (struct lengths){u256_from_be(head, 32), u256_from_be(head + 32, 32),
                            u256_from_be(head + 64, 32)};
}

static uint64_t mul_sat(uint64_t a, uint64_t b)
{
    uint64_t r;
    return ck_mul_u64(a, b, &r) ? r : UINT64_MAX;
}

static uint64_t add_sat(uint64_t a, uint64_t b)
{
    uint64_t r;
    return ck_add_u64(a, b, &r) ? r : UINT64_MAX;
}

static uint64_t low64(u256 v)
{
    uint64_t r;
    return u256_fits64(v, &r) ? r : UINT64_MAX;
}

/* exponent_bits: of the first 32 bytes of the exponent. */
static unsigned exponent_bits(struct bytes in, uint64_t base_len, uint64_t exponent_len)
{
    uint8_t head[32];
    uint64_t off = add_sat(96, base_len);
    size_t n = exponent_len < 32 ? (size_t)exponent_len : 32;
    precompile_pad(in, (size_t)off, head, n);
    return u256_bits(u256_from_be(head, n));
}

/* EIP-2565 (Berlin to Prague) and EIP-7883 (Osaka): calculate_iteration_count. */
static uint64_t iterations(uint64_t exponent_len, unsigned bits, uint64_t per_byte)
{
    uint64_t n = bits ? bits - 1 : 0;
    if (exponent_len > 32)
        n = add_sat(n, mul_sat(per_byte, exponent_len - 32));
    return n ? n : 1;
}

uint64_t precompile_modexp_gas(enum eth_fork fork, struct bytes in, bool *out_ok)
{
    struct lengths l = read_lengths(in);
    uint64_t base = low64(l.base), exponent = low64(l.exponent), modulus = low64(l.modulus);
    uint64_t longest = base > modulus ? base : modulus;
    uint64_t words = longest / 8 + (longest % 8 != 0), square = mul_sat(words, words);
    unsigned bits = exponent_bits(in, base, exponent);
    *out_ok = true;
    if (fork < ETH_OSAKA) {
        uint64_t gas = mul_sat(square, iterations(exponent, bits, 8));
        gas = gas == UINT64_MAX ? gas : gas / 3;
        return gas < 200 ? 200 : gas;
    }
    *out_ok = longest <= 1024 && exponent <= 1024; /* EIP-7823 */
    uint64_t complexity = longest <= 32 ? 16 : mul_sat(2, square);
    uint64_t gas = mul_sat(complexity, iterations(exponent, bits, 16));
    return gas < 500 ? 500 : gas;
}

static void drop_bn(BIGNUM **bn)
{
    BN_free(*bn);
}

static void drop_ctx(BN_CTX **ctx)
{
    BN_CTX_free(*ctx);
}

#define AUTO_BN __attribute__((cleanup(drop_bn))) BIGNUM *

/* read_number: n bytes from off, zero behind the input's end; NULL: no memory. */
static BIGNUM *read_number(struct arena *a, struct bytes in, size_t off, size_t n, struct err *err)
{
    uint8_t *p = arena_alloc(a, n, err);
    if (!p)
        return NULL;
    precompile_pad(in, off, p, n);
    return BN_bin2bn(p, (int)n, NULL);
}

/*
 * power_word: a modulus of one word, where most of OpenSSL's work would be overhead: before
 * EIP-7823 the gas of one call buys 48 million squarings of such a number.
 */
static bool power_word(BIGNUM *r, const BIGNUM *b, const BIGNUM *e, uint64_t m)
{
    BN_ULONG base = BN_mod_word(b, m);
    uint64_t x = 1 % m;
    for (int i = BN_num_bits(e); i-- > 0;) {
        x = (uint64_t)((u128)x * x % m);
        if (BN_is_bit_set(e, i))
            x = (uint64_t)((u128)x * base % m);
    }
    return base != (BN_ULONG)-1 && BN_set_word(r, x) == 1;
}

/* power: b to e modulo m; modulo 0 gives 0 (EIP-198). Longer numbers are OpenSSL's. */
static bool power(BIGNUM *r, const BIGNUM *b, const BIGNUM *e, const BIGNUM *m)
{
    BN_CTX *ctx __attribute__((cleanup(drop_ctx))) = BN_CTX_new();
    if (!ctx)
        return false;
    if (BN_is_zero(m)) {
        BN_zero(r);
        return true;
    }
    if (BN_num_bits(m) <= 64)
        return power_word(r, b, e, BN_get_word(m));
    return BN_mod_exp(r, b, e, m, ctx) == 1;
}

static enum rc failed(const struct lengths *l, struct err *err)
{
    return err_set(err, BG_EVM_MODEXP, "lengths %llu %llu %llu", (unsigned long long)l->base.w[0],
                   (unsigned long long)l->exponent.w[0], (unsigned long long)l->modulus.w[0]);
}

enum rc precompile_modexp(struct arena *a, struct bytes in, struct bytes *out, struct err *err)
{
    struct lengths l = read_lengths(in);
    uint64_t base = low64(l.base), exponent = low64(l.exponent), modulus = low64(l.modulus);
    if (modulus == 0) {
        *out = BYTES_NONE;
        return RC_OK;
    }
    /* Paid for, so base and modulus are short; an exponent is no longer than its gas. */
    if (base > INT32_MAX || exponent > INT32_MAX || modulus > INT32_MAX)
        return failed(&l, err);
    AUTO_BN b = read_number(a, in, 96, (size_t)base, err);
    AUTO_BN e = read_number(a, in, 96 + (size_t)base, (size_t)exponent, err);
    AUTO_BN m = read_number(a, in, 96 + (size_t)base + (size_t)exponent, (size_t)modulus, err);
    AUTO_BN r = BN_new();
    uint8_t *p = arena_alloc(a, (size_t)modulus, err);
    if (!p || !b || !e || !m || !r || !power(r, b, e, m) ||
        BN_bn2binpad(r, p, (int)modulus) != (int)modulus)
        return failed(&l, err); /* err keeps the first reason */
    *out = bytes_of(p, (size_t)modulus);
    return RC_OK;
}
