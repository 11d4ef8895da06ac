/*
 * near_tool: one decision on NEAR per line of standard input (tests/lib/near_case.h), one line of
 * JSON each in answer, for tests/oracles/near_diff.mjs.
 *   near_tool mutate       the line is an allowed case: every byte of what was fetched is changed,
 *                          one at a time; says what was still allowed
 */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "base/base64.h"
#include "base/limits.h"
#include "policy/near/base58.h"
#include "tests/lib/near_case.h"

static void die(const char *what)
{
    fprintf(stderr, "near_tool: %s\n", what);
    exit(2);
}

static struct arena *new_arena(void)
{
    struct arena *a = arena_new(256u << 20);
    if (!a)
        die("no memory");
    return a;
}

static json_t *base58(const uint8_t h[static 32])
{
    char text[BASE58_MAX_TEXT];
    base58_write(bytes_of(h, 32), text);
    return json_string(text);
}

static json_t *base64(struct bytes b)
{
    char text[4 * LIMIT_NEAR_NODE];
    if (b.n > 2 * LIMIT_NEAR_NODE)
        die("too long");
    EVP_EncodeBlock((unsigned char *)text, b.p ? b.p : (const uint8_t *)"", (int)b.n);
    return json_string(text);
}

static json_t *text_of(struct bytes b)
{
    return json_stringn(b.p ? (const char *)b.p : "", b.n);
}

static json_t *needs_json(const struct needs *ns)
{
    static const char *const kinds[] = {[NEED_NEAR_LIGHT] = "light",
                                        [NEED_NEAR_PRODUCERS] = "producers",
                                        [NEED_NEAR_BLOCK] = "block",
                                        [NEED_NEAR_STATE] = "state",
                                        [NEED_NEAR_RELAY] = "relay",
                                        [NEED_NEAR_TX_OUTCOME] = "tx-outcome",
                                        [NEED_NEAR_RECEIPT_OUTCOME] = "receipt-outcome"};
    json_t *list = json_array();
    for (size_t i = 0; i < ns->n; i++) {
        const struct need *n = &ns->v[i];
        if (n->kind < NEED_NEAR_LIGHT || n->kind > NEED_NEAR_RECEIPT_OUTCOME)
            die("a need of another chain");
        json_array_append_new(
            list, json_pack("{s:s, s:b, s:o, s:o, s:o, s:o, s:o}", "kind", kinds[n->kind], "hard",
                            n->hard, "hash", base58(n->hash), "account", text_of(n->account), "key",
                            base64(n->key), "head", base58(n->head), "args", base64(n->args)));
    }
    return list;
}

static json_t *reads_json(const struct near_result *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->num_reads; i++)
        json_array_append_new(
            list, json_pack("{s:o, s:s, s:o, s:b}", "account", text_of(r->reads[i].account),
                            "label", r->reads[i].label, "member", text_of(r->reads[i].member),
                            "present", r->reads[i].present));
    return list;
}

static const char *say_of(const struct near_came *c)
{
    static const char *const says[] = {
        [CHAIN_UNDECIDED] = "undecided", [CHAIN_DENIES] = "denies", [CHAIN_ALLOWS] = "allows"};
    return c->rc != RC_OK ? "error" : says[c->result.chain.say];
}

static json_t *came_json(const struct near_came *c)
{
    const struct chain_result *r = &c->result.chain;
    int code = c->rc != RC_OK ? (int)c->rc : (int)r->code;
    json_t *checks = json_array();
    for (size_t i = 0; i < c->checks.n; i++)
        json_array_append_new(checks,
                              json_pack("[s, i]", c->checks.v[i].id, (int)c->checks.v[i].status));
    return json_pack("{s:s, s:i, s:s, s:s?, s:s?, s:s?, s:i, s:s, s:o, s:o, s:o, s:I, s:I, s:o}",
                     "say", say_of(c), "code", code, "detail", c->err.detail, "reason", r->reason,
                     "hint", c->result.hint, "gateway", r->gateway_app_id, "last_bad",
                     (int)c->last_bad.rc, "bad_detail", c->last_bad.detail, "needs",
                     needs_json(&c->needs), "reads", reads_json(&c->result), "hash",
                     base58(c->head.block_hash), "height", (json_int_t)c->head.height, "epochs",
                     (json_int_t)c->head.epochs, "checks", checks);
}

static void answer(const json_t *j)
{
    struct arena *a = new_arena();
    struct near_case c;
    struct near_came came;
    if (!near_case_read(a, j, &c))
        die("not a case");
    near_case_run(a, &c, &came);
    json_t *out = came_json(&came);
    char *line = out ? json_dumps(out, JSON_COMPACT) : NULL;
    if (!line)
        die("an answer is no JSON");
    puts(line);
    free(line);
    json_decref(out);
    arena_free(a);
}

/* ---- mutation: the parsed case is changed in place, run, and changed back ---- */

struct tally {
    json_t *whole;
    size_t runs, allowed;
    json_t *where; /* name to number of changes that were still allowed */
};

