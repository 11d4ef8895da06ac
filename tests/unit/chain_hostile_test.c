/*
 * chain_hostile: what a lying source can do to a decision that would be a yes (policy_world): never
 * a yes, and a good answer beside the lie still counts. And what honest sources spell differently.
 */
#include "tests/lib/policy_world.h"

#include <stdio.h>

#include "base/limits.h"

static struct arena *a;
static struct policy_world w;

static int fresh(void **state)
{
    (void)state;
    a = arena_new((size_t)512 << 20);
    if (!a)
        return 1;
    policy_world_new(a, &w);
    return 0;
}

static int done(void **state)
{
    (void)state;
    policy_world_free(&w);
    arena_free(a);
    return 0;
}

static struct policy_try ask(const json_t *rpc)
{
    return policy_world_ask(a, &w, ASK_APP, rpc);
}

static json_t *result(json_t *rpc, size_t i)
{
    return json_object_get(json_array_get(rpc, i), "result");
}

/* ---- hostile answers: each changes the bundle; none may end in a yes ---- */

static json_t *storage(json_t *rpc, size_t entry, size_t k)
{
    return json_array_get(json_object_get(result(rpc, entry), "storageProof"), k);
}

static void set_result(json_t *rpc, size_t i, json_t *v)
{
    json_object_set_new(json_array_get(rpc, i), "result", v);
}

static void copy_result(json_t *rpc, size_t to, size_t from)
{
    json_object_set(json_array_get(rpc, to), "result", result(rpc, from));
}

static void other_address(json_t *rpc)
{
    copy_result(rpc, BUNDLE_APP, BUNDLE_KMS);
}

static void other_address_relabelled(json_t *rpc)
{
    AUTO_JSON own = json_incref(json_object_get(result(rpc, BUNDLE_APP), "address"));
    set_result(rpc, BUNDLE_APP, json_deep_copy(result(rpc, BUNDLE_KMS)));
    json_object_set(result(rpc, BUNDLE_APP), "address", own);
}

static void label_of_other_address(json_t *rpc)
{
    json_object_set(result(rpc, BUNDLE_APP), "address",
                    json_object_get(result(rpc, BUNDLE_KMS), "address"));
}

static void other_slot(json_t *rpc)
{
    json_object_set(storage(rpc, BUNDLE_KMS, 1), "proof",
                    json_object_get(storage(rpc, BUNDLE_KMS, 2), "proof"));
    json_object_set(storage(rpc, BUNDLE_KMS, 1), "value",
                    json_object_get(storage(rpc, BUNDLE_KMS, 2), "value"));
}

static void slot_labels_swapped(json_t *rpc)
{
    AUTO_JSON one = json_incref(json_object_get(storage(rpc, BUNDLE_KMS, 1), "key"));
    json_object_set(storage(rpc, BUNDLE_KMS, 1), "key",
                    json_object_get(storage(rpc, BUNDLE_KMS, 2), "key"));
    json_object_set(storage(rpc, BUNDLE_KMS, 2), "key", one);
}

static void code_swapped(json_t *rpc)
{
    copy_result(rpc, BUNDLE_APP_IMPL_CODE, BUNDLE_APP_CODE);
}

static void code_empty(json_t *rpc)
{
    set_result(rpc, BUNDLE_APP_IMPL_CODE, json_string("0x"));
}

static void code_of_yes(json_t *rpc)
{
    set_result(rpc, BUNDLE_APP_IMPL_CODE, json_string("0x60015f52604060205260605ff3"));
}

static void code_too_long(json_t *rpc)
{
    size_t n = 2 + 2 * ((size_t)LIMIT_CODE + 1);
    struct err err = {0};
    char *s = arena_alloc(a, n + 1, &err);
    assert_non_null(s);
    memset(s, '0', n);
    s[1] = 'x';
    set_result(rpc, BUNDLE_APP_IMPL_CODE, json_string(s));
}

static void header_of_other_block(json_t *rpc)
{
    json_object_set_new(result(rpc, BUNDLE_HEADER), "timestamp", json_string("0x6553f101"));
}

static void header_claims_our_hash_by_number(json_t *rpc)
{
    json_t *e = json_array_get(rpc, BUNDLE_HEADER);
    json_object_set_new(e, "method", json_string("eth_getBlockByNumber"));
    json_object_set_new(e, "params", json_pack("[s,b]", "0x1234", 0));
    json_object_set_new(json_object_get(e, "result"), "gasUsed", json_string("0x1"));
}

