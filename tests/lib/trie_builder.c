#include "tests/lib/trie_builder.h"

#include <stdlib.h>

#include "policy/eth/keccak.h"

enum { ARENA_CAP = 1 << 30, MAX_NIBBLES = 128 };

static void *need(struct arena *a, size_t n)
{
    struct err err = {0};
    void *p = arena_alloc(a, n, &err);
    if (!p)
        abort();
    return p;
}

struct bytes enc_bytes(struct arena *a, const void *p, size_t n)
{
    uint8_t *copy = need(a, n);
    if (n)
        memcpy(copy, p, n);
    return bytes_of(copy, n);
}

/* with_head writes base + length, or base + 55 + length of length and the length, then the body. */
static struct bytes with_head(struct arena *a, unsigned base, const struct bytes *parts, size_t n)
{
    size_t total = 0, head = 1;
    for (size_t i = 0; i < n; i++)
        total += parts[i].n;
    for (size_t v = total; total > 55 && v; v /= 256)
        head++;
    uint8_t *out = need(a, head + total), *p = out + head;
    out[0] = (uint8_t)(total > 55 ? base + 55 + head - 1 : base + total);
    size_t v = total;
    for (size_t i = head; i-- > 1; v /= 256)
        out[i] = (uint8_t)(v % 256);
    for (size_t i = 0; i < n; p += parts[i].n, i++)
        if (parts[i].n)
            memcpy(p, parts[i].p, parts[i].n);
    return bytes_of(out, head + total);
}

struct bytes enc_string(struct arena *a, struct bytes s)
{
    if (s.n == 1 && s.p[0] <= 0x7f)
        return enc_bytes(a, s.p, 1);
    return with_head(a, 0x80, &s, 1);
}

struct bytes enc_integer(struct arena *a, struct bytes be)
{
    size_t zeros = 0;
    while (zeros < be.n && be.p[zeros] == 0)
        zeros++;
    return enc_string(a, zeros < be.n ? bytes_of(be.p + zeros, be.n - zeros) : BYTES_NONE);
}

struct bytes enc_number(struct arena *a, uint64_t v)
{
    uint8_t be[8];
    for (size_t i = 0; i < 8; i++)
        be[7 - i] = (uint8_t)(v >> (8 * i));
    return enc_integer(a, BYTES_OF_ARRAY(be));
}

struct bytes enc_list(struct arena *a, const struct bytes *items, size_t n)
{
    return with_head(a, 0xc0, items, n);
}

struct entry {
    uint8_t nibbles[MAX_NIBBLES];
    size_t n;
    struct bytes value;
};

/* struct node: built once per change of the trie. rlp is its encoding, in or out of its parent. */
struct node {
    enum { LEAF, EXTENSION, BRANCH } kind;
    const uint8_t *path; /* leaf, extension */
    size_t path_n;
    struct node *child[16]; /* extension: child[0] */
    struct bytes value, rlp;
};

struct trie {
    struct arena *arena;
    struct entry *v; /* sorted by nibbles */
    size_t n, cap;
    struct node *root; /* NULL: empty, or to be built */
    bool built;
};

struct trie *trie_new(void)
{
    struct trie *t = calloc(1, sizeof *t);
    if (!t || !(t->arena = arena_new(ARENA_CAP)))
        abort();
    return t;
}

void trie_free(struct trie *t)
{
    if (!t)
        return;
    arena_free(t->arena);
    free(t->v);
    free(t);
}

size_t trie_count(const struct trie *t)
{
    return t->n;
}

static void to_nibbles(struct bytes key, struct entry *out)
{
    if (key.n * 2 > MAX_NIBBLES)
        abort();
    for (size_t i = 0; i < key.n; i++) {
        out->nibbles[2 * i] = key.p[i] / 16;
        out->nibbles[2 * i + 1] = key.p[i] % 16;
    }
    out->n = key.n * 2;
}

static int compare(const struct entry *a, const struct entry *b)
{
    int c = memcmp(a->nibbles, b->nibbles, a->n < b->n ? a->n : b->n);
    return c ? c : (a->n > b->n) - (a->n < b->n);
}

