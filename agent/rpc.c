#include "agent/rpc.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/fetch.h"
#include "base/hex.h"
#include "base/limits.h"

static json_t *data(const uint8_t *p, size_t n)
{
    char buf[2 * 32 + 3] = "0x";
    hex_encode(bytes_of(p, n), buf + 2);
    return json_string(buf);
}

static json_t *quantity(uint64_t v)
{
    char buf[2 + 16 + 1];
    snprintf(buf, sizeof buf, "0x%llx", (unsigned long long)v);
    return json_string(buf);
}

/* Ethereum JSON-RPC (execution-apis): the three methods that a proof needs. */
json_t *rpc_call_of(const struct need *need)
{
    json_t *slots;
    switch (need->kind) {
    case NEED_HEADER:
        return json_pack("{s:s, s:[o, b]}", "method", "eth_getBlockByHash", "params",
                         data(need->hash, 32), 0);
    case NEED_PROOF:
        slots = json_array();
        for (size_t i = 0; i < need->num_slots; i++)
            (void)json_array_append_new(slots, data(need->slots[i], 32));
        return json_pack("{s:s, s:[o, o, o]}", "method", "eth_getProof", "params",
                         data(need->address, 20), slots, quantity(need->number));
    case NEED_CODE:
        return json_pack("{s:s, s:[o, o]}", "method", "eth_getCode", "params",
                         data(need->address, 20), quantity(need->number));
    case NEED_BOOTSTRAP: /* asked by GET, not by a call */
    case NEED_UPDATES:
    case NEED_FINALITY:
    case NEED_OPTIMISTIC:
    case NEED_NEAR_LIGHT:
    case NEED_NEAR_PRODUCERS:
    case NEED_NEAR_BLOCK:
    case NEED_NEAR_STATE:
    case NEED_NONE:
        break;
    }
    return NULL;
}

/* request wraps calls[i] as JSON-RPC 2.0; its id is its index. */
static json_t *request(const json_t *calls, size_t i)
{
    const json_t *call = json_array_get(calls, i);
    return json_pack("{s:s, s:I, s:O, s:O}", "jsonrpc", "2.0", "id", (json_int_t)i, "method",
                     json_object_get(call, "method"), "params", json_object_get(call, "params"));
}

static json_t *batch(const json_t *calls)
{
    json_t *list = json_array();
    for (size_t i = 0; i < json_array_size(calls); i++)
        (void)json_array_append_new(list, request(calls, i));
    return list;
}

/* said notes what a node answered instead of a result: text for a person. */
static void said(const json_t *answer, char *out, size_t cap)
{
    const json_t *e = json_object_get(answer, "error");
    const char *message = json_string_value(json_object_get(e, "message"));
    if (json_is_object(e))
        snprintf(out, cap, "error %lld: %s",
                 (long long)json_integer_value(json_object_get(e, "code")),
                 message ? message : "(no message)");
}

/* answered: an entry from the first-th on answers this call. It shares the call's own parameters.
 */
static bool answered(const json_t *entries, size_t first, const json_t *call)
{
    for (size_t i = first; i < json_array_size(entries); i++)
        if (json_object_get(json_array_get(entries, i), "params") ==
            json_object_get(call, "params"))
            return true;
    return false;
}

/* record appends the answer to calls[its id], the first one only: a node that answers one question
 * a thousand times must leave room for the next node. A null result is no answer. */
static bool record(const json_t *answer, const json_t *calls, json_t *entries, size_t first)
{
    uint64_t id;
    json_t *result = json_object_get(answer, "result");
    if (!result || json_is_null(result) || json_array_size(calls) == 0 ||
        !json_u64(answer, "id", json_array_size(calls) - 1, &id))
        return false;
    if (json_array_size(entries) >= LIMIT_RPC_ENTRIES)
        return false;
    const json_t *call = json_array_get(calls, (size_t)id);
    if (answered(entries, first, call))
        return false;
    json_t *entry = json_pack("{s:O, s:O, s:O}", "method", json_object_get(call, "method"),
                              "params", json_object_get(call, "params"), "result", result);
    return entry && json_array_append_new(entries, entry) == 0;
}

enum rc rpc_collect(struct bytes body, const json_t *calls, json_t *entries, bool *out_single,
                    struct err *err)
{
    AUTO_JSON j = NULL;
    struct err why = {0};
    if (json_read(body, LIMIT_RPC_BODY, &j, &why) != RC_OK)
        return err_set(err, BG_RPC_JSON, "%s", why.detail);
    char text[160] = "no result";
    size_t recorded = 0, first = json_array_size(entries);
    *out_single = !json_is_array(j);
    if (*out_single) {
        recorded = record(j, calls, entries, first);
        said(j, text, sizeof text);
    }
    for (size_t i = 0; i < json_array_size(j); i++) {
        const json_t *answer = json_array_get(j, i);
        if (record(answer, calls, entries, first))
            recorded++;
        else
            said(answer, text, sizeof text);
    }
    return recorded ? RC_OK : err_set(err, BG_RPC_NO_RESULT, "%s", text);
}

static enum rc send(struct node *node, struct turn *turn, json_t *owned_body, const json_t *calls,
                    json_t *entries, bool *out_single, struct err *err)
{
    AUTO_JSON body = owned_body;
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    if (!text)
        return err_set(err, BG_RPC_MEMORY, "%zu calls", json_array_size(calls));
    AUTO_FETCHED answer = {0};
    uint64_t ms = 0;
    enum rc rc = turn_take(turn, &ms, err);
    if (rc == RC_OK)
        rc = fetch_post(node->url, bytes_of_str(text), ms, &answer, err);
    free(text);
    TRY(rc);
    TRY(node_afford(node, bytes_of(answer.p, answer.n), err));
    return rpc_collect(bytes_of(answer.p, answer.n), calls, entries, out_single, err);
}

enum rc rpc_ask(struct node *node, struct turn *turn, const json_t *calls, json_t *entries,
                struct err *err)
{
    size_t n = json_array_size(calls), before = json_array_size(entries);
    bool single = true;
    if (n > 1) {
        struct err why = {0};
        enum rc rc = send(node, turn, batch(calls), calls, entries, &single, &why);
        if (rc == RC_OK)
            return RC_OK;
        if (!(rc == BG_RPC_NO_RESULT && single)) {
            *err = why;
            return rc;
        }
    }
    /* One call, or a node that takes no batches: one by one, until the node itself fails. */
    struct err last = {0};
    for (size_t i = 0; i < n; i++) {
        struct err why = {0};
        if (send(node, turn, request(calls, i), calls, entries, &single, &why) == RC_OK)
            continue;
        last = why;
        if (last.rc != BG_RPC_NO_RESULT)
            break;
    }
    if (json_array_size(entries) > before)
        return RC_OK;
    *err = last;
    return last.rc;
}
