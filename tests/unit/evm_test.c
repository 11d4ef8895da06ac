/*
 * evm: hand-assembled programs, one rule each, with the gas the EIPs give. Random programs are
 * compared with @ethereumjs/evm by tests/oracles/evm_diff.mjs.
 */
#include "tests/lib/evm_world.h"

static void opcodes_begin_with_their_fork(void **state)
{
    (void)state;
    static const struct program table[] = {
        {"PUSH0 (EIP-3855)", ETH_SHANGHAI, "5f" RET, NULL, EVM_RETURNED, 2 + RET_GAS, "0"},
        {"PUSH0 in Paris", ETH_PARIS, "5f", NULL, EVM_FAULTED, GAS, NULL},
        {"TLOAD (EIP-1153)", ETH_CANCUN, "5f5c" RET, NULL, EVM_RETURNED, 102 + RET_GAS, "0"},
        {"TLOAD in Shanghai", ETH_SHANGHAI, "5f5c", NULL, EVM_FAULTED, GAS, NULL},
        {"BLOBHASH (EIP-4844)", ETH_CANCUN, "5f49" RET, NULL, EVM_RETURNED, 5 + RET_GAS, "0"},
        {"BLOBHASH in Shanghai", ETH_SHANGHAI, "5f49", NULL, EVM_FAULTED, GAS, NULL},
        {"BLOBBASEFEE in Shanghai", ETH_SHANGHAI, "4a", NULL, EVM_FAULTED, GAS, NULL},
        {"MCOPY in Shanghai", ETH_SHANGHAI, "5f5f5f5e", NULL, EVM_FAULTED, GAS, NULL},
        {"CLZ in Prague", ETH_PRAGUE, "5f1e", NULL, EVM_FAULTED, GAS, NULL},
        {"CLZ of 0 (EIP-7939)", ETH_OSAKA, "5f1e" RET, NULL, EVM_RETURNED, 7 + RET_GAS, "100"},
        {"CLZ of 1", ETH_OSAKA, "60011e" RET, NULL, EVM_RETURNED, 8 + RET_GAS, "ff"},
        {"CLZ of 2^255", ETH_OSAKA, "600160ff1b1e" RET, NULL, EVM_RETURNED, 14 + RET_GAS, "0"},
        {"CLZ of 2^255 - 1", ETH_OSAKA, "5f1960011c1e" RET, NULL, EVM_RETURNED, 16 + RET_GAS, "1"},
        {"0xfe is invalid (EIP-141)", ETH_OSAKA, "fe", NULL, EVM_FAULTED, GAS, NULL},
        {"0x0c is invalid", ETH_OSAKA, "0c", NULL, EVM_FAULTED, GAS, NULL},
        {"EXTCALL is invalid", ETH_OSAKA, "5f5f5f5ff8", NULL, EVM_FAULTED, GAS, NULL},
    };
    CHECK_ALL(table);
}

static void every_write_is_a_static_violation(void **state)
{
    (void)state;
    static const char *const codes[] = {"5f5f55",
                                        "5f5f5d",
                                        "5f5fa0",
                                        "5f5f5fa1",
                                        "5f5f5f5fa2",
                                        "5f5f5f5f5fa3",
                                        "5f5f5f5f5f5fa4",
                                        "5f5f5ff0",
                                        "5f5f5f5ff5",
                                        "5fff",
                                        "5f5f5f5f600161123460fff1"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct world w;
        world_open(&w, ETH_OSAKA, codes[i], NULL);
        world_run(&w);
        CASE(codes[i],
             w.res.outcome == EVM_FAULTED && strstr(w.res.what, "static call") &&
                 w.res.gas_used == GAS && w.res.output.n == 0,
             "outcome %d (%s)", w.res.outcome, w.res.what ? w.res.what : "");
        world_close(&w);
    }
}

