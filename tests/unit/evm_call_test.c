/*
 * evm calls and state: hand-assembled programs, one rule each, with the gas the EIPs give. Random
 * programs are compared with @ethereumjs/evm by tests/oracles/evm_diff.mjs.
 */
#include "tests/lib/evm_world.h"

#include "base/limits.h"

/* CALL-like prefixes: return range, input range, value, address, gas. */
#define STATICCALL_HELPER "5f5f5f5f73" HELPER "5afa" /* 8 + 3 + 2 + access */

static void access_is_cold_once_and_cold_again_after_a_failure(void **state)
{
    (void)state;
    static const struct program table[] = {
        /* EIP-2929: 2100 for a cold slot, 2600 for a cold account, 100 after that. */
        {"SLOAD cold", ETH_OSAKA, "600154" RET, NULL, EVM_RETURNED, 2103 + RET_GAS, "1111"},
        {"SLOAD again", ETH_OSAKA, "60015450600154" RET, NULL, EVM_RETURNED,
         2103 + 2 + 103 + RET_GAS, "1111"},
        {"SLOAD of nothing", ETH_OSAKA, "600954" RET, NULL, EVM_RETURNED, 2103 + RET_GAS, "0"},
        {"BALANCE cold", ETH_OSAKA, "73" OTHER "31" RET, NULL, EVM_RETURNED, 2603 + RET_GAS, "0"},
        {"EXTCODESIZE cold", ETH_OSAKA, "73" HELPER "3b" RET, "0102030405", EVM_RETURNED,
         2603 + RET_GAS, "5"},
        {"EXTCODEHASH of nothing (EIP-1052)", ETH_OSAKA, "73" OTHER "3f" RET, NULL, EVM_RETURNED,
         2603 + RET_GAS, "0"},
        {"EXTCODEHASH without code", ETH_OSAKA, "73" HELPER "3f" RET, "", EVM_RETURNED,
         2603 + RET_GAS, "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"},
        {"EXTCODECOPY: 2 words", ETH_OSAKA, "60215f5f73" HELPER "3c5f51" RET, "ff", EVM_RETURNED,
         /* pushes 3+2+2+3, access, 2 words copied, 2 words of memory; MLOAD; RET without growth */
         10 + 2600 + 6 + 6 + 5 + 10,
         "ff00000000000000000000000000000000000000000000000000000000000000"},
        {"to is warm", ETH_OSAKA, "73" SELF "31" RET, NULL, EVM_RETURNED, 103 + RET_GAS, "3e8"},
        {"from is warm", ETH_OSAKA, "73" CALLER "31" RET, NULL, EVM_RETURNED, 103 + RET_GAS, "0"},
        {"a precompile is warm", ETH_OSAKA, "600931" RET, NULL, EVM_RETURNED, 103 + RET_GAS, "0"},
        {"0x100 is one since Osaka", ETH_OSAKA, "61010031" RET, NULL, EVM_RETURNED, 103 + RET_GAS,
         "0"},
        {"0x100 in Prague", ETH_PRAGUE, "61010031" RET, NULL, EVM_RETURNED, 2603 + RET_GAS, "0"},
        {"0x0b in Cancun", ETH_CANCUN, "600b31" RET, NULL, EVM_RETURNED, 2603 + RET_GAS, "0"},
        {"0x0a in Shanghai", ETH_SHANGHAI, "600a31" RET, NULL, EVM_RETURNED, 2603 + RET_GAS, "0"},
        {"coinbase is warm (EIP-3651)", ETH_SHANGHAI, "73" MINER "31" RET, NULL, EVM_RETURNED,
         103 + RET_GAS, "0"},
        {"coinbase in Paris", ETH_PARIS,
         "73" MINER "31"
         "60005260206000f3",
         NULL, EVM_RETURNED, 2603 + RET_GAS + 2, "0"},
        {"the upper 96 bits of an address do not count", ETH_OSAKA,
         "7fffffffffffffffffffffffff" SELF "31" RET, NULL, EVM_RETURNED, 103 + RET_GAS, "3e8"},
        /* The helper reads OTHER's balance (2605), then stops, or reverts (4 more). */
        {"warm stays after a call", ETH_OSAKA, STATICCALL_HELPER "5073" OTHER "31" RET,
         "73" OTHER "3100", EVM_RETURNED, 13 + 2600 + 2603 + 2 + 103 + RET_GAS, "0"},
        {"cold again after a revert", ETH_OSAKA, STATICCALL_HELPER "5073" OTHER "31" RET,
         "73" OTHER "315f5ffd", EVM_RETURNED, 13 + 2600 + 2603 + 4 + 2 + 2603 + RET_GAS, "0"},
        {"a slot cold again after a revert", ETH_OSAKA, "5f5f5f5f73" HELPER "5af450600154" RET,
         "6001545f5ffd", EVM_RETURNED, 13 + 2600 + 2103 + 4 + 2 + 2103 + RET_GAS, "1111"},
        {"a slot warm after a delegate call", ETH_OSAKA, "5f5f5f5f73" HELPER "5af450600154" RET,
         "60015400", EVM_RETURNED, 13 + 2600 + 2103 + 2 + 103 + RET_GAS, "1111"},
        {"the same slot of another account is cold", ETH_OSAKA, STATICCALL_HELPER "50600154" RET,
         "60015400", EVM_RETURNED, 13 + 2600 + 2103 + 2 + 2103 + RET_GAS, "1111"},
        {"a callee's own warmth survives its callee's failure", ETH_OSAKA,
         STATICCALL_HELPER "5073" HELPER "31" RET, "fe", EVM_RETURNED, ANY_GAS, "0"},
    };
    CHECK_ALL(table);
}

