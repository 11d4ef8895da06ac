/*
 * kms_sig: against a signature that dstack's own KMS code made (sdk/simulator/appkeys.json of
 * Dstack-TEE/dstack: k256_key, k256_signature; the two public keys as its SDK tests state them),
 * and against signatures made here with libsecp256k1.
 */
#include "tests/lib/harness.h"

#include <secp256k1.h>
#include <secp256k1_recovery.h>

#include "base/keccak.h"
#include "policy/kms_sig.h"

static struct arena *a;
static struct err err;

static const char root_hex[] = "0321529e458424ab1f710a3a57ec4dad2fb195ddca572f7469242ba6c7563085b6";
static const char app_hex[] = "02818494263695e8839122dbd88e281d7380622999df4e60a14befa0f2d096fc7c";
static const char app_id_hex[] = "5bb4ff9a3837357f19dc176407a5709c62eb6c56";
static const char sig_hex[] = "9e618603e72d01fedb82deff6daf2d62a572becf0059eec3f89c1ab40e1f2e59"
                              "4d2a283f843f34e8f39e4cc49a612496ce67223a12ac923f8efe330346dfc6c500";

static int fresh(void **state)
{
    (void)state;
    a = arena_new(16u << 20);
    err_clear(&err);
    return a ? 0 : 1;
}

