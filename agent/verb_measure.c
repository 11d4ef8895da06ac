/* measure DIR: what the registers of a TD must be that boots this image, event by event. */
#include "agent/file.h"
#include "agent/image_dir.h"
#include "agent/log_input.h"
#include "agent/output.h"
#include "base/hex.h"
#include "quote/measurement.h"
#include "quote/os_image.h"

#define MEMORY_FIRST (UINT64_C(64) << 20)
#define MEMORY_LAST  (UINT64_C(1) << 44)
#define LITE_MEMORY  (UINT64_C(2) << 30) /* material is for this size, and all from 2.75 GiB */

struct version {
    uint64_t major, minor;
};

struct measured {
    struct image_dir dir;
    struct measured_guest guest;
    struct lite_image image;
    struct measurement m;
    const char *qemu; /* as given, or what was assumed */
    uint64_t cpus;    /* 0: not given */
    struct bytes material;
};

/* read_number takes decimal digits off *word, at most 15. */
static bool read_number(const char **word, uint64_t *out)
{
    size_t n = strspn(*word, "0123456789");
    uint64_t v = 0;
    if (n == 0 || n > 15)
        return false;
    for (size_t i = 0; i < n; i++)
        v = 10 * v + (uint64_t)((*word)[i] - '0');
    *word += n;
    *out = v;
    return true;
}

static bool read_memory(const char *word, uint64_t *out)
{
    uint64_t v;
    if (!read_number(&word, &v))
        return false;
    unsigned shift = *word == 'K' ? 10 : *word == 'M' ? 20 : *word == 'G' ? 30 : 0;
    if (word[shift != 0] || v > MEMORY_LAST >> shift)
        return false;
    v <<= shift;
    *out = v;
    return v >= MEMORY_FIRST && v % TDVF_PAGE == 0;
}

/* read_version: MAJOR.MINOR, and whatever a distribution adds behind: "8.2.2", "9.2.0+ds". */
static bool read_version(const char *word, struct version *out)
{
    if (!read_number(&word, &out->major) || *word != '.')
        return false;
    word++;
    if (!read_number(&word, &out->minor) || (*word && *word != '.'))
        return false;
    return out->major >= 8 && out->major < 1000;
}

static bool read_acpi(const char *word, uint8_t out[3][48])
{
    for (size_t i = 0; i < 3; i++, word += 97)
        if (strnlen(word, 97) < 96 || !hex_decode(bytes_of(word, 96), out[i], 48) ||
            word[96] != (i < 2 ? ',' : '\0'))
            return false;
    return true;
}

static enum rc acpi_of_log(struct arena *a, const char *path, uint8_t out[3][48], struct err *err)
{
    AUTO_BUNDLE b = {0};
    struct log_input in;
    TRY(log_input_file(a, path, &b, &in, err));
    return os_image_acpi(&in.log, out, err);
}

static enum rc read_options(struct arena *a, const struct cli *cli, struct measured *s,
                            struct err *err)
{
    struct measured_guest *g = &s->guest;
    struct version v;
    s->qemu = cli->qemu ? cli->qemu : "9.1";
    if (!cli->memory)
        return err_set(err, BG_MEASURE_NO_MEMORY, "%s", cli->args[0]);
    if (!read_memory(cli->memory, &g->memory))
        return err_set(err, BG_MEASURE_MEMORY, "%s", cli->memory);
    const char *cpus = cli->cpus;
    if (cpus && (!read_number(&cpus, &s->cpus) || *cpus || s->cpus < 1 || s->cpus > 4096))
        return err_set(err, BG_MEASURE_CPUS, "%s", cli->cpus);
    if (!read_version(s->qemu, &v))
        return err_set(err, BG_MEASURE_QEMU, "%s", s->qemu);
    g->order = v.major < 9 ? TDVF_TWO_PASS : TDVF_SINGLE_PASS;
    bool as_is = v.major > 10 || (v.major == 10 && v.minor >= 2);
    g->header = as_is ? BZIMAGE_AS_IS : BZIMAGE_PATCHED;
    if (cli->acpi && cli->log)
        return err_set(err, BG_MEASURE_ACPI_TWICE, "%s", cli->log);
    if (cli->acpi && !read_acpi(cli->acpi, g->acpi))
        return err_set(err, BG_MEASURE_ACPI, "%zu characters", strlen(cli->acpi));
    if (cli->log)
        TRY(acpi_of_log(a, cli->log, g->acpi, err));
    g->has_acpi = cli->acpi || cli->log;
    return RC_OK;
}

