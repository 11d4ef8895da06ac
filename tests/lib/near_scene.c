#include "tests/lib/near_scene.h"

#include <stdlib.h>

#include "base/hash.h"
#include "tests/lib/harness.h"

#define NS  1000000000ull
#define KMS NEAR_SCENE_KMS
#define APP "4444444444444444444444444444444444444444.kms.near"

json_t *near_scene_b58(const uint8_t hash[static 32])
{
    char text[BASE58_MAX_TEXT];
    base58_write(bytes_of(hash, 32), text);
    return json_string(text);
}

json_t *near_scene_b64(const uint8_t *p, size_t n)
{
    char text[1024];
    assert_true(n < 700);
    (void)EVP_EncodeBlock((unsigned char *)text, p, (int)n);
    return json_string(text);
}

/* ---- one chain of one producer ---- */

/* [V1 of pool.near], and its hash by the formula: u32 n, tag, name, key, u128 stake. */
json_t *near_signer_list(const struct near_signer *c)
{
    return json_pack("[{s:s, s:s, s:s, s:s}]", "validator_stake_struct_version", "V1", "account_id",
                     "pool.near", "public_key", c->public_key, "stake", "5");
}

struct near_signer near_signer_new(void)
{
    struct near_signer c = {0};
    uint8_t seed[32], list[4 + 1 + 4 + 9 + 1 + 32 + 16] = {1};
    size_t n = 32;
    memset(seed, 77, 32);
    c.key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
    assert_true(c.key && EVP_PKEY_get_raw_public_key(c.key, list + 19, &n) == 1);
    list[5] = 9;
    memcpy(list + 9, "pool.near", 9);
    list[51] = 5;
    hash_sha256(BYTES_OF_ARRAY(list), c.bp_hash);
    char part[BASE58_MAX_TEXT];
    base58_write(bytes_of(list + 19, 32), part);
    snprintf(c.public_key, sizeof c.public_key, "ed25519:%s", part);
    c.start = (struct near_checkpoint){.height = 100, .timestamp = NEAR_SIGNER_START * NS};
    memset(c.start.block_hash, 90, 32);
    memset(c.start.epoch_id, 1, 32);
    memset(c.start.next_epoch_id, 2, 32);
    memcpy(c.start.bp_hash, c.bp_hash, 32);
    memcpy(c.start.next_bp_hash, c.bp_hash, 32);
    return c;
}

void near_signer_free(struct near_signer *c)
{
    EVP_PKEY_free(c->key);
}

static json_t *same(int v)
{
    uint8_t h[32];
    memset(h, v, 32);
    return near_scene_b58(h);
}

