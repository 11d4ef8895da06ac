#include "policy/bls/fp_mul.h"
#include "policy/bls/fp_x86.h"
#ifdef FP_HAS_X86
#include <cpuid.h>
#endif

const struct fp fp_zero, fp_one = {FP_ONE};
/* 2^768 modulo p */
static const struct fp r2 = {{0xf4df1f341c341746, 0x0a76e6a609d104f1, 0x8de5476c4c95b6d5,
                              0x67eb88a9939d83c0, 0x9a793e85b519952d, 0x11988fe592cae3aa}};
/* (p - 1) / 2 */
static const uint64_t half[6] = {0xdcff7fffffffd555, 0x0f55ffff58a9ffff, 0xb39869507b587b12,
                                 0xb23ba5c279c2895f, 0x258dd3db21a5d66b, 0x0d0088f51cbff34d};
/* (p - 3) / 4 */
#define P34_BITS 379u
static const uint64_t p34[6] = {0xee7fbfffffffeaaa, 0x07aaffffac54ffff, 0xd9cc34a83dac3d89,
                                0xd91dd2e13ce144af, 0x92c6e9ed90d2eb35, 0x0680447a8e5ff9a6};

/* ---- in and out ------------------------------------------------------------------------------ */
static uint64_t u64_be(const uint8_t *p)
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 8 | p[i];
    return v;
}

bool fp_read(const uint8_t in[static FP_BYTES], struct fp *out)
{
    struct fp a;
    for (int i = 0; i < 6; i++)
        a.v[i] = u64_be(in + 8 * (5 - i));
    if (!limbs_below(a.v, fp_p))
        return false;
    fp_mul(out, &r2, &a);
    return true;
}

/* plain: out of Montgomery form. */
static struct fp plain(const struct fp *a)
{
    static const struct fp one = {{1}};
    struct fp r;
    fp_mul(&r, a, &one);
    return r;
}

void fp_write(const struct fp *a, uint8_t out[static FP_BYTES])
{
    struct fp t = plain(a);
    for (int i = 0; i < 6; i++)
        for (int k = 0; k < 8; k++)
            out[8 * (5 - i) + k] = (uint8_t)(t.v[i] >> (56 - 8 * k));
}

void fp_reduce_wide(const uint8_t in[static 64], struct fp *out)
{
    struct fp low, high = {{u64_be(in + 8), u64_be(in)}};
    for (int i = 0; i < 6; i++)
        low.v[i] = u64_be(in + 16 + 8 * (5 - i));
    fp_mul(&low, &r2, &low); /* the first is below p, so low may be any */
    fp_mul(&high, &r2, &high);
    fp_mul(&high, &r2, &high); /* once more: it weighs 2^384 */
    fp_add(out, &low, &high);
}

/* ---- in C ------------------------------------------------------------------------------------ */
void fp_add_portable(struct fp *r, const struct fp *a, const struct fp *b)
{
    uint64_t t[6];
    (void)limbs_add(t, a->v, b->v); /* 2 p has 382 bits: no carry */
    limbs_reduce(r->v, t);
}

void fp_sub_portable(struct fp *r, const struct fp *a, const struct fp *b)
{
    uint64_t t[6], back[6], borrowed = 0 - limbs_sub(t, a->v, b->v);
    for (int i = 0; i < 6; i++)
        back[i] = fp_p[i] & borrowed;
    (void)limbs_add(r->v, t, back);
}

/* mac: t += a m + carry, gives the next carry. */
static inline uint64_t mac(uint64_t *t, uint64_t a, uint64_t m, uint64_t carry)
{
    fp_u128 x = (fp_u128)a * m + *t + carry;
    *t = (uint64_t)x;
    return (uint64_t)(x >> 64);
}

/* row: t += a m. Written out, here and below: compilers keep t in registers only then. */
static inline void row(uint64_t t[7], const uint64_t a[6], uint64_t m)
{
    uint64_t c = mac(&t[0], a[0], m, 0);
    c = mac(&t[1], a[1], m, c);
    c = mac(&t[2], a[2], m, c);
    c = mac(&t[3], a[3], m, c);
    c = mac(&t[4], a[4], m, c);
    c = mac(&t[5], a[5], m, c);
    t[6] += c;
}

/* reduce_row: t = (t + m p) / 2^64 with the m that makes the lowest limb 0. */
static inline void reduce_row(uint64_t t[7])
{
    row(t, fp_p, t[0] * FP_INV);
    t[0] = t[1], t[1] = t[2], t[2] = t[3], t[3] = t[4], t[4] = t[5], t[5] = t[6], t[6] = 0;
}

/*
 * One round for each limb of b: t = (t + a b_i + m p) / 2^64. With a below p, t stays below a + p.
 */
void fp_mul_portable(struct fp *r, const struct fp *a, const struct fp *b)
{
    uint64_t t[7] = {0};
    for (int i = 0; i < 6; i++) {
        row(t, a->v, b->v[i]);
        reduce_row(t);
    }
    limbs_reduce(r->v, t);
}

