/*
 * light_client_hostile: what a light client makes of malformed answers, lies beside the truth,
 * floods, wrong hints and changed answers: never a head that is not proven, and never less than the
 * good answers prove.
 */
#include "policy/beacon/light_client.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/hex.h"
#include "base/limits.h"
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

/* junk appends bodies that are no answers, under each of our paths. */
static void junk(struct lc_scene *o)
{
    static const char *const bodies[] = {
        "null",
        "[]",
        "{}",
        "7",
        "\"x\"",
        "{\"data\":null}",
        "[{\"data\":{}}]",
        "{\"data\":[]}",
        "[[[[]]]]",
        "{\"data\":{\"attested_header\":{\"beacon\":{\"slot\":\"-1\"}}}}"};
    char boot[LC_PATH_MAX], updates[LC_PATH_MAX];
    const char *const paths[] = {lc_path_bootstrap(boot, o->cfg.checkpoint.root),
                                 lc_path_updates(updates, 3, 3), LC_PATH_FINALITY,
                                 LC_PATH_OPTIMISTIC, "/eth/v1/beacon/genesis"};
    for (size_t p = 0; p < sizeof paths / sizeof *paths; p++) {
        for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
            AUTO_JSON body = json_loads(bodies[i], JSON_DECODE_ANY, NULL);
            assert_non_null(body);
            json_array_append_new(o->beacon, lc_entry(paths[p], body));
        }
        static const char *const hex[] = {"", "0x", "zz", "0x0", "00", "0011223344556677"};
        for (size_t i = 0; i < sizeof hex / sizeof *hex; i++)
            json_array_append_new(o->beacon,
                                  json_pack("{s:s,s:s}", "path", paths[p], "ssz", hex[i]));
    }
}

static void bad_answers_never_stop_good_ones(void **state)
{
    (void)state;
    junk(&s);
    struct light_client *lc = scene_client(a, &s);
    struct lc_try t = lc_step(a, lc, s.beacon, false);
    CASE("junk", t.rc == RC_OK && !t.head && t.bad.rc != RC_OK && t.needs.n == 3, "rc %d, %zu",
         t.rc, t.needs.n);
    scene_all(&s);
    t = lc_step(a, lc, s.beacon, false);
    HEAD("junk first", t, SCENE_FINALIZED);
    /* What each kind of malformed answer is called. */
    static const struct {
        const char *body;
        bool ssz;
        enum rc want;
    } one[] = {
        {"{\"data\":{}}", false, BG_LC_ANSWER_BODY}, /* not a list */
        {"[7]", false, BG_LC_ANSWER_BODY},
        {"[{\"data\":{}},{\"data\":{}}]", false, BG_LC_ANSWER_BODY}, /* one was asked for */
        {"[{\"data\":{}}]", false, BG_LC_JSON_UPDATE},
        {"zz", true, BG_LC_ANSWER_SSZ},
        {"000", true, BG_LC_ANSWER_SSZ},
    };
    for (size_t i = 0; i < sizeof one / sizeof *one; i++) {
        char path[LC_PATH_MAX];
        scene_clear(&s);
        lc_path_updates(path, 3, 1);
        if (one[i].ssz) {
            json_array_append_new(s.beacon,
                                  json_pack("{s:s,s:s}", "path", path, "ssz", one[i].body));
        } else {
            AUTO_JSON body = json_loads(one[i].body, JSON_DECODE_ANY, NULL);
            json_array_append_new(s.beacon, lc_entry(path, body));
        }
        t = scene_once(a, &s);
        CASE("malformed", t.rc == RC_OK && t.bad.rc == one[i].want, "%zu: %d", i, t.bad.rc);
    }
}

/* Refused objects of each kind beside the good ones; the good ones come first, in the middle, last.
 */
