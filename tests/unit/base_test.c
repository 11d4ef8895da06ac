/* base: cursor, checked integers, arena, hex, strict JSON and its raw members, error table. */
#include "tests/lib/harness.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/ck.h"
#include "base/cur.h"
#include "base/hash.h"
#include "base/hex.h"
#include "base/limits.h"
#include "base/secret.h"

static void cursor_sticks_and_wants_the_end(void **state)
{
    (void)state;
    const uint8_t in[] = {1, 2, 3, 4, 5, 6, 7};
    struct cur c = cur_of(BYTES_OF_ARRAY(in));
    assert_int_equal(cur_u16le(&c), 0x0201);
    assert_int_equal(cur_u32le(&c), 0x06050403);
    assert_false(cur_done(&c));
    assert_int_equal(cur_u16le(&c), 0);
    assert_true(c.bad);
    assert_int_equal(cur_u8(&c), 0); /* there was one byte left: the error sticks */
    assert_int_equal(cur_left(&c), 0);
    assert_false(cur_done(&c));
    struct cur d = cur_of(BYTES_OF_ARRAY(in));
    struct cur s = cur_sub(&d, 3);
    assert_int_equal(cur_take(&s, 4).n, 0);
    assert_true(s.bad);
    assert_false(d.bad);
    assert_int_equal(cur_u32be(&d), 0x04050607);
    assert_true(cur_done(&d));
    struct cur empty = cur_of(BYTES_NONE);
    assert_true(cur_done(&empty));
    assert_int_equal(cur_take(&empty, SIZE_MAX).n, 0);
    assert_true(empty.bad);
}

static void sums_and_products_are_checked(void **state)
{
    (void)state;
    size_t z = 7;
    uint64_t u = 7;
    uint32_t w = 7;
    assert_false(ck_add(SIZE_MAX, 1, &z));
    assert_false(ck_mul(SIZE_MAX / 2 + 1, 2, &z));
    assert_false(ck_add_u64(UINT64_MAX, 1, &u));
    assert_false(ck_mul_u64(1ull << 32, 1ull << 32, &u));
    assert_false(ck_u32(1ull << 32, &w));
    assert_int_equal(z, 7);
    assert_int_equal(u, 7);
    assert_int_equal(w, 7);
    assert_true(ck_add(2, 3, &z) && z == 5);
    assert_true(ck_u32(UINT32_MAX, &w) && w == UINT32_MAX);
}

static void arena_is_capped_and_zeroed(void **state)
{
    (void)state;
    struct err err = {0};
    struct arena *a = arena_new(1 << 20);
    assert_non_null(a);
    for (int i = 0; i < 100; i++) {
        uint8_t *p = arena_alloc(a, 1000, &err);
        assert_non_null(p);
        assert_true(mem_is_zero(p, 1000));
        memset(p, 0xff, 1000);
    }
    uint8_t *big = arena_alloc(a, 200000, &err);
    assert_non_null(big);
    assert_true(mem_is_zero(big, 200000));
    assert_null(arena_alloc(a, 1 << 20, &err));
    assert_int_equal(err.rc, BG_NOMEM);
    assert_null(arena_array(a, SIZE_MAX / 2, 4, &err));
    assert_null(arena_alloc(a, SIZE_MAX, &err));
    err_clear(&err);
    assert_string_equal(arena_printf(a, &err, "%s-%d", "x", 12), "x-12");
    arena_free(a);
    arena_free(NULL);
}

/* Each pair of characters, against the C library's own reading of digits. */
static void hex_digits_are_those_of_c(void **state)
{
    (void)state;
    size_t accepted = 0;
    for (unsigned v = 0; v < 65536; v++) {
        uint8_t pair[2] = {(uint8_t)(v >> 8), (uint8_t)v}, out = 0xa5;
        char text[3] = {(char)pair[0], (char)pair[1], '\0'};
        bool is = isxdigit(pair[0]) && isxdigit(pair[1]);
        assert_int_equal(hex_decode(BYTES_OF_ARRAY(pair), &out, 1), is);
        assert_int_equal(out, is ? strtoul(text, NULL, 16) : 0xa5);
        accepted += is;
    }
    assert_int_equal(accepted, 22 * 22);
}

