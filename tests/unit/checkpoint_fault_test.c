/*
 * checkpoint_fault: a signature that a fault spoiled may give the key away, so
 * none leaves that does not verify. This program's own secp256k1_ecdsa_sign
 * stands before the library's.
 */
#define _GNU_SOURCE
#include "tests/lib/harness.h"

#include <dlfcn.h>
#include <secp256k1.h>

#include "policy/beacon/checkpoint.h"

static enum { SOUND, REFUSED, SPOILED } mode;
static size_t spoiled_byte;

int secp256k1_ecdsa_sign(const secp256k1_context *ctx, secp256k1_ecdsa_signature *sig,
                         const unsigned char *digest, const unsigned char *key,
                         secp256k1_nonce_function nonce, const void *data)
{
    int (*sign)(const secp256k1_context *, secp256k1_ecdsa_signature *, const unsigned char *,
                const unsigned char *, secp256k1_nonce_function, const void *);
    void *found = dlsym(RTLD_NEXT, "secp256k1_ecdsa_sign");
    memcpy(&sign, &found, sizeof sign);
    assert_non_null(found);
    if (mode == REFUSED || !sign(ctx, sig, digest, key, nonce, data))
        return 0;
    if (mode == SPOILED)
        sig->data[spoiled_byte] ^= 1;
    return 1;
}

static void spoiled_signatures_do_not_leave(void **state)
{
    (void)state;
    uint8_t key[32] = {0};
    key[31] = 7;
    for (size_t i = 0; i < 66; i++) {
        struct checkpoint_doc d = {0};
        static const uint8_t none[sizeof d.signatures];
        struct err err = {0};
        mode = i == 0 ? SOUND : i == 1 ? REFUSED : SPOILED;
        spoiled_byte = i < 2 ? 0 : i - 2;
        enum rc rc = checkpoint_sign(&d, key, &err);
        if (mode == SOUND)
            CASE("sound", rc == RC_OK && d.num_signatures == 1, "BG-%04d", rc);
        else
            CASE("spoiled",
                 rc == BG_CHECKPOINT_SIGNING && d.num_signatures == 0 &&
                     memcmp(d.signatures, none, sizeof none) == 0,
                 "byte %zu: BG-%04d", spoiled_byte, rc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spoiled_signatures_do_not_leave),
    };
    return HARNESS_RUN("checkpoint_fault", tests);
}
