/*
 * td_machine: a made-up TD of the tests' own PKI, for whoever collects evidence from a machine.
 *
 *     td_machine world DIR [--at UNIX] [--app-id HEX] [--compose FILE] [--tcb STATUS]
 *                [--quote 4|5] [--until boot-mr-done|firmware] [--mr-config]
 *         DIR/root.der          the PKI's root
 *         DIR/collateral.json   a bundle with nothing but collateral
 *         DIR/bundle.json       the same with evidence: what an honest collection comes to
 *         DIR/boot-info.json    what the contract is asked for an app; kms-boot-info.json: a KMS
 *         DIR/guest/..          the guest's files where a guest has them: CCEL table and area,
 *                               host-shared files, runtime log; links to them stand in DIR
 *         DIR/machine.json      the machine itself: registers, what goes wrong
 *     td_machine quote DIR REPORT-DATA    DIR/quote and DIR/td_report, of that report data and now
 *     td_machine extend DIR 0..3 DIGEST   moves an RTMR
 *     td_machine event DIR NAME [HEX]     a dstack runtime event: log and RTMR3
 *     td_machine fault DIR NAME [TIMES]   what goes wrong from now on
 *     td_machine serve DIR WHAT=SOCKET..  answers until it is killed; WHAT: quote, report (64 bytes
 *         in, the answer out; one byte N stands for an errno), qgs (frames). SOCKET: a unix socket,
 *         which is made; or vsock:PORT. In place of WHAT=SOCKET: the device of tests/vm/faketsm.
 *
 * Built with -DTD_MACHINE_STATIC it has no `world`, and needs no library where it runs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/limits.h"
#include "tests/lib/td_machine.h"
#include "tests/lib/td_serve.h"
#ifndef TD_MACHINE_STATIC
#include "base/hash.h"
#include "tests/lib/event_builder.h"
#endif

static _Noreturn void stop(const char *what)
{
    fprintf(stderr, "td_machine: %s: %s\n", what, errno ? strerror(errno) : "no");
    exit(1);
}

static void write_file(const char *dir, const char *name, struct bytes b)
{
    char path[512];
    FILE *f = NULL;
    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path ||
        !(f = fopen(path, "wb")) || fwrite(b.p, 1, b.n, f) != b.n || fclose(f) != 0)
        stop(name);
}

#ifndef TD_MACHINE_STATIC

/* --- world --- */

#define GUEST_CCEL  "guest/sys/firmware/acpi/tables/CCEL"
#define GUEST_AREA  "guest/sys/firmware/acpi/tables/data/CCEL"
#define GUEST_LOG   "guest/run/log/dstack/runtime_events.log"
#define GUEST_SHARE "guest/dstack/.host-shared"
#define AREA_SIZE   65536u

struct area {
    uint8_t p[AREA_SIZE];
    size_t n;
};

static void put(struct area *o, const void *p, size_t n)
{
    pki_must(o->n + n <= AREA_SIZE);
    if (n)
        memcpy(o->p + o->n, p, n);
    o->n += n;
}

static void put_le(struct area *o, uint64_t v, size_t width)
{
    for (size_t i = 0; i < width; i++, v >>= 8)
        put(o, &(uint8_t){(uint8_t)v}, 1);
}

static const char *member(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));
    pki_must(text != NULL);
    return text;
}

static uint8_t *unhex_into(struct arena *a, const char *text, size_t *n)
{
    struct bytes b = BYTES_NONE;
    struct err err = {0};
    pki_must(hex_decode_any(a, bytes_of_str(text), &b, &err));
    *n = b.n;
    return arena_copy(a, b, &err);
}

/* put_record: TCG_PCR_EVENT2 with one SHA-384 digest. */
static void put_record(struct area *o, uint32_t index, uint32_t type, const uint8_t *digest,
                       const void *data, size_t n)
{
    static const uint8_t zero[48];
    put_le(o, index, 4);
    put_le(o, type, 4);
    put_le(o, 1, 4);
    put_le(o, 0x0c, 2);
    put(o, digest ? digest : zero, 48);
    put_le(o, n, 4);
    put(o, data, n);
}

