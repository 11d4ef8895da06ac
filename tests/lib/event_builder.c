#include "tests/lib/event_builder.h"

#include <cbor.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/harness.h"

struct build {
    struct arena *a;
    const struct event_spec *spec;
    struct event_world *w;
    json_t *log;
    uint8_t boot_rtmr3[48]; /* as of boot-mr-done */
};

static void *need(void *p)
{
    if (!p)
        fail_msg("no memory");
    return p;
}

static void sha(const char *alg, const void *p, size_t n, uint8_t *out)
{
    assert_int_equal(EVP_Digest(p, n, out, NULL, EVP_get_digestbyname(alg), NULL), 1);
}

static char *hex(struct build *b, const uint8_t *p, size_t n)
{
    struct err err = {0};
    char *s = need(arena_alloc(b->a, 2 * n + 1, &err));
    for (size_t i = 0; i < n; i++)
        snprintf(s + 2 * i, 3, "%02x", p[i]);
    return s;
}

/* seeded: 48 bytes that stand for a part of the invented image. */
static void seeded(struct build *b, const char *part, uint8_t out[48])
{
    char text[256];
    snprintf(text, sizeof text, "%s/%s", b->spec->image ? b->spec->image : "image", part);
    sha("SHA384", text, strlen(text), out);
}

static void extend(uint8_t mr[48], const uint8_t digest[48])
{
    uint8_t both[96];
    memcpy(both, mr, 48);
    memcpy(both + 48, digest, 48);
    sha("SHA384", both, sizeof both, mr);
}

static void record(struct build *b, unsigned rtmr, uint32_t type, const char *name,
                   const uint8_t *digest, const char *payload_hex)
{
    json_t *e = json_pack("{s:i, s:I, s:s, s:s, s:s}", "imr", (int)rtmr, "event_type",
                          (json_int_t)type, "digest", digest ? hex(b, digest, 48) : "", "event",
                          name, "event_payload", payload_hex);
    assert_int_equal(json_array_append_new(b->log, need(e)), 0);
}

static void firmware(struct build *b, unsigned rtmr, uint32_t type, const uint8_t digest[48])
{
    extend(b->w->rtmr[rtmr], digest);
    record(b, rtmr, type, "", digest, "");
}

static void firmware_data(struct build *b, unsigned rtmr, uint32_t type, const void *p, size_t n)
{
    uint8_t digest[48];
    sha("SHA384", p, n, digest);
    firmware(b, rtmr, type, digest);
}

/* runtime: RTMR3 by dstack's definition; version 2 is the sorted compact JSON, which for plain
 * ASCII names is what jansson writes. */
static void runtime(struct build *b, const char *name, const uint8_t *payload, size_t n)
{
    uint8_t digest[48];
    const char *payload_hex = hex(b, payload, n);
    bool v2 = b->spec->event_version == 2;
    if (v2) {
        json_t *o = json_pack("{s:s, s:I, s:s}", "payload", payload_hex, "type",
                              (json_int_t)0x08000001, "name", name);
        char *text = need(json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS));
        sha("SHA384", text, strlen(text), digest);
        free(text);
        json_decref(o);
    } else {
        EVP_MD_CTX *ctx = need(EVP_MD_CTX_new());
        EVP_DigestInit_ex(ctx, EVP_sha384(), NULL);
        EVP_DigestUpdate(ctx, "\x01\x00\x00\x08:", 5);
        EVP_DigestUpdate(ctx, name, strlen(name));
        EVP_DigestUpdate(ctx, ":", 1);
        EVP_DigestUpdate(ctx, payload, n);
        EVP_DigestFinal_ex(ctx, digest, NULL);
        EVP_MD_CTX_free(ctx);
    }
    extend(b->w->rtmr[3], digest);
    record(b, 3, 0x08000001, name, b->spec->with_digests ? digest : NULL, payload_hex);
    if (v2)
        json_object_set_new(json_array_get(b->log, json_array_size(b->log) - 1), "version",
                            json_integer(2));
}

/* OVMF's sections that the TD HOB lists as accepted (dstack-mr's own example): first page, pages.
 */
static const struct {
    unsigned first, pages;
} sections[] = {{0x800, 6}, {0x809, 2}, {0x80b, 2}, {0x810, 0x10}};

#define HOB_PAGE     0x809
#define NUM_SECTIONS (sizeof sections / sizeof *sections)

static void le(uint8_t *p, uint64_t v, unsigned n)
{
    for (; n; n--, v >>= 8)
        *p++ = (uint8_t)v;
}

