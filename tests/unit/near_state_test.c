/*
 * near: decisions from proven state, by tries that are built in tests/lib/near_scene.c: what an
 * answer must be about, what its proof and value must be, which root counts, and what near-kms'
 * views say (our reading), one change at a time.
 */
#include "tests/lib/harness.h"

#include "base/limits.h"
#include "tests/lib/near_scene.h"

#define KMS NEAR_SCENE_KMS

struct came {
    enum rc rc;
    struct err err, bad;
    struct near_result r;
    size_t hard;
};

static struct came ask(struct near_scene *s, json_t *rpc)
{
    struct came c = {0};
    struct answers at_hand;
    struct needs needs = {0};
    struct checks checks = {0};
    assert_int_equal(answers_read(s->a, rpc, &at_hand, &c.err), RC_OK);
    c.rc = near_ask(s->a, &s->cfg, &s->head, s->question, &s->bi, &at_hand, 0, &needs, &checks,
                    &c.r, &c.bad, &c.err);
    c.hard = needs_hard(&needs);
    return c;
}

/* decided: with the answers as they are. */
static void decided(const char *name, struct near_scene *s, enum chain_say say, enum rc code,
                    const char *reason)
{
    AUTO_JSON rpc = near_scene_answers(s);
    struct came c = ask(s, rpc);
    bool good = c.rc == RC_OK && c.r.chain.say == say && c.r.chain.code == code &&
                strcmp(c.r.chain.reason ? c.r.chain.reason : "(none)", reason) == 0;
    CASE(name, good, "BG-%04d, say %d, BG-%04d %s; BG-%04d", c.rc, c.r.chain.say, c.r.chain.code,
         c.r.chain.reason ? c.r.chain.reason : "", c.bad.rc);
    near_scene_free(s);
}

static void allowed(const char *name, struct near_scene *s)
{
    decided(name, s, CHAIN_ALLOWS, RC_OK, "");
}

static void denied(const char *name, struct near_scene *s, const char *reason)
{
    decided(name, s, CHAIN_DENIES, BG_NEAR_DENIED, reason);
}

/* open: nothing is proven, and why. */
static void open_is(const char *name, struct near_scene *s, json_t *rpc, enum rc bad)
{
    struct came c = ask(s, rpc);
    CASE(name, c.rc == RC_OK && c.r.chain.say == CHAIN_UNDECIDED && c.bad.rc == bad && c.hard,
         "BG-%04d %s, say %d, BG-%04d not BG-%04d", c.rc, c.err.detail, c.r.chain.say, c.bad.rc,
         bad);
    json_decref(rpc);
    near_scene_free(s);
}

static void the_views_say_what_the_state_holds(void **state)
{
    (void)state;
    struct near_scene *s;
    static const struct {
        enum chain_question question;
        size_t gone;
        const char *reason;
    } sets[] = {
        {ASK_KMS, SCENE_OS_IMAGES, "OS image is not allowed"},
        {ASK_KMS, SCENE_MRS, "Aggregated MR not allowed"},
        {ASK_KMS, SCENE_DEVICES, "KMS is not allowed to boot on this device"},
        {ASK_APP, SCENE_APPS, "App not registered"},
        {ASK_APP, SCENE_OS_IMAGES, "OS image is not allowed"},
        {ASK_APP, SCENE_APP_COMPOSE, "Compose hash not allowed"},
        {ASK_APP, SCENE_APP_DEVICES, "Device not allowed"},
    };
    allowed("a KMS", near_scene_new(ASK_KMS));
    allowed("an app", near_scene_new(ASK_APP));
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        s = near_scene_new(sets[i].question);
        s->shard[0].v[sets[i].gone].account = NULL;
        denied(sets[i].reason, s, sets[i].reason);
        /* The first no in the order of the views: all that comes later is missing as well. */
        s = near_scene_new(sets[i].question);
        for (size_t k = sets[i].gone; k <= SCENE_APP_DEVICES; k++)
            s->shard[0].v[k].account = NULL;
        denied("and all behind it", s, sets[i].reason);
    }
    s = near_scene_new(ASK_KMS);
    s->bi.tcb_status = bytes_of_str("OutOfDate");
    s->shard[0].v[SCENE_OS_IMAGES].account = NULL;
    denied("a KMS's TCB", s, "TCB status is not up to date");
    s = near_scene_new(ASK_APP);
    s->bi.tcb_status = bytes_of_str("OutOfDate");
    allowed("an app's TCB is not the contract's to judge", s);
    s = near_scene_new(ASK_APP);
    s->shard[0].v[SCENE_STATE_APP].value[16] = 1; /* allow_any_device */
    s->shard[0].v[SCENE_APP_DEVICES].account = NULL;
    allowed("any device", s);
    s = near_scene_new(ASK_APP);
    s->shard[0].v[SCENE_STATE_APP].value[40] = 'x';
    decided("another KMS's app", s, CHAIN_DENIES, BG_NEAR_APP_KMS,
            "the app contract names another KMS contract");
    s = near_scene_new(ASK_APP);
    s->shard[0].v[SCENE_STATE_APP].value[34] = 0; /* it names no KMS */
    s->shard[0].v[SCENE_STATE_APP].value_n = 35;
    allowed("nobody's app", s);
    for (size_t i = 0; i < 2; i++) {
        s = near_scene_new(i ? ASK_APP : ASK_KMS);
        s->bi.has_instance_id = false;
        decided("no instance id", s, CHAIN_DENIES, BG_NEAR_INSTANCE_ID,
                "instance_id is not an account id");
    }
}