static void jumps_need_a_destination(void **state)
{
    (void)state;
    static const struct program table[] = {
        {"JUMP", ETH_OSAKA,
         "600456fe5b600760"
         "00"
         "52"
         "60205ff3",
         NULL, EVM_RETURNED, ANY_GAS, "7"},
        {"into push data", ETH_OSAKA, "600456605b", NULL, EVM_FAULTED, GAS, NULL},
        {"to no JUMPDEST", ETH_OSAKA, "60035600", NULL, EVM_FAULTED, GAS, NULL},
        {"behind the end", ETH_OSAKA, "60ff56", NULL, EVM_FAULTED, GAS, NULL},
        {"beyond 64 bits", ETH_OSAKA, "6801000000000000000b565b", NULL, EVM_FAULTED, GAS, NULL},
        {"JUMPI not taken looks nowhere", ETH_OSAKA, "5f60ff575f" RET, NULL, EVM_RETURNED,
         2 + 3 + 10 + 2 + RET_GAS, "0"},
        {"JUMPI taken", ETH_OSAKA,
         "60016006"
         "57fe5b6009" RET,
         NULL, EVM_RETURNED, 3 + 3 + 10 + 1 + 3 + RET_GAS, "9"},
        {"PC", ETH_OSAKA, "5b5b58" RET, NULL, EVM_RETURNED, 4 + RET_GAS, "2"},
        {"a PUSH over the end is zero there", ETH_OSAKA,
         "600756"
         "60ff00"
         "00"
         "5b"
         "61"
         "01",
         NULL, EVM_RETURNED, ANY_GAS, NULL},
        {"no code left: STOP", ETH_OSAKA, "5f", NULL, EVM_RETURNED, 2, NULL},
        {"nothing at all", ETH_OSAKA, "", NULL, EVM_RETURNED, 0, NULL},
        {"REVERT", ETH_OSAKA, "60425f5260205ffd", NULL, EVM_REVERTED, 3 + RET_GAS, "42"},
    };
    CHECK_ALL(table);
}

static void prices_grow_with_sizes(void **state)
{
    (void)state;
    static const struct program table[] = {
        /* Yellow Paper, appendix H.1: 3 w + w^2 / 512; 1025 words: 3075 + 2052. */
        {"memory is quadratic", ETH_OSAKA, "61800051" RET, NULL, EVM_RETURNED, 3 + 3 + 5127 + 10,
         "0"},
        {"MSIZE", ETH_OSAKA,
         "60405150"
         "59" RET,
         NULL, EVM_RETURNED, 3 + 3 + 9 + 2 + 2 + 10, "60"},
        {"memory beyond the gas", ETH_OSAKA, "63ffffffff51", NULL, EVM_FAULTED, GAS, NULL},
        {"memory beyond 64 bits", ETH_OSAKA, "5f70010000000000000000000000000000000052", NULL,
         EVM_FAULTED, GAS, NULL},
        {"no length, anywhere", ETH_OSAKA,
         "5f7f"
         "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
         "20" RET,
         NULL, EVM_RETURNED, 5 + 30 + RET_GAS,
         "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"},
        {"KECCAK256 of a word", ETH_OSAKA, "60205f20" RET, NULL, EVM_RETURNED, 5 + 36 + 3 + 10,
         "290decd9548b62a8d60345a988386fc84ba6bc95484008f6362f93160ef3e563"},
        {"EXP: 50 a byte (EIP-160)", ETH_OSAKA, "61010060020a" RET, NULL, EVM_RETURNED,
         6 + 110 + RET_GAS, "0"},
        {"EXP to 0", ETH_OSAKA, "5f60020a" RET, NULL, EVM_RETURNED, 5 + 10 + RET_GAS, "1"},
        {"CALLDATACOPY behind the end", ETH_OSAKA, "602160ff5f375f51" RET, NULL, EVM_RETURNED,
         3 + 3 + 2 + 3 + 6 + 6 + 5 + 10, "0"},
        {"CODECOPY", ETH_OSAKA, "60205f5f395f51" RET, NULL, EVM_RETURNED,
         3 + 2 + 2 + 3 + 3 + 3 + 5 + 10,
         "60205f5f395f515f5260205ff300000000000000000000000000000000000000"},
        {"MSTORE8", ETH_OSAKA, "6112345f535f51" RET, NULL, EVM_RETURNED, 3 + 2 + 3 + 3 + 5 + 10,
         "3400000000000000000000000000000000000000000000000000000000000000"},
        /* EIP-5656, test cases: 6 gas for a word; both directions of an overlap. */
        {"MCOPY", ETH_CANCUN,
         "7f000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f602052"
         "602060205f5e60205ff3",
         NULL, EVM_RETURNED, 3 + 3 + 3 + 6 + 3 + 3 + 2 + 6 + 5,
         "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"},
        {"MCOPY down", ETH_CANCUN,
         "7f00010203040506070800000000000000000000000000000000000000000000005f52"
         "600860015f5e60205ff3",
         NULL, EVM_RETURNED, 3 + 2 + 6 + 3 + 3 + 2 + 6 + 5,
         "0102030405060708080000000000000000000000000000000000000000000000"},
        {"MCOPY up", ETH_CANCUN,
         "7f00010203040506070800000000000000000000000000000000000000000000005f52"
         "60085f60015e60205ff3",
         NULL, EVM_RETURNED, 3 + 2 + 6 + 3 + 2 + 3 + 6 + 5,
         "0000010203040506070000000000000000000000000000000000000000000000"},
        {"one gas short of a STOP", ETH_OSAKA, "5b5b00", NULL, EVM_RETURNED, 2, NULL},
    };
    CHECK_ALL(table);
}

