#include "agent/config_near.h"

#include "agent/config_parts.h"
#include "base/hex.h"
#include "policy/near/base58.h"
#include "policy/near/contract.h"

/*
 * NEAR has no trusting period: stake that signed an epoch is free again a few epochs (one to three
 * days) later, and from then on only the keys of that epoch's producers stand behind it. 14 days is
 * what the image with the checkpoint can live with; max_head_age bounds what an eclipse can show.
 */
#define CHECKPOINT_AGE (14u * 86400u)
#define HEAD_AGE       600u
#define NETWORK_MAX    32u
#define CODES_MAX      16u

static bool read_hash(const json_t *o, const char *key, uint8_t out[static 32])
{
    struct bytes text;
    return json_str(o, key, &text) && base58_read(text, out, 32);
}

/* read_decimal: nanoseconds do not fit into every JSON reader's numbers, so they are a string. */
static bool read_decimal(const json_t *o, const char *key, uint64_t *out)
{
    struct bytes text;
    u128 v;
    if (!json_str(o, key, &text) || !u128_read(text, &v) || v > INT64_MAX)
        return false;
    *out = (uint64_t)v;
    return true;
}

static enum rc read_checkpoint(const json_t *j, struct near_checkpoint *c, struct err *err)
{
    static const char *const keys[] = {"block_hash",    "height",  "timestamp",   "epoch_id",
                                       "next_epoch_id", "bp_hash", "next_bp_hash"};
    static const char want[] = "32 bytes in base58";
    TRY(config_only(j, "chain.checkpoint", keys, sizeof keys / sizeof *keys, err));
    if (!read_hash(j, "block_hash", c->block_hash))
        return config_bad_value(err, "chain.checkpoint.block_hash", want);
    if (!read_hash(j, "epoch_id", c->epoch_id))
        return config_bad_value(err, "chain.checkpoint.epoch_id", want);
    if (!read_hash(j, "next_epoch_id", c->next_epoch_id))
        return config_bad_value(err, "chain.checkpoint.next_epoch_id", want);
    if (!read_hash(j, "bp_hash", c->bp_hash))
        return config_bad_value(err, "chain.checkpoint.bp_hash", want);
    if (!read_hash(j, "next_bp_hash", c->next_bp_hash))
        return config_bad_value(err, "chain.checkpoint.next_bp_hash", want);
    if (!json_u64(j, "height", INT64_MAX, &c->height))
        return config_bad_value(err, "chain.checkpoint.height", "a number");
    if (!read_decimal(j, "timestamp", &c->timestamp))
        return config_bad_value(err, "chain.checkpoint.timestamp",
                                "nanoseconds as a string of digits");
    return RC_OK;
}

static enum rc read_account(struct arena *a, const json_t *j, const char *key, const char *named,
                            struct bytes *out, struct err *err)
{
    struct bytes text;
    const char *kept = NULL;
    if (!json_str(j, key, &text) || !near_account_ok(text))
        return config_bad_value(err, named, "an account id of NEAR");
    TRY(config_keep(a, text, &kept, err));
    *out = bytes_of_str(kept);
    return RC_OK;
}

static bool plain_word(struct bytes w)
{
    for (size_t i = 0; i < w.n; i++)
        if (!((w.p[i] >= 'a' && w.p[i] <= 'z') || (w.p[i] >= '0' && w.p[i] <= '9') ||
              w.p[i] == '-' || w.p[i] == '_' || w.p[i] == '.'))
            return false;
    return w.n > 0 && w.n <= NETWORK_MAX;
}

static bool read_code(const json_t *v, uint8_t out[static 32])
{
    return json_is_string(v) &&
           (hex_decode_0x(json_view(v), out, 32) || base58_read(json_view(v), out, 32));
}

static enum rc read_codes(struct arena *a, const json_t *list, const char *named,
                          struct near_codes *out, struct err *err)
{
    size_t n = json_array_size(list);
    if (!list)
        return RC_OK;
    if (!json_is_array(list) || n == 0 || n > CODES_MAX)
        return config_bad_value(err, named, "a list of 1 to 16 hashes");
    uint8_t(*v)[32] = arena_array(a, n, 32, err);
    if (!v)
        return err->rc;
    for (size_t i = 0; i < n; i++)
        if (!read_code(json_array_get(list, i), v[i]))
            return config_bad_value(err, named, "32 bytes each, in base58 or hex");
    *out = (struct near_codes){(const uint8_t(*)[32])v, n};
    return RC_OK;
}

