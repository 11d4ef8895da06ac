#include "policy/evm/u256.h"

/* 64 x 64 -> 128 bit products; gcc and clang have the type on every 64-bit target. */
__extension__ typedef unsigned __int128 u128;

u256 u256_from_be(const uint8_t *p, size_t n)
{
    u256 r = U256_ZERO;
    for (size_t i = 0; i < n && i < 32; i++) {
        size_t bit = 8 * (n - 1 - i);
        r.w[bit / 64] |= (uint64_t)p[i] << (bit % 64);
    }
    return r;
}

void u256_to_be(u256 a, uint8_t out[static 32])
{
    for (size_t i = 0; i < 32; i++)
        out[i] = (uint8_t)(a.w[3 - i / 8] >> (56 - 8 * (i % 8)));
}

int u256_cmp(u256 a, u256 b)
{
    for (size_t i = 4; i-- > 0;)
        if (a.w[i] != b.w[i])
            return a.w[i] < b.w[i] ? -1 : 1;
    return 0;
}

static bool negative(u256 a)
{
    return a.w[3] >> 63;
}

int u256_scmp(u256 a, u256 b)
{
    if (negative(a) != negative(b))
        return negative(a) ? -1 : 1;
    return u256_cmp(a, b);
}

u256 u256_add(u256 a, u256 b)
{
    u256 r;
    u128 carry = 0;
    for (size_t i = 0; i < 4; i++) {
        carry += (u128)a.w[i] + b.w[i];
        r.w[i] = (uint64_t)carry;
        carry >>= 64;
    }
    return r;
}

u256 u256_sub(u256 a, u256 b)
{
    u256 r;
    uint64_t borrow = 0;
    for (size_t i = 0; i < 4; i++) {
        u128 d = (u128)a.w[i] - b.w[i] - borrow;
        r.w[i] = (uint64_t)d;
        borrow = (uint64_t)(d >> 64) & 1;
    }
    return r;
}

static u256 negate(u256 a)
{
    return u256_sub(U256_ZERO, a);
}

/* mul_wide: the whole 512-bit product, limb n + m of it gets a.w[n] * b.w[m]. */
static void mul_wide(u256 a, u256 b, uint64_t out[8])
{
    memset(out, 0, 8 * sizeof *out);
    for (size_t i = 0; i < 4; i++) {
        uint64_t carry = 0;
        for (size_t j = 0; j < 4; j++) {
            u128 t = (u128)a.w[i] * b.w[j] + out[i + j] + carry;
            out[i + j] = (uint64_t)t;
            carry = (uint64_t)(t >> 64);
        }
        out[i + 4] = carry;
    }
}

u256 u256_mul(u256 a, u256 b)
{
    u256 r = U256_ZERO;
    for (size_t i = 0; i < 4; i++) {
        uint64_t carry = 0;
        for (size_t j = 0; i + j < 4; j++) {
            u128 t = (u128)a.w[i] * b.w[j] + r.w[i + j] + carry;
            r.w[i + j] = (uint64_t)t;
            carry = (uint64_t)(t >> 64);
        }
    }
    return r;
}

static size_t limbs_used(const uint64_t *p, size_t n)
{
    while (n && p[n - 1] == 0)
        n--;
    return n;
}

/* shift_left: out = in << bits (0..63), n limbs; returns what falls out at the top. */
static uint64_t shift_left(uint64_t *out, const uint64_t *in, size_t n, unsigned bits)
{
    uint64_t top = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t w = in[i];
        out[i] = w << bits | top;
        top = bits ? w >> (64 - bits) : 0;
    }
    return top;
}

/*
 * quotient_digit: step D3 of Knuth's algorithm D (The Art of Computer Programming, volume 2,
 * 4.3.1): the digit from the top three limbs of the rest and the top two of the divisor; at most
 * one too large.
 */