static void the_stack_has_1024_items(void **state)
{
    (void)state;
    char code[2 * 1026 + 1];
    for (size_t n = 1024; n <= 1025; n++) {
        struct world w;
        for (size_t i = 0; i < n; i++)
            memcpy(code + 2 * i, "5f", 2);
        memcpy(code + 2 * n, "", 1);
        world_open(&w, ETH_OSAKA, code, NULL);
        world_run(&w);
        CASE("pushes", w.res.outcome == (n == 1024 ? EVM_RETURNED : EVM_FAULTED),
             "%zu items: outcome %d", n, w.res.outcome);
        world_close(&w);
    }
    static const struct program table[] = {
        {"ADD of one", ETH_OSAKA, "5f01", NULL, EVM_FAULTED, GAS, NULL},
        {"POP of none", ETH_OSAKA, "50", NULL, EVM_FAULTED, GAS, NULL},
        {"DUP16 of 15", ETH_OSAKA, "5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f8f", NULL, EVM_FAULTED, GAS,
         NULL},
        {"SWAP16 of 16", ETH_OSAKA, "5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f9f", NULL, EVM_FAULTED, GAS,
         NULL},
        {"DUP2", ETH_OSAKA, "6005600681" RET, NULL, EVM_RETURNED, 9 + RET_GAS, "5"},
        {"SWAP2", ETH_OSAKA, "60056006600791" RET, NULL, EVM_RETURNED, 12 + RET_GAS, "5"},
    };
    CHECK_ALL(table);
}

static void the_block_and_the_call_are_seen(void **state)
{
    (void)state;
    static const struct program table[] = {
        {"ADDRESS", ETH_OSAKA, "30" RET, NULL, EVM_RETURNED, 2 + RET_GAS, SELF},
        {"CALLER", ETH_OSAKA, "33" RET, NULL, EVM_RETURNED, 2 + RET_GAS, CALLER},
        {"CALLVALUE", ETH_OSAKA, "34" RET, NULL, EVM_RETURNED, 2 + RET_GAS, "0"},
        {"GASPRICE", ETH_OSAKA, "3a" RET, NULL, EVM_RETURNED, 2 + RET_GAS, "0"},
        {"COINBASE", ETH_OSAKA, "41" RET, NULL, EVM_RETURNED, 2 + RET_GAS, MINER},
        {"TIMESTAMP", ETH_OSAKA, "42" RET, NULL, EVM_RETURNED, 2 + RET_GAS, "9abc"},
        {"NUMBER", ETH_OSAKA, "43" RET, NULL, EVM_RETURNED, 2 + RET_GAS, "5678"},
        {"PREVRANDAO", ETH_OSAKA, "44" RET, NULL, EVM_RETURNED, 2 + RET_GAS,
         "aa000000000000000000000000000000000000000000000000000000000000bb"},
        {"GASLIMIT", ETH_OSAKA, "45" RET, NULL, EVM_RETURNED, 2 + RET_GAS, "def0"},
        {"CHAINID", ETH_OSAKA, "46" RET, NULL, EVM_RETURNED, 2 + RET_GAS, "1234"},
        {"SELFBALANCE", ETH_OSAKA, "47" RET, NULL, EVM_RETURNED, 5 + RET_GAS, "3e8"},
        {"BASEFEE", ETH_OSAKA, "48" RET, NULL, EVM_RETURNED, 2 + RET_GAS, "77"},
        {"BLOBBASEFEE, no excess", ETH_OSAKA, "4a" RET, NULL, EVM_RETURNED, 2 + RET_GAS, "1"},
        {"GAS", ETH_OSAKA, "5a" RET, NULL, EVM_RETURNED, 2 + RET_GAS, "1869e"},
    };
    CHECK_ALL(table);
}

