/*
 * eth: published and derived vectors (MANIFEST of vectors/eth): RLP, headers, eth_getProof answers.
 * Tries of the ethereum/tests repository are in trie_vectors_test.c.
 */
#include "tests/lib/harness.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "policy/eth/header.h"
#include "policy/eth/keccak.h"
#include "policy/eth/mpt.h"
#include "policy/eth/rlp.h"

static bool absent(const char *file, size_t cases)
{
    char *path = vectors_path(file);
    free(path);
    if (!path)
        case_skip(cases, "no vectors/eth");
    return !path;
}

static const char *text_of(const json_t *obj, const char *key)
{
    const char *s = json_string_value(json_object_get(obj, key));
    if (!s)
        fail_msg("vector without %s", key);
    return s;
}

/* The RLP tests use "\u0000": the strict reader refuses that, so they are loaded here. */
static json_t *load_with_nul(const char *file)
{
    char *path = vectors_path(file);
    assert_non_null(path);
    json_t *j = json_load_file(path, JSON_ALLOW_NUL, NULL);
    assert_non_null(j);
    free(path);
    return j;
}

/* big_endian: a decimal number as 40 bytes. */
static void big_endian(const char *decimal, uint8_t out[40])
{
    memset(out, 0, 40);
    for (; *decimal; decimal++) {
        unsigned carry = (unsigned)(*decimal - '0');
        for (size_t i = 40; i-- > 0;) {
            carry += out[i] * 10u;
            out[i] = (uint8_t)carry;
            carry >>= 8;
        }
        assert_int_equal(carry, 0);
    }
}

static void value_bytes(const json_t *v, uint8_t number[40], struct bytes *out, bool *is_number)
{
    char text[32];
    *is_number = true;
    if (json_is_integer(v)) {
        snprintf(text, sizeof text, "%lld", (long long)json_integer_value(v));
        big_endian(text, number);
    } else if (json_string_value(v)[0] == '#') {
        big_endian(json_string_value(v) + 1, number);
    } else {
        *is_number = false;
        *out = json_view(v);
        return;
    }
    *out = bytes_of(number, 40);
}

static void write_value(struct rlp_out *o, const json_t *v)
{
    uint8_t number[40];
    struct bytes b;
    bool is_number;
    size_t start = o->n, i;
    const json_t *item;
    if (!json_is_array(v)) {
        value_bytes(v, number, &b, &is_number);
        assert_true(is_number ? rlp_put_uint(o, b) : rlp_put_bytes(o, b));
        return;
    }
    json_array_foreach(v, i, item) write_value(o, item);
    assert_true(rlp_wrap(o, start));
}

static bool same_value(const struct rlp_item *it, const json_t *v)
{
    if (json_is_array(v)) {
        size_t n, i = 0;
        if (!it->list || !rlp_count(it->body, 1000, &n) || n != json_array_size(v))
            return false;
        struct cur c = cur_of(it->body);
        for (struct rlp_item sub; i < n; i++)
            if (!rlp_next(&c, &sub) || !same_value(&sub, json_array_get(v, i)))
                return false;
        return cur_done(&c);
    }
    uint8_t number[40], got[40];
    struct bytes b;
    bool is_number;
    value_bytes(v, number, &b, &is_number);
    if (!is_number)
        return !it->list && bytes_eq(it->body, b);
    return rlp_uint(it, got, sizeof got) && memcmp(got, number, sizeof got) == 0;
}

static void rlp_of_ethereum_tests_reads_and_writes(void **state)
{
    (void)state;
    if (absent("eth/rlp/rlptest.json", 28))
        return;
    struct arena *a = arena_new(1 << 24);
    AUTO_JSON all = load_with_nul("eth/rlp/rlptest.json");
    const char *name;
    json_t *t;
    json_object_foreach(all, name, t)
    {
        static uint8_t buf[1 << 16];
        struct rlp_out o = {buf, 0, sizeof buf};
        struct rlp_item it;
        struct bytes want = unhex(a, text_of(t, "out"));
        write_value(&o, json_object_get(t, "in"));
        CASE(name, bytes_eq(bytes_of(buf, o.n), want), "encoded differently");
        CASE(name, rlp_whole(want, &it) && same_value(&it, json_object_get(t, "in")),
             "decoded differently");
    }
    arena_free(a);
}

static void invalid_rlp_of_ethereum_tests_is_refused(void **state)
{
    (void)state;
    if (absent("eth/rlp/invalidRLPTest.json", 26))
        return;
    struct arena *a = arena_new(1 << 24);
    AUTO_JSON all = load_with_nul("eth/rlp/invalidRLPTest.json");
    const char *name;
    json_t *t;
    json_object_foreach(all, name, t)
    {
        struct rlp_item it;
        CASE(name, !rlp_whole(unhex(a, text_of(t, "out")), &it), "accepted");
    }
    arena_free(a);
}

