/*
 * trie_vectors: TrieTests of ethereum/tests. They fix the roots of tests/lib/trie_builder, which
 * all other tests of proofs lean on; and where keys are hashed, the proofs are walked as well.
 */
#include "tests/lib/harness.h"

#include <stdlib.h>

#include "base/hex.h"
#include "policy/eth/keccak.h"
#include "policy/eth/mpt.h"
#include "tests/lib/trie_builder.h"

/* text_or_hex: the tests write bytes as text, or as hex behind 0x. */
static struct bytes text_or_hex(struct arena *a, const char *s)
{
    return strncmp(s, "0x", 2) == 0 ? unhex(a, s) : bytes_of_str(s);
}

static void put(struct trie *t, struct arena *a, bool secure, const char *key, const json_t *value)
{
    struct bytes v = json_is_null(value) ? BYTES_NONE : text_or_hex(a, json_string_value(value));
    if (secure)
        trie_put_hashed(t, text_or_hex(a, key), v);
    else
        trie_put(t, text_or_hex(a, key), v);
}

/* walk_one: the proof of one key says what the last insertion of that key said. */
static void walk_one(const char *name, struct trie *t, const uint8_t root[32], struct bytes key,
                     struct bytes want)
{
    struct bytes nodes[TRIE_PROOF_MAX], value;
    uint8_t hashed[32];
    bool present;
    struct err err = {0};
    keccak256(key, hashed);
    size_t n = trie_proof(t, BYTES_OF_ARRAY(hashed), false, nodes);
    enum rc rc = mpt_prove(root, hashed, nodes, n, &present, &value, &err);
    CASE(name, rc == RC_OK && present == (want.n != 0) && bytes_eq(value, want), "BG-%04d", rc);
}

static void run(const char *name, const json_t *t, bool secure)
{
    struct arena *a = arena_new(1 << 24);
    struct trie *trie = trie_new();
    const json_t *in = json_object_get(t, "in");
    AUTO_JSON last = json_object();
    const char *key;
    json_t *v;
    size_t i;
    if (json_is_object(in)) {
        json_object_foreach((json_t *)(uintptr_t)in, key, v) json_object_set(last, key, v);
        json_object_foreach((json_t *)(uintptr_t)in, key, v) put(trie, a, secure, key, v);
    }
    json_array_foreach(in, i, v)
    {
        key = json_string_value(json_array_get(v, 0));
        json_object_set(last, key, json_array_get(v, 1));
        put(trie, a, secure, key, json_array_get(v, 1));
    }
    uint8_t root[32], want[32];
    const char *text = json_string_value(json_object_get(t, "root"));
    assert_true(text && hex_decode_0x(bytes_of_str(text), want, 32));
    trie_root(trie, root);
    CASE(name, memcmp(root, want, 32) == 0, "other root");
    if (secure) {
        json_object_foreach(last, key, v)
        {
            struct bytes value =
                json_is_null(v) ? BYTES_NONE : text_or_hex(a, json_string_value(v));
            walk_one(name, trie, want, text_or_hex(a, key), value);
        }
        walk_one(name, trie, want, bytes_of_str("no such key"), BYTES_NONE);
    }
    trie_free(trie);
    arena_free(a);
}

static void roots_are_those_of_ethereum_tests(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        bool secure;
    } files[] = {{"eth/trie/trieanyorder.json", false},
                 {"eth/trie/trieanyorder_secureTrie.json", true},
                 {"eth/trie/trietest.json", false},
                 {"eth/trie/trietest_secureTrie.json", true}};
    size_t ran = 0;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path = vectors_path(files[i].file);
        free(path);
        if (!path) {
            case_skip(1, "no vectors/eth/trie");
            continue;
        }
        AUTO_JSON all = vectors_json(files[i].file);
        const char *name;
        json_t *t;
        json_object_foreach(all, name, t)
        {
            run(name, t, files[i].secure);
            ran++;
        }
    }
    /* trietestnextprev.json is about iterating over keys, which nothing here does. */
    assert_true(ran == 0 || ran >= 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots_are_those_of_ethereum_tests),
    };
    return HARNESS_RUN("trie vectors", tests);
}
