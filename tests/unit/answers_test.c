/* answers and needs: shapes, numbers, which entry is about what, and needs listed once. */
#include "tests/lib/harness.h"

#include "base/limits.h"
#include "policy/answers.h"
#include "policy/needs.h"

static struct arena *a;
static struct err err;

static int fresh(void **state)
{
    (void)state;
    a = arena_new(64u << 20);
    err_clear(&err);
    return a ? 0 : 1;
}

static int done(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

static json_t *parse(const char *text)
{
    json_t *j = NULL;
    struct err e = {0};
    assert_int_equal(json_read(bytes_of_str(text), 1u << 20, &j, &e), RC_OK);
    return j;
}

static void entries_have_three_members(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum rc rc;
    } rows[] = {
        {"[]", RC_OK},
        {"[{\"method\":\"m\",\"params\":[],\"result\":null}]", RC_OK},
        {"[{\"method\":\"query\",\"params\":{},\"result\":{}}]", RC_OK},
        {"{}", BG_RPC_NOT_LIST},
        {"null", BG_RPC_NOT_LIST},
        {"[1]", BG_RPC_ENTRY_KEYS},
        {"[{\"method\":\"m\",\"params\":[],\"result\":null,\"id\":1}]", BG_RPC_ENTRY_KEYS},
        {"[{\"method\":\"m\",\"params\":[],\"error\":{\"code\":3}}]", BG_RPC_ENTRY_KEYS},
        {"[{\"method\":\"m\",\"params\":[]}]", BG_RPC_ENTRY_SHAPE},
        {"[{\"method\":1,\"params\":[],\"result\":0}]", BG_RPC_ENTRY_SHAPE},
        {"[{\"method\":\"m\",\"params\":\"x\",\"result\":0}]", BG_RPC_ENTRY_SHAPE},
        {"[{\"params\":[],\"result\":0}]", BG_RPC_ENTRY_SHAPE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        AUTO_JSON j = parse(rows[i].text);
        struct answers out = {NULL, 77};
        err_clear(&err);
        enum rc rc = answers_read(a, j, &out, &err);
        CASE(rows[i].text, rc == rows[i].rc && (rc == RC_OK || out.n == 77), "rc %d", rc);
    }
    AUTO_JSON many = json_array();
    for (size_t i = 0; i <= LIMIT_RPC_ENTRIES; i++)
        json_array_append_new(many, json_object());
    struct answers out;
    err_clear(&err);
    assert_int_equal(answers_read(a, many, &out, &err), BG_RPC_TOO_MANY);
}

static void quantities(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        uint64_t value;
    } rows[] = {
        {"\"0x0\"", true, 0},
        {"\"0x21\"", true, 33},
        {"\"0x0021\"", true, 33},
        {"\"0xffffffffffffffff\"", true, UINT64_MAX},
        {"\"0x10000000000000000\"", false, 0},
        {"\"0x0000000000000000000000000000000000000000000000000000000000000021\"", true, 33},
        {"\"0x00000000000000000000000000000000000000000000000000000000000000021\"", false, 0},
        {"\"0x\"", false, 0},
        {"\"21\"", false, 0},
        {"\"0X21\"", false, 0},
        {"\"0x2g\"", false, 0},
        {"\"0x -1\"", false, 0},
        {"\"latest\"", false, 0},
        {"\"\"", false, 0},
        {"33", false, 0},
        {"null", false, 0},
        {"[\"0x21\"]", false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        AUTO_JSON j = parse(rows[i].text);
        uint64_t v = 99;
        bool ok = answers_quantity(j, &v);
        CASE(rows[i].text, ok == rows[i].ok && v == (ok ? rows[i].value : 99), "%d %llu", ok,
             (unsigned long long)v);
    }
    uint64_t v = 99;
    assert_false(answers_quantity(NULL, &v));
}

#define A20 "0x00000000000000000000000000000000000000aa"
#define H32 "0x1111111111111111111111111111111111111111111111111111111111111111"

static void an_entry_is_about_one_address_and_block(void **state)
{
    (void)state;
    static const struct {
        const char *method, *params;
        bool ok;
    } rows[] = {
        {"eth_getProof", "[\"" A20 "\",[],\"0x21\"]", true},
        {"eth_getProof", "[\"" A20 "\",[],\"0x0021\"]", true},
        {"eth_getProof", "[\"" A20 "\",[],\"" H32 "\"]", true},
        {"eth_getProof", "[\"" A20 "\",[],{\"blockHash\":\"" H32 "\"}]", true},
        {"eth_getProof", "[\"0x00000000000000000000000000000000000000AA\",[],\"0x21\"]", true},
        {"eth_getProof", "[\"" A20 "\",[],\"0x22\"]", false},
        {"eth_getProof", "[\"" A20 "\",[],\"latest\"]", false},
        {"eth_getProof", "[\"" A20 "\",[],33]", false},
        {"eth_getProof", "[\"" A20 "\",[],{\"blockNumber\":\"0x21\"}]", false},
        {"eth_getProof", "[\"" A20 "\",[],{}]", false},
        {"eth_getProof", "[\"" A20 "\",[],{\"blockHash\":null}]", false},
        {"eth_getProof", "[\"" A20 "\",\"0x21\"]", false},
        {"eth_getProof", "[\"" A20 "\",[],\"0x21\",1]", false},
        {"eth_getProof", "[\"0xaa\",[],\"0x21\"]", false},
        {"eth_getProof", "[null,[],\"0x21\"]", false},
        {"eth_getProof", "[\"0x00000000000000000000000000000000000000ab\",[],\"0x21\"]", false},
        {"eth_getproof", "[\"" A20 "\",[],\"0x21\"]", false},
        {"eth_getCode", "[\"" A20 "\",[],\"0x21\"]", false},
        {"eth_getProof", "{}", false},
    };
    uint8_t address[20] = {0}, hash[32];
    address[19] = 0xaa;
    memset(hash, 0x11, 32);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        AUTO_JSON params = parse(rows[i].params);
        struct answer e = {rows[i].method, params, params};
        CASE(rows[i].params, answers_about(&e, "eth_getProof", 3, 33, hash, address) == rows[i].ok,
             "wanted %d", rows[i].ok);
    }
}

