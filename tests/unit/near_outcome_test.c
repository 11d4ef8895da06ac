/*
 * near: an execution outcome that is made here, proven up to a block under a Merkle root; then each
 * part of the proof changed: refused, by the code of the step that catches it.
 */
#include "tests/lib/harness.h"

#include "policy/near/base58.h"
#include "policy/near/outcome.h"

static json_t *b58(const uint8_t h[static 32])
{
    char text[BASE58_MAX_TEXT];
    base58_write(bytes_of(h, 32), text);
    return json_string(text);
}

/* same: 32 bytes that are all v. */
static json_t *same(int v)
{
    uint8_t h[32];
    memset(h, v, 32);
    return b58(h);
}

static json_t *step(int v, const char *direction)
{
    return json_pack("{s:o, s:s}", "hash", same(v), "direction", direction);
}

static void fold(uint8_t h[static 32], int v, bool left)
{
    uint8_t other[32];
    memset(other, v, 32);
    if (left)
        HASH_PARTS(hash_sha256_parts, h, BYTES_OF_ARRAY(other), bytes_of(h, 32));
    else
        HASH_PARTS(hash_sha256_parts, h, bytes_of(h, 32), BYTES_OF_ARRAY(other));
}

/* struct made: a proof and the root that it leads to. */
struct made {
    json_t *j;
    uint8_t root[32];
};

/*
 * make: one receipt, two logs, SuccessValue [true,""], by the formulas of facts/near.md 2.1, with
 * the bytes put together here.
 */
static struct made make(void)
{
    static const char returned[] = "[true,\"\"]";
    uint8_t h[32], log0[32], log1[32], id[32], list[4 + 4 * 32] = {4};
    uint8_t partial[4 + 32 + 8 + 16 + 4 + 8 + 1 + 4 + 9] = {1};
    struct made m;
    memset(id, 5, 32);
    memset(partial + 4, 6, 32);
    partial[36] = 77;                    /* gas_burnt */
    partial[44] = 88;                    /* tokens_burnt */
    partial[60] = 8;                     /* executor_id */
    memcpy(partial + 64, "kms.near", 8); /* status: */
    partial[72] = 2;                     /* SuccessValue */
    partial[73] = sizeof returned - 1;
    memcpy(partial + 77, returned, sizeof returned - 1);
    hash_sha256(BYTES_OF_ARRAY(partial), h);
    hash_sha256(bytes_of_str("log"), log0);
    hash_sha256(BYTES_NONE, log1);
    memcpy(list + 4, id, 32);
    memcpy(list + 36, h, 32);
    memcpy(list + 68, log0, 32);
    memcpy(list + 100, log1, 32);
    hash_sha256(BYTES_OF_ARRAY(list), h);
    fold(h, 11, true);
    fold(h, 12, false);
    hash_sha256(BYTES_OF_ARRAY(h), h);
    fold(h, 13, false);
    struct near_inner_lite lite = {.height = 42, .timestamp = 43};
    memcpy(lite.outcome_root, h, 32);
    uint8_t rest[32], prev[32], block[32];
    memset(rest, 1, 32);
    memset(prev, 2, 32);
    near_block_hash(&lite, rest, prev, block);
    memcpy(m.root, block, 32);
    fold(m.root, 14, true);
    json_t *outcome =
        json_pack("{s:[s,s], s:[o], s:I, s:s, s:s, s:{s:s}, s:{}}", "logs", "log", "",
                  "receipt_ids", same(6), "gas_burnt", (json_int_t)77, "tokens_burnt", "88",
                  "executor_id", "kms.near", "status", "SuccessValue", "W3RydWUsIiJd", "metadata");
    json_t *header = json_pack("{s:I, s:o, s:o, s:o, s:o, s:s, s:o, s:o}", "height", (json_int_t)42,
                               "epoch_id", same(0), "next_epoch_id", same(0), "prev_state_root",
                               same(0), "outcome_root", b58(h), "timestamp_nanosec", "43",
                               "next_bp_hash", same(0), "block_merkle_root", same(0));
    m.j = json_pack("{s:{s:o, s:o, s:o, s:[o,o]}, s:[o], s:{s:o, s:o, s:o}, s:[o]}",
                    "outcome_proof", "id", same(5), "block_hash", b58(block), "outcome", outcome,
                    "proof", step(11, "Left"), step(12, "Right"), "outcome_root_proof",
                    step(13, "Right"), "block_header_lite", "inner_lite", header, "inner_rest_hash",
                    same(1), "prev_block_hash", same(2), "block_proof", step(14, "Left"));
    assert_non_null(m.j);
    return m;
}

