/*
 * base64: RFC 4648 section 4 with padding, nothing tolerated: no white space, no missing or
 * superfluous padding, no bits set behind the last byte. One text per value.
 */
#ifndef BOOTGATE_BASE_BASE64_H
#define BOOTGATE_BASE_BASE64_H

#include "base/arena.h"

/* base64_decode decodes text into the arena. False: not canonical base64, or no memory (in err). */
bool base64_decode(struct arena *a, struct bytes text, struct bytes *out,
                   struct err *err) MUST_CHECK;

#endif
