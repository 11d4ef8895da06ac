/* Fuzzes what a disk may hand back as the store: a floor and beacon answers. What is taken is
 * within its bounds; what is not is left out with a reason. */
#include <stdlib.h>

#include "agent/store.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t genesis[32];
    struct err err = {0}, why = {0}, why_answers = {0};
    struct store_floor floor = {0};
    struct bytes text = BYTES_NONE;
    AUTO_BUNDLE b = {0};
    struct arena *a = arena_new(1 << 24);
    if (!a || bundle_init(&b, &err) != RC_OK)
        abort();
    if (store_floor_read(bytes_of(data, size), genesis, &floor, &why) != (why.rc == RC_OK))
        abort();
    if (floor.slot > INT64_MAX || floor.checkpoint > INT64_MAX)
        abort();
    /* What is written of it reads back. */
    struct store_floor again = {0};
    if (store_floor_make(a, genesis, &floor, &text, &err) != RC_OK ||
        !store_floor_read(text, genesis, &again, &err) || again.slot != floor.slot ||
        again.checkpoint != floor.checkpoint)
        abort();
    bool taken = store_answers_read(a, bytes_of(data, size), &b, &why_answers);
    if (taken != (why_answers.rc == RC_OK) || b.has_evidence || b.has_collateral || b.checkpoint ||
        json_array_size(b.rpc) || json_array_size(b.beacon) > LIMIT_BEACON_ENTRIES ||
        json_array_size(b.committee_keys) > LIMIT_COMMITTEES)
        abort();
    arena_free(a);
    return 0;
}
