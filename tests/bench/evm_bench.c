/*
 * evm_bench: the slowest things a contract can make the EVM do with the gas of one call
 * (LIMIT_CALL_GAS), each as an endless loop. Prints milliseconds; an argument picks one by name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/limits.h"
#include "tests/lib/evm_mem.h"

struct loop {
    const char *name, *code;
    enum eth_fork fork;
};

#define MAX "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

static const struct loop loops[] = {
    {"jumpdest", "5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5f56", ETH_OSAKA},
    {"push-pop",
     "5b600150600150600150600150600150600150600150600150"
     "5f56",
     ETH_OSAKA},
    {"add",
     MAX "5b80018001800180018001800180018001"
         "602156",
     ETH_OSAKA},
    {"mulmod",
     "5b7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7" MAX MAX "09505f56",
     ETH_OSAKA},
    {"sdiv", "5b70fffffffffffffffffffffffffffffffff1" MAX "05505f56", ETH_OSAKA},
    {"exp", "5b" MAX MAX "0a505f56", ETH_OSAKA},
    {"keccak-word", "5b60205f20505f56", ETH_OSAKA},
    {"keccak-4k", "5b6110005f20505f56", ETH_OSAKA},
    {"mload", "5b5f51505f56", ETH_OSAKA},
    {"mcopy-32k", "5b6180005f60205e5f56", ETH_OSAKA},
    {"sload-warm", "5b600154505f56", ETH_OSAKA},
    {"sload-cold",
     "5f5b60010180545060"
     "0156",
     ETH_OSAKA},
    {"balance-cold",
     "5f5b60010180315060"
     "0156",
     ETH_OSAKA},
    {"call-empty", "5b5f5f5f5f61dead5afa505f56", ETH_OSAKA},
    {"call-self", "5f5f5f5f305afa00", ETH_OSAKA},
    {"call-1mb-input", "5b5f5f620fffff5f61dead5afa505f56", ETH_OSAKA},
    {"identity-32k", "5b5f5f6180005f60045afa505f56", ETH_OSAKA},
    {"sha256-32k", "5b5f5f6180005f60025afa505f56", ETH_OSAKA},
    {"ripemd160-1k", "5b5f5f6104005f60035afa505f56", ETH_OSAKA},
    {"ecrecover",
     "601b60205260016040526001606052"
     "5b5f5f60805f60015afa50600f56",
     ETH_OSAKA},
    {"blake2f",
     "63000fffff60e01b5f52"
     "5b5f5f60d55f60095afa50600a56",
     ETH_OSAKA},
    {"modexp-prague-32",
     "60205f5260206020526020604052"
     "5f19606052"
     "5f19608052"
     "5f1960a052"
     "5b5f5f60c05f60055afa50601d56",
     ETH_PRAGUE},
    {"modexp-osaka-32",
     "60205f5260206020526020604052"
     "5f19606052"
     "5f19608052"
     "5f1960a052"
     "5b5f5f60c05f60055afa50601d56",
     ETH_OSAKA},
    {"modexp-prague-8",
     "60085f5260206020526008604052"
     "5f19606052"
     "5f19608052"
     "5f1960a052"
     "5b5f5f60905f60055afa50601d56",
     ETH_PRAGUE},
    {"modexp-prague-1024",
     "6104005f526020602052610400604052"
     "5f19606052"
     "5f1961046052"
     "5f1961048052"
     "5f1961086052"
     "5b5f5f6108805f60055afa50602756",
     ETH_PRAGUE},
    {"modexp-osaka-1024",
     "6104005f526020602052610400604052"
     "5f19606052"
     "5f1961046052"
     "5f1961048052"
     "5f1961086052"
     "5b5f5f6108805f60055afa50602756",
     ETH_OSAKA},
    {"modexp-even-1024",
     "6104005f526020602052610400604052"
     "5f19606052"
     "5f1961046052"
     "5f1961048052"
     "600261086052"
     "5b5f5f6108805f60055afa50602756",
     ETH_PRAGUE},
    {"modexp-long-exponent",
     "60085f5262040000602052600860"
     "4052"
     "5f19606052"
     "7f8000000000000001"
     "000000000000000000000000000000000000000000000000"
     "6204006852"
     "5b5f5f620400705f60055afa50603b56",
     ETH_PRAGUE},
    {"modexp-long-even",
     "60085f5262040000602052600860"
     "4052"
     "5f19606052"
     "7f8000000000000002"
     "000000000000000000000000000000000000000000000000"
     "6204006852"
     "5b5f5f620400705f60055afa50603b56",
     ETH_PRAGUE},
    {"extcodecopy", "5b6160005f5f303c5f56", ETH_OSAKA},
};

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof loops / sizeof *loops; i++) {
        if (argc > 1 && strcmp(argv[1], loops[i].name) != 0)
            continue;
        struct arena *a = arena_new(LIMIT_ARENA);
        struct evm_mem *mem = calloc(1, sizeof *mem);
        struct evm_block block = {.fork = loops[i].fork, .prev_randao = {1, 2, 3}};
        struct evm_call call = {.to = {[18] = 0xc0, [19] = 0xde}, .gas = LIMIT_CALL_GAS};
        struct evm_result res;
        struct err err = {0};
        if (!a || !mem)
            return 70;
        mem->complete = true;
        evm_mem_code(mem, call.to, unhex(a, loops[i].code));
        struct evm_state state = evm_mem_state(mem);
        double start = now_ms();
        enum rc rc = evm_run(a, &state, &block, &call, &res, &err);
        printf("%-20s %8.1f ms  outcome %d (%s), depth %u, gas %llu, rc %d %s\n", loops[i].name,
               now_ms() - start, rc ? 0 : res.outcome, !rc && res.what ? res.what : "",
               rc ? 0 : res.max_depth, rc ? 0 : (unsigned long long)res.gas_used, (int)rc,
               err.detail);
        free(mem);
        arena_free(a);
    }
    return 0;
}