static void lies_beside_the_truth(void **state)
{
    (void)state;
    struct lc_update lie[6];
    beacon_world_update(s.w, LC_FINALITY_UPDATE, SCENE_ATTESTED, BW_KEYS, &lie[0]);
    lie[0].signature[20] ^= 1;
    beacon_world_update(s.w, LC_FINALITY_UPDATE, SCENE_ATTESTED, 1, &lie[1]); /* one signer */
    beacon_world_update(s.w, LC_FINALITY_UPDATE, SCENE_ATTESTED, BW_KEYS, &lie[2]);
    lie[2].finalized.execution.state_root[3] ^= 1;
    beacon_world_update(s.w, LC_FINALITY_UPDATE, SCENE_ATTESTED, BW_KEYS, &lie[3]);
    lie[3].finalized = *beacon_world_header(s.w, 416); /* authentic, and not what is finalized */
    beacon_world_update(s.w, LC_FINALITY_UPDATE, 440, BW_KEYS, &lie[4]); /* the future */
    beacon_world_update(s.w, LC_FINALITY_UPDATE, SCENE_ATTESTED, BW_KEYS, &lie[5]);
    s.w->seed += 7; /* another chain's committee */
    memset(s.w->has_keys, 0, sizeof s.w->has_keys);
    beacon_world_sign(s.w, &lie[5], BW_KEYS);
    s.w->seed -= 7;
    memset(s.w->has_keys, 0, sizeof s.w->has_keys);
    static const enum rc want[] = {BG_LC_SIGNATURE,        BG_LC_PARTICIPATION,
                                   BG_LC_FINALIZED_HEADER, BG_LC_FINALITY_BRANCH,
                                   BG_LC_FUTURE,           BG_LC_SIGNATURE};
    s.cfg.max_head_age = 300;
    for (size_t i = 0; i < 6; i++) {
        scene_clear(&s);
        scene_bootstrap(&s);
        scene_updates(&s, 3, 3);
        scene_put(&s, LC_FINALITY_UPDATE, &lie[i]);
        struct light_client *lc = scene_client(a, &s);
        struct lc_try t = lc_step(a, lc, s.beacon, false);
        CASE("lie", t.rc == RC_OK && !t.head && t.bad.rc == BG_LC_HEAD_AGE, "%zu: %d", i, t.bad.rc);
        scene_finality(&s, SCENE_ATTESTED, BW_KEYS);
        t = lc_step(a, lc, s.beacon, false);
        HEAD("after a lie", t, SCENE_FINALIZED);
        /* Without an age there is no head to be too old: the lie itself is named. */
        struct lc_config cfg = s.cfg;
        cfg.max_head_age = 0;
        cfg.checkpoint.slot = 388; /* period 6: no updates needed */
        beacon_world_root(s.w, 388, cfg.checkpoint.root);
        struct lc_bootstrap b;
        char path[LC_PATH_MAX];
        beacon_world_bootstrap(s.w, 388, &b);
        AUTO_JSON body = beacon_world_bootstrap_json(s.w, &b);
        scene_clear(&s);
        json_array_append_new(s.beacon,
                              lc_entry(lc_path_bootstrap(path, cfg.checkpoint.root), body));
        scene_put(&s, LC_FINALITY_UPDATE, &lie[i]);
        t = lc_once(a, &cfg, s.now, s.beacon);
        NO_HEAD("named", t, want[i]);
    }
}

static void what_is_of_no_use_is_named(void **state)
{
    (void)state;
    scene_bootstrap(&s);
    scene_finality(&s, SCENE_ATTESTED, BW_KEYS);
    struct lc_try t = scene_once(a, &s);
    NO_HEAD("its committee is not known", t, BG_LC_UNUSED);
    scene_clear(&s);
    scene_bootstrap(&s);
    scene_finality(&s, 203, BW_KEYS); /* older than the checkpoint */
    t = scene_once(a, &s);
    NO_HEAD("older than the checkpoint", t, BG_LC_UNUSED);
}

/* Signed in the period after, an update can't tell that period's committee: it is asked for. */
static void an_update_signed_too_late_is_asked_for_again(void **state)
{
    (void)state;
    struct lc_update u;
    char path[LC_PATH_MAX];
    scene_bootstrap(&s);
    beacon_world_update(s.w, LC_UPDATE, 255, BW_KEYS, &u);
    AUTO_JSON one = json_array();
    json_array_append_new(one, beacon_world_update_json(s.w, LC_UPDATE, &u));
    json_array_append_new(s.beacon, lc_entry(lc_path_updates(path, 3, 1), one));
    struct lc_try t = scene_once(a, &s);
    NO_HEAD("late", t, BG_LC_UNUSED);
    const struct need *n = lc_need(&t, NEED_UPDATES);
    CASE("asked for", n && n->number == 3 && n->count == 3, "not from 3 on");
}

