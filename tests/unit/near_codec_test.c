/*
 * near: base58, borsh, account ids, set keys and the contracts' STATE, by hand-made bytes: what is
 * exactly right is read, and everything beside it is refused by its code.
 */
#include "tests/lib/harness.h"

#include "base/hex.h"
#include "policy/near/base58.h"
#include "policy/near/contract.h"

static struct arena *new_arena(void)
{
    struct arena *a = arena_new(32u << 20);
    assert_non_null(a);
    return a;
}

/* ---- base58: draft-msporny-base58, section 5 (test vectors), and NEAR's lengths ---- */

static void base58_is_read_and_written_one_way(void **state)
{
    (void)state;
    struct arena *a = new_arena();
    static const struct {
        const char *text, *hex;
    } good[] = {
        {"1", "00"},
        {"11111111111111111111111111111111",
         "0000000000000000000000000000000000000000000000000000000000000000"},
        {"2NEpo7TZRRrLZSi2U", "48656c6c6f20576f726c6421"},
        {"USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z",
         "54686520717569636b2062726f776e20666f78206a756d7073206f76657220746865206c617a7920646f672"
         "e"},
        {"111233QC4", "000000287fb4cd"},
        {"JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG",
         "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct bytes want = unhex(a, good[i].hex), text = bytes_of_str(good[i].text);
        uint8_t out[64];
        char back[BASE58_MAX_TEXT];
        CASE(good[i].text, base58_read(text, out, want.n) && memcmp(out, want.p, want.n) == 0,
             "not read");
        base58_write(want, back);
        CASE(good[i].text, strcmp(back, good[i].text) == 0, "written as %s", back);
        CASE(good[i].text,
             !base58_read(text, out, want.n - 1) && !base58_read(text, out, want.n + 1),
             "read as another length");
    }
    static const char *const bad[] = {
        "",
        "0",
        "O",
        "I",
        "l",
        " ",
        "2\n",
        "JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFH", /* 2^256 */
        "JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG1",
        "1JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG",
        "1111111111111111111111111111111",   /* 31 zero bytes */
        "111111111111111111111111111111111", /* 33 */
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint8_t out[32];
        CASE(bad[i], !base58_read(bytes_of_str(bad[i]), out, 32), "read");
    }
    uint8_t many[64], out[64];
    char text[BASE58_MAX_TEXT];
    memset(many, 0xff, sizeof many);
    base58_write(BYTES_OF_ARRAY(many), text);
    CASE("64 bytes, the largest",
         base58_read(bytes_of_str(text), out, 64) && !memcmp(out, many, 64), "%s", text);
    CASE("65 bytes", !base58_read(bytes_of_str(text), out, 65), "read");
    arena_free(a);
}

/* ---- borsh and u128 ---- */

static void borsh_reads_what_it_writes_and_no_more(void **state)
{
    (void)state;
    uint8_t raw[64];
    struct borsh_out o = {.p = raw, .cap = sizeof raw};
    u128 big = ~(u128)0 - 5;
    borsh_put_u8(&o, 7);
    borsh_put_u32(&o, 0x01020304);
    borsh_put_u64(&o, 0x0102030405060708);
    borsh_put_u128(&o, big);
    borsh_put_bytes(&o, bytes_of_str("abc"));
    static const uint8_t want[] = {7,    4,    3,    2,    1,    8,    7,    6,    5,
                                   4,    3,    2,    1,    0xfa, 0xff, 0xff, 0xff, 0xff,
                                   0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                   0xff, 0xff, 3,    0,    0,    0,    'a',  'b',  'c'};
    CASE("bytes", !o.bad && o.n == sizeof want && memcmp(raw, want, sizeof want) == 0, "%zu", o.n);
    for (size_t n = 0; n <= o.n; n++) {
        struct cur c = cur_of(bytes_of(raw, n));
        bool good = cur_u8(&c) == 7;
        good = cur_u32le(&c) == 0x01020304 && good;
        good = cur_u64le(&c) == 0x0102030405060708 && good;
        good = borsh_u128(&c) == big && good;
        good = bytes_eq_str(borsh_bytes(&c, 3), "abc") && good;
        CASE("cut", (good && cur_done(&c)) == (n == o.n), "%zu bytes", n);
    }
    struct cur c = cur_of(bytes_of(want + 29, 7));
    (void)borsh_bytes(&c, 2);
    CASE("longer than allowed", c.bad, "taken");
    for (unsigned v = 0; v < 256; v++) {
        uint8_t byte = (uint8_t)v;
        c = cur_of(bytes_of(&byte, 1));
        bool got = borsh_bool(&c);
        CASE("bool", c.bad == (v > 1) && got == (v == 1), "%u", v);
    }
    o = (struct borsh_out){.p = raw, .cap = 3};
    borsh_put_u32(&o, 1);
    CASE("no room", o.bad && o.n == 0, "%zu", o.n);
    borsh_put_u8(&o, 1);
    CASE("stays bad", o.bad && o.n == 0, "%zu", o.n);
}

static void u128_is_decimal_and_plain(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        uint64_t hi, lo;
    } cases[] = {
        {"0", true, 0, 0},
        {"1", true, 0, 1},
        {"18446744073709551615", true, 0, UINT64_MAX},
        {"18446744073709551616", true, 1, 0},
        {"340282366920938463463374607431768211455", true, UINT64_MAX, UINT64_MAX},
        {"340282366920938463463374607431768211456", false, 0, 0},
        {"999999999999999999999999999999999999999", false, 0, 0},
        {"1000000000000000000000000000000000000000", false, 0, 0},
        {"", false, 0, 0},
        {"00", false, 0, 0},
        {"01", false, 0, 0},
        {"+1", false, 0, 0},
        {"-1", false, 0, 0},
        {" 1", false, 0, 0},
        {"1 ", false, 0, 0},
        {"1e3", false, 0, 0},
        {"0x1", false, 0, 0},
        {"1/", false, 0, 0},
        {"1:", false, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        u128 v = 77;
        bool got = u128_read(bytes_of_str(cases[i].text), &v);
        CASE(cases[i].text,
             got == cases[i].good && v == (got ? (u128)cases[i].hi << 64 | cases[i].lo : 77), "%d",
             got);
    }
}

/* ---- account ids: nearcore's rules ---- */

static void account_ids_follow_the_rules(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        bool good;
    } cases[] = {
        {"aa", true},
        {"a0", true},
        {"near", true},
        {"a-b_c.d", true},
        {"1234567890123456789012345678901234567890", true},
        {"0123456789012345678901234567890123456789012345678901234567890123", true},
        {"01234567890123456789012345678901234567890123456789012345678901234", false},
        {"", false},
        {"a", false},
        {"A1", false},
        {"nEar", false},
        {"-a", false},
        {"a-", false},
        {".near", false},
        {"near.", false},
        {"_x", false},
        {"a..b", false},
        {"a-_b", false},
        {"a.-b", false},
        {"a b", false},
        {"a,b", false},
        {"a\xc3\xa9", false},
        {"0x12/", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CASE(cases[i].id, near_account_ok(bytes_of_str(cases[i].id)) == cases[i].good, "%d",
             cases[i].good);
    CASE("a NUL", !near_account_ok(bytes_of("a\0b", 3)), "taken");
}

/* ---- our reading of near-sdk's sets (facts/near.md 1.5): the two keys worked out there ---- */

static void set_keys_are_those_of_the_reading(void **state)
{
    (void)state;
    static const struct {
        uint8_t prefix;
        const char *want;
    } cases[] = {
        {NEAR_KMS_OS_IMAGES, "992b64861c033da61a16cccb69e56e5a466af60ee81161509af64f384b006323"},
        {NEAR_APP_COMPOSE_HASHES,
         "591fca34de304fd072abbca483a8971ded24a82f5241ffd4d78569f5277762e9"},
    };
    char value[65] = {0}, have[65];
    for (size_t i = 0; i < 64; i++)
        value[i] = i % 2 ? 'b' : 'a';
    for (size_t i = 0; i < 2; i++) {
        uint8_t key[32], other[32];
        near_set_key(cases[i].prefix, bytes_of_str(value), key);
        hex_encode(BYTES_OF_ARRAY(key), have);
        CASE("our reading: set key", strcmp(have, cases[i].want) == 0, "%s", have);
        near_set_key((uint8_t)(cases[i].prefix + 1), bytes_of_str(value), other);
        CASE("another set", memcmp(key, other, 32) != 0, "same key");
        near_set_key(cases[i].prefix, bytes_of(value, 63), other);
        CASE("another value", memcmp(key, other, 32) != 0, "same key");
    }
}

/* ---- STATE ---- */

#define SET(d) "\x03\0\0\0\x02\0\0\0" d "v\x02\0\0\0" d "m"

static const uint8_t app_raw[] = SET("\0") "\x01" SET("\x01") "\0\x01\x08\0\0\0kms.near";
static const uint8_t kms_raw[] = "\x06\0\0\0mpc.ab\x02\0\0\0\0\0\0\0" SET("\0")
    SET("\x01") "\x01\x02\0\0\0gw"
                "\x01\x02\0\0\0pk\x01\0\0\0c"
                "\x01\0\0\0q\0\0\0\0" SET("\x02") SET("\x03") SET("\x04");

static enum rc read_app(struct bytes b, struct near_app_state *s)
{
    struct err err = {0};
    return near_app_state_read(b, s, &err);
}

static enum rc read_kms(struct bytes b, struct near_kms_state *s)
{
    struct err err = {0};
    return near_kms_state_read(b, s, &err);
}

static void the_apps_state_is_read_exactly(void **state)
{
    (void)state;
    const size_t n = sizeof app_raw - 1;
    struct near_app_state s = {0};
    uint8_t copy[sizeof app_raw + 1];
    CASE("our reading: app STATE",
         read_app(bytes_of(app_raw, n), &s) == RC_OK && s.compose_hashes == 3 && s.devices == 3 &&
             s.allow_any_device && !s.upgrades_disabled && s.has_kms_contract &&
             bytes_eq_str(s.kms_contract, "kms.near"),
         "%zu bytes", n);
    for (size_t k = 0; k < n; k++)
        CASE("cut", read_app(bytes_of(app_raw, k), &s) == BG_NEAR_APP_STATE, "%zu bytes", k);
    memcpy(copy, app_raw, n);
    copy[n] = 0;
    CASE("one more", read_app(bytes_of(copy, n + 1), &s) == BG_NEAR_APP_STATE, "read");
    CASE("without a KMS",
         read_app(bytes_of("" SET("\0") "\0" SET("\x01") "\x01\0", 35), &s) == RC_OK, "refused");
    CASE("flags", !s.allow_any_device && s.upgrades_disabled && !s.has_kms_contract, "wrong");
    /* Each byte in turn gets every value: only these may vary freely. */
    for (size_t k = 0; k < n; k++)
        for (unsigned v = 0; v < 256; v++) {
            memcpy(copy, app_raw, n);
            copy[k] = (uint8_t)v;
            bool count = k < 4 || (k >= 17 && k < 21), flag = k == 16 || k == 33;
            struct bytes id = bytes_of(copy + n - 8, 8);
            bool want =
                count || (flag && v <= 1) || v == app_raw[k] || (k >= n - 8 && near_account_ok(id));
            CASE("one byte", (read_app(bytes_of(copy, n), &s) == RC_OK) == want, "byte %zu is %u",
                 k, v);
        }
}

static void the_kms_state_is_read_exactly(void **state)
{
    (void)state;
    const size_t n = sizeof kms_raw - 1;
    struct near_kms_state s = {0};
    uint8_t copy[sizeof kms_raw + 1];
    CASE("our reading: KMS STATE",
         read_kms(bytes_of(kms_raw, n), &s) == RC_OK && bytes_eq_str(s.mpc_contract, "mpc.ab") &&
             s.mpc_domain == 2 && s.has_gateway_app_id && bytes_eq_str(s.gateway_app_id, "gw") &&
             s.has_info && bytes_eq_str(s.k256_pubkey, "pk") && bytes_eq_str(s.ca_pubkey, "c") &&
             bytes_eq_str(s.quote, "q") && s.event_log.n == 0,
         "%zu bytes", n);
    for (size_t i = 0; i < 5; i++)
        CASE("members", s.members[i] == 3, "set %zu", i);
    for (size_t k = 0; k < n; k++)
        CASE("cut", read_kms(bytes_of(kms_raw, k), &s) == BG_NEAR_KMS_STATE, "%zu bytes", k);
    memcpy(copy, kms_raw, n);
    copy[n] = 0;
    CASE("one more", read_kms(bytes_of(copy, n + 1), &s) == BG_NEAR_KMS_STATE, "read");
    copy[4] = 'M';
    CASE("a name that is none", read_kms(bytes_of(copy, n), &s) == BG_NEAR_KMS_STATE, "read");
    /* Tags, lengths and prefixes: no other value at their place. */
    static const size_t fixed[] = {0,  1,  2,  3,  22, 26, 27, 28, 32, 33, 38, 42, 43, 44,
                                   48, 49, 50, 57, 58, 64, 69, 74, 82, 86, 87, 88, 92, 93};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        size_t refused = 0;
        for (unsigned v = 0; v < 256; v++) {
            memcpy(copy, kms_raw, n);
            copy[fixed[i]] = (uint8_t)v;
            refused += read_kms(bytes_of(copy, n), &s) != RC_OK;
        }
        CASE("a fixed byte", refused == 255, "byte %zu: %zu of 255", fixed[i], refused);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base58_is_read_and_written_one_way),
        cmocka_unit_test(borsh_reads_what_it_writes_and_no_more),
        cmocka_unit_test(u128_is_decimal_and_plain),
        cmocka_unit_test(account_ids_follow_the_rules),
        cmocka_unit_test(set_keys_are_those_of_the_reading),
        cmocka_unit_test(the_apps_state_is_read_exactly),
        cmocka_unit_test(the_kms_state_is_read_exactly),
    };
    return HARNESS_RUN("near_codec", tests);
}
