/*
 * mpt: proofs of tries that tests/lib/trie_builder makes from the definition: presence, absence,
 * nodes inside their parents; then everything that is not a proof, each with its own code.
 */
#include "tests/lib/harness.h"

#include "base/limits.h"
#include "policy/eth/keccak.h"
#include "policy/eth/mpt.h"
#include "tests/lib/trie_builder.h"

static uint64_t seed = 0x9e3779b97f4a7c15;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/*
 * random_key: keys of few shapes, so that long common prefixes, extensions in the middle and
 * leaves short enough to stand in their parent all happen. Shape 0 is what a hash looks like.
 */
static void random_key(unsigned shape, uint8_t key[32])
{
    for (size_t i = 0; i < 32; i++)
        key[i] = (uint8_t)(next_random() >> 11);
    if (shape == 1)
        memset(key, 0xab, 30); /* differ in the last two bytes */
    if (shape == 2)
        for (size_t i = 0; i < 32; i++)
            key[i] &= 0x11; /* two children a branch */
    if (shape == 3)
        memset(key, 0x10, 20 + next_random() % 12); /* part ways at many depths */
}

static void tries_of_any_shape_prove_presence_and_absence(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 160; round++) {
        struct trie *t = trie_new();
        enum { MAX = 200 };
        static uint8_t keys[MAX][32];
        size_t n = 1 + next_random() % (round % 4 == 1 ? MAX : 40);
        for (size_t i = 0; i < n; i++) {
            uint8_t value[70];
            random_key(round % 4, keys[i]);
            size_t len = 1 + next_random() % (round % 8 < 4 ? 2 : sizeof value);
            for (size_t k = 0; k < len; k++)
                value[k] = (uint8_t)(next_random() >> 9);
            value[0] |= 1;
            trie_put(t, BYTES_OF_ARRAY(keys[i]), bytes_of(value, len));
        }
        uint8_t root[32];
        trie_root(t, root);
        for (size_t i = 0; i < 2 * n; i++) {
            uint8_t key[32];
            struct bytes nodes[TRIE_PROOF_MAX], value = bytes_of("?", 1);
            struct err err = {0};
            bool present = false;
            if (i < n)
                memcpy(key, keys[i], 32);
            else
                random_key(round % 4, key);
            bool there = false;
            for (size_t k = 0; k < n; k++)
                there = there || memcmp(keys[k], key, 32) == 0;
            for (int inlined = 0; inlined < 2; inlined++) {
                size_t num = trie_proof(t, BYTES_OF_ARRAY(key), inlined, nodes);
                enum rc rc = mpt_prove(root, key, nodes, num, &present, &value, &err);
                CASE("proof", rc == RC_OK && present == there && (value.n != 0) == there,
                     "round %u key %zu: BG-%04d %s", round, i, rc, err.detail);
                present = true;
                rc = mpt_prove(root, key, nodes, num - 1, &present, &value, &err);
                CASE("last node left out", inlined || rc != RC_OK, "round %u key %zu", round, i);
            }
        }
        trie_free(t);
    }
}

struct proof {
    uint8_t root[32], key[32];
    struct bytes nodes[TRIE_PROOF_MAX + 1];
    size_t n;
};

static enum rc prove(const struct proof *p)
{
    bool present = false;
    struct bytes value = bytes_of("untouched", 9);
    struct err err = {0};
    enum rc rc = mpt_prove(p->root, p->key, p->nodes, p->n, &present, &value, &err);
    if (rc != RC_OK) {
        assert_int_equal(err.rc, rc);
        assert_true(!present && value.n == 9);
    }
    return rc;
}

/* one_node: a proof whose root is the node given, for the key 0x12, 0x12, .. */
static enum rc one_node(struct bytes node)
{
    struct proof p = {.n = 1, .nodes = {node}};
    memset(p.key, 0x12, sizeof p.key);
    keccak256(node, p.root);
    return prove(&p);
}

