#include "policy/kms_sig.h"

#include <secp256k1.h>
#include <secp256k1_recovery.h>

#include "base/keccak.h"

#define PUBKEY_LEN    33u
#define SIGNATURE_LEN 65u

/* compress parses a SEC1 point (it must lie on the curve) and writes it compressed. */
static bool compress(struct bytes sec1, uint8_t out[static PUBKEY_LEN])
{
    secp256k1_pubkey key;
    size_t n = PUBKEY_LEN;
    return (sec1.n == 33 || sec1.n == 65) &&
           secp256k1_ec_pubkey_parse(secp256k1_context_static, &key, sec1.p, sec1.n) &&
           secp256k1_ec_pubkey_serialize(secp256k1_context_static, out, &n, &key,
                                         SECP256K1_EC_COMPRESSED) &&
           n == PUBKEY_LEN;
}

/*
 * The signature is r, s and a recovery id of 0 to 3 (k256's sign_digest_recoverable,
 * kms/src/crypto.rs sign_message). The KMS writes low-s; high-s recovers the same key and dstack's
 * SDKs take it (go-ethereum's Ecrecover, eth_keys), so do we: what counts is the recovered key, and
 * a signature is no identifier of anything here.
 */
enum rc kms_sig_recover(const uint8_t digest[static 32], struct bytes signature,
                        uint8_t out[static 33], struct err *err)
{
    if (signature.n != SIGNATURE_LEN || signature.p[64] > 3)
        return err_set(err, BG_KMS_SIG_FORMAT, "%zu bytes", signature.n);
    secp256k1_ecdsa_recoverable_signature sig;
    secp256k1_pubkey key;
    uint8_t sec1[PUBKEY_LEN];
    size_t n = sizeof sec1;
    if (!secp256k1_ecdsa_recoverable_signature_parse_compact(secp256k1_context_static, &sig,
                                                             signature.p, signature.p[64]) ||
        !secp256k1_ecdsa_recover(secp256k1_context_static, &key, &sig, digest) ||
        !secp256k1_ec_pubkey_serialize(secp256k1_context_static, sec1, &n, &key,
                                       SECP256K1_EC_COMPRESSED))
        return err_set(err, BG_KMS_SIG_RECOVER, "recovery id %d", signature.p[64]);
    memcpy(out, sec1, sizeof sec1);
    return RC_OK;
}

enum rc kms_sig_verify(struct bytes root_pubkey, const uint8_t app_id[static 20],
                       struct bytes app_pubkey, struct bytes signature, struct err *err)
{
    uint8_t root[PUBKEY_LEN], app[PUBKEY_LEN], signer[PUBKEY_LEN], digest[32];
    if (!compress(root_pubkey, root))
        return err_set(err, BG_KMS_SIG_ROOT_KEY, "%zu bytes", root_pubkey.n);
    if (app_pubkey.n != PUBKEY_LEN || !compress(app_pubkey, app))
        return err_set(err, BG_KMS_SIG_APP_KEY, "%zu bytes", app_pubkey.n);
    const struct bytes parts[] = {
        bytes_of_str("dstack-kms-issued:"),
        bytes_of(app_id, 20),
        bytes_of(app, sizeof app),
    };
    keccak256_parts(parts, sizeof parts / sizeof *parts, digest);
    TRY(kms_sig_recover(digest, signature, signer, err));
    if (memcmp(signer, root, sizeof root) != 0)
        return err_set(err, BG_KMS_SIG_SIGNER,
                       "signed by %02x%02x%02x%02x.., not by %02x%02x%02x%02x..", signer[0],
                       signer[1], signer[2], signer[3], root[0], root[1], root[2], root[3]);
    return RC_OK;
}
