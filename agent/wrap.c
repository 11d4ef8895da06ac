#include "agent/wrap.h"

#include <openssl/evp.h>
#include <sys/random.h>

#include "base/cur.h"

#define MAGIC "bootgate/wrap/v1"
#define NONCE 12
#define TAG   16

_Static_assert(sizeof MAGIC - 1 + NONCE + TAG == WRAP_OVERHEAD, "the header says so");

enum rc wrap_read(struct bytes file, struct wrapped *out, struct err *err)
{
    struct cur c = cur_of(file);
    bool magic = bytes_eq_str(cur_take(&c, sizeof MAGIC - 1), MAGIC);
    struct bytes nonce = cur_take(&c, NONCE);
    size_t left = cur_left(&c), n = left > TAG ? left - TAG : 0;
    struct bytes ciphertext = cur_take(&c, n), tag = cur_take(&c, TAG);
    if (!magic || !cur_done(&c) || n == 0 || n > WRAP_SECRET_MAX)
        return err_set(err, BG_WRAP_FORMAT, "%zu bytes%s", file.n,
                       magic ? "" : ", which do not begin with " MAGIC);
    *out = (struct wrapped){nonce, ciphertext, tag};
    return RC_OK;
}

/* additional: what is authenticated beside the ciphertext. */
static enum rc additional(const struct kdf_identity *id,
                          uint8_t out[static sizeof MAGIC - 1 + KDF_INFO_MAX], int *out_n,
                          struct err *err)
{
    size_t n = 0;
    memcpy(out, MAGIC, sizeof MAGIC - 1);
    TRY(kdf_info(id, out + sizeof MAGIC - 1, &n, err));
    *out_n = (int)(sizeof MAGIC - 1 + n);
    return RC_OK;
}

static void cipher_cleanup(EVP_CIPHER_CTX **c)
{
    EVP_CIPHER_CTX_free(*c);
}
#define AUTO_CIPHER __attribute__((cleanup(cipher_cleanup))) EVP_CIPHER_CTX *

enum rc wrap_open(struct secret *key, const struct kdf_identity *id, struct bytes file,
                  struct secret **out, struct err *err)
{
    struct wrapped w = {0};
    uint8_t aad[sizeof MAGIC - 1 + KDF_INFO_MAX], tag[TAG];
    int aad_n = 0, n = 0;
    TRY(wrap_read(file, &w, err));
    TRY(additional(id, aad, &aad_n, err));
    memcpy(tag, w.tag.p, TAG);
    AUTO_SECRET plain = secret_new(w.ciphertext.n, err);
    if (!plain)
        return err->rc;
    AUTO_CIPHER ctx = EVP_CIPHER_CTX_new();
    if (secret_len(key) != KDF_KEY || !ctx ||
        EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, secret_data(key), w.nonce.p) != 1 ||
        EVP_DecryptUpdate(ctx, NULL, &n, aad, aad_n) != 1 ||
        EVP_DecryptUpdate(ctx, secret_data(plain), &n, w.ciphertext.p, (int)w.ciphertext.n) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG, tag) != 1 ||
        EVP_DecryptFinal_ex(ctx, secret_data(plain) + n, &n) != 1)
        return err_set(err, BG_WRAP_OPEN, "%zu bytes", file.n);
    *out = plain;
    plain = NULL;
    return RC_OK;
}

enum rc wrap_seal(struct arena *a, struct secret *key, const struct kdf_identity *id,
                  struct secret *secret, struct bytes *out, struct err *err)
{
    uint8_t aad[sizeof MAGIC - 1 + KDF_INFO_MAX];
    size_t size = secret_len(secret);
    int aad_n = 0, n = 0;
    if (size > WRAP_SECRET_MAX)
        return err_set(err, BG_WRAP_SIZE, "%zu bytes", size);
    TRY(additional(id, aad, &aad_n, err));
    uint8_t *file = arena_alloc(a, size + WRAP_OVERHEAD, err);
    if (!file)
        return err->rc;
    uint8_t *nonce = file + sizeof MAGIC - 1, *ciphertext = nonce + NONCE;
    memcpy(file, MAGIC, sizeof MAGIC - 1);
    AUTO_CIPHER ctx = EVP_CIPHER_CTX_new();
    if (getrandom(nonce, NONCE, 0) != NONCE || secret_len(key) != KDF_KEY || !ctx ||
        EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, secret_data(key), nonce) != 1 ||
        EVP_EncryptUpdate(ctx, NULL, &n, aad, aad_n) != 1 ||
        EVP_EncryptUpdate(ctx, ciphertext, &n, secret_data(secret), (int)size) != 1 ||
        EVP_EncryptFinal_ex(ctx, ciphertext + n, &n) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG, ciphertext + size) != 1)
        return err_set(err, BG_WRAP_OPENSSL, "%s", "AES-256-GCM");
    *out = bytes_of(file, size + WRAP_OVERHEAD);
    return RC_OK;
}
