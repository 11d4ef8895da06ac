/*
 * authenticated time: chronyd's protocol, and what is demanded of its answers. The replies here are
 * of a chronyd 4.3 (Debian 12) that follows one NTS server, as it sent them;
 * tests/e2e/authtime_e2e.sh asks a living one.
 */
#include "agent/authtime.h"
#include "tests/lib/harness.h"

static struct arena *arena;

/* What that chronyd answered to requests number 1 to 4. */
static const char n_sources[] = "06020000000e0002000000000000000000000001000000000000000000000001";
static const char select_data[] =
    "060200000045001700000000000000000000000200000000000000007f0000017f00000100000000"
    "0000000000000000000100002a010000000000000000000004800000df07c81ddeff478b";
static const char auth_data[] =
    "060200000043001400000000000000000000000300000000000000000002000f0000000101000000"
    "0000008f0008006400000000";
static const char tracking[] =
    "060200000021000500000000000000000000000400000000000000007f0000017f00000100000000"
    "00000000000000000001000000030000000000006b034aa41533eb68df65c208d2a39835d4fd6bf5"
    "f167dc9fe88fdee1f2be4b97e0f152cfdece31c30881ec42";

struct said {
    enum chrony_command command;
    uint32_t sequence;
    const char *hex;
};
static const struct said said[] = {
    {CHRONY_N_SOURCES, 1, n_sources},
    {CHRONY_SELECT_DATA, 2, select_data},
    {CHRONY_AUTH_DATA, 3, auth_data},
    {CHRONY_TRACKING, 4, tracking},
};
#define SAID (sizeof said / sizeof *said)

static struct bytes data_of(const struct said *s)
{
    struct err err = {0};
    struct bytes data = BYTES_NONE;
    assert_int_equal(chrony_reply(unhex(arena, s->hex), s->command, s->sequence, &data, &err),
                     RC_OK);
    return data;
}

static void a_real_answer_says_what_chronyc_prints(void **state)
{
    (void)state;
    struct chrony_source s = chrony_source_read(data_of(&said[1]));
    struct chrony_auth a = chrony_auth_read(data_of(&said[2]));
    struct chrony_tracking t = chrony_tracking_read(data_of(&said[3]));
    assert_int_equal(chrony_n_sources(data_of(&said[0])), 1);
    CASE("selected", s.state == '*', "%c", s.state);
    CASE("authenticated", s.authenticated && !s.noselect, "%d %d", s.authenticated, s.noselect);
    CASE("NTS", a.mode == CHRONY_NTS && a.key_length == 256 && a.cookies == 8, "%u %u %u", a.mode,
         a.key_length, a.cookies);
    CASE("synchronised", t.leap == 0, "%u", t.leap);
    CASE("reference", t.ref_seconds == 1795377828u, "%llu", (unsigned long long)t.ref_seconds);
    CASE("correction", t.correction == -2298, "%lld", (long long)t.correction);
    CASE("delay", t.root_delay == 7191, "%lld", (long long)t.root_delay);
    CASE("dispersion", t.root_dispersion == 3072, "%lld", (long long)t.root_dispersion);
    CASE("its source", memcmp(s.addr, t.addr, sizeof s.addr) == 0, "another");
}

/* Every byte of the header that is not padding counts; so does the length. */
static void another_answer_is_refused(void **state)
{
    (void)state;
    /* res1, res2, pad1 to pad3, pad4, pad5: chronyd leaves them zero and nobody reads them. */
    static const uint8_t padding[] = {2, 3, 10, 11, 12, 13, 14, 15, 20, 21, 22, 23, 24, 25, 26, 27};
    for (size_t k = 0; k < SAID; k++) {
        struct bytes good = unhex(arena, said[k].hex), data;
        uint8_t bad[CHRONY_MESSAGE + 1] = {0};
        memcpy(bad, good.p, good.n);
        for (size_t i = 0; i < 28; i++) {
            struct err err = {0};
            bool free = memchr(padding, (int)i, sizeof padding) != NULL;
            bad[i] ^= 1;
            enum rc rc =
                chrony_reply(bytes_of(bad, good.n), said[k].command, said[k].sequence, &data, &err);
            CASE("header", (rc == RC_OK) == free, "byte %zu of reply %zu: %d", i, k, (int)rc);
            bad[i] ^= 1;
        }
        for (size_t n = 0; n <= good.n + 1; n++) {
            struct err err = {0};
            enum rc rc =
                chrony_reply(bytes_of(bad, n), said[k].command, said[k].sequence, &data, &err);
            CASE("length", (rc == RC_OK) == (n == good.n), "%zu bytes of %zu: %d", n, good.n,
                 (int)rc);
        }
    }
}

