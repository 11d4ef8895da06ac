/*
 * guest: what is made of the files that a guest has: the CCEL table (each byte of it changed: all
 * matter but the address of the area, which the kernel reads for us, and the table's revision and
 * makers, which the checksum alone covers), dstack's runtime log line by line, vm_config; what of a
 * host's bundle is taken; a register extended through sysfs.
 */
#include "tests/lib/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/bundle.h"
#include "agent/guest/boot_files.h"
#include "agent/guest/td_device.h"

static void good_table(uint8_t t[static 56])
{
    uint8_t sum = 0;
    memset(t, 0, 56);
    memcpy(t, "CCEL", 4);
    t[4] = 56;
    t[36] = 2;
    t[42] = 1; /* 64 KiB */
    for (size_t i = 0; i < 56; i++)
        sum = (uint8_t)(sum + t[i]);
    t[9] = (uint8_t)-sum;
}

static void every_byte_of_the_table_counts(void **state)
{
    (void)state;
    uint8_t t[57] = {0};
    uint64_t area = 0;
    struct err err = {0};
    good_table(t);
    assert_int_equal(ccel_table(bytes_of(t, 56), &area, &err), RC_OK);
    assert_int_equal(area, 65536);
    for (size_t at = 0; at < 56; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            good_table(t);
            t[at] ^= (uint8_t)(1u << bit);
            err_clear(&err);
            CASE("flipped", ccel_table(bytes_of(t, 56), &area, &err) != RC_OK, "byte %zu", at);
        }
    good_table(t);
    for (size_t n = 0; n < 58; n++) {
        if (n == 56)
            continue;
        err_clear(&err);
        CASE("cut", ccel_table(bytes_of(t, n > 57 ? 57 : n), &area, &err) == BG_CCEL_TABLE_SIZE,
             "%zu bytes: BG-%04d", n, err.rc);
    }
}