static void balance_beside(json_t *rpc)
{
    json_object_set_new(result(rpc, BUNDLE_APP), "balance", json_string("0x6"));
}

static void nonce_beside(json_t *rpc)
{
    json_object_set_new(result(rpc, BUNDLE_APP), "nonce", json_string("0x0"));
}

static void code_hash_beside(json_t *rpc)
{
    json_object_set(result(rpc, BUNDLE_APP), "codeHash",
                    json_object_get(result(rpc, BUNDLE_APP_IMPL), "codeHash"));
}

static void code_hash_zero_beside(json_t *rpc)
{
    json_object_set_new(
        result(rpc, BUNDLE_APP), "codeHash",
        json_string("0x0000000000000000000000000000000000000000000000000000000000000000"));
}

static void storage_hash_beside(json_t *rpc)
{
    json_object_set(result(rpc, BUNDLE_APP), "storageHash",
                    json_object_get(result(rpc, BUNDLE_KMS), "storageHash"));
}

static void value_beside(json_t *rpc)
{
    json_object_set_new(storage(rpc, BUNDLE_APP, 1), "value", json_string("0x2"));
}

static void value_null_beside(json_t *rpc)
{
    json_object_set_new(storage(rpc, BUNDLE_APP, 1), "value", json_null());
}

static void account_proof_cut(json_t *rpc)
{
    json_t *p = json_object_get(result(rpc, BUNDLE_APP), "accountProof");
    json_array_remove(p, json_array_size(p) - 1);
}

static void account_proof_beheaded(json_t *rpc)
{
    json_array_remove(json_object_get(result(rpc, BUNDLE_APP), "accountProof"), 0);
}

static void account_proof_empty(json_t *rpc)
{
    json_object_set_new(result(rpc, BUNDLE_APP), "accountProof", json_array());
}

static void account_proof_repeats(json_t *rpc)
{
    json_t *p = json_object_get(result(rpc, BUNDLE_APP), "accountProof");
    json_array_append(p, json_array_get(p, json_array_size(p) - 1));
}

static void account_proof_endless(json_t *rpc)
{
    json_t *p = json_object_get(result(rpc, BUNDLE_APP), "accountProof");
    for (size_t i = 0; i < 70; i++)
        json_array_append(p, json_array_get(p, 0));
}

static void node_huge(json_t *rpc)
{
    struct err err = {0};
    char *s = arena_alloc(a, 5000, &err);
    assert_non_null(s);
    memset(s, '0', 4998);
    s[1] = 'x';
    json_array_set_new(json_object_get(result(rpc, BUNDLE_APP), "accountProof"), 0, json_string(s));
}

static void node_odd(json_t *rpc)
{
    json_array_set_new(json_object_get(result(rpc, BUNDLE_APP), "accountProof"), 0,
                       json_string("0xf"));
}

static void node_number(json_t *rpc)
{
    json_array_set_new(json_object_get(result(rpc, BUNDLE_APP), "accountProof"), 0,
                       json_integer(7));
}

static void slot_proof_cut(json_t *rpc)
{
    json_t *p = json_object_get(storage(rpc, BUNDLE_APP, 1), "proof");
    json_array_remove(p, json_array_size(p) - 1);
}

static void slot_proof_empty(json_t *rpc)
{
    json_object_set_new(storage(rpc, BUNDLE_APP, 1), "proof", json_array());
}

static void slot_proof_missing(json_t *rpc)
{
    json_object_del(storage(rpc, BUNDLE_APP, 1), "proof");
}

static void slot_proof_of_other_account(json_t *rpc)
{
    json_object_set(storage(rpc, BUNDLE_APP, 1), "proof",
                    json_object_get(storage(rpc, BUNDLE_KMS, 1), "proof"));
}

static void slot_key_huge(json_t *rpc)
{
    json_object_set_new(
        storage(rpc, BUNDLE_APP, 1), "key",
        json_string("0x10000000000000000000000000000000000000000000000000000000000000003"));
}

static void number_huge(json_t *rpc)
{
    json_object_set_new(
        result(rpc, BUNDLE_APP), "nonce",
        json_string("0x10000000000000000000000000000000000000000000000000000000000000001"));
}

