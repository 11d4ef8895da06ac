#include "policy/near/outcome.h"

#include "base/base64.h"
#include "base/limits.h"
#include "policy/near/base58.h"

#define MAX_PARTS 512u /* logs, receipts of one outcome */
#define MAX_PATH  64u  /* steps of one Merkle path */

static bool hash_of(const json_t *v, uint8_t out[static 32])
{
    return json_is_string(v) && base58_read(json_view(v), out, 32);
}

/* struct parsed: what is hashed. */
struct parsed {
    uint64_t gas_burnt;
    u128 tokens_burnt;
    const json_t *receipts, *logs;
};

static enum rc read_status(struct arena *a, const json_t *j, struct near_outcome *out,
                           struct err *err)
{
    const json_t *value = json_object_get(j, "SuccessValue"),
                 *receipt = json_object_get(j, "SuccessReceiptId");
    if (json_is_string(j) && bytes_eq_str(json_view(j), "Unknown"))
        out->status = NEAR_STATUS_UNKNOWN;
    else if (json_object_size(j) == 1 && json_object_get(j, "Failure"))
        out->status = NEAR_STATUS_FAILURE;
    else if (json_object_size(j) == 1 && json_is_string(value) &&
             base64_decode(a, json_view(value), &out->value, err))
        out->status = NEAR_STATUS_VALUE;
    else if (json_object_size(j) == 1 && hash_of(receipt, out->receipt_id))
        out->status = NEAR_STATUS_RECEIPT;
    else
        return err_set(err, BG_NEAR_OUTCOME_STATUS, "%s", "status");
    return RC_OK;
}

static enum rc read_outcome(struct arena *a, const json_t *proof, struct parsed *p,
                            struct near_outcome *out, struct err *err)
{
    const json_t *o = json_object_get(proof, "outcome");
    struct bytes tokens, executor;
    if (!hash_of(json_object_get(proof, "id"), out->id) ||
        !hash_of(json_object_get(proof, "block_hash"), out->block_hash) ||
        !json_u64(o, "gas_burnt", INT64_MAX, &p->gas_burnt) ||
        !json_str(o, "tokens_burnt", &tokens) || !u128_read(tokens, &p->tokens_burnt) ||
        !json_str(o, "executor_id", &executor) || executor.n < 2 || executor.n > 64)
        return err_set(err, BG_NEAR_OUTCOME_SHAPE, "%s", "outcome");
    TRY(arena_keep(a, executor, &out->executor_id, err));
    p->receipts = json_object_get(o, "receipt_ids");
    p->logs = json_object_get(o, "logs");
    if (!json_is_array(p->receipts) || json_array_size(p->receipts) > MAX_PARTS ||
        !json_is_array(p->logs) || json_array_size(p->logs) > MAX_PARTS)
        return err_set(err, BG_NEAR_OUTCOME_PARTS, "%zu receipts, %zu logs",
                       json_array_size(p->receipts), json_array_size(p->logs));
    return read_status(a, json_object_get(o, "status"), out, err);
}

/* partial_hash: of borsh{receipt_ids, gas_burnt, tokens_burnt, executor_id, status}. */
static enum rc partial_hash(struct arena *a, const struct parsed *p, const struct near_outcome *out,
                            uint8_t hash[static 32], struct err *err)
{
    static const uint8_t tags[] = {[NEAR_STATUS_UNKNOWN] = 0,
                                   [NEAR_STATUS_FAILURE] = 1,
                                   [NEAR_STATUS_VALUE] = 2,
                                   [NEAR_STATUS_RECEIPT] = 3};
    size_t n = json_array_size(p->receipts), cap = 256 + 32 * n + out->value.n;
    struct borsh_out o = {.p = arena_alloc(a, cap, err), .cap = cap};
    if (!o.p)
        return err->rc;
    borsh_put_u32(&o, (uint32_t)n);
    for (size_t i = 0; i < n; i++) {
        uint8_t id[32] = {0};
        o.bad = o.bad || !hash_of(json_array_get(p->receipts, i), id);
        borsh_put(&o, BYTES_OF_ARRAY(id));
    }
    borsh_put_u64(&o, p->gas_burnt);
    borsh_put_u128(&o, p->tokens_burnt);
    borsh_put_bytes(&o, out->executor_id);
    borsh_put_u8(&o, tags[out->status]);
    if (out->status == NEAR_STATUS_VALUE)
        borsh_put_bytes(&o, out->value);
    if (out->status == NEAR_STATUS_RECEIPT)
        borsh_put(&o, BYTES_OF_ARRAY(out->receipt_id));
    if (o.bad)
        return err_set(err, BG_NEAR_OUTCOME_SIZE, "%zu receipts", n);
    hash_sha256(bytes_of(o.p, o.n), hash);
    return RC_OK;
}

