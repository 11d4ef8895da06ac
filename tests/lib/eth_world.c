#include "tests/lib/eth_world.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "policy/eth/keccak.h"
#include "tests/lib/trie_builder.h"

struct slot {
    uint8_t key[32], value[32];
    bool zero_leaf;
};

struct account {
    uint8_t address[20];
    uint64_t nonce, balance;
    struct bytes code;
    struct slot *slots;
    size_t n, cap;
    struct trie *storage; /* built by world_seal */
    uint8_t storage_root[32], code_hash[32];
};

struct eth_world {
    struct arena *arena;
    struct account *v;
    size_t n, cap;
    struct trie *state;
    struct world_block block;
    uint8_t state_root[32], hash[32];
    struct bytes fields[WORLD_PRAGUE]; /* raw content of each header field */
    struct bytes header;
};

struct eth_world *world_new(void)
{
    struct eth_world *w = calloc(1, sizeof *w);
    if (!w || !(w->arena = arena_new(1 << 28)))
        abort();
    return w;
}

static void drop_tries(struct eth_world *w)
{
    for (size_t i = 0; i < w->n; i++) {
        trie_free(w->v[i].storage);
        w->v[i].storage = NULL;
    }
    trie_free(w->state);
    w->state = NULL;
}

void world_free(struct eth_world *w)
{
    if (!w)
        return;
    drop_tries(w);
    for (size_t i = 0; i < w->n; i++)
        free(w->v[i].slots);
    free(w->v);
    arena_free(w->arena);
    free(w);
}

/* grow makes room for one more element; the new room is zeroed. */
static void *grow(void *v, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return v;
    size_t more = *cap ? 2 * *cap : 8;
    uint8_t *p = realloc(v, more * size);
    if (!p)
        abort();
    memset(p + n * size, 0, (more - n) * size);
    *cap = more;
    return p;
}

static struct account *find(struct eth_world *w, const uint8_t *address)
{
    for (size_t i = 0; i < w->n; i++)
        if (memcmp(w->v[i].address, address, 20) == 0)
            return &w->v[i];
    return NULL;
}

void world_account(struct eth_world *w, const uint8_t address[static 20], uint64_t nonce,
                   uint64_t balance, struct bytes code)
{
    struct account *acc = find(w, address);
    if (!acc) {
        w->v = grow(w->v, w->n, &w->cap, sizeof *w->v);
        acc = &w->v[w->n++];
        memcpy(acc->address, address, 20);
    }
    acc->nonce = nonce;
    acc->balance = balance;
    acc->code = enc_bytes(w->arena, code.p, code.n);
}

static struct slot *slot_at(struct eth_world *w, const uint8_t *address, const uint8_t *key)
{
    struct account *acc = find(w, address);
    if (!acc)
        abort(); /* a test put storage into an account it did not make */
    for (size_t i = 0; i < acc->n; i++)
        if (memcmp(acc->slots[i].key, key, 32) == 0)
            return &acc->slots[i];
    acc->slots = grow(acc->slots, acc->n, &acc->cap, sizeof *acc->slots);
    memcpy(acc->slots[acc->n].key, key, 32);
    return &acc->slots[acc->n++];
}

void world_slot(struct eth_world *w, const uint8_t address[static 20],
                const uint8_t slot[static 32], const uint8_t value[static 32])
{
    struct slot *s = slot_at(w, address, slot);
    memcpy(s->value, value, 32);
    s->zero_leaf = false;
}

void world_zero_leaf(struct eth_world *w, const uint8_t address[static 20],
                     const uint8_t slot[static 32])
{
    struct slot *s = slot_at(w, address, slot);
    memset(s->value, 0, 32);
    s->zero_leaf = true;
}

static void seal_account(struct eth_world *w, struct account *acc)
{
    acc->storage = trie_new();
    for (size_t i = 0; i < acc->n; i++) {
        const struct slot *s = &acc->slots[i];
        struct bytes v = enc_integer(w->arena, BYTES_OF_ARRAY(s->value));
        if (s->zero_leaf || !mem_is_zero(s->value, 32))
            trie_put_hashed(acc->storage, BYTES_OF_ARRAY(s->key), v);
    }
    trie_root(acc->storage, acc->storage_root);
    keccak256(acc->code, acc->code_hash);
    struct bytes item[] = {
        enc_number(w->arena, acc->nonce),
        enc_number(w->arena, acc->balance),
        enc_string(w->arena, BYTES_OF_ARRAY(acc->storage_root)),
        enc_string(w->arena, BYTES_OF_ARRAY(acc->code_hash)),
    };
    trie_put_hashed(w->state, BYTES_OF_ARRAY(acc->address), enc_list(w->arena, item, 4));
}

