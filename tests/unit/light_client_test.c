/*
 * light_client: the rules of the way from a checkpoint to a head (DESIGN section 5), on a beacon
 * chain of the tests' own: what is asked for, what helps, what is refused, and what work it costs.
 */
#include "policy/beacon/light_client.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/lc_scene.h"

static struct arena *a;
static struct lc_scene s;

static int fresh(void **state)
{
    (void)state;
    a = arena_new((size_t)512 << 20);
    scene_new(&s, BEACON_ELECTRA);
    return a ? 0 : 1;
}

static int done(void **state)
{
    (void)state;
    scene_free(&s);
    arena_free(a);
    return 0;
}

static enum rc new_rc(const struct lc_config *cfg, uint64_t now)
{
    struct light_client *lc;
    struct err err = {0};
    return light_client_new(a, cfg, now, &lc, &err);
}

static void the_clock_and_the_checkpoint_must_fit(void **state)
{
    (void)state;
    uint64_t then = beacon_world_time(s.w, SCENE_CHECKPOINT);
    assert_int_equal(new_rc(&s.cfg, s.now), RC_OK);
    assert_int_equal(new_rc(&s.cfg, then), RC_OK);
    assert_int_equal(new_rc(&s.cfg, then - 1), BG_LC_CHECKPOINT_FUTURE);
    assert_int_equal(new_rc(&s.cfg, s.w->network.genesis_time - 1), BG_LC_BEFORE_GENESIS);
    assert_int_equal(new_rc(&s.cfg, then + 86400), RC_OK);
    assert_int_equal(new_rc(&s.cfg, then + 86401), BG_LC_CHECKPOINT_OLD);
    assert_int_equal(err_exit_status(BG_LC_CHECKPOINT_OLD), 2);
    assert_int_equal(err_exit_status(BG_LC_CHECKPOINT_FUTURE), 5);
    struct lc_config cfg = s.cfg;
    cfg.checkpoint.slot = 0; /* not given: the bootstrap says it */
    assert_int_equal(new_rc(&cfg, then + 86401), RC_OK);
    cfg = s.cfg;
    cfg.network = NULL;
    assert_int_equal(new_rc(&cfg, s.now), BG_LC_CONFIG);
    cfg = s.cfg;
    cfg.head = (enum lc_head_kind)0;
    assert_int_equal(new_rc(&cfg, s.now), BG_LC_CONFIG);
    struct beacon_network odd = s.w->network;
    odd.seconds_per_slot = 0;
    cfg = s.cfg;
    cfg.network = &odd;
    assert_int_equal(new_rc(&cfg, s.now), BG_LC_CONFIG);
}

static void a_cold_start_asks_for_everything_at_once(void **state)
{
    (void)state;
    struct lc_try t = scene_once(a, &s);
    const struct need *n = lc_need(&t, NEED_BOOTSTRAP);
    assert_int_equal(t.rc, RC_OK);
    assert_null(t.head);
    assert_int_equal(t.needs.n, 3);
    assert_int_equal(needs_hard(&t.needs), 3);
    assert_memory_equal(n->hash, s.cfg.checkpoint.root, 32);
    n = lc_need(&t, NEED_UPDATES);
    assert_int_equal(n->number, 3);
    assert_int_equal(n->count, 3); /* 3, 4, 5; that of the clock's own tells nothing needed */
    assert_non_null(lc_need(&t, NEED_FINALITY));
    /* Attested: an optimistic update will do, a finality update may. */
    s.cfg.head = LC_HEAD_ATTESTED;
    t = scene_once(a, &s);
    assert_int_equal(t.needs.n, 4);
    assert_true(lc_need(&t, NEED_OPTIMISTIC)->hard);
    assert_false(lc_need(&t, NEED_FINALITY)->hard);
    /* In the checkpoint's own period no update is needed. */
    s.now = beacon_world_time(s.w, 255);
    assert_null(lc_need(&(struct lc_try){.needs = scene_once(a, &s).needs}, NEED_UPDATES));
    s.now = beacon_world_time(s.w, 256);
    t = scene_once(a, &s);
    assert_int_equal(lc_need(&t, NEED_UPDATES)->count, 1);
    /* A range is what one request may be for. */
    s.cfg.checkpoint_max_age = UINT64_MAX;
    s.now = beacon_world_time(s.w, 64 * 1000);
    t = scene_once(a, &s);
    assert_int_equal(lc_need(&t, NEED_UPDATES)->number, 3);
    assert_int_equal(lc_need(&t, NEED_UPDATES)->count, 128);
    assert_int_equal(t.needs.n, 4);
    /* Without the checkpoint's slot, the bootstrap has to say where to begin. */
    s.cfg.checkpoint.slot = 0;
    t = scene_once(a, &s);
    assert_null(lc_need(&t, NEED_UPDATES));
    assert_non_null(lc_need(&t, NEED_BOOTSTRAP));
}

