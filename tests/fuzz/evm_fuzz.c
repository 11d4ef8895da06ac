/*
 * evm_fuzz: random contracts that may call each other. First byte: fork and whether state is
 * missing; then two lengths; then the code of two contracts and the input. Whatever they do, the
 * run ends within its gas, says the same twice, and gives output only when it has an answer.
 */
#include <stdlib.h>

#include "policy/evm/evm.h"

struct contracts {
    struct bytes code[2];
    bool holes; /* some state is missing */
};

static enum evm_answer on_account(void *ctx, const uint8_t addr[static 20], struct evm_account *out)
{
    const struct contracts *c = ctx;
    if (c->holes && addr[19] % 4 == 3)
        return EVM_STATE_MISS;
    *out = (struct evm_account){.exists = addr[19] % 2, .balance = u256_of(addr[19])};
    return EVM_STATE_OK;
}

static enum evm_answer on_storage(void *ctx, const uint8_t addr[static 20],
                                  const uint8_t slot[static 32], uint8_t value[static 32])
{
    const struct contracts *c = ctx;
    if (c->holes && slot[31] % 4 == 3)
        return EVM_STATE_MISS;
    for (size_t i = 0; i < 32; i++)
        value[i] = slot[i] ^ addr[i % 20];
    return EVM_STATE_OK;
}

static enum evm_answer on_code(void *ctx, const uint8_t addr[static 20], struct bytes *out)
{
    const struct contracts *c = ctx;
    if (c->holes && addr[19] % 4 == 3)
        return EVM_STATE_MISS;
    *out = addr[19] == 0x20 ? c->code[0] : addr[19] == 0x30 ? c->code[1] : BYTES_NONE;
    return EVM_STATE_OK;
}

static void must(bool b)
{
    if (!b)
        abort();
}

static void check(const struct evm_result *r, uint64_t gas)
{
    bool answered = r->outcome == EVM_RETURNED || r->outcome == EVM_REVERTED;
    must(r->outcome > EVM_NONE && r->outcome <= EVM_UNSUPPORTED);
    must(r->gas_used <= gas);
    must(answered || (r->output.n == 0 && r->what));
    must(r->outcome != EVM_FAULTED || r->gas_used == gas);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4)
        return 0;
    const uint64_t gas = 200000;
    struct contracts c = {.holes = data[0] & 0x80};
    struct bytes rest = bytes_of(data + 4, size - 4);
    for (size_t i = 0; i < 2; i++) {
        size_t n = data[1 + i] * (i ? 1u : 4u) < rest.n ? data[1 + i] * (i ? 1u : 4u) : rest.n;
        c.code[i] = bytes_of(rest.p, n);
        rest = bytes_of(rest.p + n, rest.n - n);
    }
    struct evm_state state = {&c, on_account, on_storage, on_code};
    struct evm_block block = {.fork = (enum eth_fork)(ETH_PARIS + (data[0] & 0x7f) % 5),
                              .chain_id = 1,
                              .timestamp = 1767747671,
                              .excess_blob_gas = (uint64_t)data[3] << 20};
    struct evm_call call = {.to = {[19] = 0x20}, .input = rest, .gas = gas};
    struct evm_result first, again;
    struct err err = {0};
    struct arena *a = arena_new(16u << 20);
    must(a && evm_run(a, &state, &block, &call, &first, &err) == RC_OK);
    check(&first, gas);
    must(evm_run(a, &state, &block, &call, &again, &err) == RC_OK);
    must(first.outcome == again.outcome && first.gas_used == again.gas_used &&
         bytes_eq(first.output, again.output));
    arena_free(a);
    return 0;
}
