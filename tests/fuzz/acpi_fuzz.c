/* acpi: ACPI tables: the input as a file, and as changes to a sound machine's. What is accepted is
 * derived from; what is derived is accepted, and says what was asked for. */
#include <stdlib.h>

#include "base/cur.h"
#include "tests/lib/acpi_case.c"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void derive(struct arena *a, const struct acpi_tables *t, const struct acpi_change *c)
{
    struct acpi_files out;
    struct acpi_tables again;
    struct err err = {0};
    if (acpi_derive(a, t, c, &out, &err) != RC_OK) {
        if (err.rc == BG_ACPI_EDIT)
            abort();
        return;
    }
    err = (struct err){0};
    if (acpi_read(a, out, &again, &err) != RC_OK)
        abort();
    if ((c->cpus && again.machine.cpus != c->cpus) || (c->pic && again.machine.pic != c->pic) ||
        (c->hotplug && again.machine.hotplug != c->hotplug) ||
        (c->hpet && again.machine.hpet != c->hpet))
        abort();
}

static void read_files(struct arena *a, struct acpi_files f)
{
    static const struct acpi_change v[] = {{0},
                                           {.cpus = 1},
                                           {.cpus = 70},
                                           {.memory = UINT64_C(3) << 30},
                                           {.pic = ACPI_OFF, .hpet = ACPI_ON},
                                           {.hotplug = ACPI_OFF},
                                           {.hpet = ACPI_OFF, .smm = ACPI_ON}};
    struct acpi_tables t;
    struct err err = {0};
    if (acpi_read(a, f, &t, &err) != RC_OK)
        return;
    for (size_t i = 0; i < sizeof v / sizeof *v; i++)
        derive(a, &t, &v[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct arena *a = arena_new(64u << 20);
    struct acpi_case c = ACPI_CASE;
    struct cur in = cur_of(bytes_of(p, n));
    struct aml aml;
    struct err err = {0};
    (void)aml_read(a, bytes_of(p, n), &aml, &err);
    c.ports = 2;
    c.hpet = n % 2;
    c.cpus = 2;
    struct acpi_files f = acpi_case_build(a, &c);
    uint8_t *tables = (uint8_t *)(uintptr_t)f.tables.p;
    for (size_t i = 0; i < 64 && cur_left(&in) >= 3; i++) {
        size_t at = cur_u16le(&in) % 2600u;
        tables[at] = cur_u8(&in);
    }
    f.rsdp = f.loader = BYTES_NONE;
    read_files(a, f);
    read_files(a, (struct acpi_files){.tables = bytes_of(p, n)});
    arena_free(a);
    return 0;
}
