/*
 * chain_code: which code may say yes. The rules app_code and kms_code against apps that say yes by
 * other means than the code they should run.
 */
#include "tests/lib/policy_world.h"

#include "base/keccak.h"

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

/* asked: the usual bundle, and the account `extra` with its code when given. */
static struct policy_try asked(const uint8_t *extra)
{
    AUTO_JSON rpc = policy_world_bundle(&w);
    if (extra) {
        json_array_append_new(rpc, world_proof(w.chain, extra, NULL, 0));
        json_array_append_new(rpc, world_code(w.chain, extra));
    }
    return policy_world_ask(a, &w, ASK_APP, rpc);
}

static const struct check *find_check(const struct policy_try *t, const char *id)
{
    for (size_t i = 0; i < t->checks.n; i++)
        if (strcmp(t->checks.v[i].id, id) == 0)
            return &t->checks.v[i];
    fail_msg("no check %s", id);
    return NULL;
}

static void redeploy(void)
{
    policy_world_deploy(&w);
    policy_world_seal(&w);
}

/* refused: the contract says yes, the rule does not. */
static void refused(const char *name, struct policy_try t, enum rc code)
{
    CASE(name, t.rc == RC_OK && t.r.say == CHAIN_ALLOWS, "rc %d (%s) say %d, %zu needs, bad %s",
         t.rc, t.err.detail, t.r.say, needs_hard(&t.needs), t.bad.detail);
    CASE(name, !t.allow && t.code == code, "allow %d code %d", t.allow, t.code);
    CASE(name, err_exit_status(t.code) == 1, "exit %d", err_exit_status(t.code));
}

static void implementation_means_the_one_the_kms_names(void **state)
{
    (void)state;
    w.cfg.app_code.rule = CODE_IMPLEMENTATION;
    struct policy_try t = asked(NULL);
    assert_true(t.allow);
    assert_int_equal(find_check(&t, "chain.app_code")->status, CHECK_PASS);
    assert_int_equal(t.r.num_codes, 4);
    assert_string_equal(t.r.codes[3].role, "app implementation");
    assert_true(t.r.codes[3].known);
    uint8_t hash[32], nine[32] = {0};
    keccak256(w.app_code, hash);
    assert_memory_equal(t.r.codes[3].hash, hash, 32);
    /* The KMS names another one, or none. */
    nine[31] = 9;
    policy_world_word(&w, w.kms, nine, w.kms_impl, 20);
    policy_world_seal(&w);
    refused("another implementation", asked(NULL), BG_CHAIN_APP_IMPLEMENTATION);
    policy_world_word(&w, w.kms, nine, NULL, 0);
    policy_world_seal(&w);
    refused("no implementation named", asked(NULL), BG_CHAIN_KMS_NAMES_NONE);
}

static void an_app_without_a_proxy_is_no_implementation(void **state)
{
    (void)state;
    w.cfg.app_code.rule = CODE_IMPLEMENTATION;
    policy_world_word(&w, w.app, policy_world_erc1967, NULL, 0);
    world_account(w.chain, w.app, 1, 5, w.app_code); /* says yes by itself */
    policy_world_seal(&w);
    refused("plain contract", asked(NULL), BG_CHAIN_APP_IMPLEMENTATION);
}

/* A slot can be shown by any code: what shows the right one and answers yes itself is no proxy. */
static void a_proxy_in_appearance_only_is_refused(void **state)
{
    (void)state;
    w.cfg.app_code.rule = CODE_IMPLEMENTATION;
    world_account(w.chain, w.app, 1, 5, w.app_code);
    policy_world_seal(&w);
    refused("right slot, own code", asked(NULL), BG_CHAIN_APP_PROXY);
    /* An account that delegates (EIP-7702) to the implementation keeps its own key. */
    uint8_t delegation[23] = {0xef, 0x01, 0x00};
    memcpy(delegation + 3, w.app_impl, 20);
    world_account(w.chain, w.app, 1, 5, BYTES_OF_ARRAY(delegation));
    policy_world_seal(&w);
    refused("delegated account", asked(NULL), BG_CHAIN_APP_PROXY);
}

/* The KMS is no proxy itself: nothing tells what a proxy's code should be. */
static void without_a_kms_proxy_the_rule_cannot_hold(void **state)
{
    (void)state;
    w.cfg.app_code.rule = CODE_IMPLEMENTATION;
    policy_world_word(&w, w.kms, policy_world_erc1967, NULL, 0);
    world_account(w.chain, w.kms, 1, 0, w.kms_code);
    policy_world_seal(&w);
    refused("plain KMS", asked(NULL), BG_CHAIN_APP_PROXY);
}

static const uint8_t third[20] = {0x99, 0x01};

/* STATICCALL(gas, 0x9901.., no data), result dropped, then yes. */
static void app_that_calls_a_third(void)
{
    w.app_code = unhex(a, "5f5f5f5f7399010000000000000000000000000000000000005afa50"
                          "6003545f52604060205260605ff3");
    world_account(w.chain, third, 1, 0, unhex(a, "00"));
    redeploy();
}

static void further_code_is_refused(void **state)
{
    (void)state;
    w.cfg.app_code.rule = CODE_IMPLEMENTATION;
    app_that_calls_a_third();
    refused("third contract", asked(third), BG_CHAIN_APP_FOREIGN);
    w.cfg.app_code.rule = CODE_ANY;
    assert_true(asked(third).allow); /* the control */
}

