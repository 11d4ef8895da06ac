#include "agent/beacon.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/fetch.h"
#include "base/hex.h"

#define ROUTE "/eth/v1/beacon/light_client/"

bool beacon_path(const struct need *need, char out[static BEACON_PATH])
{
    char root[2 * 32 + 1];
    switch (need->kind) {
    case NEED_BOOTSTRAP:
        hex_encode(BYTES_OF_ARRAY(need->hash), root);
        return snprintf(out, BEACON_PATH, ROUTE "bootstrap/0x%s", root) > 0;
    case NEED_UPDATES:
        return snprintf(out, BEACON_PATH, ROUTE "updates?start_period=%" PRIu64 "&count=%" PRIu64,
                        need->number, need->count) > 0;
    case NEED_FINALITY:
        return snprintf(out, BEACON_PATH, ROUTE "finality_update") > 0;
    case NEED_OPTIMISTIC:
        return snprintf(out, BEACON_PATH, ROUTE "optimistic_update") > 0;
    case NEED_HEADER: /* JSON-RPC */
    case NEED_PROOF:
    case NEED_CODE:
    case NEED_NEAR_LIGHT:
    case NEED_NEAR_PRODUCERS:
    case NEED_NEAR_BLOCK:
    case NEED_NEAR_STATE:
    case NEED_NEAR_RELAY:
    case NEED_NEAR_TX_OUTCOME:
    case NEED_NEAR_RECEIPT_OUTCOME:
    case NEED_NONE:
        break;
    }
    return false;
}

/* entry_of: the answer as a bundle has it; NULL: err says why not. */
static json_t *entry_of(const char *path, const struct fetch_get *g, struct err *err)
{
    struct bytes body = bytes_of(g->body.p, g->body.n);
    AUTO_JSON value = NULL;
    struct err why = {0};
    if (g->kind == FETCH_JSON) {
        if (json_read(body, LIMIT_RPC_BODY, &value, &why) != RC_OK) {
            err_set(err, BG_BEACON_JSON, "%s", why.detail);
            return NULL;
        }
    } else if (g->kind == FETCH_BYTES && body.n <= LIMIT_BEACON_SSZ) {
        char *hex = malloc(2 * body.n + 1);
        if (hex) {
            hex_encode(body, hex);
            value = json_stringn(hex, 2 * body.n);
        }
        free(hex);
    } else {
        err_set(err, BG_BEACON_TYPE, "%zu bytes", body.n);
        return NULL;
    }
    json_t *entry =
        json_pack("{s:s, s:O}", "path", path, g->kind == FETCH_JSON ? "result" : "ssz", value);
    if (!entry)
        err_set(err, BG_BEACON_MEMORY, "%zu bytes", body.n);
    return entry;
}

/* take records one answer. */
static enum rc take(struct node *node, const char *path, const struct fetch_get *g, json_t *entries,
                    struct err *err)
{
    if (g->why.rc != RC_OK) {
        *err = g->why;
        return err->rc;
    }
    TRY(node_afford(node, bytes_of(g->body.p, g->body.n), err));
    json_t *entry = entry_of(path, g, err);
    if (!entry)
        return err->rc;
    if (json_array_size(entries) >= LIMIT_BEACON_ENTRIES ||
        json_array_append_new(entries, entry) != 0)
        return err_set(err, BG_BEACON_MANY, "%zu answers", json_array_size(entries));
    return RC_OK;
}

enum rc beacon_ask(struct node *node, struct turn *turn, const char (*paths)[BEACON_PATH], size_t n,
                   json_t *entries, struct err *err)
{
    struct fetch_get g[FETCH_GETS] = {0};
    char *urls[FETCH_GETS] = {0};
    size_t base = strlen(node->url), taken = 0;
    uint64_t ms = 0;
    struct err why = {0};
    while (base && node->url[base - 1] == '/')
        base--;
    n = n < FETCH_GETS ? n : FETCH_GETS;
    for (size_t i = 0; i < n; i++) {
        size_t size = base + strlen(paths[i]) + 1;
        g[i].url = urls[i] = malloc(size);
        if (urls[i])
            snprintf(urls[i], size, "%.*s%s", (int)base, node->url, paths[i]);
        else
            err_set(&why, BG_BEACON_URL, "%zu bytes", size);
    }
    if (why.rc == RC_OK && turn_take(turn, &ms, &why) == RC_OK &&
        fetch_get(g, n, FETCH_ACCEPT_SSZ, ms, &why) == RC_OK)
        for (size_t i = 0; i < n; i++) {
            struct err one = {0};
            if (take(node, paths[i], &g[i], entries, &one) == RC_OK)
                taken++;
            else
                why = one;
        }
    for (size_t i = 0; i < n; i++) {
        fetched_free(&g[i].body);
        free(urls[i]);
    }
    node->why = why;
    if (taken)
        return RC_OK;
    *err = why;
    return why.rc;
}
