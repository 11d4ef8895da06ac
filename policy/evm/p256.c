#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "policy/evm/precompiles.h"
#include "policy/evm/u256.h"

/* NIST SP 800-186, 3.2.1.3: the field of P-256, its order and the curve's b; a is -3. */
static const u256 p256_p = {
    {0xffffffffffffffffu, 0x00000000ffffffffu, 0x0000000000000000u, 0xffffffff00000001u}};
static const u256 p256_n = {
    {0xf3b9cac2fc632551u, 0xbce6faada7179e84u, 0xffffffffffffffffu, 0xffffffff00000000u}};
static const u256 p256_b = {
    {0x3bce3c3e27d2604bu, 0x651d06b0cc53b0f6u, 0xb3ebbd55769886bcu, 0x5ac635d8aa3a93e7u}};

static void drop_key(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static void drop_ctx(EVP_PKEY_CTX **ctx)
{
    EVP_PKEY_CTX_free(*ctx);
}

static void drop_sig(ECDSA_SIG **sig)
{
    ECDSA_SIG_free(*sig);
}

#define AUTO_CTX __attribute__((cleanup(drop_ctx))) EVP_PKEY_CTX *

static bool on_curve(u256 x, u256 y)
{
    u256 xx = u256_mulmod(x, x, p256_p), minus3 = u256_sub(p256_p, u256_of(3));
    u256 right = u256_mulmod(u256_addmod(xx, minus3, p256_p), x, p256_p);
    return u256_eq(u256_mulmod(y, y, p256_p), u256_addmod(right, p256_b, p256_p));
}

/*
 * plausible: EIP-7951's input checks: r and s in [1, n - 1], x and y below p and on the curve,
 * which (0, 0) is not. They are made here and not left to OpenSSL, so that its failing at
 * anything else is known to be a failure, not an answer.
 */
static bool plausible(struct bytes in)
{
    u256 r = u256_from_be(in.p + 32, 32), s = u256_from_be(in.p + 64, 32);
    u256 x = u256_from_be(in.p + 96, 32), y = u256_from_be(in.p + 128, 32);
    return !u256_is_zero(r) && u256_cmp(r, p256_n) < 0 && !u256_is_zero(s) &&
           u256_cmp(s, p256_n) < 0 && u256_cmp(x, p256_p) < 0 && u256_cmp(y, p256_p) < 0 &&
           on_curve(x, y);
}

/* read_key: the point of x and y, which is on the curve; NULL: the library failed. */
static EVP_PKEY *read_key(const uint8_t xy[static 64])
{
    uint8_t point[65] = {4};
    char group[] = "prime256v1";
    EVP_PKEY *key = NULL;
    memcpy(point + 1, xy, 64);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end(),
    };
    AUTO_CTX ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        return NULL;
    return key;
}

/* encode: r and s as the DER that EVP_PKEY_verify wants; NULL: no memory. *out_n: its length. */
static uint8_t *encode(const uint8_t rs[static 64], size_t *out_n)
{
    ECDSA_SIG *sig __attribute__((cleanup(drop_sig))) = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(rs, 32, NULL), *s = BN_bin2bn(rs + 32, 32, NULL);
    uint8_t *der = NULL;
    if (!sig || !r || !s || ECDSA_SIG_set0(sig, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        return NULL;
    }
    int n = i2d_ECDSA_SIG(sig, &der);
    if (n <= 0)
        return NULL;
    *out_n = (size_t)n;
    return der;
}

/* EIP-7951: hash, r, s, x, y. */
enum rc precompile_p256(struct bytes in, bool *out_valid, struct err *err)
{
    size_t n = 0;
    *out_valid = false;
    if (in.n != 160 || !plausible(in))
        return RC_OK;
    EVP_PKEY *key __attribute__((cleanup(drop_key))) = read_key(in.p + 96);
    AUTO_CTX ctx = key ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
    uint8_t *der = ctx && EVP_PKEY_verify_init(ctx) == 1 ? encode(in.p + 32, &n) : NULL;
    int good = der ? EVP_PKEY_verify(ctx, der, n, in.p, 32) : -1;
    OPENSSL_free(der);
    ERR_clear_error();
    if (good < 0)
        return err_set(err, BG_EVM_P256, "input of %zu bytes", in.n);
    *out_valid = good == 1;
    return RC_OK;
}