static void the_answers_make_a_head(void **state)
{
    (void)state;
    scene_all(&s);
    struct light_client *lc = scene_client(a, &s);
    struct lc_try t = lc_step(a, lc, s.beacon, false);
    HEAD("head", t, SCENE_FINALIZED);
    assert_int_equal(t.needs.n, 0);
    const struct head_facts *f = head_facts_of(t.head);
    const struct lc_header *h = beacon_world_header(s.w, SCENE_FINALIZED);
    uint8_t root[32];
    beacon_world_root(s.w, SCENE_FINALIZED, root);
    assert_memory_equal(f->beacon_root, root, 32);
    assert_memory_equal(f->header.hash, h->execution.block_hash, 32);
    assert_memory_equal(f->header.state_root, h->execution.state_root, 32);
    assert_memory_equal(f->header.parent_hash, h->execution.parent_hash, 32);
    assert_memory_equal(f->header.prev_randao, h->execution.prev_randao, 32);
    assert_memory_equal(f->header.beacon_root, h->beacon.parent_root, 32);
    assert_int_equal(f->header.number, SCENE_FINALIZED);
    assert_int_equal(f->header.timestamp, beacon_world_time(s.w, SCENE_FINALIZED));
    assert_int_equal(f->header.gas_limit, 30000000);
    assert_int_equal(f->header.base_fee[31], 7);
    assert_true(f->header.pos && f->header.has_base_fee && f->header.has_withdrawals_root);
    assert_true(f->header.has_blob_gas);
    assert_int_equal(f->fork, ETH_PRAGUE);
    assert_string_equal(f->assurance, "finalized");
    assert_string_equal(f->network, "testnet");
    assert_int_equal(f->signature_slot, SCENE_ATTESTED + 1);
    assert_int_equal(f->participants, 32);
    assert_int_equal(f->committee_size, 32);
    assert_int_equal(f->checkpoint_slot, SCENE_CHECKPOINT);
    assert_memory_equal(f->checkpoint_root, s.cfg.checkpoint.root, 32);
    assert_int_equal(f->updates, 4);
    assert_int_equal(light_client_store(lc)->finalized.beacon.slot, SCENE_FINALIZED);
    /* A newer one may be wished for, no more. */
    t = lc_step(a, lc, s.beacon, true);
    HEAD("again", t, SCENE_FINALIZED);
    assert_int_equal(needs_hard(&t.needs), 0);
    assert_int_equal(t.needs.n, 1);
    assert_non_null(lc_need(&t, NEED_FINALITY));
}

