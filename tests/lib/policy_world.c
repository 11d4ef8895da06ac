#include "tests/lib/policy_world.h"

#include "base/keccak.h"
#include "policy/decide.h"
#include "tests/lib/pinned_ask.h"

const uint8_t policy_world_erc1967[32] = {
    0x36, 0x08, 0x94, 0xa1, 0x3b, 0xa1, 0xa3, 0x21, 0x06, 0x67, 0xc8, 0x28, 0x49, 0x2d, 0xb9, 0x8d,
    0xca, 0x3e, 0x20, 0x76, 0xcc, 0x37, 0x35, 0xa9, 0x20, 0xa3, 0xca, 0x50, 0x5d, 0x38, 0x2b, 0xbc};

/* Copies the call data, DELEGATECALLs what the ERC-1967 slot names, hands on what comes back. */
static const char proxy_hex[] = "365f5f37"
                                "5f5f365f"
                                "7f360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc"
                                "54"
                                "5af4"
                                "3d5f5f3e"
                                "603657"
                                "3d5ffd"
                                "5b3d5ff3";

/*
 * appImplementation(): slot 9. Anything else: the app is the tuple's first word; when
 * registeredApps[app] (mapping 5) is zero: (false, ""); else STATICCALL it with the same data and
 * hand on what comes back.
 */
static const char kms_hex[] = "5f35"
                              "60e01c"
                              "6325a992da"
                              "14"
                              "603b57"
                              "602435"
                              "805f52"
                              "6005602052"
                              "60405f20"
                              "5415"
                              "604557"
                              "365f5f37"
                              "5f5f365f"
                              "845afa"
                              "3d5f5f3e"
                              "603757"
                              "3d5ffd"
                              "5b3d5ff3"
                              "5b"
                              "6009545f5260205ff3"
                              "5b"
                              "5f5f52"
                              "6040602052"
                              "5f604052"
                              "60605ff3";

/* (slot 3, "") */
static const char app_hex[] = "6003545f52"
                              "6040602052"
                              "60605ff3";

static void fill(uint8_t *p, size_t n, uint8_t with)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(with + 7 * i);
}

void policy_world_word(struct policy_world *w, const uint8_t address[static 20],
                       const uint8_t slot[static 32], const uint8_t *value, size_t n)
{
    uint8_t word[32] = {0};
    assert_true(n <= 32);
    if (n)
        memcpy(word + 32 - n, value, n);
    world_slot(w->chain, address, slot, word);
}

void policy_world_slot(struct policy_world *w, const uint8_t address[static 20], uint8_t slot,
                       uint8_t value)
{
    uint8_t s[32] = {0};
    s[31] = slot;
    policy_world_word(w, address, s, &value, 1);
}

void policy_world_registered(const struct policy_world *w, uint8_t out[static 32])
{
    uint8_t in[64] = {0};
    memcpy(in + 12, w->app, 20);
    in[63] = 5;
    keccak256(BYTES_OF_ARRAY(in), out);
}

void policy_world_deploy(struct policy_world *w)
{
    world_account(w->chain, w->kms, 1, 0, w->proxy_code);
    world_account(w->chain, w->kms_impl, 1, 0, w->kms_code);
    world_account(w->chain, w->app, 1, 5, w->proxy_code);
    world_account(w->chain, w->app_impl, 1, 0, w->app_code);
}

void policy_world_seal(struct policy_world *w)
{
    world_seal(w->chain, &w->block);
    memcpy(w->cfg.block_hash, world_block_hash(w->chain), 32);
}