/* firmware_log: what the firmware leaves in memory: RTMR0 to 2, a header, 0xff behind it. */
static void firmware_log(struct arena *a, const json_t *log, struct area *o)
{
    static const uint8_t spec[] = "Spec ID Event03\0\0\0\0\0\0\2\0\2\1\0\0\0\x0c\0\x30\0";
    memset(o->p, 0xff, sizeof o->p);
    put_le(o, 0, 4);
    put_le(o, 3, 4);
    put(o, (const uint8_t[20]){0}, 20);
    put_le(o, sizeof spec, 4); /* the string's own NUL: no vendor information */
    put(o, spec, sizeof spec);
    put_record(o, 1, 3, NULL, "made up", 7);
    for (size_t i = 0; i < json_array_size(log); i++) {
        const json_t *e = json_array_get(log, i);
        json_int_t imr = json_integer_value(json_object_get(e, "imr"));
        size_t n = 0, len = 0;
        if (imr == 3)
            continue;
        const uint8_t *digest = unhex_into(a, member(e, "digest"), &len);
        const uint8_t *data = unhex_into(a, member(e, "event_payload"), &n);
        put_record(o, (uint32_t)imr + 1,
                   (uint32_t)json_integer_value(json_object_get(e, "event_type")), digest, data, n);
    }
}

/* acpi_table: CCEL, 56 bytes (UEFI 2.10, section 38.4.1). */
static void acpi_table(uint8_t t[static 56])
{
    uint8_t sum = 0;
    memset(t, 0, 56);
    memcpy(t, "CCEL", 4);
    t[4] = 56;
    t[8] = 1;
    memcpy(t + 10, "TESTS TDMACHIN", 14);
    t[36] = 2; /* TDX */
    t[42] = (uint8_t)(AREA_SIZE >> 16);
    t[51] = 0x7f; /* some address */
    for (size_t i = 0; i < 56; i++)
        sum = (uint8_t)(sum + t[i]);
    t[9] = (uint8_t)-sum;
}

static void runtime_log(struct td_machine *m, const json_t *log)
{
    AUTO_ARENA a = arena_new(8u << 20);
    pki_must(a != NULL);
    write_file(m->dir, GUEST_LOG, BYTES_NONE);
    for (size_t i = 0; i < json_array_size(log); i++) {
        const json_t *e = json_array_get(log, i);
        size_t n = 0;
        if (json_integer_value(json_object_get(e, "imr")) != 3)
            continue;
        const uint8_t *payload = unhex_into(a, member(e, "event_payload"), &n);
        td_machine_event(m, member(e, "event"), bytes_of(payload, n));
    }
}

/* firmware_only: RTMR3 is zero, its events are not there yet. */
static void firmware_only(struct arena *a, struct event_world *g)
{
    struct err err = {0};
    json_t *log = json_loads(g->event_log, 0, NULL);
    for (size_t i = json_array_size(log); i-- > 0;)
        if (json_integer_value(json_object_get(json_array_get(log, i), "imr")) == 3)
            (void)json_array_remove(log, i);
    char *text = json_dumps(log, JSON_COMPACT);
    pki_must(text != NULL);
    g->event_log = (const char *)arena_copy(a, bytes_of_str(text), &err);
    pki_must(g->event_log != NULL);
    memset(g->rtmr[3], 0, 48);
    free(text);
    json_decref(log);
}

