#include "agent/rpc.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/fetch.h"
#include "base/hex.h"
#include "base/limits.h"
#include "policy/near/base58.h"

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

static json_t *base58(const uint8_t hash[static 32])
{
    char text[BASE58_MAX_TEXT];
    base58_write(bytes_of(hash, 32), text);
    return json_string(text);
}

/* view_state: one key of a contract, by a prefix that is the whole key. */
static json_t *view_state(const struct need *need)
{
    struct bytes key = need->key, id = need->account;
    char text[4 * (LIMIT_NEAR_KEY / 3 + 1) + 1];
    if (key.n > LIMIT_NEAR_KEY)
        return NULL;
    (void)EVP_EncodeBlock((unsigned char *)text, key.p, (int)key.n);
    return json_pack("{s:s, s:{s:s, s:o, s:o, s:s, s:b}}", "method", "query", "params",
                     "request_type", "view_state", "block_id", base58(need->hash), "account_id",
                     json_stringn((const char *)id.p, id.n), "prefix_base64", text, "include_proof",
                     1);
}

static json_t *text_of(struct bytes b)
{
    return json_stringn((const char *)b.p, b.n);
}

/* relay: our own question, to whoever sends transactions (policy/near/call.h, bootgate(5)). */
static json_t *relay(const struct need *need)
{
    char args[4 * (LIMIT_NEAR_ARGS / 3 + 1) + 1];
    if (need->args.n > LIMIT_NEAR_ARGS)
        return NULL;
    (void)EVP_EncodeBlock((unsigned char *)args, need->args.p, (int)need->args.n);
    return json_pack("{s:s, s:{s:o, s:o, s:s}}", "method", "bootgate_relay", "params",
                     "contract_id", text_of(need->account), "method_name", text_of(need->key),
                     "args", args);
}

static json_t *outcome(const struct need *need)
{
    bool tx = need->kind == NEED_NEAR_TX_OUTCOME;
    return json_pack("{s:s, s:{s:s, s:o, s:o, s:o}}", "method", "EXPERIMENTAL_light_client_proof",
                     "params", "type", tx ? "transaction" : "receipt",
                     tx ? "transaction_hash" : "receipt_id", base58(need->hash),
                     tx ? "sender_id" : "receiver_id", text_of(need->account), "light_client_head",
                     base58(need->head));
}

/* Ethereum JSON-RPC (execution-apis): the three methods that a proof needs; and NEAR's. */
json_t *rpc_call_of(const struct need *need)
{
    json_t *slots;
    switch (need->kind) {
    case NEED_NEAR_LIGHT:
        return json_pack("{s:s, s:{s:o}}", "method", "next_light_client_block", "params",
                         "last_block_hash", base58(need->hash));
    case NEED_NEAR_PRODUCERS:
        return json_pack("{s:s, s:{s:o}}", "method", "EXPERIMENTAL_validators_ordered", "params",
                         "block_id", base58(need->hash));
    case NEED_NEAR_BLOCK:
        return json_pack("{s:s, s:{s:o}}", "method", "block", "params", "block_id",
                         base58(need->hash));
    case NEED_NEAR_STATE:
        return view_state(need);
    case NEED_NEAR_RELAY:
        return relay(need);
    case NEED_NEAR_TX_OUTCOME:
    case NEED_NEAR_RECEIPT_OUTCOME:
        return outcome(need);
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

/* The causes that NEAR's nodes name (nearcore, RpcQueryError and its like), in words. */
static const struct {
    const char *name, *words;
} causes[] = {
    {"TOO_LARGE_CONTRACT_STATE", "the contract's state is larger than this node shows; one with a "
                                 "higher trie_viewer_state_size_limit is needed"},
    {"UNKNOWN_BLOCK", "this node does not have the block, or not any more"},
    {"GARBAGE_COLLECTED_BLOCK", "this node does not have the block's state any more"},
    {"UNAVAILABLE_SHARD", "this node does not follow the contract's shard"},
    {"UNKNOWN_ACCOUNT", "this node knows no such account"},
    {"NOT_SYNCED_YET", "this node is not synced yet"},
    {"NO_SYNCED_BLOCKS", "this node is not synced yet"},
};

static const char *cause_words(const char *name)
{
    for (size_t i = 0; name && i < sizeof causes / sizeof *causes; i++)
        if (strcmp(name, causes[i].name) == 0)
            return causes[i].words;
    return NULL;
}

/* said notes what a node answered instead of a result: text for a person. */
static void said(const json_t *answer, char *out, size_t cap)
{
    const json_t *e = json_object_get(answer, "error");
    const char *message = json_string_value(json_object_get(e, "message"));
    const char *cause = json_string_value(json_object_get(json_object_get(e, "cause"), "name"));
    if (cause)
        snprintf(out, cap, "error %.48s%s%s", cause, cause_words(cause) ? ": " : "",
                 cause_words(cause) ? cause_words(cause) : "");
    else if (json_is_object(e))
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

char *rpc_text(const json_t *calls, size_t i)
{
    AUTO_JSON body = request(calls, i);
    return body ? json_dumps(body, JSON_COMPACT) : NULL;
}

/* take records one of several answers. */
static enum rc take(struct node *node, const struct fetch_get *g, const json_t *calls,
                    json_t *entries, struct err *err)
{
    bool single;
    struct bytes body = bytes_of(g->body.p, g->body.n);
    if (g->why.rc != RC_OK) {
        *err = g->why;
        return err->rc;
    }
    TRY(node_afford(node, body, err));
    return rpc_collect(body, calls, entries, &single, err);
}

/* at_once: calls[first .. first + n), n at most FETCH_GETS. *why: of one that failed. */
static size_t at_once(struct node *node, struct turn *turn, const json_t *calls, size_t first,
                      size_t n, json_t *entries, struct err *why)
{
    struct fetch_get g[FETCH_GETS] = {0};
    char *text[FETCH_GETS] = {0};
    size_t taken = 0;
    uint64_t ms = 0;
    struct err ready = {0};
    for (size_t i = 0; i < n; i++) {
        g[i].url = node->url;
        text[i] = rpc_text(calls, first + i);
        if (text[i])
            g[i].post = bytes_of_str(text[i]);
        else
            (void)err_set(&ready, BG_RPC_NEAR_MEMORY, "%zu calls", n);
    }
    if (ready.rc == RC_OK && turn_take(turn, &ms, &ready) == RC_OK &&
        fetch_get(g, n, FETCH_SENDS_JSON, ms, &ready) == RC_OK)
        for (size_t i = 0; i < n; i++) {
            struct err one = {0};
            if (take(node, &g[i], calls, entries, &one) == RC_OK)
                taken++;
            else
                *why = one;
        }
    if (ready.rc != RC_OK)
        *why = ready;
    for (size_t i = 0; i < n; i++) {
        fetched_free(&g[i].body);
        free(text[i]);
    }
    return taken;
}

enum rc rpc_ask_each(struct node *node, struct turn *turn, const json_t *calls, json_t *entries,
                     struct err *err)
{
    size_t n = json_array_size(calls), taken = 0;
    struct err why = {0};
    for (size_t i = 0; i < n; i += FETCH_GETS) {
        size_t left = n - i;
        taken +=
            at_once(node, turn, calls, i, left < FETCH_GETS ? left : FETCH_GETS, entries, &why);
    }
    node->why = why;
    if (taken || n == 0)
        return RC_OK;
    *err = why;
    return err->rc;
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
