/* os_image: the proof of os_image_hash. Order: what vm_config says, is the material the image's,
 * do the material's measurements give the TD's registers. */
#include "quote/os_image.h"

#include "base/hash.h"
#include "base/hex.h"
#include "base/limits.h"
#include "base/base64.h"
#include "quote/evlog_internal.h"
#include "quote/lite.h"

#define MEASUREMENT_FILE   "measurement.tdx.cbor"
#define MEMORY_COMPAT      0x80000000u /* 2 GiB: QEMU patches the kernel as for high memory */
#define MEMORY_STABLE      0xb0000000u /* from here on the patched kernel no longer depends on it */
#define EVENT_ACPI_TYPE    10u         /* EV_PLATFORM_CONFIG_FLAGS */
#define EVENT_ACPI_PAYLOAD "ACPI DATA"

struct material {
    struct bytes checksum_file, measurement;
    uint64_t memory;
};

static enum rc read_config(struct bytes text, json_t **out, struct err *err)
{
    struct err why = {0};
    AUTO_JSON j = NULL;
    if (text.n == 0)
        return err_set(err, BG_VM_CONFIG_NONE, "the evidence has no vm_config");
    if (json_read(text, LIMIT_VM_CONFIG, &j, &why) != RC_OK || !json_is_object(j))
        return err_set(err, BG_VM_CONFIG_JSON, "%s", j ? "not an object" : why.detail);
    *out = json_incref(j);
    return RC_OK;
}

/* keep_document copies the mr_config member, if there is one. */
static enum rc keep_document(struct arena *a, const json_t *from, struct bytes *out,
                             struct err *err)
{
    struct bytes text;
    if (out->n || !json_str(from, "mr_config", &text))
        return RC_OK;
    return arena_keep(a, text, out, err);
}

/*
 * A sys-config.json carries vm_config's text as a member (dstack-attest opens it, too). The
 * mr_config document stands in the outer object, in older hosts' files in the inner.
 */
static enum rc open_config(struct arena *a, struct bytes text, json_t **out,
                           struct bytes *out_document, struct err *err)
{
    AUTO_JSON outer = NULL;
    AUTO_JSON inner = NULL;
    struct bytes nested;
    TRY(read_config(text, &outer, err));
    TRY(keep_document(a, outer, out_document, err));
    if (json_str(outer, "vm_config", &nested)) {
        TRY(read_config(nested, &inner, err));
        TRY(keep_document(a, inner, out_document, err));
    }
    *out = json_incref(inner ? inner : outer);
    return RC_OK;
}

static struct bytes word(struct bytes *line)
{
    size_t i = 0, start;
    while (i < line->n && (line->p[i] == ' ' || line->p[i] == '\t' || line->p[i] == '\r'))
        i++;
    start = i;
    while (i < line->n && line->p[i] != ' ' && line->p[i] != '\t' && line->p[i] != '\r')
        i++;
    struct bytes w = bytes_of(line->p + start, i - start);
    *line = bytes_of(line->p + i, line->n - i);
    return w;
}

static bool next_line(struct bytes *text, struct bytes *line)
{
    if (text->n == 0)
        return false;
    const uint8_t *nl = memchr(text->p, '\n', text->n);
    size_t n = nl ? (size_t)(nl - text->p) : text->n;
    *line = bytes_of(text->p, n);
    n += nl != NULL;
    *text = bytes_of(text->p + n, text->n - n);
    return true;
}

/* sha256sum(1) format. The file must be listed exactly once; every line must be sound. */
static bool listed_hash(struct bytes sums, uint8_t out[32])
{
    bool found = false;
    struct bytes line;
    uint8_t hash[32];
    while (next_line(&sums, &line)) {
        struct bytes hex = word(&line), name = word(&line), more = word(&line);
        if (hex.n == 0)
            continue;
        if (name.n == 0 || more.n != 0)
            return false;
        if (!bytes_eq_str(name, MEASUREMENT_FILE))
            continue;
        if (found || !hex_decode(hex, hash, sizeof hash))
            return false;
        found = true;
    }
    if (found)
        memcpy(out, hash, sizeof hash);
    return found;
}

