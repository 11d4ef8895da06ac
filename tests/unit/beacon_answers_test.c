/*
 * beacon_answers: the frame of recorded beacon answers: which paths are ours, in which one
 * spelling, and what an entry consists of.
 */
#include "policy/beacon/answers.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "tests/lib/lc_case.h"

static struct arena *a;

static int fresh(void **state)
{
    (void)state;
    a = arena_new((size_t)64 << 20);
    return a ? 0 : 1;
}

static int done(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

static enum rc read_text(const char *beacon, const char *keys, struct beacon_answers *out)
{
    struct err err = {0};
    json_t *b = beacon ? json_loads(beacon, JSON_DECODE_ANY, NULL) : NULL;
    json_t *k = keys ? json_loads(keys, JSON_DECODE_ANY, NULL) : NULL;
    if ((beacon && !b) || (keys && !k))
        fail_msg("the test's own JSON is malformed: %s%s", beacon ? beacon : "", keys ? keys : "");
    enum rc rc = beacon_answers_read(a, b, k, out, &err);
    json_decref(b);
    json_decref(k);
    return rc;
}

#define ROOT  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define ENTRY "{\"path\":\"" LC_PATH_FINALITY "\",\"result\":{}}"

static void entries(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        enum rc want;
    } t[] = {
        {"none", NULL, RC_OK},
        {"empty", "[]", RC_OK},
        {"one", "[" ENTRY "]", RC_OK},
        {"ssz", "[{\"path\":\"" LC_PATH_FINALITY "\",\"ssz\":\"00\"}]", RC_OK},
        {"an object", "{}", BG_BEACON_NOT_LIST},
        {"a string", "\"x\"", BG_BEACON_NOT_LIST},
        {"null", "null", BG_BEACON_NOT_LIST},
        {"not an object", "[[]]", BG_BEACON_ENTRY_KEYS},
        {"a further member", "[{\"path\":\"/\",\"result\":{},\"version\":1}]",
         BG_BEACON_ENTRY_KEYS},
        {"no path", "[{\"result\":{}}]", BG_BEACON_ENTRY_SHAPE},
        {"path a number", "[{\"path\":1,\"result\":{}}]", BG_BEACON_ENTRY_SHAPE},
        {"no body", "[{\"path\":\"/\"}]", BG_BEACON_ENTRY_SHAPE},
        {"two bodies", "[{\"path\":\"/\",\"result\":{},\"ssz\":\"\"}]", BG_BEACON_ENTRY_SHAPE},
        {"ssz a number", "[{\"path\":\"/\",\"ssz\":1}]", BG_BEACON_ENTRY_SHAPE},
        {"ssz a number beside", "[{\"path\":\"/\",\"ssz\":1,\"result\":{}}]",
         BG_BEACON_ENTRY_SHAPE},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct beacon_answers got;
        enum rc rc = read_text(t[i].text, NULL, &got);
        CASE(t[i].name, rc == t[i].want, "rc %d", rc);
    }
    struct beacon_answers got;
    struct err err = {0};
    AUTO_JSON many = json_array();
    AUTO_JSON one = json_loads(ENTRY, 0, NULL);
    while (json_array_size(many) < LIMIT_BEACON_ENTRIES)
        json_array_append(many, one);
    assert_int_equal(beacon_answers_read(a, many, NULL, &got, &err), RC_OK);
    assert_int_equal(got.n, LIMIT_BEACON_ENTRIES);
    json_array_append(many, one);
    assert_int_equal(beacon_answers_read(a, many, NULL, &got, &err), BG_BEACON_TOO_MANY);
}

