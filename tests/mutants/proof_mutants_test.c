/*
 * proof_mutants: every byte of every node of an accepted account and slot proof is changed; none
 * may change: a node is named by its hash, so nothing in it is free. Then the same nodes for every
 * other question: another address, slot or root.
 */
#include "tests/lib/harness.h"

#include <stdlib.h>

#include "base/hex.h"
#include "policy/eth/keccak.h"
#include "policy/eth/mpt.h"
#include "tests/lib/trie_builder.h"

#define MAX_NODE 1200

struct question {
    uint8_t state_root[32], address[20], slot[32];
};

struct proofs {
    struct bytes account[TRIE_PROOF_MAX], slot[TRIE_PROOF_MAX];
    size_t num_account, num_slot;
};

static bool accepted(const struct question *q, const struct proofs *p, uint8_t value[32])
{
    struct eth_account acc;
    struct err err = {0};
    bool zero_leaf;
    return mpt_prove_account(q->state_root, q->address, p->account, p->num_account, &acc, &err) ==
               RC_OK &&
           mpt_prove_slot(acc.storage_root, q->slot, p->slot, p->num_slot, value, &zero_leaf,
                          &err) == RC_OK;
}

static void flip_all(const char *name, const struct question *q, struct proofs *p,
                     struct bytes *nodes, size_t n)
{
    static const uint8_t flips[] = {0x01, 0x80, 0xff};
    uint8_t buf[MAX_NODE], value[32];
    for (size_t i = 0; i < n; i++) {
        struct bytes was = nodes[i];
        assert_in_range(was.n, 1, MAX_NODE);
        memcpy(buf, was.p, was.n);
        nodes[i].p = buf;
        for (size_t k = 0; k < was.n; k++)
            for (size_t f = 0; f < sizeof flips; f++) {
                buf[k] ^= flips[f];
                CASE(name, !accepted(q, p, value), "node %zu byte %zu", i, k);
                buf[k] ^= flips[f];
            }
        nodes[i] = was;
    }
    assert_true(accepted(q, p, value));
}

