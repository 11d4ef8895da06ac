/*
 * chain_mutants: every hex digit of an accepted decision's answers changed, one at a time: proof
 * nodes, codes, header fields, claims, keys, parameters. None may be accepted.
 */
#include "tests/lib/policy_world.h"

#include <stdlib.h>

#include "policy/decide.h"
#include "tests/lib/chain_case.h"

/* Members whose text may change: they are no part of the question nor of any proof. */
static const char *const free_members[] = {"size", "totalDifficulty", "transactions", "uncles",
                                           "withdrawals"};

typedef bool (*ask_fn)(void *ctx, const json_t *rpc);

static bool is_free(const char *key)
{
    for (size_t i = 0; i < sizeof free_members / sizeof *free_members; i++)
        if (strcmp(key, free_members[i]) == 0)
            return true;
    return false;
}

/* flip_digits changes every `step`th digit of one string in place, asks, puts it back. */
static size_t flip_digits(json_t *str, const json_t *rpc, ask_fn ask, void *ctx, size_t step)
{
    static const char digits[] = "0123456789abcdef";
    size_t n = json_string_length(str), done = 0;
    char *text = strdup(json_string_value(str));
    assert_non_null(text);
    if (n >= 2 && text[0] == '0' && text[1] == 'x') {
        for (size_t i = 2; i < n; i += step) {
            char was = text[i];
            const char *d = strchr(digits, was | 0x20);
            assert_non_null(d);
            text[i] = digits[(size_t)(d - digits) ^ (1u << i % 4)];
            json_string_setn(str, text, n);
            done++;
            CASE("digit", !ask(ctx, rpc), "allowed with digit %zu of %.40s.. changed", i, text);
            text[i] = was;
        }
        json_string_setn(str, text, n);
    }
    free(text);
    return done;
}

/* walk: every string below v. Depth is that of our own bundles: five. */
static size_t walk(json_t *v, const json_t *rpc, ask_fn ask, void *ctx, size_t step)
{
    size_t done = 0, i;
    const char *key;
    json_t *e;
    if (json_is_string(v))
        return flip_digits(v, rpc, ask, ctx, step);
    if (json_is_array(v))
        json_array_foreach(v, i, e) done += walk(e, rpc, ask, ctx, step);
    if (json_is_object(v))
        json_object_foreach(v, key, e) if (!is_free(key)) done += walk(e, rpc, ask, ctx, step);
    return done;
}

/* The slots a parameter lists are for the node only; who answers is judged by what he answers. */
static void drop_slot_params(json_t *rpc)
{
    size_t i;
    json_t *e;
    json_array_foreach(
        rpc, i, e) if (strcmp(json_string_value(json_object_get(e, "method")), "eth_getProof") == 0)
        json_array_set_new(json_object_get(e, "params"), 1, json_array());
}

static bool ask_world(void *ctx, const json_t *rpc)
{
    struct arena *a = arena_new((size_t)256 << 20);
    assert_non_null(a);
    struct policy_try t = policy_world_ask(a, ctx, ASK_APP, rpc);
    arena_free(a);
    return t.allow || t.r.say == CHAIN_ALLOWS;
}

static void no_digit_of_our_own_decision_may_change(void **state)
{
    (void)state;
    struct arena *a = arena_new((size_t)256 << 20);
    struct policy_world w;
    policy_world_new(a, &w);
    w.cfg.app_code.rule = CODE_IMPLEMENTATION; /* so that every entry of the bundle is needed */
    AUTO_JSON rpc = policy_world_bundle(&w);
    drop_slot_params(rpc);
    assert_true(ask_world(&w, rpc));
    size_t done = walk(rpc, rpc, ask_world, &w, SAMPLE(9u));
    assert_true(done > 5000 / SAMPLE(9u));
    case_sampled("digits of our own decision", SAMPLE(9u));
    assert_true(ask_world(&w, rpc)); /* put back as it was */
    policy_world_free(&w);
    arena_free(a);
}

static bool ask_case(void *ctx, const json_t *rpc)
{
    struct arena *a = arena_new((size_t)256 << 20);
    assert_non_null(a);
    struct chain_try t = chain_case_ask(a, ctx, rpc);
    struct verdict v = {0};
    if (t.rc == RC_OK)
        policy_decide(&t.checks, &t.result, &v);
    bool yes = verdict_is_allow(&v) || t.result.say == CHAIN_ALLOWS;
    arena_free(a);
    return yes;
}

/* needed: the recorded entries without those that repeat or that nothing reads. */
static json_t *needed(const json_t *rpc)
{
    json_t *out = json_array(), *e;
    size_t i;
    json_array_foreach(rpc, i, e)
    {
        const char *m = json_string_value(json_object_get(e, "method"));
        if (i == 0 || strcmp(m, "eth_getProof") == 0 || strcmp(m, "eth_getCode") == 0)
            json_array_append(out, e);
    }
    return out;
}

/* The recorded yes: every byte of the header and the proofs, every 31st of the codes (their hash
 * covers all of it alike). */
static void no_digit_of_a_recorded_decision_may_change(void **state)
{
    (void)state;
    char *path = vectors_path("contracts/prague-canonical/case-app-allowed.json");
    free(path);
    if (!path) {
        case_skip(1, "no vectors/contracts");
        return;
    }
    struct arena *a = arena_new((size_t)256 << 20);
    struct chain_case c;
    chain_case_load(a, "prague-canonical", "case-app-allowed.json", &c);
    c.cfg.skip_wishes = true;
    AUTO_JSON rpc = needed(c.rpc);
    drop_slot_params(rpc);
    assert_true(ask_case(&c, rpc));
    size_t done = 0, i;
    json_t *e;
    json_array_foreach(rpc, i, e)
    {
        bool code = strcmp(json_string_value(json_object_get(e, "method")), "eth_getCode") == 0;
        done += walk(e, rpc, ask_case, &c, (code ? 62 : 2) * SAMPLE(9u));
    }
    assert_true(done > 5000 / SAMPLE(9u));
    case_sampled("digits of a recorded decision", SAMPLE(9u));
    assert_true(ask_case(&c, rpc));
    chain_case_free(&c);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_digit_of_our_own_decision_may_change),
        cmocka_unit_test(no_digit_of_a_recorded_decision_may_change),
    };
    return HARNESS_RUN("chain_mutants", tests);
}
