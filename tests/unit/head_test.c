/*
 * head: what a spoiled store does to a run (nothing, but for the time it saved), what many steps
 * cost, and when signed checkpoints that contradict each other or the chain raise the alarm.
 */
#include "tests/lib/lc_scene.h"

#include <stdlib.h>

#include "agent/clock.h"
#include "agent/start.h"
#include "base/hash.h"

static struct arena *arena;

/* search: over the scene's answers as they are, with nobody to ask. */
static struct head_search search(const struct lc_scene *s, struct bundle *b, struct turn *turn,
                                 bool from_store)
{
    struct err err = {0};
    assert_int_equal(bundle_init(b, &err), RC_OK);
    assert_int_equal(json_array_extend(b->beacon, s->beacon), 0);
    *turn = (struct turn){.deadline_ms = clock_ms() + 60000};
    return (struct head_search){
        .a = arena, .bundle = b, .turn = turn, .now = s->now, .from_store = from_store};
}

static void add(json_t *list, const char *text)
{
    json_t *j = json_loads(text, 0, NULL);
    assert_non_null(j);
    assert_int_equal(json_array_append_new(list, j), 0);
}

/* --- the store --- */

#define LC "/eth/v1/beacon/light_client/"
/* Entries whose frame is wrong: in a bundle of the caller's they are the caller's mistake. */
static const struct {
    const char *entry, *hint;
    enum rc code;
} spoiled[] = {
    {"{\"path\":\"" LC "updates?start_period=1&count=0\",\"ssz\":\"\"}", NULL, BG_BEACON_PATH},
    {"{\"path\":\"" LC "finality_update/\",\"result\":{}}", NULL, BG_BEACON_PATH},
    {"{\"path\":\"" LC "bootstrap/0x12\",\"result\":{}}", NULL, BG_BEACON_PATH},
    {"{\"path\":\"" LC "finality_update\",\"ssz\":5}", NULL, BG_BEACON_ENTRY_SHAPE},
    {"{\"path\":7,\"result\":{}}", NULL, BG_BEACON_ENTRY_SHAPE},
    {NULL, "{\"keys_sha256\":\"00\",\"y\":\"00\"}", BG_BEACON_HINT},
    {NULL, "{\"keys_sha256\":1,\"y\":2}", BG_BEACON_HINT},
};

static void a_spoiled_store_is_thrown_away_whole(void **state)
{
    (void)state;
    struct lc_scene s;
    scene_new(&s, BEACON_ELECTRA);
    scene_all(&s);
    for (size_t i = 0; i < sizeof spoiled / sizeof *spoiled; i++)
        for (int from_store = 0; from_store < 2; from_store++) {
            const char *what = spoiled[i].entry ? spoiled[i].entry : spoiled[i].hint;
            AUTO_BUNDLE b = {0};
            struct turn turn;
            struct err err = {0};
            struct head_search h = search(&s, &b, &turn, from_store);
            if (spoiled[i].entry)
                add(b.beacon, spoiled[i].entry);
            else
                add(b.committee_keys, spoiled[i].hint);
            enum rc rc = head_find(&h, &s.cfg, &err);
            if (from_store)
                CASE(what,
                     rc == BG_HEAD_OFFLINE && h.store_bad.rc == spoiled[i].code &&
                         json_array_size(b.beacon) == 0 && json_array_size(b.committee_keys) == 0,
                     "code %d, store %d", (int)rc, (int)h.store_bad.rc);
            else
                CASE(what, rc == spoiled[i].code && h.store_bad.rc == RC_OK, "code %d", (int)rc);
            head_close(&h);
        }
    /* What holds is kept, whoever it is from. */
    for (int from_store = 0; from_store < 2; from_store++) {
        AUTO_BUNDLE b = {0};
        struct turn turn;
        struct err err = {0};
        struct head_search h = search(&s, &b, &turn, from_store);
        assert_int_equal(head_find(&h, &s.cfg, &err), RC_OK);
        assert_int_equal(head_facts_of(h.head)->slot, SCENE_FINALIZED);
        assert_int_equal(h.store_bad.rc, RC_OK);
        head_close(&h);
    }
    scene_free(&s);
}