static void accounts_have_names(void **state)
{
    (void)state;
    static const struct {
        const char *kms, *app;
        enum rc want;
    } cases[] = {
        {"Kms.near", "", BG_NEAR_CONTRACT_ID},
        {"", "", BG_NEAR_CONTRACT_ID},
        {"a", "", BG_NEAR_CONTRACT_ID},
        {"kms.near", "a,b", BG_NEAR_APP_ACCOUNT},
        {"a-name-of-24.characters.x", "", BG_NEAR_APP_ACCOUNT}, /* 40 + 1 + 25 */
        {"a-name-of-23.characters", "", RC_OK},                 /* 40 + 1 + 23 */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct near_scene *s = near_scene_new(ASK_APP);
        s->cfg.contract_id = bytes_of_str(cases[i].kms);
        s->cfg.app_account = bytes_of_str(cases[i].app);
        AUTO_JSON rpc = near_scene_answers(s);
        struct came c = ask(s, rpc);
        CASE("names", c.rc == cases[i].want && c.r.chain.say == CHAIN_UNDECIDED,
             "case %zu: BG-%04d", i, c.rc);
        near_scene_free(s);
    }
}

static json_t *result_of(json_t *rpc, size_t i)
{
    return json_object_get(json_array_get(rpc, i), "result");
}

static json_t *params_of(json_t *rpc, size_t i)
{
    return json_object_get(json_array_get(rpc, i), "params");
}

static json_t *copies(size_t n, json_t *owned)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        (void)json_array_append(list, owned);
    json_decref(owned);
    return list;
}

static void the_block_has_its_chunks(void **state)
{
    (void)state;
    uint8_t other[32];
    memset(other, 0x23, 32);
    struct near_scene *s = near_scene_new(ASK_KMS);
    json_t *rpc = near_scene_answers(s);
    (void)json_object_set_new(params_of(rpc, 0), "block_id", near_scene_b58(other));
    open_is("of another block", s, rpc, RC_OK);
    s = near_scene_new(ASK_KMS);
    rpc = near_scene_answers(s);
    (void)json_object_set_new(result_of(rpc, 0), "chunks", json_array());
    open_is("none", s, rpc, BG_NEAR_CHUNKS);
    s = near_scene_new(ASK_KMS);
    rpc = near_scene_answers(s);
    (void)json_object_set_new(result_of(rpc, 0), "chunks",
                              copies(LIMIT_NEAR_SHARDS + 1,
                                     json_pack("{s:o}", "prev_state_root", near_scene_b58(other))));
    open_is("too many", s, rpc, BG_NEAR_CHUNKS);
    s = near_scene_new(ASK_KMS);
    rpc = near_scene_answers(s);
    (void)json_object_set_new(json_array_get(json_object_get(result_of(rpc, 0), "chunks"), 1),
                              "prev_state_root", near_scene_b58(other));
    open_is("another root", s, rpc, BG_NEAR_CHUNK_ROOTS);
    s = near_scene_new(ASK_KMS);
    rpc = near_scene_answers(s);
    (void)json_array_remove(json_object_get(result_of(rpc, 0), "chunks"), 1);
    open_is("one left out", s, rpc, BG_NEAR_CHUNK_ROOTS);
}