/* The material is the image's: os_image_hash is the hash of the list, the list has its hash. */
static enum rc bind(const struct material *m, const uint8_t want[32], struct err *err)
{
    uint8_t hash[32], listed[32];
    char seen[17];
    hash_sha256(m->checksum_file, hash);
    hex_encode(bytes_of(hash, 8), seen);
    if (memcmp(hash, want, sizeof hash) != 0)
        return err_set(err, BG_OS_IMAGE_LIST, "SHA-256(checksum_file) is %s..", seen);
    if (!listed_hash(m->checksum_file, listed))
        return err_set(err, BG_OS_IMAGE_LIST_FORMAT, "%zu bytes", m->checksum_file.n);
    hash_sha256(m->measurement, hash);
    hex_encode(bytes_of(hash, 8), seen);
    if (memcmp(hash, listed, sizeof hash) != 0)
        return err_set(err, BG_OS_IMAGE_MATERIAL, "SHA-256(measurement) is %s..", seen);
    return RC_OK;
}

static enum rc read_material(struct arena *a, const json_t *cfg, const json_t *doc,
                             struct material *out, struct err *err)
{
    static const char *const keys[] = {"checksum_file", "measurement"};
    struct bytes sums, cbor;
    if (!json_only_keys(doc, keys, 2, NULL) || !json_str(doc, keys[0], &sums) ||
        !json_str(doc, keys[1], &cbor) || !base64_decode(a, sums, &out->checksum_file, err) ||
        !base64_decode(a, cbor, &out->measurement, err))
        return err_set(err, BG_OS_IMAGE_DOCUMENT, "tdx_measurement");
    if (!json_u64(cfg, "memory_size", INT64_MAX, &out->memory))
        return err_set(err, BG_OS_IMAGE_NO_MEMORY, "memory_size");
    if (out->memory != MEMORY_COMPAT && out->memory < MEMORY_STABLE)
        return err_set(err, BG_OS_IMAGE_MEMORY, "memory_size is %llu",
                       (unsigned long long)out->memory);
    return RC_OK;
}

/*
 * The three ACPI digests are known to the log alone. They are the events so marked in RTMR0, in
 * order; a name, where dstack's log gives one, must be the right one.
 */
enum rc os_image_acpi(const struct evlog *log, uint8_t out[3][48], struct err *err)
{
    static const char *const names[] = {"acpi-loader", "acpi-rsdp", "acpi-tables"};
    const struct event *found[3] = {NULL};
    size_t n = 0;
    for (size_t i = 0; i < log->n; i++) {
        const struct event *e = &log->v[i];
        if (e->rtmr == 0 && e->type == EVENT_ACPI_TYPE &&
            bytes_eq_str(e->payload, EVENT_ACPI_PAYLOAD)) {
            if (n < 3)
                found[n] = e;
            n++;
        }
    }
    if (n != 3)
        return err_set(err, BG_OS_IMAGE_ACPI, "%zu such events in RTMR0", n);
    for (size_t i = 0; i < 3; i++) {
        if (found[i]->name.n && !bytes_eq_str(found[i]->name, names[i]))
            return err_set(err, BG_OS_IMAGE_ACPI_NAME, "number %zu is not named %s", i + 1,
                           names[i]);
        memcpy(out[i], found[i]->digest, 48);
    }
    return RC_OK;
}

/* first_difference names the first event at which the log leaves the expected list. */
static const char *first_difference(const struct evlog *log, const struct lite_event *want,
                                    unsigned rtmr)
{
    size_t w = 0;
    for (size_t i = 0; i < log->n; i++) {
        if (log->v[i].rtmr != rtmr)
            continue;
        while (w < LITE_EVENTS && want[w].rtmr != rtmr)
            w++;
        if (w == LITE_EVENTS)
            return "an event behind the last";
        if (memcmp(log->v[i].digest, want[w].digest, 48) != 0)
            return want[w].what;
        w++;
    }
    while (w < LITE_EVENTS && want[w].rtmr != rtmr)
        w++;
    return w < LITE_EVENTS ? want[w].what : "no single event";
}