/* hash_is: the computed value against hex text of a vector. */
static bool hash_is(const uint8_t got[32], const char *want)
{
    uint8_t h[32];
    return hex_decode_0x(bytes_of_str(want), h, 32) && memcmp(h, got, 32) == 0;
}

static void mainnet_headers_hash_to_their_hash(void **state)
{
    (void)state;
    if (absent("eth/headers/mainnet-headers.json", 20))
        return;
    struct arena *a = arena_new(1 << 24);
    AUTO_JSON all = vectors_json("eth/headers/mainnet-headers.json");
    size_t i;
    json_t *t;
    json_array_foreach(all, i, t)
    {
        struct err err = {0};
        struct eth_header h;
        const char *name = text_of(t, "name");
        if (eth_header_from_rlp(unhex(a, text_of(t, "rlp")), &h, &err) != RC_OK) {
            case_fail(name, "BG-%04d %s", err.rc, err.detail);
            continue;
        }
        CASE(name, hash_is(h.hash, text_of(t, "hash")), "other hash");
        CASE(name, hash_is(h.state_root, text_of(t, "stateRoot")), "other state root");
        CASE(name,
             (json_int_t)h.number == json_integer_value(json_object_get(t, "number")) &&
                 (json_int_t)h.timestamp == json_integer_value(json_object_get(t, "timestamp")),
             "other number or time");
        /* The name begins with the fork that made the block; two are named otherwise. */
        static const struct {
            const char *name;
            enum eth_fork fork;
        } forks[] = {{"Paris", ETH_PARIS},        {"Shanghai", ETH_SHANGHAI},
                     {"Cancun", ETH_CANCUN},      {"Prague", ETH_PRAGUE},
                     {"proof_block", ETH_PRAGUE}, {"helios-block", ETH_CANCUN}};
        enum eth_fork want = ETH_FRONTIER_TO_LONDON, got = ETH_FORK_NONE;
        for (size_t k = 0; k < sizeof forks / sizeof *forks; k++)
            if (strncmp(name, forks[k].name, strlen(forks[k].name)) == 0)
                want = forks[k].fork;
        assert_int_equal(eth_fork_of(&h, 1, NULL, 0, &got, &err), RC_OK);
        CASE(name, got == want, "fork %s", eth_fork_name(got));
    }
    arena_free(a);
}

static void derived_headers_are_refused(void **state)
{
    (void)state;
    if (absent("eth/headers/derived-invalid-headers.json", 6))
        return;
    struct arena *a = arena_new(1 << 24);
    AUTO_JSON all = vectors_json("eth/headers/derived-invalid-headers.json");
    size_t i;
    json_t *t;
    json_array_foreach(all, i, t)
    {
        struct err err = {0};
        struct eth_header h;
        bool read = eth_header_from_rlp(unhex(a, text_of(t, "rlp")), &h, &err) == RC_OK;
        CASE(text_of(t, "name"), !read || !hash_is(h.hash, text_of(t, "hash")), "accepted");
    }
    arena_free(a);
}

#define MAX_NODES 80

static size_t nodes_of(struct arena *a, const json_t *array, struct bytes *out)
{
    size_t n = json_array_size(array);
    assert_true(n <= MAX_NODES);
    for (size_t i = 0; i < n; i++)
        out[i] = unhex(a, json_string_value(json_array_get(array, i)));
    return n;
}

/* number_is: a quantity or datum of an answer against a proven big-endian number. */
static bool number_is(struct arena *a, const json_t *claimed, const uint8_t want[32])
{
    const char *s = json_string_value(claimed);
    uint8_t v[32];
    struct err err = {0};
    assert_true(s && strlen(s) <= 66);
    char *padded = arena_printf(a, &err, "%064d", 0);
    memcpy(padded + 64 - strlen(s + 2), s + 2, strlen(s + 2));
    return hex_decode(bytes_of_str(padded), v, 32) && memcmp(v, want, 32) == 0;
}

static bool claims_agree(struct arena *a, const json_t *p, const struct eth_account *acc)
{
    static const uint8_t zero[32];
    uint8_t nonce[32] = {0};
    for (size_t i = 0; i < 8; i++)
        nonce[31 - i] = (uint8_t)(acc->nonce >> (8 * i));
    const json_t *root = json_object_get(p, "storageHash"), *code = json_object_get(p, "codeHash");
    /* Of an absent account servers give either zeros or the constants of the empty account. */
    return number_is(a, json_object_get(p, "balance"), acc->balance) &&
           number_is(a, json_object_get(p, "nonce"), nonce) &&
           (number_is(a, root, acc->storage_root) || (!acc->exists && number_is(a, root, zero))) &&
           (number_is(a, code, acc->code_hash) || (!acc->exists && number_is(a, code, zero)));
}

