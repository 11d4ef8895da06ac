#include "tests/lib/chain_case.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/limits.h"
#include "tests/lib/pinned_ask.h"

static json_t *load(const char *set, const char *file)
{
    char path[200];
    snprintf(path, sizeof path, "contracts/%s/%s", set, file);
    return vectors_json(path);
}

static void append(json_t *rpc, json_t *method, json_t *params, json_t *result)
{
    json_array_append_new(
        rpc, json_pack("{s:O,s:O,s:O}", "method", method, "params", params, "result", result));
}

static void append_transcript(json_t *rpc, json_t *transcript)
{
    size_t i;
    json_t *t;
    json_array_foreach(transcript, i, t)
    {
        json_t *q = json_object_get(t, "request"), *r = json_object_get(t, "response");
        json_t *result = json_object_get(r, "result");
        if (result) /* errors are not recorded in bundles */
            append(rpc, json_object_get(q, "method"), json_object_get(q, "params"), result);
    }
}

/* append_header: the block a case stands on, from block.json or from the light-client blocks. */
static const json_t *append_header(json_t *rpc, const char *set, const char *hash)
{
    AUTO_JSON block = load(set, "block.json");
    json_t *header = json_object_get(block, "header");
    AUTO_JSON later = NULL;
    if (strcmp(json_string_value(json_object_get(header, "hash")), hash) != 0) {
        later = load(set, "lc-blocks.json");
        header = json_object_get(
            json_object_get(json_object_get(later, "blocks"), "finalizedNextPeriod"), "header");
    }
    AUTO_JSON method = json_string("eth_getBlockByHash");
    AUTO_JSON params = json_pack("[s,b]", hash, 0);
    append(rpc, method, params, header);
    return json_object_get(json_array_get(rpc, json_array_size(rpc) - 1), "result");
}

static const char *text(const json_t *obj, const char *key)
{
    const char *s = json_string_value(json_object_get(obj, key));
    if (!s)
        fail_msg("vector without %s", key);
    return s;
}

void chain_case_load(struct arena *a, const char *set, const char *file, struct chain_case *c)
{
    struct err err = {0};
    uint64_t time;
    *c = (struct chain_case){0};
    c->json = load(set, file);
    c->rpc = json_array();
    const char *hash = text(c->json, "blockHash");
    const json_t *header = append_header(c->rpc, set, hash);
    append_transcript(c->rpc, json_object_get(c->json, "transcript"));
    assert_true(answers_quantity(json_object_get(header, "timestamp"), &time));
    c->now = time + 10;
    AUTO_JSON index = load(set, "index.json");
    c->fork = (struct eth_fork_time){eth_fork_read(bytes_of_str(text(index, "hardfork"))), 0};
    assert_int_not_equal(c->fork.fork, ETH_FORK_NONE);
    c->cfg = (struct chain_config){
        .source = CHAIN_PINNED, .chain_id = 31337, .el_forks = &c->fork, .num_el_forks = 1};
    assert_true(json_hex(c->json, "kmsContract", true, c->cfg.kms_contract, 20));
    assert_true(hex_decode_0x(bytes_of_str(hash), c->cfg.block_hash, 32));
    const char *fn = text(c->json, "function");
    c->question = strcmp(fn, "isAppAllowed") == 0   ? ASK_APP
                  : strcmp(fn, "isKmsAllowed") == 0 ? ASK_KMS
                                                    : ASK_NONE;
    if (c->question != ASK_NONE &&
        boot_info_read(a, json_object_get(c->json, "appBootInfo"), &c->bi, &err) != RC_OK)
        fail_msg("%s: boot info: %s", file, err.detail);
}

void chain_case_free(struct chain_case *c)
{
    json_decref(c->json);
    json_decref(c->rpc);
}

void chain_case_merge(const char *set, const char *file, json_t *rpc)
{
    AUTO_JSON other = load(set, file);
    append_transcript(rpc, json_object_get(other, "transcript"));
}

struct chain_try chain_case_ask(struct arena *a, const struct chain_case *c, const json_t *rpc)
{
    struct chain_try t = {0};
    struct answers answers;
    t.rc = answers_read(a, rpc, &answers, &t.err);
    if (t.rc == RC_OK)
        t.rc = pinned_ask(a, &c->cfg, c->question, &c->bi, &answers, c->now, &t.needs, &t.checks,
                          &t.result, &t.bad, &t.err);
    return t;
}