static size_t resource(uint8_t *p, unsigned type, uint64_t start, uint64_t len)
{
    memset(p, 0, 48);
    le(p, 3, 2);
    le(p + 2, 48, 2);
    le(p + 24, type, 4);
    le(p + 28, 7, 4);
    le(p + 32, start, 8);
    le(p + 40, len, 8);
    return 48;
}

/* td_hob: pages are painted with the section they belong to, then runs of one colour are listed. */
static size_t td_hob(uint64_t memory, uint8_t *out)
{
    uint8_t colour[0x820] = {0};
    size_t n = 56;
    for (unsigned s = 0; s < NUM_SECTIONS; s++)
        memset(colour + sections[s].first, (int)s + 1, sections[s].pages);
    unsigned from = 0;
    for (unsigned p = 1; p <= 0x820; p++) {
        if (p < 0x820 && colour[p] == colour[from])
            continue;
        n += resource(out + n, colour[from] ? 0 : 7, (uint64_t)from << 12,
                      (uint64_t)(p - from) << 12);
        from = p;
    }
    uint64_t low = memory >= 0xb0000000u ? 0x80000000u : memory;
    n += resource(out + n, 7, 0x820000, low - 0x820000);
    if (memory > low)
        n += resource(out + n, 7, 0x100000000u, memory - low);
    memset(out, 0, 56);
    le(out, 1, 2);
    le(out + 2, 56, 2);
    le(out + 8, 9, 4);
    le(out + 48, ((uint64_t)HOB_PAGE << 12) + n + 8, 8);
    return n;
}

/* absent_variable: the event data of a variable that does not exist. The GUID comes as text. */
static void absent_variable(struct build *b, const char *guid, const char *name)
{
    uint8_t d[96] = {0};
    unsigned v[11];
    size_t n = strlen(name);
    assert_int_equal(sscanf(guid, "%8x-%4x-%4x-%2x%2x-%2x%2x%2x%2x%2x%2x", &v[0], &v[1], &v[2],
                            &v[3], &v[4], &v[5], &v[6], &v[7], &v[8], &v[9], &v[10]),
                     11);
    le(d, v[0], 4);
    le(d + 4, v[1], 2);
    le(d + 6, v[2], 2);
    for (unsigned i = 0; i < 8; i++)
        d[8 + i] = (uint8_t)v[3 + i];
    le(d + 16, n, 8);
    for (size_t i = 0; i < n; i++)
        d[32 + 2 * i] = (uint8_t)name[i];
    firmware_data(b, 0, 0x80000001, d, 32 + 2 * n);
}

static void constant(struct build *b, uint32_t type, const char *digest)
{
    firmware(b, 0, type, unhex(b->a, digest).p);
}

static void acpi(struct build *b)
{
    static const char *const names[] = {"acpi-loader", "acpi-rsdp", "acpi-tables"};
    for (int i = 0; i < 3; i++) {
        seeded(b, names[i], b->w->acpi[i]);
        extend(b->w->rtmr[0], b->w->acpi[i]);
        record(b, 0, 10, names[i], b->w->acpi[i], "414350492044415441"); /* "ACPI DATA" */
    }
}

/* The order is that of a real dstack 0.6 log. */
static void boot_firmware(struct build *b)
{
    static const char global[] = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
    static const char security[] = "d719b2cb-3d3a-4596-a3bc-dad00e67656f";
    uint8_t hob[2048], digest[48];
    uint64_t memory = b->spec->memory_size ? b->spec->memory_size : 0x80000000u;
    firmware_data(b, 0, 0x8000000b, hob, td_hob(memory, hob));
    constant(b, 0x8000000a,
             "344bc51c980ba621aaa00da3ed7436f7d6e549197dfe6995"
             "15dfa2c6583d95e6412af21c097d473155875ffd561d6790");
    absent_variable(b, global, "SecureBoot");
    absent_variable(b, global, "PK");
    absent_variable(b, global, "KEK");
    absent_variable(b, security, "db");
    absent_variable(b, security, "dbx");
    firmware_data(b, 0, 4, "\0\0\0\0", 4);
    acpi(b);
    seeded(b, "kernel", digest);
    firmware(b, 1, 0x80000003, digest);
    firmware_data(b, 0, 0x80000002, "\0\0", 2);
    constant(b, 0x80000002,
             "23ada07f5261f12f34a0bd8e46760962d6b4d576a416f1fe"
             "a1c64bc656b1d28eacf7047ae6e967c58fd2a98bfa74c298");
    firmware_data(b, 1, 0x80000007, "Calling EFI Application from Boot Option", 40);
    firmware_data(b, 1, 4, "\0\0\0\0", 4);
    seeded(b, "cmdline", digest);
    firmware(b, 2, 6, digest);
    seeded(b, "initrd", digest);
    firmware(b, 2, 6, digest);
    firmware_data(b, 1, 0x80000007, "Exit Boot Services Invocation", 29);
    firmware_data(b, 1, 0x80000007, "Exit Boot Services Returned with Success", 40);
    seeded(b, b->spec->single_pass ? "mrtd-single" : "mrtd-two", b->w->mrtd);
}