void fp_dot_portable(struct fp *r, const struct fp *a, const struct fp *const *b, size_t n)
{
    uint64_t t[7] = {0};
    for (int i = 0; i < 6; i++) {
        for (size_t k = 0; k < n; k++)
            row(t, a[k].v, b[k]->v[i]);
        reduce_row(t);
    }
    limbs_reduce(r->v, t);
}

/* ---- the faster way -------------------------------------------------------------------------- */
#ifdef FP_HAS_X86
/* Set once, to what the processor says; two threads that ask at once get the same answer. */
static int chosen; /* enum fp_path */

static enum fp_path best(void)
{
    unsigned eax, ebx, ecx, edx;
    const unsigned bmi2 = 1u << 8, adx = 1u << 19;
    bool has = __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ebx & bmi2) && (ebx & adx);
    return has ? FP_PATH_X86 : FP_PATH_PORTABLE;
}

static inline bool fast(void)
{
    int path = __atomic_load_n(&chosen, __ATOMIC_RELAXED);
    if (__builtin_expect(path == FP_PATH_UNKNOWN, 0)) {
        path = (int)best();
        __atomic_store_n(&chosen, path, __ATOMIC_RELAXED);
    }
    return path == FP_PATH_X86;
}

bool fp_path_set(enum fp_path path)
{
    if (path == FP_PATH_X86 && best() != FP_PATH_X86)
        return false;
    __atomic_store_n(&chosen, (int)path, __ATOMIC_RELAXED);
    return true;
}
#define CHOOSE(name, ...) (fast() ? fp_x86_##name(__VA_ARGS__) : fp_##name##_portable(__VA_ARGS__))
#else
bool fp_path_set(enum fp_path path)
{
    return path != FP_PATH_X86;
}
#define CHOOSE(name, ...) fp_##name##_portable(__VA_ARGS__)
#endif

void fp_add(struct fp *r, const struct fp *a, const struct fp *b)
{
    CHOOSE(add, r, a, b);
}

void fp_sub(struct fp *r, const struct fp *a, const struct fp *b)
{
    CHOOSE(sub, r, a, b);
}

void fp_mul(struct fp *r, const struct fp *a, const struct fp *b)
{
    CHOOSE(mul, r, a, b);
}

void fp_dot(struct fp *r, const struct fp *a, const struct fp *const *b, size_t n)
{
    CHOOSE(dot, r, a, b, n);
}

void fp_sqr(struct fp *r, const struct fp *a)
{
    fp_mul(r, a, a);
}

void fp_dbl(struct fp *r, const struct fp *a)
{
    fp_add(r, a, a);
}

void fp_neg(struct fp *r, const struct fp *a)
{
    if (fp_is_zero(a))
        *r = fp_zero;
    else
        (void)limbs_sub(r->v, fp_p, a->v);
}

/* ---- roots ----------------------------------------------------------------------------------- */
static unsigned bit(unsigned i)
{
    return (unsigned)(p34[i / 64] >> i % 64) & 1;
}

/* From the top, in windows of up to 5 bits that begin and end with a one. */
void fp_pow_p34(struct fp *r, const struct fp *a)
{
    struct fp odd[16], sq, acc = fp_one; /* a, a^3, .. a^31 */
    fp_sqr(&sq, a);
    odd[0] = *a;
    for (int i = 1; i < 16; i++)
        fp_mul(&odd[i], &odd[i - 1], &sq);
    for (unsigned i = P34_BITS; i > 0;) {
        if (!bit(i - 1)) {
            fp_sqr(&acc, &acc);
            i--;
            continue;
        }
        unsigned low = i > 5 ? i - 5 : 0, value = 0;
        bool first = i == P34_BITS;
        while (!bit(low))
            low++;
        for (; i > low; i--) {
            value = value << 1 | bit(i - 1);
            if (!first)
                fp_sqr(&acc, &acc);
        }
        if (first)
            acc = odd[value / 2];
        else
            fp_mul(&acc, &acc, &odd[value / 2]);
    }
    *r = acc;
}

bool fp_sqrt(struct fp *r, const struct fp *a)
{
    struct fp x = *a, y, check;
    fp_pow_p34(&y, &x);
    fp_mul(&y, &y, &x);
    fp_sqr(&check, &y);
    *r = y;
    return fp_eq(&check, &x);
}

/* ---- questions ------------------------------------------------------------------------------- */
bool fp_is_zero(const struct fp *a)
{
    return (a->v[0] | a->v[1] | a->v[2] | a->v[3] | a->v[4] | a->v[5]) == 0;
}

bool fp_eq(const struct fp *a, const struct fp *b)
{
    return memcmp(a->v, b->v, sizeof a->v) == 0;
}

bool fp_is_large(const struct fp *a)
{
    struct fp t = plain(a);
    return limbs_below(half, t.v);
}

bool fp_is_odd(const struct fp *a)
{
    return plain(a).v[0] & 1;
}
