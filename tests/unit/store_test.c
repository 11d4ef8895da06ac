/*
 * store: what is kept reads back; what is no store, is somebody else's or is too large is left out
 * by name; files are replaced in one step and never through a link.
 */
#include "tests/lib/harness.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/store.h"

static struct arena *arena;
static char dir[64];
static const uint8_t genesis[32] = {1, 2, 3}, other[32] = {1, 2, 4};

static const char *in(const char *name)
{
    static char path[4][128];
    static size_t at;
    char *p = path[at++ % 4];
    snprintf(p, sizeof path[0], "%s/%s", dir, name);
    return p;
}

static void put(const char *name, const char *text)
{
    FILE *f = fopen(in(name), "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int fresh(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/bootgate-store-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int clear(void **state)
{
    static const char *const names[] = {"beacon.json",    "floor.json", "beacon.json.new",
                                        "floor.json.new", "target",     "collateral.json"};
    (void)state;
    (void)chmod(dir, 0700);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)unlink(in(names[i]));
        (void)rmdir(in(names[i]));
    }
    return rmdir(dir);
}

static enum rc load(struct store_files *out, struct err *why)
{
    struct err err = {0};
    *why = (struct err){0};
    return store_load(arena, dir, STORE_BEACON, out, why, &err);
}

static void what_is_saved_reads_back(void **state)
{
    (void)state;
    struct err err = {0}, why;
    struct store_files f = {bytes_of_str("answers"), bytes_of_str("floor"), bytes_of_str("set")},
                       got;
    struct stat st;
    assert_int_equal(store_save(dir, STORE_BEACON, &f, &err), RC_OK);
    assert_int_equal(load(&got, &why), RC_OK);
    assert_int_equal(why.rc, RC_OK);
    assert_true(bytes_eq(f.light, got.light) && bytes_eq(f.floor, got.floor));
    assert_true(bytes_eq(f.collateral, got.collateral));
    static const char *const names[] = {"beacon.json", "floor.json", "collateral.json"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(stat(in(names[i]), &st), 0);
        CASE(names[i], (st.st_mode & 07777) == 0600, "mode %o", st.st_mode);
    }
    /* One alone leaves the other as it is. */
    struct store_files one = {BYTES_NONE, bytes_of_str("higher"), BYTES_NONE};
    assert_int_equal(store_save(dir, STORE_BEACON, &one, &err), RC_OK);
    assert_int_equal(load(&got, &why), RC_OK);
    assert_true(bytes_eq_str(got.light, "answers") && bytes_eq_str(got.floor, "higher"));
    assert_true(bytes_eq_str(got.collateral, "set"));
    /* What a run that was cut short left behind is in nobody's way. */
    put("beacon.json.new", "half");
    f.light = bytes_of_str("answers again");
    assert_int_equal(store_save(dir, STORE_BEACON, &f, &err), RC_OK);
    assert_int_equal(load(&got, &why), RC_OK);
    assert_true(bytes_eq(f.light, got.light));
    assert_int_equal(access(in("beacon.json.new"), F_OK), -1);
}

static void nothing_is_no_error(void **state)
{
    (void)state;
    struct err err = {0}, why;
    struct store_files got = {0};
    assert_int_equal(load(&got, &why), RC_OK);
    assert_true(why.rc == RC_OK && got.light.n == 0 && got.floor.n == 0);
    assert_int_equal(store_save("/nonexistent/store", STORE_BEACON, &got, &err),
                     RC_OK); /* nothing to write */
    assert_int_equal(store_load(arena, "/nonexistent/store", STORE_BEACON, &got, &why, &err),
                     RC_OK);
    assert_true(why.rc == RC_OK && got.light.n == 0);
}