static void make_dirs(const char *dir)
{
    static const char *const dirs[] = {"",
                                       "/guest",
                                       "/guest/sys",
                                       "/guest/sys/firmware",
                                       "/guest/sys/firmware/acpi",
                                       "/guest/sys/firmware/acpi/tables",
                                       "/guest/sys/firmware/acpi/tables/data",
                                       "/guest/sys/kernel",
                                       "/guest/sys/kernel/config",
                                       "/guest/sys/kernel/config/tsm",
                                       "/guest/sys/kernel/config/tsm/report",
                                       "/guest/dev",
                                       "/guest/run",
                                       "/guest/run/log",
                                       "/guest/run/log/dstack",
                                       "/guest/dstack",
                                       "/guest/dstack/.host-shared"};
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        char path[512];
        if (snprintf(path, sizeof path, "%s%s", dir, dirs[i]) >= (int)sizeof path ||
            (mkdir(path, 0755) != 0 && errno != EEXIST))
            stop(path);
    }
}

static void link_here(const char *dir, const char *name, const char *target)
{
    char path[512];
    pki_must(snprintf(path, sizeof path, "%s/%s", dir, name) < (int)sizeof path);
    (void)unlink(path);
    if (symlink(target, path) != 0)
        stop(path);
}

static void write_json(const char *dir, const char *name, json_t *o)
{
    char *text = json_dumps(o, JSON_INDENT(1));
    pki_must(text != NULL);
    write_file(dir, name, bytes_of_str(text));
    free(text);
    json_decref(o);
}

static json_t *hex_json(const uint8_t *p, size_t n)
{
    struct err err = {0};
    AUTO_ARENA a = arena_new(8u << 20);
    return json_string(a ? hex_str(a, bytes_of(p, n), &err) : NULL);
}

static void boot_infos(const struct td_machine *m, const struct event_world *g,
                       const struct tdx_world *w)
{
    uint8_t device[32];
    hash_sha256(BYTES_OF_ARRAY(w->sgx.ppid), device);
    for (int kms = 0; kms < 2; kms++) {
        const char *key = kms ? g->key_provider : "";
        json_t *o = json_pack(
            "{s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:s,s:[]}", "teeVariant", "dstack-tdx",
            "mrAggregated", hex_json(kms ? g->mr_aggregated_kms : g->mr_aggregated_app, 32),
            "osImageHash", hex_json(g->os_image_hash, 32), "mrSystem",
            hex_json(kms ? g->mr_system_kms : g->mr_system_app, 32), "appId",
            hex_json(g->app_id, 20), "composeHash", hex_json(g->compose_hash, 32), "instanceId",
            hex_json(g->instance_id, g->has_instance_id ? 20 : 0), "deviceId", hex_json(device, 32),
            "keyProviderInfo", hex_json((const uint8_t *)key, strlen(key)), "tcbStatus", m->tcb,
            "advisoryIds");
        pki_must(o != NULL);
        write_json(m->dir, kms ? "kms-boot-info.json" : "boot-info.json", o);
    }
}

static void bundles(struct arena *a, const struct td_machine *m, const struct event_world *g)
{
    struct tdx_world w;
    struct tdx_bundle made;
    td_machine_world(a, m, &w);
    tdx_world_build(a, &w, &made);
    write_file(m->dir, "root.der", made.root);
    json_t *collateral = tdx_collateral_json(a, &made.collateral);
    write_json(m->dir, "collateral.json",
               json_pack("{s:i,s:O}", "schema", 1, "collateral", collateral));
    json_t *evidence =
        json_pack("{s:o,s:s,s:s,s:s}", "quote", hex_json(made.quote.p, made.quote.n), "event_log",
                  g->event_log, "vm_config", g->vm_config, "app_compose", g->app_compose);
    write_json(
        m->dir, "bundle.json",
        json_pack("{s:i,s:o,s:o}", "schema", 1, "evidence", evidence, "collateral", collateral));
    boot_infos(m, g, &w);
}

