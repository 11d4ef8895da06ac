/* rules: what an answer rests on, against what policy demands: every pair. */
#include "tests/lib/harness.h"

#include "agent/rules.h"

static struct arena *arena;

/* judged: the one check that was added. */
static struct check judged(const struct checks *cs)
{
    assert_int_equal(cs->n, 1);
    return cs->v[0];
}

static void an_assurance_is_met_by_itself_and_attested_by_finalized(void **state)
{
    (void)state;
    static const char *const words[] = {"finalized",      "attested", "l1-anchored", "sequencer",
                                        "finalized-data", "pinned",   NULL,          ""};
    for (size_t i = 0; i < 7; i++)
        for (size_t k = 0; k < 8; k++) {
            const char *want = words[i], *have = words[k];
            struct config c = {.require_assurance = want};
            struct checks cs = {0};
            struct err err = {0};
            assert_int_equal(rules_assurance(arena, &c, have, &cs, &err), RC_OK);
            struct check got = judged(&cs);
            bool met = !want || i == k || (i == 1 && k == 0);
            CASE(want ? want : "any",
                 got.status == (met ? CHECK_PASS : CHECK_FAIL) &&
                     got.code == (met ? RC_OK : BG_RULE_ASSURANCE),
                 "by %s: status %d, code %d", have ? have : "nothing", (int)got.status,
                 (int)got.code);
        }
}

static void a_freshness_is_met_by_what_is_not_less(void **state)
{
    (void)state;
    static const enum freshness rising[] = {FRESH_HOST_CLOCK, FRESH_FLOOR, FRESH_AUTHENTICATED_TIME,
                                            FRESH_NONCE};
    for (size_t want = 0; want < 4; want++)
        for (size_t have = 0; have < 4; have++) {
            struct config c = {.require_freshness = rising[want]};
            struct checks cs = {0};
            struct err err = {0};
            assert_int_equal(rules_freshness(arena, &c, rising[have], &cs, &err), RC_OK);
            struct check got = judged(&cs);
            CASE(freshness_name(rising[want]),
                 got.status == (have >= want ? CHECK_PASS : CHECK_FAIL) &&
                     got.code == (have >= want ? RC_OK : BG_RULE_FRESHNESS),
                 "by %s: status %d, code %d", freshness_name(rising[have]), (int)got.status,
                 (int)got.code);
        }
}

int main(void)
{
    arena = arena_new(1u << 20);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_assurance_is_met_by_itself_and_attested_by_finalized),
        cmocka_unit_test(a_freshness_is_met_by_what_is_not_less),
    };
    int rc = HARNESS_RUN("rules", tests);
    arena_free(arena);
    return rc;
}