static enum rc compare_rtmrs(const struct td_body *td, const struct evlog *log,
                             const struct lite_event want[LITE_EVENTS], struct err *err)
{
    for (unsigned r = 0; r < 3; r++) {
        uint8_t mr[48] = {0};
        for (size_t i = 0; i < LITE_EVENTS; i++)
            if (want[i].rtmr == r)
                HASH_PARTS(hash_sha384_parts, mr, BYTES_OF_ARRAY(mr), bytes_of(want[i].digest, 48));
        if (memcmp(mr, td->rtmr[r], sizeof mr) != 0)
            return err_set(err, BG_OS_IMAGE_RTMR, "RTMR%u, first difference: %s", r,
                           first_difference(log, want, r));
    }
    return RC_OK;
}

static enum rc prove(struct arena *a, const json_t *cfg, const json_t *doc,
                     const struct td_body *td, const struct evlog *log, struct os_image *im,
                     struct err *err)
{
    struct material m = {0};
    struct lite_image lite = {0};
    struct lite_event want[LITE_EVENTS];
    struct bytes layout;
    TRY(read_material(a, cfg, doc, &m, err));
    TRY(bind(&m, im->hash, err));
    TRY(lite_parse(m.measurement, &lite, err));
    if (json_str(cfg, "ovmf_variant", &layout) && !bytes_eq_str(layout, lite.ovmf))
        return err_set(err, BG_OS_IMAGE_LAYOUT, "the material says \"%s\"", lite.ovmf);
    bool single = memcmp(td->mr_td, lite.mrtd_single, 48) == 0;
    if (!single && memcmp(td->mr_td, lite.mrtd_two, 48) != 0)
        return err_set(err, BG_OS_IMAGE_MRTD, "neither the single-pass nor the two-pass value");
    TRY(os_image_acpi(log, im->acpi, err));
    TRY(lite_expect(&lite, m.memory, (const uint8_t(*)[48])im->acpi, want, err));
    TRY(compare_rtmrs(td, log, want, err));
    im->has_acpi = true;
    im->variant = single ? "single_pass" : "two_pass";
    im->proven = true;
    return RC_OK;
}

enum rc os_image_check(struct arena *a, struct bytes vm_config, const struct td_body *td,
                       const struct evlog *log, bool require, struct os_image *out, struct err *err)
{
    AUTO_JSON cfg = NULL;
    struct os_image im = {0};
    TRY(open_config(a, vm_config, &cfg, &im.mr_config, err));
    if (!json_hex(cfg, "os_image_hash", true, im.hash, sizeof im.hash))
        return err_set(err, BG_VM_CONFIG_HASH, "os_image_hash");
    const json_t *doc = json_object_get(cfg, "tdx_measurement");
    bool have = doc && !json_is_null(doc);
    if (!have && require)
        return err_set(err, BG_OS_IMAGE_NONE, "no tdx_measurement in vm_config");
    if (have)
        TRY(prove(a, cfg, doc, td, log, &im, err));
    *out = im;
    return RC_OK;
}

static enum rc stated_material(struct arena *a, const json_t *doc, struct os_image_stated *out,
                               struct err *err)
{
    struct bytes text, cbor = BYTES_NONE;
    struct err ignored = {0};
    if (!json_str(doc, "measurement", &text) || !base64_decode(a, text, &cbor, err))
        return err->rc;
    out->has_material = lite_parse(cbor, &out->material, &ignored) == RC_OK;
    return RC_OK;
}

enum rc os_image_stated_read(struct arena *a, struct bytes vm_config, struct os_image_stated *out,
                             struct err *err)
{
    AUTO_JSON cfg = NULL;
    struct os_image_stated s = {0};
    struct err ignored = {0};
    struct bytes qemu;
    if (open_config(a, vm_config, &cfg, &s.mr_config, &ignored) == RC_OK) {
        if (!json_u64(cfg, "memory_size", INT64_MAX, &s.memory))
            s.memory = 0;
        if (!json_u64(cfg, "cpu_count", UINT32_MAX, &s.cpus))
            s.cpus = 0;
        s.has_gpus = json_u64(cfg, "num_gpus", UINT32_MAX, &s.gpus);
        if (json_str(cfg, "qemu_version", &qemu) && qemu.n < 32) {
            s.qemu = arena_printf(a, err, "%.*s", (int)qemu.n, (const char *)qemu.p);
            if (!s.qemu)
                return err->rc;
        }
        TRY(stated_material(a, json_object_get(cfg, "tdx_measurement"), &s, err));
    }
    *out = s;
    return RC_OK;
}
