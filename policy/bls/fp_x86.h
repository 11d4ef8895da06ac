/*
 * fp_x86: the inner loops of the field for x86-64 with BMI2 and ADX: two carry chains at once,
 * which no compiler makes of C. Inside of policy/bls. fp_path.h says when it is used.
 */
#ifndef BOOTGATE_POLICY_BLS_FP_X86_H
#define BOOTGATE_POLICY_BLS_FP_X86_H

#include "policy/bls/fp_mul.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(FP_PORTABLE_ONLY)
#define FP_HAS_X86 1

/* Sums and differences modulo p, in one chain each; any x86-64. */
static inline void fp_x86_reduce(struct fp *r, uint64_t t0, uint64_t t1, uint64_t t2, uint64_t t3,
                                 uint64_t t4, uint64_t t5)
{
    uint64_t d0 = t0, d1 = t1, d2 = t2, d3 = t3, d4 = t4, d5 = t5;
    __asm__("subq %[p0], %[d0]\n\t"
            "sbbq %[p1], %[d1]\n\t"
            "sbbq %[p2], %[d2]\n\t"
            "sbbq %[p3], %[d3]\n\t"
            "sbbq %[p4], %[d4]\n\t"
            "sbbq %[p5], %[d5]\n\t"
            "cmovc %[t0], %[d0]\n\t"
            "cmovc %[t1], %[d1]\n\t"
            "cmovc %[t2], %[d2]\n\t"
            "cmovc %[t3], %[d3]\n\t"
            "cmovc %[t4], %[d4]\n\t"
            "cmovc %[t5], %[d5]"
            : [d0] "+&r"(d0), [d1] "+&r"(d1), [d2] "+&r"(d2), [d3] "+&r"(d3), [d4] "+&r"(d4),
              [d5] "+&r"(d5)
            : [t0] "r"(t0), [t1] "r"(t1), [t2] "r"(t2), [t3] "r"(t3), [t4] "r"(t4), [t5] "r"(t5),
              [p0] "m"(fp_p[0]), [p1] "m"(fp_p[1]), [p2] "m"(fp_p[2]), [p3] "m"(fp_p[3]),
              [p4] "m"(fp_p[4]), [p5] "m"(fp_p[5])
            : "cc");
    r->v[0] = d0, r->v[1] = d1, r->v[2] = d2, r->v[3] = d3, r->v[4] = d4, r->v[5] = d5;
}

static inline void fp_x86_add(struct fp *r, const struct fp *a, const struct fp *b)
{
    uint64_t t0 = a->v[0], t1 = a->v[1], t2 = a->v[2], t3 = a->v[3], t4 = a->v[4], t5 = a->v[5];
    __asm__("addq 0(%[b]), %[t0]\n\t"
            "adcq 8(%[b]), %[t1]\n\t"
            "adcq 16(%[b]), %[t2]\n\t"
            "adcq 24(%[b]), %[t3]\n\t"
            "adcq 32(%[b]), %[t4]\n\t"
            "adcq 40(%[b]), %[t5]"
            : [t0] "+&r"(t0), [t1] "+&r"(t1), [t2] "+&r"(t2), [t3] "+&r"(t3), [t4] "+&r"(t4),
              [t5] "+&r"(t5)
            : [b] "r"(b), "m"(*b)
            : "cc");
    fp_x86_reduce(r, t0, t1, t2, t3, t4, t5);
}

static inline void fp_x86_sub(struct fp *r, const struct fp *a, const struct fp *b)
{
    uint64_t t0 = a->v[0], t1 = a->v[1], t2 = a->v[2], t3 = a->v[3], t4 = a->v[4], t5 = a->v[5];
    uint64_t m;
    __asm__("subq 0(%[b]), %[t0]\n\t"
            "sbbq 8(%[b]), %[t1]\n\t"
            "sbbq 16(%[b]), %[t2]\n\t"
            "sbbq 24(%[b]), %[t3]\n\t"
            "sbbq 32(%[b]), %[t4]\n\t"
            "sbbq 40(%[b]), %[t5]\n\t"
            "sbbq %[m], %[m]"
            : [t0] "+&r"(t0), [t1] "+&r"(t1), [t2] "+&r"(t2), [t3] "+&r"(t3), [t4] "+&r"(t4),
              [t5] "+&r"(t5), [m] "=&r"(m)
            : [b] "r"(b), "m"(*b)
            : "cc");
    uint64_t p0 = FP_P0 & m, p1 = FP_P1 & m, p2 = FP_P2 & m, p3 = FP_P3 & m, p4 = FP_P4 & m;
    m &= FP_P5;
    __asm__(
        "addq %[p0], %[t0]\n\t"
        "adcq %[p1], %[t1]\n\t"
        "adcq %[p2], %[t2]\n\t"
        "adcq %[p3], %[t3]\n\t"
        "adcq %[p4], %[t4]\n\t"
        "adcq %[p5], %[t5]"
        : [t0] "+&r"(t0), [t1] "+&r"(t1), [t2] "+&r"(t2), [t3] "+&r"(t3), [t4] "+&r"(t4),
          [t5] "+&r"(t5)
        : [p0] "rm"(p0), [p1] "rm"(p1), [p2] "rm"(p2), [p3] "rm"(p3), [p4] "rm"(p4), [p5] "rm"(m)
        : "cc");
    r->v[0] = t0, r->v[1] = t1, r->v[2] = t2, r->v[3] = t3, r->v[4] = t4, r->v[5] = t5;
}

/* fp_x86_mul: as fp_mul_portable; fp_x86_dot: as fp_dot_portable. Need BMI2 and ADX. */
void fp_x86_mul(struct fp *r, const struct fp *a, const struct fp *b);
void fp_x86_dot(struct fp *r, const struct fp *a, const struct fp *const *b, size_t n);

#endif
#endif
