/* boot_log: any log. What is covered is covered by the least set that it names, and by none less.
 */
#include <stdlib.h>

#include "quote/boot_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    for (uint16_t bank = TCG_SHA256; bank <= TCG_SHA384; bank++) {
        static struct boot_log_facts f, g;
        struct err err = {0};
        if (boot_log_cover(bytes_of(p, n), bank, 0xffff, &f, &err) != RC_OK) {
            if (!err.rc)
                abort();
            continue;
        }
        if (f.path == BOOT_PATH_NONE || (f.needed & 0x0015u) != 0x0015u || f.needed >> 16)
            abort();
        if (boot_log_cover(bytes_of(p, n), bank, f.needed, &g, &err) != RC_OK)
            abort();
        for (unsigned i = 0; i < TCG_PCRS; i++) {
            struct err e = {0};
            if (f.needed >> i & 1u && boot_log_cover(bytes_of(p, n), bank, f.needed & ~(1u << i),
                                                     &g, &e) != BG_BOOT_LOG_LEFT_OUT)
                abort();
        }
        AUTO_ARENA a = arena_new(1u << 20);
        const struct boot_log_ok *ok = NULL;
        if (boot_log_judge(a, bytes_of(p, n), bank, f.needed, (const uint8_t(*)[48])f.pcrs.value,
                           &ok, &err) != RC_OK ||
            boot_log_facts_of(ok)->path != f.path)
            abort();
    }
    return 0;
}
