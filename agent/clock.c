#include "agent/clock.h"

#include <time.h>

#define LAST_SECOND 253402300799u /* 9999-12-31T23:59:59Z */

uint64_t clock_now(void)
{
    time_t t = time(NULL);
    return t > 0 ? (uint64_t)t : 0;
}

uint64_t clock_ms(void)
{
    struct timespec ts;
    if (clock_gettime(CLOCK_MONOTONIC, &ts) != 0)
        return UINT64_MAX; /* every deadline has passed */
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

uint64_t clock_us(void)
{
    struct timespec ts;
    if (clock_gettime(CLOCK_MONOTONIC, &ts) != 0)
        return 0;
    return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* digits reads exactly n decimal digits at *i. */
static bool digits(struct bytes t, size_t *i, size_t n, unsigned *out)
{
    unsigned v = 0;
    for (size_t k = 0; k < n; k++, (*i)++) {
        if (*i >= t.n || t.p[*i] < '0' || t.p[*i] > '9')
            return false;
        v = v * 10 + (unsigned)(t.p[*i] - '0');
    }
    *out = v;
    return true;
}

static bool literal(struct bytes t, size_t *i, char c)
{
    if (*i >= t.n || t.p[*i] != (uint8_t)c)
        return false;
    (*i)++;
    return true;
}

static bool unix_seconds(struct bytes t, uint64_t *out)
{
    uint64_t v = 0;
    if (t.n == 0 || t.n > 12)
        return false;
    for (size_t i = 0; i < t.n; i++) {
        if (t.p[i] < '0' || t.p[i] > '9')
            return false;
        v = v * 10 + (uint64_t)(t.p[i] - '0');
    }
    if (v > LAST_SECOND)
        return false;
    *out = v;
    return true;
}

/* RFC 3339 date-time, restricted to UTC written as Z, whole seconds, or the date alone. */
bool clock_read(struct bytes text, uint64_t *out)
{
    if (unix_seconds(text, out))
        return true;
    unsigned y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0;
    size_t i = 0;
    if (!digits(text, &i, 4, &y) || !literal(text, &i, '-') || !digits(text, &i, 2, &mo) ||
        !literal(text, &i, '-') || !digits(text, &i, 2, &d))
        return false;
    if (i != text.n &&
        (!literal(text, &i, 'T') || !digits(text, &i, 2, &h) || !literal(text, &i, ':') ||
         !digits(text, &i, 2, &mi) || !literal(text, &i, ':') || !digits(text, &i, 2, &s) ||
         !literal(text, &i, 'Z') || i != text.n))
        return false;
    if (y < 1970 || mo < 1 || mo > 12 || d < 1 || h > 23 || mi > 59 || s > 59)
        return false;
    struct tm tm = {.tm_year = (int)y - 1900,
                    .tm_mon = (int)mo - 1,
                    .tm_mday = (int)d,
                    .tm_hour = (int)h,
                    .tm_min = (int)mi,
                    .tm_sec = (int)s};
    time_t t = timegm(&tm);
    /* timegm moves 31 April to 1 May: a date that moved was none. */
    if (t < 0 || tm.tm_mday != (int)d || tm.tm_mon != (int)mo - 1)
        return false;
    *out = (uint64_t)t;
    return true;
}
