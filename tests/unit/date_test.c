/* date: seconds as text, against the C library's calendar. */
#include "tests/lib/harness.h"

#include <string.h>
#include <time.h>

#include "base/date.h"

static void every_day_is_what_the_c_library_says(void **state)
{
    (void)state;
    size_t wrong = 0;
    /* A prime number of seconds below a day, from 1970 to 9999: no day is left out. */
    for (uint64_t s = 0; s <= 253402300799u; s += 86341) {
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_is_what_the_c_library_says),
        cmocka_unit_test(the_ends_are_there),
    };
    return HARNESS_RUN("date", tests);
}
