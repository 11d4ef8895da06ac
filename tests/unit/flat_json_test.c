/* flat_json: RFC 8259 and no more, the same values as jansson reads. */
#include "tests/lib/harness.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "tests/lib/collateral_builder.h"
#include "tests/lib/flat_compare.h"

static struct arena *a;

static int setup(void **state)
{
    (void)state;
    a = arena_new(512u << 20);
    return a ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

static const struct flat *read_text(const char *text)
{
    const struct flat *v = NULL;
    struct err err = {0};
    size_t at;
    return flat_read(a, bytes_of_str(text), &v, &at, &err) ? v : NULL;
}

static void only_json_is_accepted(void **state)
{
    (void)state;
    static const char *const good[] = {
        "0",
        "-0",
        "10",
        "-1",
        "1.0",
        "0.5",
        "1e5",
        "1E+5",
        "2.5e-07",
        "true",
        "false",
        "null",
        "\"\"",
        "\"a\"",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00eF\"",
        "\"\x7f\"",
        "[]",
        "[ ]",
        "{}",
        "{ }",
        " \t\r\n1 \t\r\n",
        "[1,2]",
        "[1 , [2] , {}]",
        "{\"a\":1}",
        " { \"a\" : 1 , \"b\" : [ ] } ",
        "{\"\":0}",
        "{\"a\":{\"a\":1}}",
        "\"[,{\"",
    };
    static const char *const bad[] = {
        "",
        " ",
        "00",
        "01",
        "-",
        "-a",
        "+1",
        ".5",
        "1.",
        "1.e5",
        "1e",
        "1e+",
        "1E-",
        "0x1",
        "1 2",
        "tru",
        "truE",
        "True",
        "nul",
        "nulll",
        "NaN",
        "Infinity",
        "\"",
        "\"a",
        "\"\n\"",
        "\"\t\"",
        "\"\\\"",
        "\"\\x41\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\u\"",
        "\"\\",
        "'a'",
        "[",
        "]",
        "[1",
        "[1,]",
        "[,1]",
        "[,]",
        "[1 2]",
        "[1}",
        "{",
        "}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\":1",
        "{\"a\":1]",
        "{\"a\" 1}",
        "{a:1}",
        "{1:1}",
        "{null:1}",
        "{}{}",
        "[]1",
        "{\"a\":1,\"a\":1}",
        "{\"a\":1,\"b\":2,\"a\":3}",
        "{\"a\":{},\"a\":[]}",
        "{\"a\\u0062\":1}",
        "{\"\xc3\xa9\":1}",
        "/* */1",
        "1//",
        "\357\273\2771",
        "\v1",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CASE(good[i], read_text(good[i]) != NULL, "refused");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CASE(bad[i], read_text(bad[i]) == NULL, "accepted");
    const struct flat *v = NULL;
    struct err err = {0};
    size_t at = 0;
    assert_false(flat_read(a, bytes_of("1\0", 2), &v, &at, &err));
    assert_int_equal(at, 1);
    assert_false(flat_read(a, bytes_of("\"a\0b\"", 5), &v, &at, &err));
    assert_false(flat_read(a, BYTES_NONE, &v, &at, &err));
    assert_int_equal(err.rc, RC_OK);
    assert_null(v);
}

static void values_are_given_out_only_when_they_are_plain(void **state)
{
    (void)state;
    const struct flat *v = read_text("{\"s\":\"a b~\",\"esc\":\"\\u0061\",\"high\":\"\xc3\xa9\","
                                     "\"del\":\"\x7f\",\"n\":12,\"big\":18446744073709551615,"
                                     "\"over\":18446744073709551616,\"neg\":-1,\"negzero\":-0,"
                                     "\"real\":1.0,\"exp\":1e1,\"hex\":\"00fF\",\"t\":true,"
                                     "\"o\":{\"s\":\"inner\"},\"l\":[{\"x\":1},[2],3],\"last\":7}");
    struct bytes s = BYTES_NONE;
    uint64_t n = 99;
    uint8_t b[2] = {0};
    assert_non_null(v);
    assert_true(flat_str(v, "s", &s) && bytes_eq_str(s, "a b~"));
    assert_true(flat_str(flat_get(v, "o"), "s", &s) && bytes_eq_str(s, "inner"));
    static const char *const no_text[] = {"esc", "high", "del", "n", "t", "o", "l", "x", "S", ""};
    for (size_t i = 0; i < sizeof no_text / sizeof *no_text; i++)
        CASE(no_text[i], !flat_str(v, no_text[i], &s), "given out");
    assert_true(bytes_eq_str(s, "inner"));
    static const char *const no_number[] = {"over", "neg", "negzero", "real",
                                            "exp",  "s",   "hex",     "x"};
    for (size_t i = 0; i < sizeof no_number / sizeof *no_number; i++)
        CASE(no_number[i], !flat_u64(v, no_number[i], UINT64_MAX, &n), "given out");
    assert_int_equal(n, 99);
    assert_true(flat_u64(v, "big", UINT64_MAX, &n) && n == UINT64_MAX);
    assert_false(flat_u64(v, "big", UINT64_MAX - 1, &n));
    assert_true(flat_u64(v, "n", 12, &n) && n == 12);
    assert_false(flat_u64(v, "n", 11, &n));
    assert_true(flat_hex(v, "hex", b, 2) && b[0] == 0 && b[1] == 0xff);
    assert_false(flat_hex(v, "hex", b, 1));
    assert_false(flat_hex(v, "s", b, 2));
    assert_true(flat_u64(v, "last", 7, &n));
    const struct flat *l = flat_get(v, "l"), *e = flat_next(l, NULL);
    assert_int_equal(flat_size(l), 3);
    assert_true(flat_u64(e, "x", 1, &n));
    e = flat_next(l, e);
    assert_true(flat_is(e, FLAT_ARRAY) && flat_size(e) == 1);
    e = flat_next(l, e);
    assert_true(flat_is(e, FLAT_NUMBER) && bytes_eq_str(e->text, "3"));
    assert_int_equal(flat_size(v) + flat_size(NULL) + flat_size(e), 0);
    assert_true(!flat_get(NULL, "a") && !flat_get(l, "x") && !flat_is(NULL, FLAT_NONE));
}

static void nesting_and_members_are_bounded(void **state)
{
    (void)state;
    char text[4096] = "";
    memset(text, '[', LIMIT_JSON_DEPTH);
    memset(text + LIMIT_JSON_DEPTH, ']', LIMIT_JSON_DEPTH);
    assert_non_null(read_text(text));
    memset(text, '[', LIMIT_JSON_DEPTH + 1);
    memset(text + LIMIT_JSON_DEPTH + 1, ']', LIMIT_JSON_DEPTH + 1);
    assert_null(read_text(text));
    for (unsigned members = FLAT_MEMBERS_MAX; members <= FLAT_MEMBERS_MAX + 1; members++) {
        size_t at = 0;
        for (unsigned i = 0; i < members; i++)
            at +=
                (size_t)snprintf(text + at, sizeof text - at, "%c\"m%u\":%u", i ? ',' : '{', i, i);
        memcpy(text + at, "}", 2);
        CASE("members", (read_text(text) != NULL) == (members == FLAT_MEMBERS_MAX), "%u", members);
    }
    struct arena *tiny = arena_new(64);
    const struct flat *v = NULL;
    struct err err = {0};
    size_t at;
    assert_false(flat_read(tiny, bytes_of_str("[1,2,3]"), &v, &at, &err));
    assert_int_equal(err.rc, BG_NOMEM);
    arena_free(tiny);
}

/* Each text is changed at one place in many ways; what jansson says of it is the oracle. */
static void compare_changes(struct bytes good, size_t step, size_t *accepted, size_t *refused)
{
    static const uint8_t puts[] = {'"', '\\', '{', '}', '[', ']', ',', ':',  ' ',  '0', '9',
                                   '-', '.',  'e', 'a', 'u', 't', 0,   '\n', 0x7f, 0x80};
    uint8_t *p = malloc(good.n + 1);
    assert_non_null(p);
    for (size_t i = 0; i < good.n; i += step)
        for (size_t k = 0; k < 2 * sizeof puts + 1; k++) {
            /* replaced by each, each put in front, left out */
            size_t with = k < 2 * sizeof puts, behind = k < sizeof puts || !with ? i + 1 : i;
            memcpy(p, good.p, i);
            if (with)
                p[i] = puts[k % sizeof puts];
            memcpy(p + i + with, good.p + behind, good.n - behind);
            struct arena *tmp = arena_new(64u << 20);
            bool ours;
            const char *what = flat_compare(tmp, bytes_of(p, i + with + good.n - behind), &ours);
            if (what)
                case_fail(what, "byte %zu, change %zu", i, k);
            *(ours ? accepted : refused) += 1;
            arena_free(tmp);
        }
    free(p);
}

static void changed_documents_read_as_jansson_reads_them(void **state)
{
    (void)state;
    struct qe_identity_spec qe;
    struct tcb_info_spec tcb;
    size_t accepted = 0, refused = 0;
    qe_identity_default(&qe);
    tcb_info_default(&tcb);
    compare_changes(qe_identity_text(a, &qe), 1, &accepted, &refused);
    compare_changes(tcb_info_text(a, &tcb), 41, &accepted, &refused);
    compare_changes(
        bytes_of_str("{\"a\":[true,false,null,-0,-1.5e+3,0.1E-2,{}],\"b\":\"\\n\\\"\\u00e9\","
                     "\"c\":\"\xc3\xa9\",\"d\":[[],[[ ]]] }"),
        1, &accepted, &refused);
    assert_in_range(accepted, 1000, 1u << 30); /* neither side of the comparison is empty */
    assert_in_range(refused, 1000, 1u << 30);
    case_pass();
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(only_json_is_accepted),
        T(values_are_given_out_only_when_they_are_plain),
        T(nesting_and_members_are_bounded),
        T(changed_documents_read_as_jansson_reads_them),
    };
    return HARNESS_RUN("flat_json", tests);
}
