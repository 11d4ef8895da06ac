#include "agent/guest_options.h"

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