static void answers_are_about_what_was_asked(void **state)
{
    (void)state;
    uint8_t other[32];
    memset(other, 0x24, 32);
    const struct {
        const char *name, *key;
        json_t *v;
    } cases[] = {
        {"another account", "account_id", json_string("kms.nea")},
        {"another block", "block_id", near_scene_b58(other)},
        {"the head itself", "block_id", json_integer(200)},
        {"another key", "prefix_base64", near_scene_b64(other, 32)},
        {"a longer key", "prefix_base64", near_scene_b64(other, 33)},
        {"no key", "prefix_base64", json_string("")},
        {"another question", "request_type", json_string("view_access_key")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct near_scene *s = near_scene_new(ASK_KMS);
        json_t *rpc = near_scene_answers(s);
        (void)json_object_set_new(params_of(rpc, 1 + SCENE_MRS), cases[i].key, cases[i].v);
        open_is(cases[i].name, s, rpc, RC_OK);
    }
}

static void proofs_have_bounds(void **state)
{
    (void)state;
    uint8_t node[64] = {0};
    char large[5601];
    memset(large, 'A', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    const struct {
        const char *name;
        json_t *proof;
        enum rc bad;
    } cases[] = {
        {"no list", json_null(), BG_NEAR_NO_PROOF},
        {"no nodes", json_array(), BG_NEAR_EMPTY_PROOF},
        {"too many", copies(LIMIT_NEAR_PROOF_NODES + 1, near_scene_b64(node, 64)),
         BG_NEAR_NO_PROOF},
        {"as many as may be", copies(LIMIT_NEAR_PROOF_NODES, near_scene_b64(node, 64)),
         BG_NEAR_OTHER_ROOT},
        {"no base64", json_pack("[s]", "AAA"), BG_NEAR_PROOF_FORMAT},
        {"numbers", json_pack("[i]", 1), BG_NEAR_PROOF_FORMAT},
        {"a node too large", json_pack("[s]", large), BG_NEAR_NODE_SIZE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct near_scene *s = near_scene_new(ASK_KMS);
        json_t *rpc = near_scene_answers(s);
        (void)json_object_set_new(result_of(rpc, 1 + SCENE_MRS), "proof", cases[i].proof);
        open_is(cases[i].name, s, rpc, cases[i].bad);
    }
}

static void values_are_the_proven_ones(void **state)
{
    (void)state;
    struct near_scene *s;
    json_t *rpc, *row;
    for (int i = 0; i < 6; i++) {
        s = near_scene_new(ASK_KMS);
        rpc = near_scene_answers(s);
        json_t *values = json_object_get(result_of(rpc, 1 + SCENE_STATE_KMS), "values");
        row = json_array_get(values, 0);
        uint8_t raw[160];
        const struct near_pair *p = &s->shard[0].v[SCENE_STATE_KMS];
        memcpy(raw, p->value, p->value_n);
        raw[13] ^= 1; /* the number of its MPC domain */
        if (i == 0)
            (void)json_object_set_new(row, "value", near_scene_b64(raw, p->value_n));
        else if (i == 1)
            (void)json_object_set_new(row, "value", near_scene_b64(p->value, p->value_n - 1));
        else if (i == 2)
            (void)json_object_set_new(row, "key", near_scene_b64(raw, 5));
        else if (i == 3)
            (void)json_array_clear(values);
        else if (i == 4)
            (void)json_object_set_new(row, "value", json_string("AA="));
        else
            for (size_t k = 0; k < LIMIT_NEAR_VALUES; k++)
                (void)json_array_insert_new(values, 0, json_object());
        open_is("values", s, rpc, BG_NEAR_VALUE);
    }
    s = near_scene_new(ASK_KMS);
    s->shard[0].v[SCENE_STATE_KMS].more = 1;
    rpc = near_scene_answers(s);
    open_is("a leaf of another length", s, rpc, BG_NEAR_VALUE);
    s = near_scene_new(ASK_KMS); /* a set's entry that is no position */
    s->shard[0].v[SCENE_MRS].value_n = 5;
    AUTO_JSON last = near_scene_answers(s);
    struct came c = ask(s, last);
    CASE("a position of 5 bytes", c.rc == BG_NEAR_SET_VALUE, "BG-%04d", c.rc);
    near_scene_free(s);
}

/* An account's keys lie in one shard. Which one nobody proves, so a no counts only where its STATE
 * was found, and so does a yes. */
static void the_root_of_the_state_is_the_root_of_all(void **state)
{
    (void)state;
    struct near_scene *s = near_scene_new(ASK_KMS);
    s->shard[0].v[SCENE_STATE_KMS].account = NULL;
    json_t *rpc = near_scene_answers(s);
    open_is("no STATE", s, rpc, BG_NEAR_NOTHING_THERE);
    s = near_scene_new(ASK_KMS); /* the member is in the other shard alone */
    struct near_pair *p = &s->shard[0].v[SCENE_MRS];
    (void)near_scene_add(&s->shard[1], KMS, p->key, 32, p->value, 4);
    p->account = NULL;
    rpc = near_scene_answers(s);
    (void)json_array_set_new(rpc, 1 + SCENE_MRS,
                             near_scene_query(s, &s->shard[1], &s->shard[1].v[2], KMS));
    open_is("a member elsewhere", s, rpc, BG_NEAR_OTHER_ROOT);
    s = near_scene_new(ASK_KMS); /* it is there, and another shard says that it has none */
    rpc = near_scene_answers(s);
    p = &s->shard[0].v[SCENE_MRS];
    json_t *none = near_scene_query(s, &s->shard[1], p, KMS);
    (void)json_array_set_new(rpc, 1 + SCENE_MRS, none);
    open_is("another shard's no", s, rpc, BG_NEAR_OTHER_ROOT);
    s = near_scene_new(ASK_APP); /* it need not be the first */
    struct near_trie_made first = s->shard[0];
    s->shard[0] = s->shard[1];
    s->shard[1] = first;
    near_scene_settle(s);
    rpc = json_pack("[o]", near_scene_block(s));
    for (size_t i = 0; i < 8; i++)
        (void)json_array_append_new(
            rpc, near_scene_query(s, &s->shard[1], &s->shard[1].v[i], s->shard[1].v[i].account));
    struct came c = ask(s, rpc);
    CASE("the second shard", c.rc == RC_OK && c.r.chain.say == CHAIN_ALLOWS, "BG-%04d", c.bad.rc);
    json_decref(rpc);
    near_scene_free(s);
    s = near_scene_new(ASK_KMS); /* both shards in one answer: the right one decides */
    rpc = near_scene_answers(s);
    none = near_scene_query(s, &s->shard[1], &s->shard[0].v[SCENE_MRS], KMS);
    (void)json_array_extend(json_object_get(result_of(rpc, 1 + SCENE_MRS), "proof"),
                            json_object_get(json_object_get(none, "result"), "proof"));
    json_decref(none);
    c = ask(s, rpc);
    CASE("nodes of both", c.rc == RC_OK && c.r.chain.say == CHAIN_ALLOWS, "BG-%04d", c.bad.rc);
    json_decref(rpc);
    near_scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_views_say_what_the_state_holds),
        cmocka_unit_test(accounts_have_names),
        cmocka_unit_test(the_block_has_its_chunks),
        cmocka_unit_test(answers_are_about_what_was_asked),
        cmocka_unit_test(proofs_have_bounds),
        cmocka_unit_test(values_are_the_proven_ones),
        cmocka_unit_test(the_root_of_the_state_is_the_root_of_all),
    };
    return HARNESS_RUN("near_state", tests);
}