/* Every fork from Capella on, JSON and SSZ, and both mixed. */
static void every_fork_and_both_encodings(void **state)
{
    (void)state;
    static const enum eth_fork el[] = {ETH_SHANGHAI, ETH_CANCUN, ETH_PRAGUE, ETH_OSAKA};
    for (unsigned f = BEACON_CAPELLA; f <= BEACON_FULU; f++)
        for (unsigned ssz = 0; ssz < 8; ssz++) {
            struct lc_scene o;
            struct lc_bootstrap b;
            struct lc_update u;
            char path[LC_PATH_MAX];
            scene_new(&o, (enum beacon_fork)f);
            if (ssz & 1) {
                beacon_world_bootstrap(o.w, SCENE_CHECKPOINT, &b);
                scene_ssz(&o, lc_path_bootstrap(path, o.cfg.checkpoint.root),
                          beacon_world_bootstrap_ssz(o.w, &b));
            } else {
                scene_bootstrap(&o);
            }
            if (ssz & 2) {
                struct bytes part[3];
                size_t n = 0;
                for (size_t i = 0; i < 3; i++) {
                    beacon_world_update(o.w, LC_UPDATE, (3 + i) * 64 + 50, BW_KEYS, &u);
                    part[i] = beacon_world_update_ssz(o.w, LC_UPDATE, &u, true);
                    n += part[i].n;
                }
                uint8_t *all = malloc(n);
                assert_non_null(all);
                n = 0;
                for (size_t i = 0; i < 3; i++) {
                    memcpy(all + n, part[i].p, part[i].n);
                    n += part[i].n;
                    free((void *)(uintptr_t)part[i].p);
                }
                scene_ssz(&o, lc_path_updates(path, 3, 3), bytes_of(all, n));
            } else {
                scene_updates(&o, 3, 3);
            }
            if (ssz & 4) {
                beacon_world_update(o.w, LC_FINALITY_UPDATE, SCENE_ATTESTED, BW_KEYS, &u);
                scene_ssz(&o, LC_PATH_FINALITY,
                          beacon_world_update_ssz(o.w, LC_FINALITY_UPDATE, &u, false));
            } else {
                scene_finality(&o, SCENE_ATTESTED, BW_KEYS);
            }
            struct lc_try t = scene_once(a, &o);
            HEAD(beacon_fork_name((enum beacon_fork)f), t, SCENE_FINALIZED);
            CASE("el fork",
                 t.head && head_facts_of(t.head)->fork == el[f - BEACON_CAPELLA] &&
                     head_facts_of(t.head)->header.has_blob_gas == (f >= BEACON_DENEB),
                 "%u", f);
            scene_free(&o);
        }
}

static void a_server_may_give_less_than_it_is_asked_for(void **state)
{
    (void)state;
    s.cfg.max_head_age = 300;
    scene_bootstrap(&s);
    scene_updates(&s, 3, 1);
    scene_finality(&s, SCENE_ATTESTED, BW_KEYS);
    struct light_client *lc = scene_client(a, &s);
    struct lc_try t = lc_step(a, lc, s.beacon, false);
    NO_HEAD("one of three", t, BG_LC_HEAD_AGE);
    const struct need *n = lc_need(&t, NEED_UPDATES);
    assert_int_equal(n->number, 4);
    assert_int_equal(n->count, 2);
    scene_updates(&s, 4, 1);
    t = lc_step(a, lc, s.beacon, false);
    n = lc_need(&t, NEED_UPDATES);
    assert_int_equal(n->number, 5);
    assert_int_equal(n->count, 1);
    scene_updates(&s, 5, 1);
    t = lc_step(a, lc, s.beacon, false);
    HEAD("all", t, SCENE_FINALIZED);
    /* A hole in the middle is what is asked for, not what is behind it. */
    scene_clear(&s);
    scene_bootstrap(&s);
    scene_updates(&s, 3, 1);
    scene_updates(&s, 5, 1);
    s.cfg.max_head_age = 300;
    t = scene_once(a, &s);
    n = lc_need(&t, NEED_UPDATES);
    assert_int_equal(n->number, 4);
    assert_int_equal(n->count, 1);
}