static void block_param(json_t *rpc, size_t i, json_t *v)
{
    json_t *p = json_object_get(json_array_get(rpc, i), "params");
    json_array_set_new(p, json_array_size(p) - 1, v);
}

static void proof_at_other_block(json_t *rpc)
{
    block_param(rpc, BUNDLE_APP, json_string("0x1235"));
}

static void proof_at_latest(json_t *rpc)
{
    block_param(rpc, BUNDLE_APP, json_string("latest"));
}

static void proof_at_number_type(json_t *rpc)
{
    block_param(rpc, BUNDLE_APP, json_integer(0x1234));
}

static void proof_at_huge(json_t *rpc)
{
    block_param(rpc, BUNDLE_APP, json_string("0x10000000000001234"));
}

static void code_at_other_block(json_t *rpc)
{
    block_param(rpc, BUNDLE_APP_CODE, json_string("0x1233"));
}

static void error_object(json_t *rpc, size_t i)
{
    set_result(rpc, i, json_pack("{s:i,s:s}", "code", -32000, "message", "missing trie node"));
}

static void header_is_error(json_t *rpc)
{
    error_object(rpc, BUNDLE_HEADER);
}

static void proof_is_error(json_t *rpc)
{
    error_object(rpc, BUNDLE_KMS);
}

static void code_is_error(json_t *rpc)
{
    error_object(rpc, BUNDLE_KMS_CODE);
}

static void header_is_null(json_t *rpc)
{
    set_result(rpc, BUNDLE_HEADER, json_null());
}

static void proof_is_null(json_t *rpc)
{
    set_result(rpc, BUNDLE_APP_IMPL, json_null());
}

static void proof_is_list(json_t *rpc)
{
    set_result(rpc, BUNDLE_APP_IMPL, json_array());
}

static void proof_is_text(json_t *rpc)
{
    set_result(rpc, BUNDLE_APP, json_string("0x01"));
}

static void code_is_null(json_t *rpc)
{
    set_result(rpc, BUNDLE_APP_CODE, json_null());
}

static void storage_proof_is_object(json_t *rpc)
{
    json_object_set_new(result(rpc, BUNDLE_APP), "storageProof", json_object());
}

static void storage_proof_of_scalars(json_t *rpc)
{
    json_object_set_new(result(rpc, BUNDLE_APP), "storageProof", json_pack("[i,s,n]", 1, "x"));
}

static void call_answer_offered(json_t *rpc)
{
    json_array_remove(rpc, BUNDLE_APP_IMPL_CODE);
    json_array_append_new(
        rpc, json_pack("{s:s,s:[],s:s}", "method", "eth_call", "params", "result",
                       "0x0000000000000000000000000000000000000000000000000000000000000001"));
}

static void storage_at_offered(json_t *rpc)
{
    json_array_remove(json_object_get(result(rpc, BUNDLE_APP), "storageProof"), 1);
    json_t *params =
        json_pack("[O,s,s]", json_object_get(result(rpc, BUNDLE_APP), "address"), "0x3", "0x1234");
    json_array_append_new(rpc, json_pack("{s:s,s:o,s:s}", "method", "eth_getStorageAt", "params",
                                         params, "result", "0x1"));
}

#define HOSTILE(f)                                                                                 \
    {                                                                                              \
#f, f                                                                                      \
    }
static const struct {
    const char *name;
    void (*change)(json_t *rpc);
} hostile[] = {
    HOSTILE(other_address),
    HOSTILE(other_address_relabelled),
    HOSTILE(label_of_other_address),
    HOSTILE(other_slot),
    HOSTILE(slot_labels_swapped),
    HOSTILE(code_swapped),
    HOSTILE(code_empty),
    HOSTILE(code_of_yes),
    HOSTILE(code_too_long),
    HOSTILE(header_of_other_block),
    HOSTILE(header_claims_our_hash_by_number),
    HOSTILE(balance_beside),
    HOSTILE(nonce_beside),
    HOSTILE(code_hash_beside),
    HOSTILE(code_hash_zero_beside),
    HOSTILE(storage_hash_beside),
    HOSTILE(value_beside),
    HOSTILE(value_null_beside),
    HOSTILE(account_proof_cut),
    HOSTILE(account_proof_beheaded),
    HOSTILE(account_proof_empty),
    HOSTILE(account_proof_repeats),
    HOSTILE(account_proof_endless),
    HOSTILE(node_huge),
    HOSTILE(node_odd),
    HOSTILE(node_number),
    HOSTILE(slot_proof_cut),
    HOSTILE(slot_proof_empty),
    HOSTILE(slot_proof_missing),
    HOSTILE(slot_proof_of_other_account),
    HOSTILE(slot_key_huge),
    HOSTILE(number_huge),
    HOSTILE(proof_at_other_block),
    HOSTILE(proof_at_latest),
    HOSTILE(proof_at_number_type),
    HOSTILE(proof_at_huge),
    HOSTILE(code_at_other_block),
    HOSTILE(header_is_error),
    HOSTILE(proof_is_error),
    HOSTILE(code_is_error),
    HOSTILE(header_is_null),
    HOSTILE(proof_is_null),
    HOSTILE(proof_is_list),
    HOSTILE(proof_is_text),
    HOSTILE(code_is_null),
    HOSTILE(storage_proof_is_object),
    HOSTILE(storage_proof_of_scalars),
    HOSTILE(call_answer_offered),
    HOSTILE(storage_at_offered),
};

