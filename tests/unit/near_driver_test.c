/*
 * near_driver: source near without a network: a bundle decides, what is kept leads there again,
 * floors refuse, and what is missing is named. The chain is tests/lib/near_scene.c's.
 */
#include "tests/lib/harness.h"

#include "agent/near.h"
#include "policy/near/ask_call.h"
#include "tests/lib/near_scene.h"

#define HEIGHT 105u
#define TIME   (NEAR_SIGNER_START + 50u)

struct
try {
    struct arena *a;
    struct near_signer signer;
    struct near_scene *scene;
    struct config config;
    struct bundle bundle;
    struct driver d;
    struct store_files stored;
    struct store_floor floor;
    struct driver_facts facts;
    struct checks checks;
    struct chain_result out;
    struct err err;
};

static void add(struct try *t, json_t *owned)
{
    assert_int_equal(json_array_append_new(t->bundle.rpc, owned), 0);
}

static void add_light(struct try *t)
{
    uint8_t hash[32], *root = t->scene->head.prev_state_root;
    add(t, json_pack("{s:s, s:[], s:o}", "method", "EXPERIMENTAL_validators_ordered", "params",
                     "result", near_signer_list(&t->signer)));
    add(t, json_pack("{s:s, s:{s:o}, s:o}", "method", "next_light_client_block", "params",
                     "last_block_hash", near_scene_b58(t->signer.start.block_hash), "result",
                     near_signer_light(&t->signer, HEIGHT, TIME, root, hash)));
}

static void add_state(struct try *t)
{
    AUTO_JSON answers = near_scene_answers(t->scene);
    assert_int_equal(json_array_extend(t->bundle.rpc, answers), 0);
}

/* begin: nothing at hand, offline; the state allows. */
static void begin(struct try *t)
{
    *t = (struct try){.a = arena_new(64u << 20), .signer = near_signer_new()};
    t->scene = near_scene_new(ASK_APP);
    near_scene_settle(t->scene);
    json_t *block = near_signer_light(&t->signer, HEIGHT, TIME, t->scene->head.prev_state_root,
                                      t->scene->head.block_hash);
    json_decref(block);
    config_builtin(&t->config);
    t->config.chain.source = CHAIN_NEAR;
    t->config.near.network_id = "tests";
    t->config.near.client.contract_id = bytes_of_str(NEAR_SCENE_KMS);
    t->config.near.client.checkpoint = t->signer.start;
    t->config.near.report_code = true;
    assert_int_equal(bundle_init(&t->bundle, &t->err), RC_OK);
    t->d = (struct driver){.config = &t->config,
                           .question = ASK_APP,
                           .offline = true,
                           .now = TIME,
                           .deadline_ms = UINT64_MAX};
}

static void all(struct try *t)
{
    begin(t);
    add_light(t);
    add_state(t);
}

static void end(struct try *t)
{
    bundle_free(&t->bundle);
    near_scene_free(t->scene);
    near_signer_free(&t->signer);
    arena_free(t->a);
}

static enum rc go(struct try *t)
{
    enum rc rc =
        driver_run(t->a, &t->d, &t->scene->bi, &t->bundle, &t->checks, &t->out, &t->facts, &t->err);
    assert_int_equal(rc, t->err.rc);
    return rc;
}

static void ends(const char *name, struct try *t, enum rc want)
{
    enum rc rc = go(t);
    CASE(name, rc == want && (rc != RC_OK || t->out.say == CHAIN_ALLOWS), "BG-%04d %s, not BG-%04d",
         rc, t->err.detail, want);
    end(t);
}

static bool noted(const struct try *t, enum rc code)
{
    char text[16];
    snprintf(text, sizeof text, "BG-%04d", (int)code);
    for (size_t i = 0; i < t->facts.num_notes; i++)
        if (strstr(t->facts.notes[i], text))
            return true;
    return false;
}

static void a_bundle_is_enough(void **state)
{
    (void)state;
    static const uint8_t nonce[NEAR_NONCE] = {1};
    struct try t;
    all(&t);
    assert_int_equal(go(&t), RC_OK);
    CASE("allowed",
         t.out.say == CHAIN_ALLOWS && t.out.block_number == HEIGHT && t.out.block_time == TIME &&
             !strcmp(t.out.assurance, "finalized-data") && t.facts.floor.slot == HEIGHT &&
             t.facts.keep.light.n == 0 && t.facts.keep.floor.n == 0,
         "block %llu", (unsigned long long)t.out.block_number);
    end(&t);
    begin(&t);
    add_state(&t);
    ends("no light client block", &t, BG_NEAR_HEAD_OFFLINE);
    begin(&t);
    add_light(&t);
    ends("no state", &t, BG_NEAR_STATE_OFFLINE);
    all(&t);
    t.config.near.by_call = true;
    ends("no nonce, and no recorded one", &t, BG_NEAR_NO_NONCE);
    all(&t);
    t.config.near.by_call = true;
    t.d.nonce = nonce;
    ends("a nonce of its own, and no call", &t, BG_NEAR_STATE_OFFLINE);
}