static void nodes_that_no_trie_has_are_refused(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    uint8_t path[34] = {0x20}, hash[40] = {0}, big[2000] = {0};
    memset(path + 1, 0x12, 33);
    struct bytes v = enc_string(a, bytes_of("v", 1)), leaf_path = enc_string(a, bytes_of(path, 33));
    struct bytes none = enc_string(a, BYTES_NONE), ref = enc_string(a, bytes_of(hash, 32));
    struct bytes leaf = enc_list(a, (struct bytes[]){leaf_path, v}, 2);
    assert_int_equal(one_node(leaf), RC_OK);

    /* Two items: the path and the value or child. */
    static const struct {
        const char *path;
        size_t n;
        enum rc want;
    } paths[] = {
        {"", 0, BG_MPT_HEX_PREFIX},
        {"\x21", 1, BG_MPT_HEX_PREFIX}, /* padding nibble not zero */
        {"\x01", 1, BG_MPT_HEX_PREFIX},
        {"\x40", 1, BG_MPT_HEX_PREFIX}, /* flags beyond 3 */
        {"\x51", 1, BG_MPT_HEX_PREFIX},
        {"\xf1", 1, BG_MPT_HEX_PREFIX},
        {"\x20", 1, BG_MPT_LEAF_PATH}, /* ends before the key does */
        {"\x31\x23", 2, BG_MPT_LEAF_PATH},
        {"\x00", 1, BG_MPT_EXTENSION_PATH}, /* no nibble at all */
    };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct bytes p = enc_string(a, bytes_of(paths[i].path, paths[i].n));
        enum rc got = one_node(enc_list(a, (struct bytes[]){p, ref}, 2));
        CASE("path", got == paths[i].want, "%zu: BG-%04d", i, got);
    }
    path[0] = 0x31;
    struct bytes p = enc_string(a, bytes_of(path, 33)); /* 65 nibbles */
    assert_int_equal(one_node(enc_list(a, (struct bytes[]){p, v}, 2)), BG_MPT_LEAF_PATH);
    path[0] = 0x20;
    p = enc_string(a, bytes_of(path, 34)); /* 66 */
    assert_int_equal(one_node(enc_list(a, (struct bytes[]){p, v}, 2)), BG_MPT_HEX_PREFIX);
    path[0] = 0x00;
    p = enc_string(a, bytes_of(path, 33)); /* an extension of all 64 */
    assert_int_equal(one_node(enc_list(a, (struct bytes[]){p, ref}, 2)), BG_MPT_EXTENSION_PATH);
    p = enc_list(a, (struct bytes[]){v}, 1); /* a list as path */
    assert_int_equal(one_node(enc_list(a, (struct bytes[]){p, v}, 2)), BG_MPT_HEX_PREFIX);
    /* A list whose content would pass for a path, and no path before a value that would. */
    struct bytes single[33];
    for (size_t i = 0; i < 33; i++)
        single[i] = bytes_of(i ? "\x12" : "\x20", 1);
    p = enc_list(a, single, 33);
    assert_int_equal(one_node(enc_list(a, (struct bytes[]){p, v}, 2)), BG_MPT_HEX_PREFIX);
    assert_int_equal(one_node(enc_list(a, (struct bytes[]){none, single[0]}, 2)),
                     BG_MPT_HEX_PREFIX);
    p = enc_list(a, &v, 1);
    assert_int_equal(one_node(enc_list(a, (struct bytes[]){leaf_path, none}, 2)),
                     BG_MPT_LEAF_VALUE);
    assert_int_equal(one_node(enc_list(a, (struct bytes[]){leaf_path, p}, 2)), BG_MPT_LEAF_VALUE);
    p = enc_string(a, bytes_of("\x11", 1)); /* an extension along our key, and one beside it */
    struct bytes q = enc_string(a, bytes_of("\x17", 1));
    assert_int_equal(one_node(enc_list(a, (struct bytes[]){p, none}, 2)), BG_MPT_EXTENSION_CHILD);
    assert_int_equal(one_node(enc_list(a, (struct bytes[]){q, none}, 2)), BG_MPT_EXTENSION_CHILD);
    assert_int_equal(one_node(enc_list(a, (struct bytes[]){p, v}, 2)), BG_MPT_EXTENSION_CHILD);
    assert_int_equal(one_node(enc_list(a, (struct bytes[]){p, ref}, 2)), BG_MPT_NODE_MISSING);
    assert_int_equal(one_node(enc_list(a, (struct bytes[]){q, ref}, 2)), RC_OK);

    /* Counts of items, and what is no list. */
    struct bytes items[18];
    for (size_t n = 0; n <= 18; n++) {
        for (size_t i = 0; i < n; i++)
            items[i] = none;
        enum rc got = one_node(enc_list(a, items, n));
        enum rc want = n == 17 ? RC_OK : n == 2 ? BG_MPT_HEX_PREFIX : BG_MPT_NODE_ITEMS;
        CASE("items", got == want, "%zu: BG-%04d", n, got);
    }
    assert_int_equal(one_node(v), BG_MPT_NODE_RLP);
    assert_int_equal(one_node(BYTES_NONE), BG_MPT_NODE_RLP);
    struct bytes longer = enc_bytes(a, leaf.p, leaf.n + 0);
    uint8_t *trailing = (uint8_t *)(uintptr_t)enc_bytes(a, big, leaf.n + 1).p;
    memcpy(trailing, longer.p, longer.n);
    assert_int_equal(one_node(bytes_of(trailing, leaf.n + 1)), BG_MPT_NODE_RLP);
    assert_int_equal(one_node(bytes_of(big, LIMIT_PROOF_NODE + 1)), BG_MPT_NODE_SIZE);
    assert_int_equal(one_node(bytes_of(big, LIMIT_PROOF_NODE)), BG_MPT_NODE_RLP);

    /* A branch: every child must be nothing, a hash, or a node shorter than a hash. */
    uint8_t long_text[60] = {0};
    struct bytes text20 = enc_string(a, bytes_of(long_text, 20));
    struct bytes long_list = enc_list(a, (struct bytes[]){text20, text20}, 2);
    struct bytes list32 =
        enc_list(a, (struct bytes[]){text20, enc_string(a, bytes_of(long_text, 9))}, 2);
    struct bytes list31 =
        enc_list(a, (struct bytes[]){text20, enc_string(a, bytes_of(long_text, 8))}, 2);
    assert_true(list32.n == 32 && list31.n == 31);
    const struct bytes bad_child[] = {v, enc_string(a, bytes_of(hash, 31)),
                                      enc_string(a, bytes_of(hash, 33)), long_list, list32};
    for (size_t slot = 0; slot < 16; slot++)
        for (size_t k = 0; k < sizeof bad_child / sizeof *bad_child; k++) {
            for (size_t i = 0; i < 17; i++)
                items[i] = none;
            items[slot] = bad_child[k];
            enum rc got = one_node(enc_list(a, items, 17));
            CASE("child", got == BG_MPT_BRANCH_CHILD, "%zu %zu: BG-%04d", slot, k, got);
        }
    for (size_t i = 0; i < 17; i++)
        items[i] = none;
    items[7] = list31; /* not on our way */
    assert_int_equal(one_node(enc_list(a, items, 17)), RC_OK);
    items[7] = none;
    items[16] = v;
    assert_int_equal(one_node(enc_list(a, items, 17)), BG_MPT_BRANCH_VALUE);
    items[16] = enc_list(a, items, 0);
    assert_int_equal(one_node(enc_list(a, items, 17)), BG_MPT_BRANCH_VALUE);
    arena_free(a);
}

