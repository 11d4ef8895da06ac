/* precompiles on go-ethereum's vectors (core/vm/testdata): output, gas, and what must fail. */
#include <dirent.h>
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

static const struct vector_file built[] = {
    {"ecRecover", 0x01, ETH_PARIS},      {"modexp_eip2565", 0x05, ETH_PRAGUE},
    {"modexp_eip7883", 0x05, ETH_OSAKA}, {"blake2F", 0x09, ETH_PARIS},
    {"fail-blake2f", 0x09, ETH_OSAKA},   {"p256Verify-first120", 0x100, ETH_OSAKA},
};

/* What we do not have: refused by name, whatever the input. */
static const struct vector_file unbuilt[] = {
    {"bn256Add", 0x06, ETH_PARIS},      {"bn256ScalarMul", 0x07, ETH_PARIS},
    {"bn256Pairing", 0x08, ETH_PARIS},  {"pointEvaluation", 0x0a, ETH_CANCUN},
    {"blsG1Mul", 0x0c, ETH_PRAGUE},     {"blsG2Mul", 0x0e, ETH_PRAGUE},
    {"blsPairing", 0x0f, ETH_PRAGUE},   {"blsMapG2", 0x11, ETH_PRAGUE},
    {"fail-blsG1Add", 0x0b, ETH_OSAKA}, {"fail-blsG2Add", 0x0d, ETH_OSAKA},
    {"fail-blsMapG2", 0x11, ETH_OSAKA}, {"fail-blsPairing", 0x0f, ETH_OSAKA},
};

static void refused(const struct vector_file *vf, const json_t *c, size_t i)
{
    struct arena *a = arena_new(LIMIT_ARENA);
    struct precompile_result res;
    struct err err = {0};
    uint8_t addr[20];
    char name[32];
    struct bytes in = unhex(a, json_string_value(json_object_get(c, "Input")));
    snprintf(name, sizeof name, "precompile 0x%02x: ", vf->number);
    address(vf->number, addr);
    assert_int_equal(precompile_run(a, vf->fork, addr, in, LIMIT_CALL_GAS, &res, &err), RC_OK);
    CASE(vf->file,
         res.outcome == PRECOMPILE_UNSUPPORTED && res.output.n == 0 &&
             strncmp(res.name, name, strlen(name)) == 0,
         "#%zu: outcome %d", i, res.outcome);
    arena_free(a);
}

static void each_case(const struct vector_file *vf,
                      void (*check)(const struct vector_file *, const json_t *, size_t))
{
    char path[96];
    snprintf(path, sizeof path, "eth/precompiles/%s.json", vf->file);
    char *present = vectors_path(path);
    if (!present) {
        case_skip(1, path);
        return;
    }
    free(present);
    AUTO_JSON list = vectors_json(path);
    size_t i;
    json_t *c;
    CASE(vf->file, json_array_size(list) > 0, "no cases");
    json_array_foreach(list, i, c) check(vf, c, i);
}

static void vectors_give_output_and_gas(void **state)
{
    (void)state;
    for (size_t f = 0; f < sizeof built / sizeof *built; f++)
        each_case(&built[f], one);
}

static void what_is_not_built_is_refused_by_name(void **state)
{
    (void)state;
    for (size_t f = 0; f < sizeof unbuilt / sizeof *unbuilt; f++)
        each_case(&unbuilt[f], refused);
}

static bool listed(const struct vector_file *files, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strncmp(name, files[i].file, strlen(files[i].file)) == 0 &&
            strcmp(name + strlen(files[i].file), ".json") == 0)
            return true;
    return false;
}

static void no_file_is_left_out(void **state)
{
    (void)state;
    char *path = vectors_path("eth/precompiles");
    if (!path) {
        case_skip(1, "vectors/eth/precompiles is not there");
        return;
    }
    size_t seen = 0;
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        if (!strstr(e->d_name, ".json"))
            continue;
        seen++;
        CASE("file",
             listed(built, sizeof built / sizeof *built, e->d_name) +
                     listed(unbuilt, sizeof unbuilt / sizeof *unbuilt, e->d_name) ==
                 1,
             "%s is in no table, or in both", e->d_name);
    }
    CASE("files", seen == (sizeof built + sizeof unbuilt) / sizeof *built, "%zu files", seen);
    closedir(dir);
    free(path);
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
        cmocka_unit_test(what_is_not_built_is_refused_by_name),
        cmocka_unit_test(no_file_is_left_out),
        cmocka_unit_test(a_flipped_bit_is_no_p256_signature),
    };
    return HARNESS_RUN("precompile vectors", tests);
}
