/*
 * near_call: proof of call, by transactions, outcomes and blocks that are put together here
 * (facts/near.md 2.1 and 3.1): whose outcome an answer has to prove, which return values are an
 * answer, and how old it may be. One twist at a time.
 */
#include "tests/lib/harness.h"

#include <stdlib.h>

#include "base/base64.h"
#include "policy/near/ask_call.h"
#include "policy/near/call.h"
#include "tests/lib/near_scene.h"
#include "tests/lib/near_tx.h"

#define NS 1000000000ull
enum { CALLS = 3, OUTCOMES = 2 * CALLS };

/* ---- a chain that ran them ---- */

enum status { VALUE, FAILURE, RECEIPT, UNKNOWN };

/* struct outcome: 2 * i of transaction i, 2 * i + 1 of its receipt; each in a block of its own. */
struct outcome {
    uint8_t id[32], next[32];
    const char *executor, *value;
    enum status status;
    uint64_t time; /* seconds */
    uint8_t block[32];
    json_t *proof; /* but for the way to the head */
};

struct stage {
    struct arena *a;
    struct near_config cfg;
    struct near_head head;
    struct boot_info bi;
    enum chain_question question;
    uint64_t now;
    const char *value[CALLS]; /* what the calls return, in their order */
    struct outcome o[OUTCOMES];
    size_t calls;
    json_t *rpc; /* relay, transaction, receipt; of each call */
};

static void partial(struct near_wire *w, const struct outcome *o)
{
    static const uint8_t tags[] = {[VALUE] = 2, [FAILURE] = 1, [RECEIPT] = 3, [UNKNOWN] = 0};
    near_put_le(w, 0, 4); /* receipts */
    near_put_le(w, 5, 8); /* gas */
    near_put_le(w, 6, 8); /* tokens, u128 */
    near_put_le(w, 0, 8);
    near_put_text(w, bytes_of_str(o->executor));
    near_put_le(w, tags[o->status], 1);
    if (o->status == VALUE)
        near_put_text(w, bytes_of_str(o->value));
    if (o->status == RECEIPT)
        near_put(w, o->next, 32);
}

static json_t *status_json(const struct outcome *o)
{
    if (o->status == VALUE)
        return json_pack("{s:o}", "SuccessValue",
                         near_scene_b64((const uint8_t *)o->value, strlen(o->value)));
    if (o->status == RECEIPT)
        return json_pack("{s:o}", "SuccessReceiptId", near_scene_b58(o->next));
    return o->status == FAILURE ? json_pack("{s:{}}", "Failure") : json_string("Unknown");
}

/* prove: the outcome is the only one of its block: no paths but the one to the head. */
static void prove(struct outcome *o, uint64_t height)
{
    struct near_wire w = {.n = 0};
    uint8_t part[32], leaf[4 + 64] = {2}, rest[32] = {1}, prev[32] = {2}, zero[32] = {0};
    struct near_inner_lite lite = {.height = height, .timestamp = o->time * NS};
    char time[24];
    partial(&w, o);
    hash_sha256(bytes_of(w.p, w.n), part);
    memcpy(leaf + 4, o->id, 32);
    memcpy(leaf + 36, part, 32);
    hash_sha256(BYTES_OF_ARRAY(leaf), part);
    hash_sha256(BYTES_OF_ARRAY(part), lite.outcome_root);
    near_block_hash(&lite, rest, prev, o->block);
    snprintf(time, sizeof time, "%llu", (unsigned long long)lite.timestamp);
    json_t *inner =
        json_pack("{s:I, s:o, s:o, s:o, s:o, s:s, s:o, s:o}", "height", (json_int_t)height,
                  "epoch_id", near_scene_b58(zero), "next_epoch_id", near_scene_b58(zero),
                  "prev_state_root", near_scene_b58(zero), "outcome_root",
                  near_scene_b58(lite.outcome_root), "timestamp_nanosec", time, "next_bp_hash",
                  near_scene_b58(zero), "block_merkle_root", near_scene_b58(zero));
    o->proof = json_pack(
        "{s:{s:o, s:o, s:[], s:{s:[], s:[], s:i, s:s, s:s, s:o}}, s:[], s:{s:o, s:o, s:o}}",
        "outcome_proof", "id", near_scene_b58(o->id), "block_hash", near_scene_b58(o->block),
        "proof", "outcome", "logs", "receipt_ids", "gas_burnt", 5, "tokens_burnt", "6",
        "executor_id", o->executor, "status", status_json(o), "outcome_root_proof",
        "block_header_lite", "inner_lite", inner, "inner_rest_hash", near_scene_b58(rest),
        "prev_block_hash", near_scene_b58(prev));
    assert_non_null(o->proof);
}

