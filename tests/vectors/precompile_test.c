/* precompiles on go-ethereum's vectors (core/vm/testdata): output, gas, and what must fail. */
#include <stdlib.h>

#include "base/limits.h"
#include "policy/evm/precompile.h"
#include "tests/lib/harness.h"

struct vector_file {
    const char *file;
    uint16_t number;
    enum eth_fork fork;
};

static void address(uint16_t number, uint8_t out[static 20])
{
    memset(out, 0, 20);
    out[18] = (uint8_t)(number >> 8);
    out[19] = (uint8_t)number;
}

static void one(const struct vector_file *vf, const json_t *c, size_t i)
{
    struct arena *a = arena_new(LIMIT_ARENA);
    struct precompile_result res, poor;
    struct err err = {0};
    uint8_t addr[20];
    char name[128];
    const char *label = json_string_value(json_object_get(c, "Name"));
    const char *expected = json_string_value(json_object_get(c, "Expected"));
    uint64_t gas = (uint64_t)json_integer_value(json_object_get(c, "Gas"));
    struct bytes in = unhex(a, json_string_value(json_object_get(c, "Input")));
    snprintf(name, sizeof name, "%s #%zu %s", vf->file, i, label ? label : "");
    address(vf->number, addr);
    if (expected) {
        struct bytes want = unhex(a, expected);
        assert_int_equal(precompile_run(a, vf->fork, addr, in, gas, &res, &err), RC_OK);
        CASE(name, res.outcome == PRECOMPILE_OK && bytes_eq(res.output, want), "outcome %d",
             res.outcome);
        CASE(name, res.gas == gas, "gas %llu, expected %llu", (unsigned long long)res.gas,
             (unsigned long long)gas);
        if (gas) {
            assert_int_equal(precompile_run(a, vf->fork, addr, in, gas - 1, &poor, &err), RC_OK);
            CASE(name, poor.outcome == PRECOMPILE_FAILED && poor.output.n == 0,
                 "one gas short: outcome %d", poor.outcome);
        }
    } else {
        assert_int_equal(precompile_run(a, vf->fork, addr, in, LIMIT_CALL_GAS, &res, &err), RC_OK);
        CASE(name, res.outcome == PRECOMPILE_FAILED && res.output.n == 0, "outcome %d",
             res.outcome);
    }
    arena_free(a);
}

static void vectors_give_output_and_gas(void **state)
{
    (void)state;
    static const struct vector_file files[] = {
        {"ecRecover", 0x01, ETH_PARIS},      {"modexp_eip2565", 0x05, ETH_PRAGUE},
        {"modexp_eip7883", 0x05, ETH_OSAKA}, {"blake2F", 0x09, ETH_PARIS},
        {"fail-blake2f", 0x09, ETH_OSAKA},   {"p256Verify-first120", 0x100, ETH_OSAKA},
    };
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        char path[96];
        snprintf(path, sizeof path, "eth/precompiles/%s.json", files[f].file);
        char *present = vectors_path(path);
        if (!present) {
            case_skip(1, path);
            continue;
        }
        free(present);
        AUTO_JSON list = vectors_json(path);
        size_t i;
        json_t *c;
        json_array_foreach(list, i, c) one(&files[f], c, i);
    }
}

/* Every flipped bit of a good P-256 input is a bad one: hash, r, s, x and y. */
static void a_flipped_bit_is_no_p256_signature(void **state)
{
    (void)state;
    char *present = vectors_path("eth/precompiles/p256Verify-first120.json");
    if (!present) {
        case_skip(1, "vectors/eth/precompiles is not there");
        return;
    }
    free(present);
    AUTO_JSON list = vectors_json("eth/precompiles/p256Verify-first120.json");
    struct arena *a = arena_new(LIMIT_ARENA);
    struct bytes good =
        unhex(a, json_string_value(json_object_get(json_array_get(list, 0), "Input")));
    uint8_t addr[20], in[160];
    struct precompile_result res;
    struct err err = {0};
    address(0x100, addr);
    assert_int_equal(good.n, sizeof in);
    for (size_t bit = 0; bit < 8 * sizeof in; bit += 3) {
        memcpy(in, good.p, sizeof in);
        in[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        assert_int_equal(precompile_run(a, ETH_OSAKA, addr, BYTES_OF_ARRAY(in), 6900, &res, &err),
                         RC_OK);
        CASE("p256 flip", res.outcome == PRECOMPILE_OK && res.output.n == 0, "bit %zu accepted",
             bit);
    }
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_give_output_and_gas),
        cmocka_unit_test(a_flipped_bit_is_no_p256_signature),
    };
    return HARNESS_RUN("precompile vectors", tests);
}