/* chain: 64 branches one below the other along the key 0x00.., and what stands below them. */
static void chain_of_branches(struct arena *a, struct bytes end, struct proof *p, size_t levels)
{
    struct bytes items[17], node = end;
    p->n = 0;
    struct bytes up[70];
    for (size_t i = 0; i < levels; i++) {
        uint8_t h[32];
        up[p->n++] = node;
        keccak256(node, h);
        for (size_t k = 0; k < 17; k++)
            items[k] = enc_string(a, BYTES_NONE);
        items[0] = node.n < 32 ? node : enc_string(a, BYTES_OF_ARRAY(h));
        if (node.n < 32)
            p->n--;
        node = enc_list(a, items, 17);
    }
    up[p->n++] = node;
    keccak256(node, p->root);
    for (size_t i = 0; i < p->n; i++)
        p->nodes[i] = up[p->n - 1 - i];
}

static void depth_ends_with_the_key(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 22);
    struct proof p = {.n = 0};
    uint8_t text[40];
    memset(text, 'v', sizeof text);
    struct bytes empty_path = enc_string(a, bytes_of("\x20", 1));
    struct bytes leaf =
        enc_list(a, (struct bytes[]){empty_path, enc_string(a, bytes_of(text, 40))}, 2);
    chain_of_branches(a, leaf, &p, 64);
    assert_int_equal(p.n, LIMIT_PROOF_NODES);
    assert_int_equal(prove(&p), RC_OK);
    p.nodes[p.n++] = leaf;
    assert_int_equal(prove(&p), BG_MPT_NODE_COUNT);
    /* A short leaf stands in the last branch, and that in the one before. */
    struct bytes tiny =
        enc_list(a, (struct bytes[]){empty_path, enc_string(a, bytes_of("v", 1))}, 2);
    chain_of_branches(a, tiny, &p, 64);
    assert_int_equal(p.n, 63);
    assert_int_equal(prove(&p), RC_OK);
    /* Below 64 nibbles there can be a leaf without a path only. */
    struct bytes items[17];
    for (size_t k = 0; k < 17; k++)
        items[k] = enc_string(a, BYTES_NONE);
    items[3] = enc_string(a, bytes_of(text, 32));
    chain_of_branches(a, enc_list(a, items, 17), &p, 64);
    assert_int_equal(prove(&p), BG_MPT_TOO_DEEP);
    struct bytes more = enc_string(a, bytes_of("\x30", 1)),
                 ext = enc_string(a, bytes_of("\x10", 1));
    chain_of_branches(a, enc_list(a, (struct bytes[]){more, items[3]}, 2), &p, 64);
    assert_int_equal(prove(&p), BG_MPT_LEAF_PATH);
    chain_of_branches(a, enc_list(a, (struct bytes[]){ext, items[3]}, 2), &p, 63);
    assert_int_equal(prove(&p), BG_MPT_EXTENSION_PATH);
    /* A node shorter than a hash that is named by its hash: forged by hand, no trie has it. */
    uint8_t h[32];
    keccak256(tiny, h);
    for (size_t k = 0; k < 17; k++)
        items[k] = enc_string(a, BYTES_NONE);
    items[0] = enc_string(a, BYTES_OF_ARRAY(h));
    p.nodes[0] = enc_list(a, items, 17);
    p.nodes[1] = tiny;
    p.n = 2;
    keccak256(p.nodes[0], p.root);
    assert_int_equal(prove(&p), BG_MPT_NODE_SHORT);
    arena_free(a);
}

