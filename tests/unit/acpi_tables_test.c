/* acpi_tables: machines made by tests/lib/acpi_case.c: each derived from each other one; hostile
 * files. That QEMU's own tables are like that is tests/oracles/acpi_diff.mjs' to say. */
#include "tests/lib/harness.h"

#include "tests/lib/acpi_case.h"

#define GIB (UINT64_C(1) << 30)

static bool same(const struct acpi_files *a, const struct acpi_files *b)
{
    return bytes_eq(a->tables, b->tables) && bytes_eq(a->rsdp, b->rsdp) &&
           bytes_eq(a->loader, b->loader);
}

static enum rc derive(struct arena *a, struct acpi_files from, const struct acpi_change *c,
                      struct acpi_files *out)
{
    struct err err = {0};
    struct acpi_tables t;
    enum rc rc = acpi_read(a, from, &t, &err);
    return rc == RC_OK ? acpi_derive(a, &t, c, out, &err) : rc;
}

static struct acpi_change change_to(const struct acpi_case *c, bool hotplug)
{
    return (struct acpi_change){c->cpus,
                                c->memory,
                                c->hole64_size,
                                c->pic ? ACPI_ON : ACPI_OFF,
                                c->hpet ? ACPI_ON : ACPI_OFF,
                                c->smm ? ACPI_ON : ACPI_OFF,
                                hotplug ? ACPI_ON : ACPI_OFF};
}

static void each_from_each(void **state)
{
    static const unsigned cpus[] = {1, 2, 8, 9, 255, 256, 300};
    static const uint64_t memory[] = {GIB, UINT64_C(0xaff00000), UINT64_C(0xb0000000), 64 * GIB};
    struct acpi_case all[28];
    size_t n = 0;
    (void)state;
    for (size_t i = 0; i < 7; i++)
        for (size_t k = 0; k < 4; k++, n++) {
            all[n] = ACPI_CASE;
            all[n].cpus = cpus[i];
            all[n].memory = memory[k];
            all[n].hole64_size = (n % 3 ? 32 : 64) * GIB;
            all[n].pic = n & 1;
            all[n].hpet = n & 2;
            all[n].smm = n & 4;
            all[n].hotplug = n % 5 != 0;
            all[n].ports = 3;
        }
    for (size_t i = 0; i < n; i++) {
        AUTO_ARENA mine = arena_new(64u << 20);
        struct acpi_files from = acpi_case_build(mine, &all[i]);
        for (size_t k = 0; k < n; k++) {
            AUTO_ARENA a = arena_new(64u << 20);
            struct acpi_files want = acpi_case_build(a, &all[k]), got;
            struct acpi_change c = change_to(&all[k], all[k].hotplug);
            enum rc rc = derive(a, from, &c, &got);
            if (all[k].hotplug && !all[i].hotplug)
                CASE("hotplug", rc == BG_ACPI_HOTPLUG_ON, "machine %zu from %zu: BG-%04d", k, i,
                     rc);
            else
                CASE("derived", rc == RC_OK && same(&got, &want), "machine %zu from %zu: BG-%04d",
                     k, i, rc);
        }
    }
}

static void one_node(void **state)
{
    (void)state;
    AUTO_ARENA a = arena_new(64u << 20);
    struct acpi_case x = ACPI_CASE, y = ACPI_CASE;
    x.numa = y.numa = true;
    y.cpus = 270;
    y.memory = 5 * GIB;
    struct acpi_files from = acpi_case_build(a, &x), to = acpi_case_build(a, &y), got;
    struct acpi_change there = change_to(&y, true), back = change_to(&x, true);
    CASE("more", derive(a, from, &there, &got) == RC_OK && same(&got, &to), "differs");
    CASE("back", derive(a, to, &back, &got) == RC_OK && same(&got, &from), "differs");
    /* A CPU in another node: nobody knows where the next one is. */
    uint8_t *p = arena_copy(a, from.tables, &(struct err){0});
    for (size_t i = 0; i + 48 < from.tables.n; i++)
        if (memcmp(p + i, "SRAT", 4) == 0) {
            p[i + 48 + 2] = 1;
            break;
        }
    from.tables = bytes_of(p, from.tables.n);
    CASE("another node", derive(a, from, &there, &got) == BG_ACPI_SRAT, "derived");
}