/* ways: the blocks are a chain of pairs, ((b0 b1) b2) ..; each proof gets its path. */
static void ways(struct stage *s)
{
    uint8_t sum[32];
    memcpy(sum, s->o[0].block, 32);
    (void)json_object_set_new(s->o[0].proof, "block_proof", json_array());
    for (size_t i = 1; i < 2 * s->calls; i++) {
        (void)json_object_set_new(
            s->o[i].proof, "block_proof",
            json_pack("[{s:o, s:s}]", "hash", near_scene_b58(sum), "direction", "Left"));
        for (size_t k = 0; k < i; k++)
            (void)json_array_append_new(json_object_get(s->o[k].proof, "block_proof"),
                                        json_pack("{s:o, s:s}", "hash",
                                                  near_scene_b58(s->o[i].block), "direction",
                                                  "Right"));
        HASH_PARTS(hash_sha256_parts, sum, BYTES_OF_ARRAY(sum), BYTES_OF_ARRAY(s->o[i].block));
    }
    memcpy(s->head.block_merkle_root, sum, 32);
}

static json_t *b64_long(struct bytes b)
{
    static char text[4 * (NEAR_TX_MAX / 3 + 2)];
    (void)EVP_EncodeBlock((unsigned char *)text, b.p, (int)b.n);
    return json_string(text);
}

struct came {
    enum rc rc;
    struct err err, bad;
    struct near_result r;
    struct needs needs;
};

static struct came ask(const struct stage *s, json_t *rpc)
{
    static const uint8_t nonce[NEAR_NONCE] = {1, 2, 3};
    struct came c = {0};
    struct answers at_hand;
    struct checks checks = {0};
    assert_int_equal(answers_read(s->a, rpc, &at_hand, &c.err), RC_OK);
    c.rc = near_ask_call(s->a, &s->cfg, &s->head, s->question, &s->bi, nonce, &at_hand, s->now,
                         &c.needs, &checks, &c.r, &c.bad, &c.err);
    return c;
}

static struct stage stage(enum chain_question question)
{
    struct stage s = {.a = arena_new(32u << 20), .question = question, .now = 1000};
    s.cfg = (struct near_config){.contract_id = bytes_of_str("kms.near"), .max_head_age = 60};
    s.head = (struct near_head){.height = 500, .timestamp = 1000 * NS, .producers = {NULL, 1}};
    memset(s.head.block_hash, 5, 32);
    s.bi.has_instance_id = true;
    s.bi.tcb_status = bytes_of_str("UpToDate");
    s.calls = question == ASK_APP ? 3 : 1;
    for (size_t i = 0; i < s.calls; i++)
        s.value[i] = i + 1 == s.calls ? "[true,\"\"]" : "true";
    return s;
}

/* run: somebody sends what is needed, and it runs: call i at 990 + i and, itself, 995 + i. */
static void run(struct stage *s)
{
    AUTO_JSON none = json_array();
    struct came c = ask(s, none);
    assert_int_equal(c.rc, RC_OK);
    assert_int_equal(c.needs.n, s->calls);
    s->rpc = json_array();
    for (size_t i = 0; i < s->calls; i++) {
        const struct need *n = &c.needs.v[i];
        struct outcome *sent = &s->o[2 * i], *ran = sent + 1;
        struct near_tx t = near_tx_usual();
        size_t len;
        assert_int_equal(n->kind, NEED_NEAR_RELAY);
        t.receiver = n->account;
        t.method = n->key;
        t.args = n->args;
        struct near_wire w = near_tx_make(t, &len);
        hash_sha256(bytes_of(w.p, len), sent->id);
        hash_sha256(BYTES_OF_ARRAY(sent->id), sent->next);
        memcpy(ran->id, sent->next, 32);
        sent->executor = "relay.near";
        sent->status = RECEIPT;
        sent->time = 990 + i;
        ran->executor =
            arena_printf(s->a, &c.err, "%.*s", (int)n->account.n, (const char *)n->account.p);
        ran->value = s->value[i];
        ran->time = 995 + i;
        (void)json_array_append_new(
            s->rpc,
            json_pack("{s:s, s:{s:o, s:o, s:o}, s:{s:o}}", "method", "bootgate_relay", "params",
                      "contract_id", json_stringn((const char *)n->account.p, n->account.n),
                      "method_name", json_stringn((const char *)n->key.p, n->key.n), "args",
                      b64_long(n->args), "result", "signed_transaction",
                      b64_long(bytes_of(w.p, w.n))));
        for (int k = 0; k < 2; k++)
            (void)json_array_append_new(
                s->rpc,
                json_pack("{s:s, s:{s:s, s:o, s:o}, s:{}}", "method",
                          "EXPERIMENTAL_light_client_proof", "params", "type",
                          k ? "receipt" : "transaction", k ? "receipt_id" : "transaction_hash",
                          near_scene_b58(k ? ran->id : sent->id), "light_client_head",
                          near_scene_b58(s->head.block_hash), "result"));
    }
}