static void nodes_are_used_once_and_in_order(void **state)
{
    (void)state;
    struct trie *t = trie_new();
    struct proof p;
    uint8_t text[40] = {1};
    for (unsigned i = 0; i < 500; i++) {
        random_key(0, p.key);
        trie_put(t, BYTES_OF_ARRAY(p.key), BYTES_OF_ARRAY(text));
    }
    trie_root(t, p.root);
    p.n = trie_proof(t, BYTES_OF_ARRAY(p.key), false, p.nodes);
    assert_in_range(p.n, 3, 5);
    assert_int_equal(prove(&p), RC_OK);
    struct proof q;
    for (size_t i = 0; i < p.n; i++) {
        q = p; /* one left out */
        memmove(&q.nodes[i], &q.nodes[i + 1], (q.n - i) * sizeof *q.nodes);
        q.n--;
        CASE("left out", prove(&q) == (i + 1 < p.n ? BG_MPT_NODE_HASH : BG_MPT_NODE_MISSING),
             "node %zu", i);
        q = p; /* one twice */
        memmove(&q.nodes[i + 1], &q.nodes[i], (q.n - i) * sizeof *q.nodes);
        q.n++;
        CASE("twice", prove(&q) == (i + 1 < p.n ? BG_MPT_NODE_HASH : BG_MPT_EXTRA_NODES),
             "node %zu", i);
        q = p; /* two exchanged */
        struct bytes other = q.nodes[(i + 1) % q.n];
        q.nodes[(i + 1) % q.n] = q.nodes[i];
        q.nodes[i] = other;
        CASE("exchanged", prove(&q) == BG_MPT_NODE_HASH, "node %zu", i);
        q = p; /* cut at every length */
        for (size_t len = 0; len < p.nodes[i].n; len++) {
            q.nodes[i].n = len;
            CASE("cut", prove(&q) == BG_MPT_NODE_HASH, "node %zu at %zu", i, len);
        }
    }
    /* Another key of the same trie, another root, another trie's proof. */
    q = p;
    q.key[0] ^= 0x10;
    assert_int_not_equal(prove(&q), RC_OK);
    q = p;
    q.root[31] ^= 1;
    assert_int_equal(prove(&q), BG_MPT_NODE_HASH);
    trie_free(t);
}

