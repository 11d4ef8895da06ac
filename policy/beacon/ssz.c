#include "policy/beacon/ssz.h"

#include "base/hash.h"

/* A tree here is at most 2^9 keys wide; one more level for a pair of roots on top. */
#define DEPTH_MAX 10u

static void hash_pair(const uint8_t l[static 32], const uint8_t r[static 32],
                      uint8_t out[static 32])
{
    uint8_t both[64];
    memcpy(both, l, 32);
    memcpy(both + 32, r, 32);
    hash_sha256(BYTES_OF_ARRAY(both), out);
}

/* zero_root: the root of a tree of `depth` levels of zero chunks. */
static void zero_root(unsigned depth, uint8_t out[static 32])
{
    memset(out, 0, 32);
    for (unsigned d = 0; d < depth; d++)
        hash_pair(out, out, out);
}

/*
 * struct tree: a tree filled from the left, leaf by leaf. node[d] is the root of a full subtree of
 * depth d that waits for its right neighbour; it is there when bit d of n is set.
 */
struct tree {
    uint8_t node[DEPTH_MAX + 1][32];
    size_t n;
};

static void tree_add(struct tree *t, const uint8_t leaf[static 32])
{
    uint8_t h[32];
    unsigned d = 0;
    memcpy(h, leaf, 32);
    for (; d < DEPTH_MAX && (t->n >> d & 1); d++)
        hash_pair(t->node[d], h, h);
    memcpy(t->node[d], h, 32);
    t->n++;
}

static void tree_root(const struct tree *t, unsigned depth, uint8_t out[static 32])
{
    uint8_t h[32], zero[32];
    if (t->n >> depth & 1) {
        memcpy(out, t->node[depth], 32);
        return;
    }
    /* h grows from the right: what is beyond the last leaf is zero. */
    memset(h, 0, sizeof h);
    for (unsigned d = 0; d < depth; d++)
        if (t->n >> d & 1) {
            hash_pair(t->node[d], h, h);
        } else {
            zero_root(d, zero);
            hash_pair(h, zero, h);
        }
    memcpy(out, h, 32);
}

void ssz_merkleize(const uint8_t (*chunks)[32], size_t n, unsigned depth, uint8_t out[static 32])
{
    struct tree t = {.n = 0};
    if (depth > DEPTH_MAX)
        depth = DEPTH_MAX;
    for (size_t i = 0; i < n && i >> depth == 0; i++)
        tree_add(&t, chunks[i]);
    tree_root(&t, depth, out);
}

static void chunk_u64(uint64_t v, uint8_t out[static 32])
{
    memset(out, 0, 32);
    for (size_t i = 0; i < 8; i++)
        out[i] = (uint8_t)(v >> 8 * i);
}

static void chunk_bytes(const uint8_t *p, size_t n, uint8_t out[static 32])
{
    memset(out, 0, 32);
    memcpy(out, p, n);
}

void ssz_root_of_header(const struct beacon_header *h, uint8_t out[static 32])
{
    uint8_t c[5][32];
    chunk_u64(h->slot, c[0]);
    chunk_u64(h->proposer_index, c[1]);
    memcpy(c[2], h->parent_root, 32);
    memcpy(c[3], h->state_root, 32);
    memcpy(c[4], h->body_root, 32);
    ssz_merkleize((const uint8_t(*)[32])c, 5, 3, out);
}

void ssz_root_of_execution(const struct lc_execution *e, uint8_t out[static 32])
{
    uint8_t c[17][32], length[32];
    memcpy(c[0], e->parent_hash, 32);
    chunk_bytes(e->fee_recipient, 20, c[1]);
    memcpy(c[2], e->state_root, 32);
    memcpy(c[3], e->receipts_root, 32);
    /* logs_bloom: ByteVector[256], 8 chunks */
    struct tree bloom = {.n = 0};
    for (size_t i = 0; i < sizeof e->logs_bloom / 32; i++)
        tree_add(&bloom, e->logs_bloom + 32 * i);
    tree_root(&bloom, 3, c[4]);
    memcpy(c[5], e->prev_randao, 32);
    chunk_u64(e->block_number, c[6]);
    chunk_u64(e->gas_limit, c[7]);
    chunk_u64(e->gas_used, c[8]);
    chunk_u64(e->timestamp, c[9]);
    /* extra_data: ByteList[32], one chunk and the length */
    size_t n = e->extra_data_len < sizeof e->extra_data ? e->extra_data_len : sizeof e->extra_data;
    chunk_bytes(e->extra_data, n, c[10]);
    chunk_u64(e->extra_data_len, length);
    hash_pair(c[10], length, c[10]);
    for (size_t i = 0; i < 32; i++)
        c[11][i] = e->base_fee[31 - i];
    memcpy(c[12], e->block_hash, 32);
    memcpy(c[13], e->transactions_root, 32);
    memcpy(c[14], e->withdrawals_root, 32);
    if (!e->has_blob_gas) {
        ssz_merkleize((const uint8_t(*)[32])c, 15, 4, out);
        return;
    }
    chunk_u64(e->blob_gas_used, c[15]);
    chunk_u64(e->excess_blob_gas, c[16]);
    ssz_merkleize((const uint8_t(*)[32])c, 17, 5, out);
}

/* key_root: ByteVector[48], two chunks. */
static void key_root(const uint8_t key[static BLS_KEY], uint8_t out[static 32])
{
    uint8_t second[32];
    chunk_bytes(key + 32, BLS_KEY - 32, second);
    hash_pair(key, second, out);
}

void ssz_root_of_committee(const struct lc_committee *c, uint8_t out[static 32])
{
    struct tree keys = {.n = 0};
    uint8_t h[32], root[32];
    unsigned depth = 0;
    while (depth < DEPTH_MAX && (size_t)1 << depth < c->n)
        depth++;
    for (size_t i = 0; i < c->n && i >> depth == 0; i++) {
        key_root(c->keys[i], h);
        tree_add(&keys, h);
    }
    tree_root(&keys, depth, root);
    key_root(c->aggregate, h);
    hash_pair(root, h, out);
}

bool ssz_branch_ok(const uint8_t leaf[static 32], const uint8_t (*branch)[32], size_t n,
                   uint64_t gindex, const uint8_t root[static 32])
{
    uint8_t h[32];
    memcpy(h, leaf, 32);
    for (size_t i = 0; i < n; i++, gindex >>= 1) {
        if (gindex <= 1)
            return false; /* the branch is longer than the index is deep */
        if (gindex & 1)
            hash_pair(branch[i], h, h);
        else
            hash_pair(h, branch[i], h);
    }
    return gindex == 1 && memcmp(h, root, 32) == 0;
}

void ssz_signing_root(const uint8_t object_root[static 32], const uint8_t fork_version[static 4],
                      const uint8_t genesis_validators_root[static 32], uint8_t out[static 32])
{
    /* DOMAIN_SYNC_COMMITTEE, consensus-specs altair/beacon-chain.md */
    static const uint8_t type[4] = {0x07, 0x00, 0x00, 0x00};
    uint8_t version[32], fork_data[32], domain[32];
    chunk_bytes(fork_version, 4, version);
    hash_pair(version, genesis_validators_root, fork_data);
    memcpy(domain, type, 4);
    memcpy(domain + 4, fork_data, 28);
    hash_pair(object_root, domain, out);
}