/* finish: the outcomes as they are now get their proofs. */
static void finish(struct stage *s)
{
    for (size_t i = 0; i < 2 * s->calls; i++)
        prove(&s->o[i], 300 + i);
    ways(s);
    for (size_t i = 0; i < 2 * s->calls; i++)
        (void)json_object_set_new(json_array_get(s->rpc, 3 * (i / 2) + 1 + i % 2), "result",
                                  s->o[i].proof);
}

static void end(struct stage *s)
{
    json_decref(s->rpc);
    arena_free(s->a);
}

static void decided(const char *name, struct stage *s, enum chain_say say, enum rc code,
                    const char *reason)
{
    struct came c = ask(s, s->rpc);
    CASE(name,
         c.rc == RC_OK && c.r.chain.say == say && c.r.chain.code == code &&
             !strcmp(c.r.chain.reason ? c.r.chain.reason : "", reason),
         "BG-%04d %s, say %d, BG-%04d; BG-%04d %s", c.rc, c.err.detail, c.r.chain.say,
         c.r.chain.code, c.bad.rc, c.bad.detail);
    end(s);
}

/* stays_open: undecided, and why; or the run stops with that code. */
static void stays_open(const char *name, struct stage *s, enum rc why)
{
    struct came c = ask(s, s->rpc);
    bool good = c.rc == RC_OK ? c.bad.rc == why && needs_hard(&c.needs) : c.rc == why;
    CASE(name, good && c.r.chain.say == CHAIN_UNDECIDED, "BG-%04d, say %d, BG-%04d, not BG-%04d",
         c.rc, c.r.chain.say, c.bad.rc, why);
    end(s);
}

static struct stage ready(enum chain_question question)
{
    struct stage s = stage(question);
    run(&s);
    return s;
}

static void every_call_has_to_say_yes(void **state)
{
    (void)state;
    static const struct {
        enum chain_question question;
        const char *value[CALLS];
        enum chain_say say;
        enum rc code;
        const char *reason;
    } cases[] = {
        {ASK_KMS, {"[true,\"\"]"}, CHAIN_ALLOWS, RC_OK, ""},
        {ASK_APP, {"true", "true", "[true,\"\"]"}, CHAIN_ALLOWS, RC_OK, ""},
        {ASK_KMS, {"[false,\"no\"]"}, CHAIN_DENIES, BG_NEAR_CALL_REFUSED, "no"},
        {ASK_APP, {"true", "true", "[false,\"no\"]"}, CHAIN_DENIES, BG_NEAR_CALL_REFUSED, "no"},
        {ASK_APP,
         {"true", "false", "[true,\"\"]"},
         CHAIN_DENIES,
         BG_NEAR_CALL_DENIED,
         "OS image is not allowed"},
        {ASK_APP,
         {"false", "true", "[true,\"\"]"},
         CHAIN_DENIES,
         BG_NEAR_CALL_DENIED,
         "App not registered"},
        {ASK_APP,
         {"false", "false", "[false,\"no\"]"},
         CHAIN_DENIES,
         BG_NEAR_CALL_DENIED,
         "App not registered"},
        {ASK_APP,
         {"true", "false", "[false,\"no\"]"},
         CHAIN_DENIES,
         BG_NEAR_CALL_DENIED,
         "OS image is not allowed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stage s = stage(cases[i].question);
        memcpy(s.value, cases[i].value, sizeof s.value);
        run(&s);
        finish(&s);
        decided("the views' words", &s, cases[i].say, cases[i].code, cases[i].reason);
    }
    static const struct {
        size_t call;
        const char *value;
        enum rc want;
    } odd[] = {
        {0, "True", BG_NEAR_CALL_BOOL},       {0, "1", BG_NEAR_CALL_BOOL},
        {0, "", BG_NEAR_CALL_BOOL},           {0, "[true,\"\"]", BG_NEAR_CALL_BOOL},
        {1, "null", BG_NEAR_CALL_BOOL},       {2, "true", BG_NEAR_CALL_PAIR},
        {2, "[true]", BG_NEAR_CALL_PAIR},     {2, "[true,\"\",0]", BG_NEAR_CALL_PAIR},
        {2, "[1,\"\"]", BG_NEAR_CALL_PAIR},   {2, "[true,null]", BG_NEAR_CALL_PAIR},
        {2, "[true,\"\"", BG_NEAR_CALL_JSON}, {2, "", BG_NEAR_CALL_JSON},
    };
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct stage s = stage(ASK_APP);
        s.value[odd[i].call] = odd[i].value;
        run(&s);
        finish(&s);
        stays_open(odd[i].value, &s, odd[i].want);
    }
    /* What is not known yet does not let a later no speak. */
    for (size_t gone = 0; gone < 3; gone++) {
        struct stage s = stage(ASK_APP);
        s.value[1] = gone == 1 ? "true" : "false";
        s.value[2] = "[false,\"no\"]";
        run(&s);
        finish(&s);
        (void)json_array_remove(s.rpc, 3 * gone + 2);
        if (gone == 2)
            decided("not needed any more", &s, CHAIN_DENIES, BG_NEAR_CALL_DENIED,
                    "OS image is not allowed");
        else
            stays_open("not known yet", &s, RC_OK);
    }
    struct stage s = stage(ASK_KMS);
    s.bi.has_instance_id = false;
    s.rpc = json_array();
    decided("no instance id", &s, CHAIN_DENIES, BG_NEAR_INSTANCE_ID,
            "instance_id is not an account id");
}