static void the_directory_is_made_when_only_it_is_missing(void **state)
{
    (void)state;
    struct err err = {0}, why;
    struct stat st;
    struct store_files f = {bytes_of_str("a"), bytes_of_str("b"), BYTES_NONE}, got;
    assert_int_equal(rmdir(dir), 0);
    assert_int_equal(store_save(dir, STORE_BEACON, &f, &err), RC_OK);
    assert_int_equal(stat(dir, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(load(&got, &why), RC_OK);
    assert_true(bytes_eq_str(got.floor, "b"));
    assert_int_equal(store_save("/nonexistent/store", STORE_BEACON, &f, &err), BG_STORE_MAKE);
}

static void what_can_not_be_trusted_to_be_a_file_is_left_out(void **state)
{
    (void)state;
    struct err why;
    struct store_files got;
    put("target", "elsewhere");
    assert_int_equal(symlink(in("target"), in("beacon.json")), 0);
    assert_int_equal(load(&got, &why), RC_OK);
    assert_true(why.rc == BG_STORE_READ && got.light.n == 0);
    assert_int_equal(unlink(in("beacon.json")), 0);
    assert_int_equal(mkdir(in("beacon.json"), 0700), 0);
    assert_int_equal(load(&got, &why), RC_OK);
    assert_true(why.rc == BG_STORE_READ && got.light.n == 0);
    assert_int_equal(rmdir(in("beacon.json")), 0);
    assert_int_equal(mkfifo(in("beacon.json"), 0600), 0); /* must not be waited for */
    assert_int_equal(load(&got, &why), RC_OK);
    assert_true(why.rc == BG_STORE_READ && got.light.n == 0);
    assert_int_equal(unlink(in("beacon.json")), 0);
    /* Larger than it may be; just as large as it may be. */
    put("beacon.json", "");
    put("floor.json", "");
    assert_int_equal(truncate(in("beacon.json"), STORE_LIGHT_MAX + 1), 0);
    assert_int_equal(truncate(in("floor.json"), STORE_FLOOR_MAX), 0);
    assert_int_equal(load(&got, &why), RC_OK);
    assert_true(why.rc == BG_STORE_READ && got.light.n == 0 && got.floor.n == STORE_FLOOR_MAX);
    assert_int_equal(truncate(in("beacon.json"), STORE_LIGHT_MAX), 0);
    assert_int_equal(truncate(in("floor.json"), STORE_FLOOR_MAX + 1), 0);
    assert_int_equal(load(&got, &why), RC_OK);
    assert_true(why.rc == BG_STORE_READ && got.light.n == STORE_LIGHT_MAX && got.floor.n == 0);
}

static void links_are_replaced_never_followed(void **state)
{
    (void)state;
    struct err err = {0}, why;
    struct store_files f = {bytes_of_str("answers"), bytes_of_str("floor"), bytes_of_str("set")},
                       got;
    struct stat st;
    put("target", "elsewhere");
    assert_int_equal(symlink(in("target"), in("beacon.json")), 0);
    assert_int_equal(symlink(in("target"), in("beacon.json.new")), 0);
    assert_int_equal(store_save(dir, STORE_BEACON, &f, &err), RC_OK);
    assert_int_equal(lstat(in("beacon.json"), &st), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_int_equal(stat(in("target"), &st), 0);
    assert_int_equal(st.st_size, strlen("elsewhere"));
    assert_int_equal(load(&got, &why), RC_OK);
    assert_true(bytes_eq(got.light, f.light));
    /* A store that is a link itself. */
    char link[80];
    snprintf(link, sizeof link, "%s-link", dir);
    assert_int_equal(symlink(dir, link), 0);
    assert_int_equal(store_save(link, STORE_BEACON, &f, &err), BG_STORE_OPEN);
    err_clear(&err);
    assert_int_equal(store_load(arena, link, STORE_BEACON, &got, &why, &err), RC_OK);
    assert_true(why.rc == BG_STORE_DIRECTORY && got.light.n == 0);
    assert_int_equal(unlink(link), 0);
}

static void others_may_not_write_there(void **state)
{
    (void)state;
    struct store_files f = {bytes_of_str("a"), bytes_of_str("b"), BYTES_NONE};
    static const mode_t modes[] = {0770, 0702, 01777};
    for (size_t i = 0; i < 3; i++) {
        struct err err = {0};
        assert_int_equal(chmod(dir, modes[i]), 0);
        enum rc rc = store_save(dir, STORE_BEACON, &f, &err);
        CASE("mode", rc == BG_STORE_OPEN_TO_OTHERS && access(in("beacon.json"), F_OK) != 0,
             "mode %o: code %d", modes[i], (int)rc);
    }
}

static void a_place_that_can_not_be_taken_is_an_error(void **state)
{
    (void)state;
    struct err err = {0};
    struct store_files f = {bytes_of_str("a"), bytes_of_str("b"), BYTES_NONE};
    assert_int_equal(mkdir(in("beacon.json"), 0700), 0);
    assert_int_equal(store_save(dir, STORE_BEACON, &f, &err), BG_STORE_WRITE);
    assert_int_equal(access(in("beacon.json.new"), F_OK), -1);
    assert_int_equal(access(in("floor.json"), F_OK), -1); /* the answers come first */
}

/* Two at a time: the second leaves the first one's files alone. */
static void one_run_writes_at_a_time(void **state)
{
    (void)state;
    struct err err = {0}, why;
    struct store_files f = {bytes_of_str("a"), bytes_of_str("b"), BYTES_NONE}, got;
    int other_run = open(dir, O_RDONLY | O_DIRECTORY);
    assert_int_equal(flock(other_run, LOCK_EX), 0);
    put("beacon.json.new", "half");
    assert_int_equal(store_save(dir, STORE_BEACON, &f, &err), BG_STORE_BUSY);
    assert_int_equal(load(&got, &why), RC_OK);
    assert_true(got.light.n == 0 && got.floor.n == 0);
    assert_int_equal(access(in("beacon.json.new"), F_OK), 0);
    close(other_run);
    err_clear(&err);
    assert_int_equal(store_save(dir, STORE_BEACON, &f, &err), RC_OK);
    assert_int_equal(load(&got, &why), RC_OK);
    assert_true(bytes_eq(got.light, f.light) && bytes_eq(got.floor, f.floor));
}

static void a_floor_is_of_its_network(void **state)
{
    (void)state;
    struct err err = {0}, why = {0};
    struct store_floor f = {.slot = 7777, .checkpoint = 55}, got = {0};
    struct bytes text;
    assert_int_equal(store_floor_make(arena, genesis, &f, &text, &err), RC_OK);
    assert_true(store_floor_read(text, genesis, &got, &why));
    assert_true(got.slot == 7777 && got.checkpoint == 55);
    got = (struct store_floor){0};
    assert_false(store_floor_read(text, other, &got, &why));
    assert_true(why.rc == BG_STORE_FLOOR_FOREIGN && got.slot == 0);
    f.checkpoint = 0;
    assert_int_equal(store_floor_make(arena, genesis, &f, &text, &err), RC_OK);
    why = (struct err){0};
    assert_true(store_floor_read(text, genesis, &got, &why) && got.checkpoint == 0);

#define ROOT "\"genesis_validators_root\":\"0x010203" Z58 "\""
#define Z58  "0000000000000000000000000000000000000000000000000000000000"
    static const struct {
        const char *text;
        bool ok;
    } cases[] = {
        {"{" ROOT ",\"slot\":1}", true},
        {"{" ROOT ",\"slot\":0}", true},
        {"{" ROOT ",\"slot\":9223372036854775807,\"checkpoint_slot\":1}", true},
        {"{" ROOT ",\"slot\":9223372036854775808}", false},
        {"{" ROOT ",\"slot\":-1}", false},
        {"{" ROOT ",\"slot\":\"1\"}", false},
        {"{" ROOT ",\"slot\":1.5}", false},
        {"{" ROOT "}", false},
        {"{\"slot\":1}", false},
        {"{" ROOT ",\"slot\":1,\"more\":1}", false},
        {"{" ROOT ",\"slot\":1,\"slot\":0}", false},
        {"{" ROOT ",\"slot\":1,\"checkpoint_slot\":null}", false},
        {"{\"genesis_validators_root\":\"0x01\",\"slot\":1}", false},
        {"{" ROOT ",\"slot\":1} ", true},
        {"{" ROOT ",\"slot\":1}x", false},
        {"[]", false},
        {"7", false},
        {"", false},
        {"garbage", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        got = (struct store_floor){.slot = 99};
        why = (struct err){0};
        bool ok = store_floor_read(bytes_of_str(cases[i].text), genesis, &got, &why);
        CASE(cases[i].text,
             ok == cases[i].ok && (why.rc == RC_OK) == ok && (ok ? got.slot != 99 : got.slot == 99),
             "%d, code %d, slot %llu", ok, (int)why.rc, (unsigned long long)got.slot);
    }
}

/* crowd: so many more entries than the store may have, and nothing else wrong. */
static const char *crowd(size_t more)
{
    AUTO_JSON j = json_pack("{s:i, s:[]}", "schema", 1, "beacon");
    for (size_t i = 0; i < STORE_ENTRIES + more; i++)
        json_array_append_new(json_object_get(j, "beacon"),
                              json_pack("{s:s, s:s}", "path", "/a", "ssz", "00"));
    char *text = json_dumps(j, 0);
    struct err err = {0};
    const char *kept = (const char *)arena_copy(arena, bytes_of_str(text), &err);
    free(text);
    return kept;
}

static void answers_are_a_bundle_with_nothing_else(void **state)
{
    (void)state;
    struct err err = {0}, why = {0};
    AUTO_BUNDLE b = {0};
    struct bytes text;
    AUTO_JSON entries = json_loads("[{\"path\":\"/a\",\"ssz\":\"00\"},"
                                   "{\"path\":\"/b\",\"result\":{\"data\":1}}]",
                                   0, NULL);
    AUTO_JSON hints = json_loads("[{\"keys_sha256\":\"00\",\"y\":\"01\"}]", 0, NULL);
    assert_int_equal(bundle_init(&b, &err), RC_OK);
    assert_int_equal(store_answers_make(arena, entries, hints, &text, &err), RC_OK);
    assert_true(store_answers_read(arena, text, &b, &why));
    assert_true(json_array_size(b.beacon) == 2 && json_equal(b.committee_keys, hints));
    assert_true(json_equal(b.beacon, entries));
    const char *const bad[] = {
        "",
        "garbage",
        "[]",
        "{\"schema\":1,\"rpc\":[]}",
        "{\"schema\":1,\"beacon\":[],\"evidence\":{\"quote\":\"04000200\"}}",
        "{\"schema\":1,\"checkpoint\":{}}",
        "{\"schema\":2,\"beacon\":[]}",
        "{\"beacon\":[]}",
        "{\"schema\":1,\"beacon\":[7]}",
        "{\"schema\":1,\"beacon\":{}}",
        /* The first part could be taken: but it is all or nothing. */
        "{\"schema\":1,\"beacon\":[{\"path\":\"/a\",\"ssz\":\"00\"}],\"committee_keys\":[7]}",
        crowd(1),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        AUTO_BUNDLE c = {0};
        why = (struct err){0};
        assert_int_equal(bundle_init(&c, &err), RC_OK);
        bool ok = store_answers_read(arena, bytes_of_str(bad[i]), &c, &why);
        CASE(bad[i],
             !ok && why.rc != RC_OK && !json_array_size(c.beacon) &&
                 !json_array_size(c.committee_keys) && !c.has_evidence,
             "%d, code %d", ok, (int)why.rc);
    }
    why = (struct err){0};
    assert_true(store_answers_read(arena, bytes_of_str(crowd(0)), &b, &why)); /* just as many */
    assert_int_equal(json_array_size(b.beacon), 2 + STORE_ENTRIES);
    /* More than the store holds: nothing is written, and that is no error. */
    char *large = malloc(STORE_LIGHT_MAX + 2);
    memset(large, '0', STORE_LIGHT_MAX + 1);
    large[STORE_LIGHT_MAX + 1] = '\0';
    json_array_append_new(entries, json_pack("{s:s, s:s}", "path", "/c", "ssz", large));
    free(large);
    assert_int_equal(store_answers_make(arena, entries, hints, &text, &err), RC_OK);
    assert_int_equal(text.n, 0);
}

int main(void)
{
    arena = arena_new(1 << 27);
#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, clear)
    const struct CMUnitTest tests[] = {
        TEST(what_is_saved_reads_back),
        TEST(nothing_is_no_error),
        TEST(the_directory_is_made_when_only_it_is_missing),
        TEST(what_can_not_be_trusted_to_be_a_file_is_left_out),
        TEST(links_are_replaced_never_followed),
        TEST(others_may_not_write_there),
        TEST(a_place_that_can_not_be_taken_is_an_error),
        TEST(one_run_writes_at_a_time),
        TEST(a_floor_is_of_its_network),
        TEST(answers_are_a_bundle_with_nothing_else),
    };
    int rc = HARNESS_RUN("store", tests);
    arena_free(arena);
    return rc;
}
