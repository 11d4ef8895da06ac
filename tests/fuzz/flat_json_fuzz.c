/* flat_json: accepts what jansson accepts, and the same values, but for what its header lists. */
#include <stdlib.h>

#include "tests/lib/flat_compare.c" /* the fuzzers link no test library */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(256u << 20);
    bool accepted;
    if (a && flat_compare(a, bytes_of(data, size), &accepted))
        abort();
    arena_free(a);
    return 0;
}
