/* flat_compare: quote/flat_json held against jansson, for its unit test and its fuzzer. */
#ifndef BOOTGATE_TESTS_FLAT_COMPARE_H
#define BOOTGATE_TESTS_FLAT_COMPARE_H

#include "base/json.h"
#include "quote/flat_json.h"

/*
 * flat_compare reads text with both readers. NULL: they agree (both refuse, or the same value), or
 * they differ where flat_json.h says so; else what they disagree about. *out_accepted: by
 * flat_read.
 */
const char *flat_compare(struct arena *a, struct bytes text, bool *out_accepted);

#endif
