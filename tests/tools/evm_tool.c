/*
 * evm_tool: the EVM's side of tests/oracles/evm_diff.mjs. One JSON object per line on standard
 * input, one answer per line on standard output:
 *   {"op":"u256","fn":"mulmod","args":["0x..",..]}                     {"value":"0x.."}
 *   {"op":"precompile","fork":"osaka","to":"0x..","input":"0x..","gas":n}
 *   {"op":"run","fork":..,"block":{..},"from":..,"to":..,"input":..,"gas":n,
 *    "accounts":{"0x..":{"code":"0x..","balance":"0x..","nonce":n,"slots":{"0x..":"0x.."}}}}
 *                                          {"outcome":"returned","gas":n,"output":"0x..","what":..}
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/limits.h"
#include "policy/evm/precompile.h"
#include "tests/lib/evm_mem.h"

static void give_up(const char *why)
{
    fprintf(stderr, "evm_tool: %s\n", why);
    exit(2);
}

static const char *text_of(const json_t *obj, const char *key)
{
    const char *s = json_string_value(json_object_get(obj, key));
    if (!s)
        give_up(key);
    return s;
}

static u256 word_of(const json_t *obj, const char *key)
{
    return evm_mem_hex(text_of(obj, key));
}

static struct bytes data_of(struct arena *a, const json_t *obj, const char *key)
{
    struct err err = {0};
    struct bytes out;
    if (!hex_decode_any(a, bytes_of_str(text_of(obj, key) + 2), &out, &err))
        give_up(key);
    return out;
}

static void print_hex(const char *key, struct bytes b)
{
    printf("\"%s\":\"0x", key);
    for (size_t i = 0; i < b.n; i++)
        printf("%02x", b.p[i]);
    printf("\"");
}

struct unary {
    const char *name;
    u256 (*fn)(u256);
};
struct binary {
    const char *name;
    u256 (*fn)(u256, u256);
};
struct ternary {
    const char *name;
    u256 (*fn)(u256, u256, u256);
};

static u256 lt(u256 a, u256 b)
{
    return u256_of(u256_cmp(a, b) < 0);
}
static u256 slt(u256 a, u256 b)
{
    return u256_of(u256_scmp(a, b) < 0);
}
static u256 bits(u256 a)
{
    return u256_of(u256_bits(a));
}

static u256 calculate(const char *fn, const u256 x[3])
{
    static const struct unary unaries[] = {{"not", u256_not}, {"bits", bits}};
    static const struct binary binaries[] = {
        {"add", u256_add},   {"sub", u256_sub}, {"mul", u256_mul},
        {"div", u256_div},   {"mod", u256_mod}, {"sdiv", u256_sdiv},
        {"smod", u256_smod}, {"exp", u256_exp}, {"signextend", u256_signextend},
        {"and", u256_and},   {"or", u256_or},   {"xor", u256_xor},
        {"byte", u256_byte}, {"shl", u256_shl}, {"shr", u256_shr},
        {"sar", u256_sar},   {"lt", lt},        {"slt", slt},
    };
    static const struct ternary ternaries[] = {{"addmod", u256_addmod}, {"mulmod", u256_mulmod}};
    for (size_t i = 0; i < sizeof unaries / sizeof *unaries; i++)
        if (strcmp(fn, unaries[i].name) == 0)
            return unaries[i].fn(x[0]);
    for (size_t i = 0; i < sizeof binaries / sizeof *binaries; i++)
        if (strcmp(fn, binaries[i].name) == 0)
            return binaries[i].fn(x[0], x[1]);
    for (size_t i = 0; i < sizeof ternaries / sizeof *ternaries; i++)
        if (strcmp(fn, ternaries[i].name) == 0)
            return ternaries[i].fn(x[0], x[1], x[2]);
    give_up("unknown function");
    return U256_ZERO;
}

static void do_u256(const json_t *q)
{
    u256 x[3] = {U256_ZERO, U256_ZERO, U256_ZERO};
    const json_t *args = json_object_get(q, "args");
    uint8_t out[32];
    for (size_t i = 0; i < json_array_size(args) && i < 3; i++)
        x[i] = evm_mem_hex(json_string_value(json_array_get(args, i)));
    u256_to_be(calculate(text_of(q, "fn"), x), out);
    printf("{");
    print_hex("value", BYTES_OF_ARRAY(out));
    printf("}\n");
}

static enum eth_fork fork_of(const json_t *q)
{
    static const char *const names[] = {"paris", "shanghai", "cancun", "prague", "osaka"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text_of(q, "fork"), names[i]) == 0)
            return (enum eth_fork)(ETH_PARIS + i);
    give_up("unknown fork");
    return ETH_FORK_NONE;
}

static void do_precompile(struct arena *a, const json_t *q)
{
    static const char *const names[] = {"none", "ok", "failed", "unsupported"};
    struct precompile_result res;
    struct err err = {0};
    uint8_t addr[20];
    evm_mem_addr(text_of(q, "to"), addr);
    if (precompile_run(a, fork_of(q), addr, data_of(a, q, "input"),
                       (uint64_t)json_integer_value(json_object_get(q, "gas")), &res, &err))
        give_up(err.detail);
    printf("{\"outcome\":\"%s\",\"gas\":%llu,", names[res.outcome], (unsigned long long)res.gas);
    print_hex("output", res.output);
    printf("}\n");
}

static void load(struct arena *a, struct evm_mem *mem, const json_t *accounts)
{
    const char *addr_text, *slot;
    json_t *x, *value, *all = (json_t *)(uintptr_t)accounts;
    json_object_foreach(all, addr_text, x)
    {
        uint8_t addr[20];
        evm_mem_addr(addr_text, addr);
        struct evm_mem_account *acct = evm_mem_code(mem, addr, data_of(a, x, "code"));
        acct->data.balance = word_of(x, "balance");
        acct->data.exists = acct->code.n || !u256_is_zero(acct->data.balance) ||
                            json_integer_value(json_object_get(x, "nonce"));
        json_object_foreach(json_object_get(x, "slots"), slot, value)
            evm_mem_slot(acct, evm_mem_hex(slot), evm_mem_hex(json_string_value(value)));
    }
}

static void do_run(struct arena *a, const json_t *q)
{
    static const char *const names[] = {"none",    "returned", "reverted",
                                        "faulted", "missed",   "unsupported"};
    struct evm_mem *mem = calloc(1, sizeof *mem);
    const json_t *b = json_object_get(q, "block");
    struct evm_result res;
    struct err err = {0};
    if (!mem)
        give_up("no memory");
    struct evm_block block = {
        .fork = fork_of(q),
        .chain_id = word_of(b, "chainId").w[0],
        .number = word_of(b, "number").w[0],
        .timestamp = word_of(b, "timestamp").w[0],
        .gas_limit = word_of(b, "gasLimit").w[0],
        .base_fee = word_of(b, "baseFee"),
        .excess_blob_gas = word_of(b, "excessBlobGas").w[0],
    };
    struct evm_call call = {.input = data_of(a, q, "input"),
                            .gas = (uint64_t)json_integer_value(json_object_get(q, "gas"))};
    evm_mem_addr(text_of(b, "coinbase"), block.coinbase);
    u256_to_be(word_of(b, "prevRandao"), block.prev_randao);
    evm_mem_addr(text_of(q, "from"), call.from);
    evm_mem_addr(text_of(q, "to"), call.to);
    mem->complete = true;
    load(a, mem, json_object_get(q, "accounts"));
    struct evm_state state = evm_mem_state(mem);
    if (evm_run(a, &state, &block, &call, &res, &err) != RC_OK)
        give_up(err.detail);
    printf("{\"outcome\":\"%s\",\"gas\":%llu,\"depth\":%u,\"what\":\"%s\",", names[res.outcome],
           (unsigned long long)res.gas_used, res.max_depth, res.what ? res.what : "");
    print_hex("output", res.output);
    printf("}\n");
    free(mem);
}

int main(void)
{
    char *line = NULL;
    size_t cap = 0;
    for (ssize_t n; (n = getline(&line, &cap, stdin)) > 0;) {
        struct err err = {0};
        struct arena *a = arena_new(LIMIT_ARENA);
        json_t *q = NULL;
        if (!a || json_read(bytes_of(line, (size_t)n), LIMIT_FILE, &q, &err) != RC_OK)
            give_up("not JSON");
        const char *op = text_of(q, "op");
        if (strcmp(op, "u256") == 0)
            do_u256(q);
        else if (strcmp(op, "precompile") == 0)
            do_precompile(a, q);
        else
            do_run(a, q);
        json_decref(q);
        arena_free(a);
    }
    free(line);
    return 0;
}
