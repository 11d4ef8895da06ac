/*
 * evm on published vectors: single opcodes (go-ethereum core/vm/testdata), recorded mainnet calls,
 * and every case of the contracts sets: outcome, return data and gas as @ethereumjs/evm has them.
 * State is taken from the recordings; that it is proven is another test's business.
 */
#include <dirent.h>
#include <stdlib.h>

#include "base/limits.h"
#include "tests/lib/evm_mem.h"

static const char *text_of(const json_t *obj, const char *key)
{
    const char *s = json_string_value(json_object_get(obj, key));
    return s ? s : "0x0";
}

static uint64_t number_of(const json_t *obj, const char *key)
{
    return evm_mem_hex(text_of(obj, key)).w[0];
}

struct opcode_file {
    const char *file;
    uint8_t opcode;
};

/* X is the lower stack item, Y the top one (MANIFEST). */
static void opcode_cases(const struct opcode_file *of)
{
    char path[96];
    uint8_t code[] = {0x7f, [33] = 0x7f, [66] = of->opcode, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3};
    struct evm_block block = {.fork = ETH_SHANGHAI};
    struct evm_call call = {.to = {1, 2, 3}, .gas = 100000};
    snprintf(path, sizeof path, "eth/evm-ops/testcases_%s.json", of->file);
    AUTO_JSON list = vectors_json(path);
    size_t i;
    json_t *c;
    json_array_foreach(list, i, c)
    {
        struct arena *a = arena_new(1 << 20);
        struct evm_mem *mem = calloc(1, sizeof *mem);
        struct evm_result res;
        struct err err = {0};
        char name[64];
        snprintf(name, sizeof name, "%s #%zu", of->file, i);
        u256_to_be(evm_mem_hex(text_of(c, "X")), code + 1);
        u256_to_be(evm_mem_hex(text_of(c, "Y")), code + 34);
        evm_mem_code(mem, call.to, BYTES_OF_ARRAY(code));
        struct evm_state state = evm_mem_state(mem);
        assert_int_equal(evm_run(a, &state, &block, &call, &res, &err), RC_OK);
        CASE(name,
             res.outcome == EVM_RETURNED && res.output.n == 32 &&
                 u256_eq(u256_from_be(res.output.p, 32), evm_mem_hex(text_of(c, "Expected"))),
             "outcome %d", res.outcome);
        free(mem);
        arena_free(a);
    }
}

static void opcodes_give_what_go_ethereum_expects(void **state)
{
    (void)state;
    static const struct opcode_file files[] = {
        {"add", 0x01}, {"and", 0x16}, {"byte", 0x1a}, {"div", 0x04}, {"eq", 0x14},
        {"exp", 0x0a}, {"gt", 0x11},  {"lt", 0x10},   {"mod", 0x06}, {"mul", 0x02},
        {"or", 0x17},  {"sar", 0x1d}, {"sdiv", 0x05}, {"sgt", 0x13}, {"shl", 0x1b},
        {"shr", 0x1c}, {"slt", 0x12}, {"smod", 0x07}, {"sub", 0x03}, {"signext", 0x0b},
        {"xor", 0x18},
    };
    char *present = vectors_path("eth/evm-ops/testcases_add.json");
    if (!present) {
        case_skip(1, "vectors/eth/evm-ops is not there");
        return;
    }
    free(present);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        opcode_cases(&files[i]);
}

static struct evm_block block_of(const json_t *header, enum eth_fork fork, uint64_t chain_id)
{
    struct evm_block b = {
        .fork = fork,
        .chain_id = chain_id,
        .number = number_of(header, "number"),
        .timestamp = number_of(header, "timestamp"),
        .gas_limit = number_of(header, "gasLimit"),
        .base_fee = evm_mem_hex(text_of(header, "baseFeePerGas")),
        .excess_blob_gas = number_of(header, "excessBlobGas"),
    };
    evm_mem_addr(text_of(header, "miner"), b.coinbase);
    u256_to_be(evm_mem_hex(text_of(header, "mixHash")), b.prev_randao);
    return b;
}

