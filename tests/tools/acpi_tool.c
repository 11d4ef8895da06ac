/*
 * acpi_tool: answers one line per line of standard input, for comparison with what QEMU makes
 * (tests/oracles/acpi_diff.mjs). Files are named; "-" is none. Bytes in answers are hex.
 *   read TABLES RSDP LOADER              machine: cpus below hole64 size pic hpet smm hotplug
 *   derive TABLES RSDP LOADER CPUS MEMORY HOLE64_SIZE PIC HPET SMM HOTPLUG
 *                                        tables (without its padding), rsdp, loader
 * "bad BG-NNNN": refused by that name.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "quote/acpi_tables.h"

static char *save;

static const char *next(void)
{
    const char *w = strtok_r(NULL, " \n", &save);
    if (!w) {
        fprintf(stderr, "acpi_tool: a word is missing\n");
        exit(2);
    }
    return w;
}

static enum rc blob(struct arena *a, struct bytes *out, struct err *err)
{
    const char *w = next();
    *out = BYTES_NONE;
    if (strcmp(w, "-") == 0)
        return RC_OK;
    uint8_t *p = arena_alloc(a, ACPI_FILE_MAX + 1, err);
    FILE *f = fopen(w, "rb");
    if (!p || !f) {
        fprintf(stderr, "acpi_tool: %s\n", w);
        exit(2);
    }
    *out = bytes_of(p, fread(p, 1, ACPI_FILE_MAX + 1, f));
    fclose(f);
    return RC_OK;
}

static void say(struct arena *a, struct bytes b, char behind)
{
    struct err err = {0};
    while (b.n && b.p[b.n - 1] == 0)
        b.n--;
    const char *s = hex_str(a, b, &err);
    printf("%s%c", s ? s : "?", behind);
}

static enum rc answer(struct arena *a, char *line, struct err *err)
{
    const char *verb = strtok_r(line, " \n", &save);
    struct acpi_files files;
    struct acpi_tables *t = ARENA_NEW(a, struct acpi_tables, err);
    if (!t)
        return err->rc;
    bool derive = verb && strcmp(verb, "derive") == 0;
    TRY(blob(a, &files.tables, err));
    TRY(blob(a, &files.rsdp, err));
    TRY(blob(a, &files.loader, err));
    struct acpi_change c = {0};
    if (derive) {
        c.cpus = (uint32_t)strtoul(next(), NULL, 10);
        c.memory = strtoull(next(), NULL, 10);
        c.hole64_size = strtoull(next(), NULL, 10);
        enum acpi_switch *switches[] = {&c.pic, &c.hpet, &c.smm, &c.hotplug};
        for (size_t i = 0; i < 4; i++)
            *switches[i] = (enum acpi_switch)strtoul(next(), NULL, 10);
    }
    TRY(acpi_read(a, files, t, err));
    const struct acpi_machine *m = &t->machine;
    if (!derive) {
        printf("%u %llu %llu %llu %d %d %d %d\n", m->cpus, (unsigned long long)m->memory_below,
               (unsigned long long)m->hole64, (unsigned long long)m->hole64_size, m->pic, m->hpet,
               m->smm, m->hotplug);
        return RC_OK;
    }
    struct acpi_files out;
    TRY(acpi_derive(a, t, &c, &out, err));
    printf("%zu ", out.tables.n);
    say(a, out.tables, ' ');
    say(a, out.rsdp, ' ');
    printf("%zu ", out.loader.n);
    say(a, out.loader, '\n');
    return RC_OK;
}

int main(void)
{
    static char line[1u << 16];
    while (fgets(line, sizeof line, stdin)) {
        struct arena *a = arena_new(64u << 20);
        struct err err = {0};
        if (!a)
            return 70;
        if (answer(a, line, &err) != RC_OK)
            printf("bad BG-%04d %s\n", err.rc, err.detail);
        fflush(stdout);
        arena_free(a);
    }
    return 0;
}