static void a_lying_source_gets_no_yes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        AUTO_JSON good = policy_world_bundle(&w);
        CASE(hostile[i].name, ask(good).allow, "the control is not allowed");
        AUTO_JSON rpc = json_deep_copy(good);
        hostile[i].change(rpc);
        struct policy_try t = ask(rpc);
        CASE(hostile[i].name, t.rc == RC_OK && !t.allow && t.r.say == CHAIN_UNDECIDED, "say %d",
             t.r.say);
        CASE(hostile[i].name, needs_hard(&t.needs) > 0, "nothing is asked for");
        /* The lie beside a good answer, before and behind it: the good one counts. */
        AUTO_JSON both = json_deep_copy(rpc);
        json_array_extend(both, good);
        t = ask(both);
        CASE(hostile[i].name, t.allow, "lie first: say %d: %s", t.r.say, t.bad.detail);
        json_array_clear(both);
        json_array_extend(both, good);
        json_array_extend(both, rpc);
        CASE(hostile[i].name, ask(both).allow, "lie last");
    }
}

static void why_an_answer_did_not_help_is_kept(void **state)
{
    (void)state;
    static const struct {
        void (*change)(json_t *rpc);
        enum rc rc;
    } rows[] = {
        {code_swapped, BG_CHAIN_CODE_HASH},    {code_is_error, BG_CHAIN_CODE_SHAPE},
        {balance_beside, BG_CHAIN_CLAIM},      {value_beside, BG_CHAIN_SLOT_CLAIM},
        {proof_is_list, BG_CHAIN_PROOF_SHAPE}, {account_proof_endless, BG_CHAIN_PROOF_NODES},
        {node_odd, BG_CHAIN_PROOF_NODE},       {header_of_other_block, BG_HEADER_JSON_HASH},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        AUTO_JSON rpc = policy_world_bundle(&w);
        rows[i].change(rpc);
        struct policy_try t = ask(rpc);
        CASE("kept", t.bad.rc == rows[i].rc && t.bad.detail[0], "row %zu: %d %s", i, t.bad.rc,
             t.bad.detail);
        CASE("class", err_exit_status(t.bad.rc) == 3, "row %zu: %d", i, t.bad.rc);
    }
    /* The same header without a hash of its own to compare: ours is what tells. */
    AUTO_JSON rpc = policy_world_bundle(&w);
    header_of_other_block(rpc);
    json_object_del(result(rpc, BUNDLE_HEADER), "hash");
    struct policy_try t = ask(rpc);
    assert_int_equal(t.bad.rc, BG_CHAIN_OTHER_HEADER);
    assert_int_equal(t.r.say, CHAIN_UNDECIDED);
}

/* ---- what honest sources do differently ---- */

