/*
 * precompiles: which address is one in which fork, what is charged before anything is computed,
 * and known answers. go-ethereum's vectors are in tests/vectors/precompile_test.c.
 */
#include "policy/evm/precompile.h"

#include <stdlib.h>

#include "base/limits.h"
#include "tests/lib/harness.h"

struct ask {
    const char *name;
    enum eth_fork fork;
    uint16_t number;
    const char *input;
    uint64_t given;
    enum precompile_outcome outcome;
    uint64_t gas;
    const char *output; /* NULL: none */
};

#define W0    "0000000000000000000000000000000000000000000000000000000000000000"
#define W1    "0000000000000000000000000000000000000000000000000000000000000001"
#define W2    "0000000000000000000000000000000000000000000000000000000000000002"
#define W32   "0000000000000000000000000000000000000000000000000000000000000020"
#define WMAX  "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define W1024 "0000000000000000000000000000000000000000000000000000000000000400"
#define W1025 "0000000000000000000000000000000000000000000000000000000000000401"

static void address(uint16_t number, uint8_t out[static 20])
{
    memset(out, 0, 20);
    out[18] = (uint8_t)(number >> 8);
    out[19] = (uint8_t)number;
}

static void check(const struct ask *q)
{
    struct arena *a = arena_new(LIMIT_ARENA);
    struct precompile_result res;
    struct err err = {0};
    uint8_t addr[20];
    address(q->number, addr);
    struct bytes in = unhex(a, q->input), want = q->output ? unhex(a, q->output) : BYTES_NONE;
    assert_int_equal(precompile_run(a, q->fork, addr, in, q->given, &res, &err), RC_OK);
    CASE(q->name, res.outcome == q->outcome && bytes_eq(res.output, want), "outcome %d, %zu bytes",
         res.outcome, res.output.n);
    CASE(q->name, res.gas == q->gas, "gas %llu", (unsigned long long)res.gas);
    arena_free(a);
}

#define CHECK_ALL(table)                                                                           \
    for (size_t i_ = 0; i_ < sizeof(table) / sizeof *(table); i_++)                                \
    check(&(table)[i_])