/* A flood costs one look each, memory for a note each, and hides nothing. */
static void a_flood_is_passed_over(void **state)
{
    (void)state;
    struct lc_update u;
    scene_bootstrap(&s);
    beacon_world_update(s.w, LC_UPDATE, 3 * 64 + 50, BW_KEYS, &u);
    u.signature[1] ^= 1;
    char path[LC_PATH_MAX];
    AUTO_JSON bad = beacon_world_update_json(s.w, LC_UPDATE, &u);
    AUTO_JSON list = json_array();
    for (size_t i = 0; i < 128; i++)
        json_array_append(list, bad);
    json_array_append_new(s.beacon, lc_entry(lc_path_updates(path, 3, 128), list));
    beacon_world_update(s.w, LC_FINALITY_UPDATE, SCENE_ATTESTED, BW_KEYS, &u);
    u.signature[95] ^= 1;
    while (json_array_size(s.beacon) < LIMIT_BEACON_ENTRIES - 2)
        scene_put(&s, LC_FINALITY_UPDATE, &u);
    scene_updates(&s, 3, 3);
    scene_finality(&s, SCENE_ATTESTED, BW_KEYS);
    assert_int_equal(json_array_size(s.beacon), LIMIT_BEACON_ENTRIES);
    size_t before = arena_used(a);
    struct lc_try t = scene_once(a, &s);
    HEAD("flood", t, SCENE_FINALIZED);
    assert_true(arena_used(a) - before < (size_t)2 << 20);
}

/* Five lists of 128 lies each are more than a run looks at; but who lied once waits. */
static void who_lied_waits(void **state)
{
    (void)state;
    struct lc_update u;
    char path[LC_PATH_MAX];
    scene_bootstrap(&s);
    beacon_world_update(s.w, LC_UPDATE, 3 * 64 + 60, BW_KEYS, &u);
    memset(u.signature, 0xff, sizeof u.signature);
    AUTO_JSON bad = beacon_world_update_json(s.w, LC_UPDATE, &u);
    AUTO_JSON list = json_array();
    for (size_t i = 0; i < 128; i++)
        json_array_append(list, bad);
    for (size_t i = 0; i < 5; i++)
        json_array_append_new(s.beacon, lc_entry(lc_path_updates(path, 3, 128), list));
    scene_updates(&s, 3, 3);
    scene_finality(&s, SCENE_ATTESTED, BW_KEYS);
    struct lc_try t = scene_once(a, &s);
    HEAD("lists of lies", t, SCENE_FINALIZED);
}

static void the_work_of_a_run_is_bounded(void **state)
{
    (void)state;
    struct lc_update u;
    char path[LC_PATH_MAX];
    scene_bootstrap(&s);
    beacon_world_update(s.w, LC_UPDATE, 3 * 64 + 50, BW_KEYS, &u);
    memset(u.signature, 0xff, sizeof u.signature);
    AUTO_JSON bad = beacon_world_update_json(s.w, LC_UPDATE, &u);
    AUTO_JSON list = json_array();
    for (size_t i = 0; i < 128; i++)
        json_array_append(list, bad);
    for (size_t i = 0; i < LIMIT_LC_CHECKS / 128; i++)
        json_array_append_new(s.beacon, lc_entry(lc_path_updates(path, 3, 128), list));
    struct light_client *lc = scene_client(a, &s);
    struct lc_try t = lc_step(a, lc, s.beacon, false);
    NO_HEAD("just within", t, BG_LC_SIGNATURE);
    scene_updates(&s, 3, 3);
    t = lc_step(a, lc, s.beacon, false);
    NO_HEAD("at the limit", t, BG_LC_WORK);
    /* An update fewer to look at, and the good ones are found. */
    json_array_remove(s.beacon, 1);
    scene_finality(&s, SCENE_ATTESTED, BW_KEYS);
    t = scene_once(a, &s);
    HEAD("below it", t, SCENE_FINALIZED);
}