static void a_request_is_as_long_as_its_reply(void **state)
{
    (void)state;
    static const uint8_t index[] = {0, 0, 0, 7};
    for (size_t k = 0; k < SAID; k++) {
        uint8_t out[CHRONY_MESSAGE];
        size_t n = chrony_request(said[k].command, 0x01020304, BYTES_OF_ARRAY(index), out);
        CASE("length", n == strlen(said[k].hex) / 2, "%zu", n);
        assert_int_equal(out[0], 6);
        assert_int_equal(out[1], 1);
        assert_int_equal(out[5], said[k].command);
        assert_memory_equal(out + 8, "\1\2\3\4", 4);
        assert_int_equal(out[23], 7);
    }
}

/* By Python's fractions: coefficient * 2^(exponent - 25) * 10^9, cut towards zero. */
static void numbers_are_as_chronyd_writes_them(void **state)
{
    (void)state;
    static const struct {
        uint32_t v;
        int64_t want;
    } rows[] = {
        {0, 0},
        {0x04800000, 1000000000},  /* 2^23 * 2^(2-25) */
        {0x05800000, -1000000000}, /* -2^23 * 2^(2-25) */
        {0x02800000, 500000000},   /* 2^23 * 2^(1-25) */
        {0x7effffff, INT64_MAX},   /* the greatest exponent */
        {0x7f000000, INT64_MIN},
        {0x80ffffff, 0},    /* the least */
        {0xe0ffffff, 7629}, /* (2^24-1) * 2^(-16-25) */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CASE("number", chrony_float(rows[i].v) == rows[i].want, "%08x: %lld", rows[i].v,
             (long long)chrony_float(rows[i].v));
}

/* --- what is demanded --- */

#define NOW 1795377726u

struct answers {
    struct chrony_source v[3];
    struct chrony_auth auth[3];
    size_t n;
    struct chrony_tracking t;
};

static void good(struct answers *a)
{
    *a = (struct answers){.n = 2};
    a->v[0] = (struct chrony_source){.addr = {1}, .state = '*', .authenticated = true};
    a->v[1] = (struct chrony_source){.addr = {2}, .state = '+', .authenticated = true};
    a->v[2] = (struct chrony_source){.addr = {3}, .state = 'N', .noselect = true};
    a->auth[0] = a->auth[1] =
        (struct chrony_auth){.mode = CHRONY_NTS, .key_length = 256, .cookies = 8};
    a->t = (struct chrony_tracking){.addr = {1},
                                    .ref_seconds = NOW - 10,
                                    .correction = -1500000000,
                                    .root_delay = 20000000,
                                    .root_dispersion = 5000000};
}

static void unchanged(struct answers *a)
{
    (void)a;
}
static void with_one_left_out(struct answers *a)
{
    a->n = 3;
}
static void one_waits(struct answers *a)
{
    a->v[1].state = 'U';
}
static void unsynchronised(struct answers *a)
{
    a->t.leap = 3;
}
static void unknown_leap(struct answers *a)
{
    a->t.leap = 7;
}
static void no_source(struct answers *a)
{
    a->n = 0;
}
static void none_selected(struct answers *a)
{
    a->v[0].state = a->v[1].state = 'U';
}
static void two_selected(struct answers *a)
{
    a->v[1].state = '*';
    memcpy(a->v[1].addr, a->v[0].addr, sizeof a->v[0].addr);
}
static void another_reference(struct answers *a)
{
    a->t.addr[0] = 9;
}
static void selected_without(struct answers *a)
{
    a->v[0].authenticated = false;
}
static void combined_without(struct answers *a)
{
    a->v[1].authenticated = false;
}
static void selected_though_noselect(struct answers *a)
{
    a->v[0].authenticated = false;
    a->v[0].noselect = true;
}
static void symmetric_key(struct answers *a)
{
    a->auth[0].mode = 1;
}
static void combined_symmetric_key(struct answers *a)
{
    a->auth[1].mode = 1;
}
static void no_key(struct answers *a)
{
    a->auth[0].key_length = 0;
}
static void not_required(struct answers *a)
{
    a->n = 3;
    a->v[2].noselect = false;
}
static void old(struct answers *a)
{
    a->t.ref_seconds = NOW - AUTHTIME_MAX_AGE - 1;
}
static void not_so_old(struct answers *a)
{
    a->t.ref_seconds = NOW - AUTHTIME_MAX_AGE;
}
static void ahead(struct answers *a)
{
    a->t.ref_seconds = NOW + AUTHTIME_AHEAD + 1;
}
static void far_ahead(struct answers *a)
{
    a->t.ref_seconds = UINT64_MAX;
}
static void never(struct answers *a)
{
    a->t.ref_seconds = 0;
}
static void great_dispersion(struct answers *a)
{
    a->t.root_dispersion = (int64_t)(AUTHTIME_MAX_ERROR + 1) * 1000000;
}
static void great_delay(struct answers *a)
{
    a->t.root_delay = INT64_MAX;
}
static void negative_delay(struct answers *a)
{
    a->t.root_delay = -1;
}
static void great_offset(struct answers *a)
{
    a->t.correction = (int64_t)(AUTHTIME_MAX_ADJUST + 1) * 1000000;
}
static void great_negative_offset(struct answers *a)
{
    a->t.correction = INT64_MIN;
}

#define ROW(f, rc)                                                                                 \
    {                                                                                              \
#f, f, rc                                                                                  \
    }
static void only_authenticated_time_passes(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        void (*make)(struct answers *a);
        enum rc want;
    } rows[] = {
        ROW(unchanged, RC_OK),
        ROW(with_one_left_out, RC_OK),
        ROW(one_waits, RC_OK),
        ROW(not_so_old, RC_OK),
        ROW(unsynchronised, BG_TIME_UNSYNCHRONISED),
        ROW(unknown_leap, BG_TIME_UNSYNCHRONISED),
        ROW(no_source, BG_TIME_NONE_SELECTED),
        ROW(none_selected, BG_TIME_NONE_SELECTED),
        ROW(two_selected, BG_TIME_NONE_SELECTED),
        ROW(another_reference, BG_TIME_NONE_SELECTED),
        ROW(selected_without, BG_TIME_UNAUTHENTICATED),
        ROW(combined_without, BG_TIME_UNAUTHENTICATED),
        ROW(selected_though_noselect, BG_TIME_UNAUTHENTICATED),
        ROW(symmetric_key, BG_TIME_NOT_NTS),
        ROW(combined_symmetric_key, BG_TIME_NOT_NTS),
        ROW(no_key, BG_TIME_NOT_NTS),
        ROW(not_required, BG_TIME_NOT_REQUIRED),
        ROW(old, BG_TIME_OLD),
        ROW(ahead, BG_TIME_OLD),
        ROW(far_ahead, BG_TIME_OLD),
        ROW(never, BG_TIME_OLD),
        ROW(great_dispersion, BG_TIME_ERROR),
        ROW(great_delay, BG_TIME_ERROR),
        ROW(negative_delay, BG_TIME_ERROR),
        ROW(great_offset, BG_TIME_OFFSET),
        ROW(great_negative_offset, BG_TIME_OFFSET),
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct answers a;
        struct authtime out = {0};
        struct err err = {0};
        good(&a);
        rows[i].make(&a);
        enum rc rc = authtime_judge(a.v, a.auth, a.n, &a.t, NOW, &out, &err);
        CASE(rows[i].name, rc == rows[i].want, "code %d, not %d", (int)rc, (int)rows[i].want);
        if (rc == RC_OK)
            CASE(rows[i].name, out.correction_ms == -1500 && out.error_ms == 16, "%lld ms, %llu ms",
                 (long long)out.correction_ms, (unsigned long long)out.error_ms);
    }
}

int main(void)
{
    arena = arena_new(1u << 20);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_real_answer_says_what_chronyc_prints),
        cmocka_unit_test(another_answer_is_refused),
        cmocka_unit_test(a_request_is_as_long_as_its_reply),
        cmocka_unit_test(numbers_are_as_chronyd_writes_them),
        cmocka_unit_test(only_authenticated_time_passes),
    };
    int rc = HARNESS_RUN("authtime", tests);
    arena_free(arena);
    return rc;
}
