#include "base/limits.h"
#include "policy/near/base58.h"
#include "policy/near/light.h"

static bool hash_member(const json_t *obj, const char *key, uint8_t out[static 32])
{
    struct bytes text;
    return json_str(obj, key, &text) && base58_read(text, out, 32);
}

/* keyed: "ed25519:<base58>" or "secp256k1:<base58>"; sizes by the type. */
static bool keyed(struct bytes text, size_t ed_size, size_t secp_size, uint8_t *out_type,
                  uint8_t *out)
{
    static const struct bytes ed = {(const uint8_t *)"ed25519:", 8},
                              secp = {(const uint8_t *)"secp256k1:", 10};
    if (text.n > ed.n && memcmp(text.p, ed.p, ed.n) == 0) {
        *out_type = 0;
        return base58_read(bytes_of(text.p + ed.n, text.n - ed.n), out, ed_size);
    }
    if (secp_size && text.n > secp.n && memcmp(text.p, secp.p, secp.n) == 0) {
        *out_type = 1;
        return base58_read(bytes_of(text.p + secp.n, text.n - secp.n), out, secp_size);
    }
    return false;
}

static enum rc producer(struct arena *a, const json_t *j, size_t i, struct near_producer *out,
                        struct err *err)
{
    struct bytes version, account, key, stake;
    if (!json_str(j, "validator_stake_struct_version", &version) || !bytes_eq_str(version, "V1"))
        return err_set(err, BG_NEAR_STAKE_VERSION, "producer %zu", i);
    if (!json_str(j, "account_id", &account) || account.n < 2 || account.n > 64 ||
        !json_str(j, "public_key", &key) || !keyed(key, 32, 64, &out->key_type, out->key) ||
        !json_str(j, "stake", &stake) || !u128_read(stake, &out->stake))
        return err_set(err, BG_NEAR_PRODUCER, "producer %zu", i);
    return arena_keep(a, account, &out->account_id, err);
}

enum rc near_producers_from_json(struct arena *a, const json_t *list, struct near_producers *out,
                                 struct err *err)
{
    size_t n = json_array_size(list);
    if (!json_is_array(list) || n == 0 || n > LIMIT_NEAR_PRODUCERS)
        return err_set(err, BG_NEAR_PRODUCERS, "%zu producers", n);
    struct near_producer *v = ARENA_ARRAY(a, struct near_producer, n, err);
    if (!v)
        return err->rc;
    for (size_t i = 0; i < n; i++)
        TRY(producer(a, json_array_get(list, i), i, &v[i], err));
    *out = (struct near_producers){v, n};
    return RC_OK;
}

static enum rc approvals(struct arena *a, const json_t *list, struct near_block *out,
                         struct err *err)
{
    size_t n = json_array_size(list);
    if (!json_is_array(list) || n > 2 * LIMIT_NEAR_PRODUCERS)
        return err_set(err, BG_NEAR_APPROVALS, "%zu approvals", n);
    struct near_approval *v = ARENA_ARRAY(a, struct near_approval, n, err);
    if (!v)
        return err->rc;
    for (size_t i = 0; i < n; i++) {
        const json_t *s = json_array_get(list, i);
        uint8_t type, signature[65];
        if (json_is_null(s))
            continue;
        if (!json_is_string(s) || !keyed(json_view(s), 64, 65, &type, signature))
            return err_set(err, BG_NEAR_APPROVAL_FORMAT, "approval %zu", i);
        v[i].given = type == 0; /* one of secp256k1 has 65 bytes, and is never counted */
        memcpy(v[i].signature, signature, sizeof v[i].signature);
    }
    out->approvals = v;
    out->num_approvals = n;
    return RC_OK;
}

/* timestamp: the exact one. A JSON number may have been rounded by whoever passed it on. */
static bool timestamp(const json_t *j, uint64_t *out)
{
    struct bytes text;
    u128 v;
    if (!json_str(j, "timestamp_nanosec", &text) && !json_str(j, "timestamp", &text))
        return false;
    if (!u128_read(text, &v) || v > UINT64_MAX)
        return false;
    *out = (uint64_t)v;
    return true;
}

enum rc near_inner_lite_from_json(const json_t *j, struct near_inner_lite *out, struct err *err)
{
    static const char *const keys[] = {
        "height",    "epoch_id",          "next_epoch_id", "prev_state_root",  "outcome_root",
        "timestamp", "timestamp_nanosec", "next_bp_hash",  "block_merkle_root"};
    const char *bad = NULL;
    *out = (struct near_inner_lite){0};
    if (!json_only_keys(j, keys, sizeof keys / sizeof *keys, &bad) && bad)
        return err_set(err, BG_NEAR_HEADER_NEWER, "inner_lite has a member \"%.40s\"", bad);
    if (!json_u64(j, "height", INT64_MAX, &out->height) ||
        !hash_member(j, "epoch_id", out->epoch_id) ||
        !hash_member(j, "next_epoch_id", out->next_epoch_id) ||
        !hash_member(j, "prev_state_root", out->prev_state_root) ||
        !hash_member(j, "outcome_root", out->outcome_root) || !timestamp(j, &out->timestamp) ||
        !hash_member(j, "next_bp_hash", out->next_bp_hash) ||
        !hash_member(j, "block_merkle_root", out->block_merkle_root))
        return err_set(err, BG_NEAR_INNER_LITE, "%s", "inner_lite");
    return RC_OK;
}

void near_block_hash(const struct near_inner_lite *l, const uint8_t inner_rest[static 32],
                     const uint8_t prev[static 32], uint8_t out[static 32])
{
    uint8_t lite[208], inner[32];
    struct borsh_out o = {.p = lite, .cap = sizeof lite};
    borsh_put_u64(&o, l->height);
    borsh_put(&o, BYTES_OF_ARRAY(l->epoch_id));
    borsh_put(&o, BYTES_OF_ARRAY(l->next_epoch_id));
    borsh_put(&o, BYTES_OF_ARRAY(l->prev_state_root));
    borsh_put(&o, BYTES_OF_ARRAY(l->outcome_root));
    borsh_put_u64(&o, l->timestamp);
    borsh_put(&o, BYTES_OF_ARRAY(l->next_bp_hash));
    borsh_put(&o, BYTES_OF_ARRAY(l->block_merkle_root));
    hash_sha256(bytes_of(lite, o.n), inner);
    HASH_PARTS(hash_sha256_parts, inner, BYTES_OF_ARRAY(inner), bytes_of(inner_rest, 32));
    HASH_PARTS(hash_sha256_parts, out, BYTES_OF_ARRAY(inner), bytes_of(prev, 32));
}

enum rc near_block_from_json(struct arena *a, const json_t *result, struct near_block *out,
                             struct err *err)
{
    const json_t *bps = json_object_get(result, "next_bps");
    *out = (struct near_block){0};
    TRY(near_inner_lite_from_json(json_object_get(result, "inner_lite"), &out->lite, err));
    if (!hash_member(result, "prev_block_hash", out->prev_block_hash) ||
        !hash_member(result, "inner_rest_hash", out->inner_rest_hash) ||
        !hash_member(result, "next_block_inner_hash", out->next_block_inner_hash))
        return err_set(err, BG_NEAR_BLOCK, "%s", "a light client block");
    if (bps && !json_is_null(bps)) {
        TRY(near_producers_from_json(a, bps, &out->next_bps, err));
        out->has_next_bps = true;
    }
    near_block_hash(&out->lite, out->inner_rest_hash, out->prev_block_hash, out->hash);
    return approvals(a, json_object_get(result, "approvals_after_next"), out, err);
}