/* The header's members in order; Q is a quantity, D is data. Ethereum execution APIs, Block. */
static const struct {
    const char *name;
    char kind;
} members[WORLD_PRAGUE] = {
    {"parentHash", 'D'},
    {"sha3Uncles", 'D'},
    {"miner", 'D'},
    {"stateRoot", 'D'},
    {"transactionsRoot", 'D'},
    {"receiptsRoot", 'D'},
    {"logsBloom", 'D'},
    {"difficulty", 'Q'},
    {"number", 'Q'},
    {"gasLimit", 'Q'},
    {"gasUsed", 'Q'},
    {"timestamp", 'Q'},
    {"extraData", 'D'},
    {"mixHash", 'D'},
    {"nonce", 'D'},
    {"baseFeePerGas", 'Q'},
    {"withdrawalsRoot", 'D'},
    {"blobGasUsed", 'Q'},
    {"excessBlobGas", 'Q'},
    {"parentBeaconBlockRoot", 'D'},
    {"requestsHash", 'D'},
};

static struct bytes number_bytes(struct eth_world *w, uint64_t v)
{
    uint8_t be[8];
    size_t zeros = 0;
    for (size_t i = 0; i < 8; i++)
        be[7 - i] = (uint8_t)(v >> (8 * i));
    while (zeros < 8 && be[zeros] == 0)
        zeros++;
    return enc_bytes(w->arena, be + zeros, 8 - zeros);
}

static struct bytes filled(struct eth_world *w, uint8_t byte, size_t n)
{
    uint8_t b[256];
    memset(b, byte, sizeof b);
    return enc_bytes(w->arena, b, n);
}

void world_seal(struct eth_world *w, const struct world_block *block)
{
    drop_tries(w);
    w->block = *block;
    w->state = trie_new();
    for (size_t i = 0; i < w->n; i++)
        seal_account(w, &w->v[i]);
    trie_root(w->state, w->state_root);
    uint8_t no_list[32], no_trie[32];
    keccak256(bytes_of("\xc0", 1), no_list);
    keccak256(bytes_of("\x80", 1), no_trie);
    const struct bytes f[WORLD_PRAGUE] = {
        enc_bytes(w->arena, block->parent_hash, 32),
        enc_bytes(w->arena, no_list, 32),
        enc_bytes(w->arena, block->coinbase, 20),
        BYTES_OF_ARRAY(w->state_root),
        enc_bytes(w->arena, no_trie, 32),
        enc_bytes(w->arena, no_trie, 32),
        filled(w, 0, 256),
        number_bytes(w, block->proof_of_work ? 131072 : 0),
        number_bytes(w, block->number),
        number_bytes(w, block->gas_limit),
        number_bytes(w, block->gas_used),
        number_bytes(w, block->timestamp),
        enc_bytes(w->arena, block->extra_data.p, block->extra_data.n),
        enc_bytes(w->arena, block->prev_randao, 32),
        filled(w, block->proof_of_work ? 0x42 : 0, 8),
        number_bytes(w, block->base_fee),
        enc_bytes(w->arena, no_trie, 32),
        number_bytes(w, block->blob_gas_used),
        number_bytes(w, block->excess_blob_gas),
        filled(w, 0xbe, 32),
        filled(w, 0xe3, 32),
    };
    struct bytes item[WORLD_PRAGUE];
    for (size_t i = 0; i < (size_t)block->shape; i++) {
        w->fields[i] = f[i];
        item[i] = enc_string(w->arena, f[i]);
    }
    w->header = enc_list(w->arena, item, (size_t)block->shape);
    keccak256(w->header, w->hash);
}

const uint8_t *world_state_root(const struct eth_world *w)
{
    return w->state_root;
}

const uint8_t *world_block_hash(const struct eth_world *w)
{
    return w->hash;
}

struct bytes world_header_rlp(const struct eth_world *w)
{
    return w->header;
}

static json_t *data(struct bytes b)
{
    char *s = malloc(2 * b.n + 3);
    if (!s)
        abort();
    memcpy(s, "0x", 2);
    hex_encode(b, s + 2);
    json_t *j = json_string(s);
    free(s);
    return j;
}

/* quantity: hex without leading zeros; zero is 0x0. */
static json_t *quantity(struct bytes be)
{
    char text[67] = "0x0", hex[65];
    if (be.n > 32)
        abort();
    hex_encode(be, hex);
    const char *p = hex;
    while (*p == '0')
        p++;
    if (*p)
        snprintf(text + 2, sizeof text - 2, "%s", p);
    return json_string(text);
}

