/* rlp: what is accepted must be the one encoding of its content. */
#include <stdlib.h>

#include "policy/eth/rlp.h"

/* rewrite encodes an item again from its content, by the writer. */
static bool rewrite(struct rlp_out *o, const struct rlp_item *it)
{
    if (!it->list)
        return rlp_put_bytes(o, it->body);
    size_t start = o->n, n;
    if (!rlp_count(it->body, SIZE_MAX, &n))
        abort();
    struct cur c = cur_of(it->body);
    for (struct rlp_item sub; n > 0; n--) {
        if (!rlp_next(&c, &sub))
            abort();
        if (!rewrite(o, &sub))
            return false;
    }
    return rlp_wrap(o, start);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t buf[1 << 16];
    struct rlp_item it;
    uint8_t n[32];
    if (size > sizeof buf - 16 || !rlp_whole(bytes_of(data, size), &it))
        return 0;
    struct rlp_out o = {buf, 0, sizeof buf};
    if (!rewrite(&o, &it) || !bytes_eq(bytes_of(buf, o.n), bytes_of(data, size)))
        abort();
    if (rlp_uint(&it, n, sizeof n)) {
        o.n = 0;
        if (!rlp_put_uint(&o, BYTES_OF_ARRAY(n)) || !bytes_eq(bytes_of(buf, o.n), it.raw))
            abort();
    }
    return 0;
}