static void mutate(const char *name, const struct question *q, struct proofs *p)
{
    uint8_t value[32];
    assert_true(accepted(q, p, value));
    flip_all(name, q, p, p->account, p->num_account);
    flip_all(name, q, p, p->slot, p->num_slot);
    for (size_t bit = 0; bit < 256; bit++) {
        struct question other = *q;
        other.state_root[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CASE(name, !accepted(&other, p, value), "root bit %zu", bit);
    }
    /* Nodes moved between the two proofs, and one proof given for the other. */
    struct proofs swapped = *p;
    memcpy(swapped.account, p->slot, sizeof p->slot);
    memcpy(swapped.slot, p->account, sizeof p->account);
    swapped.num_account = p->num_slot;
    swapped.num_slot = p->num_account;
    CASE(name, !accepted(q, &swapped, value), "proofs exchanged");
    for (size_t i = 0; i < p->num_slot; i++) {
        swapped = *p;
        swapped.account[swapped.num_account++] = p->slot[i];
        CASE(name, !accepted(q, &swapped, value), "slot node %zu behind the account's", i);
    }
}

enum { ACCOUNTS = 120, SLOTS = 90 };

/* make: a state in which account 7 has storage; absent asks for what is not there. */
static void make(bool absent_slot, struct question *q, struct proofs *p, struct trie **state,
                 struct trie **storage)
{
    struct arena *a = arena_new(1 << 20);
    *state = trie_new();
    *storage = trie_new();
    uint8_t root[32], hash[32], slot[32] = {0};
    for (unsigned i = 0; i < SLOTS; i++) {
        slot[31] = (uint8_t)i;
        trie_put_hashed(*storage, BYTES_OF_ARRAY(slot), enc_number(a, 1 + i * 999u));
    }
    trie_root(*storage, root);
    keccak256(bytes_of_str("code"), hash);
    for (unsigned i = 0; i < ACCOUNTS; i++) {
        uint8_t address[20] = {(uint8_t)i};
        struct bytes item[] = {enc_number(a, i), enc_number(a, 1000000000000u * i),
                               enc_string(a, bytes_of(i == 7 ? root : mpt_empty_root, 32)),
                               enc_string(a, BYTES_OF_ARRAY(hash))};
        trie_put_hashed(*state, BYTES_OF_ARRAY(address), enc_list(a, item, 4));
    }
    memset(q, 0, sizeof *q);
    q->address[0] = 7;
    q->slot[31] = absent_slot ? 200 : 5;
    trie_root(*state, q->state_root);
    p->num_account = trie_proof_hashed(*state, BYTES_OF_ARRAY(q->address), false, p->account);
    p->num_slot = trie_proof_hashed(*storage, BYTES_OF_ARRAY(q->slot), false, p->slot);
    arena_free(a);
}

static void no_byte_of_a_made_proof_is_free(void **state)
{
    (void)state;
    for (int absent = 0; absent < 2; absent++) {
        struct question q;
        struct proofs p;
        struct trie *accounts, *storage;
        uint8_t value[32];
        make(absent, &q, &p, &accounts, &storage);
        assert_true(accepted(&q, &p, value));
        assert_int_equal(value[31] | value[30] << 8, absent ? 0 : 1 + 5 * 999);
        mutate(absent ? "absent slot" : "slot", &q, &p);
        /* The nodes for one slot say nothing of the others, or say the truth: absence. */
        for (unsigned i = 0; i < SLOTS; i++) {
            struct question other = q;
            other.slot[31] = (uint8_t)i;
            if (memcmp(&other, &q, sizeof q) != 0)
                CASE("other slot", !accepted(&other, &p, value), "%u", i);
        }
        for (unsigned i = 0; i < ACCOUNTS; i++) {
            struct question other = q;
            other.address[0] = (uint8_t)i;
            if (i != 7)
                CASE("other address", !accepted(&other, &p, value), "%u", i);
        }
        trie_free(accounts);
        trie_free(storage);
    }
}

static size_t nodes_of(struct arena *a, const json_t *array, struct bytes *out)
{
    size_t n = json_array_size(array);
    assert_true(n <= TRIE_PROOF_MAX);
    for (size_t i = 0; i < n; i++)
        out[i] = unhex(a, json_string_value(json_array_get(array, i)));
    return n;
}

static void no_byte_of_a_mainnet_proof_is_free(void **state)
{
    (void)state;
    char *path = vectors_path("eth/proofs/mainnet-getproof-valid.json");
    free(path);
    if (!path) {
        case_skip(1, "no vectors/eth/proofs");
        return;
    }
    struct arena *a = arena_new(1 << 24);
    AUTO_JSON all = vectors_json("eth/proofs/mainnet-getproof-valid.json");
    const json_t *t = json_array_get(all, 0), *p = json_object_get(t, "proof");
    const json_t *entry = json_array_get(json_object_get(p, "storageProof"), 0);
    struct question q;
    struct proofs proofs;
    const struct {
        const json_t *in;
        uint8_t *out;
        size_t n;
    } hex[] = {{json_object_get(t, "stateRoot"), q.state_root, 32},
               {json_object_get(p, "address"), q.address, 20},
               {json_object_get(entry, "key"), q.slot, 32}};
    for (size_t i = 0; i < 3; i++)
        assert_true(hex_decode_0x(json_view(hex[i].in), hex[i].out, hex[i].n));
    proofs.num_account = nodes_of(a, json_object_get(p, "accountProof"), proofs.account);
    proofs.num_slot = nodes_of(a, json_object_get(entry, "proof"), proofs.slot);
    mutate("mainnet", &q, &proofs);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_byte_of_a_made_proof_is_free),
        cmocka_unit_test(no_byte_of_a_mainnet_proof_is_free),
    };
    return HARNESS_RUN("proof mutants", tests);
}