/* leaf_hash: of [id, hash of the partial outcome, hash of each log], as a borsh vector. */
static enum rc leaf_hash(struct arena *a, const struct parsed *p, const struct near_outcome *out,
                         uint8_t hash[static 32], struct err *err)
{
    size_t n = json_array_size(p->logs), cap = 4 + 32 * (n + 2);
    struct borsh_out o = {.p = arena_alloc(a, cap, err), .cap = cap};
    uint8_t one[32];
    if (!o.p)
        return err->rc;
    TRY(partial_hash(a, p, out, one, err));
    borsh_put_u32(&o, (uint32_t)n + 2);
    borsh_put(&o, BYTES_OF_ARRAY(out->id));
    borsh_put(&o, BYTES_OF_ARRAY(one));
    for (size_t i = 0; i < n; i++) {
        const json_t *log = json_array_get(p->logs, i);
        hash_sha256(json_is_string(log) ? json_view(log) : BYTES_NONE, one);
        o.bad = o.bad || !json_is_string(log);
        borsh_put(&o, BYTES_OF_ARRAY(one));
    }
    hash_sha256(bytes_of(o.p, o.n), hash);
    return o.bad ? err_set(err, BG_NEAR_OUTCOME_LOG, "%zu logs", n) : RC_OK;
}

/* walk folds a path of {hash, direction} from a leaf to a root. */
static enum rc walk(const json_t *path, uint8_t hash[static 32], struct err *err)
{
    size_t n = json_array_size(path);
    bool good = json_is_array(path) && n <= MAX_PATH;
    for (size_t i = 0; good && i < n; i++) {
        const json_t *step = json_array_get(path, i);
        struct bytes direction;
        uint8_t other[32];
        good = hash_of(json_object_get(step, "hash"), other) &&
               json_str(step, "direction", &direction) &&
               (bytes_eq_str(direction, "Left") || bytes_eq_str(direction, "Right"));
        if (good && direction.n == 4)
            HASH_PARTS(hash_sha256_parts, hash, BYTES_OF_ARRAY(other), bytes_of(hash, 32));
        else if (good)
            HASH_PARTS(hash_sha256_parts, hash, bytes_of(hash, 32), BYTES_OF_ARRAY(other));
    }
    return good ? RC_OK : err_set(err, BG_NEAR_OUTCOME_PATH, "%zu steps", n);
}

enum rc near_outcome_prove(struct arena *a, const json_t *result,
                           const uint8_t block_merkle_root[static 32], struct near_outcome *out,
                           struct err *err)
{
    const json_t *proof = json_object_get(result, "outcome_proof"),
                 *header = json_object_get(result, "block_header_lite");
    struct near_inner_lite lite;
    struct parsed p = {0};
    uint8_t rest[32], prev[32], hash[32], block[32];
    struct near_outcome o = {0};
    TRY(read_outcome(a, proof, &p, &o, err));
    TRY(leaf_hash(a, &p, &o, hash, err));
    TRY(walk(json_object_get(proof, "proof"), hash, err));
    hash_sha256(BYTES_OF_ARRAY(hash), hash); /* the shard's root is a leaf of the block's tree */
    TRY(walk(json_object_get(result, "outcome_root_proof"), hash, err));
    TRY(near_inner_lite_from_json(json_object_get(header, "inner_lite"), &lite, err));
    if (!hash_of(json_object_get(header, "inner_rest_hash"), rest) ||
        !hash_of(json_object_get(header, "prev_block_hash"), prev))
        return err_set(err, BG_NEAR_OUTCOME_HEADER, "%s", "block_header_lite");
    if (memcmp(hash, lite.outcome_root, 32) != 0)
        return err_set(err, BG_NEAR_OUTCOME_ROOT, "block height %llu",
                       (unsigned long long)lite.height);
    near_block_hash(&lite, rest, prev, block);
    if (memcmp(block, o.block_hash, 32) != 0)
        return err_set(err, BG_NEAR_OUTCOME_HASH, "block height %llu",
                       (unsigned long long)lite.height);
    memcpy(hash, block, 32);
    TRY(walk(json_object_get(result, "block_proof"), hash, err));
    if (memcmp(hash, block_merkle_root, 32) != 0)
        return err_set(err, BG_NEAR_OUTCOME_BLOCK, "block height %llu",
                       (unsigned long long)lite.height);
    o.height = lite.height;
    o.timestamp = lite.timestamp;
    *out = o;
    return RC_OK;
}