static json_t *quantity_u64(uint64_t v)
{
    char text[24];
    snprintf(text, sizeof text, "0x%llx", (unsigned long long)v);
    return json_string(text);
}

static json_t *answer(const char *method, json_t *params, json_t *result)
{
    return json_pack("{s:s,s:o,s:o}", "method", method, "params", params, "result", result);
}

static json_t *block_object(struct eth_world *w)
{
    json_t *b = json_object();
    for (size_t i = 0; i < (size_t)w->block.shape; i++)
        json_object_set_new(b, members[i].name,
                            members[i].kind == 'Q' ? quantity(w->fields[i]) : data(w->fields[i]));
    json_object_set_new(b, "hash", data(BYTES_OF_ARRAY(w->hash)));
    json_object_set_new(b, "size", quantity_u64(w->header.n));
    json_object_set_new(b, "transactions", json_array());
    json_object_set_new(b, "uncles", json_array());
    return b;
}

json_t *world_block_by_hash(struct eth_world *w)
{
    return answer("eth_getBlockByHash", json_pack("[o,b]", data(BYTES_OF_ARRAY(w->hash)), 0),
                  block_object(w));
}

json_t *world_block_by_number(struct eth_world *w)
{
    return answer("eth_getBlockByNumber", json_pack("[o,b]", quantity_u64(w->block.number), 0),
                  block_object(w));
}

static json_t *node_array(const struct bytes *nodes, size_t n)
{
    json_t *j = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(j, data(nodes[i]));
    return j;
}

static json_t *slot_proof(const struct account *acc, const uint8_t *key)
{
    struct bytes nodes[TRIE_PROOF_MAX];
    size_t n = acc ? trie_proof_hashed(acc->storage, bytes_of(key, 32), false, nodes) : 0;
    struct bytes value = BYTES_NONE;
    for (size_t i = 0; acc && i < acc->n; i++)
        if (memcmp(acc->slots[i].key, key, 32) == 0)
            value = BYTES_OF_ARRAY(acc->slots[i].value);
    return json_pack("{s:o,s:o,s:o}", "key", data(bytes_of(key, 32)), "value", quantity(value),
                     "proof", node_array(nodes, n));
}

json_t *world_proof(struct eth_world *w, const uint8_t address[static 20],
                    const uint8_t (*slots)[32], size_t num_slots)
{
    struct bytes nodes[TRIE_PROOF_MAX];
    size_t n = trie_proof_hashed(w->state, bytes_of(address, 20), false, nodes);
    struct account none = {.n = 0};
    const struct account *acc = find(w, address);
    if (!acc) {
        keccak256(BYTES_NONE, none.code_hash);
        keccak256(bytes_of("\x80", 1), none.storage_root);
    }
    const struct account *shown = acc ? acc : &none;
    json_t *keys = json_array(), *storage = json_array();
    for (size_t i = 0; i < num_slots; i++) {
        json_array_append_new(keys, data(bytes_of(slots[i], 32)));
        json_array_append_new(storage, slot_proof(acc, slots[i]));
    }
    json_t *result = json_pack(
        "{s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "address", data(bytes_of(address, 20)), "accountProof",
        node_array(nodes, n), "balance", quantity_u64(shown->balance), "codeHash",
        data(BYTES_OF_ARRAY(shown->code_hash)), "nonce", quantity_u64(shown->nonce), "storageHash",
        data(BYTES_OF_ARRAY(shown->storage_root)), "storageProof", storage);
    return answer(
        "eth_getProof",
        json_pack("[o,o,o]", data(bytes_of(address, 20)), keys, quantity_u64(w->block.number)),
        result);
}

json_t *world_code(struct eth_world *w, const uint8_t address[static 20])
{
    const struct account *acc = find(w, address);
    return answer("eth_getCode",
                  json_pack("[o,o]", data(bytes_of(address, 20)), quantity_u64(w->block.number)),
                  data(acc ? acc->code : BYTES_NONE));
}

json_t *world_rpc(struct eth_world *w)
{
    json_t *all = json_array();
    json_array_append_new(all, world_block_by_hash(w));
    json_array_append_new(all, world_block_by_number(w));
    for (size_t i = 0; i < w->n; i++) {
        const struct account *acc = &w->v[i];
        uint8_t(*keys)[32] = calloc(acc->n + 1, 32);
        if (!keys)
            abort();
        for (size_t k = 0; k < acc->n; k++)
            memcpy(keys[k], acc->slots[k].key, 32);
        json_array_append_new(all,
                              world_proof(w, acc->address, (const uint8_t(*)[32])keys, acc->n));
        json_array_append_new(all, world_code(w, acc->address));
        free(keys);
    }
    return all;
}
