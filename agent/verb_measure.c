/* measure DIR: what the registers of a TD must be that boots this image, event by event. */
#include "agent/file.h"
#include "agent/guest_options.h"
#include "agent/image_dir.h"
#include "agent/inputs_show.h"
#include "agent/output.h"
#include "base/hex.h"
#include "quote/measurement.h"
#include "quote/os_image.h"

#define LITE_MEMORY (UINT64_C(2) << 30) /* material is for this size, and all from 2.75 GiB */

struct measured {
    struct image_dir dir;
    struct guest_options options;
    struct lite_image image;
    struct measurement m;
    struct bytes material;
};

/* has_material: the only material there is is of dstack's own layout. */
static bool has_material(const struct measured *s)
{
    return s->dir.has_material && s->dir.layout == MEASURED_PRE202505;
}

static enum rc measure(struct arena *a, const struct cli *cli, struct measured *s, struct err *err)
{
    struct lite_image lite;
    struct measured_guest *g = &s->options.guest;
    TRY(guest_options_read(a, cli, &s->options, err));
    TRY(image_dir_read(a, cli->args[0], &s->dir, err));
    g->layout = s->dir.layout;
    if (cli->lite && g->layout != MEASURED_PRE202505)
        return err_set(err, BG_MEASURE_LITE, "%s", measured_layout_name(g->layout));
    const struct image_files *files = &s->dir.files;
    TRY(image_material(a, files, g->memory, g->header, &s->image, err));
    TRY(measurement_make(&s->image, g, &s->m, err));
    if (!cli->lite && !has_material(s))
        return RC_OK;
    TRY(image_material(a, files, LITE_MEMORY, BZIMAGE_PATCHED, &lite, err));
    TRY(lite_write(a, &lite, &s->material, err));
    return cli->lite ? file_write(cli->lite, s->material, err) : RC_OK;
}

static bool material_is_ours(const struct measured *s)
{
    return bytes_eq(s->dir.material, s->material);
}

static json_t *hex(const uint8_t *p, size_t n)
{
    char text[97];
    hex_encode(bytes_of(p, n), text);
    return json_string(text);
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
    for (size_t i = 0; i < s->m.n; i++) {
        const struct measured_event *e = &s->m.events[i];
        json_t *digest = e->known ? hex(e->digest, 48) : json_null();
        (void)json_array_append_new(events, json_pack("{s:i, s:s, s:o, s:o}", "rtmr", (int)e->rtmr,
                                                      "event", e->what, "digest", digest,
                                                      "depends_on", inputs_json(e->inputs)));
        if (!e->known)
            (void)json_array_append_new(unknown, json_string(e->what));
    }
    json_t *asked = json_pack(
        "{s:I, s:o, s:s, s:b, s:s, s:s, s:s, s:s?}", "memory", (json_int_t)s->options.guest.memory,
        "cpus", s->options.cpus ? json_integer((json_int_t)s->options.cpus) : json_null(), "qemu",
        s->options.qemu, "qemu_assumed", !cli->qemu, "layout",
        measured_layout_name(s->options.guest.layout), "page_order",
        guest_order_name(s->options.guest.order), "kernel_header",
        guest_header_name(s->options.guest.header), "acpi_from",
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
                     has_material(s) ? json_boolean(material_is_ours(s)) : json_null());
}

static void as_text(const struct cli *cli, const struct style *st, const struct measured *s)
{
    fputs("image ", stdout);
    text_safe(stdout, bytes_of_str(s->dir.version ? s->dir.version : cli->args[0]));
    printf(" for %llu MiB", (unsigned long long)(s->options.guest.memory >> 20));
    if (s->options.cpus)
        printf(", %llu CPU%s", (unsigned long long)s->options.cpus,
               s->options.cpus == 1 ? "" : "s");
    printf(", QEMU %s%s: pages in %s, kernel header %s\n\n", s->options.qemu,
           cli->qemu ? "" : " (assumed)",
           s->options.guest.order == TDVF_TWO_PASS ? "two passes" : "one pass",
           guest_header_name(s->options.guest.header));
    for (size_t i = 0; i < s->m.n; i++) {
        const struct measured_event *e = &s->m.events[i];
        printf("RTMR%u  %-21s ", e->rtmr, e->what);
        if (st->verbose && e->known)
            text_hex(stdout, st, BYTES_OF_ARRAY(e->digest));
        else if (e->known)
            printf("%02x%02x%02x%02x..", e->digest[0], e->digest[1], e->digest[2], e->digest[3]);
        else
            fputs("unknown   ", stdout);
        fputs("  ", stdout);
        inputs_text(stdout, "", e->inputs);
        puts(e->inputs ? "" : "-");
    }
    printf("\nMRTD  = ");
    text_hex(stdout, st, BYTES_OF_ARRAY(s->m.mrtd));
    printf("  ");
    inputs_text(stdout, "", MRTD_INPUTS);
    putchar('\n');
    for (unsigned r = 0; r < 3; r++) {
        printf("RTMR%u = ", r);
        if (s->m.known[r])
            text_hex(stdout, st, BYTES_OF_ARRAY(s->m.rtmr[r]));
        else
            fputs("unknown: QEMU makes the ACPI tables; --acpi DIR or --log FILE", stdout);
        putchar('\n');
    }
    fputs("os image hash = ", stdout);
    if (s->dir.has_hash)
        text_hex(stdout, st, BYTES_OF_ARRAY(s->dir.os_image_hash));
    else
        fputs("unknown: neither sha256sum.txt nor digest.txt", stdout);
    printf("%s%s\n", s->dir.hash_from ? "  from " : "", s->dir.hash_from ? s->dir.hash_from : "");
    if (has_material(s))
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