static void identity(struct build *b)
{
    struct event_world *w = b->w;
    uint8_t hash[32];
    w->app_compose = b->spec->app_compose ? b->spec->app_compose
                                          : "{\"manifest_version\":2,\"name\":\"bench\","
                                            "\"runner\":\"docker-compose\"}";
    w->key_provider = b->spec->key_provider ? b->spec->key_provider
                                            : "{\"name\":\"kms\",\"id\":\"3059301306072a86\"}";
    sha("SHA256", w->app_compose, strlen(w->app_compose), w->compose_hash);
    memcpy(w->app_id, b->spec->app_id ? b->spec->app_id : w->compose_hash, 20);
    sha("SHA256", w->app_id, 20, hash);
    w->has_instance_id = !b->spec->no_instance_id;
    if (w->has_instance_id)
        memcpy(w->instance_id, b->spec->instance_id ? b->spec->instance_id : hash, 20);
    if (b->spec->mr_config == 1) {
        w->mr_config_id[0] = 1;
        memcpy(w->mr_config_id + 1, w->compose_hash, 32);
    }
}

static void boot_dstack(struct build *b)
{
    struct event_world *w = b->w;
    uint8_t script[32];
    runtime(b, "system-preparing", NULL, 0);
    runtime(b, "app-id", w->app_id, 20);
    runtime(b, "compose-hash", w->compose_hash, 32);
    for (unsigned i = 0; i < b->spec->init_scripts; i++) {
        sha("SHA256", &i, sizeof i, script);
        runtime(b, "init-script-hash", script, 32);
    }
    runtime(b, "instance-id", w->instance_id, w->has_instance_id ? 20 : 0);
    runtime(b, "boot-mr-done", NULL, 0);
    memcpy(b->boot_rtmr3, w->rtmr[3], 48);
    if (b->spec->until_boot_mr_done)
        return;
    runtime(b, "os-image-hash", w->os_image_hash, 32);
    runtime(b, "key-provider", (const uint8_t *)w->key_provider, strlen(w->key_provider));
    runtime(b, "storage-fs", (const uint8_t *)"zfs", 3);
    runtime(b, "system-ready", NULL, 0);
    for (unsigned i = 0; i < b->spec->app_events; i++)
        runtime(b, i % 2 ? "system-ready" : "app-id", (const uint8_t *)&i, sizeof i);
}

static void put(cbor_item_t *map, const char *key, cbor_item_t *value)
{
    struct cbor_pair pair = {cbor_move(cbor_build_string(key)), cbor_move(value)};
    assert_true(cbor_map_add(map, pair));
}

static void put_seeded(struct build *b, cbor_item_t *map, const char *key, const char *part)
{
    uint8_t digest[48];
    seeded(b, part, digest);
    put(map, key, cbor_build_bytestring(digest, 48));
}

static size_t varint(uint8_t *p, unsigned v)
{
    size_t n = 0;
    for (; v >= 0x80; v >>= 7)
        p[n++] = (uint8_t)(v | 0x80);
    p[n++] = (uint8_t)v;
    return n;
}

static void measurement(struct build *b)
{
    struct err err = {0};
    uint8_t witness[64], *p = need(arena_alloc(b->a, 1024, &err));
    size_t n = varint(witness, sections[0].first);
    n += varint(witness + n, HOB_PAGE - sections[0].first);
    n += varint(witness + n, NUM_SECTIONS);
    for (size_t i = 0; i < NUM_SECTIONS; i++) {
        n += varint(witness + n, sections[i].first - sections[0].first);
        n += varint(witness + n, sections[i].pages);
    }
    cbor_item_t *image = cbor_new_definite_map(3), *mrtd = cbor_new_definite_map(2);
    cbor_item_t *tdvf = cbor_new_definite_map(3), *root = cbor_new_definite_map(3);
    put_seeded(b, image, "cmdline_sha384", "cmdline");
    put_seeded(b, image, "kernel_authenticode", "kernel");
    put_seeded(b, image, "initrd_sha384", "initrd");
    put_seeded(b, mrtd, "single_pass", "mrtd-single");
    put_seeded(b, mrtd, "two_pass", "mrtd-two");
    put(tdvf, "ovmf", cbor_build_string("pre202505"));
    put(tdvf, "mrtd", mrtd);
    put(tdvf, "td_hob", cbor_build_bytestring(witness, n));
    put(root, "version", cbor_build_uint8(3));
    put(root, "image", image);
    put(root, "tdvf", tdvf);
    size_t len = cbor_serialize(root, p, 1024);
    assert_true(len > 0);
    cbor_decref(&root);
    b->w->measurement = bytes_of(p, len);
}