static void calls_keep_a_64th_and_hand_back_the_rest(void **state)
{
    (void)state;
    static const struct program table[] = {
        /* EIP-150: 100000 - 2613 = 97387 are left, of which the callee gets all but 97387 / 64. */
        {"a callee that burns all", ETH_OSAKA, STATICCALL_HELPER "00", "fe", EVM_RETURNED,
         GAS - 97387 / 64, NULL},
        {"a callee's gas", ETH_OSAKA, "60205f5f5f73" HELPER "5afa5f51" RET, "5a" RET, EVM_RETURNED,
         /* 3 more than above and a word of memory (3) before: 97383 - 97383/64 - 2 = 95860 */
         ANY_GAS, "17674"},
        {"no more than asked for", ETH_OSAKA, "60205f5f5f73" HELPER "611000fa5f51" RET, "5a" RET,
         EVM_RETURNED, ANY_GAS, "ffe"},
        {"no code: success, nothing used", ETH_OSAKA, "5f5f5f5f73" OTHER "5afa" RET, NULL,
         EVM_RETURNED, 2613 + RET_GAS, "1"},
        {"a revert gives back gas and data", ETH_OSAKA,
         "60205f5f5f73" HELPER "5afa503d5f5f3e5f51" RET, "60425f5260205ffd", EVM_RETURNED, ANY_GAS,
         "42"},
        {"a fault gives no data", ETH_OSAKA, STATICCALL_HELPER "503d" RET, "fe", EVM_RETURNED,
         ANY_GAS, "0"},
        {"return data behind its end (EIP-211)", ETH_OSAKA, "60015f5f3e", NULL, EVM_FAULTED, GAS,
         NULL},
        {"none, at its end", ETH_OSAKA, "5f5f5f3e3d" RET, NULL, EVM_RETURNED, 6 + 3 + 2 + RET_GAS,
         "0"},
        {"none, behind its end", ETH_OSAKA, "5f60015f3e", NULL, EVM_FAULTED, GAS, NULL},
        {"return data is dropped by the next call", ETH_OSAKA,
         STATICCALL_HELPER "505f5f5f5f73" OTHER "5afa503d" RET, "5f" RET, EVM_RETURNED, ANY_GAS,
         "0"},
        {"DELEGATECALL keeps storage", ETH_OSAKA, "60205f5f5f73" HELPER "5af45f51" RET,
         "600154" RET, EVM_RETURNED, ANY_GAS, "1111"},
        {"STATICCALL has the callee's storage", ETH_OSAKA, "60205f5f5f73" HELPER "5afa5f51" RET,
         "600154" RET, EVM_RETURNED, ANY_GAS, "2222"},
        {"DELEGATECALL keeps the caller", ETH_OSAKA, "60205f5f5f73" HELPER "5af45f51" RET, "33" RET,
         EVM_RETURNED, ANY_GAS, CALLER},
        {"CALL shows us as the caller", ETH_OSAKA, "60205f5f5f5f73" HELPER "5af15f51" RET, "33" RET,
         EVM_RETURNED, ANY_GAS, SELF},
        {"CALLCODE runs as us, called by us", ETH_OSAKA, "60205f5f5f5f73" HELPER "5af25f51" RET,
         "3330145f5260205ff3", EVM_RETURNED, ANY_GAS, "1"},
        {"ORIGIN stays", ETH_OSAKA, "60205f5f5f73" HELPER "5afa5f51" RET, "32" RET, EVM_RETURNED,
         ANY_GAS, CALLER},
        /* Yellow Paper, appendix G: 9000 for the value, of which the callee gets 2300. EIP-214
         * lets CALLCODE have one in a static call: nothing moves. */
        {"CALLCODE with a value: stipend", ETH_OSAKA, "60205f5f5f600173" HELPER "5ff25f51" RET,
         "5a" RET, EVM_RETURNED, 3 + 2 * 3 + 3 + 3 + 2 + 3 + 2600 + 9000 - 2300 + 15 + 5 + 10,
         "8fa"},
        {"CALLCODE with a value: shown", ETH_OSAKA, "60205f5f5f600573" HELPER "5af25f51" RET,
         "34" RET, EVM_RETURNED, ANY_GAS, "5"},
        {"CALLCODE with more than we have", ETH_OSAKA, "5f5f5f5f61100073" HELPER "5ff2" RET, "00",
         EVM_RETURNED, 8 + 3 + 3 + 2 + 2600 + 9000 - 2300 + RET_GAS, "0"},
        {"input reaches the callee", ETH_OSAKA, "60775f5260205f60205f73" HELPER "5afa5f51" RET,
         "5f35" RET, EVM_RETURNED, ANY_GAS, "77"},
        {"identity", ETH_OSAKA, "60775f52602060205f60205f60045afa50602051" RET, NULL, EVM_RETURNED,
         ANY_GAS, "0"},
    };
    CHECK_ALL(table);
}