void trie_put(struct trie *t, struct bytes key, struct bytes value)
{
    struct entry e = {.n = 0};
    to_nibbles(key, &e);
    e.value = enc_bytes(t->arena, value.p, value.n);
    t->built = false;
    size_t lo = 0, hi = t->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (compare(&t->v[mid], &e) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    bool there = lo < t->n && compare(&t->v[lo], &e) == 0;
    if (value.n == 0) {
        if (there)
            memmove(&t->v[lo], &t->v[lo + 1], (--t->n - lo) * sizeof e);
        return;
    }
    if (!there) {
        if (t->n == t->cap) {
            t->cap = t->cap ? 2 * t->cap : 64;
            t->v = realloc(t->v, t->cap * sizeof e);
            if (!t->v)
                abort();
        }
        memmove(&t->v[lo + 1], &t->v[lo], (t->n++ - lo) * sizeof e);
    }
    t->v[lo] = e;
}

/* hex_prefix: appendix C. */
static struct bytes hex_prefix(struct arena *a, const uint8_t *path, size_t n, bool leaf)
{
    uint8_t out[1 + MAX_NIBBLES / 2];
    size_t odd = n % 2, len = 0;
    unsigned flag = (leaf ? 2u : 0u) + (unsigned)odd;
    out[len++] = (uint8_t)(flag * 16 + (odd ? path[0] : 0u));
    for (size_t i = odd; i < n; i += 2)
        out[len++] = (uint8_t)(path[i] * 16 + path[i + 1]);
    return enc_string(a, enc_bytes(a, out, len));
}

/* as_child: a node shorter than 32 bytes is its own reference, else its hash is (appendix D, n). */
static struct bytes as_child(struct arena *a, const struct node *nd)
{
    uint8_t h[32];
    if (!nd)
        return enc_string(a, BYTES_NONE);
    if (nd->rlp.n < 32)
        return nd->rlp;
    keccak256(nd->rlp, h);
    return enc_string(a, BYTES_OF_ARRAY(h));
}

/* build: the node of the entries lo..hi, which agree in their first `at` nibbles (appendix D, c).
 */
static struct node *build(struct trie *t, size_t lo, size_t hi, size_t at)
{
    struct arena *a = t->arena;
    struct node *nd = need(a, sizeof *nd);
    const struct entry *first = &t->v[lo], *last = &t->v[hi - 1];
    struct bytes item[17];
    if (hi - lo == 1) {
        nd->kind = LEAF;
        nd->path = enc_bytes(a, first->nibbles + at, first->n - at).p;
        nd->path_n = first->n - at;
        nd->value = first->value;
        item[0] = hex_prefix(a, nd->path, nd->path_n, true);
        item[1] = enc_string(a, nd->value);
        nd->rlp = enc_list(a, item, 2);
        return nd;
    }
    /* Sorted: what the first and the last have in common, all have. */
    size_t same = at;
    while (same < first->n && same < last->n && first->nibbles[same] == last->nibbles[same])
        same++;
    if (same > at) {
        nd->kind = EXTENSION;
        nd->path = enc_bytes(a, first->nibbles + at, same - at).p;
        nd->path_n = same - at;
        nd->child[0] = build(t, lo, hi, same);
        item[0] = hex_prefix(a, nd->path, nd->path_n, false);
        item[1] = as_child(a, nd->child[0]);
        nd->rlp = enc_list(a, item, 2);
        return nd;
    }
    nd->kind = BRANCH;
    if (first->n == at) {
        nd->value = first->value;
        lo++;
    }
    for (unsigned x = 0; x < 16; x++) {
        size_t end = lo;
        while (end < hi && t->v[end].nibbles[at] == x)
            end++;
        if (end > lo)
            nd->child[x] = build(t, lo, end, at + 1);
        item[x] = as_child(a, nd->child[x]);
        lo = end;
    }
    item[16] = enc_string(a, nd->value);
    nd->rlp = enc_list(a, item, 17);
    return nd;
}

static void ensure_built(struct trie *t)
{
    if (!t->built)
        t->root = t->n ? build(t, 0, t->n, 0) : NULL;
    t->built = true;
}

void trie_root(struct trie *t, uint8_t out[static 32])
{
    ensure_built(t);
    keccak256(t->root ? t->root->rlp : bytes_of("\x80", 1), out);
}

size_t trie_proof(struct trie *t, struct bytes key, bool inlined,
                  struct bytes out[static TRIE_PROOF_MAX])
{
    ensure_built(t);
    struct entry e = {.n = 0};
    to_nibbles(key, &e);
    size_t n = 0, at = 0;
    for (const struct node *nd = t->root; nd;) {
        if (inlined || nd == t->root || nd->rlp.n >= 32) {
            if (n == TRIE_PROOF_MAX)
                abort();
            out[n++] = nd->rlp;
        }
        if (nd->kind == LEAF)
            break;
        if (nd->kind == BRANCH) {
            nd = at < e.n ? nd->child[e.nibbles[at++]] : NULL;
            continue;
        }
        if (e.n - at < nd->path_n || memcmp(e.nibbles + at, nd->path, nd->path_n) != 0)
            break;
        at += nd->path_n;
        nd = nd->child[0];
    }
    return n;
}

void trie_put_hashed(struct trie *t, struct bytes preimage, struct bytes value)
{
    uint8_t h[32];
    keccak256(preimage, h);
    trie_put(t, BYTES_OF_ARRAY(h), value);
}

size_t trie_proof_hashed(struct trie *t, struct bytes preimage, bool inlined,
                         struct bytes out[static TRIE_PROOF_MAX])
{
    uint8_t h[32];
    keccak256(preimage, h);
    return trie_proof(t, BYTES_OF_ARRAY(h), inlined, out);
}