static void put64(uint8_t *p, uint64_t v)
{
    for (size_t i = 0; i < 8; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

json_t *near_signer_light(const struct near_signer *c, uint64_t height, uint64_t seconds,
                          const uint8_t state_root[static 32], uint8_t out_hash[static 32])
{
    uint8_t lite[208] = {0}, rest[32], prev[32], next_inner[32], h[32], message[41] = {0}, sig[64];
    char time[24], text[BASE58_MAX_TEXT + 8], part[BASE58_MAX_TEXT];
    size_t n = 64;
    memset(rest, 3, 32);
    memset(prev, 0x22, 32);
    memset(next_inner, 5, 32);
    put64(lite, height);
    memset(lite + 8, 1, 32);
    memset(lite + 40, 2, 32);
    memcpy(lite + 72, state_root, 32);
    memset(lite + 104, 7, 32);
    put64(lite + 136, seconds * NS);
    memcpy(lite + 144, c->bp_hash, 32);
    memset(lite + 176, 8, 32);
    hash_sha256(BYTES_OF_ARRAY(lite), h);
    HASH_PARTS(hash_sha256_parts, h, BYTES_OF_ARRAY(h), BYTES_OF_ARRAY(rest));
    HASH_PARTS(hash_sha256_parts, out_hash, BYTES_OF_ARRAY(h), BYTES_OF_ARRAY(prev));
    HASH_PARTS(hash_sha256_parts, h, BYTES_OF_ARRAY(next_inner), bytes_of(out_hash, 32));
    memcpy(message + 1, h, 32);
    put64(message + 33, height + 2);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    assert_true(ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, c->key) == 1 &&
                EVP_DigestSign(ctx, sig, &n, message, sizeof message) == 1);
    EVP_MD_CTX_free(ctx);
    base58_write(BYTES_OF_ARRAY(sig), part);
    snprintf(text, sizeof text, "ed25519:%s", part);
    snprintf(time, sizeof time, "%llu", (unsigned long long)(seconds * NS));
    json_t *inner = json_pack(
        "{s:I, s:o, s:o, s:o, s:o, s:I, s:s, s:o, s:o}", "height", (json_int_t)height, "epoch_id",
        same(1), "next_epoch_id", same(2), "prev_state_root", near_scene_b58(state_root),
        "outcome_root", same(7), "timestamp", (json_int_t)0, "timestamp_nanosec", time,
        "next_bp_hash", near_scene_b58(c->bp_hash), "block_merkle_root", same(8));
    return json_pack("{s:o, s:o, s:o, s:o, s:n, s:[s]}", "inner_lite", inner, "inner_rest_hash",
                     near_scene_b58(rest), "prev_block_hash", near_scene_b58(prev),
                     "next_block_inner_hash", near_scene_b58(next_inner), "next_bps",
                     "approvals_after_next", text);
}

/* ---- a trie ---- */

static size_t put_path(uint8_t *out, const uint8_t *nibbles, size_t n, bool leaf)
{
    size_t o = 0, i = n % 2;
    out[o++] = (uint8_t)((leaf ? 0x20 : 0) | (i ? 0x10 | nibbles[0] : 0));
    for (; i < n; i += 2)
        out[o++] = (uint8_t)(nibbles[i] << 4 | nibbles[i + 1]);
    return o;
}

static void put32(uint8_t *p, size_t v)
{
    for (size_t i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

/* node_end: the memory usage; any number does. */
static void node_end(struct near_trie_made *t, uint8_t *raw, size_t n, uint8_t out[static 32])
{
    memset(raw + n, 1, 8);
    assert_true(t->nodes < NEAR_SCENE_NODES);
    memcpy(t->node[t->nodes], raw, n + 8);
    t->size[t->nodes++] = n + 8;
    hash_sha256(bytes_of(raw, n + 8), out);
}

/* build: of the pairs that share the first `at` nibbles; none is the beginning of another. */
static void build(struct near_trie_made *t, struct near_pair **v, size_t n, size_t at,
                  uint8_t out[static 32])
{
    uint8_t raw[700] = {0}, child[32];
    size_t same = at;
    if (n == 1) {
        size_t len = put_path(raw + 5, v[0]->path + at, v[0]->path_n - at, true);
        put32(raw + 1, len);
        put32(raw + 5 + len, v[0]->value_n + v[0]->more);
        hash_sha256(bytes_of(v[0]->value, v[0]->value_n), raw + 9 + len);
        node_end(t, raw, 41 + len, out);
        return;
    }
    for (bool all = true; all; same += all)
        for (size_t i = 1; i < n; i++)
            all = all && v[i]->path[same] == v[0]->path[same];
    if (same > at) {
        size_t len = put_path(raw + 5, v[0]->path + at, same - at, false);
        raw[0] = 3;
        put32(raw + 1, len);
        build(t, v, n, same, raw + 5 + len);
        node_end(t, raw, 37 + len, out);
        return;
    }
    size_t o = 3;
    raw[0] = 1;
    for (unsigned nibble = 0; nibble < 16; nibble++) {
        struct near_pair *part[NEAR_SCENE_PAIRS];
        size_t k = 0;
        for (size_t i = 0; i < n; i++)
            if (v[i]->path[at] == nibble)
                part[k++] = v[i];
        if (k == 0)
            continue;
        build(t, part, k, at + 1, child);
        raw[1 + nibble / 8] |= (uint8_t)(1u << nibble % 8);
        memcpy(raw + o, child, 32);
        o += 32;
    }
    node_end(t, raw, o, out);
}

static void grow(struct near_trie_made *t)
{
    struct near_pair *all[NEAR_SCENE_PAIRS];
    size_t n = 0;
    t->nodes = 0;
    memset(t->root, 0, 32);
    for (size_t i = 0; i < t->n; i++) {
        struct near_pair *p = &t->v[i];
        uint8_t raw[NEAR_SCENE_PATH / 2] = {9};
        size_t name = p->account ? strlen(p->account) : 0;
        if (!name)
            continue;
        assert_true(2 + name + p->key_n <= sizeof raw);
        memcpy(raw + 1, p->account, name);
        raw[1 + name] = 0x2c;
        memcpy(raw + 2 + name, p->key, p->key_n);
        p->path_n = 2 * (2 + name + p->key_n);
        for (size_t k = 0; k < p->path_n; k++)
            p->path[k] = k % 2 ? raw[k / 2] & 15 : raw[k / 2] >> 4;
        all[n++] = p;
    }
    if (n)
        build(t, all, n, 0, t->root);
}

/* ---- the contracts' state ---- */

struct near_pair *near_scene_add(struct near_trie_made *t, const char *account, const void *key,
                                 size_t key_n, const void *value, size_t value_n)
{
    struct near_pair *p = &t->v[t->n++];
    assert_true(t->n <= NEAR_SCENE_PAIRS && value_n <= sizeof p->value);
    p->account = account;
    memcpy(p->key, key, key_n);
    p->key_n = key_n;
    memcpy(p->value, value, value_n);
    p->value_n = value_n;
    return p;
}

/* member: SHA-256(prefix 'm' u32 length, text) has a position. */
static void member(struct near_trie_made *t, const char *account, uint8_t prefix, const char *text)
{
    uint8_t raw[256] = {prefix, 'm'}, key[32];
    size_t n = strlen(text);
    put32(raw + 2, n);
    memcpy(raw + 6, text, n);
    hash_sha256(bytes_of(raw, 6 + n), key);
    (void)near_scene_add(t, account, key, 32, "\0\0\0\0", 4);
}

#define SET(d) "\1\0\0\0\2\0\0\0" d "v\2\0\0\0" d "m"
static const char kms_state[] = "\11\0\0\0v1.signer\2\0\0\0\0\0\0\0" SET("\0")
    SET("\1") "\1\4\0\0\0gate\0" SET("\2") SET("\3") SET("\4");
static const char app_state[] = SET("\0") "\0" SET("\1") "\0\1\10\0\0\0" KMS;

#define EIGHT(c) c c c c c c c c
#define H(c)     EIGHT(EIGHT(c))

/* stage: everything is allowed; pair i is what the enumeration above says. */
struct near_scene *near_scene_new(enum chain_question question)
{
    struct near_scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->a = arena_new(64u << 20);
    s->question = question;
    s->cfg.contract_id = bytes_of_str(KMS);
    s->head = (struct near_head){.height = 200, .producers = {NULL, 1}};
    memset(s->head.block_hash, 0x21, 32);
    memset(s->head.prev_block_hash, 0x22, 32);
    s->bi.has_instance_id = true;
    s->bi.tcb_status = bytes_of_str("UpToDate");
    memset(s->bi.os_image_hash, 0x11, 32);
    memset(s->bi.mr_aggregated, 0x22, 32);
    memset(s->bi.device_id, 0x33, 32);
    memset(s->bi.app_id, 0x44, 20);
    memset(s->bi.compose_hash, 0x55, 32);
    struct near_trie_made *t = &s->shard[0];
    (void)near_scene_add(t, KMS, "STATE", 5, kms_state, sizeof kms_state - 1);
    (void)near_scene_add(t, APP, "STATE", 5, app_state, sizeof app_state - 1);
    member(t, KMS, 1, APP);
    member(t, KMS, 2, H("1"));
    member(t, KMS, 3, H("2"));
    member(t, KMS, 4, H("3"));
    member(t, APP, 0, H("5"));
    member(t, APP, 1, H("3"));
    member(&s->shard[1], "other.near", 0, "x");
    member(&s->shard[1], "third.near", 0, "y");
    return s;
}

void near_scene_free(struct near_scene *s)
{
    arena_free(s->a);
    free(s);
}

/* ---- the answers to it ---- */

/* settle: the tries grow, the head commits to them. */
void near_scene_settle(struct near_scene *s)
{
    uint8_t leaf[2][32];
    for (size_t i = 0; i < 2; i++) {
        grow(&s->shard[i]);
        hash_sha256(BYTES_OF_ARRAY(s->shard[i].root), leaf[i]);
    }
    HASH_PARTS(hash_sha256_parts, s->head.prev_state_root, BYTES_OF_ARRAY(leaf[0]),
               BYTES_OF_ARRAY(leaf[1]));
}

json_t *near_scene_block(const struct near_scene *s)
{
    return json_pack("{s:s, s:{s:o}, s:{s:[{s:o},{s:o}]}}", "method", "block", "params", "block_id",
                     near_scene_b58(s->head.block_hash), "result", "chunks", "prev_state_root",
                     near_scene_b58(s->shard[0].root), "prev_state_root",
                     near_scene_b58(s->shard[1].root));
}

/* query: what a node of this shard says of pair p's key. */
json_t *near_scene_query(const struct near_scene *s, const struct near_trie_made *t,
                         const struct near_pair *p, const char *account)
{
    json_t *nodes = json_array(), *values = json_array();
    for (size_t i = 0; i < t->nodes; i++)
        (void)json_array_append_new(nodes, near_scene_b64(t->node[i], t->size[i]));
    if (p->account)
        (void)json_array_append_new(values,
                                    json_pack("{s:o, s:o}", "key", near_scene_b64(p->key, p->key_n),
                                              "value", near_scene_b64(p->value, p->value_n)));
    return json_pack("{s:s, s:{s:s, s:o, s:s, s:o, s:b}, s:{s:o, s:o}}", "method", "query",
                     "params", "request_type", "view_state", "block_id",
                     near_scene_b58(s->head.prev_block_hash), "account_id", account,
                     "prefix_base64", near_scene_b64(p->key, p->key_n), "include_proof", 1,
                     "result", "proof", nodes, "values", values);
}

/* answers: entry 0 is the block, entry 1 + i is about pair i. */
json_t *near_scene_answers(struct near_scene *s)
{
    static const char *const owner[] = {KMS, APP, KMS, KMS, KMS, KMS, APP, APP};
    near_scene_settle(s);
    json_t *list = json_pack("[o]", near_scene_block(s));
    for (size_t i = 0; i < 8; i++)
        (void)json_array_append_new(list,
                                    near_scene_query(s, &s->shard[0], &s->shard[0].v[i], owner[i]));
    return list;
}
