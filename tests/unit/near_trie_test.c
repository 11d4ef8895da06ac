/*
 * near: the state trie by hand-made nodes: walks to every kind of end, what is no node, and how the
 * roots of the chunks make one.
 */
#include "tests/lib/harness.h"

#include "base/hash.h"
#include "base/limits.h"
#include "policy/near/trie.h"

static struct arena *new_arena(void)
{
    struct arena *a = arena_new(32u << 20);
    assert_non_null(a);
    return a;
}

struct node {
    uint8_t raw[600];
    size_t n;
};

static void add(struct node *o, const void *p, size_t n)
{
    assert_true(o->n + n <= sizeof o->raw);
    memcpy(o->raw + o->n, p, n);
    o->n += n;
}
#define ADD(o, literal) add((o), (literal), sizeof(literal) - 1)

static void node_hash(const struct node *o, uint8_t out[static 32])
{
    hash_sha256(bytes_of(o->raw, o->n), out);
}

static void end_of(struct node *o)
{
    ADD(o, "\x2a\0\0\0\0\0\0\0");
}

static struct node leaf(const char *key, size_t n, const char *value)
{
    struct node o = {0};
    uint8_t hash[32], len[4] = {(uint8_t)n}, vlen[4] = {(uint8_t)strlen(value)};
    hash_sha256(bytes_of_str(value), hash);
    ADD(&o, "\0");
    add(&o, len, 4);
    add(&o, key, n);
    add(&o, vlen, 4);
    add(&o, hash, 32);
    end_of(&o);
    return o;
}

static struct node extension(const char *key, size_t n, const struct node *child)
{
    struct node o = {0};
    uint8_t hash[32], len[4] = {(uint8_t)n};
    node_hash(child, hash);
    ADD(&o, "\x03");
    add(&o, len, 4);
    add(&o, key, n);
    add(&o, hash, 32);
    end_of(&o);
    return o;
}

/* branch with children at nibbles a < b; value: NULL for none. */
static struct node branch(unsigned a, const struct node *at_a, unsigned b, const struct node *at_b,
                          const char *value)
{
    struct node o = {0};
    uint8_t hash[32];
    unsigned bits = 1u << a | 1u << b;
    uint8_t map[2] = {(uint8_t)bits, (uint8_t)(bits >> 8)};
    if (value) {
        uint8_t vlen[4] = {(uint8_t)strlen(value)};
        hash_sha256(bytes_of_str(value), hash);
        ADD(&o, "\x02");
        add(&o, vlen, 4);
        add(&o, hash, 32);
    } else {
        ADD(&o, "\x01");
    }
    add(&o, map, 2);
    node_hash(at_a, hash);
    add(&o, hash, 32);
    node_hash(at_b, hash);
    add(&o, hash, 32);
    end_of(&o);
    return o;
}

static enum near_found get(const struct node *const *nodes, size_t n, const struct node *root,
                           struct bytes key, const char *want, enum rc *rc)
{
    struct arena *a = new_arena();
    struct bytes list[8];
    struct near_proof proof;
    struct err err = {0};
    uint8_t h[32], value[32], expected[32];
    uint32_t len;
    for (size_t i = 0; i < n; i++)
        list[i] = bytes_of(nodes[i]->raw, nodes[i]->n);
    assert_true(near_proof_open(a, list, n, &proof, &err));
    node_hash(root, h);
    enum near_found found = near_trie_get(&proof, h, key, &len, value, &err);
    if (found == NEAR_PRESENT && want) {
        hash_sha256(bytes_of_str(want), expected);
        assert_int_equal(len, strlen(want));
        assert_memory_equal(value, expected, 32);
    }
    *rc = err.rc;
    arena_free(a);
    return found;
}