static enum rc prove(const struct made *m, struct near_outcome *out, struct arena **keep)
{
    struct err err = {0};
    *keep = arena_new(1 << 20);
    assert_non_null(*keep);
    return near_outcome_prove(*keep, m->j, m->root, out, &err);
}

static json_t *at(json_t *j, const char *a, const char *b)
{
    j = a ? json_object_get(j, a) : j;
    return b ? json_object_get(j, b) : j;
}

static void an_outcome_is_proven(void **state)
{
    (void)state;
    struct made m = make();
    struct near_outcome o = {0};
    struct arena *a;
    enum rc rc = prove(&m, &o, &a);
    CASE("a value",
         rc == RC_OK && o.status == NEAR_STATUS_VALUE && bytes_eq_str(o.value, "[true,\"\"]") &&
             bytes_eq_str(o.executor_id, "kms.near") && o.id[0] == 5 && o.height == 42 &&
             o.timestamp == 43,
         "BG-%04d", rc);
    arena_free(a);
    json_decref(m.j);
}

static void each_step_refuses_by_its_own_code(void **state)
{
    (void)state;
    json_t *big = json_array(), *path = json_array();
    for (int i = 0; i < 513; i++)
        json_array_append_new(big, json_string(""));
    json_t *receipts = json_deep_copy(big);
    for (int i = 0; i < 65; i++)
        json_array_append_new(path, step(1, "Left"));
    const struct {
        const char *name, *a, *b; /* the object */
        const char *key;
        json_t *value; /* stolen; NULL: the member is taken away */
        enum rc want;
    } cases[] = {
        {"no id", "outcome_proof", NULL, "id", NULL, BG_NEAR_OUTCOME_SHAPE},
        {"id too short", "outcome_proof", NULL, "id", json_string("1"), BG_NEAR_OUTCOME_SHAPE},
        {"no block hash", "outcome_proof", NULL, "block_hash", NULL, BG_NEAR_OUTCOME_SHAPE},
        {"no gas", "outcome_proof", "outcome", "gas_burnt", NULL, BG_NEAR_OUTCOME_SHAPE},
        {"negative gas", "outcome_proof", "outcome", "gas_burnt", json_integer(-1),
         BG_NEAR_OUTCOME_SHAPE},
        {"tokens as a number", "outcome_proof", "outcome", "tokens_burnt", json_integer(88),
         BG_NEAR_OUTCOME_SHAPE},
        {"executor of one letter", "outcome_proof", "outcome", "executor_id", json_string("k"),
         BG_NEAR_OUTCOME_SHAPE},
        {"no status", "outcome_proof", "outcome", "status", NULL, BG_NEAR_OUTCOME_STATUS},
        {"a status in words", "outcome_proof", "outcome", "status", json_string("Success"),
         BG_NEAR_OUTCOME_STATUS},
        {"two statuses", "outcome_proof", "outcome", "status",
         json_pack("{s:s, s:s}", "SuccessValue", "", "Failure", ""), BG_NEAR_OUTCOME_STATUS},
        {"a value that is not base64", "outcome_proof", "outcome", "status",
         json_pack("{s:s}", "SuccessValue", "W3"), BG_NEAR_OUTCOME_STATUS},
        {"logs missing", "outcome_proof", "outcome", "logs", NULL, BG_NEAR_OUTCOME_PARTS},
        {"513 logs", "outcome_proof", "outcome", "logs", big, BG_NEAR_OUTCOME_PARTS},
        {"513 receipts", "outcome_proof", "outcome", "receipt_ids", receipts,
         BG_NEAR_OUTCOME_PARTS},
        {"a log that is a number", "outcome_proof", "outcome", "logs", json_pack("[s,i]", "log", 1),
         BG_NEAR_OUTCOME_LOG},
        {"a receipt that is no hash", "outcome_proof", "outcome", "receipt_ids",
         json_pack("[s]", "x"), BG_NEAR_OUTCOME_SIZE},
        {"another path", "outcome_proof", NULL, "proof",
         json_pack("[o,o]", step(11, "Left"), step(12, "Left")), BG_NEAR_OUTCOME_ROOT},
        {"a path cut", "outcome_proof", NULL, "proof", json_pack("[o]", step(11, "Left")),
         BG_NEAR_OUTCOME_ROOT},
        {"a direction in other letters", "outcome_proof", NULL, "proof",
         json_pack("[o]", step(11, "left")), BG_NEAR_OUTCOME_PATH},
        {"65 steps", "outcome_proof", NULL, "proof", path, BG_NEAR_OUTCOME_PATH},
        {"no header", NULL, NULL, "block_header_lite", json_object(), BG_NEAR_INNER_LITE},
        {"no rest", "block_header_lite", NULL, "inner_rest_hash", NULL, BG_NEAR_OUTCOME_HEADER},
        {"another height", "block_header_lite", "inner_lite", "height", json_integer(43),
         BG_NEAR_OUTCOME_HASH},
        {"a newer header", "block_header_lite", "inner_lite", "chunk_execution_root",
         json_string("1"), BG_NEAR_HEADER_NEWER},
        {"another block named", "outcome_proof", NULL, "block_hash", same(3), BG_NEAR_OUTCOME_HASH},
        {"another value", "outcome_proof", "outcome", "status",
         json_pack("{s:s}", "SuccessValue", "W3RydWUsIiJe"), BG_NEAR_OUTCOME_ROOT},
        {"a failure", "outcome_proof", "outcome", "status", json_pack("{s:{}}", "Failure"),
         BG_NEAR_OUTCOME_ROOT},
        {"a status not known", "outcome_proof", "outcome", "status", json_string("Unknown"),
         BG_NEAR_OUTCOME_ROOT},
        {"a receipt to follow", "outcome_proof", "outcome", "status",
         json_pack("{s:o}", "SuccessReceiptId", same(7)), BG_NEAR_OUTCOME_ROOT},
        {"another executor", "outcome_proof", "outcome", "executor_id", json_string("kms.neas"),
         BG_NEAR_OUTCOME_ROOT},
        {"another id", "outcome_proof", NULL, "id", same(4), BG_NEAR_OUTCOME_ROOT},
        {"more gas", "outcome_proof", "outcome", "gas_burnt", json_integer(78),
         BG_NEAR_OUTCOME_ROOT},
        {"more tokens", "outcome_proof", "outcome", "tokens_burnt", json_string("89"),
         BG_NEAR_OUTCOME_ROOT},
        {"another log", "outcome_proof", "outcome", "logs", json_pack("[s,s]", "lag", ""),
         BG_NEAR_OUTCOME_ROOT},
        {"a log less", "outcome_proof", "outcome", "logs", json_pack("[s]", "log"),
         BG_NEAR_OUTCOME_ROOT},
        {"another receipt", "outcome_proof", "outcome", "receipt_ids", json_pack("[o]", same(8)),
         BG_NEAR_OUTCOME_ROOT},
        {"another root", "block_header_lite", "inner_lite", "outcome_root", same(9),
         BG_NEAR_OUTCOME_ROOT},
        {"another way to the head", NULL, NULL, "block_proof", json_pack("[o]", step(14, "Right")),
         BG_NEAR_OUTCOME_BLOCK},
        {"no way to the head", NULL, NULL, "block_proof", json_array(), BG_NEAR_OUTCOME_BLOCK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct made m = make();
        json_t *obj = at(m.j, cases[i].a, cases[i].b);
        struct near_outcome o = {0};
        struct arena *a;
        if (cases[i].value)
            json_object_set_new(obj, cases[i].key, cases[i].value);
        else
            json_object_del(obj, cases[i].key);
        enum rc rc = prove(&m, &o, &a);
        CASE(cases[i].name, rc == cases[i].want && o.status == NEAR_STATUS_NONE, "BG-%04d", rc);
        arena_free(a);
        json_decref(m.j);
    }
    struct made m = make();
    struct near_outcome o = {0};
    struct arena *a;
    m.root[0] ^= 1;
    CASE("another head", prove(&m, &o, &a) == BG_NEAR_OUTCOME_BLOCK, "proven");
    arena_free(a);
    json_decref(m.j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_outcome_is_proven),
        cmocka_unit_test(each_step_refuses_by_its_own_code),
    };
    return HARNESS_RUN("near_outcome", tests);
}
