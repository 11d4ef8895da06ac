/* bundle: what is merged and what is refused by which code; what is written reads back the same. */
#include "tests/lib/harness.h"

#include <stdlib.h>
#include <unistd.h>

#include "agent/bundle.h"
#include "agent/rpc.h"
#include "base/hex.h"
#include "base/limits.h"

/* Any bytes that begin like a quote: a bundle is not where quotes are judged. */
#define QUOTE     "0400020081000000aabbccdd"
#define RPC_ENTRY "{\"method\":\"eth_getCode\",\"params\":[\"0x00\",\"0x1\"],\"result\":\"0x\"}"

static struct arena *arena;

static enum rc add(struct bundle *b, const char *text, struct err *err)
{
    return bundle_add_text(arena, b, bytes_of_str(text), "test", err);
}

static void parts_of_several_files_are_merged(void **state)
{
    (void)state;
    struct err err = {0};
    AUTO_BUNDLE b = {0};
    assert_int_equal(bundle_init(&b, &err), RC_OK);
    assert_false(b.has_evidence || b.has_collateral);
    assert_int_equal(add(&b, "{\"schema\":1}", &err), RC_OK);
    assert_int_equal(
        add(&b, "{\"schema\":1,\"rpc\":[" RPC_ENTRY "],\"taken\":{\"by\":\"x\"}}", &err), RC_OK);
    assert_int_equal(add(&b, "{\"schema\":1,\"rpc\":[" RPC_ENTRY "," RPC_ENTRY "]}", &err), RC_OK);
    assert_int_equal(json_array_size(b.rpc), 3);
    assert_int_equal(add(&b, "{\"schema\":1,\"evidence\":{\"quote\":\"" QUOTE "\"}}", &err), RC_OK);
    assert_true(b.has_evidence);
    assert_int_equal(b.evidence.format, EVIDENCE_BUNDLE);
    assert_int_equal(b.evidence.quote.n, 12);
    assert_int_equal(add(&b, "{\"schema\":1,\"beacon\":[{\"path\":\"/x\",\"result\":{}}]}", &err),
                     RC_OK);
    assert_int_equal(json_array_size(b.beacon), 1);
    assert_int_equal(add(&b,
                         "{\"schema\":1,\"beacon\":[{\"path\":\"/x\",\"ssz\":\"00\"}],"
                         "\"committee_keys\":[{\"keys_sha256\":\"00\",\"y\":\"00\"}],"
                         "\"checkpoint\":{\"schema\":1}}",
                         &err),
                     RC_OK);
    assert_true(json_array_size(b.beacon) == 2 && json_array_size(b.committee_keys) == 1);
    assert_int_equal(json_object_size(b.checkpoint), 1);
}

static void what_is_no_bundle_is_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        enum rc code;
        int exit_status;
    } cases[] = {
        {"empty", "", BG_FILE_EMPTY, 4},
        {"cut", "{\"schema\":1", BG_EVIDENCE_JSON, 4},
        {"key twice", "{\"schema\":1,\"schema\":1}", BG_EVIDENCE_JSON, 4},
        {"text behind", "{\"schema\":1}x", BG_EVIDENCE_JSON, 4},
        {"other schema", "{\"schema\":2}", BG_BUNDLE_SCHEMA, 4},
        {"schema a string", "{\"schema\":\"1\"}", BG_BUNDLE_SCHEMA, 4},
        {"unknown member", "{\"schema\":1,\"extra\":1}", BG_BUNDLE_KEY, 4},
        {"rpc an object", "{\"schema\":1,\"rpc\":{}}", BG_BUNDLE_LIST, 4},
        {"rpc of numbers", "{\"schema\":1,\"rpc\":[1]}", BG_BUNDLE_ENTRY, 4},
        {"entry without result", "{\"schema\":1,\"rpc\":[{\"method\":\"m\",\"params\":[]}]}",
         BG_BUNDLE_ENTRY, 4},
        {"entry with more",
         "{\"schema\":1,\"rpc\":[{\"method\":\"m\",\"params\":[],\"result\":1,\"id\":1}]}",
         BG_BUNDLE_ENTRY, 4},
        {"method a number", "{\"schema\":1,\"rpc\":[{\"method\":1,\"params\":[],\"result\":1}]}",
         BG_BUNDLE_CALL, 4},
        {"params a string",
         "{\"schema\":1,\"rpc\":[{\"method\":\"m\",\"params\":\"\",\"result\":1}]}", BG_BUNDLE_CALL,
         4},
        {"beacon with both bodies",
         "{\"schema\":1,\"beacon\":[{\"path\":\"/x\",\"result\":{},\"ssz\":\"00\"}]}",
         BG_BUNDLE_ENTRY, 4},
        {"beacon without a body", "{\"schema\":1,\"beacon\":[{\"path\":\"/x\"}]}", BG_BUNDLE_ENTRY,
         4},
        {"keys of another shape", "{\"schema\":1,\"committee_keys\":[{\"y\":\"00\"}]}",
         BG_BUNDLE_ENTRY, 4},
        {"keys an object", "{\"schema\":1,\"committee_keys\":{}}", BG_BUNDLE_LIST, 4},
        {"checkpoint a list", "{\"schema\":1,\"checkpoint\":[]}", BG_BUNDLE_CHECKPOINT, 4},
        {"beacon a list of lists", "{\"schema\":1,\"beacon\":[[]]}", BG_BUNDLE_ENTRY, 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        AUTO_BUNDLE b = {0};
        assert_int_equal(bundle_init(&b, &err), RC_OK);
        enum rc rc = add(&b, cases[i].text, &err);
        CASE(cases[i].name, rc == cases[i].code && err_exit_status(rc) == cases[i].exit_status,
             "code %d (exit %d), not %d", (int)rc, err_exit_status(rc), (int)cases[i].code);
    }
}

