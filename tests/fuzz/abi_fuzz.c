/* abi: what decodes is canonical, so encoding it again gives the same bytes. */
#include <stdlib.h>

#include "policy/abi.h"

static uint8_t again[1u << 20];

static size_t put_word(size_t at, size_t v)
{
    for (size_t i = 0; i < 32; i++)
        again[at + i] = i < 24 ? 0 : (uint8_t)(v >> 8 * (31 - i));
    return at + 32;
}

static size_t put_bytes(size_t at, struct bytes b)
{
    at = put_word(at, b.n);
    if (b.n)
        memcpy(again + at, b.p, b.n);
    size_t padded = (b.n + 31) / 32 * 32;
    memset(again + at + b.n, 0, padded - b.n);
    return at + padded;
}

static void must_be(struct bytes in, size_t n)
{
    if (n != in.n || (n && memcmp(in.p, again, n) != 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct bytes in = bytes_of(data, n), s, info[4];
    struct err err = {0};
    uint8_t who[20];
    bool yes;
    if (n > sizeof again / 2)
        return 0;
    if (abi_decode_decision(in, &yes, &s, &err) == RC_OK)
        must_be(in, put_bytes(put_word(put_word(0, yes), 64), s));
    err_clear(&err);
    if (abi_decode_string(in, &s, &err) == RC_OK)
        must_be(in, put_bytes(put_word(0, 32), s));
    err_clear(&err);
    if (abi_decode_address(in, who, &err) == RC_OK && (n != 32 || memcmp(data + 12, who, 20) != 0))
        abort();
    err_clear(&err);
    if (abi_decode_kms_info(in, info, &err) == RC_OK) {
        size_t at = 128;
        for (size_t i = 0; i < 4; i++) {
            put_word(32 * i, at);
            at = put_bytes(at, info[i]);
        }
        must_be(in, at);
    }
    struct arena *a = arena_new(4u << 20);
    err_clear(&err);
    const char *text = a ? abi_revert_reason(a, in, &err) : NULL;
    for (const char *c = text; c && *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            abort();
    arena_free(a);
    return 0;
}
