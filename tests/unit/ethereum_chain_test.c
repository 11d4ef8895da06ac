/*
 * ethereum_chain: the contract asked at a head that a light client proved, on a chain of the tests'
 * own: what a result says about its head, and that no head of another kind, checkpoint, network or
 * fork is taken for it.
 */
#include "tests/lib/ethereum_world.h"

#include <string.h>

static struct arena *a;
static struct ethereum_world e;

static int fresh(void **state)
{
    (void)state;
    a = arena_new((size_t)512 << 20);
    ethereum_world_new(a, &e, false);
    return a ? 0 : 1;
}

static int done(void **state)
{
    (void)state;
    ethereum_world_free(&e);
    arena_free(a);
    return 0;
}

static const struct check *find_check(const struct checks *cs, const char *id)
{
    for (size_t i = 0; i < cs->n; i++)
        if (strcmp(cs->v[i].id, id) == 0)
            return &cs->v[i];
    fail_msg("no check %s", id);
    return NULL;
}

static const struct chain_head *head_of(const struct lc_config *cfg)
{
    struct lc_try t = lc_once(a, cfg, e.s.now, e.s.beacon);
    if (t.rc != RC_OK || !t.head)
        fail_msg("no head: %s; %s", t.err.detail, t.bad.detail);
    return t.head;
}

static void from_a_checkpoint_to_a_yes(void **state)
{
    (void)state;
    struct policy_try t = ethereum_world_ask(a, &e, e.s.beacon);
    if (t.rc != RC_OK || !t.allow)
        fail_msg("rc %d %s, code %d", t.rc, t.err.detail, t.code);
    assert_string_equal(t.r.assurance, "finalized");
    assert_int_equal(t.r.block_number, e.p.block.number);
    assert_memory_equal(t.r.block_hash, world_block_hash(e.p.chain), 32);
    assert_memory_equal(t.r.state_root, world_state_root(e.p.chain), 32);
    assert_int_equal(t.r.fork, ETH_PRAGUE);
    assert_int_equal(t.r.head->participants, 32);
    assert_int_equal(t.r.head->slot, SCENE_FINALIZED);
    const struct check *k = find_check(&t.checks, "chain.header");
    assert_int_equal(k->status, CHECK_PASS);
    assert_non_null(strstr(k->source, "32 of 32"));
    assert_non_null(strstr(k->source, "testnet slot 408"));
    assert_non_null(strstr(k->source, "at slot 336 by 2 updates"));
    assert_int_equal(find_check(&t.checks, "chain.age")->status, CHECK_NOT_RUN);
    /* As SSZ it is the same. */
    struct ethereum_world same;
    ethereum_world_new(a, &same, true);
    t = ethereum_world_ask(a, &same, same.s.beacon);
    assert_true(t.allow);
    ethereum_world_free(&same);
}

