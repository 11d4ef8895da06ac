/* decide: only a contract's yes with no failed check is a yes; everything else is a named no. */
#include "tests/lib/harness.h"

#include "policy/decide.h"

static struct verdict decide(const struct check *v, size_t n, const struct chain_result *r)
{
    struct check copy[8];
    assert_true(n <= 8);
    if (n)
        memcpy(copy, v, n * sizeof *v);
    struct checks cs = {copy, n, n};
    struct verdict out = {0};
    policy_decide(&cs, r, &out);
    assert_int_equal(out.decision == VERDICT_ALLOW, verdict_is_allow(&out));
    assert_non_null(out.reason);
    return out;
}

static void zero_is_no(void **state)
{
    (void)state;
    struct verdict v = {0};
    assert_false(verdict_is_allow(&v));
    struct chain_result r = {0};
    assert_int_equal(decide(NULL, 0, NULL).code, BG_DECIDE_UNDECIDED);
    assert_int_equal(decide(NULL, 0, NULL).decision, VERDICT_DENY);
    assert_int_equal(decide(NULL, 0, &r).code, BG_DECIDE_UNDECIDED);
    /* A value that is none of the enum's is no yes either. */
    for (int i = 0; i < 256; i++) {
        v.decision = (enum verdict_decision)i;
        CASE("decision", verdict_is_allow(&v) == (i == VERDICT_ALLOW), "%d", i);
        r.say = (enum chain_say)i;
        CASE("say", (decide(NULL, 0, &r).decision == VERDICT_ALLOW) == (i == CHAIN_ALLOWS), "%d",
             i);
    }
}

static void a_yes_needs_the_contract_and_no_failed_check(void **state)
{
    (void)state;
    struct chain_result yes = {.say = CHAIN_ALLOWS, .reason = ""};
    const struct check mixed[] = {
        {.id = "a", .status = CHECK_PASS},
        {.id = "b", .status = CHECK_UNKNOWN, .code = BG_CHAIN_APP_CODE_ANY},
        {.id = "c", .status = CHECK_NOT_RUN},
        {.id = "d", .status = CHECK_FAIL, .code = BG_CHAIN_APP_CODE},
        {.id = "e", .status = CHECK_FAIL, .code = BG_CHAIN_KMS_CODE}};
    struct verdict v = decide(mixed, 3, &yes);
    assert_true(verdict_is_allow(&v));
    assert_int_equal(v.code, RC_OK);
    v = decide(mixed, 5, &yes);
    assert_int_equal(v.decision, VERDICT_DENY);
    assert_int_equal(v.code, BG_CHAIN_APP_CODE); /* the first one names it */
    assert_string_equal(v.reason, err_info_of(BG_CHAIN_APP_CODE)->text);
    const struct check nameless = {.id = "x", .status = CHECK_FAIL};
    v = decide(&nameless, 1, &yes);
    assert_int_equal(v.decision, VERDICT_DENY);
    assert_int_equal(v.code, BG_DECIDE_NO_CODE);
}

static void a_denial_speaks_the_contracts_words(void **state)
{
    (void)state;
    struct chain_result no = {
        .say = CHAIN_DENIES, .code = BG_CHAIN_DENIED, .reason = "App not registered"};
    const struct check call = {.id = "chain.call", .status = CHECK_FAIL, .code = BG_CHAIN_DENIED};
    struct verdict v = decide(&call, 1, &no);
    assert_int_equal(v.decision, VERDICT_DENY);
    assert_int_equal(v.code, BG_CHAIN_DENIED);
    assert_string_equal(v.reason, "App not registered");
    assert_int_equal(err_exit_status(v.code), 1);
    /* Without its check the result alone denies as well. */
    v = decide(NULL, 0, &no);
    assert_int_equal(v.decision, VERDICT_DENY);
    assert_string_equal(v.reason, "App not registered");
    no.code = RC_OK;
    no.reason = NULL;
    v = decide(NULL, 0, &no);
    assert_int_equal(v.decision, VERDICT_DENY);
    assert_int_equal(v.code, BG_DECIDE_DENIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zero_is_no),
        cmocka_unit_test(a_yes_needs_the_contract_and_no_failed_check),
        cmocka_unit_test(a_denial_speaks_the_contracts_words),
    };
    return HARNESS_RUN("decide", tests);
}
