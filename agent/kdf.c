#include "agent/kdf.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "agent/secret_file.h"

#define LABEL       "bootgate/kek/v1"
#define FLOOR_LABEL "bootgate/floor/v1"

#define NAME_MAX_LEN 64u /* characters of an account id of NEAR's */

_Static_assert(sizeof LABEL - 1 + 4 * 2 + 32 + 8 + 20 + 20 <= KDF_INFO_MAX, "info fits");
_Static_assert(sizeof LABEL - 1 + 5 * 2 + 3 * NAME_MAX_LEN + 20 + 4 <= KDF_INFO_MAX, "NEAR's too");

static uint8_t *part(uint8_t *at, const void *x, size_t n)
{
    at[0] = (uint8_t)(n >> 8);
    at[1] = (uint8_t)n;
    if (n)
        memcpy(at + 2, x, n);
    return at + 2 + n;
}

static enum rc near_info(const struct kdf_identity *id, uint8_t *out, size_t *out_n,
                         struct err *err)
{
    struct bytes network = bytes_of_str(id->network_id);
    if (strcmp(id->source, "near") != 0 || network.n == 0 || network.n > NAME_MAX_LEN ||
        id->contract_id.n == 0 || id->contract_id.n > NAME_MAX_LEN ||
        id->app_account.n > NAME_MAX_LEN)
        return err_set(err, BG_KDF_NEAR, "%zu, %zu and %zu characters", network.n,
                       id->contract_id.n, id->app_account.n);
    memcpy(out, LABEL, sizeof LABEL - 1);
    uint8_t *at = part(out + sizeof LABEL - 1, id->source, strlen(id->source));
    at = part(at, network.p, network.n);
    at = part(at, id->contract_id.p, id->contract_id.n);
    at = part(at, id->app_id, sizeof id->app_id);
    at = part(at, id->app_account.p, id->app_account.n);
    *out_n = (size_t)(at - out);
    return RC_OK;
}

enum rc kdf_info(const struct kdf_identity *id, uint8_t out[static KDF_INFO_MAX], size_t *out_n,
                 struct err *err)
{
    size_t word = id->source ? strlen(id->source) : 0;
    uint64_t chain = __builtin_bswap64(id->chain_id);
    if (word == 0 || word > 32)
        return err_set(err, BG_KDF_SOURCE, "%zu characters", word);
    if (id->network_id)
        return near_info(id, out, out_n, err);
    memcpy(out, LABEL, sizeof LABEL - 1);
    uint8_t *at = part(out + sizeof LABEL - 1, id->source, word);
    at = part(at, &chain, sizeof chain);
    at = part(at, id->kms_contract, sizeof id->kms_contract);
    at = part(at, id->app_id, sizeof id->app_id);
    *out_n = (size_t)(at - out);
    return RC_OK;
}

static void kdf_cleanup(EVP_KDF **k)
{
    EVP_KDF_free(*k);
}
static void context_cleanup(EVP_KDF_CTX **c)
{
    EVP_KDF_CTX_free(*c);
}

/* RFC 5869 with SHA-256; OpenSSL wipes its copies of the input when the context is freed. */
static bool hkdf(struct secret *ikm, uint8_t *info, size_t info_n, uint8_t *out)
{
    __attribute__((cleanup(kdf_cleanup))) EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    __attribute__((cleanup(context_cleanup))) EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret_data(ikm), secret_len(ikm)),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, info_n),
        OSSL_PARAM_construct_end()};
    return ctx && EVP_KDF_derive(ctx, out, KDF_KEY, params) == 1;
}

enum rc kdf_key(struct secret *seed, struct secret *share, const struct kdf_identity *id,
                struct secret **out, struct err *err)
{
    uint8_t info[KDF_INFO_MAX];
    size_t info_n = 0, seed_n = secret_len(seed), share_n = share ? secret_len(share) : 0;
    TRY(kdf_info(id, info, &info_n, err));
    AUTO_SECRET ikm = secret_new(seed_n + share_n, err);
    AUTO_SECRET key = ikm ? secret_new(KDF_KEY, err) : NULL;
    if (!key)
        return err->rc;
    memcpy(secret_data(ikm), secret_data(seed), seed_n);
    if (share)
        memcpy(secret_data(ikm) + seed_n, secret_data(share), share_n);
    if (!hkdf(ikm, info, info_n, secret_data(key)))
        return err_set(err, BG_KDF_OPENSSL, "%s", "HKDF-SHA256");
    *out = key;
    key = NULL;
    return RC_OK;
}

enum rc kdf_floor_auth(struct secret *seed, uint32_t index, uint8_t out[static KDF_KEY],
                       struct err *err)
{
    uint8_t info[sizeof FLOOR_LABEL - 1 + 4];
    memcpy(info, FLOOR_LABEL, sizeof FLOOR_LABEL - 1);
    for (size_t i = 0; i < 4; i++)
        info[sizeof FLOOR_LABEL - 1 + i] = (uint8_t)(index >> (8 * (3 - i)));
    if (!hkdf(seed, info, sizeof info, out))
        return err_set(err, BG_TPM_FLOOR_HKDF, "%s", "HKDF-SHA256");
    return RC_OK;
}

enum rc kdf_share_read(const char *path, struct secret **out, struct err *err)
{
    return secret_file_read(path, KDF_SHARE_MIN, KDF_SHARE_MAX, BG_KDF_SHARE, out, err);
}
