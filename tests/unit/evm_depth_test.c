/*
 * evm depth: the bound of 1024 (Yellow Paper, 9.4.1: a call beyond it fails and costs nothing of
 * what it was to get). No call gets there within LIMIT_CALL_GAS, so the bound on gas is left out
 * here. Outputs and gas are what @ethereumjs/evm 10.1.3 gives.
 */
#include "base/limits.h"
#include "policy/evm/evm_run.h"
#include "tests/lib/evm_world.h"

/* Calls itself with all it has; adds what was returned, or 0, to the item below; returns that. */
#define STATIC_SELF   "60205f5f5f305afa50"
#define DELEGATE_SELF "60205f5f5f305af450"
#define CALL_SELF     "60205f5f5f5f305af150"
#define CALLCODE_SELF "60205f5f5f5f305af250"
#define ONE           "6001"
#define ADD_AND       "5f51015f5260205f"

struct recursion {
    const char *name, *code;
    enum evm_outcome outcome;
    uint64_t answer, gas;           /* with all the gas it takes */
    uint64_t poor_answer, poor_gas; /* with LIMIT_CALL_GAS */
};

static const struct recursion table[] = {
    {"STATICCALL", STATIC_SELF ONE ADD_AND "f3", EVM_RETURNED, 1025, 142475, 477, 67774},
    {"CALL", CALL_SELF ONE ADD_AND "f3", EVM_RETURNED, 1025, 144525, 476, 68600},
    {"CALLCODE", CALLCODE_SELF ONE ADD_AND "f3", EVM_RETURNED, 1025, 144525, 476, 68600},
    {"DELEGATECALL", DELEGATE_SELF ONE ADD_AND "f3", EVM_RETURNED, 1025, 142475, 477, 67774},
    {"with REVERT", STATIC_SELF ONE ADD_AND "fd", EVM_REVERTED, 1025, 142475, 477, 67774},
    /* Every frame but the deepest may call a precompile, or somebody without code. */
    {"identity", STATIC_SELF "5f5f5f5f60045afa" ADD_AND "f3", EVM_RETURNED, 1024, 270585, 436,
     124513},
    {"nobody", STATIC_SELF "5f5f5f5f61dead5afa" ADD_AND "f3", EVM_RETURNED, 1024, 257725, 287,
     241030},
};

static void check(const struct recursion *row, const struct world *w, uint64_t answer, uint64_t gas)
{
    CASE(row->name, w->res.outcome == row->outcome, "outcome %d (%s)", w->res.outcome,
         w->res.what ? w->res.what : "");
    CASE(row->name,
         w->res.output.n == 32 && u256_eq(u256_from_be(w->res.output.p, 32), u256_of(answer)),
         "not %llu", (unsigned long long)answer);
    CASE(row->name, w->res.gas_used == gas, "gas %llu, expected %llu",
         (unsigned long long)w->res.gas_used, (unsigned long long)gas);
}

static void a_call_beyond_1024_fails_and_gives_its_gas_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct world w;
        struct err err = {0};
        world_open(&w, ETH_OSAKA, table[i].code, NULL);
        w.call.gas = 1000000000000;
        struct evm_state st = evm_mem_state(w.mem);
        assert_int_equal(evm_run_any_gas(w.a, &st, &w.block, &w.call, &w.res, &err), RC_OK);
        check(&table[i], &w, table[i].answer, table[i].gas);
        CASE(table[i].name, w.res.max_depth == 1024, "depth %u", w.res.max_depth);
        world_close(&w);
    }
}

static void the_gas_of_a_call_ends_recursion_before_that(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct world w;
        world_open(&w, ETH_OSAKA, table[i].code, NULL);
        w.call.gas = 16000000;
        world_run(&w);
        check(&table[i], &w, table[i].poor_answer, table[i].poor_gas);
        CASE(table[i].name, w.res.max_depth < 500, "depth %u", w.res.max_depth);
        world_close(&w);
    }
    /* At depth n there is no more than this, whatever the calls cost (EIP-150). */
    uint64_t left = LIMIT_CALL_GAS;
    for (unsigned depth = 0; depth < LIMIT_CALL_DEPTH; depth++)
        left -= left / 64;
    assert_true(left < GAS_WARM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_beyond_1024_fails_and_gives_its_gas_back),
        cmocka_unit_test(the_gas_of_a_call_ends_recursion_before_that),
    };
    return HARNESS_RUN("evm depth", tests);
}