static void try_changed(struct tally *t, const char *name)
{
    struct arena *a = new_arena();
    struct near_case c;
    struct near_came came;
    t->runs++;
    if (near_case_read(a, t->whole, &c)) {
        near_case_run(a, &c, &came);
        if (came.rc == RC_OK && came.result.chain.say == CHAIN_ALLOWS) {
            json_int_t n = json_integer_value(json_object_get(t->where, name));
            json_object_set_new(t->where, name, json_integer(n + 1));
            t->allowed++;
        }
    }
    arena_free(a);
}

/* put writes bytes back as text in the encoding they came in. */
static void put(json_t *v, const char *prefix, bool is_base64, struct bytes raw)
{
    char text[4 * LIMIT_NEAR_NODE], b58[BASE58_MAX_TEXT];
    if (is_base64) {
        EVP_EncodeBlock((unsigned char *)text, raw.p, (int)raw.n);
        json_string_set(v, text);
        return;
    }
    base58_write(raw, b58);
    snprintf(text, sizeof text, "%s%s", prefix, b58);
    json_string_set(v, text);
}

/* flip_each: one bit of every byte that the text stands for. */
static void flip_each(struct tally *t, json_t *v, const char *name, size_t n58)
{
    struct arena *a = new_arena();
    struct err err = {0};
    const char *prefix = "";
    struct bytes text = json_view(v), raw;
    uint8_t hash[64], *p = hash;
    if (text.n > 8 && memcmp(text.p, "ed25519:", 8) == 0) {
        prefix = "ed25519:";
        text = bytes_of(text.p + 8, text.n - 8);
    }
    if (n58) {
        if (!base58_read(text, hash, n58))
            die(name);
        raw = bytes_of(hash, n58);
    } else {
        if (!base64_decode(a, text, &raw, &err) || raw.n > 2 * LIMIT_NEAR_NODE)
            die(name);
        p = arena_copy(a, raw, &err);
        if (!p)
            die("no memory");
        raw.p = p;
    }
    for (size_t i = 0; i < raw.n; i++) {
        p[i] ^= (uint8_t)(1u << (i % 8));
        put(v, prefix, n58 == 0, raw);
        try_changed(t, name);
        p[i] ^= (uint8_t)(1u << (i % 8));
    }
    put(v, prefix, n58 == 0, raw);
    arena_free(a);
}

/* other_number: each decimal digit of a number in a string, or the number by one and by a lot. */
static void other_number(struct tally *t, json_t *obj, const char *key)
{
    json_t *v = json_object_get(obj, key);
    if (json_is_integer(v)) {
        json_int_t was = json_integer_value(v);
        for (int bit = 0; bit < 62; bit++) {
            json_integer_set(v, was ^ ((json_int_t)1 << bit));
            try_changed(t, key);
        }
        json_integer_set(v, was);
        return;
    }
    char text[64];
    snprintf(text, sizeof text, "%s", json_string_value(v));
    for (size_t i = 0; text[i]; i++) {
        char was = text[i];
        text[i] = was == '9' ? '8' : (char)(was + 1);
        json_string_set(v, text);
        try_changed(t, key);
        text[i] = was;
    }
    json_string_set(v, text);
}

static void producers(struct tally *t, json_t *list)
{
    size_t i;
    json_t *p;
    json_array_foreach(list, i, p)
    {
        flip_each(t, json_object_get(p, "public_key"), "public_key", 32);
        other_number(t, p, "stake");
        json_t *id = json_object_get(p, "account_id");
        char text[80];
        snprintf(text, sizeof text, "%s", json_string_value(id));
        for (size_t k = 0; text[k]; k++) {
            text[k] ^= 1;
            json_string_set(id, text);
            try_changed(t, "account_id");
            text[k] ^= 1;
        }
        json_string_set(id, text);
    }
}

static void light(struct tally *t, json_t *b)
{
    static const char *const lite[] = {"epoch_id",     "next_epoch_id", "prev_state_root",
                                       "outcome_root", "next_bp_hash",  "block_merkle_root"};
    static const char *const top[] = {"prev_block_hash", "next_block_inner_hash",
                                      "inner_rest_hash"};
    json_t *l = json_object_get(b, "inner_lite"), *v;
    size_t i;
    for (i = 0; i < sizeof lite / sizeof *lite; i++)
        flip_each(t, json_object_get(l, lite[i]), lite[i], 32);
    for (i = 0; i < sizeof top / sizeof *top; i++)
        flip_each(t, json_object_get(b, top[i]), top[i], 32);
    other_number(t, l, "height");
    other_number(t, l, "timestamp_nanosec");
    other_number(t, l, "timestamp");
    json_array_foreach(json_object_get(b, "approvals_after_next"), i, v)
    {
        char name[32];
        snprintf(name, sizeof name, "approval %zu", i);
        if (json_is_string(v))
            flip_each(t, v, name, 64);
    }
    producers(t, json_object_get(b, "next_bps"));
}

static void path(struct tally *t, json_t *list, const char *name)
{
    size_t i;
    json_t *step;
    json_array_foreach(list, i, step)
    {
        json_t *way = json_object_get(step, "direction");
        bool left = json_string_value(way)[0] == 'L';
        flip_each(t, json_object_get(step, "hash"), name, 32);
        json_string_set(way, left ? "Right" : "Left");
        try_changed(t, name);
        json_string_set(way, left ? "Left" : "Right");
    }
}