static void machine(void **state)
{
    (void)state;
    AUTO_ARENA a = arena_new(16u << 20);
    struct acpi_case c = ACPI_CASE;
    struct acpi_tables t;
    struct err err = {0};
    c.cpus = 12;
    c.memory = 7 * GIB;
    c.hpet = true;
    struct acpi_files f = acpi_case_build(a, &c);
    f.rsdp = f.loader = BYTES_NONE; /* they follow */
    assert_int_equal(acpi_read(a, f, &t, &err), RC_OK);
    const struct acpi_machine *m = &t.machine;
    CASE("facts",
         m->cpus == 12 && m->memory_below == 2 * GIB && m->hole64 == 9 * GIB &&
             m->hole64_size == 32 * GIB && m->pic == ACPI_ON && m->hpet == ACPI_ON &&
             m->smm == ACPI_OFF && m->hotplug == ACPI_ON,
         "others");
}

/* refused: a byte of RSDP, of the loader or of a table's structure cannot be another one. */
static void each_byte(void **state)
{
    (void)state;
    AUTO_ARENA mine = arena_new(16u << 20);
    struct acpi_case c = ACPI_CASE, to = ACPI_CASE;
    c.cpus = 2;
    to.cpus = 5;
    to.memory = 3 * GIB;
    struct acpi_files f = acpi_case_build(mine, &c), want = acpi_case_build(mine, &to), got;
    const struct acpi_change change = {.cpus = 5, .memory = 3 * GIB};
    size_t used = f.tables.n, accepted = 0, wrong = 0, missed = 0;
    while (used && f.tables.p[used - 1] == 0)
        used--;
    struct bytes *files[] = {&f.tables, &f.rsdp, &f.loader};
    for (size_t k = 0; k < 3; k++)
        for (size_t i = 0; i < (k ? files[k]->n : used + 16); i++) {
            AUTO_ARENA a = arena_new(16u << 20);
            struct bytes was = *files[k];
            uint8_t *p = arena_copy(a, was, &(struct err){0});
            p[i] ^= (uint8_t)(1u << (i + k) % 8);
            *files[k] = bytes_of(p, was.n);
            enum rc rc = derive(a, f, &change, &got);
            *files[k] = was;
            if (rc == RC_OK && k > 0)
                missed++;
            else if (rc == RC_OK && same(&got, &want))
                wrong++;
            else if (rc == RC_OK)
                accepted++;
        }
    CASE("RSDP and loader", missed == 0, "%zu bytes do not count", missed);
    /* What no change touches is carried over as it is: names, constants, addresses. */
    CASE("tables", wrong == 0 && accepted > 0 && accepted < used, "%zu lost, %zu carried of %zu",
         wrong, accepted, used);
}

static void cut(void **state)
{
    (void)state;
    AUTO_ARENA mine = arena_new(16u << 20);
    struct acpi_case c = ACPI_CASE;
    struct acpi_files f = acpi_case_build(mine, &c);
    struct bytes tables = f.tables;
    struct err err = {0};
    struct acpi_tables t;
    size_t taken = 0;
    for (size_t n = 0; n < tables.n; n += n < 4096 ? 1 : 512) {
        AUTO_ARENA a = arena_new(4u << 20);
        f.tables.n = n;
        err = (struct err){0};
        taken += acpi_read(a, f, &t, &err) == RC_OK;
    }
    CASE("shorter", taken == 0, "%zu taken", taken);
    uint8_t *large = calloc(1, ACPI_FILE_MAX + 1);
    assert_non_null(large);
    memcpy(large, tables.p, tables.n);
    f.tables = bytes_of(large, ACPI_FILE_MAX + 1);
    err = (struct err){0};
    CASE("too large", acpi_read(mine, f, &t, &err) == BG_ACPI_SIZE, "taken");
    f.tables.n = tables.n + 0x20000;
    err = (struct err){0};
    CASE("more padding", acpi_read(mine, f, &t, &err) == BG_ACPI_TABLE, "taken");
    free(large);
}

struct defect {
    const char *name, *find;
    size_t skip;
    uint8_t value;
    enum rc rc;
};

