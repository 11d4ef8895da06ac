/* Fuzzes what a file may be: bundles and evidence of every form. A refusal is evidence's (exit 4).
 */
#include <stdlib.h>

#include "agent/bundle.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};
    AUTO_BUNDLE b = {0};
    struct arena *a = arena_new(1 << 24);
    if (!a || bundle_init(&b, &err) != RC_OK)
        abort();
    if (bundle_add_text(a, &b, bytes_of(data, size), "fuzz", &err) == RC_OK) {
        if (json_array_size(b.rpc) > LIMIT_RPC_ENTRIES || b.evidence.quote.n > LIMIT_FILE)
            abort();
    } else if (b.has_evidence && b.evidence.format == EVIDENCE_NONE) {
        abort();
    }
    arena_free(a);
    return 0;
}
