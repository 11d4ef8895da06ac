/* os_image: proof of an invented image (tests/lib/event_builder), and that nothing else passes. */
#include "tests/lib/event_builder.h"
#include "tests/lib/harness.h"

#include <cbor.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/base64.h"
#include "quote/evlog_internal.h"
#include "quote/lite.h"

struct bench {
    struct arena *a;
    struct event_world w;
    struct evlog log;
    struct td_body td;
};

static struct bench setup(const struct event_spec *spec)
{
    struct err err = {0};
    struct bench b = {.a = arena_new(64 << 20)};
    assert_non_null(b.a);
    event_world_build(b.a, spec, &b.w);
    assert_int_equal(evlog_parse_json(b.a, bytes_of_str(b.w.event_log), &b.log, &err), RC_OK);
    memcpy(b.td.mr_td, b.w.mrtd, 48);
    memcpy(b.td.rtmr, b.w.rtmr, sizeof b.td.rtmr);
    return b;
}

static enum rc check(struct bench *b, const char *vm_config, bool require, struct os_image *im)
{
    struct err err = {0};
    memset(im, 0, sizeof *im);
    return os_image_check(b->a, bytes_of_str(vm_config), &b->td, &b->log, require, im, &err);
}

static void an_image_is_proven_whatever_qemu_and_memory(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {0x80000000u, 0xb0000000u, 0xb0001000u, 0x100000000u,
                                     1ull << 40};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct os_image im;
        struct bench b =
            setup(&(struct event_spec){.memory_size = sizes[i], .single_pass = i % 2 == 1});
        enum rc rc = check(&b, b.w.vm_config, true, &im);
        CASE("proven", rc == RC_OK && im.proven && im.has_acpi, "memory %llx: BG-%04d",
             (unsigned long long)sizes[i], rc);
        CASE("hash", memcmp(im.hash, b.w.os_image_hash, 32) == 0, "other hash");
        CASE("acpi", memcmp(im.acpi, b.w.acpi, sizeof im.acpi) == 0, "other digests");
        CASE("pass", strcmp(im.variant, i % 2 ? "single_pass" : "two_pass") == 0, "%s", im.variant);
        arena_free(b.a);
    }
}

/* edit returns vm_config with member `key` of `where` (NULL: top level) set to value. */
static char *edit(struct bench *b, const char *where, const char *key, json_t *value)
{
    struct err err = {0};
    AUTO_JSON j = json_loads(b->w.vm_config, 0, NULL);
    json_t *o = where ? json_object_get(j, where) : j;
    if (value)
        json_object_set_new(o, key, value);
    else
        json_object_del(o, key);
    char *text = json_dumps(j, JSON_COMPACT);
    char *copy = arena_printf(b->a, &err, "%s", text);
    free(text);
    return copy;
}

