#include <secp256k1.h>
#include <secp256k1_preallocated.h>
#include <stddef.h>

#include "policy/beacon/checkpoint_digest.h"

/* libsecp256k1 signs only with a context of its own: 208 bytes in 0.2.0. */
struct signer {
    _Alignas(max_align_t) uint8_t room[2048];
    secp256k1_context *ctx;
};

/* open_signer: NULL or why not. The key's own hash blinds the computation against side channels. */
static const char *open_signer(struct signer *s, const uint8_t seckey[static 32])
{
    uint8_t blind[SHA256_LEN];
    if (secp256k1_context_preallocated_size(SECP256K1_CONTEXT_NONE) > sizeof s->room)
        return "the library's context is larger than expected";
    s->ctx = secp256k1_context_preallocated_create(s->room, SECP256K1_CONTEXT_NONE);
    HASH_PARTS(hash_sha256_parts, blind, bytes_of_str("bootgate/checkpoint/blind"),
               bytes_of(seckey, 32));
    bool blinded = s->ctx && secp256k1_context_randomize(s->ctx, blind);
    explicit_bzero(blind, sizeof blind);
    return blinded ? NULL : "no context";
}

static void close_signer(struct signer *s)
{
    if (s->ctx)
        secp256k1_context_preallocated_destroy(s->ctx);
    explicit_bzero(s->room, sizeof s->room);
}

/* make: the key's public half and its signature. */
static const char *make(const struct signer *s, const uint8_t seckey[static 32],
                        const uint8_t digest[static SHA256_LEN], struct checkpoint_signature *out)
{
    secp256k1_ecdsa_signature sig;
    secp256k1_pubkey key;
    size_t n = sizeof out->key;
    if (!secp256k1_ec_pubkey_create(s->ctx, &key, seckey) ||
        !secp256k1_ec_pubkey_serialize(s->ctx, out->key, &n, &key, SECP256K1_EC_COMPRESSED) ||
        !secp256k1_ecdsa_sign(s->ctx, &sig, digest, seckey, NULL, NULL) ||
        !secp256k1_ecdsa_signature_serialize_compact(s->ctx, out->signature, &sig))
        return "the library refused";
    return NULL;
}

enum rc checkpoint_sign(struct checkpoint_doc *d, const uint8_t seckey[static 32], struct err *err)
{
    uint8_t digest[SHA256_LEN];
    struct checkpoint_doc more = *d;
    struct signer s = {0};
    struct err why_not = {0};
    for (size_t i = 0; i < d->num_signatures; i++)
        TRY(checkpoint_signature_ok(d, i, err));
    if (!secp256k1_ec_seckey_verify(secp256k1_context_static, seckey))
        return err_set(err, BG_CHECKPOINT_SECRET, "%s", "");
    if (d->num_signatures == CHECKPOINT_SIGNERS_MAX)
        return err_set(err, BG_CHECKPOINT_FULL, "%u", CHECKPOINT_SIGNERS_MAX);
    struct checkpoint_signature *mine = &more.signatures[more.num_signatures++];
    checkpoint_digest(d, digest);
    const char *why = open_signer(&s, seckey);
    if (!why)
        why = make(&s, seckey, digest, mine);
    close_signer(&s);
    /* A signature that a fault spoiled may give the key away: it has to verify before it leaves. */
    if (!why && checkpoint_signature_ok(&more, more.num_signatures - 1, &why_not) != RC_OK)
        why = "the signature is not good";
    if (why)
        return err_set(err, BG_CHECKPOINT_SIGNING, "%s", why);
    for (size_t i = 0; i < d->num_signatures; i++)
        if (memcmp(d->signatures[i].key, mine->key, sizeof mine->key) == 0)
            return err_set(err, BG_CHECKPOINT_SIGNED_ALREADY, "signature %zu", i);
    *d = more;
    return RC_OK;
}
