/* date: seconds as text and dates as seconds, against the C library's calendar. */
#include "tests/lib/harness.h"

#include <string.h>
#include <time.h>

#include "base/date.h"

static void every_day_is_what_the_c_library_says(void **state)
{
    (void)state;
    size_t wrong = 0;
    /* A prime number of seconds below a day, from 1970 to 9999: no day is left out. */
    for (uint64_t s = 0; s <= 253402300799u; s += 86341 * SAMPLE(13u)) {
        char got[DATE_TEXT], want[32];
        struct tm tm;
        time_t t = (time_t)s;
        assert_non_null(gmtime_r(&t, &tm));
        assert_int_equal(strftime(want, sizeof want, "%Y-%m-%dT%H:%M:%SZ", &tm), 20);
        date_text(s, got);
        if (strcmp(got, want) != 0 && wrong++ < 3)
            print_message("%llu: %s, expected %s\n", (unsigned long long)s, got, want);
    }
    assert_int_equal(wrong, 0);
    case_sampled("days", SAMPLE(13u));
}

static void the_ends_are_there(void **state)
{
    (void)state;
    static const struct {
        uint64_t seconds;
        const char *text;
    } cases[] = {{0, "1970-01-01T00:00:00Z"},
                 {951782400, "2000-02-29T00:00:00Z"},
                 {4107542400, "2100-03-01T00:00:00Z"},
                 {1772492400, "2026-03-02T23:00:00Z"},
                 {253402300799u, "9999-12-31T23:59:59Z"},
                 {253402300800u, "-"},
                 {UINT64_MAX, "-"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char got[DATE_TEXT];
        date_text(cases[i].seconds, got);
        CASE(cases[i].text, strcmp(got, cases[i].text) == 0, "%s", got);
    }
}

/* Oracle: timegm, which moves a date that does not exist to one that does. */
static bool same_as_timegm(struct date t)
{
    struct tm tm = {.tm_year = (int)t.year - 1900,
                    .tm_mon = (int)t.month - 1,
                    .tm_mday = (int)t.day,
                    .tm_hour = (int)t.hour,
                    .tm_min = (int)t.minute,
                    .tm_sec = (int)t.second};
    struct tm given = tm;
    time_t want = timegm(&tm);
    bool exists = tm.tm_year == given.tm_year && tm.tm_mon == given.tm_mon &&
                  tm.tm_mday == given.tm_mday && tm.tm_hour == given.tm_hour &&
                  tm.tm_min == given.tm_min && tm.tm_sec == given.tm_sec;
    uint64_t got = 7;
    bool ok = date_seconds(t, &got);
    return ok == exists && got == (exists ? (uint64_t)want : 7);
}

static void dates_that_exist_are_read_as_the_c_library_does(void **state)
{
    (void)state;
    static const unsigned days[] = {0, 1, 27, 28, 29, 30, 31, 32};
    case_sampled("years", SAMPLE(13u));
    for (unsigned y = 1970; y <= 9999; y += SAMPLE(13u))
        for (unsigned m = 0; m <= 13; m++)
            for (size_t d = 0; d < sizeof days / sizeof *days; d++) {
                struct date t = {y, m, days[d], 23, 59, 59};
                if (!same_as_timegm(t))
                    CASE("date", false, "%u-%u-%u", y, m, days[d]);
            }
    const struct date rows[] = {{2026, 1, 1, 0, 0, 0},   {2026, 1, 1, 24, 0, 0},
                                {2026, 1, 1, 23, 60, 0}, {2026, 1, 1, 23, 59, 60},
                                {1970, 1, 1, 0, 0, 0},   {9999, 12, 31, 23, 59, 59}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CASE("time", same_as_timegm(rows[i]), "row %zu", i);
    uint64_t out;
    assert_false(date_seconds((struct date){1969, 12, 31, 23, 59, 59}, &out));
    assert_false(date_seconds((struct date){10000, 1, 1, 0, 0, 0}, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_is_what_the_c_library_says),
        cmocka_unit_test(the_ends_are_there),
        cmocka_unit_test(dates_that_exist_are_read_as_the_c_library_does),
    };
    return HARNESS_RUN("date", tests);
}
