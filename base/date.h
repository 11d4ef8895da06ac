/*
 * date: Unix seconds to and from dates in UTC; no time zone, no locale, no system call. The text
 * forms that are read are the readers' own business (quote/der.c, quote/tcb_parse.c).
 */
#ifndef BOOTGATE_BASE_DATE_H
#define BOOTGATE_BASE_DATE_H

#include <stdbool.h>
#include <stdint.h>

#define DATE_TEXT 21
/* date_text writes "2026-03-03T00:00:00Z" (RFC 3339); "-" beyond the year 9999. */
void date_text(uint64_t seconds, char out[static DATE_TEXT]);

/* date_of: the same as a value, for a detail: date_of(t).s lives to the end of the expression. */
struct date_string {
    char s[DATE_TEXT];
};
static inline struct date_string date_of(uint64_t seconds)
{
    struct date_string t;
    date_text(seconds, t.s);
    return t;
}

/* struct date: as written, month and day from 1. */
struct date {
    unsigned year, month, day, hour, minute, second;
};

/*
 * date_seconds: false, *out untouched, when the Gregorian calendar has no such date, or it is
 * before 1970 or after 9999. Leap seconds (:60) are refused.
 */
bool date_seconds(struct date t, uint64_t *out) __attribute__((warn_unused_result));

/*
 * date_year_later: the same day and time twelve months later; of 29 February the month's last day,
 * the 28th. False, *out untouched: beyond the year 9999.
 */
bool date_year_later(uint64_t seconds, uint64_t *out) __attribute__((warn_unused_result));

#endif
