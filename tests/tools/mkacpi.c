/*
 * mkacpi: ACPI tables of an invented machine (tests/lib/acpi_case.c), as files of their own.
 *     mkacpi FOLDER [cpus=N] [memory=BYTES] [hole64=BYTES] [ports=N]
 * [pic|hpet|smm|hotplug|numa=0|1] The folder must be there; tables, rsdp and loader are written
 * into it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/acpi_case.h"

static void set(struct acpi_case *c, const char *word)
{
    const char *is = strchr(word, '=');
    size_t n = is ? (size_t)(is - word) : 0;
    unsigned long long v = is ? strtoull(is + 1, NULL, 10) : 0;
    const struct {
        const char *name;
        bool *flag;
    } flags[] = {{"pic", &c->pic},
                 {"hpet", &c->hpet},
                 {"smm", &c->smm},
                 {"hotplug", &c->hotplug},
                 {"numa", &c->numa}};
    if (n == 4 && strncmp(word, "cpus", n) == 0)
        c->cpus = (unsigned)v;
    else if (n == 5 && strncmp(word, "ports", n) == 0)
        c->ports = (unsigned)v;
    else if (n == 6 && strncmp(word, "memory", n) == 0)
        c->memory = v;
    else if (n == 6 && strncmp(word, "hole64", n) == 0)
        c->hole64_size = v;
    else
        for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
            if (strlen(flags[i].name) == n && strncmp(word, flags[i].name, n) == 0)
                *flags[i].flag = v != 0;
}

static int put(const char *folder, const char *name, struct bytes b)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        return 1;
    FILE *f = fopen(path, "wb");
    if (!f)
        return 1;
    size_t n = fwrite(b.p, 1, b.n, f);
    return fclose(f) != 0 || n != b.n;
}

int main(int argc, char **argv)
{
    struct acpi_case c = ACPI_CASE;
    struct arena *a = arena_new(16u << 20);
    if (argc < 2 || !a) {
        fprintf(stderr, "usage: mkacpi FOLDER [NAME=VALUE..]\n");
        return 2;
    }
    for (int i = 2; i < argc; i++)
        set(&c, argv[i]);
    struct acpi_files f = acpi_case_build(a, &c);
    int rc = put(argv[1], "tables", f.tables) | put(argv[1], "rsdp", f.rsdp) |
             put(argv[1], "loader", f.loader);
    arena_free(a);
    return rc;
}