/* load_proof: an eth_getProof result as plain state. */
static void load_proof(struct evm_mem *m, const json_t *proof)
{
    uint8_t addr[20];
    size_t i;
    json_t *slot;
    evm_mem_addr(text_of(proof, "address"), addr);
    struct evm_mem_account *x = evm_mem_at(m, addr);
    x->has_data = true;
    x->data.balance = evm_mem_hex(text_of(proof, "balance"));
    u256_to_be(evm_mem_hex(text_of(proof, "codeHash")), x->data.code_hash);
    x->data.exists = !u256_is_zero(x->data.balance) || number_of(proof, "nonce") ||
                     strcmp(text_of(proof, "codeHash"),
                            "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    json_array_foreach(json_object_get(proof, "storageProof"), i, slot)
        evm_mem_slot(x, evm_mem_hex(text_of(slot, "key")), evm_mem_hex(text_of(slot, "value")));
}

static void load_code(struct arena *a, struct evm_mem *m, const char *address, const char *code)
{
    uint8_t addr[20];
    evm_mem_addr(address, addr);
    struct evm_mem_account *x = evm_mem_at(m, addr);
    x->code = unhex(a, code);
    x->has_code = true;
}

struct contract_case {
    struct arena *a;
    struct evm_mem *mem;
    struct evm_block block;
    struct evm_call call;
    const json_t *doc;
};

static void load_case(struct contract_case *c)
{
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(c->doc, "transcript"), i, entry)
    {
        const json_t *req = json_object_get(entry, "request");
        const json_t *result = json_object_get(json_object_get(entry, "response"), "result");
        const char *method = text_of(req, "method");
        const json_t *params = json_object_get(req, "params");
        if (strcmp(method, "eth_getProof") == 0)
            load_proof(c->mem, result);
        else if (strcmp(method, "eth_getCode") == 0)
            load_code(c->a, c->mem, json_string_value(json_array_get(params, 0)),
                      json_string_value(result));
    }
    evm_mem_addr(text_of(c->doc, "kmsContract"), c->call.to);
    c->call.input = unhex(c->a, text_of(c->doc, "calldata"));
    c->call.gas = LIMIT_CALL_GAS;
}

static void check_case(struct contract_case *c, const char *name)
{
    struct evm_result res;
    struct err err = {0};
    struct evm_state state = evm_mem_state(c->mem);
    const json_t *want = json_object_get(c->doc, "returndata");
    int64_t gas = json_integer_value(json_object_get(c->doc, "executionGas"));
    assert_int_equal(evm_run(c->a, &state, &c->block, &c->call, &res, &err), RC_OK);
    if (json_is_string(want)) {
        struct bytes data = unhex(c->a, json_string_value(want));
        CASE(name, res.outcome == EVM_RETURNED && bytes_eq(res.output, data), "outcome %d (%s %s)",
             res.outcome, res.what ? res.what : "", c->mem->last_miss ? c->mem->last_miss : "");
    } else {
        CASE(name, res.outcome == EVM_REVERTED, "outcome %d (%s %s), a revert expected",
             res.outcome, res.what ? res.what : "", c->mem->last_miss ? c->mem->last_miss : "");
    }
    CASE(name, (int64_t)res.gas_used == gas, "gas %lld, expected %lld", (long long)res.gas_used,
         (long long)gas);
}

/* every_missing_piece_stops: take one account, code or slot away at a time; never an answer. */
static void every_missing_piece_stops(struct contract_case *c, const char *name)
{
    struct evm_state state = evm_mem_state(c->mem);
    for (size_t i = 0; i < c->mem->n; i++) {
        struct evm_mem_account *x = &c->mem->v[i];
        for (size_t k = 0; k <= x->num_slots; k++) {
            struct evm_mem_account saved = *x;
            struct evm_result res;
            struct err err = {0};
            if (k == x->num_slots)
                x->has_code = false;
            else
                x->slots[k] = x->slots[--x->num_slots];
            c->mem->missed = 0;
            assert_int_equal(evm_run(c->a, &state, &c->block, &c->call, &res, &err), RC_OK);
            CASE(name, (c->mem->missed == 1) == (res.outcome == EVM_MISSED) && res.output.n <= 1024,
                 "account %zu piece %zu: outcome %d, %zu misses", i, k, res.outcome,
                 c->mem->missed);
            *x = saved;
        }
    }
}

