/*
 * lc_json: an answer's `data` as JSON, read as each kind of light-client object of a chain that has
 * every fork. What is accepted is written as SSZ, and that reads back as the same.
 */
#include <stdlib.h>

#include "tests/fuzz/lc_fuzz.h"

static void one(const json_t *j, enum lc_kind kind)
{
    const struct beacon_network *n = &fuzz_network;
    struct err err = {0};
    struct lc_bootstrap b, b2;
    struct lc_update u, u2;
    struct bytes ssz, again;
    struct arena *a = arena_new((size_t)1 << 20);
    if (!a)
        return;
    if (kind == LC_BOOTSTRAP) {
        if (lc_bootstrap_from_json(a, n, j, &b, &err) == RC_OK &&
            (!write_back(a, n, kind, &b, NULL, &ssz) ||
             lc_bootstrap_from_ssz(a, n, ssz, &b2, &err) != RC_OK ||
             !write_back(a, n, kind, &b2, NULL, &again) || !bytes_eq(ssz, again)))
            abort();
    } else if (lc_update_from_json(a, n, kind, j, &u, &err) == RC_OK &&
               (!write_back(a, n, kind, NULL, &u, &ssz) ||
                lc_update_from_ssz(a, n, kind, ssz, &u2, &err) != RC_OK ||
                !write_back(a, n, kind, NULL, &u2, &again) || !bytes_eq(ssz, again))) {
        abort();
    }
    arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};
    json_t *parsed = NULL;
    if (json_read(bytes_of(data, size), 1 << 17, &parsed, &err) != RC_OK)
        return 0;
    AUTO_JSON j = parsed;
    for (int k = LC_BOOTSTRAP; k <= LC_OPTIMISTIC_UPDATE; k++)
        one(j, (enum lc_kind)k);
    return 0;
}