static void hashes_and_identity(void **state)
{
    (void)state;
    /* FIPS 180-4 and the RIPEMD-160 page: "abc"; Yellow Paper, appendix E: the gas. */
    static const struct ask table[] = {
        {"sha256", ETH_OSAKA, 2, "616263", 72, PRECOMPILE_OK, 72,
         "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"sha256 short of gas", ETH_OSAKA, 2, "616263", 71, PRECOMPILE_FAILED, 72, NULL},
        {"sha256 of nothing", ETH_OSAKA, 2, "", 60, PRECOMPILE_OK, 60,
         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"ripemd160", ETH_OSAKA, 3, "616263", 720, PRECOMPILE_OK, 720,
         "0000000000000000000000008eb208f7e05d987a9b044a8e98c6b087f15a0bfc"},
        {"ripemd160 short of gas", ETH_OSAKA, 3, "616263", 719, PRECOMPILE_FAILED, 720, NULL},
        {"identity", ETH_OSAKA, 4, "00ff10", 18, PRECOMPILE_OK, 18, "00ff10"},
        {"identity of 33 bytes", ETH_OSAKA, 4, W0 "01", 21, PRECOMPILE_OK, 21, W0 "01"},
        {"identity short of gas", ETH_OSAKA, 4, "00", 17, PRECOMPILE_FAILED, 18, NULL},
    };
    CHECK_ALL(table);
}

static void signatures_that_are_none_give_nothing(void **state)
{
    (void)state;
    static const struct ask table[] = {
        {"ecrecover of nothing", ETH_OSAKA, 1, "", 3000, PRECOMPILE_OK, 3000, NULL},
        {"ecrecover, v 26", ETH_OSAKA, 1,
         W1 "000000000000000000000000000000000000000000000000000000000000001a" W1 W1, 3000,
         PRECOMPILE_OK, 3000, NULL},
        {"ecrecover, v 2^8 + 27", ETH_OSAKA, 1,
         W1 "000000000000000000000000000000000000000000000000000000000000011b" W1 W1, 3000,
         PRECOMPILE_OK, 3000, NULL},
        {"ecrecover, r 0", ETH_OSAKA, 1,
         W1 "000000000000000000000000000000000000000000000000000000000000001b" W0 W1, 3000,
         PRECOMPILE_OK, 3000, NULL},
        {"ecrecover, s 0", ETH_OSAKA, 1,
         W1 "000000000000000000000000000000000000000000000000000000000000001b" W1 W0, 3000,
         PRECOMPILE_OK, 3000, NULL},
        {"ecrecover, s of all ones", ETH_OSAKA, 1,
         W1 "000000000000000000000000000000000000000000000000000000000000001b" W1 WMAX, 3000,
         PRECOMPILE_OK, 3000, NULL},
        {"ecrecover short of gas", ETH_OSAKA, 1, "", 2999, PRECOMPILE_FAILED, 3000, NULL},
        {"p256 of nothing", ETH_OSAKA, 0x100, "", 6900, PRECOMPILE_OK, 6900, NULL},
        {"p256 of zeros", ETH_OSAKA, 0x100, W0 W0 W0 W0 W0, 6900, PRECOMPILE_OK, 6900, NULL},
        {"p256, point at infinity as (0, 0)", ETH_OSAKA, 0x100, W1 W1 W1 W0 W0, 6900, PRECOMPILE_OK,
         6900, NULL},
        {"p256, coordinates of all ones", ETH_OSAKA, 0x100, W1 W1 W1 WMAX WMAX, 6900, PRECOMPILE_OK,
         6900, NULL},
        {"p256 short of gas", ETH_OSAKA, 0x100, "", 6899, PRECOMPILE_FAILED, 6900, NULL},
        {"p256 of 161 bytes", ETH_OSAKA, 0x100, W1 W1 W1 W1 W1 "00", 6900, PRECOMPILE_OK, 6900,
         NULL},
    };
    CHECK_ALL(table);
}

static void modexp_is_paid_for_first(void **state)
{
    (void)state;
    static const struct ask table[] = {
        /* EIP-198's own examples: 3 ** (2**256 - 2**32 - 978) modulo p; 0 ** .. */
        {"Fermat", ETH_PRAGUE, 5,
         W1 W32 W32 "03"
                    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2e"
                    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f",
         1360, PRECOMPILE_OK, 1360, W1},
        {"0 to that", ETH_PRAGUE, 5,
         W0 W32 W32 "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2e"
                    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f",
         1360, PRECOMPILE_OK, 1360, W0},
        {"modulo 0", ETH_PRAGUE, 5, W1 W1 W1 "030200", 200, PRECOMPILE_OK, 200, "00"},
        {"modulo 1", ETH_PRAGUE, 5, W1 W1 W1 "030201", 200, PRECOMPILE_OK, 200, "00"},
        {"0 to 0", ETH_PRAGUE, 5, W1 W1 W1 "000005", 200, PRECOMPILE_OK, 200, "01"},
        {"even modulus", ETH_PRAGUE, 5, W1 W1 W1 "030308", 200, PRECOMPILE_OK, 200, "03"},
        {"numbers behind the input are zero", ETH_PRAGUE, 5, W1 W1 W2 "0301", 200, PRECOMPILE_OK,
         200, "0000"},
        {"no modulus", ETH_PRAGUE, 5, W1 W1 W0 "0302", 200, PRECOMPILE_OK, 200, NULL},
        {"nothing", ETH_PRAGUE, 5, "", 200, PRECOMPILE_OK, 200, NULL},
        {"nothing in Osaka (EIP-7883)", ETH_OSAKA, 5, "", 500, PRECOMPILE_OK, 500, NULL},
        {"an endless exponent of nothing", ETH_PRAGUE, 5, W0 WMAX W0, 200, PRECOMPILE_OK, 200,
         NULL},
        {"an endless exponent", ETH_PRAGUE, 5, W1 WMAX W1 "02", LIMIT_CALL_GAS, PRECOMPILE_FAILED,
         UINT64_MAX, NULL},
        {"an endless modulus", ETH_PRAGUE, 5, W1 W1 WMAX "02", LIMIT_CALL_GAS, PRECOMPILE_FAILED,
         UINT64_MAX, NULL},
        {"1024 bytes in Osaka", ETH_OSAKA, 5, W1024 W0 W1, 32768, PRECOMPILE_OK, 32768, "00"},
        {"1025 bytes in Osaka (EIP-7823)", ETH_OSAKA, 5, W1025 W0 W1, LIMIT_CALL_GAS,
         PRECOMPILE_FAILED, 33282, NULL},
        {"an exponent of 1025 bytes", ETH_OSAKA, 5, W0 W1025 W0, LIMIT_CALL_GAS, PRECOMPILE_FAILED,
         254208, NULL},
        {"1025 bytes before Osaka", ETH_PRAGUE, 5, W1025 W0 W1, LIMIT_CALL_GAS, PRECOMPILE_OK, 5547,
         "00"},
    };
    CHECK_ALL(table);
}

static void precompiles_appear_with_their_fork(void **state)
{
    (void)state;
    static const struct {
        uint16_t number;
        enum eth_fork since;
        bool ours;
    } table[] = {
        {1, ETH_PARIS, true},      {5, ETH_PARIS, true},        {6, ETH_PARIS, false},
        {8, ETH_PARIS, false},     {9, ETH_PARIS, true},        {0x0a, ETH_CANCUN, false},
        {0x0b, ETH_PRAGUE, false}, {0x11, ETH_PRAGUE, false},   {0x100, ETH_OSAKA, true},
        {0, ETH_FORK_MAX, false},  {0x12, ETH_FORK_MAX, false}, {0x101, ETH_FORK_MAX, false}};
    struct arena *a = arena_new(1 << 20);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (enum eth_fork f = ETH_PARIS; f < ETH_FORK_MAX; f++) {
            struct precompile_result res;
            struct err err = {0};
            uint8_t addr[20];
            bool there = f >= table[i].since;
            address(table[i].number, addr);
            assert_int_equal(precompile_run(a, f, addr, BYTES_NONE, 0, &res, &err), RC_OK);
            CASE("fork", precompile_is(f, addr) == there, "0x%x in fork %d", table[i].number, f);
            CASE("fork",
                 res.outcome == (!there          ? PRECOMPILE_NOT_ONE
                                 : table[i].ours ? PRECOMPILE_FAILED
                                                 : PRECOMPILE_UNSUPPORTED),
                 "0x%x in fork %d: outcome %d", table[i].number, f, res.outcome);
            for (size_t k = 0; k < 18; k++) {
                addr[k] ^= 1;
                CASE("fork", !precompile_is(f, addr), "byte %zu does not count", k);
                addr[k] ^= 1;
            }
        }
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_and_identity),
        cmocka_unit_test(signatures_that_are_none_give_nothing),
        cmocka_unit_test(modexp_is_paid_for_first),
        cmocka_unit_test(precompiles_appear_with_their_fork),
    };
    return HARNESS_RUN("precompile", tests);
}
