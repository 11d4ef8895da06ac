#include "quote/p256.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/params.h>

#include "base/hash.h"

enum rc p256_open(struct p256 *out, struct err *err)
{
    char curve[] = "prime256v1";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    bool ok = ctx && EVP_PKEY_fromdata_init(ctx) == 1 &&
              EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEY_PARAMETERS, params) == 1;
    EVP_PKEY_CTX_free(ctx);
    out->key = key;
    out->ctx = ok ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    return out->ctx ? RC_OK : err_set(err, BG_CRYPTO_LIBRARY, "no P-256 in OpenSSL");
}

void p256_close(struct p256 *p)
{
    EVP_PKEY_CTX_free(p->ctx);
    EVP_PKEY_free(p->key);
    *p = (struct p256){0};
}

bool p256_point(struct p256 *p, struct bytes xy)
{
    uint8_t point[65] = {0x04}; /* SEC 1 section 2.3.3, uncompressed */
    if (xy.n != 64)
        return false;
    memcpy(point + 1, xy.p, 64);
    return EVP_PKEY_set1_encoded_public_key(p->key, point, sizeof point) == 1;
}

bool p256_check(struct p256 *p, struct bytes xy, struct bytes msg, struct bytes sig)
{
    uint8_t digest[SHA256_LEN];
    if (!p256_point(p, xy))
        return false;
    hash_sha256(msg, digest);
    return EVP_PKEY_verify_init(p->ctx) == 1 &&
           EVP_PKEY_verify(p->ctx, sig.p, sig.n, digest, sizeof digest) == 1;
}

/* put_integer writes 32 big-endian bytes as a DER INTEGER; returns its length. */
static size_t put_integer(const uint8_t v[static 32], uint8_t out[static 35])
{
    size_t skip = 0, n = 2;
    while (skip < 31 && v[skip] == 0)
        skip++;
    out[0] = 0x02;
    if (v[skip] >= 0x80)
        out[n++] = 0;
    memcpy(out + n, v + skip, 32 - skip);
    n += 32 - skip;
    out[1] = (uint8_t)(n - 2);
    return n;
}

bool p256_check_raw(struct p256 *p, struct bytes xy, struct bytes msg, struct bytes sig)
{
    uint8_t der[2 + 2 * 35] = {0x30};
    if (sig.n != 64)
        return false;
    size_t n = put_integer(sig.p, der + 2);
    n += put_integer(sig.p + 32, der + 2 + n);
    der[1] = (uint8_t)n;
    return p256_check(p, xy, msg, bytes_of(der, 2 + n));
}
