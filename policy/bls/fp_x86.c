#include "policy/bls/fp_x86.h"

#ifdef FP_HAS_X86

/*
 * Seven registers hold the running sum t. A row adds the product of six limbs and %rdx to it: low
 * halves along the carry flag (adcx), high halves along the overflow flag (adox). Rows of p make
 * the lowest limb 0; its register is then the empty top of the next round: so the names of the
 * registers rotate, and nothing is moved.
 */
#define LIMB(source, low, high)                                                                    \
    "mulxq " source ", %[lo], %[hi]\n\t"                                                           \
    "adcxq %[lo], %[" low "]\n\t"                                                                  \
    "adoxq %[hi], %[" high "]\n\t"
#define CLEAR_FLAGS "xorl %k[lo], %k[lo]\n\t"
#define LAST_CARRY(top)                                                                            \
    "movl $0, %k[lo]\n\t"                                                                          \
    "adcxq %[lo], %[" top "]\n\t"
#define ROW_A(x0, x1, x2, x3, x4, x5, x6)                                                          \
    CLEAR_FLAGS LIMB("0(%[a])", x0, x1) LIMB("8(%[a])", x1, x2) LIMB("16(%[a])", x2, x3)           \
        LIMB("24(%[a])", x3, x4) LIMB("32(%[a])", x4, x5) LIMB("40(%[a])", x5, x6) LAST_CARRY(x6)
#define ROW_P(x0, x1, x2, x3, x4, x5, x6)                                                          \
    "movq %[" x0 "], %%rdx\n\t"                                                                    \
    "imulq %[inv], %%rdx\n\t" CLEAR_FLAGS LIMB("%[p0]", x0, x1) LIMB("%[p1]", x1, x2)              \
        LIMB("%[p2]", x2, x3) LIMB("%[p3]", x3, x4) LIMB("%[p4]", x4, x5) LIMB("%[p5]", x5, x6)    \
            LAST_CARRY(x6)
#define ZERO_T                                                                                     \
    "xorl %k[t0], %k[t0]\n\t"                                                                      \
    "xorl %k[t1], %k[t1]\n\t"                                                                      \
    "xorl %k[t2], %k[t2]\n\t"                                                                      \
    "xorl %k[t3], %k[t3]\n\t"                                                                      \
    "xorl %k[t4], %k[t4]\n\t"                                                                      \
    "xorl %k[t5], %k[t5]\n\t"                                                                      \
    "xorl %k[t6], %k[t6]\n\t"
/* ROUNDS: one for each limb of b, at these offsets; the sum ends up in t6, t0, t1, t2, t3, t4. */
#define ROUNDS(round)                                                                              \
    round("0", "t0", "t1", "t2", "t3", "t4", "t5", "t6")                                           \
        round("8", "t1", "t2", "t3", "t4", "t5", "t6", "t0")                                       \
            round("16", "t2", "t3", "t4", "t5", "t6", "t0", "t1")                                  \
                round("24", "t3", "t4", "t5", "t6", "t0", "t1", "t2")                              \
                    round("32", "t4", "t5", "t6", "t0", "t1", "t2", "t3")                          \
                        round("40", "t5", "t6", "t0", "t1", "t2", "t3", "t4")
#define T_REGISTERS                                                                                \
    [t0] "=&r"(t0), [t1] "=&r"(t1), [t2] "=&r"(t2), [t3] "=&r"(t3), [t4] "=&r"(t4),                \
        [t5] "=&r"(t5), [t6] "=&r"(t6), [lo] "=&r"(lo), [hi] "=&r"(hi)
#define PRIME                                                                                      \
    [p0] "m"(fp_p[0]), [p1] "m"(fp_p[1]), [p2] "m"(fp_p[2]), [p3] "m"(fp_p[3]), [p4] "m"(fp_p[4]), \
        [p5] "m"(fp_p[5]), [inv] "m"(inv)

static const uint64_t inv = FP_INV;

void fp_x86_mul(struct fp *r, const struct fp *a, const struct fp *b)
{
    uint64_t t0, t1, t2, t3, t4, t5, t6, lo, hi;
#define ROUND(at, ...) "movq " at "(%[b]), %%rdx\n\t" ROW_A(__VA_ARGS__) ROW_P(__VA_ARGS__)
    __asm__(ZERO_T ROUNDS(ROUND)
            : T_REGISTERS
            : [a] "r"(a), [b] "r"(b), "m"(*a), "m"(*b), PRIME
            : "rdx", "cc");
#undef ROUND
    fp_x86_reduce(r, t6, t0, t1, t2, t3, t4);
}

/* The same with n rows of a in each round: a walks over its n elements, b over its n pointers. */
void fp_x86_dot(struct fp *r, const struct fp *a, const struct fp *const *b, size_t n)
{
    uint64_t t0, t1, t2, t3, t4, t5, t6, lo, hi;
    const struct fp *const *end = b + n;
    ptrdiff_t a_back = -(ptrdiff_t)(n * sizeof *a), b_back = -(ptrdiff_t)(n * sizeof *b);
#define ROUND(at, ...)                                                                             \
    "1:\n\t"                                                                                       \
    "movq (%[b]), %%rdx\n\t"                                                                       \
    "movq " at                                                                                     \
    "(%%rdx), %%rdx\n\t" ROW_A(__VA_ARGS__) "addq $48, %[a]\n\t"                                   \
                                            "addq $8, %[b]\n\t"                                    \
                                            "cmpq %[end], %[b]\n\t"                                \
                                            "jne 1b\n\t"                                           \
                                            "addq %[a_back], %[a]\n\t"                             \
                                            "addq %[b_back], %[b]\n\t" ROW_P(__VA_ARGS__)
    __asm__ volatile(ZERO_T ROUNDS(ROUND)
                     : T_REGISTERS, [a] "+&r"(a), [b] "+&r"(b)
                     : [end] "rm"(end), [a_back] "rm"(a_back), [b_back] "rm"(b_back), PRIME
                     : "rdx", "cc", "memory");
#undef ROUND
    fp_x86_reduce(r, t6, t0, t1, t2, t3, t4);
}

#endif
