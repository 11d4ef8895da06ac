#include "policy/near/ed25519.h"

#include <openssl/evp.h>

bool ed25519_verify(const uint8_t key[static 32], struct bytes msg, const uint8_t sig[static 64])
{
    EVP_PKEY *k = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, 32);
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    bool good = k && c && EVP_DigestVerifyInit(c, NULL, NULL, NULL, k) == 1 &&
                EVP_DigestVerify(c, sig, 64, msg.p, msg.n) == 1;
    EVP_MD_CTX_free(c);
    EVP_PKEY_free(k);
    return good;
}
