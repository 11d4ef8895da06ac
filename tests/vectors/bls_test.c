/*
 * bls: the published vectors: ethereum/bls12-381-tests (verify, fast_aggregate_verify, aggregate,
 * deserialization, hash_to_G2) and RFC 9380 J.10.1 and K.1, with the steps in between; and what a
 * changed byte does to an accepted signature.
 */
#include <stdlib.h>

#include "policy/bls/g2_map.h"
#include "tests/lib/bls_points.h"
#include "tests/lib/bls_sign.h"
#include "tests/lib/harness.h"

static struct arena *a;

static int start(void **state)
{
    (void)state;
    a = arena_new(16u << 20);
    return a ? 0 : 1;
}

static int done(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

/* The file's cases, or NULL (skipped): the caller has n cases less. */
static json_t *cases(const char *file, size_t n)
{
    char path[96];
    snprintf(path, sizeof path, "eth/bls/%s.json", file);
    char *present = vectors_path(path);
    if (!present) {
        case_skip(n, path);
        return NULL;
    }
    free(present);
    json_t *all = vectors_json(path);
    assert_non_null(all);
    return all;
}

static struct bytes member(const json_t *o, const char *name)
{
    const char *text = json_string_value(json_object_get(o, name));
    assert_non_null(text);
    return unhex(a, text);
}

static void verify(void **state)
{
    (void)state;
    AUTO_JSON all = cases("verify", 29);
    const char *name, *why = NULL;
    json_t *c;
    CASE("verify", !all || json_object_size(all) == 29, "%zu cases", json_object_size(all));
    json_object_foreach(all, name, c)
    {
        const json_t *in = json_object_get(c, "input");
        struct bytes key = member(in, "pubkey"), sig = member(in, "signature");
        assert_true(key.n == BLS_KEY && sig.n == BLS_SIGNATURE);
        bool got = bls_verify(key.p, member(in, "message"), sig.p, &why);
        CASE(name, got == json_is_true(json_object_get(c, "output")), "%s", got ? "accepted" : why);
    }
}

static void fast_aggregate_verify(void **state)
{
    (void)state;
    AUTO_JSON all = cases("fast_aggregate_verify", 12);
    const char *name, *why = NULL;
    json_t *c;
    CASE("fast_aggregate_verify", !all || json_object_size(all) == 12, "%zu cases",
         json_object_size(all));
    json_object_foreach(all, name, c)
    {
        const json_t *in = json_object_get(c, "input"), *k;
        static uint8_t keys[8][BLS_KEY];
        struct bytes sig = member(in, "signature"), msg = member(in, "message");
        size_t i, n = json_array_size(json_object_get(in, "pubkeys"));
        bool want = json_is_true(json_object_get(c, "output"));
        assert_true(n <= 8 && sig.n == BLS_SIGNATURE);
        json_array_foreach(json_object_get(in, "pubkeys"), i, k)
        {
            struct bytes b = unhex(a, json_string_value(k));
            assert_int_equal(b.n, BLS_KEY);
            memcpy(keys[i], b.p, b.n);
        }
        bool got = bls_fast_aggregate_verify((const uint8_t(*)[BLS_KEY])keys, n, msg, sig.p, &why);
        CASE(name, got == want, "%s", got ? "accepted" : why);
        /* As a committee of which all have signed. */
        static struct bls_committee committee;
        const uint8_t bits = (uint8_t)((1u << n) - 1);
        size_t wrong;
        got = bls_committee_read((const uint8_t(*)[BLS_KEY])keys, n, NULL, &committee, &wrong,
                                 &why) &&
              bls_committee_verify(&committee, bytes_of(&bits, 1), msg, sig.p, &why);
        CASE(name, got == want, "committee: %s", got ? "accepted" : why);
    }
}

static void aggregate(void **state)
{
    (void)state;
    AUTO_JSON all = cases("aggregate", 6);
    const char *name;
    json_t *c;
    json_object_foreach(all, name, c)
    {
        static uint8_t sigs[8][BLS_SIGNATURE];
        uint8_t out[BLS_SIGNATURE];
        const json_t *list = json_object_get(c, "input"), *s;
        const char *want = json_string_value(json_object_get(c, "output"));
        size_t i;
        assert_true(json_array_size(list) <= 8);
        json_array_foreach(list, i, s)
        {
            struct bytes b = unhex(a, json_string_value(s));
            assert_int_equal(b.n, BLS_SIGNATURE);
            memcpy(sigs[i], b.p, b.n);
        }
        bool ok = bls_aggregate((const uint8_t(*)[BLS_SIGNATURE])sigs, json_array_size(list), out);
        CASE(name, ok == !!want && (!ok || bytes_eq(BYTES_OF_ARRAY(out), unhex(a, want))), "%s",
             ok ? "another signature" : "refused");
    }
}

/* The published verdict is about the subgroup too. A wrong length cannot be asked: our functions
 * take arrays of the right one. */
static void deserialization_g1(void **state)
{
    (void)state;
    AUTO_JSON all = cases("deserialization_G1", 13);
    const char *name, *why = NULL;
    json_t *c;
    json_object_foreach(all, name, c)
    {
        struct bytes in = member(json_object_get(c, "input"), "pubkey");
        bool want = json_is_true(json_object_get(c, "output"));
        struct g1_affine p;
        uint8_t out[G1_COMPRESSED];
        bool got = in.n == G1_COMPRESSED && g1_decompress(in.p, &p, &why) && g1_in_group(&p);
        CASE(name, got == want, "%s", got ? "accepted" : why);
        if (!got)
            continue;
        g1_compress(&p, out);
        CASE(name, bytes_eq(in, BYTES_OF_ARRAY(out)), "written in another way");
        CASE(name, bls_key_valid(in.p, &p, &why) == !p.infinity, "KeyValidate");
    }
}

static void deserialization_g2(void **state)
{
    (void)state;
    AUTO_JSON all = cases("deserialization_G2", 15);
    const char *name, *why = NULL;
    json_t *c;
    json_object_foreach(all, name, c)
    {
        struct bytes in = member(json_object_get(c, "input"), "signature");
        bool want = json_is_true(json_object_get(c, "output"));
        struct g2_affine p;
        uint8_t out[G2_COMPRESSED];
        bool got = in.n == G2_COMPRESSED && g2_decompress(in.p, &p, &why) && g2_in_group(&p);
        CASE(name, got == want, "%s", got ? "accepted" : why);
        if (!got)
            continue;
        g2_compress(&p, out);
        CASE(name, bytes_eq(in, BYTES_OF_ARRAY(out)), "written in another way");
    }
}

/* "0x<c0>,0x<c1>", as RFC 9380 writes an element of F_p2 */
static bool is_element(const struct fp2 *got, const json_t *text)
{
    char pair[256];
    uint8_t out[2 * FP_BYTES];
    snprintf(pair, sizeof pair, "%s", json_string_value(text));
    char *comma = strchr(pair, ',');
    assert_non_null(comma);
    *comma = '\0';
    struct bytes c0 = unhex(a, pair), c1 = unhex(a, comma + 1);
    assert_true(c0.n == FP_BYTES && c1.n == FP_BYTES);
    fp2_write(got, out);
    return bytes_eq(c1, bytes_of(out, FP_BYTES)) &&
           bytes_eq(c0, bytes_of(out + FP_BYTES, FP_BYTES));
}

static bool is_point(const struct g2_affine *got, const json_t *want)
{
    return !got->infinity && is_element(&got->x, json_object_get(want, "x")) &&
           is_element(&got->y, json_object_get(want, "y"));
}

static void rfc9380_j_10_1(void **state)
{
    (void)state;
    AUTO_JSON file = cases("rfc9380_BLS12381G2_XMD_SHA-256_SSWU_RO_", 25);
    const struct bytes dst =
        bytes_of_str(file ? json_string_value(json_object_get(file, "dst")) : "");
    size_t i;
    json_t *v;
    CASE("J.10.1", !file || json_array_size(json_object_get(file, "vectors")) == 5, "not 5");
    json_array_foreach(json_object_get(file, "vectors"), i, v)
    {
        const char *msg = json_string_value(json_object_get(v, "msg"));
        struct g2_affine got;
        uint8_t uniform[256];
        g2_hash(bytes_of_str(msg), dst, &got);
        CASE("P", is_point(&got, json_object_get(v, "P")), "message %zu", i);
        assert_true(hash_expand_xmd(bytes_of_str(msg), dst, uniform, sizeof uniform));
        for (size_t k = 0; k < 2; k++) {
            struct fp2 u;
            struct iso_point q;
            struct g2 j;
            fp_reduce_wide(uniform + 128 * k, &u.c0);
            fp_reduce_wide(uniform + 128 * k + 64, &u.c1);
            CASE("u", is_element(&u, json_array_get(json_object_get(v, "u"), k)), "%zu.%zu", i, k);
            map_sswu(&u, &q);
            map_isogeny(&q, &j);
            g2_to_affine(&got, &j);
            CASE("Q", is_point(&got, json_object_get(v, k ? "Q1" : "Q0")), "%zu.%zu", i, k);
        }
    }
}

static void rfc9380_k_1(void **state)
{
    (void)state;
    AUTO_JSON file = cases("rfc9380_expand_message_xmd_SHA256_38", 10);
    const struct bytes dst =
        bytes_of_str(file ? json_string_value(json_object_get(file, "DST")) : "");
    size_t i;
    json_t *v;
    CASE("K.1", !file || json_array_size(json_object_get(file, "tests")) == 10, "not 10");
    json_array_foreach(json_object_get(file, "tests"), i, v)
    {
        uint8_t out[256];
        struct bytes want = member(v, "uniform_bytes");
        size_t n = strtoul(json_string_value(json_object_get(v, "len_in_bytes")), NULL, 16);
        assert_true(n == want.n && n <= sizeof out);
        assert_true(hash_expand_xmd(bytes_of_str(json_string_value(json_object_get(v, "msg"))), dst,
                                    out, n));
        CASE("K.1", bytes_eq(bytes_of(out, n), want), "%zu", i);
    }
}

static void hash_to_g2(void **state)
{
    (void)state;
    AUTO_JSON all = cases("hash_to_G2", 4);
    const char *name;
    json_t *c;
    json_object_foreach(all, name, c)
    {
        const char *msg = json_string_value(json_object_get(json_object_get(c, "input"), "msg"));
        struct g2_affine got;
        g2_hash(bytes_of_str(msg),
                bytes_of_str("QUUX-V01-CS02-with-BLS12381G2_XMD:SHA-256_SSWU_RO_"), &got);
        CASE(name, is_point(&got, json_object_get(c, "output")), "another point");
    }
}

/* ---- what a change does -------------------------------------------------------------------- */

/* One byte of an accepted key, message, signature: every one of them matters. */
static void every_byte_counts(void **state)
{
    (void)state;
    uint8_t secret[BLS_SECRET], key[BLS_KEY], sig[BLS_SIGNATURE], msg[32] = {1, 2, 3};
    const char *why;
    bls_secret(1, 0, secret);
    bls_public(secret, key);
    bls_sign(secret, BYTES_OF_ARRAY(msg), sig);
    assert_true(bls_verify(key, BYTES_OF_ARRAY(msg), sig, &why));
    const struct {
        const char *name;
        uint8_t *p;
        size_t n;
    } parts[] = {{"key", key, sizeof key}, {"message", msg, sizeof msg}, {"sig", sig, sizeof sig}};
    for (size_t i = 0; i < 3; i++) {
        for (size_t at = 0; at < parts[i].n; at++) {
            parts[i].p[at] ^= (uint8_t)(1u << at % 8);
            why = NULL;
            CASE(parts[i].name, !bls_verify(key, BYTES_OF_ARRAY(msg), sig, &why) && why,
                 "byte %zu is not missed", at);
            parts[i].p[at] ^= (uint8_t)(1u << at % 8);
            parts[i].p[at] ^= 0xff;
            CASE(parts[i].name, !bls_verify(key, BYTES_OF_ARRAY(msg), sig, &why),
                 "byte %zu is not missed", at);
            parts[i].p[at] ^= 0xff;
        }
    }
    CASE("length", !bls_verify(key, bytes_of(msg, 31), sig, &why), "31 bytes of the message");
    assert_true(bls_verify(key, BYTES_OF_ARRAY(msg), sig, &why));
}

enum { N = 64 };
static uint8_t secrets[N][BLS_SECRET], keys[N][BLS_KEY], hints[N][FP_BYTES];
static struct bls_committee committee;
static const uint8_t msg[32] = "a message of thirty-two bytes..";

static void committee_of(uint64_t seed)
{
    size_t wrong;
    const char *why;
    for (size_t i = 0; i < N; i++) {
        bls_secret(seed, i, secrets[i]);
        bls_public(secrets[i], keys[i]);
    }
    assert_true(
        bls_committee_read((const uint8_t(*)[BLS_KEY])keys, N, NULL, &committee, &wrong, &why));
    assert_int_equal(wrong, 0);
}

/* The signature of those whose bit is set. */
static void sign_bits(const uint8_t bits[static N / 8], uint8_t out[static BLS_SIGNATURE])
{
    static uint8_t who[N][BLS_SECRET];
    size_t n = 0;
    for (size_t i = 0; i < N; i++)
        if (bits[i / 8] >> i % 8 & 1)
            memcpy(who[n++], secrets[i], BLS_SECRET);
    bls_sign_all((const uint8_t(*)[BLS_SECRET])who, n, BYTES_OF_ARRAY(msg), out);
}

static bool accepted(struct bytes bits, const uint8_t sig[static BLS_SIGNATURE], const char **why)
{
    return bls_committee_verify(&committee, bits, BYTES_OF_ARRAY(msg), sig, why);
}

/* Few present, many present, all, one, half: a bit more or a bit less is another set of keys. */
static void every_bit_of_a_committee_counts(void **state)
{
    (void)state;
    static const uint8_t sets[][N / 8] = {
        {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
        {0xff, 0xfe, 0xff, 0x7f, 0xff, 0xff, 0xef, 0xff},
        {0x01, 0x00, 0x00, 0x80, 0x00, 0x10, 0x00, 0x00},
        {0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80},
        {0x0f, 0x0f, 0x0f, 0x0f, 0xf0, 0xf0, 0xf0, 0xf0},
    };
    uint8_t sig[BLS_SIGNATURE], bits[N / 8];
    const char *why;
    committee_of(2);
    for (size_t s = 0; s < sizeof sets / sizeof *sets; s++) {
        memcpy(bits, sets[s], sizeof bits);
        sign_bits(bits, sig);
        CASE("set", accepted(BYTES_OF_ARRAY(bits), sig, &why), "set %zu: %s", s, why);
        for (size_t bit = 0; bit < N; bit++) {
            bits[bit / 8] ^= (uint8_t)(1u << bit % 8);
            CASE("bit", !accepted(BYTES_OF_ARRAY(bits), sig, &why), "set %zu bit %zu", s, bit);
            bits[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
    CASE("size", !accepted(bytes_of(bits, 7), sig, &why), "a byte less");
    uint8_t longer[N / 8 + 1] = {0};
    memcpy(longer, bits, sizeof bits);
    CASE("size", !accepted(BYTES_OF_ARRAY(longer), sig, &why), "a byte more");
    memset(bits, 0, sizeof bits);
    CASE("none", !accepted(BYTES_OF_ARRAY(bits), sig, &why), "nobody signed");
    static const uint8_t infinity[BLS_SIGNATURE] = {0xc0};
    CASE("none", !accepted(BYTES_OF_ARRAY(bits), infinity, &why), "nobody signed, infinity");
    assert_string_equal(why, "no member has signed");
    bits[0] = 1;
    CASE("infinity", !accepted(BYTES_OF_ARRAY(bits), infinity, &why), "infinity is a signature");
    assert_string_equal(why, "the signature is the point at infinity");
}

/* Seven members: the bits of the last byte that belong to nobody have to be 0. */
static void bits_beyond_the_committee_are_refused(void **state)
{
    (void)state;
    uint8_t sig[BLS_SIGNATURE], bits = 0x7f;
    size_t wrong;
    const char *why;
    committee_of(3);
    assert_true(
        bls_committee_read((const uint8_t(*)[BLS_KEY])keys, 7, NULL, &committee, &wrong, &why));
    bls_sign_all((const uint8_t(*)[BLS_SECRET])secrets, 7, BYTES_OF_ARRAY(msg), sig);
    assert_true(accepted(bytes_of(&bits, 1), sig, &why));
    bits = 0xff;
    assert_false(accepted(bytes_of(&bits, 1), sig, &why));
}

/* A member may sit twice, and twice counts twice; members who cancel out leave no key. */
static void equal_and_opposite_members(void **state)
{
    (void)state;
    uint8_t sig[BLS_SIGNATURE], bits[N / 8] = {3};
    size_t wrong;
    const char *why;
    committee_of(4);
    memcpy(secrets[1], secrets[0], BLS_SECRET);
    memcpy(keys[1], keys[0], BLS_KEY);
    assert_true(
        bls_committee_read((const uint8_t(*)[BLS_KEY])keys, N, NULL, &committee, &wrong, &why));
    sign_bits(bits, sig);
    assert_true(accepted(BYTES_OF_ARRAY(bits), sig, &why));
    bits[0] = 1;
    assert_false(accepted(BYTES_OF_ARRAY(bits), sig, &why));
    memset(bits, 0xff, sizeof bits);
    bits[7] = 0xfe;
    sign_bits(bits, sig);
    assert_true(accepted(BYTES_OF_ARRAY(bits), sig, &why));
    keys[1][0] ^= 0x20;
    assert_true(
        bls_committee_read((const uint8_t(*)[BLS_KEY])keys, N, NULL, &committee, &wrong, &why));
    memset(bits, 0, sizeof bits);
    bits[0] = 3;
    assert_false(accepted(BYTES_OF_ARRAY(bits), sig, &why));
    assert_string_equal(why, "the keys add up to infinity");
    static uint8_t two[2][BLS_KEY];
    memcpy(two, keys, sizeof two);
    static const uint8_t infinity[BLS_SIGNATURE] = {0xc0};
    assert_false(bls_fast_aggregate_verify((const uint8_t(*)[BLS_KEY])two, 2, BYTES_OF_ARRAY(msg),
                                           infinity, &why));
    assert_false(bls_fast_aggregate_verify((const uint8_t(*)[BLS_KEY])two, 2, BYTES_OF_ARRAY(msg),
                                           sig, &why));
}

/* Keys outside the subgroup: KeyValidate refuses each; a committee refuses their sum. */
static void a_key_outside_the_subgroup(void **state)
{
    (void)state;
    uint64_t seed = 5;
    uint8_t sig[BLS_SIGNATURE], bits[N / 8] = {1};
    size_t wrong;
    const char *why;
    struct g1_affine p = g1_random(&seed);
    committee_of(5);
    g1_compress(&p, keys[0]);
    assert_true(
        bls_committee_read((const uint8_t(*)[BLS_KEY])keys, N, NULL, &committee, &wrong, &why));
    sign_bits(bits, sig);
    assert_false(accepted(BYTES_OF_ARRAY(bits), sig, &why));
    assert_string_equal(why, "the sum of the keys is not in the subgroup");
    memset(bits, 0xff, sizeof bits);
    assert_false(accepted(BYTES_OF_ARRAY(bits), sig, &why));
    assert_string_equal(why, "the sum of the keys is not in the subgroup");
    bits[0] = 0xfe; /* without it, all is well, by way of the aggregate that contains it */
    sign_bits(bits, sig);
    assert_true(accepted(BYTES_OF_ARRAY(bits), sig, &why));
    assert_false(bls_key_valid(keys[0], &p, &why));
    assert_string_equal(why, "the key is not in the subgroup");
    assert_false(bls_fast_aggregate_verify((const uint8_t(*)[BLS_KEY])keys, N, BYTES_OF_ARRAY(msg),
                                           sig, &why));
    assert_string_equal(why, "the key is not in the subgroup");
}

/* A good signature plus a point of the cofactor's part passes the pairing, but not us. */
static void a_signature_outside_the_subgroup(void **state)
{
    (void)state;
    uint64_t seed = 6;
    uint8_t sig[BLS_SIGNATURE];
    const char *why;
    struct g2_affine p, t;
    struct g2 sum, part;
    committee_of(6);
    bls_sign(secrets[0], BYTES_OF_ARRAY(msg), sig);
    assert_true(bls_verify(keys[0], BYTES_OF_ARRAY(msg), sig, &why));
    t = g2_random(&seed);
    t = g2_times_affine(
        &t, unhex(a, "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001"));
    assert_true(g2_decompress(sig, &p, &why));
    g2_from_affine(&sum, &p);
    g2_from_affine(&part, &t);
    g2_add(&sum, &sum, &part);
    g2_to_affine(&p, &sum);
    g2_compress(&p, sig);
    assert_false(bls_verify(keys[0], BYTES_OF_ARRAY(msg), sig, &why));
    assert_string_equal(why, "the signature is not in the subgroup");
}

static void hints_change_nothing(void **state)
{
    (void)state;
    static struct bls_committee again;
    size_t wrong;
    const char *why;
    committee_of(7);
    bls_committee_hints(&committee, hints);
    assert_true(bls_committee_read((const uint8_t(*)[BLS_KEY])keys, N,
                                   (const uint8_t(*)[FP_BYTES])hints, &again, &wrong, &why));
    assert_int_equal(wrong, 0);
    for (size_t i = 0; i < N; i++)
        assert_true(g1_same(&again.keys[i], &committee.keys[i]));
    assert_true(g1_same(&again.aggregate, &committee.aggregate));
    for (size_t i = 0; i < N; i += 2)
        hints[i][i % FP_BYTES] ^= 1;
    memcpy(hints[1], hints[3], FP_BYTES);
    assert_true(bls_committee_read((const uint8_t(*)[BLS_KEY])keys, N,
                                   (const uint8_t(*)[FP_BYTES])hints, &again, &wrong, &why));
    assert_int_equal(wrong, N / 2 + 1);
    for (size_t i = 0; i < N; i++)
        assert_true(g1_same(&again.keys[i], &committee.keys[i]));
    assert_true(g1_same(&again.aggregate, &committee.aggregate));
}

static void what_is_no_committee(void **state)
{
    (void)state;
    static uint8_t many[BLS_MAX_KEYS + 1][BLS_KEY];
    uint8_t sig[BLS_SIGNATURE], bits[N / 8] = {1};
    size_t wrong;
    const char *why;
    committee_of(8);
    sign_bits(bits, sig);
    for (size_t i = 0; i <= BLS_MAX_KEYS; i++)
        memcpy(many[i], keys[i % N], BLS_KEY);
    assert_false(bls_committee_read((const uint8_t(*)[BLS_KEY])many, BLS_MAX_KEYS + 1, NULL,
                                    &committee, &wrong, &why));
    assert_false(accepted(BYTES_OF_ARRAY(bits), sig, &why));
    assert_true(bls_committee_read((const uint8_t(*)[BLS_KEY])many, BLS_MAX_KEYS, NULL, &committee,
                                   &wrong, &why));
    assert_false(
        bls_committee_read((const uint8_t(*)[BLS_KEY])many, 0, NULL, &committee, &wrong, &why));
    assert_false(accepted(BYTES_OF_ARRAY(bits), sig, &why));
    committee_of(8);
    assert_true(accepted(BYTES_OF_ARRAY(bits), sig, &why));
    /* A key that is none, or infinity: the whole is refused, and nothing of it is left. */
    static const uint8_t infinity[BLS_KEY] = {0xc0};
    memcpy(keys[N - 1], infinity, BLS_KEY);
    assert_false(bls_committee_read((const uint8_t(*)[BLS_KEY])keys, N,
                                    (const uint8_t(*)[FP_BYTES])hints, &committee, &wrong, &why));
    assert_string_equal(why, "a member's key is the point at infinity");
    assert_false(accepted(BYTES_OF_ARRAY(bits), sig, &why));
    committee_of(8);
    keys[N - 1][0] &= 0x7f;
    assert_false(
        bls_committee_read((const uint8_t(*)[BLS_KEY])keys, N, NULL, &committee, &wrong, &why));
    assert_false(accepted(BYTES_OF_ARRAY(bits), sig, &why));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(verify, start, done),
        cmocka_unit_test_setup_teardown(fast_aggregate_verify, start, done),
        cmocka_unit_test_setup_teardown(aggregate, start, done),
        cmocka_unit_test_setup_teardown(deserialization_g1, start, done),
        cmocka_unit_test_setup_teardown(deserialization_g2, start, done),
        cmocka_unit_test_setup_teardown(rfc9380_j_10_1, start, done),
        cmocka_unit_test_setup_teardown(rfc9380_k_1, start, done),
        cmocka_unit_test_setup_teardown(hash_to_g2, start, done),
        cmocka_unit_test_setup_teardown(every_byte_counts, start, done),
        cmocka_unit_test_setup_teardown(every_bit_of_a_committee_counts, start, done),
        cmocka_unit_test_setup_teardown(bits_beyond_the_committee_are_refused, start, done),
        cmocka_unit_test_setup_teardown(equal_and_opposite_members, start, done),
        cmocka_unit_test_setup_teardown(a_key_outside_the_subgroup, start, done),
        cmocka_unit_test_setup_teardown(a_signature_outside_the_subgroup, start, done),
        cmocka_unit_test_setup_teardown(hints_change_nothing, start, done),
        cmocka_unit_test_setup_teardown(what_is_no_committee, start, done),
    };
    return HARNESS_RUN("bls vectors", tests);
}
