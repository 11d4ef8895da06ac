/* date: Unix seconds as text, in UTC; no time zone, no locale, no system call. */
#ifndef BOOTGATE_BASE_DATE_H
#define BOOTGATE_BASE_DATE_H

#include <stdint.h>

#define DATE_TEXT 21
/* date_text writes "2026-03-03T00:00:00Z" (RFC 3339); "-" beyond the year 9999. */
void date_text(uint64_t seconds, char out[static DATE_TEXT]);

#endif