static void the_empty_trie_holds_nothing(void **state)
{
    (void)state;
    struct proof p = {.n = 0, .nodes = {bytes_of("\x80", 1), bytes_of("\x80", 1)}};
    memcpy(p.root, mpt_empty_root, 32);
    for (p.n = 0; p.n < 3; p.n++)
        CASE("empty", prove(&p) == (p.n < 2 ? RC_OK : BG_MPT_EMPTY_TRIE), "%zu nodes", p.n);
    p.n = 1;
    p.nodes[0] = BYTES_NONE;
    assert_int_equal(prove(&p), BG_MPT_EMPTY_TRIE);
    p.root[0] ^= 1; /* not the empty root: no node proves nothing */
    p.n = 0;
    assert_int_equal(prove(&p), BG_MPT_NODE_MISSING);
    uint8_t value[32] = {7}, slot[32] = {0};
    bool zero_leaf = true;
    struct err err = {0};
    assert_int_equal(mpt_prove_slot(mpt_empty_root, slot, NULL, 0, value, &zero_leaf, &err), RC_OK);
    assert_true(mem_is_zero(value, 32) && !zero_leaf);
    struct eth_account acc;
    uint8_t address[20] = {1}, h[32];
    assert_int_equal(mpt_prove_account(mpt_empty_root, address, NULL, 0, &acc, &err), RC_OK);
    assert_true(!acc.exists && acc.nonce == 0 && mem_is_zero(acc.balance, 32));
    assert_memory_equal(acc.storage_root, mpt_empty_root, 32);
    keccak256(BYTES_NONE, h);
    assert_memory_equal(acc.code_hash, h, 32);
    keccak256(bytes_of("\x80", 1), h);
    assert_memory_equal(mpt_empty_root, h, 32);
}

/* account_of: the account proof of a state with one account whose leaf holds this value. */
static enum rc account_of(struct bytes value, struct eth_account *out)
{
    struct trie *t = trie_new();
    uint8_t address[20] = {0xaa}, root[32];
    struct bytes nodes[TRIE_PROOF_MAX];
    struct err err = {0};
    trie_put_hashed(t, BYTES_OF_ARRAY(address), value);
    trie_root(t, root);
    size_t n = trie_proof_hashed(t, BYTES_OF_ARRAY(address), false, nodes);
    enum rc rc = mpt_prove_account(root, address, nodes, n, out, &err);
    trie_free(t);
    return rc;
}