static enum rc measure(struct arena *a, const struct cli *cli, struct measured *s, struct err *err)
{
    struct lite_image lite;
    TRY(read_options(a, cli, s, err));
    TRY(image_dir_read(a, cli->args[0], &s->dir, err));
    const struct image_files *files = &s->dir.files;
    TRY(image_material(a, files, s->guest.memory, s->guest.header, &s->image, err));
    TRY(measurement_make(&s->image, &s->guest, &s->m, err));
    if (!cli->lite && !s->dir.has_material)
        return RC_OK;
    TRY(image_material(a, files, LITE_MEMORY, BZIMAGE_PATCHED, &lite, err));
    TRY(lite_write(a, &lite, &s->material, err));
    return cli->lite ? file_write(cli->lite, s->material, err) : RC_OK;
}

static bool material_is_ours(const struct measured *s)
{
    return bytes_eq(s->dir.material, s->material);
}

static const char *order_name(enum tdvf_order o)
{
    return o == TDVF_TWO_PASS ? "two_pass" : "single_pass";
}

static const char *header_name(enum bzimage_header h)
{
    return h == BZIMAGE_PATCHED ? "patched" : "as-is";
}

static json_t *hex(const uint8_t *p, size_t n)
{
    char text[97];
    hex_encode(bytes_of(p, n), text);
    return json_string(text);
}

static json_t *inputs_json(unsigned inputs)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < NUM_MEASURED_INPUTS; i++)
        if (inputs & 1u << i)
            (void)json_array_append_new(list, json_string(measured_input_name(i)));
    return list;
}

static json_t *as_json(const struct cli *cli, const struct measured *s)
{
    json_t *registers = json_object(), *events = json_array(), *unknown = json_array();
    (void)json_object_set_new(registers, "mrtd", hex(s->m.mrtd, 48));
    for (unsigned r = 0; r < 3; r++) {
        char name[8];
        snprintf(name, sizeof name, "rtmr%u", r);
        (void)json_object_set_new(registers, name,
                                  s->m.known[r] ? hex(s->m.rtmr[r], 48) : json_null());
    }
    for (size_t i = 0; i < LITE_EVENTS; i++) {
        const struct measured_event *e = &s->m.events[i];
        json_t *digest = e->known ? hex(e->digest, 48) : json_null();
        (void)json_array_append_new(events, json_pack("{s:i, s:s, s:o, s:o}", "rtmr", (int)e->rtmr,
                                                      "event", e->what, "digest", digest,
                                                      "depends_on", inputs_json(e->inputs)));
        if (!e->known)
            (void)json_array_append_new(unknown, json_string(e->what));
    }
    json_t *asked =
        json_pack("{s:I, s:o, s:s, s:b, s:s, s:s, s:s?}", "memory", (json_int_t)s->guest.memory,
                  "cpus", s->cpus ? json_integer((json_int_t)s->cpus) : json_null(), "qemu",
                  s->qemu, "qemu_assumed", !cli->qemu, "page_order", order_name(s->guest.order),
                  "kernel_header", header_name(s->guest.header), "acpi_from",
                  cli->acpi  ? "given"
                  : cli->log ? "log"
                             : NULL);
    return json_pack("{s:i, s:s, s:s?, s:o, s:o, s:o, s:s?, s:o, s:o, s:o, s:o}", "schema", 1,
                     "kind", "measurement", "version", s->dir.version, "inputs", asked, "registers",
                     registers, "os_image_hash",
                     s->dir.has_hash ? hex(s->dir.os_image_hash, 32) : json_null(),
                     "os_image_hash_from", s->dir.hash_from, "mrtd_variants",
                     json_pack("{s:o, s:o}", "single_pass", hex(s->image.mrtd_single, 48),
                               "two_pass", hex(s->image.mrtd_two, 48)),
                     "events", events, "unknown", unknown, "material_as_in_image",
                     s->dir.has_material ? json_boolean(material_is_ours(s)) : json_null());
}

