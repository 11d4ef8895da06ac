#include "policy/near/state.h"

#include "base/base64.h"
#include "base/limits.h"
#include "policy/near/base58.h"

static bool names_hash(const json_t *v, const uint8_t hash[static 32])
{
    uint8_t named[32];
    return json_is_string(v) && base58_read(json_view(v), named, 32) &&
           memcmp(named, hash, 32) == 0;
}

/* chunk_roots: the prev_state_root of each chunk of a `block` answer; false: not such a list. */
static bool chunk_roots(const json_t *result, uint8_t (*roots)[32], size_t *out_n)
{
    const json_t *chunks = json_object_get(result, "chunks");
    size_t n = json_array_size(chunks);
    if (!json_is_array(chunks) || n == 0 || n > LIMIT_NEAR_SHARDS)
        return false;
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_object_get(json_array_get(chunks, i), "prev_state_root");
        if (!json_is_string(v) || !base58_read(json_view(v), roots[i], 32))
            return false;
    }
    *out_n = n;
    return true;
}

enum rc near_state_open(struct near_state *s, bool *out_ok)
{
    uint8_t(*roots)[32] = arena_array(s->a, LIMIT_NEAR_SHARDS, 32, s->err), all[32];
    *out_ok = false;
    if (!roots)
        return s->err->rc;
    if (mem_is_zero(s->head->prev_state_root, 32))
        return err_set(s->err, BG_NEAR_NO_STATE_ROOT, "block height %llu",
                       (unsigned long long)s->head->height);
    for (size_t i = 0; i < s->answers->n; i++) {
        const struct answer *e = &s->answers->v[i];
        if (strcmp(e->method, "block") != 0 ||
            !names_hash(json_object_get(e->params, "block_id"), s->head->block_hash))
            continue;
        struct err why = {0};
        if (chunk_roots(e->result, roots, &s->num_roots)) {
            near_merklize((const uint8_t(*)[32])roots, s->num_roots, all);
            if (memcmp(all, s->head->prev_state_root, 32) == 0) {
                s->roots = (const uint8_t(*)[32])roots;
                *out_ok = true;
                return RC_OK;
            }
            (void)err_set(&why, BG_NEAR_CHUNK_ROOTS, "%zu chunks", s->num_roots);
        } else {
            (void)err_set(&why, BG_NEAR_CHUNKS, "block %llu", (unsigned long long)s->head->height);
        }
        *s->last_bad = why;
    }
    return needs_add_near(s->a, s->needs, NEED_NEAR_BLOCK, true, s->head->block_hash, BYTES_NONE,
                          BYTES_NONE, s->err);
}

/* is_about: a view_state answer with this account and key at the block before the head's. */
static bool is_about(const struct near_state *s, const struct answer *e, struct bytes account,
                     struct bytes key, struct err *err)
{
    struct bytes word, prefix = BYTES_NONE;
    struct err ignored = {0};
    const json_t *p = e->params;
    if (strcmp(e->method, "query") != 0 || !json_str(p, "request_type", &word) ||
        !bytes_eq_str(word, "view_state") || !json_str(p, "account_id", &word) ||
        !bytes_eq(word, account) ||
        !names_hash(json_object_get(p, "block_id"), s->head->prev_block_hash))
        return false;
    if (!json_str(p, "prefix_base64", &word) || word.n > 4 * LIMIT_NEAR_KEY)
        return false;
    bool good = base64_decode(s->a, word, &prefix, &ignored) && bytes_eq(prefix, key);
    if (ignored.rc == BG_NOMEM)
        *err = ignored;
    return good;
}

static bool read_proof(struct near_state *s, const json_t *result, struct near_proof *out,
                       struct err *why)
{
    const json_t *list = json_object_get(result, "proof");
    size_t n = json_array_size(list);
    if (!json_is_array(list) || n > LIMIT_NEAR_PROOF_NODES) {
        (void)err_set(why, BG_NEAR_NO_PROOF, "%zu nodes", n); /* before memory is taken for them */
        return false;
    }
    if (n == 0) {
        (void)err_set(why, BG_NEAR_EMPTY_PROOF, "%s", "the node gives no proofs");
        return false;
    }
    struct bytes *nodes = ARENA_ARRAY(s->a, struct bytes, n, s->err);
    for (size_t i = 0; nodes && i < n; i++) {
        const json_t *v = json_array_get(list, i);
        if (!json_is_string(v) || !base64_decode(s->a, json_view(v), &nodes[i], why)) {
            (void)err_set(why, BG_NEAR_PROOF_FORMAT, "node %zu", i);
            return false;
        }
    }
    return nodes && near_proof_open(s->a, nodes, n, out, why);
}

