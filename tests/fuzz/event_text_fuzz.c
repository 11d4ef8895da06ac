/* event_text: any payload as any type: printable text that fits, or nothing. */
#include <stdlib.h>

#include "agent/event_text.h"
#include "base/cur.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cur c = cur_of(bytes_of(data, size));
    uint32_t type = cur_u32le(&c);
    size_t cap = (size_t)cur_u8(&c) + 1;
    char *out = malloc(cap);
    if (!c.bad && out && event_describe(type, cur_rest(&c), out, cap)) {
        if (strlen(out) >= cap)
            abort();
        for (const char *p = out; *p; p++)
            if (*p < 0x20 || *p > 0x7e)
                abort();
    }
    free(out);
    return 0;
}