/* After one refused update of a list, the rest of it is no reason not to ask others. */
static void one_lie_in_a_list_asks_for_all_of_it_again(void **state)
{
    (void)state;
    struct lc_update u;
    char path[LC_PATH_MAX];
    scene_bootstrap(&s);
    AUTO_JSON list = json_array();
    for (uint64_t p = 3; p < 6; p++) {
        beacon_world_update(s.w, LC_UPDATE, p * 64 + 50, BW_KEYS, &u);
        u.signature[5] ^= p == 3;
        json_array_append_new(list, beacon_world_update_json(s.w, LC_UPDATE, &u));
    }
    json_array_append_new(s.beacon, lc_entry(lc_path_updates(path, 3, 3), list));
    struct light_client *lc = scene_client(a, &s);
    struct lc_try t = lc_step(a, lc, s.beacon, false);
    NO_HEAD("lie", t, BG_LC_SIGNATURE);
    assert_int_equal(lc_need(&t, NEED_UPDATES)->number, 3);
    assert_int_equal(lc_need(&t, NEED_UPDATES)->count, 3);
    /* The rest of it is used all the same. */
    scene_updates(&s, 3, 1);
    scene_finality(&s, SCENE_ATTESTED, BW_KEYS);
    t = lc_step(a, lc, s.beacon, false);
    HEAD("rest", t, SCENE_FINALIZED);
}

static void answers_may_be_replaced(void **state)
{
    (void)state;
    scene_all(&s);
    struct light_client *lc = scene_client(a, &s);
    AUTO_JSON other = json_array();
    struct lc_try t = lc_step(a, lc, other, false);
    NO_HEAD("nothing", t, RC_OK);
    t = lc_step(a, lc, s.beacon, false);
    HEAD("all", t, SCENE_FINALIZED);
    t = lc_step(a, lc, other, false);
    HEAD("what was proven stays proven", t, SCENE_FINALIZED);
    /* As many others in their place. */
    lc = scene_client(a, &s);
    AUTO_JSON same = json_array();
    for (size_t i = 0; i < json_array_size(s.beacon); i++)
        json_array_append(same, json_array_get(s.beacon, 2));
    t = lc_step(a, lc, same, false);
    NO_HEAD("others", t, RC_OK);
    t = lc_step(a, lc, s.beacon, false);
    HEAD("and ours", t, SCENE_FINALIZED);
}

/* The caller must not change what it has shown; if it does, nothing is read beyond its end. */
static void a_changed_answer_is_noticed(void **state)
{
    (void)state;
    for (unsigned how = 0; how < 3; how++) {
        struct lc_update u;
        scene_clear(&s);
        scene_bootstrap(&s);
        struct light_client *lc = scene_client(a, &s);
        struct beacon_answers answers;
        struct err bad = {0}, err = {0};
        struct needs needs;
        const struct chain_head *head;
        assert_int_equal(beacon_answers_read(a, s.beacon, NULL, &answers, &err), RC_OK);
        beacon_world_update(s.w, LC_FINALITY_UPDATE, SCENE_ATTESTED, BW_KEYS, &u);
        struct bytes ssz = beacon_world_update_ssz(s.w, LC_FINALITY_UPDATE, &u, false);
        AUTO_JSON entry = lc_entry_ssz(LC_PATH_FINALITY, ssz);
        free((void *)(uintptr_t)ssz.p);
        char *text = strdup(json_string_value(json_object_get(entry, "ssz")));
        assert_non_null(text);
        struct beacon_answer v[3] = {
            answers.v[0], {.kind = LC_FINALITY_UPDATE, .path = LC_PATH_FINALITY, .ssz_hex = text}};
        answers = (struct beacon_answers){.v = v, .n = 2};
        assert_int_equal(light_client_step(lc, &answers, false, &needs, &head, &bad, &err), RC_OK);
        assert_null(head);
        if (how == 1)
            text[100] = 'z';
        if (how == 2)
            text[100] = '\0';
        scene_updates(&s, 3, 3);
        struct beacon_answers more;
        assert_int_equal(beacon_answers_read(a, s.beacon, NULL, &more, &err), RC_OK);
        v[2] = more.v[1];
        answers.n = 3;
        assert_int_equal(light_client_step(lc, &answers, false, &needs, &head, &bad, &err), RC_OK);
        CASE("changed",
             head && head_facts_of(head)->slot == (how ? 352u : SCENE_FINALIZED) &&
                 bad.rc == (how ? BG_LC_ANSWER_CHANGED : RC_OK),
             "%u: %d %s", how, bad.rc, bad.detail);
        free(text);
    }
}