static void defects(void **state)
{
    static const struct defect v[] = {
        {"a sum that is set", "DSDT", 9, 1, BG_ACPI_TABLE},
        {"a table's length", "APIC", 6, 1, BG_ACPI_TABLE},
        {"no signature", "MCFG", 0, 'm', BG_ACPI_TABLE},
        {"two of a kind", "MCFG", 0, 0, BG_ACPI_TABLE},
        {"FADT's DSDT", "FACP", 40, 1, BG_ACPI_POINTERS},
        {"RSDT's first", "RSDT", 36, 1, BG_ACPI_POINTERS},
        {"an opcode", "DSDT", 36, 0xfe, BG_ACPI_AML},
        {"a length that is too long", "DSDT", 37, 0x3f, BG_ACPI_AML},
        {"a name", "PCST", 0, 'p', BG_ACPI_AML},
        {"a CPU's number", "APIC", 46, 7, BG_ACPI_CPUS},
        {"a CPU's name", "C000", 3, '1', BG_ACPI_CPUS},
        {"the flag of many CPUs", "FACP", 114, 4, BG_ACPI_CPUS},
        {"other order", "DSDT", 3, 'U', BG_ACPI_ORDER},
    };
    (void)state;
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        AUTO_ARENA a = arena_new(16u << 20);
        struct acpi_case c = ACPI_CASE;
        struct acpi_files f = acpi_case_build(a, &c), got;
        uint8_t *p = arena_copy(a, f.tables, &(struct err){0}), *at = p;
        while (memcmp(at, v[i].find, 4) != 0)
            at++;
        at[v[i].skip] = v[i].value;
        f.tables.p = p;
        const struct acpi_change change = {.cpus = 3};
        enum rc rc = derive(a, f, &change, &got);
        CASE(v[i].name, rc == v[i].rc, "BG-%04d, not BG-%04d", rc, v[i].rc);
    }
}

static void beyond(void **state)
{
    (void)state;
    AUTO_ARENA a = arena_new(64u << 20);
    struct acpi_case c = ACPI_CASE;
    struct acpi_files f = acpi_case_build(a, &c), got;
    struct acpi_change many = {.cpus = ACPI_CPUS_MAX + 1}, most = {.cpus = ACPI_CPUS_MAX},
                       much = {.memory = 1024 * GIB}, odd = {.memory = 3 * GIB + 1},
                       hole = {.hole64_size = GIB + 1};
    CASE("CPUs", derive(a, f, &many, &got) == BG_ACPI_CPUS, "derived");
    CASE("most CPUs", derive(a, f, &most, &got) == RC_OK && got.tables.n % 0x20000 == 0,
         "not derived");
    CASE("memory", derive(a, f, &much, &got) == BG_ACPI_MEMORY, "derived");
    CASE("hole", derive(a, f, &hole, &got) == BG_ACPI_MEMORY, "derived");
    odd.memory = GIB + 1;
    CASE("odd memory", derive(a, f, &odd, &got) == BG_ACPI_MEMORY, "derived");
}

/* deep: packages within packages, beyond what is read. */
static void deep(void **state)
{
    (void)state;
    AUTO_ARENA a = arena_new(16u << 20);
    uint8_t block[4096];
    size_t n = 0;
    struct aml aml;
    struct err err = {0};
    for (unsigned i = 0; i < 60; i++) { /* from the inside out: Else { Else { .. } } */
        uint8_t length[4];
        size_t k = aml_length(n, length);
        memmove(block + 1 + k, block, n);
        block[0] = 0xa1;
        memcpy(block + 1, length, k);
        n += 1 + k;
        err = (struct err){0};
        enum rc rc = aml_read(a, bytes_of(block, n), &aml, &err);
        if (i < 40)
            CASE("depth", rc == RC_OK && aml.n == i + 2, "%u: BG-%04d", i, rc);
        else if (i > 50)
            CASE("too deep", rc == BG_ACPI_AML, "%u", i);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(machine),  cmocka_unit_test(each_from_each),
        cmocka_unit_test(one_node), cmocka_unit_test(each_byte),
        cmocka_unit_test(cut),      cmocka_unit_test(defects),
        cmocka_unit_test(beyond),   cmocka_unit_test(deep),
    };
    return HARNESS_RUN("acpi_tables", tests);
}