static void what_the_rule_reads_is_needed_for_a_yes_only(void **state)
{
    (void)state;
    w.cfg.app_code.rule = CODE_IMPLEMENTATION;
    for (int yes = 1; yes >= 0; yes--) {
        policy_world_slot(&w, w.app, 3, (uint8_t)yes);
        policy_world_seal(&w);
        AUTO_JSON rpc = policy_world_bundle(&w);
        json_t *slots = json_object_get(json_object_get(json_array_get(rpc, BUNDLE_KMS), "result"),
                                        "storageProof");
        json_array_remove(slots, 2); /* appImplementation */
        struct policy_try t = policy_world_ask(a, &w, ASK_APP, rpc);
        assert_int_equal(t.rc, RC_OK);
        assert_false(t.allow);
        assert_int_equal(needs_hard(&t.needs), yes);
        assert_int_equal(t.r.say, yes ? CHAIN_UNDECIDED : CHAIN_DENIES);
    }
}

static void hashes_cover_all_code_that_runs(void **state)
{
    (void)state;
    uint8_t h[4][32];
    keccak256(w.proxy_code, h[0]);
    keccak256(w.app_code, h[1]);
    keccak256(w.kms_code, h[2]);
    memset(h[3], 0x42, 32);
    const uint8_t(*list)[32];
    uint8_t lists[6][3][32];
    static const struct {
        const char *name;
        int which[3];
        bool app_ok, kms_ok;
    } rows[] = {
        {"proxy and app", {0, 1, 3}, true, false}, {"proxy and KMS", {3, 0, 2}, false, true},
        {"proxy alone", {0, 3, 3}, false, false},  {"app alone", {1, 3, 3}, false, false},
        {"KMS alone", {2, 3, 3}, false, false},    {"neither", {3, 3, 3}, false, false},
    };
    for (size_t i = 0; i < 6; i++) {
        for (size_t k = 0; k < 3; k++)
            memcpy(lists[i][k], h[rows[i].which[k]], 32);
        list = (const uint8_t(*)[32])lists[i];
        w.cfg.app_code = (struct code_policy){CODE_HASHES, list, 3};
        w.cfg.kms_code = (struct code_policy){0};
        struct policy_try t = asked(NULL);
        if (rows[i].app_ok)
            CASE(rows[i].name, t.allow, "app: code %d", t.code);
        else
            refused(rows[i].name, t, BG_CHAIN_APP_CODE);
        w.cfg.kms_code = w.cfg.app_code;
        w.cfg.app_code = (struct code_policy){0};
        t = asked(NULL);
        if (rows[i].kms_ok)
            CASE(rows[i].name, t.allow, "kms: code %d", t.code);
        else
            refused(rows[i].name, t, BG_CHAIN_KMS_CODE);
    }
    w.cfg.kms_code = (struct code_policy){CODE_HASHES, NULL, 0};
    refused("an empty list", asked(NULL), BG_CHAIN_KMS_CODE);
}

static void hashes_cover_what_an_app_calls(void **state)
{
    (void)state;
    app_that_calls_a_third();
    uint8_t h[3][32];
    keccak256(w.proxy_code, h[0]);
    keccak256(w.app_code, h[1]);
    keccak256(unhex(a, "00"), h[2]);
    w.cfg.app_code = (struct code_policy){CODE_HASHES, (const uint8_t(*)[32])h, 2};
    refused("third contract", asked(third), BG_CHAIN_APP_CODE);
    w.cfg.app_code.num_hashes = 3;
    assert_true(asked(third).allow);
}

/* On a denial nothing more is fetched: the pinned check is unknown, the verdict a no. */
static void a_denial_does_not_wait_for_hashes(void **state)
{
    (void)state;
    uint8_t registered[32];
    policy_world_registered(&w, registered);
    policy_world_word(&w, w.kms, registered, NULL, 0);
    policy_world_seal(&w);
    w.cfg.app_code = (struct code_policy){CODE_HASHES, NULL, 0};
    AUTO_JSON rpc = policy_world_bundle(&w);
    json_array_remove(rpc, BUNDLE_APP);
    struct policy_try t = policy_world_ask(a, &w, ASK_APP, rpc);
    assert_int_equal(t.rc, RC_OK);
    assert_int_equal(needs_hard(&t.needs), 0);
    assert_int_equal(t.code, BG_CHAIN_DENIED);
    assert_int_equal(find_check(&t, "chain.app_code")->status, CHECK_UNKNOWN);
    assert_int_equal(find_check(&t, "chain.app_code")->code, BG_CHAIN_APP_CODE_UNPROVEN);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fresh, done)
    const struct CMUnitTest tests[] = {
        T(implementation_means_the_one_the_kms_names),
        T(an_app_without_a_proxy_is_no_implementation),
        T(a_proxy_in_appearance_only_is_refused),
        T(without_a_kms_proxy_the_rule_cannot_hold),
        T(further_code_is_refused),
        T(what_the_rule_reads_is_needed_for_a_yes_only),
        T(hashes_cover_all_code_that_runs),
        T(hashes_cover_what_an_app_calls),
        T(a_denial_does_not_wait_for_hashes),
    };
    return HARNESS_RUN("chain_code", tests);
}