static void paths(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum lc_kind kind;
        uint64_t first, count;
        enum rc want;
    } t[] = {
        {LC_PATH "bootstrap/0x" ROOT, LC_BOOTSTRAP, 0, 0, RC_OK},
        {LC_PATH "updates?start_period=0&count=1", LC_UPDATE, 0, 1, RC_OK},
        {LC_PATH "updates?start_period=1711&count=128", LC_UPDATE, 1711, 128, RC_OK},
        {LC_PATH "updates?start_period=18446744073709551487&count=128", LC_UPDATE, UINT64_MAX - 128,
         128, RC_OK},
        {LC_PATH "finality_update", LC_FINALITY_UPDATE, 0, 0, RC_OK},
        {LC_PATH "optimistic_update", LC_OPTIMISTIC_UPDATE, 0, 0, RC_OK},
        {"/eth/v1/beacon/genesis", LC_NONE, 0, 0, RC_OK},
        {LC_PATH "committee_root", LC_NONE, 0, 0, RC_OK},
        {LC_PATH, LC_NONE, 0, 0, RC_OK},
        {"", LC_NONE, 0, 0, RC_OK},
        {"http://node" LC_PATH "finality_update", LC_NONE, 0, 0, RC_OK},
        {LC_PATH "bootstrap/" ROOT, LC_NONE, 0, 0, BG_BEACON_PATH},
        {LC_PATH "bootstrap/0x" ROOT "0", LC_NONE, 0, 0, BG_BEACON_PATH},
        {LC_PATH "bootstrap/0x" ROOT "/", LC_NONE, 0, 0, BG_BEACON_PATH},
        {LC_PATH "bootstrap/0x0011", LC_NONE, 0, 0, BG_BEACON_PATH},
        {LC_PATH "bootstrap", LC_NONE, 0, 0, BG_BEACON_PATH},
        {LC_PATH "bootstrap/0xzz112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
         LC_NONE, 0, 0, BG_BEACON_PATH},
        {LC_PATH "updates", LC_NONE, 0, 0, BG_BEACON_PATH},
        {LC_PATH "updates?start_period=1", LC_NONE, 0, 0, BG_BEACON_PATH},
        {LC_PATH "updates?count=1&start_period=1", LC_NONE, 0, 0, BG_BEACON_PATH},
        {LC_PATH "updates?start_period=&count=1", LC_NONE, 0, 0, BG_BEACON_PATH},
        {LC_PATH "updates?start_period=01&count=1", LC_NONE, 0, 0, BG_BEACON_PATH},
        {LC_PATH "updates?start_period=1&count=0", LC_NONE, 0, 0, BG_BEACON_PATH},
        {LC_PATH "updates?start_period=1&count=129", LC_NONE, 0, 0, BG_BEACON_PATH},
        {LC_PATH "updates?start_period=1&count=1 ", LC_NONE, 0, 0, BG_BEACON_PATH},
        {LC_PATH "updates?start_period=-1&count=1", LC_NONE, 0, 0, BG_BEACON_PATH},
        {LC_PATH "updates?start_period=18446744073709551616&count=1", LC_NONE, 0, 0,
         BG_BEACON_PATH},
        {LC_PATH "updates?start_period=18446744073709551615&count=1", LC_NONE, 0, 0,
         BG_BEACON_PATH},
        {LC_PATH "finality_update/", LC_NONE, 0, 0, BG_BEACON_PATH},
        {LC_PATH "finality_update?x", LC_NONE, 0, 0, BG_BEACON_PATH},
        {LC_PATH "optimistic_updates", LC_NONE, 0, 0, BG_BEACON_PATH},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct beacon_answers got;
        struct err err = {0};
        AUTO_JSON list = json_pack("[{s:s,s:{}}]", "path", t[i].path, "result");
        enum rc rc = beacon_answers_read(a, list, NULL, &got, &err);
        CASE(t[i].path,
             rc == t[i].want &&
                 (rc != RC_OK || (got.n == 1 && got.v[0].kind == t[i].kind && got.v[0].result &&
                                  !got.v[0].ssz_hex && strcmp(got.v[0].path, t[i].path) == 0 &&
                                  (t[i].kind != LC_UPDATE || (got.v[0].first == t[i].first &&
                                                              got.v[0].count == t[i].count)))),
             "rc %d", rc);
    }
    /* The root, in any case of its digits. */
    struct beacon_answers got;
    struct err err = {0};
    uint8_t root[32];
    for (size_t i = 0; i < 32; i++)
        root[i] = (uint8_t)(0x11 * (i % 16));
    AUTO_JSON list =
        json_loads("[{\"path\":\"" LC_PATH "bootstrap/0x00112233445566778899AABBCCDDeeff"
                   "00112233445566778899aabbccddeeff\",\"ssz\":\"0x\"}]",
                   0, NULL);
    assert_int_equal(beacon_answers_read(a, list, NULL, &got, &err), RC_OK);
    assert_memory_equal(got.v[0].root, root, 32);
    assert_string_equal(got.v[0].ssz_hex, "0x");
    assert_null(got.v[0].result);
}