static int done(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

static enum rc verify(struct bytes root, const uint8_t *app_id, struct bytes app, struct bytes sig)
{
    err_clear(&err);
    return kms_sig_verify(root, app_id, app, sig, &err);
}

static void a_published_key_chain_verifies(void **state)
{
    (void)state;
    struct bytes id = unhex(a, app_id_hex);
    assert_int_equal(verify(unhex(a, root_hex), id.p, unhex(a, app_hex), unhex(a, sig_hex)), RC_OK);
    /* The root key may come uncompressed. */
    secp256k1_pubkey key;
    uint8_t full[65];
    size_t n = sizeof full;
    struct bytes root = unhex(a, root_hex);
    assert_true(secp256k1_ec_pubkey_parse(secp256k1_context_static, &key, root.p, root.n));
    assert_true(secp256k1_ec_pubkey_serialize(secp256k1_context_static, full, &n, &key,
                                              SECP256K1_EC_UNCOMPRESSED));
    assert_int_equal(verify(BYTES_OF_ARRAY(full), id.p, unhex(a, app_hex), unhex(a, sig_hex)),
                     RC_OK);
}

static struct bytes flipped(struct bytes b, size_t bit)
{
    uint8_t *m = arena_copy(a, b, &err);
    assert_non_null(m);
    m[bit / 8] ^= (uint8_t)(1u << bit % 8);
    return bytes_of(m, b.n);
}

static void every_bit_counts(void **state)
{
    (void)state;
    struct bytes id = unhex(a, app_id_hex), root = unhex(a, root_hex), app = unhex(a, app_hex),
                 sig = unhex(a, sig_hex);
    for (size_t i = 0; i < sig.n * 8; i++)
        CASE("signature", verify(root, id.p, app, flipped(sig, i)) != RC_OK, "bit %zu", i);
    for (size_t i = 0; i < root.n * 8; i++)
        CASE("root key", verify(flipped(root, i), id.p, app, sig) != RC_OK, "bit %zu", i);
    for (size_t i = 0; i < app.n * 8; i++)
        CASE("app key", verify(root, id.p, flipped(app, i), sig) != RC_OK, "bit %zu", i);
    for (size_t i = 0; i < id.n * 8; i++)
        CASE("app id", verify(root, flipped(id, i).p, app, sig) == BG_KMS_SIG_SIGNER, "bit %zu", i);
}

static void wrong_shapes_are_named(void **state)
{
    (void)state;
    struct bytes id = unhex(a, app_id_hex), root = unhex(a, root_hex), app = unhex(a, app_hex),
                 sig = unhex(a, sig_hex);
    assert_int_equal(verify(BYTES_NONE, id.p, app, sig), BG_KMS_SIG_ROOT_KEY);
    assert_int_equal(verify(bytes_of(root.p, 32), id.p, app, sig), BG_KMS_SIG_ROOT_KEY);
    assert_int_equal(verify(root, id.p, bytes_of(app.p, 32), sig), BG_KMS_SIG_APP_KEY);
    assert_int_equal(verify(root, id.p, BYTES_NONE, sig), BG_KMS_SIG_APP_KEY);
    assert_int_equal(verify(root, id.p, app, bytes_of(sig.p, 64)), BG_KMS_SIG_FORMAT);
    assert_int_equal(verify(root, id.p, app, BYTES_NONE), BG_KMS_SIG_FORMAT);
    uint8_t v27[65], zero[65] = {0};
    memcpy(v27, sig.p, 65);
    v27[64] = 27; /* Ethereum's wallets add 27; the KMS does not */
    assert_int_equal(verify(root, id.p, app, BYTES_OF_ARRAY(v27)), BG_KMS_SIG_FORMAT);
    assert_int_equal(verify(root, id.p, app, BYTES_OF_ARRAY(zero)), BG_KMS_SIG_RECOVER);
    uint8_t huge[65];
    memset(huge, 0xff, sizeof huge); /* r and s above the group order */
    huge[64] = 1;
    assert_int_equal(verify(root, id.p, app, BYTES_OF_ARRAY(huge)), BG_KMS_SIG_RECOVER);
}

/* n - s, the other signature of the same message: dstack's SDKs recover the same key from it. */
static void high_s_recovers_the_same_key(void **state)
{
    (void)state;
    static const char order_hex[] =
        "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    struct bytes n = unhex(a, order_hex), sig = unhex(a, sig_hex), id = unhex(a, app_id_hex);
    uint8_t other[65];
    memcpy(other, sig.p, 65);
    unsigned borrow = 0;
    for (size_t i = 32; i-- > 0;) {
        unsigned d = 0x100u + n.p[i] - sig.p[32 + i] - borrow;
        other[32 + i] = (uint8_t)d;
        borrow = d < 0x100u;
    }
    other[64] ^= 1;
    assert_true(other[32] & 0x80);
    assert_int_equal(verify(unhex(a, root_hex), id.p, unhex(a, app_hex), BYTES_OF_ARRAY(other)),
                     RC_OK);
}

static void own_keys_round_trip_and_do_not_mix(void **state)
{
    (void)state;
    secp256k1_context *ctx = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    uint8_t pub[2][33], id[20], sig[65];
    for (uint8_t i = 0; i < 8; i++) {
        uint8_t secret[2][32], digest[32];
        for (size_t k = 0; k < 2; k++) {
            secp256k1_pubkey key;
            size_t n = 33;
            memset(secret[k], (int)(1u + 2u * i + k), 32);
            assert_true(secp256k1_ec_pubkey_create(ctx, &key, secret[k]));
            assert_true(
                secp256k1_ec_pubkey_serialize(ctx, pub[k], &n, &key, SECP256K1_EC_COMPRESSED));
        }
        memset(id, 0x40 + i, 20);
        const struct bytes parts[] = {bytes_of_str("dstack-kms-issued"), bytes_of_str(":"),
                                      BYTES_OF_ARRAY(id), BYTES_OF_ARRAY(pub[1])};
        keccak256_parts(parts, 4, digest);
        secp256k1_ecdsa_recoverable_signature s;
        int rec;
        assert_true(secp256k1_ecdsa_sign_recoverable(ctx, &s, digest, secret[0], NULL, NULL));
        assert_true(secp256k1_ecdsa_recoverable_signature_serialize_compact(ctx, sig, &rec, &s));
        sig[64] = (uint8_t)rec;
        CASE("own",
             verify(BYTES_OF_ARRAY(pub[0]), id, BYTES_OF_ARRAY(pub[1]), BYTES_OF_ARRAY(sig)) ==
                 RC_OK,
             "key %u", i);
        CASE("keys swapped",
             verify(BYTES_OF_ARRAY(pub[1]), id, BYTES_OF_ARRAY(pub[0]), BYTES_OF_ARRAY(sig)) !=
                 RC_OK,
             "key %u", i);
        id[0] ^= 1;
        CASE("other app",
             verify(BYTES_OF_ARRAY(pub[0]), id, BYTES_OF_ARRAY(pub[1]), BYTES_OF_ARRAY(sig)) ==
                 BG_KMS_SIG_SIGNER,
             "key %u", i);
        uint8_t out[33];
        err_clear(&err);
        assert_int_equal(kms_sig_recover(digest, BYTES_OF_ARRAY(sig), out, &err), RC_OK);
        assert_memory_equal(out, pub[0], 33);
    }
    secp256k1_context_destroy(ctx);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fresh, done)
    const struct CMUnitTest tests[] = {
        T(a_published_key_chain_verifies),
        T(every_bit_counts),
        T(wrong_shapes_are_named),
        T(high_s_recovers_the_same_key),
        T(own_keys_round_trip_and_do_not_mix),
    };
    return HARNESS_RUN("kms_sig", tests);
}