static void delegated_accounts_run_their_delegate(void **state)
{
    (void)state;
    /* EIP-7702. The helper is the delegate; the test puts 0xef0100 || helper at OTHER. */
    static const struct program table[] = {
        {"EXTCODESIZE sees 23 bytes", ETH_PRAGUE, "73" OTHER "3b" RET, "30" RET, EVM_RETURNED,
         2603 + RET_GAS, "17"},
        {"a call costs both accounts", ETH_PRAGUE, "5f5f5f5f73" OTHER "5afa" RET, "00",
         EVM_RETURNED, 13 + 2600 + 2600 + RET_GAS, "1"},
        {"and 100 each after that", ETH_PRAGUE,
         "5f5f5f5f73" OTHER "5afa505f5f5f5f73" OTHER "5afa" RET, "00", EVM_RETURNED,
         13 + 5200 + 2 + 13 + 200 + RET_GAS, "1"},
        {"it runs as the account called", ETH_PRAGUE, "60205f5f5f73" OTHER "5afa5f51" RET, "30" RET,
         EVM_RETURNED, ANY_GAS, OTHER},
        {"CODESIZE is the delegate's", ETH_PRAGUE, "60205f5f5f73" OTHER "5afa5f51" RET, "38" RET,
         EVM_RETURNED, ANY_GAS, "7"},
        {"DELEGATECALL follows too", ETH_PRAGUE, "60205f5f5f73" OTHER "5af45f51" RET, "30" RET,
         EVM_RETURNED, ANY_GAS, SELF},
        {"before Prague it is code that fails", ETH_CANCUN, "5f5f5f5f73" OTHER "5afa" RET, "00",
         EVM_RETURNED, ANY_GAS, "0"},
        {"a delegate that is delegated is not followed", ETH_PRAGUE, "5f5f5f5f73" OTHER "5afa" RET,
         "ef0100" SELF, EVM_RETURNED, ANY_GAS, "0"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct program *p = &table[i];
        struct world w;
        uint8_t addr[20];
        world_open(&w, p->fork, p->code, p->helper);
        evm_mem_addr(OTHER, addr);
        evm_mem_code(w.mem, addr, unhex(w.a, "ef0100" HELPER));
        world_run(&w);
        CASE(p->name,
             w.res.outcome == p->outcome && w.res.output.n == 32 &&
                 u256_eq(u256_from_be(w.res.output.p, 32), evm_mem_hex(p->output)),
             "outcome %d, output ends in %02x", w.res.outcome,
             w.res.output.n ? w.res.output.p[31] : 0);
        if (p->gas != ANY_GAS)
            CASE(p->name, w.res.gas_used == p->gas, "gas %llu", (unsigned long long)w.res.gas_used);
        world_close(&w);
    }
}

static void a_delegation_to_a_precompile_runs_nothing(void **state)
{
    (void)state;
    struct world w;
    uint8_t addr[20];
    world_open(&w, ETH_PRAGUE, "60205f60205f73" OTHER "5afa3d01" RET, NULL);
    evm_mem_addr(OTHER, addr);
    evm_mem_code(w.mem, addr, unhex(w.a, "ef01000000000000000000000000000000000000000004"));
    world_run(&w);
    assert_int_equal(w.res.outcome, EVM_RETURNED);
    assert_int_equal(w.res.output.p[31], 1); /* success 1 + return data size 0 */
    assert_int_equal(w.res.gas_used, 3 + 2 + 3 + 2 + 3 + 2 + 3 + 2600 + 100 + 2 + 3 + 10);
    world_close(&w);
}

/* Missing state ends the run at once; what the gas does not reach is not asked for. */
static void missing_state_stops_the_run(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        uint64_t gas;
        const char *miss; /* NULL: not asked */
    } table[] = {
        {"600954", GAS, "storage"},
        {"600954", 2102, NULL},
        {"73" OTHER "31", GAS, "account"},
        {"73" OTHER "31", 2602, NULL},
        {"73" OTHER "3b", GAS, "code"},
        {"73" OTHER "3f", GAS, "account"},
        {"60015f5f73" OTHER "3c", GAS, "code"},
        {"5f5f5f73" OTHER "3c", GAS, NULL},
        {"5f5f5f5f73" OTHER "5afa", GAS, "code"},
        {"5f5f5f5f73" OTHER "5afa", 2612, NULL},
        {"5f5f5f5f5f73" OTHER "5af1", GAS, "code"},
        {"5f5f5f5f5f60045af1", GAS, NULL},
        {"5f5f5f5f600a73" HELPER "5ff2", GAS, "code"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct world w;
        world_open(&w, ETH_OSAKA, table[i].code, NULL);
        w.mem->complete = false;
        w.call.gas = table[i].gas;
        world_run(&w);
        if (table[i].miss)
            CASE(table[i].code,
                 w.res.outcome == EVM_MISSED && w.mem->missed == 1 &&
                     strcmp(w.mem->last_miss, table[i].miss) == 0,
                 "outcome %d, %zu misses", w.res.outcome, w.mem->missed);
        else
            CASE(table[i].code, w.res.outcome != EVM_MISSED && w.mem->missed == 0,
                 "outcome %d, %zu misses", w.res.outcome, w.mem->missed);
        world_close(&w);
    }
    struct world w;
    world_open(&w, ETH_OSAKA, "00", NULL);
    w.mem->complete = false;
    evm_mem_addr(OTHER, w.call.to);
    world_run(&w);
    assert_int_equal(w.res.outcome, EVM_MISSED);
    world_close(&w);
}

/* Each account and slot is asked for once, however often it is read. */
static void state_is_asked_for_once(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, ETH_OSAKA,
               "5b6001545073" OTHER "3150"
               "5f56",
               NULL);
    world_run(&w);
    assert_int_equal(w.res.outcome, EVM_FAULTED); /* out of gas after hundreds of rounds */
    assert_int_equal(w.mem->asked, 3);            /* our code, the slot, the other account */
    world_close(&w);
}

