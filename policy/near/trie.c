#include "policy/near/trie.h"

#include "base/cur.h"
#include "base/hash.h"
#include "base/limits.h"

/* Raw trie nodes (nearcore core/store/src/trie/raw_node.rs): tag || body || u64 memory usage. */
enum tag { TAG_LEAF = 0, TAG_BRANCH = 1, TAG_BRANCH_VALUE = 2, TAG_EXTENSION = 3 };

struct node {
    uint8_t tag;
    struct bytes key; /* encoded nibbles: leaf, extension */
    bool has_value;
    uint32_t value_len;
    struct bytes value_hash;
    uint16_t bitmap;
    struct bytes children; /* 32 bytes each; extension: one */
};

static void read_value(struct cur *c, struct node *n)
{
    n->has_value = true;
    n->value_len = cur_u32le(c);
    n->value_hash = cur_take(c, 32);
}

static void read_children(struct cur *c, struct node *n)
{
    n->bitmap = cur_u16le(c);
    n->children = cur_take(c, 32u * (size_t)__builtin_popcount(n->bitmap));
}

static void read_key(struct cur *c, struct node *n)
{
    uint32_t len = cur_u32le(c);
    n->key = cur_take(c, len);
}

/* node_read: exactly one node, no byte more. */
static bool node_read(struct bytes raw, struct node *n)
{
    struct cur c = cur_of(raw);
    *n = (struct node){.tag = cur_u8(&c)};
    switch (n->tag) {
    case TAG_LEAF:
        read_key(&c, n);
        read_value(&c, n);
        break;
    case TAG_BRANCH:
        read_children(&c, n);
        break;
    case TAG_BRANCH_VALUE:
        read_value(&c, n);
        read_children(&c, n);
        break;
    case TAG_EXTENSION:
        read_key(&c, n);
        n->children = cur_take(&c, 32);
        break;
    default:
        return false;
    }
    (void)cur_u64le(&c); /* memory usage: hashed, and of no meaning here */
    return cur_done(&c);
}

/* struct nibbles: a key as a string of half bytes. */
struct nibbles {
    struct bytes key;
    size_t at;
};

static size_t nibbles_left(const struct nibbles *k)
{
    return 2 * k->key.n - k->at;
}

static uint8_t nibble(struct bytes b, size_t i)
{
    return i % 2 ? b.p[i / 2] & 0x0f : b.p[i / 2] >> 4;
}

/* encoded_ok: the first byte is flags and, for odd lengths, the first nibble. */
static bool encoded_ok(struct bytes e, bool leaf)
{
    if (e.n == 0 || (e.p[0] & 0x20) != (leaf ? 0x20 : 0) || (e.p[0] & 0xc0))
        return false;
    return (e.p[0] & 0x10) || (e.p[0] & 0x0f) == 0;
}

static size_t encoded_len(struct bytes e)
{
    return 2 * (e.n - 1) + ((e.p[0] & 0x10) ? 1 : 0);
}

static uint8_t encoded_at(struct bytes e, size_t i)
{
    return nibble(e, (e.p[0] & 0x10) ? i + 1 : i + 2);
}

/* follows: the rest of the key begins with the encoded nibbles; then they are taken. */
static bool follows(struct nibbles *k, struct bytes e)
{
    size_t n = encoded_len(e);
    if (n > nibbles_left(k))
        return false;
    for (size_t i = 0; i < n; i++)
        if (nibble(k->key, k->at + i) != encoded_at(e, i))
            return false;
    k->at += n;
    return true;
}

bool near_proof_open(struct arena *a, const struct bytes *nodes, size_t n, struct near_proof *out,
                     struct err *err)
{
    if (n > LIMIT_NEAR_PROOF_NODES) {
        (void)err_set(err, BG_NEAR_PROOF_NODES, "%zu nodes", n);
        return false;
    }
    uint8_t(*hashes)[32] = arena_array(a, n, 32, err);
    for (size_t i = 0; hashes && i < n; i++) {
        if (nodes[i].n > LIMIT_NEAR_NODE) {
            (void)err_set(err, BG_NEAR_NODE_SIZE, "node %zu: %zu bytes", i, nodes[i].n);
            return false;
        }
        hash_sha256(nodes[i], hashes[i]);
    }
    *out = (struct near_proof){nodes, (const uint8_t(*)[32])hashes, n};
    return hashes != NULL;
}

