/* abi: canonical encodings only, laid out by hand after the Contract ABI specification. */
#include "tests/lib/harness.h"

#include "base/limits.h"
#include "policy/abi.h"

#define W0     "0000000000000000000000000000000000000000000000000000000000000000"
#define W(low) "000000000000000000000000000000000000000000000000000000000000" low

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

static void boot_info_is_one_dynamic_tuple(void **state)
{
    (void)state;
    struct bytes ids[] = {bytes_of_str("INTEL-SA-00837"), bytes_of_str("")};
    struct boot_info bi = {.has_instance_id = true,
                           .tcb_status = bytes_of_str("UpToDate"),
                           .advisory_ids = ids,
                           .num_advisory_ids = 2};
    memset(bi.app_id, 0xa1, 20);
    memset(bi.compose_hash, 0xc2, 32);
    memset(bi.instance_id, 0x13, 20);
    memset(bi.device_id, 0xd4, 32);
    memset(bi.mr_aggregated, 0xa5, 32);
    memset(bi.mr_system, 0x56, 32);
    memset(bi.os_image_hash, 0x07, 32);
    struct bytes want = unhex(
        a, "1e079198" W("0020")                                            /* the tuple */
        "000000000000000000000000a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1" /* appId */
        "c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2"
        "0000000000000000000000001313131313131313131313131313131313131313" /* instanceId */
        "d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4"
        "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5"
        "5656565656565656565656565656565656565656565656565656565656565656"
        "0707070707070707070707070707070707070707070707070707070707070707" W("0120") /* tcbStatus */
        W("0160") /* advisoryIds */
        W("0008") "5570546f44617465000000000000000000000000000000000000000000000000" W("0002")
            W("0040") W("0080") /* two strings */
        W("000e") "494e54454c2d53412d3030383337000000000000000000000000000000000000" W("0000"));
    struct bytes got;
    assert_int_equal(abi_encode_boot_info(a, ABI_IS_APP_ALLOWED, &bi, &got, &err), RC_OK);
    assert_true(bytes_eq(got, want));
    /* An empty instance id is the zero address, whatever the array holds. */
    bi.has_instance_id = false;
    assert_int_equal(abi_encode_boot_info(a, ABI_IS_KMS_ALLOWED, &bi, &got, &err), RC_OK);
    assert_true(mem_is_zero(got.p + 4 + 3 * 32, 32));
    assert_memory_equal(got.p, "\xe0\x67\xec\x9d", 4);
    assert_int_equal(got.n, want.n);
    assert_int_equal(abi_encode_getter(a, ABI_KMS_INFO, &got, &err), RC_OK);
    assert_true(bytes_eq(got, unhex(a, "09177063")));
}

static void boot_info_has_bounds(void **state)
{
    (void)state;
    struct boot_info bi = {0};
    struct bytes got = BYTES_NONE, *many = ARENA_ARRAY(a, struct bytes, LIMIT_ADVISORIES + 1, &err);
    assert_non_null(many);
    bi.tcb_status = bytes_of("", (size_t)LIMIT_RETURN_DATA + 1);
    assert_int_equal(abi_encode_boot_info(a, 1, &bi, &got, &err), BG_ABI_BOOT_INFO_SIZE);
    err_clear(&err);
    bi.tcb_status = BYTES_NONE;
    bi.advisory_ids = many;
    bi.num_advisory_ids = LIMIT_ADVISORIES + 1;
    assert_int_equal(abi_encode_boot_info(a, 1, &bi, &got, &err), BG_ABI_BOOT_INFO_SIZE);
    err_clear(&err);
    bi.num_advisory_ids = LIMIT_ADVISORIES;
    assert_int_equal(abi_encode_boot_info(a, 1, &bi, &got, &err), RC_OK);
    many[7] = bytes_of("", SIZE_MAX);
    struct bytes before = got;
    assert_int_equal(abi_encode_boot_info(a, 1, &bi, &got, &err), BG_ABI_BOOT_INFO_SIZE);
    assert_ptr_equal(before.p, got.p);
}

#define REASON_HI "6869000000000000000000000000000000000000000000000000000000000000"