static void the_config_is_read_strictly(void **state)
{
    (void)state;
    struct bench b = setup(&(struct event_spec){0});
    struct os_image im;
    const struct {
        const char *name, *where, *key;
        json_t *value;
        enum rc want;
    } rows[] = {
        {"no hash", NULL, "os_image_hash", NULL, BG_VM_CONFIG_HASH},
        {"short hash", NULL, "os_image_hash", json_string("e6f5"), BG_VM_CONFIG_HASH},
        {"other hash", NULL, "os_image_hash",
         json_string("e6f5cfec20c02e7b97baa213d0f718020b55e040172d90ccbcb946d56c8b09db"),
         BG_OS_IMAGE_LIST},
        {"no memory", NULL, "memory_size", NULL, BG_OS_IMAGE_NO_MEMORY},
        {"real memory", NULL, "memory_size", json_real(2147483648.0), BG_OS_IMAGE_NO_MEMORY},
        {"negative memory", NULL, "memory_size", json_integer(-1), BG_OS_IMAGE_NO_MEMORY},
        {"1 GiB", NULL, "memory_size", json_integer(1 << 30), BG_OS_IMAGE_MEMORY},
        {"2.5 GiB", NULL, "memory_size", json_integer(0xa0000000), BG_OS_IMAGE_MEMORY},
        {"just below", NULL, "memory_size", json_integer(0xaffff000), BG_OS_IMAGE_MEMORY},
        {"other memory", NULL, "memory_size", json_integer(0x200000000), BG_OS_IMAGE_RTMR},
        {"greatest memory", NULL, "memory_size", json_integer(INT64_MAX), BG_OS_IMAGE_RTMR},
        {"no material", NULL, "tdx_measurement", NULL, BG_OS_IMAGE_NONE},
        {"null material", NULL, "tdx_measurement", json_null(), BG_OS_IMAGE_NONE},
        {"material text", NULL, "tdx_measurement", json_string("x"), BG_OS_IMAGE_DOCUMENT},
        {"unknown member", "tdx_measurement", "x", json_true(), BG_OS_IMAGE_DOCUMENT},
        {"no list", "tdx_measurement", "checksum_file", NULL, BG_OS_IMAGE_DOCUMENT},
        {"not base64", "tdx_measurement", "measurement", json_string("a==="), BG_OS_IMAGE_DOCUMENT},
        {"other layout", NULL, "ovmf_variant", json_string("stable202505"), BG_OS_IMAGE_LAYOUT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum rc rc = check(&b, edit(&b, rows[i].where, rows[i].key, rows[i].value), true, &im);
        CASE(rows[i].name, rc == rows[i].want && !im.proven, "BG-%04d", rc);
    }
    CASE("empty", check(&b, "", true, &im) == BG_VM_CONFIG_NONE, "accepted");
    CASE("not JSON", check(&b, "{", false, &im) == BG_VM_CONFIG_JSON, "accepted");
    CASE("array", check(&b, "[]", false, &im) == BG_VM_CONFIG_JSON, "accepted");
    /* without material and without demand the hash is only stated */
    char *bare = edit(&b, NULL, "tdx_measurement", NULL);
    CASE("stated", check(&b, bare, false, &im) == RC_OK && !im.proven && !im.variant, "proven");
    char *document = edit(&b, NULL, "mr_config", json_string("{\"x\":1}"));
    CASE("document",
         check(&b, document, true, &im) == RC_OK && im.proven &&
             bytes_eq_str(im.mr_config, "{\"x\":1}"),
         "lost");
    AUTO_JSON sys = json_pack("{s:s,s:s}", "vm_config", document, "mr_config", "outer");
    char *nested = json_dumps(sys, 0);
    CASE("nested",
         check(&b, nested, true, &im) == RC_OK && im.proven && bytes_eq_str(im.mr_config, "outer"),
         "lost");
    json_object_del(sys, "mr_config");
    free(nested);
    nested = json_dumps(sys, 0);
    CASE("nested, inner document",
         check(&b, nested, true, &im) == RC_OK && bytes_eq_str(im.mr_config, "{\"x\":1}"), "lost");
    free(nested);
    /* with material there is no way around the proof */
    b.td.mr_td[0] ^= 1;
    CASE("no way around", check(&b, b.w.vm_config, false, &im) == BG_OS_IMAGE_MRTD, "accepted");
    arena_free(b.a);
}

static char *b64(struct bench *b, struct bytes in)
{
    struct err err = {0};
    char *s = arena_alloc(b->a, in.n / 3 * 4 + 8, &err);
    EVP_EncodeBlock((unsigned char *)s, in.p, (int)in.n);
    return s;
}

/* repack makes a vm_config in which hash, list and material agree, whatever they say. */
static char *repack(struct bench *b, struct bytes measurement, const char *sums)
{
    struct err err = {0};
    uint8_t hash[32];
    char hex[65] = {0};
    if (!sums) {
        hash_sha256(measurement, hash);
        for (int i = 0; i < 32; i++)
            snprintf(hex + 2 * i, 3, "%02x", hash[i]);
        sums = arena_printf(b->a, &err, "%s  measurement.tdx.cbor\n", hex);
    }
    hash_sha256(bytes_of_str(sums), hash);
    for (int i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    AUTO_JSON j = json_loads(b->w.vm_config, 0, NULL);
    json_object_set_new(j, "os_image_hash", json_string(hex));
    json_object_set_new(j, "tdx_measurement",
                        json_pack("{s:s,s:s}", "measurement", b64(b, measurement), "checksum_file",
                                  b64(b, bytes_of_str(sums))));
    char *text = json_dumps(j, JSON_COMPACT), *copy = arena_printf(b->a, &err, "%s", text);
    free(text);
    return copy;
}

static void every_flipped_byte_of_the_material_is_refused(void **state)
{
    (void)state;
    struct bench b = setup(&(struct event_spec){.memory_size = 0x100000000u});
    struct os_image im;
    size_t n = b.w.measurement.n;
    uint8_t *m = malloc(n + 1);
    assert_non_null(m);
    memcpy(m, b.w.measurement.p, n);
    /* the unused MRTD candidate may be anything: it is what another QEMU would have made */
    struct lite_image li;
    struct err err = {0};
    assert_int_equal(lite_parse(bytes_of(m, n), &li, &err), RC_OK);
    size_t unused = 0;
    while (memcmp(m + unused, li.mrtd_single, 48) != 0)
        unused++;
    for (size_t i = 0; i < n; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            m[i] ^= (uint8_t)(1u << bit);
            enum rc rc = check(&b, repack(&b, bytes_of(m, n), NULL), true, &im);
            bool free_byte = i >= unused && i < unused + 48;
            CASE("consistent flip", (rc == RC_OK) == free_byte, "byte %zu bit %u: BG-%04d", i, bit,
                 rc);
            rc = check(
                &b,
                edit(&b, "tdx_measurement", "measurement", json_string(b64(&b, bytes_of(m, n)))),
                true, &im);
            CASE("flip", rc == BG_OS_IMAGE_MATERIAL, "byte %zu bit %u: BG-%04d", i, bit, rc);
            m[i] ^= (uint8_t)(1u << bit);
        }
    }
    for (size_t i = 0; i < n; i++)
        CASE("cut", check(&b, repack(&b, bytes_of(m, i), NULL), true, &im) == BG_LITE_CBOR,
             "at %zu", i);
    m[n] = 0;
    CASE("behind", check(&b, repack(&b, bytes_of(m, n + 1), NULL), true, &im) == BG_LITE_CBOR,
         "accepted");
    struct bytes sums = b.w.checksum_file;
    uint8_t *s = malloc(sums.n);
    memcpy(s, sums.p, sums.n);
    for (size_t i = 0; i < sums.n; i++) {
        s[i] ^= 1;
        char *cfg =
            edit(&b, "tdx_measurement", "checksum_file", json_string(b64(&b, bytes_of(s, sums.n))));
        CASE("list flip", check(&b, cfg, true, &im) == BG_OS_IMAGE_LIST, "byte %zu", i);
        s[i] ^= 1;
    }
    free(s);
    free(m);
    arena_free(b.a);
}

static void the_list_names_the_material_once(void **state)
{
    (void)state;
    struct bench b = setup(&(struct event_spec){0});
    struct os_image im;
    struct err err = {0};
    char hex[65] = {0};
    uint8_t hash[32];
    hash_sha256(b.w.measurement, hash);
    for (int i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    const struct {
        const char *name, *fmt;
        enum rc want;
    } rows[] = {
        {"plain", "%s  measurement.tdx.cbor\n", RC_OK},
        {"no newline, CR, blank lines", "\n\n%s measurement.tdx.cbor\r", RC_OK},
        {"twice", "%1$s  measurement.tdx.cbor\n%1$s  measurement.tdx.cbor\n",
         BG_OS_IMAGE_LIST_FORMAT},
        {"other name", "%s  measurement.snp.cbor\n", BG_OS_IMAGE_LIST_FORMAT},
        {"binary mark", "%s *measurement.tdx.cbor\n", BG_OS_IMAGE_LIST_FORMAT},
        {"a third word", "%s  measurement.tdx.cbor x\n", BG_OS_IMAGE_LIST_FORMAT},
        {"name missing", "%s\n", BG_OS_IMAGE_LIST_FORMAT},
        {"long hash", "0%s  measurement.tdx.cbor\n", BG_OS_IMAGE_LIST_FORMAT},
        {"empty", "%.0s", BG_OS_IMAGE_LIST_FORMAT},
    };
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *sums = arena_printf(b.a, &err, rows[i].fmt, hex);
        enum rc rc = check(&b, repack(&b, b.w.measurement, sums), true, &im);
        CASE(rows[i].name, rc == rows[i].want, "BG-%04d", rc);
    }
#pragma GCC diagnostic pop
    arena_free(b.a);
}

static void registers_and_acpi_events_decide(void **state)
{
    (void)state;
    struct bench b = setup(&(struct event_spec){0});
    struct os_image im;
    uint8_t *mr[] = {b.td.mr_td, b.td.rtmr[0], b.td.rtmr[1], b.td.rtmr[2]};
    for (size_t i = 0; i < 4 * 48; i++) {
        mr[i / 48][i % 48] ^= 1;
        enum rc rc = check(&b, b.w.vm_config, true, &im);
        CASE("register", rc == (i < 48 ? BG_OS_IMAGE_MRTD : BG_OS_IMAGE_RTMR), "%zu: BG-%04d", i,
             rc);
        mr[i / 48][i % 48] ^= 1;
    }
    size_t first = 0;
    while (b.log.v[first].type != 10)
        first++;
    struct event loader = b.log.v[first], rsdp = b.log.v[first + 1];
    b.log.v[first].digest[0] ^= 1;
    CASE("digest", check(&b, b.w.vm_config, true, &im) == BG_OS_IMAGE_RTMR, "accepted");
    b.log.v[first] = rsdp;
    b.log.v[first + 1] = loader;
    CASE("order", check(&b, b.w.vm_config, true, &im) == BG_OS_IMAGE_ACPI_NAME, "accepted");
    b.log.v[first].name = b.log.v[first + 1].name = BYTES_NONE;
    CASE("order, no names", check(&b, b.w.vm_config, true, &im) == BG_OS_IMAGE_RTMR, "accepted");
    b.log.v[first] = loader;
    b.log.v[first + 1] = rsdp;
    b.log.v[first].name = BYTES_NONE;
    CASE("a CCEL gives no names", check(&b, b.w.vm_config, true, &im) == RC_OK, "refused");
    b.log.v[first].payload = BYTES_NONE;
    CASE("two only", check(&b, b.w.vm_config, true, &im) == BG_OS_IMAGE_ACPI, "accepted");
    b.log.v[first] = loader;
    b.log.v[0] = loader;
    CASE("four", check(&b, b.w.vm_config, true, &im) == BG_OS_IMAGE_ACPI, "accepted");
    arena_free(b.a);
}

/* cbor documents that say the same in other words, or other things in the same words */
static void other_cbor_is_refused(void **state)
{
    (void)state;
    struct bench b = setup(&(struct event_spec){0});
    struct bytes m = b.w.measurement;
    struct lite_image li;
    uint8_t buf[1024];
    struct err err = {0};
    CASE("known", lite_parse(m, &li, &err) == RC_OK && strcmp(li.ovmf, "pre202505") == 0, "BG-%04d",
         err.rc);
    assert_true(m.n + 8 < sizeof buf && m.p[0] == 0xa3 && m.p[1] == 0x67 && m.p[9] == 0x03);
    const struct {
        const char *name;
        size_t at, drop;
        const char *put;
        size_t put_n;
        enum rc want;
    } rows[] = {
        {"indefinite map", 0, 1, "\xbf", 1, BG_LITE_CBOR},
        {"two members", 0, 1, "\xa2", 1, BG_LITE_CBOR},
        {"four members", 0, 1, "\xa4", 1, BG_LITE_CBOR},
        {"array", 0, 1, "\x83", 1, BG_LITE_CBOR},
        {"tagged", 0, 0, "\xc0", 1, BG_LITE_CBOR},
        {"long map head", 0, 1, "\xb8\x03", 2, BG_LITE_CBOR},
        {"long key head", 1, 1, "\x78\x07", 2, BG_LITE_CBOR},
        {"key as bytes", 1, 1, "\x47", 1, BG_LITE_CBOR},
        {"other key", 2, 1, "V", 1, BG_LITE_CBOR},
        {"version 2", 9, 1, "\x02", 1, BG_LITE_VERSION},
        {"version 3, long", 9, 1, "\x18\x03", 2, BG_LITE_CBOR},
        {"version 3, longer", 9, 1, "\x19\x00\x03", 3, BG_LITE_CBOR},
        {"version 3, eight bytes", 9, 1, "\x1b\0\0\0\0\0\0\0\x03", 9, BG_LITE_CBOR},
        {"version 4294967299", 9, 1, "\x1b\0\0\0\x01\0\0\0\x03", 9, BG_LITE_CBOR},
        {"negative version", 9, 1, "\x22", 1, BG_LITE_CBOR},
        {"version text", 9, 1, "\x61\x33", 2, BG_LITE_CBOR},
        {"version real", 9, 1, "\xf9\x42\x00", 3, BG_LITE_CBOR},
        {"version twice", 1, 9 + 6, "\x67version\x03\x67version\x03", 18, BG_LITE_CBOR},
        {"huge string", 1, 1, "\x7b\xff\xff\xff\xff\xff\xff\xff\xff", 9, BG_LITE_CBOR},
        {"nothing", 0, m.n, "", 0, BG_LITE_CBOR},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err e = {0};
        memcpy(buf, m.p, rows[i].at);
        memcpy(buf + rows[i].at, rows[i].put, rows[i].put_n);
        size_t rest = rows[i].at + rows[i].drop;
        memcpy(buf + rows[i].at + rows[i].put_n, m.p + rest, m.n - rest);
        size_t n = m.n - rows[i].drop + rows[i].put_n;
        enum rc rc = lite_parse(bytes_of(buf, n), &li, &e);
        CASE(rows[i].name, rc == rows[i].want, "BG-%04d %s", rc, e.detail);
    }
    const char *layout = "pre202505";
    size_t at = 0;
    while (memcmp(m.p + at, layout, 9) != 0)
        at++;
    memcpy(buf, m.p, m.n);
    memcpy(buf + at, "stb202505", 9);
    CASE("layout", lite_parse(bytes_of(buf, m.n), &li, &err) == BG_LITE_OVMF, "accepted");
    /* image twice, and no version: three members all the same. */
    size_t image = 10, tdvf = image;
    while (memcmp(m.p + tdvf, "\x64tdvf", 5) != 0)
        tdvf++;
    buf[0] = 0xa3;
    memcpy(buf + 1, m.p + image, tdvf - image);
    memcpy(buf + 1 + tdvf - image, m.p + image, m.n - image);
    err_clear(&err);
    CASE("a member twice",
         lite_parse(bytes_of(buf, 1 + tdvf - image + m.n - image), &li, &err) == BG_LITE_CBOR,
         "accepted");
    /* A digest of 49 bytes, and one of 47. */
    for (size_t size = 47; size <= 49; size++) {
        for (at = 0; m.p[at] != 0x58 || m.p[at + 1] != 48; at++) {
        }
        memcpy(buf, m.p, at + 2);
        buf[at + 1] = (uint8_t)size;
        memset(buf + at + 2, 7, size);
        memcpy(buf + at + 2 + size, m.p + at + 50, m.n - at - 50);
        err_clear(&err);
        enum rc rc = lite_parse(bytes_of(buf, m.n - 48 + size), &li, &err);
        CASE("a digest's size", rc == (size == 48 ? RC_OK : BG_LITE_CBOR), "%zu: BG-%04d", size,
             rc);
    }
    /* As large as may be, and one byte more: the witness is the last. */
    static uint8_t large[LITE_CBOR_MAX + 1];
    for (at = 0; memcmp(m.p + at, "\x66td_hob", 7) != 0; at++) {
    }
    for (size_t n = LITE_CBOR_MAX; n <= LITE_CBOR_MAX + 1; n++) {
        size_t hob = n - (at + 7 + 3);
        memset(large, 0, sizeof large);
        memcpy(large, m.p, at + 7);
        large[at + 7] = 0x59;
        large[at + 8] = (uint8_t)(hob >> 8);
        large[at + 9] = (uint8_t)hob;
        err_clear(&err);
        enum rc rc = lite_parse(bytes_of(large, n), &li, &err);
        CASE("how large", rc == (n > LITE_CBOR_MAX ? BG_LITE_CBOR : RC_OK), "%zu: BG-%04d", n, rc);
    }
    arena_free(b.a);
}

static void witnesses_are_sorted_ranges_below_2_gib(void **state)
{
    (void)state;
    static const uint8_t acpi[3][48];
    struct lite_event ev[LITE_EVENTS];
    const struct {
        const char *name, *bytes;
        size_t n;
        enum rc want;
    } rows[] = {
        {"dstack's", "\x80\x10\x09\x04\x00\x06\x09\x02\x0b\x02\x10\x10", 12, RC_OK},
        {"one range from 0", "\x00\x00\x01\x00\x01", 5, RC_OK},
        {"no range", "\x00\x00\x00", 3, BG_LITE_WITNESS},
        {"empty", "", 0, BG_LITE_WITNESS},
        {"cut off", "\x80\x10\x09\x04\x00\x06\x09\x02\x0b\x02\x10", 11, BG_LITE_WITNESS},
        {"behind", "\x00\x00\x01\x00\x01\x00", 6, BG_LITE_WITNESS},
        {"65 ranges", "\x00\x00\x41\x00\x01", 5, BG_LITE_WITNESS},
        {"many ranges", "\x00\x00\xff\xff\xff\xff\x0f\x00\x01", 9, BG_LITE_WITNESS},
        {"empty range", "\x00\x00\x01\x00\x00", 5, BG_LITE_WITNESS},
        {"an empty range behind", "\x00\x00\x02\x00\x02\x02\x00", 7, BG_LITE_WITNESS},
        {"not at the base", "\x00\x00\x01\x01\x01", 5, BG_LITE_WITNESS},
        {"overlap", "\x00\x00\x02\x00\x02\x01\x02", 7, BG_LITE_WITNESS},
        {"unsorted", "\x00\x00\x03\x00\x01\x05\x01\x03\x01", 9, BG_LITE_WITNESS},
        {"HOB outside", "\x00\x01\x01\x00\x01", 5, BG_LITE_WITNESS},
        {"long number", "\x80\x00\x00\x01\x00\x01", 6, BG_LITE_WITNESS},
        {"too long a number", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x01\x00\x01", 14,
         BG_LITE_WITNESS},
        {"33 bits", "\xff\xff\xff\xff\x1f\x00\x01\x00\x01", 9, BG_LITE_WITNESS},
        {"at 16 TiB", "\xff\xff\xff\xff\x0f\x00\x01\x00\x01", 9, BG_LITE_WITNESS},
        {"up to 2 GiB", "\x00\x00\x01\x00\x80\x80\x20", 7, BG_LITE_WITNESS},
        {"2 GiB and a page", "\x00\x00\x01\x00\x81\x80\x20", 7, BG_LITE_WITNESS},
        {"a page below", "\x00\x00\x01\x00\xff\xff\x1f", 7, RC_OK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lite_image li = {.td_hob = bytes_of(rows[i].bytes, rows[i].n)};
        struct err err = {0};
        enum rc rc = lite_expect(&li, 0x80000000u, acpi, ev, &err);
        CASE(rows[i].name, rc == rows[i].want, "BG-%04d %s", rc, err.detail);
        err_clear(&err);
        rc = lite_expect(&li, 0x100000000u, acpi, ev, &err);
        CASE(rows[i].name, rc == rows[i].want, "4 GiB: BG-%04d %s", rc, err.detail);
    }
    uint8_t ranges[3 + 2 * 64] = {0, 0, 64};
    for (size_t i = 0; i < 64; i++) {
        ranges[3 + 2 * i] = (uint8_t)(i & 0x3f ? 2 * (i % 64) : 0);
        ranges[4 + 2 * i] = 1;
    }
    struct lite_image li = {.td_hob = BYTES_OF_ARRAY(ranges)};
    struct err err = {0};
    CASE("64 ranges with gaps", lite_expect(&li, 1ull << 40, acpi, ev, &err) == RC_OK, "BG-%04d",
         err.rc);
    uint8_t more[3 + 2 * 65] = {0, 0, 65};
    memcpy(more + 3, ranges + 3, 2 * 64);
    more[3 + 2 * 64] = 127;
    more[4 + 2 * 64] = 1;
    li.td_hob = BYTES_OF_ARRAY(more);
    CASE("one more", lite_expect(&li, 1ull << 40, acpi, ev, &err) == BG_LITE_WITNESS, "BG-%04d",
         err.rc);
    li.td_hob = bytes_of("\x00\x00\x01\x00\x02", 5);
    for (uint64_t memory = 0x1000; memory <= 0x3000; memory += 0x1000) {
        err_clear(&err);
        enum rc rc = lite_expect(&li, memory, acpi, ev, &err);
        CASE("two pages", rc == (memory > 0x2000 ? RC_OK : BG_LITE_WITNESS), "0x%x: BG-%04d",
             (unsigned)memory, rc);
    }
}

static void base64_has_one_text_per_value(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    static const char *const good[] = {"", "AA==", "AAA=", "AAAA", "+/+/", "Zm9vYmFy"};
    static const char *const bad[] = {"A",    "AA",   "AAA",    "AB==", "AAB=",     "A===", "====",
                                      "AA=A", "A A=", "AAAA\n", "AA-_", "AAAA====", "=AAA"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct err err = {0};
        struct bytes out;
        unsigned char want[16];
        CASE(good[i], base64_decode(a, bytes_of_str(good[i]), &out, &err), "refused");
        int n = EVP_DecodeBlock(want, (const unsigned char *)good[i], (int)strlen(good[i]));
        CASE(good[i], n >= 0 && memcmp(want, out.p, out.n) == 0, "other bytes than OpenSSL's");
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {0};
        struct bytes out = BYTES_NONE;
        CASE(bad[i], !base64_decode(a, bytes_of_str(bad[i]), &out, &err) && !out.p, "accepted");
    }
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_is_proven_whatever_qemu_and_memory),
        cmocka_unit_test(the_config_is_read_strictly),
        cmocka_unit_test(every_flipped_byte_of_the_material_is_refused),
        cmocka_unit_test(the_list_names_the_material_once),
        cmocka_unit_test(registers_and_acpi_events_decide),
        cmocka_unit_test(other_cbor_is_refused),
        cmocka_unit_test(witnesses_are_sorted_ranges_below_2_gib),
        cmocka_unit_test(base64_has_one_text_per_value),
    };
    return HARNESS_RUN("os_image", tests);
}
