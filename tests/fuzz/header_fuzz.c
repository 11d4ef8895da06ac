/*
 * header: an input that begins with '{' is read as a JSON block, anything else as RLP. A JSON block
 * that is accepted must give RLP that reads back as the same header; a fork, if any, is named.
 */
#include <stdlib.h>

#include "policy/eth/header.h"

static void from_json(struct bytes in)
{
    struct err err = {0};
    json_t *parsed = NULL;
    if (json_read(in, 1 << 16, &parsed, &err) != RC_OK)
        return;
    AUTO_JSON block = parsed;
    struct arena *a = arena_new(1 << 16);
    struct eth_header h, again;
    struct bytes rlp;
    if (!a)
        return;
    if (eth_header_from_json(a, block, &h, &rlp, &err) == RC_OK &&
        (eth_header_from_rlp(rlp, &again, &err) != RC_OK ||
         memcmp(h.hash, again.hash, sizeof h.hash) != 0))
        abort();
    arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t chains[] = {1, 11155111, 560048, 100, 31337};
    struct eth_header h;
    struct err err = {0};
    if (size && data[0] == '{') {
        from_json(bytes_of(data, size));
        return 0;
    }
    if (eth_header_from_rlp(bytes_of(data, size), &h, &err) != RC_OK)
        return 0;
    for (size_t i = 0; i < sizeof chains / sizeof *chains; i++) {
        enum eth_fork f = ETH_FORK_NONE;
        struct err e = {0};
        if ((eth_fork_of(&h, chains[i], NULL, 0, &f, &e) == RC_OK) != (f != ETH_FORK_NONE))
            abort();
    }
    return 0;
}
