/*
 * precompile_fuzz: any input to any precompiled contract. Two bytes choose fork, address and gas.
 * What is computed was paid for; a gas unit less than the price fails; a failure has no output.
 */
#include <stdlib.h>

#include "policy/evm/precompile.h"

static void must(bool b)
{
    if (!b)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint16_t numbers[] = {1, 2, 3, 4, 5, 9, 0x100, 5, 0x100, 1, 6, 0x0a, 0x0b, 0x12};
    if (size < 2)
        return 0;
    enum eth_fork fork = (enum eth_fork)(ETH_PARIS + data[0] % 5);
    uint16_t number = numbers[data[1] % (sizeof numbers / sizeof *numbers)];
    uint8_t addr[20] = {[18] = (uint8_t)(number >> 8), [19] = (uint8_t)number};
    const uint64_t gas = 500000;
    struct precompile_result full, poor;
    struct err err = {0};
    struct arena *a = arena_new(16u << 20);
    must(a != NULL);
    struct bytes in = bytes_of(data + 2, size - 2);
    must(precompile_run(a, fork, addr, in, gas, &full, &err) == RC_OK);
    must((full.outcome != PRECOMPILE_NOT_ONE) == precompile_is(fork, addr));
    must(full.outcome == PRECOMPILE_OK ? full.gas <= gas : full.output.n == 0);
    if (full.outcome == PRECOMPILE_OK && full.gas) {
        must(precompile_run(a, fork, addr, in, full.gas - 1, &poor, &err) == RC_OK);
        must(poor.outcome == PRECOMPILE_FAILED && poor.output.n == 0 && poor.gas == full.gas);
        must(precompile_run(a, fork, addr, in, full.gas, &poor, &err) == RC_OK);
        must(poor.outcome == PRECOMPILE_OK && bytes_eq(poor.output, full.output));
    }
    arena_free(a);
    return 0;
}
