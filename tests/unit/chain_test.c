/*
 * chain: dstack's question on a chain of the tests' own (policy_world): what is a yes, what is a
 * no, what is missing, and what cannot be decided.
 */
#include "policy/chain_head.h"
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

/* asked: one attempt over the usual bundle of the world as it is now. */
static struct policy_try asked(void)
{
    AUTO_JSON rpc = policy_world_bundle(&w);
    return ask(rpc);
}

static json_t *result(json_t *rpc, size_t i)
{
    return json_object_get(json_array_get(rpc, i), "result");
}

static const struct check *find_check(const struct checks *cs, const char *id)
{
    for (size_t i = 0; i < cs->n; i++)
        if (strcmp(cs->v[i].id, id) == 0)
            return &cs->v[i];
    return NULL;
}

static void a_proven_yes_is_a_yes(void **state)
{
    (void)state;
    struct policy_try t = asked();
    assert_int_equal(t.rc, RC_OK);
    assert_true(t.allow);
    assert_int_equal(t.r.say, CHAIN_ALLOWS);
    assert_int_equal(needs_hard(&t.needs), 0);
    assert_int_equal(t.bad.rc, RC_OK);
    assert_string_equal(t.r.reason, "");
    assert_string_equal(t.r.assurance, "pinned");
    assert_int_equal(t.r.block_number, 0x1234);
    assert_memory_equal(t.r.block_hash, world_block_hash(w.chain), 32);
    assert_memory_equal(t.r.state_root, world_state_root(w.chain), 32);
    assert_int_equal(t.r.fork, ETH_OSAKA);
    static const char *const labels[] = {"KMS implementation (ERC-1967)", "registeredApps[appId]",
                                         "app implementation (ERC-1967)", "requireTcbUpToDate"};
    assert_int_equal(t.r.num_slots, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(t.r.slots[i].label, labels[i]);
    assert_memory_equal(t.r.slots[0].address, w.kms, 20);
    assert_memory_equal(t.r.slots[0].value + 12, w.kms_impl, 20);
    assert_int_equal(find_check(&t.checks, "chain.header")->status, CHECK_PASS);
    assert_int_equal(find_check(&t.checks, "chain.call")->status, CHECK_PASS);
    assert_int_equal(find_check(&t.checks, "chain.age")->status, CHECK_NOT_RUN);
    /* Unpinned code is said, never silent. */
    assert_int_equal(find_check(&t.checks, "chain.app_code")->status, CHECK_UNKNOWN);
    assert_int_equal(find_check(&t.checks, "chain.app_code")->code, BG_CHAIN_APP_CODE_ANY);
    assert_int_equal(find_check(&t.checks, "chain.kms_code")->status, CHECK_UNKNOWN);
}

static void a_proven_no_is_a_no(void **state)
{
    (void)state;
    uint8_t registered[32];
    policy_world_registered(&w, registered);
    policy_world_slot(&w, w.app, 3, 0);
    policy_world_seal(&w);
    struct policy_try t = asked();
    assert_int_equal(t.rc, RC_OK);
    assert_int_equal(t.r.say, CHAIN_DENIES);
    assert_int_equal(t.code, BG_CHAIN_DENIED);
    assert_false(t.allow);
    policy_world_slot(&w, w.app, 3, 1);
    policy_world_word(&w, w.kms, registered, NULL, 0);
    policy_world_seal(&w);
    t = asked();
    assert_int_equal(t.r.say, CHAIN_DENIES);
    assert_false(t.allow);
    assert_int_equal(find_check(&t.checks, "chain.call")->status, CHECK_FAIL);
}

/* Each entry of the bundle is needed; without it a hard need of its kind is listed, and no more. */
static void what_is_missing_is_a_need(void **state)
{
    (void)state;
    static const enum need_kind kinds[BUNDLE_N] = {NEED_HEADER, NEED_PROOF, NEED_PROOF,
                                                   NEED_PROOF,  NEED_PROOF, NEED_CODE,
                                                   NEED_CODE,   NEED_CODE,  NEED_CODE};
    const uint8_t *who[BUNDLE_N] = {NULL,  w.kms,      w.kms_impl, w.app,     w.app_impl,
                                    w.kms, w.kms_impl, w.app,      w.app_impl};
    for (size_t i = 0; i < BUNDLE_N; i++) {
        AUTO_JSON rpc = policy_world_bundle(&w);
        json_array_remove(rpc, i);
        struct policy_try t = ask(rpc);
        CASE("missing", t.rc == RC_OK && !t.allow && t.r.say == CHAIN_UNDECIDED, "entry %zu", i);
        bool found = false;
        for (size_t k = 0; k < t.needs.n; k++) {
            const struct need *n = &t.needs.v[k];
            found |= n->hard && n->kind == kinds[i] && (!who[i] || !memcmp(n->address, who[i], 20));
            CASE("only that is hard",
                 !n->hard || (who[i] && memcmp(n->address, who[i], 20) == 0) || i == BUNDLE_HEADER,
                 "entry %zu need %zu", i, k);
        }
        CASE("listed", found, "entry %zu", i);
        CASE("no checks before a result", t.checks.n == 0, "entry %zu: %zu", i, t.checks.n);
    }
    /* A slot that is missing is asked for, not zero: a storage proof left out. */
    for (size_t e = 0; e < 2; e++) {
        size_t entry = e ? BUNDLE_APP : BUNDLE_KMS;
        for (size_t k = 0; k < 2; k++) {
            AUTO_JSON rpc = policy_world_bundle(&w);
            json_t *list = json_object_get(result(rpc, entry), "storageProof");
            json_array_remove(list, k);
            struct policy_try t = ask(rpc);
            CASE("slot left out",
                 t.rc == RC_OK && !t.allow && needs_hard(&t.needs) == 1 && t.r.say == 0,
                 "entry %zu slot %zu: say %d", entry, k, t.r.say);
        }
    }
}

/* ---- what an app's contract may answer ---- */

#define YES  "0000000000000000000000000000000000000000000000000000000000000001"
#define AT40 "0000000000000000000000000000000000000000000000000000000000000040"
#define NIL  "0000000000000000000000000000000000000000000000000000000000000000"

static void whatever_the_app_answers_only_a_canonical_true_allows(void **state)
{
    (void)state;
    static const struct {
        const char *name, *data, *code; /* data to return, or the whole code */
        bool revert;
        enum rc rc; /* RC_OK: allowed */
        const char *reason;
    } rows[] = {
        {"true", YES AT40 NIL, NULL, false, RC_OK, ""},
        {"false", NIL AT40 NIL, NULL, false, BG_CHAIN_DENIED, ""},
        {"false with a reason",
         NIL AT40 "0000000000000000000000000000000000000000000000000000000000000003"
                  "6e6f1b0000000000000000000000000000000000000000000000000000000000",
         NULL, false, BG_CHAIN_DENIED, "no\\x1b"},
        {"nothing", "", NULL, false, BG_CHAIN_ANSWER_FORMAT, NULL},
        {"a lone true", YES, NULL, false, BG_CHAIN_ANSWER_FORMAT, NULL},
        {"two", "0000000000000000000000000000000000000000000000000000000000000002" AT40 NIL, NULL,
         false, BG_CHAIN_ANSWER_FORMAT, NULL},
        {"true and more", YES AT40 NIL NIL, NULL, false, BG_CHAIN_ANSWER_FORMAT, NULL},
        {"reverted true", YES AT40 NIL, NULL, true, BG_CHAIN_REVERTED, ""},
        {"reverted words",
         "08c379a0"
         "0000000000000000000000000000000000000000000000000000000000000020"
         "0000000000000000000000000000000000000000000000000000000000000003"
         "6e6f210000000000000000000000000000000000000000000000000000000000",
         NULL, true, BG_CHAIN_REVERTED, "no!"},
        {"panic",
         "4e487b71"
         "0000000000000000000000000000000000000000000000000000000000000012",
         NULL, true, BG_CHAIN_REVERTED, "panic 0x12"},
        {"endless loop", NULL, "5b5f56", false, BG_CHAIN_REVERTED, ""},
        {"invalid opcode", NULL, "fe", false, BG_CHAIN_REVERTED, ""},
        {"writes storage", NULL, "600160025560015f52604060205260605ff3", false, BG_CHAIN_REVERTED,
         ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        w.app_code = rows[i].code
                         ? unhex(a, rows[i].code)
                         : policy_code_returning(a, unhex(a, rows[i].data), rows[i].revert);
        policy_world_deploy(&w);
        policy_world_seal(&w);
        struct policy_try t = asked();
        CASE(rows[i].name,
             t.rc == RC_OK && t.allow == (rows[i].rc == RC_OK) && t.code == rows[i].rc,
             "rc %d code %d (%s)", t.rc, t.code, t.err.detail);
        CASE(rows[i].name, !rows[i].reason || strcmp(t.r.reason, rows[i].reason) == 0, "reason %s",
             t.r.reason);
        CASE(rows[i].name, rows[i].rc == RC_OK || err_exit_status(t.code) == 1, "exit %d",
             err_exit_status(t.code));
    }
}

/* The contract asked itself fails: invalid opcode, no gas. A denial, with its own code. */
static void a_broken_kms_contract_denies(void **state)
{
    (void)state;
    static const char *const codes[] = {"fe", "5b5f56", "50", "60ff56"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        w.proxy_code = unhex(a, codes[i]);
        policy_world_deploy(&w);
        policy_world_seal(&w);
        struct policy_try t = asked();
        CASE(codes[i], t.rc == RC_OK && !t.allow && t.code == BG_CHAIN_FAULTED && t.r.reason[0],
             "rc %d code %d", t.rc, t.code);
    }
}

static void what_cannot_be_run_is_undecided(void **state)
{
    (void)state;
    w.app_code = unhex(a, "600140"
                          "60015f5260406020526060"
                          "5ff3"); /* BLOCKHASH(1) */
    policy_world_deploy(&w);
    policy_world_seal(&w);
    struct policy_try t = asked();
    assert_int_equal(t.rc, BG_CHAIN_UNSUPPORTED);
    assert_int_equal(err_exit_status(t.rc), 3);
    assert_false(t.allow);
}

static void a_contract_that_reads_without_end_is_undecided(void **state)
{
    (void)state;
    /* An app whose storage is empty needs no proofs: loop over slots until the cap. */
    w.app_code = unhex(a, "5f"
                          "5b"
                          "80"
                          "54"
                          "50"
                          "6001"
                          "01"
                          "6001"
                          "56");
    uint8_t fresh_app[20];
    memset(fresh_app, 0x31, 20);
    memcpy(w.app, fresh_app, 20);
    memcpy(w.bi.app_id, fresh_app, 20);
    uint8_t registered[32], slots[2][32];
    policy_world_registered(&w, registered);
    world_account(w.chain, fresh_app, 1, 0, w.app_code);
    policy_world_word(&w, w.kms, registered, (const uint8_t[]){1}, 1);
    policy_world_seal(&w);
    memcpy(slots[0], policy_world_erc1967, 32);
    memcpy(slots[1], registered, 32);
    AUTO_JSON rpc = json_array();
    json_array_append_new(rpc, world_block_by_hash(w.chain));
    json_array_append_new(rpc, world_proof(w.chain, w.kms, slots, 2));
    json_array_append_new(rpc, world_proof(w.chain, w.kms_impl, NULL, 0));
    json_array_append_new(rpc, world_code(w.chain, w.kms));
    json_array_append_new(rpc, world_code(w.chain, w.kms_impl));
    json_array_append_new(rpc, world_proof(w.chain, fresh_app, NULL, 0));
    json_array_append_new(rpc, world_code(w.chain, fresh_app));
    struct policy_try t = ask(rpc);
    assert_int_equal(t.rc, BG_CHAIN_SLOTS);
    assert_int_equal(err_exit_status(t.rc), 3);
}

static void an_address_without_code_is_a_denial(void **state)
{
    (void)state;
    memset(w.cfg.kms_contract, 0x55, 20);
    AUTO_JSON rpc = policy_world_bundle(&w);
    assert_int_equal(ask(rpc).r.say, CHAIN_UNDECIDED); /* not proven yet */
    json_array_append_new(rpc, world_proof(w.chain, w.cfg.kms_contract, NULL, 0));
    struct policy_try t = ask(rpc);
    assert_int_equal(t.rc, RC_OK);
    assert_int_equal(t.code, BG_CHAIN_NO_CONTRACT);
    assert_int_equal(err_exit_status(t.code), 1);
    assert_false(t.allow);
}

static void time_and_configuration_are_checked(void **state)
{
    (void)state;
    w.now = w.block.timestamp - 60;
    assert_true(asked().allow);
    w.now--;
    struct policy_try t = asked();
    assert_int_equal(t.rc, BG_CHAIN_HEADER_FUTURE);
    assert_int_equal(err_exit_status(t.rc), 5);
    w.cfg.max_head_age = 100;
    w.now = w.block.timestamp + 100;
    t = asked();
    assert_true(t.allow);
    assert_int_equal(find_check(&t.checks, "chain.age")->status, CHECK_PASS);
    w.now++;
    t = asked();
    assert_int_equal(t.rc, BG_CHAIN_HEAD_AGE);
    assert_int_equal(err_exit_status(t.rc), 3);
    w.cfg.max_head_age = 0;
    w.cfg.source = CHAIN_SOURCE_NONE;
    assert_int_equal(asked().rc, BG_CHAIN_SOURCE);
    w.cfg.source = CHAIN_PINNED;
    w.cfg.kms_code.rule = CODE_IMPLEMENTATION;
    assert_int_equal(asked().rc, BG_CHAIN_KMS_RULE);
    w.cfg.kms_code.rule = CODE_ANY;
    w.cfg.app_code.rule = (enum code_rule)9;
    assert_int_equal(asked().rc, BG_CHAIN_APP_RULE);
    w.cfg.app_code.rule = CODE_ANY;
    AUTO_JSON rpc = policy_world_bundle(&w);
    assert_int_equal(policy_world_ask(a, &w, ASK_NONE, rpc).rc, BG_CHAIN_QUESTION);
    /* A block from before the merge is a header, but nothing runs on it. */
    w.block.shape = WORLD_LONDON;
    w.block.proof_of_work = true;
    policy_world_seal(&w);
    t = asked();
    assert_int_not_equal(t.rc, RC_OK);
    assert_false(t.allow);
}

static void a_zero_leaf_reads_as_zero_and_is_noted(void **state)
{
    (void)state;
    uint8_t three[32] = {0};
    three[31] = 3;
    world_zero_leaf(w.chain, w.app, three);
    policy_world_seal(&w);
    struct policy_try t = asked();
    assert_int_equal(t.rc, RC_OK);
    assert_int_equal(t.code, BG_CHAIN_DENIED);
    assert_true(t.r.slots[3].zero_leaf);
    assert_true(mem_is_zero(t.r.slots[3].value, 32));
}

static void wishes_never_block(void **state)
{
    (void)state;
    w.cfg.skip_wishes = false;
    struct policy_try t = asked();
    assert_true(t.allow);
    assert_int_equal(needs_hard(&t.needs), 0);
    assert_true(t.needs.n > 0); /* what the getters read here is no dstack layout */
    assert_false(t.r.has_kms_info);
    assert_false(t.r.has_gateway_app_id);
    assert_true(t.r.has_app_implementation); /* its slot came along */
    assert_memory_equal(t.r.app_implementation, w.app_impl, 20);
    for (size_t i = 0; i < t.needs.n; i++)
        assert_false(t.needs.v[i].hard);
}

/* A length in storage is the contract owner's word: it may not make us ask for a billion slots. */
static void a_boundless_kms_info_is_not_asked_for(void **state)
{
    (void)state;
    static const uint8_t lengths[][32] = {{0xff, [31] = 0xff},
                                          {[24] = 0xff, [31] = 0xff},
                                          {[28] = 0x10, [31] = 1},
                                          {[30] = 0x50, [31] = 1}};
    w.cfg.skip_wishes = false;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        uint8_t two[1][32] = {{[31] = 2}};
        policy_world_word(&w, w.kms, two[0], lengths[i], 32);
        policy_world_seal(&w);
        AUTO_JSON rpc = policy_world_bundle(&w);
        json_array_append_new(rpc, world_proof(w.chain, w.kms, two, 1));
        json_array_remove(rpc, BUNDLE_APP_CODE); /* so that everything is prefetched */
        struct policy_try t = ask(rpc);
        size_t slots = 0;
        for (size_t k = 0; k < t.needs.n; k++)
            slots += t.needs.v[k].num_slots;
        CASE("length", t.rc == RC_OK && needs_hard(&t.needs) == 1 && slots < 20, "%zu: %zu slots",
             i, slots);
    }
}

/* Thousands of repeated answers cost time in proportion to their bytes, and change nothing. */
static void a_flood_of_answers_changes_nothing(void **state)
{
    (void)state;
    AUTO_JSON rpc = policy_world_bundle(&w);
    while (json_array_size(rpc) < LIMIT_RPC_ENTRIES)
        json_array_append(rpc, json_array_get(rpc, BUNDLE_APP));
    size_t before = arena_used(a);
    struct policy_try t = ask(rpc);
    assert_true(t.allow);
    assert_true(arena_used(a) - before < (size_t)64 << 20);
}

/* Whatever proved the block, it must be the way that the configuration names. */
static void a_head_of_another_source_is_refused(void **state)
{
    (void)state;
    struct answers answers;
    struct needs needs = {0};
    struct checks checks = {0};
    struct chain_result r;
    struct err bad = {0}, err = {0};
    const struct chain_head *head = NULL;
    AUTO_JSON rpc = policy_world_bundle(&w);
    assert_int_equal(answers_read(a, rpc, &answers, &err), RC_OK);
    assert_int_equal(chain_head_pinned(a, &answers, w.cfg.block_hash, &needs, &head, &bad, &err),
                     RC_OK);
    assert_non_null(head);
    assert_string_equal(head_facts_of(head)->assurance, "pinned");
    assert_false(head_facts_of(head)->by_light_client);
    static const struct {
        const char *name;
        enum chain_source_kind source;
        bool no_head, other_hash;
        enum rc want;
    } t[] = {
        {"as configured", CHAIN_PINNED, false, false, RC_OK},
        {"none, pinned", CHAIN_PINNED, true, false, BG_CHAIN_NO_HEAD},
        {"none, ethereum", CHAIN_ETHEREUM, true, false, BG_CHAIN_NO_HEAD},
        {"another hash", CHAIN_PINNED, false, true, BG_CHAIN_HEAD_FOREIGN},
        {"not by a light client", CHAIN_ETHEREUM, false, false, BG_CHAIN_HEAD_FOREIGN},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct chain_config cfg = w.cfg;
        cfg.source = t[i].source;
        cfg.block_hash[31] ^= t[i].other_hash;
        err_clear(&err);
        enum rc rc = chain_ask(a, &cfg, t[i].no_head ? NULL : head, ASK_APP, &w.bi, &answers, w.now,
                               &needs, &checks, &r, &bad, &err);
        CASE(t[i].name, rc == t[i].want && (rc != RC_OK || r.head == head_facts_of(head)), "rc %d",
             rc);
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fresh, done)
    const struct CMUnitTest tests[] = {
        T(a_proven_yes_is_a_yes),
        T(a_proven_no_is_a_no),
        T(what_is_missing_is_a_need),
        T(whatever_the_app_answers_only_a_canonical_true_allows),
        T(a_broken_kms_contract_denies),
        T(what_cannot_be_run_is_undecided),
        T(a_contract_that_reads_without_end_is_undecided),
        T(an_address_without_code_is_a_denial),
        T(time_and_configuration_are_checked),
        T(a_zero_leaf_reads_as_zero_and_is_noted),
        T(wishes_never_block),
        T(a_boundless_kms_info_is_not_asked_for),
        T(a_flood_of_answers_changes_nothing),
        T(a_head_of_another_source_is_refused),
    };
    return HARNESS_RUN("chain", tests);
}