static void accounts_are_read_strictly(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    uint8_t ones[40];
    memset(ones, 0x11, sizeof ones);
    const struct bytes good[4] = {enc_number(a, 300), enc_integer(a, bytes_of(ones, 32)),
                                  enc_string(a, bytes_of(ones, 32)),
                                  enc_string(a, bytes_of(ones, 32))};
    struct eth_account acc;
    assert_int_equal(account_of(enc_list(a, good, 4), &acc), RC_OK);
    assert_true(acc.exists && acc.nonce == 300 && acc.balance[31] == 0x11);
    static const struct {
        size_t field, len;
        bool zero_first;
    } bad[] = {{0, 9, false},  {0, 2, true},  {1, 33, false}, {1, 5, true},  {2, 31, false},
               {2, 33, false}, {2, 0, false}, {3, 31, false}, {3, 33, false}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct bytes item[4];
        memcpy(item, good, sizeof item);
        ones[0] = bad[i].zero_first ? 0 : 0x11;
        item[bad[i].field] = enc_string(a, bytes_of(ones, bad[i].len));
        CASE("field", account_of(enc_list(a, item, 4), &acc) == BG_MPT_ACCOUNT_FIELD, "%zu", i);
    }
    for (size_t i = 0; i < 4; i++) {
        struct bytes item[4];
        memcpy(item, good, sizeof item);
        item[i] = enc_list(a, NULL, 0);
        CASE("list", account_of(enc_list(a, item, 4), &acc) == BG_MPT_ACCOUNT_FIELD, "%zu", i);
    }
    assert_int_equal(account_of(enc_list(a, good, 3), &acc), BG_MPT_ACCOUNT_LIST);
    const struct bytes five[5] = {good[0], good[1], good[2], good[3], good[0]};
    assert_int_equal(account_of(enc_list(a, five, 5), &acc), BG_MPT_ACCOUNT_LIST);
    assert_int_equal(account_of(good[3], &acc), BG_MPT_ACCOUNT_LIST);
    struct bytes list = enc_list(a, good, 4); /* its content, as a string: f8 and a length before */
    assert_int_equal(account_of(enc_string(a, bytes_of(list.p + 2, list.n - 2)), &acc),
                     BG_MPT_ACCOUNT_LIST);
    arena_free(a);
}

static enum rc slot_of(struct bytes leaf_value, uint8_t out[32], bool *zero_leaf)
{
    struct trie *t = trie_new();
    uint8_t slot[32] = {0xaa}, other[32] = {0xbb}, root[32];
    struct bytes nodes[TRIE_PROOF_MAX];
    struct err err = {0};
    trie_put_hashed(t, BYTES_OF_ARRAY(slot), leaf_value);
    trie_put_hashed(t, BYTES_OF_ARRAY(other), bytes_of("\x01", 1));
    trie_root(t, root);
    size_t n = trie_proof_hashed(t, BYTES_OF_ARRAY(slot), false, nodes);
    enum rc rc = mpt_prove_slot(root, slot, nodes, n, out, zero_leaf, &err);
    trie_free(t);
    return rc;
}

static void slots_are_read_strictly(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    uint8_t v[32], ones[33];
    bool zero_leaf = false;
    memset(ones, 0x11, sizeof ones);
    assert_int_equal(slot_of(enc_number(a, 1000), v, &zero_leaf), RC_OK);
    assert_true(v[30] == 3 && v[31] == 0xe8 && mem_is_zero(v, 30) && !zero_leaf);
    assert_int_equal(slot_of(enc_integer(a, bytes_of(ones, 32)), v, &zero_leaf), RC_OK);
    assert_true(v[0] == 0x11 && v[31] == 0x11 && !zero_leaf);
    assert_int_equal(slot_of(enc_number(a, 0), v, &zero_leaf), RC_OK);
    assert_true(mem_is_zero(v, 32) && zero_leaf);
    const struct bytes bad[] = {
        bytes_of("\x00", 1),         bytes_of("\x81\x05", 2),
        bytes_of("\x82\x00\x05", 3), bytes_of("\x05\x05", 2),
        bytes_of("\xc0", 1),         bytes_of("\xc1\x05", 2),
        bytes_of("\x82\x05", 2),     enc_string(a, bytes_of(ones, 33)),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        memset(v, 0x77, sizeof v);
        CASE("value", slot_of(bad[i], v, &zero_leaf) == BG_MPT_SLOT_VALUE && v[5] == 0x77, "%zu",
             i);
    }
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tries_of_any_shape_prove_presence_and_absence),
        cmocka_unit_test(nodes_that_no_trie_has_are_refused),
        cmocka_unit_test(depth_ends_with_the_key),
        cmocka_unit_test(nodes_are_used_once_and_in_order),
        cmocka_unit_test(the_empty_trie_holds_nothing),
        cmocka_unit_test(accounts_are_read_strictly),
        cmocka_unit_test(slots_are_read_strictly),
    };
    return HARNESS_RUN("mpt", tests);
}
