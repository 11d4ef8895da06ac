#include "base/date.h"

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

bool date_seconds(struct date t, uint64_t *out)
{
    /* Days of a common year before each month. */
    static const unsigned before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    if (t.year < 1970 || t.year > 9999 || t.month < 1 || t.month > 12 || t.hour > 23 ||
        t.minute > 59 || t.second > 59)
        return false;
    if (t.day < 1 || t.day > days_of(t.year, t.month))
        return false;
    unsigned y = t.year - 1; /* leap days are those of the years before */
    unsigned leaps = (y / 4 - y / 100 + y / 400) - (1969u / 4 - 1969u / 100 + 1969u / 400);
    uint64_t days = 365ull * (t.year - 1970) + leaps + before[t.month - 1] +
                    (is_leap(t.year) && t.month > 2) + t.day - 1;
    *out = ((days * 24 + t.hour) * 60 + t.minute) * 60 + t.second;
    return true;
}

/* split: date_seconds backwards; for at most LAST_SECOND. */
static struct date split(uint64_t seconds)
{
    unsigned days = (unsigned)(seconds / 86400), time = (unsigned)(seconds % 86400);
    struct date t = {.year = 1970, .month = 1};
    while (days >= (is_leap(t.year) ? 366u : 365u))
        days -= is_leap(t.year++) ? 366u : 365u;
    while (days >= days_of(t.year, t.month))
        days -= days_of(t.year, t.month++);
    t.day = days + 1;
    t.hour = time / 3600;
    t.minute = time / 60 % 60;
    t.second = time % 60;
    return t;
}

bool date_year_later(uint64_t seconds, uint64_t *out)
{
    if (seconds > LAST_SECOND)
        return false;
    struct date t = split(seconds);
    t.year++;
    if (t.day > days_of(t.year, t.month))
        t.day = days_of(t.year, t.month);
    return date_seconds(t, out);
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
    struct date t = split(seconds);
    for (unsigned i = 0; i < DATE_TEXT; i++)
        out[i] = blank[i];
    put(out, t.year, 4);
    put(out + 5, t.month, 2);
    put(out + 8, t.day, 2);
    put(out + 11, t.hour, 2);
    put(out + 14, t.minute, 2);
    put(out + 17, t.second, 2);
}