static void committee_keys(void **state)
{
    (void)state;
    char y[2 * FP_BYTES * (BEACON_COMMITTEE_MAX + 1) + 1], text[sizeof y + 200];
    static const struct {
        const char *name;
        size_t digits;
        enum rc want;
    } t[] = {{"one key", 2 * FP_BYTES, RC_OK},
             {"a committee", 2 * FP_BYTES * BEACON_COMMITTEE_MAX, RC_OK},
             {"none", 0, BG_BEACON_HINT},
             {"half a key", FP_BYTES, BG_BEACON_HINT},
             {"a digit too many", 2 * FP_BYTES + 1, BG_BEACON_HINT},
             {"too many keys", 2 * FP_BYTES * (BEACON_COMMITTEE_MAX + 1), BG_BEACON_HINT}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct beacon_answers got;
        memset(y, 'a', t[i].digits);
        y[t[i].digits] = '\0';
        snprintf(text, sizeof text, "[{\"keys_sha256\":\"" ROOT "\",\"y\":\"%s\"}]", y);
        enum rc rc = read_text(NULL, text, &got);
        CASE(t[i].name,
             rc == t[i].want && (rc != RC_OK || (got.num_hints == 1 && got.n == 0 &&
                                                 got.hints[0].y.n == t[i].digits / 2 &&
                                                 got.hints[0].keys_sha256[31] == 0xff &&
                                                 got.hints[0].y.p[t[i].digits / 2 - 1] == 0xaa)),
             "rc %d", rc);
    }
    static const struct {
        const char *text;
        enum rc want;
    } bad[] = {
        {"[]", RC_OK},
        {"{}", BG_BEACON_HINTS},
        {"[7]", BG_BEACON_HINT},
        {"[{\"keys_sha256\":\"" ROOT "\"}]", BG_BEACON_HINT},
        {"[{\"keys_sha256\":\"00\",\"y\":\"00\"}]", BG_BEACON_HINT},
        {"[{\"keys_sha256\":\"" ROOT "\",\"y\":\"\",\"z\":1}]", BG_BEACON_HINT},
        {"[{\"keys_sha256\":\"" ROOT "\",\"y\":7}]", BG_BEACON_HINT},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct beacon_answers got;
        enum rc rc = read_text(NULL, bad[i].text, &got);
        CASE("keys", rc == bad[i].want, "%zu: rc %d", i, rc);
    }
    struct beacon_answers got;
    struct err err = {0};
    memset(y, '0', 2 * FP_BYTES);
    y[2 * FP_BYTES] = '\0';
    AUTO_JSON many = json_array();
    while (json_array_size(many) < LIMIT_COMMITTEES)
        json_array_append_new(many, json_pack("{s:s,s:s}", "keys_sha256", ROOT, "y", y));
    assert_int_equal(beacon_answers_read(a, NULL, many, &got, &err), RC_OK);
    assert_int_equal(got.num_hints, LIMIT_COMMITTEES);
    json_array_append_new(many, json_pack("{s:s,s:s}", "keys_sha256", ROOT, "y", y));
    assert_int_equal(beacon_answers_read(a, NULL, many, &got, &err), BG_BEACON_HINTS);
    /* Not hex at all: malformed, not out of memory. */
    memset(y, 'g', 2 * FP_BYTES);
    snprintf(text, sizeof text, "[{\"keys_sha256\":\"" ROOT "\",\"y\":\"%s\"}]", y);
    assert_int_equal(read_text(NULL, text, &got), BG_BEACON_HINT);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fresh, done)
    const struct CMUnitTest tests[] = {T(entries), T(paths), T(committee_keys)};
    return HARNESS_RUN("beacon_answers", tests);
}