static void inputs_text(unsigned inputs)
{
    const char *between = "";
    for (unsigned i = 0; i < NUM_MEASURED_INPUTS; i++) {
        if (!(inputs & 1u << i))
            continue;
        printf("%s%s", between, measured_input_name(i));
        between = ", ";
    }
    puts(inputs ? "" : "-");
}

static void as_text(const struct cli *cli, const struct style *st, const struct measured *s)
{
    printf("image %s for %llu MiB", s->dir.version ? s->dir.version : cli->args[0],
           (unsigned long long)(s->guest.memory >> 20));
    if (s->cpus)
        printf(", %llu CPU%s", (unsigned long long)s->cpus, s->cpus == 1 ? "" : "s");
    printf(", QEMU %s%s: pages in %s, kernel header %s\n\n", s->qemu, cli->qemu ? "" : " (assumed)",
           s->guest.order == TDVF_TWO_PASS ? "two passes" : "one pass",
           header_name(s->guest.header));
    for (size_t i = 0; i < LITE_EVENTS; i++) {
        const struct measured_event *e = &s->m.events[i];
        printf("RTMR%u  %-21s ", e->rtmr, e->what);
        if (st->verbose && e->known)
            text_hex(stdout, st, BYTES_OF_ARRAY(e->digest));
        else if (e->known)
            printf("%02x%02x%02x%02x..", e->digest[0], e->digest[1], e->digest[2], e->digest[3]);
        else
            fputs("unknown   ", stdout);
        fputs("  ", stdout);
        inputs_text(e->inputs);
    }
    printf("\nMRTD  = ");
    text_hex(stdout, st, BYTES_OF_ARRAY(s->m.mrtd));
    printf("  ");
    inputs_text(MRTD_INPUTS);
    for (unsigned r = 0; r < 3; r++) {
        printf("RTMR%u = ", r);
        if (s->m.known[r])
            text_hex(stdout, st, BYTES_OF_ARRAY(s->m.rtmr[r]));
        else
            fputs("unknown: QEMU makes the ACPI tables; --log FILE or --acpi D,D,D", stdout);
        putchar('\n');
    }
    fputs("os image hash = ", stdout);
    if (s->dir.has_hash)
        text_hex(stdout, st, BYTES_OF_ARRAY(s->dir.os_image_hash));
    else
        fputs("unknown: neither sha256sum.txt nor digest.txt", stdout);
    printf("%s%s\n", s->dir.hash_from ? "  from " : "", s->dir.hash_from ? s->dir.hash_from : "");
    if (s->dir.has_material)
        printf("measurement.tdx.cbor %s\n", material_is_ours(s) ? "says the same of these files"
                                                                : "says OTHERWISE of these files");
}

int verb_measure(struct arena *a, const struct cli *cli)
{
    struct err err = {0};
    struct measured s = {0};
    if (measure(a, cli, &s, &err) != RC_OK)
        return output_error(cli->json, cli->quiet, &err);
    if (cli->quiet)
        return 0;
    struct style st = output_style(cli);
    bool aside = cli->lite && strcmp(cli->lite, "-") == 0; /* stdout is the material's */
    if (cli->json && !aside)
        output_json(as_json(cli, &s));
    else if (!aside)
        as_text(cli, &st, &s);
    return output_finish(0);
}