static void header(struct tally *t, json_t *b)
{
    json_t *l = json_object_get(b, "inner_lite"), *v;
    const char *key;
    json_object_foreach(l, key, v) if (json_string_length(v) > 40) flip_each(t, v, key, 32);
    flip_each(t, json_object_get(b, "prev_block_hash"), "prev_block_hash", 32);
    flip_each(t, json_object_get(b, "inner_rest_hash"), "inner_rest_hash", 32);
    other_number(t, l, "height");
    other_number(t, l, "timestamp_nanosec");
}

/* outcome: an execution outcome's proof. */
static void outcome(struct tally *t, json_t *r)
{
    json_t *p = json_object_get(r, "outcome_proof"), *o = json_object_get(p, "outcome");
    json_t *status = json_object_get(o, "status"), *v;
    size_t i;
    flip_each(t, json_object_get(p, "id"), "id", 32);
    flip_each(t, json_object_get(p, "block_hash"), "block_hash", 32);
    path(t, json_object_get(p, "proof"), "proof");
    path(t, json_object_get(r, "outcome_root_proof"), "outcome_root_proof");
    path(t, json_object_get(r, "block_proof"), "block_proof");
    other_number(t, o, "gas_burnt");
    other_number(t, o, "tokens_burnt");
    json_array_foreach(json_object_get(o, "receipt_ids"), i, v) flip_each(t, v, "receipt", 32);
    if ((v = json_object_get(status, "SuccessValue")))
        flip_each(t, v, "SuccessValue", 0);
    if ((v = json_object_get(status, "SuccessReceiptId")))
        flip_each(t, v, "SuccessReceiptId", 32);
    header(t, json_object_get(r, "block_header_lite"));
}

/* relayed: the last 65 bytes are a signature, of which only the kind is read. */
static void relayed(struct tally *t, json_t *v)
{
    struct arena *a = new_arena();
    struct err err = {0};
    struct bytes raw;
    if (!base64_decode(a, json_view(v), &raw, &err) || raw.n < 65)
        die("a relayed transaction");
    uint8_t *p = arena_copy(a, raw, &err);
    if (!p)
        die("no memory");
    for (size_t i = 0; i < raw.n; i++) {
        p[i] ^= (uint8_t)(1u << (i % 8));
        put(v, "", true, bytes_of(p, raw.n));
        try_changed(t, i + 64 >= raw.n ? "signature" : "transaction");
        p[i] ^= (uint8_t)(1u << (i % 8));
    }
    put(v, "", true, raw);
    arena_free(a);
}

static void mutate(json_t *j)
{
    struct tally t = {.whole = j, .where = json_object()};
    size_t i, k;
    json_t *e, *v;
    try_changed(&t, "control");
    if (t.allowed != 1)
        die("the case is not allowed as it is");
    json_array_foreach(json_object_get(j, "rpc"), i, e)
    {
        const char *method = json_string_value(json_object_get(e, "method"));
        json_t *r = json_object_get(e, "result");
        if (strcmp(method, "bootgate_relay") == 0) {
            relayed(&t, json_object_get(r, "signed_transaction"));
        } else if (strcmp(method, "EXPERIMENTAL_light_client_proof") == 0) {
            outcome(&t, r);
        } else if (strcmp(method, "next_light_client_block") == 0 && json_object_size(r)) {
            light(&t, r);
        } else if (strcmp(method, "EXPERIMENTAL_validators_ordered") == 0) {
            producers(&t, r);
        } else if (strcmp(method, "block") == 0) {
            json_array_foreach(json_object_get(r, "chunks"), k, v)
                flip_each(&t, json_object_get(v, "prev_state_root"), "chunk root", 32);
        } else if (strcmp(method, "query") == 0) {
            json_array_foreach(json_object_get(r, "proof"), k, v) flip_each(&t, v, "node", 0);
            json_array_foreach(json_object_get(r, "values"), k, v)
            {
                flip_each(&t, json_object_get(v, "value"), "value", 0);
                flip_each(&t, json_object_get(v, "key"), "key", 0);
            }
        }
    }
    json_object_del(t.where, "control");
    json_t *out = json_pack("{s:I, s:I, s:o}", "runs", (json_int_t)t.runs, "allowed",
                            (json_int_t)(t.allowed - 1), "where", t.where);
    char *line = json_dumps(out, JSON_COMPACT);
    puts(line);
    free(line);
    json_decref(out);
}

int main(int argc, char **argv)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    while ((n = getline(&line, &cap, stdin)) > 0) {
        struct err err = {0};
        json_t *j = NULL;
        if (json_read(bytes_of(line, (size_t)n), LIMIT_FILE, &j, &err) != RC_OK)
            die(err.detail);
        if (argc == 2 && strcmp(argv[1], "mutate") == 0)
            mutate(j);
        else
            answer(j);
        fflush(stdout);
        json_decref(j);
    }
    free(line);
    return 0;
}
