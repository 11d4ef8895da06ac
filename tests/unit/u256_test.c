/*
 * u256: the EVM's arithmetic at its edges. The values are the Yellow Paper's rules (appendix H.2)
 * worked by hand; tests/oracles/evm_diff.mjs compares each function with BigInt on random values.
 */
#include "policy/evm/u256.h"
#include "tests/lib/evm_mem.h"

#define H(text) evm_mem_hex(text)
#define MAX     H("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")
#define MIN     H("8000000000000000000000000000000000000000000000000000000000000000")

static void is(u256 got, u256 want)
{
    assert_memory_equal(got.w, want.w, sizeof got.w);
}

static void bytes_go_in_and_out_big_endian(void **state)
{
    (void)state;
    uint8_t in[32], out[32];
    for (size_t i = 0; i < 32; i++)
        in[i] = (uint8_t)(i * 7 + 1);
    u256_to_be(u256_from_be(in, 32), out);
    assert_memory_equal(in, out, 32);
    is(u256_from_be(in, 3), u256_of(0x01080f));
    is(u256_from_be(in, 0), U256_ZERO);
    is(u256_from_be(in, 9), H("01080f161d242b3239"));
}

static void sums_and_products_wrap(void **state)
{
    (void)state;
    is(u256_add(MAX, U256_ONE), U256_ZERO);
    is(u256_sub(U256_ZERO, U256_ONE), MAX);
    is(u256_mul(MAX, MAX), U256_ONE);
    is(u256_mul(MIN, u256_of(2)), U256_ZERO);
    is(u256_add(H("ffffffffffffffff"), U256_ONE), H("10000000000000000"));
    is(u256_sub(H("100000000000000000000000000000000"), U256_ONE),
       H("ffffffffffffffffffffffffffffffff"));
}

static void division_by_zero_is_zero(void **state)
{
    (void)state;
    is(u256_div(MAX, U256_ZERO), U256_ZERO);
    is(u256_mod(MAX, U256_ZERO), U256_ZERO);
    is(u256_sdiv(MIN, U256_ZERO), U256_ZERO);
    is(u256_smod(MIN, U256_ZERO), U256_ZERO);
    is(u256_addmod(MAX, MAX, U256_ZERO), U256_ZERO);
    is(u256_mulmod(MAX, MAX, U256_ZERO), U256_ZERO);
}

static void signed_division_truncates_and_wraps(void **state)
{
    (void)state;
    u256 minus1 = MAX, minus7 = u256_sub(U256_ZERO, u256_of(7));
    is(u256_sdiv(MIN, minus1), MIN);
    is(u256_smod(MIN, minus1), U256_ZERO);
    is(u256_sdiv(minus7, u256_of(2)), u256_sub(U256_ZERO, u256_of(3)));
    is(u256_smod(minus7, u256_of(2)), minus1);
    is(u256_smod(u256_of(7), u256_sub(U256_ZERO, u256_of(2))), U256_ONE);
}

static void modular_sums_keep_all_bits(void **state)
{
    (void)state;
    is(u256_addmod(MAX, MAX, u256_of(10)), u256_of(0)); /* 2^257 ends in 2 */
    is(u256_addmod(MAX, U256_ONE, MAX), U256_ONE);
    is(u256_mulmod(MAX, MAX, MAX), U256_ZERO);
    is(u256_mulmod(MAX, MAX, u256_of(12)), u256_of(9)); /* 3 * 3: 2^256 is 4 modulo 12 */
    /* Knuth's step D6: the digit guessed is one too large. */
    is(u256_mod(H("800000000000000000000000000000000000000000000000"),
                H("800000000000000000000000000000000000000000000001")),
       H("800000000000000000000000000000000000000000000000"));
    is(u256_div(H("7fffffffffffffff800000000000000000000000000000000000000000000000"),
                H("800000000000000000000000000000000000000000000001")),
       H("fffffffffffffffe"));
}

