/*
 * near: light client blocks as JSON: what is read of them and what is refused; then the client that
 * follows them: age, floor, clock, the answer to which question, and when it gives up. The blocks
 * are signed by one producer (tests/lib/near_scene.c, from the formulas of facts/near.md 2).
 */
#include "tests/lib/harness.h"

#include "base/limits.h"
#include "tests/lib/near_scene.h"

#define NS    1000000000ull
#define START NEAR_SIGNER_START

static json_t *same(int v)
{
    uint8_t h[32];
    memset(h, v, 32);
    return near_scene_b58(h);
}

static json_t *named(const char *type, int v, size_t n)
{
    uint8_t raw[64];
    char text[BASE58_MAX_TEXT + 16], part[BASE58_MAX_TEXT];
    memset(raw, v, sizeof raw);
    base58_write(bytes_of(raw, n), part);
    snprintf(text, sizeof text, "%s:%s", type, part);
    return json_string(text);
}

/* struct chain: and where its answers are read. */
struct chain {
    struct arena *a;
    struct near_signer s;
};

static struct chain chain(void)
{
    return (struct chain){arena_new(64u << 20), near_signer_new()};
}

static void drop(struct chain *c)
{
    near_signer_free(&c->s);
    arena_free(c->a);
}

static json_t *light(const struct chain *c, uint64_t height, uint64_t seconds,
                     uint8_t out_hash[static 32])
{
    uint8_t root[32];
    memset(root, 6, 32);
    return near_signer_light(&c->s, height, seconds, root, out_hash);
}

static json_t *entry(const char *method, json_t *params, json_t *result)
{
    return json_pack("{s:s, s:o, s:o}", "method", method, "params", params, "result", result);
}

static json_t *after(const uint8_t hash[static 32], json_t *result)
{
    return entry("next_light_client_block",
                 json_pack("{s:o}", "last_block_hash", near_scene_b58(hash)), result);
}

static json_t *lists(const struct chain *c)
{
    return entry("EXPERIMENTAL_validators_ordered", json_array(), near_signer_list(&c->s));
}

/* ---- what is read of a block ---- */

static void read_is(const char *name, json_t *block, enum rc want)
{
    AUTO_ARENA a = arena_new(8u << 20);
    struct near_block b;
    struct err err = {0};
    enum rc rc = near_block_from_json(a, block, &b, &err);
    CASE(name, rc == want, "BG-%04d %s, not BG-%04d", rc, err.detail, want);
    json_decref(block);
}

static json_t *some_light(const struct chain *c)
{
    uint8_t hash[32];
    return light(c, 101, START + 1, hash);
}

/* with: the block with another member; a path of one or two names. */
static json_t *with(json_t *block, const char *outer, const char *key, json_t *v)
{
    json_t *o = outer ? json_object_get(block, outer) : block;
    (void)json_object_set_new(o, key, v);
    return block;
}

static json_t *with_approval(json_t *block, json_t *approval)
{
    return with(block, NULL, "approvals_after_next", json_pack("[o]", approval));
}

static json_t *many(size_t n, json_t *owned)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        (void)json_array_append(list, owned);
    json_decref(owned);
    return list;
}