static void outcomes_are_of_our_transaction(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t outcome; /* of the KMS question's two */
        enum status status;
        const char *executor;
        enum rc want;
    } cases[] = {
        {"no receipt", 0, FAILURE, "relay.near", BG_NEAR_CALL_NOT_SENT},
        {"a value at once", 0, VALUE, "relay.near", BG_NEAR_CALL_NOT_SENT},
        {"not known", 0, UNKNOWN, "relay.near", BG_NEAR_CALL_NOT_SENT},
        {"another account's", 1, VALUE, "kms.neas", BG_NEAR_CALL_EXECUTOR},
        {"failed", 1, FAILURE, "kms.near", BG_NEAR_CALL_FAILED},
        {"passed on", 1, RECEIPT, "kms.near", BG_NEAR_CALL_NO_VALUE},
        {"unknown", 1, UNKNOWN, "kms.near", BG_NEAR_CALL_NO_VALUE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stage s = ready(ASK_KMS);
        struct outcome *o = &s.o[cases[i].outcome];
        o->status = cases[i].status;
        o->executor = cases[i].executor;
        o->value = "[true,\"\"]";
        finish(&s);
        stays_open(cases[i].name, &s, cases[i].want);
    }
    struct stage s = ready(ASK_KMS); /* what is proven is somebody else's */
    s.o[1].id[0] ^= 1;
    finish(&s);
    stays_open("another receipt", &s, BG_NEAR_CALL_OTHER_ID);
    s = ready(ASK_KMS);
    s.o[0].id[0] ^= 1;
    finish(&s);
    stays_open("another transaction", &s, BG_NEAR_CALL_OTHER_ID);
    s = ready(ASK_KMS);
    finish(&s);
    s.head.block_merkle_root[0] ^= 1;
    stays_open("another head", &s, BG_NEAR_OUTCOME_BLOCK);
    /* Answers to other questions are none of ours. */
    uint8_t other[32] = {9};
    const struct {
        size_t entry;
        const char *key;
        json_t *v;
    } params[] = {
        {1, "type", json_string("receipt")},
        {1, "transaction_hash", near_scene_b58(other)},
        {1, "light_client_head", near_scene_b58(other)},
        {2, "type", json_string("transaction")},
        {2, "receipt_id", near_scene_b58(other)},
        {2, "light_client_head", near_scene_b58(other)},
        {0, "contract_id", json_string("kms.neas")},
        {0, "method_name", json_string("is_kms_allowee")},
    };
    for (size_t i = 0; i < sizeof params / sizeof *params; i++) {
        s = ready(ASK_KMS);
        finish(&s);
        json_t *p = json_object_get(json_array_get(s.rpc, params[i].entry), "params");
        (void)json_object_set_new(p, params[i].key, params[i].v);
        stays_open(params[i].key, &s, RC_OK);
    }
}