static void shifts_end_at_256(void **state)
{
    (void)state;
    is(u256_shl(u256_of(255), U256_ONE), MIN);
    is(u256_shl(u256_of(256), MAX), U256_ZERO);
    is(u256_shl(MAX, MAX), U256_ZERO);
    is(u256_shr(u256_of(255), MIN), U256_ONE);
    is(u256_shr(u256_of(256), MAX), U256_ZERO);
    is(u256_sar(u256_of(256), MIN), MAX);
    is(u256_sar(MAX, MIN), MAX);
    is(u256_sar(u256_of(256), H("7fff")), U256_ZERO);
    is(u256_sar(u256_of(255), MIN), MAX);
    is(u256_shl(u256_of(64), U256_ONE), H("10000000000000000"));
    is(u256_shr(u256_of(64), MAX), H("ffffffffffffffffffffffffffffffffffffffffffffffff"));
}

static void bytes_and_signs(void **state)
{
    (void)state;
    is(u256_byte(u256_of(31), u256_of(0xabcd)), u256_of(0xcd));
    is(u256_byte(u256_of(30), u256_of(0xabcd)), u256_of(0xab));
    is(u256_byte(u256_of(32), MAX), U256_ZERO);
    is(u256_byte(MAX, MAX), U256_ZERO);
    is(u256_signextend(u256_of(0), u256_of(0x80)), u256_sub(U256_ZERO, u256_of(0x80)));
    is(u256_signextend(u256_of(0), u256_of(0x17f)), u256_of(0x7f));
    is(u256_signextend(u256_of(31), MIN), MIN);
    is(u256_signextend(MAX, MIN), MIN);
    assert_int_equal(u256_scmp(MIN, U256_ZERO), -1);
    assert_int_equal(u256_scmp(MAX, MIN), 1);
    assert_int_equal(u256_cmp(MAX, MIN), 1);
    assert_int_equal(u256_cmp(U256_ONE, U256_ONE), 0);
}

static void powers_and_bit_lengths(void **state)
{
    (void)state;
    is(u256_exp(u256_of(2), u256_of(255)), MIN);
    is(u256_exp(u256_of(2), u256_of(256)), U256_ZERO);
    is(u256_exp(U256_ZERO, U256_ZERO), U256_ONE);
    is(u256_exp(MAX, MAX), MAX); /* (-1)^odd */
    is(u256_exp(u256_of(3), u256_of(5)), u256_of(243));
    assert_int_equal(u256_bits(U256_ZERO), 0);
    assert_int_equal(u256_bits(U256_ONE), 1);
    assert_int_equal(u256_bits(MAX), 256);
    assert_int_equal(u256_bits(H("10000000000000000")), 65);
}

/* q * d + r gives the dividend back, and r is below d: for limbs at the edges of Knuth's steps. */
static void quotient_and_rest_give_the_dividend_back(void **state)
{
    (void)state;
    static const uint64_t limbs[] = {0,
                                     1,
                                     2,
                                     0x7fffffffffffffffu,
                                     0x8000000000000000u,
                                     0xfffffffffffffffeu,
                                     0xffffffffffffffffu};
    const size_t n = sizeof limbs / sizeof *limbs;
    size_t bad = 0, seen = 0;
    for (size_t i = 0; i < n * n * n * n; i++)
        for (size_t j = 1; j < n * n * n * n; j += 5) {
            u256 a = {{limbs[i % n], limbs[i / n % n], limbs[i / n / n % n], limbs[i / n / n / n]}};
            u256 d = {{limbs[j % n], limbs[j / n % n], limbs[j / n / n % n], limbs[j / n / n / n]}};
            u256 q = u256_div(a, d), r = u256_mod(a, d);
            bad += !u256_eq(u256_add(u256_mul(q, d), r), a) || u256_cmp(r, d) >= 0 ||
                   u256_cmp(q, a) > 0;
            seen++;
        }
    assert_true(seen > 1000000);
    assert_int_equal(bad, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_go_in_and_out_big_endian),
        cmocka_unit_test(sums_and_products_wrap),
        cmocka_unit_test(division_by_zero_is_zero),
        cmocka_unit_test(signed_division_truncates_and_wraps),
        cmocka_unit_test(modular_sums_keep_all_bits),
        cmocka_unit_test(shifts_end_at_256),
        cmocka_unit_test(bytes_and_signs),
        cmocka_unit_test(powers_and_bit_lengths),
        cmocka_unit_test(quotient_and_rest_give_the_dividend_back),
    };
    return HARNESS_RUN("u256", tests);
}