static enum rc read_code_hashes(struct arena *a, const json_t *j, struct near_source *s,
                                struct err *err)
{
    static const char *const keys[] = {"kms", "app"};
    if (!j)
        return RC_OK;
    TRY(config_only(j, "chain.code_hashes", keys, 2, err));
    TRY(read_codes(a, json_object_get(j, "kms"), "chain.code_hashes.kms", &s->kms_codes, err));
    return read_codes(a, json_object_get(j, "app"), "chain.code_hashes.app", &s->app_codes, err);
}

/* read_proof: what an answer rests on: the contracts' proven state, or a call that was run. */
static enum rc read_proof(struct arena *a, const json_t *j, struct near_source *s, struct err *err)
{
    struct bytes word = BYTES_NONE;
    if (json_object_get(j, "proof") &&
        (!json_str(j, "proof", &word) ||
         !(bytes_eq_str(word, "state") || bytes_eq_str(word, "call"))))
        return config_bad_value(err, "chain.proof", "state or call");
    s->by_call = bytes_eq_str(word, "call");
    if (!s->by_call && json_object_get(j, "relay"))
        return config_bad_value(err, "chain.relay", "nothing, or chain.proof \"call\" with it");
    return config_urls(a, j, "relay", false, &s->relays, err);
}

enum rc config_near_read(struct arena *a, const json_t *j, struct config *out, struct err *err)
{
    static const char *const keys[] = {"source",       "network_id",  "contract_id",
                                       "app_account",  "checkpoint",  "checkpoint_max_age",
                                       "max_head_age", "code_hashes", "code_hash",
                                       "proof",        "relay"};
    struct near_source *s = &out->near;
    struct near_config *c = &s->client;
    struct bytes network;
    TRY(config_only(j, "chain", keys, sizeof keys / sizeof *keys, err));
    out->chain.source = CHAIN_NEAR;
    if (!json_str(j, "network_id", &network) || !plain_word(network))
        return config_bad_value(err, "chain.network_id", "a word like mainnet or testnet");
    TRY(config_keep(a, network, &s->network_id, err));
    TRY(read_account(a, j, "contract_id", "chain.contract_id", &c->contract_id, err));
    if (json_object_get(j, "app_account"))
        TRY(read_account(a, j, "app_account", "chain.app_account", &c->app_account, err));
    TRY(read_checkpoint(json_object_get(j, "checkpoint"), &c->checkpoint, err));
    c->checkpoint_max_age = CHECKPOINT_AGE;
    c->max_head_age = HEAD_AGE;
    TRY(config_seconds(j, "checkpoint_max_age", "chain.checkpoint_max_age", &c->checkpoint_max_age,
                       err));
    TRY(config_seconds(j, "max_head_age", "chain.max_head_age", &c->max_head_age, err));
    out->chain.max_head_age = c->max_head_age;
    TRY(read_proof(a, j, s, err));
    return read_code_hashes(a, json_object_get(j, "code_hashes"), s, err);
}

enum rc config_near_settle(const json_t *j, struct config *c, struct err *err)
{
    const json_t *chain = json_object_get(j, "chain");
    struct near_source *s = &c->near;
    struct bytes word = BYTES_NONE;
    if (c->chain.app_code.rule != CODE_ANY || c->chain.kms_code.rule != CODE_ANY)
        return err_set(err, BG_CONFIG_NEAR_EVM_CODE, "policy.%s",
                       c->chain.app_code.rule != CODE_ANY ? "app_code" : "kms_code");
    if (s->by_call && (s->kms_codes.n || s->app_codes.n || json_object_get(chain, "code_hash")))
        return config_bad_value(err, "chain.code_hash", "nothing where chain.proof is call");
    s->report_code = c->release == NULL || s->by_call;
    if (json_object_get(chain, "code_hash")) {
        bool known = json_str(chain, "code_hash", &word) &&
                     (bytes_eq_str(word, "require") || bytes_eq_str(word, "report"));
        if (!known)
            return config_bad_value(err, "chain.code_hash", "require or report");
        s->report_code = bytes_eq_str(word, "report");
    }
    if (!s->report_code && (s->kms_codes.n == 0 || (c->as == BOOT_VIEW_APP && !s->app_codes.n)))
        return err_set(err, BG_CONFIG_NEAR_NO_CODES, "chain.code_hashes.%s",
                       s->kms_codes.n ? "app" : "kms");
    return RC_OK;
}