static void bad_evidence_in_a_bundle_is_evidence(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"schema\":1,\"evidence\":[]}",
        "{\"schema\":1,\"evidence\":{\"quote\":7}}",
        "{\"schema\":1,\"evidence\":{\"quote\":\"0x0\"}}",
        "{\"schema\":1,\"evidence\":{\"quotte\":\"" QUOTE "\"}}",
        "{\"schema\":1,\"evidence\":{}}",
        "neither hex nor anything else",
        "{}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct err err = {0};
        AUTO_BUNDLE b = {0};
        assert_int_equal(bundle_init(&b, &err), RC_OK);
        enum rc rc = add(&b, texts[i], &err);
        CASE(texts[i], rc != RC_OK && err_exit_status(rc) == 4 && !b.has_evidence, "code %d",
             (int)rc);
    }
}

static void a_part_that_comes_twice_is_refused(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"{\"schema\":1,\"evidence\":{\"quote\":\"" QUOTE "\"}}",
         "{\"schema\":1,\"evidence\":{\"quote\":\"" QUOTE "\"}}"},
        {"{\"schema\":1,\"evidence\":{\"quote\":\"" QUOTE "\"}}", QUOTE},
        {QUOTE, "{\"quote\":\"" QUOTE "\"}"},
        {"{\"schema\":1,\"checkpoint\":{}}", "{\"schema\":1,\"checkpoint\":{\"slot\":1}}"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct err err = {0};
        AUTO_BUNDLE b = {0};
        assert_int_equal(bundle_init(&b, &err), RC_OK);
        assert_int_equal(add(&b, pairs[i][0], &err), RC_OK);
        enum rc rc = add(&b, pairs[i][1], &err);
        CASE(pairs[i][1], rc == BG_BUNDLE_TWICE, "code %d", (int)rc);
    }
}

static void too_many_answers_are_refused(void **state)
{
    (void)state;
    struct err err = {0};
    AUTO_BUNDLE b = {0};
    assert_int_equal(bundle_init(&b, &err), RC_OK);
    json_t *entry = json_loads(RPC_ENTRY, 0, NULL);
    for (size_t i = 0; i < LIMIT_RPC_ENTRIES; i++)
        assert_int_equal(json_array_append(b.rpc, entry), 0);
    json_decref(entry);
    assert_int_equal(add(&b, "{\"schema\":1,\"rpc\":[]}", &err), RC_OK);
    assert_int_equal(add(&b, "{\"schema\":1,\"rpc\":[" RPC_ENTRY "]}", &err), BG_BUNDLE_ENTRIES);
}