static uint64_t quotient_digit(uint64_t r2, uint64_t r1, uint64_t r0, uint64_t d1, uint64_t d0)
{
    u128 top = (u128)r2 << 64 | r1;
    u128 q = r2 >= d1 ? (u128)UINT64_MAX : top / d1;
    u128 rest = top - q * d1;
    while (rest >> 64 == 0 && q * d0 > (rest << 64 | r0)) {
        q--;
        rest += d1;
    }
    return (uint64_t)q;
}

/* take_off: step D4 and D6: rest -= q * d over n + 1 limbs; adds d back (q one less) on borrow. */
static uint64_t take_off(uint64_t *rest, const uint64_t *d, size_t n, uint64_t q)
{
    uint64_t carry = 0, borrow = 0;
    for (size_t i = 0; i < n; i++) {
        u128 p = (u128)q * d[i] + carry;
        u128 t = (u128)rest[i] - (uint64_t)p - borrow;
        carry = (uint64_t)(p >> 64);
        rest[i] = (uint64_t)t;
        borrow = (uint64_t)(t >> 64) & 1;
    }
    u128 t = (u128)rest[n] - carry - borrow;
    rest[n] = (uint64_t)t;
    if (((uint64_t)(t >> 64) & 1) == 0)
        return q;
    u128 sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (u128)rest[i] + d[i];
        rest[i] = (uint64_t)sum;
        sum >>= 64;
    }
    rest[n] += (uint64_t)sum;
    return q - 1;
}

/*
 * divide: num (n limbs, at most 8) by den (not zero). *quot gets the low 256 bits of the quotient
 * and is exact when n is 4.
 */
static u256 divide(const uint64_t *num, size_t n, u256 den, u256 *quot)
{
    u256 q = U256_ZERO, r = U256_ZERO;
    size_t len = limbs_used(den.w, 4);
    n = limbs_used(num, n);
    if (n < len) {
        memcpy(r.w, num, n * sizeof *num);
    } else if (len == 1) {
        uint64_t rest = 0;
        for (size_t i = n; i-- > 0;) {
            u128 t = (u128)rest << 64 | num[i];
            uint64_t digit = (uint64_t)(t / den.w[0]);
            rest = (uint64_t)(t % den.w[0]);
            if (i < 4)
                q.w[i] = digit;
        }
        r.w[0] = rest;
    } else {
        uint64_t d[4] = {0}, rest[9] = {0};
        unsigned bits = (unsigned)__builtin_clzll(den.w[len - 1]);
        shift_left(d, den.w, len, bits);
        rest[n] = shift_left(rest, num, n, bits);
        for (size_t i = n - len + 1; i-- > 0;) {
            uint64_t digit = quotient_digit(rest[i + len], rest[i + len - 1], rest[i + len - 2],
                                            d[len - 1], d[len - 2]);
            digit = take_off(rest + i, d, len, digit);
            if (i < 4)
                q.w[i] = digit;
        }
        for (size_t i = 0; i < len; i++)
            r.w[i] = bits ? rest[i] >> bits | rest[i + 1] << (64 - bits) : rest[i];
    }
    if (quot)
        *quot = q;
    return r;
}

u256 u256_div(u256 a, u256 b)
{
    u256 q = U256_ZERO;
    if (!u256_is_zero(b))
        (void)divide(a.w, 4, b, &q);
    return q;
}

u256 u256_mod(u256 a, u256 b)
{
    return u256_is_zero(b) ? U256_ZERO : divide(a.w, 4, b, NULL);
}

/* Signed division truncates toward zero; -2^255 / -1 wraps to -2^255 (Yellow Paper, H.2). */
u256 u256_sdiv(u256 a, u256 b)
{
    u256 q = u256_div(negative(a) ? negate(a) : a, negative(b) ? negate(b) : b);
    return negative(a) != negative(b) ? negate(q) : q;
}

/* The remainder takes the sign of the dividend. */
u256 u256_smod(u256 a, u256 b)
{
    u256 r = u256_mod(negative(a) ? negate(a) : a, negative(b) ? negate(b) : b);
    return negative(a) ? negate(r) : r;
}