static char *base64(struct build *b, struct bytes in)
{
    struct err err = {0};
    char *s = need(arena_alloc(b->a, in.n / 3 * 4 + 8, &err));
    EVP_EncodeBlock((unsigned char *)s, in.p, (int)in.n);
    return s;
}

/* image_files: measurement.tdx.cbor, sha256sum.txt with some company, os_image_hash. */
static void image_files(struct build *b)
{
    struct err err = {0};
    uint8_t hash[32], other[48];
    measurement(b);
    sha("SHA256", b->w->measurement.p, b->w->measurement.n, hash);
    seeded(b, "rootfs", other);
    char *sums = need(arena_printf(b->a, &err, "%s  rootfs.img.verity\n%s  measurement.tdx.cbor\n",
                                   hex(b, other, 32), hex(b, hash, 32)));
    b->w->checksum_file = bytes_of_str(sums);
    sha("SHA256", sums, strlen(sums), b->w->os_image_hash);
}

static void vm_config(struct build *b)
{
    struct err err = {0};
    uint64_t memory = b->spec->memory_size ? b->spec->memory_size : 0x80000000u;
    json_t *j = need(json_pack(
        "{s:i, s:s, s:i, s:I, s:s, s:i, s:b, s:i, s:i, s:b, s:s, s:s, s:s, s:s}", "spec_version", 1,
        "os_image_hash", hex(b, b->w->os_image_hash, 32), "cpu_count", 2, "memory_size",
        (json_int_t)memory, "qemu_version", b->spec->single_pass ? "9.2.1" : "8.2.2",
        "pci_hole64_size", 0, "hugepages", 0, "num_gpus", 0, "num_nvswitches", 0, "hotplug_off", 0,
        "image", "dstack-0.6.0", "host_share_mode", "9p", "ovmf_variant", "pre202505",
        "tdx_attestation_variant", "lite"));
    if (!b->spec->no_material)
        json_object_set_new(j, "tdx_measurement",
                            json_pack("{s:s, s:s}", "measurement", base64(b, b->w->measurement),
                                      "checksum_file", base64(b, b->w->checksum_file)));
    char *text = need(json_dumps(j, JSON_COMPACT));
    b->w->vm_config = need(arena_printf(b->a, &err, "%s", text));
    free(text);
    json_decref(j);
}

/* The two digests that contracts see, for one view. */
static void mrs(const struct event_world *w, const uint8_t rtmr3[48], bool with_provider,
                uint8_t system[32], uint8_t aggregated[32])
{
    uint8_t buf[48 * 8] = {0};
    memcpy(buf, w->mrtd, 48);
    memcpy(buf + 48, w->rtmr, 3 * 48);
    if (with_provider)
        sha("SHA256", w->key_provider, strlen(w->key_provider), buf + 192);
    sha("SHA256", buf, 192 + 32, system);
    memcpy(buf + 192, rtmr3, 48);
    memcpy(buf + 240, w->mr_config_id, 48);
    memset(buf + 288, 0, 96);
    static const uint8_t zero[48];
    bool plain = memcmp(w->mr_config_id, zero, 48) == 0;
    sha("SHA256", buf, plain ? 240 : 384, aggregated);
}

void event_world_build(struct arena *a, const struct event_spec *spec, struct event_world *out)
{
    struct err err = {0};
    struct build b = {.a = a, .spec = spec, .w = out, .log = need(json_array())};
    memset(out, 0, sizeof *out);
    identity(&b);
    image_files(&b);
    vm_config(&b);
    boot_firmware(&b);
    boot_dstack(&b);
    mrs(out, b.boot_rtmr3, false, out->mr_system_app, out->mr_aggregated_app);
    mrs(out, out->rtmr[3], !spec->until_boot_mr_done, out->mr_system_kms, out->mr_aggregated_kms);
    char *text = need(json_dumps(b.log, JSON_COMPACT));
    out->event_log = need(arena_printf(a, &err, "%s", text));
    free(text);
    json_decref(b.log);
}