static void what_is_saved_reads_back(void **state)
{
    (void)state;
    struct err err = {0};
    AUTO_BUNDLE b = {0}, c = {0};
    char path[] = "/tmp/bootgate-bundle-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(bundle_init(&b, &err), RC_OK);
    assert_int_equal(bundle_init(&c, &err), RC_OK);
    assert_int_equal(add(&b,
                         "{\"quote\":\"" QUOTE "\",\"event_log\":[],\"vm_config\":\"{}\","
                         "\"report_data\":\"\",\"something_new\":1}",
                         &err),
                     RC_OK);
    assert_int_equal(
        add(&b,
            "{\"schema\":1,\"rpc\":[" RPC_ENTRY
            "],\"beacon\":[{\"path\":\"/x\",\"ssz\":\"00\"}],\"committee_keys\":[{\"keys_sha256\":"
            "\"00\",\"y\":\"01\"}],\"checkpoint\":{\"slot\":7}}",
            &err),
        RC_OK);
    assert_int_equal(bundle_write(arena, &b, path, &err), RC_OK);
    assert_int_equal(bundle_add_file(arena, &c, path, &err), RC_OK);
    assert_true(bytes_eq(b.evidence.quote, c.evidence.quote));
    assert_true(bytes_eq(b.evidence.event_log, c.evidence.event_log));
    assert_true(bytes_eq(b.evidence.vm_config, c.evidence.vm_config));
    assert_true(json_equal(b.rpc, c.rpc));
    assert_true(json_equal(b.beacon, c.beacon) && json_array_size(c.beacon) == 1);
    assert_true(json_equal(b.committee_keys, c.committee_keys) &&
                json_array_size(c.committee_keys) == 1);
    assert_true(json_equal(b.checkpoint, c.checkpoint) && c.checkpoint);
    assert_int_equal(bundle_write(arena, &b, "/nonexistent/x", &err), BG_FILE_CREATE);
    unlink(path);
}

static void what_could_not_be_read_again_is_not_saved(void **state)
{
    (void)state;
    struct err err = {0};
    AUTO_BUNDLE b = {0};
    char path[] = "/tmp/bootgate-bundle-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "old", 3), 3);
    assert_int_equal(bundle_init(&b, &err), RC_OK);
    char *code = malloc(LIMIT_FILE);
    assert_non_null(code);
    memset(code, '0', LIMIT_FILE);
    for (size_t n = LIMIT_FILE; n >= LIMIT_FILE - 1000; n -= 1000) {
        json_array_clear(b.rpc);
        json_array_append_new(b.rpc, json_pack("{s:s, s:[], s:s%}", "method", "eth_getCode",
                                               "params", "result", code, n));
        bool fits = n < LIMIT_FILE;
        assert_int_equal(bundle_write(arena, &b, path, &err), fits ? RC_OK : BG_BUNDLE_SIZE);
        assert_int_equal(lseek(fd, 0, SEEK_END), 3); /* the old file: replaced, never changed */
        AUTO_BUNDLE back = {0};
        struct err why = {0};
        assert_int_equal(bundle_init(&back, &why), RC_OK);
        assert_int_equal(bundle_add_file(arena, &back, path, &why) == RC_OK, fits);
        err_clear(&err);
    }
    free(code);
    close(fd);
    unlink(path);
}

static void a_collateral_file_is_collateral(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int exit_status;
    } cases[] = {{"", 3}, {"{", 3}, {"[]", 3}, {"{\"tcb_info\":1}", 3}, {"{}", 3}};
    char path[] = "/tmp/bootgate-collateral-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        AUTO_BUNDLE b = {0};
        assert_int_equal(bundle_init(&b, &err), RC_OK);
        FILE *f = fopen(path, "w");
        fputs(cases[i].text, f);
        fclose(f);
        enum rc rc = bundle_add_collateral(arena, &b, path, &err);
        CASE(cases[i].text, err_exit_status(rc) == cases[i].exit_status && !b.has_collateral,
             "code %d, exit %d", (int)rc, err_exit_status(rc));
    }
    unlink(path);
}

/* --- JSON-RPC --- */