/* read_value: the value of exactly our key among `values`, of the proven length and hash. */
static bool read_value(struct near_state *s, const json_t *result, struct bytes key, uint32_t len,
                       const uint8_t hash[static 32], struct bytes *out, struct err *why)
{
    const json_t *list = json_object_get(result, "values");
    for (size_t i = 0; i < json_array_size(list) && i < LIMIT_NEAR_VALUES; i++) {
        const json_t *row = json_array_get(list, i);
        struct bytes text, have;
        uint8_t digest[32];
        if (!json_str(row, "key", &text) || !base64_decode(s->a, text, &have, why) ||
            !bytes_eq(have, key) || !json_str(row, "value", &text) ||
            !base64_decode(s->a, text, &have, why))
            continue;
        hash_sha256(have, digest);
        if (have.n == len && memcmp(digest, hash, 32) == 0) {
            *out = have;
            return true;
        }
    }
    (void)err_set(why, BG_NEAR_VALUE, "%u bytes are proven", len);
    return false;
}

/* prove walks one answer under the account's root, or under any chunk's while none is known. */
static enum near_found prove(struct near_state *s, struct near_account *account, struct bytes key,
                             const struct answer *e, struct bytes *out, struct err *why)
{
    struct near_proof proof;
    struct bytes path = near_contract_key(s->a, account->id, key, s->err);
    if (!path.p || !read_proof(s, e->result, &proof, why))
        return NEAR_UNKNOWN;
    for (size_t i = 0; i < (account->bound ? 1 : s->num_roots); i++) {
        const uint8_t *root = account->bound ? account->root : s->roots[i];
        uint8_t hash[32];
        uint32_t len;
        if (!near_proof_has(&proof, root))
            continue;
        enum near_found found = near_trie_get(&proof, root, path, &len, hash, why);
        if (found == NEAR_ABSENT && account->bound)
            return NEAR_ABSENT;
        if (found == NEAR_ABSENT)
            (void)err_set(why, BG_NEAR_NOTHING_THERE, "account %.*s", (int)account->id.n,
                          (const char *)account->id.p);
        if (found != NEAR_PRESENT)
            continue;
        err_clear(why);
        if (!read_value(s, e->result, key, len, hash, out, why))
            return NEAR_UNKNOWN;
        account->bound = true;
        memcpy(account->root, root, 32);
        return NEAR_PRESENT;
    }
    if (why->rc == RC_OK)
        (void)err_set(why, BG_NEAR_OTHER_ROOT, "block height %llu",
                      (unsigned long long)s->head->height);
    return NEAR_UNKNOWN;
}

enum near_found near_state_get(struct near_state *s, struct near_account *account, struct bytes key,
                               bool hard, struct bytes *out)
{
    bool elsewhere = false; /* an answer starts from another root */
    *out = BYTES_NONE;
    for (size_t i = 0; i < s->answers->n && s->err->rc == RC_OK; i++) {
        const struct answer *e = &s->answers->v[i];
        struct err why = {0};
        if (!is_about(s, e, account->id, key, s->err))
            continue;
        if (!s->roots) /* it is here, and nothing to hold it against: the block's chunks come first
                        */
            return NEAR_UNKNOWN;
        enum near_found found = prove(s, account, key, e, out, &why);
        if (s->err->rc == RC_OK && found != NEAR_UNKNOWN)
            return found;
        if (why.rc == BG_NOMEM)
            *s->err = why;
        *s->last_bad = why;
        elsewhere |= why.rc == BG_NEAR_OTHER_ROOT;
    }
    /* A shard without a chunk in this block is committed to as it was before: what is asked for
     * cannot be proven here, but at the next block. Only when no other answer proved it. */
    if (elsewhere && s->err->rc == RC_OK)
        (void)!needs_add_near(s->a, s->needs, NEED_NEAR_LIGHT, true, s->head->block_hash,
                              BYTES_NONE, BYTES_NONE, s->err);
    if (s->err->rc == RC_OK)
        (void)!needs_add_near(s->a, s->needs, NEED_NEAR_STATE, hard, s->head->prev_block_hash,
                              account->id, key, s->err);
    return NEAR_UNKNOWN;
}
