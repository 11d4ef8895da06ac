#include "policy/chain_state.h"

#include "base/hex.h"

void chain_bad(struct err *last_bad, const struct err *why, const char *what,
               const uint8_t *address)
{
    char text[41] = "";
    if (address)
        hex_encode(bytes_of(address, 20), text);
    err_clear(last_bad);
    (void)err_set(last_bad, why->rc, "%s%s%s: %s", what, address ? " 0x" : "", text, why->detail);
}

/* claims_other: a by-number answer that says itself that it is another block; not ours, not bad. */
static bool claims_other(const json_t *block, const uint8_t hash[static 32])
{
    uint8_t said[32];
    return answers_fixed(json_object_get(block, "hash"), said, 32) && memcmp(said, hash, 32) != 0;
}

/* candidate: an answer that could be our header. Whether it is, its recomputed hash decides. */
static bool candidate(const struct answer *e, const uint8_t hash[static 32])
{
    uint8_t asked[32];
    if (!json_is_array(e->params))
        return false;
    if (strcmp(e->method, "eth_getBlockByHash") == 0)
        return answers_fixed(json_array_get(e->params, 0), asked, 32) &&
               memcmp(asked, hash, 32) == 0;
    return strcmp(e->method, "eth_getBlockByNumber") == 0 && !claims_other(e->result, hash);
}

enum rc chain_header_find(struct arena *a, const struct answers *answers,
                          const uint8_t hash[static 32], struct eth_header *out, bool *out_found,
                          struct err *last_bad, struct err *err)
{
    *out_found = false;
    for (size_t i = 0; i < answers->n; i++) {
        const struct answer *e = &answers->v[i];
        if (!candidate(e, hash))
            continue;
        struct err bad = {0};
        struct eth_header h;
        struct bytes rlp;
        enum rc rc = eth_header_from_json(a, e->result, &h, &rlp, &bad);
        if (rc == BG_NOMEM)
            return err_set(err, rc, "%s", bad.detail);
        if (rc == RC_OK && memcmp(h.hash, hash, 32) == 0) {
            *out = h;
            *out_found = true;
            return RC_OK;
        }
        if (rc == RC_OK)
            (void)err_set(&bad, BG_CHAIN_OTHER_HEADER, "it hashes to %02x%02x%02x%02x..", h.hash[0],
                          h.hash[1], h.hash[2], h.hash[3]);
        chain_bad(last_bad, &bad, e->method, NULL);
    }
    return RC_OK;
}