static void hex_takes_exact_widths_only(void **state)
{
    (void)state;
    uint8_t out[2] = {9, 9};
    assert_false(hex_decode(bytes_of_str("123"), out, 2));
    assert_false(hex_decode(bytes_of_str("12345"), out, 2));
    assert_false(hex_decode(bytes_of_str("12"), out, 2));
    assert_false(hex_decode(bytes_of_str("0x12"), out, 2));
    assert_false(hex_decode(bytes_of_str("12 4"), out, 2));
    assert_false(hex_decode(bytes_of_str("123g"), out, 2));
    assert_int_equal(out[0], 9);
    assert_true(hex_decode(bytes_of_str("aBcD"), out, 2));
    assert_int_equal(out[0], 0xab);
    assert_true(hex_decode_0x(bytes_of_str("0x1234"), out, 2));
    assert_int_equal(out[1], 0x34);
    assert_false(hex_decode_0x(bytes_of_str("0x0x1234"), out, 2));
}

static enum rc read_json(const char *text, json_t **j)
{
    struct err err = {0};
    return json_read(bytes_of_str(text), 4096, j, &err);
}

/* The parser takes 1.3 GB of memory for 16 MiB of "{},". */
static void json_values_are_counted_before_they_are_made(void **state)
{
    (void)state;
    static const struct {
        const char *item;
        size_t values; /* of one item, with the comma */
    } items[] = {{"{},", 2}, {"[],", 2}, {"0,", 1}, {"\"\",", 1}, {"\",[{\\\"\",", 1}};
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        size_t len = strlen(items[i].item), most = LIMIT_JSON_VALUES / items[i].values - 2;
        for (size_t n = most; n <= most + 2; n += 2) {
            struct err err = {0};
            json_t *j = NULL;
            char *text = malloc(n * len + 3);
            assert_non_null(text);
            text[0] = '[';
            for (size_t k = 0; k < n; k++)
                memcpy(text + 1 + k * len, items[i].item, len);
            memcpy(text + 1 + n * len, "0]", 2);
            enum rc rc = json_read(bytes_of(text, n * len + 3), LIMIT_FILE, &j, &err);
            CASE(items[i].item, rc == (n == most ? RC_OK : BG_JSON_VALUES), "%zu: code %d", n,
                 (int)rc);
            json_decref(j);
            free(text);
        }
    }
}

static void json_is_strict(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "{",
        "{\"a\":1,\"a\":2}",
        "{\"a\":1} x",
        "{\"a\":\"\\u0000\"}",
        "{a:1}",
        "[1,]",
        "{\"a\":1,\"\\u0061\":2}",
        "nul",
        "\xff",
        "{\"a\":01}",
        "'a'",
        "[1e999]",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        json_t *j = NULL;
        assert_int_equal(read_json(bad[i], &j), BG_JSON_SYNTAX);
        assert_null(j);
    }
    char deep[200];
    memset(deep, '[', LIMIT_JSON_DEPTH + 1);
    memset(deep + LIMIT_JSON_DEPTH + 1, ']', LIMIT_JSON_DEPTH + 1);
    deep[2 * LIMIT_JSON_DEPTH + 2] = '\0';
    json_t *j = NULL;
    assert_int_equal(read_json(deep, &j), BG_JSON_DEPTH);
    deep[2 * LIMIT_JSON_DEPTH + 1] = '\0';
    assert_int_equal(read_json(deep + 1, &j), RC_OK);
    json_decref(j);
    struct err err = {0};
    assert_int_equal(json_read(bytes_of_str("[1,2,3]"), 6, &j, &err), BG_JSON_SIZE);
    /* A NUL byte at each place of a text, also where jansson would drop it. */
    static const char good[] = "{\"a\":[1,-2.5e3,true]} ";
    for (size_t at = 0; at < sizeof good; at++) {
        char text[sizeof good];
        memcpy(text, good, at);
        text[at] = '\0';
        memcpy(text + at + 1, good + at, sizeof good - 1 - at);
        struct err why = {0};
        j = NULL;
        assert_int_equal(json_read(bytes_of(text, sizeof text), 4096, &j, &why), BG_JSON_NUL);
        assert_null(j);
    }
}