static bool find(const struct near_proof *p, const uint8_t want[static 32], struct bytes *out)
{
    for (size_t i = 0; i < p->n; i++)
        if (memcmp(p->hashes[i], want, 32) == 0) {
            *out = p->nodes[i];
            return true;
        }
    return false;
}

bool near_proof_has(const struct near_proof *p, const uint8_t hash[static 32])
{
    struct bytes node;
    return find(p, hash, &node);
}

static enum near_found value(const struct node *n, uint32_t *out_len, uint8_t out_hash[static 32])
{
    if (!n->has_value)
        return NEAR_ABSENT;
    *out_len = n->value_len;
    memcpy(out_hash, n->value_hash.p, 32);
    return NEAR_PRESENT;
}

/* child: where the branch leads for the key's next nibble; false: nowhere. */
static bool child(const struct node *n, uint8_t at, const uint8_t **out)
{
    if (!(n->bitmap >> at & 1))
        return false;
    unsigned before = n->bitmap & ((1u << at) - 1u);
    *out = n->children.p + 32u * (size_t)__builtin_popcount(before);
    return true;
}

static enum near_found unknown(struct err *err, enum rc rc, size_t depth)
{
    (void)err_set(err, rc, "at node %zu of the path", depth);
    return NEAR_UNKNOWN;
}

enum near_found near_trie_get(const struct near_proof *proof, const uint8_t root[static 32],
                              struct bytes key, uint32_t *out_len, uint8_t out_hash[static 32],
                              struct err *err)
{
    static const uint8_t empty[32];
    struct nibbles k = {.key = key};
    const uint8_t *want = root;
    *out_len = 0;
    memset(out_hash, 0, 32);
    if (memcmp(root, empty, 32) == 0)
        return NEAR_ABSENT;
    /* Each inner node takes at least one nibble, so the walk ends. */
    for (size_t depth = 0;; depth++) {
        struct bytes raw;
        struct node n;
        if (!find(proof, want, &raw))
            return unknown(err, BG_NEAR_NODE_MISSING, depth);
        if (!node_read(raw, &n))
            return unknown(err, BG_NEAR_NODE_FORMAT, depth);
        switch (n.tag) {
        case TAG_LEAF:
            if (!encoded_ok(n.key, true))
                return unknown(err, BG_NEAR_LEAF_KEY, depth);
            return follows(&k, n.key) && nibbles_left(&k) == 0 ? value(&n, out_len, out_hash)
                                                               : NEAR_ABSENT;
        case TAG_EXTENSION:
            if (!encoded_ok(n.key, false) || encoded_len(n.key) == 0)
                return unknown(err, BG_NEAR_EXTENSION_KEY, depth);
            if (!follows(&k, n.key))
                return NEAR_ABSENT;
            want = n.children.p;
            break;
        default:
            if (nibbles_left(&k) == 0)
                return value(&n, out_len, out_hash);
            if (!child(&n, nibble(key, k.at), &want))
                return NEAR_ABSENT;
            k.at++;
        }
    }
}

void near_merklize(const uint8_t (*roots)[32], size_t n, uint8_t out[static 32])
{
    uint8_t level[LIMIT_NEAR_SHARDS][32] = {{0}};
    memset(out, 0, 32);
    if (n == 0 || n > LIMIT_NEAR_SHARDS)
        return;
    for (size_t i = 0; i < n; i++)
        hash_sha256(bytes_of(roots[i], 32), level[i]);
    while (n > 1) {
        size_t k = 0;
        for (size_t i = 0; i < n; i += 2, k++)
            if (i + 1 < n)
                HASH_PARTS(hash_sha256_parts, level[k], bytes_of(level[i], 32),
                           bytes_of(level[i + 1], 32));
            else
                memmove(level[k], level[i], 32); /* an odd last one moves up as it is */
        n = k;
    }
    memcpy(out, level[0], 32);
}

struct bytes near_contract_key(struct arena *a, struct bytes account, struct bytes key,
                               struct err *err)
{
    uint8_t *p = arena_alloc(a, account.n + key.n + 2, err);
    if (!p)
        return BYTES_NONE;
    p[0] = 0x09;
    memcpy(p + 1, account.p, account.n);
    p[1 + account.n] = 0x2c;
    if (key.n)
        memcpy(p + 2 + account.n, key.p, key.n);
    return bytes_of(p, account.n + key.n + 2);
}