/* Nodes decide how many rounds there are: what a round decodes must not add up. */
static void rounds_cost_no_memory(void **state)
{
    (void)state;
    struct lc_scene s;
    AUTO_BUNDLE b = {0};
    struct turn turn;
    struct err err = {0};
    scene_new(&s, BEACON_ELECTRA);
    scene_all(&s);
    struct head_search h = search(&s, &b, &turn, false);
    size_t digits = (size_t)2 * FP_BYTES * BEACON_COMMITTEE_MAX;
    char *y = malloc(digits);
    memset(y, '0', digits);
    for (size_t i = 0; i < LIMIT_COMMITTEES; i++) {
        char hash[65];
        snprintf(hash, sizeof hash, "%064zx", i);
        json_t *hint = json_object();
        json_object_set_new(hint, "keys_sha256", json_string(hash));
        json_object_set_new(hint, "y", json_stringn(y, digits));
        assert_int_equal(json_array_append_new(b.committee_keys, hint), 0);
    }
    free(y);
    assert_int_equal(head_find(&h, &s.cfg, &err), RC_OK);
    size_t before = arena_used(arena);
    for (size_t i = 0; i < 64; i++) {
        bool moved;
        assert_int_equal(head_newer(&h, &moved, &err), RC_OK);
        assert_false(moved);
    }
    size_t grown = arena_used(arena) - before;
    CASE("64 rounds", grown < (size_t)1 << 20, "%zu bytes", grown);
    head_close(&h);
    scene_free(&s);
}

/* --- signed checkpoints --- */

static uint8_t keys[3][CHECKPOINT_KEY];

static void secret_of(unsigned i, uint8_t out[static 32])
{
    char name[32];
    snprintf(name, sizeof name, "signer %u", i);
    hash_sha256(bytes_of_str(name), out);
}

/* document: for this block, signed by the first n of our three. */
static json_t *document(const struct lc_scene *s, uint64_t slot, const uint8_t root[static 32],
                        unsigned n)
{
    const struct beacon_network *net = s->cfg.network;
    struct checkpoint_doc d = {.slot = slot, .issued = s->now, .not_after = s->now + 1000};
    struct err err = {0};
    uint8_t secret[32];
    memcpy(d.genesis_validators_root, net->genesis_validators_root, 32);
    memcpy(d.fork_version, beacon_fork_at_slot(net, slot)->version, 4);
    memcpy(d.root, root, 32);
    for (unsigned i = 0; i < n; i++) {
        secret_of(i, secret);
        assert_int_equal(checkpoint_sign(&d, secret, &err), RC_OK);
        memcpy(keys[i], d.signatures[i].key, CHECKPOINT_KEY);
    }
    json_t *j = checkpoint_to_json(&d);
    assert_non_null(j);
    return j;
}

static struct config config_of(const struct lc_scene *s, bool has_checkpoint)
{
    struct config c = {.chain.light_client = s->cfg, .has_checkpoint = has_checkpoint};
    c.signers = (struct checkpoint_signers){(const uint8_t(*)[CHECKPOINT_KEY])keys, 3, 2};
    return c;
}

static enum rc choose(const struct config *c, const struct lc_scene *s, const json_t *docs,
                      struct starts *out)
{
    struct err err = {0};
    return starts_choose(c, docs, 0, s->now, out, &err);
}