/* as_items: every slice is a value, and what stands between them is in order. */
static bool as_items(struct bytes text, size_t *out_n)
{
    struct json_items it;
    struct bytes item = BYTES_NONE;
    if (!json_items_begin(text, &it))
        return false;
    do {
        AUTO_JSON j = NULL;
        struct err err = {0};
        if (!json_items_next(&it, &item) || (item.n && json_read(item, text.n, &j, &err) != RC_OK))
            return false;
    } while (item.n);
    *out_n = it.n;
    return true;
}

/* jansson on the whole is the oracle: every text of up to six of these characters. */
static void items_are_those_of_the_array(void **state)
{
    (void)state;
    static const char alphabet[] = "[]{},1\" :\\";
    size_t arrays = 0, wrong = 0, at[6];
    for (size_t len = 0; len <= 6; len++) {
        memset(at, 0, sizeof at);
        for (bool more = true; more;) {
            char text[6];
            for (size_t i = 0; i < len; i++)
                text[i] = alphabet[at[i]];
            struct bytes t = bytes_of((const uint8_t *)text, len);
            AUTO_JSON j = NULL;
            struct err err = {0};
            size_t n = 0;
            bool whole = len && json_read(t, len, &j, &err) == RC_OK && json_is_array(j);
            bool items = as_items(t, &n);
            wrong += whole != items || (whole && n != json_array_size(j));
            arrays += whole;
            size_t i = 0;
            while (i < len && ++at[i] == sizeof alphabet - 1)
                at[i++] = 0;
            more = i < len;
        }
    }
    CASE("items", arrays > 250 && wrong == 0, "%zu arrays, %zu read otherwise", arrays, wrong);
}

static void raw_member_returns_the_exact_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *key, *want;
    } t[] = {
        {"{\"a\": {\"x\" : [1, 2]} ,\"b\":2}", "a", "{\"x\" : [1, 2]}"},
        {" { \"b\" : \"q\\\"}\" , \"a\":1 } ", "b", "\"q\\\"}\""},
        {"{\"b\":1,\"a\":-2.5e3 }", "a", "-2.5e3"},
        {"{\"b\":1,\"a\":true}", "a", "true"},
        {"{\"x\":{\"a\":1},\"y\":[{\"a\":2}]}", "a", NULL},
        {"{\"\\u0061\":1}", "a", NULL},
        {"[1]", "a", NULL},
        {"{}", "a", NULL},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct bytes got;
        json_t *j = NULL;
        assert_int_equal(read_json(t[i].text, &j), RC_OK);
        bool found = json_raw_member(bytes_of_str(t[i].text), t[i].key, &got);
        assert_int_equal(found, t[i].want != NULL);
        if (found)
            assert_true(bytes_eq_str(got, t[i].want));
        json_decref(j);
    }
}

static void readers_demand_the_type(void **state)
{
    (void)state;
    json_t *j = NULL;
    uint64_t u = 5;
    bool b;
    struct bytes s;
    const char *bad = NULL;
    assert_int_equal(read_json("{\"n\":-1,\"r\":1.0,\"s\":\"12\",\"t\":true,\"k\":300}", &j),
                     RC_OK);
    assert_false(json_u64(j, "n", 10, &u));
    assert_false(json_u64(j, "r", 10, &u));
    assert_false(json_u64(j, "s", 10, &u));
    assert_false(json_u64(j, "k", 255, &u));
    assert_false(json_u64(j, "none", 10, &u));
    assert_true(json_u64(j, "k", 300, &u) && u == 300);
    assert_false(json_str(j, "k", &s));
    assert_false(json_bool(j, "k", &b));
    assert_true(json_bool(j, "t", &b) && b);
    assert_false(json_only_keys(j, (const char *const[]){"n", "r", "s", "t"}, 4, &bad));
    assert_string_equal(bad, "k");
    assert_true(json_only_keys(j, (const char *const[]){"n", "r", "s", "t", "k"}, 5, &bad));
    json_decref(j);
}