static void the_order_of_answers_does_not_matter(void **state)
{
    (void)state;
    scene_finality(&s, SCENE_ATTESTED, BW_KEYS);
    scene_updates(&s, 5, 1);
    scene_updates(&s, 4, 1);
    scene_updates(&s, 3, 1);
    struct light_client *lc = scene_client(a, &s);
    struct lc_try t = lc_step(a, lc, s.beacon, false);
    NO_HEAD("no bootstrap yet", t, RC_OK);
    assert_null(lc_need(&t, NEED_UPDATES)); /* they are there */
    scene_bootstrap(&s);
    t = lc_step(a, lc, s.beacon, false);
    HEAD("backwards", t, SCENE_FINALIZED);
    /* One at a time, the newest first: each is kept until its committee is known. */
    for (size_t first = 0; first < 5; first++) {
        AUTO_JSON beacon = json_array();
        lc = scene_client(a, &s);
        for (size_t i = 0; i < 5; i++) {
            json_array_append(beacon, json_array_get(s.beacon, (first + i) % 5));
            t = lc_step(a, lc, beacon, false);
        }
        HEAD("rotated", t, SCENE_FINALIZED);
    }
}

static void the_newest_wins(void **state)
{
    (void)state;
    for (unsigned turn = 0; turn < 2; turn++) {
        scene_clear(&s);
        scene_bootstrap(&s);
        scene_updates(&s, 3, 3);
        scene_finality(&s, turn ? SCENE_ATTESTED : 419, BW_KEYS);
        scene_finality(&s, turn ? 419 : SCENE_ATTESTED, BW_KEYS);
        struct lc_try t = scene_once(a, &s);
        HEAD("newest", t, SCENE_FINALIZED);
    }
    /* An older one is a head when there is no other. */
    scene_clear(&s);
    scene_bootstrap(&s);
    scene_updates(&s, 3, 3);
    scene_finality(&s, 419, BW_KEYS);
    struct light_client *lc = scene_client(a, &s);
    struct lc_try t = lc_step(a, lc, s.beacon, false);
    HEAD("older", t, 400);
    scene_finality(&s, SCENE_ATTESTED, BW_KEYS);
    t = lc_step(a, lc, s.beacon, false);
    HEAD("then newer", t, SCENE_FINALIZED);
    /* Nothing leads back. */
    scene_finality(&s, 419, BW_KEYS);
    t = lc_step(a, lc, s.beacon, false);
    HEAD("not back", t, SCENE_FINALIZED);
}

static void the_checkpoints_own_block_can_be_the_head(void **state)
{
    (void)state;
    /* Slot 224 finalizes 208, the checkpoint. Without anybody's word for it, it is no head. */
    s.now = beacon_world_time(s.w, 230);
    scene_bootstrap(&s);
    struct light_client *lc = scene_client(a, &s);
    struct lc_try t = lc_step(a, lc, s.beacon, false);
    NO_HEAD("bootstrap only", t, RC_OK);
    scene_finality(&s, 224, 22);
    t = lc_step(a, lc, s.beacon, false);
    HEAD("confirmed", t, SCENE_CHECKPOINT);
    assert_int_equal(head_facts_of(t.head)->participants, 22);
    assert_int_equal(head_facts_of(t.head)->signature_slot, 225);
    scene_clear(&s);
    scene_bootstrap(&s);
    scene_finality(&s, 224, 21); /* below two thirds */
    t = scene_once(a, &s);
    NO_HEAD("not confirmed", t, BG_LC_PARTICIPATION);
}

static void two_thirds_of_the_committee(void **state)
{
    (void)state;
    static const size_t signers[] = {1, 16, 21, 22, 31, 32};
    for (size_t i = 0; i < sizeof signers / sizeof *signers; i++)
        for (int kind = LC_HEAD_FINALIZED; kind <= LC_HEAD_ATTESTED; kind++) {
            bool attested = kind == LC_HEAD_ATTESTED;
            scene_clear(&s);
            s.cfg.head = (enum lc_head_kind)kind;
            s.cfg.max_head_age = 300;
            scene_bootstrap(&s);
            scene_updates(&s, 3, 3);
            if (attested)
                scene_optimistic(&s, SCENE_ATTESTED, signers[i]);
            else
                scene_finality(&s, SCENE_ATTESTED, signers[i]);
            struct lc_try t = scene_once(a, &s);
            if (signers[i] * 3 >= 64)
                HEAD("enough", t, attested ? SCENE_ATTESTED : SCENE_FINALIZED);
            else
                NO_HEAD("not enough", t, BG_LC_HEAD_AGE);
        }
}