static void guest_files(struct arena *a, struct td_machine *m, const struct event_world *g)
{
    uint8_t table[56];
    struct area *area = calloc(1, sizeof *area);
    json_t *log = json_loads(g->event_log, 0, NULL);
    pki_must(area && log);
    firmware_log(a, log, area);
    acpi_table(table);
    runtime_log(m, log);
    write_file(m->dir, GUEST_CCEL, BYTES_OF_ARRAY(table));
    write_file(m->dir, GUEST_AREA, BYTES_OF_ARRAY(area->p));
    write_file(m->dir, GUEST_SHARE "/app-compose.json", bytes_of_str(g->app_compose));
    write_json(m->dir, GUEST_SHARE "/.sys-config.json",
               json_pack("{s:[s],s:[],s:n,s:n,s:s,s:s}", "kms_urls", "https://kms.test:8000",
                         "gateway_urls", "pccs_url", "docker_registry", "host_api_url",
                         "vsock://2:10000/api", "vm_config", g->vm_config));
    link_here(m->dir, "CCEL", GUEST_CCEL);
    link_here(m->dir, "ccel", GUEST_AREA);
    link_here(m->dir, "runtime_events.log", GUEST_LOG);
    link_here(m->dir, ".sys-config.json", GUEST_SHARE "/.sys-config.json");
    link_here(m->dir, "app-compose.json", GUEST_SHARE "/app-compose.json");
    json_decref(log);
    free(area);
}

static void remove_log(const char *dir)
{
    char path[512];
    if (snprintf(path, sizeof path, "%s/" GUEST_LOG, dir) >= (int)sizeof path || unlink(path) != 0)
        stop(path);
}

static const char *text_of(struct arena *a, const char *path)
{
    struct err err = {0};
    FILE *f = fopen(path, "rb");
    char *text = arena_alloc(a, LIMIT_APP_COMPOSE + 1u, &err);
    if (!f || !text || fread(text, 1, LIMIT_APP_COMPOSE, f) == 0)
        stop(path);
    fclose(f);
    return text;
}

static int world(const char *dir, char **argv)
{
    AUTO_ARENA a = arena_new(LIMIT_ARENA);
    static uint8_t app_id[20];
    struct event_spec spec = {.init_scripts = 2, .app_events = 2};
    struct event_world g;
    struct td_machine m;
    bool firmware = false;
    pki_must(a != NULL);
    make_dirs(dir);
    td_machine_new(&m, dir);
    m.at = 1772496000;
    for (; *argv; argv++) {
        const char *o = *argv, *v = argv[1];
        if (strcmp(o, "--mr-config") == 0) {
            spec.mr_config = 1;
            continue;
        }
        if (!v)
            return 2;
        if (strcmp(o, "--at") == 0)
            m.at = strtoull(v, NULL, 10);
        else if (strcmp(o, "--app-id") == 0 && hex_decode(bytes_of_str(v), app_id, 20))
            spec.app_id = app_id;
        else if (strcmp(o, "--compose") == 0)
            spec.app_compose = text_of(a, v);
        else if (strcmp(o, "--tcb") == 0 && strlen(v) < sizeof m.tcb)
            memcpy(m.tcb, v, strlen(v) + 1);
        else if (strcmp(o, "--quote") == 0)
            m.quote_version = *v == '5' ? 5 : 4;
        else if (strcmp(o, "--until") == 0 && strcmp(v, "boot-mr-done") == 0)
            spec.until_boot_mr_done = true;
        else if (strcmp(o, "--until") == 0 && strcmp(v, "firmware") == 0)
            firmware = true;
        else
            return 2;
        argv++;
    }
    event_world_build(a, &spec, &g);
    if (firmware)
        firmware_only(a, &g);
    memcpy(m.mr_td, g.mrtd, 48);
    memcpy(m.mr_config_id, g.mr_config_id, 48);
    memcpy(m.rtmr, g.rtmr, 3 * 48u);
    guest_files(a, &m, &g); /* which extends RTMR3, event by event */
    pki_must(memcmp(m.rtmr[3], g.rtmr[3], 48) == 0);
    if (firmware)
        remove_log(dir);
    bundles(a, &m, &g);
    td_machine_close(&m);
    return 0;
}