struct blob_case {
    enum eth_fork fork;
    uint64_t chain_id, timestamp, excess;
    uint64_t fee; /* 0: refused */
};

/* Cancun's values are those of go-ethereum's consensus/misc/eip4844 tests. */
static void the_blob_fee_follows_the_schedule(void **state)
{
    (void)state;
    static const struct blob_case table[] = {
        {ETH_CANCUN, 5, 0, 2314057, 1},
        {ETH_CANCUN, 5, 0, 2314058, 2},
        {ETH_CANCUN, 5, 0, 10485760, 23},
        {ETH_PRAGUE, 5, 0, 10485760, 8},         /* e^(10485760/5007716) = 8.1 */
        {ETH_OSAKA, 1, 1764798551, 10485760, 8}, /* as in Prague until BPO1 */
        {ETH_OSAKA, 1, 1765290071, 10485760, 3}, /* e^(10485760/8346193) = 3.5 */
        {ETH_OSAKA, 1, 1767747671, 10485760, 2}, /* e^(10485760/11684671) = 2.5 */
        {ETH_OSAKA, 11155111, 1761607008, 10485760, 2},
        {ETH_OSAKA, 560048, 1762365720, 10485760, 3},
        {ETH_OSAKA, 31337, 1767747671, 10485760, 0}, /* a schedule we don't know */
        {ETH_OSAKA, 31337, 1767747671, 0, 1},
        {ETH_CANCUN, 1, 0, 3338477u * 100ull, 0}, /* no real chain */
        {ETH_CANCUN, 1, 0, UINT64_MAX, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct blob_case *c = &table[i];
        struct world w;
        world_open(&w, c->fork, "4a" RET, NULL);
        w.block.chain_id = c->chain_id;
        w.block.timestamp = c->timestamp;
        w.block.excess_blob_gas = c->excess;
        world_run(&w);
        if (c->fee)
            CASE("fee",
                 w.res.outcome == EVM_RETURNED &&
                     u256_eq(u256_from_be(w.res.output.p, 32), u256_of(c->fee)),
                 "row %zu: outcome %d", i, w.res.outcome);
        else
            CASE("fee", w.res.outcome == EVM_UNSUPPORTED, "row %zu: outcome %d", i, w.res.outcome);
        world_close(&w);
    }
}

static void what_we_cannot_answer_is_named(void **state)
{
    (void)state;
    static const struct {
        enum eth_fork fork;
        const char *code, *what;
    } table[] = {
        {ETH_OSAKA, "5f40", "BLOCKHASH"},           {ETH_SHANGHAI, "5f5f5f5f60065afa", "0x06"},
        {ETH_SHANGHAI, "5f5f5f5f60075afa", "0x07"}, {ETH_SHANGHAI, "5f5f5f5f60085afa", "0x08"},
        {ETH_CANCUN, "5f5f5f5f600a5afa", "0x0a"},   {ETH_PRAGUE, "5f5f5f5f600b5afa", "0x0b"},
        {ETH_PRAGUE, "5f5f5f5f60115af4", "0x11"},   {ETH_OSAKA, "620100016000f3", "64 KiB"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct world w;
        world_open(&w, table[i].fork, table[i].code, NULL);
        world_run(&w);
        CASE(table[i].code,
             w.res.outcome == EVM_UNSUPPORTED && strstr(w.res.what, table[i].what) &&
                 w.res.output.n == 0 && w.res.gas_used == 0,
             "outcome %d (%s)", w.res.outcome, w.res.what ? w.res.what : "");
        world_close(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opcodes_begin_with_their_fork),
        cmocka_unit_test(every_write_is_a_static_violation),
        cmocka_unit_test(jumps_need_a_destination),
        cmocka_unit_test(prices_grow_with_sizes),
        cmocka_unit_test(the_stack_has_1024_items),
        cmocka_unit_test(the_block_and_the_call_are_seen),
        cmocka_unit_test(the_blob_fee_follows_the_schedule),
        cmocka_unit_test(what_we_cannot_answer_is_named),
    };
    return HARNESS_RUN("evm", tests);
}