static void needs_become_calls(void **state)
{
    (void)state;
    uint8_t slots[2][32] = {{0}, {0}};
    slots[1][31] = 7;
    struct need n = {.kind = NEED_PROOF, .number = 4096, .slots = slots, .num_slots = 2};
    memset(n.address, 0xab, sizeof n.address);
    memset(n.hash, 0xcd, sizeof n.hash);
    static const struct {
        enum need_kind kind;
        const char *want;
    } cases[] = {
        {NEED_PROOF, "{\"method\":\"eth_getProof\",\"params\":["
                     "\"0xabababababababababababababababababababab\","
                     "[\"0x0000000000000000000000000000000000000000000000000000000000000000\","
                     "\"0x0000000000000000000000000000000000000000000000000000000000000007\"],"
                     "\"0x1000\"]}"},
        {NEED_CODE, "{\"method\":\"eth_getCode\",\"params\":["
                    "\"0xabababababababababababababababababababab\",\"0x1000\"]}"},
        {NEED_HEADER,
         "{\"method\":\"eth_getBlockByHash\",\"params\":["
         "\"0xcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd\",false]}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        n.kind = cases[i].kind;
        AUTO_JSON got = rpc_call_of(&n);
        AUTO_JSON want = json_loads(cases[i].want, 0, NULL);
        CASE(cases[i].want, want && json_equal(got, want), "case %zu", i);
    }
    n.kind = NEED_NONE;
    assert_null(rpc_call_of(&n));
}

static void answers_are_matched_by_id_and_recorded(void **state)
{
    (void)state;
    static const struct {
        const char *name, *body;
        enum rc code;
        bool single;
        const char *want; /* recorded results by call, as JSON */
    } cases[] = {
        {"in order", "[{\"id\":0,\"result\":\"a\"},{\"id\":1,\"result\":\"b\"}]", RC_OK, false,
         "[[\"m0\",\"a\"],[\"m1\",\"b\"]]"},
        {"out of order", "[{\"id\":1,\"result\":\"b\"},{\"id\":0,\"result\":\"a\"}]", RC_OK, false,
         "[[\"m1\",\"b\"],[\"m0\",\"a\"]]"},
        {"one of two",
         "[{\"id\":0,\"error\":{\"code\":-1,\"message\":\"no\"}},"
         "{\"id\":1,\"result\":\"b\"}]",
         RC_OK, false, "[[\"m1\",\"b\"]]"},
        {"one question answered twice",
         "[{\"id\":0,\"result\":\"a\"},{\"id\":0,\"result\":\"c\"},{\"id\":1,\"result\":\"b\"}]",
         RC_OK, false, "[[\"m0\",\"a\"],[\"m1\",\"b\"]]"},
        {"a single answer", "{\"id\":0,\"result\":\"a\"}", RC_OK, true, "[[\"m0\",\"a\"]]"},
        {"no batches", "{\"id\":null,\"error\":{\"code\":-32600,\"message\":\"batch\"}}",
         BG_RPC_NO_RESULT, true, "[]"},
        {"unknown id", "[{\"id\":2,\"result\":\"a\"}]", BG_RPC_NO_RESULT, false, "[]"},
        {"id as text", "[{\"id\":\"0\",\"result\":\"a\"}]", BG_RPC_NO_RESULT, false, "[]"},
        {"negative id", "[{\"id\":-1,\"result\":\"a\"}]", BG_RPC_NO_RESULT, false, "[]"},
        {"null result", "[{\"id\":0,\"result\":null}]", BG_RPC_NO_RESULT, false, "[]"},
        {"no objects", "[1,\"x\",null,[]]", BG_RPC_NO_RESULT, false, "[]"},
        {"a number", "7", BG_RPC_NO_RESULT, true, "[]"},
        {"empty list", "[]", BG_RPC_NO_RESULT, false, "[]"},
        {"empty", "", BG_RPC_JSON, true, "[]"},
        {"HTML", "<html>", BG_RPC_JSON, true, "[]"},
        {"key twice", "[{\"id\":0,\"id\":0,\"result\":\"a\"}]", BG_RPC_JSON, true, "[]"},
    };
    AUTO_JSON calls = json_loads("[{\"method\":\"m0\",\"params\":[]},{\"method\":\"m1\","
                                 "\"params\":[]}]",
                                 0, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        bool single = true;
        AUTO_JSON entries = json_array();
        AUTO_JSON got = json_array();
        AUTO_JSON want = json_loads(cases[i].want, 0, NULL);
        enum rc rc = rpc_collect(bytes_of_str(cases[i].body), calls, entries, &single, &err);
        for (size_t k = 0; k < json_array_size(entries); k++) {
            const json_t *e = json_array_get(entries, k);
            json_array_append_new(got, json_pack("[O,O]", json_object_get(e, "method"),
                                                 json_object_get(e, "result")));
        }
        CASE(cases[i].name,
             rc == cases[i].code && single == cases[i].single && json_equal(got, want),
             "code %d, single %d, %zu recorded", (int)rc, single, json_array_size(entries));
    }
}

int main(void)
{
    arena = arena_new(1 << 26);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_of_several_files_are_merged),
        cmocka_unit_test(what_is_no_bundle_is_refused_by_name),
        cmocka_unit_test(bad_evidence_in_a_bundle_is_evidence),
        cmocka_unit_test(a_part_that_comes_twice_is_refused),
        cmocka_unit_test(too_many_answers_are_refused),
        cmocka_unit_test(what_is_saved_reads_back),
        cmocka_unit_test(what_could_not_be_read_again_is_not_saved),
        cmocka_unit_test(a_collateral_file_is_collateral),
        cmocka_unit_test(needs_become_calls),
        cmocka_unit_test(answers_are_matched_by_id_and_recorded),
    };
    int rc = HARNESS_RUN("bundle", tests);
    arena_free(arena);
    return rc;
}
