/*
 * bytes: a borrowed, read-only run of bytes, passed by value. Never owns, never frees;
 * whoever made the underlying buffer (an arena, a file mapping) must outlive the view.
 */
#ifndef BOOTGATE_BASE_BYTES_H
#define BOOTGATE_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    const uint8_t *p; /* may be NULL only when n is 0 */
    size_t n;         /* bytes */
};

#define BYTES_NONE ((struct bytes){NULL, 0})
/* BYTES_OF_ARRAY views a whole array (not a pointer). */
#define BYTES_OF_ARRAY(a) ((struct bytes){(const uint8_t *)(a), sizeof(a)})

static inline struct bytes bytes_of(const void *p, size_t n)
{
    return (struct bytes){(const uint8_t *)p, n};
}

/* bytes_of_str views a NUL-terminated string without its NUL. NULL gives the empty view. */
static inline struct bytes bytes_of_str(const char *s)
{
    return s ? (struct bytes){(const uint8_t *)s, strlen(s)} : BYTES_NONE;
}

static inline bool bytes_eq(struct bytes a, struct bytes b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool bytes_eq_str(struct bytes a, const char *s)
{
    return bytes_eq(a, bytes_of_str(s));
}

static inline bool bytes_is_zero(struct bytes a)
{
    uint8_t acc = 0;
    for (size_t i = 0; i < a.n; i++)
        acc |= a.p[i];
    return acc == 0;
}

/* mem_is_zero: the same for a plain pointer and length. */
static inline bool mem_is_zero(const void *p, size_t n)
{
    return bytes_is_zero(bytes_of(p, n));
}

#endif