/* The callee reads its size from the input, takes that much memory, passes on 63/64 of it. */
static void memory_of_all_frames_is_bounded(void **state)
{
    (void)state;
    static const char code[] = "5f35"
                               "80"
                               "51"
                               "50"
                               "8060061c9003"
                               "5f52"
                               "5f5f60205f305afa";
    size_t refused = 0;
    for (uint64_t size = 1 << 16; size <= 1 << 19; size += 1 << 16) {
        struct world w;
        uint8_t input[32];
        struct evm_result res;
        u256_to_be(u256_of(size), input);
        world_open(&w, ETH_OSAKA, code, NULL);
        w.call.gas = LIMIT_CALL_GAS;
        w.call.input = BYTES_OF_ARRAY(input);
        world_run(&w);
        res = w.res;
        CASE("frames", res.outcome == EVM_RETURNED || res.outcome == EVM_UNSUPPORTED,
             "size %llu: outcome %d", (unsigned long long)size, res.outcome);
        if (res.outcome == EVM_UNSUPPORTED)
            CASE("frames", strstr(res.what, "16 MiB"), "%s", res.what);
        refused += res.outcome == EVM_UNSUPPORTED;
        world_close(&w);
    }
    assert_true(refused > 0);
}

static void a_run_needs_a_known_fork_and_a_bounded_gas(void **state)
{
    (void)state;
    static const struct {
        enum eth_fork fork;
        uint64_t gas;
        enum rc rc;
    } table[] = {{ETH_FORK_NONE, GAS, BG_EVM_FORK},  {ETH_FRONTIER_TO_LONDON, GAS, BG_EVM_FORK},
                 {ETH_FORK_MAX, GAS, BG_EVM_FORK},   {ETH_OSAKA, LIMIT_CALL_GAS + 1, BG_EVM_GAS},
                 {ETH_OSAKA, LIMIT_CALL_GAS, RC_OK}, {ETH_PARIS, 0, RC_OK}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct world w;
        struct err err = {0};
        world_open(&w, table[i].fork, "00", NULL);
        w.call.gas = table[i].gas;
        struct evm_state st = evm_mem_state(w.mem);
        enum rc rc = evm_run(w.a, &st, &w.block, &w.call, &w.res, &err);
        CASE("run", rc == table[i].rc && (rc == RC_OK) == (w.res.outcome == EVM_RETURNED),
             "row %zu: BG-%04d", i, (int)rc);
        world_close(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(access_is_cold_once_and_cold_again_after_a_failure),
        cmocka_unit_test(calls_keep_a_64th_and_hand_back_the_rest),
        cmocka_unit_test(delegated_accounts_run_their_delegate),
        cmocka_unit_test(a_delegation_to_a_precompile_runs_nothing),
        cmocka_unit_test(missing_state_stops_the_run),
        cmocka_unit_test(state_is_asked_for_once),
        cmocka_unit_test(memory_of_all_frames_is_bounded),
        cmocka_unit_test(a_run_needs_a_known_fork_and_a_bounded_gas),
    };
    return HARNESS_RUN("evm calls", tests);
}