static void the_store_leads_there_again(void **state)
{
    (void)state;
    struct try t, u;
    all(&t);
    t.d.stored = &t.stored;
    assert_int_equal(go(&t), RC_OK);
    CASE("kept", t.facts.keep.light.n && t.facts.keep.floor.n, "%zu, %zu", t.facts.keep.light.n,
         t.facts.keep.floor.n);
    begin(&u);
    add_state(&u);
    u.d.stored = &t.facts.keep;
    ends("from the store", &u, RC_OK);
    begin(&u); /* what it kept does not count where it does not lead */
    add_state(&u);
    u.d.stored = &t.facts.keep;
    memset(u.config.near.client.checkpoint.block_hash, 1, 32);
    ends("from another checkpoint", &u, BG_NEAR_HEAD_OFFLINE);
    end(&t);
    static const char *const bad[] = {"{\"schema\":1,\"rpc\":[],\"beacon\":[]}", "{"};
    for (size_t i = 0; i < 2; i++) {
        all(&t);
        t.stored.light = bytes_of_str(bad[i]);
        t.d.stored = &t.stored;
        assert_int_equal(go(&t), RC_OK);
        CASE("left out", noted(&t, i ? BG_JSON_SYNTAX : BG_STORE_NEAR_ANSWERS), "%zu notes",
             t.facts.num_notes);
        end(&t);
    }
}

static void floors_hold(void **state)
{
    (void)state;
    struct try t;
    char text[128];
    static const struct {
        const char *name, *contract;
        uint64_t stored, given; /* 0: none */
        enum rc want, note;
    } cases[] = {
        {"at the store's", NEAR_SCENE_KMS, HEIGHT, 0, RC_OK, RC_OK},
        {"below the store's", NEAR_SCENE_KMS, HEIGHT + 1, 0, BG_NEAR_FLOOR, RC_OK},
        {"another contract's", "b.near", HEIGHT + 1, 0, RC_OK, BG_STORE_NEAR_FLOOR_FOREIGN},
        {"at the given one", NEAR_SCENE_KMS, 1, HEIGHT, RC_OK, RC_OK},
        {"below the given one", NEAR_SCENE_KMS, 1, HEIGHT + 1, BG_NEAR_FLOOR, RC_OK},
        {"the higher counts", NEAR_SCENE_KMS, HEIGHT + 1, 1, BG_NEAR_FLOOR, RC_OK},
        {"a given one alone", NULL, 0, HEIGHT + 1, BG_NEAR_FLOOR, RC_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        all(&t);
        t.floor.slot = cases[i].given;
        t.d.floor = cases[i].given ? &t.floor : NULL;
        snprintf(text, sizeof text,
                 "{\"network_id\":\"tests\",\"contract_id\":\"%s\",\"height\":%llu}",
                 cases[i].contract ? cases[i].contract : "", (unsigned long long)cases[i].stored);
        t.stored.floor = cases[i].contract ? bytes_of_str(text) : BYTES_NONE;
        t.d.stored = &t.stored;
        enum rc rc = go(&t);
        CASE(cases[i].name,
             rc == cases[i].want && (!cases[i].note || noted(&t, cases[i].note)) &&
                 t.facts.floor.slot == (rc == RC_OK ? HEIGHT : 0),
             "BG-%04d", rc);
        end(&t);
    }
    all(&t);
    t.d.floor_time = TIME;
    ends("as old as the program", &t, RC_OK);
    all(&t);
    t.d.floor_time = TIME + 1;
    ends("older than the program", &t, BG_NEAR_BUILD_FLOOR);
}

/* The tripwire: unknown without a network, and that denies where the configuration says so. */
static void code_is_not_known_offline(void **state)
{
    (void)state;
    static const uint8_t list[1][32] = {{1}};
    for (int require = 0; require < 2; require++) {
        struct try t;
        size_t seen = 0;
        all(&t);
        t.config.near.report_code = !require;
        t.config.near.kms_codes = t.config.near.app_codes = (struct near_codes){list, 1};
        assert_int_equal(go(&t), RC_OK);
        for (size_t i = 0; i < t.checks.n; i++) {
            const struct check *c = &t.checks.v[i];
            if (strcmp(c->id, "near.code_hash") != 0)
                continue;
            seen++;
            CASE("code",
                 require ? c->status == CHECK_FAIL && c->code == BG_NEAR_CODE_UNCONFIRMED
                         : c->status == CHECK_UNKNOWN && c->code == RC_OK,
                 "status %d, BG-%04d", c->status, c->code);
        }
        CASE("one for each contract", seen == 2, "%zu", seen);
        end(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bundle_is_enough),
        cmocka_unit_test(the_store_leads_there_again),
        cmocka_unit_test(floors_hold),
        cmocka_unit_test(code_is_not_known_offline),
    };
    return HARNESS_RUN("near_driver", tests);
}