static void blocks_have_one_shape(void **state)
{
    (void)state;
    struct chain c = chain();
    read_is("as it is", some_light(&c), RC_OK);
    read_is("no block", json_array(), BG_NEAR_INNER_LITE);
    static const char *const gone[] = {"inner_rest_hash", "prev_block_hash",
                                       "next_block_inner_hash"};
    for (size_t i = 0; i < 3; i++)
        read_is(gone[i], with(some_light(&c), NULL, gone[i], json_string("1")), BG_NEAR_BLOCK);
    /* Approvals. */
    read_is("none", with(some_light(&c), NULL, "approvals_after_next", json_array()), RC_OK);
    read_is("no list", with(some_light(&c), NULL, "approvals_after_next", json_null()),
            BG_NEAR_APPROVALS);
    read_is("as many as may be",
            with(some_light(&c), NULL, "approvals_after_next",
                 many(2 * LIMIT_NEAR_PRODUCERS, json_null())),
            RC_OK);
    read_is("one more",
            with(some_light(&c), NULL, "approvals_after_next",
                 many(2 * LIMIT_NEAR_PRODUCERS + 1, json_null())),
            BG_NEAR_APPROVALS);
    read_is("no signature", with_approval(some_light(&c), json_string("")),
            BG_NEAR_APPROVAL_FORMAT);
    read_is("a number", with_approval(some_light(&c), json_integer(0)), BG_NEAR_APPROVAL_FORMAT);
    read_is("another type", with_approval(some_light(&c), named("rsa", 1, 64)),
            BG_NEAR_APPROVAL_FORMAT);
    read_is("63 bytes", with_approval(some_light(&c), named("ed25519", 1, 63)),
            BG_NEAR_APPROVAL_FORMAT);
    drop(&c);
}

/* A secp256k1 signature has 65 bytes: it is read, and never counts. */
static void secp256k1_signatures_are_no_approvals(void **state)
{
    (void)state;
    /* 65 bytes of 1, in base58 by an independent implementation (@scure/base). */
    static const char text[] =
        "secp256k1:"
        "692M9bkLf8sJ37SAUsgsTh37T1PTTmKyixMrtN48rUFEYH9E9Cff6MAQbp519jfDYuFsH7Pp3eX6zNRdJv7bjvBS";
    struct chain c = chain();
    json_t *block = with_approval(some_light(&c), json_string(text));
    struct near_block b;
    struct err err = {0};
    enum rc rc = near_block_from_json(c.a, block, &b, &err);
    CASE("read, and not given", rc == RC_OK && b.num_approvals == 1 && !b.approvals[0].given,
         "BG-%04d", rc);
    json_decref(block);
    drop(&c);
}

static void times_are_exact(void **state)
{
    (void)state;
    struct chain c = chain();
    struct near_block b;
    struct err err = {0};
    json_t *block = with(some_light(&c), "inner_lite", "timestamp", json_string("5"));
    enum rc rc = near_block_from_json(c.a, block, &b, &err);
    CASE("timestamp_nanosec counts", rc == RC_OK && b.lite.timestamp == (START + 1) * NS,
         "BG-%04d, %llu", rc, (unsigned long long)b.lite.timestamp);
    json_decref(block);
    static const struct {
        const char *text;
        enum rc want;
    } times[] = {
        {"18446744073709551615", RC_OK}, {"18446744073709551616", BG_NEAR_INNER_LITE},
        {"", BG_NEAR_INNER_LITE},        {"01", BG_NEAR_INNER_LITE},
        {"1e9", BG_NEAR_INNER_LITE},     {"-1", BG_NEAR_INNER_LITE},
    };
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        read_is(times[i].text,
                with(some_light(&c), "inner_lite", "timestamp_nanosec", json_string(times[i].text)),
                times[i].want);
    read_is("a newer header",
            with(some_light(&c), "inner_lite", "chunk_execution_root", json_null()),
            BG_NEAR_HEADER_NEWER);
    drop(&c);
}