static const struct {
    const char *name, *data;
    int verdict; /* -1: refused */
} decisions[] = {
    {"true, empty reason", W("0001") W("0040") W0, 1},
    {"false, 'hi'", W0 W("0040") W("0002") REASON_HI, 0},
    {"true, 'hi'", W("0001") W("0040") W("0002") REASON_HI, 1},
    {"nothing", "", -1},
    {"a lone true", W("0001"), -1},
    {"no length word", W("0001") W("0040"), -1},
    {"bool 2", W("0002") W("0040") W0, -1},
    {"bool with a high byte",
     "01"
     "00000000000000000000000000000000000000000000000000000000000001" W("0040") W0,
     -1},
    {"offset 0x20", W("0001") W("0020") W0, -1},
    {"offset 0x60 over a gap", W("0001") W("0060") W0 W0, -1},
    {"offset of all ones",
     W("0001") "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" W0, -1},
    {"offset 0x40 with a high byte",
     W("0001") "0100000000000000000000000000000000000000000000000000000000000040" W0, -1},
    {"length beyond the end", W("0001") W("0040") W("0021") REASON_HI, -1},
    {"length of all ones",
     W("0001") W("0040") "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", -1},
    {"length of 2^32 - 1",
     W("0001") W("0040") "00000000000000000000000000000000000000000000000000000000ffffffff", -1},
    {"no padding", W("0001") W("0040") W("0002") "6869", -1},
    {"dirty padding", W("0001") W("0040") W("0001") REASON_HI, -1},
    {"a word behind it", W("0001") W("0040") W0 W0, -1},
    {"a byte behind it", W("0001") W("0040") W0 "00", -1},
    {"a byte short",
     W("0001") W("0040") "00000000000000000000000000000000000000000000000000000000000000", -1},
    {"reason not UTF-8: lone continuation",
     W("0001") W("0040")
         W("0001") "8000000000000000000000000000000000000000000000000000000000000000",
     -1},
    {"reason not UTF-8: overlong slash",
     W("0001") W("0040")
         W("0002") "c0af000000000000000000000000000000000000000000000000000000000000",
     -1},
    {"reason not UTF-8: surrogate",
     W("0001") W("0040")
         W("0003") "eda0800000000000000000000000000000000000000000000000000000000000",
     -1},
    {"reason not UTF-8: above 10FFFF",
     W("0001") W("0040")
         W("0004") "f490808000000000000000000000000000000000000000000000000000000000",
     -1},
    {"reason not UTF-8: cut",
     W("0001") W("0040")
         W("0002") "e282000000000000000000000000000000000000000000000000000000000000",
     -1},
    {"reason in UTF-8",
     W("0001") W("0040")
         W("0003") "e282ac0000000000000000000000000000000000000000000000000000000000",
     1},
};

static void decision_is_canonical_or_no_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof decisions / sizeof *decisions; i++) {
        bool yes = false;
        struct bytes reason = bytes_of("x", 1);
        err_clear(&err);
        enum rc rc = abi_decode_decision(unhex(a, decisions[i].data), &yes, &reason, &err);
        if (decisions[i].verdict < 0)
            CASE(decisions[i].name, rc == BG_ABI_DECISION && !yes && reason.n == 1, "rc %d", rc);
        else
            CASE(decisions[i].name, rc == RC_OK && yes == decisions[i].verdict, "rc %d yes %d", rc,
                 yes);
    }
}

/* Every byte of a canonical yes either changes nothing but the reason's text, or is refused. */
static void no_other_bytes_say_yes(void **state)
{
    (void)state;
    struct bytes good = unhex(a, W("0001") W("0040") W("0002") REASON_HI);
    for (size_t i = 0; i < good.n; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            uint8_t *m = arena_copy(a, good, &err);
            assert_non_null(m);
            m[i] ^= (uint8_t)(1u << bit);
            bool yes = false;
            struct bytes reason;
            err_clear(&err);
            enum rc rc = abi_decode_decision(bytes_of(m, good.n), &yes, &reason, &err);
            bool text = i == 96 || i == 97; /* the reason itself is free */
            bool is_no = i == 31 && bit == 0;
            /* A length of 3 to 32 makes the padding part of the reason: another canonical yes. */
            bool longer = i == 95 && (2u ^ 1u << bit) > 2 && (2u ^ 1u << bit) <= 32;
            bool taken = text ? bit != 7 : is_no || longer;
            CASE("flip", (rc == RC_OK) == taken && (rc != RC_OK || yes != is_no),
                 "byte %zu bit %u: rc %d yes %d", i, bit, rc, yes);
        }
}

