#include "policy/near/contract.h"

#include "base/hex.h"
#include "base/limits.h"

static bool is_word(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool near_account_ok(struct bytes id)
{
    if (id.n < 2 || id.n > NEAR_ACCOUNT_MAX || !is_word(id.p[0]) || !is_word(id.p[id.n - 1]))
        return false;
    for (size_t i = 1; i < id.n; i++)
        if (!is_word(id.p[i]) &&
            ((id.p[i] != '-' && id.p[i] != '_' && id.p[i] != '.') || !is_word(id.p[i - 1])))
            return false;
    return true;
}

void near_set_key(uint8_t prefix, struct bytes value, uint8_t out[static 32])
{
    uint8_t head[6] = {prefix, 'm'};
    for (size_t i = 0; i < 4; i++)
        head[2 + i] = (uint8_t)((uint32_t)value.n >> (8 * i));
    HASH_PARTS(hash_sha256_parts, out, BYTES_OF_ARRAY(head), value);
}

/* set: a store::IterableSet inside a state: its length and the keys of its two parts. */
static uint32_t set(struct cur *c, uint8_t prefix)
{
    uint32_t members = cur_u32le(c);
    const uint8_t part[2] = {'v', 'm'};
    for (size_t i = 0; i < 2; i++) {
        struct bytes key = borsh_bytes(c, 2);
        if (key.n != 2 || key.p[0] != prefix || key.p[1] != part[i])
            c->bad = true;
    }
    return members;
}

enum rc near_app_state_read(struct bytes state, struct near_app_state *out, struct err *err)
{
    struct cur c = cur_of(state);
    struct near_app_state s = {0};
    s.compose_hashes = set(&c, NEAR_APP_COMPOSE_HASHES);
    s.allow_any_device = borsh_bool(&c);
    s.devices = set(&c, NEAR_APP_DEVICES);
    s.upgrades_disabled = borsh_bool(&c);
    s.has_kms_contract = borsh_bool(&c);
    if (s.has_kms_contract) {
        s.kms_contract = borsh_bytes(&c, NEAR_ACCOUNT_MAX);
        if (!near_account_ok(s.kms_contract))
            c.bad = true;
    }
    if (!cur_done(&c))
        return err_set(err, BG_NEAR_APP_STATE, "%zu bytes", state.n);
    *out = s;
    return RC_OK;
}

enum rc near_kms_state_read(struct bytes state, struct near_kms_state *out, struct err *err)
{
    struct cur c = cur_of(state);
    struct near_kms_state s = {0};
    s.mpc_contract = borsh_bytes(&c, NEAR_ACCOUNT_MAX);
    s.mpc_domain = cur_u64le(&c);
    s.members[NEAR_KMS_COMPOSE_HASHES] = set(&c, NEAR_KMS_COMPOSE_HASHES);
    s.members[NEAR_KMS_APPS] = set(&c, NEAR_KMS_APPS);
    s.has_gateway_app_id = borsh_bool(&c);
    if (s.has_gateway_app_id)
        s.gateway_app_id = borsh_bytes(&c, LIMIT_REASON);
    s.has_info = borsh_bool(&c);
    if (s.has_info) {
        s.k256_pubkey = borsh_bytes(&c, state.n);
        s.ca_pubkey = borsh_bytes(&c, state.n);
        s.quote = borsh_bytes(&c, state.n);
        s.event_log = borsh_bytes(&c, state.n);
    }
    for (uint8_t i = NEAR_KMS_OS_IMAGES; i <= NEAR_KMS_DEVICES; i++)
        s.members[i] = set(&c, i);
    if (!cur_done(&c) || !near_account_ok(s.mpc_contract))
        return err_set(err, BG_NEAR_KMS_STATE, "%zu bytes", state.n);
    *out = s;
    return RC_OK;
}

void near_boot_from(const struct boot_info *bi, struct near_boot *out)
{
    *out = (struct near_boot){.tcb_status = bi->tcb_status};
    hex_encode(BYTES_OF_ARRAY(bi->os_image_hash), out->os_image_hash);
    hex_encode(BYTES_OF_ARRAY(bi->mr_aggregated), out->mr_aggregated);
    hex_encode(BYTES_OF_ARRAY(bi->device_id), out->device_id);
    hex_encode(BYTES_OF_ARRAY(bi->compose_hash), out->compose_hash);
    hex_encode(BYTES_OF_ARRAY(bi->app_id), out->app_id);
}