static void lines_become_an_array(void **state)
{
    (void)state;
    static const struct {
        const char *name, *lines, *array;
        enum rc rc;
    } cases[] = {
        {"one", "{\"a\":1}\n", "[{\"a\":1}]", RC_OK},
        {"two", "{\"a\":1}\n{\"b\":\"\\n\"}\n", "[{\"a\":1},{\"b\":\"\\n\"}]", RC_OK},
        {"empty lines", "\n{\"a\":1}\n \t\r\n{}\n\n", "[{\"a\":1},{}]", RC_OK},
        {"nothing", "", NULL, BG_RUNTIME_LOG_TORN},
        {"no end", "{\"a\":1}", NULL, BG_RUNTIME_LOG_TORN},
        {"torn", "{\"a\":1}\n{\"b\":", NULL, BG_RUNTIME_LOG_TORN},
        {"only empty lines", "\n\n", NULL, BG_RUNTIME_LOG_NONE},
        {"not JSON", "{\"a\":1}\nx\n", NULL, BG_RUNTIME_LOG_LINE},
        {"two values in a line", "{} {}\n", NULL, BG_RUNTIME_LOG_LINE},
        {"a way out of the array", "{}],[{}\n", NULL, BG_RUNTIME_LOG_LINE},
        {"an array", "[]\n", NULL, BG_RUNTIME_LOG_LINE},
        {"a member twice", "{\"a\":1,\"a\":2}\n", NULL, BG_RUNTIME_LOG_LINE},
        {"an object over two lines", "{\"a\":\n1}\n", NULL, BG_RUNTIME_LOG_LINE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO_ARENA a = arena_new(1u << 20);
        struct bytes out = BYTES_NONE;
        struct err err = {0};
        enum rc rc = runtime_log_array(a, bytes_of_str(cases[i].lines), &out, &err);
        CASE(cases[i].name, rc == cases[i].rc, "BG-%04d", rc);
        CASE(cases[i].name, rc != RC_OK || bytes_eq_str(out, cases[i].array), "%.*s", (int)out.n,
             (const char *)out.p);
    }
}

static void vm_config_is_one_text(void **state)
{
    (void)state;
    static const struct {
        const char *text, *vm_config;
        enum rc rc;
    } cases[] = {
        {"{\"vm_config\":\"{\\\"a\\\":1}\",\"kms_urls\":[]}", "{\"a\":1}", RC_OK},
        {"{\"vm_config\":\"\"}", NULL, BG_SYS_CONFIG_VM},
        {"{\"vm_config\":{}}", NULL, BG_SYS_CONFIG_VM},
        {"{}", NULL, BG_SYS_CONFIG_VM},
        {"[]", NULL, BG_SYS_CONFIG_VM},
        {"{\"vm_config\":\"a\",\"vm_config\":\"b\"}", NULL, BG_SYS_CONFIG_JSON},
        {"{", NULL, BG_SYS_CONFIG_JSON},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO_ARENA a = arena_new(1u << 20);
        struct bytes out = BYTES_NONE;
        struct err err = {0};
        enum rc rc = vm_config_of(a, bytes_of_str(cases[i].text), &out, &err);
        CASE(cases[i].text, rc == cases[i].rc && (rc || bytes_eq_str(out, cases[i].vm_config)),
             "BG-%04d", rc);
    }
}

static void a_host_adds_answers_only(void **state)
{
    (void)state;
    AUTO_ARENA a = arena_new(1u << 20);
    AUTO_BUNDLE b = {0};
    struct err err = {0};
    assert_int_equal(bundle_init(&b, &err), RC_OK);
    const char *text = "{\"schema\":1,\"evidence\":{\"quote\":\"0400\"},\"checkpoint\":{},"
                       "\"committee_keys\":[{\"keys_sha256\":\"\",\"y\":\"\"}],"
                       "\"rpc\":[{\"method\":\"m\",\"params\":[],\"result\":1}],"
                       "\"beacon\":[{\"path\":\"/\",\"result\":{}}]}";
    assert_int_equal(bundle_add_host(a, &b, bytes_of_str(text), &err), RC_OK);
    CASE("rpc", json_array_size(b.rpc) == 1, "%zu", json_array_size(b.rpc));
    CASE("beacon", json_array_size(b.beacon) == 1, "%zu", json_array_size(b.beacon));
    CASE("evidence", !b.has_evidence, "taken");
    CASE("checkpoint", !b.checkpoint, "taken");
    CASE("keys", json_array_size(b.committee_keys) == 0, "taken");
    CASE("no bundle", bundle_add_host(a, &b, bytes_of_str("{}"), &err) == BG_BUNDLE_SCHEMA,
         "BG-%04d", err.rc);
    err_clear(&err);
    CASE("no JSON", bundle_add_host(a, &b, bytes_of_str("{"), &err) == BG_BUNDLE_HOST, "BG-%04d",
         err.rc);
}

static void a_register_is_extended_by_one_write(void **state)
{
    (void)state;
    static const char *const dirs[] = {"/sys",
                                       "/sys/devices",
                                       "/sys/devices/virtual",
                                       "/sys/devices/virtual/misc",
                                       "/sys/devices/virtual/misc/tdx_guest",
                                       TD_MEASUREMENTS};
    char root[] = "/tmp/bootgate-guest.XXXXXX", path[256];
    uint8_t digest[48], report[LOCAL_REPORT_SIZE] = {0};
    struct err err = {0};
    AUTO_ARENA a = arena_new(1u << 20);
    memset(digest, 0x5a, sizeof digest);
    assert_non_null(mkdtemp(root));
    CASE("rtmr0", td_device_extend(root, 0, digest, &err) == BG_RTMR_NOT_OURS, "BG-%04d", err.rc);
    err_clear(&err);
    CASE("neither sysfs nor device", td_device_extend(root, 3, digest, &err) == BG_TD_DEVICE_ABSENT,
         "BG-%04d", err.rc);
    err_clear(&err);
    CASE("an older kernel shows none", td_device_registers(a, root, report, &err) == RC_OK,
         "BG-%04d", err.rc);
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        (void)snprintf(path, sizeof path, "%s%s", root, dirs[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    (void)snprintf(path, sizeof path, "%s%s/rtmr3:sha384", root, TD_MEASUREMENTS);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fclose(f);
    CASE("by sysfs", td_device_extend(root, 3, digest, &err) == RC_OK, "BG-%04d", err.rc);
    CASE("what was written", bytes_eq(read_file(a, path), BYTES_OF_ARRAY(digest)), "another");
    memcpy(report + 864, digest, 48);
    CASE("as in the report", td_device_registers(a, root, report, &err) == RC_OK, "BG-%04d",
         err.rc);
    report[864] ^= 1;
    CASE("not as in it", td_device_registers(a, root, report, &err) == BG_RTMR_MOVED, "BG-%04d",
         err.rc);
    assert_int_equal(unlink(path), 0);
    for (size_t i = sizeof dirs / sizeof *dirs; i-- > 0;) {
        (void)snprintf(path, sizeof path, "%s%s", root, dirs[i]);
        assert_int_equal(rmdir(path), 0);
    }
    assert_int_equal(rmdir(root), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_of_the_table_counts),
        cmocka_unit_test(lines_become_an_array),
        cmocka_unit_test(vm_config_is_one_text),
        cmocka_unit_test(a_host_adds_answers_only),
        cmocka_unit_test(a_register_is_extended_by_one_write),
    };
    return HARNESS_RUN("guest", tests);
}