static void relays_send_what_was_asked(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        struct stage s = ready(ASK_KMS);
        finish(&s);
        json_t *result = json_object_get(json_array_get(s.rpc, 0), "result");
        struct bytes text, w = BYTES_NONE;
        struct err err = {0};
        assert_true(json_str(result, "signed_transaction", &text) &&
                    base64_decode(s.a, text, &w, &err));
        uint8_t *p = arena_copy(s.a, w, &err);
        size_t receiver = 4 + 10 + 33 + 8 + 4, method = receiver + 8 + 32 + 5 + 4;
        assert_non_null(p);
        if (i == 0)
            p[receiver] = 'x';
        else if (i == 1)
            p[method] = 'x';
        else if (i == 2)
            p[w.n - 65 - 24 - 4] ^= 1; /* a digit of the nonce */
        else if (i == 3)
            w.n--;
        (void)json_object_set_new(result, "signed_transaction",
                                  i == 4   ? json_string("AAA")
                                  : i == 5 ? json_null()
                                           : b64_long(bytes_of(p, w.n)));
        stays_open("relayed", &s,
                   i < 3    ? BG_NEAR_RELAY_OTHER
                   : i == 3 ? BG_NEAR_TX_FORMAT
                            : BG_NEAR_RELAY_ANSWER);
    }
    /* One that was never sent does not stand in the way; more than eight are not looked at. */
    for (size_t before = 0; before <= NEAR_RELAYED_MAX; before++) {
        struct stage s = ready(ASK_KMS);
        finish(&s);
        for (size_t i = 0; i < before; i++) {
            AUTO_JSON entry = json_deep_copy(json_array_get(s.rpc, 0));
            struct bytes text, w = BYTES_NONE;
            struct err err = {0};
            json_t *result = json_object_get(entry, "result");
            assert_true(json_str(result, "signed_transaction", &text) &&
                        base64_decode(s.a, text, &w, &err));
            uint8_t *p = arena_copy(s.a, w, &err);
            assert_non_null(p);
            p[4 + 10 + 33] = (uint8_t)(20 + i); /* another nonce of the signer's */
            (void)json_object_set_new(result, "signed_transaction", b64_long(bytes_of(p, w.n)));
            (void)json_array_insert(s.rpc, 0, entry);
        }
        if (before < NEAR_RELAYED_MAX)
            decided("behind others", &s, CHAIN_ALLOWS, RC_OK, "");
        else
            stays_open("behind too many", &s, RC_OK);
    }
}

static void calls_have_an_age(void **state)
{
    (void)state;
    for (size_t oldest = 0; oldest < 3; oldest++)
        for (uint64_t age = 60; age <= 61; age++) {
            struct stage s = ready(ASK_APP);
            s.o[2 * oldest + 1].time = s.now - age;
            finish(&s);
            /* Heights are in the order of the calls, so only the first one is the oldest block. */
            struct came c = ask(&s, s.rpc);
            bool counts = oldest == 0;
            CASE("age",
                 counts && age > 60 ? c.rc == BG_NEAR_CALL_AGE
                                    : c.rc == RC_OK && c.r.chain.say == CHAIN_ALLOWS &&
                                          c.r.chain.block_number == 301,
                 "call %zu, %llu s: BG-%04d", oldest, (unsigned long long)age, c.rc);
            end(&s);
        }
}

/* Words that would end a JSON string are not sent. */
static void words_are_plain(void **state)
{
    (void)state;
    static const char *const words[] = {"Up\"ToDate", "Up\\ToDate", "Up\nToDate", "Up\177ToDate"};
    for (size_t i = 0; i < 4; i++)
        for (int advisory = 0; advisory < 2; advisory++) {
            struct stage s = stage(ASK_KMS);
            struct bytes id = bytes_of_str(words[i]);
            if (advisory) {
                s.bi.advisory_ids = &id;
                s.bi.num_advisory_ids = 1;
            } else {
                s.bi.tcb_status = id;
            }
            s.rpc = json_array();
            stays_open("words", &s, advisory ? BG_NEAR_CALL_TEXT : BG_NEAR_CALL_STATUS);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_has_to_say_yes),
        cmocka_unit_test(outcomes_are_of_our_transaction),
        cmocka_unit_test(relays_send_what_was_asked),
        cmocka_unit_test(calls_have_an_age),
        cmocka_unit_test(words_are_plain),
    };
    return HARNESS_RUN("near_call", tests);
}
