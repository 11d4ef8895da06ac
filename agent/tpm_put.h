/* tpm_put: a big-endian writer over a fixed buffer; past its end it sets bad and writes nothing. */
#ifndef BOOTGATE_AGENT_TPM_PUT_H
#define BOOTGATE_AGENT_TPM_PUT_H

#include "base/bytes.h"

struct put {
    uint8_t *p;
    size_t n, cap;
    bool bad;
};

static inline void put_bytes(struct put *o, const void *p, size_t n)
{
    if (o->bad || n > o->cap - o->n) {
        o->bad = true;
        return;
    }
    if (n)
        memcpy(o->p + o->n, p, n);
    o->n += n;
}

static inline void put_be(struct put *o, uint64_t v, size_t width)
{
    uint8_t b[8];
    for (size_t i = 0; i < width; i++)
        b[i] = (uint8_t)(v >> (8 * (width - 1 - i)));
    put_bytes(o, b, width);
}

static inline struct bytes put_view(const struct put *o)
{
    return bytes_of(o->p, o->n);
}

#endif