static void getters_are_canonical_too(void **state)
{
    (void)state;
    struct bytes s, info[4];
    uint8_t who[20];
    struct bytes addr =
        unhex(a, "0000000000000000000000005fbdb2315678afecb367f032d93f642f64180aa3");
    assert_int_equal(abi_decode_address(addr, who, &err), RC_OK);
    assert_memory_equal(who, addr.p + 12, 20);
    assert_int_equal(abi_decode_address(bytes_of(addr.p, 31), who, &err), BG_ABI_ADDRESS);
    err_clear(&err);
    struct bytes dirty =
        unhex(a, "0000000000000000000000015fbdb2315678afecb367f032d93f642f64180aa3");
    assert_int_equal(abi_decode_address(dirty, who, &err), BG_ABI_ADDRESS);
    err_clear(&err);
    assert_int_equal(abi_decode_string(unhex(a, W("0020") W("0002") REASON_HI), &s, &err), RC_OK);
    assert_true(bytes_eq_str(s, "hi"));
    assert_int_equal(abi_decode_string(unhex(a, W("0020") W("0002") REASON_HI W0), &s, &err),
                     BG_ABI_STRING);
    err_clear(&err);
    struct bytes four =
        unhex(a, W("0080") W("00c0") W("00e0") W("0120") W("0002") REASON_HI W0 W(
                     "0001") "7800000000000000000000000000000000000000000000000000000000000000" W0);
    assert_int_equal(abi_decode_kms_info(four, info, &err), RC_OK);
    assert_true(bytes_eq_str(info[0], "hi") && info[1].n == 0 && bytes_eq_str(info[2], "x") &&
                info[3].n == 0);
    /* Two fields sharing one tail decode in Solidity; they are not canonical. */
    struct bytes shared = unhex(a, W("0080") W("0080") W("00a0") W("00c0") W0 W0 W0);
    assert_int_equal(abi_decode_kms_info(shared, info, &err), BG_ABI_KMS_INFO);
    err_clear(&err);
    struct bytes longer = unhex(a, W("0080") W("00a0") W("00c0") W("00e0") W0 W0 W0 W0 W0);
    assert_int_equal(abi_decode_kms_info(longer, info, &err), BG_ABI_KMS_INFO_TRAILING);
}

static void revert_data_becomes_words(void **state)
{
    (void)state;
    static const struct {
        const char *data, *text;
    } rows[] = {
        {"", ""},
        {"08c379", ""},
        {"08c379a0" W("0020") W("0002") REASON_HI, "hi"},
        {"08c379a0" W("0020") W("0003") REASON_HI, "hi\\x00"},
        {"08c379a0" W("0020") W("0003"), ""},
        {"4e487b71" W("0011"), "panic 0x11"},
        {"4e487b71" W("0011") "00", ""},
        {"deadbeef" W("0011"), ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *s = abi_revert_reason(a, unhex(a, rows[i].data), &err);
        CASE(rows[i].data, s && strcmp(s, rows[i].text) == 0, "got %s", s ? s : "NULL");
    }
}

static void contract_text_cannot_play_terminal(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"App not registered", "App not registered"},
        {"a\x1b[2Jb\r\n", "a\\x1b[2Jb\\x0d\\x0a"},
        {"\\x41", "\\x5cx41"},
        {"\x7f\xc2\x9b", "\\x7f\\xc2\\x9b"},
        {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
        {"\xe2\x80\xae"
         "evil",
         "\\xe2\\x80\\xae"
         "evil"},
        {"\xff\xc3", "\\xff\\xc3"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *s = abi_printable(a, bytes_of_str(rows[i].in), &err);
        CASE(rows[i].out, s && strcmp(s, rows[i].out) == 0, "got %s", s ? s : "NULL");
    }
    uint8_t *big = arena_alloc(a, LIMIT_REASON + 5000u, &err);
    assert_non_null(big);
    memset(big, 'a', LIMIT_REASON + 5000u);
    assert_int_equal(strlen(abi_printable(a, bytes_of(big, LIMIT_REASON + 5000u), &err)),
                     LIMIT_REASON);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fresh, done)
    const struct CMUnitTest tests[] = {
        T(boot_info_is_one_dynamic_tuple),     T(boot_info_has_bounds),
        T(decision_is_canonical_or_no_answer), T(no_other_bytes_say_yes),
        T(getters_are_canonical_too),          T(revert_data_becomes_words),
        T(contract_text_cannot_play_terminal),
    };
    return HARNESS_RUN("abi", tests);
}