static void honest_spellings_are_understood(void **state)
{
    (void)state;
    char hash[67] = "0x";
    const uint8_t *h = world_block_hash(w.chain);
    for (size_t i = 0; i < 32; i++)
        snprintf(hash + 2 + 2 * i, 3, "%02x", h[i]);
    AUTO_JSON rpc = policy_world_bundle(&w);
    block_param(rpc, BUNDLE_APP, json_string(hash));
    block_param(rpc, BUNDLE_KMS, json_pack("{s:s,s:b}", "blockHash", hash, "requireCanonical", 1));
    block_param(rpc, BUNDLE_APP_CODE, json_string("0x001234"));
    assert_true(ask(rpc).allow);
    /* keys without leading zeros, as @ethereumjs/client answers */
    json_object_set_new(storage(rpc, BUNDLE_APP, 1), "key", json_string("0x3"));
    assert_true(ask(rpc).allow);
    /* slots spread over entries */
    json_t *second = json_deep_copy(json_array_get(rpc, BUNDLE_APP));
    json_array_append_new(rpc, second);
    json_array_remove(json_object_get(result(rpc, BUNDLE_APP), "storageProof"), 1);
    json_array_remove(json_object_get(json_object_get(second, "result"), "storageProof"), 0);
    assert_true(ask(rpc).allow);
    /* a header by number, without the members that are not part of it */
    json_array_set_new(rpc, BUNDLE_HEADER, world_block_by_number(w.chain));
    assert_true(ask(rpc).allow);
    /* no claims beside the proof */
    static const char *const claims[] = {"balance", "nonce", "codeHash", "storageHash", "address"};
    for (size_t i = 0; i < 5; i++)
        json_object_del(result(rpc, BUNDLE_APP), claims[i]);
    assert_true(ask(rpc).allow);
    /* headers of other blocks beside it are no lies */
    json_t *other = json_deep_copy(json_array_get(rpc, BUNDLE_HEADER));
    json_object_set_new(json_object_get(other, "result"), "hash",
                        json_string("0x1111111111111111111111111111111111111111111111111111111111"
                                    "111111"));
    json_array_insert_new(rpc, 0, other);
    struct policy_try t = ask(rpc);
    assert_true(t.allow);
    assert_int_equal(t.bad.rc, RC_OK);
}

/* An app id where nothing is: the KMS's own static call returns nothing, which is no answer. */
static void an_absent_app_is_denied_in_either_convention(void **state)
{
    (void)state;
    uint8_t registered[32], gone[20];
    memset(gone, 0x77, 20);
    memcpy(w.app, gone, 20);
    memcpy(w.bi.app_id, gone, 20);
    policy_world_registered(&w, registered);
    policy_world_word(&w, w.kms, registered, (const uint8_t[]){1}, 1);
    policy_world_seal(&w);
    AUTO_JSON rpc = json_array();
    uint8_t slots[2][32];
    memcpy(slots[0], policy_world_erc1967, 32);
    memcpy(slots[1], registered, 32);
    json_array_append_new(rpc, world_block_by_hash(w.chain));
    json_array_append_new(rpc, world_proof(w.chain, w.kms, slots, 2));
    json_array_append_new(rpc, world_proof(w.chain, w.kms_impl, NULL, 0));
    json_array_append_new(rpc, world_code(w.chain, w.kms));
    json_array_append_new(rpc, world_code(w.chain, w.kms_impl));
    json_array_append_new(rpc, world_proof(w.chain, gone, NULL, 0));
    static const char *const zero =
        "0x0000000000000000000000000000000000000000000000000000000000000000";
    static const char *const empty_code =
        "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
    static const char *const empty_root =
        "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421";
    for (size_t i = 0; i < 4; i++) {
        json_t *r = result(rpc, 5);
        json_object_set_new(r, "codeHash", json_string(i == 1 ? zero : empty_code));
        json_object_set_new(r, "storageHash", json_string(i == 1 ? zero : empty_root));
        if (i == 2)
            json_object_set_new(r, "nonce", json_string("0x1"));
        if (i == 3)
            json_object_set_new(r, "balance", json_string("0x1"));
        struct policy_try t = ask(rpc);
        bool lie = i >= 2;
        CASE("absent", t.rc == RC_OK && !t.allow, "%zu", i);
        CASE("absent", t.r.say == (lie ? CHAIN_UNDECIDED : CHAIN_DENIES), "%zu: say %d", i,
             t.r.say);
        CASE("absent", lie || t.code == BG_CHAIN_ANSWER_FORMAT, "%zu: code %d", i, t.code);
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fresh, done)
    const struct CMUnitTest tests[] = {
        T(a_lying_source_gets_no_yes),
        T(why_an_answer_did_not_help_is_kept),
        T(honest_spellings_are_understood),
        T(an_absent_app_is_denied_in_either_convention),
    };
    return HARNESS_RUN("chain_hostile", tests);
}