static void documents_that_contradict_are_an_alarm_in_any_order(void **state)
{
    (void)state;
    struct lc_scene s;
    struct starts starts;
    uint8_t root[3][32];
    scene_new(&s, BEACON_ELECTRA);
    beacon_world_root(s.w, SCENE_CHECKPOINT, root[0]);
    beacon_world_root(s.w, SCENE_CHECKPOINT + 64, root[1]);
    memset(root[2], 7, 32);
    struct {
        const char *name;
        uint64_t slot;
        const uint8_t *root;
        unsigned signers;
    } docs[] = {{"own again", SCENE_CHECKPOINT, root[0], 3},
                {"newer", SCENE_CHECKPOINT + 64, root[1], 3},
                {"other than own", SCENE_CHECKPOINT, root[2], 3},
                {"other than newer", SCENE_CHECKPOINT + 64, root[2], 2},
                {"other than own, too few", SCENE_CHECKPOINT, root[2], 1}};
    json_t *made[5];
    for (size_t i = 0; i < 5; i++)
        made[i] = document(&s, docs[i].slot, docs[i].root, docs[i].signers);
    /* Every order of any three of them, with an own checkpoint and without. */
    for (unsigned n = 0; n < 2 * 125; n++) {
        unsigned pick[3] = {n % 5, n / 5 % 5, n / 25 % 5}, seen = 0;
        bool own = n >= 125;
        struct config c = config_of(&s, own);
        AUTO_JSON list = json_array();
        for (size_t i = 0; i < 3; i++) {
            seen |= 1u << pick[i];
            assert_int_equal(json_array_append(list, made[pick[i]]), 0);
        }
        bool clash = ((seen & 2) && (seen & 8)) || ((seen & 4) && (own || (seen & 1)));
        bool none = !own && seen == 16;
        enum rc want = clash ? BG_START_CONTRADICTION : none ? BG_CHECKPOINT_THRESHOLD : RC_OK;
        enum rc rc = choose(&c, &s, list, &starts);
        CASE(docs[pick[0]].name, rc == want, "%u %u %u, own %d: code %d", pick[0], pick[1], pick[2],
             own, (int)rc);
        /* The newest first, and the configuration's own before its equal. */
        for (size_t i = 0; rc == RC_OK && i + 1 < starts.n; i++)
            CASE("order",
                 starts.v[i].checkpoint.slot >= starts.v[i + 1].checkpoint.slot &&
                     (starts.v[i + 1].doc || starts.v[i].checkpoint.slot > own * SCENE_CHECKPOINT),
                 "start %zu", i);
    }
    for (size_t i = 0; i < 5; i++)
        json_decref(made[i]);
    scene_free(&s);
}

/*
 * A document that leads nowhere is passed over for the configuration's checkpoint; when the chain
 * that is then proven has another block at its slot, that is an alarm.
 */
static void a_document_against_the_proven_chain_is_an_alarm(void **state)
{
    (void)state;
    struct lc_scene s;
    struct err err = {0};
    uint8_t truth[3][32], lie[32];
    static const uint64_t slots[] = {SCENE_FINALIZED, SCENE_ATTESTED, SCENE_FINALIZED - 8};
    scene_new(&s, BEACON_ELECTRA);
    scene_all(&s);
    memset(lie, 7, 32);
    AUTO_BUNDLE b = {0};
    struct turn turn;
    struct head_search h = search(&s, &b, &turn, false);
    assert_int_equal(head_find(&h, &s.cfg, &err), RC_OK);
    for (size_t i = 0; i < 3; i++) {
        beacon_world_root(s.w, slots[i], truth[i]);
        for (int lies = 0; lies < 2; lies++) {
            AUTO_JSON list = json_array();
            struct starts starts;
            json_array_append_new(list, document(&s, slots[i], lies ? lie : truth[i], 3));
            struct config c = config_of(&s, true);
            assert_int_equal(choose(&c, &s, list, &starts), RC_OK);
            assert_true(starts.n == 2 && starts.v[0].doc && !starts.v[1].doc);
            err_clear(&err);
            enum rc rc = starts_agree(&starts, &h, &err);
            /* What the light client did not see it can't compare. */
            CASE(lies ? "a lie" : "the truth", rc == (lies && i < 2 ? BG_START_ALARM : RC_OK),
                 "slot %llu: code %d", (unsigned long long)slots[i], (int)rc);
        }
    }
    head_close(&h);
    scene_free(&s);
}

int main(void)
{
    arena = arena_new(1u << 30);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_spoiled_store_is_thrown_away_whole),
        cmocka_unit_test(rounds_cost_no_memory),
        cmocka_unit_test(documents_that_contradict_are_an_alarm_in_any_order),
        cmocka_unit_test(a_document_against_the_proven_chain_is_an_alarm),
    };
    int rc = HARNESS_RUN("head", tests);
    arena_free(arena);
    return rc;
}