struct chain_try chain_case_ask_at(struct arena *a, const struct chain_case *c,
                                   const struct chain_head *head, const json_t *rpc)
{
    struct chain_try t = {0};
    struct answers answers;
    t.rc = answers_read(a, rpc, &answers, &t.err);
    if (t.rc == RC_OK)
        t.rc = chain_ask(a, &c->cfg, head, c->question, &c->bi, &answers, c->now, &t.needs,
                         &t.checks, &t.result, &t.bad, &t.err);
    return t;
}

static json_t *hex_json(struct bytes b)
{
    char text_of[2 + 64 + 1] = "0x";
    assert_true(b.n <= 32);
    hex_encode(b, text_of + 2);
    return json_string(text_of);
}

/* slots_of: those elements of every answer about this account whose slots were asked for. */
static void slots_of(const json_t *from, const struct need *n, json_t *to)
{
    size_t i;
    json_t *e;
    json_array_foreach(json_object_get(from, "storageProof"), i, e)
    {
        uint8_t key[32];
        assert_true(answers_word(json_object_get(e, "key"), key));
        for (size_t k = 0; k < n->num_slots; k++)
            if (memcmp(n->slots[k], key, 32) == 0)
                json_array_append(to, e);
    }
}

static json_t *proof_for(const struct need *n, const json_t *source)
{
    json_t *result = NULL, *slots = json_array(), *e;
    size_t i;
    json_array_foreach(source, i, e)
    {
        const struct answer ans = {json_string_value(json_object_get(e, "method")),
                                   json_object_get(e, "params"), json_object_get(e, "result")};
        if (!answers_about(&ans, "eth_getProof", 3, n->number, n->hash, n->address))
            continue;
        if (!result)
            result = json_copy(json_object_get(e, "result"));
        slots_of(ans.result, n, slots);
    }
    if (result)
        json_object_set(result, "storageProof", slots);
    json_decref(slots);
    return result;
}

static json_t *code_for(const struct need *n, const json_t *source)
{
    size_t i;
    json_t *e;
    json_array_foreach(source, i, e)
    {
        const struct answer ans = {json_string_value(json_object_get(e, "method")),
                                   json_object_get(e, "params"), json_object_get(e, "result")};
        if (answers_about(&ans, "eth_getCode", 2, n->number, n->hash, n->address))
            return json_incref(json_object_get(e, "result"));
    }
    return NULL;
}

/* serve answers one need as a node would; false: the source has nothing. */
static bool serve(const struct need *n, const json_t *source, json_t *rpc)
{
    AUTO_JSON address = hex_json(bytes_of(n->address, 20));
    char number[20];
    snprintf(number, sizeof number, "0x%llx", (unsigned long long)n->number);
    if (n->kind == NEED_HEADER) {
        json_array_append(rpc, json_array_get(source, 0));
        return true;
    }
    AUTO_JSON result = n->kind == NEED_PROOF ? proof_for(n, source) : code_for(n, source);
    if (!result)
        return false;
    if (n->kind == NEED_PROOF) {
        json_t *slots = json_array();
        for (size_t i = 0; i < n->num_slots; i++)
            json_array_append_new(slots, hex_json(bytes_of(n->slots[i], 32)));
        json_array_append_new(rpc, json_pack("{s:s,s:[O,o,s],s:O}", "method", "eth_getProof",
                                             "params", address, slots, number, "result", result));
    } else {
        json_array_append_new(rpc, json_pack("{s:s,s:[O,s],s:O}", "method", "eth_getCode", "params",
                                             address, number, "result", result));
    }
    return true;
}

struct chain_try chain_case_drive(struct arena *a, const struct chain_case *c, const json_t *source,
                                  size_t *out_rounds, json_t **out_rpc)
{
    json_t *rpc = json_array();
    *out_rounds = 0;
    struct chain_try t = chain_case_ask(a, c, rpc);
    while (t.rc == RC_OK && needs_hard(&t.needs) > 0 && *out_rounds < LIMIT_CHAIN_ROUNDS) {
        for (size_t i = 0; i < t.needs.n; i++)
            (void)serve(&t.needs.v[i], source, rpc);
        ++*out_rounds;
        t = chain_case_ask(a, c, rpc);
    }
    *out_rpc = rpc;
    return t;
}