static void an_attested_head(void **state)
{
    (void)state;
    s.cfg.head = LC_HEAD_ATTESTED;
    scene_bootstrap(&s);
    scene_updates(&s, 3, 3);
    struct lc_try t = scene_once(a, &s);
    HEAD("of the last update", t, 5 * 64 + 50);
    scene_optimistic(&s, SCENE_ATTESTED, BW_KEYS);
    t = scene_once(a, &s);
    HEAD("optimistic", t, SCENE_ATTESTED);
    assert_string_equal(head_facts_of(t.head)->assurance, "attested");
    assert_int_equal(head_facts_of(t.head)->signature_slot, SCENE_ATTESTED + 1);
    scene_clear(&s);
    scene_all(&s);
    t = scene_once(a, &s);
    HEAD("by a finality update", t, SCENE_ATTESTED);
    /* An older optimistic update in between must not keep the committees from turning. */
    scene_clear(&s);
    scene_bootstrap(&s);
    scene_optimistic(&s, 4 * 64 + 60, BW_KEYS);
    scene_updates(&s, 3, 3);
    scene_optimistic(&s, SCENE_ATTESTED, BW_KEYS);
    t = scene_once(a, &s);
    HEAD("past an old one", t, SCENE_ATTESTED);
}

static void age_and_floor(void **state)
{
    (void)state;
    uint64_t age = s.now - beacon_world_time(s.w, SCENE_FINALIZED);
    scene_all(&s);
    s.cfg.max_head_age = age;
    struct lc_try t = scene_once(a, &s);
    HEAD("just young enough", t, SCENE_FINALIZED);
    s.cfg.max_head_age = age - 1;
    t = scene_once(a, &s);
    NO_HEAD("too old", t, BG_LC_HEAD_AGE);
    assert_true(lc_need(&t, NEED_FINALITY)->hard);
    assert_int_equal(t.needs.n, 1); /* warm: one question */
    assert_int_equal(err_exit_status(BG_LC_HEAD_AGE), 3);
    s.cfg.max_head_age = 0;
    s.cfg.floor_slot = SCENE_FINALIZED;
    t = scene_once(a, &s);
    HEAD("on the floor", t, SCENE_FINALIZED);
    s.cfg.floor_slot = SCENE_FINALIZED + 1;
    t = scene_once(a, &s);
    NO_HEAD("below the floor", t, BG_LC_HEAD_FLOOR);
    assert_int_equal(err_exit_status(BG_LC_HEAD_FLOOR), 3);
    /* A newer one makes up for it. */
    s.cfg.floor_slot = 0;
    s.cfg.max_head_age = beacon_world_time(s.w, SCENE_NOW) - beacon_world_time(s.w, 400);
    scene_clear(&s);
    scene_bootstrap(&s);
    scene_updates(&s, 3, 3);
    struct light_client *lc = scene_client(a, &s);
    t = lc_step(a, lc, s.beacon, false);
    NO_HEAD("only updates", t, BG_LC_HEAD_AGE);
    scene_finality(&s, SCENE_ATTESTED, BW_KEYS);
    t = lc_step(a, lc, s.beacon, false);
    HEAD("then finality", t, SCENE_FINALIZED);
}

