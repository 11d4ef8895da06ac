#include "base/hash.h"

#include <openssl/evp.h>
#include <stdlib.h>

static void digest(const EVP_MD *md, const struct bytes *parts, size_t n, uint8_t *out)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx && EVP_DigestInit_ex(ctx, md, NULL) == 1;
    for (size_t i = 0; ok && i < n; i++)
        ok = parts[i].n == 0 || EVP_DigestUpdate(ctx, parts[i].p, parts[i].n) == 1;
    ok = ok && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    if (!ok)
        abort();
}

void hash_sha256(struct bytes in, uint8_t out[static SHA256_LEN])
{
    digest(EVP_sha256(), &in, 1, out);
}

void hash_sha384(struct bytes in, uint8_t out[static SHA384_LEN])
{
    digest(EVP_sha384(), &in, 1, out);
}

void hash_sha512(struct bytes in, uint8_t out[static SHA512_LEN])
{
    digest(EVP_sha512(), &in, 1, out);
}

void hash_ripemd160(struct bytes in, uint8_t out[static 20])
{
    digest(EVP_ripemd160(), &in, 1, out);
}

void hash_sha256_parts(const struct bytes *parts, size_t n, uint8_t out[static SHA256_LEN])
{
    digest(EVP_sha256(), parts, n, out);
}

void hash_sha384_parts(const struct bytes *parts, size_t n, uint8_t out[static SHA384_LEN])
{
    digest(EVP_sha384(), parts, n, out);
}

/* An EVP_MD_CTX by another name: only this file knows OpenSSL's. */
struct hash_run *hash_sha384_begin(void)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!ctx || EVP_DigestInit_ex(ctx, EVP_sha384(), NULL) != 1)
        abort();
    return (struct hash_run *)ctx;
}

void hash_feed(struct hash_run *r, struct bytes piece)
{
    if (piece.n && EVP_DigestUpdate((EVP_MD_CTX *)r, piece.p, piece.n) != 1)
        abort();
}

void hash_end(struct hash_run *r, uint8_t out[static SHA384_LEN])
{
    if (EVP_DigestFinal_ex((EVP_MD_CTX *)r, out, NULL) != 1)
        abort();
    EVP_MD_CTX_free((EVP_MD_CTX *)r);
}
