/* Fuzzes the configuration reader: whatever is accepted stays within what a configuration can say.
 */
#include <stdlib.h>

#include "agent/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};
    struct config c;
    struct arena *a = arena_new(1 << 22);
    if (a && config_read(a, bytes_of(data, size), "fuzz", &c, &err) == RC_OK) {
        if (!c.loaded || c.rpc.n > LIMIT_URLS || c.as == BOOT_VIEW_NONE ||
            (c.chain.source != CHAIN_SOURCE_NONE && c.chain.source != CHAIN_PINNED) ||
            (c.td.tcb_statuses >> TCB_REVOKED & 1) || c.td.allow_debug ||
            (c.acpi_pinned && c.num_acpi == 0))
            abort();
    } else if (a && err_exit_status(err.rc) != 2 && err.rc != BG_NOMEM) {
        abort();
    }
    arena_free(a);
    return 0;
}