static void a_head_must_be_what_is_configured(void **state)
{
    (void)state;
    const struct chain_head *finalized = head_of(&e.s.cfg);
    struct lc_config lc = e.s.cfg;
    lc.head = LC_HEAD_ATTESTED;
    const struct chain_head *attested = head_of(&lc);
    struct beacon_network other = e.s.w->network;
    struct chain_config cfg = e.p.cfg;
    static const struct eth_fork_time prague = {ETH_PRAGUE, 0}, osaka = {ETH_OSAKA, 0};
    struct {
        const char *name;
        struct chain_config cfg;
        const struct chain_head *head;
        int64_t later; /* than our clock */
        enum rc want;
    } t[] = {
        {"as configured", cfg, finalized, 0, RC_OK},
        {"attested for finalized", cfg, attested, 0, BG_CHAIN_HEAD_FOREIGN},
        {"finalized for attested", cfg, finalized, 0, BG_CHAIN_HEAD_FOREIGN},
        {"no kind", cfg, finalized, 0, BG_CHAIN_HEAD_FOREIGN},
        {"another checkpoint", cfg, finalized, 0, BG_CHAIN_HEAD_FOREIGN},
        {"below the floor", cfg, finalized, 0, BG_CHAIN_HEAD_FOREIGN},
        {"on the floor", cfg, finalized, 0, RC_OK},
        {"for a pinned block", cfg, finalized, 0, BG_CHAIN_HEAD_FOREIGN},
        {"no head", cfg, NULL, 0, BG_CHAIN_NO_HEAD},
        {"the network's chain id", cfg, finalized, 0, RC_OK},
        {"another chain id", cfg, finalized, 0, BG_CHAIN_NETWORK},
        {"a table that agrees", cfg, finalized, 0, RC_OK},
        {"a table that contradicts", cfg, finalized, 0, BG_FORK_BEACON},
        {"young enough", cfg, finalized, 0, RC_OK},
        {"a second too old", cfg, finalized, 1, BG_CHAIN_HEAD_AGE},
        {"60 s ahead", cfg, finalized, -180, RC_OK},
        {"61 s ahead", cfg, finalized, -181, BG_CHAIN_HEADER_FUTURE},
    };
    other.chain_id = cfg.chain_id;
    struct beacon_network third = other;
    third.chain_id++;
    t[2].cfg.light_client.head = LC_HEAD_ATTESTED;
    t[3].cfg.light_client.head = (enum lc_head_kind)0;
    t[4].cfg.light_client.checkpoint.root[0] ^= 1;
    t[5].cfg.light_client.floor_slot = SCENE_FINALIZED + 1;
    t[6].cfg.light_client.floor_slot = SCENE_FINALIZED;
    t[7].cfg.source = CHAIN_PINNED;
    memcpy(t[7].cfg.block_hash, world_block_hash(e.p.chain), 32);
    t[9].cfg.light_client.network = &other;
    t[10].cfg.light_client.network = &third;
    t[11].cfg.el_forks = &prague;
    t[12].cfg.el_forks = &osaka;
    t[11].cfg.num_el_forks = t[12].cfg.num_el_forks = 1;
    /* The clock stands 120 s after the head. */
    assert_int_equal(e.s.now - beacon_world_time(e.s.w, SCENE_FINALIZED), 120);
    t[13].cfg.max_head_age = t[14].cfg.max_head_age = 120;
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        uint64_t now = (uint64_t)((int64_t)e.s.now + t[i].later);
        struct policy_try got = ethereum_world_ask_at(a, &e, &t[i].cfg, t[i].head, now);
        CASE(t[i].name, got.rc == t[i].want && got.allow == (t[i].want == RC_OK), "rc %d %s",
             got.rc, got.err.detail);
    }
    /* An attested head is one of another block: there the same proofs prove nothing. */
    struct chain_config at = cfg;
    at.light_client.head = LC_HEAD_ATTESTED;
    struct policy_try got = ethereum_world_ask_at(a, &e, &at, attested, e.s.now);
    CASE("other block", got.rc == RC_OK && !got.allow && needs_hard(&got.needs) > 0, "rc %d",
         got.rc);
}

/* What follows from an age that is set: said as a check, too. */
static void an_age_limit_is_shown(void **state)
{
    (void)state;
    struct chain_config cfg = e.p.cfg;
    cfg.max_head_age = 7200;
    struct policy_try t = ethereum_world_ask_at(a, &e, &cfg, head_of(&e.s.cfg), e.s.now);
    assert_true(t.allow);
    const struct check *k = find_check(&t.checks, "chain.age");
    assert_int_equal(k->status, CHECK_PASS);
    assert_string_equal(k->actual, "120 s");
    assert_string_equal(k->expected, "at most 7200 s");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fresh, done)
    const struct CMUnitTest tests[] = {
        T(from_a_checkpoint_to_a_yes),
        T(a_head_must_be_what_is_configured),
        T(an_age_limit_is_shown),
    };
    return HARNESS_RUN("ethereum_chain", tests);
}
