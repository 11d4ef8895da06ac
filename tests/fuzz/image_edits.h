/* image_edits: a fuzzer's input as changes to a sound image: u16 offset, u8 value, and again. */
#ifndef BOOTGATE_TESTS_IMAGE_EDITS_H
#define BOOTGATE_TESTS_IMAGE_EDITS_H

#include "base/cur.h"
#include "tests/lib/image_case.c"

static inline void edit(uint8_t *image, size_t from, size_t to, struct bytes input)
{
    struct cur c = cur_of(input);
    for (size_t i = 0; i < 64 && cur_left(&c) >= 3; i++) {
        size_t at = from + cur_u16le(&c) % (to - from);
        image[at] = cur_u8(&c);
    }
}

#endif