/* prove_key: the answer's entry for the key that was asked, proven under the proven root. */
static bool prove_key(struct arena *a, const json_t *p, const char *key,
                      const uint8_t storage_root[32], uint8_t out[32])
{
    uint8_t slot[32];
    assert_true(hex_decode_0x(bytes_of_str(key), slot, 32));
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(p, "storageProof"), i, entry)
    {
        if (!number_is(a, json_object_get(entry, "key"), slot))
            continue;
        struct bytes nodes[MAX_NODES];
        size_t n = nodes_of(a, json_object_get(entry, "proof"), nodes);
        struct err err = {0};
        bool zero_leaf = true;
        return mpt_prove_slot(storage_root, slot, nodes, n, out, &zero_leaf, &err) == RC_OK &&
               !zero_leaf && number_is(a, json_object_get(entry, "value"), out);
    }
    return false;
}

/* bind: an answer is good when its nodes prove what was ASKED and its claims agree with them. */
static bool bind(struct arena *a, const json_t *t, const char *address, const json_t *keys,
                 struct eth_account *acc, uint8_t values[][32])
{
    const json_t *p = json_object_get(t, "proof");
    uint8_t root[32], addr[20], named[20];
    assert_true(hex_decode_0x(bytes_of_str(text_of(t, "stateRoot")), root, 32));
    assert_true(hex_decode_0x(bytes_of_str(address), addr, 20));
    assert_true(hex_decode_0x(bytes_of_str(text_of(p, "address")), named, 20));
    struct bytes nodes[MAX_NODES];
    size_t n = nodes_of(a, json_object_get(p, "accountProof"), nodes), i;
    struct err err = {0};
    if (memcmp(addr, named, 20) != 0 ||
        mpt_prove_account(root, addr, nodes, n, acc, &err) != RC_OK || !claims_agree(a, p, acc))
        return false;
    json_t *key;
    json_array_foreach(keys, i, key) if (!prove_key(a, p, json_string_value(key), acc->storage_root,
                                                    values[i])) return false;
    return true;
}

static void mainnet_proofs_prove_what_they_claim(void **state)
{
    (void)state;
    if (absent("eth/proofs/mainnet-getproof-valid.json", 9))
        return;
    struct arena *a = arena_new(1 << 26);
    AUTO_JSON all = vectors_json("eth/proofs/mainnet-getproof-valid.json");
    size_t i, k;
    json_t *t, *want;
    json_array_foreach(all, i, t)
    {
        const char *name = text_of(t, "name");
        const json_t *p = json_object_get(t, "proof"), *expect = json_object_get(t, "expect");
        AUTO_JSON keys = json_array();
        json_array_foreach(json_object_get(p, "storageProof"), k, want)
            json_array_append(keys, json_object_get(want, "key"));
        struct eth_account acc;
        uint8_t values[4][32];
        if (!bind(a, t, text_of(p, "address"), keys, &acc, values)) {
            case_fail(name, "refused");
            continue;
        }
        CASE(name, acc.exists == (strcmp(text_of(expect, "account"), "present") == 0), "presence");
        json_array_foreach(json_object_get(expect, "storage"), k, want)
        {
            bool zero = strncmp(json_string_value(want), "ZERO", 4) == 0;
            CASE(name, zero ? mem_is_zero(values[k], 32) : number_is(a, want, values[k]),
                 "value %zu", k);
        }
    }
    arena_free(a);
}

static void derived_proofs_are_refused(void **state)
{
    (void)state;
    if (absent("eth/proofs/derived-getproof-invalid.json", 22))
        return;
    struct arena *a = arena_new(1 << 26);
    AUTO_JSON all = vectors_json("eth/proofs/derived-getproof-invalid.json");
    size_t i;
    json_t *t;
    assert_int_equal(json_array_size(all), 22);
    json_array_foreach(all, i, t)
    {
        struct eth_account acc;
        uint8_t values[4][32];
        CASE(text_of(t, "name"),
             !bind(a, t, text_of(t, "requestedAddress"), json_object_get(t, "requestedKeys"), &acc,
                   values),
             "accepted");
    }
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rlp_of_ethereum_tests_reads_and_writes),
        cmocka_unit_test(invalid_rlp_of_ethereum_tests_is_refused),
        cmocka_unit_test(mainnet_headers_hash_to_their_hash),
        cmocka_unit_test(derived_headers_are_refused),
        cmocka_unit_test(mainnet_proofs_prove_what_they_claim),
        cmocka_unit_test(derived_proofs_are_refused),
    };
    return HARNESS_RUN("eth vectors", tests);
}