void policy_world_new(struct arena *a, struct policy_world *w)
{
    *w = (struct policy_world){.chain = world_new()};
    fill(w->kms, 20, 0x11);
    fill(w->kms_impl, 20, 0x52);
    fill(w->app, 20, 0x93);
    fill(w->app_impl, 20, 0xd4);
    w->proxy_code = unhex(a, proxy_hex);
    w->kms_code = unhex(a, kms_hex);
    w->app_code = unhex(a, app_hex);
    for (uint8_t i = 0; i < 40; i++) { /* neighbours, so that tries have branches */
        uint8_t other[20];
        fill(other, 20, (uint8_t)(i * 5 + 1));
        other[19] = i;
        world_account(w->chain, other, i, 1000u + i, BYTES_NONE);
    }
    policy_world_deploy(w);
    uint8_t registered[32];
    policy_world_registered(w, registered);
    policy_world_word(w, w->kms, policy_world_erc1967, w->kms_impl, 20);
    policy_world_word(w, w->app, policy_world_erc1967, w->app_impl, 20);
    policy_world_word(w, w->kms, registered, (const uint8_t[]){1}, 1);
    policy_world_slot(w, w->app, 3, 1);
    for (uint8_t i = 9; i < 40; i++) {
        policy_world_slot(w, w->kms, i, i);
        policy_world_slot(w, w->app, i, i);
    }
    uint8_t nine[32] = {0};
    nine[31] = 9;
    policy_world_word(w, w->kms, nine, w->app_impl, 20);
    w->block = (struct world_block){.shape = WORLD_PRAGUE,
                                    .number = 0x1234,
                                    .timestamp = 1700000000,
                                    .gas_limit = 30000000,
                                    .base_fee = 7};
    w->now = w->block.timestamp + 12;
    w->cfg = (struct chain_config){.source = CHAIN_PINNED, .chain_id = 424242, .skip_wishes = true};
    memcpy(w->cfg.kms_contract, w->kms, 20);
    memcpy(w->bi.app_id, w->app, 20);
    fill(w->bi.os_image_hash, 32, 3);
    fill(w->bi.compose_hash, 32, 4);
    fill(w->bi.device_id, 32, 5);
    fill(w->bi.mr_aggregated, 32, 6);
    w->bi.tcb_status = bytes_of_str("UpToDate");
    policy_world_seal(w);
}

void policy_world_free(struct policy_world *w)
{
    world_free(w->chain);
}

json_t *policy_world_bundle(struct policy_world *w)
{
    uint8_t kms_slots[3][32] = {{0}}, app_slots[2][32] = {{0}};
    memcpy(kms_slots[0], policy_world_erc1967, 32);
    policy_world_registered(w, kms_slots[1]);
    kms_slots[2][31] = 9;
    memcpy(app_slots[0], policy_world_erc1967, 32);
    app_slots[1][31] = 3;
    json_t *rpc = json_array();
    json_array_append_new(rpc, world_block_by_hash(w->chain));
    json_array_append_new(rpc, world_proof(w->chain, w->kms, kms_slots, 3));
    json_array_append_new(rpc, world_proof(w->chain, w->kms_impl, NULL, 0));
    json_array_append_new(rpc, world_proof(w->chain, w->app, app_slots, 2));
    json_array_append_new(rpc, world_proof(w->chain, w->app_impl, NULL, 0));
    json_array_append_new(rpc, world_code(w->chain, w->kms));
    json_array_append_new(rpc, world_code(w->chain, w->kms_impl));
    json_array_append_new(rpc, world_code(w->chain, w->app));
    json_array_append_new(rpc, world_code(w->chain, w->app_impl));
    assert_int_equal(json_array_size(rpc), BUNDLE_N);
    return rpc;
}

struct bytes policy_code_returning(struct arena *a, struct bytes data, bool revert)
{
    /* PUSH2 n PUSH1 12 PUSH0 CODECOPY PUSH2 n PUSH0 RETURN|REVERT, the data behind it */
    struct err err = {0};
    uint8_t *p = arena_alloc(a, 12 + data.n, &err);
    assert_non_null(p);
    assert_true(data.n <= 0xffff);
    const uint8_t head[12] = {0x61,
                              (uint8_t)(data.n >> 8),
                              (uint8_t)data.n,
                              0x60,
                              12,
                              0x5f,
                              0x39,
                              0x61,
                              (uint8_t)(data.n >> 8),
                              (uint8_t)data.n,
                              0x5f,
                              revert ? 0xfd : 0xf3};
    memcpy(p, head, 12);
    if (data.n)
        memcpy(p + 12, data.p, data.n);
    return bytes_of(p, 12 + data.n);
}

struct policy_try policy_world_ask(struct arena *a, const struct policy_world *w,
                                   enum chain_question question, const json_t *rpc)
{
    struct policy_try t = {0};
    struct answers answers;
    struct verdict v = {0};
    t.rc = answers_read(a, rpc, &answers, &t.err);
    if (t.rc != RC_OK)
        return t;
    t.rc = pinned_ask(a, &w->cfg, question, &w->bi, &answers, w->now, &t.needs, &t.checks, &t.r,
                      &t.bad, &t.err);
    if (t.rc != RC_OK)
        return t;
    policy_decide(&t.checks, &t.r, &v);
    t.allow = verdict_is_allow(&v);
    t.code = v.code;
    return t;
}