static void a_head_needs_a_payload_of_its_slots_time(void **state)
{
    (void)state;
    /* From before Capella: authentic, and nothing to ask a contract at. */
    struct lc_scene old;
    scene_new(&old, BEACON_BELLATRIX);
    scene_all(&old);
    struct lc_try t = scene_once(a, &old);
    NO_HEAD("bellatrix", t, BG_LC_HEAD_EXECUTION);
    scene_free(&old);
    /* A network that is described wrongly gives wrong ages. */
    scene_all(&s);
    struct beacon_network n = s.w->network;
    n.genesis_time += 1;
    s.cfg.network = &n;
    t = scene_once(a, &s);
    CASE("genesis time", t.rc == BG_LC_HEAD_TIME && !t.head, "rc %d", t.rc);
    assert_int_equal(err_exit_status(t.rc), 2);
    n.genesis_time -= 1;
    t = scene_once(a, &s);
    HEAD("as it is", t, SCENE_FINALIZED);
}

static void the_bootstrap_must_be_the_checkpoints(void **state)
{
    (void)state;
    struct lc_bootstrap b;
    char path[LC_PATH_MAX];
    uint8_t other[32];
    beacon_world_root(s.w, 200, other);
    beacon_world_bootstrap(s.w, 200, &b);
    json_t *body = beacon_world_bootstrap_json(s.w, &b);
    /* Under its own name it is somebody else's, under ours a lie. */
    json_array_append_new(s.beacon, lc_entry(lc_path_bootstrap(path, other), body));
    scene_updates(&s, 3, 3);
    scene_finality(&s, SCENE_ATTESTED, BW_KEYS);
    struct light_client *lc = scene_client(a, &s);
    struct lc_try t = lc_step(a, lc, s.beacon, false);
    NO_HEAD("another's", t, RC_OK);
    json_array_append_new(s.beacon, lc_entry(lc_path_bootstrap(path, s.cfg.checkpoint.root), body));
    json_decref(body);
    t = lc_step(a, lc, s.beacon, false);
    NO_HEAD("a lie", t, BG_LC_BOOTSTRAP_ROOT);
    assert_non_null(lc_need(&t, NEED_BOOTSTRAP));
    scene_bootstrap(&s);
    t = lc_step(a, lc, s.beacon, false);
    HEAD("and the right one", t, SCENE_FINALIZED);
    /* The slot that the configuration says beside the root. */
    s.cfg.checkpoint.slot = SCENE_CHECKPOINT + 1;
    t = scene_once(a, &s);
    CASE("slot", t.rc == BG_LC_CHECKPOINT_SLOT && !t.head, "rc %d", t.rc);
    s.cfg.checkpoint.slot = 0;
    t = scene_once(a, &s);
    HEAD("no slot", t, SCENE_FINALIZED);
    assert_int_equal(head_facts_of(t.head)->checkpoint_slot, SCENE_CHECKPOINT);
    s.cfg.checkpoint_max_age = s.now - beacon_world_time(s.w, SCENE_CHECKPOINT);
    t = scene_once(a, &s);
    HEAD("no slot, just young enough", t, SCENE_FINALIZED);
    s.cfg.checkpoint_max_age--;
    t = scene_once(a, &s);
    CASE("no slot, too old", t.rc == BG_LC_CHECKPOINT_OLD && !t.head, "rc %d", t.rc);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fresh, done)
    const struct CMUnitTest tests[] = {
        T(the_clock_and_the_checkpoint_must_fit),
        T(a_cold_start_asks_for_everything_at_once),
        T(the_answers_make_a_head),
        T(every_fork_and_both_encodings),
        T(a_server_may_give_less_than_it_is_asked_for),
        T(the_order_of_answers_does_not_matter),
        T(the_newest_wins),
        T(the_checkpoints_own_block_can_be_the_head),
        T(two_thirds_of_the_committee),
        T(an_attested_head),
        T(age_and_floor),
        T(a_head_needs_a_payload_of_its_slots_time),
        T(the_bootstrap_must_be_the_checkpoints),
    };
    return HARNESS_RUN("light_client", tests);
}