static void digests_match_fips_180_and_the_ripemd_paper(void **state)
{
    (void)state;
    uint8_t d[64];
    char hex[129];
    hash_sha256(bytes_of_str("abc"), d); /* FIPS 180-2, appendix B.1 */
    hex_encode(bytes_of(d, 32), hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    HASH_PARTS(hash_sha384_parts, d, bytes_of_str("a"), BYTES_NONE, bytes_of_str("bc"));
    hex_encode(bytes_of(d, 48), hex); /* FIPS 180-2, appendix D.1 */
    assert_string_equal(hex, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                             "8086072ba1e7cc2358baeca134c825a7");
    hash_ripemd160(bytes_of_str("abc"), d);
    hex_encode(bytes_of(d, 20), hex);
    assert_string_equal(hex, "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc");
}

static void secrets_are_zeroed_and_sized(void **state)
{
    (void)state;
    struct err err = {0};
    struct secret *s = secret_new(5000, &err);
    assert_non_null(s);
    assert_int_equal(secret_len(s), 5000);
    assert_true(mem_is_zero(secret_data(s), 5000));
    memset(secret_data(s), 1, 5000);
    assert_null(secret_free(s));
    assert_null(secret_new(0, &err));
    assert_int_equal(err.rc, BG_SECRET_SIZE);
    err_clear(&err);
    assert_null(secret_new(SIZE_MAX - 8, &err));
}

/* mapped_with: the flags of the mapping that p lies in (proc_pid_smaps(5), VmFlags). */
static bool mapped_with(const void *p, const char *flag)
{
    FILE *f = fopen("/proc/self/smaps", "r");
    char line[512];
    bool here = false, has = false;
    while (f && fgets(line, sizeof line, f)) {
        unsigned long from, to;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            here = (uintptr_t)p >= from && (uintptr_t)p < to;
        else if (here && strncmp(line, "VmFlags:", 8) == 0)
            has = strstr(line, flag) != NULL;
    }
    if (f)
        fclose(f);
    return has;
}

static void secrets_stay_in_memory_and_in_their_process(void **state)
{
    (void)state;
    struct err err = {0};
    struct secret *s = secret_new(32, &err);
    int status = 0;
    assert_non_null(s);
    memset(secret_data(s), 1, 32);
    /* Locked. The sanitizer makes mlock(2) do nothing. */
    if (SANITIZED)
        case_left(1, "the sanitizer locks no memory");
    else
        assert_true(mapped_with(secret_data(s), " lo"));
    assert_true(mapped_with(secret_data(s), " dd")); /* not in a dump */
    assert_true(mapped_with(secret_data(s), " wf")); /* wiped on fork */
    pid_t pid = fork();
    if (pid == 0)
        _exit(mem_is_zero(secret_data(s), 32) ? 0 : 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_false(mem_is_zero(secret_data(s), 32));
    secret_free(s);
}

static void error_table_is_sound(void **state)
{
    (void)state;
    for (size_t i = 0; err_info_at(i); i++) {
        const struct err_info *e = err_info_at(i);
        assert_true(e->rc > 0 && e->rc < 10000);
        assert_true(strlen(e->text) > 8 && strlen(e->hint) > 8 && strlen(e->kind) > 2);
        assert_ptr_equal(err_info_of((int)e->rc), e); /* no number twice */
        assert_in_range(err_exit_status(e->rc), 1, 70);
    }
    assert_null(err_info_of(9999));
    struct err err = {0};
    assert_int_equal(err_set(&err, BG_NOMEM, "a\nb %d", 1), BG_NOMEM);
    assert_string_equal(err.detail, "a?b 1");
    assert_int_equal(err_set(&err, BG_JSON_SIZE, "later"), BG_NOMEM); /* the first one stays */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cursor_sticks_and_wants_the_end),
        cmocka_unit_test(sums_and_products_are_checked),
        cmocka_unit_test(arena_is_capped_and_zeroed),
        cmocka_unit_test(hex_digits_are_those_of_c),
        cmocka_unit_test(hex_takes_exact_widths_only),
        cmocka_unit_test(json_values_are_counted_before_they_are_made),
        cmocka_unit_test(json_is_strict),
        cmocka_unit_test(items_are_those_of_the_array),
        cmocka_unit_test(raw_member_returns_the_exact_bytes),
        cmocka_unit_test(readers_demand_the_type),
        cmocka_unit_test(digests_match_fips_180_and_the_ripemd_paper),
        cmocka_unit_test(secrets_are_zeroed_and_sized),
        cmocka_unit_test(secrets_stay_in_memory_and_in_their_process),
        cmocka_unit_test(error_table_is_sound),
    };
    return HARNESS_RUN("base", tests);
}
