/*
 * ck: checked integers. Each returns true when the exact result fits and was written to *out;
 * on false *out is untouched. Every sum or product of values read from outside goes through these.
 */
#ifndef BOOTGATE_BASE_CK_H
#define BOOTGATE_BASE_CK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

__attribute__((warn_unused_result)) static inline bool ck_add(size_t a, size_t b, size_t *out)
{
    size_t r;
    if (__builtin_add_overflow(a, b, &r))
        return false;
    *out = r;
    return true;
}

__attribute__((warn_unused_result)) static inline bool ck_mul(size_t a, size_t b, size_t *out)
{
    size_t r;
    if (__builtin_mul_overflow(a, b, &r))
        return false;
    *out = r;
    return true;
}

__attribute__((warn_unused_result)) static inline bool ck_add_u64(uint64_t a, uint64_t b,
                                                                  uint64_t *out)
{
    uint64_t r;
    if (__builtin_add_overflow(a, b, &r))
        return false;
    *out = r;
    return true;
}

__attribute__((warn_unused_result)) static inline bool ck_mul_u64(uint64_t a, uint64_t b,
                                                                  uint64_t *out)
{
    uint64_t r;
    if (__builtin_mul_overflow(a, b, &r))
        return false;
    *out = r;
    return true;
}

__attribute__((warn_unused_result)) static inline bool ck_u32(uint64_t v, uint32_t *out)
{
    if (v > UINT32_MAX)
        return false;
    *out = (uint32_t)v;
    return true;
}

#endif