#endif

/* --- the machine's own actions --- */

static int quote(const char *dir, const char *hex)
{
    AUTO_ARENA a = arena_new(8u << 20);
    uint8_t data[64], report[TD_REPORT_SIZE];
    struct bytes q;
    struct td_machine m;
    if (!a || !hex_decode(bytes_of_str(hex), data, sizeof data))
        return 2;
    td_machine_open(&m, dir);
    int rc = td_machine_quote(a, &m, data, &q);
    size_t n = td_machine_report(&m, data, report);
    td_machine_close(&m);
    write_file(dir, "quote", q);
    write_file(dir, "td_report", bytes_of(report, n));
    return rc != 0;
}

static int extend(const char *dir, const char *rtmr, const char *hex)
{
    uint8_t digest[48];
    struct td_machine m;
    if (rtmr[0] < '0' || rtmr[0] > '3' || rtmr[1] || !hex_decode(bytes_of_str(hex), digest, 48))
        return 2;
    td_machine_open(&m, dir);
    td_machine_extend(&m, (unsigned)(rtmr[0] - '0'), digest);
    td_machine_close(&m);
    return 0;
}

static int event(const char *dir, const char *name, const char *hex)
{
    AUTO_ARENA a = arena_new(1u << 20);
    struct err err = {0};
    struct bytes payload = BYTES_NONE;
    struct td_machine m;
    if (!a || (hex && !hex_decode_any(a, bytes_of_str(hex), &payload, &err)) || payload.n > 64)
        return 2;
    td_machine_open(&m, dir);
    td_machine_event(&m, name, payload);
    td_machine_close(&m);
    return 0;
}

static int fault(const char *dir, const char *name, const char *times)
{
    struct td_machine m;
    td_machine_open(&m, dir);
    if (strlen(name) >= sizeof m.fault)
        return 2;
    memset(m.fault, 0, sizeof m.fault);
    if (strcmp(name, "none") != 0)
        memcpy(m.fault, name, strlen(name));
    m.times = times ? strtoll(times, NULL, 10) : -1;
    td_machine_close(&m);
    return 0;
}

static int run(int argc, char **argv)
{
    const char *verb = argc > 2 ? argv[1] : "", *dir = argc > 2 ? argv[2] : "";
#ifndef TD_MACHINE_STATIC
    if (strcmp(verb, "world") == 0)
        return world(dir, argv + 3);
#endif
    if (strcmp(verb, "quote") == 0 && argc == 4)
        return quote(dir, argv[3]);
    if (strcmp(verb, "extend") == 0 && argc == 5)
        return extend(dir, argv[3], argv[4]);
    if (strcmp(verb, "event") == 0 && (argc == 4 || argc == 5))
        return event(dir, argv[3], argv[4]);
    if (strcmp(verb, "fault") == 0 && (argc == 4 || argc == 5))
        return fault(dir, argv[3], argv[4]);
    if (strcmp(verb, "serve") == 0 && argc > 3)
        return td_serve(dir, argv + 3);
    return 2;
}

int main(int argc, char **argv)
{
    int rc = run(argc, argv);
    if (rc == 2)
        fprintf(stderr,
                "usage: td_machine world DIR [--at UNIX] [--app-id HEX] [--compose FILE]\n"
                "                  [--tcb STATUS] [--quote 4|5] [--until boot-mr-done] "
                "[--mr-config]\n"
                "       td_machine quote DIR REPORT-DATA | extend DIR 0..3 DIGEST\n"
                "       td_machine event DIR NAME [HEX] | fault DIR NAME [TIMES]\n"
                "       td_machine serve DIR DEVICE|quote|report|qgs=SOCKET|vsock:PORT..\n"
                "faults:\n%s",
                td_machine_faults);
    return rc;
}
