/*
 * mpt: the input is a key nibble pattern and up to 65 nodes, cut by length bytes. The hashes in
 * between are filled in from the last node up, so that the walk goes as deep as the shapes allow;
 * what is proven must not depend on nodes that are left out.
 */
#include <stdlib.h>

#include "base/cur.h"
#include "base/limits.h"
#include "policy/eth/keccak.h"
#include "policy/eth/mpt.h"

enum { MAX = 65 };

/* name_child writes the child's hash behind the first 0xa0 that has room: the walk can find it. */
static void name_child(uint8_t *node, size_t n, struct bytes child)
{
    for (size_t i = 0; i + 33 <= n; i++)
        if (node[i] == 0xa0) {
            keccak256(child, node + i + 1);
            return;
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cur c = cur_of(bytes_of(data, size));
    static uint8_t store[MAX][256];
    struct bytes nodes[MAX];
    uint8_t key[32], root[32], address[20] = {0};
    memset(key, cur_u8(&c), sizeof key);
    size_t n = 0;
    for (; n < MAX && cur_left(&c) > 0; n++) {
        size_t want = cur_u8(&c), left = cur_left(&c), len = want < left ? want : left;
        cur_copy(&c, store[n], len);
        nodes[n] = bytes_of(store[n], len);
    }
    if (n == 0)
        return 0;
    for (size_t i = n - 1; i-- > 0;)
        name_child(store[i], nodes[i].n, nodes[i + 1]);
    keccak256(nodes[0], root);
    bool present = false, again = false, zero_leaf;
    struct bytes value = BYTES_NONE, other = BYTES_NONE;
    struct err err = {0}, err2 = {0};
    if (mpt_prove(root, key, nodes, n, &present, &value, &err) == RC_OK) {
        if (present != (value.n != 0))
            abort();
        if (mpt_prove(root, key, nodes, n, &again, &other, &err2) != RC_OK || again != present ||
            !bytes_eq(value, other))
            abort();
        store[n - 1][0] ^= 1; /* the last node counts, if it has any bytes */
        if (nodes[n - 1].n && mpt_prove(root, key, nodes, n, &again, &other, &err2) == RC_OK)
            abort();
    } else if (err.rc == RC_OK) {
        abort();
    }
    struct eth_account acc;
    uint8_t v[32];
    struct err err3 = {0}, err4 = {0};
    if (mpt_prove_account(root, address, nodes, n, &acc, &err3) == RC_OK && !acc.exists &&
        memcmp(acc.storage_root, mpt_empty_root, 32) != 0)
        abort();
    if (mpt_prove_slot(root, key, nodes, n, v, &zero_leaf, &err4) == RC_OK && zero_leaf &&
        !mem_is_zero(v, 32))
        abort();
    return 0;
}