u256 u256_addmod(u256 a, u256 b, u256 m)
{
    uint64_t sum[5];
    u256 low = u256_add(a, b);
    memcpy(sum, low.w, sizeof low.w);
    sum[4] = u256_cmp(low, a) < 0; /* the 257th bit */
    return u256_is_zero(m) ? U256_ZERO : divide(sum, 5, m, NULL);
}

u256 u256_mulmod(u256 a, u256 b, u256 m)
{
    uint64_t product[8];
    mul_wide(a, b, product);
    return u256_is_zero(m) ? U256_ZERO : divide(product, 8, m, NULL);
}

u256 u256_exp(u256 base, u256 exponent)
{
    u256 r = U256_ONE;
    for (unsigned i = u256_bits(exponent); i-- > 0;) {
        bool bit = exponent.w[i / 64] >> (i % 64) & 1;
        r = u256_mul(u256_mul(r, r), bit ? base : U256_ONE);
    }
    return r;
}

u256 u256_signextend(u256 byte_index, u256 v)
{
    uint64_t k;
    if (!u256_fits64(byte_index, &k) || k >= 31)
        return v;
    u256 shift = u256_of(248 - 8 * k);
    return u256_sar(shift, u256_shl(shift, v));
}

u256 u256_and(u256 a, u256 b)
{
    return (u256){{a.w[0] & b.w[0], a.w[1] & b.w[1], a.w[2] & b.w[2], a.w[3] & b.w[3]}};
}

u256 u256_or(u256 a, u256 b)
{
    return (u256){{a.w[0] | b.w[0], a.w[1] | b.w[1], a.w[2] | b.w[2], a.w[3] | b.w[3]}};
}

u256 u256_xor(u256 a, u256 b)
{
    return (u256){{a.w[0] ^ b.w[0], a.w[1] ^ b.w[1], a.w[2] ^ b.w[2], a.w[3] ^ b.w[3]}};
}

u256 u256_not(u256 a)
{
    return (u256){{~a.w[0], ~a.w[1], ~a.w[2], ~a.w[3]}};
}

/* Byte 0 is the most significant one. */
u256 u256_byte(u256 index, u256 v)
{
    uint64_t i;
    if (!u256_fits64(index, &i) || i > 31)
        return U256_ZERO;
    size_t bit = 8 * (31 - (size_t)i);
    return u256_of(v.w[bit / 64] >> (bit % 64) & 0xff);
}

u256 u256_shl(u256 shift, u256 v)
{
    uint64_t s;
    if (!u256_fits64(shift, &s) || s > 255)
        return U256_ZERO;
    u256 r = U256_ZERO;
    size_t limbs = (size_t)s / 64;
    unsigned bits = (unsigned)s % 64;
    for (size_t i = limbs; i < 4; i++) {
        r.w[i] = v.w[i - limbs] << bits;
        if (bits && i > limbs)
            r.w[i] |= v.w[i - limbs - 1] >> (64 - bits);
    }
    return r;
}

u256 u256_shr(u256 shift, u256 v)
{
    uint64_t s;
    if (!u256_fits64(shift, &s) || s > 255)
        return U256_ZERO;
    u256 r = U256_ZERO;
    size_t limbs = (size_t)s / 64;
    unsigned bits = (unsigned)s % 64;
    for (size_t i = 0; i + limbs < 4; i++) {
        r.w[i] = v.w[i + limbs] >> bits;
        if (bits && i + limbs < 3)
            r.w[i] |= v.w[i + limbs + 1] << (64 - bits);
    }
    return r;
}

u256 u256_sar(u256 shift, u256 v)
{
    /* For a negative v: ~(~v >> s), which shifts ones in. */
    return negative(v) ? u256_not(u256_shr(shift, u256_not(v))) : u256_shr(shift, v);
}

unsigned u256_bits(u256 a)
{
    for (unsigned i = 4; i-- > 0;)
        if (a.w[i])
            return 64 * i + 64 - (unsigned)__builtin_clzll(a.w[i]);
    return 0;
}
