/*
 * hex: exact widths only. Short or odd input is never padded (dstack issue 1310).
 */
#ifndef BOOTGATE_BASE_HEX_H
#define BOOTGATE_BASE_HEX_H

#include "base/arena.h"

/* hex_decode reads exactly 2*n hex digits, either case, no prefix. False: *out untouched. */
bool hex_decode(struct bytes text, uint8_t *out, size_t n) MUST_CHECK;
/* hex_decode_0x: the same, an optional 0x in front. */
bool hex_decode_0x(struct bytes text, uint8_t *out, size_t n) MUST_CHECK;
/* hex_decode_any decodes text of any even length into the arena. False: odd, not hex, no memory. */
bool hex_decode_any(struct arena *a, struct bytes text, struct bytes *out,
                    struct err *err) MUST_CHECK;
/* hex_encode writes 2*n lower-case digits and a NUL to out. */
void hex_encode(struct bytes in, char *out);
/* hex_str: the same into the arena. */
char *hex_str(struct arena *a, struct bytes in, struct err *err) MUST_CHECK;

#endif