static void needs_are_listed_once(void **state)
{
    (void)state;
    struct needs ns = {0};
    uint8_t h[32] = {1}, who[20] = {2}, other[20] = {3}, slot[32] = {0};
    assert_int_equal(needs_add(a, &ns, NEED_PROOF, false, 5, h, who, NULL, &err), RC_OK);
    for (unsigned i = 0; i < 100; i++) {
        slot[31] = (uint8_t)(i % 37);
        assert_int_equal(needs_add(a, &ns, NEED_PROOF, false, 5, h, who, slot, &err), RC_OK);
    }
    assert_int_equal(ns.n, 1);
    assert_int_equal(ns.v[0].num_slots, 37);
    for (size_t i = 0; i < 37; i++)
        assert_int_equal(ns.v[0].slots[i][31], i);
    assert_int_equal(needs_hard(&ns), 0);
    assert_int_equal(needs_add(a, &ns, NEED_PROOF, true, 5, h, who, slot, &err), RC_OK);
    assert_int_equal(needs_add(a, &ns, NEED_PROOF, false, 5, h, who, slot, &err), RC_OK);
    assert_int_equal(needs_hard(&ns), 1); /* a wish does not soften a need */
    assert_int_equal(needs_add(a, &ns, NEED_CODE, true, 5, h, who, NULL, &err), RC_OK);
    assert_int_equal(needs_add(a, &ns, NEED_PROOF, true, 6, h, who, NULL, &err), RC_OK);
    assert_int_equal(needs_add(a, &ns, NEED_HEADER, true, 0, h, NULL, NULL, &err), RC_OK);
    assert_int_equal(needs_add(a, &ns, NEED_HEADER, true, 0, h, NULL, NULL, &err), RC_OK);
    assert_int_equal(ns.n, 4);
    for (unsigned i = 0; i < 64; i++) {
        other[0] = (uint8_t)(100 + i);
        assert_int_equal(needs_add(a, &ns, NEED_PROOF, false, 5, h, other, NULL, &err), RC_OK);
    }
    assert_int_equal(ns.n, 68);
    assert_int_equal(needs_hard(&ns), 4);
    assert_int_equal(ns.v[0].num_slots, 37);
    assert_memory_equal(ns.v[67].address, other, 20);
}

static void ranges_of_updates_are_put_together(void **state)
{
    (void)state;
    struct needs ns = {0};
    err_clear(&err);
    assert_int_equal(needs_add_updates(a, &ns, true, 100, 0, &err), RC_OK);
    assert_int_equal(ns.n, 0);
    assert_int_equal(needs_add_updates(a, &ns, true, 100, 3, &err), RC_OK);
    assert_int_equal(needs_add_updates(a, &ns, true, 103, 2, &err), RC_OK); /* touches */
    assert_int_equal(needs_add_updates(a, &ns, true, 98, 4, &err), RC_OK);  /* overlaps */
    assert_int_equal(needs_add_updates(a, &ns, true, 101, 1, &err), RC_OK); /* inside */
    assert_int_equal(ns.n, 1);
    assert_int_equal(ns.v[0].kind, NEED_UPDATES);
    assert_int_equal(ns.v[0].number, 98);
    assert_int_equal(ns.v[0].count, 7);
    assert_int_equal(needs_add_updates(a, &ns, true, 107, 1, &err), RC_OK); /* a gap */
    assert_int_equal(ns.n, 2);
    assert_int_equal(needs_add_updates(a, &ns, false, 100, 1, &err), RC_OK); /* only wished */
    assert_int_equal(ns.n, 3);
    assert_int_equal(needs_hard(&ns), 2);
    /* No need is for more than a server has to answer; none is lost. */
    assert_int_equal(needs_add_updates(a, &ns, true, 1000, 300, &err), RC_OK);
    assert_int_equal(ns.n, 6);
    assert_int_equal(ns.v[3].number, 1000);
    assert_int_equal(ns.v[3].count, 128);
    assert_int_equal(ns.v[4].number, 1128);
    assert_int_equal(ns.v[4].count, 128);
    assert_int_equal(ns.v[5].number, 1256);
    assert_int_equal(ns.v[5].count, 44);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fresh, done)
    const struct CMUnitTest tests[] = {
        T(entries_have_three_members),
        T(quantities),
        T(an_entry_is_about_one_address_and_block),
        T(needs_are_listed_once),
        T(ranges_of_updates_are_put_together),
    };
    return HARNESS_RUN("answers", tests);
}
