#include "agent/guest_options.h"

#include <sys/stat.h>

#include "agent/file.h"
#include "agent/log_input.h"
#include "base/hex.h"
#include "quote/os_image.h"

#define MEMORY_FIRST (UINT64_C(64) << 20)
#define MEMORY_LAST  (UINT64_C(1) << 44)

struct version {
    uint64_t major, minor;
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

static bool read_acpi(const char *word, uint8_t out[NUM_MEASURED_GIVEN][48])
{
    for (size_t i = 0; i < 3; i++, word += 97)
        if (strnlen(word, 97) < 96 || !hex_decode(bytes_of(word, 96), out[i], 48) ||
            word[96] != (i < 2 ? ',' : '\0'))
            return false;
    return true;
}

static enum rc given_of_log(struct arena *a, const char *path, struct measured_guest *out,
                            struct err *err)
{
    uint8_t acpi[3][48];
    AUTO_BUNDLE b = {0};
    struct log_input in;
    TRY(log_input_file(a, path, &b, &in, err));
    TRY(os_image_acpi(&in.log, acpi, err));
    measured_given_of_log(&in.log, out);
    return RC_OK;
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* read_blob: the first of three names that is a file: as written by hand, as fw_cfg has it, and as
 * a guest's sysfs shows it. */
static enum rc read_blob(struct arena *a, const char *folder, const char *const names[static 3],
                         struct bytes *out, struct err *err)
{
    *out = BYTES_NONE;
    for (size_t i = 0; i < 3; i++) {
        struct stat st;
        const char *path = arena_printf(a, err, "%s/%s", folder, names[i]);
        if (!path)
            return err->rc;
        if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
            return file_read(a, path, ACPI_FILE_MAX, BG_MEASURE_ACPI_SIZE, out, err);
    }
    return RC_OK;
}

/* read_tables: of one machine; what is asked for in CPUs and memory is derived from it. */
static enum rc read_tables(struct arena *a, const char *folder, struct guest_options *s,
                           struct err *err)
{
    static const char *const names[3][3] = {
        {"tables", "etc/acpi/tables", "etc/acpi/tables/raw"},
        {"rsdp", "etc/acpi/rsdp", "etc/acpi/rsdp/raw"},
        {"loader", "etc/table-loader", "etc/table-loader/raw"},
    };
    struct acpi_files files;
    struct acpi_tables *given = ARENA_NEW(a, struct acpi_tables, err);
    struct acpi_tables *wanted = ARENA_NEW(a, struct acpi_tables, err);
    uint8_t digests[3][48];
    if (!given || !wanted)
        return err->rc;
    TRY(read_blob(a, folder, names[0], &files.tables, err));
    TRY(read_blob(a, folder, names[1], &files.rsdp, err));
    TRY(read_blob(a, folder, names[2], &files.loader, err));
    TRY(acpi_read(a, files, given, err));
    const struct acpi_change change = {.cpus = (uint32_t)s->cpus, .memory = s->guest.memory};
    TRY(acpi_derive(a, given, &change, &files, err));
    TRY(acpi_read(a, files, wanted, err));
    acpi_digests(&files, digests);
    for (size_t i = 0; i < 3; i++) {
        memcpy(s->guest.given[GIVEN_ACPI_LOADER + i], digests[i], 48);
        s->guest.has_given[GIVEN_ACPI_LOADER + i] = true;
    }
    s->tables = wanted;
    s->cpus = wanted->machine.cpus;
    return RC_OK;
}

enum rc guest_options_read(struct arena *a, const struct cli *cli, struct guest_options *s,
                           struct err *err)
{
    struct measured_guest *g = &s->guest;
    struct version v;
    if (cli->qemu || !s->qemu)
        s->qemu = cli->qemu ? cli->qemu : "9.1";
    if (!cli->memory && !g->memory)
        return err_set(err, BG_MEASURE_NO_MEMORY, "%s", cli->args[0]);
    if (cli->memory && !read_memory(cli->memory, &g->memory))
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
    if (cli->acpi && is_folder(cli->acpi))
        return read_tables(a, cli->acpi, s, err);
    if (cli->acpi && !read_acpi(cli->acpi, g->given))
        return err_set(err, BG_MEASURE_ACPI, "%zu characters", strlen(cli->acpi));
    if (cli->log)
        TRY(given_of_log(a, cli->log, g, err));
    for (size_t i = 0; i < 3 && cli->acpi; i++)
        g->has_given[GIVEN_ACPI_LOADER + i] = true;
    return RC_OK;
}

const char *guest_order_name(enum tdvf_order o)
{
    return o == TDVF_TWO_PASS ? "two_pass" : "single_pass";
}

const char *guest_header_name(enum bzimage_header h)
{
    return h == BZIMAGE_PATCHED ? "patched" : h == BZIMAGE_AS_IS ? "as-is" : "cleared";
}