static void contract_set(const char *set, enum eth_fork fork)
{
    char path[256], *dir_path;
    snprintf(path, sizeof path, "contracts/%s/index.json", set);
    dir_path = vectors_path(path);
    if (!dir_path) {
        case_skip(1, "vectors/contracts is not there");
        return;
    }
    *strrchr(dir_path, '/') = 0;
    snprintf(path, sizeof path, "contracts/%s/block.json", set);
    AUTO_JSON block = vectors_json(path);
    AUTO_JSON next =
        fork == ETH_SHANGHAI
            ? NULL
            : vectors_json((snprintf(path, sizeof path, "contracts/%s/lc-blocks.json", set), path));
    const json_t *next_header =
        json_object_get(json_object_get(next, "finalizedNextPeriod"), "header");
    DIR *dir = opendir(dir_path);
    assert_non_null(dir);
    size_t seen = 0;
    for (struct dirent *e; (e = readdir(dir));) {
        bool later = strncmp(e->d_name, "next-case-", 10) == 0;
        if (!later && strncmp(e->d_name, "case-", 5) != 0)
            continue;
        snprintf(path, sizeof path, "contracts/%s/%.128s", set, e->d_name);
        AUTO_JSON doc = vectors_json(path);
        struct contract_case c = {.a = arena_new(LIMIT_ARENA), .doc = doc};
        c.mem = calloc(1, sizeof *c.mem);
        c.block = block_of(later ? next_header : json_object_get(block, "header"), fork, 31337);
        load_case(&c);
        check_case(&c, path);
        if (strstr(path, "-allowed.json") || strstr(path, "delegated"))
            every_missing_piece_stops(&c, path);
        free(c.mem);
        arena_free(c.a);
        seen++;
    }
    closedir(dir);
    free(dir_path);
    CASE(set, seen >= 29, "only %zu cases", seen);
}

static void contract_cases_give_the_recorded_answers_and_gas(void **state)
{
    (void)state;
    contract_set("capella-devnet", ETH_SHANGHAI);
    contract_set("prague-canonical", ETH_PRAGUE);
    contract_set("osaka-devnode", ETH_OSAKA);
}

static void recorded_call(const char *path, enum eth_fork fork)
{
    AUTO_JSON doc = vectors_json(path);
    struct contract_case c = {.a = arena_new(LIMIT_ARENA), .doc = doc};
    const json_t *call = json_object_get(doc, "call");
    const char *key;
    size_t i;
    json_t *v;
    struct evm_result res;
    struct err err = {0};
    c.mem = calloc(1, sizeof *c.mem);
    c.block = block_of(json_object_get(doc, "header"), fork, 1);
    json_array_foreach(json_object_get(doc, "proofs"), i, v) load_proof(c.mem, v);
    json_object_foreach(json_object_get(doc, "code"), key, v)
        load_code(c.a, c.mem, key, json_string_value(v));
    evm_mem_addr(text_of(call, "to"), c.call.to);
    c.call.input = unhex(c.a, text_of(call, "data"));
    c.call.gas = LIMIT_CALL_GAS;
    struct evm_state state = evm_mem_state(c.mem);
    assert_int_equal(evm_run(c.a, &state, &c.block, &c.call, &res, &err), RC_OK);
    struct bytes want = unhex(c.a, text_of(json_object_get(doc, "expect"), "output"));
    CASE(path, res.outcome == EVM_RETURNED && bytes_eq(res.output, want), "outcome %d (%s %s)",
         res.outcome, res.what ? res.what : "", c.mem->last_miss ? c.mem->last_miss : "");
    every_missing_piece_stops(&c, path);
    free(c.mem);
    arena_free(c.a);
}

static void recorded_mainnet_calls_give_the_recorded_output(void **state)
{
    (void)state;
    char *present = vectors_path("eth/calls/weth-balanceOf-prague.json");
    if (!present) {
        case_skip(3, "vectors/eth/calls is not there");
        return;
    }
    free(present);
    recorded_call("eth/calls/weth-balanceOf-prague.json", ETH_PRAGUE);
    recorded_call("eth/calls/usdc-proxy-balanceOf-eth_call1.json", ETH_CANCUN);
    recorded_call("eth/calls/usdc-proxy-balanceOf-eth_call3.json", ETH_CANCUN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opcodes_give_what_go_ethereum_expects),
        cmocka_unit_test(contract_cases_give_the_recorded_answers_and_gas),
        cmocka_unit_test(recorded_mainnet_calls_give_the_recorded_output),
    };
    return HARNESS_RUN("evm vectors", tests);
}
