/*
 * near_scene: chains of NEAR for tests, from the formulas of facts/near.md: light client blocks of
 * one producer (2), and near-kms' contracts in tries (1.5 and 3), with the answers of an honest
 * node.
 */
#ifndef BOOTGATE_TESTS_NEAR_SCENE_H
#define BOOTGATE_TESTS_NEAR_SCENE_H

#include <openssl/evp.h>

#include "base/json.h"
#include "policy/near/ask.h"
#include "policy/near/base58.h"

json_t *near_scene_b58(const uint8_t hash[static 32]);
json_t *near_scene_b64(const uint8_t *p, size_t n);

/* ---- one chain of one producer ---- */

#define NEAR_SIGNER_START 100000u /* seconds: the checkpoint's time; its height is 100 */

struct near_signer {
    EVP_PKEY *key;
    char public_key[BASE58_MAX_TEXT + 8];
    uint8_t bp_hash[32];
    struct near_checkpoint start;
};

struct near_signer near_signer_new(void);
void near_signer_free(struct near_signer *c);
/* near_signer_list: what validators_ordered says. */
json_t *near_signer_list(const struct near_signer *c);
/* near_signer_light: block `height` at `seconds`, in the checkpoint's epoch, signed. The block
 * before it has the hash 0x22.. */
json_t *near_signer_light(const struct near_signer *c, uint64_t height, uint64_t seconds,
                          const uint8_t state_root[static 32], uint8_t out_hash[static 32]);

/* ---- the contracts ---- */

#define NEAR_SCENE_KMS "kms.near"
enum { NEAR_SCENE_PAIRS = 16, NEAR_SCENE_NODES = 64, NEAR_SCENE_PATH = 256 };

struct near_pair {
    const char *account; /* NULL: not there */
    uint8_t key[32];
    size_t key_n;
    uint8_t value[160];
    size_t value_n, more;          /* more: what a leaf claims beyond its value */
    uint8_t path[NEAR_SCENE_PATH]; /* nibbles of 0x09 account 0x2c key */
    size_t path_n;
};

struct near_trie_made {
    struct near_pair v[NEAR_SCENE_PAIRS];
    size_t n;
    uint8_t node[NEAR_SCENE_NODES][700];
    size_t size[NEAR_SCENE_NODES], nodes;
    uint8_t root[32];
};

/* What the pairs of the first shard are. */
enum {
    SCENE_STATE_KMS,
    SCENE_STATE_APP,
    SCENE_APPS,
    SCENE_OS_IMAGES,
    SCENE_MRS,
    SCENE_DEVICES,
    SCENE_APP_COMPOSE,
    SCENE_APP_DEVICES
};

/* struct near_scene: an account's keys are in the first shard, unless a case moves them. */
struct near_scene {
    struct arena *a;
    struct near_trie_made shard[2]; /* the contracts are in the first, unless a case moves them */
    struct near_head head;
    struct near_config cfg;
    struct boot_info bi;
    enum chain_question question;
};

/* near_scene_new: everything is allowed. */
struct near_scene *near_scene_new(enum chain_question question);
void near_scene_free(struct near_scene *s);
struct near_pair *near_scene_add(struct near_trie_made *t, const char *account, const void *key,
                                 size_t key_n, const void *value, size_t value_n);
/* near_scene_settle: the tries grow, the head commits to them. */
void near_scene_settle(struct near_scene *s);
json_t *near_scene_block(const struct near_scene *s);
/* near_scene_query: what a node of this shard says of a pair's key. */
json_t *near_scene_query(const struct near_scene *s, const struct near_trie_made *t,
                         const struct near_pair *p, const char *account);
/* near_scene_answers settles; entry 0 is the block, entry 1 + i is about pair i. */
json_t *near_scene_answers(struct near_scene *s);

#endif