/* Cut short before an object of it begins: what is left behind the end is not read. */
static void a_shortened_answer_is_noticed(void **state)
{
    (void)state;
    for (unsigned cut = 0; cut < 2; cut++) {
        struct lc_update u;
        char path[LC_PATH_MAX];
        scene_clear(&s);
        scene_bootstrap(&s);
        struct light_client *lc = scene_client(a, &s);
        struct beacon_answers answers;
        struct err bad = {0}, err = {0};
        struct needs needs;
        const struct chain_head *head;
        assert_int_equal(beacon_answers_read(a, s.beacon, NULL, &answers, &err), RC_OK);
        beacon_world_update(s.w, LC_UPDATE, 3 * 64 + 50, BW_KEYS, &u);
        struct bytes ssz = beacon_world_update_ssz(s.w, LC_UPDATE, &u, true);
        char *text = malloc(2 * ssz.n + 1);
        assert_non_null(text);
        hex_encode(ssz, text);
        free((void *)(uintptr_t)ssz.p);
        struct beacon_answer v[2] = {{.kind = LC_UPDATE,
                                      .path = lc_path_updates(path, 3, 1),
                                      .ssz_hex = text,
                                      .first = 3,
                                      .count = 1},
                                     answers.v[0]};
        answers = (struct beacon_answers){.v = v, .n = 1};
        assert_int_equal(light_client_step(lc, &answers, false, &needs, &head, &bad, &err), RC_OK);
        assert_null(head);
        if (cut)
            text[0] = '\0';
        answers.n = 2;
        assert_int_equal(light_client_step(lc, &answers, false, &needs, &head, &bad, &err), RC_OK);
        CASE("shortened", cut ? !head && bad.rc == BG_LC_ANSWER_CHANGED : head != NULL, "%u: %d %s",
             cut, bad.rc, bad.detail);
        free(text);
    }
}

/* y-coordinates in the bundle save work, and change nothing, right or wrong. */
static void hints_change_nothing(void **state)
{
    (void)state;
    scene_all(&s);
    for (unsigned how = 0; how < 4; how++) {
        AUTO_JSON keys = json_array();
        for (uint64_t p = 3; p <= 6; p++) {
            struct bls_committee points;
            size_t wrong = 0;
            const char *why = "";
            uint8_t y[BW_KEYS][FP_BYTES], h[32];
            const uint8_t(*raw)[BLS_KEY] = (const uint8_t(*)[BLS_KEY])s.w->keys[p];
            assert_true(bls_committee_read(raw, BW_KEYS, NULL, &points, &wrong, &why));
            bls_committee_hints(&points, y);
            hash_sha256(bytes_of(raw, sizeof s.w->keys[p]), h);
            if (how == 1)
                for (size_t i = 0; i < BW_KEYS; i++)
                    y[i][47] ^= 1;
            if (how == 2)
                h[0] ^= 1;
            size_t n = how == 3 ? BW_KEYS - 1 : BW_KEYS;
            char yt[2 * BW_KEYS * FP_BYTES + 1], ht[65];
            hex_encode(bytes_of(y, n * FP_BYTES), yt);
            hex_encode(bytes_of(h, 32), ht);
            json_array_append_new(keys, json_pack("{s:s,s:s}", "keys_sha256", ht, "y", yt));
        }
        struct beacon_answers answers;
        struct lc_try t = {0};
        struct light_client *lc = scene_client(a, &s);
        assert_int_equal(beacon_answers_read(a, s.beacon, keys, &answers, &t.err), RC_OK);
        t.rc = light_client_step(lc, &answers, false, &t.needs, &t.head, &t.bad, &t.err);
        HEAD("hints", t, SCENE_FINALIZED);
        CASE("wrong ones", light_client_store(lc)->wrong_hints == (how == 1 ? 4 * BW_KEYS : 0),
             "%u: %zu", how, light_client_store(lc)->wrong_hints);
        assert_null(light_client_store(lc)->hints);
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fresh, done)
    const struct CMUnitTest tests[] = {
        T(bad_answers_never_stop_good_ones), T(lies_beside_the_truth),
        T(what_is_of_no_use_is_named),       T(an_update_signed_too_late_is_asked_for_again),
        T(a_flood_is_passed_over),           T(who_lied_waits),
        T(the_work_of_a_run_is_bounded),     T(one_lie_in_a_list_asks_for_all_of_it_again),
        T(answers_may_be_replaced),          T(a_changed_answer_is_noticed),
        T(a_shortened_answer_is_noticed),    T(hints_change_nothing),
    };
    return HARNESS_RUN("light_client_hostile", tests);
}