static void a_trie_of_each_shape_is_walked(void **state)
{
    (void)state;
    /* Keys 0x1234 = "x", 0x1235 = "y", 0x12 = "z", 0x9a = "w". */
    struct node x = leaf("\x20", 1, "x"), y = leaf("\x20", 1, "y"),
                inner = branch(4, &x, 5, &y, NULL), down = extension("\x13", 1, &inner),
                w2 = leaf("\x3a", 1, "w");
    struct node at12 = branch(3, &inner, 7, &w2, "z"); /* 0x12, 0x123., 0x127a */
    struct node one = extension("\x12", 1, &at12), root = branch(1, &one, 9, &w2, NULL);
    const struct node *all[] = {&root, &one, &at12, &inner, &x, &y, &w2};
    static const struct {
        const char *key;
        size_t n;
        enum near_found found;
        const char *value;
    } cases[] = {
        {"\x12\x34", 2, NEAR_PRESENT, "x"},
        {"\x12\x35", 2, NEAR_PRESENT, "y"},
        {"\x12", 1, NEAR_PRESENT, "z"},
        {"\x9a", 1, NEAR_PRESENT, "w"},
        {"\x12\x7a", 2, NEAR_PRESENT, "w"},
        {"\x12\x36", 2, NEAR_ABSENT, NULL},     /* a branch without the child */
        {"\x12\x34\x56", 3, NEAR_ABSENT, NULL}, /* longer than the leaf */
        {"\x9b", 1, NEAR_ABSENT, NULL},         /* another leaf */
        {"\x9a\x9a", 2, NEAR_ABSENT, NULL},
        {"\x13", 1, NEAR_ABSENT, NULL}, /* off the extension */
        {"", 0, NEAR_ABSENT, NULL},     /* ends on a branch without value */
        {"\x12\x90", 2, NEAR_ABSENT, NULL},
        {"\x00", 1, NEAR_ABSENT, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum rc rc;
        enum near_found found =
            get(all, 7, &root, bytes_of(cases[i].key, cases[i].n), cases[i].value, &rc);
        CASE("walk", found == cases[i].found && rc == RC_OK, "case %zu: %d BG-%04d", i, found, rc);
    }
    enum rc rc;
    for (size_t gone = 0; gone < 5; gone++) { /* each node of the path to x */
        const struct node *some[7];
        size_t n = 0;
        for (size_t i = 0; i < 7; i++)
            if (i != gone)
                some[n++] = all[i];
        CASE("a node left out",
             get(some, n, &root, bytes_of("\x12\x34", 2), NULL, &rc) == NEAR_UNKNOWN &&
                 rc == BG_NEAR_NODE_MISSING,
             "node %zu: BG-%04d", gone, rc);
    }
    const struct node *ends[] = {&down, &inner};
    CASE("a path that ends inside an extension",
         get(ends, 2, &down, BYTES_NONE, NULL, &rc) == NEAR_ABSENT && rc == RC_OK, "BG-%04d", rc);
    struct node free_child = extension("\x11", 1, &inner);
    const struct node *cut[] = {&free_child};
    CASE("nothing behind an extension that fits",
         get(cut, 1, &free_child, bytes_of("\x12", 1), NULL, &rc) == NEAR_UNKNOWN &&
             rc == BG_NEAR_NODE_MISSING,
         "BG-%04d", rc);
    struct near_proof none = {0};
    uint8_t zero[32] = {0}, hash[32];
    uint32_t len;
    struct err err = {0};
    CASE("the empty trie",
         near_trie_get(&none, zero, bytes_of("a", 1), &len, hash, &err) == NEAR_ABSENT, "BG-%04d",
         err.rc);
}

/* one: the code that a single node is refused with, or RC_OK. */
static enum rc one(const struct node *o, struct bytes key)
{
    enum rc rc;
    (void)get(&o, 1, o, key, NULL, &rc);
    return rc;
}

static void what_is_no_node_is_refused(void **state)
{
    (void)state;
    struct node x = leaf("\x31", 1, "x"), y = leaf("\x31", 1, "y"),
                kinds[] = {leaf("\x3a", 1, "x"), extension("\x1a", 1, &x),
                           branch(1, &x, 2, &y, NULL), branch(1, &x, 2, &y, "v")};
    struct bytes away = bytes_of("\xff", 1);
    for (size_t k = 0; k < 4; k++) {
        struct node o = kinds[k];
        CASE("control", one(&o, away) == RC_OK, "kind %zu", k);
        for (size_t n = 0; n < o.n; n++) {
            struct node cut = {.n = n};
            memcpy(cut.raw, o.raw, n);
            CASE("cut", one(&cut, away) == BG_NEAR_NODE_FORMAT, "kind %zu, %zu bytes", k, n);
        }
        o.raw[o.n++] = 0;
        CASE("one more byte", one(&o, away) == BG_NEAR_NODE_FORMAT, "kind %zu", k);
        o = kinds[k];
        for (unsigned tag = 4; tag < 256; tag++) {
            o.raw[0] = (uint8_t)tag;
            CASE("tag", one(&o, away) == BG_NEAR_NODE_FORMAT, "%u", tag);
        }
    }
    struct node lengths = leaf("\x3a", 1, "x");
    lengths.raw[4] = 0x80; /* a key of 2 GiB */
    CASE("a length beyond the node", one(&lengths, away) == BG_NEAR_NODE_FORMAT, "read");
    struct node map = branch(1, &x, 2, &y, NULL);
    map.raw[1] = 0x07; /* three children, room for two */
    CASE("a bitmap of more children", one(&map, away) == BG_NEAR_NODE_FORMAT, "read");
    map.raw[1] = 0x01;
    CASE("a bitmap of fewer", one(&map, away) == BG_NEAR_NODE_FORMAT, "read");
    /* Every first byte of a path: flags for leaf (0x20) and odd (0x10), else zero. */
    for (unsigned v = 0; v < 256; v++) {
        char key[2] = {(char)v, 0x11};
        struct node l = leaf(key, 2, "x"), e = extension(key, 2, &x);
        bool odd = v & 0x10, shape = odd || !(v & 0x0f);
        CASE("leaf's flags", (one(&l, away) == BG_NEAR_LEAF_KEY) == !((v & 0xe0) == 0x20 && shape),
             "%02x", v);
        CASE("extension's flags",
             (one(&e, bytes_of("\x00", 1)) == BG_NEAR_EXTENSION_KEY) == !((v & 0xe0) == 0 && shape),
             "%02x", v);
    }
    struct node empty_leaf = leaf("", 0, "x"), empty = extension("", 0, &x),
                nothing = extension("\0", 1, &x);
    CASE("leaf without flags", one(&empty_leaf, away) == BG_NEAR_LEAF_KEY, "read");
    CASE("extension without flags", one(&empty, away) == BG_NEAR_EXTENSION_KEY, "read");
    CASE("extension of no nibbles", one(&nothing, away) == BG_NEAR_EXTENSION_KEY, "read");
}

static void proofs_are_bounded(void **state)
{
    (void)state;
    struct arena *a = new_arena();
    static uint8_t node[LIMIT_NEAR_NODE + 1];
    static struct bytes many[LIMIT_NEAR_PROOF_NODES + 1];
    struct near_proof p;
    for (size_t i = 0; i <= LIMIT_NEAR_PROOF_NODES; i++)
        many[i] = bytes_of(node, 1);
    struct err err = {0};
    CASE("as many as may be", near_proof_open(a, many, LIMIT_NEAR_PROOF_NODES, &p, &err), "BG-%04d",
         err.rc);
    CASE("one more",
         !near_proof_open(a, many, LIMIT_NEAR_PROOF_NODES + 1, &p, &err) &&
             err.rc == BG_NEAR_PROOF_NODES,
         "BG-%04d", err.rc);
    err_clear(&err);
    many[1] = bytes_of(node, LIMIT_NEAR_NODE);
    CASE("as large as may be", near_proof_open(a, many, 3, &p, &err), "BG-%04d", err.rc);
    many[1] = bytes_of(node, LIMIT_NEAR_NODE + 1);
    CASE("a byte larger", !near_proof_open(a, many, 3, &p, &err) && err.rc == BG_NEAR_NODE_SIZE,
         "BG-%04d", err.rc);
    arena_free(a);
}

/* ---- chunk roots ---- */

static void put_hash(uint8_t out[static 32], const uint8_t *l, const uint8_t *r)
{
    HASH_PARTS(hash_sha256_parts, out, bytes_of(l, 32), bytes_of(r, 32));
}

static void chunk_roots_make_one_root(void **state)
{
    (void)state;
    uint8_t roots[LIMIT_NEAR_SHARDS + 1][32], l[5][32], ab[32], cd[32], abcd[32], want[32], out[32];
    for (size_t i = 0; i < LIMIT_NEAR_SHARDS + 1; i++)
        memset(roots[i], (int)i + 1, 32);
    for (size_t i = 0; i < 5; i++)
        hash_sha256(bytes_of(roots[i], 32), l[i]);
    put_hash(ab, l[0], l[1]);
    put_hash(cd, l[2], l[3]);
    put_hash(abcd, ab, cd);
    near_merklize((const uint8_t(*)[32])roots, 1, out);
    CASE("1", memcmp(out, l[0], 32) == 0, "differs");
    near_merklize((const uint8_t(*)[32])roots, 2, out);
    CASE("2", memcmp(out, ab, 32) == 0, "differs");
    put_hash(want, ab, l[2]);
    near_merklize((const uint8_t(*)[32])roots, 3, out);
    CASE("3", memcmp(out, want, 32) == 0, "differs");
    near_merklize((const uint8_t(*)[32])roots, 4, out);
    CASE("4", memcmp(out, abcd, 32) == 0, "differs");
    put_hash(want, abcd, l[4]);
    near_merklize((const uint8_t(*)[32])roots, 5, out);
    CASE("5", memcmp(out, want, 32) == 0, "differs");
    near_merklize((const uint8_t(*)[32])roots, LIMIT_NEAR_SHARDS, out);
    CASE("as many as may be", !mem_is_zero(out, 32), "zero");
    near_merklize((const uint8_t(*)[32])roots, 0, out);
    CASE("none", mem_is_zero(out, 32), "a root");
    near_merklize((const uint8_t(*)[32])roots, LIMIT_NEAR_SHARDS + 1, out);
    CASE("one more", mem_is_zero(out, 32), "a root");
}

static void contract_keys(void **state)
{
    (void)state;
    struct arena *a = new_arena();
    struct err err = {0};
    struct bytes k = near_contract_key(a, bytes_of_str("a.near"), bytes_of_str("STATE"), &err);
    CASE("key", bytes_eq_str(k, "\ta.near,STATE"), "%zu bytes", k.n);
    k = near_contract_key(a, bytes_of_str("a.near"), BYTES_NONE, &err);
    CASE("no key", bytes_eq_str(k, "\ta.near,"), "%zu bytes", k.n);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trie_of_each_shape_is_walked),
        cmocka_unit_test(what_is_no_node_is_refused),
        cmocka_unit_test(proofs_are_bounded),
        cmocka_unit_test(chunk_roots_make_one_root),
        cmocka_unit_test(contract_keys),
    };
    return HARNESS_RUN("near_trie", tests);
}
