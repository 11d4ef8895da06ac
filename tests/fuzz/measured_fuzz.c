/* Fuzzes what is read of mounts, verity tables and command lines: views stay within the text. */
#include <stdlib.h>
#include <sys/sysmacros.h>

#include "agent/measured.h"
#include "agent/measured_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = bytes_of(data, size), hash = BYTES_NONE;
    struct mount_seen m;
    if (measured_mount(text, 36, &m) && (m.type[0] == '\0' || m.options[0] == '\0'))
        abort();
    if (measured_table_read(text, makedev(254, 1), &hash) &&
        (hash.n == 0 || hash.p < data || hash.p + hash.n >= data + size))
        abort();
    if (measured_verity_hash(text, &hash)) {
        if (hash.p < data || hash.p + hash.n > data + size || hash.n < 64)
            abort();
        if (measured_on_cmdline(text, hash) && size < hash.n + 8)
            abort();
    }
    return 0;
}
