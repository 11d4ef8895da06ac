#include "base/date.h"

#include <stdbool.h>

#define LAST_SECOND 253402300799u /* 9999-12-31T23:59:59Z */

static bool is_leap(unsigned year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned days_of(unsigned year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year) ? 1u : 0u);
}

/* put writes n decimal digits. */
static void put(char *out, unsigned v, unsigned n)
{
    while (n--) {
        out[n] = (char)('0' + v % 10);
        v /= 10;
    }
}

void date_text(uint64_t seconds, char out[static DATE_TEXT])
{
    static const char blank[DATE_TEXT] = "0000-00-00T00:00:00Z";
    if (seconds > LAST_SECOND) {
        out[0] = '-';
        out[1] = '\0';
        return;
    }
    unsigned days = (unsigned)(seconds / 86400), time = (unsigned)(seconds % 86400);
    unsigned year = 1970, month = 1;
    while (days >= (is_leap(year) ? 366u : 365u))
        days -= is_leap(year++) ? 366u : 365u;
    while (days >= days_of(year, month))
        days -= days_of(year, month++);
    for (unsigned i = 0; i < DATE_TEXT; i++)
        out[i] = blank[i];
    put(out, year, 4);
    put(out + 5, month, 2);
    put(out + 8, days + 1, 2);
    put(out + 11, time / 3600, 2);
    put(out + 14, time / 60 % 60, 2);
    put(out + 17, time % 60, 2);
}