static void producers_have_one_shape(void **state)
{
    (void)state;
    struct chain c = chain();
    struct err err = {0};
    struct near_producers p;
    char longest[66];
    memset(longest, 'a', 65);
    longest[65] = '\0';
    const struct {
        const char *name, *key;
        json_t *v;
        enum rc want;
    } cases[] = {
        {"as it is", "x", json_null(), RC_OK},
        {"V2", "validator_stake_struct_version", json_string("V2"), BG_NEAR_STAKE_VERSION},
        {"no version", "validator_stake_struct_version", json_null(), BG_NEAR_STAKE_VERSION},
        {"a name of one", "account_id", json_string("a"), BG_NEAR_PRODUCER},
        {"a name of 64", "account_id", json_string(longest + 1), RC_OK},
        {"a name of 65", "account_id", json_string(longest), BG_NEAR_PRODUCER},
        {"a key of 33", "public_key", named("ed25519", 1, 33), BG_NEAR_PRODUCER},
        {"a secp256k1 key", "public_key", named("secp256k1", 1, 64), RC_OK},
        {"a short one", "public_key", named("secp256k1", 1, 63), BG_NEAR_PRODUCER},
        {"a stake that is a number", "stake", json_integer(5), BG_NEAR_PRODUCER},
        {"the largest stake", "stake", json_string("340282366920938463463374607431768211455"),
         RC_OK},
        {"one more", "stake", json_string("340282366920938463463374607431768211456"),
         BG_NEAR_PRODUCER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO_JSON list = near_signer_list(&c.s);
        (void)json_object_set_new(json_array_get(list, 0), cases[i].key, cases[i].v);
        err_clear(&err);
        enum rc rc = near_producers_from_json(c.a, list, &p, &err);
        CASE(cases[i].name, rc == cases[i].want, "BG-%04d", rc);
    }
    static const size_t sizes[] = {0, 1, LIMIT_NEAR_PRODUCERS, LIMIT_NEAR_PRODUCERS + 1};
    for (size_t i = 0; i < 4; i++) {
        AUTO_JSON one = near_signer_list(&c.s);
        AUTO_JSON list = many(sizes[i], json_incref(json_array_get(one, 0)));
        err_clear(&err);
        enum rc rc = near_producers_from_json(c.a, list, &p, &err);
        CASE("how many", rc == (i % 3 ? RC_OK : BG_NEAR_PRODUCERS), "%zu: BG-%04d", sizes[i], rc);
    }
    drop(&c);
}

/* ---- the client ---- */

struct came {
    enum rc rc;
    struct err err, bad;
    const struct near_head *head;
    struct needs needs;
};

static struct came follow(const struct chain *c, struct near_config cfg, uint64_t now, json_t *rpc)
{
    struct came r = {0};
    struct near_client *client = NULL;
    struct answers answers;
    cfg.checkpoint = c->s.start;
    assert_int_equal(answers_read(c->a, rpc, &answers, &r.err), RC_OK);
    assert_int_equal(near_client_new(c->a, &cfg, now, &client, &r.err), RC_OK);
    r.rc = near_client_step(client, &answers, false, &r.needs, &r.head, &r.bad, &r.err);
    return r;
}

static void heads_have_rules(void **state)
{
    (void)state;
    struct chain c = chain();
    uint8_t hash[32];
    AUTO_JSON rpc = json_pack("[o, o]", lists(&c),
                              after(c.s.start.block_hash, light(&c, 105, START + 50, hash)));
    static const struct {
        const char *name;
        uint64_t now, max_age, floor;
        enum rc rc, bad;
        bool head;
    } cases[] = {
        {"no rules", START + 9999, 0, 0, RC_OK, RC_OK, true},
        {"as old as may be", START + 110, 60, 0, RC_OK, RC_OK, true},
        {"too old", START + 111, 60, 0, RC_OK, BG_NEAR_HEAD_AGE, false},
        {"at the floor", START + 50, 60, 105, RC_OK, RC_OK, true},
        {"below the floor", START + 50, 60, 106, RC_OK, BG_NEAR_FLOOR, false},
        {"too old and below the floor", START + 999, 60, 106, RC_OK, BG_NEAR_FLOOR, false},
        {"our clock is behind", START - 10, 60, 0, RC_OK, RC_OK, true},
        {"too far", START - 11, 60, 0, BG_NEAR_HEAD_FUTURE, RC_OK, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct near_config cfg = {.max_head_age = cases[i].max_age, .floor_height = cases[i].floor};
        struct came r = follow(&c, cfg, cases[i].now, rpc);
        CASE(cases[i].name,
             r.rc == cases[i].rc && r.bad.rc == cases[i].bad && !r.head == !cases[i].head,
             "BG-%04d, BG-%04d, %s", r.rc, r.bad.rc, r.head ? "a head" : "no head");
        if (r.rc == RC_OK && !r.head)
            CASE(cases[i].name, needs_hard(&r.needs) == 1, "%zu needs", needs_hard(&r.needs));
    }
    drop(&c);
}

static void answers_are_to_our_question(void **state)
{
    (void)state;
    struct chain c = chain();
    uint8_t first[32], second[32], other[32];
    struct near_config none = {0};
    memset(other, 91, 32);
    AUTO_JSON foreign =
        json_pack("[o, o]", lists(&c), after(other, light(&c, 105, START + 50, first)));
    struct came r = follow(&c, none, START + 50, foreign);
    CASE("after another block", r.rc == RC_OK && !r.head && r.bad.rc == RC_OK, "BG-%04d", r.bad.rc);
    json_t *low = light(&c, 105, START + 50, first), *high = light(&c, 106, START + 51, second);
    AUTO_JSON two = json_pack("[o, o, o]", lists(&c), after(c.s.start.block_hash, low),
                              after(c.s.start.block_hash, high));
    r = follow(&c, none, START + 51, two);
    CASE("the higher one of two",
         r.head && r.head->height == 106 && memcmp(r.head->block_hash, second, 32) == 0, "BG-%04d",
         r.bad.rc);
    AUTO_JSON way =
        json_pack("[o, o, o]", lists(&c), after(first, light(&c, 107, START + 52, second)),
                  after(c.s.start.block_hash, light(&c, 105, START + 50, first)));
    r = follow(&c, none, START + 52, way);
    CASE("one after the other", r.head && r.head->height == 107, "BG-%04d", r.bad.rc);
    AUTO_JSON alone =
        json_pack("[o]", after(c.s.start.block_hash, light(&c, 105, START + 50, first)));
    r = follow(&c, none, START + 50, alone);
    CASE("its producers are asked for",
         !r.head && needs_hard(&r.needs) == 1 && r.needs.v[0].kind == NEED_NEAR_PRODUCERS &&
             memcmp(r.needs.v[0].hash, first, 32) == 0,
         "%zu needs", r.needs.n);
    drop(&c);
}

static void made_up_blocks_have_an_end(void **state)
{
    (void)state;
    struct chain c = chain();
    uint8_t hash[32];
    for (size_t n = LIMIT_NEAR_REFUSED; n <= LIMIT_NEAR_REFUSED + 1; n++) {
        AUTO_JSON rpc = json_pack("[o]", lists(&c));
        for (size_t i = 0; i < n; i++) {
            json_t *block = light(&c, 105 + i, START + 50, hash);
            (void)json_object_set_new(json_object_get(block, "inner_lite"), "outcome_root",
                                      same(11));
            (void)json_array_append_new(rpc, after(c.s.start.block_hash, block));
        }
        struct came r = follow(&c, (struct near_config){0}, START + 50, rpc);
        bool over = n > LIMIT_NEAR_REFUSED;
        CASE("made up", r.rc == (over ? BG_NEAR_TOO_MANY_BAD : RC_OK) && !r.head, "%zu: BG-%04d", n,
             r.rc);
        if (!over)
            CASE("and why", r.bad.rc == BG_NEAR_APPROVAL, "BG-%04d", r.bad.rc);
    }
    drop(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_have_one_shape),
        cmocka_unit_test(secp256k1_signatures_are_no_approvals),
        cmocka_unit_test(times_are_exact),
        cmocka_unit_test(producers_have_one_shape),
        cmocka_unit_test(heads_have_rules),
        cmocka_unit_test(answers_are_to_our_question),
        cmocka_unit_test(made_up_blocks_have_an_end),
    };
    return HARNESS_RUN("near_client", tests);
}
